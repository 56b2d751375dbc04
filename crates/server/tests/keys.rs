//! `yinuo keys`, as an operator uses it: beside a Yinuo that serves and without one, cut off and again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test waits for a process")]

#[path = "demo/mod.rs"]
mod demo;
#[path = "serve/mod.rs"]
mod serve;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use demo::{Demo, Options};
use serde_json::{Value, json};
use serve::{Place, json as read_json, said};

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
    command.args(arguments).arg("--data").arg(data).env_remove("YINUO_PASSPHRASE").env("USER", "li-wei");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn yinuo(data: &Path, arguments: &[&str]) -> Output {
    command(data, arguments).output().unwrap()
}

fn told(data: &Path, arguments: &[&str]) -> Value {
    let output = yinuo(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    read_json(&output)
}

/// Whether a person of the demonstration is found, and their values open.
fn opens(data: &Path) -> bool {
    let find = ["subject", "find", "--item", "contact_phone", "--unmasked", "--reason", "support", "--json"];
    let mut found = command(data, &find).stdin(Stdio::piped()).spawn().unwrap();
    found.stdin.take().unwrap().write_all(b"15400000007").unwrap();
    let found = found.wait_with_output().unwrap();
    String::from_utf8(found.stdout).unwrap().contains("person-07@people.example")
}

fn secret(dir: &Path, name: &str, passphrase: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, passphrase).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// While it serves: a new epoch, the old one retired, and every act in the log in the operator's name.
#[test]
fn keys_are_rotated_and_an_epoch_retired_while_yinuo_serves() {
    let kept = tempfile::tempdir().unwrap();
    let demo = Demo::start_in(kept.path(), &Options::default());
    let (dir, listen) = (kept.path(), demo.issuer.trim_start_matches("http://").to_owned());
    let before = told(dir, &["keys", "status", "--json"]);
    assert_eq!(
        (&before["current"], &before["held"], &before["people"]),
        (&1.into(), &json!([1]), &36.into())
    );
    let public = std::fs::read(dir.join("log.vkeys")).unwrap();

    let rotated = told(dir, &["keys", "rotate", "--json"]);
    assert_eq!((&rotated["epoch"], &rotated["resumed"]), (&2.into(), &false.into()));
    // Everybody, and the one-time passwords of two members of staff.
    assert!(36 <= rotated["rewrapped"].as_u64().unwrap(), "{rotated}");
    assert!(opens(dir));

    let old = std::fs::read_to_string(dir.join("passphrase")).unwrap();
    let (same, new) = (secret(dir, "same", &old), secret(dir, "new", "another one, invented"));
    let refused = yinuo(dir, &["keys", "retire-epoch", "1", "--new-passphrase-file", &same]);
    assert!(said(&refused, 2).contains("is the old one"));
    let refused = yinuo(dir, &["keys", "retire-epoch", "2", "--new-passphrase-file", &new]);
    assert!(said(&refused, 2).contains("epoch 2 is the one in use"));
    let retired = told(dir, &["keys", "retire-epoch", "1", "--new-passphrase-file", &new, "--json"]);
    assert_eq!(retired, json!({ "epoch": 1, "retired": true, "before": false }));
    let again = told(dir, &["keys", "retire-epoch", "1", "--new-passphrase-file", &new, "--json"]);
    assert_eq!(again["before"], true);
    let after = told(dir, &["keys", "status", "--json"]);
    assert_eq!((&after["current"], &after["held"], &after["retired"]), (&2.into(), &json!([2]), &json!([1])));
    assert!(opens(dir));

    // A restart needs the new passphrase and nothing of the old.
    demo.stop();
    let wrong = secret(dir, "old", &old);
    assert!(
        said(&yinuo(dir, &["status", "--passphrase-file", &wrong]), 2).contains("the passphrase is wrong")
    );
    let demo = Demo::start_in(dir, &Options { listen: Some(&listen), ..Options::default() });
    assert!(opens(dir));
    demo.stop();
    assert_eq!(std::fs::read(dir.join("log.vkeys")).unwrap(), public, "the log is signed by the same keys");
    for file in ["root.json", "vault.json", "log-ed25519", "log-sm2", "lock"] {
        let mode = std::fs::metadata(dir.join("keys").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let verified = Command::new(env!("CARGO_BIN_EXE_yinuo")).arg("verify").arg(dir).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

/// Cut off in the middle with SIGKILL: the next run goes on, and only then can the old epoch end.
#[test]
fn a_rotation_that_was_cut_off_is_gone_on_with() {
    let demo = Demo::start();
    let dir = demo.data();
    let people = dir.join("people.csv");
    let mut text = String::from("subject_id,name\n");
    (0..6_000).for_each(|number| text.push_str(&format!("more-{number},样例用户{number}\n")));
    std::fs::write(&people, text).unwrap();
    let imported = yinuo(dir, &["import", people.to_str().unwrap(), "--json"]);
    assert!(imported.status.success(), "{imported:?}");

    let mut rotating = command(dir, &["keys", "rotate", "--json"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(rotating.stderr.take().unwrap()).read_line(&mut first).unwrap();
    rotating.kill().unwrap();
    rotating.wait().unwrap();
    assert!(first.contains("wrapped again"), "{first}");
    let new = secret(dir, "new", "another one, invented");
    let refused = yinuo(dir, &["keys", "retire-epoch", "1", "--new-passphrase-file", &new]);
    let text = said(&refused, 2);
    assert!(text.contains("still wraps keys"), "{text}");
    assert_eq!(told(dir, &["keys", "status", "--json"])["held"], json!([1, 2]), "nothing was destroyed");

    let again = told(dir, &["keys", "rotate", "--json"]);
    assert_eq!((&again["epoch"], &again["resumed"]), (&2.into(), &true.into()));
    let left = again["rewrapped"].as_u64().unwrap();
    assert!(0 < left && left < 6_036, "{again}");
    told(dir, &["keys", "retire-epoch", "1", "--new-passphrase-file", &new, "--json"]);
    assert!(opens(dir));
}

/// Where the keyring was written and nobody was told, or the process ended right after: the same command mends it.
#[test]
fn a_key_that_was_made_and_not_handed_over_is_taken_up() {
    let demo = Demo::start();
    let before = std::fs::read(demo.data().join("keys/vault.json")).unwrap();
    let stopped = demo.stop();
    let dir = stopped.data();
    assert_eq!(told(dir, &["keys", "rotate", "--json"])["epoch"], 2, "without a server");
    // An older keyring than the log: an old copy of the keys was put back.
    let current = std::fs::read(dir.join("keys/vault.json")).unwrap();
    std::fs::write(dir.join("keys/vault.json"), &before).unwrap();
    let (code, text) = {
        let output = yinuo(dir, &["keys", "rotate", "--json"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("an old copy"), "{text}");
    std::fs::write(dir.join("keys/vault.json"), &current).unwrap();
    assert!(opens(dir));
}

#[test]
fn a_changed_passphrase_is_the_only_one_that_opens() {
    let place = Place::initialised("");
    let data = place.path("yinuo-data");
    let old = std::fs::read(data.join("keys/root.json")).unwrap();
    secret(data.parent().unwrap(), "short", "too short");
    secret(data.parent().unwrap(), "new", "another one, invented");
    let change = ["keys", "change-passphrase", "--new-passphrase-file"];
    let with = |file: &str| place.yinuo(&[&change[..], &[file]].concat());
    assert!(said(&with("short"), 2).contains("at least 12 bytes"));
    assert!(said(&place.yinuo(&change[..2]), 2).contains("--new-passphrase-file"));
    assert_eq!(std::fs::read(data.join("keys/root.json")).unwrap(), old, "nothing was changed");
    let changed = with("new");
    let text = String::from_utf8(changed.stdout).unwrap();
    assert!(changed.status.success() && text.contains("passphrase"), "{text}");
    assert_ne!(std::fs::read(data.join("keys/root.json")).unwrap(), old);

    assert!(said(&place.yinuo(&["status"]), 2).contains("the passphrase is wrong"));
    assert!(place.yinuo(&["status", "--passphrase-file", "new"]).status.success());
    // The log says who did it, and verifies.
    let verified = place.yinuo(&["verify", "yinuo-data"]);
    assert!(verified.status.success(), "{verified:?}");
}

/// Keys made first, to be copied away before there is any data.
#[test]
fn keys_made_before_are_those_of_the_directory() {
    let place = Place::empty();
    let made = place.yinuo(&["keys", "create", "--passphrase-file", "passphrase", "--json"]);
    assert_eq!(read_json(&made), json!({ "suite": "guomi", "epoch": 1 }));
    let root = std::fs::read(place.path("yinuo-data/keys/root.json")).unwrap();
    let again = place.yinuo(&["keys", "create", "--passphrase-file", "passphrase"]);
    assert!(said(&again, 2).contains("is not empty"));
    assert!(place.init().status.success());
    assert_eq!(std::fs::read(place.path("yinuo-data/keys/root.json")).unwrap(), root);
    assert!(place.yinuo(&["status", "--passphrase-file", "passphrase"]).status.success());
}

/// Lost keys lose the data, and a copy of them brings everything back.
#[test]
fn a_copy_of_the_keys_and_the_passphrase_are_enough_and_without_them_nothing_opens() {
    let place = Place::initialised("");
    let (keys, copy) = (place.path("yinuo-data/keys"), place.path("copy"));
    std::fs::rename(&keys, &copy).unwrap();
    let lost = said(&place.yinuo(&["status", "--passphrase-file", "passphrase"]), 2);
    assert!(lost.contains("root.json"), "{lost}");
    // No new keys are made over a directory that has data.
    assert!(
        said(&place.yinuo(&["keys", "create", "--passphrase-file", "passphrase"]), 2)
            .contains("is not empty")
    );
    std::fs::rename(&copy, &keys).unwrap();
    assert!(place.yinuo(&["status", "--passphrase-file", "passphrase"]).status.success());
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let place = Place::initialised("");
    for file in ["root.json", "vault.json", "log-ed25519", "log-sm2"] {
        let path = place.path("yinuo-data/keys").join(file);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        for command in [&["status"][..], &["serve"]] {
            let text = said(&place.yinuo(command), 2);
            assert!(text.contains("chmod 600") && text.contains(file), "{text}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(place.yinuo(&["status"]).status.success());
}
