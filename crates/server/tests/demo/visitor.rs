//! A person without JavaScript and a partner's program, as far as HTTP sees them, against a running Yinuo.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::{Client, Response};
use serde_json::{Value, json};
use yinuo_oauth::client::{ClientKey, pkce_challenge};

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Somebody's browser: one cookie, and what a browser says of where a form comes from.
pub struct Visitor {
    issuer: String,
    http: Client,
    cookie: String,
}

impl Visitor {
    /// Signs in as somebody of the demonstration.
    pub async fn sign_in(issuer: &str, choice: &str) -> Self {
        let mut visitor = Self { issuer: issuer.to_owned(), http: client(), cookie: String::new() };
        let answer = visitor.post("/sign-in", &[("choice".to_owned(), choice.to_owned())]).await;
        let set = answer.headers().get("set-cookie").unwrap_or_else(|| panic!("{answer:?}"));
        visitor.cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        visitor
    }

    /// A page.
    pub async fn page(&self, address: &str) -> String {
        let address =
            if address.starts_with('/') { format!("{}{address}", self.issuer) } else { address.to_owned() };
        let request = self.http.get(address).header("cookie", &self.cookie).header("accept", "text/html");
        request.header("accept-language", "en").send().await.unwrap().text().await.unwrap()
    }

    /// Sends a form of one of our pages.
    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Response {
        let request = self.http.post(format!("{}{path}", self.issuer));
        let request = request.header("origin", &self.issuer).header("sec-fetch-site", "same-origin");
        request.header("cookie", &self.cookie).form(fields).send().await.unwrap()
    }

    /// Ticks these on the consent page and agrees; gives the address the browser is sent to.
    pub async fn agree(&self, authorize: &str, ticks: &[&str]) -> String {
        let page = self.page(authorize).await;
        let mut fields: Vec<_> = ["csrf", "client", "request_uri", "shown", "recipient"]
            .map(|name| (name.to_owned(), hidden(&page, name)))
            .into_iter()
            .chain([("days", "30"), ("decision", "agree")].map(|(a, b)| (a.to_owned(), b.to_owned())))
            .collect();
        fields.extend(ticks.iter().map(|tick| ("choice".to_owned(), (*tick).to_owned())));
        let answer = self.post("/consent", &fields).await;
        let back = answer.headers().get("location").map(|back| back.to_str().unwrap().to_owned());
        match back {
            Some(back) => back,
            None => panic!("{} {}", answer.status(), answer.text().await.unwrap()),
        }
    }
}

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let begin = page.find(&mark).unwrap_or_else(|| panic!("no {name} on {page}")) + mark.len();
    page[begin..].split('"').next().unwrap().to_owned()
}

/// One of the demonstration's sample apps.
pub struct Program {
    pub app: String,
    pub redirect: String,
    issuer: String,
    key: ClientKey,
    http: Client,
}

impl Program {
    /// With the private key that the demonstration made for it.
    pub fn of_demo(demo: &super::Demo, app: &str) -> Self {
        let jwk = std::fs::read_to_string(demo.data().join("partner").join(format!("{app}.jwk"))).unwrap();
        Self::new(&demo.issuer, app, &format!("{}/{app}/back", demo.partner), &jwk)
    }

    pub fn new(issuer: &str, app: &str, redirect: &str, private_jwk: &str) -> Self {
        Self {
            app: app.to_owned(),
            redirect: redirect.to_owned(),
            issuer: issuer.to_owned(),
            key: ClientKey::from_private_jwk(private_jwk).unwrap(),
            http: client(),
        }
    }

    /// An assertion that is good for four minutes.
    pub fn assertion(&self, jti: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let public = self.key.public_jwk();
        let algorithm = if public["kty"] == "OKP" { "EdDSA" } else { "ES256" };
        let header = json!({"alg": algorithm, "kid": self.key.kid(), "typ": "JWT"});
        let claims = json!({
            "iss": self.app, "sub": self.app, "aud": self.issuer, "jti": jti, "iat": now, "exp": now + 240,
        });
        self.key.sign(&header, &claims).unwrap()
    }

    /// Sends a form to the protocol.
    pub async fn send(&self, path: &str, jti: &str, fields: &[(&str, &str)]) -> Value {
        let assertion = self.assertion(jti);
        let mut all = fields.to_vec();
        all.extend([
            ("client_assertion_type", yinuo_oauth::CLIENT_ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ]);
        let answer = self.http.post(format!("{}{path}", self.issuer)).form(&all).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// What it pushes for these items.
    pub fn wants(&self, purpose: &str, items: &[&str]) -> Vec<(&'static str, String)> {
        let details = json!([{"type": "personal_information", "purpose": purpose, "items": items}]);
        vec![
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect.clone()),
            ("code_challenge", pkce_challenge(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
            ("authorization_details", details.to_string()),
        ]
    }

    /// Asks a person, who agrees to it all, and gives the access token.
    pub async fn connect(&self, person: &Visitor, purpose: &str, items: &[&str]) -> String {
        self.connect_as("connect", person, purpose, items).await
    }

    /// The same, in whose assertions this name stands: each is used once.
    pub async fn connect_as(&self, name: &str, person: &Visitor, purpose: &str, items: &[&str]) -> String {
        let wants = self.wants(purpose, items);
        let wants: Vec<_> = wants.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let pushed = self.send("/oauth/par", &format!("{name}-1"), &wants).await;
        let uri = pushed["request_uri"].as_str().unwrap_or_else(|| panic!("{pushed}"));
        let authorize = format!("{}/oauth/authorize?client_id={}&request_uri={uri}", self.issuer, self.app);
        let ticks: Vec<_> = items.iter().map(|item| format!("{purpose}/{item}")).collect();
        let back = person.agree(&authorize, &ticks.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect.as_str()),
            ("code_verifier", VERIFIER),
        ];
        let tokens = self.send("/oauth/token", &format!("{name}-2"), &redeem).await;
        tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
    }
}

fn client() -> Client {
    super::http().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A file of the project, from its root.
pub fn of_project(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
