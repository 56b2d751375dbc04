//! Every route, as the sources have it, asked by everybody who might.
//!
//! The paths come from the sources of the room and the methods from the router itself (`OPTIONS`), so that a new route
//! is in the matrix before anybody thinks of it. What each asker gets is kept in `routes.tsv`, to be read.

use std::fmt::Write as _;
use std::path::Path;

use axum::http::Method;

use crate::bed::{DELIVERY, ISSUER};
use crate::browser::{Answer, Browser, Site, form};

const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS];

/// One path, and what can be asked of it.
pub(crate) struct Route {
    /// As the router has it.
    pub(crate) pattern: String,
    /// With something in each brace.
    pub(crate) path: String,
    /// In the order of [`METHODS`].
    pub(crate) methods: Vec<Method>,
}

/// Every route of [`yinuo_web::router`].
pub(crate) async fn every(site: &Site) -> Vec<Route> {
    let mut every = Vec::new();
    for pattern in patterns() {
        let path = filled(&pattern);
        let answer = site.ask(Method::OPTIONS, &path, &[], "").await;
        assert_eq!(answer.status, 204, "{pattern} is in the sources and not in the router");
        let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        let methods = METHODS.into_iter().filter(|method| allowed.contains(&method.as_str())).collect();
        every.push(Route { pattern, path, methods });
    }
    every
}

/// The paths in the sources, sorted.
pub(crate) fn patterns() -> Vec<String> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    found.dedup();
    assert!(20 < found.len(), "{found:?}");
    found
}

fn collect(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // Operators' routes are not part of the router; `operator/tests.rs` holds them.
        if path.is_dir() && !path.ends_with("operator") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            assert!(
                !text.contains(".nest("),
                "{}: write whole paths, so that they are found",
                path.display()
            );
            found.extend(text.split(".route(").skip(1).map(|rest| pattern(&path, rest.trim_start())));
        }
    }
}

fn pattern(file: &Path, rest: &str) -> String {
    if let Some(literal) = rest.strip_prefix('"') {
        return literal.split('"').next().unwrap().to_owned();
    }
    match rest.split([',', ')']).next().unwrap() {
        "Metadata::PATH" => yinuo_oauth::Metadata::PATH.to_owned(),
        other => panic!("{}: say here which path {other} is", file.display()),
    }
}

/// Something that is there, for each brace.
fn filled(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| match part {
        "{app}" => "courier",
        "{code}" => "withheld",
        "{item}" => "name",
        "{version}" => "1",
        "{*path}" => "g/0/checkpoint",
        part => {
            assert!(!part.starts_with('{'), "{pattern}: say here what stands for {part}");
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asker {
    /// No cookie, no token.
    Stranger,
    /// A cookie that was never ours.
    Garbage,
    /// The cookie of a session that was ended.
    Stale,
    /// The cookie of an account that was deleted.
    Deleted,
    /// Who allowed the courier something.
    Person,
    /// Who did not.
    Other,
    /// A person's form that another site sent.
    CrossSite,
    /// A person's form without the session's token.
    NoToken,
    /// A person's form with the token of another session.
    OthersToken,
    /// The courier's program: assertion and access token.
    App,
    /// The shop's program, with the courier's token in its form.
    OtherApp,
}

const ASKERS: [Asker; 11] = [
    Asker::Stranger,
    Asker::Garbage,
    Asker::Stale,
    Asker::Deleted,
    Asker::Person,
    Asker::Other,
    Asker::CrossSite,
    Asker::NoToken,
    Asker::OthersToken,
    Asker::App,
    Asker::OtherApp,
];

impl Asker {
    /// Whether nobody may learn anything of a person by asking like this.
    pub(crate) fn is_nobody(self) -> bool {
        matches!(self, Self::Stranger | Self::Garbage | Self::Stale | Self::Deleted)
    }

    /// Whether what is asked differs from what [`Asker::Person`] asks for a method that changes nothing.
    fn sends_forms_only(self) -> bool {
        matches!(self, Self::CrossSite | Self::NoToken | Self::OthersToken)
    }
}

/// Everybody, ready to ask: people are made anew for each question, for a question may end a session or an account.
pub(crate) struct Askers<'a> {
    site: &'a Site,
    people: std::cell::Cell<u32>,
    courier: String,
    shop: String,
}

impl<'a> Askers<'a> {
    pub(crate) async fn new(site: &'a Site) -> Self {
        let askers = Self { site, people: 0.into(), courier: String::new(), shop: String::new() };
        let [courier, shop] = ["courier", "shop"];
        let courier = askers.token(&site.browser("ann").await, courier).await;
        let shop = askers.token(&site.browser("bob").await, shop).await;
        Self { courier, shop, ..askers }
    }

    async fn token(&self, person: &Browser<'_>, client: &str) -> String {
        let page = person.consent(client, &self.site.push(client, &[("delivery", DELIVERY)]).await).await;
        let back = person.decide(&page, "agree", &["delivery/name"]).await;
        let tokens = self.site.redeem(client, back.location()).await.json();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// Somebody whom nothing has happened to yet.
    async fn somebody(&self) -> Browser<'a> {
        self.people.set(self.people.get() + 1);
        let name = format!("more-{}", self.people.get());
        self.site.bed.enrol(&name).await;
        self.site.browser(&name).await
    }

    /// Asks.
    pub(crate) async fn ask(&self, asker: Asker, method: &Method, path: &str, accept: &str) -> Answer {
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        let mut pairs = vec![("app", "courier".to_owned()), ("scope", "whole".to_owned())];
        match asker {
            Asker::Stranger => {}
            Asker::Garbage => add("cookie", "yinuo_session=garbage"),
            Asker::Stale => {
                let person = self.somebody().await;
                let csrf = person.get("/centre").await.field("csrf");
                person.post("/sign-out", &[("csrf", &csrf)]).await;
                add("cookie", &person.cookie);
                pairs.push(("csrf", csrf));
            }
            Asker::Deleted => {
                let person = self.somebody().await;
                let page = person.get("/centre/delete").await;
                let csrf = page.field("csrf");
                let deleted = person.post("/centre/delete", &[("csrf", &csrf), ("confirm", "yes")]).await;
                assert!(deleted.status.is_success(), "{}", deleted.body);
                add("cookie", &person.cookie);
                pairs.push(("csrf", csrf));
            }
            Asker::Person | Asker::Other | Asker::CrossSite | Asker::NoToken | Asker::OthersToken => {
                let person = self.somebody().await;
                if asker != Asker::Other {
                    self.token(&person, "courier").await;
                }
                let of_session = match asker {
                    Asker::NoToken => None,
                    Asker::OthersToken => Some(self.somebody().await.get("/centre").await.field("csrf")),
                    _ => Some(person.get("/centre").await.field("csrf")),
                };
                add("cookie", &person.cookie);
                pairs.extend(of_session.map(|token| ("csrf", token)));
            }
            Asker::App => add("authorization", &format!("Bearer {}", self.courier)),
            Asker::OtherApp => add("authorization", &format!("Bearer {}", self.shop)),
        }
        let program = matches!(asker, Asker::App | Asker::OtherApp);
        if asker == Asker::CrossSite {
            add("origin", "https://evil.example");
            add("sec-fetch-site", "cross-site");
        } else if !program {
            add("origin", ISSUER);
            add("sec-fetch-site", "same-origin");
        }
        if program && path.starts_with("/oauth/") {
            // The protocol's own proof; the header would be a second one.
            headers.retain(|(name, _)| name != "authorization");
            let client = if asker == Asker::App { "courier" } else { "shop" };
            pairs.push(("client_assertion_type", yinuo_oauth::CLIENT_ASSERTION_TYPE.to_owned()));
            pairs.push(("client_assertion", self.site.assertion(client)));
            pairs.push(("token", self.courier.clone()));
        }
        let json = path.starts_with("/v1/");
        let media = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        headers.push(("content-type".to_owned(), media.to_owned()));
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = if json { r#"{"purpose":"delivery","items":["name"]}"#.to_owned() } else { form(&pairs) };
        let body = if *method == Method::POST { body } else { String::new() };
        self.site.ask(method.clone(), path, &headers, &body).await
    }
}

/// The matrix: a line for each path and method, a column for each asker. `seen` looks at every answer.
pub(crate) async fn matrix(site: &Site, mut seen: impl FnMut(Asker, &str, &Method, &Answer)) -> String {
    let askers = Askers::new(site).await;
    let mut table =
        "# What everybody gets, everywhere. Written by the test `everybody_gets_what_the_table_says`.\n"
            .to_owned();
    table.push_str("# `-`: would be the same as for a person.\npath\tmethod");
    ASKERS.iter().for_each(|asker| write!(table, "\t{asker:?}").unwrap());
    table.push('\n');
    for Route { pattern, path, methods } in every(site).await {
        // What nobody offers is answered the same to everybody.
        let offered = methods.iter().cloned().map(|method| (method, true));
        let others =
            METHODS.into_iter().filter(|method| !methods.contains(method)).map(|method| (method, false));
        for (method, is_offered) in offered.chain(others) {
            write!(table, "{pattern}\t{method}").unwrap();
            for asker in ASKERS {
                let same = asker.sends_forms_only() && method != Method::POST
                    || !is_offered && !matches!(asker, Asker::Stranger | Asker::Person | Asker::App)
                    || method == Method::OPTIONS && asker != Asker::Stranger;
                if same {
                    table.push_str("\t-");
                    continue;
                }
                let answer = askers.ask(asker, &method, &path, "*/*").await;
                seen(asker, &pattern, &method, &answer);
                write!(table, "\t{}", told(&answer)).unwrap();
            }
            table.push('\n');
        }
    }
    table
}

/// Status, and where to or why.
fn told(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    let json = || serde_json::from_str::<serde_json::Value>(&answer.body).ok();
    let said = |member: &str| json().and_then(|told| told[member].as_str().map(str::to_owned));
    let location = answer.header("location").split('?').next().unwrap_or_default();
    let why =
        said("type").and_then(|uri| uri.rsplit('/').next().map(str::to_owned)).or_else(|| said("error"));
    match (location, why) {
        ("", None) => status.to_string(),
        ("", Some(why)) => format!("{status} {why}"),
        (location, _) => format!("{status} {location}"),
    }
}
