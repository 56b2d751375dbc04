//! May this happen, and what follows?

pub mod commit;
mod permit;

pub use permit::{Guard, Pending, Permit};
