//! A compact JSON Web Signature (RFC 7515 §7.1) with one of two algorithms.
//!
//! The key decides the algorithm, never the message: a [`PublicKey`](crate::jwk::PublicKey) verifies only with the
//! algorithm it is for, and there is no code here for `none` or a MAC.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// What a signature is made with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    Es256,
    /// Ed25519 (RFC 8037 §3.1); `Ed25519` is its fully specified name (RFC 9864 §2.2).
    Ed25519,
}

impl Algorithm {
    /// The `alg` values that [`Self::from_name`] knows.
    pub(crate) const NAMES: &'static [&'static str] = &["ES256", "EdDSA", "Ed25519"];

    /// The algorithm of an `alg` value; nothing for any other, `none` and MACs included.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

/// A split message whose header was checked and whose signature was not.
pub(crate) struct Unverified<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    /// RFC 7515 §5.1: the ASCII bytes of the first two parts with the dot.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Splits `compact`; nothing if it is malformed, has another algorithm, or another type than `types` allow.
    pub(crate) fn parse(compact: &'a str, types: &[&str]) -> Option<Self> {
        let (signed, signature) = compact.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = decode_json(header)?;
        // RFC 7515 §4.1.11: whoever does not know what is critical must refuse; we know no extension.
        if header.crit.is_some() || header.b64.is_some() {
            return None;
        }
        // RFC 7515 §4.1.9: media types, compared without regard to case; `application/` may be left out.
        if let Some(kind) = header.typ {
            let kind = kind.to_ascii_lowercase();
            let kind = kind.strip_prefix("application/").unwrap_or(&kind);
            if !types.contains(&kind) {
                return None;
            }
        }
        Some(Self {
            algorithm: Algorithm::from_name(&header.alg)?,
            kid: header.kid,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            payload: URL_SAFE_NO_PAD.decode(payload).ok()?,
        })
    }

    /// The payload as JSON. Believe it only after the signature.
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.payload).ok()
    }
}

/// A member given twice is an error (RFC 7515 §4), one not named here is ignored.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
}

fn decode_json<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
