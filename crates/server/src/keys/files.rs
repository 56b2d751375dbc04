//! The files below `keys/`: theirs alone who runs Yinuo, and changed as one.
//!
//! A change of several files must never be half there: a root key without what it wraps loses everything. New files are
//! written into `next.tmp/`, flushed, and become `next/` in one step. From then on they hold: whoever opens the keys
//! puts what lies in `next/` in its place first, however often that is cut off. What was replaced is written over, as
//! far as the disk lets anybody: copies elsewhere, and what a flash disk keeps to itself, are not reached.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{KeysError, private_dir, write_private};

/// Who holds it changes the files, or reads them while nobody does.
const LOCK: &str = "lock";
/// Complete new files.
const NEXT: &str = "next";
/// New files that are still being written.
const UNFINISHED: &str = "next.tmp";

/// The directory of the files, held for a change. Others wait, or are told.
pub(crate) struct Held {
    keys: PathBuf,
    _lock: File,
}

impl Held {
    /// Holds the files below `dir` for a change.
    pub(crate) fn open(dir: &Path) -> Result<Self, KeysError> {
        let keys = dir.join("keys");
        let path = keys.join(LOCK);
        let failed = |cause| KeysError::File { path: path.clone(), cause };
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        lock.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(KeysError::InUse(keys)),
            Err(fs::TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        settle(&keys)?;
        remove(&keys.join(UNFINISHED))?;
        Ok(Self { keys, _lock: lock })
    }

    /// Writes new files beside the old ones. Nothing holds yet.
    pub(crate) fn prepare(&self, files: &[(&str, Vec<u8>)]) -> Result<Prepared<'_>, KeysError> {
        let unfinished = self.keys.join(UNFINISHED);
        remove(&unfinished)?;
        private_dir(&unfinished)?;
        for (name, bytes) in files {
            write_private(&unfinished.join(name), bytes)?;
        }
        flush(&unfinished)?;
        Ok(Prepared { held: self })
    }
}

/// New files that lie ready.
pub(crate) struct Prepared<'a> {
    held: &'a Held,
}

impl Prepared<'_> {
    /// From here on the new files hold.
    pub(crate) fn put(self) -> Result<(), KeysError> {
        let keys = &self.held.keys;
        let next = keys.join(NEXT);
        fs::rename(keys.join(UNFINISHED), &next).map_err(|cause| KeysError::File { path: next, cause })?;
        flush(keys)?;
        settle(keys)
    }
}

/// Waits until nobody changes the files, and puts what was left half done in its place.
pub(crate) fn at_rest(dir: &Path) -> Result<Option<File>, KeysError> {
    let keys = dir.join("keys");
    let path = keys.join(LOCK);
    let lock = match File::open(&path) {
        Ok(lock) => lock,
        // Nobody ever changed them.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(KeysError::File { path, cause }),
    };
    lock.lock().map_err(|cause| KeysError::File { path, cause })?;
    settle(&keys)?;
    Ok(Some(lock))
}

/// Refuses a file that anybody but its owner can read or write.
pub(crate) fn only_ours(path: &Path) -> Result<(), KeysError> {
    let mode = fs::metadata(path).map_err(|cause| KeysError::File { path: path.to_owned(), cause })?;
    let mode = mode.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeysError::Open { path: path.to_owned(), mode }) }
}

/// Puts each file of `next/` in its place. Whatever of it was done before is passed over.
fn settle(keys: &Path) -> Result<(), KeysError> {
    let next = keys.join(NEXT);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| KeysError::File { path, cause }
    };
    let entries = match fs::read_dir(&next) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(KeysError::File { path: next, cause }),
    };
    for entry in entries {
        let from = entry.map_err(failed(&next))?.path();
        let Some(name) = from.file_name() else { continue };
        let to = keys.join(name);
        let replaced = File::options().write(true).open(&to).ok();
        fs::rename(&from, &to).map_err(failed(&from))?;
        flush(keys)?;
        if let Some(replaced) = replaced {
            wipe(replaced).map_err(failed(&to))?;
        }
    }
    fs::remove_dir(&next).map_err(failed(&next))?;
    flush(keys)
}

/// Writes a file over that has no name any more.
fn wipe(mut file: File) -> std::io::Result<()> {
    let len = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    file.write_all(&vec![0; len])?;
    file.sync_all()
}

fn remove(path: &Path) -> Result<(), KeysError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(KeysError::File { path: path.to_owned(), cause: error })
        }
        _ => Ok(()),
    }
}

/// The names in a directory are on disk when this returns.
fn flush(path: &Path) -> Result<(), KeysError> {
    let flushed = File::open(path).and_then(|dir| dir.sync_all());
    flushed.map_err(|cause| KeysError::File { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn place() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        private_dir(&dir.path().join("keys")).unwrap();
        for name in ["a", "b"] {
            write_private(&dir.path().join("keys").join(name), format!("old {name}").as_bytes()).unwrap();
        }
        dir
    }

    fn content(dir: &Path) -> [String; 2] {
        ["a", "b"].map(|name| fs::read_to_string(dir.join("keys").join(name)).unwrap())
    }

    fn new() -> [(&'static str, Vec<u8>); 2] {
        [("a", b"new a".to_vec()), ("b", b"new b".to_vec())]
    }

    #[test]
    fn files_are_replaced_together_and_theirs_alone_who_owns_them() {
        let dir = place();
        let held = Held::open(dir.path()).unwrap();
        assert!(matches!(Held::open(dir.path()), Err(KeysError::InUse(_))), "two at once");
        let prepared = held.prepare(&new()).unwrap();
        assert_eq!(content(dir.path()), ["old a", "old b"]);
        prepared.put().unwrap();
        assert_eq!(content(dir.path()), ["new a", "new b"]);
        for name in ["a", "b", "lock"] {
            let mode = fs::metadata(dir.path().join("keys").join(name)).unwrap().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let mut left: Vec<_> =
            fs::read_dir(dir.path().join("keys")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["a", "b", "lock"]);
    }

    /// Cut off anywhere, it is all old or, from the one step on, all new.
    #[test]
    fn a_change_that_was_cut_off_is_undone_or_finished() {
        type Cut = fn(&Path);
        let cases: [(&str, Cut, [&str; 2]); 4] = [
            (
                "while files were written",
                |keys| fs::write(keys.join("next.tmp/half"), "x").unwrap(),
                ["old a", "old b"],
            ),
            (
                "right after the step",
                |keys| fs::rename(keys.join("next.tmp"), keys.join("next")).unwrap(),
                ["new a", "new b"],
            ),
            (
                "between two files",
                |keys| {
                    fs::rename(keys.join("next.tmp"), keys.join("next")).unwrap();
                    fs::rename(keys.join("next/a"), keys.join("a")).unwrap();
                },
                ["new a", "new b"],
            ),
            (
                "before the end",
                |keys| {
                    fs::rename(keys.join("next.tmp"), keys.join("next")).unwrap();
                    fs::rename(keys.join("next/a"), keys.join("a")).unwrap();
                    fs::rename(keys.join("next/b"), keys.join("b")).unwrap();
                },
                ["new a", "new b"],
            ),
        ];
        for (name, cut_off, expected) in cases {
            for reading in [true, false] {
                let dir = place();
                let held = Held::open(dir.path()).unwrap();
                held.prepare(&new()).unwrap();
                drop(held);
                cut_off(&dir.path().join("keys"));
                if reading {
                    at_rest(dir.path()).unwrap();
                } else {
                    Held::open(dir.path()).unwrap();
                    assert!(!dir.path().join("keys/next.tmp").exists(), "{name}");
                }
                assert_eq!(content(dir.path()), expected, "{name}");
                assert!(!dir.path().join("keys/next").exists(), "{name}");
            }
        }
    }

    /// Another name of the same file shows what became of its bytes.
    #[test]
    fn what_was_replaced_is_written_over() {
        let dir = place();
        fs::hard_link(dir.path().join("keys/a"), dir.path().join("kept")).unwrap();
        let held = Held::open(dir.path()).unwrap();
        held.prepare(&new()).unwrap().put().unwrap();
        assert_eq!(fs::read(dir.path().join("kept")).unwrap(), [0; 5]);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = place();
        let path = dir.path().join("keys/a");
        only_ours(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644, 0o610, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = only_ours(&path).unwrap_err().to_string();
            assert!(refused.contains("chmod 600") && refused.contains(&format!("{mode:o}")), "{refused}");
        }
        for mode in [0o600, 0o400, 0o700] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            only_ours(&path).unwrap();
        }
    }
}
