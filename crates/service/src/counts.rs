//! What is counted, for whoever watches: outcomes and reasons, never whose.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use yinuo_domain::Reason;

use crate::{Delivered, DiscloseError, Gateway};

/// How requests for values ended, by one word each.
const OUTCOMES: [&str; 7] =
    ["released", "withheld", "invalid-token", "malformed", "conflict", "not-delivered", "unavailable"];

/// What was counted since the start.
#[derive(Clone, Debug)]
pub struct Counts {
    /// How many requests for values ended so.
    pub disclosures: Vec<(&'static str, u64)>,
    /// How many items were withheld for this reason.
    pub withheld_items: Vec<(Reason, u64)>,
    /// How many sessions of people began.
    pub sessions: u64,
}

pub(crate) struct Counters {
    outcomes: [AtomicU64; OUTCOMES.len()],
    /// In the order of [`Reason::EVERY`].
    reasons: Vec<AtomicU64>,
    sessions: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let reasons = Reason::EVERY.iter().map(|_| AtomicU64::new(0)).collect();
        Self { outcomes: Default::default(), reasons, sessions: AtomicU64::new(0) }
    }
}

impl Counters {
    /// A request for values ended.
    pub(crate) fn answered(&self, answer: &Result<Delivered, DiscloseError>) {
        let (outcome, items) = match answer {
            Ok(delivered) => ("released", delivered.withheld.as_slice()),
            Err(DiscloseError::Withheld { items, .. }) => ("withheld", items.as_slice()),
            Err(DiscloseError::Token) => ("invalid-token", [].as_slice()),
            Err(DiscloseError::Malformed { .. }) => ("malformed", [].as_slice()),
            Err(DiscloseError::IdempotencyConflict) => ("conflict", [].as_slice()),
            Err(DiscloseError::NotDelivered { .. }) => ("not-delivered", [].as_slice()),
            Err(DiscloseError::Unavailable(_)) => ("unavailable", [].as_slice()),
        };
        let counter = OUTCOMES.iter().zip(&self.outcomes).find(|(word, _)| **word == outcome);
        if let Some((_, counter)) = counter {
            counter.fetch_add(1, Relaxed);
        }
        for (_, reason) in items {
            let counter = Reason::EVERY.iter().zip(&self.reasons).find(|(every, _)| *every == reason);
            if let Some((_, counter)) = counter {
                counter.fetch_add(1, Relaxed);
            }
        }
    }

    /// A person's session began.
    pub(crate) fn session_began(&self) {
        self.sessions.fetch_add(1, Relaxed);
    }
}

impl Gateway {
    /// What was counted since the start.
    pub fn counts(&self) -> Counts {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        Counts {
            disclosures: OUTCOMES.into_iter().zip(self.counters.outcomes.iter().map(load)).collect(),
            withheld_items: Reason::EVERY
                .iter()
                .copied()
                .zip(self.counters.reasons.iter().map(load))
                .collect(),
            sessions: load(&self.counters.sessions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_request_is_counted_under_one_word() {
        let counters = Counters::default();
        let items =
            vec![("name".to_owned(), Reason::Withdrawn), ("email_address".to_owned(), Reason::Withdrawn)];
        for error in [
            DiscloseError::Withheld { items, frequency: None },
            DiscloseError::Token,
            DiscloseError::Malformed { member: "body", why: String::new() },
            DiscloseError::IdempotencyConflict,
            DiscloseError::Unavailable(crate::Unavailable::again_after(1)),
        ] {
            counters.answered(&Err(error));
        }
        let counted: Vec<u64> = counters.outcomes.iter().map(|counter| counter.load(Relaxed)).collect();
        assert_eq!(counted, [0, 1, 1, 1, 1, 0, 1]);
        let withdrawn = Reason::EVERY.iter().position(|reason| *reason == Reason::Withdrawn).unwrap();
        assert_eq!(counters.reasons[withdrawn].load(Relaxed), 2);
    }
}
