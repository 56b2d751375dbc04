//! `/oauth/*` for programs, and the metadata. Errors are RFC 6749 §5.2, never problems.

use axum::Router;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use yinuo_domain::AppId;
use yinuo_oauth::{Metadata, OAuthError, OAuthErrorCode, Parameters};
use yinuo_service::{ProtocolError, Unavailable};

use crate::fault::Problem;
use crate::forms::form_of;
use crate::visit::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/oauth/par", post(push))
        .route("/oauth/token", post(token))
        .route("/oauth/introspect", post(introspect))
        .route("/oauth/revoke", post(revoke))
        .route("/oauth/jwks", get(keys))
        .route(Metadata::PATH, get(metadata))
}

/// `POST /oauth/par` (RFC 9126 §2).
async fn push(State(web): State<Web>, Client { id, parameters }: Client) -> Result<Response, Refused> {
    let pushed = web.gateway.push_authorization(&id, &parameters).await?;
    Ok(json(StatusCode::CREATED, &pushed))
}

/// `POST /oauth/token` (RFC 6749 §3.2).
async fn token(State(web): State<Web>, Client { id, parameters }: Client) -> Result<Response, Refused> {
    Ok(json(StatusCode::OK, &web.gateway.token(&id, &parameters).await?))
}

/// `POST /oauth/introspect` (RFC 7662 §2).
async fn introspect(State(web): State<Web>, Client { id, parameters }: Client) -> Result<Response, Refused> {
    Ok(json(StatusCode::OK, &web.gateway.introspect(&id, &parameters).await?))
}

/// `POST /oauth/revoke` (RFC 7009 §2).
async fn revoke(State(web): State<Web>, Client { id, parameters }: Client) -> Result<Response, Refused> {
    web.gateway.revoke(&id, &parameters).await?;
    Ok(no_store(StatusCode::OK.into_response()))
}

/// `GET /oauth/jwks`: empty, because no token of ours is signed; clients that fetch it find a valid key set (RFC 7517 §5).
async fn keys() -> Response {
    json(StatusCode::OK, &serde_json::json!({ "keys": [] }))
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414). The issuer is the configured one, whatever the `Host` says.
async fn metadata(State(web): State<Web>) -> Response {
    json(StatusCode::OK, &Metadata::for_issuer(web.issuer()))
}

/// A client that has proven that it is itself, and what it sent.
struct Client {
    id: AppId,
    parameters: Parameters,
}

impl FromRequest<Web> for Client {
    type Rejection = Refused;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Refused> {
        // RFC 9110 §11.6.2: credentials in two places would make it a guess who asks.
        if request.headers().contains_key(header::AUTHORIZATION) {
            let why = "authenticate with client_assertion, not with the Authorization header";
            return Err(OAuthError::new(OAuthErrorCode::InvalidRequest, why).into());
        }
        // RFC 6749 §2.3.1, §3.2: what stands in an address stands in logs as well.
        if request.uri().query().is_some() {
            let why = "parameters belong into the body, not into the address";
            return Err(OAuthError::new(OAuthErrorCode::InvalidRequest, why).into());
        }
        let fields = form_of(request, web).await.map_err(|fault| {
            let why = match fault.problem {
                Problem::TooLarge => "the body has more than 64 KiB",
                Problem::TooSlow => "the body took more than 30 seconds to arrive",
                Problem::UnsupportedType => "the body must be application/x-www-form-urlencoded",
                _ => "the body could not be read",
            };
            Refused {
                status: Some(fault.problem.status()),
                ..OAuthError::new(OAuthErrorCode::InvalidRequest, why).into()
            }
        })?;
        let parameters = Parameters::from_pairs(fields.into_pairs())?;
        let id = web.gateway.authenticate_client(&parameters).await?;
        Ok(Self { id, parameters })
    }
}

/// An OAuth error as a response.
struct Refused {
    error: OAuthError,
    /// Another status than the protocol's.
    status: Option<StatusCode>,
    retry_after_s: Option<u32>,
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Self { error, status: None, retry_after_s: None }
    }
}

impl From<ProtocolError> for Refused {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::OAuth(error) => error.into(),
            ProtocolError::Unavailable(Unavailable { retry_after_s, .. }) => {
                let why = "nothing can be recorded at the moment; try again later";
                let error = OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, why);
                Self { retry_after_s: Some(retry_after_s), ..error.into() }
            }
        }
    }
}

/// The status of a code. RFC 6749 §5.2 gives 400 to all but `invalid_client`.
fn status(code: OAuthErrorCode) -> StatusCode {
    match code {
        OAuthErrorCode::InvalidClient | OAuthErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        OAuthErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        OAuthErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        OAuthErrorCode::InvalidRequest
        | OAuthErrorCode::InvalidGrant
        | OAuthErrorCode::UnauthorizedClient
        | OAuthErrorCode::UnsupportedGrantType
        | OAuthErrorCode::UnsupportedResponseType
        | OAuthErrorCode::InvalidScope
        | OAuthErrorCode::AccessDenied
        | OAuthErrorCode::InvalidRequestUri
        | OAuthErrorCode::InvalidAuthorizationDetails => StatusCode::BAD_REQUEST,
    }
}

impl IntoResponse for Refused {
    /// No `WWW-Authenticate`: RFC 6749 §5.2 asks for it only when the client used the `Authorization` header, and client
    /// libraries that find one read it instead of the body.
    fn into_response(self) -> Response {
        let mut response = json(self.status.unwrap_or_else(|| status(self.error.code)), &self.error);
        if let Some(retry_after_s) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        response
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => no_store((status, [(header::CONTENT_TYPE, "application/json")], body).into_response()),
        Err(_) => no_store(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

/// RFC 6749 §5.1: what holds a token is never cached. `Pragma` is for caches that know nothing newer.
fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
    response
}
