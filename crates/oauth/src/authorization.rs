//! The way to a code: the pushed request (RFC 9126), the browser's arrival, and the answer it carries back.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use yinuo_domain::AppId;

use crate::error::invalid_request;
use crate::lifetime::REQUEST_URI_S;
use crate::pkce::parse_challenge;
use crate::{AuthorizationDetail, OAuthError, OAuthErrorCode, Parameters, RequestUri, parse_details, wire};

/// A checked authorization request, as pushed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationRequest {
    /// The client that pushed it, which authenticated.
    #[serde(with = "wire::app_id")]
    pub client: AppId,
    /// One of the client's registered redirect URIs, byte for byte.
    pub redirect_uri: String,
    /// What the client wants back unchanged.
    pub state: Option<String>,
    /// The S256 challenge that the verifier must fit.
    pub code_challenge: String,
    /// What is asked for, one per purpose, never empty.
    pub details: Vec<AuthorizationDetail>,
    /// Languages the person prefers, best first; a hint.
    pub ui_locales: Vec<String>,
}

impl AuthorizationRequest {
    /// The greatest length of `state`, in bytes.
    pub const STATE_LEN_MAX: usize = 1024;
    /// How many preferred languages are read.
    pub const UI_LOCALES_MAX: usize = 8;

    /// As it is kept until the browser arrives.
    pub fn to_json(&self) -> Result<String, OAuthError> {
        serde_json::to_string(self).map_err(|_| unreadable())
    }

    /// What [`Self::to_json`] kept.
    pub fn from_json(json: &str) -> Result<Self, OAuthError> {
        serde_json::from_str(json).map_err(|_| unreadable())
    }
}

fn unreadable() -> OAuthError {
    OAuthError::new(OAuthErrorCode::ServerError, "the pushed request cannot be read back")
}

/// The answer to a pushed request: 201 with this body (RFC 9126 §2.2).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PushedAuthorization {
    /// What the browser brings to the authorization endpoint.
    pub request_uri: String,
    /// For how many seconds.
    pub expires_in: u32,
}

impl PushedAuthorization {
    /// The answer that hands out `uri`.
    pub fn new(uri: &RequestUri) -> Self {
        Self { request_uri: uri.as_str().to_owned(), expires_in: REQUEST_URI_S }
    }
}

/// Parses a pushed request of `client`, which has authenticated.
pub fn parse_par(
    parameters: &Parameters,
    client: &AppId,
    registered_redirects: &[String],
) -> Result<AuthorizationRequest, OAuthError> {
    // RFC 9126 §2.1: `request_uri` must not be pushed. A request object (RFC 9101) would hold parameters nobody checked.
    if parameters.get("request_uri").is_some() || parameters.get("request").is_some() {
        return Err(invalid_request("request and request_uri cannot be pushed"));
    }
    if parameters.get("client_id").is_some_and(|id| id != client.as_str()) {
        return Err(invalid_request("client_id is not the authenticated client"));
    }

    // RFC 9700 §2.1: exact string matching; anything else has led codes astray.
    let redirect_uri = parameters.require("redirect_uri")?;
    if !registered_redirects.iter().any(|registered| registered == redirect_uri) {
        return Err(invalid_request("redirect_uri is not registered for this client"));
    }

    if parameters.require("response_type")? != "code" {
        return Err(OAuthError::new(OAuthErrorCode::UnsupportedResponseType, "response_type must be code"));
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(invalid_request("response_mode must be query"));
    }
    no_scope(parameters)?;

    let code_challenge =
        parse_challenge(parameters.require("code_challenge")?, parameters.get("code_challenge_method"))?;
    let details = parse_details(parameters.require("authorization_details")?)?;
    Ok(AuthorizationRequest {
        client: client.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: parameters.get("state").map(parse_state).transpose()?,
        code_challenge,
        details,
        ui_locales: parse_ui_locales(parameters.get("ui_locales")),
    })
}

/// RFC 6749 §3.3 would let a scope be ignored; a client that believes it got one is better told.
pub(crate) fn no_scope(parameters: &Parameters) -> Result<(), OAuthError> {
    match parameters.get("scope") {
        None => Ok(()),
        Some(_) => Err(OAuthError::new(
            OAuthErrorCode::InvalidScope,
            "there are no scopes: name purposes and items in authorization_details",
        )),
    }
}

/// RFC 6749 appendix A.5: printable ASCII.
fn parse_state(state: &str) -> Result<String, OAuthError> {
    if state.len() <= AuthorizationRequest::STATE_LEN_MAX
        && state.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
    {
        Ok(state.to_owned())
    } else {
        Err(invalid_request("state must be at most 1024 printable ASCII characters"))
    }
}

/// OpenID Connect Core §3.1.2.1: languages that cannot be served are no error, so neither are malformed ones.
fn parse_ui_locales(locales: Option<&str>) -> Vec<String> {
    let is_tag = |tag: &&str| {
        (1..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let tags = locales.unwrap_or_default().split(' ').filter(is_tag);
    tags.take(AuthorizationRequest::UI_LOCALES_MAX).map(str::to_owned).collect()
}

/// Parses what the browser brings to the authorization endpoint: the client and a request URI, nothing else counts.
pub fn parse_authorize(parameters: &Parameters) -> Result<(AppId, RequestUri), OAuthError> {
    let client = AppId::parse(parameters.require("client_id")?)
        .map_err(|_| invalid_request("client_id is malformed"))?;
    // RFC 9126 §5 `require_pushed_authorization_requests`: parameters that were not pushed are not read.
    let uri = parameters
        .get("request_uri")
        .ok_or_else(|| invalid_request("the request must be pushed first: request_uri is missing"))?;
    Ok((client, RequestUri::parse(uri)?))
}

/// Where the browser goes next: `redirect_uri` with `parameters` added to its query, whatever was there kept
/// (RFC 6749 §4.1.2). Give `code`, `state` and `iss` (RFC 9207), or `error` and so on.
pub fn authorization_response_uri(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let (base, fragment) = match redirect_uri.split_once('#') {
        Some((base, fragment)) => (base, Some(fragment)),
        None => (redirect_uri, None),
    };
    let mut uri = base.to_owned();
    for (name, value) in parameters {
        match uri.split_once('?') {
            None => uri.push('?'),
            Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
            Some(_) => uri.push('&'),
        }
        percent_encode(&mut uri, name);
        uri.push('=');
        percent_encode(&mut uri, value);
    }
    if let Some(fragment) = fragment {
        uri.push('#');
        uri.push_str(fragment);
    }
    uri
}

/// Everything but the unreserved characters of RFC 3986 §2.3.
fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
