//! The vault: makes and unwraps people's keys, seals values, and opens them for their owner.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use yinuo_domain::{Compartment, Item, Random, SubjectKey, Suite, ValueVersion};
use zeroize::Zeroizing;

use crate::nonces::Nonces;
use crate::sealed::{self, KeyRef, Parsed, VALUE_LEN_MAX, bind};
use crate::subject::{DataKey, Slot, Wrapped};
use crate::suite::{self, Key};
use crate::{KeyProvider, KeyringFile, SealedRow, Secret, SubjectKeys, VaultError, WrappedKeys};

/// Length of epoch keys, index keys and tag keys, in bytes: whatever they key is an HMAC of 32 bytes.
pub(crate) const MAC_KEY_LEN: usize = 32;
/// The version of a new person's keys.
const FIRST_KEY_VERSION: u32 = 1;
/// The first epoch.
const FIRST_EPOCH: u32 = 1;

/// The unlocked keyring. One per process; share it.
pub struct Vault {
    suite: Suite,
    /// Epoch keys by epoch. New keys are wrapped under the last.
    epochs: Epochs,
    pub(crate) index: Key,
    nonces: Nonces,
}

impl Vault {
    /// Makes new keys, and the file that holds them wrapped.
    pub fn create(
        suite: Suite,
        provider: &dyn KeyProvider,
        random: &dyn Random,
    ) -> Result<(Self, KeyringFile), VaultError> {
        let epoch = draw_key(random, MAC_KEY_LEN)?;
        let index = draw_key(random, MAC_KEY_LEN)?;
        if epoch == index {
            return Err(VaultError::RandomRepeats);
        }
        let file = KeyringFile {
            suite,
            provider: provider.name().to_owned(),
            epochs: vec![(FIRST_EPOCH, provider.wrap(&epoch_context(suite, FIRST_EPOCH), &epoch, random)?)],
            index: provider.wrap(&index_context(suite), &index, random)?,
        };
        Ok((Self::with(suite, BTreeMap::from([(FIRST_EPOCH, epoch)]), index), file))
    }

    /// Unwraps the keys in the file. What the file says of a key is part of what the provider checks.
    pub fn unlock(provider: &dyn KeyProvider, keyring: &KeyringFile) -> Result<Self, VaultError> {
        let suite = keyring.suite;
        if keyring.provider != provider.name() {
            return Err(VaultError::Malformed("keyring: its keys are another provider's"));
        }
        let mut epochs = BTreeMap::new();
        for (epoch, wrapped) in &keyring.epochs {
            epochs.insert(*epoch, mac_key(provider.unwrap(&epoch_context(suite, *epoch), wrapped)?)?);
        }
        let index = mac_key(provider.unwrap(&index_context(suite), &keyring.index)?)?;
        Ok(Self::with(suite, epochs, index))
    }

    fn with(suite: Suite, epochs: BTreeMap<u32, Key>, index: Key) -> Self {
        Self { suite, epochs: Epochs::new(epochs), index, nonces: Nonces::default() }
    }

    /// Which algorithms.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Makes the keys of a new person: a tag key and a data key for each compartment, wrapped for storage.
    pub fn new_subject(&self, subject: SubjectKey, random: &dyn Random) -> Result<WrappedKeys, VaultError> {
        self.new_subject_in_use(subject, random).map(|(wrapped, _)| wrapped)
    }

    /// The same, with the keys in memory: whoever seals values at once need not unwrap what was just wrapped.
    pub fn new_subject_in_use(
        &self,
        subject: SubjectKey,
        random: &dyn Random,
    ) -> Result<(WrappedKeys, SubjectKeys), VaultError> {
        let mut drawn: Vec<Key> = Vec::new();
        let mut keys = Vec::new();
        for slot in Slot::EVERY {
            let len = match slot {
                Slot::Tag => MAC_KEY_LEN,
                Slot::Data(_) => suite::key_len(self.suite),
            };
            let key = draw_key(random, len)?;
            if drawn.contains(&key) {
                return Err(VaultError::RandomRepeats);
            }
            keys.push(self.wrap(subject, slot, FIRST_KEY_VERSION, &key, random)?);
            drawn.push(key);
        }
        let mut tag = None;
        let mut data = Vec::new();
        for (slot, bytes) in Slot::EVERY.into_iter().zip(drawn) {
            match slot {
                Slot::Tag => tag = Some(bytes),
                Slot::Data(compartment) => data.push(DataKey::new(compartment, FIRST_KEY_VERSION, bytes)),
            }
        }
        let tag = tag.ok_or(VaultError::Malformed("wrapped keys"))?;
        Ok((
            WrappedKeys { keys },
            SubjectKeys { subject, suite: self.suite, tag, tagging: OnceLock::new(), data },
        ))
    }

    /// Takes a person's keys into memory. Without data keys (a deleted account) it still gives the tags.
    pub fn unwrap(&self, subject: SubjectKey, wrapped: &WrappedKeys) -> Result<SubjectKeys, VaultError> {
        let mut tag = None;
        let mut data = Vec::new();
        for key in &wrapped.keys {
            let bytes = self.unwrap_one(subject, key)?;
            match key.slot {
                Slot::Tag => tag = Some(bytes),
                Slot::Data(compartment) => data.push(DataKey::new(compartment, key.version, bytes)),
            }
        }
        let tag = tag.ok_or(VaultError::Malformed("wrapped keys"))?;
        Ok(SubjectKeys { subject, suite: self.suite, tag, tagging: OnceLock::new(), data })
    }

    /// Seals a value of at least one and at most [`VALUE_LEN_MAX`] bytes, bound to its place.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the place the value is bound to")]
    pub fn seal(
        &self,
        keys: &SubjectKeys,
        subject: SubjectKey,
        item: Item,
        compartment: Compartment,
        version: ValueVersion,
        value: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        if value.is_empty() {
            return Err(VaultError::ValueEmpty);
        }
        if VALUE_LEN_MAX < value.len() {
            return Err(VaultError::ValueTooLong { len: value.len(), max: VALUE_LEN_MAX });
        }
        if keys.subject != subject {
            return Err(VaultError::OtherSubject);
        }
        let key = keys.data(compartment)?;
        sealed::seal(key, self.nonces.draw(random)?, &place(subject, compartment, item, version, key), value)
    }

    /// Opens a value for the person it is about, in their own centre. This is the only way past a permit: it takes
    /// who is signed in, and one caller may name it.
    pub fn open_own(
        &self,
        keys: &SubjectKeys,
        subject: SubjectKey,
        row: &SealedRow,
    ) -> Result<Secret, VaultError> {
        self.open_row(keys, subject, row)
    }

    pub(crate) fn open_row(
        &self,
        keys: &SubjectKeys,
        subject: SubjectKey,
        row: &SealedRow,
    ) -> Result<Secret, VaultError> {
        if keys.subject != subject {
            return Err(VaultError::OtherSubject);
        }
        let key = keys.data(row.compartment)?;
        let cipher = keys.data_key(row.compartment)?.cipher(keys.suite)?;
        let place = place(subject, row.compartment, row.item, row.version, key);
        sealed::open_with(cipher, key, &place, &row.bytes)
    }

    /// Seals what shows how this person came to an act of theirs: it opens under their own key, for the same `id`, and
    /// dies with the key. `id` is never used twice for one person.
    pub fn seal_evidence(
        &self,
        keys: &SubjectKeys,
        id: &[u8; 16],
        evidence: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        if VALUE_LEN_MAX < evidence.len() {
            return Err(VaultError::ValueTooLong { len: evidence.len(), max: VALUE_LEN_MAX });
        }
        let key = keys.data(Compartment::Identity)?;
        sealed::seal(key, self.nonces.draw(random)?, &evidence_place(keys.subject, id, key), evidence)
    }

    /// Opens what [`Vault::seal_evidence`] made. It is no value that a partner could ask for, so no permit names it.
    pub fn open_evidence(
        &self,
        keys: &SubjectKeys,
        id: &[u8; 16],
        sealed: &[u8],
    ) -> Result<Secret, VaultError> {
        let key = keys.data(Compartment::Identity)?;
        sealed::open(key, &evidence_place(keys.subject, id, key), sealed)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// What a value is bound to.
fn place(
    subject: SubjectKey,
    compartment: Compartment,
    item: Item,
    version: ValueVersion,
    key: KeyRef<'_>,
) -> Vec<u8> {
    bind(&[
        subject.as_bytes(),
        &[compartment as u8],
        &[item.0],
        version.as_bytes(),
        &[key.suite as u8],
        &key.number.to_be_bytes(),
    ])
}

/// What evidence is bound to. No value is bound to a place that begins like this one: theirs begins with the person.
fn evidence_place(subject: SubjectKey, id: &[u8; 16], key: KeyRef<'_>) -> Vec<u8> {
    bind(&[b"yinuo/evidence/v1", subject.as_bytes(), id, &[key.suite as u8], &key.number.to_be_bytes()])
}

pub(crate) fn epoch_context(suite: Suite, epoch: u32) -> String {
    format!("yinuo/vault/{}/epoch/{epoch}", suite.as_str())
}

pub(crate) fn index_context(suite: Suite) -> String {
    format!("yinuo/vault/{}/index", suite.as_str())
}

pub(crate) fn draw_key(random: &dyn Random, len: usize) -> Result<Key, VaultError> {
    let mut key = Zeroizing::new(vec![0; len]);
    random.fill(&mut key)?;
    Ok(key)
}

pub(crate) fn mac_key(key: Secret) -> Result<Key, VaultError> {
    if key.expose().len() != MAC_KEY_LEN {
        return Err(VaultError::Malformed("key length"));
    }
    Ok(Zeroizing::new(key.expose().to_vec()))
}

mod epochs;
mod staff;
#[cfg(test)]
mod tests;

use epochs::{Epochs, wrapping_bound};
pub use epochs::{NewEpoch, epoch_of};
