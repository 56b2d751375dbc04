//! What every response carries: the headers that protect a reader, and the words for what went wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use crate::fault::{Fault, Problem};
use crate::limits::{ADDRESS_LEN_MAX, BODY_LEN_MAX, HEADERS_LEN_MAX, Limit};
use crate::page::{FaultPage, Frame, page};
use crate::request_id::{REQUEST_ID, RequestId};
use crate::visit::{Visit, Web};

/// What a page may load and where it may lead: its own style and picture, its own forms, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// The policy of a page that a passkey answers: it may load our script.
pub(crate) fn policy_with_script() -> String {
    format!("{POLICY}; script-src 'self'")
}

/// The policy of the consent page: browsers apply `form-action` to the redirect that answers a form as well, so the
/// app's own origin is added there, and only there.
pub(crate) fn policy_with_form_target(origin: &str) -> String {
    // Only what is an origin and nothing more: a semicolon would begin another directive.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.:/[]".contains(&byte);
    if origin.is_empty() || !origin.contains("://") || !origin.bytes().all(allowed) {
        return POLICY.to_owned();
    }
    POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"))
}

/// One answer, for whoever counts: words of ours and numbers, and nothing of the request.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The method, if it is one of ours.
    pub method: &'static str,
    /// The route's pattern, never the address: an address may name what was looked at.
    pub route: &'a str,
    /// The status.
    pub status: u16,
    /// From the head of the request to the head of the answer, in nanoseconds.
    pub ns: u64,
}

/// Counts answers.
pub trait Observer: Send + Sync {
    /// Another one.
    fn answered(&self, answered: Answered<'_>);
}

/// The one layer around every route: names the request, keeps what it brings within limits, says faults in the reader's
/// language, adds the headers, and notes route, status and time. What is logged in between stands in the span of this
/// request. Each layer more would cost every request a few copies of all below it.
pub(crate) async fn dress(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let begun = web.gateway.monotonic();
    let visit = Visit::of(web.jar, request.method(), request.uri(), request.headers());
    let asked = Asked::of(&request);
    // Without randomness nothing else works either; the answer then goes without a name.
    let id = web.gateway.request_id().ok().map(RequestId::new);
    let span = match id {
        Some(id) => {
            tracing::info_span!("request", %id, method = known(&asked.method), route = asked.pattern())
        }
        None => tracing::info_span!("request", method = known(&asked.method), route = asked.pattern()),
    };

    let mut response = match within_limits(&request) {
        Ok(()) => {
            DefaultBodyLimit::max(BODY_LEN_MAX).apply(&mut request);
            guarded(next.run(request)).instrument(span.clone()).await
        }
        Err(fault) => fault.into_response(),
    };
    let fault = response.extensions_mut().remove::<Fault>().or_else(|| unspoken(&response));
    if let Some(fault) = fault {
        response = match fault.problem {
            // RFC 9110 §9.3.7: the router adds what can be asked of this address (`Allow`), here as for a 405.
            Problem::MethodNotAllowed if asked.method == Method::OPTIONS => {
                StatusCode::NO_CONTENT.into_response()
            }
            _ => say(&web, &visit, asked.reader, &fault, id),
        };
        if fault.problem == Problem::InvalidToken {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(asked.challenge));
        }
    }
    protect(&web, response.headers_mut());
    if let Some(id) = id.and_then(RequestId::header) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let ns = web.gateway.monotonic().0.saturating_sub(begun.0);
    let (method, status) = (known(&asked.method), response.status().as_u16());
    span.in_scope(|| tracing::info!(status, us = ns / 1_000, "answered"));
    if let Some(observer) = &web.observer {
        observer.answered(Answered { method, route: asked.pattern(), status, ns });
    }
    response
}

/// A defect becomes an answer. The payload of a panic is not repeated: nobody checked what is in it.
async fn guarded(run: impl Future<Output = Response>) -> Response {
    let mut run = pin!(run);
    std::future::poll_fn(|context| {
        // What it left half done is dropped with the request.
        catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Fault::new(Problem::Internal).into_response()))
    })
    .await
}

/// A method by name. Anybody can invent one, so those we do not know are one.
fn known(method: &Method) -> &'static str {
    [("GET", Method::GET), ("HEAD", Method::HEAD), ("POST", Method::POST), ("OPTIONS", Method::OPTIONS)]
        .into_iter()
        .find_map(|(name, known)| (known == *method).then_some(name))
        .unwrap_or("other")
}

/// What the outermost layer needs to know about a request that is gone by then.
struct Asked {
    method: Method,
    reader: Reader,
    challenge: &'static str,
    /// The pattern, never the address itself: an address may name what a person looked at.
    route: Option<MatchedPath>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            reader: Reader::of(request),
            challenge: challenge(request.headers()),
            route: request.extensions().get::<MatchedPath>().cloned(),
        }
    }

    fn pattern(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }
}

/// Whether address and headers are of a size that anybody needs. Bodies are counted where they are read.
fn within_limits(request: &Request) -> Result<(), Fault> {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    let headers = request.headers().iter();
    let headers = headers.fold(0usize, |sum, (name, value)| {
        sum.saturating_add(name.as_str().len()).saturating_add(value.len())
    });
    for (given, most, problem) in [
        (address, ADDRESS_LEN_MAX, Problem::AddressTooLong),
        (headers, HEADERS_LEN_MAX, Problem::HeadersTooLarge),
    ] {
        if most < given {
            return Err(Fault::new(problem).beyond(Limit::of(most, "bytes").given(u64::try_from(given).ok())));
        }
    }
    Ok(())
}

/// A refusal that a library wrote, in its own words and only English: said again in ours.
fn unspoken(response: &Response) -> Option<Fault> {
    let plain = response.headers().get(header::CONTENT_TYPE);
    let plain = plain.is_some_and(|found| found.as_bytes().starts_with(b"text/plain"));
    match response.status() {
        StatusCode::BAD_REQUEST if plain => Some(Fault::malformed("address", "could not be read")),
        StatusCode::INTERNAL_SERVER_ERROR if plain => Some(Fault::new(Problem::Internal)),
        _ => None,
    }
}

/// How to come back with a token. RFC 6750 §3.1: whoever brought none, or something else, is not told of an error.
fn challenge(headers: &HeaderMap) -> &'static str {
    let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    // RFC 9110 §11.1: the case of a scheme does not matter.
    match given.split_first_chunk::<7>() {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case(b"bearer ") => "Bearer error=\"invalid_token\"",
        _ => "Bearer",
    }
}

/// Who reads the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reader {
    Person,
    Program,
}

impl Reader {
    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let interface =
            ["/v1/", "/log/", "/.well-known/", "/operator/"].iter().any(|start| path.starts_with(start))
                || (path.starts_with("/oauth/") && path != "/oauth/authorize");
        let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        // Browsers name `text/html`; a program that asks for nothing in particular gets what it can parse.
        let html = accept.is_some_and(|accept| accept.contains("text/html"));
        if interface || !html { Self::Program } else { Self::Person }
    }
}

fn say(web: &Web, visit: &Visit, reader: Reader, fault: &Fault, id: Option<RequestId>) -> Response {
    let status = fault.problem.status();
    let mut response = match reader {
        Reader::Person => {
            let told = fault.told(visit.words());
            let frame = Frame::new(visit, None);
            page(
                web,
                visit,
                status,
                &FaultPage {
                    f: frame,
                    title: told.title,
                    detail: told.detail,
                    remedy: told.remedy,
                    code: told.code,
                    again: fault.again.as_deref(),
                    request: id,
                },
            )
        }
        Reader::Program => problem(web, visit, status, fault, id),
    };
    let headers = response.headers_mut();
    if let Some(retry_after_s) = fault.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    }
    response
}

fn problem(web: &Web, visit: &Visit, status: StatusCode, fault: &Fault, id: Option<RequestId>) -> Response {
    let document = fault.document(web.issuer(), visit.words()).in_request(id);
    // A document of texts always serialises; its status would still be right if it did not.
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::CONTENT_LANGUAGE, visit.lang.tag()),
        (header::VARY, "Accept-Language"),
    ];
    (status, headers, body).into_response()
}

/// Headers for every response; what a handler set stands.
fn protect(web: &Web, headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: under it a browser sends `Origin: null` with our own forms too (Fetch §3.2), and the check of
    // where a form came from could not tell them from forged ones. No other site learns anything either way.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if web.issuer().starts_with("https://") {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_make_more_words_by_inventing_methods() {
        for (method, expected) in [("GET", "GET"), ("POST", "POST"), ("PROPFIND", "other"), ("get", "other")]
        {
            assert_eq!(known(&Method::from_bytes(method.as_bytes()).unwrap()), expected);
        }
    }

    #[test]
    fn only_who_brought_a_token_is_told_that_it_is_not_valid() {
        let told = |given: Option<&'static str>| {
            let given = given.map(|given| (header::AUTHORIZATION, HeaderValue::from_static(given)));
            challenge(&given.into_iter().collect())
        };
        for given in [None, Some(""), Some("Bearer"), Some("Basic eA=="), Some("Bearers x")] {
            assert_eq!(told(given), "Bearer", "{given:?}");
        }
        for given in ["Bearer x", "bearer x", "BEARER  x", "Bearer "] {
            assert_eq!(told(Some(given)), "Bearer error=\"invalid_token\"", "{given}");
        }
    }

    #[test]
    fn only_an_origin_can_widen_the_policy() {
        for origin in
            ["https://courier.example", "http://127.0.0.1:9090", "http://[::1]:9090", "wxapp+x://cb"]
        {
            let policy = policy_with_form_target(origin);
            assert!(policy.contains(&format!("form-action 'self' {origin};")), "{policy}");
        }
        for not_one in
            ["", "*", "'unsafe-inline'", "https://a.example; script-src *", "https://a.example b", "https:"]
        {
            assert_eq!(policy_with_form_target(not_one), POLICY, "{not_one}");
        }
    }
}
