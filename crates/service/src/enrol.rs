//! A person and their values come in, and later corrections of them.
//!
//! A person is one submission: their keys, sealed rows and facts are in the log together or not at all. Whoever brings
//! the same person again with the same values changes nothing, so that an import that was cut short can be repeated.
//!
//! Checking and sealing is work for a processor and waits for nothing ([`Gateway::prepare`]); recording waits for the
//! ledger ([`Gateway::admit`]). Callers who bring many do the first on every processor they have.

use yinuo_domain::{Command, Item, LocalText, PersonId, Refusal, Salt, StoredValue, SubjectKey, Timestamp};
use yinuo_ledger::{Answered, LedgerError, Submission, Write};
use yinuo_rules::{FormatFault, ItemEntry, Normalised};
use yinuo_vault::SubjectKeys;

use crate::gateway::{Held, read, recorded};
use crate::{Gateway, Unavailable};

/// A person as the platform brings them.
#[derive(Clone)]
pub struct NewPerson {
    /// The platform's own identifier.
    pub person: PersonId,
    /// Whether a guardian must agree for them (PIPL 31).
    pub guardian_required: bool,
    /// Item id and value.
    pub values: Vec<(String, String)>,
}

/// What to do about somebody who is here already, with other values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Store what has changed as new versions.
    Correct,
}

/// What became of a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admitted {
    /// They came in, with that many values.
    Enrolled {
        /// How many.
        values: usize,
    },
    /// That many of their values were corrected or added.
    Corrected {
        /// How many.
        values: usize,
    },
    /// They were here, with exactly these values; of a rehearsal: they are here.
    Unchanged,
}

/// Why a person or a value did not come in.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// They are here already, with other values.
    #[error("this person is enrolled already")]
    AlreadyEnrolled,
    /// They are here already, and it is said otherwise whether a guardian must agree.
    #[error("this person is enrolled already, and whether a guardian must agree cannot be changed this way")]
    Guardian,
    /// The catalogue has no such item.
    #[error("the catalogue has no item {0}")]
    UnknownItem(String),
    /// One item, two values.
    #[error("{0} is there twice")]
    Twice(String),
    /// Values that are not of the form their items have: which, and what is wrong. Never empty.
    #[error("{} values are not of the form their items have", .0.len())]
    Values(Vec<(String, FormatFault)>),
    /// The command was refused.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl EnrolError {
    /// For whoever brought the person: the column it is about, the one word for it, and what is wrong and how to mend
    /// it. Never a value.
    pub fn told(&self) -> Vec<(String, String, LocalText)> {
        let about = |column: &str, code: &str, zh: &str, en: &str| {
            let text = LocalText { zh: zh.to_owned(), en: en.to_owned() };
            vec![(column.to_owned(), code.to_owned(), text)]
        };
        match self {
            Self::Values(faults) => faults
                .iter()
                .map(|(item, fault)| (item.clone(), fault.code().to_owned(), fault.text()))
                .collect(),
            Self::AlreadyEnrolled => about(
                "subject_id",
                "already-enrolled",
                "此人已存在且信息不同；要更正请使用 --update",
                "this person is here already with other values; use --update to correct them",
            ),
            Self::Guardian => about(
                "guardian_required",
                "guardian-differs",
                "此人已存在，是否需要监护人同意不能通过导入更改",
                "this person is here already, and an import cannot change whether a guardian must agree",
            ),
            Self::UnknownItem(item) => about(
                item,
                "unknown-item",
                "信息项目录中没有这一项；用 yinuo rules show items 查看",
                "the catalogue has no such item; see yinuo rules show items",
            ),
            Self::Twice(item) => {
                about(item, "twice", "同一项出现了两次；只保留一列", "the item is there twice; keep one")
            }
            Self::Refused(refusal) => about(
                "subject_id",
                refusal.code(),
                "平台目前的状态不允许；用 yinuo status 查看",
                "the platform's state does not allow it now; see yinuo status",
            ),
            Self::Unavailable(_) => about(
                "subject_id",
                "unavailable",
                "目前无法记录，请稍后再试",
                "nothing can be recorded at the moment; try again later",
            ),
        }
    }
}

/// A person who was checked and sealed, and not yet recorded.
pub struct Prepared {
    next: Next,
}

enum Next {
    Settled(Result<Admitted, EnrolError>),
    Record { submission: Box<Submission>, then: Admitted, again: Box<(NewPerson, Existing)> },
}

/// What there is to do about a person.
enum Plan {
    Enrol([u8; 16]),
    Correct(Held),
    Nothing,
}

type Checked = (&'static ItemEntry, Normalised);

impl Gateway {
    /// Enrols a person with their values. Whoever is here already is refused, whatever they bring.
    pub async fn enrol(&self, new: NewPerson) -> Result<(), EnrolError> {
        let index = self.parts.vault.person_index(&new.person);
        if read(self.parts.ledger.reader().person(index))?.is_some() {
            return Err(EnrolError::AlreadyEnrolled);
        }
        self.admit(self.prepare(new, Existing::Refuse)).await.map(|_| ())
    }

    /// Says what would become of a person, and does nothing. Of whoever is here it says no more than that: what they
    /// have is not compared, for an answer would be a look that nobody recorded.
    pub fn rehearse(&self, new: &NewPerson, existing: Existing) -> Result<Admitted, EnrolError> {
        let values = self.checked(&new.values, self.now())?;
        let index = self.parts.vault.person_index(&new.person);
        Ok(match (read(self.parts.ledger.reader().person(index))?, existing) {
            (None, _) => Admitted::Enrolled { values: values.len() },
            (Some(_), Existing::Correct) => Admitted::Corrected { values: values.len() },
            (Some(_), Existing::Refuse) => Admitted::Unchanged,
        })
    }

    /// Checks and seals.
    pub fn prepare(&self, new: NewPerson, existing: Existing) -> Prepared {
        let next = self.enrolment(&new, existing).and_then(|(plan, values)| {
            Ok(match plan {
                Plan::Nothing => Next::Settled(Ok(Admitted::Unchanged)),
                Plan::Enrol(index) => {
                    let submission = Box::new(self.arrival(&new, index, &values)?);
                    let then = Admitted::Enrolled { values: values.len() };
                    Next::Record { submission, then, again: Box::new((new, existing)) }
                }
                Plan::Correct(held) => {
                    let submission = Box::new(self.correction(&held, &values)?);
                    let then = Admitted::Corrected { values: values.len() };
                    Next::Record { submission, then, again: Box::new((new, existing)) }
                }
            })
        });
        Prepared { next: next.unwrap_or_else(|error| Next::Settled(Err(error))) }
    }

    /// Records one person.
    pub async fn admit(&self, prepared: Prepared) -> Result<Admitted, EnrolError> {
        let mut prepared = prepared;
        for _ in 0..2 {
            let (submission, then, again) = match prepared.next {
                Next::Settled(settled) => return settled,
                Next::Record { submission, then, again } => (submission, then, again),
            };
            match self.parts.ledger.submit(*submission).await {
                Ok(answered) => return done(&answered).map(|()| then),
                // Somebody else brought this person meanwhile: look again.
                Err(LedgerError::Conflict) => prepared = self.prepare(again.0, again.1),
                Err(error) => return Err(recorded(error).into()),
            }
        }
        Err(EnrolError::AlreadyEnrolled)
    }

    /// Records many: all are handed in before the first is waited for, so that they share commits.
    pub async fn admit_all(&self, prepared: Vec<Prepared>) -> Vec<Result<Admitted, EnrolError>> {
        let handed: Vec<_> = prepared
            .into_iter()
            .map(|prepared| match prepared.next {
                Next::Settled(settled) => Err(settled),
                Next::Record { submission, then, again } => {
                    Ok((self.parts.ledger.submit(*submission), then, again))
                }
            })
            .collect();
        let mut results = Vec::with_capacity(handed.len());
        for one in handed {
            results.push(match one {
                Err(settled) => settled,
                Ok((pending, then, again)) => match pending.await {
                    Ok(answered) => done(&answered).map(|()| then),
                    Err(LedgerError::Conflict) => self.admit(self.prepare(again.0, again.1)).await,
                    Err(error) => Err(recorded(error).into()),
                },
            });
        }
        results
    }

    /// What there is to do, and the values it is to be done with.
    fn enrolment(&self, new: &NewPerson, existing: Existing) -> Result<(Plan, Vec<Checked>), EnrolError> {
        let mut values = self.checked(&new.values, self.now())?;
        let index = self.parts.vault.person_index(&new.person);
        let Some(person) = read(self.parts.ledger.reader().person(index))? else {
            return Ok((Plan::Enrol(index), values));
        };
        let held = self.hold(person.subject)?;
        let own = read(self.parts.ledger.reader().own(person.subject))?;
        let (Some(held), Some((_, own))) = (held, own) else {
            // Deleted between two readings.
            return Ok((Plan::Enrol(index), values));
        };
        // Wrong values tell what is not so. After a few in a minute nothing is compared any more; bringing the same file
        // again has none.
        let monotonic = self.parts.clock.monotonic();
        if existing == Existing::Refuse && self.mismatches.are_spent(monotonic) {
            return Err(EnrolError::AlreadyEnrolled);
        }
        if person.guardian_required != new.guardian_required {
            return Err(EnrolError::Guardian);
        }
        let mut changed = Vec::with_capacity(values.len());
        for (entry, value) in values.drain(..) {
            let same = match own.values.get(&entry.item) {
                None => false,
                Some(version) => self
                    .parts
                    .vault
                    .is_version_of(
                        &held.keys,
                        entry.item,
                        entry.compartment,
                        *version,
                        value.as_str().as_bytes(),
                    )
                    .map_err(sealing)?,
            };
            if !same {
                changed.push((entry, value));
            }
        }
        match (changed.is_empty(), existing) {
            (true, _) => Ok((Plan::Nothing, changed)),
            (false, Existing::Correct) => Ok((Plan::Correct(held), changed)),
            (false, Existing::Refuse) => {
                let _ = self.mismatches.admit(monotonic);
                Err(EnrolError::AlreadyEnrolled)
            }
        }
    }

    /// The values in the spelling in which they are kept.
    fn checked(&self, values: &[(String, String)], now: Timestamp) -> Result<Vec<Checked>, EnrolError> {
        let (mut checked, mut faults) = (Vec::<Checked>::with_capacity(values.len()), Vec::new());
        for (id, value) in values {
            let entry = self.catalogue().by_id(id).ok_or_else(|| EnrolError::UnknownItem(id.clone()))?;
            if checked.iter().any(|(known, _)| known.item == entry.item) {
                return Err(EnrolError::Twice(id.clone()));
            }
            match entry.value_format().check(value, now) {
                Ok(value) => checked.push((entry, value)),
                Err(fault) => faults.push((id.clone(), fault)),
            }
        }
        if faults.is_empty() { Ok(checked) } else { Err(EnrolError::Values(faults)) }
    }

    fn arrival(
        &self,
        new: &NewPerson,
        index: [u8; 16],
        values: &[Checked],
    ) -> Result<Submission, EnrolError> {
        let vault = &self.parts.vault;
        let subject = surrogate(index, self.now(), self.random()?);
        let (wrapped, keys) =
            vault.new_subject_in_use(subject, self.parts.random.as_ref()).map_err(sealing)?;
        let mut writes = Vec::with_capacity(1 + values.len());
        writes.push(Write::AddPerson {
            index,
            subject,
            keys: wrapped.to_bytes(),
            epoch: wrapped.epochs().map_err(sealing)?.into_iter().min().unwrap_or_default(),
            guardian_required: new.guardian_required,
        });
        let stored = self.seal(subject, &keys, values, &mut writes)?;
        let command = Command::Enrol { subject, own: vault.tag(&keys, None), values: stored };
        Ok(Submission { writes, ..Submission::new(command, Salt(self.random()?)) })
    }

    fn correction(&self, held: &Held, values: &[Checked]) -> Result<Submission, EnrolError> {
        let mut writes = Vec::with_capacity(values.len());
        let stored = self.seal(held.subject, &held.keys, values, &mut writes)?;
        let command = Command::StoreValues { subject: held.subject, own: held.own, values: stored };
        Ok(Submission { writes, ..Submission::new(command, Salt(self.random()?)) })
    }

    /// Seals, and adds the rows to what is written with the facts that name them.
    fn seal(
        &self,
        subject: SubjectKey,
        keys: &SubjectKeys,
        values: &[Checked],
        writes: &mut Vec<Write>,
    ) -> Result<Vec<StoredValue>, EnrolError> {
        let (vault, random) = (&self.parts.vault, self.parts.random.as_ref());
        let mut stored = Vec::with_capacity(values.len());
        for (entry, value) in values {
            let (item, compartment): (Item, _) = (entry.item, entry.compartment);
            let (text, value) = (value.as_str(), value.as_str().as_bytes());
            let version = vault.new_version(keys, item, compartment, value, random).map_err(sealing)?;
            let bytes =
                vault.seal(keys, subject, item, compartment, version, value, random).map_err(sealing)?;
            stored.push(StoredValue { item, version, sealed: vault.sealed_digest(&bytes) });
            writes.push(Write::PutSealed { subject, item, compartment, version, bytes });
            if entry.searchable() {
                writes.push(Write::PutIndex { subject, item, index: vault.blind_index(item, text) });
            }
        }
        Ok(stored)
    }
}

/// Where a new person's rows are: their shard, the second they come in, and eleven random bytes.
///
/// The shard is the first byte of their index too, so that one commit group holds all of them. The second makes
/// neighbours of whoever comes in together: a commit writes whole pages, and with surrogates that are random all over
/// each person of an import would have a page of their own in every table.
fn surrogate(index: [u8; 16], now: Timestamp, random: [u8; 11]) -> SubjectKey {
    let [shard, ..] = index;
    let second = u32::try_from(now.0 / 1_000).unwrap_or(u32::MAX).to_be_bytes();
    let mut bytes = [0; 16];
    let parts = [shard].into_iter().chain(second).chain(random);
    bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    SubjectKey(bytes)
}

fn done(answered: &Answered) -> Result<(), EnrolError> {
    match answered {
        Answered::Done => Ok(()),
        Answered::Refused(refusal) => Err(EnrolError::Refused(*refusal)),
        Answered::Released { .. } | Answered::Viewed(_) | Answered::Withheld { .. } => {
            Err(EnrolError::Refused(Refusal::NotLoaded))
        }
    }
}

fn sealing(error: yinuo_vault::VaultError) -> EnrolError {
    tracing::error!(%error, "could not make a person's keys, or seal under them");
    EnrolError::Unavailable(Unavailable::again_after(30))
}
