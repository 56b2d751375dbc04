//! Whether the pages keep up with the code: every room and every noun has its line, links lead somewhere, and
//! nothing that is kept names the machine it was written on.

use std::collections::BTreeSet;

use crate::sources::{Source, read};
use crate::{ARROWS, assert_none, root};

/// Public types of `domain` that are not nouns of the field: how it is built, not what it is about.
const TECHNICAL: &[&str] =
    &["InvalidBytes", "InvalidId", "LocalText", "Monotonic", "RandomFailed", "Random", "Clock"];

/// Files that are read for what they say of the machine.
const KEPT: &[&str] =
    &["rs", "md", "toml", "sql", "html", "css", "js", "mjs", "json", "svg", "ftl", "cddl", "yml", "patch"];

#[test]
fn the_architecture_page_has_a_row_for_every_room() {
    assert_none(&roomless(&page("ARCHITECTURE.md")));
}

#[test]
fn the_glossary_has_every_noun_of_the_domain() {
    assert_none(&wordless(&page("crates/domain/src/lib.rs"), &page("docs/GLOSSARY.md")));
}

#[test]
fn every_line_of_the_glossary_is_whole_and_stands_once() {
    assert_none(&ragged(&page("docs/GLOSSARY.md")));
}

#[test]
fn links_between_pages_lead_somewhere() {
    let pages = read(".", &["md"]);
    assert!(pages.iter().any(|page| page.path.ends_with("README.md")));
    assert_none(&broken(&pages));
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let top = root().to_string_lossy().into_owned();
    assert_none(&homely(&read(".", KEPT), &top));
}

#[test]
fn a_missing_row_is_reported() {
    let all: String = ARROWS.iter().map(|(room, _)| format!("| `{room}` | a question |\n")).collect();
    assert_none(&roomless(&all));
    assert_eq!(roomless(&all.replace("| `vault` |", "| vault, some day |")), ["no row for `vault`"]);
}

#[test]
fn a_missing_word_is_reported() {
    let lib = "mod a;\npub use a::{Grant, InvalidId};\npub use b::Tag;\npub use c::{\n    Item,\n    ItemSet,\n};\n";
    let glossary = "| Grant (`Grant`) | 授权 | a | b |\n| Item (`Item`) | 项 | a | b |\n";
    assert_eq!(wordless(lib, glossary), ["no word for `ItemSet`", "no word for `Tag`"]);
}

#[test]
fn a_ragged_line_is_reported() {
    let head = "| Word | 中文 | Meaning | Source |\n|---|---|---|---|\n";
    assert_none(&ragged(&format!("{head}| grant | 授权 | what was agreed to | PIPL 14 |\n")));
    assert_eq!(ragged(&format!("{head}| grant |  | what was agreed to | PIPL 14 |\n")).len(), 1);
    assert_eq!(ragged(&format!("{head}| grant | 授权 | what was agreed to |\n")).len(), 1);
    assert_eq!(ragged(&format!("{head}{0}{0}", "| grant | 授权 | a | b |\n")).len(), 1);
    assert_eq!(ragged("no table at all\n").len(), 1);
}

#[test]
fn a_link_to_nothing_is_reported() {
    let page = |text: &str| [Source { path: "docs/a.md".to_owned(), text: text.to_owned() }];
    assert_none(&broken(&page(
        "[words](GLOSSARY.md#grant), [home](../README.md), [rfc](https://a.example/), [up](#top)",
    )));
    assert_eq!(broken(&page("[gone](no-such-page.md)")), ["docs/a.md: no no-such-page.md"]);
    assert_eq!(broken(&page("![gone](no-such-picture.svg)")), ["docs/a.md: no no-such-picture.svg"]);
    assert_eq!(
        broken(&page("[out](../../elsewhere/a.md)")),
        ["docs/a.md: ../../elsewhere/a.md leads out of the checkout"]
    );
}

#[test]
fn the_name_of_a_machine_is_reported() {
    let page = |text: String| [Source { path: "docs/a.md".to_owned(), text }];
    let home = format!("{}{}", "/ho", "me/someone/yinuo");
    assert_eq!(homely(&page(format!("see {home}/a.rs")), "/build/it").len(), 1);
    assert_eq!(homely(&page("see /build/it/a.rs".to_owned()), "/build/it").len(), 1);
    assert_none(&homely(&page("see https://a.example/build/items".to_owned()), "/build/it"));
    assert_none(&homely(&page("see /usr/share/doc".to_owned()), "/build/it"));
}

fn roomless(page: &str) -> Vec<String> {
    ARROWS
        .iter()
        .filter(|(room, _)| !page.lines().any(|line| line.starts_with(&format!("| `{room}` |"))))
        .map(|(room, _)| format!("no row for `{room}`"))
        .collect()
}

fn wordless(lib: &str, glossary: &str) -> Vec<String> {
    let said: BTreeSet<&str> =
        glossary.lines().filter(|line| line.starts_with("| ")).flat_map(quoted).collect();
    published(lib)
        .into_iter()
        .filter(|name| !TECHNICAL.contains(&name.as_str()) && !said.contains(name.as_str()))
        .map(|name| format!("no word for `{name}`"))
        .collect()
}

/// The names in `pub use room::{…};`, in alphabetical order.
fn published(lib: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for statement in lib.split(';').filter_map(|part| part.split_once("pub use ").map(|(_, rest)| rest)) {
        let list =
            statement.rsplit_once("::{").or(statement.rsplit_once("::")).map_or(statement, |(_, list)| list);
        names
            .extend(list.split([',', '}']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    }
    assert!(!names.is_empty());
    names
}

/// What stands between backticks in the first cell of a row.
fn quoted(row: &str) -> impl Iterator<Item = &str> {
    row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2)
}

fn ragged(glossary: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for row in glossary.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Word |")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() != 4 || cells.iter().any(|cell| cell.is_empty()) {
            found.push(format!("not four cells: {row}"));
        }
        if !seen.insert(cells[0]) {
            found.push(format!("stands twice: {}", cells[0]));
        }
    }
    if seen.is_empty() {
        found.push("no words".to_owned());
    }
    found
}

fn broken(pages: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for Source { path, text } in pages {
        let here: Vec<&str> = path.split('/').rev().skip(1).filter(|part| *part != ".").collect();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains(':') {
                continue;
            }
            let mut place: Vec<&str> = here.iter().rev().copied().collect();
            let inside = file.split('/').all(|part| match part {
                ".." => place.pop().is_some(),
                "." | "" => true,
                part => {
                    place.push(part);
                    true
                }
            });
            if !inside {
                found.push(format!("{path}: {target} leads out of the checkout"));
            } else if !root().join(place.join("/")).exists() {
                found.push(format!("{path}: no {target}"));
            }
        }
    }
    found
}

/// `top` is where this checkout stands.
fn homely(kept: &[Source], top: &str) -> Vec<String> {
    // In two parts, so that this file does not report itself.
    let homes = ["home", "Users", "root"].map(|home| format!("/{home}/"));
    let mut found = Vec::new();
    for Source { path, text } in kept {
        // A path begins after a space, a quote or a bracket; a part of a URL does not.
        let begins = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "./-_~}".contains(c));
        let ends = |at: usize| !text[at..].starts_with(|c: char| c.is_alphanumeric() || "-_".contains(c));
        let says = |word: &str| text.match_indices(word).any(|(at, _)| begins(at));
        let says_top = 1 < top.matches('/').count()
            && text.match_indices(top).any(|(at, _)| begins(at) && ends(at + top.len()));
        if says_top || homes.iter().any(|home| says(home)) {
            found.push(format!("{path}: names the machine it was written on"));
        }
    }
    found
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
