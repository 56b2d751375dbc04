//! Pushed requests, arrivals at the authorization endpoint, token requests: one table of refusals each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use yinuo_domain::{AppId, PurposeId};
use yinuo_oauth::OAuthErrorCode::{
    self, InvalidAuthorizationDetails, InvalidGrant, InvalidRequest, InvalidRequestUri, InvalidScope,
    InvalidToken, UnsupportedGrantType, UnsupportedResponseType,
};
use yinuo_oauth::{
    AuthorizationDetail, AuthorizationRequest, Opaque, Parameters, PushedAuthorization, RequestUri,
    TokenKind, TokenReference, TokenRequest, Verifier, authorization_response_uri, parse_authorize,
    parse_bearer, parse_introspection, parse_par, parse_revocation, parse_token,
};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://courier.example/back?tenant=1";
const DETAILS: &str =
    r#"[{"type":"personal_information","purpose":"delivery","items":["name","phone_number"]}]"#;

type Form<'a> = &'a [(&'a str, &'a str)];
type Pairs = Vec<(String, String)>;

fn courier() -> AppId {
    AppId::parse("courier").unwrap()
}

fn form(pairs: Form<'_>) -> Parameters {
    Parameters::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .unwrap()
}

/// `right` with one parameter set, or removed.
fn changed(right: Form<'_>, name: &str, value: Option<&str>) -> Parameters {
    let kept = right.iter().copied().filter(|(given, _)| *given != name);
    form(&kept.chain(value.map(|value| (name, value))).collect::<Vec<_>>())
}

fn right_par() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", "courier"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("state", "s-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("authorization_details", DETAILS),
        ("ui_locales", "en zh-CN"),
        ("nonce", "whatever nobody knows is ignored"),
    ]
}

fn par(parameters: &Parameters) -> Result<AuthorizationRequest, OAuthErrorCode> {
    let registered = ["https://courier.example/other".to_owned(), REDIRECT.to_owned()];
    parse_par(parameters, &courier(), &registered).map_err(|error| error.code)
}

#[test]
fn a_right_request_is_parsed_kept_and_read_back() {
    let request = par(&form(&right_par())).unwrap();
    assert_eq!(
        request,
        AuthorizationRequest {
            client: courier(),
            redirect_uri: REDIRECT.to_owned(),
            state: Some("s-1".to_owned()),
            code_challenge: CHALLENGE.to_owned(),
            details: vec![AuthorizationDetail {
                purpose: PurposeId::parse("delivery").unwrap(),
                items: vec!["name".to_owned(), "phone_number".to_owned()],
            }],
            ui_locales: vec!["en".to_owned(), "zh-CN".to_owned()],
        }
    );
    assert_eq!(AuthorizationRequest::from_json(&request.to_json().unwrap()).unwrap(), request);
    assert_eq!(serde_json::to_string(&request.details).unwrap(), DETAILS);
}

#[test]
fn a_kept_request_that_was_damaged_is_not_believed() {
    let json = par(&form(&right_par())).unwrap().to_json().unwrap();
    for bad in ["", "{}", &json.replace("courier\"", "Courier\""), &json.replace("\"items\"", "\"more\"")] {
        assert_eq!(
            AuthorizationRequest::from_json(bad).unwrap_err().code,
            OAuthErrorCode::ServerError,
            "{bad}"
        );
    }
}

#[test]
#[rustfmt::skip]
fn every_rule_about_a_pushed_request_refuses() {
    let long = "s".repeat(1025);
    let cases: &[(&str, &str, Option<&str>, Option<OAuthErrorCode>)] = &[
        ("no client_id",             "client_id",             None, None),
        ("another client_id",        "client_id",             Some("restaurant"), Some(InvalidRequest)),
        ("no response_type",         "response_type",         None, Some(InvalidRequest)),
        ("an empty response_type",   "response_type",         Some(""), Some(InvalidRequest)),
        ("token",                    "response_type",         Some("token"), Some(UnsupportedResponseType)),
        ("code and id_token",        "response_type",         Some("code id_token"), Some(UnsupportedResponseType)),
        ("query",                    "response_mode",         Some("query"), None),
        ("fragment",                 "response_mode",         Some("fragment"), Some(InvalidRequest)),
        ("form_post",                "response_mode",         Some("form_post"), Some(InvalidRequest)),
        ("no redirect_uri",          "redirect_uri",          None, Some(InvalidRequest)),
        ("the other one",            "redirect_uri",          Some("https://courier.example/other"), None),
        ("no query",                 "redirect_uri",          Some("https://courier.example/back"), Some(InvalidRequest)),
        ("one more parameter",       "redirect_uri",          Some("https://courier.example/back?tenant=1&a=1"), Some(InvalidRequest)),
        ("a slash more",             "redirect_uri",          Some("https://courier.example/other/"), Some(InvalidRequest)),
        ("another case",             "redirect_uri",          Some("https://COURIER.example/other"), Some(InvalidRequest)),
        ("another scheme",           "redirect_uri",          Some("http://courier.example/other"), Some(InvalidRequest)),
        ("the default port",         "redirect_uri",          Some("https://courier.example:443/other"), Some(InvalidRequest)),
        ("an escape",                "redirect_uri",          Some("https://courier.example/%6Fther"), Some(InvalidRequest)),
        ("a fragment",               "redirect_uri",          Some("https://courier.example/other#a"), Some(InvalidRequest)),
        ("a user",                   "redirect_uri",          Some("https://courier.example@evil.example/other"), Some(InvalidRequest)),
        ("no state",                 "state",                 None, None),
        ("1024 bytes of state",      "state",                 Some(&long[1..]), None),
        ("1025 bytes of state",      "state",                 Some(&long), Some(InvalidRequest)),
        ("a line break in state",    "state",                 Some("a\r\nb"), Some(InvalidRequest)),
        ("state not in ASCII",       "state",                 Some("一诺"), Some(InvalidRequest)),
        ("no challenge",             "code_challenge",        None, Some(InvalidRequest)),
        ("a short challenge",        "code_challenge",        Some(&CHALLENGE[1..]), Some(InvalidRequest)),
        ("a whole short challenge",  "code_challenge",        Some("AAAA"), Some(InvalidRequest)),
        ("a long challenge",         "code_challenge",        Some(&long[..64]), Some(InvalidRequest)),
        ("a padded challenge",       "code_challenge",        Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Some(InvalidRequest)),
        ("another alphabet",         "code_challenge",        Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some(InvalidRequest)),
        ("no method",                "code_challenge_method", None, Some(InvalidRequest)),
        ("plain",                    "code_challenge_method", Some("plain"), Some(InvalidRequest)),
        ("s256",                     "code_challenge_method", Some("s256"), Some(InvalidRequest)),
        ("a scope",                  "scope",                 Some("openid"), Some(InvalidScope)),
        ("an empty scope",           "scope",                 Some(""), None),
        ("a request object",         "request",               Some("eyJ"), Some(InvalidRequest)),
        ("a request_uri",            "request_uri",           Some("https://courier.example/r"), Some(InvalidRequest)),
        ("no details",               "authorization_details", None, Some(InvalidRequest)),
    ];
    for (name, parameter, value, expected) in cases {
        assert_eq!(par(&changed(&right_par(), parameter, *value)).err(), *expected, "{name}");
    }
}

#[test]
#[rustfmt::skip]
fn every_rule_about_details_refuses() {
    let delivery = r#""type":"personal_information","purpose":"delivery""#;
    let one = DETAILS.trim_matches(['[', ']']);
    let many = |count: usize| {
        let detail = |n| format!(r#"{{"type":"personal_information","purpose":"p-{n}","items":["name"]}}"#);
        format!("[{}]", (0..count).map(detail).collect::<Vec<_>>().join(","))
    };
    let items = |count: usize| format!("[{{{delivery},\"items\":[{}]}}]",
        (0..count).map(|n| format!("\"i{n}\"")).collect::<Vec<_>>().join(","));
    let cases: Vec<(&str, String, bool)> = vec![
        ("as they should be",        DETAILS.to_owned(), true),
        ("another purpose, too",     format!("[{one},{}]", one.replace("delivery", "marketing")), true),
        ("32 purposes",              many(32), true),
        ("33 purposes",              many(33), false),
        ("256 items",                items(256), true),
        ("257 items",                items(257), false),
        ("a purpose twice",          format!("[{one},{one}]"), false),
        ("apart, a purpose twice",   format!("[{one},{},{one}]", one.replace("delivery", "marketing")), false),
        ("an item twice",            format!(r#"[{{{delivery},"items":["name","phone_number","name"]}}]"#), false),
        ("no details",               "[]".to_owned(), false),
        ("an object",                one.to_owned(), false),
        ("no JSON",                  "name".to_owned(), false),
        ("more after it",            format!("{DETAILS}x"), false),
        ("no items",                 format!(r#"[{{{delivery}}}]"#), false),
        ("an empty list",            format!(r#"[{{{delivery},"items":[]}}]"#), false),
        ("items as text",            format!(r#"[{{{delivery},"items":"name"}}]"#), false),
        ("items as null",            format!(r#"[{{{delivery},"items":null}}]"#), false),
        ("an empty item",            format!(r#"[{{{delivery},"items":[""]}}]"#), false),
        ("an item in upper case",    format!(r#"[{{{delivery},"items":["Name"]}}]"#), false),
        ("an item with markup",      format!(r#"[{{{delivery},"items":["<b>"]}}]"#), false),
        ("64 bytes of item",         format!(r#"[{{{delivery},"items":["{}"]}}]"#, "i".repeat(64)), true),
        ("65 bytes of item",         format!(r#"[{{{delivery},"items":["{}"]}}]"#, "i".repeat(65)), false),
        ("an item in Chinese",       format!(r#"[{{{delivery},"items":["姓名"]}}]"#), false),
        ("a number as item",         format!(r#"[{{{delivery},"items":[1]}}]"#), false),
        ("no purpose",               DETAILS.replace(r#""purpose":"delivery","#, ""), false),
        ("an empty purpose",         DETAILS.replace("delivery", ""), false),
        ("a malformed purpose",      DETAILS.replace("delivery", "De livery"), false),
        ("no type",                  DETAILS.replace(r#""type":"personal_information","#, ""), false),
        ("another type",             DETAILS.replace("personal_information", "payment_initiation"), false),
        ("an unknown key",           format!(r#"[{{{delivery},"items":["name"],"actions":["read"]}}]"#), false),
        ("a key twice",              format!(r#"[{{{delivery},"purpose":"delivery","items":["name"]}}]"#), false),
        ("a list in the list",       format!("[{DETAILS}]"), false),
        ("very deep",                "[".repeat(10_000), false),
    ];
    for (name, details, accepted) in cases {
        let code = par(&changed(&right_par(), "authorization_details", Some(&details))).err();
        assert_eq!(code, (!accepted).then_some(InvalidAuthorizationDetails), "{name}");
    }
}

#[test]
fn languages_nobody_can_read_are_passed_over() {
    let read = |locales| par(&changed(&right_par(), "ui_locales", locales)).unwrap().ui_locales;
    assert!(read(None).is_empty());
    assert_eq!(read(Some("en  <b> zh-CN 中文")), ["en", "zh-CN"]);
    assert_eq!(read(Some("a b c d e f g h i j")).len(), 8);
}

#[test]
#[rustfmt::skip]
fn only_a_pushed_request_is_authorized() {
    let uri = RequestUri::new([9; 32]);
    let right = [("client_id", "courier"), ("request_uri", uri.as_str()), ("scope", "whatever was not pushed is not read")];
    assert_eq!(parse_authorize(&form(&right)), Ok((courier(), uri.clone())));
    assert_eq!(PushedAuthorization::new(&uri).expires_in, 90);

    let cases: &[(&str, &str, Option<&str>, OAuthErrorCode)] = &[
        ("no client",            "client_id",   None, InvalidRequest),
        ("a malformed client",   "client_id",   Some("Courier"), InvalidRequest),
        ("nothing pushed",       "request_uri", None, InvalidRequest),
        ("somebody else's",      "request_uri", Some("https://courier.example/request"), InvalidRequestUri),
        ("cut short",            "request_uri", Some(&uri.as_str()[..uri.as_str().len() - 1]), InvalidRequestUri),
        ("the prefix alone",     "request_uri", Some(RequestUri::PREFIX), InvalidRequestUri),
    ];
    for (name, parameter, value, code) in cases {
        assert_eq!(parse_authorize(&changed(&right, parameter, *value)).unwrap_err().code, *code, "{name}");
    }
    // A whole request in the URL is still not a pushed one.
    assert_eq!(parse_authorize(&form(&right_par())).unwrap_err().code, InvalidRequest);
}

#[test]
#[rustfmt::skip]
fn every_rule_about_a_token_request_refuses() {
    let code = Opaque::new(TokenKind::Code, [1; 32]);
    let refresh = Opaque::new(TokenKind::Refresh, [2; 32]);
    let by_code = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    let by_refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(parse_token(&form(&by_code)), Ok(TokenRequest::Code {
        code: code.clone(), redirect_uri: REDIRECT.to_owned(), verifier: Verifier::parse(VERIFIER).unwrap(),
    }));
    assert_eq!(parse_token(&form(&by_refresh)), Ok(TokenRequest::Refresh { token: refresh.clone() }));

    let cases: &[(&str, Form<'_>, &str, Option<&str>, OAuthErrorCode)] = &[
        ("no grant type",         &by_code,    "grant_type",    None, InvalidRequest),
        ("a password",            &by_code,    "grant_type",    Some("password"), UnsupportedGrantType),
        ("client credentials",    &by_code,    "grant_type",    Some("client_credentials"), UnsupportedGrantType),
        ("the other grant type",  &by_code,    "grant_type",    Some("refresh_token"), InvalidRequest),
        ("no code",               &by_code,    "code",          None, InvalidRequest),
        ("not a code",            &by_code,    "code",          Some("abc"), InvalidGrant),
        ("a refresh token",       &by_code,    "code",          Some(refresh.as_str()), InvalidGrant),
        ("no redirect_uri",       &by_code,    "redirect_uri",  None, InvalidRequest),
        ("no verifier",           &by_code,    "code_verifier", None, InvalidRequest),
        ("a short verifier",      &by_code,    "code_verifier", Some("abc"), InvalidRequest),
        ("a scope",               &by_code,    "scope",         Some("openid"), InvalidScope),
        ("other details",         &by_code,    "authorization_details", Some(DETAILS), InvalidAuthorizationDetails),
        ("no refresh token",      &by_refresh, "refresh_token", None, InvalidRequest),
        ("not a refresh token",   &by_refresh, "refresh_token", Some("abc"), InvalidGrant),
        ("a code",                &by_refresh, "refresh_token", Some(code.as_str()), InvalidGrant),
        ("a wider refresh",       &by_refresh, "scope",         Some("all"), InvalidScope),
        ("a narrower refresh",    &by_refresh, "authorization_details", Some(DETAILS), InvalidAuthorizationDetails),
    ];
    for (name, right, parameter, value, code) in cases {
        assert_eq!(parse_token(&changed(right, parameter, *value)).unwrap_err().code, *code, "{name}");
    }
}

#[test]
fn no_secret_of_a_request_is_printed() {
    let code = Opaque::new(TokenKind::Code, [1; 32]);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let parameters = form(&pairs);
    let printed = format!("{parameters:?} {:?}", parse_token(&parameters).unwrap());
    assert!(!printed.contains(&code.as_str()[4..]) && !printed.contains(VERIFIER), "{printed}");
}

#[test]
#[rustfmt::skip]
fn a_parameter_is_given_once_and_bounded() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let many = |count: usize| (0..count).map(|n| pair(&format!("p{n}"), "v")).collect::<Vec<_>>();
    let cases: Vec<(&str, Pairs, bool)> = vec![
        ("none",                    vec![], true),
        ("two names",               vec![pair("a", "1"), pair("b", "1")], true),
        ("one name twice",          vec![pair("a", "1"), pair("b", "1"), pair("a", "2")], false),
        ("the same value twice",    vec![pair("a", "1"), pair("a", "1")], false),
        ("once empty",              vec![pair("a", ""), pair("a", "1")], false),
        ("unknown ones twice",      vec![pair("zzz", "1"), pair("zzz", "1")], false),
        ("32",                      many(32), true),
        ("33",                      many(33), false),
        ("a name of 64",            vec![pair(&"n".repeat(64), "")], true),
        ("a name of 65",            vec![pair(&"n".repeat(65), "")], false),
        ("a value of 16 KiB",       vec![pair("a", &"v".repeat(16 * 1024))], true),
        ("a byte more",             vec![pair("a", &"v".repeat(16 * 1024 + 1))], false),
        ("more than 32 KiB in all", ["a", "b", "c"].map(|name| pair(name, &"v".repeat(11 * 1024))).to_vec(), false),
    ];
    for (name, pairs, accepted) in cases {
        let code = Parameters::from_pairs(pairs).err().map(|error| error.code);
        assert_eq!(code, (!accepted).then_some(InvalidRequest), "{name}");
    }
    // RFC 6749 §3.1: a parameter without a value is as good as absent.
    let parameters = form(&[("a", ""), ("b", "1")]);
    assert_eq!((parameters.get("a"), parameters.get("b"), parameters.get("c")), (None, Some("1"), None));
}

#[test]
#[rustfmt::skip]
fn a_bearer_token_is_an_access_token() {
    let access = Opaque::new(TokenKind::Access, [3; 32]);
    let refresh = Opaque::new(TokenKind::Refresh, [3; 32]);
    let (a, r) = (access.as_str(), refresh.as_str());
    let cases: Vec<(String, Option<OAuthErrorCode>)> = vec![
        (format!("Bearer {a}"),     None),
        (format!("bearer {a}"),     None),
        (format!("BEARER  {a}"),    None),
        (String::new(),             Some(InvalidRequest)),
        (a.to_owned(),              Some(InvalidRequest)),
        ("Bearer".to_owned(),       Some(InvalidRequest)),
        (format!("Basic {a}"),      Some(InvalidRequest)),
        (format!("DPoP {a}"),       Some(InvalidRequest)),
        (format!("Bearer\t{a}"),    Some(InvalidRequest)),
        ("Bearer ".to_owned(),      Some(InvalidToken)),
        (format!("Bearer {r}"),     Some(InvalidToken)),
        (format!("Bearer {a} "),    Some(InvalidToken)),
        (format!("Bearer {a},{a}"), Some(InvalidToken)),
    ];
    for (header, expected) in cases {
        let parsed = parse_bearer(&header);
        assert_eq!(parsed.as_ref().err().map(|error| error.code), expected, "{header}");
        if let Ok(token) = parsed {
            assert_eq!(token, access);
        }
    }
}

#[test]
fn a_token_is_named_or_foreign() {
    for parse in [parse_introspection, parse_revocation] {
        for kind in [TokenKind::Access, TokenKind::Refresh] {
            let token = Opaque::new(kind, [4; 32]);
            let hint = [("token", token.as_str()), ("token_type_hint", "nobody knows")];
            assert_eq!(parse(&form(&hint)), Ok(TokenReference::Token(token.clone())));
        }
        let code = Opaque::new(TokenKind::Code, [4; 32]);
        let session = Opaque::new(TokenKind::Session, [4; 32]);
        for foreign in ["abc", code.as_str(), session.as_str()] {
            assert_eq!(parse(&form(&[("token", foreign)])), Ok(TokenReference::Foreign));
        }
        assert_eq!(parse(&form(&[])).unwrap_err().code, InvalidRequest);
    }
}

#[test]
#[rustfmt::skip]
fn the_answer_is_added_to_the_redirect_uri() {
    let answer: &[(&str, &str)] = &[("code", "yac_1"), ("state", "a b&c=d+é#"), ("iss", "https://yinuo.example")];
    let added = "code=yac_1&state=a%20b%26c%3Dd%2B%C3%A9%23&iss=https%3A%2F%2Fyinuo.example";
    let cases = [
        ("https://c.example/back",         format!("https://c.example/back?{added}")),
        ("https://c.example",              format!("https://c.example?{added}")),
        ("https://c.example/back?a=%201",  format!("https://c.example/back?a=%201&{added}")),
        ("https://c.example/back?",        format!("https://c.example/back?{added}")),
        ("https://c.example/back?a=1&",    format!("https://c.example/back?a=1&{added}")),
        ("https://c.example/b?a=1#f",      format!("https://c.example/b?a=1&{added}#f")),
        ("com.example.app:/back",          format!("com.example.app:/back?{added}")),
    ];
    for (redirect, expected) in cases {
        assert_eq!(authorization_response_uri(redirect, answer), expected);
        assert_eq!(authorization_response_uri(redirect, &[]), redirect);
    }
}
