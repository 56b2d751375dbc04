//! `docs/QUICKSTART.md` works as it stands: its shell blocks, run one after the other against a demonstration, with a
//! person who does in the browser what the page says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

mod demo;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use demo::Demo;
use demo::visitor::{Visitor, hidden, of_project};

/// Everything in the blocks that are for a shell.
fn blocks(page: &str) -> String {
    let parts = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    parts.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_page_receives_checks_and_is_refused() {
    let script = blocks(&std::fs::read_to_string(of_project("docs/QUICKSTART.md")).unwrap());
    assert!(script.contains("/oauth/par") && script.contains("yinuo verify"), "{script}");
    let demo = Demo::start();
    let program = Path::new(env!("CARGO_BIN_EXE_yinuo")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env("PATH", path)
        .env("ISSUER", &demo.issuer)
        .env("PARTNER", &demo.partner)
        .env("DATA", demo.data())
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = shell.stdin.take().unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
    let person = Visitor::sign_in(&demo.issuer, "demo-11").await;
    while let Some(Ok(line)) = lines.next() {
        if let Some(authorize) = line.strip_prefix("Open within 90 seconds: ") {
            let back = person.agree(authorize, &["delivery/name", "delivery/delivery_address"]).await;
            let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
            writeln!(keyboard, "{code}").unwrap();
        }
        if line.starts_with("Withdraw at ") {
            let csrf = hidden(&person.page("/centre").await, "csrf");
            let fields = [("csrf", csrf.as_str()), ("app", "sample-courier"), ("scope", "whole")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(person.post("/centre/withdraw", &fields).await.status(), 303);
            writeln!(keyboard).unwrap();
        }
        said.push(line);
    }
    let mut complaints = String::new();
    shell.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert!(shell.wait().unwrap().success(), "{said:#?}\n{complaints}");
    let answers: Vec<serde_json::Value> =
        said.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [given, verified, refused] = &answers[..] else { panic!("{said:#?}\n{complaints}") };
    assert_eq!(given["items"]["name"], "示例用户11", "{given}");
    assert!(given["receipt"]["proofs"]["sha256"].is_string());
    assert_eq!(verified["ok"], true, "{verified}");
    assert_eq!(refused["status"], 403, "{refused}");
    assert_eq!(refused["items"]["name"], "withdrawn");
}

#[test]
fn only_what_is_for_a_shell_is_run() {
    assert_eq!(blocks("a\n```console\n$ x\n```\n```sh\ny\n```\nb\n```sh\nz\n```\n"), "y\n\nz\n");
}
