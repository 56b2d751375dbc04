//! What may go wrong. No message holds a value, a key or a person's key.

use yinuo_domain::{Compartment, Item, RandomFailed};

/// Why something was not sealed, wrapped or unwrapped.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VaultError {
    /// The source of randomness failed.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// The source of randomness gave the same bytes again: sealing with them would break the cipher.
    #[error("the random source repeats itself")]
    RandomRepeats,
    /// There is nothing to seal.
    #[error("a value has at least one byte")]
    ValueEmpty,
    /// The value is too long.
    #[error("a value has at most {max} bytes, this one has {len}")]
    ValueTooLong {
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be, in bytes.
        max: usize,
    },
    /// The keys are of another person than the row.
    #[error("the keys belong to another person")]
    OtherSubject,
    /// The person's data key for this compartment is gone, or was never made.
    #[error("there is no data key for the {0:?} compartment")]
    NoDataKey(Compartment),
    /// The bytes do not have the shape of what they should be.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// The message names another suite than its key's record.
    #[error("the message names another suite than its key")]
    OtherSuite,
    /// The message names another version of the key than the record has.
    #[error("the message names key version {0}, which is not at hand")]
    OtherKeyVersion(u32),
    /// The keyring has no key of this epoch.
    #[error("the keyring has no key of epoch {0}")]
    UnknownEpoch(u32),
    /// The keyring's last epoch is in use.
    #[error("epoch {0} is the one in use")]
    EpochInUse(u32),
    /// The bytes were changed, moved, or sealed under another key.
    #[error("the bytes do not open under this key at this place")]
    NotAuthentic,
    /// The signing key refused.
    #[error("the signature could not be made")]
    Signing,
    /// The key provider failed.
    #[error("the key provider failed: {0}")]
    Provider(#[from] ProviderError),
}

/// Why a key provider gave no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProviderError {
    /// The passphrase is wrong, or somebody changed the root file. The two cannot be told apart.
    #[error("the passphrase is wrong, or the root file was changed")]
    WrongPassphrase,
    /// A passphrase without a character protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// Argon2id parameters outside what this program accepts.
    #[error("argon2id parameters out of bounds")]
    Params,
    /// The bytes do not have the shape of what they should be.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// The wrapped key was changed, belongs to another context, or was wrapped by another provider.
    #[error("the wrapped key does not open with this provider in this context")]
    NotAuthentic,
    /// The source of randomness failed.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// The source of randomness gave the same bytes again: wrapping with them would break the cipher.
    #[error("the random source repeats itself")]
    RandomRepeats,
    /// The device or service behind the provider failed.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
}

/// Why a permit opened nothing. The permit is used up all the same.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The permit's deadline has passed.
    #[error("the permit is void")]
    Void,
    /// The keys are of another person than the permit.
    #[error("the keys belong to another person")]
    OtherSubject,
    /// The rows are not those the recorded release commits to: older, newer, swapped, too many or too few.
    #[error("the rows are not those the permit commits to")]
    OtherRows,
    /// A permitted item has no row.
    #[error("there is no row for item {}", .0.0)]
    RowMissing(Item),
    /// A row did not open.
    #[error("item {} does not open: {cause}", .item.0)]
    Row {
        /// Which item.
        item: Item,
        /// Why.
        cause: VaultError,
    },
}
