//! What each suite calculates with: hash, MAC, key derivation, authenticated encryption.
//!
//! | | `guomi` | `international` |
//! |---|---|---|
//! | hash | SM3 (GB/T 32905) | SHA-256 |
//! | MAC, key derivation | HMAC-SM3, HKDF-SM3 | HMAC-SHA256, HKDF-SHA256 |
//! | authenticated encryption | SM4-GCM (GB/T 32907, RFC 8998), 128-bit keys | AES-256-GCM |
//!
//! This is the one place that names these algorithms. A third suite is a new arm in each `match`.

use aes_gcm::aead::consts::{U12, U32};
use aes_gcm::aead::{Aead, AeadCore, KeyInit, Nonce, Payload};
use aes_gcm::{Aes256Gcm, AesGcm};
use hkdf::{Hkdf, HmacImpl};
use hmac::Hmac;
use hmac::digest::OutputSizeUser;
use sha2::{Digest, Sha256};
use sm3::Sm3;
use sm4::Sm4;
use yinuo_domain::Suite;
use zeroize::Zeroizing;

use crate::{Secret, VaultError};

/// SM4 in Galois/Counter mode, as TLS_SM4_GCM_SM3 has it (RFC 8998 §3).
type Sm4Gcm = AesGcm<Sm4, U12>;

/// Length of a hash and of a MAC, in bytes.
pub(crate) const HASH_LEN: usize = 32;
/// Length of a nonce, in bytes.
pub(crate) const NONCE_LEN: usize = 12;
/// Length of an authentication tag, in bytes.
pub(crate) const TAG_LEN: usize = 16;

/// A key of exactly the length it is used with.
pub(crate) type Key = Zeroizing<Vec<u8>>;

/// How long an encryption key is, in bytes.
pub(crate) fn key_len(suite: Suite) -> usize {
    match suite {
        Suite::Guomi => 16,
        Suite::International => 32,
    }
}

/// The hash of `bytes`.
pub(crate) fn hash(suite: Suite, bytes: &[u8]) -> [u8; HASH_LEN] {
    match suite {
        Suite::Guomi => Sm3::digest(bytes).into(),
        Suite::International => Sha256::digest(bytes).into(),
    }
}

/// The MAC of the parts one after the other. Callers see to it that the parts cannot be cut elsewhere.
pub(crate) fn mac<'a>(suite: Suite, key: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; HASH_LEN] {
    match suite {
        Suite::Guomi => hmac::<Hmac<Sm3>>(key, parts),
        Suite::International => hmac::<Hmac<Sha256>>(key, parts),
    }
}

/// A MAC whose key was taken in once, for many short messages.
#[derive(Clone)]
pub(crate) enum KeyedMac {
    Guomi(Hmac<Sm3>),
    International(Hmac<Sha256>),
}

impl KeyedMac {
    pub(crate) fn new(suite: Suite, key: &[u8]) -> Self {
        match suite {
            Suite::Guomi => Self::Guomi(HmacImpl::new_from_slice(key)),
            Suite::International => Self::International(HmacImpl::new_from_slice(key)),
        }
    }

    /// The same as [`mac`].
    pub(crate) fn of(&self, bytes: &[u8]) -> [u8; HASH_LEN] {
        match self.clone() {
            Self::Guomi(mut mac) => {
                HmacImpl::update(&mut mac, bytes);
                HmacImpl::finalize(mac).into()
            }
            Self::International(mut mac) => {
                HmacImpl::update(&mut mac, bytes);
                HmacImpl::finalize(mac).into()
            }
        }
    }
}

fn hmac<'a, M>(key: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; HASH_LEN]
where
    M: HmacImpl + OutputSizeUser<OutputSize = U32>,
{
    let mut mac = M::new_from_slice(key);
    parts.into_iter().for_each(|part| mac.update(part));
    mac.finalize().into()
}

/// A key of `len` bytes for the use that `info` names, from a key that is uniformly random already
/// (RFC 5869 with an empty salt).
pub(crate) fn derive(suite: Suite, key: &[u8], info: &[u8], len: usize) -> Result<Key, VaultError> {
    let mut out = Zeroizing::new(vec![0; len]);
    match suite {
        Suite::Guomi => Hkdf::<Sm3>::new(None, key).expand(info, &mut out),
        Suite::International => Hkdf::<Sha256>::new(None, key).expand(info, &mut out),
    }
    .map_err(|_| VaultError::Malformed("key length"))?;
    Ok(out)
}

/// A key that was taken in once, for many short messages. Wiped when dropped, as both ciphers see to.
pub(crate) enum Cipher {
    Guomi(Box<Sm4Gcm>),
    International(Box<Aes256Gcm>),
}

impl Cipher {
    pub(crate) fn new(suite: Suite, key: &[u8]) -> Result<Self, VaultError> {
        Ok(match suite {
            Suite::Guomi => Self::Guomi(Box::new(cipher(key)?)),
            Suite::International => Self::International(Box::new(cipher(key)?)),
        })
    }

    /// The same as [`decrypt`].
    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        bound: &[u8],
        body: &[u8],
    ) -> Result<Secret, VaultError> {
        match self {
            Self::Guomi(cipher) => decrypt_with(cipher.as_ref(), nonce, bound, body),
            Self::International(cipher) => decrypt_with(cipher.as_ref(), nonce, bound, body),
        }
    }
}

/// Ciphertext and tag of `plain`.
pub(crate) fn encrypt(
    suite: Suite,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    bound: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    match suite {
        Suite::Guomi => encrypt_with(&cipher::<Sm4Gcm>(key)?, nonce, bound, plain),
        Suite::International => encrypt_with(&cipher::<Aes256Gcm>(key)?, nonce, bound, plain),
    }
}

/// The plaintext back, if nothing was changed.
pub(crate) fn decrypt(
    suite: Suite,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    bound: &[u8],
    body: &[u8],
) -> Result<Secret, VaultError> {
    Cipher::new(suite, key)?.decrypt(nonce, bound, body)
}

fn cipher<C: KeyInit>(key: &[u8]) -> Result<C, VaultError> {
    C::new_from_slice(key).map_err(|_| VaultError::Malformed("key length"))
}

fn encrypt_with<C>(cipher: &C, nonce: &[u8; NONCE_LEN], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, VaultError>
where
    C: Aead + AeadCore<NonceSize = U12>,
{
    let nonce = Nonce::<C>::from(*nonce);
    cipher.encrypt(&nonce, Payload { msg, aad }).map_err(|_| VaultError::Malformed("plaintext length"))
}

fn decrypt_with<C>(cipher: &C, nonce: &[u8; NONCE_LEN], aad: &[u8], msg: &[u8]) -> Result<Secret, VaultError>
where
    C: Aead + AeadCore<NonceSize = U12>,
{
    let nonce = Nonce::<C>::from(*nonce);
    // The tag is checked before anything is decrypted, so a refused message leaves no plaintext behind.
    cipher.decrypt(&nonce, Payload { msg, aad }).map(Secret::new).map_err(|_| VaultError::NotAuthentic)
}

#[cfg(test)]
mod tests;
