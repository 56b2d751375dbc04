//! The store in SQLite: one file in a data directory that has one owner.
//!
//! Write-ahead log, `synchronous=FULL`: a commit is one flush. `secure_delete`: what is deleted is overwritten. One
//! connection writes; readers take read-only connections from a pool. Statements are written so that PostgreSQL
//! takes them too: `$1` parameters in the order of their first use.

mod change;
mod copy;
mod keys;
mod migrate;
mod rows;
mod sealed;
mod staff;
mod tickets;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::backend::{Backend, Change, Opened, Rows, Source, Writer};
use crate::row_seal::Guard;
use crate::{RowSeal, StoreError, Written};

pub use copy::{SealedRows, StoreCopy};
pub use migrate::schema;

/// The database's name in the data directory.
pub const DATABASE: &str = "ledger.sqlite";
/// The lock's name in the data directory. The lock is held as long as the store is open.
pub const LOCK: &str = "lock";

/// How many pages the write-ahead log may have before a commit moves them into the database: 64 MiB. An import changes
/// the same pages in many commits, and moving a page once for all of them is most of what makes it fast.
const PAGES_AHEAD_MAX: i32 = 16_384;
/// How much of the database the writer keeps in memory, in KiB (negative, as SQLite has it): rows of people are spread
/// by their keys, and an import touches a page of each table for each of them.
const CACHE_KIB_WRITING: i64 = -131_072;
/// How many idle read connections are kept.
const IDLE_MAX: usize = 8;
/// How long a statement waits for another connection.
const BUSY: Duration = Duration::from_secs(5);
/// How long erasing does: deciding waits meanwhile.
const BUSY_ERASING: Duration = Duration::from_millis(20);
/// How many prepared statements a connection keeps: more than there are.
const STATEMENTS_MAX: usize = 64;

/// A data directory.
#[derive(Clone)]
pub struct SqliteStore {
    directory: PathBuf,
    seal: Option<Arc<dyn RowSeal>>,
}

impl SqliteStore {
    /// In this directory, which is made when it is not there.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), seal: None }
    }

    /// With a seal over each row that a decision is made from. A store that was sealed once opens with its seal only.
    #[must_use]
    pub fn sealed(self, seal: Arc<dyn RowSeal>) -> Self {
        Self { seal: Some(seal), ..self }
    }
}

/// One connection and its rows, and what seals them.
struct Rowset(Connection, Option<Arc<Guard>>);

struct SqliteWriter {
    rows: Rowset,
    /// Released when the writer is dropped.
    _lock: File,
}

struct Pool {
    path: PathBuf,
    guard: Option<Arc<Guard>>,
    idle: Mutex<Vec<Rowset>>,
}

impl Backend for SqliteStore {
    fn open(self) -> Result<Opened, StoreError> {
        std::fs::create_dir_all(&self.directory)?;
        let lock = lock(&self.directory)?;
        let path = self.directory.join(DATABASE);
        let mut connection = Connection::open(&path)?;
        prepare(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.wal_hook(Some(move_pages))?;
        connection.pragma_update(None, "cache_size", CACHE_KIB_WRITING)?;
        migrate::migrate(&mut connection)?;
        let guard = self.seal.map(|seal| Arc::new(Guard::new(seal)));
        let writer = SqliteWriter { rows: Rowset(connection, guard.clone()), _lock: lock };
        let pool = Pool { path, guard, idle: Mutex::new(Vec::new()) };
        Ok(Opened { writer: Box::new(writer), source: Arc::new(pool) })
    }
}

/// After a commit: moves pages from a long write-ahead log into the database. SQLite would do the same by itself, and
/// would keep a failed flush to itself and try again; here it fails the commit.
fn move_pages(log: &mut Wal, pages: i32) -> Result<(), rusqlite::Error> {
    if pages < PAGES_AHEAD_MAX {
        return Ok(());
    }
    match log.checkpoint() {
        Err(error) if !matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy)) => Err(error),
        _ => Ok(()),
    }
}

/// The directory's one owner, for as long as the file is open.
fn lock(directory: &Path) -> Result<File, StoreError> {
    let file = File::options().create(true).truncate(false).write(true).open(directory.join(LOCK))?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(fs4::TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(fs4::TryLockError::Error(error)) => Err(error.into()),
    }
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY)?;
    // What SQLite puts aside (pages a savepoint may bring back, rows to sort) never goes into a file: nobody would
    // overwrite it there after a deletion.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

impl Pool {
    fn take(&self) -> Result<Rowset, StoreError> {
        if let Some(rows) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(rows);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        prepare(&connection)?;
        Ok(Rowset(connection, self.guard.clone()))
    }
}

impl Source for Pool {
    fn with(&self, job: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let rows = self.take()?;
        let done = job(&rows);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(rows);
        }
        done
    }

    fn altered(&self) -> u64 {
        self.guard.as_ref().map_or(0, |guard| guard.altered())
    }
}

impl SqliteWriter {
    fn run(&self, statement: &str) -> Result<(), StoreError> {
        self.rows.0.prepare_cached(statement)?.execute([])?;
        Ok(())
    }
}

impl Writer for SqliteWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE")
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.run("COMMIT")
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        // Some errors end the transaction by themselves.
        if self.rows.0.is_autocommit() { Ok(()) } else { self.run("ROLLBACK") }
    }

    fn mark(&mut self) -> Result<(), StoreError> {
        self.run("SAVEPOINT marked")
    }

    fn unmark(&mut self, keep: bool) -> Result<(), StoreError> {
        if !keep {
            self.run("ROLLBACK TO SAVEPOINT marked")?;
        }
        self.run("RELEASE SAVEPOINT marked")
    }

    fn change(&mut self, change: Change<'_>) -> Result<Written, StoreError> {
        self.rows.change(change)
    }

    fn rows(&self) -> &dyn Rows {
        &self.rows
    }

    fn seals(&self) -> bool {
        self.rows.1.is_some()
    }

    fn believe(&mut self, rows: bool) {
        if let Some(guard) = &self.rows.1 {
            guard.believe(rows);
        }
    }

    fn seal_rows(&mut self) -> Result<u64, StoreError> {
        self.rows.seal_all()
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        // Overwrites the deleted rows in the database, then empties the write-ahead log. The caller tries again.
        self.rows.0.busy_timeout(BUSY_ERASING)?;
        let busy = self.rows.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        self.rows.0.busy_timeout(BUSY)?;
        let busy: i64 = busy?;
        if busy == 0 {
            Ok(())
        } else {
            Err(StoreError::Busy("a reader keeps the write-ahead log from being emptied"))
        }
    }
}
