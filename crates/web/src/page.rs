//! What all pages share: their frame, and how a template becomes a response.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::fault::{Fault, Problem};
use crate::request_id::RequestId;
use crate::visit::{Visit, Web};
use crate::words::Words;

/// The parts of a page that do not depend on what it is about.
pub(crate) struct Frame<'a> {
    pub(crate) w: &'static Words,
    /// What the sign-out form carries; none when nobody is signed in.
    pub(crate) csrf: Option<&'a str>,
    /// The same page in the other language.
    pub(crate) switch: String,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(visit: &Visit, csrf: Option<&'a str>) -> Self {
        Self { w: visit.words(), csrf, switch: visit.in_other_language() }
    }

    /// Where the stylesheet is: its address changes with its content, so that a browser keeps it for as long as it likes.
    pub(crate) fn style(&self) -> String {
        crate::assets::style_address()
    }
}

/// A page as a response.
pub(crate) fn page(web: &Web, visit: &Visit, status: StatusCode, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        tracing::error!("a page could not be rendered");
        return Fault::new(Problem::Internal).into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, visit.lang.tag()),
        (header::VARY, "Accept-Language, Cookie"),
    ];
    let mut response = (status, headers, html).into_response();
    if visit.chosen {
        set_cookie(&mut response, web.jar.keep_lang(visit.lang.code()));
    }
    response
}

/// Adds a cookie to a response.
pub(crate) fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What went wrong, to a person.
#[derive(Template)]
#[template(path = "fault.html")]
pub(crate) struct FaultPage<'a> {
    pub(crate) f: Frame<'a>,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) remedy: String,
    pub(crate) code: &'static str,
    /// Where to begin again what failed.
    pub(crate) again: Option<&'a str>,
    /// What to name to whoever looks into it.
    pub(crate) request: Option<RequestId>,
}
