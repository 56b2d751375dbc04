//! What may go wrong below a decision.

use std::fmt;
use std::sync::Arc;

/// Why nothing was recorded. Whoever gets one of these got no permit, and no fact of theirs is in a signed head.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// Too many are waiting already.
    #[error("too many are waiting; try again in {retry_after_s} s")]
    Busy {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// What room the disk has is kept for withdrawals, deletions and sanctions.
    #[error("the disk is almost full: what room is left is kept for withdrawals, deletions and sanctions")]
    NoRoom,
    /// A flush failed or hangs. Nothing more is written by this process; reading goes on.
    #[error("a flush failed or hangs: nothing more is written until a restart has verified the store")]
    Poisoned,
    /// The ledger was closed.
    #[error("the ledger is closed")]
    Closed,
    /// The clock has jumped: nothing is released until an operator has accepted it. Withdrawals and the like go on.
    #[error("the clock has jumped {0}; look at it, and say `yinuo clock accept`")]
    Clock(ClockJump),
    /// The store is not what was kept of it outside.
    #[error("the store is not what its anchor says: {0}")]
    Anchor(#[from] crate::Mismatch),
    /// A head could not be signed.
    #[error("a head could not be signed")]
    Signing(#[from] SignFailed),
    /// No unguessable bytes could be had.
    #[error(transparent)]
    Random(#[from] yinuo_domain::RandomFailed),
    /// The store failed. Everything of the batch was taken back.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A decided fact could not be folded: a defect. Everything of the batch was taken back.
    #[error("a fact could not be folded")]
    Fold(#[from] yinuo_core::Undecidable),
    /// The command does not fit what is stored about the person: another tag, or another shard.
    #[error("the command does not fit the store: {0}")]
    Misfit(&'static str),
    /// A ticket was gone, or a row was there already, that the submission depended on. Nothing was recorded.
    #[error("something the submission depended on was used, or there, already")]
    Conflict,
}

/// By how much the clock disagrees with the time that has run, or with the last fact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockJump {
    /// Whether it is ahead; else it is behind.
    pub ahead: bool,
    /// How far, in milliseconds.
    pub ms: u64,
}

impl fmt::Display for ClockJump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms {}", self.ms, if self.ahead { "ahead" } else { "back" })
    }
}

/// Why a store gave or kept nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite, or the disk below it.
    #[error("the database failed: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// A file.
    #[error("the data directory failed: {0}")]
    Io(Arc<std::io::Error>),
    /// Somebody else has the data directory open.
    #[error("the data directory is in use by another process")]
    InUse,
    /// What is stored is not what this program writes.
    #[error("the store is damaged: {0}")]
    Damaged(&'static str),
    /// A row of this table is not as it was written: it is refused.
    #[error("a row of {0} was changed from outside, and is refused")]
    Altered(&'static str),
    /// The store was made with other settings.
    #[error("the store was made with another {0}")]
    Settings(&'static str),
    /// The store is of a version this program does not know.
    #[error("the store has version {found}, this program knows {known}")]
    Version {
        /// What it has.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// Others are in the way for now.
    #[error("others are in the way: {0}")]
    Busy(&'static str),
    /// A wrapper or another backend failed.
    #[error("the store failed: {0}")]
    Other(&'static str),
}

/// The signer could not sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the signer failed")]
pub struct SignFailed;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
