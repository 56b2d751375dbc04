//! Epochs: under which key people's keys are wrapped, and how that changes while Yinuo goes on.
//!
//! A new epoch's key is made where the key provider is ([`KeyringFile::with_new_epoch`](crate::KeyringFile)), and
//! reaches a running vault wrapped under the key that both have, so that neither passphrase nor root key need ever be
//! in a process that serves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use yinuo_domain::{Random, StaffId, SubjectKey, Suite};
use zeroize::Zeroizing;

use super::{KeyRef, Parsed, Slot, Vault, Wrapped, mac_key, sealed};
use crate::sealed::bind;
use crate::suite::{self, Key};
use crate::{VaultError, WrappedKeys};

/// What the key of an epoch is wrapped for on its way to a running vault.
const HANDED: &[u8] = b"yinuo/epoch/handed-over/v1";

/// Epoch keys in memory; never without one.
pub(crate) struct Epochs(RwLock<BTreeMap<u32, Key>>);

impl Epochs {
    pub(crate) fn new(keys: BTreeMap<u32, Key>) -> Self {
        Self(RwLock::new(keys))
    }

    /// The key that the current epoch wraps this place's key with.
    pub(crate) fn current(&self, suite: Suite, place: &[u8]) -> Result<(u32, Key), VaultError> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (epoch, key) = keys.last_key_value().ok_or(VaultError::UnknownEpoch(0))?;
        Ok((*epoch, suite::derive(suite, key, place, suite::key_len(suite))?))
    }

    /// The key that this epoch wrapped this place's key with.
    pub(crate) fn of(&self, suite: Suite, epoch: u32, place: &[u8]) -> Result<Key, VaultError> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.get(&epoch).ok_or(VaultError::UnknownEpoch(epoch))?;
        suite::derive(suite, key, place, suite::key_len(suite))
    }

    /// The bare keys, for tests that try what is left.
    #[cfg(test)]
    pub(crate) fn bare(&self) -> Vec<Vec<u8>> {
        self.0.read().unwrap().values().map(|key| key.to_vec()).collect()
    }
}

/// The key of a new epoch that was handed over, and is not in use yet.
pub struct NewEpoch {
    epoch: u32,
    key: Key,
}

impl NewEpoch {
    /// Which.
    pub fn number(&self) -> u32 {
        self.epoch
    }
}

impl fmt::Debug for NewEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEpoch").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Vault {
    /// The epoch that new keys are wrapped under.
    pub fn epoch(&self) -> u32 {
        let keys = self.epochs.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.last_key_value().map_or(0, |(epoch, _)| *epoch)
    }

    /// Every epoch whose key is at hand, ascending.
    pub fn epochs(&self) -> Vec<u32> {
        self.epochs.0.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// The key of the current epoch for another vault that has the key of epoch `held`:
    /// `epoch u32 be | sealed key`.
    pub fn hand_over(&self, held: u32, random: &dyn Random) -> Result<Vec<u8>, VaultError> {
        let (epoch, key) = {
            let keys = self.epochs.0.read().unwrap_or_else(PoisonError::into_inner);
            let (epoch, key) = keys.last_key_value().ok_or(VaultError::UnknownEpoch(0))?;
            (*epoch, key.clone())
        };
        let place = handed_place(epoch);
        let under = self.epochs.of(self.suite, held, &place)?;
        let under = KeyRef { suite: self.suite, number: held, bytes: &under };
        let mut out = epoch.to_be_bytes().to_vec();
        out.extend_from_slice(&sealed::seal(under, self.nonces.draw(random)?, &place, &key)?);
        Ok(out)
    }

    /// Reads what [`Vault::hand_over`] made: only somebody who has the key of an epoch of this vault can have made it.
    pub fn read_handed(&self, handed: &[u8]) -> Result<NewEpoch, VaultError> {
        let malformed = || VaultError::Malformed("handed-over key");
        let (epoch, sealed_key) = handed.split_first_chunk::<4>().ok_or_else(malformed)?;
        let epoch = u32::from_be_bytes(*epoch);
        let place = handed_place(epoch);
        let held = Parsed::of(sealed_key)?.number;
        let under = self.epochs.of(self.suite, held, &place)?;
        let under = KeyRef { suite: self.suite, number: held, bytes: &under };
        Ok(NewEpoch { epoch, key: mac_key(sealed::open(under, &place, sealed_key)?)? })
    }

    /// Wraps new keys under this epoch from now on. One that is not newer changes nothing.
    pub fn begin_epoch(&self, new: NewEpoch) {
        let mut keys = self.epochs.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.last_key_value().is_none_or(|(last, _)| *last < new.epoch) {
            keys.insert(new.epoch, new.key);
        }
    }

    /// Forgets the key of an earlier epoch. What is still wrapped under it opens no more. The current one is never
    /// forgotten; says whether the key was there.
    pub fn forget_epoch(&self, epoch: u32) -> bool {
        let mut keys = self.epochs.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.last_key_value().is_some_and(|(last, _)| epoch < *last) && keys.remove(&epoch).is_some()
    }

    /// A person's keys under the current epoch: the same keys, so that their rows stay as they are. None when they are.
    pub fn rewrap(
        &self,
        subject: SubjectKey,
        wrapped: &WrappedKeys,
        random: &dyn Random,
    ) -> Result<Option<WrappedKeys>, VaultError> {
        let current = self.epoch();
        if wrapped.epochs()?.iter().all(|epoch| *epoch == current) {
            return Ok(None);
        }
        let again = |key: &Wrapped| {
            self.wrap(subject, key.slot, key.version, &self.unwrap_one(subject, key)?, random)
        };
        Ok(Some(WrappedKeys { keys: wrapped.keys.iter().map(again).collect::<Result<_, _>>()? }))
    }

    /// The secret of a member of staff's one-time passwords under the current epoch. None when it is.
    pub fn rewrap_totp(
        &self,
        staff: &StaffId,
        generation: &[u8; 16],
        bytes: &[u8],
        random: &dyn Random,
    ) -> Result<Option<Vec<u8>>, VaultError> {
        if Parsed::of(bytes)?.number == self.epoch() {
            return Ok(None);
        }
        let secret = self.open_totp(staff, generation, bytes)?;
        self.seal_totp(staff, generation, secret.expose(), random).map(Some)
    }

    pub(super) fn wrap(
        &self,
        subject: SubjectKey,
        slot: Slot,
        version: u32,
        key: &[u8],
        random: &dyn Random,
    ) -> Result<Wrapped, VaultError> {
        let place = wrapping_place(subject, slot, version);
        let (epoch, wrapping) = self.epochs.current(self.suite, &place)?;
        let wrapping = KeyRef { suite: self.suite, number: epoch, bytes: &wrapping };
        let bound = wrapping_bound(&place, wrapping);
        let bytes = sealed::seal(wrapping, self.nonces.draw(random)?, &bound, key)?;
        Ok(Wrapped { slot, version, bytes })
    }

    pub(super) fn unwrap_one(&self, subject: SubjectKey, wrapped: &Wrapped) -> Result<Key, VaultError> {
        let epoch = Parsed::of(&wrapped.bytes)?.number;
        let place = wrapping_place(subject, wrapped.slot, wrapped.version);
        let wrapping = self.epochs.of(self.suite, epoch, &place)?;
        let wrapping = KeyRef { suite: self.suite, number: epoch, bytes: &wrapping };
        let bound = wrapping_bound(&place, wrapping);
        let key = sealed::open(wrapping, &bound, &wrapped.bytes)?;
        Ok(Zeroizing::new(key.expose().to_vec()))
    }
}

/// Under which epoch something is sealed that is not a person's: a secret of one-time passwords.
pub fn epoch_of(sealed: &[u8]) -> Result<u32, VaultError> {
    Ok(Parsed::of(sealed)?.number)
}

impl WrappedKeys {
    /// Under which epochs these keys are wrapped, one for each key.
    pub fn epochs(&self) -> Result<Vec<u32>, VaultError> {
        self.keys.iter().map(|key| Ok(Parsed::of(&key.bytes)?.number)).collect()
    }
}

fn handed_place(epoch: u32) -> Vec<u8> {
    bind(&[HANDED, &epoch.to_be_bytes()])
}

/// What a wrapping key is derived for: each key of each person has its own, so random nonces never pile up under one.
pub(super) fn wrapping_place(subject: SubjectKey, slot: Slot, version: u32) -> Vec<u8> {
    bind(&[b"yinuo/wrap/v1", subject.as_bytes(), &[slot.code()], &version.to_be_bytes()])
}

/// What a wrapped key is bound to: its place and the key that wrapped it.
pub(super) fn wrapping_bound(place: &[u8], key: KeyRef<'_>) -> Vec<u8> {
    bind(&[place, &[key.suite as u8], &key.number.to_be_bytes()])
}
