//! The partner's side, played by an OAuth client library that nobody here has touched, against `yinuo demo` itself.
//!
//! `tests/partner/partner.mjs` plays and prints what it saw; here stands what is right. That the library goes on is
//! half of the proof: it refuses metadata, answers, `state` and `iss` that are not as the specifications have them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

mod demo;

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use demo::Demo;
use serde_json::{Value, json};

/// One play for all tests here.
struct Play {
    issuer: String,
    saw: Value,
}

static PLAY: LazyLock<Play> = LazyLock::new(Play::run);

impl Play {
    fn run() -> Self {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/partner");
        let installed = place.join("node_modules/openid-client/package.json").is_file();
        assert!(
            installed,
            "the partner's client library is missing: run ./test, or `npm ci` in tests/partner"
        );
        let demo = Demo::start();
        let played = Command::new("node")
            .arg(place.join("partner.mjs"))
            .args([&demo.issuer, &demo.partner])
            .arg(demo.data().join("partner"))
            .output()
            .expect("the tests need Node.js 20 or later");
        assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
        Self { issuer: demo.issuer.clone(), saw: serde_json::from_slice(&played.stdout).unwrap() }
    }

    /// What was seen in one scene.
    fn scene(&self, name: &str) -> &Value {
        &self.saw[name]
    }
}

/// A refusal in the words of RFC 6749 §5.2.
fn refused(status: u16, error: &str) -> Value {
    json!({"status": status, "error": error})
}

/// What a token that gives nothing is answered at `/v1/disclosures` (RFC 6750 §3).
fn invalid_token() -> Value {
    json!({"status": 401, "scheme": "bearer", "error": "invalid_token", "type": "application/problem+json"})
}

fn details(items: &[&str]) -> Value {
    json!([{"type": "personal_information", "purpose": "delivery", "items": items}])
}

#[test]
fn the_library_configures_itself_from_the_metadata() {
    let expected = json!({
        "issuer": PLAY.issuer,
        "require_pushed_authorization_requests": true,
        "pkce": true,
    });
    assert_eq!(PLAY.scene("discovery"), &expected);
}

#[test]
fn a_person_allows_two_items_of_five_and_the_partner_gets_these_two() {
    let thread = PLAY.scene("thread");
    let boxes = [
        "delivery/name",
        "delivery/delivery_address",
        "delivery/contact_phone",
        "offers/email_address",
        "offers/phone_number",
    ];
    assert_eq!(thread["boxes"], json!(boxes));
    assert_eq!(thread["preselected"], json!([]));

    // RFC 6749 §4.1.2, RFC 9207 §2: a code, the state unchanged, and who answers; nothing else.
    let address = thread["address"].as_object().unwrap();
    assert_eq!(address.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);
    assert_eq!((&address["iss"], &address["state"]), (&json!(PLAY.issuer), &thread["state"]));

    // RFC 9396 §7: what was allowed, which is less than was asked for.
    let tokens = &thread["tokens"];
    assert_eq!(tokens["authorization_details"], details(&["name", "delivery_address"]));
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(600)));
    assert_eq!(tokens["sub"].as_str().unwrap().len(), 32);

    let released = &thread["released"];
    assert_eq!((&released["status"], &released["type"]), (&json!(200), &json!("application/json")));
    let values = json!({"name": "示例用户11", "delivery_address": "虚构省样例市演示区无名路 11 号"});
    assert_eq!(released["body"]["items"], values);
    let receipt = &released["body"]["receipt"];
    assert_eq!(receipt["log"], "g/0");
    for tree in ["sha256", "sm3"] {
        assert!(
            receipt["proofs"][tree].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"),
            "{receipt}"
        );
    }

    // The same key and the same body are the same disclosure (design §6).
    assert_eq!(thread["again"]["body"]["disclosure"], released["body"]["disclosure"]);
    assert_eq!(thread["again"]["body"]["items"], values);

    let reasons = json!({"name": "other-item-refused", "delivery_address": "other-item-refused", "contact_phone": "not-granted"});
    assert_eq!(thread["notGranted"]["status"], 403);
    assert_eq!(thread["notGranted"]["body"]["items"], reasons);
    assert_eq!(thread["partial"]["status"], 200);
    assert_eq!(thread["partial"]["body"]["items"], values);
    assert_eq!(thread["partial"]["body"]["withheld"], json!({"contact_phone": "not-granted"}));
}

#[test]
fn introspection_and_refresh_say_the_same_as_the_first_answer() {
    let thread = PLAY.scene("thread");
    let (tokens, introspected) = (&thread["tokens"], &thread["introspected"]);
    assert_eq!(introspected["active"], true);
    assert_eq!(introspected["client_id"], "sample-courier");
    assert_eq!(introspected["iss"], json!(PLAY.issuer));
    assert_eq!(introspected["sub"], tokens["sub"]);
    assert_eq!(introspected["authorization_details"], tokens["authorization_details"]);
    let time = |name: &str| introspected[name].as_u64().unwrap();
    assert_eq!(time("exp") - time("iat"), 600);

    assert_eq!(&thread["refreshed"], tokens);
    assert_eq!(thread["rotated"], true);
    assert_eq!(thread["afterRefresh"]["status"], 200);
}

#[test]
fn the_very_next_request_after_a_withdrawal_is_refused() {
    let thread = PLAY.scene("thread");
    assert_eq!(thread["centre"], json!({"status": 200, "names": true}));
    assert_eq!(thread["withdrawn"], json!({"status": 200, "address": "/centre?done=withdrawn"}));

    let next = &thread["afterWithdrawal"];
    assert_eq!((&next["status"], &next["type"]), (&json!(403), &json!("application/problem+json")));
    assert_eq!(next["body"]["type"], format!("{}/problems/withheld", PLAY.issuer));
    assert_eq!(next["body"]["items"], json!({"name": "withdrawn", "delivery_address": "withdrawn"}));
    assert_eq!(thread["introspectedAfterWithdrawal"], json!({"active": false}));
    assert_eq!(thread["refreshAfterWithdrawal"], refused(400, "invalid_grant"));
}

#[test]
fn a_no_reaches_the_partner_as_access_denied_and_nothing_more() {
    let expected = json!({
        "refused": {"error": "access_denied"},
        "nothing": {"error": "access_denied"},
        "requestUsed": 410,
    });
    assert_eq!(PLAY.scene("declining"), &expected);
}

#[test]
fn a_code_redeemed_twice_is_refused_and_ends_what_it_gave() {
    let gone = refused(400, "invalid_grant");
    let expected = json!({"second": gone, "disclosure": invalid_token(), "refresh": gone});
    assert_eq!(PLAY.scene("codeTwice"), &expected);
}

#[test]
fn a_refresh_token_used_twice_is_refused_and_ends_its_family() {
    let gone = refused(400, "invalid_grant");
    let expected = json!({
        "reuse": gone,
        "newest": gone,
        "disclosure": invalid_token(),
        "introspected": {"active": false},
    });
    assert_eq!(PLAY.scene("refreshTwice"), &expected);
}

#[test]
fn tokens_that_are_given_back_are_worth_nothing() {
    let expected = json!({
        "before": true,
        "introspected": {"active": false},
        "disclosure": invalid_token(),
        "refresh": refused(400, "invalid_grant"),
    });
    assert_eq!(PLAY.scene("revoking"), &expected);
}

#[test]
fn somebody_elses_tokens_are_of_no_use_and_tell_nothing() {
    let expected = json!({
        "introspected": {"active": false},
        "stillGiven": 200,
        "code": refused(400, "invalid_grant"),
        "refresh": refused(400, "invalid_grant"),
        // RFC 6750 §3.1: no error is told to whoever brought no token.
        "withoutToken": {"status": 401, "challenge": "Bearer"},
        "otherScheme": {"status": 401, "challenge": "Bearer"},
        "unknownToken": invalid_token(),
    });
    assert_eq!(PLAY.scene("strangers"), &expected);
}

#[test]
fn who_cannot_prove_to_be_the_client_gets_one_uniform_answer() {
    let cases = [
        "wrongKey",
        "unknownKey",
        "otherAppsKey",
        "otherAudience",
        "over",
        "secret",
        "none",
        "replayed",
        "atTokenEndpoint",
    ];
    let clients = PLAY.scene("clients");
    assert_eq!(clients["refused"].as_object().unwrap().len(), cases.len());
    for case in cases {
        assert_eq!(clients["refused"][case], refused(401, "invalid_client"), "{case}");
    }
    // And the code that was brought by somebody else is still the client's own.
    let redeemed = &clients["redeemed"]["authorization_details"];
    assert_eq!(redeemed, &details(&["name", "delivery_address", "contact_phone"]));
}

#[test]
fn a_request_that_may_not_be_made_is_refused_at_the_first_place_that_can_tell() {
    let expected = json!({
        // RFC 9126 §5: only pushed requests, and only the client's own.
        "notPushed": {"status": 410},
        "ofAnotherApp": {"status": 410},
        "foreignRedirect": refused(400, "invalid_request"),
        "undeclaredItem": refused(400, "invalid_authorization_details"),
        "unknownType": refused(400, "invalid_authorization_details"),
        "withoutDetails": refused(400, "invalid_request"),
        "plainChallenge": refused(400, "invalid_request"),
        "scope": refused(400, "invalid_scope"),
        "wrongVerifier": refused(400, "invalid_grant"),
        "otherRedirect": refused(400, "invalid_grant"),
        "widened": refused(400, "invalid_authorization_details"),
    });
    assert_eq!(PLAY.scene("requests"), &expected);
}

#[test]
fn no_answer_of_the_protocol_is_cached() {
    let answers = PLAY.saw["answers"].as_array().unwrap();
    for path in ["/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke", "/v1/disclosures"] {
        assert!(answers.iter().any(|answer| answer["path"] == path), "{path} was not asked");
    }
    for answer in answers {
        // RFC 6749 §5.1.
        assert_eq!(answer["cache"], "no-store", "{answer}");
        // RFC 7009 §2.2: an answer to a revocation has no body.
        if answer["path"] != "/oauth/revoke" {
            let problem = answer["path"] == "/v1/disclosures" && answer["status"] != 200;
            let expected = if problem { "application/problem+json" } else { "application/json" };
            assert_eq!(answer["type"], expected, "{answer}");
        }
    }
}
