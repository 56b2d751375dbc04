//! Deletions are acknowledged when what was deleted is gone from everything the store wrote ahead.

use crate::overdue::Watch;
use crate::sequencer::Sequencer;
use crate::{Answered, LedgerError, StoreError};

impl Sequencer {
    /// A deletion is acknowledged when nothing that was written ahead holds its rows any more.
    pub(crate) fn erase(&mut self, watch: &Watch) {
        if !self.unerased.is_empty() && !self.shared.is_poisoned() {
            watch.begin(self.unerased.iter().map(|(answer, _)| answer.recall()).collect());
            let erased = self.writer.erase();
            match (watch.end(), erased) {
                (true, Ok(())) => {
                    for (answer, wait) in self.unerased.drain(..) {
                        self.permits.wait(&wait, Box::new(|| answer.send(Ok(Answered::Done))));
                    }
                }
                // Nothing has failed: it is tried again.
                (true, Err(error @ StoreError::Busy(_))) => {
                    tracing::warn!(%error, "a deletion is not erased yet");
                }
                (_, erased) => {
                    let error = erased.err();
                    tracing::error!(?error, "a deletion cannot be erased: nothing more is written");
                    self.poison();
                }
            }
        }
        if self.shared.is_poisoned() {
            // Committed, but not known to be gone from what was written ahead: whoever waits is told to ask again.
            self.unerased.drain(..).for_each(|(answer, _)| answer.send(Err(LedgerError::Poisoned)));
        }
    }
}
