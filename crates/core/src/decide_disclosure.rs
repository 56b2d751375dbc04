//! Decides what may leave: request ∩ grant for this purpose ∩ the app's declaration ∩ the partner's ceiling.

use yinuo_domain::{
    Command, Declaration, Destination, Disclosed, Fact, Guardian, Item, ItemSet, Purpose, Reason, Refusal,
    StreamId, Timestamp,
};

use crate::{
    Answer, App, AppStatus, Cell, Earlier, Grant, GrantStatus, Loaded, Outcome, Partner, PartnerStatus,
    Pending, Stream, decide, refusals,
};

/// For how long a repeated request under the same idempotency key is the same request, in log time.
pub const IDEMPOTENCY_MS: u64 = Timestamp::DAY_MS;

pub(crate) fn disclose(loaded: &Loaded<'_>, command: &Command, now: Timestamp) -> Result<Outcome, Refusal> {
    let Command::Disclose {
        subject,
        app: id,
        tag,
        purpose,
        items,
        partial,
        stored,
        values,
        guardian_required,
        request,
        disclosure,
        ..
    } = command
    else {
        return Err(Refusal::NotLoaded);
    };
    decide::packs_in_force(loaded)?;
    let app = loaded.platform.apps.get(id).ok_or(Refusal::UnknownApp)?;
    let partner = loaded.platform.partners.get(&app.declaration.partner).ok_or(Refusal::UnknownPartner)?;
    let (stream, grant) = decide::live_stream(loaded)?;
    if items.is_empty() {
        return Err(Refusal::NothingAsked);
    }
    let earlier = loaded.earlier.filter(|earlier| now.since_ms(earlier.at) < IDEMPOTENCY_MS);
    if earlier.is_some_and(|earlier| !earlier.same_request) {
        return Err(Refusal::IdempotencyConflict);
    }

    let ask = Ask { purpose: *purpose, stored: *stored, guardian_required: *guardian_required, earlier };
    let mut withheld: Vec<(Item, Reason)> = items
        .iter()
        .filter_map(|item| Some((item, against(&ask, item, partner, app, stream, grant, now)?)))
        .collect();
    let refused: ItemSet = withheld.iter().map(|(item, _)| *item).collect();
    let mut released = items.difference(refused);
    if !partial && !refused.is_empty() {
        // All or nothing: the innocent items are refused with the others, and say so.
        withheld.extend(released.iter().map(|item| (item, Reason::OtherItemRefused)));
        withheld.sort_unstable();
        released = ItemSet::EMPTY;
    }

    let place = Some(StreamId { app: Some(id.clone()), tag: *tag });
    if released.is_empty() {
        if refusals::is_counted(loaded.platform, stream, &withheld, now) {
            return Ok(Outcome {
                facts: Vec::new(),
                answer: Answer::Counted { requested: *items, withheld },
            });
        }
        let fact = Fact::Withheld {
            purpose: *purpose,
            requested: *items,
            stored: *stored,
            partial: *partial,
            guardian_required: *guardian_required,
            reasons: withheld.clone(),
            repeats: earlier.map(|earlier| earlier.disclosure),
            request: *request,
        };
        return Ok(Outcome { facts: vec![(place, fact)], answer: Answer::Withheld(withheld) });
    }
    let disclosure = earlier.map_or(*disclosure, |earlier| earlier.disclosure);
    let fact = Disclosed {
        disclosure,
        purpose: *purpose,
        requested: *items,
        released,
        withheld: withheld.clone(),
        stored: *stored,
        partial: *partial,
        values: *values,
        guardian_required: *guardian_required,
        request: *request,
    };
    let fact = if earlier.is_some() { Fact::Redelivered(fact) } else { Fact::Disclosed(fact) };
    let pending = Pending {
        subject: *subject,
        app: id.clone(),
        tag: *tag,
        purpose: *purpose,
        items: released,
        disclosure,
        values: *values,
    };
    Ok(Outcome { facts: vec![(place, fact)], answer: Answer::Released { pending, withheld } })
}

struct Ask {
    purpose: Purpose,
    stored: ItemSet,
    guardian_required: bool,
    earlier: Option<Earlier>,
}

/// The first thing that speaks against releasing `item`, the most general first; nothing when it may leave.
fn against(
    ask: &Ask,
    item: Item,
    partner: &Partner,
    app: &App,
    stream: &Stream,
    grant: &Grant,
    now: Timestamp,
) -> Option<Reason> {
    standing(partner, app)
        .or_else(|| declared(&app.declaration, partner, ask.purpose, item))
        .or_else(|| granted(ask, item, app, grant, now))
        .or_else(|| (!ask.stored.contains(item)).then_some(Reason::NoValue))
        .or_else(|| match ask.earlier {
            // A repeat is not counted, so it may give nothing that the first answer did not.
            Some(earlier) => (!earlier.released.contains(item)).then_some(Reason::NotInFirstAnswer),
            None => too_often(&app.declaration, ask.purpose, item, stream, now),
        })
}

fn standing(partner: &Partner, app: &App) -> Option<Reason> {
    match (partner.status, app.status) {
        (PartnerStatus::Terminated, _) => Some(Reason::PartnerTerminated),
        (PartnerStatus::Suspended, _) => Some(Reason::PartnerSuspended),
        (PartnerStatus::Active, AppStatus::Hidden) => Some(Reason::AppHidden),
        (PartnerStatus::Active, AppStatus::Live) => None,
    }
}

fn declared(declaration: &Declaration, partner: &Partner, purpose: Purpose, item: Item) -> Option<Reason> {
    let Some(line) = declaration.line(purpose, item) else {
        return Some(Reason::NotDeclared);
    };
    if !partner.profile.ceiling.contains(item) {
        return Some(Reason::OverCeiling);
    }
    match line.destination {
        Destination::Mainland => None,
        Destination::Abroad => Some(Reason::DestinationNotAllowed),
    }
}

fn granted(ask: &Ask, item: Item, app: &App, grant: &Grant, now: Timestamp) -> Option<Reason> {
    let Some(granted) = grant.purposes.get(&ask.purpose) else {
        return Some(Reason::NotGranted);
    };
    if granted.withdrawn.contains(item) {
        return Some(Reason::Withdrawn);
    }
    if !granted.items.contains(item) {
        return Some(Reason::NotGranted);
    }
    match granted.status(&app.fingerprint, now) {
        GrantStatus::Withdrawn => Some(Reason::Withdrawn),
        GrantStatus::Expired => Some(Reason::Expired),
        GrantStatus::Paused => Some(Reason::Paused),
        GrantStatus::Active if ask.guardian_required && granted.guardian != Guardian::Agreed => {
            Some(Reason::GuardianRequired)
        }
        GrantStatus::Active => None,
    }
}

fn too_often(
    declaration: &Declaration,
    purpose: Purpose,
    item: Item,
    stream: &Stream,
    now: Timestamp,
) -> Option<Reason> {
    let frequency = declaration.line(purpose, item)?.frequency;
    let used = stream.cells.get(&(purpose, item)).map_or(0, |cell| cell.used(frequency, now));
    (frequency.count <= used).then_some(Reason::FrequencyExceeded)
}

impl Cell {
    /// Releases in the period that `now` falls into.
    pub(crate) fn used(&self, frequency: yinuo_domain::Frequency, now: Timestamp) -> u32 {
        if self.over(frequency, now) { 0 } else { self.count }
    }

    /// Whether the period this cell counts has ended by `now`.
    pub(crate) fn over(&self, frequency: yinuo_domain::Frequency, now: Timestamp) -> bool {
        u64::from(frequency.period_s).saturating_mul(Timestamp::SECOND_MS) <= now.since_ms(self.since)
    }
}
