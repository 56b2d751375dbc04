//! Promise 4: a withdrawal holds, under any interleaving.
//!
//! The "new enemy" of access control: somebody is removed, and something that happens afterwards still reaches them.
//! Withdrawals and disclosures race over HTTP, many thousand times, on SQLite and the machine's own clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../service/tests/bed/mod.rs"]
mod bed;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bed::*;
use serde_json::{Value, json};
use yinuo_domain::{Fact, LogId, Place, Suite, Tag};
use yinuo_tlog::leaf;

/// How often a withdrawal races a disclosure.
const RACES: usize = 20_000;
/// How many people are in the race at once.
const LANES: usize = 32;

/// How races ended.
#[derive(Default)]
struct Ended {
    /// What a partner was given: the log index of each release.
    given: Vec<u64>,
    refused: usize,
    /// Released by the log, and void before it could leave: on a machine that is busy with something else.
    late: usize,
}

/// How one request ended.
#[derive(Debug, Eq, PartialEq)]
enum Settled {
    Given(u64),
    Refused,
    Late,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_4_every_release_stands_before_the_withdrawal_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let bed = Arc::new(
        tokio::task::spawn_blocking({
            let path = dir.path().to_owned();
            move || Bed::real_time(Suite::International, Some(&path))
        })
        .await
        .unwrap(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(axum::serve(listener, yinuo_web::router(bed.gateway.clone())).into_future());
    let http = http().redirect(reqwest::redirect::Policy::none()).build().unwrap();

    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let (bed, http, url) = (bed.clone(), http.clone(), url.clone());
        lanes.spawn(async move { race(&bed, &http, &url, &format!("more-{lane}"), RACES / LANES).await });
    }
    let mut given = HashSet::new();
    let (mut won, mut lost, mut late) = (0, 0, 0);
    while let Some(lane) = lanes.join_next().await {
        let ended = lane.unwrap();
        won += ended.given.len();
        lost += ended.refused;
        late += ended.late;
        given.extend(ended.given);
    }
    serving.abort();
    // A race in which one side always wins shows nothing.
    assert!(100 < won && 100 < lost, "{won} releases, {lost} refusals");
    assert_eq!(given.len(), won, "each release has its own entry");

    let released = releases_in_order(&bed);
    let recorded: HashSet<u64> = released.keys().copied().collect();
    assert!(given.is_subset(&recorded), "a partner holds a release that the log does not");
    assert_eq!(recorded.len(), given.len() + late, "the log holds a release that nobody was given");
    let report = yinuo_ledger::verify_directory(dir.path(), &bed.verifier_keys, &mut |_| ()).unwrap();
    assert!(report.ok, "{:?}", report.first_bad);
    eprintln!("{won} releases and {lost} refusals in {RACES} races; {} entries", report.entries);
}

/// One person's races: consent, then disclosure and withdrawal at once, then one more disclosure, which must fail.
async fn race(bed: &Bed, http: &reqwest::Client, url: &str, person: &str, rounds: usize) -> Ended {
    bed.enrol(person).await;
    let (cookie, session) = bed.session(person).await;
    let mut ended = Ended::default();
    let mut token = None;
    for round in 0..rounds {
        let back = bed.agree(&session, "courier", &[("delivery", "name")]).await.unwrap();
        // A token names the grant, not one consent: now and then a fresh one, mostly the one that outlived withdrawals.
        if round % 100 == 0 {
            token = Some(bed.redeem("courier", &back).await.unwrap().access_token);
        }
        let token = token.as_ref().unwrap().as_str();
        let disclose = || {
            let body = json!({"purpose": "delivery", "items": ["name"]});
            http.post(format!("{url}/v1/disclosures")).bearer_auth(token).json(&body).send()
        };
        let withdraw = http
            .post(format!("{url}/centre/withdraw"))
            .header("cookie", format!("yinuo_session={}", cookie.as_str()))
            .header("origin", ISSUER)
            .form(&[("csrf", session.csrf.as_str()), ("app", "courier"), ("scope", "whole")])
            .send();
        // The one that goes first is given a head start that differs from round to round.
        let head_start = Duration::from_micros((round as u64 * 37) % 400);
        let (disclosed, withdrawn) = if round % 2 == 0 {
            tokio::join!(disclose(), async {
                tokio::time::sleep(head_start).await;
                withdraw.await
            })
        } else {
            tokio::join!(
                async {
                    tokio::time::sleep(head_start).await;
                    disclose().await
                },
                withdraw
            )
        };
        let withdrawn = withdrawn.unwrap();
        assert_eq!(withdrawn.status().as_u16(), 303, "{}", withdrawn.text().await.unwrap());
        match settle(disclosed.unwrap()).await {
            Settled::Given(index) => ended.given.push(index),
            Settled::Refused => ended.refused += 1,
            Settled::Late => ended.late += 1,
        }
        // The withdrawal was acknowledged: from now on nothing leaves.
        assert_eq!(
            settle(disclose().await.unwrap()).await,
            Settled::Refused,
            "a release after an acknowledged withdrawal"
        );
    }
    ended
}

/// The log index of a release, or a refusal because of the withdrawal.
async fn settle(response: reqwest::Response) -> Settled {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    match status {
        200 => Settled::Given(body["receipt"]["index"].as_u64().unwrap()),
        403 => {
            assert_eq!(body["items"]["name"], "withdrawn", "{body}");
            Settled::Refused
        }
        503 if body["type"] == format!("{ISSUER}/problems/not-delivered") => Settled::Late,
        other => panic!("{other} {body}"),
    }
}

/// Every release by its index, having seen that a consent stood at each.
fn releases_in_order(bed: &Bed) -> HashMap<u64, Tag> {
    let mut allowed: HashMap<Tag, bool> = HashMap::new();
    let mut releases = HashMap::new();
    let (log, mut from) = (LogId::group(0), 0);
    loop {
        let entries = bed.ledger.reader().entries(&log, from, 1000).unwrap();
        if entries.is_empty() {
            return releases;
        }
        for (index, bytes) in (from..).zip(&entries) {
            let entry = leaf::decode(bytes).unwrap();
            let Place::Stream { stream, .. } = &entry.place else { continue };
            match entry.fact {
                Fact::ConsentGiven { .. } => drop(allowed.insert(stream.tag, true)),
                Fact::Withdrawn { .. } => drop(allowed.insert(stream.tag, false)),
                Fact::Disclosed(_) => {
                    assert_eq!(
                        allowed.get(&stream.tag),
                        Some(&true),
                        "entry {index} stands after the withdrawal"
                    );
                    releases.insert(index, stream.tag);
                }
                _ => {}
            }
        }
        from += entries.len() as u64;
    }
}

/// An HTTP client that asks no proxy. Before one is built, TLS must know whose algorithms to use.
fn http() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
