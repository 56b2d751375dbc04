//! Client authentication with `private_key_jwt` (RFC 7523 §3, OpenID Connect Core §9).
//!
//! Every failure is the same `invalid_client`: nobody learns which clients or keys exist. What is checked here needs
//! no memory; that a `jti` is used once is for the store, until [`ClientAssertion::expires_at`].

use serde::Deserialize;
use yinuo_domain::{AppId, Timestamp};

use crate::jwk::choose_key;
use crate::jws::Unverified;
use crate::lifetime::{ASSERTION_AHEAD_MS, CLOCK_SKEW_MS};
use crate::{OAuthError, OAuthErrorCode, Parameters};

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The greatest length of a client assertion, in bytes.
const LEN_MAX: usize = 4 * 1024;
/// `typ` of a client assertion, in lower case. It may be absent.
const TYPES: &[&str] = &["jwt", "client-authentication+jwt"];

/// Proof that the client itself made this request, once its `jti` is found unused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientAssertion {
    /// The client.
    pub client: AppId,
    /// Names the assertion among those of this client. 1 to 128 bytes without control characters.
    pub jti: String,
    /// Until when the assertion would be accepted, skew included: so long must its `jti` be remembered.
    pub expires_at: Timestamp,
}

impl ClientAssertion {
    /// The greatest length of `jti`, in bytes.
    pub const JTI_LEN_MAX: usize = 128;
}

/// Which client says it is asking. Nothing is verified: use it only to look up the keys for [`authenticate`].
pub fn client_id_of_assertion(parameters: &Parameters) -> Result<AppId, OAuthError> {
    let claims = message(parameters).and_then(|message| message.claims::<Claims>());
    claims.and_then(|claims| AppId::parse(&claims.sub).ok()).ok_or_else(unauthenticated)
}

/// Checks that `client`, whose registered keys are `jwks_json`, signed this request's assertion for us.
pub fn authenticate(
    parameters: &Parameters,
    client: &AppId,
    jwks_json: &str,
    issuer: &str,
    now: Timestamp,
) -> Result<ClientAssertion, OAuthError> {
    verified(parameters, client, jwks_json, issuer, now).ok_or_else(unauthenticated)
}

/// RFC 6749 §5.2.
fn unauthenticated() -> OAuthError {
    OAuthError::new(
        OAuthErrorCode::InvalidClient,
        "client authentication failed: it needs a private_key_jwt assertion with ES256 or EdDSA, for the issuer alone, \
         that ends within 5 minutes and is used once",
    )
}

fn message(parameters: &Parameters) -> Option<Unverified<'_>> {
    if parameters.get("client_assertion_type")? != CLIENT_ASSERTION_TYPE {
        return None;
    }
    // RFC 6749 §2.3: no more than one method in each request.
    if parameters.get("client_secret").is_some() {
        return None;
    }
    let assertion = parameters.get("client_assertion")?;
    if LEN_MAX < assertion.len() { None } else { Unverified::parse(assertion, TYPES) }
}

fn verified(
    parameters: &Parameters,
    client: &AppId,
    jwks_json: &str,
    issuer: &str,
    now: Timestamp,
) -> Option<ClientAssertion> {
    let message = message(parameters)?;
    if !choose_key(jwks_json, &message)?.verifies(&message) {
        return None;
    }
    let claims: Claims = message.claims()?;

    // RFC 7523 §3 (1), (2); RFC 7521 §4.2: a `client_id` beside the assertion must name the same client.
    let same = |id: &str| id == client.as_str();
    if !same(&claims.iss) || !same(&claims.sub) || !parameters.get("client_id").is_none_or(same) {
        return None;
    }
    // RFC 7523 §3 (3), and stricter: an assertion that is good elsewhere too could be replayed here from there.
    if !claims.aud.is_only(issuer) {
        return None;
    }
    // RFC 7523 §3 (4) to (6). The times are the client's clock, so each gets the skew.
    let expires_at = claims.exp.timestamp()?.after_ms(CLOCK_SKEW_MS);
    let latest_end = now.after_ms(ASSERTION_AHEAD_MS).after_ms(CLOCK_SKEW_MS).after_ms(CLOCK_SKEW_MS);
    if expires_at <= now || latest_end < expires_at {
        return None;
    }
    for begin in [claims.nbf, claims.iat].into_iter().flatten() {
        if now.after_ms(CLOCK_SKEW_MS) < begin.timestamp()? {
            return None;
        }
    }
    // RFC 7523 §3 (7): ours requires it.
    let jti = claims.jti;
    if jti.is_empty() || ClientAssertion::JTI_LEN_MAX < jti.len() || jti.chars().any(char::is_control) {
        return None;
    }
    Some(ClientAssertion { client: client.clone(), jti, expires_at })
}

/// A claim given twice is an error (RFC 7519 §4), one not named here is ignored.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    jti: String,
}

/// RFC 7519 §4.1.3: one string, or an array.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is_only(&self, issuer: &str) -> bool {
        match self {
            Self::One(one) => one == issuer,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == issuer),
        }
    }
}

/// RFC 7519 §2: seconds since 1970, which may have a fraction.
#[derive(Clone, Copy, Deserialize)]
struct NumericDate(f64);

impl NumericDate {
    /// In milliseconds; nothing outside the years 1970 to 9999.
    fn timestamp(self) -> Option<Timestamp> {
        const YEAR_10000_S: f64 = 253_402_300_800.0;
        // In range, so the conversion keeps the value; of NaN and whatever is out of range nothing comes.
        let at = Timestamp((self.0 * 1000.0) as u64);
        (0.0..YEAR_10000_S).contains(&self.0).then_some(at)
    }
}
