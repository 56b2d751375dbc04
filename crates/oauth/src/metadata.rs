//! What the server can do, for client libraries (RFC 8414), at `/.well-known/oauth-authorization-server`.

use serde::{Deserialize, Serialize};

use crate::AUTHORIZATION_DETAILS_TYPE;
use crate::jws::Algorithm;

/// The metadata document. Every URL begins with the one configured issuer, never with a `Host` header.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Metadata {
    /// The issuer: `iss` of authorization responses, and the audience of client assertions.
    pub issuer: String,
    /// Where the browser goes.
    pub authorization_endpoint: String,
    /// Where a code becomes tokens.
    pub token_endpoint: String,
    /// Where a request is pushed (RFC 9126 §5).
    pub pushed_authorization_request_endpoint: String,
    /// Requests must be pushed (RFC 9126 §5).
    pub require_pushed_authorization_requests: bool,
    /// Where a token is asked about.
    pub introspection_endpoint: String,
    /// Where a token is given back.
    pub revocation_endpoint: String,
    /// The server's public keys.
    pub jwks_uri: String,
    /// `code`.
    pub response_types_supported: Vec<String>,
    /// `query`.
    pub response_modes_supported: Vec<String>,
    /// Code and refresh.
    pub grant_types_supported: Vec<String>,
    /// `S256` (RFC 7636).
    pub code_challenge_methods_supported: Vec<String>,
    /// How a client authenticates at the token endpoint, and at the pushed authorization request endpoint.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// With which algorithms.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// How a client authenticates to ask about a token.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// With which algorithms.
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// How a client authenticates to give a token back.
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// With which algorithms.
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// RFC 9396 §10.
    pub authorization_details_types_supported: Vec<String>,
    /// RFC 9207 §3.
    pub authorization_response_iss_parameter_supported: bool,
    /// Languages of the pages.
    pub ui_locales_supported: Vec<String>,
}

impl Metadata {
    /// Where the document stands, below the issuer's host (RFC 8414 §3).
    pub const PATH: &'static str = "/.well-known/oauth-authorization-server";

    /// The document of `issuer`, which has no trailing slash.
    pub fn for_issuer(issuer: &str) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let methods = words(&["private_key_jwt"]);
        let algorithms = words(Algorithm::NAMES);
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: format!("{issuer}/oauth/authorize"),
            token_endpoint: format!("{issuer}/oauth/token"),
            pushed_authorization_request_endpoint: format!("{issuer}/oauth/par"),
            require_pushed_authorization_requests: true,
            introspection_endpoint: format!("{issuer}/oauth/introspect"),
            revocation_endpoint: format!("{issuer}/oauth/revoke"),
            jwks_uri: format!("{issuer}/oauth/jwks"),
            response_types_supported: words(&["code"]),
            response_modes_supported: words(&["query"]),
            grant_types_supported: words(&["authorization_code", "refresh_token"]),
            code_challenge_methods_supported: words(&["S256"]),
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint_auth_methods_supported: methods.clone(),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: algorithms,
            authorization_details_types_supported: words(&[AUTHORIZATION_DETAILS_TYPE]),
            authorization_response_iss_parameter_supported: true,
            ui_locales_supported: words(&["zh-CN", "en"]),
        }
    }
}
