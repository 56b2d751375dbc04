//! The provider's signed statement: which checks it must pass before it is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{ClaimsVerificationError, Nonce, SignatureVerificationError};
use serde_json::{Map, Value};
use yinuo_domain::Timestamp;
use yinuo_service::SIGN_IN_MS;

/// What an ID token may be signed with: never a shared secret, never nothing.
const SIGNED_WITH: [CoreJwsSigningAlgorithm; 5] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What is expected of a token.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
    pub(super) skew_s: u32,
    /// Since when the person must have proven who they are, if the provider's memory of them will not do.
    pub(super) proven_since: Option<Timestamp>,
}

/// What a token that passed every check says.
pub(super) struct Believed {
    pub(super) all: Map<String, Value>,
    /// The key that signed it (RFC 7517).
    pub(super) key: String,
}

/// Why a token is not believed.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// None of the known keys; a newer one may have signed it.
    UnknownKey,
    /// Whatever else.
    For(&'static str),
}

/// The claims of a token that passed every check of OpenID Connect Core §3.1.3.7.
pub(super) fn claims(
    token: &CoreIdToken,
    verifier: CoreIdTokenVerifier<'_>,
    expected: &Expected<'_>,
) -> Result<Believed, Refused> {
    let now = time(expected.now)?;
    let skew = TimeDelta::seconds(i64::from(expected.skew_s));
    let too_old = TimeDelta::milliseconds(i64::try_from(SIGN_IN_MS).unwrap_or(i64::MAX)) + skew;
    let verifier = verifier
        .set_allowed_algs(SIGNED_WITH)
        .set_time_fn(move || now - skew)
        .set_issue_time_verifier_fn(move |issued| {
            // Issued for a trip that began at most so long ago.
            let timely = issued <= now + skew && now - too_old <= issued;
            if timely { Ok(()) } else { Err("issued at another time".to_owned()) }
        });
    let nonce = Nonce::new(expected.nonce.to_owned());
    let signed = token.claims(&verifier, &nonce).map_err(|error| refused(&error))?;
    // Core §3.1.2.1: who asked with `max_age` checks what became of it.
    if let Some(since) = expected.proven_since {
        // The provider counts in whole seconds.
        let since = time(since)? - skew - TimeDelta::seconds(1);
        if signed.auth_time().is_none_or(|at| at < since) {
            return Err(Refused::For("auth_time"));
        }
    }
    let key = token.signing_key(&verifier).ok().and_then(|key| serde_json::to_string(key).ok());
    let key = key.ok_or(Refused::For("key"))?;

    let claims = payload(&token.to_string()).ok_or(Refused::For("payload"))?;
    // §3.1.3.7, 5: a token that was made out to another party is not ours, even when we are in its audience.
    match claims.get("azp") {
        None => {}
        Some(Value::String(party)) if party == expected.client_id => {}
        Some(_) => return Err(Refused::For("azp")),
    }
    Ok(Believed { all: claims, key })
}

/// The event of a logout token.
pub(super) const ENDED: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a logout token that passed every check of OpenID Connect Back-Channel Logout 1.0 §2.6.
pub(super) fn ended_claims(
    token: &CoreIdToken,
    verifier: CoreIdTokenVerifier<'_>,
    now: Timestamp,
    skew_s: u32,
) -> Result<Map<String, Value>, Refused> {
    let now = time(now)?;
    let skew = TimeDelta::seconds(i64::from(skew_s));
    let verifier = verifier
        .set_allowed_algs(SIGNED_WITH)
        .allow_all_jose_types()
        .set_time_fn(move || now - skew)
        .set_issue_time_verifier_fn(move |issued| {
            let timely = issued <= now + skew && now - TimeDelta::minutes(10) - skew <= issued;
            if timely { Ok(()) } else { Err("issued at another time".to_owned()) }
        });
    // An ID token always has a nonce here, a logout token never: the one is not taken for the other.
    let without = |nonce: Option<&Nonce>| if nonce.is_none() { Ok(()) } else { Err("a nonce".to_owned()) };
    token.claims(&verifier, without).map_err(|error| refused(&error))?;
    let claims = payload(&token.to_string()).ok_or(Refused::For("payload"))?;
    let ended = claims.get("events").and_then(|events| events.get(ENDED)).is_some_and(Value::is_object);
    if ended { Ok(claims) } else { Err(Refused::For("events")) }
}

/// The payload of a token whose signature was checked.
fn payload(token: &str) -> Option<Map<String, Value>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn time(at: Timestamp) -> Result<DateTime<Utc>, Refused> {
    let at = i64::try_from(at.0).ok().and_then(DateTime::from_timestamp_millis);
    at.ok_or(Refused::For("our clock"))
}

fn refused(error: &ClaimsVerificationError) -> Refused {
    Refused::For(match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            return Refused::UnknownKey;
        }
        ClaimsVerificationError::SignatureVerification(_) => "signature",
        ClaimsVerificationError::Expired(_) => "time",
        ClaimsVerificationError::InvalidAudience(_) => "aud",
        ClaimsVerificationError::InvalidIssuer(_) => "iss",
        ClaimsVerificationError::InvalidNonce(_) => "nonce",
        _ => "form",
    })
}
