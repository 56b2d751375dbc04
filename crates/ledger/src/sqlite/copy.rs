//! A store to read and never to write: a backup, an auditor's copy, or the live directory beside its owner.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{DATABASE, LOCK, Rowset, migrate, prepare};
use crate::backend::{Rows, Source};
use crate::row_seal::Guard;
use crate::{RowSeal, StoreError};

/// What was found of the rows that only the seal can check.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SealedRows {
    /// How many are as they were written.
    pub rows: u64,
    /// The first that is not: its table, and its place in the order of the table's keys, from 0.
    pub first_altered: Option<(&'static str, u64)>,
}

/// SQLite's way to the files without locks.
const NO_LOCKS: &str = "unix-none";

/// A data directory that is only read: no lock is taken and no byte of the store is written.
pub struct StoreCopy {
    rows: Mutex<Rowset>,
}

impl StoreCopy {
    /// Opens the store in this directory.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let connection = connect(directory.join(DATABASE))?;
        prepare(&connection)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let known = migrate::known();
        if found != known {
            return Err(StoreError::Version { found, known });
        }
        Ok(Self { rows: Mutex::new(Rowset(connection, None)) })
    }

    /// Looks at each sealed row, with the seal, and at each person's keys.
    pub fn rows(self, seal: Arc<dyn RowSeal>) -> Result<SealedRows, StoreError> {
        let Rowset(connection, _) = self.rows.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Rowset(connection, Some(Arc::new(Guard::new(seal)))).look()
    }
}

impl StoreCopy {
    /// Writes a whole and consistent copy to a file that is not there yet: one file, on disk when this returns, without
    /// a write-ahead log and without what was deleted. Whoever writes goes on meanwhile.
    pub fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let to = file.to_str().ok_or(StoreError::Other("the copy's path is no text"))?;
        let rows = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rows.0.execute("VACUUM INTO $1", [to])?;
        File::options().write(true).open(file)?.sync_all()?;
        Ok(())
    }
}

fn connect(path: PathBuf) -> Result<Connection, StoreError> {
    let beside = |suffix: &str| {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    if !path.is_file() {
        return Err(StoreError::Damaged("there is no database in the directory"));
    }
    if beside("-shm").is_file() && has_owner(&path) {
        // Its owner keeps the index of the write-ahead log; we read beside it.
        return Ok(Connection::open_with_flags(&path, flags)?);
    }
    let ahead = std::fs::metadata(beside("-wal")).map_or(0, |wal| wal.len());
    if 0 < ahead {
        // A copy with its write-ahead log. Without locks and in exclusive mode, SQLite keeps the index of that log in
        // memory instead of making a file, and with the last setting it leaves the log as it is.
        let connection = Connection::open_with_flags_and_vfs(&path, flags, NO_LOCKS)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        return Ok(connection);
    }
    // Closed cleanly: the database is all there is.
    Ok(Connection::open_with_flags(uri(&path), flags)?)
}

/// Whether somebody has the directory open. Looking takes the lock for no longer than the look.
fn has_owner(database: &Path) -> bool {
    let lock = File::open(database.with_file_name(LOCK));
    lock.is_ok_and(|lock| matches!(fs4::FileExt::try_lock_shared(&lock), Err(fs4::TryLockError::WouldBlock)))
}

/// RFC 8089, for a file that nobody changes.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

impl Source for StoreCopy {
    fn with(&self, job: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        job(&*self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
