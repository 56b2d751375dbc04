//! What happens when more is asked than can be answered: how much of it is answered all the same, and what one partner's flood costs
//! another. Whoever asks is a process of its own on the same two processors, which the figures include.

#[allow(dead_code)]
#[path = "../disclosures/client.rs"]
mod client;
#[path = "../disclosures/config.rs"]
mod config;
mod load;
#[path = "../disclosures/site.rs"]
mod site;
#[path = "../disclosures/tls.rs"]
mod tls;

#[path = "../../crates/service/tests/bed/mod.rs"]
mod bed;
// How the program itself serves: these files belong to no library.
#[path = "../../crates/server/src/clock.rs"]
mod clock;
#[allow(dead_code, unused_imports)]
#[path = "../../crates/server/src/http.rs"]
mod http;
#[allow(dead_code, unused_imports)]
#[path = "../../crates/server/src/metrics.rs"]
mod metrics;
#[path = "../../crates/server/src/random.rs"]
mod random;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use load::{Load, Outcome, Question};
use site::{Site, serve};
use yinuo_benches::{Bar, Effort, Samples, Unit, row, scratch};

/// Connections at which the peak is measured: more than are worked on at once, so that somebody always waits.
const PEAK: usize = 256;
/// Connections over which more is asked than can be answered, and over which one partner floods.
const MANY: usize = 2_048;
/// What part of the peak the other partner asks for, steadily.
const STEADY: f64 = 0.2;

fn main() {
    if std::env::args().any(|argument| argument == "--load") {
        return load::main();
    }
    let effort = Effort::asked();
    let directory = tempfile::tempdir_in(scratch()).expect("a directory");
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("web").enable_all().build();
    let runtime = runtime.expect("a runtime");
    let site = runtime.block_on(Site::new(directory.path()));
    let ask = |asks: Vec<(String, String)>, refused| -> Vec<Question> {
        asks.into_iter().map(|(request, answer)| Question { request, answer, refused }).collect()
    };
    let courier = ask(runtime.block_on(site.asks_of("courier")), false);
    let refused = ask(runtime.block_on(site.refused_asks_of("courier")), true);
    let shop = ask(runtime.block_on(site.asks_of("shop")), false);
    let (_door, address) = runtime.block_on(serve(site.router()));
    let within = Duration::from_millis(effort.of(1_500, 5_000));
    let rounds = effort.of(3, 7);
    let peak = overload(&site, address, &courier, within, rounds);
    flood(&site, address, (&courier, &refused, &shop), peak, within, rounds);
}

/// Twice as much as can be answered.
fn overload(
    site: &Site,
    address: SocketAddr,
    questions: &[Question],
    within: Duration,
    rounds: usize,
) -> f64 {
    let before = Duration::from_millis(500);
    let load = |connections, per_second| Load {
        address,
        questions: questions.to_vec(),
        connections,
        per_second,
        before,
        within,
    };
    let (mut peaks, mut goods, mut later, mut p99) =
        (Samples::default(), Samples::default(), Samples::default(), Samples::default());
    let mut offered = Samples::default();
    for _ in 0..rounds {
        let peak = checked(site, &[&load(PEAK, None)]).remove(0).good_per_second();
        let twice = checked(site, &[&load(MANY, Some(2.0 * peak))]).remove(0);
        peaks.push(peak);
        goods.push(twice.good_per_second());
        offered.push((twice.due - twice.unasked) as f64 / twice.seconds / peak);
        later.push(twice.later as f64 / twice.due as f64);
        p99.push(twice.millis(0.99));
    }
    row("overload: disclosures at the peak, 256 connections", Unit::PerSecond, &peaks, Bar::None);
    row(
        "… asked twice as often, over 2 048 connections: what came of it in time",
        Unit::PerSecond,
        &goods,
        Bar::None,
    );
    row("… goodput ÷ peak", Unit::Percent, &goods.over(&peaks), Bar::AtLeast(0.8));
    row("… asked ÷ peak", Unit::Percent, &offered, Bar::None);
    row("… of what was asked, told to come back later", Unit::Percent, &later, Bar::None);
    row("… time to the whole answer of what was answered: 99th percentile", Unit::Millis, &p99, Bar::None);
    peaks.median()
}

/// One partner asks as often as it is answered, for what it may have and for what it may not, over many connections; another one asks
/// steadily.
fn flood(
    site: &Site,
    address: SocketAddr,
    (lawful, refused, steady): (&[Question], &[Question], &[Question]),
    peak: f64,
    within: Duration,
    rounds: usize,
) {
    let flood = Load {
        address,
        questions: lawful
            .iter()
            .zip(refused.iter().cycle())
            .flat_map(|(a, b)| [a.clone(), b.clone()])
            .collect(),
        connections: MANY,
        per_second: None,
        before: Duration::from_millis(500),
        within: within + Duration::from_millis(1_000),
    };
    let steady = Load {
        address,
        questions: steady.to_vec(),
        connections: 256,
        per_second: Some(STEADY * peak),
        before: Duration::from_millis(1_000),
        within,
    };
    let (mut alone, mut beside) =
        ([(); 3].map(|()| Samples::default()), [(); 3].map(|()| Samples::default()));
    let (mut lost, mut floods) = (Samples::default(), Samples::default());
    let push = |samples: &mut [Samples; 3], outcome: &Outcome| {
        samples[0].push(outcome.good_per_second());
        samples[1].push(outcome.millis(0.5));
        samples[2].push(outcome.millis(0.99));
    };
    for _ in 0..rounds {
        let without = checked(site, &[&steady]).remove(0);
        let mut both = checked(site, &[&steady, &flood]);
        let (flooded, with) = (both.remove(1), both.remove(0));
        push(&mut alone, &without);
        push(&mut beside, &with);
        lost.push(1.0 - with.good_per_second() / without.good_per_second());
        floods.push(flooded.good_per_second());
    }
    row(
        "flood: a partner that asks steadily, a fifth of the peak, alone",
        Unit::PerSecond,
        &alone[0],
        Bar::None,
    );
    row("… while another floods over 2 048 connections", Unit::PerSecond, &beside[0], Bar::None);
    row("… what the flood costs it: answers lost or late", Unit::Percent, &lost, Bar::AtMost(0.2));
    row("… its median, alone", Unit::Millis, &alone[1], Bar::None);
    row("… its median, beside the flood", Unit::Millis, &beside[1], Bar::None);
    row("… its 99th percentile, alone", Unit::Millis, &alone[2], Bar::None);
    row("… its 99th percentile, beside the flood", Unit::Millis, &beside[2], Bar::None);
    row("… what the flood is answered meanwhile", Unit::PerSecond, &floods, Bar::None);
}

/// Runs these at the same time. No two answers name one entry, everything that was released is in the log, and one of 512 is looked
/// at closely. All but the first are of those who have the processors last.
fn checked(site: &Site, loads: &[&Load]) -> Vec<Outcome> {
    let before = site.entries();
    let asking: Vec<_> = loads.iter().enumerate().map(|(nth, load)| load.start(nth != 0)).collect();
    let outcomes: Vec<_> = asking.into_iter().map(|asking| asking.end()).collect();
    let released: u64 = outcomes.iter().map(|outcome| outcome.indexes.len() as u64).sum();
    let distinct: HashSet<u64> =
        outcomes.iter().flat_map(|outcome| outcome.indexes.iter().copied()).collect();
    assert_eq!(distinct.len() as u64, released, "two answers name one entry");
    assert!(released <= site.entries() - before, "more answers than entries");
    outcomes.iter().flat_map(|outcome| &outcome.kept).for_each(|body| site.verify(body.as_bytes()));
    outcomes
}
