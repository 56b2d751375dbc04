//! Proofs as text (C2SP `tlog-proof`): that an entry is in a log, checked offline.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::checkpoint::{decimal, hash_line};
use crate::{
    Accepted, Algorithm, Checkpoint, Hash, InvalidCheckpoint, InvalidNote, Mismatch, NotAccepted, Policy,
    Sha256Tree, SignedNote, Sm3Tree, Unverified, VerifierKey, leaf_hash, verify_inclusion,
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 leaves is no deeper.
const HASHES_MAX: usize = 64;

/// That an entry is in a log: where, the path to the root, and the signed head that has the root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// Anything; it is not signed, so nothing of it is to be believed.
    pub extra: Option<Vec<u8>>,
    /// Which entry, from 0.
    pub index: u64,
    /// The siblings from the leaf up to the root.
    pub hashes: Vec<Hash>,
    /// The signed head.
    pub checkpoint: SignedNote,
}

/// Why a text is no proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidProof {
    /// More bytes than this program reads.
    #[error("a proof has at most {} bytes", Proof::LEN_MAX)]
    TooLong,
    /// Another first line.
    #[error("a proof begins with {HEADER}")]
    Header,
    /// The extra data are not base64.
    #[error("the extra data of a proof are base64")]
    Extra,
    /// No index, or not a decimal number without zeroes in front.
    #[error("a proof names the index of its entry")]
    Index,
    /// A line that is no hash, or more of them than a tree is deep.
    #[error("hash {line} of the proof is not one")]
    Hash {
        /// Which, from 1.
        line: usize,
    },
    /// No empty line before a checkpoint.
    #[error("a proof has an empty line and a checkpoint after its hashes")]
    NoCheckpoint,
    /// What follows is no signed note.
    #[error(transparent)]
    Note(#[from] InvalidNote),
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refuted {
    /// The head is not signed by the log.
    #[error(transparent)]
    Head(#[from] Unverified),
    /// What is signed is no head.
    #[error(transparent)]
    Checkpoint(#[from] InvalidCheckpoint),
    /// The head is not one that the policy accepts.
    #[error(transparent)]
    Policy(#[from] NotAccepted),
    /// The head of another log.
    #[error("the head is of another log")]
    Origin,
    /// The path does not lead to the head's root.
    #[error(transparent)]
    Path(#[from] Mismatch),
}

impl Proof {
    /// The most bytes a proof may have.
    pub const LEN_MAX: usize = 2 * SignedNote::LEN_MAX;

    /// Reads a proof. It comes out of [`ToString`] with the same bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidProof> {
        if Self::LEN_MAX < text.len() {
            return Err(InvalidProof::TooLong);
        }
        let (header, rest) = text.split_once('\n').ok_or(InvalidProof::Header)?;
        if header != HEADER {
            return Err(InvalidProof::Header);
        }
        let (mut line, mut rest) = rest.split_once('\n').ok_or(InvalidProof::Index)?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(BASE64_STANDARD.decode(encoded).map_err(|_| InvalidProof::Extra)?);
            (line, rest) = rest.split_once('\n').ok_or(InvalidProof::Index)?;
        }
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(InvalidProof::Index)?;
        let mut hashes = Vec::new();
        loop {
            (line, rest) = rest.split_once('\n').ok_or(InvalidProof::NoCheckpoint)?;
            if line.is_empty() {
                break;
            }
            let hash = hash_line(line).filter(|_| hashes.len() < HASHES_MAX);
            hashes.push(hash.ok_or(InvalidProof::Hash { line: hashes.len() + 1 })?);
        }
        Ok(Self { extra, index, hashes, checkpoint: SignedNote::parse(rest)? })
    }

    /// The text of a proof without extra data, over a signed head that is text already.
    pub fn text(index: u64, hashes: &[Hash], checkpoint: &str) -> String {
        // A hash is 44 characters, an index at most 20.
        let len = HEADER.len() + 32 + 45 * hashes.len() + checkpoint.len();
        let mut text = String::with_capacity(len);
        for part in [HEADER, "\nindex ", &index.to_string(), "\n"] {
            text.push_str(part);
        }
        for hash in hashes {
            // 32 bytes are 44 characters.
            let mut line = [b'\n'; 45];
            // Room for it was made: neither of these fails.
            let written = BASE64_STANDARD.encode_slice(hash, &mut line).is_ok();
            text.push_str(if written { std::str::from_utf8(&line).unwrap_or_default() } else { "" });
        }
        text.push('\n');
        text.push_str(checkpoint);
        text
    }

    /// Checks that `leaf` is in the log of this origin and key, and gives the head that says so.
    pub fn verify(
        &self,
        leaf: &[u8],
        algorithm: Algorithm,
        key: &VerifierKey,
        expected_origin: &str,
    ) -> Result<Checkpoint, Refuted> {
        key.verify(&self.checkpoint)?;
        let head = Checkpoint::parse(&self.checkpoint.text)?;
        if head.origin != expected_origin {
            return Err(Refuted::Origin);
        }
        self.leads_to(leaf, algorithm, &head)?;
        Ok(head)
    }

    /// Checks that `leaf` is in a log of the policy, and that a quorum saw the head that says so.
    pub fn verify_by(&self, leaf: &[u8], policy: &Policy) -> Result<Accepted, Refuted> {
        let accepted = policy.accept(&self.checkpoint)?;
        self.leads_to(leaf, accepted.log.algorithm(), &accepted.head)?;
        Ok(accepted)
    }

    fn leads_to(&self, leaf: &[u8], algorithm: Algorithm, head: &Checkpoint) -> Result<(), Mismatch> {
        let verify = match algorithm {
            Algorithm::Sha256 => verify_inclusion::<Sha256Tree>,
            Algorithm::Sm3 => verify_inclusion::<Sm3Tree>,
        };
        verify(&leaf_hash(algorithm, leaf), self.index, head.size, &self.hashes, &head.root)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64_STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64_STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
