//! A store to read and never to write: a backup, an auditor's copy, or the live directory beside its owner.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags};

use super::{DATABASE, Rowset, migrate, prepare};
use crate::StoreError;
use crate::backend::{Rows, Source};

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
        Ok(Self { rows: Mutex::new(Rowset(connection)) })
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
    if beside("-shm").is_file() {
        // Open in another process, or copied while it was: SQLite's own index of the write-ahead log is there.
        return Ok(Connection::open_with_flags(&path, flags)?);
    }
    let ahead = std::fs::metadata(beside("-wal")).map_or(0, |wal| wal.len());
    if 0 < ahead {
        // A copy with its write-ahead log: exclusive mode keeps the index in memory instead of making a file.
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        return Ok(connection);
    }
    // Closed cleanly: the database is all there is.
    Ok(Connection::open_with_flags(uri(&path), flags)?)
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
