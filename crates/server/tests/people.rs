//! People are found and handed out by the commands of an operator: through a mask, recorded first, and never after a
//! deletion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test waits for a process")]

#[path = "demo/mod.rs"]
mod demo;

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use demo::visitor::{Visitor, hidden};
use demo::{Demo, Stopped};
use serde_json::Value;

/// What a command said, and its exit code.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn yinuo(data: &Path, args: &[&str], typed: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
    command.args(args).arg("--data").arg(data).args(["--by", "li-wei"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn entries(data: &Path) -> u64 {
    let said = yinuo(data, &["status", "--json"], "");
    let status: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.err));
    let logs = status["status"]["logs"].as_array().unwrap();
    logs.iter().find(|log| log["log"] == "g/0").unwrap()["size"].as_u64().unwrap()
}

fn verifies(data: &Path) {
    let verified = Command::new(env!("CARGO_BIN_EXE_yinuo")).arg("verify").arg(data).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

const FIND: &[&str] = &["subject", "find", "--item", "phone_number"];

/// Everything about the commands that is the same whether a server runs or the directory is opened.
fn found_and_handed_out(data: &Path, out: &Path) {
    let before = entries(data);
    // A mask, unless more is asked for with a reason; in any spelling; a look is one fact.
    let masked = yinuo(data, FIND, "+86 154-0000-0003\n");
    assert_eq!(masked.code, 0, "{}", masked.err);
    assert!(masked.out.contains("154****0003") && masked.out.contains("1 found; recorded"), "{}", masked.out);
    for canary in ["15400000003", "示例用户03", "person-03@people.example", "无名路"] {
        assert!(!masked.out.contains(canary), "{}", masked.out);
    }
    assert_eq!(entries(data), before + 1);
    let json =
        yinuo(data, &[FIND, &["--json", "--unmasked", "--reason", "complaint"]].concat(), "15400000003");
    let found: Value = serde_json::from_str(&json.out).unwrap();
    let values = found["found"][0]["values"].as_array().unwrap();
    assert!(values.iter().any(|value| value[0] == "phone_number" && value[2] == "15400000003"), "{found}");
    assert_eq!((json.code, entries(data)), (0, before + 2));

    // What cannot be answered is recorded nowhere, and repeats no value.
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&[],                                          "15499999999", 1, ""),
        (&["--json"],                                  "15499999999", 1, ""),
        (&["--unmasked"],                              "15400000003", 2, "--reason"),
        (&["--unmasked", "--reason", "curiosity"],     "15400000003", 2, "must be one of"),
        (&["--unmasked", "--reason", "look-up"],       "15400000003", 2, "reason"),
        (&[],                                          "canary",      2, "value"),
    ];
    for (more, typed, code, expected) in cases {
        let said = yinuo(data, &[FIND, more].concat(), typed);
        assert_eq!(said.code, *code, "{more:?}: {} {}", said.out, said.err);
        assert!(said.err.contains(expected), "{more:?}: {}", said.err);
        assert!(!format!("{}{}", said.out, said.err).contains(typed), "{more:?}");
    }
    let other = yinuo(data, &["subject", "find", "--item", "nickname"], "x");
    assert!(other.code == 2 && other.err.contains("phone_number"), "{}", other.err);
    assert_eq!(entries(data), before + 2);

    // A package: a new file, its owner's alone, with the values and each entry; the look that made it among them.
    let text = out.to_str().unwrap();
    let made = yinuo(data, &["export", "--out", text], "demo-03\n");
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(entries(data), before + 3);
    assert_eq!(std::fs::metadata(out).unwrap().permissions().mode() & 0o777, 0o600);
    let package: Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
    assert_eq!(package["format"], "yinuo-package/1");
    let has = |item: &str, value: &str| {
        let values = package["values"].as_array().unwrap();
        values.iter().any(|one| one["item"] == item && one["value"] == value)
    };
    assert!(has("phone_number", "15400000003") && has("name", "示例用户03"), "{package}");
    // Enrolled, six values, and three looks or more.
    assert!(10 <= package["history"].as_array().unwrap().len(), "{package}");

    let again = yinuo(data, &["export", "--out", text], "demo-03");
    assert!(again.code == 2 && again.err.contains("must not be there yet"), "{}", again.err);
    let nobody = out.with_extension("nobody");
    let unknown = yinuo(data, &["export", "--out", nobody.to_str().unwrap()], "demo-99");
    assert!(unknown.code == 2 && !nobody.exists() && !unknown.err.contains("demo-99"), "{}", unknown.err);
    assert_eq!(entries(data), before + 3);

    // The person may be named by a value.
    let by_value = out.with_extension("value");
    let args = ["export", "--item", "phone_number", "--out", by_value.to_str().unwrap()];
    assert_eq!(yinuo(data, &args, "15400000003").code, 0);
    assert!(by_value.exists());
    assert_eq!(entries(data), before + 4);
}

#[test]
fn people_are_found_and_handed_out_whether_a_server_runs_or_not() {
    let mut demo = Demo::start();
    demo.says("the very next request");
    let work = tempfile::tempdir().unwrap();
    found_and_handed_out(demo.data(), &work.path().join("running.json"));

    // The person sees who looked, and why.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let history = runtime
        .block_on(async { Visitor::sign_in(&demo.issuer, "demo-03").await.page("/centre/history").await });
    assert!(history.contains("li-wei"), "{history}");

    let stopped: Stopped = demo.stop();
    found_and_handed_out(stopped.data(), &work.path().join("stopped.json"));
    verifies(stopped.data());
}

/// A deletion takes a person out of every look and package. A file that still has them begins an account anew: nothing
/// is kept that could tell who they were, and nothing of what they once allowed comes back.
#[test]
fn whoever_deleted_their_account_is_not_found_and_comes_back_only_as_somebody_new() {
    let mut demo = Demo::start();
    demo.says("the very next request");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let person = Visitor::sign_in(&demo.issuer, "demo-05").await;
        let page = person.page("/centre/delete").await;
        assert!(page.contains("a new account begins"), "{page}");
        let answer = person.post("/centre/delete", &[("csrf".to_owned(), hidden(&page, "csrf"))]).await;
        let status = answer.status();
        let told = answer.text().await.unwrap();
        assert!(status.is_success() || status.is_redirection(), "{status} {told}");
    });

    let before = entries(demo.data());
    let gone = yinuo(demo.data(), &[FIND, &["--json"]].concat(), "15400000005");
    assert_eq!((gone.code, gone.out.trim()), (1, "{\"found\":[]}"), "{}", gone.err);
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("package.json");
    let export = yinuo(demo.data(), &["export", "--out", out.to_str().unwrap()], "demo-05");
    assert!(export.code == 2 && !out.exists(), "{}", export.err);
    assert_eq!(entries(demo.data()), before, "a look at nobody is recorded nowhere");

    let file = work.path().join("people.csv");
    std::fs::write(&file, "subject_id,phone_number\ndemo-05,15400000005\n").unwrap();
    let import = yinuo(demo.data(), &["import", file.to_str().unwrap()], "");
    assert!(import.code == 0 && import.out.contains("1 people enrolled"), "{}{}", import.out, import.err);
    assert!(import.out.contains("deleted their account"), "{}", import.out);
    let found = yinuo(demo.data(), &[FIND, &["--json"]].concat(), "15400000005");
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["found"][0]["apps_decided"], 0, "{found}");
    assert_eq!(yinuo(demo.data(), &["export", "--out", out.to_str().unwrap()], "demo-05").code, 0);
    let package: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    // Enrolled, one value, two looks: nothing from before.
    assert_eq!(package["history"].as_array().unwrap().len(), 4, "{package}");
    let stopped = demo.stop();
    verifies(stopped.data());
}
