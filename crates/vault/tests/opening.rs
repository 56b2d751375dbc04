//! `open`: exactly the permit's items, only while it stands, only the rows the recorded release commits to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use std::sync::Arc;

use world::{ADDRESS, HOBBY, NAME, PERSON, PHONE, SALT, STRANGER, SUITES, VOID_AT, World, released, world};
use yinuo_domain::{Item, Monotonic, Salt};
use yinuo_vault::{OpenError, Opened, SealedRow, VaultError};

const EARLY: Monotonic = Monotonic(VOID_AT.0 - 1);

fn rows(world: &World) -> Vec<SealedRow> {
    vec![world.row(NAME, 1, "Zhang San"), world.row(PHONE, 1, "+8613800000000"), world.row(HOBBY, 1, "kites")]
}

fn shown(opened: &Opened) -> Vec<(u8, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    opened.values.iter().map(|(item, value)| (item.0, text(value.expose()))).collect()
}

#[test]
fn exactly_the_permitted_items_are_opened() {
    let stored = [NAME, PHONE, HOBBY];
    for suite in SUITES {
        let world = world(suite);
        let rows = rows(&world);
        let plain = ["Zhang San", "+8613800000000", "kites"];
        // Every grant but the empty one, which releases nothing.
        for granted in 1..8u8 {
            let picked: Vec<usize> = (0..3).filter(|i| granted & (1 << i) != 0).collect();
            let granted: Vec<Item> = picked.iter().map(|i| stored[*i]).collect();
            let (permit, dropped) = world.permit(&stored, &granted, &rows);
            let opened = world.vault.open(permit, &world.keys, &world.hashed(&rows), EARLY).unwrap();
            let expected: Vec<_> = picked.iter().map(|i| (stored[*i].0, plain[*i].to_owned())).collect();
            assert_eq!(shown(&opened), expected);
            assert!(!dropped.yet(), "a withdrawal waits while the values are held");
            drop(opened);
            assert!(dropped.yet(), "and goes on when they are gone");
        }
    }
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    for suite in SUITES {
        let world = world(suite);
        let mut rows = rows(&world);
        let (permit, _) = world.permit(&[NAME, PHONE, HOBBY], &[PHONE], &rows);
        rows.reverse();
        assert_eq!(
            shown(&world.vault.open(permit, &world.keys, &world.hashed(&rows), EARLY).unwrap()).len(),
            1
        );
    }
}

#[test]
fn a_permit_opens_until_its_deadline_and_not_at_it() {
    #[rustfmt::skip]
    let cases = [
        (Monotonic(0),              true),
        (EARLY,                     true),
        (VOID_AT,                   false),
        (Monotonic(VOID_AT.0 + 1),  false),
        (Monotonic(u64::MAX),       false),
    ];
    for suite in SUITES {
        let world = world(suite);
        let rows = rows(&world);
        for (now, opens) in cases {
            let (permit, dropped) = world.permit(&[NAME, PHONE, HOBBY], &[NAME], &rows);
            match world.vault.open(permit, &world.keys, &world.hashed(&rows), now) {
                Ok(opened) => {
                    assert!(opens && opened.still_valid(now) && !opened.still_valid(VOID_AT), "{now:?}")
                }
                Err(error) => assert!(!opens && error == OpenError::Void, "{now:?} {error}"),
            }
            assert!(dropped.yet(), "the guard goes with the answer or the refusal");
        }
    }
}

/// What the ledger recorded is what is opened: any other set of rows is refused, and the guard is dropped.
#[test]
fn other_rows_than_the_recorded_ones_are_refused() {
    for suite in SUITES {
        let world = world(suite);
        let recorded = rows(&world);
        let swapped = |mut rows: Vec<SealedRow>| {
            let (a, b) = (rows[0].bytes.clone(), rows[1].bytes.clone());
            (rows[0].bytes, rows[1].bytes) = (b, a);
            rows
        };
        let with = |row: SealedRow| {
            let mut rows: Vec<_> = recorded.iter().filter(|kept| kept.item != row.item).cloned().collect();
            rows.push(row);
            rows
        };
        #[rustfmt::skip]
        let cases = [
            ("an older or newer version",    with(world.row(PHONE, 2, "+8613900000000"))),
            ("the same value sealed again",  with(world.row(PHONE, 1, "+8613800000000"))),
            ("one that is not permitted",    with(world.row(HOBBY, 2, "stamps"))),
            ("two that changed places",      swapped(recorded.clone())),
            ("one too many",                 [recorded.clone(), vec![world.row(ADDRESS, 1, "1 Invented Road")]].concat()),
            ("one twice",                    [recorded.clone(), recorded[..1].to_vec()].concat()),
            ("one too few",                  recorded[..2].to_vec()),
            ("none",                         Vec::new()),
        ];
        for (name, rows) in cases {
            let (permit, dropped) = world.permit(&[NAME, PHONE, HOBBY], &[NAME, PHONE], &recorded);
            let error = world.vault.open(permit, &world.keys, &world.hashed(&rows), EARLY).unwrap_err();
            assert_eq!(error, OpenError::OtherRows, "{name}");
            assert!(dropped.yet(), "{name}");
        }
    }
}

/// What the rows were committed to is the recorded release's, and no other's.
#[test]
fn rows_that_were_committed_to_another_leaf_are_refused() {
    for suite in SUITES {
        let world = world(suite);
        let recorded = rows(&world);
        let hashed = recorded.iter().map(|row| Arc::new(world.vault.hashed(row.clone()))).collect();
        let elsewhere = world.vault.commit_rows(Salt([9; 16]), hashed);
        let (permit, dropped) = world.permit(&[NAME, PHONE, HOBBY], &[NAME], &recorded);
        let error = world.vault.open(permit, &world.keys, &elsewhere, EARLY).unwrap_err();
        assert_eq!(error, OpenError::OtherRows);
        assert!(dropped.yet());
    }
}

/// Only a defect of the caller leads here: it said that a value is stored and brought no row. Nothing is opened.
#[test]
fn a_permitted_item_without_a_row_refuses_all() {
    for suite in SUITES {
        let world = world(suite);
        let rows = rows(&world);
        let stored = [NAME, ADDRESS].into_iter().collect();
        let (permit, dropped) =
            released(world.pending_claiming(&[NAME, ADDRESS], &[NAME, ADDRESS], stored, &rows));
        let error = world.vault.open(permit, &world.keys, &world.hashed(&rows), EARLY).unwrap_err();
        assert_eq!(error, OpenError::RowMissing(ADDRESS));
        assert!(dropped.yet());
    }
}

/// The digests cover the bytes; where the bytes belong is covered by the cipher.
#[test]
fn a_row_under_another_version_or_compartment_does_not_open() {
    for suite in SUITES {
        let world = world(suite);
        let recorded = rows(&world);
        let older = SealedRow { version: yinuo_domain::ValueVersion([2; 16]), ..recorded[0].clone() };
        let elsewhere = SealedRow { compartment: yinuo_domain::Compartment::Other, ..recorded[0].clone() };
        for moved in [older, elsewhere] {
            let rows = [vec![moved], recorded[1..].to_vec()].concat();
            let (permit, dropped) = world.permit(&[NAME, PHONE, HOBBY], &[NAME], &recorded);
            let error = world.vault.open(permit, &world.keys, &world.hashed(&rows), EARLY).unwrap_err();
            assert_eq!(error, OpenError::Row { item: NAME, cause: VaultError::NotAuthentic });
            assert!(dropped.yet());
        }
    }
}

#[test]
fn a_permit_does_not_open_with_the_keys_of_somebody_else() {
    for suite in SUITES {
        let world = world(suite);
        let recorded = rows(&world);
        let wrapped = world.vault.new_subject(STRANGER, &world.random).unwrap();
        let keys = world.vault.unwrap(STRANGER, &wrapped).unwrap();
        let (permit, dropped) = world.permit(&[NAME, PHONE, HOBBY], &[NAME], &recorded);
        assert_eq!(
            world.vault.open(permit, &keys, &world.hashed(&recorded), EARLY).unwrap_err(),
            OpenError::OtherSubject
        );
        assert!(dropped.yet());
    }
}

/// Under another salt the commitment is another one: two partners' leaves about one person do not match.
#[test]
fn one_set_of_rows_has_another_commitment_in_each_leaf() {
    for suite in SUITES {
        let world = world(suite);
        let digests =
            || rows(&world).into_iter().map(|row| (row.item, world.vault.sealed_digest(&row.bytes)));
        let other = yinuo_domain::Salt([0x5b; 16]);
        assert_ne!(world.vault.commit_values(SALT, digests()), world.vault.commit_values(other, digests()));
    }
}

#[test]
fn the_person_reads_their_own_values_without_a_permit_and_nobody_elses() {
    for suite in SUITES {
        let world = world(suite);
        let row = world.row(NAME, 1, "Zhang San");
        assert_eq!(world.vault.open_own(&world.keys, PERSON, &row).unwrap().expose(), b"Zhang San");
        assert_eq!(world.vault.open_own(&world.keys, STRANGER, &row).unwrap_err(), VaultError::OtherSubject);
    }
}
