//! What goes beyond a limit is refused with the limit, in both protocols; what nobody understands is not ignored.

use axum::http::Method;

use crate::bed::DELIVERY;
use crate::browser::{Answer, Site, form};

const JSON: (&str, &str) = ("content-type", "application/json");
const BEARER: (&str, &str) = ("authorization", "Bearer yat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

/// Method, path, headers, body; status, code; limit, unit and what was given.
type Beyond<'a> =
    (Method, &'a str, Vec<(&'a str, &'a str)>, &'a str, (u16, &'a str), (u64, &'a str, Option<u64>));

fn kind(answer: &Answer) -> String {
    answer.json()["type"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_goes_beyond_a_limit_is_told_the_limit() {
    let site = Site::new();
    let (body, key) = ("x".repeat(yinuo_web::BODY_LEN_MAX + 1), "k".repeat(256));
    let (address, cookie) = (format!("/centre?x={}", "a".repeat(8_192)), "c".repeat(16_384));
    let items: Vec<String> = (0..257).map(|number| format!("\"item_{number}\"")).collect();
    let items = format!("{{\"purpose\":\"delivery\",\"items\":[{}]}}", items.join(","));
    let length = (yinuo_web::BODY_LEN_MAX + 1).to_string();
    let post = Method::POST;
    #[rustfmt::skip]
    let cases: [Beyond<'_>; 6] = [
        (post.clone(), "/v1/disclosures", vec![JSON, BEARER, ("content-length", &length)], &body,  (413, "too-large"), (65_536, "bytes", Some(65_537))),
        (post.clone(), "/v1/disclosures", vec![JSON, BEARER],                              &body,  (413, "too-large"), (65_536, "bytes", None)),
        (post.clone(), "/v1/disclosures", vec![JSON, BEARER, ("idempotency-key", &key)],   "{}",   (400, "malformed"), (255, "characters", Some(256))),
        (post,         "/v1/disclosures", vec![JSON, BEARER],                              &items, (400, "malformed"), (256, "items", Some(257))),
        (Method::GET,  &address,          vec![],                                          "",     (414, "address-too-long"), (8_192, "bytes", Some(8_202))),
        (Method::GET,  "/centre",         vec![("cookie", &cookie)],                       "",     (431, "headers-too-large"), (16_384, "bytes", Some(16_390))),
    ];
    for (method, path, headers, body, (status, code), (limit, unit, given)) in cases {
        let answer = site.ask(method, path, &headers, body).await;
        assert_eq!((answer.status.as_u16(), kind(&answer).as_str()), (status, code));
        let told = answer.json();
        assert_eq!((told["limit"].as_u64(), told["unit"].as_str()), (Some(limit), Some(unit)), "{told}");
        assert_eq!(told["given"].as_u64(), given, "{told}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = site.ask(Method::POST, "/oauth/token", &form, &body).await;
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (413, Some("invalid_request")));
}

#[tokio::test]
async fn what_is_not_understood_is_not_ignored() {
    let site = Site::new();
    let ask = r#"{"purpose":"delivery","items":["name"]}"#;
    // RFC 6750 §2.3 would have a token in the address, and so in logs.
    for query in ["?access_token=x", "?partial=true", "?"] {
        let answer = site.ask(Method::POST, &format!("/v1/disclosures{query}"), &[JSON, BEARER], ask).await;
        assert_eq!((answer.status.as_u16(), kind(&answer).as_str()), (400, "malformed"), "{query}");
        let token = form(&[("client_assertion", &site.assertion("courier")), ("token", "x")]);
        let media = [("content-type", "application/x-www-form-urlencoded")];
        let answer = site.ask(Method::POST, &format!("/oauth/revoke{query}"), &media, &token).await;
        assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some("invalid_request")));
    }
    // Two of a kind: which of them counts would be a guess.
    for (again, status, code) in [
        (BEARER, 401, "invalid-token"),
        (("content-type", "text/plain"), 415, "unsupported-type"),
        (("idempotency-key", "a"), 400, "malformed"),
    ] {
        let headers = [JSON, BEARER, ("idempotency-key", "a"), again];
        let answer = site.ask(Method::POST, "/v1/disclosures", &headers, ask).await;
        assert_eq!((answer.status.as_u16(), kind(&answer).as_str()), (status, code));
    }
}

#[tokio::test]
async fn options_says_what_can_be_asked_and_lets_no_other_site_in() {
    let site = Site::new();
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    for (path, allow) in [("/v1/disclosures", "POST"), ("/centre", "GET,HEAD")] {
        let answer = site.ask(Method::OPTIONS, path, &preflight, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow"), answer.body.as_str()), (204, allow, ""));
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
        let other = site.ask(Method::PATCH, path, &[], "").await;
        assert_eq!((other.status.as_u16(), other.header("allow")), (405, allow));
    }
    assert_eq!(site.ask(Method::OPTIONS, "/nothing", &preflight, "").await.status, 404);
}

#[tokio::test]
async fn head_says_what_get_says_without_its_body() {
    let site = Site::new();
    for path in ["/", "/problems", "/healthz", "/openapi.json", "/log/g/0/checkpoint"] {
        let [get, head] =
            [site.ask(Method::GET, path, &[], "").await, site.ask(Method::HEAD, path, &[], "").await];
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
}

#[tokio::test]
async fn each_answer_has_a_name_of_ours() {
    let site = Site::new();
    let named = [("x-request-id", "canary-of-a-client"), ("request-id", "canary-of-a-client")];
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/", "/nothing", "/v1/disclosures", "/oauth/jwks"] {
        for _ in 0..2 {
            let answer = site.ask(Method::GET, path, &named, "").await;
            assert!(
                !answer.body.contains("canary") && answer.headers.get_all("request-id").iter().count() == 1
            );
            assert!(seen.insert(answer.header("request-id").to_owned()), "{path}");
        }
    }
    assert!(seen.iter().all(|id| !id.contains("canary")));
    // Who tells the platform about a page that failed can name it, too.
    let page = site.ask(Method::GET, "/nothing", &[("accept", "text/html")], "").await;
    assert!(page.body.contains(page.header("request-id")));
}

/// Failure 27: whoever asks too often is told when to come back, and what the limit is.
#[tokio::test]
async fn whoever_asks_more_often_than_declared_is_told_when_to_come_back() {
    let site = Site::new();
    site.bed.limit("courier", 2, 3_600).await;
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    let back = ann.decide(&page, "agree", &["delivery/name"]).await;
    let tokens = site.redeem("courier", back.location()).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let ask = r#"{"purpose":"delivery","items":["name"]}"#;
    for _ in 0..2 {
        assert_eq!(site.disclose(token, ask).await.status, 200);
    }
    let refused = site.disclose(token, ask).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "3600"));
    let told = refused.json();
    assert_eq!(
        (&told["limit"], &told["unit"], &told["period_s"]),
        (&2.into(), &"releases".into(), &3_600.into())
    );
}
