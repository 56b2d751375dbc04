//! A provider that says whatever a test wants it to say.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey as _};
use serde_json::json;
use yinuo_domain::{Monotonic, Timestamp};

use super::*;

const US: &str = "yinuo";
const NOW_S: u64 = 1_800_000_000;

/// Stands still until it is moved.
struct Still(AtomicU64);

impl Still {
    fn forward_s(&self, s: u64) {
        self.0.fetch_add(s, SeqCst);
    }
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp((NOW_S + self.0.load(SeqCst)) * 1_000)
    }
    fn monotonic(&self) -> Monotonic {
        Monotonic((1 + self.0.load(SeqCst)) * 1_000_000_000)
    }
}

/// What the provider does next.
struct Script {
    issuer: String,
    /// The issuer its metadata name.
    says_issuer: String,
    says_iss: bool,
    keys: Vec<CoreEdDsaPrivateSigningKey>,
    token: String,
    token_status: StatusCode,
    keys_read: u32,
    redeemed: Vec<String>,
}

type Shared = Arc<Mutex<Script>>;

struct World {
    script: Shared,
    clock: Arc<Still>,
    oidc: Oidc,
    round: Round,
}

/// A key from a seed: PKCS #8 (RFC 8410 §7) needs no more.
fn key(seed: u8, id: &str) -> CoreEdDsaPrivateSigningKey {
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend([seed; 32]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(id.to_owned()))).unwrap()
}

fn signed(key: &CoreEdDsaPrivateSigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(&CoreJwsSigningAlgorithm::EdDsa, text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn metadata(State(script): State<Shared>) -> impl IntoResponse {
    let script = script.lock().unwrap();
    let at = |path: &str| format!("{}{path}", script.issuer);
    axum::Json(json!({
        "issuer": script.says_issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "end_session_endpoint": at("/end"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        "authorization_response_iss_parameter_supported": script.says_iss,
    }))
}

async fn keys(State(script): State<Shared>) -> impl IntoResponse {
    let mut script = script.lock().unwrap();
    script.keys_read += 1;
    let keys: Vec<_> = script.keys.iter().map(|key| key.as_verification_key()).collect();
    axum::Json(json!({ "keys": keys }))
}

async fn token(State(script): State<Shared>, body: String) -> impl IntoResponse {
    let mut script = script.lock().unwrap();
    script.redeemed.push(body);
    let answer = json!({ "access_token": "unused", "token_type": "Bearer", "id_token": script.token });
    (script.token_status, [(header::CONTENT_TYPE, "application/json")], answer.to_string())
}

impl World {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script {
            says_issuer: issuer.clone(),
            issuer: issuer.clone(),
            says_iss: false,
            keys: vec![key(1, "one")],
            token: String::new(),
            token_status: StatusCode::OK,
            keys_read: 0,
            redeemed: Vec::new(),
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock = Arc::new(Still(AtomicU64::new(0)));
        let oidc = Oidc::new(&settings(&issuer), "https://yinuo.example", clock.clone()).unwrap();
        let round = Round {
            state: "a-state".to_owned(),
            nonce: "the-nonce".to_owned(),
            verifier: "a-verifier-of-forty-three-characters-exactly".to_owned(),
            begun_at: Timestamp(0),
            anew: false,
        };
        Self { script, clock, oidc, round }
    }

    fn now_s(&self) -> u64 {
        self.clock.now().0 / 1_000
    }

    /// What an honest provider says of an invented person.
    fn claims(&self) -> Value {
        json!({
            "iss": self.script.lock().unwrap().issuer,
            "aud": US,
            "sub": "person-1",
            "nonce": "the-nonce",
            "iat": self.now_s(),
            "exp": self.now_s() + 300,
        })
    }

    /// Comes back with a code for this token.
    async fn back_with(&self, token: String) -> Result<String, ProviderError> {
        self.script.lock().unwrap().token = token;
        let answer = ProviderAnswer { code: Some("a-code".to_owned()), ..ProviderAnswer::default() };
        let vouched = self.oidc.redeem(&self.round, &answer).await?;
        Ok(vouched.person.as_str().to_owned())
    }

    async fn back_as(&self, seed: u8, id: &str) -> Result<String, ProviderError> {
        let header = json!({ "alg": "EdDSA", "kid": id });
        self.back_with(signed(&key(seed, id), &header, &self.claims())).await
    }
}

fn settings(provider: &str) -> SignInSettings {
    SignInSettings {
        provider: provider.to_owned(),
        client_id: US.to_owned(),
        client_secret_file: None,
        person_claim: "sub".to_owned(),
        scopes: vec!["openid".to_owned(), "profile".to_owned()],
        clock_skew_s: 60,
        reauthenticate_for_consent: false,
        ca_file: None,
    }
}

fn refused(why: &'static str) -> Result<String, ProviderError> {
    Err(ProviderError::NotBelieved(why))
}

#[tokio::test]
async fn the_browser_is_sent_with_everything_that_binds_the_answer() {
    let world = World::new().await;
    let to = world.oidc.authorization(&world.round).await.unwrap();
    let to = openidconnect::url::Url::parse(&to).unwrap();
    let pairs: Vec<(String, String)> = to.query_pairs().into_owned().collect();
    let one = |name: &str| {
        let mut found = pairs.iter().filter(|(given, _)| given == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    };
    assert_eq!(to.path(), "/authorize");
    let challenge = yinuo_oauth::client::pkce_challenge(&world.round.verifier);
    #[rustfmt::skip]
    let expected = [
        ("response_type", "code"), ("client_id", US), ("state", "a-state"), ("nonce", "the-nonce"),
        ("code_challenge", &challenge), ("code_challenge_method", "S256"), ("scope", "openid profile"),
        ("redirect_uri", "https://yinuo.example/sign-in/back"),
    ];
    for (name, value) in expected {
        assert_eq!(one(name), Some(value), "{name}");
    }
    assert_eq!((one("prompt"), one("max_age")), (None, None));

    let anew = Round { anew: true, ..world.round.clone() };
    let to = world.oidc.authorization(&anew).await.unwrap();
    assert!(to.contains("prompt=login") && to.contains("max_age=0"), "{to}");
}

#[tokio::test]
async fn only_the_verifier_of_the_round_redeems_its_code() {
    let world = World::new().await;
    assert_eq!(world.back_as(1, "one").await, Ok("person-1".to_owned()));
    let redeemed = world.script.lock().unwrap().redeemed.concat();
    assert!(redeemed.contains(&format!("code_verifier={}", world.round.verifier)), "{redeemed}");
    assert!(redeemed.contains("code=a-code") && redeemed.contains("grant_type=authorization_code"));
}

#[tokio::test]
async fn a_token_is_believed_only_when_every_claim_is_right() {
    let world = World::new().await;
    let now = world.now_s();
    let good = || Ok("person-1".to_owned());
    let long = "p".repeat(65);
    #[rustfmt::skip]
    let cases: [(&str, Value, Result<String, ProviderError>); 22] = [
        ("nonce", json!("another"),                    refused("nonce")),
        ("nonce", Value::Null,                         refused("nonce")),
        ("nonce", json!("the-nonce"),                  good()),
        ("iss",   json!("https://evil.example"),       refused("iss")),
        ("aud",   json!("another"),                    refused("aud")),
        ("aud",   json!([US, "another"]),              refused("aud")),
        ("aud",   json!([]),                           refused("aud")),
        ("aud",   json!([US]),                         good()),
        ("azp",   json!("another"),                    refused("azp")),
        ("azp",   json!(US),                           good()),
        // A minute of difference between the clocks, and not a second more.
        ("exp",   json!(now - 59),                     good()),
        ("exp",   json!(now - 60),                     refused("time")),
        ("exp",   json!(0),                            refused("time")),
        ("iat",   json!(now + 60),                     good()),
        ("iat",   json!(now + 61),                     refused("time")),
        ("iat",   json!(now - 660),                    good()),
        ("iat",   json!(now - 661),                    refused("time")),
        ("sub",   json!("person-2"),                   Ok("person-2".to_owned())),
        ("sub",   json!("person 2"),                   refused("the person's claim is no identifier")),
        ("sub",   json!(long),                         refused("the person's claim is no identifier")),
        ("sub",   json!(""),                           refused("the person's claim is no identifier")),
        ("sub",   Value::Null,                         refused("token answer")),
    ];
    for (claim, value, expected) in cases {
        let mut claims = world.claims();
        match value.is_null() {
            true => drop(claims.as_object_mut().unwrap().remove(claim)),
            false => claims[claim] = value.clone(),
        }
        let token = signed(&key(1, "one"), &json!({ "alg": "EdDSA", "kid": "one" }), &claims);
        assert_eq!(world.back_with(token).await, expected, "{claim}: {value}");
    }
}

/// Core §3.1.2.1: whoever must prove anew who they are did so after the trip began, not just lately.
#[tokio::test]
async fn whoever_proves_anew_did_so_during_the_trip() {
    let mut world = World::new().await;
    let now = world.now_s();
    world.round = Round { anew: true, begun_at: Timestamp((now - 5) * 1_000 + 500), ..world.round };
    #[rustfmt::skip]
    let cases = [
        (Value::Null,      refused("auth_time")),
        (json!(now),       Ok("person-1".to_owned())),
        // A minute of difference between the clocks, and the second that the provider cuts off.
        (json!(now - 65),  Ok("person-1".to_owned())),
        (json!(now - 67),  refused("auth_time")),
        (json!(now - 300), refused("auth_time")),
    ];
    for (auth_time, expected) in cases {
        let mut claims = world.claims();
        claims["auth_time"] = auth_time.clone();
        if auth_time.is_null() {
            claims.as_object_mut().unwrap().remove("auth_time");
        }
        let token = signed(&key(1, "one"), &json!({ "alg": "EdDSA", "kid": "one" }), &claims);
        assert_eq!(world.back_with(token).await, expected, "{auth_time}");
    }
}

#[tokio::test]
async fn a_token_is_believed_only_under_a_key_of_the_provider() {
    let world = World::new().await;
    let by_another = signed(&key(9, "one"), &json!({ "alg": "EdDSA", "kid": "one" }), &world.claims());
    assert_eq!(world.back_with(by_another).await, refused("signature"));
    let honest = signed(&key(1, "one"), &json!({ "alg": "EdDSA", "kid": "one" }), &world.claims());
    let (start, signature) = honest.rsplit_once('.').unwrap();
    let changed = URL_SAFE_NO_PAD.encode(world.claims().to_string().replace("person-1", "person-9"));
    let payload = start.split_once('.').unwrap().1;
    assert_eq!(world.back_with(honest.replace(payload, &changed)).await, refused("signature"));
    for header in [
        json!({ "alg": "HS256", "kid": "one" }),
        json!({ "alg": "ES256", "kid": "one" }),
        json!({ "alg": "EdDSA", "kid": "one", "crit": ["exp"] }),
        json!({ "alg": "EdDSA", "kid": "one", "cty": "JWT" }),
        json!({ "alg": "EdDSA", "kid": "one", "typ": "logout+jwt" }),
    ] {
        let token = signed(&key(1, "one"), &header, &world.claims());
        let found = world.back_with(token).await;
        assert!(matches!(found, Err(ProviderError::NotBelieved(_))), "{header}: {found:?}");
    }
    let none = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string()));
    for token in
        [none, format!("{start}."), format!("{start}.{signature}A"), String::new(), "a.b.c".to_owned()]
    {
        let found = world.back_with(token.clone()).await;
        assert!(matches!(found, Err(ProviderError::NotBelieved(_))), "{token}: {found:?}");
    }
    assert_eq!(world.back_with(honest).await, Ok("person-1".to_owned()));
}

#[tokio::test]
async fn new_keys_are_found_and_made_up_ones_are_not_looked_for_again_and_again() {
    let world = World::new().await;
    assert!(world.back_as(1, "one").await.is_ok());
    let read = || world.script.lock().unwrap().keys_read;
    assert_eq!(read(), 1);

    world.script.lock().unwrap().keys = vec![key(2, "two")];
    world.clock.forward_s(10);
    assert!(world.back_as(2, "two").await.is_ok(), "the new key was looked for");
    assert_eq!(read(), 2);
    for _ in 0..5 {
        assert_eq!(world.back_as(3, "three").await, refused("key"));
    }
    assert_eq!(read(), 2, "within a pause nothing is asked again");
    world.clock.forward_s(10);
    for _ in 0..5 {
        assert!(world.back_as(3, "three").await.is_err());
    }
    assert_eq!(read(), 3);
    assert!(world.back_as(1, "one").await.is_err(), "a key that was taken back is worth nothing");

    // The same after ten minutes, without a missing key.
    world.clock.forward_s(600);
    assert!(world.back_as(2, "two").await.is_ok());
    assert_eq!(read(), 4);
}

#[tokio::test]
async fn a_provider_that_does_not_work_is_told_apart_from_one_that_lies() {
    let world = World::new().await;
    let down = Err(ProviderError::Down { retry_after_s: 10 });
    world.script.lock().unwrap().token_status = StatusCode::BAD_GATEWAY;
    assert_eq!(world.back_as(1, "one").await, down);
    world.script.lock().unwrap().token_status = StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(world.back_as(1, "one").await, down);
    world.script.lock().unwrap().token_status = StatusCode::BAD_REQUEST;
    assert!(matches!(world.back_as(1, "one").await, Err(ProviderError::NotBelieved(_))));
    world.script.lock().unwrap().token_status = StatusCode::FOUND;
    assert!(matches!(world.back_as(1, "one").await, Err(ProviderError::NotBelieved(_))), "led nowhere");

    // What was read serves for a day; then nobody knows the provider any more.
    let nowhere = World::new().await;
    nowhere.script.lock().unwrap().says_issuer = "https://evil.example".to_owned();
    assert_eq!(
        nowhere.oidc.authorization(&nowhere.round).await,
        Err(ProviderError::Down { retry_after_s: 10 })
    );
    world.script.lock().unwrap().says_issuer = "https://evil.example".to_owned();
    world.clock.forward_s(86_399);
    assert!(world.oidc.authorization(&world.round).await.is_ok());
    world.clock.forward_s(1);
    assert_eq!(world.oidc.authorization(&world.round).await, Err(ProviderError::Down { retry_after_s: 10 }));
}

#[tokio::test]
async fn an_answer_says_who_answers_and_why_there_is_no_code() {
    let world = World::new().await;
    world.back_as(1, "one").await.unwrap();
    let issuer = world.script.lock().unwrap().issuer.clone();
    let ask = async |iss: Option<&str>, error: Option<&str>, code: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let answer = ProviderAnswer { state: None, code: text(code), error: text(error), iss: text(iss) };
        world.oidc.redeem(&world.round, &answer).await.map(|vouched| vouched.person.as_str().to_owned())
    };
    let evil = Some("https://evil.example");
    assert_eq!(ask(Some(&issuer), None, Some("a-code")).await, Ok("person-1".to_owned()));
    assert_eq!(ask(evil, None, Some("a-code")).await, refused("iss of the answer"));
    assert_eq!(ask(evil, Some("access_denied"), None).await, refused("iss of the answer"));
    for error in DECLINED {
        assert_eq!(ask(Some(&issuer), Some(error), None).await, Err(ProviderError::Declined), "{error}");
    }
    let down = Err(ProviderError::Down { retry_after_s: 10 });
    assert_eq!(ask(None, Some("temporarily_unavailable"), None).await, down);
    assert_eq!(ask(None, Some("invalid_scope"), None).await, refused("an error that no person caused"));
    assert_eq!(ask(None, None, None).await, refused("neither code nor error"));
    assert_eq!(ask(None, Some("access_denied"), Some("a-code")).await, Err(ProviderError::Declined));

    // RFC 9207 §2.4: a provider that always says who it is has said so.
    world.script.lock().unwrap().says_iss = true;
    world.clock.forward_s(600);
    assert_eq!(ask(None, Some("access_denied"), None).await, refused("iss of the answer"));
    assert_eq!(ask(Some(&issuer), Some("access_denied"), None).await, Err(ProviderError::Declined));
}

#[tokio::test]
async fn a_logout_token_is_one_and_no_id_token() {
    let world = World::new().await;
    let event = json!({ token::ENDED: {} });
    let honest = || {
        let mut claims = world.claims();
        claims.as_object_mut().unwrap().remove("nonce");
        claims["events"] = event.clone();
        claims["jti"] = "invented-1".into();
        claims
    };
    let ask = async |claims: &Value| {
        let header = json!({ "alg": "EdDSA", "kid": "one", "typ": "logout+jwt" });
        world.oidc.ended(&signed(&key(1, "one"), &header, claims)).await
    };
    let ended = ask(&honest()).await.unwrap();
    assert_eq!((ended.person.as_str(), ended.id.as_str()), ("person-1", "invented-1"));
    let now = world.now_s();
    #[rustfmt::skip]
    let cases = [
        ("nonce",  json!("the-nonce")), ("events", json!({})),   ("events", json!({ token::ENDED: 1 })),
        ("events", Value::Null),        ("jti",    Value::Null), ("aud",    json!("another")),
        ("iss",    json!("https://evil.example")), ("iat", json!(now - 661)), ("exp", json!(now - 60)),
    ];
    for (claim, value) in cases {
        let mut claims = honest();
        claims[claim] = value.clone();
        assert!(ask(&claims).await.is_err(), "{claim}: {value}");
    }
    assert!(ask(&world.claims()).await.is_err(), "an ID token");
}

#[tokio::test]
async fn the_way_out_names_the_person_in_no_address() {
    let world = World::new().await;
    let farewell = world.oidc.farewell("the.id.token").await.unwrap();
    assert!(farewell.address.ends_with("/end"), "{}", farewell.address);
    let back = ("post_logout_redirect_uri", "https://yinuo.example/".to_owned());
    assert!(farewell.fields.contains(&back));
    assert!(farewell.fields.contains(&("id_token_hint", "the.id.token".to_owned())));
}
