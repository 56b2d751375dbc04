//! `yinuo check`: each rule has its mistakes, which break that rule and no other, and what is said of them is kept in
//! all three formats.
//!
//! `tests/check/mistakes/<rule>.toml` changes `examples/platform/good` in a few places.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    reason = "whether golden files are written anew is asked of the environment"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::Value;
use yinuo_rules::Rule;

/// What is changed in the good platform.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistakes {
    #[serde(default)]
    change: Vec<Change>,
    #[serde(default)]
    add: Vec<Add>,
    #[serde(default)]
    remove: Vec<Remove>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    file: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    file: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remove {
    file: String,
}

#[test]
fn every_rule_has_its_mistakes_and_they_break_that_rule_alone() {
    let mut texts = BTreeMap::from([("en", String::new()), ("zh", String::new())]);
    let (mut lines, mut results) = (String::new(), String::new());
    for rule in Rule::EVERY {
        let dir = mistaken(rule.id());
        for (language, text) in &mut texts {
            let said = run(dir.path(), &["check", "platform", "--lang", language]);
            assert_eq!(said.status.code(), Some(1), "{}", rule.id());
            text.push_str(&format!("# {}\n{}\n", rule.id(), stdout(&said)));
        }
        let json = stdout(&run(dir.path(), &["check", "platform", "--json"]));
        let report: Value = serde_json::from_str(&json).unwrap();
        let broken: BTreeSet<_> =
            report["problems"].as_array().unwrap().iter().map(|p| p["rule"].as_str().unwrap()).collect();
        assert_eq!(broken, BTreeSet::from([rule.id()]), "{json}");
        lines.push_str(&json);

        let sarif: Value =
            serde_json::from_str(&stdout(&run(dir.path(), &["check", "platform", "--sarif"]))).unwrap();
        assert_is_sarif(&sarif);
        let found = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(found.len(), report["problems"].as_array().unwrap().len());
        results.push_str(&format!("{}\n", serde_json::to_string(found).unwrap()));
    }
    golden("en.txt", &texts["en"]);
    golden("zh.txt", &texts["zh"]);
    golden("problems.jsonl", &lines);
    golden("results.sarif.jsonl", &results);
}

#[test]
fn no_mistakes_are_kept_for_a_rule_that_is_gone() {
    for file in std::fs::read_dir(here().join("mistakes")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let rule = name.strip_suffix(".toml").unwrap();
        assert!(Rule::EVERY.iter().any(|known| known.id() == rule), "{name}");
    }
}

#[test]
fn the_examples_are_clean_or_refused_for_the_right_reason() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        ("good",             &[]),
        ("annual-bill",      &["bundled-function", "one-recipient", "consent-only"]),
        ("greedy-courier",   &["not-necessary", "others-information", "not-necessary", "bundled-function"]),
        ("phone-restaurant", &["scan-to-consume"]),
        ("../../crates/server/src/demo/platform", &[]),
    ];
    let examples = root().join("examples/platform");
    let mut said = String::new();
    for (name, rules) in cases {
        let output = run(&examples, &["check", name, "--json"]);
        let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let broken: Vec<_> =
            report["problems"].as_array().unwrap().iter().map(|p| p["rule"].as_str().unwrap()).collect();
        assert_eq!(broken, *rules, "{name}");
        assert_eq!(report["ok"], Value::Bool(rules.is_empty()));
        assert_eq!(output.status.code(), Some(i32::from(!rules.is_empty())), "{name}");
        for language in ["en", "zh"] {
            said.push_str(&stdout(&run(&examples, &["check", name, "--lang", language])));
        }
    }
    golden("examples.txt", &said);
    golden(
        "annual-bill.sarif",
        &stdout(&run(&examples, &["check", "annual-bill", "--sarif", "--lang", "zh"])),
    );
}

#[test]
fn what_cannot_be_checked_is_said_with_its_own_code() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in ["nowhere", "."] {
        let output = run(dir.path(), &["check", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(stdout(&output).is_empty() && !output.stderr.is_empty(), "{wrong}");
    }
}

#[test]
fn colours_are_for_terminals_and_the_language_is_the_terminals() {
    let examples = root().join("examples/platform");
    let output = run(&examples, &["check", "phone-restaurant", "--lang", "en"]);
    assert!(!stdout(&output).contains('\u{1b}'));
    let said = |locale: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
        command.args(["check", "good"]).current_dir(&examples).env("LC_ALL", locale);
        stdout(&command.output().unwrap())
    };
    assert_eq!(said("zh_CN.UTF-8"), "没有发现问题。\n");
    assert_eq!(said("C.UTF-8"), "No problems.\n");
}

#[test]
fn a_new_key_fits_into_an_app_and_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(dir.path(), &["client", "key", "new", "key.jwk"]);
    assert_eq!(made.status.code(), Some(0));
    let set: Value = serde_json::from_str(&stdout(&made)).unwrap();
    let key = set["keys"][0].as_object().unwrap();
    assert!(!key.contains_key("d"), "{set}");
    let members = key.iter().map(|(name, value)| format!("{name} = {value}\n"));
    let public = format!("[[keys]]\n{}", members.collect::<String>());
    let platform = mistaken_by(&Mistakes { change: Vec::new(), add: Vec::new(), remove: Vec::new() });
    let file = platform.path().join("platform/apps/crane-video.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, rest) = text.split_once("[[keys]]").unwrap();
    let (_, items) = rest.split_once("[[items]]").unwrap();
    std::fs::write(&file, format!("{head}{public}\n[[items]]{items}")).unwrap();
    assert_eq!(stdout(&run(platform.path(), &["check", "platform", "--lang", "en"])), "No problems.\n");

    let before = std::fs::read(dir.path().join("key.jwk")).unwrap();
    assert_eq!(run(dir.path(), &["client", "key", "new", "key.jwk"]).status.code(), Some(2));
    assert_eq!(std::fs::read(dir.path().join("key.jwk")).unwrap(), before);
}

/// The reference of the files is made from the tables that the reader itself goes by.
#[test]
fn the_reference_names_every_key_and_every_rule() {
    let mut page = String::from(include_str!("check/platform-head.md"));
    for keys in yinuo_rules::platform::keys::EVERY {
        let table = if keys.table.is_empty() { String::new() } else { format!(", `{}`", keys.table) };
        page.push_str(&format!("\n### `{}`{table}\n\n", keys.file));
        page.push_str("| Key | Holds | Must be there | Meaning | Asked for by |\n|---|---|---|---|---|\n");
        for key in keys.keys {
            let must = if key.required { "yes" } else { "" };
            let (holds, meaning) = (key.holds.name().1.replace('|', "\\|"), key.meaning.1);
            page.push_str(&format!("| `{}` | {holds} | {must} | {meaning} | {} |\n", key.name, key.article));
        }
    }
    page.push_str(include_str!("check/platform-rules.md"));
    page.push_str("\n| Rule | What is wrong | Asked for by |\n|---|---|---|\n");
    for rule in Rule::EVERY {
        page.push_str(&format!("| `{}` | {} | {} |\n", rule.id(), rule.title().en, rule.article()));
    }
    let path = root().join("docs/PLATFORM.md");
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page);
}

/// SARIF 2.1.0: what §3.13 to §3.30 and §3.49 require of the objects that are written, and that results fit the rules.
#[track_caller]
fn assert_is_sarif(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert!(["unicodeCodePoints", "utf16CodeUnits"].contains(&run["columnKind"].as_str().unwrap()));
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "yinuo");
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "§3.49.3: ids are unique");
    for rule in rules {
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
        assert_eq!(rule["defaultConfiguration"]["level"], "error");
    }
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "§3.27.6");
        assert_eq!(result["level"], "error");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("platform/") && uri.bytes().all(|b| b.is_ascii_graphic()), "{uri}");
        let number = |name: &str| place["region"][name].as_u64().unwrap();
        let (from, to) =
            ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
        assert!((1, 1) <= from && from <= to, "§3.30: {from:?} {to:?}");
    }
}

/// The good platform with a rule's mistakes, as `platform` in a directory of its own.
fn mistaken(rule: &str) -> tempfile::TempDir {
    let file = here().join("mistakes").join(format!("{rule}.toml"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{} is missing", file.display()));
    mistaken_by(&toml::from_str(&text).unwrap_or_else(|error| panic!("{rule}: {error}")))
}

fn mistaken_by(mistakes: &Mistakes) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let platform = dir.path().join("platform");
    copy(&root().join("examples/platform/good"), &platform);
    for Change { file, from, to } in &mistakes.change {
        let path = platform.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from.as_str()).count(), 1, "{file} has it once: {from}");
        std::fs::write(&path, text.replace(from.as_str(), to)).unwrap();
    }
    for Add { file, text } in &mistakes.add {
        let path = platform.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let notice = |language: &str| {
            std::fs::read(platform.join(format!("notices/crane-video/1.{language}.md"))).unwrap()
        };
        let bytes = match text.as_str() {
            "<<ff fe>>" => vec![0xff, 0xfe],
            "@@crane.zh" => notice("zh"),
            "@@crane.en" => notice("en"),
            text => text.as_bytes().to_vec(),
        };
        std::fs::write(path, bytes).unwrap();
    }
    for Remove { file } in &mistakes.remove {
        std::fs::remove_file(platform.join(file)).unwrap();
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, target) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if entry.is_dir() { copy(&entry, &target) } else { std::fs::copy(&entry, &target).map(drop).unwrap() }
    }
}

/// Compares with `tests/check/golden/<name>`; `YINUO_WRITE_GOLDEN` writes it anew.
#[track_caller]
fn golden(name: &str, actual: &str) {
    let path = here().join("golden").join(name);
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), actual, "{name}");
}

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yinuo")).args(args).current_dir(dir).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
