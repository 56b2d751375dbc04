//! What is kept about people, found again, and deleted.

use yinuo_domain::Place as InLog;
use yinuo_domain::*;
use yinuo_ledger::*;

use super::group;
use crate::world::{Place, START, Who, World, app, courier, declaration, item, items, ticket};

fn put(who: &Who, id: &str, version: u8) -> (Write, Command) {
    let compartment = if id == "gender" { Compartment::Other } else { Compartment::Identity };
    let (subject, item, version, bytes) =
        (who.subject(), item(id), ValueVersion([version; 16]), vec![version; 30]);
    let sealed = yinuo_tlog::content_hash(Suite::Guomi, &bytes);
    (
        Write::PutSealed { subject, item, compartment, version, bytes },
        Command::StoreValues { subject, own: who.own(), values: vec![StoredValue { item, version, sealed }] },
    )
}

pub fn keyed(world: &World, who: &Who, key: u8, body: u8) -> Submission {
    let mut command = world.ask(who, &courier());
    if let Command::Disclose { idempotency, .. } = &mut command {
        *idempotency = Some(Digest([key; 32]));
    }
    Submission { body: Some(Digest([body; 32])), ..world.submission(command) }
}

pub fn a_person_is_added_once_and_within_one_shard(place: Place) {
    let world = World::empty(place);
    let add = |index: [u8; 16], subject: [u8; 16]| Write::AddPerson {
        index,
        subject: SubjectKey(subject),
        keys: vec![1, 2, 3],
        epoch: 1,
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
    // More than wait in the row of a stream.
    for number in 0..60 {
        world.disclose(if number % 3 == 0 { &b } else { &a }, &courier());
    }
    let all = world.reader().history(a.subject(), None, 100).unwrap();
    let facts = |entries: &[(u64, Entry)]| {
        entries.iter().map(|(_, entry)| yinuo_tlog::leaf::kind(&entry.fact)).collect::<Vec<_>>()
    };
    assert_eq!(facts(&all), [vec![16; 40], vec![14, 12]].concat());
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

fn index(who: &Who, id: &str, value: u8) -> Write {
    Write::PutIndex { subject: who.subject(), item: item(id), index: [value; 16] }
}

pub fn a_person_is_found_by_the_current_value_of_that_item_and_no_other(place: Place) {
    let world = World::new(place);
    let (a, b) = (world.person(1), world.person(2));
    let found = |id: &str, value: u8| world.reader().found(item(id), [value; 16], 9).unwrap();
    for (who, id, value) in [(&a, "phone_number", 7), (&b, "phone_number", 7), (&a, "email_address", 8)] {
        assert_eq!(world.write(index(who, id, value)), Written::Done);
    }
    let mut both = vec![a.subject(), b.subject()];
    both.sort_unstable();
    assert_eq!(found("phone_number", 7), both);
    assert_eq!(world.reader().found(item("phone_number"), [7; 16], 1).unwrap(), both[..1]);
    assert_eq!(found("email_address", 8), [a.subject()]);
    assert_eq!(found("email_address", 7), []);
    assert_eq!(world.write(index(&a, "phone_number", 9)), Written::Done);
    assert_eq!(found("phone_number", 7), [b.subject()]);
    assert_eq!(found("phone_number", 9), [a.subject()]);
    // A write that goes with a refused command does nothing.
    let submission =
        Submission { writes: vec![index(&a, "phone_number", 10)], ..world.submission(a.enrol()) };
    let refused = world.ledger.submit(submission).wait().unwrap();
    assert!(matches!(refused, Answered::Refused(Refusal::AlreadyExists)), "{refused:?}");
    assert_eq!(found("phone_number", 10), []);
}

pub fn a_look_is_recorded_before_it_is_permitted(place: Place) {
    let world = World::new(place);
    let who = world.person(1);
    let (write, command) = put(&who, "name", 1);
    let submission = Submission { writes: vec![write], ..world.submission(command) };
    assert!(matches!(world.ledger.submit(submission).wait().unwrap(), Answered::Done));
    let view = |masked, reason| Command::ViewSubject {
        subject: who.subject(),
        own: who.own(),
        by: crate::world::staff(),
        items: items(&["name", "phone_number"]),
        masked,
        reason,
    };
    let before = world.size(&group());
    let refused = world.run(view(false, ViewReason::LookUp));
    assert!(matches!(refused, Answered::Refused(Refusal::ReasonMissing)), "{refused:?}");
    assert_eq!(world.size(&group()), before);
    let Answered::Viewed(permit) = world.run(view(false, ViewReason::Support)) else { panic!() };
    assert_eq!((permit.subject(), permit.items()), (who.subject(), items(&["name"])));
    let expected = Fact::Viewed {
        by: crate::world::staff(),
        items: items(&["name"]),
        masked: false,
        reason: ViewReason::Support,
    };
    assert_eq!(world.entry(&group(), before).fact, expected);
    let (_, first) = world.reader().first(who.subject()).unwrap().unwrap();
    assert_eq!(first.fact, Fact::Enrolled);
    let report = verify(world.reader(), &crate::world::keys(), &mut |_| {}).unwrap();
    assert!(report.first_bad.is_none(), "{:?}", report.first_bad);
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
        world.write(evidence(who, 1));
        world.write(index(who, "phone_number", who.0));
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
            (
                reader.evidence(who.subject(), Salt([1; 16])).unwrap().is_some(),
                reader.found(item("phone_number"), [who.0; 16], 9).unwrap().len(),
                reader.first(who.subject()).unwrap().is_some(),
            ),
        )
    };
    assert_eq!(
        left(&gone),
        (false, false, false, false, 0, false, 0, false, false, false, (false, 0, false))
    );
    assert_eq!(left(&stays), (true, true, true, true, 1, true, 4, true, true, true, (true, 1, true)));
    assert_eq!(source.read(|rows| rows.retired()).unwrap(), 1);
    // One fact in each stream, and every fact before it is still there.
    let entries = world.entries(&group());
    assert_eq!(entries.len() as u64, before + 3);
    let deleted: Vec<_> = entries[before as usize..]
        .iter()
        .map(|entry| match (&entry.place, &entry.fact) {
            (InLog::Stream { stream, .. }, Fact::AccountDeleted) => stream.clone(),
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
        // Urgent as the deletion is, and right before it: what it appends is in no row yet.
        let withdrawn = world.ledger.submit(world.submission(who.withdraw(&courier())));
        let deleted = world.ledger.submit(world.submission(who.delete()));
        let late = world.ledger.submit(world.submission(world.ask(&who, &courier())));
        drop(asked);
        assert!(matches!(withdrawn.wait().unwrap(), Answered::Done));
        assert!(matches!(deleted.wait().unwrap(), Answered::Done));
        assert!(matches!(late.wait().unwrap(), Answered::Refused(Refusal::NoGrant)));
        assert_eq!(world.reader().history(who.subject(), None, 10).unwrap(), []);
        assert_eq!(world.reader().streams(who.subject()).unwrap(), []);
    }
}

fn evidence(who: &Who, leaf: u8) -> Write {
    Write::PutEvidence { subject: who.subject(), leaf: Salt([leaf; 16]), bytes: vec![who.0, leaf] }
}

pub fn the_evidence_of_a_consent_is_kept_once_and_for_that_consent(place: Place) {
    let world = World::new(place);
    let (who, other) = (world.person(1), world.person(2));
    assert_eq!(world.write(evidence(&who, 1)), Written::Done);
    assert_eq!(world.write(evidence(&who, 2)), Written::Done);
    let another = Write::PutEvidence { subject: who.subject(), leaf: Salt([1; 16]), bytes: vec![9] };
    assert_eq!(world.write(another), Written::Exists);
    let found = |who: &Who, leaf: u8| world.reader().evidence(who.subject(), Salt([leaf; 16])).unwrap();
    assert_eq!((found(&who, 1), found(&who, 2)), (Some(vec![1, 1]), Some(vec![1, 2])));
    assert_eq!((found(&who, 3), found(&other, 1)), (None, None));
}

pub fn sessions_end_together_and_nothing_else_of_the_person_does(place: Place) {
    let world = World::new(place);
    let (who, other) = (world.person(1), world.person(2));
    let session = |key: u8, who: Who| Ticket { kind: TicketKind::Session, ..ticket(key, key, Some(who)) };
    for ticket in [session(1, who), session(2, who), session(3, other), ticket(4, 4, Some(who))] {
        assert_eq!(world.write(Write::PutTicket(ticket)), Written::Done);
    }
    assert_eq!(world.write(Write::EndSessions { subject: who.subject() }), Written::Count(2));
    assert_eq!(world.write(Write::EndSessions { subject: who.subject() }), Written::Count(0));
    let lives = |kind, key: u8| world.reader().ticket(kind, [key; 32], START).unwrap().is_some();
    let sessions = [1, 2, 3].map(|key| lives(TicketKind::Session, key));
    assert_eq!((sessions, lives(TicketKind::RefreshToken, 4)), ([false, false, true], true));
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
    if let Command::StoreValues { own, .. } = &mut store {
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

pub fn consents_to_an_app_are_counted_while_they_count(place: Place) {
    let world = World::new(place);
    let other = app("other-courier");
    world.add_app(&other);
    let counted = |app: &AppId, later_ms: u64| {
        let fingerprint = world.reader().platform().apps[app].fingerprint;
        let now = START.after_ms(later_ms);
        world.reader().active_grants(app, &fingerprint, now, COUNTED_MAX).unwrap()
    };
    let so_many = |people| Counted { people, more: false };
    assert_eq!(counted(&courier(), 0), so_many(0));
    let people: Vec<_> = (1..=3).map(|number| world.consented(number)).collect();
    world.done(world.consent(&people[0], &other));
    assert_eq!((counted(&courier(), 0), counted(&other, 0)), (so_many(3), so_many(1)));
    // No further than one is asked to look.
    let fingerprint = world.reader().platform().apps[&courier()].fingerprint;
    let at_most = |limit| world.reader().active_grants(&courier(), &fingerprint, START, limit).unwrap();
    assert_eq!((at_most(3), at_most(2)), (so_many(3), Counted { people: 2, more: true }));
    world.done(people[1].withdraw(&courier()));
    assert_eq!((counted(&courier(), 0), counted(&other, 0)), (so_many(2), so_many(1)));
    // Over: nothing lasts longer than three years.
    assert_eq!(counted(&courier(), 4 * 365 * Timestamp::DAY_MS), so_many(0));
    // Another declaration: everybody has to be asked again.
    let mut changed = declaration(&courier());
    changed.items[0].retention_days += 1;
    let (document, bytes) = world.document(yinuo_rules::declaration_bytes(&changed).unwrap());
    let declared = world.change(PlatformChange::DeclareApp { document, bytes });
    assert!(matches!(declared, Answered::Done), "{declared:?}");
    assert_eq!((counted(&courier(), 0), counted(&other, 0)), (so_many(0), so_many(1)));
}

/// In order and in bounded steps, each put in place of exactly what was read; under a retired epoch nobody comes in.
pub fn wrapped_keys_are_put_in_place_of_exactly_those_that_were_read(place: Place) {
    let world = World::new(place);
    let people: Vec<_> = [9, 3, 200].map(|number| world.person(number)).into();
    let mut subjects: Vec<_> = people.iter().map(|who| who.subject()).collect();
    subjects.sort();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let step = world.reader().keys_after(after, 2).unwrap();
        assert!(step.len() <= 2);
        let Some((last, _)) = step.last() else { break };
        after = Some(*last);
        found.extend(step);
    }
    assert_eq!(found.iter().map(|(subject, _)| *subject).collect::<Vec<_>>(), subjects);

    let (subject, from) = found[0].clone();
    let rewrap =
        |from: &[u8], keys: &[u8]| Write::Rewrap { subject, from: from.to_vec(), keys: keys.to_vec() };
    assert_eq!(world.write(rewrap(b"others", b"new")), Written::Missing);
    assert_eq!(world.write(rewrap(&from, b"new")), Written::Done);
    assert_eq!(world.write(rewrap(&from, b"newer")), Written::Missing, "they are others by now");
    assert_eq!(world.reader().keys(subject).unwrap().unwrap(), b"new");

    // Of whoever was deleted: nothing but the tag key.
    let gone = people.iter().find(|who| who.subject() != subject).unwrap();
    let deletion = Submission { retired: Some(b"tag key".to_vec()), ..world.submission(gone.delete()) };
    assert!(matches!(world.ledger.submit(deletion).wait().unwrap(), Answered::Done));
    let of_gone = Write::Rewrap { subject: gone.subject(), from: vec![], keys: vec![1] };
    assert_eq!(world.write(of_gone), Written::Missing);
    let retired = world.reader().retired_after(None, 10).unwrap();
    let [((shard, tag), from)] = retired.as_slice() else { panic!("{retired:?}") };
    assert_eq!((*shard, from.as_slice()), (gone.subject().0[0], b"tag key".as_slice()));
    assert!(world.reader().retired_after(Some((*shard, *tag)), 10).unwrap().is_empty());
    let again = |from: &[u8]| {
        let (shard, tag, from) = (*shard, *tag, from.to_vec());
        world.write(Write::RewrapRetired { shard, tag, from, wrapped: b"again".to_vec() })
    };
    assert_eq!((again(b"others"), again(b"tag key")), (Written::Missing, Written::Done));
    assert_eq!(world.reader().retired_after(None, 10).unwrap()[0].1, b"again");

    let changed = [PlatformChange::OpenKeyEpoch(2), PlatformChange::RetireKeyEpoch(1)]
        .map(|change| world.change(change));
    assert!(changed.iter().all(|answer| matches!(answer, Answered::Done)), "{changed:?}");
    let add = |epoch| Write::AddPerson {
        index: [77; 16],
        subject: SubjectKey([77; 16]),
        keys: vec![1],
        epoch,
        guardian_required: false,
    };
    assert!(world.ledger.write(vec![add(1)]).wait().is_err(), "under a key that is destroyed");
    assert_eq!(world.write(add(2)), Written::Done);
}
