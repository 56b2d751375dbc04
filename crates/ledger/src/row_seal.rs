//! Rows of state that were changed from outside are refused.
//!
//! Whoever can write to the database could change a row behind the ledger's back: a consent, a guardian, a used token.
//! What the log covers is found by `verify`; but a decision is made now. So each row that one is made from carries a MAC
//! under a key that the store does not hold, over its table, its key and everything in it. A row that was changed, moved
//! or copied to another place is not believed.
//!
//! An older version of the same row was sealed as well, and nothing here tells it from the current one. Of streams and
//! counters the log knows better, and `verify` compares; what is left is said in `docs/TABLES.md`.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64};

use yinuo_domain::SubjectKey;

use crate::StoreError;

/// How long a MAC is, in bytes.
pub const ROW_MAC_LEN: usize = 16;

/// Seals rows with a key that the store does not hold.
pub trait RowSeal: Send + Sync {
    /// A MAC over these bytes.
    fn mac(&self, bytes: &[u8]) -> [u8; ROW_MAC_LEN];

    /// Whether a person's wrapped keys, which have no MAC, can be opened.
    fn opens(&self, subject: SubjectKey, keys: &[u8]) -> bool;
}

/// A seal at work, and how many rows it has refused.
pub(crate) struct Guard {
    seal: Arc<dyn RowSeal>,
    altered: AtomicU64,
    /// Nothing is refused while an older store is looked at as a whole.
    believing: AtomicBool,
}

impl Guard {
    pub(crate) fn new(seal: Arc<dyn RowSeal>) -> Self {
        Self { seal, altered: AtomicU64::new(0), believing: AtomicBool::new(false) }
    }

    pub(crate) fn mac(&self, bytes: &[u8]) -> [u8; ROW_MAC_LEN] {
        self.seal.mac(bytes)
    }

    pub(crate) fn opens(&self, subject: SubjectKey, keys: &[u8]) -> bool {
        self.seal.opens(subject, keys)
    }

    /// Whether the row of these bytes has this MAC; else it is told, and counted.
    pub(crate) fn check(&self, table: &'static str, bytes: &[u8], mac: &[u8]) -> Result<(), StoreError> {
        if self.believing.load(SeqCst) {
            return Ok(());
        }
        let right = self.seal.mac(bytes);
        // The time it takes says nothing of how much was right.
        let differ = right.iter().zip(mac).fold(0, |all, (a, b)| all | (a ^ b));
        if mac.len() == ROW_MAC_LEN && differ == 0 {
            return Ok(());
        }
        self.altered.fetch_add(1, Relaxed);
        tracing::error!(table, "a row is not as it was written: it is refused");
        Err(StoreError::Altered(table))
    }

    pub(crate) fn believe(&self, rows: bool) {
        self.believing.store(rows, SeqCst);
    }

    /// How many rows were refused.
    pub(crate) fn altered(&self) -> u64 {
        self.altered.load(Relaxed)
    }
}
