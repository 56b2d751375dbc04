//! Whatever is sent, there is an answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use yinuo_domain::{AppId, Timestamp};
use yinuo_oauth::{
    AuthorizationDetail, AuthorizationRequest, CLIENT_ASSERTION_TYPE, OAuthError, Opaque, Parameters,
    RequestUri, TokenKind, authenticate, authorization_response_uri, client_id_of_assertion, parse_authorize,
    parse_bearer, parse_details, parse_introspection, parse_par, parse_token, verify_pkce,
};

/// Names the parsers read, so that random values reach the code behind them.
const NAMES: &[&str] = &[
    "client_id",
    "response_type",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "authorization_details",
    "ui_locales",
    "request_uri",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "client_assertion",
    "client_assertion_type",
];

/// Values that open the next door, and anything else.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => any::<String>(),
        1 => "[a-zA-Z0-9_.-]{0,60}",
        1 => r#"[\[\]{}",:a-z0-9 ]{0,60}"#,
        1 => (any::<String>(), any::<String>(), "[A-Za-z0-9_-]{0,90}")
            .prop_map(|(a, b, c)| format!("{}.{}.{c}", URL_SAFE_NO_PAD.encode(a), URL_SAFE_NO_PAD.encode(b))),
        1 => any::<[u8; 32]>().prop_map(|bytes| Opaque::new(TokenKind::Code, bytes).as_str().to_owned()),
        2 => prop::sample::select(vec![
            "courier".to_owned(), "code".to_owned(), "S256".to_owned(), "authorization_code".to_owned(),
            "refresh_token".to_owned(), "https://courier.example/back".to_owned(), "A".repeat(43),
            CLIENT_ASSERTION_TYPE.to_owned(),
            r#"[{"type":"personal_information","purpose":"delivery","items":["name"]}]"#.to_owned(),
        ]),
    ]
}

fn parameters() -> impl Strategy<Value = Parameters> {
    prop::collection::btree_map(prop::sample::select(NAMES), value(), 0..NAMES.len())
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .prop_map(|pairs| Parameters::from_pairs(pairs).unwrap_or_default())
}

/// RFC 6749 §5.2: what a description may hold; and nothing that was sent.
fn well_said(error: &OAuthError) -> bool {
    !error.description.is_empty()
        && error.description.bytes().all(|b| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\')
}

proptest! {
    /// Every request is answered, and every refusal can be sent as it is.
    #[test]
    fn every_request_has_an_answer(form in parameters(), jwks in any::<String>()) {
        let client = AppId::parse("courier").unwrap();
        let registered = ["https://courier.example/back".to_owned()];
        let errors = [
            parse_par(&form, &client, &registered).err(),
            parse_authorize(&form).err(),
            parse_token(&form).err(),
            parse_introspection(&form).err(),
            client_id_of_assertion(&form).err(),
            authenticate(&form, &client, &jwks, "https://yinuo.example", Timestamp(0)).err(),
        ];
        prop_assert!(errors.iter().flatten().all(well_said));
        if let Ok(request) = parse_par(&form, &client, &registered) {
            prop_assert_eq!(AuthorizationRequest::from_json(&request.to_json().unwrap()), Ok(request));
        }
    }

    /// Texts alone have an answer, too, and whatever was parsed says the same again.
    #[test]
    fn every_text_has_an_answer(text in any::<String>(), other in any::<String>()) {
        let _ = verify_pkce(&text, &other);
        let _ = parse_bearer(&text);
        let _ = parse_details(&text);
        let _ = AuthorizationRequest::from_json(&text);
        let _ = yinuo_oauth::client::ClientKey::from_private_jwk(&text);
        prop_assert!(Opaque::parse(&text).is_none_or(|token| token.as_str() == text));
        prop_assert!(RequestUri::parse(&text).is_ok_and(|uri| uri.as_str() == text) || RequestUri::parse(&text).is_err());
        prop_assert!(Parameters::from_pairs([(text.clone(), other.clone()), (text, other)]).is_err());
    }

    /// A value of an answer cannot break out of its place in the URI.
    #[test]
    fn an_answer_keeps_its_places(state in any::<String>()) {
        let uri = authorization_response_uri("https://courier.example/back?a=1", &[("code", "c"), ("state", &state)]);
        let rest = uri.strip_prefix("https://courier.example/back?a=1&code=c&state=").unwrap();
        prop_assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
    }

    /// What is written is read.
    #[test]
    fn details_come_back(purpose in "[a-z0-9_-]{1,64}", items in prop::collection::btree_set("[a-z0-9_]{1,64}", 1..40)) {
        let detail = AuthorizationDetail {
            purpose: yinuo_domain::PurposeId::parse(&purpose).unwrap(),
            items: items.into_iter().collect(),
        };
        let json = serde_json::to_string(&[&detail]).unwrap();
        prop_assert_eq!(parse_details(&json), Ok(vec![detail]));
    }
}
