//! Bytes that must not change: whoever changes a format makes a new version of it and keeps reading the old one.
//!
//! Written by a second implementation (Python over OpenSSL), from the formats as the sources describe them, and met by
//! this one; but for the last three lines of each file, which this one wrote. Keys and nonces come from a fixed source, so a failing comparison shows the bytes as they are now.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use world::{NAME, PERSON, PHONE, SALT, SUITES, provider, world};
use yinuo_domain::{AppId, Digest, PersonId, Suite};
use yinuo_vault::{SealedRow, WrappedKeys};

fn golden(suite: Suite) -> &'static str {
    match suite {
        Suite::Guomi => include_str!("golden/guomi.txt"),
        Suite::International => include_str!("golden/international.txt"),
    }
}

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(&format!("{name} = "))).unwrap()
}

#[test]
fn the_formats_are_what_they_were() {
    for suite in SUITES {
        let world = world(suite);
        let courier = AppId::parse("courier").unwrap();
        let row = world.row(NAME, 1, "Zhang San");
        let rows = [(NAME, world.vault.sealed_digest(&row.bytes)), (PHONE, Digest([2; 32]))];
        let (_, root) = provider(suite);
        #[rustfmt::skip]
        let lines = [
            ("wrapped keys",          hex::encode(world.wrapped.to_bytes())),
            ("tag courier",           world.vault.tag(&world.keys, Some(&courier)).to_string()),
            ("tag own",               world.vault.tag(&world.keys, None).to_string()),
            ("sealed row",            hex::encode(&row.bytes)),
            ("sealed digest",         world.vault.sealed_digest(&row.bytes).to_string()),
            ("commitment to values",  world.vault.commit_values(SALT, rows.into_iter()).to_string()),
            ("commitment",            world.vault.commitment(&[1; 16], "consent", b"what was shown").to_string()),
            ("person index",          hex::encode(world.vault.person_index(&PersonId::parse("invented-1").unwrap()))),
            ("blind index",           hex::encode(world.vault.blind_index(PHONE, "+8613800000000"))),
            ("root file",             hex::encode(root.to_bytes().unwrap())),
            ("staff index",           hex::encode(world.vault.staff_index(&PersonId::parse("invented-1").unwrap()))),
            ("stamp",                 hex::encode(world.vault.stamp("trip", b"to and fro"))),
            ("sealed evidence",       hex::encode(world.vault.seal_evidence(&world.keys, &[3; 16], b"signed", &world.random).unwrap())),
        ];
        let found: String = lines.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        assert_eq!(found, golden(suite), "{}", suite.as_str());
    }
}

/// Not only written as before: read as before.
#[test]
fn what_was_sealed_once_still_opens() {
    for suite in SUITES {
        let world = world(suite);
        let stored = |name| hex::decode(line(golden(suite), name)).unwrap();
        let wrapped = WrappedKeys::from_bytes(&stored("wrapped keys")).unwrap();
        let keys = world.vault.unwrap(PERSON, &wrapped).unwrap();
        let row = SealedRow { bytes: stored("sealed row"), ..world.row(NAME, 1, "x") };
        assert_eq!(world.vault.open_own(&keys, PERSON, &row).unwrap().expose(), b"Zhang San");
        let evidence = stored("sealed evidence");
        assert_eq!(world.vault.open_evidence(&keys, &[3; 16], &evidence).unwrap().expose(), b"signed");
        assert!(world.vault.open_evidence(&keys, &[4; 16], &evidence).is_err(), "of another consent");
        let stamp = stored("stamp").try_into().unwrap();
        assert!(world.vault.is_stamped("trip", b"to and fro", &stamp));
        assert!(!world.vault.is_stamped("trip", b"to and from", &stamp));
        assert!(!world.vault.is_stamped("another", b"to and fro", &stamp));
    }
}
