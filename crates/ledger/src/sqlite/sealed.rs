//! Rows with a MAC: how one is written down to be sealed, written, read, and checked.

use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Params, Row, ToSql, params_from_iter};

use yinuo_domain::SubjectKey;

use super::{Rowset, SealedRows};
use crate::StoreError;

/// A table whose rows carry a MAC, in a column behind all others.
pub(super) struct Table {
    /// What the MAC says of the table. Never used again for another one.
    code: u8,
    pub(super) name: &'static str,
    /// Every column but the MAC, those of the key first, in the order in which they are sealed. A new column is a new
    /// code, and a step that seals again.
    columns: &'static [&'static str],
    key_len: usize,
}

impl Table {
    fn key(&self) -> &'static [&'static str] {
        self.columns.get(..self.key_len).unwrap_or_default()
    }
}

macro_rules! tables {
    ($($name:ident = $code:literal $table:literal [$($key:literal)*] [$($column:literal)*];)*) => {
        $(pub(super) const $name: &Table = &Table {
            code: $code,
            name: $table,
            columns: &[$($key,)* $($column,)*],
            key_len: [$($key),*].len(),
        };)*
        /// Every one.
        pub(super) const EVERY: &[&Table] = &[$($name,)*];
    };
}

tables! {
    PEOPLE = 1 "people" ["grp" "shard" "person_index"] ["subject" "guardian"];
    STREAMS = 2 "streams" ["grp" "shard" "subject" "app"] ["tag" "seq" "prev" "state"];
    APP_SEQS = 3 "app_seqs" ["grp" "app"] ["next"];
    ANSWERS = 4 "idempotency" ["grp" "shard" "subject" "key"] ["body" "disclosure" "released" "at"];
    TICKETS = 5 "tickets" ["grp" "shard" "kind" "key"]
        ["family" "subject" "app" "body" "issued_at" "expires_at" "used" "revoked"];
    RETIRED = 6 "retired_tag_keys" ["grp" "shard" "tag"] ["wrapped" "destroy_after"];
    EVIDENCE = 7 "consent_evidence" ["grp" "shard" "subject" "leaf_salt"] ["bytes"];
    INDEXES = 8 "value_indexes" ["grp" "shard" "subject" "item"] ["value_index"];
    STAFF = 9 "staff" ["grp" "staff"]
        ["identity" "generation" "code" "code_until" "totp" "step" "failed" "locked_until"];
    PASSKEYS = 10 "staff_passkeys" ["grp" "staff" "id"] ["generation" "key" "state" "name" "added_at"];
    COUNTED = 11 "counted_refusals" ["grp" "shard" "subject" "app"] ["due" "counted"];
}

/// One value of a row, as SQLite keeps it.
#[derive(Clone, Debug)]
pub(super) enum Cell<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub(super) fn blob(bytes: &'a [u8]) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }

    fn seen(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }

    fn kept(value: ValueRef<'_>) -> Result<Cell<'static>, StoreError> {
        Ok(match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Int(number),
            ValueRef::Text(text) => {
                let text =
                    std::str::from_utf8(text).map_err(|_| StoreError::Damaged("a text that is none"))?;
                Cell::Text(Cow::Owned(text.to_owned()))
            }
            ValueRef::Blob(bytes) => Cell::Blob(Cow::Owned(bytes.to_vec())),
            ValueRef::Real(_) => return Err(StoreError::Damaged("a number that is not whole")),
        })
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.seen()))
    }
}

/// What is sealed: the table, then each value behind its type, and behind its length where that varies.
struct Written(Vec<u8>);

impl Written {
    fn of(table: &Table) -> Self {
        let mut bytes = Vec::with_capacity(512);
        bytes.push(table.code);
        Self(bytes)
    }

    fn add(&mut self, value: ValueRef<'_>) {
        let mut varying = |kind: u8, bytes: &[u8]| {
            self.0.push(kind);
            self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            self.0.extend_from_slice(bytes);
        };
        match value {
            ValueRef::Null => self.0.push(0),
            ValueRef::Integer(number) => {
                self.0.push(1);
                self.0.extend_from_slice(&number.to_be_bytes());
            }
            ValueRef::Text(text) => varying(2, text),
            ValueRef::Blob(bytes) => varying(3, bytes),
            // No table has any.
            ValueRef::Real(number) => varying(4, &number.to_be_bytes()),
        }
    }
}

impl Rowset {
    /// Runs a statement whose parameters are the row, in the order of the table's columns, and behind it the row's MAC.
    pub(super) fn put(&self, table: &Table, statement: &str, row: &[Cell<'_>]) -> Result<u64, StoreError> {
        self.put_and(table, statement, row, None)
    }

    /// The same, with a value behind it that the MAC does not cover.
    pub(super) fn put_and(
        &self,
        table: &Table,
        statement: &str,
        row: &[Cell<'_>],
        uncovered: Option<&Cell<'_>>,
    ) -> Result<u64, StoreError> {
        let mac = self.seal(table, row);
        let with_mac = row.iter().chain([&mac]).chain(uncovered);
        Ok(self.0.prepare_cached(statement)?.execute(params_from_iter(with_mac))? as u64)
    }

    fn seal(&self, table: &Table, row: &[Cell<'_>]) -> Cell<'static> {
        let Some(guard) = &self.1 else { return Cell::Null };
        let mut written = Written::of(table);
        row.iter().for_each(|cell| written.add(cell.seen()));
        Cell::Blob(Cow::Owned(guard.mac(&written.0).to_vec()))
    }

    /// Whether a row, read as every column in the table's order and then the MAC, is as it was written.
    pub(super) fn check(&self, table: &Table, row: &Row<'_>) -> Result<(), StoreError> {
        let Some(guard) = &self.1 else { return Ok(()) };
        let mut written = Written::of(table);
        for column in 0..table.columns.len() {
            written.add(row.get_ref(column)?);
        }
        let mac = match row.get_ref(table.columns.len())? {
            ValueRef::Blob(mac) => mac,
            _ => &[],
        };
        guard.check(table.name, &written.0, mac)
    }

    /// One row, if it is there and as it was written.
    pub(super) fn sealed_one<T>(
        &self,
        table: &Table,
        statement: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.one(statement, parameters, |row| {
            self.check(table, row)?;
            read(row)
        })
    }

    /// Rows, if each is as it was written.
    pub(super) fn sealed_all<T>(
        &self,
        table: &Table,
        statement: &str,
        parameters: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.all(statement, parameters, |row| {
            self.check(table, row)?;
            read(row)
        })
    }

    /// Up to `limit` whole rows behind this key, in the order of their keys.
    fn rows_after(
        &self,
        table: &Table,
        after: &[Cell<'static>],
        limit: usize,
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Vec<Cell<'static>>>, StoreError> {
        let (columns, key) = (table.columns.join(", "), table.key().join(", "));
        let places = (1..=after.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let behind = if after.is_empty() { String::new() } else { format!("WHERE ({key}) > ({places})") };
        let name = table.name;
        let statement = format!("SELECT {columns}, mac FROM {name} {behind} ORDER BY {key} LIMIT {limit}");
        let mut statement = self.0.prepare_cached(&statement)?;
        let mut rows = statement.query(params_from_iter(after))?;
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            each(row)?;
            read.push(
                (0..table.columns.len()).map(|n| Cell::kept(row.get_ref(n)?)).collect::<Result<_, _>>()?,
            );
        }
        Ok(read)
    }

    /// Gives every row the MAC of what is in it now. How many there were.
    pub(super) fn seal_all(&self) -> Result<u64, StoreError> {
        let mut sealed = 0;
        for table in EVERY {
            let key = table.key().iter().enumerate();
            let which =
                key.map(|(n, column)| format!("{column} = ${}", n + 2)).collect::<Vec<_>>().join(" AND ");
            let statement = format!("UPDATE {} SET mac = $1 WHERE {which}", table.name);
            let mut after = Vec::new();
            loop {
                let rows = self.rows_after(table, &after, CHUNK, &mut |_| Ok(()))?;
                let Some(last) = rows.last() else { break };
                after = last.iter().take(table.key_len).cloned().collect();
                for row in &rows {
                    let mac = self.seal(table, row);
                    let parameters = [&mac].into_iter().chain(row.iter().take(table.key_len));
                    self.0.prepare_cached(&statement)?.execute(params_from_iter(parameters))?;
                    sealed += 1;
                }
            }
        }
        Ok(sealed)
    }

    /// Every sealed row, and every person's keys.
    pub(super) fn look(&self) -> Result<SealedRows, StoreError> {
        let mut found = SealedRows::default();
        for table in EVERY {
            let (mut after, mut nth) = (Vec::new(), 0);
            loop {
                let mut altered = false;
                let rows = self.rows_after(table, &after, CHUNK, &mut |row| {
                    // The first one, and no further.
                    altered = altered || self.check(table, row).is_err();
                    nth += u64::from(!altered);
                    Ok(())
                });
                if altered {
                    found.first_altered = Some((table.name, nth));
                    return Ok(found);
                }
                let rows = rows?;
                let Some(last) = rows.last() else { break };
                after = last.iter().take(table.key_len).cloned().collect();
                found.rows += rows.len() as u64;
            }
        }
        self.look_at_keys(&mut found)?;
        Ok(found)
    }

    fn look_at_keys(&self, found: &mut SealedRows) -> Result<(), StoreError> {
        let Some(guard) = &self.1 else { return Ok(()) };
        let mut statement =
            self.0.prepare("SELECT subject, keys FROM subject_keys ORDER BY grp, shard, subject")?;
        let mut rows = statement.query([])?;
        let mut nth = 0;
        while let Some(row) = rows.next()? {
            let subject = row.get_ref(0)?.as_blob().ok().and_then(|subject| subject.try_into().ok());
            let keys = row.get_ref(1)?.as_blob().unwrap_or_default();
            if !subject.is_some_and(|subject| guard.opens(SubjectKey(subject), keys)) {
                found.first_altered = Some(("subject_keys", nth));
                return Ok(());
            }
            nth += 1;
        }
        found.rows += nth;
        Ok(())
    }
}

/// How many rows are read at once.
const CHUNK: usize = 1_024;
