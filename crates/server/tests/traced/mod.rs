//! What a program did to its files and its connections, as the kernel saw it: a record of `strace`, read back.
//!
//! A call is recorded before the program goes on, so whatever happened before something else stands before it.
#![allow(dead_code, unreachable_pub, clippy::disallowed_methods, reason = "not every test needs all of it")]

pub mod disk;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// The calls that are recorded.
const CALLS: &str = "trace=openat,pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2";

/// What stands before a program so that it is recorded there. Its process keeps its number.
pub fn under(record: &Path) -> Vec<String> {
    let words = ["strace", "-D", "-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", CALLS, "-o"];
    words.iter().map(|word| (*word).to_owned()).chain([record.display().to_string()]).collect()
}

/// A call, with the numbers of the lines at which it began and ended.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// The file, socket or name it is about; of a renaming the old name and the new one.
    pub of: Vec<String>,
    /// What was written.
    pub data: Vec<u8>,
    /// What stands behind all that: offsets, lengths, flags.
    pub rest: String,
    pub begun: usize,
    pub ended: usize,
}

impl Call {
    pub fn is_flush(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync")
    }

    /// The file or socket.
    pub fn on(&self) -> &str {
        self.of.first().map_or("", String::as_str)
    }

    pub fn is_sent(&self) -> bool {
        self.on().starts_with("socket:") && !self.is_flush()
    }

    /// The last number.
    pub fn number(&self) -> u64 {
        let digits = self.rest.rsplit([',', ' ']).find(|word| !word.is_empty()).unwrap_or("");
        digits.parse().unwrap_or_else(|_| panic!("no number in {:?} of {}", self.rest, self.name))
    }
}

/// Reads a record once the process has ended. Calls that failed are left out. In the order in which they ended.
pub fn read(record: &Path, pid: u32) -> Vec<Call> {
    let begun = Instant::now();
    let last = format!("{pid} ");
    let text = loop {
        let text = std::fs::read_to_string(record).unwrap_or_default();
        if text.lines().any(|line| line.starts_with(&last) && line.contains("+++ ")) {
            break text;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the record does not end: {}", text.len());
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut open: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, line)) = line.split_once(' ') else { continue };
        let line = line.trim_start();
        if let Some(begin) = line.strip_suffix(" <unfinished ...>") {
            open.insert(thread, (number, begin.to_owned()));
            continue;
        }
        let (begun, whole) = match line.strip_prefix("<... ") {
            Some(resumed) => {
                let Some((begun, begin)) = open.remove(thread) else { continue };
                let (_, end) = resumed.split_once(" resumed>").unwrap();
                (begun, begin + end)
            }
            None => (number, line.to_owned()),
        };
        calls.extend(call(&whole, begun, number));
    }
    calls
}

/// `name(arguments) = result`
fn call(line: &str, begun: usize, ended: usize) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') || result.starts_with('?') {
        return None;
    }
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let (mut of, mut data, mut rest) = (Vec::new(), Vec::new(), String::new());
    let mut left = arguments;
    while let Some(at) = left.find(['"', '<']) {
        rest.push_str(&left[..at]);
        let close = if left[at..].starts_with('"') { '"' } else { '>' };
        let (quoted, after) = left[at + 1..].split_once(close)?;
        let bytes = unhex(quoted);
        if close == '>'
            || matches!(name, "unlink" | "unlinkat" | "rename" | "renameat" | "renameat2" | "openat")
        {
            of.push(String::from_utf8_lossy(&bytes).into_owned());
        } else {
            data.extend(bytes);
        }
        left = after;
    }
    rest.push_str(left);
    Some(Call { name: name.to_owned(), of, data, rest, begun, ended })
}

fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|pair| u8::from_str_radix(pair.get(..2).unwrap(), 16).unwrap()).collect()
}
