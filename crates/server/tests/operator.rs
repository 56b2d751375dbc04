//! Running Yinuo as an operator does, from another process: over the socket while it serves, without it when not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "demo/mod.rs"]
mod demo;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use demo::Demo;
use serde_json::Value;

fn yinuo(arguments: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yinuo"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_remove("YINUO_PASSPHRASE")
        .env("USER", "li-wei")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn status_is_told_by_the_running_server_and_without_one_by_the_directory_itself() {
    let demo = Demo::start();
    let socket = demo.data().join("operator.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);

    let served = yinuo(&["status", "--json"], demo.data());
    assert!(served.status.success(), "{served:?}");
    let told = json(&served);
    assert_eq!(told["served"], true);
    assert_eq!(told["status"]["issuer"], demo.issuer);
    assert_eq!((&told["status"]["by"], &told["status"]["poisoned"]), (&"li-wei".into(), &false.into()));
    let clock = yinuo(&["clock", "accept", "--reason", "paused", "--json"], demo.data());
    assert!(clock.status.success(), "{clock:?}");
    assert_eq!(json(&clock), serde_json::json!({ "accepted": false, "off_ms": null }), "it has not jumped");
    let text = String::from_utf8(yinuo(&["status", "--by", "ops"], demo.data()).stdout).unwrap();
    assert!(text.contains("serving    yes") && text.contains("log        g/0 has "), "{text}");

    let issuer = demo.issuer.clone();
    let stopped = demo.stop();
    assert!(!socket.exists(), "the socket outlived its server");
    // A server that was killed leaves its socket behind.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let within = yinuo(&["status", "--json"], stopped.data());
    assert!(within.status.success(), "{within:?}");
    let alone = json(&within);
    assert_eq!((&alone["served"], &alone["status"]["issuer"]), (&false.into(), &issuer.as_str().into()));
    let size = |told: &Value, nth: usize| told["status"]["logs"][nth]["size"].as_u64().unwrap();
    assert!(0 < size(&alone, 0) && size(&told, 1) <= size(&alone, 1), "{alone}");
}

/// What a demonstration wrote is damaged from outside: it is named, made anew from the log, and in order again. Keys
/// and other files are not believed either when they were changed.
#[test]
fn changed_rows_and_files_are_named_and_what_the_log_adds_up_to_is_made_anew() {
    let demo = Demo::start();
    let dir = demo.data();
    let plain = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
        command
            .args(arguments)
            .env_remove("YINUO_PASSPHRASE")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    };
    let path = dir.to_str().unwrap().to_owned();
    let while_served = plain(&["repair", "--derived", &path]);
    assert_eq!(while_served.status.code(), Some(2));
    assert!(String::from_utf8(while_served.stderr).unwrap().contains("in use"));
    let stopped = demo.stop();
    let dir = stopped.data();
    let verify = || plain(&["verify", "--rows", "--json", &path]);
    let before = verify();
    assert!(before.status.success(), "{before:?}");
    let rows = json(&before)["rows"]["checked"].as_u64().unwrap();
    assert!(20 < rows, "{rows} rows");

    let database = dir.join("ledger.sqlite");
    let untouched = std::fs::read(&database).unwrap();
    // Wherever the app's name stands: in rows, in entries, in documents, and in what is free by now.
    let needle = b"sample-courier";
    let places: Vec<_> =
        untouched.windows(needle.len()).enumerate().filter(|(_, bytes)| bytes == needle).collect();
    let mut named = 0;
    for (place, _) in places.iter().rev() {
        let mut changed = untouched.clone();
        changed[*place] ^= 1;
        std::fs::write(&database, &changed).unwrap();
        named += usize::from(!verify().status.success());
    }
    assert!(0 < named && 3 < places.len(), "{named} of {}", places.len());
    std::fs::write(&database, &untouched).unwrap();
    let repaired = plain(&["repair", "--derived", "--json", &path]);
    assert!(repaired.status.success(), "{repaired:?}");
    let made = json(&repaired);
    assert!(1 < made["streams"].as_u64().unwrap() && 1 < made["history"].as_u64().unwrap(), "{made}");
    let after = verify();
    assert_eq!(json(&after)["rows"]["checked"].as_u64(), Some(rows));

    // 200 bytes over the files that keys and settings of the directory are in.
    let seeds = (0..200u64).map(|seed| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (seed << 7));
    let files =
        ["keys/root.json", "keys/vault.json", "keys/log-ed25519", "keys/log-sm2", "yinuo.json", "log.vkeys"];
    for (file, seeds) in files.iter().map(|file| (dir.join(file), seeds.clone().take(200))) {
        let untouched = std::fs::read(&file).unwrap();
        for seed in seeds {
            let mut changed = untouched.clone();
            let place = (seed >> 20) as usize % changed.len();
            changed[place] ^= 1 << (seed % 7);
            std::fs::write(&file, &changed).unwrap();
            // White space says the same. So does what `serve` and `demo` are told anew at each start, and compare: `http`.
            let scheme = untouched.windows(4).position(|bytes| bytes == b"http");
            let same = (changed[place].is_ascii_whitespace() && untouched[place].is_ascii_whitespace())
                || scheme.is_some_and(|at| (at..at + 4).contains(&place));
            let start = || plain(&["status", "--data", &path]).status.success();
            assert!(same || !verify().status.success() || !start(), "{} byte {place}", file.display());
        }
        std::fs::write(&file, &untouched).unwrap();
    }
    assert!(verify().status.success());
}

#[test]
fn an_operator_is_told_what_is_missing() {
    let empty = tempfile::tempdir().unwrap();
    let said = |output: Output| {
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(yinuo(&["status"], empty.path())).contains("there is no Yinuo in"));
    assert!(said(yinuo(&["status", "--by", "Li Wei"], empty.path())).contains("say --by"));

    let made = r#"{"format":"yinuo directory v1","issuer":"https://id.example","suite":"guomi","profile":"dual","demonstration":false}"#;
    std::fs::write(empty.path().join("yinuo.json"), made).unwrap();
    assert!(said(yinuo(&["status"], empty.path())).contains("--passphrase-file"));
    std::fs::write(empty.path().join("passphrase"), "beside its data").unwrap();
    assert!(
        said(yinuo(&["status"], empty.path())).contains("--passphrase-file"),
        "only a demonstration's passphrase lies beside its data"
    );
}

/// With the demonstration's own two, who were appointed at its first start.
#[test]
fn staff_are_appointed_listed_and_dismissed_from_another_process() {
    let demo = Demo::start();
    let dir = demo.data();
    let identity = dir.join("identity");
    std::fs::write(&identity, "invented-subject-7\n").unwrap();
    let identity = identity.to_str().unwrap();
    let told = yinuo(&["staff", "appoint", "he", "--role", "auditor", "--identity-file", identity], dir);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success() && text.contains("told only now: "), "{text}");
    assert!(!text.contains("invented-subject-7"), "an identity is a personal value");
    let listed = json(&yinuo(&["staff", "list", "--json"], dir));
    let line = |staff: &str, role: &str, enrolled: bool| serde_json::json!({ "staff": staff, "role": role, "enrolled": enrolled });
    let expected = [
        line("he", "auditor", false),
        line("staff-lin", "auditor", true),
        line("staff-wei", "operator", true),
    ];
    assert_eq!(listed.as_array().unwrap().as_slice(), expected.as_slice());
    assert!(yinuo(&["staff", "dismiss", "he"], dir).status.success());
    let again = yinuo(&["staff", "dismiss", "he"], dir);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8(again.stderr).unwrap().contains("Nobody of this name is appointed"));
}
