//! Client authentication: what is accepted, and every single way to be refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use yinuo_domain::{AppId, Random, RandomFailed, Timestamp};
use yinuo_oauth::client::ClientKey;
use yinuo_oauth::{
    CLIENT_ASSERTION_TYPE, ClientAssertion, OAuthErrorCode, Parameters, authenticate, client_id_of_assertion,
};

const ISSUER: &str = "https://yinuo.example";
const NOW_S: u64 = 1_800_000_000;
const NOW: Timestamp = Timestamp(NOW_S * 1_000);

/// The same bytes each time, so that a failing test fails again.
struct Fixed(u8);

impl Random for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        out.fill(self.0);
        Ok(())
    }
}

/// What a case starts from: everything right. It changes one thing.
struct Case {
    header: Value,
    claims: Value,
    /// Signs.
    key: ClientKey,
    /// Registered.
    keys: Vec<Value>,
    parameters: Vec<(&'static str, String)>,
    /// Changes the finished assertion.
    after: fn(String) -> String,
    now: Timestamp,
}

fn p256(byte: u8) -> ClientKey {
    ClientKey::generate(&Fixed(byte)).unwrap()
}

fn ed25519(byte: u8) -> ClientKey {
    ClientKey::generate_ed25519(&Fixed(byte)).unwrap()
}

fn courier() -> AppId {
    AppId::parse("courier").unwrap()
}

fn right(key: ClientKey, alg: &str) -> Case {
    Case {
        header: json!({ "alg": alg, "kid": key.kid() }),
        claims: json!({
            "iss": "courier", "sub": "courier", "aud": ISSUER, "jti": "j-1",
            "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 60,
        }),
        keys: vec![key.public_jwk()],
        key,
        parameters: vec![
            ("client_id", "courier".to_owned()),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE.to_owned()),
        ],
        after: |assertion| assertion,
        now: NOW,
    }
}

impl Case {
    fn parameters(&self) -> Parameters {
        let assertion = (self.after)(self.key.sign(&self.header, &self.claims).unwrap());
        let assertion = ("client_assertion", assertion);
        let pairs = self.parameters.iter().cloned().chain([assertion]);
        Parameters::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).unwrap()
    }

    /// The one place that knows how `authenticate` is called.
    fn run(&self) -> Result<ClientAssertion, OAuthErrorCode> {
        let jwks = json!({ "keys": self.keys }).to_string();
        authenticate(&self.parameters(), &courier(), &jwks, ISSUER, self.now).map_err(|error| error.code)
    }
}

/// One change to a case; `None` for a claim removes it.
enum Change {
    Claim(&'static str, Option<Value>),
    Header(&'static str, Option<Value>),
    Now(Timestamp),
    Keys(Vec<Value>),
    Signer(ClientKey),
    Parameter(&'static str, Option<&'static str>),
    After(fn(String) -> String),
}

use Change::{After, Claim, Header, Keys, Now, Parameter, Signer};

fn set(object: &mut Value, name: &str, value: Option<Value>) {
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
}

#[track_caller]
fn check(key: fn(u8) -> ClientKey, alg: &str, cases: Vec<(&str, Change, bool)>) {
    for (name, change, accepted) in cases {
        let mut case = right(key(1), alg);
        match change {
            Claim(claim, value) => set(&mut case.claims, claim, value),
            Header(member, value) => set(&mut case.header, member, value),
            Now(now) => case.now = now,
            Keys(keys) => case.keys = keys,
            Signer(signer) => case.key = signer,
            Parameter(parameter, value) => {
                case.parameters.retain(|(given, _)| *given != parameter);
                case.parameters.extend(value.map(|value| (parameter, value.to_owned())));
            }
            After(after) => case.after = after,
        }
        match case.run() {
            Ok(_) => assert!(accepted, "{alg}: {name} was accepted"),
            Err(code) => {
                assert!(!accepted, "{alg}: {name} was refused");
                assert_eq!(code, OAuthErrorCode::InvalidClient, "{alg}: {name}");
            }
        }
    }
}

fn at(s: u64) -> Option<Value> {
    Some(json!(s))
}

fn text(text: &str) -> Option<Value> {
    Some(json!(text))
}

fn with(mut jwk: Value, changes: &[(&str, Option<Value>)]) -> Value {
    for (name, value) in changes {
        set(&mut jwk, name, value.clone());
    }
    jwk
}

/// The assertion with its header replaced and its signature kept.
fn with_header(assertion: &str, header: &str) -> String {
    let (_, rest) = assertion.split_once('.').unwrap();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

fn unsigned(alg: &str) -> String {
    let claims = json!({ "iss": "courier", "sub": "courier", "aud": ISSUER, "jti": "j", "exp": NOW_S + 60 });
    let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
    format!("{}.{}.", part(&json!({ "alg": alg }).to_string()), part(&claims.to_string()))
}

#[test]
fn a_right_assertion_names_the_client_and_how_long_to_remember_it() {
    for case in [right(p256(1), "ES256"), right(ed25519(1), "EdDSA"), right(ed25519(1), "Ed25519")] {
        assert_eq!(
            case.run(),
            Ok(ClientAssertion {
                client: courier(),
                jti: "j-1".to_owned(),
                // Until the skew has passed, too: it is accepted so long.
                expires_at: Timestamp((NOW_S + 60 + 30) * 1_000),
            })
        );
        assert_eq!(client_id_of_assertion(&case.parameters()), Ok(courier()));
    }
}

#[test]
fn an_assertion_is_accepted_until_its_expires_at_and_not_from_then_on() {
    let mut case = right(p256(1), "ES256");
    let end = case.run().unwrap().expires_at;
    case.now = Timestamp(end.0 - 1);
    assert!(case.run().is_ok());
    case.now = end;
    assert_eq!(case.run(), Err(OAuthErrorCode::InvalidClient));
}

#[test]
#[rustfmt::skip]
fn every_rule_about_claims_refuses() {
    for (key, alg) in [(p256 as fn(u8) -> ClientKey, "ES256"), (ed25519, "EdDSA")] {
        check(key, alg, vec![
            // RFC 7523 §3 (1), (2)
            ("no iss",                     Claim("iss", None), false),
            ("another iss",                Claim("iss", text("restaurant")), false),
            ("no sub",                     Claim("sub", None), false),
            ("another sub",                Claim("sub", text("restaurant")), false),
            // (3)
            ("no aud",                     Claim("aud", None), false),
            ("another aud",                Claim("aud", text("https://other.example")), false),
            ("the token endpoint",         Claim("aud", text("https://yinuo.example/oauth/token")), false),
            ("a slash more",               Claim("aud", text("https://yinuo.example/")), false),
            ("an array of the one",        Claim("aud", Some(json!([ISSUER]))), true),
            ("an array of two",            Claim("aud", Some(json!([ISSUER, "https://other.example"]))), false),
            ("an array of the one twice",  Claim("aud", Some(json!([ISSUER, ISSUER]))), false),
            ("an empty array",             Claim("aud", Some(json!([]))), false),
            ("a number as aud",            Claim("aud", Some(json!(1))), false),
            // (4)
            ("no exp",                     Claim("exp", None), false),
            ("exp as text",                Claim("exp", text("1800000060")), false),
            ("exp before 1970",            Claim("exp", Some(json!(-1))), false),
            ("exp beyond all times",       Claim("exp", Some(json!(1e300))), false),
            ("exp with a fraction",        Claim("exp", Some(json!(NOW_S as f64 + 0.5))), true),
            ("expired within the skew",    Claim("exp", at(NOW_S - 29)), true),
            ("expired by the skew",        Claim("exp", at(NOW_S - 30)), false),
            ("5 minutes and the skew",     Claim("exp", at(NOW_S + 330)), true),
            ("a second longer",            Claim("exp", at(NOW_S + 331)), false),
            ("a year",                     Claim("exp", at(NOW_S + 31_536_000)), false),
            ("in milliseconds",            Claim("exp", at(NOW_S * 1_000)), false),
            ("an hour later",              Now(NOW.after_ms(3_600_000)), false),
            ("an hour earlier",            Now(Timestamp(NOW.0 - 3_600_000)), false),
            // (5), (6)
            ("no nbf",                     Claim("nbf", None), true),
            ("nbf within the skew",        Claim("nbf", at(NOW_S + 30)), true),
            ("nbf after the skew",         Claim("nbf", at(NOW_S + 31)), false),
            ("nbf as text",                Claim("nbf", text("0")), false),
            ("no iat",                     Claim("iat", None), true),
            ("iat within the skew",        Claim("iat", at(NOW_S + 30)), true),
            ("iat after the skew",         Claim("iat", at(NOW_S + 31)), false),
            // (7)
            ("no jti",                     Claim("jti", None), false),
            ("an empty jti",               Claim("jti", text("")), false),
            ("128 bytes of jti",           Claim("jti", text(&"j".repeat(128))), true),
            ("129 bytes of jti",           Claim("jti", text(&"j".repeat(129))), false),
            ("a control character in jti", Claim("jti", text("a\0b")), false),
            ("a claim nobody knows",       Claim("colour", text("red")), true),
        ]);
    }
}

#[test]
#[rustfmt::skip]
fn every_rule_about_headers_and_keys_refuses() {
    for (key, alg, other, other_alg) in [
        (p256 as fn(u8) -> ClientKey, "ES256", ed25519 as fn(u8) -> ClientKey, "EdDSA"),
        (ed25519, "EdDSA", p256, "ES256"),
    ] {
        let public = key(1).public_jwk();
        let nameless = |jwk: Value| with(jwk, &[("kid", None)]);
        check(key, alg, vec![
            ("no alg",                       Header("alg", None), false),
            ("none",                         Header("alg", text("none")), false),
            ("HS256",                        Header("alg", text("HS256")), false),
            ("RS256",                        Header("alg", text("RS256")), false),
            ("ES384",                        Header("alg", text("ES384")), false),
            ("the alg of another key",       Header("alg", text(other_alg)), false),
            ("alg in another case",          Header("alg", text(&alg.to_lowercase())), false),
            ("typ JWT",                      Header("typ", text("JWT")), true),
            ("typ of a client assertion",    Header("typ", text("client-authentication+jwt")), true),
            ("its full media type",          Header("typ", text("application/client-authentication+jwt")), true),
            ("typ of an access token",       Header("typ", text("at+jwt")), false),
            ("typ of a logout token",        Header("typ", text("logout+jwt")), false),
            ("an empty typ",                 Header("typ", text("")), false),
            ("something critical",           Header("crit", Some(json!(["b64"]))), false),
            ("nothing critical",             Header("crit", Some(json!([]))), false),
            ("b64",                          Header("b64", Some(json!(false))), false),
            ("a key in the header",          Header("jwk", Some(key(2).public_jwk())), true),
            ("no kid and one key",           Header("kid", None), true),
            ("a kid nobody has",             Header("kid", text("k-9")), false),
            ("an empty kid",                 Header("kid", text("")), false),
            ("a kid that is a number",       Header("kid", Some(json!(1))), false),
            ("another key signs",            Signer(key(2)), false),
            ("no keys",                      Keys(vec![]), false),
            ("a key of the other kind, too", Keys(vec![other(1).public_jwk(), public.clone()]), true),
            ("the same kid on the other kind", Keys(vec![
                with(other(1).public_jwk(), &[("kid", public.get("kid").cloned())]), public.clone()]), true),
            ("the kid on another key",       Keys(vec![
                with(key(2).public_jwk(), &[("kid", public.get("kid").cloned())])]), false),
            ("two keys with the kid",        Keys(vec![
                public.clone(), with(key(2).public_jwk(), &[("kid", public.get("kid").cloned())])]), false),
            ("a registered key without kid", Keys(vec![nameless(public.clone())]), false),
            ("a key for encryption",         Keys(vec![with(public.clone(), &[("use", text("enc"))])]), false),
            ("a key without use",            Keys(vec![with(public.clone(), &[("use", None)])]), true),
            ("a key that may verify",        Keys(vec![with(public.clone(), &[("key_ops", Some(json!(["verify"])))])]), true),
            ("a key that may only sign",     Keys(vec![with(public.clone(), &[("key_ops", Some(json!(["sign"])))])]), false),
            ("a key without alg",            Keys(vec![with(public.clone(), &[("alg", None)])]), true),
            ("a key with another alg",       Keys(vec![with(public.clone(), &[("alg", text(other_alg))])]), false),
            ("a key bound to a MAC",         Keys(vec![with(public.clone(), &[("alg", text("HS256"))])]), false),
            ("a private key",                Keys(vec![serde_json::from_str(&key(1).private_jwk()).unwrap()]), false),
            ("another curve",                Keys(vec![with(public.clone(), &[("crv", text("P-384"))])]), false),
            ("another type",                 Keys(vec![with(public.clone(), &[("kty", text("oct"))])]), false),
            ("x cut short",                  Keys(vec![with(public.clone(), &[("x", text("AAAA"))])]), false),
            ("junk beside the key",          Keys(vec![json!(1), json!({"kty": 7}), json!({"kty": "RSA"}), public.clone()]), true),
        ]);
    }
}

#[test]
fn without_a_kid_the_only_key_that_fits_is_taken() {
    let mut case = right(p256(1), "ES256");
    set(&mut case.header, "kid", None);
    case.keys = vec![ed25519(1).public_jwk(), p256(1).public_jwk()];
    assert!(case.run().is_ok());
    case.keys.push(p256(2).public_jwk());
    assert_eq!(case.run(), Err(OAuthErrorCode::InvalidClient));
}

#[test]
#[rustfmt::skip]
fn every_rule_about_the_request_refuses() {
    check(p256, "ES256", vec![
        ("no client_id",             Parameter("client_id", None), true),
        ("another client_id",        Parameter("client_id", Some("restaurant")), false),
        ("no type",                  Parameter("client_assertion_type", None), false),
        ("another type",             Parameter("client_assertion_type", Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer")), false),
        ("a secret, too",            Parameter("client_secret", Some("x")), false),
        ("nothing",                  After(|_| String::new()), false),
        ("no dots",                  After(|_| "abc".to_owned()), false),
        ("two parts",                After(|a| a.rsplit_once('.').unwrap().0.to_owned()), false),
        ("four parts",               After(|a| format!("{a}.AAAA")), false),
        ("no signature",             After(|a| format!("{}.", a.rsplit_once('.').unwrap().0)), false),
        ("padding",                  After(|a| format!("{a}=")), false),
        ("white space",              After(|a| format!(" {a}")), false),
        ("a longer signature",       After(|a| format!("{a}AAAA")), false),
        ("unsigned, none",           After(|_| unsigned("none")), false),
        ("unsigned, ES256",          After(|_| unsigned("ES256")), false),
        ("another header, same sig", After(|a| with_header(&a, r#"{"alg":"ES256"}"#)), false),
        ("alg given twice",          After(|a| with_header(&a, r#"{"alg":"ES256","alg":"ES256"}"#)), false),
        ("a header that is no JSON", After(|a| with_header(&a, "ES256")), false),
        ("over 4 KiB",               Claim("colour", text(&"a".repeat(4096))), false),
    ]);
}

/// The one message an attacker who knows the public key can make valid under a confused verifier: the public key as a
/// secret. There is no MAC here, so whatever it says in the signature, it is refused.
#[test]
fn a_public_key_is_never_a_secret() {
    for alg in ["HS256", "HS384", "HS512"] {
        let mut case = right(p256(1), alg);
        assert_eq!(case.run(), Err(OAuthErrorCode::InvalidClient));
        let oct =
            json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode([1; 32]), "kid": case.key.kid(), "alg": alg });
        case.keys = vec![oct];
        assert_eq!(case.run(), Err(OAuthErrorCode::InvalidClient));
    }
}

#[test]
fn any_changed_character_is_refused() {
    for case in [right(p256(1), "ES256"), right(ed25519(1), "EdDSA")] {
        let jwks = json!({ "keys": case.keys }).to_string();
        let assertion = case.key.sign(&case.header, &case.claims).unwrap();
        for place in 0..assertion.len() {
            let mut bytes = assertion.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let pairs = [("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", &changed)];
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let parameters = Parameters::from_pairs(pairs).unwrap();
            assert!(authenticate(&parameters, &courier(), &jwks, ISSUER, NOW).is_err(), "{place}");
        }
    }
}

#[test]
fn the_answer_is_the_same_whatever_was_wrong() {
    let mut unknown_key = right(p256(1), "ES256");
    unknown_key.keys.clear();
    let mut expired = right(p256(1), "ES256");
    expired.now = NOW.after_ms(3_600_000);
    let answers = [unknown_key, expired].map(|case| {
        let jwks = json!({ "keys": case.keys }).to_string();
        authenticate(&case.parameters(), &courier(), &jwks, ISSUER, case.now).unwrap_err()
    });
    assert_eq!(answers[0], answers[1]);
    let nobody = client_id_of_assertion(&Parameters::default()).unwrap_err();
    assert_eq!(answers[0], nobody);
}

#[test]
fn a_key_set_that_cannot_be_read_has_no_keys() {
    let parameters = right(p256(1), "ES256").parameters();
    let long = format!(r#"{{"keys":[{}],"pad":"{}"}}"#, p256(1).public_jwk(), "a".repeat(64 * 1024));
    for jwks in ["", "{}", "[]", "null", r#"{"keys":{}}"#, &long] {
        assert!(authenticate(&parameters, &courier(), jwks, ISSUER, NOW).is_err(), "{jwks:.20}");
    }
}

#[test]
fn the_clients_side_makes_what_the_servers_side_accepts() {
    for key in [p256(1), ed25519(1)] {
        let assertion = key.assertion(&courier(), ISSUER, "j-2", NOW).unwrap();
        let pairs = [("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", &assertion)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let parameters = Parameters::from_pairs(pairs).unwrap();
        let proof = authenticate(&parameters, &courier(), &key.public_jwks(), ISSUER, NOW).unwrap();
        assert_eq!(proof.jti, "j-2");
        let again = ClientKey::from_private_jwk(&key.private_jwk()).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert!(!key.public_jwks().contains("\"d\""));
        assert_eq!(format!("{key:?}"), "ClientKey[secret]");
    }
}

#[test]
fn a_private_key_is_read_back_or_refused() {
    let whole: Value = serde_json::from_str(&p256(1).private_jwk()).unwrap();
    let other = p256(2).public_jwk();
    for (name, changed) in [
        ("no d", with(whole.clone(), &[("d", None)])),
        ("zero", with(whole.clone(), &[("d", text(&"A".repeat(43)))])),
        ("another public half", with(whole.clone(), &[("x", other.get("x").cloned())])),
        ("another curve", with(whole.clone(), &[("crv", text("secp256k1"))])),
        ("no object", json!([])),
    ] {
        assert!(ClientKey::from_private_jwk(&changed.to_string()).is_err(), "{name}");
    }
    // RFC 8037 appendix A: a published key, its thumbprint and its signature.
    let key = ClientKey::from_private_jwk(
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    )
    .unwrap();
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_source_that_only_gives_zeroes_makes_no_key() {
    assert!(ClientKey::generate(&Fixed(0)).is_err());
}
