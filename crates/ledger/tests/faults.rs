//! Whatever the disk does: nothing is answered that is not in the log, nothing failed is tried again, reading goes on,
//! and a restart either agrees with everything that was answered or says what is damaged.
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

use std::time::{Duration, Instant};

use world::faulty::{Fault, Faults, Faulty, Step};
use world::{
    BASIC, DELIVERY, Place, START, TestRandom, Who, World, clock, courier, items, keys, settings, signers,
    take, ticket, when_free,
};
use yinuo_domain::*;
use yinuo_ledger::*;

/// Longer than any batch of a busy machine takes.
const OVERDUE_MS: u64 = 300;

fn places() -> Vec<(Place, Option<tempfile::TempDir>)> {
    let directory = tempfile::tempdir().unwrap();
    vec![(Place::memory(), None), (Place::sqlite(directory.path()), Some(directory))]
}

fn over(place: Place, faults: &Faults) -> World {
    let settings = Settings { overdue_ms: OVERDUE_MS, ..settings() };
    let backend = Faulty(place, faults.clone());
    World::open_with(backend, settings, signers(), clock(), TestRandom::new(1)).unwrap()
}

/// Everything that was answered as done.
#[derive(Default)]
struct Given {
    receipts: Vec<Receipt>,
    withdrawn: Vec<Who>,
    deleted: Vec<Who>,
    taken: Vec<u8>,
    enrolled: Vec<Who>,
}

/// Every kind of write, one after the other, each of which may fail; what was answered, and how many failed.
fn everything(world: &World, people: &[Who], last: Who) -> (Given, usize) {
    let (mut given, mut failed) = (Given::default(), 0);
    let (mut run, submit) = (
        |answered: Result<Answered, LedgerError>| -> Option<Answered> {
            if answered.is_err() {
                failed += 1;
            }
            answered.ok()
        },
        |command| world.ledger.submit(world.submission(command)),
    );
    for _ in 0..2 {
        let asked: Vec<_> = people.iter().map(|who| submit(world.ask(who, &courier()))).collect();
        for asked in asked {
            if let Some(Answered::Released { receipt, .. }) = run(asked.wait()) {
                given.receipts.push(receipt);
            }
        }
    }
    let add = Write::AddPerson {
        index: last.index(),
        subject: last.subject(),
        keys: vec![9; 60],
        epoch: 1,
        guardian_required: false,
    };
    let enrol = Submission { writes: vec![add], ..world.submission(last.enrol()) };
    if run(world.ledger.submit(enrol).wait()).is_some() {
        given.enrolled.push(last);
    }
    if run(submit(people[0].withdraw(&courier())).wait()).is_some() {
        given.withdrawn.push(people[0]);
    }
    match world.ledger.write(vec![take(1, START)]).wait() {
        Ok(_) => given.taken.push(1),
        Err(_) => failed += 1,
    }
    let hide =
        Command::Platform { by: world::staff(), change: PlatformChange::HideApp(world::app("second")) };
    if world.ledger.submit(world.submission(hide)).wait().is_err() {
        failed += 1;
    }
    match world.ledger.submit(world.submission(people[1].delete())).wait() {
        Ok(_) => given.deleted.push(people[1]),
        Err(_) => failed += 1,
    }
    (given, failed)
}

fn holds(world: &World, given: &Given, what: &str) {
    let reader = world.reader();
    for receipt in &given.receipts {
        assert_eq!(
            reader.entry(&receipt.log, receipt.index).unwrap().as_ref(),
            Some(&receipt.leaf),
            "{what}"
        );
    }
    for who in &given.withdrawn {
        let asked = world.run(who.ask(&courier(), DELIVERY, items(BASIC), DisclosureId(world.bytes())));
        assert!(!matches!(asked, Answered::Released { .. }), "{what}: a release after a withdrawal");
    }
    for who in &given.deleted {
        assert_eq!(reader.person_of(who.subject()).unwrap(), None, "{what}: somebody who was deleted");
    }
    for who in &given.enrolled {
        assert!(reader.person_of(who.subject()).unwrap().is_some(), "{what}: nobody was enrolled");
    }
    for number in &given.taken {
        let written = world.write(take(*number, START));
        assert!(!matches!(written, Written::Taken(_)), "{what}: a ticket was taken twice");
    }
}

fn reads(world: &World, before: u64, what: &str) {
    let reader = world.reader();
    let group = LogId::group(0);
    assert!(before <= reader.head(&group).unwrap().size, "{what}");
    assert!(reader.platform().apps.contains_key(&courier()), "{what}");
    assert!(reader.entry(&group, before - 1).unwrap().is_some(), "{what}");
    assert!(reader.published(&group, Algorithm::Sm3).unwrap().is_some(), "{what}");
    assert!(reader.receipt(&group, before - 1).unwrap().is_some(), "{what}");
}

#[test]
fn whatever_write_fails_in_whatever_way_what_was_answered_is_in_the_log() {
    let mut fired = 0;
    for step in Step::EVERY {
        for fault in Fault::EVERY {
            // The n-th of its kind: other kinds of write are hit each time.
            // Each that hangs costs its time.
            let places_of: &[u64] = if fault.hangs() { &[0, 3] } else { &[0, 1, 3, 8, 21] };
            for before in places_of.iter().copied() {
                for (place, _directory) in places() {
                    let what = format!("{step:?} {fault:?} after {before}");
                    let faults = Faults::default();
                    let world = over(place.clone(), &faults);
                    world.furnish();
                    world.add_app(&world::app("second"));
                    let people: Vec<Who> = (1..=3).map(|number| world.consented(number)).collect();
                    world.write(Write::PutTicket(ticket(1, 1, Some(people[2]))));
                    let size = world.size(&LogId::group(0));
                    faults.arm(step, before, fault);
                    let (given, failed) = everything(&world, &people, Who(9));
                    let hit = faults.fired();
                    faults.disarm();
                    if hit {
                        fired += 1;
                        assert!(0 < failed, "{what}: nobody heard of it");
                    }
                    let poisoned = world.reader().is_poisoned();
                    assert_eq!(poisoned, hit && (step.is_flush() || fault.hangs()), "{what}");
                    if poisoned {
                        let late = world.ledger.submit(world.submission(people[2].withdraw(&courier())));
                        assert!(matches!(late.wait(), Err(LedgerError::Poisoned)), "{what}");
                        reads(&world, size, &what);
                    } else {
                        world.disclose(&people[2], &courier());
                    }
                    // Whoever hung comes back after everybody was told: nothing changes any more.
                    faults.release();
                    drop(world);
                    let opened = when_free(|| {
                        World::open_with(place.clone(), settings(), signers(), clock(), TestRandom::new(2))
                    });
                    assert_eq!(faults.tried_again(), 0, "{what}: a flush had failed");
                    match opened {
                        Ok(world) => {
                            let report = verify(world.reader(), &keys(), &mut |_| {}).unwrap();
                            // A row of a torn transaction without its entry is named.
                            if fault == Fault::Torn && report.first_bad.is_some() {
                                continue;
                            }
                            assert_eq!(report.first_bad, None, "{what}");
                            holds(&world, &given, &what);
                            world.disclose(&people[2], &courier());
                        }
                        // What was kept in part is not what its signed head says, and is refused.
                        Err(LedgerError::Store(StoreError::Damaged(_))) if fault == Fault::Torn => {}
                        Err(error) => panic!("{what}: {error}"),
                    }
                }
            }
        }
    }
    assert!(80 < fired, "only {fired} faults fired");
}

#[test]
fn a_hanging_flush_is_answered_in_time_and_holds_nobody() {
    for (place, _directory) in places() {
        let faults = Faults::default();
        let world = over(place, &faults);
        world.furnish();
        let who = world.consented(1);
        faults.arm(Step::Commit, 0, Fault::Hang);
        let begun = Instant::now();
        let first = world.ledger.submit(world.submission(world.ask(&who, &courier())));
        let behind: Vec<_> =
            (0..5).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
        for asked in std::iter::once(first).chain(behind) {
            assert!(matches!(asked.wait(), Err(LedgerError::Poisoned)));
        }
        let took = begun.elapsed();
        assert!(Duration::from_millis(OVERDUE_MS / 2) < took && took < Duration::from_secs(5), "{took:?}");
        assert!(world.ledger.gauge().poisoned);
        // Closing does not wait for a disk that may never come back.
        let closing = Instant::now();
        let World { ledger, .. } = world;
        ledger.close();
        assert!(closing.elapsed() < Duration::from_secs(5));
        faults.release();
    }
}

#[test]
fn a_slow_flush_in_time_is_no_fault() {
    let faults = Faults::default();
    let settings = Settings { overdue_ms: 5_000, ..settings() };
    let backend = Faulty(Place::memory(), faults.clone());
    let world = World::open_with(backend, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    let who = world.consented(1);
    faults.arm(Step::Commit, 0, Fault::Hang);
    let asked = world.ledger.submit(world.submission(world.ask(&who, &courier())));
    std::thread::sleep(Duration::from_millis(200));
    faults.release();
    assert!(matches!(asked.wait().unwrap(), Answered::Released { .. }));
    assert!(!world.reader().is_poisoned());
}
