//! Decides whether a command may happen, and what follows from it.
//!
//! Pure and total: no clock, no I/O, no randomness. The same inputs give the same outcome on any machine, so that an
//! auditor can decide again years later. Deny overrides: one reason against outweighs any consent.
//!
//! Not here: loading state and committing facts (`ledger`), opening values (`vault`).

use yinuo_domain::{Command, Fact, Item, Reason, Refusal, StreamId, Timestamp};

use crate::{Loaded, Pending};

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

/// Decides `command` against `loaded` at `now`.
pub fn decide(loaded: &Loaded<'_>, command: &Command, now: Timestamp) -> Outcome {
    let _ = (loaded, command, now);
    Outcome { facts: Vec::new(), answer: Answer::Refused(Refusal::NoEngine) }
}
