//! Heads are signed on threads of their own, while the rows they cover are being written.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use yinuo_domain::Profile;
use yinuo_tlog::{Algorithm, Checkpoint, NoteSignature, SignedNote, Unverified, VerifierKey};

use crate::backend::{Head, Log};
use crate::tip::Tip;
use crate::{SignFailed, StoreError};

/// Signs heads. Its keys are not the vault's; `server` holds them.
pub trait HeadSigner: Send + Sync {
    /// Over which tree's heads.
    fn algorithm(&self) -> Algorithm;

    /// The key that checks what is signed for this origin.
    fn verifier(&self, origin: &str) -> VerifierKey;

    /// Signs a head's text. Called on a thread of its own.
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed>;
}

/// The signing threads, and under which names they sign.
pub(crate) struct Signers {
    threads: Vec<(Algorithm, mpsc::Sender<Job>)>,
    keys: Vec<(Log, Algorithm, VerifierKey)>,
}

/// A text and what was made of it.
type Reply = (Log, Algorithm, String, Result<Vec<u8>, SignFailed>);
/// The signed heads of one log, one for each tree.
pub(crate) type Notes = Vec<(Algorithm, SignedNote)>;

struct Job {
    log: Log,
    text: String,
    reply: mpsc::Sender<Reply>,
}

/// Heads being signed.
pub(crate) struct Signing {
    replies: mpsc::Receiver<Reply>,
    expected: usize,
}

impl Signers {
    /// The keys that check what is signed.
    pub(crate) fn verifiers(&self) -> Vec<VerifierKey> {
        self.keys.iter().map(|(_, _, key)| key.clone()).collect()
    }

    /// Exactly one signer for each tree of the profile.
    pub(crate) fn start(
        signers: Vec<Arc<dyn HeadSigner>>,
        profile: Profile,
        origin_base: &str,
    ) -> Result<Self, StoreError> {
        let mut found: Vec<Algorithm> = signers.iter().map(|signer| signer.algorithm()).collect();
        found.sort_unstable();
        let mut needed = Vec::new();
        needed.extend(profile.has_sha256().then_some(Algorithm::Sha256));
        needed.extend(profile.has_sm3().then_some(Algorithm::Sm3));
        if found != needed {
            return Err(StoreError::Settings("set of signers"));
        }
        let mut keys = Vec::new();
        let mut threads = Vec::new();
        for signer in signers {
            let algorithm = signer.algorithm();
            for log in Log::EVERY {
                let origin = yinuo_tlog::origin(origin_base, &log.id(), algorithm);
                keys.push((log, algorithm, signer.verifier(&origin)));
            }
            let (sender, jobs) = mpsc::channel::<Job>();
            thread::Builder::new().name(format!("yinuo-sign-{}", algorithm.as_str())).spawn(move || {
                for job in jobs {
                    let signed = signer.sign(job.text.as_bytes());
                    let _ = job.reply.send((job.log, algorithm, job.text, signed));
                }
            })?;
            threads.push((algorithm, sender));
        }
        Ok(Self { threads, keys })
    }

    /// Hands out the heads of these tips, the roots as they are now.
    pub(crate) fn begin<'t>(
        &self,
        tips: impl Iterator<Item = (Log, &'t Tip)>,
    ) -> Result<Signing, SignFailed> {
        let (reply, replies) = mpsc::channel();
        let mut expected = 0;
        for (log, tip) in tips {
            for (algorithm, thread) in &self.threads {
                let key = self.key(log, *algorithm).ok_or(SignFailed)?;
                let root = tip.root(*algorithm).ok_or(SignFailed)?;
                let text = Checkpoint { origin: key.name().to_owned(), size: tip.size, root }.text();
                thread.send(Job { log, text, reply: reply.clone() }).map_err(|_| SignFailed)?;
                expected += 1;
            }
        }
        Ok(Signing { replies, expected })
    }

    /// The notes of one log's heads.
    pub(crate) fn finish(&self, signing: Signing) -> Result<Vec<(Log, Notes)>, SignFailed> {
        let mut notes: Vec<(Log, Notes)> = Vec::new();
        for _ in 0..signing.expected {
            let (log, algorithm, text, signed) = signing.replies.recv().map_err(|_| SignFailed)?;
            let key = self.key(log, algorithm).ok_or(SignFailed)?;
            let signature =
                NoteSignature { name: key.name().to_owned(), key_id: key.key_id(), signature: signed? };
            let note = SignedNote { text, signatures: vec![signature] };
            match notes.iter_mut().find(|(of, _)| *of == log) {
                Some((_, of)) => of.push((algorithm, note)),
                None => notes.push((log, vec![(algorithm, note)])),
            }
        }
        Ok(notes)
    }

    /// The notes of a stored head, if every one is signed by our keys and says what the head says.
    pub(crate) fn check(&self, log: Log, head: &Head) -> Result<Notes, StoreError> {
        let keys = self.keys.iter().filter(|(of, ..)| *of == log);
        keys.map(|(_, algorithm, key)| {
            let note = check_note(head, *algorithm, key)?;
            Ok((*algorithm, note))
        })
        .collect()
    }

    fn key(&self, log: Log, algorithm: Algorithm) -> Option<&VerifierKey> {
        self.keys.iter().find(|(of, by, _)| (*of, *by) == (log, algorithm)).map(|(.., key)| key)
    }
}

/// The note of a stored head, if this key signed it and it says what the head says.
pub(crate) fn check_note(
    head: &Head,
    algorithm: Algorithm,
    key: &VerifierKey,
) -> Result<SignedNote, StoreError> {
    let (root, note) = head.of(algorithm).ok_or(StoreError::Damaged("a head without one of its notes"))?;
    let note = SignedNote::parse(note).map_err(|_| StoreError::Damaged("a head's note is no signed note"))?;
    key.verify(&note).map_err(|error| match error {
        Unverified::NotSigned => StoreError::Damaged("a head is not signed by the log's key"),
        Unverified::WrongSignature => StoreError::Damaged("a head's signature is wrong"),
        Unverified::Key => StoreError::Damaged("the log's key is not one"),
    })?;
    let said = Checkpoint { origin: key.name().to_owned(), size: head.size, root: *root };
    if note.text != said.text() {
        return Err(StoreError::Damaged("a head's note says something else than the head"));
    }
    Ok(note)
}
