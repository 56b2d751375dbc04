//! A person and their values come in.

use yinuo_domain::{Command, PersonId, Refusal, Salt, SubjectKey, ValueVersion};
use yinuo_ledger::{Answered, Submission, Write};

use crate::gateway::read;
use crate::{Gateway, Unavailable};

/// A person as the platform brings them.
pub struct NewPerson {
    /// The platform's own identifier.
    pub person: PersonId,
    /// Whether a guardian must agree for them (PIPL 31).
    pub guardian_required: bool,
    /// Item id and value.
    pub values: Vec<(String, String)>,
}

/// Why a person or a value did not come in.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// They are here already.
    #[error("this person is enrolled already")]
    AlreadyEnrolled,
    /// The catalogue has no such item.
    #[error("the catalogue has no item {0}")]
    UnknownItem(String),
    /// The value cannot be sealed: empty or too long.
    #[error("the value of {item} cannot be kept: {why}")]
    Value {
        /// Which item.
        item: String,
        /// What is wrong, without the value.
        why: String,
    },
    /// The command was refused.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Gateway {
    /// Enrols a person with their values: first the keys and sealed rows, then the facts that name them.
    pub async fn enrol(&self, new: NewPerson) -> Result<(), EnrolError> {
        let vault = &self.parts.vault;
        let index = vault.person_index(&new.person);
        if read(self.parts.ledger.reader().person(index))?.is_some() {
            return Err(EnrolError::AlreadyEnrolled);
        }
        // The shard of a person is the first byte of both, so that one commit group holds all of them.
        let mut subject = SubjectKey(self.random()?);
        if let (Some(to), Some(from)) = (subject.0.first_mut(), index.first()) {
            *to = *from;
        }
        let random = self.parts.random.as_ref();
        let wrapped = vault.new_subject(subject, random).map_err(sealing)?;
        let keys = vault.unwrap(subject, &wrapped).map_err(sealing)?;
        let own = vault.tag(&keys, None);
        let add = Write::AddPerson {
            index,
            subject,
            keys: wrapped.to_bytes(),
            guardian_required: new.guardian_required,
        };
        let command = Command::Enrol { subject, own };
        let submission = Submission { writes: vec![add], ..Submission::new(command, Salt(self.random()?)) };
        done(self.submit(submission).await?)?;

        for (id, value) in &new.values {
            let entry = self.catalogue().by_id(id).ok_or_else(|| EnrolError::UnknownItem(id.clone()))?;
            let version = ValueVersion(self.random()?);
            let bytes = vault
                .seal(&keys, subject, entry.item, entry.compartment, version, value.as_bytes(), random)
                .map_err(|error| EnrolError::Value { item: id.clone(), why: error.to_string() })?;
            let sealed = vault.sealed_digest(&bytes);
            let row = Write::PutSealed {
                subject,
                item: entry.item,
                compartment: entry.compartment,
                version,
                bytes,
            };
            let command = Command::StoreValue { subject, own, item: entry.item, version, sealed };
            let submission =
                Submission { writes: vec![row], ..Submission::new(command, Salt(self.random()?)) };
            done(self.submit(submission).await?)?;
        }
        Ok(())
    }
}

fn done(answered: Answered) -> Result<(), EnrolError> {
    match answered {
        Answered::Done => Ok(()),
        Answered::Refused(refusal) => Err(EnrolError::Refused(refusal)),
        Answered::Released { .. } | Answered::Withheld { .. } => Err(EnrolError::Refused(Refusal::NotLoaded)),
    }
}

fn sealing(error: yinuo_vault::VaultError) -> EnrolError {
    tracing::error!(%error, "could not make a person's keys");
    EnrolError::Unavailable(Unavailable { retry_after_s: 30 })
}
