//! The witness's own file: the latest head of each log, and heads that do not follow.
//!
//! Write-ahead log, `synchronous=FULL`: what is committed is on the disk. One process at a time writes a transaction
//! (`BEGIN IMMEDIATE`), so that two that were started by mistake over one file still cosign one history.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use yinuo_tlog::Cosigned;

use crate::{Evidence, Head, StoreFailed, Witness};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS heads (
    origin TEXT PRIMARY KEY,
    size   INTEGER NOT NULL,
    root   BLOB NOT NULL,
    at_s   INTEGER NOT NULL,
    note   TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS evidence (
    id      INTEGER PRIMARY KEY,
    origin  TEXT NOT NULL,
    certain INTEGER NOT NULL,
    head    TEXT NOT NULL,
    at_s    INTEGER NOT NULL,
    why     TEXT NOT NULL,
    request TEXT NOT NULL,
    before  TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS evidence_of ON evidence (origin, certain, head);
";

pub(crate) struct Store(Connection);

/// A transaction. What is not kept in it is rolled back when it is dropped.
pub(crate) struct Change<'c>(Transaction<'c>);

impl Store {
    pub(crate) fn open(file: &Path) -> Result<Self, StoreFailed> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(TABLES)?;
        Ok(Self(connection))
    }

    pub(crate) fn begin(&mut self) -> Result<Change<'_>, StoreFailed> {
        // Immediate: whoever reads the latest head here is the next to change it.
        Ok(Change(self.0.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }

    pub(crate) fn heads(&self) -> Result<Vec<Head>, StoreFailed> {
        let sql = "SELECT origin, size, root, at_s, note FROM heads ORDER BY origin";
        let found = self.0.prepare(sql)?.query_map([], head)?.collect::<Result<_, _>>()?;
        Ok(found)
    }

    pub(crate) fn evidence(&self) -> Result<Vec<Evidence>, StoreFailed> {
        let sql = "SELECT origin, certain, at_s, why, request, before FROM evidence ORDER BY id";
        let row = |row: &Row<'_>| {
            Ok::<_, rusqlite::Error>(Evidence {
                origin: row.get(0)?,
                certain: row.get(1)?,
                at_s: unsigned(row, 2)?,
                why: row.get(3)?,
                request: row.get(4)?,
                before: row.get(5)?,
            })
        };
        let found = self.0.prepare(sql)?.query_map([], row)?.collect::<Result<_, _>>()?;
        Ok(found)
    }
}

impl Change<'_> {
    pub(crate) fn head(&self, origin: &str) -> Result<Option<Head>, StoreFailed> {
        let sql = "SELECT origin, size, root, at_s, note FROM heads WHERE origin = $1";
        Ok(self.0.query_row(sql, [origin], head).optional()?)
    }

    /// Keeps the head, and is on the disk when this returns.
    pub(crate) fn keep(self, head: &Head) -> Result<(), StoreFailed> {
        let sql = "INSERT INTO heads (origin, size, root, at_s, note) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (origin) DO UPDATE
                   SET size = excluded.size, root = excluded.root, at_s = excluded.at_s, note = excluded.note";
        let Head { origin, cosigned, at_s, note } = head;
        let (size, at_s) = (signed(cosigned.size)?, signed(*at_s)?);
        self.0.execute(sql, params![origin, size, cosigned.root, at_s, note])?;
        Ok(self.0.commit()?)
    }

    /// Keeps evidence, while there is room for more of that kind about that log, and once for each head.
    pub(crate) fn keep_evidence(self, evidence: &Evidence, head: &str) -> Result<(), StoreFailed> {
        let Evidence { origin, certain, at_s, why, request, before } = evidence;
        let sql = "INSERT INTO evidence (origin, certain, head, at_s, why, request, before)
                   SELECT $1, $2, $3, $4, $5, $6, $7
                   WHERE (SELECT count(*) FROM evidence WHERE origin = $1 AND certain = $2) < $8
                   AND NOT EXISTS (SELECT 1 FROM evidence WHERE origin = $1 AND certain = $2 AND head = $3)";
        let most = i64::try_from(Witness::EVIDENCE_MAX).unwrap_or(i64::MAX);
        self.0.execute(sql, params![origin, certain, head, signed(*at_s)?, why, request, before, most])?;
        Ok(self.0.commit()?)
    }
}

fn head(row: &Row<'_>) -> Result<Head, rusqlite::Error> {
    let cosigned = Cosigned { size: unsigned(row, 1)?, root: row.get(2)? };
    Ok(Head { origin: row.get(0)?, cosigned, at_s: unsigned(row, 3)?, note: row.get(4)? })
}

/// SQLite's numbers have a sign.
fn signed(number: u64) -> Result<i64, rusqlite::Error> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
