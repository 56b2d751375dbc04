//! What the sources may say, and where.
//!
//! Read as text, tests and comments aside: a word stands or it does not. `clippy.toml` forbids the calls that go
//! round these words by an alias; here stands who is excepted.

use std::path::Path;

use crate::{assert_none, root};

/// A file of a room: its path from the top of the checkout, and its text.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is kept to certain places: words that mean it, the paths that may say them, and why.
struct Kept {
    what: &'static str,
    words: &'static [&'static str],
    inside: &'static [&'static str],
}

#[rustfmt::skip]
const KEPT: &[Kept] = &[
    // A permit exists only after the commit that recorded it (promise 2).
    Kept { what: "making a permit",      words: &["yinuo_core::commit", "commit::release", "commit::view"], inside: &["crates/core/src/", "crates/ledger/src/"] },
    // A person's own values, without a permit. The one caller in `service` is counted below.
    Kept { what: "opening one's own",    words: &["open_own"],                              inside: &["crates/vault/src/", "crates/service/src/"] },
    // Somebody of the platform looks: with a permit, which exists only after the look was recorded, and in one file.
    Kept { what: "looking at a person",  words: &["open_view"],                             inside: &["crates/vault/src/", "crates/service/src/find.rs"] },
    // A partner's key is the partner's: `client.rs` is its side of the protocol, for the sample partner and tests.
    Kept { what: "signing",              words: &["SigningKey", "SecretKey"],               inside: &["crates/vault/src/", "crates/oauth/src/client.rs"] },
    // The sample partner and the witness are somebody else's programs, with answers of their own.
    Kept { what: "picking a status",     words: &["StatusCode"],                            inside: &["crates/web/src/", "crates/server/src/partner/", "crates/server/src/witness/"] },
    Kept { what: "reading a clock",      words: &["SystemTime::now", "Instant::now"],       inside: &["crates/server/src/clock.rs"] },
    Kept { what: "randomness",           words: &["getrandom", "OsRng", "SysRng", "thread_rng"], inside: &["crates/server/src/random.rs"] },
    // `demo` asks for its own path, to start the sample partner as a process of its own.
    Kept { what: "reading settings",     words: &["std::env", "env::var", "env::args"],     inside: &["crates/server/src/environment.rs", "crates/server/src/demo/mod.rs"] },
    Kept { what: "lifting the ban on clocks, randomness and settings", words: &["disallowed_methods"],
           inside: &["crates/server/src/clock.rs", "crates/server/src/random.rs", "crates/server/src/environment.rs", "crates/server/src/demo/mod.rs"] },
    Kept { what: "files and network",    words: &["std::fs", "std::net", "std::process", "rusqlite"], inside: &["crates/ledger/src/", "crates/witness/src/", "crates/server/src/"] },
    // Nobody proves anything to a directory: the demonstration has one, and nothing else may.
    Kept { what: "the demonstration's directory", words: &["SignIn::Directory"],           inside: &["crates/server/src/demo/", "crates/service/src/sign_in/"] },
    Kept { what: "giving up",            words: &["todo!", "unimplemented!", "TODO", "FIXME"], inside: &[] },
    Kept { what: "lifting a lint",       words: &["clippy::unwrap_used", "clippy::expect_used", "clippy::panic", "clippy::indexing_slicing"], inside: &[] },
];

/// Rooms without waiting: the same inputs give the same answer at once.
const SYNCHRONOUS: &[&str] = &["domain", "rules", "core", "tlog", "oauth", "vault"];

/// Words that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

/// Longer than this and a file holds two subjects. Tables of cases may be longer.
const LINES_MAX: usize = 600;

#[test]
fn what_is_kept_to_a_place_is_said_nowhere_else() {
    assert_none(&out_of_place(&sources()));
}

#[test]
fn the_vault_is_opened_for_a_person_in_one_place_at_most() {
    assert_none(&opened_twice(&sources()));
}

#[test]
fn rooms_below_the_ledger_do_not_wait() {
    assert_none(&waiting(&sources()));
}

#[test]
fn every_module_says_what_it_holds() {
    assert_none(&unannounced(&sources()));
}

#[test]
fn a_file_has_a_subject_and_one_only() {
    assert_none(&shapeless(&sources()));
}

#[test]
fn every_room_has_the_lints_of_the_workspace() {
    let manifests: Vec<_> =
        read("crates", &["toml"]).into_iter().filter(|file| file.path.ends_with("/Cargo.toml")).collect();
    assert!(!manifests.is_empty());
    assert_none(&unlinted(&manifests));
}

#[test]
fn a_word_out_of_place_is_reported() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str)] = &[
        ("crates/service/src/disclose.rs", "let permit = yinuo_core::commit::release(pending);",  "making a permit"),
        ("crates/vault/src/open.rs",       "use yinuo_core::{Permit, commit};",                   "making a permit"),
        ("crates/vault/src/open.rs",       "use yinuo_core::{\n    Permit,\n    commit as c,\n};",     "making a permit"),
        ("crates/web/src/centre.rs",       "vault.open_own(&keys)",                               "opening one's own"),
        ("crates/service/src/centre.rs",   "vault.open_view(permit, &keys)",                      "looking at a person"),
        ("crates/service/src/find.rs",     "commit::view(pending, void_at)",                      "making a permit"),
        ("crates/tlog/src/note.rs",        "use ed25519_dalek::SigningKey;",                      "signing"),
        ("crates/service/src/errors.rs",   "StatusCode::FORBIDDEN",                               "picking a status"),
        ("crates/core/src/decide.rs",      "let now = std::time::SystemTime::now();",             "reading a clock"),
        ("crates/server/src/demo.rs",      "let start = Instant::now();",                         "reading a clock"),
        ("crates/vault/src/random.rs",     "getrandom::fill(out)",                                "randomness"),
        ("crates/ledger/src/settings.rs",  "std::env::var(\"A\")",                                "reading settings"),
        ("crates/rules/src/pack.rs",       "std::fs::read(path)",                                 "files and network"),
        ("crates/server/src/serve.rs",     "sign_in: SignIn::Directory(people)",                  "the demonstration's directory"),
        ("crates/web/src/page.rs",         "todo!()",                                             "giving up"),
        ("crates/web/src/page.rs",         "#![allow(clippy::unwrap_used)]",                      "lifting a lint"),
    ];
    for (path, text, what) in cases {
        let found = out_of_place(&[made_up(path, text)]);
        assert!(found.len() == 1 && found[0].starts_with(&format!("{path}:1: {what}")), "{path}: {found:?}");
    }
}

#[test]
fn a_word_in_its_place_in_a_comment_or_in_a_test_is_not() {
    #[rustfmt::skip]
    let cases: &[(&str, &str)] = &[
        ("crates/ledger/src/sequencer.rs", "use yinuo_core::{Permit, commit};\nlet permit = commit::release(pending);"),
        ("crates/ledger/src/sqlite.rs",    "transaction.commit()?;"),
        ("crates/service/src/disclose.rs", "use yinuo_core::{\n    Permit,\n};\ntransaction.commit()?;"),
        ("crates/service/src/centre.rs",   "self.vault.open_own(&keys)"),
        ("crates/web/src/problem.rs",      "StatusCode::FORBIDDEN"),
        ("crates/core/src/permit.rs",      "/// Not `SystemTime::now`, which is an argument."),
        ("crates/tlog/src/note.rs",        "#[cfg(test)]\nmod tests {\n    use ed25519_dalek::SigningKey;\n}\n"),
        ("crates/tlog/src/note/tests.rs",  "use ed25519_dalek::SigningKey;"),
        ("crates/server/src/main.rs",      "env!(\"CARGO_PKG_VERSION\")"),
        ("crates/web/src/page.rs",         "MyStatusCodes"),
    ];
    for (path, text) in cases {
        assert_none(&out_of_place(&[made_up(path, text)]));
    }
}

#[test]
fn what_stands_after_the_tests_is_read_too() {
    let text = "#[cfg(test)]\nmod tests {\n    fn a() {}\n}\n\nfn b() { SystemTime::now() }\n";
    assert_eq!(out_of_place(&[made_up("crates/core/src/a.rs", text)]).len(), 1);
    let text = "#[cfg(test)]\nmod tests;\nfn b() { SystemTime::now() }\n";
    assert_eq!(out_of_place(&[made_up("crates/core/src/a.rs", text)]).len(), 1);
}

#[test]
fn a_second_opening_is_reported() {
    let one = made_up("crates/service/src/centre.rs", "//! Calls `open_own`.\nvault.open_own(a)");
    let other = made_up("crates/service/src/support.rs", "vault.open_own(a)");
    assert_none(&opened_twice(std::slice::from_ref(&one)));
    assert_eq!(opened_twice(&[one.clone(), other]).len(), 2);
    assert_eq!(
        opened_twice(&[made_up("crates/service/src/a.rs", "vault.open_own(a);\nvault.open_own(b);")]).len(),
        2
    );
}

#[test]
fn a_misshapen_file_is_reported() {
    let long = "//! Long.\n".repeat(LINES_MAX + 1);
    assert_eq!(waiting(&[made_up("crates/vault/src/a.rs", "async fn open() {}")]).len(), 1);
    assert_eq!(waiting(&[made_up("crates/core/src/a.rs", "let a = b.await;")]).len(), 1);
    assert_none(&waiting(&[made_up("crates/service/src/a.rs", "async fn open() {}")]));
    assert_eq!(unannounced(&[made_up("crates/core/src/a.rs", "use std::fmt;\n//! Late.")]).len(), 1);
    assert_none(&unannounced(&[made_up("crates/core/src/a.rs", "//! Early.\nuse std::fmt;")]));
    assert_eq!(shapeless(&[made_up("crates/core/src/utils.rs", "//! All sorts.")]).len(), 1);
    assert_eq!(shapeless(&[made_up("crates/core/tests/common/mod.rs", "//! All sorts.")]).len(), 1);
    assert_eq!(shapeless(&[made_up("crates/core/src/a.rs", &long)]).len(), 1);
    assert_eq!(unlinted(&[made_up("crates/core/Cargo.toml", "[package]\nname = \"yinuo-core\"")]).len(), 1);
    assert_eq!(unlinted(&[made_up("crates/core/Cargo.toml", "[lints]\nworkspace = false")]).len(), 1);
    assert_none(&unlinted(&[made_up("crates/core/Cargo.toml", "[lints]\nworkspace = true")]));
}

fn made_up(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn out_of_place(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| in_a_room(source)) {
        let lines = said(&source.text);
        for Kept { what, words, inside } in KEPT {
            if inside.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            for (number, line) in &lines {
                if words.iter().any(|word| names(line, word)) {
                    found.push(format!("{}:{number}: {what} is not for this file", source.path));
                }
            }
            if words.contains(&"yinuo_core::commit") {
                let imported = imports_of_commit(&lines).into_iter();
                found.extend(
                    imported.map(|number| format!("{}:{number}: {what} is not for this file", source.path)),
                );
            }
        }
    }
    found
}

/// Where `use yinuo_core::{…, commit, …};` begins, on one line or on several.
fn imports_of_commit(lines: &[(usize, &str)]) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let Some((_, first)) = line.split_once("yinuo_core::{") else { continue };
        let rest = lines[at + 1..].iter().map(|(_, line)| *line);
        let text = std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n");
        if names(text.split(';').next().unwrap_or_default(), "commit") {
            found.push(*number);
        }
    }
    found
}

fn opened_twice(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in
        sources.iter().filter(|source| source.path.starts_with("crates/service/src/") && in_a_room(source))
    {
        for (number, line) in said(&source.text) {
            if names(line, "open_own") {
                found
                    .push(format!("{}:{number}: opens for a person, and so does another place", source.path));
            }
        }
    }
    if found.len() < 2 { Vec::new() } else { found }
}

fn waiting(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| in_a_room(source)) {
        if !SYNCHRONOUS.iter().any(|room| source.path.starts_with(&format!("crates/{room}/"))) {
            continue;
        }
        for (number, line) in said(&source.text) {
            if names(line, "async") || names(line, "await") {
                found.push(format!("{}:{number}: this room does not wait", source.path));
            }
        }
    }
    found
}

fn unannounced(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| in_a_room(source) && !source.text.starts_with("//! "))
        .map(|source| format!("{}: does not open with what it holds", source.path))
        .collect()
}

fn shapeless(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let Source { path, text } = source;
        let empty = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"));
        if path.split('/').any(empty) {
            found.push(format!("{path}: the name says nothing"));
        }
        if in_a_room(source) && LINES_MAX < text.lines().count() {
            found.push(format!("{path}: more than {LINES_MAX} lines"));
        }
    }
    found
}

fn unlinted(manifests: &[Source]) -> Vec<String> {
    let inherits = |text: &str| {
        let table: toml::Table = text.parse().unwrap();
        table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
            == Some(true)
    };
    manifests
        .iter()
        .filter(|manifest| !inherits(&manifest.text))
        .map(|manifest| format!("{}: without the lints of the workspace", manifest.path))
        .collect()
}

/// Whether the file is built into a room, rather than a test of it.
fn in_a_room(source: &Source) -> bool {
    let parts: Vec<&str> = source.path.split('/').collect();
    parts.get(2) == Some(&"src") && !parts.iter().any(|part| matches!(*part, "tests" | "tests.rs"))
}

/// The lines that are neither comments nor an inline `mod tests`, with their numbers.
fn said(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let (mut tests_next, mut in_tests) = (false, false);
    for (number, line) in (1..).zip(text.lines()) {
        if in_tests {
            // The formatter puts the closing brace of a module at the start of its line.
            in_tests = line != "}";
            continue;
        }
        in_tests = tests_next && line.starts_with("mod ") && line.ends_with('{');
        tests_next = line == "#[cfg(test)]";
        if !in_tests && !line.trim_start().starts_with("//") {
            lines.push((number, line));
        }
    }
    lines
}

/// Whether `line` says `word`, and not merely a longer one.
fn names(line: &str, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(letter) && !line[at + word.len()..].starts_with(letter))
}

/// Every Rust file of every room, tests included.
fn sources() -> Vec<Source> {
    let sources = read("crates", &["rs"]);
    assert!(sources.iter().any(|source| source.path == "crates/domain/src/lib.rs"));
    sources
}

/// Every file below `place` with one of these endings, in the order of their paths.
pub(crate) fn read(place: &str, endings: &[&str]) -> Vec<Source> {
    let top = root();
    let mut found = Vec::new();
    let mut open = vec![top.join(place)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                // Not ours, or not kept.
                if !matches!(name.as_str(), "target" | "node_modules" | ".git" | "yinuo-data") {
                    open.push(path);
                }
            } else if endings.iter().any(|ending| name.rsplit('.').next() == Some(*ending)) {
                found.push(Source { path: from(&top, &path), text: lossy(&path) });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn from(top: &Path, path: &Path) -> String {
    path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/")
}

fn lossy(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}
