//! The bytes of what is answered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use serde_json::{Value, json};
use yinuo_domain::{AppId, PurposeId, Tag, Timestamp};
use yinuo_oauth::{
    AuthorizationDetail, Introspection, Metadata, Opaque, PushedAuthorization, RequestUri, TokenKind,
    TokenResponse, TokenType,
};

fn details() -> Vec<AuthorizationDetail> {
    vec![AuthorizationDetail {
        purpose: PurposeId::parse("delivery").unwrap(),
        items: vec!["name".to_owned()],
    }]
}

const DETAILS: &str = r#"[{"type":"personal_information","purpose":"delivery","items":["name"]}]"#;

/// A client library reads it as it stands; a change is a change of the protocol.
#[test]
fn the_metadata_is_the_golden_document() {
    let metadata = Metadata::for_issuer("https://yinuo.example");
    let written = format!("{}\n", serde_json::to_string_pretty(&metadata).unwrap());
    assert_eq!(written, include_str!("data/metadata.json"));
    assert_eq!(serde_json::from_str::<Metadata>(&written).unwrap(), metadata);
}

/// RFC 8414 §3.3, RFC 9207 §2.4: the issuer is compared as a string, so every URL hangs on it alone.
#[test]
fn every_url_of_the_metadata_begins_with_the_issuer() {
    let document = serde_json::to_value(Metadata::for_issuer("http://127.0.0.1:8080")).unwrap();
    let urls = |name: &str| name == "issuer" || name.ends_with("_endpoint") || name.ends_with("_uri");
    let urls: Vec<_> = document.as_object().unwrap().iter().filter(|(name, _)| urls(name)).collect();
    assert_eq!(urls.len(), 7);
    for (name, url) in urls {
        assert!(url.as_str().unwrap().starts_with("http://127.0.0.1:8080"), "{name}");
    }
}

#[test]
fn a_token_response_has_the_members_of_the_rfcs() {
    let response = TokenResponse {
        access_token: Opaque::new(TokenKind::Access, [0; 32]),
        token_type: TokenType::Bearer,
        expires_in: 600,
        refresh_token: Opaque::new(TokenKind::Refresh, [0; 32]),
        authorization_details: details(),
        sub: Tag([0xab; 16]),
    };
    let zeroes = "A".repeat(43);
    let expected = format!(
        r#"{{"access_token":"yat_{zeroes}","token_type":"Bearer","expires_in":600,"refresh_token":"yrt_{zeroes}","authorization_details":{DETAILS},"sub":"{}"}}"#,
        "ab".repeat(16)
    );
    assert_eq!(serde_json::to_string(&response).unwrap(), expected);
    assert_eq!(serde_json::from_str::<TokenResponse>(&expected).unwrap(), response);
    assert!(!format!("{response:?}").contains(&zeroes));
}

#[test]
fn a_pushed_request_is_answered_with_its_uri() {
    let answer = PushedAuthorization::new(&RequestUri::new([0; 32]));
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        format!(
            r#"{{"request_uri":"urn:ietf:params:oauth:request_uri:{}","expires_in":90}}"#,
            "A".repeat(43)
        )
    );
}

#[test]
fn an_inactive_token_tells_nothing_else() {
    assert_eq!(serde_json::to_string(&Introspection::Inactive).unwrap(), r#"{"active":false}"#);
    let active = Introspection::Active {
        client: AppId::parse("courier").unwrap(),
        sub: Tag([1; 16]),
        issued_at: Timestamp(1_800_000_000_999),
        expires_at: Timestamp(1_800_000_600_999),
        issuer: "https://yinuo.example".to_owned(),
        details: details(),
    };
    assert_eq!(
        serde_json::to_value(&active).unwrap(),
        json!({
            "active": true, "client_id": "courier", "sub": "01".repeat(16), "iat": 1_800_000_000, "exp": 1_800_000_600,
            "iss": "https://yinuo.example", "token_type": "Bearer",
            "authorization_details": serde_json::from_str::<Value>(DETAILS).unwrap(),
        })
    );
}
