//! A sealed store with a few rows in every table, and who looks at it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

use std::path::Path;

use rusqlite::Connection;
use yinuo_domain::*;
use yinuo_ledger::*;

use crate::world::{self, Place, World, courier, item, keys, row_seal, ticket};

/// A few rows in every table, and so many disclosures a person: from 60 on there are tiles.
pub fn fill(place: Place, disclosures: u8) {
    let world = World::new(place);
    let people: Vec<_> = (1..=4).map(|number| world.consented(number)).collect();
    for (number, who) in (1u8..).zip(&people) {
        let subject = who.subject();
        let values: Vec<_> = [("name", Compartment::Identity), ("gender", Compartment::Other)].into();
        for (id, compartment) in values {
            let (item, version) = (item(id), ValueVersion([number; 16]));
            let bytes = vec![number; 40];
            let sealed = yinuo_tlog::content_hash(Suite::Guomi, &bytes);
            let put = Write::PutSealed { subject, item, compartment, version, bytes };
            let index = Write::PutIndex { subject, item, index: [number; 16] };
            let values = vec![StoredValue { item, version, sealed }];
            let command = Command::StoreValues { subject, own: who.own(), values };
            let submission = Submission { writes: vec![put, index], ..world.submission(command) };
            assert!(matches!(world.ledger.submit(submission).wait(), Ok(Answered::Done)));
        }
        let leaf = Salt([number; 16]);
        let evidence = Write::PutEvidence { subject, leaf, bytes: vec![number; 30] };
        let name = StaffId::parse(&format!("staff-{number}")).unwrap();
        let code = ([number; 32], Timestamp(world::START.0 + Timestamp::DAY_MS));
        let row = StaffRow::new(name.clone(), [number; 16], [9; 16], code);
        let enrol = StaffWrite::Enrol {
            staff: name.clone(),
            generation: [9; 16],
            totp: vec![number; 60],
            step: 1,
            now: world::START,
        };
        let passkey = PasskeyRow {
            staff: name,
            generation: [9; 16],
            id: vec![number; 20],
            key: vec![number; 65],
            state: vec![0; 8],
            name: "a key".to_owned(),
            added_at: world::START,
        };
        let staff = [StaffWrite::Put(row), enrol, StaffWrite::AddPasskey(passkey)].map(Write::Staff);
        let all = [evidence, Write::PutTicket(ticket(number, number, Some(*who)))].into_iter().chain(staff);
        for write in all {
            assert_eq!(world.write(write), Written::Done);
        }
        for key in 0..disclosures {
            let mut command = world.ask(who, &courier());
            if let Command::Disclose { idempotency, .. } = &mut command {
                *idempotency = Some(Digest([key; 32]));
            }
            assert!(matches!(world.run(command), Answered::Released { .. }));
        }
        for _ in 0..8 {
            let command =
                who.ask(&courier(), world::OFFERS, world::items(world::BASIC), DisclosureId([number; 16]));
            assert!(matches!(world.run(command), Answered::Withheld { .. }));
        }
    }
    let gone = world.person(9);
    let submission = Submission { retired: Some(vec![7; 50]), ..world.submission(gone.delete()) };
    assert!(matches!(world.ledger.submit(submission).wait(), Ok(Answered::Done)));
    world.ledger.close();
}

/// What verification says, with the platform's keys and without.
pub fn reported(directory: &Path) -> Option<String> {
    let rows = StoreCopy::open(directory).and_then(|copy| copy.rows(row_seal()));
    match rows {
        Ok(rows) => rows.first_altered.map(|(table, row)| format!("{table} {row}")),
        Err(error) => Some(error.to_string()),
    }
    .or_else(|| by_the_log(directory))
}

/// What verification says without a key of the platform.
pub fn by_the_log(directory: &Path) -> Option<String> {
    match verify_directory(directory, &keys(), &mut |_| {}) {
        Ok(report) => report.first_bad.map(|bad| bad.what),
        Err(error) => Some(error.to_string()),
    }
}

pub fn database(directory: &Path) -> Connection {
    let database = Connection::open(directory.join(DATABASE)).unwrap();
    database.pragma_update(None, "journal_mode", "MEMORY").unwrap();
    database.pragma_update(None, "synchronous", "OFF").unwrap();
    database
}

/// Opens the store with its seal and gives what somebody gets from it.
pub fn used<T>(directory: &Path, job: impl FnOnce(&World) -> T) -> (T, u64) {
    let world = World::open_with(
        Place::sealed(directory),
        world::settings(),
        world::signers(),
        world::clock(),
        world::TestRandom::new(77),
    );
    let world = world.unwrap();
    let got = job(&world);
    let altered = world.ledger.gauge().altered;
    world.ledger.close();
    (got, altered)
}
