//! May this happen, and what follows?
//!
//! [`decide`] is the one decision: pure and total. [`Platform`], [`Own`] and [`Stream`] are the state, and applying facts is the only
//! way to change it. [`Permit`] is the permission to open; only [`commit`] makes one.
//!
//! Not here: I/O, clocks, randomness, storage, serialisation.

mod apply;
pub mod commit;
mod decide;
mod documents;
mod permit;
mod state;

pub use decide::{Answer, Outcome, decide};
pub use documents::{Documents, Undecidable};
pub use permit::{Guard, Pending, Permit};
pub use state::{
    App, AppStatus, Cell, Earlier, Grant, GrantStatus, Granted, Loaded, Own, Partner, PartnerStatus,
    Platform, Slot, Stream,
};
