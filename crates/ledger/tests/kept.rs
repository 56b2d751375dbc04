//! What is kept in memory for releases is what is stored, whatever was written; and who was deleted is not kept.
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

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use proptest::prelude::*;
use world::faulty::{Fault, Faults, Faulty, Step};
use world::{Place, Who, World, courier, item, ticket};
use yinuo_domain::*;
use yinuo_ledger::*;

/// Something that may change what is kept. Small numbers, so that the same things meet often.
#[derive(Clone, Debug)]
enum Act {
    Enrol(u8),
    Store { who: u8, version: u8 },
    Rewrap(u8),
    Delete(u8),
    Put { number: u8, family: u8, who: Option<u8>, lasts: u8 },
    Take(u8),
    Revoke { family: u8 },
    RevokeOf { who: u8, app: bool },
    EndSessions(u8),
    Sweep,
    Forward,
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 1..4u8;
    let number = || 0..6u8;
    prop_oneof![
        4 => who().prop_map(Act::Enrol),
        3 => (who(), 0..3u8).prop_map(|(who, version)| Act::Store { who, version }),
        2 => who().prop_map(Act::Rewrap),
        1 => who().prop_map(Act::Delete),
        6 => (number(), 0..3u8, proptest::option::of(who()), 0..3u8)
            .prop_map(|(number, family, who, lasts)| Act::Put { number, family, who, lasts }),
        1 => number().prop_map(Act::Take),
        1 => (0..3u8).prop_map(|family| Act::Revoke { family }),
        1 => (who(), any::<bool>()).prop_map(|(who, app)| Act::RevokeOf { who, app }),
        1 => who().prop_map(Act::EndSessions),
        1 => Just(Act::Sweep),
        1 => Just(Act::Forward),
    ]
}

fn perform(world: &World, act: &Act) {
    // Many of them are refused: that must not matter either.
    let submit = |command, writes| {
        drop(world.ledger.submit(Submission { writes, ..world.submission(command) }).wait());
    };
    let write = |write| drop(world.ledger.write(vec![write]).wait());
    match *act {
        Act::Enrol(who) => {
            let who = Who(who);
            let (index, subject, keys) = (who.index(), who.subject(), vec![who.0; 9]);
            let add = Write::AddPerson { index, subject, keys, epoch: 1, guardian_required: who.0 == 2 };
            submit(who.enrol(), vec![add]);
        }
        Act::Store { who, version } => {
            let who = Who(who);
            let (subject, item, version) = (who.subject(), item("name"), ValueVersion([version; 16]));
            let bytes = vec![version.0[0]; 20];
            let sealed = yinuo_tlog::content_hash(Suite::Guomi, &bytes);
            let put = Write::PutSealed { subject, item, compartment: Compartment::Identity, version, bytes };
            let values = vec![StoredValue { item, version, sealed }];
            submit(Command::StoreValues { subject, own: who.own(), values }, vec![put]);
        }
        Act::Rewrap(who) => {
            let subject = Who(who).subject();
            if let Some(from) = world.reader().keys(subject).unwrap() {
                let keys = from.iter().map(|byte| byte.wrapping_add(16)).collect();
                write(Write::Rewrap { subject, from, keys });
            }
        }
        Act::Delete(who) => {
            let delete = world.submission(Who(who).delete());
            drop(world.ledger.submit(Submission { retired: Some(vec![who; 8]), ..delete }).wait());
        }
        Act::Put { number, family, who, lasts } => {
            let expires_at = world.clock.now().after_ms(u64::from(lasts) * 1_000);
            write(Write::PutTicket(Ticket { expires_at, ..access(number, family, who.map(Who)) }));
        }
        Act::Take(number) => write(Write::TakeTicket {
            kind: TicketKind::AccessToken,
            key: [number; 32],
            now: world.clock.now(),
        }),
        Act::Revoke { family } => write(Write::RevokeFamily { family: [family; 16] }),
        Act::RevokeOf { who, app } => {
            write(Write::RevokeOf { subject: Who(who).subject(), app: app.then(courier) });
        }
        Act::EndSessions(who) => write(Write::EndSessions { subject: Who(who).subject() }),
        Act::Sweep => write(Write::Sweep { now: world.clock.now() }),
        Act::Forward => world.clock.forward_ms(1_000),
    }
}

fn access(number: u8, family: u8, who: Option<Who>) -> Ticket {
    Ticket { kind: TicketKind::AccessToken, ..ticket(number, family, who) }
}

/// Compares what is kept, which this keeps, with what is stored.
fn compare(world: &World) {
    let reader = world.reader();
    for who in (1..4).map(Who) {
        let subject = who.subject();
        let stored = reader.person_of(subject).unwrap().zip(reader.keys(subject).unwrap());
        let kept = reader.kept(subject).unwrap();
        let told = |person: &KeptPerson| (person.guardian_required, person.keys.clone());
        assert_eq!(
            kept.as_deref().map(told),
            stored.map(|(person, keys)| (person.guardian_required, keys)),
            "{who:?}"
        );
        if let Some(kept) = kept {
            let own = reader.own(subject).unwrap().map(|(_, own)| own.values).unwrap_or_default();
            assert_eq!(*reader.versions(&kept).unwrap(), own, "{who:?}");
            let made = kept.made(|kept| Ok::<_, Infallible>(kept.keys.clone())).unwrap();
            assert_eq!(*made, kept.keys);
        }
    }
    let now = world.clock.now();
    for key in (0..6).map(|number| [number; 32]) {
        let stored = reader.ticket(TicketKind::AccessToken, key, now).unwrap();
        assert_eq!(reader.access_token(key, now).unwrap().as_deref(), stored.as_ref());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written in whatever order, what is kept is what is stored, after each single write.
    #[test]
    fn what_is_kept_is_what_is_stored(acts in proptest::collection::vec(act(), 1..40), disk in any::<bool>()) {
        let directory = tempfile::tempdir().unwrap();
        let world = World::new(if disk { Place::sqlite(directory.path()) } else { Place::memory() });
        for act in &acts {
            perform(&world, act);
            compare(&world);
        }
    }
}

/// Keeps the person and something made of them, and lets go of both.
fn keep(world: &World, who: &Who) -> (Weak<KeptPerson>, Weak<Vec<u8>>) {
    let kept = world.reader().kept(who.subject()).unwrap().unwrap();
    let made = kept.made(|_| Ok::<_, Infallible>(vec![7u8; 16])).unwrap();
    (Arc::downgrade(&kept), Arc::downgrade(&made))
}

#[test]
fn when_a_deletion_is_answered_nothing_made_of_the_person_is_left() {
    let world = World::new(Place::memory());
    let (who, other) = (world.consented(1), world.consented(2));
    let (kept, made) = keep(&world, &who);
    let (_, others) = keep(&world, &other);
    world.disclose(&who, &courier());
    assert!(kept.upgrade().is_some() && made.upgrade().is_some());
    let delete = world.submission(who.delete());
    let answer = world.ledger.submit(Submission { retired: Some(vec![1]), ..delete }).wait();
    assert!(matches!(answer, Ok(Answered::Done)), "{answer:?}");
    assert!(kept.upgrade().is_none() && made.upgrade().is_none());
    assert!(others.upgrade().is_some());
}

#[test]
fn a_commit_of_which_nobody_knows_what_was_kept_leaves_nothing_in_memory() {
    let faults = Faults::default();
    let world = World::new(Faulty(MemoryStore::default(), faults.clone()));
    let who = world.consented(1);
    let (kept, _) = keep(&world, &who);
    faults.arm(Step::Commit, 0, Fault::Kept);
    assert!(world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait().is_err());
    assert!(kept.upgrade().is_none());
    assert!(world.reader().kept(who.subject()).unwrap().is_some());
}
