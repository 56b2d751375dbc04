//! Nothing is released before its fact is in a durable signed head; what is deleted is gone; a store has one owner.
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

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use world::faulty::{Fault, Faults, Faulty, Step};
use world::{
    Place, START, TestRandom, World, clock, courier, ed25519, item, keys, logs, settings, signers, sm2, take,
    ticket,
};
use yinuo_domain::*;
use yinuo_ledger::*;
use yinuo_tlog::VerifierKey;

/// Fails when told to.
struct Failing(Arc<dyn HeadSigner>, Arc<AtomicBool>);

impl HeadSigner for Failing {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn verifier(&self, origin: &str) -> VerifierKey {
        self.0.verifier(origin)
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        if self.1.load(Ordering::SeqCst) { Err(SignFailed) } else { self.0.sign(text) }
    }
}

fn both(case: impl Fn(Place)) {
    case(Place::memory());
    let directory = tempfile::tempdir().unwrap();
    case(Place::sqlite(directory.path()));
}

fn heads(world: &World) -> [Option<Head>; 2] {
    logs().map(|log| world.reader().head(&log))
}

/// Asks five times at once.
fn five(world: &World, who: &world::Who) -> Vec<Result<Answered, LedgerError>> {
    let asked: Vec<_> =
        (0..5).map(|_| world.ledger.submit(world.submission(world.ask(who, &courier())))).collect();
    asked.into_iter().map(Pending::wait).collect()
}

fn verified(world: &World) -> Report {
    verify(world.reader(), &keys(), &mut |_| {}).unwrap()
}

#[test]
fn a_head_that_cannot_be_signed_releases_nothing_and_leaves_nothing() {
    both(|place| {
        for failing in [0, 1] {
            let place = if failing == 0 { place.clone() } else { Place::memory() };
            let fails = Arc::new(AtomicBool::new(false));
            let mut all = signers();
            all[failing] = Arc::new(Failing(all[failing].clone(), fails.clone()));
            let world = World::open_with(place, settings(), all, clock(), TestRandom::new(1)).unwrap();
            world.furnish();
            let who = world.consented(1);
            world.disclose(&who, &courier());
            let before = heads(&world);
            fails.store(true, Ordering::SeqCst);
            for answered in five(&world, &who) {
                assert!(matches!(answered, Err(LedgerError::Signing(SignFailed))), "{answered:?}");
            }
            let withdrawn = world.ledger.submit(world.submission(who.withdraw(&courier()))).wait();
            assert!(withdrawn.is_err(), "not acknowledged either");
            assert_eq!(heads(&world), before);
            assert!(!world.reader().is_poisoned());
            // What was taken back is never signed later: the next entry stands where the first of them would have.
            fails.store(false, Ordering::SeqCst);
            let receipt = world.disclose(&who, &courier());
            assert_eq!(receipt.index, before[1].as_ref().unwrap().size);
            assert_eq!(verified(&world).first_bad, None);
        }
    });
}

#[test]
fn a_platform_change_that_is_taken_back_was_never_in_force() {
    both(|place| {
        let fails = Arc::new(AtomicBool::new(false));
        let all: Vec<Arc<dyn HeadSigner>> = vec![Arc::new(Failing(ed25519(7), fails.clone())), sm2(8)];
        let world = World::open_with(place, settings(), all, clock(), TestRandom::new(1)).unwrap();
        world.furnish();
        let who = world.consented(1);
        let before = (heads(&world), world.reader().platform());
        fails.store(true, Ordering::SeqCst);
        let hide = Command::Platform { by: world::staff(), change: PlatformChange::HideApp(courier()) };
        let refused = world.ledger.submit(world.submission(hide)).wait();
        assert!(matches!(refused, Err(LedgerError::Signing(_))), "{refused:?}");
        fails.store(false, Ordering::SeqCst);
        assert_eq!((heads(&world), world.reader().platform()), before);
        // Neither for readers nor for the next decision.
        world.disclose(&who, &courier());
        assert_eq!(verified(&world).first_bad, None);
    });
}

#[test]
fn a_failed_change_takes_the_whole_batch_back() {
    both(|place| {
        let faults = Faults::default();
        let world = World::open_with(
            Faulty(place, faults.clone()),
            settings(),
            signers(),
            clock(),
            TestRandom::new(1),
        )
        .unwrap();
        world.furnish();
        let who = world.consented(1);
        for at in 1..=12 {
            let before = heads(&world);
            faults.arm(Step::Change, at - 1, Fault::Lost);
            let answers = five(&world, &who);
            faults.disarm();
            let failed = answers.iter().filter(|answer| answer.is_err()).count();
            if faults.fired() {
                assert!(0 < failed, "change {at} failed and nobody heard of it");
            }
            let size = world.size(&LogId::group(0));
            assert_eq!(size - before[1].as_ref().unwrap().size, 5 - failed as u64);
            world.disclose(&who, &courier());
        }
        assert_eq!(verified(&world).first_bad, None);
    });
}

#[test]
fn a_failed_commit_releases_nothing_and_poisons_the_writer() {
    for kept in [false, true] {
        both(|place| {
            let faults = Faults::default();
            let backend = Faulty(place.clone(), faults.clone());
            let world =
                World::open_with(backend, settings(), signers(), clock(), TestRandom::new(1)).unwrap();
            world.furnish();
            let who = world.consented(1);
            world.write(Write::PutTicket(ticket(1, 1, Some(who))));
            let receipt = world.disclose(&who, &courier());
            let before = heads(&world);
            faults.arm(Step::Commit, 0, if kept { Fault::Kept } else { Fault::Lost });
            let poisoned = |answered: Result<Answered, LedgerError>| {
                assert!(matches!(answered, Err(LedgerError::Poisoned)), "{answered:?}");
            };
            five(&world, &who).into_iter().for_each(poisoned);
            assert!(world.reader().is_poisoned());
            // Never again, although the disk would do it now.
            five(&world, &who).into_iter().for_each(poisoned);
            poisoned(world.ledger.submit(world.submission(who.withdraw(&courier()))).wait());
            assert!(matches!(world.ledger.write(vec![take(1, START)]).wait(), Err(LedgerError::Poisoned)));

            // Reading goes on, at what was committed.
            let reader = world.reader();
            assert_eq!(heads(&world), before);
            assert!(reader.platform().apps.contains_key(&courier()));
            assert_eq!(reader.entry(&LogId::group(0), receipt.index).unwrap(), Some(receipt.leaf));
            assert!(reader.published(&LogId::group(0), Algorithm::Sm3).unwrap().is_some());
            assert!(reader.stream(who.subject(), &courier()).unwrap().is_some());
            assert!(reader.ticket(TicketKind::RefreshToken, [1; 32], START).unwrap().is_some());
            assert!(reader.receipt(&LogId::group(0), receipt.index).unwrap().is_some());

            // A restart finds one or the other, and goes on from there.
            let world = world.again(place);
            let size = world.size(&LogId::group(0));
            let was = before[1].as_ref().unwrap().size;
            assert!(if kept { was < size } else { was == size }, "{was} {size}");
            world.disclose(&who, &courier());
            assert_eq!(verified(&world).first_bad, None);
        });
    }
}

#[test]
fn a_data_directory_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let second = SqliteStore::new(directory.path()).open().map(drop);
    assert!(matches!(second, Err(StoreError::InUse)), "{second:?}");
    assert_eq!(second.unwrap_err().to_string(), "the data directory is in use by another process");
    world.ledger.close();
    assert!(SqliteStore::new(directory.path()).open().is_ok());
}

#[test]
fn a_dropped_ledger_is_a_closed_one() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let who = world.consented(1);
    let pending = world.ledger.submit(world.submission(world.ask(&who, &courier())));
    drop(world);
    assert!(matches!(pending.wait().unwrap(), Answered::Released { .. }), "what waits is finished");
    assert!(SqliteStore::new(directory.path()).open().is_ok());
}

#[test]
fn a_store_of_a_later_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    World::new(Place::sqlite(directory.path())).ledger.close();
    let raw = rusqlite::Connection::open(directory.path().join(DATABASE)).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let later = SqliteStore::new(directory.path()).open().map(drop);
    assert!(matches!(later, Err(StoreError::Version { found: 99, .. })), "{later:?}");
    assert!(matches!(
        StoreCopy::open(directory.path()).map(drop),
        Err(StoreError::Version { found: 99, .. })
    ));
}

/// Every file of a directory.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn holds(files: &BTreeMap<String, Vec<u8>>, needle: &[u8]) -> bool {
    files.values().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn when_a_deletion_is_acknowledged_its_rows_are_in_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let canary =
        |who: &world::Who, what: &str| format!("{what}-canary-{:03}-", who.0).repeat(20).into_bytes();
    let people: Vec<_> = (1..=20).map(|number| world.person(number)).collect();
    for who in &people {
        world.done(world.consent(who, &courier()));
        let put = Write::PutSealed {
            subject: who.subject(),
            item: item("name"),
            compartment: Compartment::Identity,
            version: ValueVersion([who.0; 16]),
            bytes: canary(who, "sealed"),
        };
        let body = canary(who, "ticket");
        world
            .ledger
            .write(vec![put, Write::PutTicket(Ticket { body, ..ticket(who.0, 1, Some(*who)) })])
            .wait()
            .unwrap();
    }
    let (gone, stays) = (people[4], people[5]);
    for what in ["sealed", "ticket"] {
        assert!(holds(&files(directory.path()), &canary(&gone, what)), "the control: {what} is there before");
    }
    world.done(gone.delete());
    let after = files(directory.path());
    for what in ["sealed", "ticket"] {
        assert!(!holds(&after, &canary(&gone, what)[..40]), "{what}");
        assert!(holds(&after, &canary(&stays, what)), "{what} of somebody else");
    }
    assert!(!holds(&after, &[gone.0; 60]), "the wrapped keys");
    assert!(holds(&after, &[stays.0; 60]));
    assert!(after.get(&format!("{DATABASE}-wal")).is_none_or(Vec::is_empty));
}

#[test]
fn a_deletion_is_not_acknowledged_while_a_reader_keeps_the_write_ahead_log() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let who = world.consented(1);
    let other = world.consented(2);
    let raw = rusqlite::Connection::open(directory.path().join(DATABASE)).unwrap();
    raw.execute_batch("BEGIN").unwrap();
    let _: i64 = raw.query_row("SELECT COUNT(*) FROM entries", [], |row| row.get(0)).unwrap();
    let ledger = world.ledger.clone();
    let submission = world.submission(who.delete());
    let acknowledged = Arc::new(AtomicBool::new(false));
    let seen = acknowledged.clone();
    let waiting = std::thread::spawn(move || {
        let answered = ledger.submit(submission).wait().unwrap();
        seen.store(true, Ordering::SeqCst);
        answered
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(!acknowledged.load(Ordering::SeqCst), "acknowledged while the rows can still be read");
    // Nobody else waits for it.
    world.disclose(&other, &courier());
    raw.execute_batch("COMMIT").unwrap();
    assert!(matches!(waiting.join().unwrap(), Answered::Done));
}

fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        std::fs::write(to.join(name), bytes).unwrap();
    }
}

#[test]
fn a_copy_is_verified_without_a_byte_being_written() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let who = world.consented(1);
    for _ in 0..10 {
        world.disclose(&who, &courier());
    }
    let entries: u64 = logs().iter().map(|log| world.size(log)).sum();
    let check = |directory: &Path, what: &str| {
        let before = files(directory);
        let report = verify_directory(directory, &keys(), &mut |_| {}).unwrap();
        let expected = Report { ok: true, entries, decisions_replayed: 10, first_bad: None };
        assert_eq!(report, expected, "{what}");
        assert_eq!(files(directory), before, "{what}: something was written");
    };
    // Copied while it was open, with its write-ahead log, with and without the index of that.
    let live = tempfile::tempdir().unwrap();
    copy(directory.path(), live.path());
    assert!(!files(live.path())[&format!("{DATABASE}-wal")].is_empty(), "the control: there is a log ahead");
    check(live.path(), "copied alive");
    std::fs::remove_file(live.path().join(format!("{DATABASE}-shm"))).unwrap();
    check(live.path(), "copied alive, without the index");
    // The live one itself.
    let report = verify_directory(directory.path(), &keys(), &mut |_| {}).unwrap();
    assert_eq!((report.ok, report.entries), (true, entries));
    world.disclose(&who, &courier());
    world.ledger.close();
    let closed = tempfile::tempdir().unwrap();
    copy(directory.path(), closed.path());
    let report = verify_directory(closed.path(), &keys(), &mut |_| {}).unwrap();
    assert_eq!((report.ok, report.entries), (true, entries + 1));
    assert_eq!(files(closed.path()), files(directory.path()));
    let empty = tempfile::tempdir().unwrap();
    assert!(verify_directory(empty.path(), &keys(), &mut |_| {}).is_err());
    assert!(files(empty.path()).is_empty());
}

#[test]
fn a_store_that_is_not_what_its_head_says_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let who = world.consented(1);
    for _ in 0..5 {
        world.disclose(&who, &courier());
    }
    world.ledger.close();
    #[rustfmt::skip]
    let cases = [
        ("the last entry is gone",     "DELETE FROM entries WHERE grp = 0 AND idx = (SELECT MAX(idx) FROM entries WHERE grp = 0)"),
        ("an entry within is gone",    "DELETE FROM entries WHERE grp = 0 AND idx = 3"),
        ("one too many",               "INSERT INTO entries SELECT grp, idx + 1, leaf FROM entries WHERE grp = 0 ORDER BY idx DESC LIMIT 1"),
        ("two change places",          "UPDATE entries SET idx = CASE idx WHEN 4 THEN -5 ELSE -4 END WHERE grp = 0 AND idx IN (4, 5); UPDATE entries SET idx = -idx WHERE idx < 0"),
        ("another root",               "UPDATE heads SET sm3_root = zeroblob(32) WHERE grp = 0"),
        ("another size",               "UPDATE heads SET size = size - 1 WHERE grp = 0"),
        ("the other log's note",       "UPDATE heads SET sha256_note = (SELECT sha256_note FROM heads WHERE grp = -1) WHERE grp = 0"),
        ("no note",                    "UPDATE heads SET sha256_note = NULL WHERE grp = -1"),
        ("no head",                    "DELETE FROM heads WHERE grp = 0"),
        ("a platform entry is gone",   "DELETE FROM entries WHERE grp = -1 AND idx = 2"),
        ("a document is gone",         "DELETE FROM documents"),
    ];
    for (what, sql) in cases {
        let broken = tempfile::tempdir().unwrap();
        copy(directory.path(), broken.path());
        let raw = rusqlite::Connection::open(broken.path().join(DATABASE)).unwrap();
        raw.execute_batch(sql).unwrap();
        assert_ne!(raw.changes(), 0, "{what}: nothing changed");
        drop(raw);
        let opened = World::open_with(
            Place::sqlite(broken.path()),
            settings(),
            vec![ed25519(7), sm2(8)],
            clock(),
            TestRandom::new(2),
        );
        assert!(opened.is_err(), "{what}: opened");
        let report = verify_directory(broken.path(), &keys(), &mut |_| {}).unwrap();
        assert!(report.first_bad.is_some(), "{what}: verified");
    }
    assert!(verify_directory(directory.path(), &keys(), &mut |_| {}).unwrap().ok);
}
