//! What holds on every page, whatever it is about: one first heading and none left out below it, a token in each form
//! that changes something, a name for each field, ids that are ids, nothing that runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;
use yinuo_domain::Suite;

use crate::bed::Bed;
use crate::markup::Markup;
use crate::{Options, router_with};

async fn get(router: &Router, cookie: &str, path: &str, lang: &str) -> Markup {
    let request = Request::get(path)
        .header("accept", "text/html")
        .header("accept-language", lang)
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_ne!(response.status().as_u16() / 100, 3, "{path} leads elsewhere");
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Markup::parse(std::str::from_utf8(&body).unwrap())
}

fn check(page: &Markup, path: &str) {
    page.assert_nothing_active();
    let levels: Vec<u32> = page
        .tags()
        .filter_map(|tag| tag.name.strip_prefix('h').and_then(|level| level.parse().ok()))
        .collect();
    assert_eq!(levels.first(), Some(&1), "{path}: {levels:?}");
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{path}: {levels:?}");
    assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "{path}: {levels:?}");

    let mut ids = BTreeSet::new();
    for id in page.tags().filter_map(|tag| tag.get("id")) {
        assert!(ids.insert(id), "{path}: the id {id} twice");
        assert!(!id.is_empty() && !id.contains(char::is_whitespace), "{path}: {id}");
    }
    for tag in page.tags() {
        for names in ["aria-labelledby", "aria-describedby", "for"] {
            assert!(tag.get(names).is_none_or(|id| ids.contains(id)), "{path}: {:?}", tag.get(names));
        }
        let labelled =
            || page.all("label").any(|label| label.get("for").is_some() && label.get("for") == tag.get("id"));
        match tag.name.as_str() {
            "input" if tag.get("type") == Some("hidden") => {}
            // A box stands in its label.
            "input" if tag.get("type") == Some("checkbox") => {}
            "input" | "select" => assert!(labelled(), "{path}: {:?} has no label", tag.get("name")),
            "button" | "a" => {
                let named = !tag.text.trim().is_empty() || tag.get("aria-label").is_some();
                assert!(named, "{path}: a {} without a name", tag.name);
            }
            "nav" => assert!(tag.get("aria-label").is_some(), "{path}: a nav without a name"),
            _ => {}
        }
    }
    // As many tokens as forms that change something; signing in has no session yet.
    let posting = page.with("form", "method", "post").filter(|form| form.get("action") != Some("/sign-in"));
    assert_eq!(posting.count(), page.with("input", "name", "csrf").count(), "{path}");
    let boxes = page.with("input", "type", "checkbox").count();
    assert!(boxes <= page.all("label").count(), "{path}");
}

#[tokio::test]
async fn every_page_is_well_made_in_both_languages() {
    let bed = Bed::memory(Suite::Guomi);
    let (_, tokens) = bed.connect("ann", "courier").await;
    bed.connect("ann", "shop").await;
    bed.ask(&tokens.access_token, "delivery", &["name"], false).await.unwrap();
    let (cookie, _) = bed.session("ann").await;
    let cookie = format!("yinuo_session={}", cookie.as_str());
    let router = router_with(Arc::clone(&bed.gateway), Options { style: true, ..Options::default() });
    let uri = bed.push("courier").await;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "courier")
        .append_pair("request_uri", &uri)
        .finish();
    let consent = format!("/oauth/authorize?{query}");
    for lang in ["zh-CN", "en"] {
        for path in [
            "/",
            "/sign-in",
            "/centre",
            "/centre?done=withdrawn",
            "/centre/apps/courier",
            "/centre/items",
            "/centre/items/name",
            "/centre/items/nickname",
            "/centre/history",
            "/centre/history?app=shop&kind=given",
            "/centre/delete",
            "/notices/courier/1",
            "/problems",
            "/problems/withheld",
            "/api",
            "/style",
            "/nowhere",
            &consent,
        ] {
            check(&get(&router, &cookie, path, lang).await, path);
        }
    }
}

#[tokio::test]
async fn a_page_that_is_not_well_made_fails() {
    let page = |main: &str| Markup::parse(&format!("<!doctype html><main>{main}</main>"));
    check(&page("<h1>a</h1><h2>b</h2>"), "a good one");
    for bad in [
        "<h2>a</h2>",
        "<h1>a</h1><h1>b</h1>",
        "<h1>a</h1><h3>b</h3>",
        "<h1>a</h1><p id=\"x\">a</p><p id=\"x\">b</p>",
        "<h1>a</h1><form method=\"post\" action=\"/x\"><button>b</button></form>",
        "<h1>a</h1><button> </button>",
        "<h1>a</h1><input name=\"x\">",
        "<h1>a</h1><label for=\"y\">y</label>",
    ] {
        let page = page(bad);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&page, bad)));
        assert!(caught.is_err(), "{bad}");
    }
}
