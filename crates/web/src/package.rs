//! `/centre/package`: everything there is about a person, for them to keep and to carry elsewhere (PIPL 45).
//!
//! It holds their values in clear, so it is handed out only to who signed in a moment ago, by a form of this page; whoever
//! did not is led to sign in anew and back. It is sent while it is made, a part at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::task::JoinHandle;
use yinuo_service::{Gateway, PROVEN_MS, Package, PackageError, Unavailable};

use crate::fault::Failed;
use crate::forms::PostedBy;
use crate::page::{Frame, page};
use crate::visit::{Signed, Web};

/// Where it is.
pub(crate) const PAGE: &str = "/centre/package";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/centre/package", get(explain).post(take))
}

/// `GET /centre/package`: what is in it.
async fn explain(State(web): State<Web>, Signed { visit, session }: Signed) -> Result<Response, Failed> {
    let asked = session.clone();
    let may_take = web.read(move |gateway| gateway.may_take_package(&asked)).await??;
    let template = PackagePage {
        f: Frame::new(&visit, Some(&session.csrf)),
        csrf: &session.csrf,
        may_take,
        minutes: PROVEN_MS / 60_000,
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `POST /centre/package`: the package as a file. Whoever waited too long comes to the page again, which says why.
async fn take(State(web): State<Web>, PostedBy { session, .. }: PostedBy) -> Result<Response, Failed> {
    let package = match web.read(move |gateway| gateway.package(&session)).await? {
        Ok(package) => package,
        Err(PackageError::SignInAnew) => return Ok(Redirect::to(PAGE).into_response()),
        Err(PackageError::Page(error)) => return Err(error.into()),
    };
    let parts = Body::new(Parts::of(&web.gateway, package));
    let mut response = ([(header::CONTENT_TYPE, "application/json")], parts).into_response();
    let name = HeaderValue::from_static("attachment; filename=\"yinuo-package.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

#[derive(Template)]
#[template(path = "package.html")]
struct PackagePage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    /// Whether the person signed in lately enough.
    may_take: bool,
    /// How lately that is.
    minutes: u64,
}

/// A package on its way: one part in memory at a time, made away from the threads that serve connections.
pub(crate) struct Parts {
    gateway: Arc<Gateway>,
    next: Next,
}

/// The next part; none when the package is whole.
type Made = Result<Option<Vec<u8>>, Unavailable>;

enum Next {
    Rests(Box<Package>),
    Works(JoinHandle<(Box<Package>, Made)>),
    Ended,
}

impl Parts {
    pub(crate) fn of(gateway: &Arc<Gateway>, package: Package) -> Self {
        Self { gateway: Arc::clone(gateway), next: Next::Rests(Box::new(package)) }
    }
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        loop {
            match std::mem::replace(&mut self.next, Next::Ended) {
                Next::Ended => return Poll::Ready(None),
                Next::Rests(mut package) => {
                    let gateway = Arc::clone(&self.gateway);
                    self.next = Next::Works(tokio::task::spawn_blocking(move || {
                        let part = gateway.package_part(&mut package);
                        (package, part)
                    }));
                }
                Next::Works(mut work) => {
                    let Poll::Ready(done) = Pin::new(&mut work).poll(context) else {
                        self.next = Next::Works(work);
                        return Poll::Pending;
                    };
                    // Whoever reads sees that it broke off: the document does not end.
                    let (package, part) = done?;
                    let Some(part) = part? else { return Poll::Ready(None) };
                    self.next = Next::Rests(package);
                    return Poll::Ready(Some(Ok(http_body::Frame::data(part.into()))));
                }
            }
        }
    }
}
