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

#[cfg(test)]
mod tests {
    use sm2::dsa::VerifyingKey;
    use sm2::dsa::signature::Verifier;

    use super::*;

    // GB/T 32918.5-2017 appendix A, with the standard's recommended curve.
    const PRIVATE: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    const PUBLIC: &str = concat!(
        "04",
        "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
    );
    const SIGNATURE: &str = concat!(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
    );

    fn verifies(public: &[u8], text: &[u8], signature: &[u8]) -> bool {
        let key = VerifyingKey::from_sec1_bytes(SM2_ID, public).unwrap();
        Signature::from_slice(signature).is_ok_and(|signature| key.verify(text, &signature).is_ok())
    }

    #[test]
    fn the_standards_example_has_this_public_key_and_verifies() {
        let key = Sm2Key::from_scalar(&hex::decode(PRIVATE).unwrap()).unwrap();
        assert_eq!(hex::encode(key.public()), PUBLIC);
        let theirs = hex::decode(SIGNATURE).unwrap();
        assert!(verifies(&key.public(), b"message digest", &theirs));
        let ours = key.sign(b"message digest").unwrap();
        assert!(verifies(&key.public(), b"message digest", &ours));
        assert!(!verifies(&key.public(), b"message digesT", &ours));
        assert_ne!(ours, theirs, "the standard's nonce is an example, ours comes from key and text");
    }

    #[test]
    fn a_scalar_that_is_no_private_key_is_refused() {
        let order = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
        let below = |n: u8| {
            let mut scalar = hex::decode(order).unwrap();
            scalar[31] -= n;
            scalar
        };
        #[rustfmt::skip]
        let cases = [
            ("zero",           vec![0; 32], false),
            ("the order",      below(0),    false),
            ("one below",      below(1),    false),
            ("two below",      below(2),    true),
            ("above",          vec![0xff; 32], false),
            ("short",          vec![1; 8],  false),
            ("long",           vec![1; 33], false),
            ("one",            [vec![0; 31], vec![1]].concat(), true),
        ];
        for (name, scalar, fits) in cases {
            assert_eq!(Sm2Key::from_scalar(&scalar).is_ok(), fits, "{name}");
        }
    }

    /// The crate leaves its key in memory; what `drop` calls writes it over where it lies.
    #[test]
    fn wiping_leaves_nothing_of_the_key() {
        let mut key = Sm2Key::from_scalar(&hex::decode(PRIVATE).unwrap()).unwrap();
        key.wipe();
        assert_eq!(hex::encode(key.0.to_bytes()), format!("{:064x}", 1));
        assert_ne!(hex::encode(key.public()), PUBLIC);
    }
}
