//! Numbered steps. One that was merged is never edited; `schema.sql` is what all of them add up to.

use rusqlite::Connection;

use crate::StoreError;

const STEPS: &[&str] = &[
    include_str!("../../migrations/0001_ledger.sql"),
    include_str!("../../migrations/0002_staff.sql"),
    include_str!("../../migrations/0003_consent_evidence.sql"),
    include_str!("../../migrations/0004_streams_by_app.sql"),
    include_str!("../../migrations/0005_value_indexes.sql"),
    include_str!("../../migrations/0006_staff_passkeys.sql"),
    include_str!("../../migrations/0007_row_macs.sql"),
    include_str!("../../migrations/0008_counted_refusals.sql"),
    include_str!("../../migrations/0009_recent_entries.sql"),
];

/// Brings the store to the newest step. A store of a later program is refused.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = STEPS.len() as i64;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if !(0..=known).contains(&found) {
        return Err(StoreError::Version { found, known });
    }
    for (number, step) in (1i64..).zip(STEPS).filter(|(number, _)| found < *number) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The newest step this program knows.
pub(super) fn known() -> i64 {
    STEPS.len() as i64
}

/// What the steps add up to, as SQL.
pub fn schema() -> Result<String, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection)?;
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, tbl_name, name")?;
    let statements = statement.query_map([], |row| row.get::<_, String>(0))?;
    statements.map(|sql| Ok(sql? + ";\n")).collect()
}
