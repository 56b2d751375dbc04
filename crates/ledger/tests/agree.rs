//! Two stores, one sequence of commands, the same answers and the same rows.
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

use proptest::prelude::*;
use world::{
    BASIC, DELIVERY, EXTRA, OFFERS, Place, Who, World, app, courier, item, items, keys, logs, partner_of,
    ticket,
};
use yinuo_domain::*;
use yinuo_ledger::*;

/// Something to do. Small numbers, so that the same things meet often.
#[derive(Clone, Debug)]
enum Act {
    Enrol {
        who: u8,
    },
    AddOnly {
        who: u8,
        index: u8,
    },
    Store {
        who: u8,
        id: u8,
        version: u8,
    },
    Consent {
        who: u8,
        to: bool,
    },
    Ask {
        who: u8,
        to: bool,
        offers: bool,
        ids: u8,
        partial: bool,
        key: Option<u8>,
        body: u8,
        put: Option<u8>,
    },
    Withdraw {
        who: u8,
        to: bool,
        some: bool,
    },
    Report {
        who: u8,
    },
    Delete {
        who: u8,
    },
    Sanction {
        which: u8,
        to: bool,
    },
    Put {
        number: u8,
        family: u8,
        who: Option<u8>,
        lasts: u8,
    },
    Take {
        number: u8,
    },
    Revoke {
        family: u8,
    },
    RevokeOf {
        who: u8,
        to: Option<bool>,
    },
    Sweep,
    Forward {
        ms: u64,
    },
    Restart,
    /// The same request, refused or not, again and again.
    Insist {
        who: u8,
        to: bool,
        ids: u8,
        times: u8,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 1..4u8;
    let number = || 0..6u8;
    prop_oneof![
        4 => who().prop_map(|who| Act::Enrol { who }),
        1 => (who(), who()).prop_map(|(who, index)| Act::AddOnly { who, index }),
        2 => (who(), 0..5u8, 0..3u8).prop_map(|(who, id, version)| Act::Store { who, id, version }),
        5 => (who(), any::<bool>()).prop_map(|(who, to)| Act::Consent { who, to }),
        12 => (
            (who(), any::<bool>(), any::<bool>(), 1..32u8, any::<bool>()),
            (proptest::option::of(0..3u8), 0..2u8, proptest::option::weighted(0.2, number())),
        )
            .prop_map(|((who, to, offers, ids, partial), (key, body, put))| Act::Ask {
                who, to, offers, ids, partial, key, body, put,
            }),
        2 => (who(), any::<bool>(), any::<bool>()).prop_map(|(who, to, some)| Act::Withdraw { who, to, some }),
        1 => who().prop_map(|who| Act::Report { who }),
        1 => who().prop_map(|who| Act::Delete { who }),
        2 => (0..6u8, any::<bool>()).prop_map(|(which, to)| Act::Sanction { which, to }),
        4 => (number(), 0..3u8, proptest::option::of(who()), 0..3u8)
            .prop_map(|(number, family, who, lasts)| Act::Put { number, family, who, lasts }),
        4 => number().prop_map(|number| Act::Take { number }),
        1 => (0..3u8).prop_map(|family| Act::Revoke { family }),
        1 => (who(), proptest::option::of(any::<bool>())).prop_map(|(who, to)| Act::RevokeOf { who, to }),
        1 => Just(Act::Sweep),
        2 => prop_oneof![Just(1), Just(60_000), Just(Timestamp::HOUR_MS), Just(Timestamp::DAY_MS)].prop_map(|ms| Act::Forward { ms }),
        1 => Just(Act::Restart),
        3 => (who(), any::<bool>(), 1..32u8, 1..9u8)
            .prop_map(|(who, to, ids, times)| Act::Insist { who, to, ids, times }),
    ]
}

fn to(second: bool) -> AppId {
    if second { app("second") } else { courier() }
}

fn ids(bits: u8) -> ItemSet {
    let all = BASIC.iter().chain(EXTRA).enumerate();
    all.filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, id)| item(id)).collect()
}

/// Which life each number is in: whoever comes back after a deletion has other keys, and so other tags.
type Lives = [u8; 4];

fn alive(number: u8, lives: &Lives) -> Who {
    Who(number + 4 * lives[usize::from(number)])
}

/// Does it and tells what came of it, without what differs from run to run.
fn perform(world: &World, act: &Act, lives: &mut Lives) -> String {
    let submit = |submission: Submission| match world.ledger.submit(submission).wait() {
        Ok(Answered::Released { permit, withheld, receipt, disclosure }) => {
            format!("released {:?} {withheld:?} {receipt:?} {disclosure}", permit.items())
        }
        Ok(Answered::Withheld { reasons, receipt }) => format!("withheld {reasons:?} {receipt:?}"),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.to_string(),
    };
    let run = |command| submit(world.submission(command));
    let write = |write| format!("{:?}", world.write(write));
    match act.clone() {
        Act::Enrol { who } => {
            let who = alive(who, lives);
            let (index, subject) = (who.index(), who.subject());
            let add = Write::AddPerson {
                index,
                subject,
                keys: vec![who.0; 9],
                epoch: 1,
                guardian_required: who.0 == 2,
            };
            submit(Submission { writes: vec![add], ..world.submission(who.enrol()) })
        }
        Act::AddOnly { who, index } => {
            let add = Write::AddPerson {
                index: alive(index, lives).index(),
                subject: alive(who, lives).subject(),
                keys: vec![1],
                epoch: 1,
                guardian_required: false,
            };
            match world.ledger.write(vec![add]).wait() {
                Ok(written) => format!("{written:?}"),
                Err(error) => error.to_string(),
            }
        }
        Act::Store { who, id, version } => {
            let who = alive(who, lives);
            let id = BASIC.iter().chain(EXTRA).nth(usize::from(id)).unwrap();
            let compartment = if version == 0 { Compartment::Other } else { Compartment::Identity };
            let (subject, item, version) = (who.subject(), item(id), ValueVersion([version; 16]));
            let bytes = vec![version.0[0]; 20];
            let sealed = yinuo_tlog::content_hash(Suite::Guomi, &bytes);
            let put = Write::PutSealed { subject, item, compartment, version, bytes };
            let command = Command::StoreValues {
                subject,
                own: who.own(),
                values: vec![StoredValue { item, version, sealed }],
            };
            submit(Submission { writes: vec![put], ..world.submission(command) })
        }
        Act::Consent { who, to: second } => run(world.consent(&alive(who, lives), &to(second))),
        Act::Ask { who, to: second, offers, ids: bits, partial: part, key, body, put } => {
            let purpose = if offers { OFFERS } else { DELIVERY };
            let mut command =
                alive(who, lives).ask(&to(second), purpose, ids(bits), DisclosureId(world.bytes()));
            if let Command::Disclose { partial, idempotency, guardian_required, .. } = &mut command {
                (*partial, *guardian_required) = (part, who == 2);
                *idempotency = key.map(|key| Digest([key; 32]));
            }
            let writes = put.map(|number| Write::PutTicket(ticket(number, 9, None))).into_iter().collect();
            submit(Submission { writes, body: Some(Digest([body; 32])), ..world.submission(command) })
        }
        Act::Withdraw { who, to: second, some } => {
            let mut command = alive(who, lives).withdraw(&to(second));
            if let Command::Withdraw { scope, .. } = &mut command
                && some
            {
                *scope = WithdrawalScope::Items(vec![(DELIVERY, ids(1)), (OFFERS, ids(31))]);
            }
            run(command)
        }
        Act::Report { who } => {
            let who = alive(who, lives);
            let disclosure = DisclosureId([1; 16]);
            let (subject, app) = (who.subject(), courier());
            run(Command::ReportNotDelivered { subject, tag: who.tag(&app), app, disclosure })
        }
        Act::Delete { who } => {
            let delete = world.submission(alive(who, lives).delete());
            let told = submit(Submission { retired: Some(vec![who; 8]), ..delete });
            lives[usize::from(who)] += u8::from(told == "Done");
            told
        }
        Act::Sanction { which, to: second } => {
            let (app, partner) = (to(second), partner_of(&to(second)));
            let change = match which {
                0 => PlatformChange::HideApp(app),
                1 | 2 => PlatformChange::ShowApp(app),
                3 => PlatformChange::SuspendPartner(partner),
                _ => PlatformChange::ReinstatePartner(partner),
            };
            format!("{:?}", world.change(change))
        }
        Act::Put { number, family, who, lasts } => {
            let expires_at = world.clock.now().after_ms(u64::from(lasts) * 1_000);
            write(Write::PutTicket(Ticket {
                expires_at,
                ..ticket(number, family, who.map(|who| alive(who, lives)))
            }))
        }
        Act::Take { number } => write(world::take(number, world.clock.now())),
        Act::Revoke { family } => write(Write::RevokeFamily { family: [family; 16] }),
        Act::RevokeOf { who, to: second } => {
            write(Write::RevokeOf { subject: alive(who, lives).subject(), app: second.map(to) })
        }
        Act::Sweep => write(Write::Sweep { now: world.clock.now() }),
        Act::Forward { ms } => {
            world.clock.forward_ms(ms);
            String::new()
        }
        Act::Restart => String::new(),
        Act::Insist { who, to: second, ids: bits, times } => {
            let who = alive(who, lives);
            let ask = || who.ask(&to(second), OFFERS, ids(bits), DisclosureId(world.bytes()));
            (0..times).map(|_| run(ask())).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Everything there is to read.
fn everything(world: &World) -> String {
    let reader = world.reader();
    let source: &dyn Source = reader;
    let mut told = vec![format!("{:?}", reader.platform())];
    for log in logs() {
        let entries = reader.entries(&log, 0, 10_000).unwrap();
        told.push(format!("{:?} {entries:?}", reader.head(&log)));
    }
    for who in (1..60).map(Who) {
        let subject = who.subject();
        told.push(format!("{:?} {:?}", reader.person(who.index()), reader.person_of(subject)));
        told.push(format!("{:?} {:?}", reader.keys(subject), reader.own(subject)));
        told.push(format!("{:?}", reader.streams(subject)));
        told.push(format!("{:?}", reader.history(subject, None, 1_000)));
        told.push(format!("{:?}", reader.history(subject, Some(9), 2)));
        told.push(format!("{:?}", reader.values(subject, items(BASIC).union(items(EXTRA)))));
        for key in 0..3 {
            told.push(format!("{:?}", source.read(|rows| rows.answer(subject, &Digest([key; 32])))));
        }
    }
    for number in 0..6 {
        told.push(format!("{:?}", source.read(|rows| rows.ticket(TicketKind::RefreshToken, &[number; 32]))));
    }
    for to in [courier(), app("second")] {
        told.push(format!(
            "{:?}",
            (1..60).map(|who| source.read(|rows| rows.counted(Who(who).subject(), &to))).collect::<Vec<_>>()
        ));
    }
    told.push(format!("{:?}", source.read(|rows| rows.counted_due(Timestamp(i64::MAX as u64), 100))));
    told.push(format!(
        "{:?} {:?}",
        source.read(|rows| rows.retired()),
        source.read(|rows| rows.app_seq(&courier()))
    ));
    told.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done in whatever order, the store in memory and SQLite give the same answers, receipts and
    /// signatures included, hold the same rows, and hold a log that verifies.
    #[test]
    fn memory_and_sqlite_agree(acts in proptest::collection::vec(act(), 1..60)) {
        let directory = tempfile::tempdir().unwrap();
        let places = [Place::memory(), Place::sqlite(directory.path())];
        let mut told = Vec::new();
        for place in places {
            let mut world = World::new(place.clone());
            world.add_app(&app("second"));
            let mut answers = Vec::new();
            let mut lives = Lives::default();
            for act in &acts {
                answers.push(perform(&world, act, &mut lives));
                if matches!(act, Act::Restart) {
                    world = world.again(place.clone());
                }
            }
            let report = verify(world.reader(), &keys(), &mut |_| {}).unwrap();
            prop_assert_eq!(report.first_bad, None);
            told.push((answers, everything(&world)));
        }
        let (sqlite, memory) = (told.pop().unwrap(), told.pop().unwrap());
        for (act, (memory, sqlite)) in acts.iter().zip(memory.0.iter().zip(&sqlite.0)) {
            prop_assert_eq!(memory, sqlite, "{:?}", act);
        }
        prop_assert_eq!(memory.1, sqlite.1);
    }
}
