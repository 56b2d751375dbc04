//! No statement reads a whole group where it wants a few rows: what is fast with a hundred tickets stays fast with millions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use rusqlite::Connection;

/// Statements that are meant to read a whole table: the schema itself, and a count that only tests and reports ask for.
const WHOLE: &[&str] = &[
    "FROM sqlite_schema",
    "SELECT COUNT(*) FROM retired_tag_keys",
    PEOPLE,
    KEYS,
    APPS,
    HISTORY,
    STREAMS,
    COUNTED,
];
/// What verification alone asks for, of everybody.
const KEYS: &str = "SELECT subject, keys FROM subject_keys ORDER BY";
const DERIVED: &[&str] = &[
    "DELETE FROM streams WHERE grp = $1",
    "DELETE FROM history WHERE grp = $1",
    "DELETE FROM app_seqs WHERE grp = $1",
    "DELETE FROM counted_refusals WHERE grp = $1",
];
const APPS: &str = "SELECT grp, app, next, mac FROM app_seqs WHERE grp = $1 ORDER BY";
const HISTORY: &str = "SELECT COUNT(*) FROM history";
const STREAMS: &str = "streams WHERE grp = $1 ORDER BY grp, shard, subject, app LIMIT";
const COUNTED: &str = "counted_refusals WHERE grp = $1 ORDER BY grp, shard, subject, app LIMIT";
/// Counts up to a limit that the caller gives.
const PEOPLE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM people";

/// Every SQL text in the sources of the backend: a string literal that begins with a verb.
fn statements() -> Vec<String> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sqlite");
    let mut found = Vec::new();
    for file in std::fs::read_dir(dir).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let literals = source
            .split('"')
            .skip(1)
            .step_by(2)
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        found.extend(literals.filter(|text| {
            ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| text.starts_with(verb))
        }));
    }
    found
}

fn plan(database: &Connection, statement: &str) -> Vec<String> {
    let Ok(mut explain) = database.prepare(&format!("EXPLAIN QUERY PLAN {statement}")) else {
        return Vec::new();
    };
    let count = explain.parameter_count();
    let lines = explain
        .query_map(rusqlite::params_from_iter(std::iter::repeat_n(1, count)), |row| row.get::<_, String>(3));
    lines.unwrap().map(Result::unwrap).collect()
}

/// A table that is scanned, or searched by the group alone.
fn reads_a_group(line: &str) -> bool {
    (line.starts_with("SCAN ") && line != "SCAN r") || line.ends_with("PRIMARY KEY (grp=?)")
}

#[test]
fn no_statement_reads_a_whole_group() {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(include_str!("../schema.sql")).unwrap();
    let statements = statements();
    let planned = statements.iter().filter(|statement| !plan(&database, statement).is_empty()).count();
    assert!(30 < planned, "only {planned} of {} statements were planned", statements.len());
    for statement in statements.iter().filter(|statement| {
        !WHOLE.iter().any(|whole| statement.contains(whole)) && !DERIVED.contains(&statement.as_str())
    }) {
        let plan = plan(&database, statement);
        assert!(!plan.iter().any(|line| reads_a_group(line)), "{statement}\n{plan:#?}");
    }
}

#[test]
fn a_scan_would_be_seen() {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(include_str!("../schema.sql")).unwrap();
    let plan = plan(&database, "SELECT key FROM tickets WHERE grp = $1 AND body = $2");
    assert!(plan.iter().any(|line| reads_a_group(line)), "{plan:?}");
}
