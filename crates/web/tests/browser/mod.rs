//! A browser and a partner's program, as far as HTTP sees them, on top of a whole Yinuo in memory.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use tower::ServiceExt as _;
use yinuo_domain::{Clock as _, Suite};

use crate::bed::{Bed, ISSUER, VERIFIER, app, details, redirect};

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    /// Everything but the name of the request, which no two answers share.
    pub fn nameless(&self) -> (StatusCode, HeaderMap, String) {
        let (mut headers, name) = (self.headers.clone(), self.header("request-id"));
        headers.remove("request-id");
        (self.status, headers, self.body.replace(name, ""))
    }

    /// The value of the first field of this name in the page.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) =
            self.body.split_once(&start).unwrap_or_else(|| panic!("no field {name}: {}", self.body));
        rest.split_once('"').unwrap().0.to_owned()
    }
}

/// The site, and everything below it.
pub struct Site {
    pub bed: Bed,
    router: Router,
    assertions: AtomicU64,
}

impl Site {
    pub fn new() -> Self {
        Self::with(yinuo_web::Options::default())
    }

    /// With everything that is served anywhere.
    pub fn whole() -> Self {
        Self::with(yinuo_web::Options { style: true, ..Default::default() })
    }

    fn with(options: yinuo_web::Options) -> Self {
        Self::of(Bed::memory(Suite::Guomi), options)
    }

    /// On top of this one.
    pub fn over(bed: Bed) -> Self {
        Self::of(bed, yinuo_web::Options::default())
    }

    fn of(bed: Bed, options: yinuo_web::Options) -> Self {
        let router = yinuo_web::router_with(Arc::clone(&bed.gateway), options);
        Self { bed, router, assertions: AtomicU64::new(0) }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request with these headers.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A program's form, with the client's proof added.
    pub async fn client(&self, client: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let assertion = self.assertion(client);
        let mut all = pairs.to_vec();
        all.push(("client_assertion_type", yinuo_oauth::CLIENT_ASSERTION_TYPE));
        all.push(("client_assertion", &assertion));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(Method::POST, path, &headers, &form(&all)).await
    }

    /// What proves that a program is this client; each is used once.
    pub fn assertion(&self, client: &str) -> String {
        let jti = format!("assertion-{}", self.assertions.fetch_add(1, SeqCst));
        self.bed.key(client).assertion(&app(client), ISSUER, &jti, self.bed.clock.now()).unwrap()
    }

    /// Pushes a request for what both purposes have; gives the request URI.
    pub async fn push(&self, client: &str, purposes: &[(&str, &[&str])]) -> String {
        let answer = self.try_push(client, purposes).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.json()["request_uri"].as_str().unwrap().to_owned()
    }

    /// The same, and whatever is answered.
    pub async fn try_push(&self, client: &str, purposes: &[(&str, &[&str])]) -> Answer {
        let details = details(purposes);
        let challenge = yinuo_oauth::client::pkce_challenge(VERIFIER);
        let pairs = [
            ("response_type", "code"),
            ("redirect_uri", &redirect(client)),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("authorization_details", &details),
            ("state", "a-state"),
        ];
        self.client(client, "/oauth/par", &pairs).await
    }

    /// Redeems the code in this redirect.
    pub async fn redeem(&self, client: &str, back: &str) -> Answer {
        let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect(client)),
            ("code_verifier", VERIFIER),
        ];
        self.client(client, "/oauth/token", &pairs).await
    }

    /// `POST /v1/disclosures`.
    pub async fn disclose(&self, token: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        self.ask(Method::POST, "/v1/disclosures", &headers, body).await
    }

    pub async fn browser(&self, person: &str) -> Browser<'_> {
        let mut browser = Browser { site: self, cookie: String::new() };
        let answer = browser.post("/sign-in", &[("choice", person)]).await;
        assert_eq!(answer.location(), "/centre");
        browser.keep(&answer);
        browser
    }
}

/// One person's browser: keeps the session's cookie and says where its forms come from.
pub struct Browser<'a> {
    site: &'a Site,
    pub cookie: String,
}

impl Browser<'_> {
    pub fn keep(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        assert!(cookie.starts_with("yinuo_session="), "{cookie}");
        self.cookie = cookie.to_owned();
    }

    pub async fn get(&self, path: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("accept", "text/html"), ("accept-language", "en")];
        self.site.ask(Method::GET, path, &headers, "").await
    }

    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("accept", "text/html"),
            ("accept-language", "en"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", ISSUER),
            ("sec-fetch-site", "same-origin"),
        ];
        self.site.ask(Method::POST, path, &headers, &form(pairs)).await
    }

    /// Opens the consent page of a request.
    pub async fn consent(&self, client: &str, request_uri: &str) -> Answer {
        self.get(&consent_path(client, request_uri)).await
    }

    /// Ticks these on the page and presses a button.
    pub async fn decide(&self, page: &Answer, decision: &str, ticks: &[&str]) -> Answer {
        let (csrf, client) = (page.field("csrf"), page.field("client"));
        let (request_uri, shown) = (page.field("request_uri"), page.field("shown"));
        let recipient = page.field("recipient");
        let mut pairs = vec![
            ("csrf", csrf.as_str()),
            ("client", &client),
            ("request_uri", &request_uri),
            ("shown", &shown),
            ("recipient", &recipient),
            ("days", "30"),
            ("decision", decision),
        ];
        pairs.extend(ticks.iter().map(|tick| ("choice", *tick)));
        self.post("/consent", &pairs).await
    }
}

pub fn consent_path(client: &str, request_uri: &str) -> String {
    format!("/oauth/authorize?{}", form(&[("client_id", client), ("request_uri", request_uri)]))
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
