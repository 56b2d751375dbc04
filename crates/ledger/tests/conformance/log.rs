//! What is recorded, in which order, and how it is proven.

use std::time::Duration;

use yinuo_domain::Place as InLog;
use yinuo_domain::*;
use yinuo_ledger::*;
use yinuo_tlog::{Proof, Sha256Tree, Sm3Tree, TileId, verify_consistency};

use super::group;
use crate::world::{
    BASIC, OFFERS, Place, START, TestRandom, World, clock, courier, items, keys, logs, origin_of, partner_of,
    settings, signers, staff, ticket,
};

pub fn check_receipt(receipt: &Receipt) {
    for (algorithm, text) in [(Algorithm::Sha256, receipt.sha256()), (Algorithm::Sm3, receipt.sm3())] {
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

pub fn a_new_store_opens_both_logs_and_adopts_the_platform(place: Place) {
    let sealed = matches!(place, Place::Sealed(_));
    let world = World::empty(place);
    let opened = |log| Fact::LogOpened { log, suite: Suite::Guomi, profile: Profile::Dual };
    let platform = world.entries(&LogId::platform());
    let group = world.entries(&group());
    let mut expected = vec![opened(LogId::platform())];
    expected.extend(sealed.then_some(Fact::StateSealed));
    assert_eq!(platform.into_iter().map(|entry| entry.fact).collect::<Vec<_>>(), expected);
    let all = expected.len() as u64;
    assert_eq!(group[0].fact, opened(LogId::group(0)));
    assert!(
        matches!(group[1].fact, Fact::PlatformAdopted { size, sha256: Some(_), sm3: Some(_) } if size == all)
    );
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
        let InLog::Stream { stream, seq, prev, app_seq } = entry.place else { continue };
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

fn accept(world: &World) -> Answered {
    world.change(PlatformChange::AcceptClock { reason: ClockReason::SetRight, clock: Timestamp(0) })
}

pub fn a_clock_that_jumped_stops_releases_and_nothing_else_until_an_operator_accepts_it(place: Place) {
    let world = World::new(place);
    for (number, ahead) in [(1, true), (2, false)] {
        let who = world.consented(number);
        let agreed = accept(&world);
        assert!(matches!(agreed, Answered::Refused(Refusal::ClockAgrees)), "{agreed:?}");
        let before = world.entries(&group()).last().unwrap().at;
        if ahead {
            world.clock.jump_ms(Timestamp::DAY_MS)
        } else {
            world.clock.back_ms(2 * Timestamp::DAY_MS)
        }
        let stopped = |command| {
            let asked = world.ledger.submit(world.submission(command)).wait();
            assert!(matches!(&asked, Err(LedgerError::Clock(jump)) if jump.ahead == ahead), "{asked:?}");
        };
        stopped(world.ask(&who, &courier()));
        stopped(world.consent(&who, &courier()));
        assert_eq!(world.reader().clock_jump().map(|jump| jump.ahead), Some(ahead));
        let ticket = Write::PutTicket(ticket(number, number, None));
        assert_eq!(world.write(ticket), Written::Done);
        let far = Timestamp(START.0 + 100 * Timestamp::DAY_MS);
        assert_eq!(world.write(Write::Sweep { now: far }), Written::Count(0), "nothing is swept by it");
        // A person may withdraw, a partner be stopped, an account deleted.
        world.done(who.withdraw(&courier()));
        for change in [
            PlatformChange::SuspendPartner(partner_of(&courier())),
            PlatformChange::ReinstatePartner(partner_of(&courier())),
        ] {
            assert!(matches!(world.change(change), Answered::Done));
        }
        world.done(who.delete());
        for entry in world.entries(&group()).iter().rev().take(5) {
            assert!(
                (before.0..before.0 + 60_000).contains(&entry.at.0),
                "dated by the time that ran: {entry:?}"
            );
        }
        assert!(matches!(accept(&world), Answered::Done));
        assert_eq!(world.reader().clock_jump(), None);
        let platform = world.entries(&LogId::platform());
        let Fact::ClockAccepted { clock, reason: ClockReason::SetRight, .. } = platform.last().unwrap().fact
        else {
            panic!("{platform:?}")
        };
        assert_eq!(clock, world.clock.now(), "what it said, and not what the command did");
        let who = world.consented(number + 10);
        world.disclose(&who, &courier());
        let times: Vec<u64> = world.entries(&group()).iter().map(|entry| entry.at.0).collect();
        assert!(times.is_sorted());
    }
    let report = verify(world.reader(), &keys(), &mut |_| {}).unwrap();
    assert!(report.ok, "{report:?}");
}

pub fn a_restart_behind_the_last_fact_stops_releases_until_it_is_accepted(place: Place) {
    let world = World::new(place.clone());
    let who = world.consented(1);
    world.clock.forward_ms(10 * Timestamp::DAY_MS);
    world.disclose(&who, &courier());
    world.clock.back_ms(Timestamp::DAY_MS);
    let world = world.again(place.clone());
    let asked = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
    assert!(matches!(asked, Err(LedgerError::Clock(ClockJump { ahead: false, .. }))), "{asked:?}");
    assert!(matches!(accept(&world), Answered::Done));
    world.disclose(&who, &courier());
    // An act of the machine's operator holds over the next start, and for this clock only.
    let world = world.again(place.clone());
    world.disclose(&who, &courier());
    world.clock.back_ms(120_000);
    let world = world.again(place);
    let asked = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
    assert!(matches!(asked, Err(LedgerError::Clock(_))), "{asked:?}");
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
    let Answered::Withheld { receipt: Some(receipt), .. } =
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
        assert!(world.reader().receipt(&log, size).unwrap().is_none());
        assert_eq!(world.reader().proof(&log, Algorithm::Sha256, size).unwrap(), None);
    }
}

pub fn every_tree_is_shown_to_be_the_beginning_of_a_later_one(place: Place) {
    let world = World::new(place);
    let who = world.consented(1);
    let group = group();
    let mut roots = Vec::new();
    let mut keep = |world: &World| {
        let head = world.reader().head(&group).unwrap();
        let root = |algorithm| head.of(algorithm).unwrap().0;
        roots.push((head.size, root(Algorithm::Sha256), root(Algorithm::Sm3)));
    };
    keep(&world);
    for round in 0..8 {
        let asked: Vec<_> = (0..round * 12 + 1)
            .map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier()))))
            .collect();
        asked.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
        keep(&world);
    }
    assert!(256 < roots.last().unwrap().0, "no full tile");
    let proof = |algorithm, old, new| world.reader().consistency(&group, algorithm, old, new).unwrap();
    for (at, old) in roots.iter().enumerate() {
        for new in &roots[at..] {
            let sha256 = proof(Algorithm::Sha256, old.0, new.0).unwrap();
            verify_consistency::<Sha256Tree>(old.0, &old.1, new.0, &new.1, &sha256).unwrap();
            let sm3 = proof(Algorithm::Sm3, old.0, new.0).unwrap();
            verify_consistency::<Sm3Tree>(old.0, &old.2, new.0, &new.2, &sm3).unwrap();
            assert!(old.0 == new.0 || proof(Algorithm::Sm3, new.0, old.0).is_none(), "backwards");
        }
    }
    let size = roots.last().unwrap().0;
    assert_eq!(proof(Algorithm::Sha256, 0, size), Some(Vec::new()));
    assert_eq!(proof(Algorithm::Sha256, 1, size + 1), None);
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
