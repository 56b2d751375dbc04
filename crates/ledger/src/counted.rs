//! Refusals that are counted: kept in a row of their own from the first one on, and told by one fact.
//!
//! The count is as durable as an answer, so that a crash loses none. It is told before the next fact of its stream, so that
//! the chain says what happened in which order, and by the sweep once its hour is over.

use yinuo_core::{Stream, count_refusal};
use yinuo_domain::{AppId, Fact, Item, ItemSet, Reason, Salt, SubjectKey, Timestamp};

use crate::backend::{Change, Log};
use crate::sequencer::{Batch, Held, Sequencer};
use crate::{LedgerError, StoreError};

/// How many counts a sweep tells at most.
const TOLD_MAX: usize = 256;

impl Held<Stream> {
    /// The time of whatever happens next here: not before what was counted last.
    pub(crate) fn not_before(&self, now: Timestamp) -> Timestamp {
        self.counted.as_ref().map_or(now, |counted| now.max(counted.until))
    }
}

impl Sequencer {
    /// One more refusal without a fact of its own.
    pub(crate) fn count(
        &mut self,
        subject: SubjectKey,
        app: &AppId,
        held: &mut Held<Stream>,
        (requested, withheld): (ItemSet, &[(Item, Reason)]),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let counted = count_refusal(held.counted.take(), requested, withheld, now);
        self.writer.change(Change::Counted(subject, app, Some(&counted)))?;
        held.counted = Some(counted);
        Ok(())
    }

    /// Tells what was counted in a stream, if anything was. The stream is the caller's to keep.
    pub(crate) fn tell_counted(
        &mut self,
        batch: &mut Batch,
        subject: SubjectKey,
        held: &mut Held<Stream>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let (Some(counted), Some(app)) = (held.counted.take(), held.chain.stream.app.clone()) else {
            return Ok(());
        };
        let (salt, fact) = (Salt(self.random.bytes()?), Fact::WithheldCounted(counted));
        let (_, fact) = self.append_stream(batch, &mut held.chain, now, salt, fact)?;
        held.state.apply(&fact, now, &self.platform, &app)?;
        self.writer.change(Change::Counted(subject, &app, None))?;
        Ok(())
    }

    /// Tells a bounded number of counts whose hour is over, and says how many.
    pub(crate) fn tell_due(&mut self, batch: &mut Batch) -> Result<u64, LedgerError> {
        let now = self.now(Log::Group).at;
        let due = self.writer.rows().counted_due(now, TOLD_MAX)?;
        let mut told = 0;
        for (subject, app) in due {
            match self.load_stream(batch, subject, &app) {
                Ok(Some(mut held)) if held.counted.is_some() => {
                    self.tell_counted(batch, subject, &mut held, now)?;
                    self.keep_stream(batch, (subject, app), held);
                    told += 1;
                }
                // A count of no stream, or of one that never got that far, is nothing that happened.
                Ok(held) => {
                    tracing::error!("a count of refusals fits no stream: it is dropped");
                    self.writer.change(Change::Counted(subject, &app, None))?;
                    if let Some(held) = held {
                        self.keep_stream(batch, (subject, app), held);
                    }
                }
                // Told, and counted as altered, when it was read. Everybody else's goes on.
                Err(StoreError::Altered(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(told)
    }
}
