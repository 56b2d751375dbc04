//! The one stylesheet, the one picture and the one script, which passkeys of staff need.

use axum::Router;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::visit::Web;

const STYLE: &str = include_str!("../assets/yinuo.css");
const SHORT: &str = "public, max-age=300";
const LONG: &str = "public, max-age=31536000, immutable";
const PICTURE: &str = include_str!("../assets/yinuo.svg");
const SCRIPT: &str = include_str!("../assets/console-passkey.js");

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/assets/yinuo.css", get(style))
        .route("/assets/console-passkey.js", get(script))
        .route("/assets/yinuo.svg", get(async || file("image/svg+xml", SHORT, PICTURE)))
}

/// Under the address that pages name, it is this content and no other, for good.
async fn style(uri: Uri) -> Response {
    let is_this = uri.query().is_some_and(|query| style_address().ends_with(&format!("?{query}")));
    file("text/css; charset=utf-8", if is_this { LONG } else { SHORT }, STYLE)
}

/// Likewise.
async fn script(uri: Uri) -> Response {
    let is_this = uri.query().is_some_and(|query| script_address().ends_with(&format!("?{query}")));
    file("text/javascript; charset=utf-8", if is_this { LONG } else { SHORT }, SCRIPT)
}

fn file(content_type: &'static str, cache: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, cache)], text).into_response()
}

/// The address of this very stylesheet.
pub(crate) fn style_address() -> String {
    format!("/assets/yinuo.css?v={:016x}", const { mark(STYLE) })
}

/// The address of this very script.
pub(crate) fn script_address() -> String {
    format!("/assets/console-passkey.js?v={:016x}", const { mark(SCRIPT) })
}

/// Tells one version of a file from the next, and protects nothing: FNV-1a, 64 bits.
const fn mark(text: &str) -> u64 {
    let (mut mark, mut rest) = (0xcbf2_9ce4_8422_2325_u64, text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        mark = (mark ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        rest = after;
    }
    mark
}

#[cfg(test)]
mod tests;
