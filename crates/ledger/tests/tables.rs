//! `docs/TABLES.md` says of every table what stands behind it, and of no other.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

/// Each table of the schema, and whether its rows carry a MAC.
fn tables(schema: &str) -> BTreeMap<String, bool> {
    let tables = schema.split("CREATE TABLE ").skip(1);
    tables
        .map(|table| {
            let (name, rest) = table.split_once(" (").unwrap();
            let columns = rest.split(") STRICT").next().unwrap();
            (name.to_owned(), columns.contains("mac BLOB"))
        })
        .collect()
}

/// Each table of the page: what it is, and what covers it.
fn page(page: &str) -> BTreeMap<String, (String, String)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().trim_end_matches('`').to_owned()).collect();
        (cells[0].clone(), (cells[1].clone(), cells[2].clone()))
    })
    .collect()
}

#[test]
fn the_page_says_of_each_table_what_stands_behind_it() {
    let schema = tables(&yinuo_ledger::schema().unwrap());
    let page = page(include_str!("../../../docs/TABLES.md"));
    assert!(10 < schema.len());
    assert_eq!(schema.keys().collect::<Vec<_>>(), page.keys().collect::<Vec<_>>());
    for (table, (is, by)) in &page {
        assert!(["covered", "derived", "transient"].contains(&is.as_str()), "{table} is {is}");
        assert_eq!(by.contains("a MAC"), schema[table], "{table}: a MAC in the page, and in the schema");
    }
}

#[test]
fn a_table_without_a_line_would_be_seen() {
    let schema = tables("CREATE TABLE a (\n    b BLOB, mac BLOB) STRICT;\nCREATE TABLE c (d) STRICT;\n");
    assert_eq!(schema, [("a".to_owned(), true), ("c".to_owned(), false)].into());
    assert_eq!(page("| `a` | covered | a MAC |\n").keys().collect::<Vec<_>>(), ["a"]);
}
