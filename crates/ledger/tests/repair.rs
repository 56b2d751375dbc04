//! The rows that facts add up to are made anew from the log, and from nothing else.
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
use rusqlite::{Connection, types::Value};
use world::{Place, courier, keys};
use yinuo_domain::*;
use yinuo_ledger::*;

/// Which streams a person has: in a test, tags come from their number.
fn whose(subject: SubjectKey, _: &[u8], apps: &[AppId]) -> Option<Vec<StreamId>> {
    let who = (0..=u8::MAX).map(world::Who).find(|who| who.subject() == subject)?;
    let own = StreamId { app: None, tag: who.own() };
    let with = apps.iter().map(|app| StreamId { app: Some(app.clone()), tag: who.tag(app) });
    Some([own].into_iter().chain(with).collect())
}

/// All rows that the log adds up to. Whether an entry has its row of history yet, or waits in that of its stream, is the same.
fn derived(directory: &Path) -> Vec<Vec<Vec<Value>>> {
    let database = Connection::open(directory.join(DATABASE)).unwrap();
    let rows = |sql: &str| {
        let mut statement = database.prepare(sql).unwrap();
        let width = statement.column_count();
        let rows = statement.query_map([], |row| (0..width).map(|n| row.get(n)).collect::<Result<_, _>>());
        rows.unwrap().map(Result::unwrap).collect()
    };
    let places = "SELECT grp, shard, subject, idx, app FROM history UNION ALL
         SELECT grp, shard, subject, hex(substr(recent, 8 * (n - 1) + 1, 8)), app FROM streams
         JOIN (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 64) SELECT n FROM r)
         WHERE 8 * n <= length(recent)";
    let mut places: Vec<Vec<Value>> = rows(places);
    for place in &mut places {
        if let Value::Text(hex) = &place[3] {
            place[3] = Value::Integer(i64::from_str_radix(hex, 16).unwrap());
        }
    }
    places.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
    let streams = rows("SELECT grp, shard, subject, app, tag, seq, prev, state, mac FROM streams");
    vec![streams, places, rows("SELECT * FROM app_seqs")]
}

#[test]
fn the_rows_that_facts_add_up_to_are_made_anew_from_the_log() {
    let directory = tempfile::tempdir().unwrap();
    fill(Place::sealed(directory.path()), 20);
    let before = derived(directory.path());
    for sql in [
        "DELETE FROM streams; DELETE FROM history; DELETE FROM app_seqs",
        "UPDATE streams SET state = x'00', tag = zeroblob(16); UPDATE app_seqs SET next = 7",
        "UPDATE history SET app = '' WHERE app <> ''; INSERT INTO app_seqs VALUES (0, 'another', 1, NULL)",
    ] {
        let raw = database(directory.path());
        raw.execute_batch(sql).unwrap();
        raw.close().unwrap();
        assert!(by_the_log(directory.path()).is_some(), "{sql}");
        let mut told = 0;
        let store = Place::sealed(directory.path());
        let repaired = repair(store, &keys(), &mut whose, &mut |_| told += 1).unwrap();
        let count = |of: usize| before[of].len() as u64;
        assert_eq!(repaired, Repaired { streams: count(0), history: count(1), apps: count(2) });
        assert_ne!(told, 0);
        assert!(derived(directory.path()) == before, "{sql}: the same rows as before, MACs and all");
        assert_eq!(reported(directory.path()), None);
    }
    used(directory.path(), |world| drop(world.disclose(&world::Who(1), &courier())));
}

#[test]
fn nothing_is_made_up_from_a_log_that_is_not_in_order_or_for_nobody() {
    let directory = tempfile::tempdir().unwrap();
    fill(Place::sealed(directory.path()), 5);
    let before = derived(directory.path());
    let store = || Place::sealed(directory.path());
    let nobody = repair(store(), &keys(), &mut |_, _, _| Some(Vec::new()), &mut |_| {});
    assert!(matches!(nobody, Err(RepairError::Nobody { .. })), "{nobody:?}");
    let unknown = repair(store(), &keys(), &mut |_, _, _| None, &mut |_| {});
    assert!(matches!(unknown, Err(RepairError::Keys)), "{unknown:?}");
    assert!(derived(directory.path()) == before);
    let raw = database(directory.path());
    raw.execute_batch("UPDATE entries SET leaf = x'00' WHERE grp = 0 AND idx = 9").unwrap();
    raw.close().unwrap();
    let broken = repair(store(), &keys(), &mut whose, &mut |_| {});
    assert!(matches!(broken, Err(RepairError::Log(_))), "{broken:?}");
    assert!(derived(directory.path()) == before);
}
