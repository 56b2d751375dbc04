//! The ledger alone: durable decisions a second with so many callers waiting, for each profile, and what one costs the
//! sequencer. SQLite with full sync and sealed rows, on the file system of what is built.

#[path = "../../crates/ledger/tests/world/mod.rs"]
mod world;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use world::{BASIC, TestRandom, Who, World, courier, origin_of};
use yinuo_benches::{Bar, Cpu, Effort, Samples, Unit, row, scratch, seal};
use yinuo_domain::*;
use yinuo_ledger::*;
use yinuo_tlog::{Proof, VerifierKey};

const WAITING: [usize; 4] = [1, 16, 64, 256];
const PROFILES: [(Profile, Suite, &str); 3] = [
    (Profile::Guomi, Suite::Guomi, "guomi"),
    (Profile::International, Suite::International, "international"),
    (Profile::Dual, Suite::Guomi, "dual"),
];
/// One receipt of so many is kept and verified when the clock has stopped.
const KEPT_OF: usize = 512;

/// A ledger of one profile with people who allowed everything.
struct Bench {
    world: World,
    people: Vec<Who>,
    keys: Vec<VerifierKey>,
    _directory: tempfile::TempDir,
}

fn main() {
    let effort = Effort::asked();
    let benches = PROFILES.map(|(profile, suite, _)| Bench::new(profile, suite));
    let mut rates: Vec<_> = PROFILES.iter().map(|_| WAITING.map(|_| Samples::default())).collect();
    let mut costs = rates.clone();
    let within = Duration::from_millis(effort.of(500, 1_500));
    for _ in 0..effort.of(5, 11) {
        for (nth, waiting) in WAITING.into_iter().enumerate() {
            for (which, bench) in benches.iter().enumerate() {
                let (rate, cost) = bench.round(waiting, within);
                rates[which][nth].push(rate);
                costs[which][nth].push(cost);
            }
        }
    }
    for (which, (_, _, name)) in PROFILES.into_iter().enumerate() {
        for (nth, waiting) in WAITING.into_iter().enumerate() {
            let bar = if (name, waiting) == ("dual", 64) { Bar::AtLeast(30_000.0) } else { Bar::None };
            let callers = if waiting == 1 { "caller" } else { "callers" };
            row(
                &format!("ledger, `{name}`, {waiting} {callers}: durable decisions"),
                Unit::PerSecond,
                &rates[which][nth],
                bar,
            );
        }
        row(
            &format!("… CPU of the sequencer for one, `{name}`, 64 callers"),
            Unit::Micros,
            &costs[which][2],
            Bar::None,
        );
    }
}

impl Bench {
    fn new(profile: Profile, suite: Suite) -> Self {
        let directory = tempfile::tempdir_in(scratch()).expect("a directory");
        let mut signers = world::signers();
        signers.retain(|signer| match signer.algorithm() {
            Algorithm::Sha256 => profile.has_sha256(),
            Algorithm::Sm3 => profile.has_sm3(),
        });
        let keys =
            signers.iter().map(|signer| signer.verifier(&origin_of(&LogId::group(0), signer.algorithm())));
        let keys = keys.collect();
        let settings = Settings::new(suite, profile, world::ORIGIN);
        let place = SqliteStore::new(directory.path()).sealed(seal(suite));
        let random: Arc<TestRandom> = TestRandom::new(1);
        let world = World::open_with(place, settings, signers, world::clock(), random).expect("a new ledger");
        world.furnish();
        let people = (1..=200).map(|number| world.consented(number)).collect();
        Self { world, people, keys, _directory: directory }
    }

    /// So many are always waiting. Gives decisions a second, and microseconds of the sequencer's thread for one.
    fn round(&self, waiting: usize, within: Duration) -> (f64, f64) {
        let mut open = VecDeque::with_capacity(waiting);
        let (mut done, mut asked) = (0_usize, 0_usize);
        let (mut seen, mut kept) = (HashSet::new(), Vec::new());
        let size = self.world.size(&LogId::group(0));
        let (cpu, begun) = (Cpu::now(), Instant::now());
        loop {
            let over = within <= begun.elapsed();
            if !over {
                let who = &self.people[asked % self.people.len()];
                let command = self.world.ask(who, &courier());
                open.push_back(self.world.ledger.submit(self.world.submission(command)));
                asked += 1;
            }
            if waiting <= open.len() || over {
                let Some(next) = open.pop_front() else { break };
                let receipt = released(next.wait().expect("the store works"));
                seen.insert(receipt.index);
                done += 1;
                if done % KEPT_OF == 0 {
                    kept.push(receipt);
                }
            }
        }
        let took = begun.elapsed();
        let spent = Cpu::now().micros_since(&cpu, "yinuo-sequencer");
        assert_eq!(seen.len(), done, "two releases were given one entry");
        assert_eq!(self.world.size(&LogId::group(0)) - size, done as u64, "as many entries as releases");
        kept.iter().for_each(|receipt| self.check(receipt));
        // The sequencers of all profiles have one name, but only one of them had anything to do.
        (done as f64 / took.as_secs_f64(), spent / done as f64)
    }

    /// What was released is what the leaf says, and the leaf is in a signed tree of each suite.
    fn check(&self, receipt: &Receipt) {
        let entry = yinuo_tlog::leaf::decode(&receipt.leaf).expect("a leaf");
        assert!(
            matches!(&entry.fact, Fact::Disclosed(disclosed) if disclosed.released == world::items(BASIC)),
            "{entry:?}"
        );
        for key in &self.keys {
            let (algorithm, text) = match key {
                VerifierKey::Ed25519 { .. } => (Algorithm::Sha256, receipt.sha256()),
                _ => (Algorithm::Sm3, receipt.sm3()),
            };
            let proof = Proof::parse(&text.expect("a proof for each suite of the profile")).expect("a proof");
            assert_eq!(proof.index, receipt.index);
            proof.verify(&receipt.leaf, algorithm, key, key.name()).expect("the leaf is in the log");
        }
    }
}

fn released(answered: Answered) -> Receipt {
    match answered {
        Answered::Released { permit, receipt, withheld, .. } if withheld.is_empty() => {
            drop(permit);
            receipt
        }
        other => panic!("{other:?}"),
    }
}
