//! Looks at the disk before anything is promised on it: that a file can be written and flushed, that locks hold, and
//! how long a flush takes. A disk that only says that it flushes is what no program can see for sure, so what looks
//! like one is said, and not refused: a controller with a battery is fast as well.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use yinuo_domain::Clock;

/// What the file begins with that is written and taken away again; the number of the process follows.
const FILE: &str = ".preflight";
/// As much as a small commit writes.
const PAGE: [u8; 4096] = [0x59; 4096];
/// How many flushes are timed.
const FLUSHES: usize = 9;
/// What no disk is faster than: a flush in less never left the memory of this machine.
const FAKE_BELOW_US: u64 = 20;
/// What makes every commit slow.
const SLOW_ABOVE_US: u64 = 50_000;

/// What was seen.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: PathBuf,
    /// The middle one of some flushes, in microseconds.
    flush_us: u64,
    /// What the directory is on, if that can be told.
    file_system: Option<String>,
}

/// Why nothing can be promised there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PreflightError {
    #[error("cannot write and flush in {}; the user who runs Yinuo must own it, and the disk must have room", dir.display())]
    Write {
        dir: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("locks do not hold in {}; put the data on a local file system", dir.display())]
    Locks { dir: PathBuf },
}

/// Looks at the disk that `dir` is on. Nothing stays behind.
pub(crate) fn look(dir: &Path, clock: &dyn Clock) -> Result<Disk, PreflightError> {
    let failed = |cause| PreflightError::Write { dir: dir.to_owned(), cause };
    let path = dir.join(format!("{FILE}-{}", std::process::id()));
    let looked = times(&path, clock).map_err(failed).and_then(|times| {
        if locks_hold(&path).map_err(failed)? {
            Ok(times)
        } else {
            Err(PreflightError::Locks { dir: dir.to_owned() })
        }
    });
    let removed = fs::remove_file(&path).map_err(failed);
    let mut times = looked?;
    removed?;
    times.sort_unstable();
    let flush_us = times.get(times.len() / 2).copied().unwrap_or(0);
    Ok(Disk { dir: dir.to_owned(), flush_us, file_system: file_system(dir) })
}

fn open(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// How long each of some flushes takes, in microseconds.
fn times(path: &Path, clock: &dyn Clock) -> io::Result<Vec<u64>> {
    let mut file = open(path)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let before = clock.monotonic();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(clock.monotonic().0.saturating_sub(before.0) / 1_000);
    }
    Ok(times)
}

/// A lock is worth something when a second one is refused.
fn locks_hold(path: &Path) -> io::Result<bool> {
    let (one, other) = (open(path)?, open(path)?);
    match one.try_lock() {
        Ok(()) => Ok(matches!(other.try_lock(), Err(TryLockError::WouldBlock))),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The type of the file system, from Linux's table of mounts.
fn file_system(dir: &Path) -> Option<String> {
    let dir = fs::canonicalize(dir).ok()?;
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mounts = table.lines().filter_map(|line| {
        let (mount, rest) = line.split_once(" - ")?;
        let place = mount.split(' ').nth(4)?;
        dir.starts_with(place).then_some((place.len(), rest.split(' ').next()?))
    });
    // The last of the deepest: a later mount hides an earlier one.
    mounts.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind.to_owned())
}

impl Disk {
    /// One line for whoever starts it.
    pub(crate) fn told(&self) -> String {
        let on = self.file_system.as_deref().map(|kind| format!("{kind}, ")).unwrap_or_default();
        format!("{on}a flush takes {}.{:03} ms", self.flush_us / 1_000, self.flush_us % 1_000)
    }

    /// What should be looked at, if anything: a code and a sentence.
    pub(crate) fn warnings(&self) -> Vec<(&'static str, String)> {
        let dir = self.dir.display();
        let kind = self.file_system.as_deref().unwrap_or("");
        let mut found = Vec::new();
        if matches!(kind, "tmpfs" | "ramfs") {
            found.push(("in-memory", format!("{dir} is on {kind}: it is gone when the machine stops")));
        } else if kind == "overlay" {
            let what = "is in the container's own layer: it goes with the container; mount a volume there";
            found.push(("in-container", format!("{dir} {what}")));
        } else if kind.starts_with("nfs")
            || matches!(kind, "cifs" | "smb3" | "9p")
            || kind.starts_with("fuse")
        {
            let what = "locks and flushes are what the other side makes of them; use a local disk";
            found.push(("network", format!("{dir} is on {kind}: {what}")));
        }
        if self.flush_us < FAKE_BELOW_US {
            let what = "no disk is that fast, unless its controller has a battery: \
                        after a power cut, what was promised may be missing";
            found.push(("flush-looks-fake", format!("a flush in {dir} takes {} µs; {what}", self.flush_us)));
        } else if SLOW_ABOVE_US < self.flush_us {
            let what = "each commit waits for one";
            found.push((
                "flush-is-slow",
                format!("a flush in {dir} takes {} ms; {what}", self.flush_us / 1_000),
            ));
        }
        found
    }

    /// Says the warnings on standard error.
    pub(crate) fn warn(&self) {
        self.warnings().iter().for_each(|(_, what)| eprintln!("yinuo: {what}"));
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let warnings: Vec<Value> =
            self.warnings().iter().map(|(code, what)| json!({ "code": code, "what": what })).collect();
        json!({
            "directory": self.dir.display().to_string(),
            "file_system": self.file_system,
            "flush_us": self.flush_us,
            "warnings": warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn a_directory_that_can_be_written_is_looked_at_and_nothing_stays() {
        let dir = tempfile::tempdir().unwrap();
        let disk = look(dir.path(), &SystemClock::new()).unwrap();
        assert!(disk.told().ends_with(" ms"), "{}", disk.told());
        assert!(disk.file_system.is_some());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_promised() {
        let dir = tempfile::tempdir().unwrap();
        let gone = look(&dir.path().join("nowhere"), &SystemClock::new()).unwrap_err();
        assert!(matches!(gone, PreflightError::Write { .. }), "{gone}");
        // Something that is no file stands where the file would be, which root is refused as well.
        fs::create_dir(dir.path().join(format!("{FILE}-{}", std::process::id()))).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
        assert!(look(dir.path(), &SystemClock::new()).is_err());
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_lock_that_is_held_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let held = open(&path).unwrap();
        assert!(locks_hold(&path).unwrap());
        held.try_lock().unwrap();
        assert!(!locks_hold(&path).unwrap());
    }

    #[test]
    fn what_looks_wrong_is_said() {
        let codes = |flush_us: u64, kind: &str| -> Vec<&'static str> {
            let disk = Disk { dir: "data".into(), flush_us, file_system: Some(kind.to_owned()) };
            disk.warnings().into_iter().map(|(code, _)| code).collect()
        };
        #[rustfmt::skip]
        let cases: [(u64, &str, &[&str]); 7] = [
            (800,    "ext4",    &[]),
            (20,     "xfs",     &[]),
            (19,     "ext4",    &["flush-looks-fake"]),
            (1,      "tmpfs",   &["in-memory", "flush-looks-fake"]),
            (60_000, "ext4",    &["flush-is-slow"]),
            (800,    "overlay", &["in-container"]),
            (800,    "nfs4",    &["network"]),
        ];
        for (flush_us, kind, expected) in cases {
            assert_eq!(codes(flush_us, kind), expected, "{flush_us} {kind}");
        }
    }
}
