//! Tickets, and the writes that go with a command.

use yinuo_domain::*;
use yinuo_ledger::*;

use super::group;
use crate::world::{BASIC, OFFERS, Place, START, Who, World, app, courier, items, take, ticket};

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
