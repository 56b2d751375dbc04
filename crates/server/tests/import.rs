//! People come in from files as they are in life: broken, interrupted, twice, and many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test waits for a process")]

#[path = "demo/mod.rs"]
mod demo;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use demo::Demo;
use serde_json::Value;

const HEADER: &str =
    "subject_id,guardian_required,name,phone_number,contact_phone,delivery_address,email_address";

fn command(data: &Path, file: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
    command.arg("import").arg(file).arg("--data").arg(data).args(["--by", "test", "--json"]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn import(data: &Path, file: &Path, more: &[&str]) -> Output {
    command(data, file, more).output().unwrap()
}

/// The summary of an import that could run, and its exit code.
fn summary(output: &Output) -> (Value, i32) {
    let code = output.status.code().unwrap();
    assert!(matches!(code, 0 | 1), "{output:?}");
    (serde_json::from_slice(&output.stdout).unwrap(), code)
}

fn counts(summary: &Value) -> [u64; 6] {
    ["rows", "enrolled", "corrected", "unchanged", "refused", "values"]
        .map(|name| summary[name].as_u64().unwrap())
}

/// Line, column and code of each line of a report.
fn report(path: &Path) -> Vec<(u64, String, String)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["line", "column", "code", "reason", "reason_zh"]);
    let line = |record: csv::StringRecord| {
        assert!(!record[3].is_empty() && !record[4].is_empty());
        (record[0].parse().unwrap(), record[1].to_owned(), record[2].to_owned())
    };
    reader.records().map(|record| line(record.unwrap())).collect()
}

fn entries(data: &Path) -> u64 {
    let status = Command::new(env!("CARGO_BIN_EXE_yinuo"))
        .args(["status", "--json", "--by", "test", "--data"])
        .arg(data)
        .output()
        .unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let logs = status["status"]["logs"].as_array().unwrap();
    logs.iter().find(|log| log["log"] == "g/0").unwrap()["size"].as_u64().unwrap()
}

/// Five values, all invented.
fn row(number: usize) -> String {
    format!(
        "user-{number},,示例{number},154{number:08},+86 154-{:04}-{:04},\"虚构省, 样例市 {number} 号\",u{number}@People.example",
        number / 10_000,
        number % 10_000
    )
}

fn people(dir: &Path, count: usize) -> PathBuf {
    let path = dir.join("people.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "{HEADER}").unwrap();
    for number in 0..count {
        writeln!(file, "{}", row(number)).unwrap();
    }
    file.flush().unwrap();
    path
}

#[test]
fn good_rows_come_in_and_bad_ones_are_told_without_their_values() {
    let mut demo = Demo::start();
    // The demonstration's own story is over: from here on every entry is ours.
    demo.says("the very next request");
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("people.csv");
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    bytes.extend(HEADER.as_bytes());
    for line in [
        row(1).as_bytes(),
        b"user-2,yes,\"two \"\"quoted\"\" words\",15400000002,15400000002,\"two\r\nlines\",u2@people.example",
        b"user-3,,canary,canary-phone,canary,address,canary-mail",
        b"user-4,,\xff\xfe canary,15400000004,,,",
        b"user-5,,too,few",
        b"user-6,perhaps,name,15400000006,,,",
        b"user 7,,name,15400000007,,,",
        b"user-8,,,,,,",
        b"user-2,yes,other,15400000002,,,",
    ] {
        bytes.extend(b"\r\n");
        bytes.extend(line);
    }
    bytes.extend(b"\r\nuser-9,,name,15400000009,,\"");
    bytes.extend(vec![b'x'; 64 * 1024 + 1]);
    bytes.extend(b"\",\r\n\r\nuser-10,,name,15400000010,,,\r\n");
    std::fs::write(&file, &bytes).unwrap();

    let before = entries(demo.data());
    let rehearsed = import(demo.data(), &file, &["--dry-run"]);
    // A person who is in the file twice is only seen when the first one is there.
    assert_eq!(counts(&summary(&rehearsed).0), [11, 5, 0, 0, 6, 5 + 5 + 2 + 2]);
    assert_eq!(entries(demo.data()), before);

    let output = import(demo.data(), &file, &[]);
    let (told, code) = summary(&output);
    assert_eq!((counts(&told), code), ([11, 4, 0, 0, 7, 5 + 5 + 2], 1), "{output:?}");
    // Beside the people: that an import began, and that it ended, each adopted from the platform's log.
    assert_eq!(entries(demo.data()), before + 4 + 12 + 2);
    let refused = PathBuf::from(told["report"].as_str().unwrap());
    let found = report(&refused);
    #[rustfmt::skip]
    let expected = [
        (5,  "phone_number",      "not-mobile"),
        (5,  "contact_phone",     "not-phone"),
        (5,  "email_address",     "not-email"),
        (6,  "name",              "encoding"),
        (7,  "",                  "columns"),
        (8,  "guardian_required", "not-yes-or-no"),
        (9,  "subject_id",        "subject-id"),
        (11, "subject_id",        "already-enrolled"),
        (12, "delivery_address",  "too-long"),
    ];
    let found: Vec<_> = found.iter().map(|(line, column, code)| (*line, &**column, &**code)).collect();
    assert_eq!(found, expected);
    let said = [std::fs::read(&refused).unwrap(), output.stdout.clone(), output.stderr.clone()].concat();
    assert!(!String::from_utf8_lossy(&said).contains("canary"), "a value is in the report");

    // Once more: everybody is recognised.
    let again = summary(&import(demo.data(), &file, &[])).0;
    assert_eq!(counts(&again), [11, 0, 0, 4, 7, 0]);
    // A correction, from JSON.
    let lines = work.path().join("people.jsonl");
    let text = [
        r#"{"subject_id":"user-1","contact_phone":"15400000099","name":"示例1"}"#,
        r#"{"subject_id":"user-11","guardian_required":true,"phone_number":"15400000011"}"#,
        r#"{"subject_id":"user-12","phone_nuber":"canary"}"#,
        r#"{"subject_id":"user-13","phone_number":15400000013}"#,
        r#"{"phone_number":"15400000014"}"#,
        r#"{"subject_id":"user-15","name":"a","name":"b"}"#,
        r#"["canary"]"#,
        "canary",
        "",
    ];
    std::fs::write(&lines, text.join("\n")).unwrap();
    let (told, code) = summary(&import(demo.data(), &lines, &["--format", "jsonl", "--update"]));
    assert_eq!((counts(&told), code), ([8, 1, 1, 0, 6, 2], 1));
    let found = report(Path::new(told["report"].as_str().unwrap()));
    let codes: Vec<_> = found.iter().map(|(line, _, code)| (*line, &**code)).collect();
    let expected =
        [(3, "unknown-column"), (4, "not-text"), (5, "missing"), (6, "twice"), (7, "json"), (8, "json")];
    assert_eq!(codes, expected);
    assert!(
        !String::from_utf8(std::fs::read(lines.with_extension("jsonl.refused.csv")).unwrap())
            .unwrap()
            .contains("canary")
    );
}

#[test]
fn a_file_that_cannot_be_used_is_refused_before_anything_is_opened() {
    let work = tempfile::tempdir().unwrap();
    let nothing = work.path().join("no-such-directory");
    #[rustfmt::skip]
    let cases: &[(&[u8], &str)] = &[
        (b"",                                          "has no rows"),
        (b"\xff\xfes\0u\0",                            "UTF-16"),
        (b"subject_id,\xd0\xd5\xc3\xfb\n",             "GBK"),
        (b"subject_id,phone_nuber\nu,1\n",             "did you mean phone_number?"),
        (b"subject_id,name,name\nu,1,2\n",             "name is there twice"),
        (b"name\nx\n",                                 "no column subject_id"),
        (b"subject_id,name\nu,\"x\n",                  "there is no Yinuo in"),
    ];
    for (bytes, expected) in cases {
        let file = work.path().join("people.csv");
        std::fs::write(&file, bytes).unwrap();
        let output = import(&nothing, &file, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(!work.path().join("people.csv.refused.csv").exists());
    }
    let missing = import(&nothing, &work.path().join("missing.csv"), &[]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let stopped = Demo::start().stop();
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("people.csv");
    let mut bytes = format!("{HEADER}\n{}\nuser-2,,\"", row(1)).into_bytes();
    bytes.extend(vec![b'\n'; 40 << 20]);
    std::fs::write(&file, bytes).unwrap();
    let mut child = command(stopped.data(), &file, &[]).spawn().unwrap();
    let peak = peak_until_it_ends(&mut child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("the row on line 3 has no end"), "{said}");
    assert!(peak < 256 << 20, "{} MiB", peak >> 20);
}

/// The most memory a process had while it ran.
fn peak_until_it_ends(child: &mut std::process::Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib =
            line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse().ok());
        peak = peak.max(kib.unwrap_or(0u64) * 1024);
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

/// Imports that many people under the directory's lock, killed once on the way, and checks the log afterwards.
fn many(count: usize, memory_max: u64) {
    let stopped = Demo::start().stop();
    let work = tempfile::tempdir().unwrap();
    let file = people(work.path(), count);
    let before = entries(stopped.data());

    let checkpoint = work.path().join("people.csv.refused.csv.checkpoint");
    let mut killed = command(stopped.data(), &file, &[]).spawn().unwrap();
    let started = Instant::now();
    while !checkpoint.exists() && killed.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(120), "no checkpoint");
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(checkpoint.exists(), "it was through before it could be killed: more rows are needed");
    // The one that was killed has its beginning in the log, and no end.
    let there = entries(stopped.data()) - before - 1;
    assert!(0 < there && there < 6 * count as u64, "{there}");
    assert_eq!(there % 6, 0, "a person came in by halves");

    let mut child = command(stopped.data(), &file, &[]).spawn().unwrap();
    let peak = peak_until_it_ends(&mut child);
    let output = child.wait_with_output().unwrap();
    let (told, code) = summary(&output);
    let [rows, enrolled, corrected, unchanged, refused, _] = counts(&told);
    assert_eq!((rows, corrected, refused, code), (count as u64, 0, 0, 0), "{output:?}");
    assert_eq!(enrolled + unchanged, count as u64);
    assert_eq!(
        entries(stopped.data()),
        before + 6 * count as u64 + 3,
        "nobody is there twice and nobody is missing"
    );
    assert!(!checkpoint.exists());
    let speed = told["values_per_second"].as_f64().unwrap();
    eprintln!(
        "{count} people: {speed:.0} values/s after the kill, peak {} MiB, {unchanged} recognised",
        peak >> 20
    );
    assert!(peak < memory_max, "{} MiB", peak >> 20);

    let verified =
        Command::new(env!("CARGO_BIN_EXE_yinuo")).arg("verify").arg(stopped.data()).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn an_import_that_was_killed_goes_on_without_duplicates_in_bounded_memory() {
    many(20_000, 384 << 20);
}

#[test]
#[ignore = "minutes: run by hand, with --nocapture for the figures"]
fn a_million_people_come_in_the_same_way() {
    many(1_000_000, 512 << 20);
}
