//! In what order, durably?
//!
//! A [`Ledger`] has one sequencer. It decides each [`Submission`] at the tip of the log (`core`), appends the facts to
//! Merkle logs (`tlog`), has the new heads signed ([`HeadSigner`]), and commits facts, state, heads and signatures in
//! one transaction for the whole batch. Then, and only then, it answers; a release comes with the one permit that
//! opens it. A store is behind a [`Backend`]: [`SqliteStore`], or [`MemoryStore`] as the model.
//!
//! [`Reader`] reads, also when writing has stopped. [`verify`] checks a store from nothing but its bytes and the
//! logs' public keys, and decides every entry again.
//!
//! Not here: HTTP, the vault's keys, whether something may happen.

mod anchor;
mod backend;
mod cache;
mod counted;
mod erase;
mod error;
mod fair;
mod gauge;
mod kept;
mod ledger;
mod memory;
mod overdue;
mod permits;
mod queue;
mod reader;
mod row_seal;
mod sequencer;
mod settings;
mod signing;
mod sqlite;
mod staff;
mod state;
mod step;
mod submission;
mod ticket;
mod time;
mod tip;
mod turns;
mod verify;
mod view;
mod write;

pub use anchor::{Anchor, AnchorAccepted, AnchorRule, FileAnchor, Mismatch};
pub use backend::{
    AnswerRow, Backend, Change, Head, KeyRows, Log, Meta, Opened, Person, RetiredRow, Rows, SealedRow,
    Source, StreamRow, TicketRow, Writer,
};
pub use error::{ClockJump, LedgerError, SignFailed, StoreError};
pub use gauge::Gauge;
pub use kept::{KeptPerson, PEOPLE_KEPT_MAX};
pub use ledger::Ledger;
pub use memory::MemoryStore;
pub use queue::Room;
pub use reader::{COUNTED_MAX, Counted, Reader};
pub use row_seal::{ROW_MAC_LEN, RowSeal};
pub use settings::Settings;
pub use signing::HeadSigner;
pub use sqlite::{DATABASE, LOCK, SealedRows, SqliteStore, StoreCopy, schema};
pub use staff::{PasskeyRow, StaffRow, StaffWrite};
pub use submission::{Answered, Pending, Receipt, Submission};
pub use ticket::{Ticket, TicketKind};
pub use turns::Turn;
pub use verify::{
    FirstBad, Progress, RepairError, Repaired, Report, VerifyError, repair, verify, verify_directory,
};
pub use write::{Write, Written};
pub use yinuo_tlog::Algorithm;

/// How many rows of one table a [`Write::Sweep`] deletes at most.
pub const SWEEP_LEN_MAX: usize = 1_000;
