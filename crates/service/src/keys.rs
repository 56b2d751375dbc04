//! The keys that people's keys are wrapped under: a new epoch, everybody wrapped again, an old epoch destroyed.
//!
//! Nothing stops meanwhile. Whoever is not wrapped again yet is unwrapped with the old key, whoever comes in is wrapped
//! under the new one, and rows are put in place of exactly those that were read.
//!
//! Not here: making keys, and the files they are in (`server`).

use std::sync::{Mutex, MutexGuard, PoisonError};

use yinuo_domain::{Command, PlatformChange, Refusal, Salt, StaffId, SubjectKey, Tag};
use yinuo_ledger::{StaffWrite, Submission, Write, Written};
use yinuo_vault::{VaultError, WrappedKeys};

use crate::gateway::read;
use crate::{ChangeError, Gateway, Unavailable};

/// How many rows are wrapped again in one transaction: withdrawals and disclosures come between two.
const STEP_LEN: usize = 256;

/// Where wrapping again has got to. It is kept in memory only: whoever begins anew passes over what is done.
#[derive(Default)]
pub(crate) struct Rewrapping(Mutex<At>);

#[derive(Clone, Default)]
enum At {
    #[default]
    Beginning,
    People(SubjectKey),
    Retired(Option<(u8, Tag)>),
    Staff(Option<StaffId>),
    End,
}

impl Rewrapping {
    fn at(&self) -> MutexGuard<'_, At> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which epochs there are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyEpochsView {
    /// The one that new keys are wrapped under.
    pub current: u32,
    /// The last one that is recorded.
    pub recorded: u32,
    /// Those whose keys are in memory.
    pub held: Vec<u32>,
    /// Those that are recorded as destroyed.
    pub retired: Vec<u32>,
}

/// One step of wrapping again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rewrapped {
    /// How many rows were looked at.
    pub seen: u64,
    /// How many of them were under an older epoch, and are no more.
    pub rewrapped: u64,
    /// Whether that was the last step.
    pub finished: bool,
}

/// Why keys stayed as they are.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The platform did not change.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// What was handed over is no key of an epoch, or not from who has a key of this vault.
    #[error("what was handed over is no key of this vault's next epoch")]
    Handed,
    /// Something is still wrapped under the epoch.
    #[error("{rows} keys or more are still wrapped under it")]
    StillWrapping {
        /// How many were met before it was clear.
        rows: u64,
    },
}

impl From<Unavailable> for KeyError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Change(ChangeError::Unavailable(unavailable))
    }
}

impl Gateway {
    /// Which epochs there are.
    pub fn key_epochs(&self) -> KeyEpochsView {
        let platform = self.platform();
        KeyEpochsView {
            current: self.parts.vault.epoch(),
            recorded: platform.key_epochs.current,
            held: self.parts.vault.epochs(),
            retired: platform.key_epochs.retired.iter().copied().collect(),
        }
    }

    /// How many people there are.
    pub fn people(&self) -> Result<u64, Unavailable> {
        read(self.parts.ledger.reader().people(usize::MAX >> 1))
    }

    /// Wraps new keys under the epoch whose key was handed over, from the moment that this is recorded.
    pub async fn open_epoch(&self, by: &StaffId, handed: &[u8]) -> Result<u32, KeyError> {
        let new = self.parts.vault.read_handed(handed).map_err(|_| KeyError::Handed)?;
        let epoch = new.number();
        // Recorded before, when a command was ended between the two.
        if self.platform().key_epochs.current < epoch {
            self.change_keys(by, PlatformChange::OpenKeyEpoch(epoch)).await?;
        }
        self.parts.vault.begin_epoch(new);
        *self.rewrapping.at() = At::Beginning;
        Ok(epoch)
    }

    /// Records the epoch that is in use, where it is not: the keyring was a step ahead when this process began.
    pub async fn record_epoch(&self, by: &StaffId) -> Result<u32, KeyError> {
        let epoch = self.parts.vault.epoch();
        if self.platform().key_epochs.current < epoch {
            self.change_keys(by, PlatformChange::OpenKeyEpoch(epoch)).await?;
        }
        Ok(epoch)
    }

    /// Records that the passphrase is changed. The files are the caller's.
    pub async fn record_passphrase(&self, by: &StaffId) -> Result<(), KeyError> {
        Ok(self.change_keys(by, PlatformChange::ChangePassphrase).await?)
    }

    /// Wraps the next few rows again, from the first on when it is to begin anew.
    pub async fn rewrap(&self, anew: bool) -> Result<Rewrapped, Unavailable> {
        if anew {
            *self.rewrapping.at() = At::Beginning;
        }
        let at = self.rewrapping.at().clone();
        let Step { next, seen, writes } = self.step(&at)?;
        let finished = matches!(next, At::End);
        let mut rewrapped = 0;
        if !writes.is_empty() {
            let written = self.write(writes).await?;
            // Somebody who was deleted meanwhile needs none.
            rewrapped = written.iter().filter(|written| **written == Written::Done).count() as u64;
        }
        *self.rewrapping.at() = next;
        Ok(Rewrapped { seen, rewrapped, finished })
    }

    /// Destroys the key of an epoch, as far as it is in this process: nothing may be wrapped under it any more. It is
    /// recorded first. Once it is recorded nobody comes in under it, so what little was on its way is wrapped again.
    pub async fn retire_epoch(&self, by: &StaffId, epoch: u32) -> Result<(), KeyError> {
        if epoch == self.parts.vault.epoch() {
            return Err(ChangeError::Refused(Refusal::KeyEpoch).into());
        }
        if !self.platform().key_epochs.retired.contains(&epoch) {
            let rows = self.wrapped_under(epoch)?;
            if 0 < rows {
                return Err(KeyError::StillWrapping { rows });
            }
            self.change_keys(by, PlatformChange::RetireKeyEpoch(epoch)).await?;
        }
        if self.parts.vault.epochs().contains(&epoch) {
            let mut step = self.rewrap(true).await?;
            while !step.finished {
                step = self.rewrap(false).await?;
            }
            self.parts.vault.forget_epoch(epoch);
        }
        Ok(())
    }

    /// Forgets the keys of epochs that are recorded as destroyed: a command was ended before it had changed the files.
    pub fn forget_retired_epochs(&self) {
        for epoch in &self.platform().key_epochs.retired {
            if self.parts.vault.forget_epoch(*epoch) {
                tracing::warn!(
                    epoch,
                    "a retired key was still in the keyring: run `yinuo keys retire-epoch` again"
                );
            }
        }
    }

    async fn change_keys(&self, by: &StaffId, change: PlatformChange) -> Result<(), ChangeError> {
        let command = Command::Platform { by: by.clone(), change };
        self.changed(Submission::new(command, Salt(self.random()?))).await
    }

    /// How many rows are wrapped under `epoch`, counted up to the first step that has any.
    fn wrapped_under(&self, epoch: u32) -> Result<u64, Unavailable> {
        let mut at = At::Beginning;
        loop {
            let rows = self.rows_at(&at)?;
            let under = rows.found.iter().map(|found| found.epochs()).filter(|epochs| match epochs {
                Ok(epochs) => epochs.contains(&epoch),
                // What cannot be read is not known to be under another one.
                Err(_) => true,
            });
            let count = under.count() as u64;
            if 0 < count || matches!(rows.next, At::End) {
                return Ok(count);
            }
            at = rows.next;
        }
    }

    fn step(&self, at: &At) -> Result<Step, Unavailable> {
        let rows = self.rows_at(at)?;
        let seen = rows.found.len() as u64;
        let again = rows.found.into_iter().filter_map(|found| self.again(found).transpose());
        let writes = again.collect::<Result<Vec<_>, VaultError>>().map_err(|error| {
            tracing::error!(%error, "a wrapped key could not be wrapped again");
            Unavailable::again_after(30)
        })?;
        Ok(Step { next: rows.next, seen, writes })
    }

    /// The write that puts a key under the current epoch; none where it is.
    fn again(&self, found: Found) -> Result<Option<Write>, VaultError> {
        let (vault, random) = (&self.parts.vault, self.parts.random.as_ref());
        Ok(match found {
            Found::Person(subject, from) => vault
                .rewrap(subject, &WrappedKeys::from_bytes(&from)?, random)?
                .map(|keys| Write::Rewrap { subject, from, keys: keys.to_bytes() }),
            Found::Retired((shard, tag), from) => {
                let (subject, keys) = parted(&from)?;
                vault.rewrap(subject, &WrappedKeys::from_bytes(keys)?, random)?.map(|keys| {
                    let wrapped = [subject.as_bytes(), &keys.to_bytes()].concat();
                    Write::RewrapRetired { shard, tag, from, wrapped }
                })
            }
            Found::Staff(staff, generation, from) => vault
                .rewrap_totp(&staff, &generation, &from, random)?
                .map(|totp| Write::Staff(StaffWrite::Rewrap { staff, generation, from, totp })),
        })
    }

    /// The next rows, whichever they are.
    fn rows_at(&self, at: &At) -> Result<RowsAt, Unavailable> {
        let reader = self.parts.ledger.reader();
        Ok(match at {
            At::Beginning | At::People(_) => {
                let after = if let At::People(subject) = at { Some(*subject) } else { None };
                let rows = read(reader.keys_after(after, STEP_LEN))?;
                let next = rows.last().map_or(At::Retired(None), |(subject, _)| At::People(*subject));
                RowsAt {
                    next,
                    found: rows.into_iter().map(|(subject, keys)| Found::Person(subject, keys)).collect(),
                }
            }
            At::Retired(after) => {
                let rows = read(reader.retired_after(*after, STEP_LEN))?;
                let next = rows.last().map_or(At::Staff(None), |(place, _)| At::Retired(Some(*place)));
                RowsAt {
                    next,
                    found: rows.into_iter().map(|(place, key)| Found::Retired(place, key)).collect(),
                }
            }
            At::Staff(after) => {
                let rows = read(reader.staff_after(after.as_ref(), STEP_LEN))?;
                let next = rows.last().map_or(At::End, |row| At::Staff(Some(row.staff.clone())));
                let found = rows
                    .into_iter()
                    .filter_map(|row| Some(Found::Staff(row.staff, row.generation, row.totp?)));
                RowsAt { next, found: found.collect() }
            }
            At::End => RowsAt { next: At::End, found: Vec::new() },
        })
    }
}

struct Step {
    next: At,
    seen: u64,
    writes: Vec<Write>,
}

struct RowsAt {
    next: At,
    found: Vec<Found>,
}

/// A row with wrapped keys.
enum Found {
    Person(SubjectKey, Vec<u8>),
    Retired((u8, Tag), Vec<u8>),
    Staff(StaffId, [u8; 16], Vec<u8>),
}

impl Found {
    /// Under which epochs its keys are.
    fn epochs(&self) -> Result<Vec<u32>, VaultError> {
        match self {
            Self::Person(_, keys) => WrappedKeys::from_bytes(keys)?.epochs(),
            Self::Retired(_, kept) => WrappedKeys::from_bytes(parted(kept)?.1)?.epochs(),
            Self::Staff(_, _, totp) => Ok(vec![yinuo_vault::epoch_of(totp)?]),
        }
    }
}

/// Whose retired key it is, and the key.
fn parted(kept: &[u8]) -> Result<(SubjectKey, &[u8]), VaultError> {
    const MALFORMED: VaultError = VaultError::Malformed("retired tag key");
    let (subject, keys) = kept.split_at_checked(SubjectKey::LEN).ok_or(MALFORMED)?;
    Ok((SubjectKey::from_slice(subject).map_err(|_| MALFORMED)?, keys))
}
