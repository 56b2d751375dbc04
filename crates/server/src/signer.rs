//! The log's signing keys, as the ledger sees them.

use yinuo_ledger::{HeadSigner, SignFailed};
use yinuo_tlog::{Algorithm, VerifierKey};
use yinuo_vault::signing::{Ed25519Key, Sm2Key};

/// Signs the heads of SHA-256 trees.
pub(crate) struct Ed25519Signer(pub(crate) Ed25519Key);

impl HeadSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn verifier(&self, origin: &str) -> VerifierKey {
        VerifierKey::Ed25519 { name: origin.to_owned(), key: self.0.public() }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        self.0.sign(text).map_err(|_| SignFailed)
    }
}

/// Signs the heads of SM3 trees.
pub(crate) struct Sm2Signer {
    key: Sm2Key,
    public: [u8; 65],
}

impl Sm2Signer {
    /// None when the public key is not an uncompressed point.
    pub(crate) fn new(key: Sm2Key) -> Option<Self> {
        let public = key.public().try_into().ok()?;
        Some(Self { key, public })
    }
}

impl HeadSigner for Sm2Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sm3
    }

    fn verifier(&self, origin: &str) -> VerifierKey {
        VerifierKey::Sm2 { name: origin.to_owned(), key: self.public }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        self.key.sign(text).map_err(|_| SignFailed)
    }
}
