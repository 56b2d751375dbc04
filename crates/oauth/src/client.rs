//! The client's side of the protocol: what a partner's program does. For the sample partner and for tests.
//!
//! The server never holds a client's private key; only the public half is registered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt;
use yinuo_domain::{AppId, Random, RandomFailed, Timestamp};
use zeroize::Zeroizing;

use crate::pkce::challenge_of;

/// Why a client key cannot be made or used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClientKeyError {
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomFailed),
    /// Not a private key we know.
    #[error("not a private JSON Web Key for P-256 or Ed25519")]
    Malformed,
    /// The signature could not be made.
    #[error("the assertion cannot be signed")]
    Signing,
}

/// A client's private key.
pub struct ClientKey(Private);

enum Private {
    P256(Box<p256::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl ClientKey {
    /// A new key on P-256, for ES256.
    pub fn generate(random: &dyn Random) -> Result<Self, ClientKeyError> {
        // A scalar outside 1..n comes up once in 2^32; more than a few in a row mean the source is broken.
        for _ in 0..8 {
            let scalar = Zeroizing::new(random.bytes::<32>()?);
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(scalar.as_slice()) {
                return Ok(Self(Private::P256(Box::new(key))));
            }
        }
        Err(ClientKeyError::Random(RandomFailed))
    }

    /// A new key on Ed25519, for EdDSA.
    pub fn generate_ed25519(random: &dyn Random) -> Result<Self, ClientKeyError> {
        let seed = Zeroizing::new(random.bytes::<32>()?);
        Ok(Self(Private::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))))
    }

    /// A key that [`Self::private_jwk`] wrote, or any other with the members of RFC 7518 §6.2.2 or RFC 8037 §2.
    pub fn from_private_jwk(jwk: &str) -> Result<Self, ClientKeyError> {
        let jwk: Value = serde_json::from_str(jwk).map_err(|_| ClientKeyError::Malformed)?;
        let member = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let decoded = URL_SAFE_NO_PAD.decode(member("d")).map_err(|_| ClientKeyError::Malformed)?;
        let decoded = Zeroizing::new(decoded);
        let secret: &[u8; 32] = decoded.as_slice().try_into().map_err(|_| ClientKeyError::Malformed)?;
        let key = match (member("kty"), member("crv")) {
            ("EC", "P-256") => Private::P256(Box::new(
                p256::ecdsa::SigningKey::from_slice(secret).map_err(|_| ClientKeyError::Malformed)?,
            )),
            ("OKP", "Ed25519") => Private::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret))),
            _ => return Err(ClientKeyError::Malformed),
        };
        let key = Self(key);
        let public = key.public_jwk();
        // A public half that is not the private half's would sign what nobody can verify.
        if ["x", "y"].iter().any(|name| jwk.get(name).is_some() && jwk.get(name) != public.get(name)) {
            return Err(ClientKeyError::Malformed);
        }
        Ok(key)
    }

    /// The private key as a JSON Web Key.
    pub fn private_jwk(&self) -> Zeroizing<String> {
        let d = Zeroizing::new(match &self.0 {
            Private::P256(key) => URL_SAFE_NO_PAD.encode(Zeroizing::new(<[u8; 32]>::from(key.to_bytes()))),
            Private::Ed25519(key) => URL_SAFE_NO_PAD.encode(Zeroizing::new(key.to_bytes())),
        });
        let mut jwk = self.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("d".to_owned(), Value::from(d.as_str()));
        }
        Zeroizing::new(jwk.to_string())
    }

    /// The public key as a JSON Web Key, named by its thumbprint.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.public_members();
        let kid = self.kid();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), Value::from(kid));
            members.insert("alg".to_owned(), Value::from(self.alg()));
            members.insert("use".to_owned(), Value::from("sig"));
        }
        jwk
    }

    /// The key set to register: this public key alone.
    pub fn public_jwks(&self) -> String {
        json!({ "keys": [self.public_jwk()] }).to_string()
    }

    /// The thumbprint of RFC 7638: the SHA-256 of the required members in the order of their names.
    pub fn kid(&self) -> String {
        // `public_members` names them in that order, and `serde_json` writes no white space.
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.public_members().to_string()))
    }

    /// A client assertion for `issuer`, from `now` for one minute.
    pub fn assertion(
        &self,
        client: &AppId,
        issuer: &str,
        jti: &str,
        now: Timestamp,
    ) -> Result<String, ClientKeyError> {
        let now_s = now.0 / Timestamp::SECOND_MS;
        let claims = json!({
            "iss": client.as_str(), "sub": client.as_str(), "aud": issuer, "jti": jti,
            "iat": now_s, "exp": now_s.saturating_add(60),
        });
        self.sign(&json!({ "alg": self.alg(), "typ": "JWT", "kid": self.kid() }), &claims)
    }

    /// A compact JWS of any header and claims, for tests of what must be refused.
    pub fn sign(&self, header: &Value, claims: &Value) -> Result<String, ClientKeyError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = [part(header), part(claims)].join(".");
        let signature: [u8; 64] = match &self.0 {
            Private::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.try_sign(signed.as_bytes()).map_err(|_| ClientKeyError::Signing)?;
                signature.to_bytes().into()
            }
            Private::Ed25519(key) => {
                key.try_sign(signed.as_bytes()).map_err(|_| ClientKeyError::Signing)?.to_bytes()
            }
        };
        Ok([signed, URL_SAFE_NO_PAD.encode(signature)].join("."))
    }

    fn alg(&self) -> &'static str {
        match &self.0 {
            Private::P256(_) => "ES256",
            Private::Ed25519(_) => "EdDSA",
        }
    }

    fn public_members(&self) -> Value {
        match &self.0 {
            Private::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let coordinate =
                    |bytes: Option<&_>| bytes.map(|b: &p256::FieldBytes| URL_SAFE_NO_PAD.encode(b));
                json!({ "crv": "P-256", "kty": "EC", "x": coordinate(point.x()), "y": coordinate(point.y()) })
            }
            Private::Ed25519(key) => {
                let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
                json!({ "crv": "Ed25519", "kty": "OKP", "x": x })
            }
        }
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientKey[secret]")
    }
}

/// A new PKCE verifier (RFC 7636 §4.1).
pub fn pkce_verifier(random: &dyn Random) -> Result<String, RandomFailed> {
    Ok(URL_SAFE_NO_PAD.encode(random.bytes::<32>()?))
}

/// The S256 challenge of `verifier` (RFC 7636 §4.2).
pub fn pkce_challenge(verifier: &str) -> String {
    challenge_of(verifier)
}
