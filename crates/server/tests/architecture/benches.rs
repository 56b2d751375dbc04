//! The measurements are outside the workspace, with a lock file of their own: whether they measure what is built, and whether
//! what they bring in may be there. Their licences are read where `cargo-deny` is installed; nothing of theirs is handed on.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use crate::licences::{CRATES_IO, deny};
use crate::{assert_none, root};

/// The versions of each package that a lock file names, and where it is from.
type Locked = BTreeMap<String, BTreeSet<(String, Option<String>)>>;

#[test]
fn what_is_measured_is_built_as_what_is_run() {
    let (workspace, benches) = (table("Cargo.toml"), table("benches/Cargo.toml"));
    assert_eq!(benches["profile"]["release"], workspace["profile"]["release"]);
    assert_none(&other_versions(&benches, &locked("Cargo.lock"), &locked("benches/Cargo.lock")));
}

#[test]
fn measurements_bring_in_nothing_that_is_denied() {
    assert_none(&unfit(&deny().crates, &locked("benches/Cargo.lock")));
}

#[test]
fn another_version_is_reported() {
    let benches: Table =
        "[dependencies]\ntokio = \"1\"\ncedar-policy = \"4\"\nyinuo-core = { path = \"..\" }\n"
            .parse()
            .unwrap();
    let lock = |version: &str| made_up("tokio", version, CRATES_IO);
    assert_none(&other_versions(&benches, &lock("1.2.3"), &lock("1.2.3")));
    assert_eq!(
        other_versions(&benches, &lock("1.2.3"), &lock("1.2.4")),
        ["tokio: another version than in the workspace"]
    );
}

#[test]
fn something_denied_is_reported() {
    let denied = ["openssl".to_owned()];
    assert_none(&unfit(&denied, &made_up("tokio", "1.2.3", CRATES_IO)));
    assert_eq!(unfit(&denied, &made_up("openssl", "0.10.0", CRATES_IO)), ["openssl: denied"]);
    let away = "git+https://a.example";
    assert_eq!(unfit(&denied, &made_up("tokio", "1.2.3", away)), ["tokio: from git+https://a.example"]);
}

/// The libraries that the measurements name and the workspace has too, in another version.
fn other_versions(benches: &Table, workspace: &Locked, measured: &Locked) -> Vec<String> {
    let named = benches["dependencies"].as_table().unwrap().keys();
    let differ = named.filter(|name| match (workspace.get(*name), measured.get(*name)) {
        (Some(here), Some(there)) => here.is_disjoint(there),
        // Only there, and so of no room.
        (None, _) | (_, None) => false,
    });
    differ.map(|name| format!("{name}: another version than in the workspace")).collect()
}

fn unfit(denied: &[String], measured: &Locked) -> Vec<String> {
    let mut found = Vec::new();
    for (name, versions) in measured {
        if denied.contains(name) {
            found.push(format!("{name}: denied"));
        }
        for source in versions.iter().filter_map(|(_, source)| source.as_deref()) {
            if source != CRATES_IO {
                found.push(format!("{name}: from {source}"));
            }
        }
    }
    found
}

fn table(file: &str) -> Table {
    std::fs::read_to_string(root().join(file)).unwrap().parse().unwrap()
}

fn locked(file: &str) -> Locked {
    let table = table(file);
    let text = |package: &toml::Value, member: &str| package.get(member)?.as_str().map(str::to_owned);
    let mut locked = Locked::new();
    for package in table["package"].as_array().unwrap() {
        let version = (text(package, "version").unwrap(), text(package, "source"));
        locked.entry(text(package, "name").unwrap()).or_default().insert(version);
    }
    locked
}

fn made_up(name: &str, version: &str, source: &str) -> Locked {
    Locked::from([(name.to_owned(), BTreeSet::from([(version.to_owned(), Some(source.to_owned()))]))])
}
