//! Promise 2 from outside: what the kernel saw of the real program, recorded by `strace`.
//!
//! The flush of a batch stands before the first byte of each answer that releases something of it; and whatever a
//! disk may hold when the power is cut at any moment, what a client had been given by then is in the log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "demo/mod.rs"]
mod demo;
#[path = "streaming/mod.rs"]
mod streaming;
mod traced;

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use demo::visitor::{Program, Visitor, hidden};
use demo::{Demo, Options};
use streaming::Given;
use traced::Call;
use traced::disk::{Disk, Unflushed};
use yinuo_domain::Fact;
use yinuo_ledger::{Log, Source as _, StoreCopy, verify_directory};

/// How many ask at once, and how often each.
const LANES: usize = 4;
const EACH: usize = 4;

/// A recorded run: what was there before, what happened, and what clients were given.
struct Recorded {
    /// As it was before the run.
    base: tempfile::TempDir,
    /// As the run left it.
    data: tempfile::TempDir,
    calls: Vec<Call>,
    given: Vec<Given>,
    withdrawals: usize,
}

/// One run is enough for everything that is looked at.
static RECORDED: LazyLock<Recorded> = LazyLock::new(record);

fn record() -> Recorded {
    let (data, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The directory is made and left in order, so that everything in the record is about what comes now.
    let listen = {
        let demo = Demo::start_in(data.path(), &Options::default());
        demo.issuer.trim_start_matches("http://").to_owned()
    };
    copy(data.path(), base.path());
    let record = tempfile::NamedTempFile::new().unwrap();
    let under = traced::under(record.path());
    let options = Options { listen: Some(&listen), under: &under, ..Options::default() };
    let demo = Demo::start_in(data.path(), &options);
    let pid = demo.pid();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (given, withdrawals) = runtime.block_on(run(&demo));
    drop(demo.stop());
    Recorded { base, data, calls: traced::read(record.path(), pid), given, withdrawals }
}

/// Disclosures from several sides, a withdrawal after each round of them, and a deletion, which erases.
async fn run(demo: &Demo) -> (Vec<Given>, usize) {
    let program = Program::of_demo(demo, "sample-courier");
    let mut given = Vec::new();
    let mut withdrawals = 0;
    for person in ["demo-11", "demo-12"] {
        let visitor = Visitor::sign_in(&demo.issuer, person).await;
        let token = program.connect_as(person, &visitor, "delivery", streaming::ITEMS).await;
        let lanes = (0..LANES).map(|_| streaming::ask(&demo.issuer, &token, EACH));
        for lane in together(lanes).await {
            given.extend(lane);
        }
        let csrf = hidden(&visitor.page("/centre").await, "csrf");
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = [field("csrf", &csrf), field("app", "sample-courier"), field("scope", "whole")];
        let done = visitor.post("/centre/withdraw", &fields).await;
        assert_eq!(done.status().as_u16(), 303);
        withdrawals += 1;
        if person == "demo-12" {
            let done = visitor.post("/centre/delete", &[field("csrf", &csrf)]).await;
            assert_eq!(done.status().as_u16(), 200);
        }
    }
    (given, withdrawals)
}

async fn together<T: Send + 'static>(
    all: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let lanes: Vec<_> = all.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for lane in lanes {
        done.push(lane.await.unwrap());
    }
    done
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(copied.success());
}

/// The line at which the first byte of the answer that holds these words was sent, if it was.
fn first_byte(calls: &[Call], words: &str) -> Option<usize> {
    let holds = |call: &&Call| {
        call.is_sent() && call.data.windows(words.len()).any(|window| window == words.as_bytes())
    };
    let answer = calls.iter().find(holds)?;
    // Each connection carries one answer.
    calls.iter().filter(|call| call.is_sent() && call.on() == answer.on()).map(|call| call.begun).min()
}

/// What is wrong with the order of writing, flushing and answering, if anything.
fn disorder(calls: &[Call], given: &Given) -> Option<String> {
    let Some(sent) = first_byte(calls, &given.disclosure) else {
        return Some("it was never sent".to_owned());
    };
    let holds = |call: &&Call| {
        call.on().ends_with("ledger.sqlite-wal")
            && call.data.windows(given.leaf.len()).any(|window| window == given.leaf)
    };
    let Some(written) = calls.iter().find(holds) else {
        return Some("its fact was never written".to_owned());
    };
    let flushed = calls.iter().any(|call| {
        call.is_flush() && call.on() == written.on() && written.ended < call.begun && call.ended < sent
    });
    (!flushed).then(|| format!("written at {}, sent at {sent}, and no flush between", written.ended))
}

#[test]
fn promise_2_the_flush_of_a_batch_stands_before_the_first_byte_of_each_of_its_releases() {
    let Recorded { calls, given, .. } = &*RECORDED;
    assert_eq!(given.len(), 2 * LANES * EACH);
    for given in given {
        assert_eq!(disorder(calls, given), None, "{}", given.disclosure);
    }
    // The control: a program that does not flush is seen.
    let unflushed: Vec<Call> = calls.iter().filter(|call| !call.is_flush()).cloned().collect();
    assert!(given.iter().all(|given| disorder(&unflushed, given).is_some()));
}

#[test]
fn promise_2_whenever_the_power_is_cut_what_was_given_is_in_the_log() {
    let Recorded { base, data, calls, given, withdrawals } = &*RECORDED;
    let disk = Disk::new(base.path(), data.path(), calls);
    let sent: Vec<(usize, &Given)> =
        given.iter().map(|given| (first_byte(calls, &given.disclosure).unwrap(), given)).collect();
    let withdrawn: Vec<usize> = calls
        .iter()
        .filter(|call| call.is_sent() && call.data.windows(14).any(|window| window == b"done=withdrawn"))
        .map(|call| call.begun)
        .collect();
    assert_eq!(withdrawn.len(), *withdrawals, "the answers to withdrawals in the record");
    let keys = keys(base.path());

    // Right before and right after each flush, in the middle between two, and at each answer.
    let mut cuts: Vec<usize> = disk.flushes.iter().flat_map(|at| [*at, at + 1]).collect();
    cuts.extend(disk.flushes.windows(2).map(|pair| pair[0].midpoint(pair[1])));
    cuts.extend(sent.iter().map(|(at, _)| at + 1));
    cuts.sort_unstable();
    cuts.dedup();
    let mut images = 0;
    for cut in &cuts {
        for unflushed in [Unflushed::Gone, Unflushed::Torn(1), Unflushed::Torn(2)] {
            let image = tempfile::tempdir().unwrap();
            disk.image(*cut, unflushed, image.path());
            let what = format!("cut before line {cut}, what was not flushed: {unflushed:?}");
            let report = verify_directory(image.path(), &keys, &mut |_| ())
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(report.first_bad, None, "{what}");
            let store = StoreCopy::open(image.path()).unwrap();
            for (_, given) in sent.iter().filter(|(at, _)| at < cut) {
                let mut found = Vec::new();
                store
                    .with(&mut |rows| {
                        found = rows.entries(Log::Group, given.index, 1)?;
                        Ok(())
                    })
                    .unwrap();
                assert_eq!(
                    found,
                    [(given.index, given.leaf.clone())],
                    "{what}: {} is not in the log",
                    given.disclosure
                );
            }
            let said = withdrawn.iter().filter(|at| *at < cut).count();
            assert!(said <= withdrawals_in(&store, base.path()), "{what}: a withdrawal is not in the log");
            drop(store);
            // Whoever starts there compares with the anchor, which must not be ahead.
            if images % 16 == 0 {
                let mut status = Command::new(env!("CARGO_BIN_EXE_yinuo"));
                let told =
                    status.args(["status", "--by", "test", "--data"]).arg(image.path()).output().unwrap();
                assert!(told.status.success(), "{what}: {told:?}");
            }
            images += 1;
        }
    }
    assert!(200 < images, "only {images} images of {} cuts", cuts.len());
    eprintln!("{images} images of {} cuts, {} answers", cuts.len(), sent.len());

    // The control: without its flushes the same run loses what was given.
    let unflushed: Vec<Call> = calls.iter().filter(|call| !call.is_flush()).cloned().collect();
    let last = calls.last().unwrap().ended + 1;
    let image = tempfile::tempdir().unwrap();
    Disk::new(base.path(), data.path(), &unflushed).image(last, Unflushed::Gone, image.path());
    let store = StoreCopy::open(image.path()).unwrap();
    let mut size = 0;
    store
        .with(&mut |rows| {
            size = rows.head(Log::Group)?.unwrap().size;
            Ok(())
        })
        .unwrap();
    assert!(given.iter().all(|given| size <= given.index));
}

fn keys(dir: &Path) -> Vec<yinuo_tlog::VerifierKey> {
    let text = std::fs::read_to_string(dir.join("log.vkeys")).unwrap();
    text.lines().map(|line| yinuo_tlog::VerifierKey::parse(line).unwrap()).collect()
}

/// How many withdrawals the log has beyond those it began with.
fn withdrawals_in(store: &StoreCopy, base: &Path) -> usize {
    let count = |store: &StoreCopy| {
        let mut count = 0;
        store
            .with(&mut |rows| {
                for (_, leaf) in rows.entries(Log::Group, 0, 100_000)? {
                    let fact = yinuo_tlog::leaf::decode(&leaf).unwrap().fact;
                    count += usize::from(matches!(fact, Fact::Withdrawn { .. }));
                }
                Ok(())
            })
            .unwrap();
        count
    };
    count(store) - count(&StoreCopy::open(base).unwrap())
}
