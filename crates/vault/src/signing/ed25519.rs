//! Ed25519 (RFC 8032).

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use yinuo_domain::Random;
use zeroize::Zeroizing;

use crate::{KeyProvider, VaultError};

const CONTEXT: &str = "yinuo/log-key/ed25519/v1";
const SEED_LEN: usize = 32;

/// Signs with Ed25519. Wiped when dropped.
pub struct Ed25519Key(SigningKey);

impl Ed25519Key {
    /// A new key.
    pub fn generate(random: &dyn Random) -> Result<Self, VaultError> {
        let mut seed = Zeroizing::new([0; SEED_LEN]);
        random.fill(seed.as_mut_slice())?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// For storage: the seed, wrapped by the provider.
    pub fn to_protected(
        &self,
        provider: &dyn KeyProvider,
        random: &dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        Ok(provider.wrap(CONTEXT, self.0.as_bytes(), random)?)
    }

    /// From storage.
    pub fn from_protected(provider: &dyn KeyProvider, protected: &[u8]) -> Result<Self, VaultError> {
        let seed = provider.unwrap(CONTEXT, protected)?;
        let seed: &[u8; SEED_LEN] =
            seed.expose().try_into().map_err(|_| VaultError::Malformed("signing key"))?;
        Ok(Self(SigningKey::from_bytes(seed)))
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// A signature over `text`, 64 bytes. The same text has the same signature.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, VaultError> {
        let signature = self.0.try_sign(text).map_err(|_| VaultError::Signing)?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Key[secret]")
    }
}
