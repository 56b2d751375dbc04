//! How many durable decisions a second. Not a test of the machine: run by hand, with `--ignored --nocapture`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod world;

use std::time::Instant;

use world::{Place, World, courier};
use yinuo_ledger::*;

#[test]
#[ignore = "a measurement"]
fn decisions_a_second_with_many_waiting() {
    for (what, place) in [("without a seal", Place::sqlite as fn(&_) -> _), ("sealed rows", Place::sealed)] {
        println!("{what}");
        decisions(place);
    }
}

fn decisions(place: fn(&std::path::Path) -> Place) {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(place(directory.path()));
    let people: Vec<_> = (1..=200).map(|number| world.consented(number)).collect();
    for waiting in [1, 16, 64, 256, 1_024] {
        let total = if waiting == 1 { 2_000 } else { 40_000 };
        let start = Instant::now();
        let mut open = std::collections::VecDeque::new();
        for number in 0..total {
            let who = &people[number % people.len()];
            open.push_back(world.ledger.submit(world.submission(world.ask(who, &courier()))));
            if waiting <= open.len() {
                assert!(matches!(open.pop_front().unwrap().wait().unwrap(), Answered::Released { .. }));
            }
        }
        open.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
        let took = start.elapsed();
        println!("{waiting} waiting: {:.0} decisions/s", total as f64 / took.as_secs_f64());
    }
    let start = Instant::now();
    let report = verify(world.reader(), &world::keys(), &mut |_| {}).unwrap();
    println!("verified {} entries in {:?}: {:?}", report.entries, start.elapsed(), report.first_bad);
}
