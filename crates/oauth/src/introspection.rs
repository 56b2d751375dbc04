//! Asking about a token (RFC 7662) and giving one back (RFC 7009).

use serde::{Serialize, Serializer};
use yinuo_domain::{AppId, Tag, Timestamp};

use crate::{AuthorizationDetail, OAuthError, Opaque, Parameters, TokenKind, TokenType, wire};

/// The token a client names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TokenReference {
    /// An access or refresh token, by its form. The client's `token_type_hint` is not needed to tell.
    Token(Opaque),
    /// Cannot be one of ours: introspection says inactive (RFC 7662 §2.2), revocation succeeds (RFC 7009 §2.2).
    Foreign,
}

/// Parses an introspection request (RFC 7662 §2.1).
pub fn parse_introspection(parameters: &Parameters) -> Result<TokenReference, OAuthError> {
    parse_reference(parameters)
}

/// Parses a revocation request (RFC 7009 §2.1).
pub fn parse_revocation(parameters: &Parameters) -> Result<TokenReference, OAuthError> {
    parse_reference(parameters)
}

fn parse_reference(parameters: &Parameters) -> Result<TokenReference, OAuthError> {
    // A code is redeemed, never asked about, and a session is the pages' own.
    let asked = Opaque::parse(parameters.require("token")?);
    let token = asked.filter(|token| matches!(token.kind(), TokenKind::Access | TokenKind::Refresh));
    Ok(token.map_or(TokenReference::Foreign, TokenReference::Token))
}

/// What is told about a token (RFC 7662 §2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Introspection {
    /// Unknown, expired, revoked, or none of the asking client's business: one answer for all.
    Inactive,
    /// Stands.
    Active {
        /// The client it was issued to.
        client: AppId,
        /// The person, as that client knows them.
        sub: Tag,
        /// When it was issued.
        issued_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
        /// Who issued it.
        issuer: String,
        /// What stands under it now.
        details: Vec<AuthorizationDetail>,
    },
}

/// The members of an active answer. Times are whole seconds (RFC 7519 §2).
#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    client_id: &'a str,
    #[serde(with = "wire::tag")]
    sub: Tag,
    iat: u64,
    exp: u64,
    iss: &'a str,
    token_type: TokenType,
    authorization_details: &'a [AuthorizationDetail],
}

/// RFC 7662 §2.2: an inactive answer has no other member.
#[derive(Serialize)]
struct Inactive {
    active: bool,
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Inactive => Inactive { active: false }.serialize(serializer),
            Self::Active { client, sub, issued_at, expires_at, issuer, details } => Active {
                active: true,
                client_id: client.as_str(),
                sub: *sub,
                iat: issued_at.0 / Timestamp::SECOND_MS,
                exp: expires_at.0 / Timestamp::SECOND_MS,
                iss: issuer,
                token_type: TokenType::Bearer,
                authorization_details: details,
            }
            .serialize(serializer),
        }
    }
}
