//! What holds on every route: headers, who may ask, where a form comes from, how a mistake is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
mod browser;

use axum::http::{Method, StatusCode};
use bed::{DELIVERY, ISSUER};
use browser::{Answer, Site, form};

/// Every route, and what a stranger gets there. A route that is added without a line here is found by
/// `every_route_is_in_the_table`.
#[rustfmt::skip]
const ROUTES: &[(Method, &str, u16)] = &[
    (Method::GET,  "/",                                          200),
    (Method::GET,  "/sign-in",                                   200),
    (Method::POST, "/sign-in",                                   403),
    (Method::GET,  "/sign-in/back",                              410),
    (Method::POST, "/sign-out",                                  403),
    (Method::GET,  "/oauth/authorize",                           303),
    (Method::POST, "/consent",                                   403),
    (Method::GET,  "/centre",                                    303),
    (Method::GET,  "/centre/apps/{app}",                         303),
    (Method::POST, "/centre/withdraw",                           403),
    (Method::GET,  "/centre/history",                            303),
    (Method::GET,  "/centre/items",                              303),
    (Method::GET,  "/centre/items/{item}",                       303),
    (Method::GET,  "/centre/proofs",                             303),
    (Method::GET,  "/centre/proof",                              303),
    (Method::GET,  "/centre/delete",                             303),
    (Method::POST, "/centre/delete",                             403),
    (Method::GET,  "/problems",                                  200),
    (Method::GET,  "/problems/{code}",                           404),
    (Method::GET,  "/notices/{app}/{version}",                   404),
    (Method::POST, "/oauth/par",                                 401),
    (Method::POST, "/oauth/token",                               401),
    (Method::POST, "/oauth/introspect",                          401),
    (Method::POST, "/oauth/revoke",                              401),
    (Method::GET,  "/oauth/jwks",                                200),
    (Method::GET,  "/.well-known/oauth-authorization-server",    200),
    (Method::POST, "/v1/disclosures",                            401),
    (Method::GET,  "/log/{*path}",                               404),
    (Method::GET,  "/assets/yinuo.css",                          200),
    (Method::GET,  "/assets/yinuo.svg",                          200),
    (Method::GET,  "/healthz",                                   200),
    (Method::GET,  "/no-such-page",                              404),
];

const SOURCES: &[&str] = &[
    include_str!("../src/assets.rs"),
    include_str!("../src/centre.rs"),
    include_str!("../src/consent.rs"),
    include_str!("../src/delete_account.rs"),
    include_str!("../src/disclosures.rs"),
    include_str!("../src/history.rs"),
    include_str!("../src/home.rs"),
    include_str!("../src/items.rs"),
    include_str!("../src/log.rs"),
    include_str!("../src/notices.rs"),
    include_str!("../src/oauth.rs"),
    include_str!("../src/problems.rs"),
    include_str!("../src/proofs.rs"),
    include_str!("../src/sign_in.rs"),
];

#[test]
fn every_route_is_in_the_table() {
    let mut found = vec!["/.well-known/oauth-authorization-server", "/no-such-page"];
    for source in SOURCES {
        found.extend(source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()));
    }
    for path in &found {
        assert!(ROUTES.iter().any(|(_, known, _)| known == path), "{path} is missing");
    }
    assert!(ROUTES.iter().all(|(_, known, _)| found.contains(known)));
}

/// The table, with a form that lacks only a session and an origin.
async fn stranger(site: &Site, method: &Method, path: &str, accept: &str) -> Answer {
    let headers = [("accept", accept), ("content-type", "application/x-www-form-urlencoded")];
    site.ask(method.clone(), path, &headers, "choice=ann&app=courier&scope=whole").await
}

#[tokio::test]
async fn a_stranger_gets_nothing_anywhere() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    ann.decide(&page, "agree", &["delivery/name"]).await;
    for accept in ["text/html", "*/*"] {
        for (method, path, status) in ROUTES {
            let answer = stranger(&site, method, path, accept).await;
            assert_eq!(answer.status.as_u16(), *status, "{method} {path}: {}", answer.body);
            assert!(!answer.body.contains("canary") && !answer.body.contains("dsc_"), "{path}");
            if *status == 303 {
                assert!(answer.location().starts_with("/sign-in"), "{path}");
            }
            // No cookie that was not earned.
            assert_eq!(answer.header("set-cookie"), "", "{path}");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_its_reader() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    for (method, path, _) in ROUTES {
        for answer in [stranger(&site, method, path, "text/html").await, ann.get(path).await] {
            let policy = answer.header("content-security-policy");
            for part in [
                "default-src 'none'",
                "style-src 'self'",
                "img-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(policy.split("; ").any(|given| given == part), "{path}: {policy}");
            }
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            let public = path.starts_with("/assets/");
            assert_eq!(answer.header("cache-control") == "no-store", !public, "{path}");
        }
    }
}

#[tokio::test]
async fn a_form_from_elsewhere_or_without_the_sessions_token_changes_nothing() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let bob = site.browser("bob").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    ann.decide(&page, "agree", &["delivery/name"]).await;
    let csrf = ann.get("/centre").await.field("csrf");
    let others = bob.get("/centre").await.field("csrf");
    assert_ne!(csrf, others);

    let base = [
        ("cookie", ann.cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
    ];
    let forms = ["/sign-out", "/consent", "/centre/withdraw", "/centre/delete"];
    let origins: [&[(&str, &str)]; 4] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", ISSUER), ("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
    ];
    for path in forms {
        for origin in origins {
            let headers: Vec<_> = base.iter().chain(origin).copied().collect();
            let answer = site
                .ask(
                    Method::POST,
                    path,
                    &headers,
                    &form(&[("csrf", &csrf), ("app", "courier"), ("scope", "whole")]),
                )
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {origin:?}");
        }
        for token in [None, Some(""), Some(others.as_str()), Some("x")] {
            let mut pairs = vec![("app", "courier"), ("scope", "whole")];
            pairs.extend(token.map(|token| ("csrf", token)));
            assert_eq!(ann.post(path, &pairs).await.status, StatusCode::FORBIDDEN, "{path} {token:?}");
        }
        // A token in the address does not count.
        let in_query =
            ann.post(&format!("{path}?csrf={csrf}"), &[("app", "courier"), ("scope", "whole")]).await;
        assert_eq!(in_query.status, StatusCode::FORBIDDEN, "{path}");
    }
    // Nobody is signed in by another site either.
    for origin in origins {
        let headers: Vec<_> = base.iter().chain(origin).copied().collect();
        let answer = site.ask(Method::POST, "/sign-in", &headers, "choice=bob").await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
    }
    assert!(ann.get("/centre").await.body.contains("value=\"whole\""), "the consent still stands");
}

/// Failure 24: the `Host` header poisoned metadata.
#[tokio::test]
async fn no_header_changes_who_we_are() {
    let site = Site::new();
    let plain = site.ask(Method::GET, "/.well-known/oauth-authorization-server", &[], "").await;
    assert_eq!(plain.json()["issuer"], ISSUER);
    let poison = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-forwarded-proto", "https"),
    ];
    for (_, path, _) in ROUTES.iter().filter(|(method, ..)| *method == Method::GET) {
        let answer = site.ask(Method::GET, path, &poison, "").await;
        assert!(!answer.body.contains("evil") && !answer.header("location").contains("evil"), "{path}");
    }
    let poisoned = site.ask(Method::GET, "/.well-known/oauth-authorization-server", &poison, "").await;
    assert_eq!(poisoned.body, plain.body);
}

/// Method, path, headers, body; status and code.
type Mistake<'a> = (Method, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);

#[tokio::test]
async fn mistakes_are_told_as_pages_to_people_and_as_problems_to_programs() {
    let site = Site::new();
    let big = "x".repeat(yinuo_web::BODY_LEN_MAX + 1);
    let json = [
        ("content-type", "application/json"),
        ("authorization", "Bearer yat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ];
    #[rustfmt::skip]
    let cases: [Mistake<'_>; 8] = [
        (Method::GET,    "/nothing",         &[],                                          "",   404, "not-found"),
        (Method::DELETE, "/centre",          &[],                                          "",   405, "method-not-allowed"),
        (Method::GET,    "/v1/disclosures",  &[],                                          "",   405, "method-not-allowed"),
        (Method::POST,   "/v1/disclosures",  &json,                                        &big, 413, "too-large"),
        (Method::POST,   "/v1/disclosures",  &[json[1], ("content-type", "text/plain")],   "{}", 415, "unsupported-type"),
        (Method::POST,   "/v1/disclosures",  &json,                                        "[]", 400, "malformed"),
        (Method::POST,   "/v1/disclosures",  &[json[0]],                                   "{}", 401, "invalid-token"),
        (Method::GET,    "/log/g/0/tile/entries/000", &[],                                 "",   403, "entries-closed"),
    ];
    for (method, path, headers, body, status, code) in cases {
        for (tag, language) in [("zh-CN", "zh-CN,zh;q=0.9"), ("en", "en")] {
            let headers: Vec<_> = headers.iter().copied().chain([("accept-language", language)]).collect();
            let answer = site.ask(method.clone(), path, &headers, body).await;
            assert_eq!(answer.status.as_u16(), status, "{path}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert_eq!(answer.header("content-language"), tag);
            let told = answer.json();
            assert_eq!(told["type"], format!("{ISSUER}/problems/{code}"));
            assert_eq!(told["status"], status);
            assert!(
                ["title", "detail", "remedy"].iter().all(|member| !told[member].as_str().unwrap().is_empty())
            );
            assert_eq!(answer.header("allow").is_empty(), status != 405, "{path}");
            // Failure 27: each kind has a page that explains it.
            let page = site
                .ask(Method::GET, &format!("/problems/{code}"), &[("accept-language", language)], "")
                .await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.body.contains(told["title"].as_str().unwrap()));
        }
    }
    let page = site.ask(Method::GET, "/nothing", &[("accept", "text/html,*/*")], "").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (StatusCode::NOT_FOUND, "text/html; charset=utf-8")
    );
    assert!(page.body.contains("没有找到"));
    // RFC 6750 §3.1: no error is told to whoever brought no token.
    let without = site.ask(Method::POST, "/v1/disclosures", &[], "").await;
    assert_eq!(without.header("www-authenticate"), "Bearer");
    let unknown = site.ask(Method::POST, "/v1/disclosures", &[("authorization", "Bearer unknown")], "").await;
    assert_eq!(unknown.header("www-authenticate"), "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn a_chosen_language_is_kept() {
    let site = Site::new();
    let chosen = site.ask(Method::GET, "/?lang=en", &[], "").await;
    assert!(chosen.body.contains("<html lang=\"en\">"));
    let cookie = chosen.header("set-cookie");
    assert!(cookie.starts_with("yinuo_lang=en; Path=/; HttpOnly; SameSite=Lax; Max-Age="), "{cookie}");
    let later =
        site.ask(Method::GET, "/", &[("cookie", "yinuo_lang=en"), ("accept-language", "zh")], "").await;
    assert!(later.body.contains("<html lang=\"en\">") && later.header("set-cookie").is_empty());
    assert!(site.ask(Method::GET, "/", &[], "").await.body.contains("<html lang=\"zh-CN\">"));
}

/// The page of components is for the demonstration; the stylesheet under its own address is kept for good.
#[tokio::test]
async fn components_are_shown_only_where_wanted_and_the_style_is_kept() {
    let site = Site::new();
    assert_eq!(site.ask(Method::GET, "/style", &[], "").await.status, StatusCode::NOT_FOUND);
    let page = site.ask(Method::GET, "/", &[], "").await.body;
    let address = page.split("href=\"").find(|rest| rest.starts_with("/assets/yinuo.css?v=")).unwrap();
    let address = address.split('"').next().unwrap();
    let kept = site.ask(Method::GET, address, &[], "").await;
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    for other in ["/assets/yinuo.css", "/assets/yinuo.css?v=0", "/assets/yinuo.css?"] {
        let answer = site.ask(Method::GET, other, &[], "").await;
        assert_eq!(
            (answer.header("cache-control"), &answer.body),
            ("public, max-age=300", &kept.body),
            "{other}"
        );
    }
}

#[tokio::test]
async fn the_public_log_is_served_and_its_entries_are_not() {
    let site = Site::new();
    for (path, origin) in [
        ("/log/platform/checkpoint", "yinuo.example/log/platform\n"),
        ("/log/g/0/checkpoint", "yinuo.example/log/g/0\n"),
        ("/log/g/0/sm3/checkpoint", "yinuo.example/log/g/0/sm3\n"),
    ] {
        let answer = site.ask(Method::GET, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.body.starts_with(origin), "{path}: {}", answer.body);
        assert_eq!(answer.header("cache-control"), "public, max-age=1");
    }
    let size: u64 = site
        .ask(Method::GET, "/log/g/0/checkpoint", &[], "")
        .await
        .body
        .lines()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    for tile in ["tile", "tile-sm3"] {
        let answer = site.ask(Method::GET, &format!("/log/g/0/{tile}/0/000.p/{size}"), &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{tile} {size}");
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
        let closed = site.ask(Method::GET, &format!("/log/g/0/{tile}/entries/000.p/{size}"), &[], "").await;
        assert_eq!(closed.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_protocol_has_its_own_errors() {
    let site = Site::new();
    let unknown = site.client("courier", "/oauth/token", &[("grant_type", "password")]).await;
    assert_eq!((unknown.status, unknown.header("cache-control")), (StatusCode::BAD_REQUEST, "no-store"));
    assert_eq!(unknown.json()["error"], "unsupported_grant_type");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let assertion = site.assertion("courier");
    let pairs = form(&[
        ("client_assertion_type", yinuo_oauth::CLIENT_ASSERTION_TYPE),
        ("client_assertion", &assertion),
        ("token", "x"),
    ]);
    assert_eq!(site.ask(Method::POST, "/oauth/revoke", &headers, &pairs).await.status, StatusCode::OK);
    let replayed = site.ask(Method::POST, "/oauth/revoke", &headers, &pairs).await;
    assert_eq!(replayed.status, StatusCode::UNAUTHORIZED);
    assert_eq!(replayed.json()["error"], "invalid_client");
    let twice = format!("{}&token=a&token=b", form(&[("client_assertion", &site.assertion("courier"))]));
    assert_eq!(
        site.ask(Method::POST, "/oauth/revoke", &headers, &twice).await.json()["error"],
        "invalid_request"
    );
    let typed = site.ask(Method::POST, "/oauth/token", &[("content-type", "application/json")], "{}").await;
    assert_eq!((typed.status.as_u16(), typed.json()["error"].as_str()), (415, Some("invalid_request")));
    let inactive = site.client("courier", "/oauth/introspect", &[("token", "x")]).await;
    assert_eq!(inactive.body, r#"{"active":false}"#);
    assert_eq!(site.ask(Method::GET, "/oauth/jwks", &[], "").await.body, r#"{"keys":[]}"#);
}
