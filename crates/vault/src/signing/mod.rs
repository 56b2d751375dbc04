//! Keys that sign log heads. They are not vault keys: they are wrapped by the same provider under contexts of
//! their own, and neither can stand in for the other.
//!
//! Not here: what is signed (`tlog`), when (`ledger`), verification (`tlog`).

mod ed25519;
mod sm2;

pub use ed25519::Ed25519Key;
pub use sm2::{SM2_ID, Sm2Key};
