//! What everything that is built in may be handed on under, and where it comes from.
//!
//! The same lists as `cargo deny check licenses bans sources` reads, from `deny.toml`, so that the check also
//! runs where `cargo-deny` is not installed.

use cargo_metadata::MetadataCommand;

use crate::{assert_none, root};

pub(crate) const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The parts of `deny.toml` that are checked here.
pub(crate) struct Deny {
    licences: Vec<String>,
    pub(crate) crates: Vec<String>,
}

/// A package as resolved. One without a source is of this workspace.
struct Resolved {
    name: String,
    licence: Option<String>,
    source: Option<String>,
}

#[test]
fn everything_built_in_is_licensed_and_comes_from_crates_io() {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("`cargo fetch --locked` has been run");
    let packages: Vec<_> = metadata
        .packages
        .into_iter()
        .map(|package| Resolved {
            name: package.name.to_string(),
            licence: package.license,
            source: package.source.map(|source| source.repr),
        })
        .collect();
    assert!(packages.iter().any(|package| package.source.is_some()));
    assert_none(&unfit(&deny(), &packages));
}

#[test]
fn an_unfit_package_is_reported() {
    let crates_io = Some(CRATES_IO);
    #[rustfmt::skip]
    let cases = [
        ("fine",    Some("MIT OR GPL-3.0-only"), crates_io,                     None),
        ("own",     Some("Apache-2.0"),          None,                          None),
        ("copy",    Some("GPL-3.0-only"),        crates_io,                     Some("copy: licence GPL-3.0-only")),
        ("none",    None,                        crates_io,                     Some("none: no licence")),
        ("away",    Some("MIT"),                 Some("git+https://a.example"), Some("away: from git+https://a.example")),
        ("openssl", Some("Apache-2.0"),          crates_io,                     Some("openssl: denied")),
    ];
    for (name, licence, source, expected) in cases {
        let made_up = Resolved {
            name: name.to_owned(),
            licence: licence.map(str::to_owned),
            source: source.map(str::to_owned),
        };
        assert_eq!(unfit(&deny(), &[made_up]), Vec::from_iter(expected), "{name}");
    }
}

#[test]
fn a_licence_expression_is_read_as_spdx_says() {
    let allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned);
    #[rustfmt::skip]
    let cases: &[(&str, bool)] = &[
        ("MIT",                                    true),
        ("MIT/Apache-2.0",                         true),
        ("GPL-2.0-only OR MIT",                    true),
        ("GPL-2.0-only AND MIT",                   false),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0",  true),
        ("MIT OR GPL-2.0-only AND Proprietary",    true),  // AND binds closer (SPDX annex D.4.5).
        ("(MIT OR Apache-2.0) AND GPL-2.0-only",   false),
        ("Apache-2.0 WITH LLVM-exception",         true),
        ("MIT WITH LLVM-exception",                false),
        ("(MIT",                                   false),
        ("MIT OR",                                 false),
        ("MIT MIT",                                false),
        ("",                                       false),
    ];
    for (expression, expected) in cases {
        assert_eq!(allowed(expression, &allow), *expected, "{expression}");
    }
}

fn unfit(deny: &Deny, packages: &[Resolved]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages {
        let name = &package.name;
        if deny.crates.contains(name) {
            found.push(format!("{name}: denied"));
        }
        match &package.licence {
            Some(licence) if allowed(licence, &deny.licences) => {}
            Some(licence) => found.push(format!("{name}: licence {licence}")),
            None => found.push(format!("{name}: no licence")),
        }
        if let Some(source) = package.source.as_deref().filter(|source| *source != CRATES_IO) {
            found.push(format!("{name}: from {source}"));
        }
    }
    found
}

pub(crate) fn deny() -> Deny {
    let table: toml::Table = std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let licences = table["licenses"]["allow"].as_array().unwrap();
    let crates = table["bans"]["deny"].as_array().unwrap();
    Deny {
        licences: licences.iter().map(|word| word.as_str().unwrap().to_owned()).collect(),
        crates: crates.iter().map(|entry| entry["crate"].as_str().unwrap().to_owned()).collect(),
    }
}

/// Whether an SPDX expression can be met with licences of `allow` alone. What cannot be read cannot be met.
fn allowed(expression: &str, allow: &[String]) -> bool {
    // Before SPDX, crates.io wrote a choice with a slash.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allow) == Some(true) && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let mut met = all_of(rest, allow)?;
    while take(rest, "OR") {
        met |= all_of(rest, allow)?;
    }
    Some(met)
}

fn all_of(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    let mut met = one(rest, allow)?;
    while take(rest, "AND") {
        met &= one(rest, allow)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str], allow: &[String]) -> Option<bool> {
    if take(rest, "(") {
        let met = any_of(rest, allow)?;
        return take(rest, ")").then_some(met);
    }
    let mut licence = next(rest)?.to_owned();
    if matches!(licence.as_str(), "AND" | "OR" | "WITH" | ")") {
        return None;
    }
    if take(rest, "WITH") {
        licence = format!("{licence} WITH {}", next(rest)?);
    }
    Some(allow.contains(&licence))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let found = rest.first() == Some(&word);
    if found {
        *rest = &rest[1..];
    }
    found
}

fn next<'a>(rest: &mut &[&'a str]) -> Option<&'a str> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(first)
}
