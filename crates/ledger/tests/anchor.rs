//! A store that was cut back, swapped or lost is noticed by what was kept outside of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod world;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use world::{
    Place, TestRandom, World, clock, courier, ed25519, keys, logs, settings, signers, sm2, when_free,
};
use yinuo_domain::*;
use yinuo_ledger::*;

const GROUP: Log = Log::Group;

fn open(
    place: Place,
    anchor: impl Anchor + 'static,
    rule: AnchorRule,
    seed: u64,
) -> Result<World, LedgerError> {
    let (clock, random) = (clock(), TestRandom::new(seed));
    let settings = Settings { overdue_ms: 500, ..settings() };
    let ledger = Ledger::open_anchored(
        place,
        settings.clone(),
        signers(),
        clock.clone(),
        random.clone(),
        (Box::new(anchor), rule),
    )?;
    Ok(World { ledger, clock, random, settings })
}

fn refused(opened: Result<World, LedgerError>) -> Mismatch {
    match opened.map(drop) {
        Err(LedgerError::Anchor(mismatch)) => mismatch,
        other => panic!("{other:?}"),
    }
}

/// A directory with a store and an anchor beside it, with so many disclosures.
struct Kept {
    directory: tempfile::TempDir,
}

impl Kept {
    fn new(disclosures: usize, seed: u64) -> Self {
        let kept = Self { directory: tempfile::tempdir().unwrap() };
        let world = kept.open(AnchorRule::Begins, seed).unwrap();
        world.furnish();
        let who = world.consented(1);
        for _ in 0..disclosures {
            world.disclose(&who, &courier());
        }
        world.ledger.close();
        kept
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn anchor(&self) -> PathBuf {
        self.directory.path().join("anchor")
    }

    fn open(&self, rule: AnchorRule, seed: u64) -> Result<World, LedgerError> {
        open(Place::sqlite(&self.store()), FileAnchor::new(self.anchor()), rule, seed)
    }

    fn kept(&self) -> Vec<(Log, Head)> {
        FileAnchor::new(self.anchor()).read().unwrap().unwrap()
    }

    fn database(&self) -> PathBuf {
        self.store().join(DATABASE)
    }
}

fn verified(directory: &Path) {
    assert_eq!(verify_directory(directory, &keys(), &mut |_| {}).unwrap().first_bad, None);
}

#[test]
fn what_is_kept_outside_is_at_most_one_batch_behind() {
    let kept = Kept::new(3, 1);
    let world = kept.open(AnchorRule::Holds, 2).unwrap();
    let who = world::Who(1);
    let mut before = world.size(&LogId::group(0));
    for _ in 0..20 {
        world.disclose(&who, &courier());
        let (_, outside) = kept.kept().into_iter().find(|(log, _)| *log == GROUP).unwrap();
        let size = world.size(&LogId::group(0));
        assert!(before <= outside.size && outside.size <= size, "{before} {} {size}", outside.size);
        before = size;
    }
    let heads = logs().map(|log| world.reader().head(&log).unwrap());
    world.ledger.close();
    assert_eq!(kept.kept().into_iter().map(|(_, head)| head).collect::<Vec<_>>(), heads);
    kept.open(AnchorRule::Holds, 3).unwrap();
}

#[test]
fn an_older_copy_is_refused_and_accepted_only_by_somebody() {
    let kept = Kept::new(3, 1);
    let older = std::fs::read(kept.database()).unwrap();
    let world = kept.open(AnchorRule::Holds, 2).unwrap();
    let size = world.size(&LogId::group(0));
    for _ in 0..5 {
        world.disclose(&world::Who(1), &courier());
    }
    world.ledger.close();
    std::fs::write(kept.database(), &older).unwrap();
    // It is as well signed as it ever was.
    verified(&kept.store());
    let behind = Mismatch::Behind { log: LogId::group(0), store: size, anchor: size + 5 };
    for rule in [AnchorRule::Holds, AnchorRule::Begins] {
        assert_eq!(refused(kept.open(rule, 3)), behind);
    }
    assert_eq!(
        refused(kept.open(AnchorRule::Holds, 3)).to_string(),
        format!("the log g/0 has {size} entries, and had {} before", size + 5)
    );

    let world = kept.open(AnchorRule::Accepted, 3).unwrap();
    let accepted = world.ledger.accepted().unwrap().clone();
    assert_eq!((accepted.mismatch, accepted.group), (behind.clone(), size + 5));
    drop(world);
    // Nobody has answered for it yet.
    assert_eq!(refused(kept.open(AnchorRule::Holds, 3)), behind);
    let world = kept.open(AnchorRule::Accepted, 3).unwrap();
    let (cause, platform, group) = (StoreCause::Behind, accepted.platform, accepted.group);
    world.change(PlatformChange::AcceptStore { cause, platform, group });
    let last = world.entries(&LogId::platform()).pop().unwrap();
    assert_eq!(last.fact, Fact::StoreAccepted { by: world::staff(), cause, platform, group });
    world.disclose(&world::Who(1), &courier());
    world.ledger.close();
    let world = kept.open(AnchorRule::Holds, 4).unwrap();
    assert_eq!(world.ledger.accepted(), None);
}

/// SQLite drops a damaged tail of its write-ahead log without a word.
#[test]
fn a_cut_tail_is_refused() {
    let kept = Kept::new(1, 1);
    let world = kept.open(AnchorRule::Holds, 2).unwrap();
    for _ in 0..10 {
        world.disclose(&world::Who(1), &courier());
    }
    let crashed = Kept { directory: tempfile::tempdir().unwrap() };
    std::fs::create_dir(crashed.store()).unwrap();
    let wal = format!("{DATABASE}-wal");
    for name in [DATABASE, &wal] {
        std::fs::copy(kept.store().join(name), crashed.store().join(name)).unwrap();
    }
    std::fs::copy(kept.anchor(), crashed.anchor()).unwrap();
    let whole = std::fs::read(crashed.store().join(&wal)).unwrap();
    crashed.open(AnchorRule::Holds, 3).unwrap().ledger.close();
    for part in [0, 1, 2, 3] {
        std::fs::copy(kept.store().join(DATABASE), crashed.database()).unwrap();
        std::fs::copy(kept.anchor(), crashed.anchor()).unwrap();
        let _ = std::fs::remove_file(crashed.store().join(format!("{DATABASE}-shm")));
        std::fs::write(crashed.store().join(&wal), &whole[..whole.len() * part / 5]).unwrap();
        verified(&crashed.store());
        let found = refused(crashed.open(AnchorRule::Holds, 3));
        assert!(matches!(found, Mismatch::Behind { .. }), "{part}: {found}");
    }
}

#[test]
fn another_database_is_refused_however_long() {
    let kept = Kept::new(3, 1);
    for (disclosures, seed) in [(3, 7), (9, 8)] {
        let other = Kept::new(disclosures, seed);
        std::fs::copy(other.database(), kept.database()).unwrap();
        let found = refused(kept.open(AnchorRule::Holds, 9));
        assert!(matches!(found, Mismatch::Another { .. }), "{found}");
    }
    std::fs::remove_file(kept.database()).unwrap();
    let found = refused(kept.open(AnchorRule::Begins, 9));
    assert!(matches!(found, Mismatch::Behind { store: 0, .. }), "a new database: {found}");
}

#[test]
fn a_lost_anchor_and_one_of_others_are_said() {
    let kept = Kept::new(2, 1);
    std::fs::remove_file(kept.anchor()).unwrap();
    assert_eq!(refused(kept.open(AnchorRule::Holds, 2)), Mismatch::Missing);
    assert!(!kept.anchor().exists(), "a refusal makes nothing");
    kept.open(AnchorRule::Begins, 2).unwrap().ledger.close();
    kept.open(AnchorRule::Holds, 3).unwrap().ledger.close();

    let theirs = tempfile::tempdir().unwrap();
    let path = theirs.path().join("anchor");
    let anchor = (Box::new(FileAnchor::new(&path)) as Box<dyn Anchor>, AnchorRule::Begins);
    let others = vec![ed25519(9), sm2(9)];
    Ledger::open_anchored(MemoryStore::default(), settings(), others, clock(), TestRandom::new(1), anchor)
        .unwrap()
        .close();
    std::fs::copy(path, kept.anchor()).unwrap();
    assert_eq!(refused(kept.open(AnchorRule::Begins, 4)), Mismatch::Unsigned);
}

/// Keeps in memory, fails or hangs.
#[derive(Clone, Default)]
struct Failing(Arc<AtomicU8>, Arc<Mutex<Heads>>);

type Heads = Option<Vec<(Log, Head)>>;

impl Anchor for Failing {
    fn read(&mut self) -> Result<Option<Vec<(Log, Head)>>, StoreError> {
        Ok(self.1.lock().unwrap().clone())
    }

    fn keep(&mut self, heads: &[(Log, Head)]) -> Result<(), StoreError> {
        match self.0.load(SeqCst) {
            0 => *self.1.lock().unwrap() = Some(heads.to_vec()),
            1 => return Err(StoreError::Other("as it was told")),
            _ => {
                while self.0.load(SeqCst) == 2 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
        Ok(())
    }
}

#[test]
fn an_anchor_that_fails_or_hangs_stops_writing_before_the_next_batch() {
    for how in [1, 2] {
        let anchor = Failing::default();
        let store = MemoryStore::default();
        let world = open(Place::Memory(store.clone()), anchor.clone(), AnchorRule::Begins, 1).unwrap();
        world.furnish();
        let who = world.consented(1);
        world.disclose(&who, &courier());
        anchor.0.store(how, SeqCst);
        // This one is in the store, and may be answered: it is one batch ahead.
        let size = world.size(&LogId::group(0));
        let _ = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
        let next = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
        assert!(matches!(next, Err(LedgerError::Poisoned)), "{how}: {next:?}");
        assert!(world.reader().is_poisoned());
        assert!(world.size(&LogId::group(0)) <= size + 1, "{how}: two batches ahead");
        anchor.0.store(0, SeqCst);
        drop(world);
        // A restart keeps what was missing outside.
        let again = || open(Place::Memory(store.clone()), anchor.clone(), AnchorRule::Holds, 2);
        let world = when_free(again).unwrap();
        let kept = anchor.1.lock().unwrap().clone().unwrap();
        assert_eq!(kept[1].1, world.reader().head(&LogId::group(0)).unwrap());
    }
}
