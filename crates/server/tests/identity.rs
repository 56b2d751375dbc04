//! People sign in through a provider that nobody here has touched: `oidc-provider`, in a process of its own.
//!
//! `tests/identity/provider.mjs` starts it. Whoever types a name there is that person. What a provider that lies can do
//! is in `crates/server/src/oidc/tests.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
#[path = "browser/chrome.rs"]
mod chrome;
#[path = "../src/oidc/mod.rs"]
#[allow(dead_code)]
mod oidc;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bed::{Bed, RealClock, app};
use oidc::{Oidc, SignInSettings};
use reqwest::{Method, StatusCode, header};
use tempfile::TempDir;
use yinuo_service::SignIn;

/// The provider's process.
struct Provider {
    child: Child,
    stdin: ChildStdin,
    out: BufReader<ChildStdout>,
}

impl Provider {
    fn start(issuer: &str, secret: &str, own: &str) -> Self {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/identity");
        let installed = place.join("node_modules/oidc-provider/package.json").is_file();
        assert!(installed, "the identity provider is missing: run ./test, or `npm ci` in tests/identity");
        let mut child = Command::new("node")
            .arg(place.join("provider.mjs"))
            .args([issuer, secret])
            .args([format!("{own}/sign-in/back"), format!("{own}/")])
            .arg(format!("{own}/sign-in/backchannel-logout"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tests need Node.js 20 or later");
        let stdin = child.stdin.take().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut provider = Self { child, stdin, out };
        provider.says("ready");
        provider
    }

    fn rotate(&mut self) {
        writeln!(self.stdin, "rotate").unwrap();
        self.says("rotated");
    }

    fn says(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim() != word {
            line.clear();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "it left before it said {word}");
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A platform that people reach over HTTP, and its provider.
struct World {
    own: String,
    bed: Arc<Bed>,
    provider: Option<Provider>,
    _place: TempDir,
}

/// A free address on this machine.
fn free() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

impl World {
    /// Must be made within a runtime, and off its threads.
    async fn new(provider_runs: bool) -> Self {
        let (issuer, own) = (free(), free());
        let place = TempDir::new().unwrap();
        let secret_file = place.path().join("secret");
        std::fs::write(&secret_file, "an-invented-secret\n").unwrap();
        let settings = SignInSettings {
            provider: issuer.clone(),
            client_id: "yinuo".to_owned(),
            client_secret_file: Some(secret_file),
            person_claim: "sub".to_owned(),
            scopes: vec!["openid".to_owned()],
            clock_skew_s: 60,
            reauthenticate_for_consent: false,
            ca_file: None,
        };
        let oidc = Oidc::new(&settings, &own, Arc::new(RealClock::new())).unwrap();
        let at = own.clone();
        let made = tokio::task::spawn_blocking(move || {
            let provider = provider_runs.then(|| Provider::start(&issuer, "an-invented-secret", &at));
            (Bed::served_at(&at, SignIn::Provider(Arc::new(oidc))), provider)
        });
        let (bed, provider) = made.await.unwrap();
        let bed = Arc::new(bed);
        let listener = tokio::net::TcpListener::bind(own.strip_prefix("http://").unwrap()).await.unwrap();
        let router = yinuo_web::router(Arc::clone(&bed.gateway));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { own, bed, provider, _place: place }
    }

    fn consent(&self, request_uri: &str) -> String {
        let query = [("client_id", "courier"), ("request_uri", request_uri)];
        reqwest::Url::parse_with_params(&format!("{}/oauth/authorize", self.own), query).unwrap().to_string()
    }
}

/// A browser without a screen: keeps cookies, follows redirects, fills in forms.
struct Visitor {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

struct Page {
    url: reqwest::Url,
    status: StatusCode,
    headers: header::HeaderMap,
    body: String,
}

impl Visitor {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn step(&mut self, method: Method, url: &str, form: Option<&[(String, String)]>) -> Page {
        let url = reqwest::Url::parse(url).unwrap();
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .http
            .request(method, url.clone())
            .header("accept", "text/html")
            .header("accept-language", "en")
            .header("cookie", cookies.join("; "));
        if let Some(form) = form {
            request = request.header("origin", url.origin().ascii_serialization()).form(form);
        }
        let response = request.send().await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
            if value.is_empty() {
                self.cookies.remove(name);
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Page { url, status, headers, body: response.text().await.unwrap() }
    }

    /// Goes there, and wherever that leads.
    async fn go(&mut self, url: &str) -> Page {
        let mut page = self.step(Method::GET, url, None).await;
        for _ in 0..20 {
            let Some(to) = page.headers.get(header::LOCATION) else { return page };
            let to = page.url.join(to.to_str().unwrap()).unwrap();
            page = self.step(Method::GET, to.as_str(), None).await;
        }
        panic!("led in circles: {}", page.url);
    }

    /// Sends the first form of a page with these fields filled in.
    async fn send(&mut self, page: &Page, filled: &[(&str, &str)]) -> Page {
        let form = page.body.split_once("<form").expect("a form").1.split_once("</form>").unwrap().0;
        let mut fields: Vec<(String, String)> = form
            .split("<input")
            .skip(1)
            .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
            .map(|input| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default()))
            .collect();
        fields.extend(filled.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let to = page.url.join(&attribute(form, "action").unwrap()).unwrap();
        let sent = self.step(Method::POST, to.as_str(), Some(&fields)).await;
        match sent.headers.get(header::LOCATION) {
            None => sent,
            Some(to) => {
                let to = sent.url.join(to.to_str().unwrap()).unwrap();
                self.go(to.as_str()).await
            }
        }
    }

    /// Goes there, by way of the provider.
    async fn go_as(&mut self, url: &str, person: &str) -> Page {
        let page = self.go(url).await;
        assert!(page.body.contains("name=\"login\""), "the provider's page: {} {}", page.url, page.body);
        self.send(&page, &[("login", person), ("password", "invented")]).await
    }
}

/// An attribute of the first tag in a text.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split('>').next()?.split_once(&format!("{name}=\""))?.1.split_once('"')?.0;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_signs_in_for_a_consent_comes_back_to_it_and_the_providers_word_is_kept() {
    let world = World::new(true).await;
    let mut ann = Visitor::new();
    let url = world.consent(&world.bed.push("courier").await);
    let page = ann.go_as(&url, "ann").await;
    assert_eq!((page.status, page.url.as_str()), (StatusCode::OK, url.as_str()));
    assert!(page.body.contains("action=\"/consent\""));

    // The whole of the provider's word is in the evidence.
    let cookie = ann.cookies["yinuo_session"].clone();
    let session = world.bed.gateway.session(&cookie).unwrap().unwrap();
    let request_uri = url.rsplit_once("request_uri=").unwrap().1.replace("%3A", ":");
    let view = world.bed.gateway.consent_view(&session, &app("courier"), &request_uri).unwrap();
    let agreement = yinuo_service::Agreement {
        client: app("courier"),
        request_uri,
        choices: vec![("delivery".to_owned(), "name".to_owned())],
        shown: view.shown,
        recipient: view.recipient,
        days: 30,
        guardian_agreed: false,
    };
    world.bed.gateway.agree(&session, agreement).await.unwrap();
    let index = world.bed.gateway.history(&session, None).unwrap().lines[0].index;
    assert!(world.bed.gateway.evidence_holds(&session, index).unwrap());
    let reader = world.bed.ledger.reader();
    let who = world.bed.vault.person_index(&yinuo_domain::PersonId::parse("ann").unwrap());
    let subject = reader.person(who).unwrap().unwrap().subject;
    let salt = reader.history(subject, Some(index + 1), 1).unwrap()[0].1.salt;
    assert!(reader.evidence(subject, salt).unwrap().is_some(), "the nonce was the hash of what was shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let world = World::new(true).await;
    let (mut ann, mut thief) = (Visitor::new(), Visitor::new());
    // Every step by hand, to see the address that comes back.
    let sent = ann.step(Method::GET, &format!("{}/sign-in?then=/centre", world.own), None).await;
    let page = ann.go(sent.headers[header::LOCATION].to_str().unwrap()).await;
    let form = page.body.split_once("<form").unwrap().1;
    let to = page.url.join(&attribute(form, "action").unwrap()).unwrap();
    let fields = [("prompt", "login"), ("login", "ann"), ("password", "x")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut page = ann.step(Method::POST, to.as_str(), Some(&fields)).await;
    let back = loop {
        let to = page.url.join(page.headers[header::LOCATION].to_str().unwrap()).unwrap();
        if to.as_str().starts_with(&world.own) {
            break to.to_string();
        }
        page = ann.step(Method::GET, to.as_str(), None).await;
    };
    let stolen = thief.go(&back).await;
    assert_eq!(stolen.status, StatusCode::GONE);
    assert!(!thief.cookies.contains_key("yinuo_session"));
    let centre = ann.go(&back).await;
    assert_eq!((centre.status, centre.url.path()), (StatusCode::OK, "/centre"));
    let again = ann.go(&back).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.body.contains("This sign-in is over"), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_may_be_rotated_while_people_sign_in() {
    let mut world = World::new(true).await;
    let url = format!("{}/sign-in?then=/centre", world.own);
    assert_eq!(Visitor::new().go_as(&url, "ann").await.url.path(), "/centre");
    world.provider.as_mut().unwrap().rotate();
    // Within ten seconds of the last look nobody looks for keys again.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let page = Visitor::new().go_as(&url, "bob").await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/centre"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_down_is_told_clearly_and_nothing_is_lost() {
    let mut world = World::new(false).await;
    let url = world.consent(&world.bed.push("courier").await);
    let page = Visitor::new().go(&url).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.headers["retry-after"], "10");
    assert!(page.body.contains("The platform’s sign-in service does not answer"), "{}", page.body);
    let again = page.body.split_once("class=\"button strong\" href=\"").expect("a way to try again").1;
    assert!(again.starts_with("/sign-in?then=%2Foauth%2Fauthorize%3F"), "{again}");

    // It goes away while somebody is there: the code cannot be redeemed.
    world = World::new(true).await;
    let mut ann = Visitor::new();
    let sent = ann.step(Method::GET, &format!("{}/sign-in?then=/centre", world.own), None).await;
    let to = reqwest::Url::parse(sent.headers[header::LOCATION].to_str().unwrap()).unwrap();
    let state = to.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let iss = to.origin().ascii_serialization();
    world.provider = None;
    let query = [("code", "a-code"), ("state", state.as_str()), ("iss", iss.as_str())];
    let back = reqwest::Url::parse_with_params(&format!("{}/sign-in/back", world.own), query).unwrap();
    let page = ann.go(back.as_str()).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
    assert!(page.body.contains("href=\"/sign-in?then=%2Fcentre\""), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_enrolled_is_told_so() {
    let world = World::new(true).await;
    let page = Visitor::new().go_as(&format!("{}/sign-in", world.own), "nobody").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("There is no account here for you"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_it_here_and_then_there_and_the_provider_ends_the_others() {
    let world = World::new(true).await;
    let (mut ann, mut at_home) = (Visitor::new(), Visitor::new());
    for browser in [&mut ann, &mut at_home] {
        let centre = browser.go_as(&format!("{}/sign-in", world.own), "ann").await;
        assert_eq!(centre.url.path(), "/centre");
    }
    let centre = ann.go(&format!("{}/centre", world.own)).await;
    let out = centre.body.split_once("action=\"/sign-out\"").expect("the way out").1;
    let csrf = attribute(out.split_once("<input").unwrap().1, "value").unwrap();
    let fields = [("csrf".to_owned(), csrf)];
    let left = ann.step(Method::POST, &format!("{}/sign-out", world.own), Some(&fields)).await;
    assert_eq!(left.status, StatusCode::OK);
    assert!(left.body.contains("You are signed out"), "{}", left.body);
    let policy = left.headers["content-security-policy"].to_str().unwrap();
    let provider = attribute(left.body.split_once("<form").unwrap().1, "action").unwrap();
    let origin = reqwest::Url::parse(&provider).unwrap().origin().ascii_serialization();
    assert!(policy.contains(&format!("form-action 'self' {origin};")), "{policy}");
    assert!(!ann.cookies.contains_key("yinuo_session"));

    // The provider asks once more, ends its session, tells us by the back channel, and leads home.
    let asked = ann.send(&left, &[]).await;
    assert!(asked.body.contains("logout"), "{}", asked.body);
    let home = ann.send(&asked, &[("logout", "yes")]).await;
    assert_eq!((home.status, home.url.as_str()), (StatusCode::OK, format!("{}/", world.own).as_str()));
    let centre = at_home.step(Method::GET, &format!("{}/centre", world.own), None).await;
    assert_eq!(centre.status, StatusCode::SEE_OTHER, "the session in the other browser ended too");
}

/// A journey in a real browser: its content security policy, its cookies on the way back from another site.
#[test]
fn in_chromium_a_person_agrees_by_way_of_the_provider() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::new(true));
    let url = world.consent(&runtime.block_on(world.bed.push("courier")));
    let Some(browser) = chrome::Browser::start(chrome::Settings::default()) else { return };
    browser.open(&url);
    for (css, text) in [("input[name=login]", "ann"), ("input[name=password]", "invented")] {
        browser.wait(browser.find(css).send_keys(text)).unwrap();
    }
    browser.follow("button[type=submit]");
    assert_eq!(browser.url(), url);
    assert!(browser.has("form[action='/consent']"));
    browser.click("input[value='delivery/name']");
    // The app is nowhere in this test: that it was called back shows in what was recorded.
    browser.click("button[value=agree]");
    let who = world.bed.vault.person_index(&yinuo_domain::PersonId::parse("ann").unwrap());
    let subject = world.bed.ledger.reader().person(who).unwrap().unwrap().subject;
    for _ in 0..100 {
        let streams = world.bed.ledger.reader().streams(subject).unwrap();
        if streams.iter().any(|(_, stream)| stream.grant.is_some()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("no consent was recorded");
}
