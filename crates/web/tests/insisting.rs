//! A partner that asks ten thousand times for what it may not have gets ten thousand refusals, and the log a few entries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;
mod browser;

use axum::http::StatusCode;
use bed::DELIVERY;
use browser::Site;
use yinuo_domain::{Fact, LogId, Timestamp};

const ASK: &str = r#"{"purpose":"delivery","items":["name","delivery_address"]}"#;

fn size(site: &Site) -> u64 {
    site.bed.ledger.reader().head(&LogId::group(0)).unwrap().size
}

#[tokio::test]
async fn a_flood_of_refusals_adds_a_few_entries_and_is_answered_alike() {
    let site = Site::new();
    let ann = site.browser("ann").await;
    let uri = site.push("courier", &[("delivery", DELIVERY)]).await;
    let page = ann.consent("courier", &uri).await;
    let back = ann.decide(&page, "agree", &["delivery/name"]).await;
    let tokens = site.redeem("courier", back.location()).await.json();
    let token = tokens["access_token"].as_str().unwrap();

    let before = size(&site);
    let (first_status, first_headers, first) = site.disclose(token, ASK).await.nameless();
    assert_eq!(first_status, StatusCode::FORBIDDEN);
    for round in 1..10_000 {
        let (status, headers, body) = site.disclose(token, ASK).await.nameless();
        assert_eq!((status, &body), (first_status, &first), "round {round}");
        assert_eq!(headers, first_headers);
    }
    assert_eq!(size(&site), before + 5, "10 000 refusals");

    // What may leave still does, and the count stands before it.
    let given = site.disclose(token, &ASK.replace(r#","delivery_address""#, "")).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    assert_eq!(size(&site), before + 7);
    let facts = site.bed.ledger.reader().facts(&LogId::group(0), before, 10).unwrap();
    let Fact::WithheldCounted(counted) = &facts[5].1.fact else { panic!("{facts:?}") };
    assert_eq!(counted.count, 9_995);

    // The person sees six lines for ten thousand requests, in words.
    let history = ann.get("/centre/history?kind=refused").await;
    assert_eq!(history.body.matches("<li class=\"kept\">").count(), 6, "{}", history.body);
    assert!(history.body.contains("Asked 9995 more times between"), "{}", history.body);
    assert!(history.body.contains("nothing was given"));

    // What is counted in the last moments of an hour is told by the sweep.
    for _ in 0..3 {
        assert_eq!(site.disclose(token, ASK).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(size(&site), before + 7);
    site.bed.clock.forward_ms(Timestamp::HOUR_MS);
    assert!(1 <= site.bed.gateway.sweep().await.unwrap());
    assert_eq!(size(&site), before + 8);
    let report =
        yinuo_ledger::verify(site.bed.ledger.reader(), &site.bed.verifier_keys, &mut |_| {}).unwrap();
    assert!(report.ok, "{report:?}");
}
