//! What every use case shares.

use std::ops::Deref;
use std::sync::Arc;

use yinuo_core::Platform;
use yinuo_domain::{AppId, Clock, Monotonic, Random, SubjectKey, Tag, Timestamp};
use yinuo_ledger::{Answered, KeptPerson, Ledger, LedgerError, StoreError, Submission};
use yinuo_rules::{Catalogue, Packs};
use yinuo_vault::{SubjectKeys, Vault, VaultError, WrappedKeys};

use crate::counts::Counters;
use crate::find::LookUps;
use crate::import::Imports;
use crate::keys::Rewrapping;
use crate::public_log::CosignedHeads;
use crate::rows::HashedRows;
use crate::{Passkeys, SignIn, Unavailable, UnavailableWhy};

/// How long consents last.
#[derive(Clone, Debug)]
pub struct ConsentTerms {
    /// What is proposed, in days.
    pub days_default: u32,
    /// What can be chosen, in days, longest first. Never more than three years (`core::CONSENT_MS_MAX`).
    pub days_offered: Vec<u32>,
}

impl Default for ConsentTerms {
    /// A year, or less if the person says so. Our own choice, not a rule of law.
    fn default() -> Self {
        Self { days_default: 365, days_offered: vec![365, 180, 30, 1] }
    }
}

/// With what a [`Gateway`] is built.
pub struct Parts {
    /// Who we are: scheme, host and port, without a slash at the end. Fixed: no request can change it.
    pub issuer: String,
    /// Where facts go.
    pub ledger: Ledger,
    /// Where values are opened.
    pub vault: Arc<Vault>,
    /// Who can sign in.
    pub sign_in: SignIn,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bytes.
    pub random: Arc<dyn Random>,
    /// Passkeys of staff; none where browsers allow none.
    pub passkeys: Option<Arc<dyn Passkeys>>,
    /// How long consents last.
    pub terms: ConsentTerms,
    /// Staff are told no count of people between none and this.
    pub small_count: u64,
}

/// Everything that can be asked of Yinuo.
pub struct Gateway {
    pub(crate) parts: Parts,
    pub(crate) packs: &'static Packs,
    pub(crate) counters: Counters,
    pub(crate) look_ups: LookUps,
    /// Values brought for somebody who is here, and not theirs: a guess, perhaps.
    pub(crate) mismatches: LookUps,
    pub(crate) imports: Imports,
    pub(crate) rewrapping: Rewrapping,
    /// What witnesses have cosigned.
    pub(crate) cosigned: CosignedHeads,
}

/// A person, as a use case holds them: where their rows are, and the keys to them.
pub(crate) struct Held {
    pub(crate) subject: SubjectKey,
    pub(crate) guardian_required: bool,
    pub(crate) person: Arc<KeptPerson>,
    unlocked: Arc<Unlocked>,
}

/// What is made of a person's rows. The ledger keeps it with them, and drops it, which wipes it, when they change.
pub(crate) struct Unlocked {
    pub(crate) keys: SubjectKeys,
    pub(crate) wrapped: WrappedKeys,
    pub(crate) own: Tag,
    pub(crate) rows: HashedRows,
}

impl Deref for Held {
    type Target = Unlocked;

    fn deref(&self) -> &Unlocked {
        &self.unlocked
    }
}

impl Gateway {
    /// Puts the parts together. Fails when the embedded rule packs cannot be read.
    pub fn new(parts: Parts) -> Result<Self, yinuo_rules::PackError> {
        Ok(Self {
            parts,
            packs: yinuo_rules::packs()?,
            counters: Counters::default(),
            look_ups: LookUps::default(),
            mismatches: LookUps::default(),
            imports: Imports::default(),
            rewrapping: Rewrapping::default(),
            cosigned: CosignedHeads::default(),
        })
    }

    /// Who we are.
    pub fn issuer(&self) -> &str {
        &self.parts.issuer
    }

    /// Unguessable bytes for the name of one request.
    pub fn request_id(&self) -> Result<[u8; 16], Unavailable> {
        self.random()
    }

    pub(crate) fn catalogue(&self) -> &'static Catalogue {
        &self.packs.catalogue
    }

    /// A clock that never goes back.
    pub fn monotonic(&self) -> Monotonic {
        self.parts.clock.monotonic()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Unavailable> {
        self.parts.random.bytes().map_err(|error| {
            tracing::error!(%error, "could not draw random bytes");
            Unavailable::again_after(5)
        })
    }

    pub(crate) fn platform(&self) -> Arc<Platform> {
        self.parts.ledger.reader().platform()
    }

    /// The person behind a surrogate, with their keys; none when the account is gone.
    pub(crate) fn hold(&self, subject: SubjectKey) -> Result<Option<Held>, Unavailable> {
        let Some(person) = read(self.parts.ledger.reader().kept(subject))? else { return Ok(None) };
        let unlocked = person.made(|person| self.unlock(person)).map_err(|error| {
            tracing::error!(%error, "could not unwrap a person's keys");
            Unavailable::again_after(30)
        })?;
        Ok(Some(Held { subject, guardian_required: person.guardian_required, person, unlocked }))
    }

    fn unlock(&self, person: &KeptPerson) -> Result<Unlocked, VaultError> {
        let wrapped = WrappedKeys::from_bytes(&person.keys)?;
        let keys = self.parts.vault.unwrap(person.subject, &wrapped)?;
        let own = self.parts.vault.tag(&keys, None);
        Ok(Unlocked { keys, wrapped, own, rows: HashedRows::default() })
    }

    pub(crate) fn tag(&self, held: &Held, app: &AppId) -> Tag {
        self.parts.vault.tag(&held.keys, Some(app))
    }

    pub(crate) async fn submit(&self, submission: Submission) -> Result<Answered, Unavailable> {
        self.parts.ledger.submit(submission).await.map_err(recorded)
    }

    pub(crate) async fn write(
        &self,
        writes: Vec<yinuo_ledger::Write>,
    ) -> Result<Vec<yinuo_ledger::Written>, Unavailable> {
        self.parts.ledger.write(writes).await.map_err(recorded)
    }
}

/// When to ask again whether an operator has accepted the clock, in seconds.
const CLOCK_AGAIN_S: u32 = 60;

/// A failed read: said once here, and answered as *try again*.
pub(crate) fn read<T>(result: Result<T, StoreError>) -> Result<T, Unavailable> {
    result.map_err(|error| {
        tracing::error!(%error, "could not read the store");
        Unavailable::again_after(5)
    })
}

/// A ledger that did not record: said once here, and answered as *try again*.
/// When to try again while the disk is almost full.
const NO_ROOM_AGAIN_S: u32 = 60;

pub(crate) fn recorded(error: LedgerError) -> Unavailable {
    match error {
        LedgerError::Busy { retry_after_s } => Unavailable::again_after(retry_after_s),
        // Said by whoever looks at the disk, once.
        LedgerError::NoRoom => Unavailable::again_after(NO_ROOM_AGAIN_S),
        // Said once, where it happened: until the restart everybody who asks meets it.
        LedgerError::Poisoned => Unavailable::again_after(30),
        // Said when it was noticed, once.
        LedgerError::Clock(_) => {
            Unavailable { why: UnavailableWhy::Clock, ..Unavailable::again_after(CLOCK_AGAIN_S) }
        }
        error => {
            tracing::error!(%error, "the ledger recorded nothing");
            Unavailable::again_after(30)
        }
    }
}

impl Gateway {
    /// Deletes a bounded number of rows that are worth nothing any more, and says how many: expired tokens, codes,
    /// sessions and request URIs, answers that can no longer be repeated, keys of deleted persons at the end of their
    /// retention. Call it now and then.
    pub async fn sweep(&self) -> Result<u64, Unavailable> {
        let swept = self.write(vec![yinuo_ledger::Write::Sweep { now: self.now() }]).await?;
        Ok(swept
            .iter()
            .map(|written| if let yinuo_ledger::Written::Count(count) = written { *count } else { 0 })
            .sum())
    }
}
