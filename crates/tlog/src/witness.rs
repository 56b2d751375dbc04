//! What a witness is asked, and what it may answer (C2SP `tlog-witness`).
//!
//! Pure: whoever keeps what was cosigned must compare and keep it in one transaction, before it answers.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::checkpoint::{decimal, hash_line};
use crate::{
    Algorithm, Checkpoint, Hash, InvalidCheckpoint, InvalidNote, Mismatch, Sha256Tree, SignedNote, Sm3Tree,
    VerifierKey, verify_consistency,
};

/// Asks a witness to cosign a head: the body of `POST <prefix>/add-checkpoint`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddCheckpoint {
    /// The size that the witness cosigned last; 0 for none.
    pub old_size: u64,
    /// That the tree of that size is the beginning of this one (RFC 6962 §2.1.2).
    pub proof: Vec<Hash>,
    /// The head, signed by its log, and perhaps by others.
    pub head: SignedNote,
}

/// Why a body is no such request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidRequest {
    /// More bytes than this program reads.
    #[error("a request has at most {} bytes", AddCheckpoint::LEN_MAX)]
    TooLong,
    /// Not UTF-8.
    #[error("a request is UTF-8")]
    Utf8,
    /// Another first line.
    #[error("a request begins with `old` and a size in decimal")]
    Old,
    /// A line that is no hash, or too many.
    #[error("line {line} of the proof is not one of at most {} hashes", AddCheckpoint::PROOF_LEN_MAX)]
    Hash {
        /// Which, from 1.
        line: usize,
    },
    /// No empty line before a checkpoint.
    #[error("a request has an empty line and a checkpoint after its proof")]
    NoCheckpoint,
    /// What follows is no signed note.
    #[error(transparent)]
    Note(#[from] InvalidNote),
    /// What is signed is no head.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
}

/// What a witness cosigned last of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cosigned {
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotCosigned {
    /// The request is none.
    #[error(transparent)]
    Request(#[from] InvalidRequest),
    /// A log that this witness does not watch.
    #[error("the log is unknown here")]
    UnknownLog,
    /// No signature by a key of that log, or a wrong one.
    #[error("the head is not signed by its log")]
    NotSigned,
    /// The old size is beyond the head.
    #[error("the old size is larger than the head's")]
    OldSize,
    /// Another size was cosigned last.
    #[error("the head that was cosigned last has {size} entries")]
    Conflict {
        /// Which.
        size: u64,
    },
    /// The same size was cosigned with another root: the log has shown two histories.
    #[error("a head of {size} entries and another root was cosigned before")]
    OtherRoot {
        /// Which size.
        size: u64,
    },
    /// The old tree is not shown to be the beginning of the new one.
    #[error(transparent)]
    Proof(Mismatch),
}

impl AddCheckpoint {
    /// The most hashes of a proof.
    pub const PROOF_LEN_MAX: usize = 63;
    /// The most bytes: a head, and 63 hashes.
    pub const LEN_MAX: usize = SignedNote::LEN_MAX + 4096;

    /// Reads a request. It comes out of [`ToString`] with the same bytes.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        if Self::LEN_MAX < body.len() {
            return Err(InvalidRequest::TooLong);
        }
        let text = str::from_utf8(body).map_err(|_| InvalidRequest::Utf8)?;
        let (line, mut rest) = text.split_once('\n').ok_or(InvalidRequest::Old)?;
        let old_size = line.strip_prefix("old ").and_then(decimal).ok_or(InvalidRequest::Old)?;
        let mut proof = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(InvalidRequest::NoCheckpoint)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            let hash = hash_line(line).filter(|_| proof.len() < Self::PROOF_LEN_MAX);
            proof.push(hash.ok_or(InvalidRequest::Hash { line: proof.len() + 1 })?);
        }
        Ok(Self { old_size, proof, head: SignedNote::parse(rest)? })
    }

    /// Which log it is about. Nothing is believed yet.
    pub fn checkpoint(&self) -> Result<Checkpoint, InvalidRequest> {
        Ok(Checkpoint::parse_any(&self.head.text)?)
    }

    /// Whether a witness that trusts these keys of the log, and cosigned that last, may cosign the head; in the order
    /// of the specification. The head is then what it has cosigned.
    pub fn check(&self, keys: &[VerifierKey], last: Option<Cosigned>) -> Result<Cosigned, NotCosigned> {
        let head = self.checkpoint()?;
        let mut of_log = keys.iter().filter(|key| key.name() == head.origin).peekable();
        if of_log.peek().is_none() {
            return Err(NotCosigned::UnknownLog);
        }
        // A log whose key changes has two for a while; a wrong signature by either is no mere absence.
        let mut signed_by = None;
        for key in of_log {
            match key.verify(&self.head) {
                Ok(()) => signed_by = Some(key.algorithm()),
                Err(crate::Unverified::NotSigned) => {}
                Err(_) => return Err(NotCosigned::NotSigned),
            }
        }
        let algorithm = signed_by.ok_or(NotCosigned::NotSigned)?;
        if head.size < self.old_size {
            return Err(NotCosigned::OldSize);
        }
        let size = last.map_or(0, |last| last.size);
        if self.old_size != size {
            return Err(NotCosigned::Conflict { size });
        }
        let new = Cosigned { size: head.size, root: head.root };
        if let Some(last) = last
            && last.size == new.size
            && last.root != new.root
        {
            return Err(NotCosigned::OtherRoot { size });
        }
        let follows = match algorithm {
            Algorithm::Sha256 => verify_consistency::<Sha256Tree>,
            Algorithm::Sm3 => verify_consistency::<Sm3Tree>,
        };
        let old_root = last.map_or_else(|| empty_root(algorithm), |last| last.root);
        follows(size, &old_root, new.size, &new.root, &self.proof).map_err(NotCosigned::Proof)?;
        Ok(new)
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", BASE64_STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.head)
    }
}

impl NotCosigned {
    /// The HTTP status that says so.
    pub fn status(&self) -> u16 {
        match self {
            Self::Request(_) | Self::OldSize => 400,
            Self::NotSigned => 403,
            Self::UnknownLog => 404,
            Self::Conflict { .. } | Self::OtherRoot { .. } => 409,
            Self::Proof(_) => 422,
        }
    }
}

fn empty_root(algorithm: Algorithm) -> Hash {
    use crate::TreeHash as _;
    match algorithm {
        Algorithm::Sha256 => Sha256Tree::empty(),
        Algorithm::Sm3 => Sm3Tree::empty(),
    }
}
