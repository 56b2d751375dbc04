//! Promise 2 when the program is killed: whatever a client had been given is in the log of whoever comes after it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "demo/mod.rs"]
mod demo;
#[path = "streaming/mod.rs"]
mod streaming;

use std::time::Duration;

use demo::visitor::{Program, Visitor};
use demo::{Demo, Options};
use streaming::Given;
use yinuo_ledger::{Log, Source as _, StoreCopy, verify_directory};

/// How often it is killed.
const KILLS: u64 = 12;
/// How many ask at once.
const LANES: usize = 6;

#[test]
fn promise_2_whenever_it_is_killed_what_was_given_is_in_the_log() {
    let data = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut given: Vec<Given> = Vec::new();
    let mut listen: Option<String> = None;
    for kill in 0..KILLS {
        // What the last one left is opened again, which verifies that it is what its signed head says.
        let demo = Demo::start_in(data.path(), &Options { listen: listen.as_deref(), ..Options::default() });
        listen = Some(demo.issuer.trim_start_matches("http://").to_owned());
        let lanes: Vec<_> = runtime.block_on(async {
            let program = Program::of_demo(&demo, "sample-courier");
            // Somebody else each time: one person's items leave a thousand times a day at most.
            let person = Visitor::sign_in(&demo.issuer, &format!("demo-{:02}", 11 + kill)).await;
            let token =
                program.connect_as(&format!("kill-{kill}"), &person, "delivery", streaming::ITEMS).await;
            given.extend(streaming::ask(&demo.issuer, &token, 1).await);
            (0..LANES).map(|_| tokio::spawn(streaming::ask(&demo.issuer, &token, usize::MAX))).collect()
        });
        // Another moment each time: within a batch, a commit, an answer.
        std::thread::sleep(Duration::from_micros(60_000 + kill * kill * 1_337));
        demo.kill();
        for lane in lanes {
            given.extend(runtime.block_on(lane).unwrap());
        }
        // A copy as the kill left it: no owner, and a write-ahead log.
        holds(data.path(), &given, kill);
    }
    let demo = Demo::start_in(data.path(), &Options { listen: listen.as_deref(), ..Options::default() });
    drop(demo.stop());
    holds(data.path(), &given, KILLS);
    assert!(3 * KILLS < given.len() as u64, "only {} answers", given.len());
    eprintln!("{} answers, {KILLS} kills", given.len());
}

fn holds(dir: &std::path::Path, given: &[Given], kill: u64) {
    let text = std::fs::read_to_string(dir.join("log.vkeys")).unwrap();
    let keys: Vec<_> = text.lines().map(|line| yinuo_tlog::VerifierKey::parse(line).unwrap()).collect();
    let report = verify_directory(dir, &keys, &mut |_| ()).unwrap();
    assert_eq!(report.first_bad, None, "after kill {kill}");
    let store = StoreCopy::open(dir).unwrap();
    store
        .with(&mut |rows| {
            for given in given {
                let found = rows.entries(Log::Group, given.index, 1)?;
                assert_eq!(
                    found,
                    [(given.index, given.leaf.clone())],
                    "kill {kill}: {} is lost",
                    given.disclosure
                );
            }
            Ok(())
        })
        .unwrap();
}
