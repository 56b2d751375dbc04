//! Is this protocol request valid?
//!
//! OAuth 2.0 as parsed types: pushed authorization requests (RFC 9126) with rich authorization details (RFC 9396) and
//! PKCE with S256 (RFC 7636), `private_key_jwt` client authentication (RFC 7523), the token endpoint (RFC 6749) with
//! refresh rotation, introspection (RFC 7662), revocation (RFC 7009), metadata (RFC 8414) and the `iss` of an
//! authorization response (RFC 9207).
//!
//! Whatever a function here returns has been checked; nothing remains to be validated by whoever holds it. The
//! time and randomness are arguments. No error repeats what was sent.
//!
//! Not here: HTTP (`web`), what was issued, used or revoked (`service` and `ledger`), whether an item may be released
//! (`core`), which items and purposes exist (`rules`).

mod assertion;
mod authorization;
pub mod client;
mod details;
mod error;
mod introspection;
mod jwk;
mod jws;
mod lifetime;
mod metadata;
mod opaque;
mod parameters;
mod pkce;
mod refresh;
mod token;
mod wire;

pub use assertion::{CLIENT_ASSERTION_TYPE, ClientAssertion, authenticate, client_id_of_assertion};
pub use authorization::{
    AuthorizationRequest, PushedAuthorization, authorization_response_uri, parse_authorize, parse_par,
};
pub use details::{AUTHORIZATION_DETAILS_TYPE, AuthorizationDetail, parse_details};
pub use error::{OAuthError, OAuthErrorCode};
pub use introspection::{Introspection, TokenReference, parse_introspection, parse_revocation};
pub use jwk::is_usable_key;
pub use lifetime::{
    ACCESS_TOKEN_MS, ACCESS_TOKEN_S, ASSERTION_AHEAD_MS, CLOCK_SKEW_MS, CODE_MS, REFRESH_TOKEN_MS,
    REQUEST_URI_MS, REQUEST_URI_S, access_expires_at, refresh_expires_at,
};
pub use metadata::Metadata;
pub use opaque::{Opaque, RequestUri, TokenKind};
pub use parameters::Parameters;
pub use pkce::{Verifier, verify_pkce};
pub use refresh::{RefreshState, Rotation, rotation};
pub use token::{TokenRequest, TokenResponse, TokenType, parse_bearer, parse_token};
