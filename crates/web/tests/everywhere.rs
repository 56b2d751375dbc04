//! What holds on every route: headers, who may ask, where a form comes from, how a mistake is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
mod browser;
#[path = "everywhere/limits.rs"]
mod limits;
#[path = "everywhere/routes.rs"]
mod routes;

use std::collections::BTreeSet;
use std::path::Path;

use axum::http::{Method, StatusCode};
use bed::{DELIVERY, ISSUER};
use browser::{Answer, Site, form};
use routes::{Asker, Askers};

/// Paths and methods are compared with the router and asked by everybody; see [`routes`].
#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let site = Site::whole();
    let table = routes::matrix(&site, |asker, path, method, answer| {
        let place = format!("{method} {path} {asker:?}: {} {}", answer.status, answer.body);
        assert!(!answer.status.is_server_error(), "{place}");
        if asker.is_nobody() {
            // The description of the interface shows how a disclosure is named.
            let of_somebody = answer.body.contains("dsc_") && !["/api", "/openapi.json"].contains(&path);
            assert!(!answer.body.contains("canary") && !of_somebody, "{place}");
        }
        // No cookie that was not earned.
        if !path.starts_with("/sign-") && path != "/centre/delete" {
            assert_eq!(answer.header("set-cookie"), "", "{place}");
        }
        protected(&place, path, answer);
    })
    .await;
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/routes.tsv");
    #[allow(clippy::disallowed_methods)]
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&kept, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&kept).unwrap_or_default();
    let line = kept.lines().zip(table.lines()).find(|(kept, found)| kept != found);
    assert!(
        kept == table,
        "tests/routes.tsv says otherwise, first here: {line:#?}\nYINUO_WRITE_GOLDEN=1 cargo test --release -p yinuo-web \
         writes it anew; read the difference"
    );
}

/// What programs can ask is in `docs/openapi.json`, and the other way round.
#[tokio::test]
async fn every_route_of_the_interface_is_documented_and_every_documented_one_is_a_route() {
    let site = Site::whole();
    let document = site.ask(Method::GET, "/openapi.json", &[], "").await.json();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    let programs = |path: &str| {
        (path.starts_with("/oauth/") && path != "/oauth/authorize")
            || ["/v1/", "/log/", "/.well-known/", "/openapi.json", "/api", "/healthz", "/readyz", "/metrics"]
                .iter()
                .any(|start| path.starts_with(start))
    };
    for route in routes::every(&site).await.iter().filter(|route| programs(&route.pattern)) {
        for method in route.methods.iter().filter(|method| [Method::GET, Method::POST].contains(method)) {
            // One pattern of the router stands for everything below `/log/`.
            let found = match route.pattern.strip_suffix("{*path}") {
                Some(start) => documented.iter().any(|(path, _)| path.starts_with(start)),
                None => documented.contains(&(route.pattern.clone(), method.to_string())),
            };
            assert!(found, "{method} {} is not documented", route.pattern);
        }
    }
    for (path, method) in &documented {
        assert!(programs(path), "{path}");
        let filled = [
            ("{group}", "0"),
            ("{level}", "0"),
            ("{index}", "000"),
            ("{width}", "1"),
            ("{hash}", &"0".repeat(64)),
        ];
        let filled = filled.iter().fold(path.clone(), |path, (name, value)| path.replace(name, value));
        let answer = site.ask(Method::OPTIONS, &filled, &[], "").await;
        assert!(answer.header("allow").contains(method.as_str()), "{method} {path} is not a route");
    }
}

fn protected(place: &str, path: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.split("; ").any(|given| given == part), "{place}: {policy}");
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{place}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{place}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{place}");
    let public = (path.starts_with("/assets/") || path.starts_with("/log/")) && answer.status.is_success();
    assert!(public || answer.header("cache-control") == "no-store", "{place}");
    let id = answer.header("request-id");
    assert_eq!(id.len(), 36, "{place}");
    if let Some(told) = problem(answer) {
        assert_eq!(told["instance"], format!("urn:uuid:{id}"), "{place}");
        assert!(["title", "detail", "remedy"].iter().all(|part| !told[part].as_str().unwrap().is_empty()));
    }
    if [429, 503].contains(&answer.status.as_u16()) {
        assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{place}");
    }
}

fn problem(answer: &Answer) -> Option<serde_json::Value> {
    (answer.header("content-type") == "application/problem+json" && !answer.body.is_empty())
        .then(|| answer.json())
}

#[tokio::test]
async fn pages_are_protected_like_everything_else() {
    let site = Site::whole();
    let askers = Askers::new(&site).await;
    for route in routes::every(&site).await {
        for method in &route.methods {
            for asker in [Asker::Stranger, Asker::Person] {
                let answer = askers.ask(asker, method, &route.path, "text/html").await;
                protected(&format!("{method} {} {asker:?}", route.pattern), &route.pattern, &answer);
                assert!(asker == Asker::Person || !answer.body.contains("canary"), "{}", route.pattern);
            }
        }
    }
    let nothing = site.ask(Method::GET, "/no-such-page", &[("accept", "text/html")], "").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    protected("nothing", "/no-such-page", &nothing);
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
    let site = Site::whole();
    let plain = site.ask(Method::GET, "/.well-known/oauth-authorization-server", &[], "").await;
    assert_eq!(plain.json()["issuer"], ISSUER);
    let poison = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-forwarded-proto", "https"),
    ];
    for route in routes::every(&site).await.iter().filter(|route| route.methods.contains(&Method::GET)) {
        let answer = site.ask(Method::GET, &route.path, &poison, "").await;
        assert!(
            !answer.body.contains("evil") && !answer.header("location").contains("evil"),
            "{}",
            route.path
        );
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
