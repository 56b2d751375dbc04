//! The token endpoint (RFC 6749 §4.1.3, §6) and the use of what it hands out (RFC 6750).

use serde::{Deserialize, Serialize};
use yinuo_domain::Tag;

use crate::authorization::no_scope;
use crate::error::invalid_request;
use crate::{AuthorizationDetail, OAuthError, OAuthErrorCode, Opaque, Parameters, TokenKind, Verifier, wire};

/// What a client wants tokens for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TokenRequest {
    /// A code that the browser brought back.
    Code {
        /// The code.
        code: Opaque,
        /// Where it was brought: must be the request's own.
        redirect_uri: String,
        /// For [`crate::verify_pkce`].
        verifier: Verifier,
    },
    /// A refresh token, to be rotated.
    Refresh {
        /// The token.
        token: Opaque,
    },
}

/// Parses a token request. The client authenticates apart ([`crate::authenticate`]).
pub fn parse_token(parameters: &Parameters) -> Result<TokenRequest, OAuthError> {
    let request = match parameters.require("grant_type")? {
        "authorization_code" => TokenRequest::Code {
            code: token_of_kind(TokenKind::Code, parameters.require("code")?)?,
            redirect_uri: parameters.require("redirect_uri")?.to_owned(),
            verifier: Verifier::parse(parameters.require("code_verifier")?)?,
        },
        "refresh_token" => TokenRequest::Refresh {
            token: token_of_kind(TokenKind::Refresh, parameters.require("refresh_token")?)?,
        },
        _ => {
            return Err(OAuthError::new(
                OAuthErrorCode::UnsupportedGrantType,
                "grant_type must be authorization_code or refresh_token",
            ));
        }
    };
    no_scope(parameters)?;
    // RFC 9396 §6 lets a client narrow a token here. Ignoring that would give more than was asked for.
    if parameters.get("authorization_details").is_some() {
        return Err(OAuthError::new(
            OAuthErrorCode::InvalidAuthorizationDetails,
            "authorization_details cannot be changed at the token endpoint",
        ));
    }
    Ok(request)
}

/// A text that cannot be a token of ours is answered as an unknown one (RFC 6749 §5.2).
fn token_of_kind(kind: TokenKind, text: &str) -> Result<Opaque, OAuthError> {
    Opaque::parse_as(kind, text).ok_or_else(|| {
        OAuthError::new(OAuthErrorCode::InvalidGrant, "the code or refresh token is not valid")
    })
}

/// How a token is used.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum TokenType {
    /// Whoever bears it may use it (RFC 6750).
    #[default]
    Bearer,
}

/// The token endpoint's answer (RFC 6749 §5.1). Never cached, never logged.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TokenResponse {
    /// For `/v1/*`.
    #[serde(with = "wire::opaque")]
    pub access_token: Opaque,
    /// `Bearer`.
    pub token_type: TokenType,
    /// For how many seconds.
    pub expires_in: u32,
    /// For the next tokens; the one it was made from is used up.
    #[serde(with = "wire::opaque")]
    pub refresh_token: Opaque,
    /// What the person allowed, which may be less than was asked for (RFC 9396 §7).
    pub authorization_details: Vec<AuthorizationDetail>,
    /// The person, as this client alone knows them.
    #[serde(with = "wire::tag")]
    pub sub: Tag,
}

/// Parses an `Authorization` header that bears an access token (RFC 6750 §2.1).
pub fn parse_bearer(header: &str) -> Result<Opaque, OAuthError> {
    // RFC 9110 §11.1: the scheme's case does not matter; one or more spaces follow it.
    let (scheme, token) = header
        .split_once(' ')
        .ok_or_else(|| invalid_request("the Authorization header must be Bearer and a token"))?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(invalid_request("the Authorization header must be Bearer and a token"));
    }
    Opaque::parse_as(TokenKind::Access, token.trim_start_matches(' '))
        .ok_or_else(|| OAuthError::new(OAuthErrorCode::InvalidToken, "the access token is not valid"))
}
