//! What a store costs: bytes for a disclosure, the time to start over a million grants, how fast a log is verified.

mod people;
#[path = "../../crates/ledger/tests/world/mod.rs"]
mod world;

use std::path::Path;
use std::time::Instant;

use people::{Crowd, Person};
use world::{World, signers};
use yinuo_benches::{Bar, Cpu, Effort, Samples, Unit, row, scratch, seal};
use yinuo_domain::LogId;
use yinuo_ledger::{SqliteStore, verify_directory};

fn main() {
    let effort = Effort::asked();
    let directory = tempfile::tempdir_in(scratch()).expect("a directory");
    disclosures(effort, directory.path());
    start(effort);
}

/// Bytes for a disclosure, and then the verification of the log that came about.
fn disclosures(effort: Effort, directory: &Path) {
    let people = 1_000;
    let crowd = Crowd::open(directory);
    crowd.grow(0, people);
    let mut before = crowd.close_and_weigh(directory);
    for (waiting, count, bar) in
        [(1, effort.of(2_000, 10_000), Bar::None), (64, effort.of(40_000, 250_000), Bar::AtMost(800.0))]
    {
        let crowd = Crowd::open(directory);
        crowd.disclose(people, count, waiting);
        let after = crowd.close_and_weigh(directory);
        let bytes = Samples::from_iter([(after - before) as f64 / f64::from(count)]);
        let callers = if waiting == 1 { "1 caller" } else { "64 callers" };
        row(&format!("on disk for a disclosure, `dual`, {callers}"), Unit::Bytes, &bytes, bar);
        before = after;
    }

    let mut rates = Samples::default();
    for _ in 0..effort.of(3, 5) {
        let cpu = Cpu::now();
        let report = verify_directory(directory, &world::keys(), &mut |_| {}).expect("a store");
        assert!(report.ok, "{:?}", report.first_bad);
        // The time on a processor, of whichever threads it uses: what one core does when nobody else wants it.
        let spent = Cpu::now().micros_since(&cpu, "") / 1e6;
        rates.push(report.entries as f64 / spent);
    }
    row("`verify`, `dual`, entries on one core", Unit::PerSecond, &rates, Bar::AtLeast(100_000.0));
}

/// How long a ledger over so many grants takes to be there, and to answer the first who asks.
fn start(effort: Effort) {
    let grants = effort.of(50_000, 1_000_000);
    // Made once and kept: it takes minutes.
    let directory = scratch().join(format!("{grants}-grants"));
    if !is_whole(&directory, grants) {
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("a directory");
        let crowd = Crowd::open(&directory);
        for from in (0..grants).step_by(50_000) {
            eprintln!("… making a store with {grants} grants: {from}");
            crowd.grow(from, grants.min(from + 50_000));
        }
        crowd.close_and_weigh(&directory);
    }
    let (mut times, mut firsts) = (Samples::default(), Samples::default());
    for round in 0..effort.of(5, 9) {
        let begun = Instant::now();
        let crowd = Crowd::open(&directory);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        let begun = Instant::now();
        crowd.ask(Person(grants / 2 + round)).wait().expect("the store works");
        firsts.push(begun.elapsed().as_secs_f64() * 1e3);
        crowd.close_and_weigh(&directory);
    }
    let many = yinuo_benches::grouped(f64::from(grants));
    row(&format!("start over {many} grants"), Unit::Millis, &times, Bar::None);
    row("… and the first disclosure then", Unit::Millis, &firsts, Bar::None);
}

/// Whether a store that was made earlier can be read by this program, and has them all.
fn is_whole(directory: &Path, grants: u32) -> bool {
    let random = world::TestRandom::new(1);
    let place = SqliteStore::new(directory).sealed(seal(world::settings().suite));
    let opened = World::open_with(place, world::settings(), signers(), world::clock(), random);
    let Ok(world) = opened else { return false };
    // A fact for each who came in, and one for each consent.
    let whole = u64::from(grants) * 2 <= world.size(&LogId::group(0));
    world.ledger.close();
    whole
}
