//! Whatever a program may send: the OpenAPI document as served, against the program as it runs.
//!
//! `schemathesis` reads `/openapi.json`, makes requests that fit it and requests that break it, and checks every answer
//! against it: no server error, only documented statuses, media types, headers and shapes, and no refusal of what is
//! allowed to be refused only. `tests/api/hooks.py` gives it a token that a person allowed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

mod demo;

use std::process::Command;

use demo::Demo;
use demo::visitor::{Program, Visitor, of_project};
use serde_json::json;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,\
                      unsupported_method,ignored_auth";

#[tokio::test]
async fn whatever_a_program_sends_is_answered_as_the_document_says() {
    let tool = of_project("tests/api/.venv/bin/schemathesis");
    assert!(tool.is_file(), "schemathesis is missing: run ./test, which installs it into tests/api/.venv");
    let demo = Demo::start();
    let courier = Program::of_demo(&demo, "sample-courier");
    let items = ["name", "delivery_address"];
    let person = Visitor::sign_in(&demo.issuer, "demo-11").await;
    let access_token = courier.connect(&person, "delivery", &items).await;
    let wants: serde_json::Map<_, _> = courier
        .wants("delivery", &items)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let assertions: Vec<_> = (0..2_000).map(|number| courier.assertion(&format!("given-{number}"))).collect();
    let given = json!({
        "access_token": access_token,
        "assertions": assertions,
        "bodies": {
            "disclose": {"purpose": "delivery", "items": items},
            "push": wants,
            "introspect": {"token": access_token},
        },
    });
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("given.json"), given.to_string()).unwrap();

    let ran = Command::new(tool)
        .arg("--config-file")
        .arg(of_project("tests/api/schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", demo.issuer), "--no-color"])
        .args([
            "--seed",
            "20261128",
            "--max-examples",
            "20",
            "--no-shrink",
            "--phases",
            "examples,coverage,fuzzing",
        ])
        .args(["--checks", CHECKS, "--continue-on-failure"])
        .env("SCHEMATHESIS_HOOKS", of_project("tests/api/hooks.py"))
        .env("YINUO_GIVEN", work.path().join("given.json"))
        .env("YINUO_SEEN", work.path().join("seen"))
        .current_dir(work.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));

    // That it went beyond the first refusal.
    let seen = std::fs::read_to_string(work.path().join("seen")).unwrap();
    for expected in [
        "disclose 200",
        "disclose 400",
        "disclose 401",
        "push 201",
        "push 400",
        "token 400",
        "introspect 200",
        "revoke 200",
        "revoke 401",
        "groupCheckpoint 200",
        "document 404",
        "health 200",
    ] {
        assert!(seen.lines().any(|line| line == expected), "never seen: {expected}\n{said}");
    }
}
