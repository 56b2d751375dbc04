//! Rows of state that were changed from outside: 200 seeded bytes in each table, and each is reported by the start, by
//! use or by verification. Rows that are moved, put back or dropped are as well, as far as the log or the seal reaches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod furnished;
mod world;

use std::path::Path;

use furnished::{by_the_log, database, fill, reported, used};
use rusqlite::{params_from_iter, types::Value};
use world::{Place, World, courier, item, mix, ticket};
use yinuo_domain::*;
use yinuo_ledger::*;

const CHANGES: u64 = 200;

/// Each table that `docs/TABLES.md` calls covered, with the columns of its key, and what reports a changed row.
#[rustfmt::skip]
const TABLES: &[(&str, &[&str])] = &[
    ("people",           &["grp", "shard", "person_index"]),
    ("streams",          &["grp", "shard", "subject", "app"]),
    ("app_seqs",         &["grp", "app"]),
    ("idempotency",      &["grp", "shard", "subject", "key"]),
    ("tickets",          &["grp", "shard", "kind", "key"]),
    ("retired_tag_keys", &["grp", "shard", "tag"]),
    ("consent_evidence", &["grp", "shard", "subject", "leaf_salt"]),
    ("counted_refusals", &["grp", "shard", "subject", "app"]),
    ("value_indexes",    &["grp", "shard", "subject", "item"]),
    ("staff",            &["grp", "staff"]),
    ("staff_passkeys",   &["grp", "staff", "id"]),
    ("subject_keys",     &["grp", "shard", "subject"]),
    ("sealed_identity",  &["grp", "shard", "subject", "item", "version"]),
    ("sealed_other",     &["grp", "shard", "subject", "item", "version"]),
    ("history",          &["grp", "shard", "subject", "idx"]),
    ("entries",          &["grp", "idx"]),
    ("tiles",            &["grp", "algorithm", "level", "idx"]),
    ("heads",            &["grp"]),
    ("documents",        &["hash"]),
    ("meta",             &["grp"]),
];

/// Another value of the same type: one bit of it is flipped.
fn flipped(value: &Value, seed: u64) -> Option<Value> {
    let flip = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let at = usize::try_from(mix(seed) % bytes.len().max(1) as u64).unwrap();
        *bytes.get_mut(at)? ^= 1 << (mix(seed + 1) % 7);
        Some(bytes)
    };
    match value {
        Value::Integer(number) => Some(Value::Integer(number ^ (1 << (mix(seed) % 40)))),
        Value::Text(text) => String::from_utf8(flip(text.as_bytes())?).ok().map(Value::Text),
        Value::Blob(bytes) => flip(bytes).map(Value::Blob),
        Value::Null | Value::Real(_) => None,
    }
}

/// Changes one bit at a time in these tables, and puts it back.
fn change(tables: impl Iterator<Item = &'static (&'static str, &'static [&'static str])>, disclosures: u8) {
    let directory = tempfile::tempdir().unwrap();
    fill(Place::sealed(directory.path()), disclosures);
    assert_eq!(reported(directory.path()), None);
    let database = database(directory.path());
    for (of, (table, key)) in (0u64..).zip(tables) {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let width = columns.len();
        let rows =
            statement.query_map([], |row| (0..width).map(|n| row.get(n)).collect::<Result<Vec<Value>, _>>());
        let rows: Vec<Vec<Value>> = rows.unwrap().map(Result::unwrap).collect();
        assert!(!rows.is_empty(), "{table} is empty");
        let place = |name: &&str| columns.iter().position(|column| column == name).unwrap();
        let key: Vec<usize> = key.iter().map(place).collect();
        let (mut done, mut seed) = (0, of << 32);
        while done < CHANGES {
            seed += 3;
            let row = &rows[(mix(seed) % rows.len() as u64) as usize];
            let column = (mix(seed + 1) % width as u64) as usize;
            let Some(other) = flipped(&row[column], seed + 2) else { continue };
            let which: Vec<String> = key.iter().map(|n| format!("{} IS ?", columns[*n])).collect();
            let update = format!("UPDATE {table} SET {} = ? WHERE {}", columns[column], which.join(" AND "));
            let mut parameters = vec![other.clone()];
            parameters.extend(key.iter().map(|n| row[*n].clone()));
            // A change that the schema itself refuses is none.
            let Ok(1) = database.execute(&update, params_from_iter(parameters)) else { continue };
            let told = format!("{table}.{}: {:?} to {other:?}", columns[column], row[column]);
            assert!(reported(directory.path()).is_some(), "{told}: not noticed");
            let changed = |n: usize| if n == column { other.clone() } else { row[n].clone() };
            let mut back = vec![row[column].clone()];
            back.extend(key.iter().map(|n| changed(*n)));
            assert_eq!(database.execute(&update, params_from_iter(back)).unwrap(), 1, "{told}");
            done += 1;
        }
    }
    assert_eq!(reported(directory.path()), None);
}

#[test]
fn every_one_of_200_changed_bytes_in_each_table_is_reported() {
    change(TABLES.iter().filter(|(table, _)| *table != "tiles"), 20);
}

#[test]
fn every_one_of_200_changed_bytes_in_tiles_is_reported() {
    change(TABLES.iter().filter(|(table, _)| *table == "tiles"), 60);
}

#[test]
fn a_row_that_was_changed_is_not_believed_when_it_is_used() {
    let directory = tempfile::tempdir().unwrap();
    fill(Place::sealed(directory.path()), 5);
    let (who, other) = (world::Who(1), world::Who(2));
    let asked = |world: &World, who: &world::Who| {
        world.ledger.submit(world.submission(world.ask(who, &courier()))).wait()
    };
    let subject = |who: &world::Who| hex::encode(who.subject().0);
    let is_refused = |result: &Result<Answered, LedgerError>, table: &str| matches!(result, Err(LedgerError::Store(StoreError::Altered(of))) if *of == table);
    type Used<'a> = Box<dyn Fn(&World) + 'a>;
    #[rustfmt::skip]
    let cases: Vec<(&str, String, Used<'_>)> = vec![
        ("a stream of another person, moved",
            format!("UPDATE streams SET prev = (SELECT prev FROM streams WHERE subject = x'{}' AND app = 'courier') WHERE subject = x'{}' AND app = 'courier'", subject(&other), subject(&who)),
            Box::new(|world| assert!(is_refused(&asked(world, &who), "streams")))),
        ("an answer",
            format!("UPDATE idempotency SET at = at + 1 WHERE subject = x'{}'", subject(&who)),
            Box::new(|world| {
                let mut command = world.ask(&who, &courier());
                if let Command::Disclose { idempotency, .. } = &mut command { *idempotency = Some(Digest([3; 32])); }
                let answer = world.ledger.submit(world.submission(command)).wait();
                assert!(is_refused(&answer, "idempotency"), "{answer:?}");
            })),
        ("a count of refusals",
            format!("UPDATE counted_refusals SET due = due + 1 WHERE subject = x'{}'", subject(&who)),
            Box::new(|world| assert!(is_refused(&asked(world, &who), "counted_refusals")))),
        ("an app's count",
            "UPDATE app_seqs SET next = next + 1".to_owned(),
            Box::new(|world| assert!(is_refused(&asked(world, &who), "app_seqs")))),
        ("a person's guardian",
            "UPDATE people SET guardian = 1 - guardian".to_owned(),
            Box::new(|world| assert!(matches!(world.reader().person_of(who.subject()), Err(StoreError::Altered("people")))))),
        ("a used ticket made new",
            "UPDATE tickets SET expires_at = expires_at + 1".to_owned(),
            Box::new(|world| {
                let ticket = ticket(1, 1, None);
                assert_eq!(world.reader().ticket(ticket.kind, ticket.key, world::START).unwrap(), None);
                assert_eq!(world.write(world::take(1, world::START)), Written::Missing);
            })),
        ("a lock of staff",
            "UPDATE staff SET failed = 5".to_owned(),
            Box::new(|world| {
                let staff = StaffId::parse("staff-1").unwrap();
                assert!(world.reader().staff(&staff).is_err());
                assert_eq!(world.write(Write::Staff(StaffWrite::Attempt { staff, now: world::START })), Written::Missing);
            })),
        ("a passkey",
            "UPDATE staff_passkeys SET key = x'01'".to_owned(),
            Box::new(|world| assert!(world.reader().passkeys(&StaffId::parse("staff-1").unwrap()).is_err()))),
        ("whom a value finds",
            format!("UPDATE value_indexes SET value_index = x'{}'", "05".repeat(16)),
            Box::new(|world| assert!(world.reader().found(item("name"), [5; 16], 10).is_err()))),
        ("the evidence of a consent",
            "UPDATE consent_evidence SET bytes = x'00'".to_owned(),
            Box::new(|world| assert!(world.reader().evidence(who.subject(), Salt([1; 16])).is_err()))),
        ("a MAC taken away",
            "UPDATE streams SET mac = NULL".to_owned(),
            Box::new(|world| assert!(is_refused(&asked(world, &who), "streams")))),
    ];
    for (what, sql, look) in cases {
        let broken = tempfile::tempdir().unwrap();
        std::fs::copy(directory.path().join(DATABASE), broken.path().join(DATABASE)).unwrap();
        let raw = database(broken.path());
        raw.execute_batch(&sql).unwrap();
        assert_ne!(raw.changes(), 0, "{what}: nothing changed");
        raw.close().unwrap();
        let ((), altered) = used(broken.path(), |world| look(world));
        assert_ne!(altered, 0, "{what}: not counted");
    }
}

/// One changed row refuses whoever needs it, and nobody else, also in the same batch.
#[test]
fn a_changed_row_is_nobody_elses_business() {
    let directory = tempfile::tempdir().unwrap();
    fill(Place::sealed(directory.path()), 5);
    let (who, other) = (world::Who(1), world::Who(2));
    let raw = database(directory.path());
    let sql = format!("UPDATE streams SET state = x'00' WHERE subject = x'{}'", hex::encode(who.subject().0));
    raw.execute_batch(&sql).unwrap();
    raw.close().unwrap();
    used(directory.path(), |world| {
        let all: Vec<_> = (0..40u8)
            .map(|number| world.ask(if number % 2 == 0 { &who } else { &other }, &courier()))
            .map(|command| world.ledger.submit(world.submission(command)))
            .collect();
        let got: Vec<_> = all.into_iter().map(|asked| asked.wait()).collect();
        for (number, got) in got.iter().enumerate() {
            assert_eq!(number % 2 == 1, matches!(got, Ok(Answered::Released { .. })), "{number}: {got:?}");
        }
    });
}

/// The seal says nothing of an older version of a row, which was sealed as well: of what facts add up to, the log does.
#[test]
fn a_row_put_back_to_an_older_version_or_dropped_is_named_by_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sealed(directory.path()));
    let who = world.consented(1);
    (0..20).for_each(|_| drop(world.disclose(&who, &courier())));
    let world = world.again(Place::sealed(directory.path()));
    world.ledger.clone().close();
    let older = tempfile::tempdir().unwrap();
    std::fs::copy(directory.path().join(DATABASE), older.path().join(DATABASE)).unwrap();
    let world = world.again(Place::sealed(directory.path()));
    world.done(who.withdraw(&courier()));
    world.ledger.close();
    let older = older.path().join(DATABASE);
    #[rustfmt::skip]
    let cases = [
        ("an older stream", "INSERT OR REPLACE INTO streams SELECT * FROM old.streams", "not what its entries add up to"),
        ("a dropped stream", "DELETE FROM streams WHERE app = 'courier'", "is missing"),
        ("an older count", "UPDATE app_seqs SET next = 0", "app_seqs"),
        ("a dropped line of history", "DELETE FROM history WHERE idx = (SELECT MAX(idx) FROM history)", "history"),
        ("dropped entries without a line", "UPDATE streams SET recent = NULL WHERE app = 'courier'", "history"),
        ("an entry without a line too many", "UPDATE streams SET recent = x'0000000000000003' WHERE app = ''", "history"),
        ("a line of history too many", "INSERT INTO history VALUES (0, 9, x'09090909090909090909090909090909', 0, '')", "history"),
    ];
    for (what, sql, expected) in cases {
        let broken = tempfile::tempdir().unwrap();
        std::fs::copy(directory.path().join(DATABASE), broken.path().join(DATABASE)).unwrap();
        let raw = database(broken.path());
        raw.execute("ATTACH DATABASE ?1 AS old", [older.to_str().unwrap()]).unwrap();
        raw.execute_batch(sql).unwrap();
        raw.close().unwrap_or_else(|(_, error)| panic!("{error}"));
        let said = by_the_log(broken.path()).unwrap_or_else(|| panic!("{what}: not noticed"));
        assert!(said.contains(expected), "{what}: {said}");
    }
}

/// A store of before there was a seal is believed once, when its log leads to its rows, and never again without one.
#[test]
fn an_older_store_is_sealed_once_and_only_if_deciding_again_agrees() {
    let open = |directory: &Path, place: fn(&Path) -> Place| {
        World::open_with(
            place(directory),
            world::settings(),
            world::signers(),
            world::clock(),
            world::TestRandom::new(78),
        )
    };
    let directory = tempfile::tempdir().unwrap();
    fill(Place::sqlite(directory.path()), 5);
    let changed = tempfile::tempdir().unwrap();
    std::fs::copy(directory.path().join(DATABASE), changed.path().join(DATABASE)).unwrap();
    let raw = database(changed.path());
    let sql = "UPDATE streams SET state = (SELECT state FROM streams WHERE app = 'courier' ORDER BY prev LIMIT 1), prev = zeroblob(32) WHERE app = 'courier'";
    raw.execute_batch(sql).unwrap();
    raw.close().unwrap();
    let refused = open(changed.path(), Place::sealed).map(drop);
    assert!(matches!(refused, Err(LedgerError::Store(StoreError::Damaged(_)))), "{refused:?}");

    let world = open(directory.path(), Place::sealed).unwrap();
    assert_eq!(world.entries(&LogId::platform()).last().unwrap().fact, Fact::StateSealed);
    world.disclose(&world::Who(1), &courier());
    world.ledger.close();
    assert_eq!(reported(directory.path()), None);
    let without = open(directory.path(), Place::sqlite).map(drop);
    assert!(matches!(without, Err(LedgerError::Store(StoreError::Settings(_)))), "{without:?}");
    // Nor is a row without a MAC, although there was a time when none had one.
    let raw = database(directory.path());
    raw.execute_batch("UPDATE people SET mac = NULL, guardian = 1").unwrap();
    raw.close().unwrap();
    let world = open(directory.path(), Place::sealed).unwrap();
    assert!(world.reader().person_of(world::Who(1).subject()).is_err());
    assert_eq!(
        world.entries(&LogId::platform()).iter().filter(|entry| entry.fact == Fact::StateSealed).count(),
        1
    );
}
