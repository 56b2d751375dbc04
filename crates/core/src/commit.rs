//! From a decision to a permission. Only `ledger` may name this module (`crates/server/tests/architecture.rs`).

use yinuo_domain::{Monotonic, Salt};

use crate::{Guard, Pending, PendingView, Permit, ViewPermit};

/// Makes the permit. Call it after the commit that holds the release's fact and its signed head, and never before.
///
/// `salt` is that leaf's salt; `void_at` is when the permit ends; `guard` is dropped when it was used or is void.
pub fn release(pending: Pending, salt: Salt, void_at: Monotonic, guard: Box<dyn Guard>) -> Permit {
    Permit { pending, salt, void_at, guard }
}

/// Makes the permit to look. Call it after the commit that holds the fact of the look, and never before.
///
/// `void_at` is when the permit ends; `guard` is dropped when it was used or is void.
pub fn view(pending: PendingView, void_at: Monotonic, guard: Box<dyn Guard>) -> ViewPermit {
    ViewPermit { pending, void_at, _guard: guard }
}
