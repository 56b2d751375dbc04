//! The documents that facts name by their hash.

use std::sync::Arc;

use yinuo_domain::Digest;

/// Where a document can be had. A missing one makes a fold undecidable, never *ok*.
pub trait Documents {
    /// The bytes with this hash, which the holder has checked.
    fn document(&self, hash: &Digest) -> Option<Arc<[u8]>>;
}

impl Documents for std::collections::HashMap<Digest, Arc<[u8]>> {
    fn document(&self, hash: &Digest) -> Option<Arc<[u8]>> {
        self.get(hash).cloned()
    }
}

/// Why a fact cannot be folded or a decision not replayed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Undecidable {
    /// A document that a fact names cannot be had.
    #[error("document {0} is missing")]
    MissingDocument(Digest),
    /// A document is there and cannot be read.
    #[error("document {0} cannot be read")]
    UnreadableDocument(Digest),
    /// The engine names rules or a decision version this program does not have.
    #[error("the rules or the decision version in force are unknown to this program")]
    UnknownEngine,
    /// The fact does not fit the state it is applied to.
    #[error("the fact does not fit what came before it: {0}")]
    Misplaced(&'static str),
}
