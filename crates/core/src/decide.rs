//! Decides whether a command may happen, and what follows from it.
//!
//! Pure and total: no clock, no I/O, no randomness. The same inputs give the same outcome on any machine, so that an
//! auditor can decide again years later. Deny overrides: one reason against outweighs any consent.
//!
//! Not here: loading state and committing facts (`ledger`), opening values (`vault`).

use yinuo_domain::{Command, Fact, Item, Reason, Refusal, StreamId, Timestamp};
use yinuo_rules::Packs;

use crate::{Loaded, Pending, Slot, decide_consent, decide_disclosure, decide_platform};

/// The version of the decision code in this file. A change that could decide anything otherwise is a new version.
pub const DECISION_VERSION: u16 = 1;

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
    /// Nothing may leave. Recorded. Never empty.
    Withheld(Vec<(Item, Reason)>),
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
        Command::Enrol { own, .. } => enrol(loaded, *own),
        Command::StoreValue { own, item, version, sealed, .. } => packs_in_force(loaded).and_then(|packs| {
            live_own(loaded)?;
            packs.catalogue.by_code(*item).ok_or(Refusal::UnknownItem)?;
            let fact = Fact::ValueStored { item: *item, version: *version, sealed: *sealed };
            Ok(Outcome::done(Some(StreamId { app: None, tag: *own }), fact))
        }),
        Command::GiveConsent { .. } => decide_consent::give(loaded, command, now),
        Command::Withdraw { app, tag, scope, .. } => decide_consent::withdraw(loaded, app, *tag, scope),
        Command::Disclose { .. } => decide_disclosure::disclose(loaded, command, now),
        Command::ReportNotDelivered { app, tag, disclosure, .. } => live_stream(loaded).map(|_| {
            let stream = StreamId { app: Some(app.clone()), tag: *tag };
            Outcome::done(Some(stream), Fact::NotDelivered { disclosure: *disclosure })
        }),
        Command::DeleteAccount { own, .. } => delete(loaded, *own),
    };
    outcome.unwrap_or_else(|refusal| Outcome { facts: Vec::new(), answer: Answer::Refused(refusal) })
}

/// The rule packs, if the engine in force names exactly those this program holds and this decision code.
pub(crate) fn packs_in_force(loaded: &Loaded<'_>) -> Result<&'static Packs, Refusal> {
    let (Some(suite), Some(engine)) = (loaded.platform.suite, loaded.platform.engine) else {
        return Err(Refusal::NoEngine);
    };
    let packs = yinuo_rules::packs().map_err(|_| Refusal::UnknownEngine)?;
    if engine.decision != DECISION_VERSION || !packs.matches(suite, &engine) {
        return Err(Refusal::UnknownEngine);
    }
    Ok(packs)
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

fn enrol(loaded: &Loaded<'_>, own: yinuo_domain::Tag) -> Result<Outcome, Refusal> {
    packs_in_force(loaded)?;
    match loaded.own {
        Slot::NotLoaded => Err(Refusal::NotLoaded),
        Slot::Present(own) if own.deleted => Err(Refusal::AccountDeleted),
        Slot::Present(_) => Err(Refusal::AlreadyExists),
        Slot::Absent => Ok(Outcome::done(Some(StreamId { app: None, tag: own }), Fact::Enrolled)),
    }
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
