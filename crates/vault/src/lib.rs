//! Can it be opened?
//!
//! Bytes in, bytes out. A [`Vault`] seals each value under a data key of one person and one compartment, wraps those
//! data keys under keys of an epoch, and gives values back to whoever holds a [`Permit`](yinuo_core::Permit): to
//! nobody else, except to the person ([`Vault::open_own`]). Once a person's [`WrappedKeys`] are gone, their rows
//! open with no key that is left.
//!
//! ```text
//! passphrase → root key → epoch key (random) → data key per person and compartment → value
//!            KeyProvider  KeyringFile          WrappedKeys                           sealed row
//! ```
//!
//! Two [suites](yinuo_domain::Suite) pass the same tests. The suite is taken from a key's own record; a message that
//! names another one is refused. Keys and values are zeroized when dropped and print as `[secret]`.
//!
//! Not here: storing any of it and signing in order (`ledger`), whether something may be opened (`core`), files,
//! clocks and randomness (`server`). Envelopes for partners are not built yet.

mod error;
mod index;
mod keyring;
mod nonces;
mod open;
mod provider;
mod random;
mod sealed;
mod secret;
mod subject;
mod suite;
mod vault;

pub mod signing;

pub use error::{OpenError, ProviderError, VaultError};
pub use index::RowKey;
pub use keyring::KeyringFile;
pub use open::{CommittedRows, HashedRow, Opened, SealedRow};
pub use provider::{KeyProvider, Params, PassphraseProvider, RootFile};
pub use sealed::VALUE_LEN_MAX;
pub use secret::Secret;
pub use subject::{SubjectKeys, WrappedKeys};
pub use vault::{NewEpoch, Vault, epoch_of};
