//! Proof key for code exchange (RFC 7636), method S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::invalid_request;
use crate::{OAuthError, OAuthErrorCode};

/// The secret a client kept since it pushed its request: 43 to 128 unreserved characters (RFC 7636 §4.1).
#[derive(Clone)]
pub struct Verifier(Zeroizing<String>);

impl Verifier {
    /// The only way in.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(invalid_request("code_verifier must be 43 to 128 unreserved characters"))
        }
    }

    /// The text, for [`verify_pkce`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Verifier {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Verifier {}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier[secret]")
    }
}

/// Checks that `verifier` is what `challenge` was made of.
pub fn verify_pkce(challenge: &str, verifier: &str) -> Result<(), OAuthError> {
    let verifier = Verifier::parse(verifier)?;
    // RFC 7636 §4.6, compared in constant time.
    if challenge_of(verifier.as_str()).as_bytes().ct_eq(challenge.as_bytes()).into() {
        Ok(())
    } else {
        Err(OAuthError::new(OAuthErrorCode::InvalidGrant, "code_verifier does not fit code_challenge"))
    }
}

/// The S256 challenge of `verifier` (RFC 7636 §4.2).
pub(crate) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// The challenge and method of a pushed request. S256 has 32 bytes, so exactly 43 characters.
pub(crate) fn parse_challenge(challenge: &str, method: Option<&str>) -> Result<String, OAuthError> {
    // RFC 7636 §4.3: without a method the client means `plain`, which shows the verifier to whoever reads the request.
    if method != Some("S256") {
        return Err(invalid_request("code_challenge_method must be S256"));
    }
    if challenge.len() != 43 || URL_SAFE_NO_PAD.decode(challenge).is_err() {
        return Err(invalid_request("code_challenge must be 43 base64url characters"));
    }
    Ok(challenge.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_vector_of_rfc_7636_appendix_b_holds() {
        assert_eq!(challenge_of(VERIFIER), CHALLENGE);
        assert_eq!(verify_pkce(CHALLENGE, VERIFIER), Ok(()));
        assert_eq!(parse_challenge(CHALLENGE, Some("S256")).unwrap(), CHALLENGE);
    }

    #[test]
    fn another_verifier_is_refused() {
        use OAuthErrorCode::{InvalidGrant, InvalidRequest};
        #[rustfmt::skip]
        let cases = [
            ("one character",       VERIFIER.replace('d', "e"),  InvalidGrant),
            ("the challenge",       CHALLENGE.to_owned(),        InvalidGrant),
            ("longer",              format!("{VERIFIER}A"),      InvalidGrant),
            ("128 characters",      "a".repeat(128),             InvalidGrant),
            ("129 characters",      "a".repeat(129),             InvalidRequest),
            ("42 characters",       VERIFIER[1..].to_owned(),    InvalidRequest),
            ("nothing",             String::new(),               InvalidRequest),
            ("another alphabet",    VERIFIER.replace('-', "+"),  InvalidRequest),
            ("not ASCII",           "一".repeat(20),              InvalidRequest),
        ];
        for (name, verifier, code) in cases {
            assert_eq!(verify_pkce(CHALLENGE, &verifier).unwrap_err().code, code, "{name}");
        }
        for challenge in ["", &CHALLENGE[1..], &CHALLENGE.to_lowercase(), &format!("{CHALLENGE}=")] {
            assert_eq!(verify_pkce(challenge, VERIFIER).unwrap_err().code, InvalidGrant, "{challenge}");
        }
    }

    #[test]
    fn a_verifier_is_not_printed() {
        assert_eq!(format!("{:?}", Verifier::parse(VERIFIER).unwrap()), "Verifier[secret]");
    }
}
