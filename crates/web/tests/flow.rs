//! One promise through HTTP: consent, release, record, withdrawal, refusal, deletion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
mod browser;

use axum::http::{Method, StatusCode};
use bed::{DELIVERY, ISSUER, OFFERS, value_of};
use browser::Site;

const ASK: &str = r#"{"purpose":"delivery","items":["name","contact_phone"]}"#;

#[tokio::test]
async fn consent_release_withdrawal_refusal() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY), ("offers", OFFERS)]).await;

    // The page: for this app alone a form may lead to the app's origin.
    let page = ann.consent("courier", &uri).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://courier.example;"), "{policy}");
    assert!(!page.body.contains(" checked") && !page.body.contains(" selected"));

    // Two of three are ticked: two are given.
    let back = ann.decide(&page, "agree", &["delivery/name", "delivery/contact_phone"]).await;
    assert!(back.location().starts_with("https://courier.example/back?code="), "{}", back.location());
    let tokens = site.redeem("courier", back.location()).await.json();
    let granted = &tokens["authorization_details"];
    assert_eq!(granted[0]["items"], serde_json::json!(["name", "contact_phone"]));
    assert_eq!(granted.as_array().unwrap().len(), 1);
    let token = tokens["access_token"].as_str().unwrap();

    let given = site.disclose(token, ASK).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    assert_eq!(given.header("cache-control"), "no-store");
    let given = given.json();
    assert_eq!(given["items"]["name"], value_of("ann", "name"));
    assert_eq!(given["items"].as_object().unwrap().len(), 2);
    assert_eq!(given["receipt"]["log"], "g/0");
    for suite in ["sha256", "sm3"] {
        assert!(given["receipt"]["proofs"][suite].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"));
    }

    // The third is refused, and a part is given only when a part will do.
    let all = r#"{"purpose":"delivery","items":["name","delivery_address"]}"#;
    let refused = site.disclose(token, all).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let refused = refused.json();
    assert_eq!(refused["items"]["delivery_address"], "not-granted");
    assert_eq!(refused["items"]["name"], "other-item-refused");
    assert_eq!(refused["type"], format!("{ISSUER}/problems/withheld"));
    let part = site.disclose(token, &all.replace('}', r#","partial":true}"#)).await.json();
    assert_eq!(part["items"], serde_json::json!({ "name": value_of("ann", "name") }));
    assert_eq!(part["withheld"], serde_json::json!({ "delivery_address": "not-granted" }));

    // The centre shows it; one button takes it back; the very next call is refused.
    let centre = ann.get("/centre").await;
    assert!(centre.body.contains(given["disclosure"].as_str().unwrap()));
    let csrf = centre.field("csrf");
    let done = ann.post("/centre/withdraw", &[("csrf", &csrf), ("app", "courier"), ("scope", "whole")]).await;
    assert_eq!(done.location(), "/centre?done=withdrawn");
    let refused = site.disclose(token, ASK).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["items"]["name"], "withdrawn");
    assert!(!refused.body.contains("canary"));
}

#[tokio::test]
async fn one_item_is_taken_back_and_the_others_stay() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    let page = ann.consent("courier", &uri).await;
    let back = ann.decide(&page, "agree", &["delivery/name", "delivery/contact_phone"]).await;
    let token =
        site.redeem("courier", back.location()).await.json()["access_token"].as_str().unwrap().to_owned();

    let app = ann.get("/centre/apps/courier").await;
    let csrf = app.field("csrf");
    let pairs = [("csrf", csrf.as_str()), ("app", "courier"), ("scope", "items"), ("item", "delivery/name")];
    assert_eq!(ann.post("/centre/withdraw", &pairs).await.location(), "/centre/apps/courier?done=withdrawn");
    let part = site.disclose(&token, &ASK.replace('}', r#","partial":true}"#)).await.json();
    assert_eq!(part["items"], serde_json::json!({ "contact_phone": value_of("ann", "contact_phone") }));
    assert!(part["withheld"].as_object().unwrap().contains_key("name"));
}

#[tokio::test]
async fn refusing_costs_nothing_and_tells_the_app_only_that() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    for (decision, ticks) in [("refuse", &[][..]), ("refuse", &["delivery/name"]), ("agree", &[])] {
        let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
        let page = ann.consent("courier", &uri).await;
        let back = ann.decide(&page, decision, ticks).await;
        assert!(
            back.location().starts_with("https://courier.example/back?error=access_denied&state=a-state")
        );
    }
    assert!(ann.get("/centre").await.body.contains("You have not allowed any app"));
}

#[tokio::test]
async fn whoever_is_not_signed_in_signs_in_first_and_comes_back() {
    let site = Site::new();
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    let path = browser::consent_path("courier", &uri);
    let sent = site.ask(Method::GET, &path, &[("accept", "text/html")], "").await;
    let (start, then) = sent.location().split_once("?then=").unwrap();
    assert_eq!(start, "/sign-in");
    let then = form_urlencoded::parse(format!("then={then}").as_bytes()).next().unwrap().1.into_owned();
    assert_eq!(then, path);

    let mut ann = site.browser("bob").await;
    ann.cookie.clear();
    let page = ann.get(sent.location()).await;
    assert_eq!(form_urlencoded::parse(page.field("then").replace("&#38;", "&").as_bytes()).count(), 2);
    let back = ann.post("/sign-in", &[("choice", "ann"), ("then", &then)]).await;
    assert_eq!(back.location(), path);
    ann.keep(&back);
    assert_eq!(ann.get(&path).await.status, StatusCode::OK);

    // Nowhere but to two pages of ours.
    for elsewhere in ["https://evil.example/", "//evil.example", "/sign-in", "/\\evil.example"] {
        let back = ann.post("/sign-in", &[("choice", "ann"), ("then", elsewhere)]).await;
        assert_eq!(back.location(), "/centre");
        ann.keep(&back);
    }
}

#[tokio::test]
async fn a_page_that_changed_meanwhile_is_shown_again_and_saves_nothing() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    let page = ann.consent("courier", &uri).await;
    let mut changed = site.bed.declaration("courier", &site.bed.courier.public_jwks());
    changed.items[0].retention_days = 31;
    site.bed.gateway.declare_app(&bed::staff(), &changed).await.unwrap();

    let again = ann.decide(&page, "agree", &["delivery/name"]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("role=\"alert\"") && !again.body.contains(" checked"));
    assert!(again.header("content-security-policy").contains("https://courier.example"));
    assert!(again.field("shown") != page.field("shown"));

    // So does another contact of the recipient, which stands on the page beside the notice.
    let platform = site.bed.ledger.reader().platform();
    let partner = yinuo_domain::PartnerId::parse("courier-company").unwrap();
    let mut profile = platform.partners[&partner].profile.as_ref().clone();
    profile.contact = "mailto:another@courier.example".to_owned();
    site.bed.gateway.revise_partner(&bed::staff(), &profile).await.unwrap();
    let outdated = ann.decide(&again, "agree", &["delivery/name"]).await;
    assert_eq!(outdated.status, StatusCode::CONFLICT);
    assert_eq!(outdated.field("shown"), again.field("shown"));
    let back = ann.decide(&outdated, "agree", &["delivery/name"]).await;
    assert!(back.location().contains("code="), "{}", back.body);
}

#[tokio::test]
async fn a_child_needs_a_guardian_on_the_page() {
    let site = Site::new();
    let chi = site.browser("chi").await;
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    let page = chi.consent("courier", &uri).await;
    assert!(page.body.contains("name=\"guardian\""));
    let again = chi.decide(&page, "agree", &["delivery/name"]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("A guardian must agree."));
    let (shown, recipient) = (again.field("shown"), again.field("recipient"));
    let csrf = again.field("csrf");
    let pairs = [
        ("csrf", csrf.as_str()),
        ("client", "courier"),
        ("request_uri", &uri),
        ("shown", &shown),
        ("recipient", &recipient),
        ("days", "30"),
        ("decision", "agree"),
        ("choice", "delivery/name"),
        ("guardian", "agreed"),
    ];
    assert!(chi.post("/consent", &pairs).await.location().contains("code="));
}

#[tokio::test]
async fn a_request_that_is_over_is_said_to_be_over() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    let page = ann.consent("courier", &uri).await;
    ann.decide(&page, "refuse", &[]).await;
    assert_eq!(ann.decide(&page, "agree", &["delivery/name"]).await.status, StatusCode::GONE);
    assert_eq!(ann.consent("courier", &uri).await.status, StatusCode::GONE);
    assert_eq!(
        ann.consent("shop", &site.push("courier", &[("delivery", DELIVERY)]).await).await.status,
        StatusCode::GONE
    );
    for path in [
        "/oauth/authorize",
        "/oauth/authorize?client_id=courier",
        "/oauth/authorize?client_id=No&request_uri=x",
    ] {
        assert_eq!(ann.get(path).await.status, StatusCode::GONE, "{path}");
    }
}

#[tokio::test]
async fn an_app_that_cannot_ask_is_told_and_the_person_is_led_back_by_a_page_of_their_own() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    site.bed.gateway.hide_app(&bed::staff(), &bed::app("courier")).await.unwrap();
    let path = browser::consent_path("courier", &uri);
    let direct = ann.get(&path).await;
    assert!(direct.location().starts_with("https://courier.example/back?error="), "{}", direct.location());
    // From the sign-in form the policy would stop a redirect to another origin.
    let headers =
        [("cookie", ann.cookie.as_str()), ("sec-fetch-site", "same-origin"), ("accept", "text/html")];
    let page = site.ask(Method::GET, &path, &headers, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("href=\"https://courier.example/back?error="));
}

#[tokio::test]
async fn a_person_keeps_the_proof_of_their_own_entries_and_of_no_others() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    ann.decide(&page, "agree", &["delivery/name"]).await;
    let history = ann.get("/centre/history").await;
    let (_, link) = history.body.split_once("href=\"/centre/proof?").unwrap();
    let path = format!("/centre/proof?{}", link.split_once('"').unwrap().0.replace("&#38;", "&"));
    let proof = ann.get(&path).await;
    assert_eq!(proof.status, StatusCode::OK, "{path}");
    assert!(proof.header("content-disposition").starts_with("attachment; filename=\"yinuo-proof-"));
    assert!(proof.json()["proofs"]["sm3"].is_string());
    let bob = site.browser("bob").await;
    assert_eq!(bob.get(&path).await.status, StatusCode::NOT_FOUND);
    for bad in ["/centre/proof", "/centre/proof?log=g/0&index=x", "/centre/proof?log=platform&index=0"] {
        assert_eq!(ann.get(bad).await.status, StatusCode::NOT_FOUND, "{bad}");
    }
}

#[tokio::test]
async fn all_proofs_are_one_file_of_ones_own_entries() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    let back = ann.decide(&page, "agree", &["delivery/name"]).await;
    let token =
        site.redeem("courier", back.location()).await.json()["access_token"].as_str().unwrap().to_owned();
    // More than are held at a time.
    let ask = r#"{"purpose":"delivery","items":["name"]}"#;
    for _ in 0..70 {
        assert_eq!(site.disclose(&token, ask).await.status, StatusCode::OK);
    }
    let file = ann.get("/centre/proofs").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "application/jsonl");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"yinuo-proofs.jsonl\"");
    let lines: Vec<serde_json::Value> =
        file.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Enrolment, four values, a consent, and what was given.
    assert_eq!(lines.len(), 1 + 4 + 1 + 70);
    let indexes: Vec<_> = lines.iter().map(|line| line["index"].as_u64().unwrap()).collect();
    assert!(indexes.windows(2).all(|two| two[1] < two[0]), "newest first, each once");
    for line in &lines {
        let alone = ann.get(&format!("/centre/proof?log=g%2F0&index={}", line["index"])).await.json();
        assert_eq!((&alone["leaf"], &alone["proofs"]), (&line["leaf"], &line["proofs"]));
    }
    let bob = site.browser("bob").await;
    let others = bob.get("/centre/proofs").await.body;
    assert!(others.lines().all(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        !indexes.contains(&line["index"].as_u64().unwrap())
    }));
    assert!(!file.body.contains("canary"));
}

#[tokio::test]
async fn everything_is_taken_back_with_one_form_and_an_item_on_its_page() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let mut tokens = Vec::new();
    for app in ["courier", "shop"] {
        let page = ann.consent(app, &site.push(app, &[("delivery", DELIVERY)]).await).await;
        let back = ann.decide(&page, "agree", &["delivery/name", "delivery/contact_phone"]).await;
        let token =
            site.redeem(app, back.location()).await.json()["access_token"].as_str().unwrap().to_owned();
        tokens.push(token);
    }
    let items = ann.get("/centre/items").await;
    assert!(
        items.body.contains("href=\"/centre/items/name\"") && !items.body.contains("canary"),
        "{}",
        items.body
    );
    let item = ann.get("/centre/items/name").await;
    assert_eq!(item.body.matches("value=\"delivery/name\"").count(), 2);
    let csrf = item.field("csrf");
    let done = ann.post("/centre/withdraw", &[("csrf", &csrf), ("scope", "item"), ("of", "name")]).await;
    assert_eq!(done.location(), "/centre/items/name?done=withdrawn");
    let part = ASK.replace('}', r#","partial":true}"#);
    for token in &tokens {
        assert_eq!(site.disclose(token, &part).await.json()["withheld"]["name"], "withdrawn");
    }
    let app = ann.get("/centre/apps/shop").await;
    assert!(app.body.contains("name=\"purpose\" value=\"delivery\""));
    let pairs = [("csrf", csrf.as_str()), ("app", "shop"), ("scope", "purpose"), ("purpose", "delivery")];
    assert_eq!(ann.post("/centre/withdraw", &pairs).await.location(), "/centre/apps/shop?done=withdrawn");
    let done = ann.post("/centre/withdraw", &[("csrf", &csrf), ("scope", "everything")]).await;
    assert_eq!(done.location(), "/centre?done=withdrawn");
    for token in &tokens {
        assert_eq!(site.disclose(token, &part).await.status, StatusCode::FORBIDDEN);
    }
    let narrowed = ann.get("/centre/history?app=shop&kind=withdrawn").await;
    assert_eq!(narrowed.body.matches("<strong>").count(), 2, "{}", narrowed.body);
    assert_eq!(ann.get("/centre/history?kind=nonsense").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ann.get("/centre/items/no_such_item").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_shown_is_kept_under_its_hash() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    let (_, link) = page.body.split_once("href=\"/notices/courier/1\"").unwrap();
    let (_, file) = link.split_once("href=\"").unwrap();
    let file = ann.get(file.split('"').next().unwrap()).await;
    assert_eq!(file.body, "# What we do\n\nWe bring things.");
    assert_eq!(file.header("content-type"), "text/markdown; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"notice-courier-1.en.md\"");
    let read = site.ask(Method::GET, "/notices/courier/1", &[("accept-language", "en")], "").await;
    assert!(read.body.contains("<h2>What we do</h2>"));
    let (_, document) = read.body.split_once("href=\"/log/doc/").unwrap();
    let document = format!("/log/doc/{}", document.split('"').next().unwrap());
    assert_eq!(site.ask(Method::GET, &document, &[], "").await.status, StatusCode::OK);
    for gone in ["/notices/courier/2", "/notices/courier/1.txt", "/notices/No/1", "/notices/shop/x.md"] {
        assert_eq!(site.ask(Method::GET, gone, &[], "").await.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

/// The bar of the consent page: everything it takes is within 40 KiB, and is one round trip beyond what is kept.
#[tokio::test]
async fn the_consent_page_is_small() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY), ("offers", OFFERS)]).await;
    let page = ann.consent("courier", &uri).await;
    let style = site.ask(Method::GET, "/assets/yinuo.css", &[], "").await.body.len();
    let icon = site.ask(Method::GET, "/assets/yinuo.svg", &[], "").await.body.len();
    let whole = page.body.len() + style + icon;
    eprintln!("consent page: {} bytes, style {style}, icon {icon}: {whole}", page.body.len());
    assert!(whole <= 40 * 1024, "{whole}");
    let loads = page.body.matches("<link ").count() + page.body.matches(" src=").count();
    assert_eq!(loads, 2, "the style and the icon");
}

#[tokio::test]
#[ignore = "prints how long the consent page takes"]
#[allow(clippy::disallowed_methods)]
async fn how_long_the_consent_page_takes() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY), ("offers", OFFERS)]).await;
    let mut times = Vec::new();
    for _ in 0..500 {
        let begun = std::time::Instant::now();
        assert_eq!(ann.consent("courier", &uri).await.status, StatusCode::OK);
        times.push(begun.elapsed());
    }
    times.sort();
    eprintln!("consent page, request to answer: median {:?}, 99th of 100 {:?}", times[250], times[495]);
}

#[tokio::test]
async fn a_deleted_account_is_signed_out_everywhere_and_its_token_is_one_that_never_was() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let elsewhere = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    let back = ann.decide(&page, "agree", &["delivery/name"]).await;
    let token =
        site.redeem("courier", back.location()).await.json()["access_token"].as_str().unwrap().to_owned();

    let page = ann.get("/centre/delete").await;
    assert_eq!(page.status, StatusCode::OK);
    let done = ann.post("/centre/delete", &[("csrf", &page.field("csrf"))]).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.body.contains("Your account is deleted"));
    assert!(done.header("set-cookie").contains("Max-Age=0"));
    assert!(ann.get("/centre").await.location().starts_with("/sign-in"));
    assert!(elsewhere.get("/centre").await.location().starts_with("/sign-in"));

    let ask = r#"{"purpose":"delivery","items":["name"]}"#;
    let (gone, never) = (site.disclose(&token, ask).await, site.disclose("yat_nothing", ask).await);
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    assert_eq!(gone.nameless(), never.nameless());
}

#[tokio::test]
async fn signing_out_ends_the_session_for_whoever_kept_its_cookie() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let csrf = ann.get("/centre").await.field("csrf");
    let out = ann.post("/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(out.location(), "/");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert!(ann.get("/centre").await.location().starts_with("/sign-in"));
}

#[tokio::test]
async fn an_idempotency_key_answers_again_and_refuses_another_body() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    let back = ann.decide(&page, "agree", &["delivery/name", "delivery/contact_phone"]).await;
    let tokens = site.redeem("courier", back.location()).await.json();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let headers = [
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
        ("idempotency-key", "order-7"),
    ];
    let first = site.ask(Method::POST, "/v1/disclosures", &headers, ASK).await;
    let again = site.ask(Method::POST, "/v1/disclosures", &headers, ASK).await;
    assert_eq!(first.json()["disclosure"], again.json()["disclosure"]);
    let other = r#"{"purpose":"delivery","items":["name"]}"#;
    let conflict = site.ask(Method::POST, "/v1/disclosures", &headers, other).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    assert_eq!(conflict.json()["type"], format!("{ISSUER}/problems/idempotency-conflict"));
}

#[tokio::test]
async fn a_person_takes_a_copy_of_everything_and_a_browser_left_open_gives_it_to_nobody() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let page = ann.consent("courier", &site.push("courier", &[("delivery", DELIVERY)]).await).await;
    ann.decide(&page, "agree", &["delivery/name"]).await;
    // It is offered where one looks at what is kept, and before everything is gone.
    for page in ["/centre/items", "/centre/delete"] {
        assert!(ann.get(page).await.body.contains("href=\"/centre/package\""), "{page}");
    }
    let page = ann.get("/centre/package").await;
    assert!(!page.body.contains("canary"), "only the file has the values");
    let csrf = page.field("csrf");
    let copy = ann.post("/centre/package", &[("csrf", &csrf)]).await;
    assert_eq!(copy.header("content-disposition"), "attachment; filename=\"yinuo-package.json\"");
    assert_eq!(copy.header("cache-control"), "no-store");
    let copy = copy.json();
    let name = copy["values"].as_array().unwrap().iter().find(|value| value["item"] == "name").unwrap();
    assert_eq!(name["value"], bed::value_of("ann", "name"));
    assert_eq!(
        (copy["consents"].as_array().unwrap().len(), &copy["consents"][0]["app"]),
        (1, &"courier".into())
    );
    assert!(copy["history"][0]["proofs"]["sha256"].is_string());

    // The session goes on, and gives no copy any more.
    site.bed.clock.forward_ms(yinuo_service::PROVEN_MS);
    assert_eq!(ann.post("/centre/package", &[("csrf", &csrf)]).await.location(), "/centre/package");
    let page = ann.get("/centre/package").await.body;
    assert!(page.contains("href=\"/sign-in?then=%2Fcentre%2Fpackage\""));
    assert!(!page.contains("action=\"/centre/package\""));
    let anew = site.browser("ann").await;
    let csrf = anew.get("/centre/package").await.field("csrf");
    assert_eq!(anew.post("/centre/package", &[("csrf", &csrf)]).await.status, StatusCode::OK);
}
