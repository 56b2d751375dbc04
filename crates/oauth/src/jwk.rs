//! A client's registered public keys (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::jws::{Algorithm, Unverified};

/// The greatest length of a key set, in bytes.
const SET_LEN_MAX: usize = 64 * 1024;

/// A key that verifies with one algorithm.
pub(crate) enum PublicKey {
    P256(Box<p256::ecdsa::VerifyingKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl PublicKey {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Whether this key signed `message`, with the algorithm the message names.
    pub(crate) fn verifies(&self, message: &Unverified<'_>) -> bool {
        if self.algorithm() != message.algorithm {
            return false;
        }
        let signed = message.signed.as_bytes();
        match self {
            // RFC 7518 §3.4: r ‖ s, 64 bytes, not DER.
            Self::P256(key) => p256::ecdsa::Signature::from_slice(&message.signature)
                .is_ok_and(|signature| key.verify(signed, &signature).is_ok()),
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(&message.signature)
                .is_ok_and(|signature| key.verify_strict(signed, &signature).is_ok()),
        }
    }
}

/// The one key of the set `jwks_json` that `message` can have been signed with: the one its `kid` names, or without a
/// `kid` the only one that fits. Nothing when there is none, or more than one.
pub(crate) fn choose_key(jwks_json: &str, message: &Unverified<'_>) -> Option<PublicKey> {
    if SET_LEN_MAX < jwks_json.len() {
        return None;
    }
    let set: Set = serde_json::from_str(jwks_json).ok()?;
    // RFC 7517 §5: keys of a type or with values nobody understands are passed over.
    let mut fitting = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<Key>(key).ok())
        .filter(|key| message.kid.is_none() || message.kid == key.kid)
        .filter_map(|key| key.public())
        .filter(|key| key.algorithm() == message.algorithm);
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Some(key),
        _ => None,
    }
}

/// Whether a public key, written as JSON (RFC 7517 §4), is one that a client assertion can be checked with.
pub fn is_usable_key(jwk: &str) -> bool {
    serde_json::from_str::<Key>(jwk).is_ok_and(|key| key.public().is_some())
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    d: Option<IgnoredAny>,
}

impl Key {
    /// The key, if it is public, may verify and is of a kind we know.
    fn public(&self) -> Option<PublicKey> {
        // RFC 7517 §4.2, §4.3. A private key that somebody registered has leaked.
        let may_verify = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
            && self.d.is_none();
        if !may_verify {
            return None;
        }
        let key = match (self.kty.as_str(), self.crv.as_deref()?) {
            // RFC 7518 §6.2.1: coordinates have the full length of the field.
            ("EC", "P-256") => {
                let (x, y) = (decode_32(self.x.as_deref()?)?, decode_32(self.y.as_deref()?)?);
                let point = [&[0x04], x.as_slice(), y.as_slice()].concat();
                PublicKey::P256(Box::new(p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?))
            }
            // RFC 8037 §2.
            ("OKP", "Ed25519") => {
                let x = decode_32(self.x.as_deref()?)?;
                PublicKey::Ed25519(Box::new(ed25519_dalek::VerifyingKey::from_bytes(&x).ok()?))
            }
            _ => return None,
        };
        // RFC 7517 §4.4: a key may be bound to one algorithm, which must be its own.
        let fits = |alg: &str| Algorithm::from_name(alg) == Some(key.algorithm());
        self.alg.as_deref().is_none_or(fits).then_some(key)
    }
}

fn decode_32(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
