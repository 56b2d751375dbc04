//! What everybody may read of the log: heads, hashes, and the documents that facts name. Never an entry.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use yinuo_domain::{Digest, LogId, Timestamp};
use yinuo_ledger::Algorithm;

use crate::gateway::read;
use crate::{Gateway, Unavailable};

/// A head that enough witnesses have cosigned, or that is waited for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CosignedHead {
    /// The signed head with the cosignatures under it; nothing before the first.
    pub note: Option<String>,
    /// When the latest of them was made; before the first, since when it is waited for.
    pub at: Timestamp,
}

/// The latest one of each log and kind of tree that witnesses watch.
#[derive(Default)]
pub(crate) struct CosignedHeads(Mutex<BTreeMap<(String, bool), Arc<CosignedHead>>>);

impl Gateway {
    /// Takes over what witnesses cosigned of a log, over SHA-256 or SM3. It is checked by whoever brings it.
    pub fn put_cosigned(&self, log: &LogId, sm3: bool, head: CosignedHead) {
        let mut heads = self.cosigned.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.insert((log.to_string(), sm3), Arc::new(head));
    }

    /// What was taken over last, by log and kind of tree.
    pub fn cosigned_heads(&self) -> Vec<(String, bool, Arc<CosignedHead>)> {
        let heads = self.cosigned.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().map(|((log, sm3), head)| (log.clone(), *sm3, Arc::clone(head))).collect()
    }

    /// The latest head of a log that enough witnesses cosigned; nothing when none did.
    pub fn cosigned(&self, log: &str, sm3: bool) -> Option<String> {
        let heads = self.cosigned.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.get(&(log.to_owned(), sm3)).and_then(|head| head.note.clone())
    }

    /// The published checkpoint of a log, over SHA-256 or SM3. It moves at most once a second.
    pub fn checkpoint(&self, log: &str, sm3: bool) -> Result<Option<String>, Unavailable> {
        let Ok(log) = LogId::parse(log) else { return Ok(None) };
        read(self.parts.ledger.reader().published(&log, algorithm(sm3)))
    }

    /// The bytes of a tile, by its C2SP path after `tile/` or `tile-sm3/`.
    pub fn tile(&self, log: &str, sm3: bool, path: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let Ok(log) = LogId::parse(log) else { return Ok(None) };
        read(self.parts.ledger.reader().tile_at(&log, algorithm(sm3), path))
    }

    /// A document that a fact names.
    pub fn document(&self, hash: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let Ok(hash) = Digest::parse(hash) else { return Ok(None) };
        Ok(read(self.parts.ledger.reader().document(&hash))?.map(|bytes| bytes.to_vec()))
    }
}

fn algorithm(sm3: bool) -> Algorithm {
    if sm3 { Algorithm::Sm3 } else { Algorithm::Sha256 }
}
