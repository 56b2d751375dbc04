//! The page of promises is made from the patches that break them, so that none is without a test that was seen to fail.

#![allow(clippy::disallowed_methods, reason = "a golden page is written on demand")]

use std::collections::BTreeSet;

use crate::root;

/// The promises by number, as their patches are numbered.
const PROMISES: [(char, &str); 9] = [
    ('1', "No release without a live grant for that person, app, purpose and item"),
    ('2', "No release before its fact is in a durable, signed head"),
    ('3', "Never more than asked for, granted, declared and necessary"),
    ('4', "A withdrawal holds, whatever happens at the same time"),
    ('5', "A partner out of standing gets nothing"),
    ('6', "No personal value outside the vault"),
    ('7', "Deletion is real"),
    ('8', "The log answers for itself"),
    ('9', "Refusing costs nothing"),
];

/// One line of the page: what is named `<number or subject>-<what goes wrong>.patch`.
struct Mutant {
    file: String,
    test: String,
    breaks: String,
}

fn mutants() -> Vec<Mutant> {
    let dir = std::fs::read_dir(root().join("tests/mutants")).unwrap();
    let mut paths: Vec<_> = dir.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mutant = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let test = lines.next().unwrap().strip_prefix("# test: ").expect("the first line names the test");
        let breaks = lines.next().unwrap().strip_prefix("# ").expect("the second says what is broken");
        let breaks = breaks.split_once(": ").map_or(breaks, |(_, what)| what);
        Mutant {
            file: path.file_name().unwrap().to_str().unwrap().to_owned(),
            test: test.rsplit(' ').next().unwrap().to_owned(),
            breaks: breaks.to_owned(),
        }
    };
    paths.into_iter().map(mutant).collect()
}

#[test]
fn every_promise_has_a_test_that_was_seen_to_fail_and_a_line_on_its_page() {
    let mutants = mutants();
    let of =
        |number: char| mutants.iter().filter(move |mutant| mutant.file.starts_with(&format!("{number}-")));
    let mut page = include_str!("promises-head.md").to_owned();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for (number, promise) in PROMISES {
        assert!(of(number).next().is_some(), "promise {number} has no patch in tests/mutants");
        for mutant in of(number) {
            page.push_str(&format!("| {number} | {promise} | `{}` | {} |\n", mutant.test, mutant.breaks));
            named.insert(&mutant.file);
        }
    }
    page.push_str("\n## Further guards\n\n| About | Test | Without its guard |\n|---|---|---|\n");
    for mutant in mutants.iter().filter(|mutant| !named.contains(mutant.file.as_str())) {
        let about = match mutant.file.starts_with("sign-in-") {
            true => "sign-in",
            false => mutant.file.split('-').next().unwrap(),
        };
        page.push_str(&format!("| {about} | `{}` | {} |\n", mutant.test, mutant.breaks));
    }
    let path = root().join("docs/PROMISES.md");
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page);
}
