//! Decides what a person agrees to and takes back.

use std::collections::BTreeSet;

use yinuo_domain::{
    AppId, Command, ConsentLine, Fact, Guardian, Refusal, StreamId, Tag, Timestamp, WithdrawalScope,
};

use crate::{AppStatus, Loaded, Outcome, PartnerStatus, Slot, decide};

/// The longest a consent may last before the person is asked again: three years. Our own bound, not a rule of law;
/// a platform may offer less, never more.
pub const CONSENT_MS_MAX: u64 = 3 * 365 * Timestamp::DAY_MS;

pub(crate) fn give(loaded: &Loaded<'_>, command: &Command, now: Timestamp) -> Result<Outcome, Refusal> {
    let Command::GiveConsent {
        app: id,
        tag,
        choices,
        notice,
        fingerprint,
        expires_at,
        evidence,
        guardian,
        ..
    } = command
    else {
        return Err(Refusal::NotLoaded);
    };
    decide::packs_in_force(loaded)?;
    let app = loaded.platform.apps.get(id).ok_or(Refusal::UnknownApp)?;
    let partner = loaded.platform.partners.get(&app.declaration.partner).ok_or(Refusal::UnknownPartner)?;
    if partner.status != PartnerStatus::Active {
        return Err(Refusal::PartnerStatus);
    }
    if app.status != AppStatus::Live {
        return Err(Refusal::AppStatus);
    }
    decide::live_own(loaded)?;
    let grant = match loaded.stream {
        Slot::NotLoaded => return Err(Refusal::NotLoaded),
        Slot::Absent => None,
        Slot::Present(stream) if stream.deleted => return Err(Refusal::AccountDeleted),
        Slot::Present(stream) => stream.grant.as_ref(),
    };
    let (current, _) = app.notice.as_ref().ok_or(Refusal::NoNotice)?;
    if current != notice || app.fingerprint != *fingerprint {
        return Err(Refusal::Outdated);
    }
    if *expires_at <= now || CONSENT_MS_MAX < expires_at.since_ms(now) {
        return Err(Refusal::ExpiryInvalid);
    }
    if *guardian == Guardian::Missing {
        return Err(Refusal::GuardianRequired);
    }

    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(choices.len());
    for choice in choices {
        app.declaration.purpose(choice.purpose).ok_or(Refusal::UnknownPurpose)?;
        let may_show = app.declaration.items_of(choice.purpose).intersection(partner.profile.ceiling);
        if !seen.insert(choice.purpose)
            || !choice.shown.is_subset(may_show)
            || !choice.chosen.is_subset(choice.shown)
        {
            return Err(Refusal::NotShown);
        }
        lines.push(ConsentLine { purpose: choice.purpose, shown: choice.shown, granted: choice.chosen });
    }
    // Choosing nothing is a refusal, and a refusal leaves no trace; but whoever allowed something may narrow it to nothing.
    let narrows = |line: &ConsentLine| {
        let held = grant.and_then(|grant| grant.purposes.get(&line.purpose));
        held.is_some_and(|granted| !granted.items.is_empty())
    };
    if lines.iter().all(|line| line.granted.is_empty()) && !lines.iter().any(narrows) {
        return Err(Refusal::NothingChosen);
    }
    let version = grant.map_or(0, |grant| grant.version).saturating_add(1);
    let fact = Fact::ConsentGiven {
        version,
        lines,
        notice: *notice,
        fingerprint: *fingerprint,
        expires_at: *expires_at,
        evidence: *evidence,
        guardian: *guardian,
    };
    Ok(Outcome::done(Some(StreamId { app: Some(id.clone()), tag: *tag }), fact))
}

/// Withdrawing asks nothing of the engine, the partner or the app: it is possible in every one of their states.
pub(crate) fn withdraw(
    loaded: &Loaded<'_>,
    app: &AppId,
    tag: Tag,
    scope: &WithdrawalScope,
) -> Result<Outcome, Refusal> {
    let (_, grant) = decide::live_stream(loaded)?;
    if grant.allows_nothing() {
        return Err(Refusal::AlreadyWithdrawn);
    }
    if let WithdrawalScope::Items(parts) = scope {
        let takes = parts.iter().any(|(purpose, items)| {
            grant.purposes.get(purpose).is_some_and(|granted| !granted.items.intersection(*items).is_empty())
        });
        if !takes {
            return Err(Refusal::NothingToWithdraw);
        }
    }
    Ok(Outcome::done(
        Some(StreamId { app: Some(app.clone()), tag }),
        Fact::Withdrawn { scope: scope.clone() },
    ))
}
