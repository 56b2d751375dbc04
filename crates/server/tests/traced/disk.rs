//! What a disk may hold after the power was cut, from a record of what a program wrote and flushed.
//!
//! A flush makes what was written to that file before it durable; the flush of a directory makes new, renamed and
//! removed names durable. Whatever was written and not flushed may be there, or not, or in part, sector by sector and
//! in any order: that is what POSIX promises, and less than what most file systems give.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Call;

/// What a disk writes at once.
const SECTOR: usize = 512;

/// What becomes of what was not flushed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unflushed {
    Gone,
    /// By this seed: some of it, some of that in part.
    Torn(u64),
}

enum Change {
    Write { at: usize, data: Vec<u8> },
    Length(usize),
}

struct Written {
    change: Change,
    begun: usize,
    ended: usize,
    /// The line at which a flush that covers it had ended.
    flushed: Option<usize>,
}

enum Naming {
    Made(PathBuf, usize),
    Removed(PathBuf),
    Renamed(PathBuf, PathBuf),
}

struct Named {
    naming: Naming,
    begun: usize,
    ended: usize,
    flushed: Option<usize>,
}

/// A directory and what happened to it.
pub struct Disk {
    base: BTreeMap<PathBuf, Vec<u8>>,
    files: Vec<Vec<Written>>,
    /// For each of the files at the beginning its number.
    first: BTreeMap<PathBuf, usize>,
    names: Vec<Named>,
    /// When flushes of files in the directory ended.
    pub flushes: Vec<usize>,
}

impl Disk {
    /// `base` is a copy of `dir` from before the record.
    pub fn new(base: &Path, dir: &Path, calls: &[Call]) -> Self {
        let base = files(base);
        let first: BTreeMap<PathBuf, usize> =
            base.keys().enumerate().map(|(number, path)| (path.clone(), number)).collect();
        let mut disk = Self {
            files: base.keys().map(|_| Vec::new()).collect(),
            base,
            names: Vec::new(),
            flushes: Vec::new(),
            first: first.clone(),
        };
        let mut now = first;
        let mut positions: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for call in calls {
            let inside = |name: Option<&String>| -> Option<PathBuf> {
                Some(Path::new(name?).strip_prefix(dir).ok()?.to_path_buf())
            };
            disk.call(call, &inside, &mut now, &mut positions);
        }
        disk
    }

    fn call(
        &mut self,
        call: &Call,
        inside: &dyn Fn(Option<&String>) -> Option<PathBuf>,
        now: &mut BTreeMap<PathBuf, usize>,
        positions: &mut BTreeMap<PathBuf, usize>,
    ) {
        // The last name of an opening is the file that was opened, with its whole path.
        let Some(path) = inside(if call.name == "openat" { call.of.last() } else { call.of.first() }) else {
            return;
        };
        // Memory that is shared, not a file of which anything must be kept; and a socket.
        if path.to_string_lossy().ends_with("-shm") {
            return;
        }
        let (begun, ended) = (call.begun, call.ended);
        let write = |disk: &mut Self, now: &BTreeMap<PathBuf, usize>, change: Change| {
            let number = *now.get(&path).unwrap_or_else(|| panic!("{path:?} was never opened: {call:?}"));
            disk.files[number].push(Written { change, begun, ended, flushed: None });
        };
        match call.name.as_str() {
            "openat" => {
                positions.insert(path.clone(), 0);
                if call.rest.contains("O_CREAT") && !now.contains_key(&path) {
                    let number = self.files.len();
                    self.files.push(Vec::new());
                    now.insert(path.clone(), number);
                    self.name(Naming::Made(path, number), call);
                } else if call.rest.contains("O_TRUNC") {
                    write(self, now, Change::Length(0));
                }
            }
            "pwrite64" => {
                let at = usize::try_from(call.number()).unwrap();
                write(self, now, Change::Write { at, data: call.data.clone() });
            }
            "write" | "writev" => {
                let at = positions.entry(path.clone()).or_default();
                let data = call.data.clone();
                let change = Change::Write { at: *at, data };
                *at += call.data.len();
                write(self, now, change);
            }
            "ftruncate" => write(self, now, Change::Length(usize::try_from(call.number()).unwrap())),
            "unlink" | "unlinkat" => {
                now.remove(&path);
                self.name(Naming::Removed(path), call);
            }
            "rename" | "renameat" | "renameat2" => {
                let to = inside(call.of.last()).unwrap();
                let number = now.remove(&path).unwrap();
                now.insert(to.clone(), number);
                self.name(Naming::Renamed(path, to), call);
            }
            "fsync" | "fdatasync" => match now.get(&path) {
                Some(number) => {
                    self.flushes.push(ended);
                    for written in self.files[*number].iter_mut().filter(|written| written.ended < begun) {
                        written.flushed.get_or_insert(ended);
                    }
                }
                // The directory itself.
                None => {
                    for named in self.names.iter_mut().filter(|named| named.ended < begun) {
                        named.flushed.get_or_insert(ended);
                    }
                }
            },
            _ => {}
        }
    }

    fn name(&mut self, naming: Naming, call: &Call) {
        self.names.push(Named { naming, begun: call.begun, ended: call.ended, flushed: None });
    }

    /// Puts into `to` what may be there when the power is cut just before line `cut`.
    pub fn image(&self, cut: usize, unflushed: Unflushed, to: &Path) {
        let mut fate = Fate { cut, unflushed, state: cut as u64 };
        let first = self.first.iter().map(|(path, number)| (path.as_path(), *number));
        let mut names: BTreeMap<&Path, usize> = first.collect();
        for named in self.names.iter().take_while(|named| named.begun < cut) {
            // Names are journalled: what is lost is the end of them.
            if !fate.keeps(named.flushed) {
                break;
            }
            match &named.naming {
                Naming::Made(path, number) => drop(names.insert(path, *number)),
                Naming::Removed(path) => drop(names.remove(path.as_path())),
                Naming::Renamed(from, to) => {
                    let number = names.remove(from.as_path());
                    names.extend(number.map(|number| (to.as_path(), number)));
                }
            }
        }
        let base: Vec<&Vec<u8>> = self.base.values().collect();
        for (path, number) in names {
            let mut bytes = base.get(number).map_or_else(Vec::new, |bytes| (*bytes).clone());
            for written in self.files[number].iter().filter(|written| written.begun < cut) {
                if fate.keeps(written.flushed) {
                    let whole = fate.is_whole(written.flushed);
                    written.change.apply(&mut bytes, &mut || whole || fate.even());
                }
            }
            let path = to.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            // Keys that others can read are not unlocked.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>, sector_is_kept: &mut dyn FnMut() -> bool) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Write { at, data } => {
                if bytes.len() < at + data.len() {
                    bytes.resize(at + data.len(), 0);
                }
                // Sectors are those of the file, not of the write.
                let mut done = 0;
                while done < data.len() {
                    let next = (SECTOR - (at + done) % SECTOR).min(data.len() - done);
                    if sector_is_kept() {
                        bytes[at + done..at + done + next].copy_from_slice(&data[done..done + next]);
                    }
                    done += next;
                }
            }
        }
    }
}

/// What becomes of each thing that was not flushed.
struct Fate {
    cut: usize,
    unflushed: Unflushed,
    state: u64,
}

impl Fate {
    fn keeps(&mut self, flushed: Option<usize>) -> bool {
        let flushed = flushed.is_some_and(|flushed| flushed < self.cut);
        match self.unflushed {
            _ if flushed => true,
            Unflushed::Gone => false,
            Unflushed::Torn(_) => self.even(),
        }
    }

    /// Whether all of it is there, if it is there at all.
    fn is_whole(&mut self, flushed: Option<usize>) -> bool {
        let flushed = flushed.is_some_and(|flushed| flushed < self.cut);
        flushed || self.even()
    }

    /// SplitMix64, by the cut and the seed.
    fn even(&mut self) -> bool {
        let seed = if let Unflushed::Torn(seed) = self.unflushed { seed } else { 0 };
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state ^ (seed << 48);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) & 1 == 0
    }
}

/// Every regular file below a directory.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_dir() {
                left.push(path);
            } else if kind.is_file() {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}
