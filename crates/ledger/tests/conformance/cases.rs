//! The promises, one a case.

use std::time::{Duration, Instant};

use yinuo_domain::*;
use yinuo_ledger::*;
use yinuo_tlog::{Proof, TileId};

use crate::world::{
    BASIC, DELIVERY, EXTRA, OFFERS, Place, START, TestRandom, Who, World, app, clock, courier, ed25519, item,
    items, keys, logs, origin_of, partner_of, settings, signers, sm2, staff, take, ticket,
};

fn group() -> LogId {
    LogId::group(0)
}

pub fn a_new_store_opens_both_logs_and_adopts_the_platform(place: Place) {
    let world = World::empty(place);
    let opened = |log| Fact::LogOpened { log, suite: Suite::Guomi, profile: Profile::Dual };
    let platform = world.entries(&LogId::platform());
    let group = world.entries(&group());
    assert_eq!(platform.iter().map(|entry| &entry.fact).collect::<Vec<_>>(), [&opened(LogId::platform())]);
    assert_eq!(group[0].fact, opened(LogId::group(0)));
    assert!(matches!(group[1].fact, Fact::PlatformAdopted { size: 1, sha256: Some(_), sm3: Some(_) }));
    assert_eq!(group.len(), 2);
}

pub fn a_platform_change_is_adopted_right_after_it(place: Place) {
    let world = World::new(place);
    let head = world.reader().head(&LogId::platform()).unwrap();
    let last = world.entries(&group()).pop().unwrap();
    let root = |algorithm| head.of(algorithm).map(|(root, _)| Digest(*root));
    let adopted =
        Fact::PlatformAdopted { size: head.size, sha256: root(Algorithm::Sha256), sm3: root(Algorithm::Sm3) };
    assert_eq!(last.fact, adopted);
    assert_eq!(world.reader().platform().apps.keys().collect::<Vec<_>>(), [&courier()]);
}

pub fn later_commands_of_a_batch_see_the_change(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    // Whatever shares a batch: what is handed in after the sanction is decided after it.
    let by = staff();
    let change = PlatformChange::SuspendPartner(partner_of(&courier()));
    for _ in 0..20 {
        let stop = world
            .ledger
            .submit(world.submission(Command::Platform { by: by.clone(), change: change.clone() }));
        let ask = world.ledger.submit(world.submission(world.ask(&who, &courier())));
        assert!(matches!(stop.wait().unwrap(), Answered::Done));
        let Answered::Withheld { reasons, .. } = ask.wait().unwrap() else { panic!("released") };
        assert!(reasons.iter().all(|(_, reason)| *reason == Reason::PartnerSuspended));
        assert!(matches!(
            world.change(PlatformChange::ReinstatePartner(partner_of(&courier()))),
            Answered::Done
        ));
    }
}

pub fn a_document_that_is_not_what_its_name_says_is_refused(place: Place) {
    let world = World::new(place);
    let before = world.size(&LogId::platform());
    let command = Command::Platform { by: staff(), change: PlatformChange::HideApp(courier()) };
    let documents = vec![(Digest([1; 32]), b"something else".as_slice().into())];
    let submission = Submission { documents, ..world.submission(command) };
    let answered = world.ledger.submit(submission).wait().unwrap();
    assert!(matches!(answered, Answered::Refused(Refusal::Document)), "{answered:?}");
    assert_eq!(world.size(&LogId::platform()), before);
    assert_eq!(world.reader().document(&Digest([1; 32])).unwrap(), None);
    // The positive control: the declaration was kept under its name.
    let bytes = yinuo_rules::declaration_bytes(&crate::world::declaration(&courier())).unwrap();
    let (hash, _) = world.document(bytes.clone());
    assert_eq!(world.reader().document(&hash).unwrap().unwrap().to_vec(), bytes);
}

pub fn a_stream_is_a_chain_and_an_app_counts_its_releases(place: Place) {
    let world = World::new(place);
    let (a, b) = (world.consented(1), world.consented(2));
    for who in [&a, &b, &a, &a, &b] {
        world.disclose(who, &courier());
    }
    let mut chains = std::collections::HashMap::new();
    let mut released = 0;
    for index in 0..world.size(&group()) {
        let leaf = world.reader().entry(&group(), index).unwrap().unwrap();
        let entry = yinuo_tlog::leaf::decode(&leaf).unwrap();
        let Place_::Stream { stream, seq, prev, app_seq } = entry.place else { continue };
        let (next, last) = chains.get(&stream).copied().unwrap_or((0, Digest([0; 32])));
        assert_eq!((seq, prev), (next, last), "entry {index}");
        chains.insert(stream, (seq + 1, yinuo_tlog::content_hash(Suite::Guomi, &leaf)));
        match entry.fact {
            Fact::Disclosed(_) => {
                assert_eq!(app_seq, Some(released));
                released += 1;
            }
            _ => assert_eq!(app_seq, None),
        }
    }
    assert_eq!((released, chains.len()), (5, 4));
}

use yinuo_domain::Place as Place_;

pub fn times_never_decrease(place: Place) {
    let world = World::new(place);
    world.clock.forward_ms(5_000);
    let who = world.consented(1);
    world.clock.back_ms(3_000);
    world.disclose(&who, &courier());
    world.clock.forward_ms(10_000);
    world.disclose(&who, &courier());
    let times: Vec<u64> = world.entries(&group()).iter().map(|entry| entry.at.0 - START.0).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times[times.len() - 3..], [5_000, 5_000, 12_000]);
}

pub fn a_clock_far_behind_stops_releases_and_no_withdrawal(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    world.clock.back_ms(60_001);
    let asked = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
    assert!(matches!(asked, Err(LedgerError::Time { behind_ms: 60_001 })), "{asked:?}");
    world.done(who.withdraw(&courier()));
    let other = world.ledger.submit(world.submission(world.consent(&who, &courier()))).wait();
    assert!(matches!(other, Err(LedgerError::Time { .. })));
    world.clock.forward_ms(1);
    let back = world.run(world.consent(&who, &courier()));
    assert!(matches!(back, Answered::Done), "{back:?}");
}

fn check_receipt(receipt: &Receipt) {
    for (algorithm, text) in [(Algorithm::Sha256, &receipt.sha256), (Algorithm::Sm3, &receipt.sm3)] {
        let proof = Proof::parse(text.as_ref().unwrap()).unwrap();
        assert_eq!(proof.index, receipt.index);
        let origin = origin_of(&receipt.log, algorithm);
        let keys = keys();
        let of = |key: &&yinuo_tlog::VerifierKey| key.name() == origin;
        let key = keys.iter().find(of).unwrap();
        let head = proof.verify(&receipt.leaf, algorithm, key, &origin).unwrap();
        assert!(receipt.index < head.size);
        let mut other = receipt.leaf.clone();
        *other.last_mut().unwrap() ^= 1;
        assert!(proof.verify(&other, algorithm, key, &origin).is_err());
    }
}

pub fn receipts_verify_under_the_logs_keys(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    // Many at once, so that batches of every size stand at every place of the tree.
    let mut receipts = Vec::new();
    for many in [1, 2, 3, 30, 100, 1, 200] {
        let asked: Vec<_> =
            (0..many).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
        for asked in asked {
            let Answered::Released { receipt, permit, disclosure, .. } = asked.wait().unwrap() else {
                panic!()
            };
            assert_eq!(permit.disclosure(), disclosure);
            receipts.push(receipt);
        }
    }
    receipts.iter().for_each(check_receipt);
    let indexes: Vec<u64> = receipts.iter().map(|receipt| receipt.index).collect();
    assert!(indexes.is_sorted_by(|a, b| a < b));
    let Answered::Withheld { receipt, .. } =
        world.run(who.ask(&courier(), OFFERS, items(BASIC), DisclosureId([1; 16])))
    else {
        panic!()
    };
    check_receipt(&receipt);
    assert_eq!(yinuo_tlog::leaf::decode(&receipt.leaf).unwrap(), world.entry(&group(), receipt.index));
}

pub fn every_entry_can_be_proven_at_the_current_head(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    for _ in 0..3 {
        let asked: Vec<_> =
            (0..100).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
        asked.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
    }
    for log in logs() {
        let size = world.size(&log);
        for index in (0..size).step_by(7).chain([size - 1]) {
            check_receipt(&world.reader().receipt(&log, index).unwrap().unwrap());
        }
        assert_eq!(world.reader().receipt(&log, size).unwrap(), None);
        assert_eq!(world.reader().proof(&log, Algorithm::Sha256, size).unwrap(), None);
    }
}

pub fn tiles_are_served_full_and_partial(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    let asked: Vec<_> =
        (0..300).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
    asked.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
    let size = world.size(&group());
    let leaves = world.reader().entries(&group(), 0, 1_000).unwrap();
    assert_eq!(leaves.len() as u64, size);
    for (algorithm, root) in [(Algorithm::Sha256, "tile"), (Algorithm::Sm3, "tile-sm3")] {
        let hashes: Vec<_> = leaves.iter().map(|leaf| yinuo_tlog::leaf_hash(algorithm, leaf)).collect();
        let partial = (size - 256) as u16;
        for (index, width) in [(0, 256), (0, 1), (0, 255), (1, partial), (1, 1)] {
            let tile = TileId { level: 0, index };
            let found = world.reader().tile(&group(), algorithm, tile, width).unwrap().unwrap();
            let from = 256 * index as usize;
            assert_eq!(found, hashes[from..from + usize::from(width)]);
            let path = tile.path(algorithm, width);
            let path = path.strip_prefix(root).unwrap().strip_prefix('/').unwrap();
            let bytes = world.reader().tile_at(&group(), algorithm, path).unwrap().unwrap();
            assert_eq!(bytes, found.as_flattened());
        }
        for (level, index, width) in [(0, 1, partial + 1), (0, 2, 1), (1, 0, 2), (2, 0, 1)] {
            let none = world.reader().tile(&group(), algorithm, TileId { level, index }, width).unwrap();
            assert_eq!(none, None, "{level}/{index}.{width}");
        }
        assert!(
            world.reader().tile(&group(), algorithm, TileId { level: 1, index: 0 }, 1).unwrap().is_some()
        );
        // Bundles of entries are for authenticated verifiers only.
        assert_eq!(world.reader().tile_at(&group(), algorithm, "entries/000").unwrap(), None);
    }
    assert_eq!(world.reader().tile_at(&LogId::group(1), Algorithm::Sm3, "0/000").unwrap(), None);
}

pub fn the_published_head_moves_at_most_so_often(place: Place) {
    let every = Duration::from_millis(300);
    let settings = Settings { publish_every_ms: 300, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    let published = || world.reader().published(&LogId::platform(), Algorithm::Sm3).unwrap().unwrap();
    let newest = || world.reader().head(&LogId::platform()).unwrap().sm3.unwrap().1;
    let first = published();
    assert_eq!(first, newest());
    world.furnish();
    assert_ne!(first, newest());
    assert_eq!(first, published());
    std::thread::sleep(every);
    assert_eq!(published(), newest());
    assert_eq!(world.reader().published(&LogId::group(3), Algorithm::Sm3).unwrap(), None);
}

pub fn writes_are_done_only_with_the_answer_they_belong_to(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    let with = |number, command| Submission {
        writes: vec![Write::PutTicket(ticket(number, 1, None))],
        ..world.submission(command)
    };
    let found =
        |number| world.reader().ticket(TicketKind::RefreshToken, [number; 32], START).unwrap().is_some();
    let released = world.ledger.submit(with(1, world.ask(&who, &courier()))).wait().unwrap();
    assert!(matches!(released, Answered::Released { .. }));
    assert!(found(1));
    let unknown = world.ledger.submit(with(2, world.ask(&who, &app("nobody")))).wait().unwrap();
    assert!(matches!(unknown, Answered::Refused(Refusal::UnknownApp)));
    assert!(!found(2));
    let nothing = who.ask(&courier(), OFFERS, items(BASIC), DisclosureId([1; 16]));
    let withheld = world.ledger.submit(with(3, nothing)).wait().unwrap();
    assert!(matches!(withheld, Answered::Withheld { .. }));
    assert!(!found(3));
}

pub fn a_conflict_among_writes_records_nothing(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    assert_eq!(world.write(Write::PutTicket(ticket(1, 1, None))), Written::Done);
    let before = world.size(&group());
    let writes = vec![Write::PutTicket(ticket(2, 1, None)), Write::PutTicket(ticket(1, 1, None))];
    let submission = Submission { writes, ..world.submission(world.ask(&who, &courier())) };
    let conflict = world.ledger.submit(submission).wait();
    assert!(matches!(conflict, Err(LedgerError::Conflict)), "{conflict:?}");
    assert_eq!(world.size(&group()), before);
    assert_eq!(world.reader().ticket(TicketKind::RefreshToken, [2; 32], START).unwrap(), None);
    // What follows is decided as if nothing had been asked.
    world.disclose(&who, &courier());
    assert_eq!(world.size(&group()), before + 1);
}

pub fn a_ticket_is_taken_once_by_eight_threads(place: Place) {
    let world = World::new(place);
    for number in 0..20 {
        world.write(Write::PutTicket(ticket(number, 1, None)));
        let ledger = &world.ledger;
        let taken: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(move || {
                        let written = ledger.write(vec![take(number, START)]).wait().unwrap().pop().unwrap();
                        match written {
                            Written::Taken(found) => {
                                assert_eq!(found, ticket(number, 1, None));
                                1
                            }
                            Written::Used(_) => 0,
                            other => panic!("{other:?}"),
                        }
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 1);
    }
}

pub fn an_id_is_consumed_once(place: Place) {
    let world = World::empty(place);
    let id = |number| Ticket { kind: TicketKind::AssertionId, ..ticket(number, 0, None) };
    assert_eq!(world.write(Write::PutTicket(id(1))), Written::Done);
    assert_eq!(world.write(Write::PutTicket(id(1))), Written::Exists);
    assert_eq!(world.write(Write::PutTicket(ticket(1, 0, None))), Written::Done, "another kind");
    assert_eq!(world.write(Write::PutTicket(id(2))), Written::Done);
    // Within one transaction too.
    let twice = vec![Write::PutTicket(id(3)), Write::PutTicket(id(3))];
    assert_eq!(world.ledger.write(twice).wait().unwrap(), [Written::Done, Written::Exists]);
}

pub fn reuse_is_noticed_until_the_ticket_expires(place: Place) {
    let world = World::empty(place);
    let end = ticket(1, 1, None).expires_at;
    let just_before = Timestamp(end.0 - 1);
    assert_eq!(world.write(take(1, START)), Written::Missing);
    world.write(Write::PutTicket(ticket(1, 1, None)));
    let found = |now| world.reader().ticket(TicketKind::RefreshToken, [1; 32], now).unwrap();
    assert_eq!(found(just_before), Some(ticket(1, 1, None)));
    assert_eq!(found(end), None);
    assert_eq!(world.write(take(1, end)), Written::Missing, "expired right now");
    assert_eq!(world.write(take(1, just_before)), Written::Taken(ticket(1, 1, None)));
    assert_eq!(found(START), None);
    assert_eq!(world.write(take(1, just_before)), Written::Used(ticket(1, 1, None)));
    assert_eq!(world.write(take(1, end)), Written::Missing);
}

pub fn a_revoked_family_is_worth_nothing_and_stays_so(place: Place) {
    let world = World::empty(place);
    for (number, family) in [(1, 1), (2, 1), (3, 2)] {
        world.write(Write::PutTicket(ticket(number, family, None)));
    }
    world.write(take(1, START));
    assert_eq!(world.write(Write::RevokeFamily { family: [1; 16] }), Written::Count(2));
    assert_eq!(world.write(Write::RevokeFamily { family: [1; 16] }), Written::Count(0));
    assert_eq!(world.write(take(1, START)), Written::Used(ticket(1, 1, None)));
    assert_eq!(world.write(take(2, START)), Written::Missing);
    assert_eq!(world.write(take(3, START)), Written::Taken(ticket(3, 2, None)));
    // Issued by whoever had not heard of it yet.
    assert_eq!(world.write(Write::PutTicket(ticket(4, 1, None))), Written::Revoked);
    assert_eq!(world.write(take(4, START)), Written::Missing);
    assert_eq!(world.reader().ticket(TicketKind::RefreshToken, [4; 32], START).unwrap(), None);
}

pub fn a_persons_tickets_are_revoked_together(place: Place) {
    let world = World::empty(place);
    let (a, b) = (Who(1), Who(2));
    let other_app = Ticket { app: Some(app("other")), ..ticket(2, 2, Some(a)) };
    let no_app = Ticket { app: None, kind: TicketKind::Session, ..ticket(3, 3, Some(a)) };
    for ticket in [ticket(1, 1, Some(a)), other_app, no_app, ticket(4, 4, Some(b)), ticket(5, 5, None)] {
        assert_eq!(world.write(Write::PutTicket(ticket)), Written::Done);
    }
    let revoke = |app| world.write(Write::RevokeOf { subject: a.subject(), app });
    assert_eq!(revoke(Some(courier())), Written::Count(1));
    assert_eq!(revoke(Some(courier())), Written::Count(0));
    assert_eq!(world.write(take(1, START)), Written::Missing);
    assert_eq!(revoke(None), Written::Count(2));
    assert_eq!(world.write(take(2, START)), Written::Missing);
    assert_eq!(world.write(take(4, START)), Written::Taken(ticket(4, 4, Some(b))));
    assert_eq!(world.write(take(5, START)), Written::Taken(ticket(5, 5, None)));
}

pub fn a_sweep_deletes_only_what_is_worth_nothing(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    for number in 0..5 {
        let expires_at = START.after_ms(u64::from(number));
        world.write(Write::PutTicket(Ticket { expires_at, ..ticket(number, 1, None) }));
    }
    let mut ask = world.ask(&who, &courier());
    if let Command::Disclose { idempotency, .. } = &mut ask {
        *idempotency = Some(Digest([1; 32]));
    }
    world.run(ask);
    assert_eq!(world.write(Write::Sweep { now: START.after_ms(2) }), Written::Count(3));
    assert_eq!(world.write(take(2, START)), Written::Missing);
    assert_eq!(
        world.write(take(3, START)),
        Written::Taken(Ticket { expires_at: START.after_ms(3), ..ticket(3, 1, None) })
    );
    let day = START.after_ms(Timestamp::DAY_MS);
    assert_eq!(world.write(Write::Sweep { now: Timestamp(day.0 - 1) }), Written::Count(2));
    assert_eq!(world.write(Write::Sweep { now: day }), Written::Count(1));
    assert_eq!(world.write(Write::Sweep { now: day }), Written::Count(0));
}

pub fn a_person_is_added_once_and_within_one_shard(place: Place) {
    let world = World::empty(place);
    let add = |index: [u8; 16], subject: [u8; 16]| Write::AddPerson {
        index,
        subject: SubjectKey(subject),
        keys: vec![1, 2, 3],
        guardian_required: true,
    };
    assert_eq!(world.write(add([1; 16], [1; 16])), Written::Done);
    let other = |last| {
        let mut bytes = [1; 16];
        bytes[15] = last;
        bytes
    };
    assert_eq!(world.write(add([1; 16], other(9))), Written::Exists);
    assert_eq!(world.write(add(other(9), [1; 16])), Written::Exists);
    assert_eq!(world.write(add(other(9), other(8))), Written::Done);
    let misfit = world.ledger.write(vec![add([1; 16], [2; 16])]).wait();
    assert!(matches!(misfit, Err(LedgerError::Misfit(_))));
    let person = Some(Person { subject: SubjectKey([1; 16]), guardian_required: true });
    assert_eq!(world.reader().person([1; 16]).unwrap(), person);
    assert_eq!(world.reader().person_of(SubjectKey([1; 16])).unwrap(), person);
    assert_eq!(world.reader().keys(SubjectKey([1; 16])).unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(world.reader().person([2; 16]).unwrap(), None);
}

fn put(who: &Who, id: &str, version: u8) -> (Write, Command) {
    let compartment = if id == "gender" { Compartment::Other } else { Compartment::Identity };
    let (subject, item, version, bytes) =
        (who.subject(), item(id), ValueVersion([version; 16]), vec![version; 30]);
    let sealed = yinuo_tlog::content_hash(Suite::Guomi, &bytes);
    (
        Write::PutSealed { subject, item, compartment, version, bytes },
        Command::StoreValue { subject, own: who.own(), item, version, sealed },
    )
}

pub fn values_are_the_current_ones_in_the_order_of_their_codes(place: Place) {
    let world = World::new(place);
    let who = world.person(1);
    for (id, version) in [("phone_number", 1), ("name", 2), ("phone_number", 3), ("email_address", 4)] {
        let (write, command) = put(&who, id, version);
        let submission = Submission { writes: vec![write], ..world.submission(command) };
        assert!(matches!(world.ledger.submit(submission).wait().unwrap(), Answered::Done));
    }
    let rows =
        world.reader().values(who.subject(), items(&["name", "phone_number", "delivery_address"])).unwrap();
    let mut expected = [(item("name"), 2), (item("phone_number"), 3)];
    expected.sort();
    let found: Vec<_> = rows.iter().map(|row| (row.item, row.version.0[0])).collect();
    assert_eq!(found, expected);
    assert!(
        rows.iter()
            .all(|row| row.bytes == vec![row.version.0[0]; 30] && row.compartment == Compartment::Identity)
    );
    // Immutable: the same version is not written twice.
    let (write, _) = put(&who, "name", 2);
    assert_eq!(world.write(write), Written::Exists);
    let (own, state) = world.reader().own(who.subject()).unwrap().unwrap();
    assert_eq!(own, StreamId { app: None, tag: who.own() });
    assert_eq!(state.values.len(), 3);
}

fn keyed(world: &World, who: &Who, key: u8, body: u8) -> Submission {
    let mut command = world.ask(who, &courier());
    if let Command::Disclose { idempotency, .. } = &mut command {
        *idempotency = Some(Digest([key; 32]));
    }
    Submission { body: Some(Digest([body; 32])), ..world.submission(command) }
}

pub fn a_repeated_request_gets_the_first_disclosure_again(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    let ask = |key| match world.ledger.submit(keyed(&world, &who, key, 1)).wait().unwrap() {
        Answered::Released { disclosure, receipt, .. } => {
            let entry = yinuo_tlog::leaf::decode(&receipt.leaf).unwrap();
            (disclosure, matches!(entry.fact, Fact::Redelivered(_)))
        }
        other => panic!("{other:?}"),
    };
    let (first, again) = ask(1);
    assert!(!again);
    assert_eq!(ask(1), (first, true));
    let (other, again) = ask(2);
    assert!(!again && other != first);
    world.clock.forward_ms(Timestamp::DAY_MS - 1);
    assert_eq!(ask(1), (first, true));
    world.clock.forward_ms(1);
    let (later, again) = ask(1);
    assert!(!again && later != first, "a day later it is another request");
    assert_eq!(ask(1), (later, true));
    // Decided again: what was taken back meanwhile is not given.
    world.done(who.withdraw(&courier()));
    let answered = world.ledger.submit(keyed(&world, &who, 1, 1)).wait().unwrap();
    assert!(matches!(answered, Answered::Withheld { .. }), "{answered:?}");
    // Two in one batch.
    let fresh = world.consented(2);
    let (a, b) =
        (world.ledger.submit(keyed(&world, &fresh, 9, 1)), world.ledger.submit(keyed(&world, &fresh, 9, 1)));
    let id = |answered| match answered {
        Answered::Released { disclosure, .. } => disclosure,
        other => panic!("{other:?}"),
    };
    assert_eq!(id(a.wait().unwrap()), id(b.wait().unwrap()));
}

pub fn another_request_under_the_same_key_is_refused(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    let run = |submission| world.ledger.submit(submission).wait().unwrap();
    assert!(matches!(run(keyed(&world, &who, 1, 1)), Answered::Released { .. }));
    let before = world.size(&group());
    let conflict = |answered| matches!(answered, Answered::Refused(Refusal::IdempotencyConflict));
    assert!(conflict(run(keyed(&world, &who, 1, 2))), "another body");
    assert!(conflict(run(Submission { body: None, ..keyed(&world, &who, 1, 1) })), "no body");
    let mut fewer = keyed(&world, &who, 1, 1);
    if let Command::Disclose { items: asked, .. } = &mut fewer.command {
        *asked = items(&["name"]);
    }
    assert!(conflict(run(fewer)), "other items under the same body");
    assert_eq!(world.size(&group()), before);
    // Another person's request has nothing to do with it.
    let other = world.consented(2);
    assert!(matches!(run(keyed(&world, &other, 1, 2)), Answered::Released { .. }));
}

pub fn history_is_newest_first_in_pages(place: Place) {
    let world = World::new(place);
    let (a, b) = (world.consented(1), world.consented(2));
    for number in 0..10 {
        world.disclose(if number % 3 == 0 { &b } else { &a }, &courier());
    }
    let all = world.reader().history(a.subject(), None, 100).unwrap();
    let facts = |entries: &[(u64, Entry)]| {
        entries.iter().map(|(_, entry)| yinuo_tlog::leaf::kind(&entry.fact)).collect::<Vec<_>>()
    };
    assert_eq!(facts(&all), [16, 16, 16, 16, 16, 16, 14, 12]);
    assert!(all.is_sorted_by(|(a, _), (b, _)| a > b));
    for (index, entry) in &all {
        assert_eq!(world.entry(&group(), *index), *entry);
    }
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page = world.reader().history(a.subject(), before, 3).unwrap();
        let Some((last, _)) = page.last() else { break };
        before = Some(*last);
        pages.extend(page);
    }
    assert_eq!(pages, all);
    assert_eq!(world.reader().history(Who(3).subject(), None, 3).unwrap(), []);
}

pub fn a_deletion_removes_every_row_and_no_entry(place: Place) {
    let world = World::new(place);
    world.add_app(&app("second"));
    let (gone, stays) = (world.consented(1), world.consented(2));
    world.done(world.consent(&gone, &app("second")));
    for who in [&gone, &stays] {
        let (write, command) = put(who, "name", who.0);
        let submission = Submission { writes: vec![write], ..world.submission(command) };
        assert!(matches!(world.ledger.submit(submission).wait().unwrap(), Answered::Done));
        assert!(matches!(
            world.ledger.submit(keyed(&world, who, 1, 1)).wait().unwrap(),
            Answered::Released { .. }
        ));
        world.write(Write::PutTicket(ticket(who.0, 1, Some(*who))));
    }
    let before = world.size(&group());
    let submission = Submission { retired: Some(vec![7; 40]), ..world.submission(gone.delete()) };
    assert!(matches!(world.ledger.submit(submission).wait().unwrap(), Answered::Done));

    let reader = world.reader();
    let source: &dyn Source = reader;
    let left = |who: &Who| {
        (
            reader.person(who.index()).unwrap().is_some(),
            reader.person_of(who.subject()).unwrap().is_some(),
            reader.keys(who.subject()).unwrap().is_some(),
            reader.own(who.subject()).unwrap().is_some(),
            reader.streams(who.subject()).unwrap().len(),
            reader.stream(who.subject(), &courier()).unwrap().is_some(),
            reader.history(who.subject(), None, 100).unwrap().len(),
            source
                .read(|rows| rows.sealed(who.subject(), item("name"), ValueVersion([who.0; 16])))
                .unwrap()
                .is_some(),
            source.read(|rows| rows.answer(who.subject(), &Digest([1; 32]))).unwrap().is_some(),
            reader.ticket(TicketKind::RefreshToken, [who.0; 32], START).unwrap().is_some(),
        )
    };
    assert_eq!(left(&gone), (false, false, false, false, 0, false, 0, false, false, false));
    assert_eq!(left(&stays), (true, true, true, true, 1, true, 4, true, true, true));
    assert_eq!(source.read(|rows| rows.retired()).unwrap(), 1);
    // One fact in each stream, and every fact before it is still there.
    let entries = world.entries(&group());
    assert_eq!(entries.len() as u64, before + 3);
    let deleted: Vec<_> = entries[before as usize..]
        .iter()
        .map(|entry| match (&entry.place, &entry.fact) {
            (Place_::Stream { stream, .. }, Fact::AccountDeleted) => stream.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let tags = [
        StreamId { app: None, tag: gone.own() },
        StreamId { app: Some(courier()), tag: gone.tag(&courier()) },
        StreamId { app: Some(app("second")), tag: gone.tag(&app("second")) },
    ];
    assert_eq!(deleted, tags);
    // Nothing can be had any more, and the others go on.
    let answered = world.run(world.ask(&gone, &courier()));
    assert!(matches!(answered, Answered::Refused(Refusal::NoGrant)), "{answered:?}");
    let answered = world.run(gone.delete());
    assert!(matches!(answered, Answered::Refused(Refusal::NotEnrolled)), "{answered:?}");
    world.disclose(&stays, &courier());
    // The retired key ends after its time.
    let after = START.after_ms(world.settings.retired_keep_ms);
    world.write(Write::Sweep { now: Timestamp(after.0 - 1) });
    assert_eq!(source.read(|rows| rows.retired()).unwrap(), 1);
    world.write(Write::Sweep { now: after });
    assert_eq!(source.read(|rows| rows.retired()).unwrap(), 0);
}

pub fn what_was_appended_in_the_batch_of_a_deletion_leaves_no_trace(place: Place) {
    let world = World::new(place);
    for number in 1..=20 {
        let who = world.consented(number);
        let asked: Vec<_> =
            (0..5).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
        let deleted = world.ledger.submit(world.submission(who.delete()));
        let late = world.ledger.submit(world.submission(world.ask(&who, &courier())));
        drop(asked);
        assert!(matches!(deleted.wait().unwrap(), Answered::Done));
        assert!(matches!(late.wait().unwrap(), Answered::Refused(Refusal::NoGrant)));
        assert_eq!(world.reader().history(who.subject(), None, 10).unwrap(), []);
        assert_eq!(world.reader().streams(who.subject()).unwrap(), []);
    }
}

pub fn another_tag_of_the_same_person_is_refused(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    let before = world.size(&group());
    let mut ask = world.ask(&who, &courier());
    if let Command::Disclose { tag, .. } = &mut ask {
        *tag = Tag([0; 16]);
    }
    let mut store = put(&who, "name", 1).1;
    if let Command::StoreValue { own, .. } = &mut store {
        *own = Tag([0; 16]);
    }
    let delete = Command::DeleteAccount { subject: who.subject(), own: Tag([0; 16]) };
    for command in [ask, store, delete] {
        let answered = world.ledger.submit(world.submission(command)).wait();
        assert!(matches!(answered, Err(LedgerError::Misfit(_))), "{answered:?}");
    }
    assert_eq!(world.size(&group()), before);
    world.disclose(&who, &courier());
}

pub fn a_full_queue_says_busy_and_withdrawals_still_get_in(place: Place) {
    let settings = Settings { queue_len_max: 4, urgent_queue_len_max: 2, batch_len_max: 1, ..settings() };
    let gate = crate::world::gate::Gate::new(ed25519(7));
    let signers = vec![gate.signer(), sm2(8)];
    let world = World::open_with(place, settings, signers, clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    let who = world.consented(1);
    // The sequencer is kept busy with one; four more wait.
    gate.shut();
    let mut asked = vec![world.ledger.submit(world.submission(world.ask(&who, &courier())))];
    gate.until_reached();
    for _ in 0..4 {
        asked.push(world.ledger.submit(world.submission(world.ask(&who, &courier()))));
    }
    let busy = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
    assert!(matches!(busy, Err(LedgerError::Busy { retry_after_s: 1 })), "{busy:?}");
    let busy = world.ledger.write(vec![take(1, START)]).wait();
    assert!(matches!(busy, Err(LedgerError::Busy { .. })));
    let urgent = world.ledger.submit(world.submission(who.withdraw(&courier())));
    gate.open();
    // The one that was being decided came first; the withdrawal overtook the four that were waiting.
    let answers: Vec<_> = asked.into_iter().map(|asked| asked.wait().unwrap()).collect();
    let released: Vec<bool> =
        answers.iter().map(|answer| matches!(answer, Answered::Released { .. })).collect();
    assert_eq!(released, [true, false, false, false, false]);
    drop(answers);
    assert!(matches!(urgent.wait().unwrap(), Answered::Done));
}

pub fn a_withdrawal_waits_for_an_open_permit_and_no_longer_than_it_lasts(place: Place) {
    let settings = Settings { permit_ttl_ms: 400, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    let who = world.consented(1);
    let permit = || match world.run(world.ask(&who, &courier())) {
        Answered::Released { permit, .. } => permit,
        other => panic!("{other:?}"),
    };
    let timed = |pending: Pending<Result<Answered, LedgerError>>| {
        let start = Instant::now();
        assert!(matches!(pending.wait().unwrap(), Answered::Done));
        start.elapsed()
    };
    // Dropped, here from another thread after a while.
    let open = permit();
    let waiting = world.ledger.submit(world.submission(who.withdraw(&courier())));
    let helper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        drop(open.into_guard());
    });
    let waited = timed(waiting);
    helper.join().unwrap();
    assert!((Duration::from_millis(120)..Duration::from_millis(390)).contains(&waited), "{waited:?}");

    // Never dropped: void after its time.
    world.done(world.consent(&who, &courier()));
    let kept = permit();
    let void_at = kept.void_at();
    let waited = timed(world.ledger.submit(world.submission(who.withdraw(&courier()))));
    assert!(void_at <= world.clock.monotonic(), "acknowledged while a permit was open");
    assert!(waited < Duration::from_millis(1_500), "{waited:?}");

    // Used before: no wait at all.
    world.done(world.consent(&who, &courier()));
    drop(permit());
    let waited = timed(world.ledger.submit(world.submission(who.withdraw(&courier()))));
    assert!(waited < Duration::from_millis(300), "{waited:?}");
    drop(kept);
}

pub fn a_withdrawal_does_not_wait_for_other_streams(place: Place) {
    let settings = Settings { permit_ttl_ms: 60_000, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    world.add_app(&app("second"));
    let (a, b) = (world.consented(1), world.consented(2));
    world.done(world.consent(&a, &app("second")));
    let open = (world.run(world.ask(&b, &courier())), world.run(world.ask(&a, &app("second"))));
    world.done(a.withdraw(&courier()));
    drop(open);
}

pub fn a_sanction_waits_for_the_permits_of_its_apps(place: Place) {
    let settings = Settings { permit_ttl_ms: 300, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    world.add_app(&app("second"));
    let who = world.consented(1);
    world.done(world.consent(&who, &app("second")));
    let changes = [
        PlatformChange::HideApp(courier()),
        PlatformChange::SuspendPartner(partner_of(&courier())),
        PlatformChange::TerminatePartner(partner_of(&courier())),
    ];
    for change in changes {
        let Answered::Released { permit, .. } = world.run(world.ask(&who, &courier())) else { panic!() };
        assert!(matches!(world.change(change.clone()), Answered::Done));
        assert!(
            permit.void_at() <= world.clock.monotonic(),
            "{change:?} acknowledged while a permit was open"
        );
        world.change(PlatformChange::ShowApp(courier()));
        world.change(PlatformChange::ReinstatePartner(partner_of(&courier())));
    }
    // A deletion waits for all of the person's.
    let Answered::Released { permit, .. } = world.run(world.ask(&who, &app("second"))) else { panic!() };
    assert!(matches!(world.run(who.delete()), Answered::Done));
    assert!(permit.void_at() <= world.clock.monotonic());
}

pub fn a_restart_gives_the_same_state_and_goes_on(place: Place) {
    let world = World::new(place.clone());
    let who = world.consented(1);
    for _ in 0..3 {
        let asked: Vec<_> =
            (0..90).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
        asked.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
    }
    let state = |world: &World| {
        let reader = world.reader();
        (
            reader.platform(),
            logs().map(|log| reader.head(&log)),
            reader.own(who.subject()).unwrap(),
            reader.streams(who.subject()).unwrap(),
            reader.history(who.subject(), None, 1_000).unwrap(),
        )
    };
    let before = state(&world);
    let world = world.again(place);
    assert_eq!(state(&world), before);
    // The chain, the app's count and the trees go on where they stood.
    check_receipt(&world.disclose(&who, &courier()));
    let last = world.entries(&group()).pop().unwrap();
    let Place_::Stream { seq, app_seq, .. } = last.place else { panic!() };
    assert_eq!((seq, app_seq), (271, Some(270)));
    let report = verify(world.reader(), &keys(), &mut |_| {}).unwrap();
    assert_eq!(report.first_bad, None);
}

pub fn other_settings_are_refused(place: Place) {
    World::new(place.clone()).ledger.close();
    let open = |settings: Settings, signers| {
        World::open_with(place.clone(), settings, signers, clock(), TestRandom::new(2)).map(|_| ())
    };
    let suite = Settings { suite: Suite::International, ..settings() };
    let profile = Settings { profile: Profile::International, ..settings() };
    let origin = Settings { origin_base: "other.example".to_owned(), ..settings() };
    for (what, settings, signers) in
        [("suite", suite, signers()), ("profile", profile, vec![ed25519(7)]), ("origin", origin, signers())]
    {
        let refused = open(settings, signers);
        let expected =
            matches!(refused, Err(LedgerError::Store(StoreError::Settings(found))) if found == what);
        assert!(expected, "{what}: {refused:?}");
    }
    assert!(open(settings(), signers()).is_ok());
}

pub fn other_signers_are_refused(place: Place) {
    World::new(place.clone()).ledger.close();
    let open = |signers| {
        World::open_with(place.clone(), settings(), signers, clock(), TestRandom::new(2)).map(|_| ())
    };
    for signers in [vec![ed25519(9), sm2(8)], vec![ed25519(7), sm2(9)]] {
        let refused = open(signers);
        assert!(matches!(refused, Err(LedgerError::Store(StoreError::Damaged(_)))), "{refused:?}");
    }
    for signers in [vec![], vec![ed25519(7)], vec![sm2(8), sm2(8)]] {
        let refused = open(signers);
        assert!(matches!(refused, Err(LedgerError::Store(StoreError::Settings(_)))), "{refused:?}");
    }
    assert!(open(signers()).is_ok());
}

pub fn a_closed_ledger_says_so(place: Place) {
    let world = World::new(place);
    let other = world.ledger.clone();
    let late = world.submission(Who(1).enrol());
    world.ledger.close();
    assert!(matches!(other.submit(late).wait(), Err(LedgerError::Closed)));
    assert!(matches!(other.write(vec![]).wait(), Err(LedgerError::Closed)));
    // Reading goes on.
    assert!(other.reader().platform().engine.is_some());
    assert!(other.reader().entry(&group(), 0).unwrap().is_some());
}

pub fn an_untouched_store_verifies(place: Place) {
    let world = World::new(place);
    let (a, b) = (world.consented(1), world.consented(2));
    for number in 0..40 {
        let who = if number % 2 == 0 { a } else { b };
        world.clock.forward_ms(1_000);
        match number % 5 {
            0..3 => drop(world.disclose(&who, &courier())),
            3 => drop(world.run(who.ask(&courier(), OFFERS, items(EXTRA), DisclosureId([number; 16])))),
            _ => drop(world.run(who.ask(&courier(), DELIVERY, items(EXTRA), DisclosureId([number; 16])))),
        }
    }
    world.done(a.withdraw(&courier()));
    world.done(b.delete());
    world.change(PlatformChange::HideApp(courier()));
    let sizes: u64 = logs().iter().map(|log| world.size(log)).sum();
    let mut seen = Vec::new();
    let report = verify(world.reader(), &keys(), &mut |progress| seen.push(progress)).unwrap();
    assert_eq!(report, Report { ok: true, entries: sizes, decisions_replayed: 40, first_bad: None });
    let size = world.size(&group());
    assert_eq!(seen.last(), Some(&Progress { log: group(), entries: size, of: size }));
    // The log's keys are what everything stands on.
    let missing = verify(world.reader(), &keys()[..3], &mut |_| {}).unwrap();
    let bad = missing.first_bad.unwrap();
    assert_eq!((bad.log, bad.index, bad.what.as_str()), (group(), size, "no key was given for this head"));
}
