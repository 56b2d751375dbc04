//! Does this head follow from every head of that log I have seen?
//!
//! What an outside body runs beside a platform that it need not trust: it keeps the latest head of each log it watches in a
//! small SQLite file of its own, and cosigns a new one only when it follows from that (C2SP `tlog-witness`). Whoever
//! asks for the cosignatures of enough witnesses cannot be shown a history of their own.
//!
//! Comparing and keeping is one transaction, flushed before anything is answered: two heads that part are never both
//! cosigned, under any interleaving, crash or cut of power. A flush that failed is not tried again; the witness says
//! nothing more until it is started anew. A head that its log signed and that does not follow is kept as evidence.
//!
//! Not here: HTTP, keys on disk, the clock (`server`); what may be cosigned (`tlog`).

mod store;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use yinuo_tlog::{AddCheckpoint, Cosigned, NotCosigned, VerifierKey, WitnessKey};

use store::Store;

/// Signs for a witness.
pub trait Cosigner: Send + Sync {
    /// The key that checks it: of a kind for the trees whose heads it cosigns.
    fn key(&self) -> &WitnessKey;

    /// A signature over this text.
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, CannotSign>;
}

/// The key did not sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the key cannot sign")]
pub struct CannotSign;

/// Why a head is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It may not be.
    #[error(transparent)]
    Head(#[from] NotCosigned),
    /// This witness has no key for the log's kind of tree.
    #[error("this witness has no key for trees of that kind")]
    NoKey,
    /// The key failed.
    #[error(transparent)]
    Sign(#[from] CannotSign),
    /// More entries than the store can count.
    #[error("a head has at most {} entries here", i64::MAX)]
    TooLarge,
    /// It could not be kept: nothing was cosigned, and nothing will be before a new start.
    #[error("what was cosigned could not be kept")]
    Store(#[from] StoreFailed),
    /// Something could not be kept earlier.
    #[error("something could not be kept: this witness must be started anew")]
    Poisoned,
}

/// The witness's own file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the witness's store")]
pub struct StoreFailed(#[from] rusqlite::Error);

/// A head that was cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Of which log.
    pub origin: String,
    /// What it says.
    pub cosigned: Cosigned,
    /// When, in seconds since 1970.
    pub at_s: u64,
    /// The whole note: the head, the log's signatures, and the cosignature.
    pub note: String,
}

/// A head that its log signed and that was not shown to follow from what was cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence {
    /// Of which log.
    pub origin: String,
    /// Two roots of one size, both signed: the log has shown two histories. Otherwise the proof that came with the head
    /// did not lead there, which anybody can bring about who has a head.
    pub certain: bool,
    /// When it was submitted.
    pub at_s: u64,
    /// Why it was not cosigned.
    pub why: String,
    /// The request, with the head and its signatures.
    pub request: String,
    /// What had been cosigned of that log.
    pub before: Option<String>,
}

/// A witness with its store open.
pub struct Witness {
    logs: Vec<VerifierKey>,
    cosigners: Vec<Box<dyn Cosigner>>,
    /// Nothing once something could not be kept.
    store: Mutex<Option<Store>>,
}

impl Witness {
    /// How much evidence of each kind is kept of one log, the first that came.
    pub const EVIDENCE_MAX: usize = 64;

    /// Opens the store in `file`, which is made when it is not there. It watches these logs, each under the name of its
    /// key, and signs with these keys.
    pub fn open(
        file: &Path,
        logs: Vec<VerifierKey>,
        cosigners: Vec<Box<dyn Cosigner>>,
    ) -> Result<Self, StoreFailed> {
        Ok(Self { logs, cosigners, store: Mutex::new(Some(Store::open(file)?)) })
    }

    /// The keys that check its cosignatures.
    pub fn keys(&self) -> impl Iterator<Item = &WitnessKey> {
        self.cosigners.iter().map(|cosigner| cosigner.key())
    }

    /// The keys of the logs it watches.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Cosigns the head in the body of a request, if it follows: the lines of signature to put under it.
    pub fn add_checkpoint(&self, body: &[u8], now_s: u64) -> Result<String, Refused> {
        let request = AddCheckpoint::parse(body).map_err(NotCosigned::from)?;
        let origin = request.checkpoint().map_err(NotCosigned::from)?.origin;
        let mut held = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let store = held.as_mut().ok_or(Refused::Poisoned)?;
        let kept = match self.cosign(store, &request, &origin, now_s) {
            Err(Refused::Store(failed)) => {
                // Nobody knows what the disk holds: whoever opens it anew finds out.
                *held = None;
                return Err(Refused::Store(failed));
            }
            kept => kept,
        };
        drop(held);
        kept
    }

    /// The latest head of each log that was cosigned.
    pub fn heads(&self) -> Result<Vec<Head>, Refused> {
        let held = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(held.as_ref().ok_or(Refused::Poisoned)?.heads()?)
    }

    /// Heads that do not follow.
    pub fn evidence(&self) -> Result<Vec<Evidence>, Refused> {
        let held = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(held.as_ref().ok_or(Refused::Poisoned)?.evidence()?)
    }

    fn cosign(
        &self,
        store: &mut Store,
        request: &AddCheckpoint,
        origin: &str,
        now_s: u64,
    ) -> Result<String, Refused> {
        let change = store.begin()?;
        let before = change.head(origin)?;
        let head = match request.check(&self.logs, before.as_ref().map(|head| head.cosigned)) {
            Ok(head) => head,
            Err(refused @ (NotCosigned::OtherRoot { .. } | NotCosigned::Proof(_))) => {
                // Signed by its log, and of another history, or not shown to be of the same.
                let evidence = Evidence {
                    origin: origin.to_owned(),
                    certain: matches!(refused, NotCosigned::OtherRoot { .. }),
                    at_s: now_s,
                    why: refused.to_string(),
                    request: request.to_string(),
                    before: before.map(|head| head.note),
                };
                change.keep_evidence(&evidence, &request.head.text)?;
                return Err(refused.into());
            }
            Err(refused) => return Err(refused.into()),
        };
        if i64::try_from(head.size).is_err() {
            return Err(Refused::TooLarge);
        }
        // A clock that was set back does not date a head before one it follows.
        let at_s = before.map_or(now_s, |before| before.at_s.max(now_s));
        let mut note = request.head.clone();
        let mut lines = String::new();
        for cosigner in self.cosigners.iter().filter(|cosigner| self.is_for(origin, cosigner.key())) {
            let text = yinuo_tlog::cosigned_text(&note.text, at_s);
            let line = cosigner.key().line(at_s, &cosigner.sign(text.as_bytes())?);
            lines.push_str(&format!("{line}\n"));
            // Somebody may have put what looks like an earlier line of ours there.
            note.signatures.retain(|other| (&other.name, other.key_id) != (&line.name, line.key_id));
            note.signatures.push(line);
        }
        if lines.is_empty() {
            return Err(Refused::NoKey);
        }
        change.keep(&Head { origin: origin.to_owned(), cosigned: head, at_s, note: note.to_string() })?;
        Ok(lines)
    }

    /// Whether this key is for the trees of that log.
    fn is_for(&self, origin: &str, key: &WitnessKey) -> bool {
        let mut of_log = self.logs.iter().filter(|log| log.name() == origin);
        of_log.any(|log| log.algorithm() == key.key().algorithm())
    }
}
