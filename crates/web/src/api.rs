//! `/openapi.json` and `/api`: what a program can ask, for programs and for whoever writes them.
//!
//! Both are made from the same data: [`operations`], [`fields`], the catalogue of problems, and the words. Nothing about
//! the interface is written down twice.

mod document;
mod examples;
mod fields;
mod operations;
mod page;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::fault::{Fault, Problem};
use crate::visit::{Visit, Web};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/openapi.json", get(openapi)).route("/api", get(page::show))
}

/// `GET /openapi.json`, in the reader's language.
async fn openapi(State(web): State<Web>, visit: Visit) -> Result<Response, Fault> {
    let document = document::document(web.issuer(), visit.words());
    let body = document.to_json().map_err(|_| Fault::new(Problem::Internal))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_LANGUAGE, visit.lang.tag()),
        (header::VARY, "Accept-Language, Cookie"),
    ];
    Ok((headers, body).into_response())
}

#[cfg(test)]
mod tests;
