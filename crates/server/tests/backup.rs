//! Backups, what they bring back, and a store that is not what was known of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "demo/mod.rs"]
mod demo;
#[path = "serve/mod.rs"]
mod serve;
#[path = "streaming/mod.rs"]
mod streaming;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use demo::visitor::{Program, Visitor};
use demo::{Demo, Options};
use serve::{Place, files, json, said};
use yinuo_domain::{Fact, StoreCause};
use yinuo_ledger::{Log, Source as _, StoreCopy};

fn move_to(from: &Path, to: &Path) {
    std::fs::rename(from, to).unwrap();
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// The last fact of the platform's log.
fn last(dir: &Path) -> Fact {
    let store = StoreCopy::open(dir).unwrap();
    let mut leaf = Vec::new();
    store
        .with(&mut |rows| {
            let size = rows.head(Log::Platform)?.unwrap().size;
            leaf = rows.entries(Log::Platform, size - 1, 1)?.pop().unwrap().1;
            Ok(())
        })
        .unwrap();
    yinuo_tlog::leaf::decode(&leaf).unwrap().fact
}

#[test]
fn an_older_copy_of_the_whole_directory_is_not_served_until_somebody_answers_for_it() {
    let place = Place::initialised("");
    let settings = std::fs::read_to_string(place.path("yinuo.toml")).unwrap();
    // Elsewhere, as on another disk.
    std::fs::create_dir(place.path("another-disk")).unwrap();
    let settings = settings.replacen("[server]", "[server]\nanchor_file = \"another-disk/anchor\"", 1);
    std::fs::write(place.path("yinuo.toml"), settings).unwrap();
    // The place is new: somebody says that it is meant to be.
    let refused = said(&place.yinuo(&["serve"]), 2);
    assert!(refused.contains("nothing is known of it outside the store"), "{refused}");
    assert!(place.yinuo(&["restore", "--accept-loss", "--by", "ops"]).status.success());

    let mut served = place.serve();
    assert!(served.says("anchor").ends_with("another-disk/anchor"));
    assert!(!served.complaints().contains("the anchor is in the data directory"));
    assert_eq!(served.leave(), Some(0));
    copy(&place.path("yinuo-data"), &place.path("older"));
    std::fs::write(place.path("identity"), "invented-subject-7\n").unwrap();
    let appoint = ["staff", "appoint", "he", "--role", "auditor", "--identity-file", "identity"];
    assert!(place.yinuo(&appoint).status.success());
    move_to(&place.path("yinuo-data"), &place.path("newest"));
    copy(&place.path("older"), &place.path("yinuo-data"));

    // It verifies, as it always did. No command opens it.
    assert!(place.yinuo(&["verify", "yinuo-data"]).status.success());
    for command in [&["serve"][..], &["status"], &["staff", "list"]] {
        let refused = said(&place.yinuo(command), 2);
        for words in [
            "the log platform has ",
            " entries, and had ",
            "Nothing is served",
            "yinuo restore --accept-loss",
        ] {
            assert!(refused.contains(words), "{command:?}: {refused}");
        }
    }
    // Who knows only the directory finds the anchor as well.
    let data = place.path("yinuo-data").display().to_string();
    std::fs::rename(place.path("yinuo.toml"), place.path("kept.toml")).unwrap();
    let refused = said(&place.yinuo(&["status", "--data", &data, "--passphrase-file", "passphrase"]), 2);
    assert!(refused.contains("another-disk/anchor says"), "{refused}");
    std::fs::rename(place.path("kept.toml"), place.path("yinuo.toml")).unwrap();

    // The newest is put back: nothing was lost, and nothing is said.
    move_to(&place.path("yinuo-data"), &place.path("aside"));
    copy(&place.path("newest"), &place.path("yinuo-data"));
    assert!(place.yinuo(&["status"]).status.success());
    assert!(matches!(last(&place.path("yinuo-data")), Fact::StaffAppointed { .. }));

    // It is lost after all.
    std::fs::remove_dir_all(place.path("yinuo-data")).unwrap();
    copy(&place.path("older"), &place.path("yinuo-data"));
    let refused = place.yinuo(&["restore", "--json"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(json(&refused)["restored"], false);
    let accepted = place.yinuo(&["restore", "--accept-loss", "--by", "li-wei"]);
    let told = String::from_utf8_lossy(&accepted.stdout).into_owned();
    assert!(accepted.status.success() && told.contains("li-wei answers for it"), "{accepted:?}");
    let Fact::StoreAccepted { by, cause: StoreCause::Behind, platform, group } =
        last(&place.path("yinuo-data"))
    else {
        panic!("{:?}", last(&place.path("yinuo-data")));
    };
    assert_eq!(by.as_str(), "li-wei");
    assert!(1 < platform && 1 < group);
    assert!(place.yinuo(&["verify", "yinuo-data"]).status.success());
    let served = place.serve();
    assert_eq!(served.leave(), Some(0));
    // Once is enough.
    let again = json(&place.yinuo(&["restore", "--accept-loss", "--json"]));
    assert_eq!((&again["restored"], &again["accepted"]), (&true.into(), &serde_json::Value::Null));
}

fn yinuo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yinuo"))
        .args(arguments)
        .env_remove("YINUO_PASSPHRASE")
        .env("USER", "li-wei")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_backup_is_made_while_it_serves_and_brought_back_whole() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).display().to_string();
    std::fs::create_dir(path("data")).unwrap();
    let demo = Demo::start_in(&place.path().join("data"), &Options::default());
    let listen = demo.issuer.trim_start_matches("http://").to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (token, before) = runtime.block_on(async {
        let program = Program::of_demo(&demo, "sample-courier");
        let person = Visitor::sign_in(&demo.issuer, "demo-11").await;
        let token = program.connect(&person, "delivery", streaming::ITEMS).await;
        let before = streaming::ask(&demo.issuer, &token, 5).await;
        (token, before)
    });
    // Somebody is being answered all the time.
    let after = runtime.spawn(streaming::ask(&demo.issuer, &token, 40));
    let made = yinuo(&["backup", "--data", &path("data"), "--to", &path("backup"), "--json"]);
    assert!(made.status.success(), "{made:?}");
    let entries = json(&made)["entries"].as_u64().unwrap();
    let after = runtime.block_on(after).unwrap();
    assert_eq!(after.len(), 40, "a backup holds nobody");
    for file in files(&place.path().join("backup/keys")) {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    assert_eq!(std::fs::metadata(path("backup")).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(
        said(&yinuo(&["backup", "--data", &path("data"), "--to", &path("backup")]), 2)
            .contains("is not empty")
    );
    // Keys of which copies are kept elsewhere are left out, and asked for when they are needed.
    assert!(
        yinuo(&["backup", "--data", &path("data"), "--to", &path("bare"), "--without-keys"]).status.success()
    );
    assert!(!place.path().join("bare/keys").exists());
    let asked = said(&yinuo(&["restore", "--data", &path("nowhere"), "--from", &path("bare")]), 2);
    assert!(asked.contains("has no keys: put your copy of keys/ there first"), "{asked}");
    drop(demo.stop());
    assert!(
        said(&yinuo(&["restore", "--data", &path("data"), "--from", &path("backup")]), 2)
            .contains("is not empty")
    );

    // The machine is gone; what is left is the backup.
    move_to(Path::new(&path("data")), Path::new(&path("lost")));
    let first = yinuo(&["restore", "--data", &path("data"), "--from", &path("backup")]);
    assert_eq!(first.status.code(), Some(1), "{first:?}");
    let told = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(
        told.contains("nothing is known of it outside the store") && told.contains("--accept-loss"),
        "{told}"
    );
    let second = yinuo(&["restore", "--data", &path("data"), "--accept-loss", "--json"]);
    assert!(second.status.success(), "{second:?}");
    assert_eq!(json(&second)["entries"], entries);
    assert!(matches!(
        last(Path::new(&path("data"))),
        Fact::StoreAccepted { cause: StoreCause::NothingKept, .. }
    ));

    // It goes on where the backup was made: who had been given something by then is in it.
    let store = StoreCopy::open(Path::new(&path("data"))).unwrap();
    for given in &before {
        let mut found = Vec::new();
        store
            .with(&mut |rows| {
                found = rows.entries(Log::Group, given.index, 1)?;
                Ok(())
            })
            .unwrap();
        assert_eq!(found, [(given.index, given.leaf.clone())]);
    }
    drop(store);
    copy(&place.path().join("lost/partner"), &place.path().join("data/partner"));
    let demo =
        Demo::start_in(&place.path().join("data"), &Options { listen: Some(&listen), ..Options::default() });
    assert_eq!(
        runtime.block_on(streaming::ask(&demo.issuer, &token, 2)).len(),
        2,
        "its tokens are those of then"
    );
    drop(demo.stop());
    assert!(yinuo(&["verify", &path("data")]).status.success());
}
