//! Decides whether a command may happen, and what follows from it.
//!
//! Pure and total: no clock, no I/O, no randomness. The same inputs give the same outcome on any machine, so that an
//! auditor can decide again years later. Deny overrides: one reason against outweighs any consent.
//!
//! Not here: loading state and committing facts (`ledger`), opening values (`vault`).

use yinuo_domain::{
    Command, Engine, Fact, Item, ItemSet, Reason, Refusal, StaffId, StoredValue, StreamId, SubjectKey, Suite,
    Timestamp, ViewReason,
};
use yinuo_rules::Packs;

use crate::{Loaded, Pending, PendingView, Slot, decide_consent, decide_disclosure, decide_platform};

/// The version of the decision code. A change that could decide anything otherwise is a new version, and the ones before
/// stay: 1 made every refusal a fact of its own, 2 counts those that repeat ([`crate::REFUSALS_TOLD_MAX`]).
pub const DECISION_VERSION: u16 = 2;

/// The first one that there was.
const DECISION_VERSION_MIN: u16 = 1;

/// What follows from a command: facts, in order, and an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// What happened, each with the stream it belongs to (none: the log as a whole). Empty when nothing happened.
    pub facts: Vec<(Option<StreamId>, Fact)>,
    /// What to say.
    pub answer: Answer,
}

/// What to say to whoever asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It happened.
    Done,
    /// These items may leave once the fact is durable; the others are withheld, and why.
    Released {
        /// What may leave.
        pending: Pending,
        /// What may not.
        withheld: Vec<(Item, Reason)>,
    },
    /// These items may be looked at once the fact is durable.
    Viewed(PendingView),
    /// Nothing may leave. Recorded. Never empty.
    Withheld(Vec<(Item, Reason)>),
    /// The same; but there were enough facts of it in this hour, so that it is only counted.
    Counted {
        /// What was asked for.
        requested: ItemSet,
        /// Why not. Never empty.
        withheld: Vec<(Item, Reason)>,
    },
    /// Nothing happened and nothing is recorded.
    Refused(Refusal),
}

impl Outcome {
    pub(crate) fn done(stream: Option<StreamId>, fact: Fact) -> Self {
        Self { facts: vec![(stream, fact)], answer: Answer::Done }
    }
}

/// Decides `command` against `loaded` at `now`. Total: every input gets an outcome, and every refusal says why.
pub fn decide(loaded: &Loaded<'_>, command: &Command, now: Timestamp) -> Outcome {
    let outcome = match command {
        Command::Platform { by, change } => decide_platform::decide(loaded.platform, by, change),
        Command::Enrol { own, values, .. } => enrol(loaded, *own, values),
        Command::StoreValues { own, values, .. } => store(loaded, *own, values),
        Command::GiveConsent { .. } => decide_consent::give(loaded, command, now),
        Command::Withdraw { app, tag, scope, .. } => decide_consent::withdraw(loaded, app, *tag, scope),
        Command::Disclose { .. } => decide_disclosure::disclose(loaded, command, now),
        Command::ReportNotDelivered { app, tag, disclosure, .. } => live_stream(loaded).map(|_| {
            let stream = StreamId { app: Some(app.clone()), tag: *tag };
            Outcome::done(Some(stream), Fact::NotDelivered { disclosure: *disclosure })
        }),
        Command::ViewSubject { subject, own, by, items, masked, reason } => {
            view(loaded, *subject, *own, by, (*items, *masked, *reason))
        }
        Command::DeleteAccount { own, .. } => delete(loaded, *own),
    };
    outcome.unwrap_or_else(|refusal| Outcome { facts: Vec::new(), answer: Answer::Refused(refusal) })
}

/// The rule packs, if the engine in force names exactly those this program holds and this decision code.
pub(crate) fn packs_in_force(loaded: &Loaded<'_>) -> Result<&'static Packs, Refusal> {
    let (Some(suite), Some(engine)) = (loaded.platform.suite, loaded.platform.engine) else {
        return Err(Refusal::NoEngine);
    };
    packs_of(suite, &engine)
}

/// The rule packs of this program, if it has the decision code and the rules that an engine names.
pub(crate) fn packs_of(suite: Suite, engine: &Engine) -> Result<&'static Packs, Refusal> {
    let packs = yinuo_rules::packs().map_err(|_| Refusal::UnknownEngine)?;
    let has = (DECISION_VERSION_MIN..=DECISION_VERSION).contains(&engine.decision);
    if has && packs.matches(suite, engine) { Ok(packs) } else { Err(Refusal::UnknownEngine) }
}

/// The person's own stream, if it is there and the account lives.
pub(crate) fn live_own<'a>(loaded: &Loaded<'a>) -> Result<&'a crate::Own, Refusal> {
    match loaded.own {
        Slot::NotLoaded => Err(Refusal::NotLoaded),
        Slot::Absent => Err(Refusal::NotEnrolled),
        Slot::Present(own) if own.deleted => Err(Refusal::AccountDeleted),
        Slot::Present(own) => Ok(own),
    }
}

/// The person's stream with the app, if it is there, the account lives and a consent was ever given.
pub(crate) fn live_stream<'a>(loaded: &Loaded<'a>) -> Result<(&'a crate::Stream, &'a crate::Grant), Refusal> {
    match loaded.stream {
        Slot::NotLoaded => Err(Refusal::NotLoaded),
        Slot::Absent => Err(Refusal::NoGrant),
        Slot::Present(stream) if stream.deleted => Err(Refusal::AccountDeleted),
        Slot::Present(stream) => stream.grant.as_ref().map(|grant| (stream, grant)).ok_or(Refusal::NoGrant),
    }
}

fn enrol(loaded: &Loaded<'_>, own: yinuo_domain::Tag, values: &[StoredValue]) -> Result<Outcome, Refusal> {
    let packs = packs_in_force(loaded)?;
    match loaded.own {
        Slot::NotLoaded => return Err(Refusal::NotLoaded),
        Slot::Present(own) if own.deleted => return Err(Refusal::AccountDeleted),
        Slot::Present(_) => return Err(Refusal::AlreadyExists),
        Slot::Absent => {}
    }
    let mut outcome = Outcome::done(Some(StreamId { app: None, tag: own }), Fact::Enrolled);
    outcome.facts.extend(stored(packs, own, values)?);
    Ok(outcome)
}

fn store(loaded: &Loaded<'_>, own: yinuo_domain::Tag, values: &[StoredValue]) -> Result<Outcome, Refusal> {
    let packs = packs_in_force(loaded)?;
    live_own(loaded)?;
    if values.is_empty() {
        return Err(Refusal::NothingAsked);
    }
    Ok(Outcome { facts: stored(packs, own, values)?, answer: Answer::Done })
}

/// One fact a value: each is a fact of its own in the log, whatever it came with.
fn stored(
    packs: &Packs,
    own: yinuo_domain::Tag,
    values: &[StoredValue],
) -> Result<Vec<(Option<StreamId>, Fact)>, Refusal> {
    let fact = |value: &StoredValue| {
        packs.catalogue.by_code(value.item).ok_or(Refusal::UnknownItem)?;
        let StoredValue { item, version, sealed } = *value;
        Ok((Some(StreamId { app: None, tag: own }), Fact::ValueStored { item, version, sealed }))
    };
    values.iter().map(fact).collect()
}

/// Only what there is can be looked at. To find somebody is no reason to see more than a mask leaves.
fn view(
    loaded: &Loaded<'_>,
    subject: SubjectKey,
    own: yinuo_domain::Tag,
    by: &StaffId,
    (asked, masked, reason): (ItemSet, bool, ViewReason),
) -> Result<Outcome, Refusal> {
    let stored: ItemSet = live_own(loaded)?.values.keys().copied().collect();
    if !masked && reason == ViewReason::LookUp {
        return Err(Refusal::ReasonMissing);
    }
    let items = asked.intersection(stored);
    let fact = Fact::Viewed { by: by.clone(), items, masked, reason };
    Ok(Outcome {
        facts: vec![(Some(StreamId { app: None, tag: own }), fact)],
        answer: Answer::Viewed(PendingView { subject, items }),
    })
}

/// Deleting needs no engine, no partner and no app: nothing a platform does can stand in its way.
fn delete(loaded: &Loaded<'_>, own: yinuo_domain::Tag) -> Result<Outcome, Refusal> {
    live_own(loaded)?;
    let streams = match loaded.streams {
        Slot::NotLoaded => return Err(Refusal::NotLoaded),
        Slot::Absent => &[],
        Slot::Present(streams) => streams,
    };
    let mut facts = vec![(Some(StreamId { app: None, tag: own }), Fact::AccountDeleted)];
    let apps = streams.iter().filter(|stream| stream.app.is_some());
    facts.extend(apps.map(|stream| (Some(stream.clone()), Fact::AccountDeleted)));
    Ok(Outcome { facts, answer: Answer::Done })
}
