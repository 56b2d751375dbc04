//! The one stylesheet, the one picture, and whether the process serves.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::visit::Web;

const STYLE: &str = include_str!("../assets/yinuo.css");
const PICTURE: &str = include_str!("../assets/yinuo.svg");

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/assets/yinuo.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/assets/yinuo.svg", get(async || file("image/svg+xml", PICTURE)))
        .route("/healthz", get(async || "ok\n"))
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests;
