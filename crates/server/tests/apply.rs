//! `yinuo apply`: from files to a running platform, and to one whose directory nobody serves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test waits for a process")]

#[path = "demo/mod.rs"]
mod demo;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use demo::Demo;
use serde_json::Value;

/// In the demonstration one person keeps a consent to the courier, and one has taken it back.
#[test]
fn files_become_the_platform_while_it_serves_and_when_it_does_not() {
    let demo = Demo::start();
    let files = tempfile::tempdir().unwrap();
    demonstrations_files(&demo, files.path());

    // The demonstration is declared in these files: nothing to do, without asking.
    let same = apply(files.path(), demo.data(), &["--json"]);
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    assert_eq!(json(&same)["plan"]["steps"], serde_json::json!([]), "{same:?}");

    // A longer retention: shown with what it does to people, and not done.
    let courier = files.path().join("apps/sample-courier.toml");
    edit(&courier, "retention_days = 30", "retention_days = 60");
    for language in ["zh", "en"] {
        edit(&files.path().join(format!("notices/sample-courier/1.{language}.md")), "30 ", "60 ");
    }
    let rewritten = apply(files.path(), demo.data(), &["--lang", "en"]);
    assert_eq!(rewritten.status.code(), Some(1), "a published notice does not change: {rewritten:?}");
    assert!(out(&rewritten).contains("version 1 of the notice of `sample-courier` is published already"));
    for language in ["zh", "en"] {
        let folder = files.path().join("notices/sample-courier");
        std::fs::rename(folder.join(format!("1.{language}.md")), folder.join(format!("2.{language}.md")))
            .unwrap();
        std::fs::write(
            folder.join(format!("1.{language}.md")),
            std::fs::read(sample().join(format!("notices/sample-courier/1.{language}.md"))).unwrap(),
        )
        .unwrap();
    }
    let shown = apply(files.path(), demo.data(), &["--lang", "en"]);
    assert_eq!(shown.status.code(), Some(3), "{shown:?}");
    let text = out(&shown);
    for line in [
        "~ declare the app anew sample-courier",
        "    ~ items/name/delivery/retention_days: 30 → 60",
        "    ! puts the consents of 1 person on hold until they agree again",
        "+ publish the notice sample-courier 2",
        "Nothing was changed",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }

    // Done by the running server, and done once.
    let done = apply(files.path(), demo.data(), &["--yes", "--json"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(json(&done)["applied"], true);
    assert_eq!(
        json(&done)["plan"]["steps"][0]["on_hold"],
        serde_json::json!({"people": 1, "or_more": false})
    );
    assert_nothing_to_do(&apply(files.path(), demo.data(), &["--yes", "--lang", "en"]));

    // Nobody serves: the directory itself. Back to 30 days, and the consent to 30 days counts again; nobody's
    // consent to 60 days is on hold, because there is none.
    let stopped = demo.stop();
    edit(&courier, "retention_days = 60", "retention_days = 30");
    edit(&files.path().join("partners/sample-video-company.toml"), "privacy@", "help@");
    for language in ["zh", "en"] {
        let folder = files.path().join("notices");
        let first = std::fs::read_to_string(folder.join(format!("sample-courier/1.{language}.md"))).unwrap();
        std::fs::write(folder.join(format!("sample-courier/3.{language}.md")), first).unwrap();
        let video = std::fs::read_to_string(folder.join(format!("sample-video/1.{language}.md"))).unwrap();
        std::fs::write(
            folder.join(format!("sample-video/2.{language}.md")),
            video.replace("privacy@", "help@"),
        )
        .unwrap();
    }
    let within = apply(files.path(), stopped.data(), &["--yes", "--json"]);
    assert_eq!(within.status.code(), Some(0), "{within:?}");
    let plan = json(&within)["plan"].clone();
    let acts: Vec<_> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["revise-partner", "redeclare-app", "publish-notice", "publish-notice"]);
    assert_eq!(plan["steps"][1]["on_hold"], Value::Null, "the consent to 30 days was on hold");
    assert_nothing_to_do(&apply(files.path(), stopped.data(), &["--lang", "en"]));

    // The consent counts again: the next change would put it on hold.
    edit(&courier, "retention_days = 30", "retention_days = 31");
    let missing = apply(files.path(), stopped.data(), &["--json"]);
    assert_eq!(missing.status.code(), Some(1), "the notice says 30 days: {missing:?}");
    assert_eq!(json(&missing)["problems"][0]["rule"], "notice-incomplete");
    edit(&courier, "retention_days = 31", "retention_days = 30");
    std::fs::remove_dir_all(files.path().join("notices/sample-video")).unwrap();
    std::fs::remove_file(files.path().join("apps/sample-video.toml")).unwrap();
    let kept = apply(files.path(), stopped.data(), &["--lang", "en"]);
    assert_eq!(kept.status.code(), Some(0), "{kept:?}");
    assert!(out(&kept).contains("sample-video is not in these files and stays"), "{kept:?}");
    let hidden = apply(files.path(), stopped.data(), &["--yes", "--hide-missing", "--json"]);
    assert_eq!(json(&hidden)["plan"]["steps"][0]["act"], "hide-app", "{hidden:?}");
    assert_nothing_to_do(&apply(files.path(), stopped.data(), &["--hide-missing", "--lang", "en"]));

    // Every act is in the log, in the name of who did it, and lawful.
    let verified =
        Command::new(env!("CARGO_BIN_EXE_yinuo")).arg("verify").arg(stopped.data()).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

/// Killed again and again while it works, on a directory that nobody serves: what was done stands, the next run goes on,
/// nothing is done twice and the log stays lawful.
#[test]
fn killed_halfway_it_goes_on_where_it_stopped() {
    const APPS: usize = 40;
    let demo = Demo::start();
    let files = tempfile::tempdir().unwrap();
    demonstrations_files(&demo, files.path());
    let stopped = demo.stop();
    let courier = std::fs::read_to_string(files.path().join("apps/sample-courier.toml")).unwrap();
    for number in 0..APPS {
        let id = format!("courier-{number}");
        let app = courier.replace("id = \"sample-courier\"", &format!("id = \"{id}\""));
        std::fs::write(files.path().join(format!("apps/{id}.toml")), app).unwrap();
        let notice = files.path().join("notices").join(&id);
        copy(&files.path().join("notices/sample-courier"), &notice);
    }
    let left = || match apply(files.path(), stopped.data(), &["--json"]) {
        told if told.status.code() == Some(3) => json(&told)["plan"]["steps"].as_array().unwrap().len(),
        told => {
            assert_eq!(told.status.code(), Some(0), "{told:?}");
            0
        }
    };
    let all = left();
    assert_eq!(all, 2 * APPS);
    let (mut seen, mut patience) = (vec![all], Duration::from_millis(20));
    while seen.last() != Some(&0) {
        let mut running = command(files.path(), stopped.data(), &["--yes", "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(patience);
        running.kill().unwrap();
        running.wait().unwrap();
        let now = left();
        assert!(now <= *seen.last().unwrap(), "something was undone: {seen:?}, {now}");
        seen.push(now);
        patience += Duration::from_millis(20);
    }
    assert!(seen.iter().any(|left| (1..all).contains(left)), "it was never killed halfway: {seen:?}");
    let status = Command::new(env!("CARGO_BIN_EXE_yinuo"))
        .args(["verify", "--json"])
        .arg(stopped.data())
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[test]
fn problems_stop_it_before_anything_is_asked() {
    let greedy = sample().ancestors().nth(5).unwrap().join("examples/platform/greedy-courier");
    let nowhere = tempfile::tempdir().unwrap();
    let stopped = apply(&greedy, nowhere.path(), &["--yes", "--lang", "en"]);
    assert_eq!(stopped.status.code(), Some(1), "{stopped:?}");
    assert!(out(&stopped).contains("[not-necessary]"));
    let clean = apply(&greedy.join("../good"), nowhere.path(), &["--yes"]);
    assert_eq!(clean.status.code(), Some(2), "there is no Yinuo: {clean:?}");
}

/// The demonstration's own files, with the redirect addresses and keys it runs with.
fn demonstrations_files(demo: &Demo, to: &Path) {
    copy(&sample(), to);
    for app in ["sample-courier", "sample-restaurant", "sample-video"] {
        let file = to.join(format!("apps/{app}.toml"));
        edit(&file, "https://partner.example", &demo.partner);
        let key = std::fs::read_to_string(demo.data().join(format!("partner/{app}.jwk"))).unwrap();
        let key: Value = serde_json::from_str(&key).unwrap();
        let member = |name: &str| format!("{name} = {}\n", key[name]);
        let members: String = ["kty", "crv", "x", "y", "kid", "alg", "use"].map(member).concat();
        let text = std::fs::read_to_string(&file).unwrap();
        let (head, rest) = text.split_once("[[keys]]\n").unwrap();
        let items = rest.find("\n[[items]]").map_or("", |at| &rest[at..]);
        std::fs::write(&file, format!("{head}[[keys]]\n{members}{items}")).unwrap();
    }
}

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/platform")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[track_caller]
fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{} has no {from}", file.display());
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[track_caller]
fn assert_nothing_to_do(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(out(output).contains("Nothing to do."), "{output:?}");
}

fn apply(files: &Path, data: &Path, more: &[&str]) -> Output {
    command(files, data, more).output().unwrap()
}

fn command(files: &Path, data: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
    command.arg("apply").arg(files).arg("--data").arg(data).args(["--by", "li-wei"]).args(more);
    command.env_remove("YINUO_PASSPHRASE").stdin(Stdio::null());
    command
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}
