//! `yinuo client`: what a partner needs to try the protocol with `curl`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "demo/mod.rs"]
mod demo;

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use demo::Demo;

fn client(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yinuo")).arg("client").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap().trim().to_owned()
}

#[test]
fn a_new_key_is_private_and_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    for curve in ["p256", "ed25519"] {
        let file = dir.path().join(format!("{curve}.jwk"));
        let path = file.to_str().unwrap();
        let jwks: serde_json::Value =
            serde_json::from_str(&said(&client(&["key", "new", path, "--curve", curve]))).unwrap();
        assert!(jwks["keys"][0].get("d").is_none() && jwks["keys"][0]["kid"].is_string(), "{jwks}");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let kept = std::fs::read(&file).unwrap();
        assert_eq!(client(&["key", "new", path]).status.code(), Some(2));
        assert_eq!(std::fs::read(&file).unwrap(), kept);
    }
}

#[tokio::test]
async fn an_assertion_lets_exactly_its_client_in_once() {
    let demo = Demo::start();
    let fresh = tempfile::tempdir().unwrap().path().join("key.jwk");
    std::fs::create_dir_all(fresh.parent().unwrap()).unwrap();
    said(&client(&["key", "new", fresh.to_str().unwrap()]));
    let registered = demo.data().join("partner/sample-courier.jwk");
    let assertion = |key: &std::path::Path| {
        let key = key.to_str().unwrap();
        said(&client(&["assertion", "--key", key, "--client", "sample-courier", "--audience", &demo.issuer]))
    };
    let http = demo::http().build().unwrap();
    let introspect = async |assertion: &str| {
        let form = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
            ("token", "unknown"),
        ];
        let asked = http.post(format!("{}/oauth/introspect", demo.issuer)).form(&form).send().await;
        asked.unwrap().status().as_u16()
    };
    let first = assertion(&registered);
    assert_eq!(introspect(&first).await, 200);
    assert_eq!(introspect(&first).await, 401, "an assertion was good twice");
    assert_eq!(introspect(&assertion(&registered)).await, 200);
    assert_eq!(introspect(&assertion(&fresh)).await, 401, "a key that nobody registered was let in");
}
