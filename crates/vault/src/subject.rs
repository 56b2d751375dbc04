//! The keys of one person: wrapped, as they are stored, and in memory, as they are used.

use std::fmt;
use std::sync::OnceLock;

use yinuo_domain::{Compartment, SubjectKey, Suite};

use crate::VaultError;
use crate::sealed::KeyRef;
use crate::suite::{Cipher, Key, KeyedMac};

/// Which key of a person. The number is in the stored bytes and in what the wrapping key is derived from.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Slot {
    /// Makes the person's pairwise tags.
    Tag,
    /// Seals the values of one compartment.
    Data(Compartment),
}

impl Slot {
    /// Every key a new person gets, in the order they are stored.
    pub(crate) const EVERY: [Self; 3] =
        [Self::Tag, Self::Data(Compartment::Identity), Self::Data(Compartment::Other)];

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Tag => 0,
            Self::Data(compartment) => compartment as u8,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::EVERY.into_iter().find(|slot| slot.code() == code)
    }
}

/// One wrapped key and its record.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Wrapped {
    pub(crate) slot: Slot,
    /// The key's own version: rows name the one they were sealed under.
    pub(crate) version: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A person's keys as they are stored. Deleting these bytes, wherever they are, deletes the person's values.
#[derive(Clone, Eq, PartialEq)]
pub struct WrappedKeys {
    pub(crate) keys: Vec<Wrapped>,
}

/// The version of [`WrappedKeys::to_bytes`].
const LAYOUT: u8 = 1;

impl WrappedKeys {
    /// For storage: `1 u8`, then for each key `slot u8 | key version u32 be | length u16 be | wrapped key`.
    /// Slot 0 is the tag key, 1 and 2 the data keys of the compartments with these codes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![LAYOUT];
        for key in &self.keys {
            out.push(key.slot.code());
            out.extend_from_slice(&key.version.to_be_bytes());
            // A wrapped key is 50 or 66 bytes long.
            out.extend_from_slice(&u16::try_from(key.bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(&key.bytes);
        }
        out
    }

    /// From storage. Each slot at most once, in the order of their numbers, so that one record has one spelling.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, VaultError> {
        let malformed = || VaultError::Malformed("wrapped keys");
        let (layout, mut rest) = raw.split_first().ok_or_else(malformed)?;
        if *layout != LAYOUT {
            return Err(malformed());
        }
        let mut keys: Vec<Wrapped> = Vec::new();
        while !rest.is_empty() {
            let (head, after) = rest.split_first_chunk::<7>().ok_or_else(malformed)?;
            let [slot, version @ .., high, low] = *head;
            let len = usize::from(u16::from_be_bytes([high, low]));
            let (bytes, next) = after.split_at_checked(len).ok_or_else(malformed)?;
            let slot = Slot::from_code(slot).ok_or_else(malformed)?;
            if keys.last().is_some_and(|last| slot <= last.slot) {
                return Err(malformed());
            }
            keys.push(Wrapped { slot, version: u32::from_be_bytes(version), bytes: bytes.to_vec() });
            rest = next;
        }
        Ok(Self { keys })
    }

    /// What stays of a deleted account until the retention of its disclosure records ends: the key that finds
    /// them, and none that opens a value.
    #[must_use]
    pub fn tag_key_only(mut self) -> Self {
        self.keys.retain(|key| key.slot == Slot::Tag);
        self
    }
}

impl fmt::Debug for WrappedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappedKeys[secret]")
    }
}

/// A person's keys in memory, wiped when dropped.
pub struct SubjectKeys {
    pub(crate) subject: SubjectKey,
    pub(crate) suite: Suite,
    pub(crate) tag: Key,
    /// The tag key, taken in once it was needed.
    pub(crate) tagging: OnceLock<KeyedMac>,
    pub(crate) data: Vec<DataKey>,
}

/// The key of one compartment.
pub(crate) struct DataKey {
    pub(crate) compartment: Compartment,
    pub(crate) version: u32,
    pub(crate) bytes: Key,
    /// Its cipher, once it was needed to open something.
    cipher: OnceLock<Cipher>,
    /// The key of versions, once it was needed: it is the same for all values of the compartment.
    pub(crate) marks: OnceLock<Key>,
}

impl DataKey {
    pub(crate) fn new(compartment: Compartment, version: u32, bytes: Key) -> Self {
        Self { compartment, version, bytes, cipher: OnceLock::new(), marks: OnceLock::new() }
    }

    pub(crate) fn cipher(&self, suite: Suite) -> Result<&Cipher, VaultError> {
        if let Some(cipher) = self.cipher.get() {
            return Ok(cipher);
        }
        let cipher = Cipher::new(suite, &self.bytes)?;
        Ok(self.cipher.get_or_init(|| cipher))
    }
}

impl SubjectKeys {
    /// Whose keys these are.
    pub fn subject(&self) -> SubjectKey {
        self.subject
    }

    /// The key of `compartment`, with what its record says of it.
    pub(crate) fn data(&self, compartment: Compartment) -> Result<KeyRef<'_>, VaultError> {
        let key = self.data_key(compartment)?;
        Ok(KeyRef { suite: self.suite, number: key.version, bytes: &key.bytes })
    }

    pub(crate) fn data_key(&self, compartment: Compartment) -> Result<&DataKey, VaultError> {
        let key = self.data.iter().find(|key| key.compartment == compartment);
        key.ok_or(VaultError::NoDataKey(compartment))
    }
}

impl fmt::Debug for SubjectKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKeys[secret]")
    }
}
