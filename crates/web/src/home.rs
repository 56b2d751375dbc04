//! `/`: what this is.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use crate::fault::Fault;
use crate::page::{Frame, page};
use crate::visit::{Visit, Web};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/", get(show))
}

async fn show(State(web): State<Web>, visit: Visit) -> Result<Response, Fault> {
    let session = web.session(&visit).await?;
    let csrf = session.as_ref().map(|session| session.csrf.as_str());
    Ok(page(&web, &visit, StatusCode::OK, &HomePage { f: Frame::new(&visit, csrf) }))
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    f: Frame<'a>,
}
