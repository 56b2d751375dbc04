//! What everybody may read of the log: heads, hashes, and the documents that facts name. Never an entry.

use yinuo_domain::{Digest, LogId};
use yinuo_ledger::Algorithm;

use crate::gateway::read;
use crate::{Gateway, Unavailable};

impl Gateway {
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
