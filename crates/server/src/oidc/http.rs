//! Speaks to the identity provider: bounded in time and size, led nowhere, over TLS.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::http;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one request may take in all.
const WHOLE: Duration = Duration::from_secs(10);
/// The longest answer, in bytes. Key sets and tokens are a few KiB.
const ANSWER_LEN_MAX: usize = 256 * 1024;

/// A client for the provider's own addresses.
pub(super) struct Http(reqwest::Client);

/// Why there was no answer. None of it says what was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("no answer")]
    Sending(#[source] reqwest::Error),
    #[error("the answer has more than {ANSWER_LEN_MAX} bytes")]
    TooLong,
    #[error("it answered {0}")]
    Status(u16),
    #[error("the request or the answer cannot be written down")]
    Form(#[from] http::Error),
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("cannot read the certificates in {path}")]
    Certificates {
        path: String,
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot set up the connection to the identity provider")]
    Setup(#[from] reqwest::Error),
}

impl Http {
    /// Over TLS only, unless `plain` says that the provider is on this machine. Certificates are judged as the machine
    /// judges them, and by those in `extra` besides.
    pub(super) fn new(plain: bool, extra: Option<&Path>) -> Result<Self, ClientError> {
        // Whoever has installed a provider of algorithms already has installed this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .https_only(!plain);
        if let Some(path) = extra {
            let certificates = |cause| ClientError::Certificates { path: path.display().to_string(), cause };
            let pem = std::fs::read(path).map_err(|cause| certificates(cause.into()))?;
            let found = reqwest::Certificate::from_pem_bundle(&pem);
            for certificate in found.map_err(|cause| certificates(cause.into()))? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self(builder.build()?))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request).map_err(HttpError::Sending)?;
        let mut answer = self.0.execute(request).await.map_err(HttpError::Sending)?;
        let status = answer.status();
        // Whoever cannot work at the moment has nothing to say that a check could accept or refuse.
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(HttpError::Status(status.as_u16()));
        }
        let mut response = http::Response::builder().status(status);
        if let Some(headers) = response.headers_mut() {
            headers.extend(answer.headers().clone());
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(HttpError::Sending)? {
            if ANSWER_LEN_MAX < body.len().saturating_add(part.len()) {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&part);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
