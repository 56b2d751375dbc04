//! `/centre/delete`: an account ends, after the person has read what that means.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use crate::fault::Failed;
use crate::forms::PostedBy;
use crate::page::{Frame, page, set_cookie};
use crate::visit::{Signed, Web};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/centre/delete", get(explain).post(delete))
}

/// `GET /centre/delete`: what will happen.
async fn explain(State(web): State<Web>, Signed { visit, session }: Signed) -> Response {
    let csrf = session.csrf.as_str();
    page(&web, &visit, StatusCode::OK, &DeletePage { f: Frame::new(&visit, Some(csrf)), csrf })
}

/// `POST /centre/delete`: it happens. The page says so only after it is recorded.
async fn delete(
    State(web): State<Web>,
    PostedBy { visit, session, .. }: PostedBy,
) -> Result<Response, Failed> {
    web.gateway.delete_account(&session).await?;
    let mut response = page(&web, &visit, StatusCode::OK, &DeletedPage { f: Frame::new(&visit, None) });
    set_cookie(&mut response, web.jar.end_session());
    Ok(response)
}

#[derive(Template)]
#[template(path = "delete.html")]
struct DeletePage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "deleted.html")]
struct DeletedPage<'a> {
    f: Frame<'a>,
}
