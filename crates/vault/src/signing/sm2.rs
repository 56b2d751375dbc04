//! SM2 with SM3 (GB/T 32918.2).

use std::fmt;

use sm2::dsa::signature::{RandomizedSigner, Signer};
use sm2::dsa::{Signature, SigningKey};
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::{NonZeroScalar, Scalar, SecretKey};
use yinuo_domain::Random;
use zeroize::{Zeroizing, optimization_barrier};

use crate::random::Source;
use crate::{KeyProvider, VaultError};

/// The signer's id that everyone uses who has agreed on none (GB/T 35276 §10).
pub const SM2_ID: &str = "1234567812345678";

const CONTEXT: &str = "yinuo/log-key/sm2/v1";
const SCALAR_LEN: usize = 32;
/// A draw is outside the curve's order once in 2³²: a source that misses this often is broken.
const DRAWS_MAX: usize = 8;

/// Signs with SM2 over SM3, id [`SM2_ID`], whose `Z` is calculated once, here. Wiped when dropped.
///
/// The crate's `SigningKey` is not wiped by itself, so it lives in one place on the heap and is written over there.
pub struct Sm2Key(Box<SigningKey>);

impl Sm2Key {
    /// A new key.
    pub fn generate(random: &dyn Random) -> Result<Self, VaultError> {
        for _ in 0..DRAWS_MAX {
            let mut scalar = Zeroizing::new([0; SCALAR_LEN]);
            random.fill(scalar.as_mut_slice())?;
            if let Ok(key) = Self::from_scalar(scalar.as_slice()) {
                return Ok(key);
            }
        }
        Err(VaultError::RandomRepeats)
    }

    /// For storage: the private scalar, wrapped by the provider.
    pub fn to_protected(
        &self,
        provider: &dyn KeyProvider,
        random: &dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let scalar: Zeroizing<[u8; SCALAR_LEN]> = Zeroizing::new(self.0.to_bytes().into());
        Ok(provider.wrap(CONTEXT, scalar.as_slice(), random)?)
    }

    /// From storage.
    pub fn from_protected(provider: &dyn KeyProvider, protected: &[u8]) -> Result<Self, VaultError> {
        Self::from_scalar(provider.unwrap(CONTEXT, protected)?.expose())
    }

    fn from_scalar(scalar: &[u8]) -> Result<Self, VaultError> {
        let malformed = |_| VaultError::Malformed("signing key");
        // `SecretKey` is wiped when dropped, unlike what is made of it.
        let secret = SecretKey::from_slice(scalar).map_err(malformed)?;
        // GB/T 32918.2 §6.1: the private key is at most n − 2, for 1 + d must have an inverse.
        let sum = *secret.to_nonzero_scalar() + Scalar::ONE;
        if bool::from(sum.is_zero()) {
            return Err(VaultError::Malformed("signing key"));
        }
        let key = SigningKey::new(SM2_ID, &secret).map_err(|_| VaultError::Malformed("signing key"))?;
        Ok(Self(Box::new(key)))
    }

    /// The public key: a point as `04 ‖ x ‖ y`, 65 bytes (SEC 1 §2.3.3, uncompressed).
    pub fn public(&self) -> Vec<u8> {
        self.0.verifying_key().as_affine().to_sec1_point(false).as_bytes().to_vec()
    }

    /// A signature over `text`: raw r ‖ s, 64 bytes, not DER. Its nonce comes from key and text (RFC 6979 with SM3),
    /// so the same text has the same signature and no random source can spoil it.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, VaultError> {
        let signature: Signature = self.0.try_sign(text).map_err(|_| VaultError::Signing)?;
        Ok(signature.to_vec())
    }

    /// As [`Self::sign`], with fresh randomness mixed into the nonce: harder on whoever can disturb the machine.
    pub fn sign_with(&self, text: &[u8], random: &dyn Random) -> Result<Vec<u8>, VaultError> {
        let signature: Signature =
            self.0.try_sign_with_rng(&mut Source(random), text).map_err(|_| VaultError::Signing)?;
        Ok(signature.to_vec())
    }

    /// Writes the key over with the smallest one there is.
    fn wipe(&mut self) {
        let one = NonZeroScalar::new(Scalar::ONE).into_option();
        if let Some(blank) = one.and_then(|one| SigningKey::from_nonzero_scalar(SM2_ID, one).ok()) {
            *self.0 = blank;
            // Without it the compiler may leave out a write that nobody reads.
            optimization_barrier(&*self.0);
        }
    }
}

impl Drop for Sm2Key {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for Sm2Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm2Key[secret]")
    }
}
