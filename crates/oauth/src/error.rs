//! The protocol's own errors: a code a program acts on, and a description a developer reads.

use serde::{Deserialize, Serialize};

/// What went wrong, in the words of the OAuth specifications.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// A parameter is missing, repeated or malformed (RFC 6749 §5.2).
    InvalidRequest,
    /// The client could not be authenticated (RFC 6749 §5.2).
    InvalidClient,
    /// The code or refresh token is unknown, used, expired or somebody else's (RFC 6749 §5.2).
    InvalidGrant,
    /// The client may not do this (RFC 6749 §5.2).
    UnauthorizedClient,
    /// Another grant type than `authorization_code` and `refresh_token` (RFC 6749 §5.2).
    UnsupportedGrantType,
    /// Another response type than `code` (RFC 6749 §4.1.2.1).
    UnsupportedResponseType,
    /// A scope was asked for; there are none (RFC 6749 §5.2).
    InvalidScope,
    /// The person, or the platform, said no (RFC 6749 §4.1.2.1).
    AccessDenied,
    /// Something failed here (RFC 6749 §4.1.2.1).
    ServerError,
    /// Try again later (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable,
    /// The request URI is not one of ours, used or expired (RFC 9101 §6.3, RFC 9126 §4).
    InvalidRequestUri,
    /// The authorization details are of an unknown type or malformed (RFC 9396 §5).
    InvalidAuthorizationDetails,
    /// The access token is malformed, unknown, expired or revoked (RFC 6750 §3.1).
    InvalidToken,
}

impl OAuthErrorCode {
    /// Every one.
    pub const EVERY: &'static [Self] = &[
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::UnsupportedResponseType,
        Self::InvalidScope,
        Self::AccessDenied,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::InvalidRequestUri,
        Self::InvalidAuthorizationDetails,
        Self::InvalidToken,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidToken => "invalid_token",
        }
    }
}

/// A refusal as the protocol tells it: `{"error":…,"error_description":…}` (RFC 6749 §5.2).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// What a program acts on.
    #[serde(rename = "error")]
    pub code: OAuthErrorCode,
    /// What a developer reads: English, and never what was sent.
    #[serde(rename = "error_description", default)]
    pub description: String,
}

impl OAuthError {
    /// A refusal. Characters that RFC 6749 §5.2 forbids in a description become `?`.
    pub fn new(code: OAuthErrorCode, description: impl AsRef<str>) -> Self {
        let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let description = description.as_ref().chars().map(|c| if allowed(c) { c } else { '?' }).collect();
        Self { code, description }
    }
}

pub(crate) fn invalid_request(description: &str) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_and_the_json_are_the_same() {
        for code in OAuthErrorCode::EVERY {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        let error = OAuthError::new(OAuthErrorCode::InvalidGrant, "used");
        let json = r#"{"error":"invalid_grant","error_description":"used"}"#;
        assert_eq!(serde_json::to_string(&error).unwrap(), json);
        assert_eq!(serde_json::from_str::<OAuthError>(json).unwrap(), error);
        assert_eq!(error.to_string(), "invalid_grant: used");
    }

    #[test]
    fn a_description_holds_only_what_the_rfc_allows() {
        let error = OAuthError::new(OAuthErrorCode::InvalidRequest, "a\"b\\c\nd 一~");
        assert_eq!(error.description, "a?b?c?d ?~");
    }
}
