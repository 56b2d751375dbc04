//! The steps add up to `schema.sql`.
#![allow(clippy::unwrap_used, missing_docs)]

#[test]
fn the_migrations_add_up_to_the_golden_schema() {
    let schema = yinuo_ledger::schema().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.sql");
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(schema, golden, "if the change is meant, put the new text into {path}:\n{schema}");
}
