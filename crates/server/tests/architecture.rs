//! The picture of the workspace, as tables: which room may depend on which, and which libraries are fenced in.
//!
//! The tables are compared with `cargo metadata`, so what stands here is what is built. Next to them: what the
//! sources say (`sources`), under which licences it may be handed on (`licences`), whether the pages keep up
//! with the code (`pages`), which test holds each promise (`promises`), and whether what is measured is what is
//! built (`benches`). Each check is a function from input to complaints, and each has a test with a made-up
//! violation, so that it can fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "architecture/benches.rs"]
mod benches;
#[path = "architecture/licences.rs"]
mod licences;
#[path = "architecture/pages.rs"]
mod pages;
#[path = "architecture/promises.rs"]
mod promises;
#[path = "architecture/sources.rs"]
mod sources;

use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A room, and every room it may depend on. In the order of the picture: arrows only point at rows above.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("rules", &["domain"]),
    ("core", &["rules", "domain"]),
    ("tlog", &["domain"]),
    ("witness", &["tlog"]),
    ("oauth", &["domain"]),
    ("vault", &["core", "domain"]),
    ("ledger", &["core", "tlog", "domain"]),
    ("service", &["ledger", "vault", "oauth", "core", "rules", "domain"]),
    ("web", &["service", "oauth", "domain"]),
    ("server", &["web", "service", "ledger", "vault", "oauth", "witness", "tlog", "core", "rules", "domain"]),
];

/// Libraries, and the only rooms that may depend on them.
const FENCES: &[(&str, &[&str], &[&str])] = &[
    (
        "HTTP and pages",
        &["axum", "tower-http", "askama", "hyper", "fluent-bundle", "utoipa"],
        &["web", "server"],
    ),
    ("an async runtime", &["tokio", "async-std", "smol", "async-global-executor"], &["web", "server"]),
    ("an HTTP client", &["reqwest", "ureq"], &["server"]),
    (
        "SQL",
        &["rusqlite", "libsqlite3-sys", "sqlx", "diesel", "postgres", "tokio-postgres", "deadpool-postgres"],
        &["ledger", "witness"],
    ),
    (
        "AEAD, key agreement, key wrapping",
        &[
            "aead",
            "aes",
            "aes-gcm",
            "aes-kw",
            "argon2",
            "chacha20poly1305",
            "elliptic-curve",
            "hkdf",
            "sm4",
            "x25519-dalek",
        ],
        &["vault"],
    ),
    ("JOSE", &["jsonwebtoken", "josekit", "jose-jwk", "jwt-simple"], &["oauth"]),
    ("signatures", &["ed25519-dalek", "sm2"], &["vault", "tlog", "oauth", "server"]),
    ("client assertions", &["p256"], &["oauth", "vault"]),
    ("hashes and MACs", &["sha2", "sm3", "hmac"], &["rules", "oauth", "tlog", "ledger", "vault"]),
    ("OpenID Connect", &["openidconnect"], &["server"]),
    ("passkeys", &["webauthn_rp"], &["server"]),
    ("randomness", &["getrandom", "rand"], &["server"]),
    ("one-time passwords", &["totp-rs"], &["service"]),
    ("pictures to scan", &["qrcode"], &["web"]),
    ("the command line", &["clap", "tracing-subscriber"], &["server"]),
    ("TLS", &["rustls", "tokio-rustls"], &["server"]),
    ("metrics and traces", &["prometheus-client", "opentelemetry", "opentelemetry-otlp"], &["server"]),
];

/// Rooms that stay light, and everything outside the workspace they may depend on.
const LIGHT: &[(&str, &[&str])] = &[("domain", &["hex", "thiserror"]), ("core", &["thiserror"])];

/// One room as it is built: its name and what it depends on, tests aside.
#[derive(Debug)]
struct Room {
    name: String,
    dependencies: Vec<String>,
}

#[test]
fn arrows_between_rooms_are_those_of_the_picture() {
    assert_none(&strange_arrows(&rooms()));
}

#[test]
fn the_picture_itself_only_points_down() {
    for (row, (room, arrows)) in ARROWS.iter().enumerate() {
        for arrow in *arrows {
            assert!(ARROWS[..row].iter().any(|(above, _)| above == arrow), "{room} points up at {arrow}");
        }
    }
}

#[test]
fn every_room_of_the_picture_is_built() {
    let mut drawn: Vec<_> = ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect();
    let mut built: Vec<_> = rooms().into_iter().map(|room| room.name).collect();
    drawn.sort();
    built.sort();
    assert_eq!(built, drawn);
}

#[test]
fn fenced_libraries_stay_in_their_rooms() {
    assert_none(&outside_the_fence(&rooms()));
}

#[test]
fn light_rooms_stay_light() {
    assert_none(&heavy(&rooms()));
}

#[test]
fn a_wrong_dependency_is_reported() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str)] = &[
        ("core",    "yinuo-ledger",  "core may not depend on ledger"),
        ("web",     "yinuo-vault",   "web may not depend on vault"),
        ("web",     "yinuo-ledger",  "web may not depend on ledger"),
        ("oauth",   "yinuo-core",    "oauth may not depend on core"),
        ("attic",   "yinuo-domain",  "attic is not in the picture"),
        ("service", "axum",          "service may not depend on axum (HTTP and pages)"),
        ("ledger",  "tokio",         "ledger may not depend on tokio (an async runtime)"),
        ("service", "rusqlite",      "service may not depend on rusqlite (SQL)"),
        ("ledger",  "aes-gcm",       "ledger may not depend on aes-gcm (AEAD, key agreement, key wrapping)"),
        ("web",     "jsonwebtoken",  "web may not depend on jsonwebtoken (JOSE)"),
        ("ledger",  "ed25519-dalek", "ledger may not depend on ed25519-dalek (signatures)"),
        ("web",     "sha2",          "web may not depend on sha2 (hashes and MACs)"),
        ("web",     "openidconnect", "web may not depend on openidconnect (OpenID Connect)"),
        ("vault",   "getrandom",     "vault may not depend on getrandom (randomness)"),
        ("domain",  "serde",         "domain stays light: no serde"),
        ("core",    "serde_json",    "core stays light: no serde_json"),
    ];
    for (room, dependency, expected) in cases {
        let made_up = [Room { name: (*room).to_owned(), dependencies: vec![(*dependency).to_owned()] }];
        let found = [strange_arrows(&made_up), outside_the_fence(&made_up), heavy(&made_up)].concat();
        assert_eq!(found, [*expected], "{room} -> {dependency}");
    }
}

fn strange_arrows(rooms: &[Room]) -> Vec<String> {
    let mut found = Vec::new();
    for room in rooms {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room.name) else {
            found.push(format!("{} is not in the picture", room.name));
            continue;
        };
        for arrow in room.dependencies.iter().filter_map(|name| name.strip_prefix("yinuo-")) {
            if !allowed.contains(&arrow) {
                found.push(format!("{} may not depend on {arrow}", room.name));
            }
        }
    }
    found
}

fn outside_the_fence(rooms: &[Room]) -> Vec<String> {
    let mut found = Vec::new();
    for room in rooms {
        for (what, libraries, inside) in FENCES {
            for library in &room.dependencies {
                if libraries.contains(&library.as_str()) && !inside.contains(&room.name.as_str()) {
                    found.push(format!("{} may not depend on {library} ({what})", room.name));
                }
            }
        }
    }
    found
}

fn heavy(rooms: &[Room]) -> Vec<String> {
    let mut found = Vec::new();
    for room in rooms {
        let Some((_, allowed)) = LIGHT.iter().find(|(name, _)| *name == room.name) else { continue };
        for library in room.dependencies.iter().filter(|name| !name.starts_with("yinuo-")) {
            // What is fenced is reported there.
            let fenced = FENCES.iter().any(|(_, libraries, _)| libraries.contains(&library.as_str()));
            if !allowed.contains(&library.as_str()) && !fenced {
                found.push(format!("{} stays light: no {library}", room.name));
            }
        }
    }
    found
}

/// The members of the workspace. What only tests need is not part of the picture.
fn rooms() -> Vec<Room> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let rooms: Vec<_> = metadata
        .packages
        .iter()
        .map(|package| Room {
            name: package.name.strip_prefix("yinuo-").expect("packages are named yinuo-<room>").to_owned(),
            dependencies: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect(),
        })
        .collect();
    assert!(!rooms.is_empty());
    rooms
}

/// The top of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
