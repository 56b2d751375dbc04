//! The one layout of everything that is encrypted, and what binds it to its place.
//!
//! ```text
//! version u8 = 1 | suite u8 | number u32 be | nonce[12] | ciphertext | tag[16]
//! ```
//!
//! `number` is the data key's version for a value, and the epoch for a wrapped key. The place (whose, which item,
//! which version …) is not in the bytes: it is associated data, so a row moved to another place does not open.

use yinuo_domain::Suite;

use crate::suite::{self, Cipher, NONCE_LEN, TAG_LEN};
use crate::{Secret, VaultError};

/// The longest value, in bytes.
pub const VALUE_LEN_MAX: usize = 64 * 1024;

/// The version of the layout.
const LAYOUT: u8 = 1;
/// Bytes before the nonce.
const HEADER_LEN: usize = 6;

/// Which key, by its record.
#[derive(Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    pub(crate) suite: Suite,
    /// Data key version, or epoch.
    pub(crate) number: u32,
    pub(crate) bytes: &'a [u8],
}

/// Encrypts `plain` under `key`, bound to `place`.
pub(crate) fn seal(
    key: KeyRef<'_>,
    nonce: [u8; NONCE_LEN],
    place: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let body = suite::encrypt(key.suite, key.bytes, &nonce, place, plain)?;
    let mut out = Vec::with_capacity(HEADER_LEN + NONCE_LEN + body.len());
    out.push(LAYOUT);
    out.push(key.suite as u8);
    out.extend_from_slice(&key.number.to_be_bytes());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&body);
    Ok(out)
}

/// Decrypts what [`seal`] made. The message must name the suite and number of `key`; it never chooses them.
pub(crate) fn open(key: KeyRef<'_>, place: &[u8], sealed: &[u8]) -> Result<Secret, VaultError> {
    let parsed = Parsed::under(key, sealed)?;
    suite::decrypt(key.suite, key.bytes, &parsed.nonce, place, parsed.body)
}

/// The same with the cipher of that key, which was made before.
pub(crate) fn open_with(
    cipher: &Cipher,
    key: KeyRef<'_>,
    place: &[u8],
    sealed: &[u8],
) -> Result<Secret, VaultError> {
    let parsed = Parsed::under(key, sealed)?;
    cipher.decrypt(&parsed.nonce, place, parsed.body)
}

/// What a message says about itself, before any of it is believed.
pub(crate) struct Parsed<'a> {
    pub(crate) suite: Suite,
    pub(crate) number: u32,
    nonce: [u8; NONCE_LEN],
    body: &'a [u8],
}

impl<'a> Parsed<'a> {
    /// A message that names the suite and number of this key.
    fn under(key: KeyRef<'_>, sealed: &'a [u8]) -> Result<Self, VaultError> {
        let parsed = Self::of(sealed)?;
        if parsed.suite != key.suite {
            return Err(VaultError::OtherSuite);
        }
        if parsed.number != key.number {
            return Err(VaultError::OtherKeyVersion(parsed.number));
        }
        Ok(parsed)
    }

    pub(crate) fn of(sealed: &'a [u8]) -> Result<Self, VaultError> {
        let malformed = VaultError::Malformed("sealed bytes");
        let (header, rest) = sealed.split_first_chunk::<HEADER_LEN>().ok_or(malformed.clone())?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(malformed.clone())?;
        let [layout, suite, number @ ..] = *header;
        if layout != LAYOUT || body.len() < TAG_LEN {
            return Err(malformed);
        }
        Ok(Self {
            suite: Suite::from_code(suite).ok_or(VaultError::OtherSuite)?,
            number: u32::from_be_bytes(number),
            nonce: *nonce,
            body,
        })
    }
}

/// Joins parts so that no other parts give the same bytes: each has its length, `u32 be`, before it.
pub(crate) fn bind(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        // No part is near 4 GiB: the longest is a context string. A longer one would be cut, never misread.
        out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}
