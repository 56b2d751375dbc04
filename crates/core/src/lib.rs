//! May this happen, and what follows?
//!
//! [`decide`] is the one decision: pure and total. [`Platform`], [`Own`] and [`Stream`] are the state, and applying facts is the only
//! way to change it. [`Permit`] is the permission to open; only [`commit`] makes one. [`replay`] decides a whole log again.
//!
//! Not here: I/O, clocks, randomness, storage, serialisation.

mod apply;
pub mod commit;
mod decide;
mod decide_consent;
mod decide_disclosure;
mod decide_platform;
mod documents;
mod permit;
mod refusals;
pub mod replay;
mod state;

pub use decide::{Answer, DECISION_VERSION, Outcome, decide};
pub use decide_consent::CONSENT_MS_MAX;
pub use decide_disclosure::IDEMPOTENCY_MS;
pub use documents::{Documents, Undecidable};
pub use permit::{Guard, Pending, PendingView, Permit, ViewPermit};
pub use refusals::{REFUSALS_TOLD_MAX, Refusals, count_is_due, count_refusal};
pub use state::{
    App, AppStatus, Cell, Earlier, Grant, GrantStatus, Granted, KeyEpochs, Loaded, Own, Partner,
    PartnerStatus, Platform, Slot, Stream,
};
