//! What is known of a request before anything is decided: the language, the session's cookie, where it went.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use yinuo_service::{Gateway, Session};

use crate::answer::Observer;
use crate::cookies::{self, Jar};
use crate::fault::{Fault, Problem};
use crate::limits::BODY_WAIT;
use crate::notices::Notices;
use crate::words::{Lang, Words};

/// What every handler shares. A clone is the same.
#[derive(Clone)]
pub(crate) struct Web(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) jar: Jar,
    /// Notices as HTML, each made once.
    pub(crate) notices: Arc<Notices>,
    /// How long a body may take to arrive.
    pub(crate) body_wait: Duration,
    /// Who is told of each answer.
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Deref for Web {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Web {
    pub(crate) fn new(gateway: Arc<Gateway>, observer: Option<Arc<dyn Observer>>) -> Self {
        Self::waiting(gateway, observer, BODY_WAIT)
    }

    /// With another wait for bodies.
    pub(crate) fn waiting(
        gateway: Arc<Gateway>,
        observer: Option<Arc<dyn Observer>>,
        body_wait: Duration,
    ) -> Self {
        let jar = Jar::of_issuer(gateway.issuer());
        Self(Arc::new(Shared { gateway, jar, notices: Arc::default(), body_wait, observer }))
    }

    /// Who we are. Every address we print begins with it; the `Host` header is never believed.
    pub(crate) fn issuer(&self) -> &str {
        self.gateway.issuer()
    }

    /// Asks the gateway something that may wait for the disk, away from the threads that serve connections.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Gateway) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let gateway = Arc::clone(&self.gateway);
        // What is logged there belongs to this request, too.
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || span.in_scope(|| ask(&gateway)))
            .await
            .map_err(|_| Fault::new(Problem::Internal))
    }

    /// Whose browser this is, if anybody's.
    pub(crate) async fn session(&self, visit: &Visit) -> Result<Option<Session>, Fault> {
        let Some(cookie) = visit.session.clone() else { return Ok(None) };
        Ok(self.read(move |gateway| gateway.session(&cookie)).await??)
    }
}

/// A request, as far as every page needs it.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// In which language to answer.
    pub(crate) lang: Lang,
    /// Whether `?lang=` chose it just now, so that it is kept.
    pub(crate) chosen: bool,
    /// The text of the session cookie.
    session: Option<String>,
    /// The text of the cookie of a sign-in under way.
    signing_in: Option<String>,
    /// The text of the cookie of the trips that are under way.
    trips: Option<String>,
    /// Path and query, if going there again is harmless.
    here: Option<String>,
    /// `Sec-Fetch-Site` says that one of our own pages led here.
    pub(crate) from_our_page: bool,
}

impl Visit {
    pub(crate) fn of(jar: Jar, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let chosen = pairs(uri).into_iter().find(|(name, _)| name == "lang");
        let chosen = chosen.and_then(|(_, code)| Lang::parse(&code));
        let kept = || cookies::read(headers, cookies::LANG).and_then(Lang::parse);
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let accepted = || text(header::ACCEPT_LANGUAGE).map_or(Lang::Zh, Lang::accepted);
        let here = uri.path_and_query().map_or("/", |path| path.as_str());
        Self {
            lang: chosen.or_else(kept).unwrap_or_else(accepted),
            chosen: chosen.is_some(),
            session: cookies::read(headers, jar.session_name()).map(str::to_owned),
            signing_in: cookies::read(headers, jar.sign_in_name()).map(str::to_owned),
            trips: cookies::read(headers, jar.trips_name()).map(str::to_owned),
            here: (*method == Method::GET || *method == Method::HEAD).then(|| here.to_owned()),
            from_our_page: headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
        }
    }

    /// The words of the reader's language.
    pub(crate) fn words(&self) -> &'static Words {
        self.lang.words()
    }

    /// The text of the session cookie, for whoever begins or ends sessions.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The text of the cookie of a sign-in under way, for whoever begins or finishes one.
    pub(crate) fn signing_in(&self) -> Option<&str> {
        self.signing_in.as_deref()
    }

    /// The trips to the identity provider that are under way.
    pub(crate) fn trips(&self) -> Vec<&str> {
        cookies::trips(self.trips.as_deref().unwrap_or_default())
    }

    /// The same page in the other language; the first page, if this one cannot be asked for again.
    pub(crate) fn in_other_language(&self) -> String {
        let (path, query) = match self.here.as_deref() {
            None => ("/", ""),
            Some(here) => here.split_once('?').unwrap_or((here, "")),
        };
        // Two slashes begin the name of a host (RFC 3986 §4.2), and browsers take a backslash for a slash.
        let path = if path.starts_with("//") || path.contains('\\') { "/" } else { path };
        let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "lang");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("lang", self.lang.other().code())
            .finish();
        format!("{path}?{query}")
    }

    /// To the sign-in page, and back here afterwards if this can be asked for again.
    pub(crate) fn to_sign_in(&self) -> Response {
        self.to_sign_in_for(self.here.as_deref().unwrap_or_default())
    }

    /// To the sign-in page, and to `then` afterwards if that is a page of ours.
    pub(crate) fn to_sign_in_for(&self, then: &str) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if is_our_page(then) {
            query.append_pair("then", then);
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        Redirect::to(&format!("/sign-in{mark}{query}")).into_response()
    }
}

/// The pairs of a query, decoded.
pub(crate) fn pairs(uri: &Uri) -> Vec<(String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Whether a browser may be sent here after signing in: one of two pages of ours, and nothing that a browser might
/// take for another host (`//evil.example`, `/\evil.example`) or for a header.
pub(crate) fn is_our_page(path: &str) -> bool {
    let ours = path.starts_with("/oauth/authorize?")
        || path == "/centre"
        || path.starts_with("/centre/")
        || path.starts_with("/centre?");
    ours && path.len() <= 2_048 && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

impl FromRequestParts<Web> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self::of(web.jar, &parts.method, &parts.uri, &parts.headers))
    }
}

/// A signed-in person's request to read something. Whoever is not signed in is sent to do so first.
pub(crate) struct Signed {
    pub(crate) visit: Visit,
    pub(crate) session: Session,
}

impl FromRequestParts<Web> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let visit = Visit::of(web.jar, &parts.method, &parts.uri, &parts.headers);
        match web.session(&visit).await {
            Ok(Some(session)) => Ok(Self { visit, session }),
            Ok(None) => Err(visit.to_sign_in()),
            Err(fault) => Err(fault.into_response()),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn visit(method: Method, uri: &'static str, headers: &[(&'static str, &'static str)]) -> Visit {
        let pairs = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        Visit::of(Jar::of_issuer("http://127.0.0.1:8080"), &method, &Uri::from_static(uri), &pairs.collect())
    }

    #[test]
    fn the_language_is_chosen_then_kept_then_accepted_then_chinese() {
        let accept = ("accept-language", "en-GB,en;q=0.9");
        let cookie = ("cookie", "yinuo_lang=zh");
        #[rustfmt::skip]
        let cases: [(&str, &[_], Lang); 6] = [
            ("/",           &[],                              Lang::Zh),
            ("/",           &[accept],                        Lang::En),
            ("/",           &[accept, cookie],                Lang::Zh),
            ("/?lang=en",   &[cookie],                        Lang::En),
            ("/?lang=xx",   &[accept],                        Lang::En),
            ("/",           &[("cookie", "yinuo_lang=xx")],   Lang::Zh),
        ];
        for (uri, headers, expected) in cases {
            assert_eq!(visit(Method::GET, uri, headers).lang, expected, "{uri} {headers:?}");
        }
    }

    #[test]
    fn the_switch_keeps_the_page_and_its_query() {
        #[rustfmt::skip]
        let cases = [
            ("/centre",                              "/centre?lang=en"),
            ("/centre?lang=zh",                      "/centre?lang=en"),
            ("/oauth/authorize?client_id=a&x=b%26c", "/oauth/authorize?client_id=a&x=b%26c&lang=en"),
            ("//evil.example/x",                     "/?lang=en"),
        ];
        for (uri, expected) in cases {
            assert_eq!(visit(Method::GET, uri, &[]).in_other_language(), expected);
        }
        assert_eq!(visit(Method::POST, "/consent", &[]).in_other_language(), "/?lang=en");
    }

    #[test]
    fn a_browser_is_sent_back_to_two_pages_of_ours_and_nowhere_else() {
        let good = ["/centre", "/centre/history?older=7", "/centre?lang=en", "/oauth/authorize?client_id=a"];
        let bad = [
            "",
            "/",
            "/centrefold",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/centre",
            "/centre/\\evil.example",
            "/oauth/authorize",
            "/oauth/token?x",
            "/centre\r\nx: y",
            "/centre/一",
            "centre",
            "/sign-in",
        ];
        good.iter().for_each(|path| assert!(is_our_page(path), "{path}"));
        bad.iter().for_each(|path| assert!(!is_our_page(path), "{path}"));
        assert!(!is_our_page(&format!("/centre?{}", "a".repeat(2_048))));
    }

    #[test]
    fn who_must_sign_in_comes_back_only_where_that_is_harmless() {
        let location = |method, uri| visit(method, uri, &[]).to_sign_in().headers()[header::LOCATION].clone();
        assert_eq!(location(Method::GET, "/centre/history"), "/sign-in?then=%2Fcentre%2Fhistory");
        assert_eq!(location(Method::POST, "/centre/withdraw"), "/sign-in");
    }
}
