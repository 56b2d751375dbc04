//! Sealing: what goes in comes out, and nothing that was changed or moved does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;
use world::{Counting, Failing, HOBBY, NAME, PERSON, PHONE, STRANGER, SUITES, Stuck, World, provider, world};
use yinuo_domain::{Compartment, RandomFailed, SubjectKey, ValueVersion};
use yinuo_vault::{SealedRow, VALUE_LEN_MAX, Vault, VaultError, WrappedKeys};

fn open(world: &World, row: &SealedRow) -> Result<Vec<u8>, VaultError> {
    world.vault.open_own(&world.keys, PERSON, row).map(|secret| secret.expose().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was sealed comes back, at every place.
    #[test]
    fn what_is_sealed_comes_back(
        value in prop::collection::vec(any::<u8>(), 1..400),
        item in any::<u8>(),
        version in any::<[u8; 16]>(),
        identity in any::<bool>(),
    ) {
        for suite in SUITES {
            let world = world(suite);
            let (item, version) = (yinuo_domain::Item(item), ValueVersion(version));
            let compartment = if identity { Compartment::Identity } else { Compartment::Other };
            let bytes = world.vault
                .seal(&world.keys, PERSON, item, compartment, version, &value, &world.random)
                .unwrap();
            prop_assert_eq!(bytes.len(), value.len() + 34);
            prop_assert_eq!(open(&world, &SealedRow { item, compartment, version, bytes }).unwrap(), value.clone());
        }
    }
}

#[test]
fn any_flipped_bit_and_any_cut_fails() {
    for suite in SUITES {
        let world = world(suite);
        let row = world.row(NAME, 1, "Zhang San");
        for bit in 0..row.bytes.len() * 8 {
            let mut changed = row.clone();
            changed.bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&world, &changed).is_err(), "{suite:?} bit {bit}");
        }
        for len in 0..row.bytes.len() {
            let cut = SealedRow { bytes: row.bytes[..len].to_vec(), ..row.clone() };
            assert!(open(&world, &cut).is_err(), "{suite:?} length {len}");
        }
        let longer = SealedRow { bytes: [row.bytes.as_slice(), &[0]].concat(), ..row.clone() };
        assert!(open(&world, &longer).is_err());
    }
}

/// Every part of the place counts, and so does every field of the header.
#[test]
fn a_row_opens_only_at_its_place() {
    for suite in SUITES {
        let world = world(suite);
        let row = world.row(NAME, 1, "Zhang San");
        let header = |at: usize, byte: u8| {
            let mut bytes = row.bytes.clone();
            bytes[at] = byte;
            SealedRow { bytes, ..row.clone() }
        };
        let other_suite = 3 - row.bytes[1];
        #[rustfmt::skip]
        let cases = [
            ("item",          SealedRow { item: PHONE, ..row.clone() },                     VaultError::NotAuthentic),
            ("version",       SealedRow { version: ValueVersion([2; 16]), ..row.clone() },  VaultError::NotAuthentic),
            ("compartment",   SealedRow { compartment: Compartment::Other, ..row.clone() }, VaultError::NotAuthentic),
            ("layout",        header(0, 2),           VaultError::Malformed("sealed bytes")),
            ("other suite",   header(1, other_suite), VaultError::OtherSuite),
            ("unknown suite", header(1, 9),           VaultError::OtherSuite),
            ("key version",   header(5, 2),           VaultError::OtherKeyVersion(2)),
        ];
        for (name, moved, expected) in cases {
            assert_eq!(open(&world, &moved).unwrap_err(), expected, "{suite:?} {name}");
        }
        assert!(open(&world, &row).is_ok());
    }
}

/// Another person, with keys of their own, at the same place: neither keys nor place fit.
#[test]
fn a_row_of_one_person_is_nothing_to_another() {
    for suite in SUITES {
        let world = world(suite);
        let row = world.row(NAME, 1, "Zhang San");
        let wrapped = world.vault.new_subject(STRANGER, &world.random).unwrap();
        let keys = world.vault.unwrap(STRANGER, &wrapped).unwrap();
        assert_eq!(world.vault.open_own(&keys, STRANGER, &row).unwrap_err(), VaultError::NotAuthentic);
        // Their wrapped keys moved onto the other's record do not even unwrap.
        assert_eq!(world.vault.unwrap(STRANGER, &world.wrapped).unwrap_err(), VaultError::NotAuthentic);
        let sealed = world.vault.seal(
            &keys,
            PERSON,
            NAME,
            Compartment::Identity,
            ValueVersion([1; 16]),
            b"x",
            &world.random,
        );
        assert_eq!(sealed.unwrap_err(), VaultError::OtherSubject);
    }
}

#[test]
fn a_wrapped_key_fails_with_any_flipped_bit_and_in_any_other_place() {
    for suite in SUITES {
        let world = world(suite);
        let stored = world.wrapped.to_bytes();
        assert_eq!(WrappedKeys::from_bytes(&stored).unwrap(), world.wrapped);
        for bit in 0..stored.len() * 8 {
            let mut changed = stored.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let unwrapped =
                WrappedKeys::from_bytes(&changed).and_then(|keys| world.vault.unwrap(PERSON, &keys));
            assert!(unwrapped.is_err(), "{suite:?} bit {bit}");
        }
        // One of the data keys in the place of the other: same person, same lengths.
        let len = (stored.len() - 1 - (7 + 66)) / 2;
        let (tag, data) = (&stored[..1 + 7 + 66], &stored[1 + 7 + 66..]);
        let (identity, other) = data.split_at(len);
        let exchanged = [tag, &identity[..7], &other[7..], &other[..7], &identity[7..]].concat();
        let exchanged = WrappedKeys::from_bytes(&exchanged).unwrap();
        assert_eq!(world.vault.unwrap(PERSON, &exchanged).unwrap_err(), VaultError::NotAuthentic);
        // Cut anywhere, it is malformed or lacks keys; it never unwraps to keys that are not there.
        for len in 0..stored.len() {
            if let Ok(keys) =
                WrappedKeys::from_bytes(&stored[..len]).and_then(|keys| world.vault.unwrap(PERSON, &keys))
            {
                let sealed = world.vault.seal(
                    &keys,
                    PERSON,
                    HOBBY,
                    Compartment::Other,
                    ValueVersion([1; 16]),
                    b"x",
                    &world.random,
                );
                assert_eq!(sealed.unwrap_err(), VaultError::NoDataKey(Compartment::Other), "length {len}");
            }
        }
    }
}

#[test]
fn a_value_has_between_one_byte_and_64_kib() {
    for suite in SUITES {
        let world = world(suite);
        #[rustfmt::skip]
        let cases = [
            (0,                 Some(VaultError::ValueEmpty)),
            (1,                 None),
            (VALUE_LEN_MAX,     None),
            (VALUE_LEN_MAX + 1, Some(VaultError::ValueTooLong { len: VALUE_LEN_MAX + 1, max: VALUE_LEN_MAX })),
        ];
        for (len, expected) in cases {
            let value = vec![b'x'; len];
            let version = ValueVersion([1; 16]);
            let sealed = world.vault.seal(
                &world.keys,
                PERSON,
                NAME,
                Compartment::Identity,
                version,
                &value,
                &world.random,
            );
            assert_eq!(sealed.as_ref().err(), expected.as_ref(), "{len}");
            if let Ok(bytes) = sealed {
                let row = SealedRow { item: NAME, compartment: Compartment::Identity, version, bytes };
                assert_eq!(open(&world, &row).unwrap(), value);
            }
        }
    }
}

#[test]
fn no_two_seals_share_a_nonce_and_none_shows_its_value() {
    for suite in SUITES {
        let world = world(suite);
        let mut nonces = HashSet::new();
        for _ in 0..10_000 {
            let row = world.row(NAME, 1, "Zhang San");
            assert!(nonces.insert(row.bytes[6..18].to_vec()));
            assert!(!row.bytes.windows(5).any(|window| window == b"Zhang"));
        }
    }
}

#[test]
fn a_source_that_repeats_itself_or_fails_seals_nothing() {
    for suite in SUITES {
        let world = world(suite);
        let seal = |random: &dyn yinuo_domain::Random| {
            let version = ValueVersion([1; 16]);
            world.vault.seal(&world.keys, PERSON, NAME, Compartment::Identity, version, b"Zhang San", random)
        };
        assert!(seal(&Stuck(7)).is_ok());
        assert_eq!(seal(&Stuck(7)).unwrap_err(), VaultError::RandomRepeats);
        assert_eq!(seal(&Failing(AtomicU64::new(0))).unwrap_err(), VaultError::Random(RandomFailed));

        assert_eq!(world.vault.new_subject(STRANGER, &Stuck(8)).unwrap_err(), VaultError::RandomRepeats);
        assert!(Vault::create(suite, &provider(suite).0, &Stuck(9)).is_err());
        // Whichever draw is the one that fails, nothing comes of it. A vault remembers what it drew, so each has a new one.
        let failing = |draws| {
            let (vault, _) = Vault::create(suite, &provider(suite).0, &Counting::from(1)).unwrap();
            vault.new_subject(STRANGER, &Failing(AtomicU64::new(draws))).is_err()
        };
        let needed = (0..100).find(|draws| !failing(*draws)).unwrap();
        assert_eq!(needed, 6, "three keys and three nonces");
    }
}

/// Crypto-shredding. The rows stay readable for ever in old backups; without the person's wrapped keys they open with
/// no other key of the vault, under no spelling of their place.
#[test]
fn after_the_wrapped_keys_are_gone_no_key_that_is_left_opens_a_row() {
    for suite in SUITES {
        let world = world(suite);
        let rows = [world.row(NAME, 1, "Zhang San"), world.row(HOBBY, 1, "kites")];
        let World { vault, wrapped, keys, random } = world;
        let kept = wrapped.tag_key_only();
        drop(keys);

        // The deleted person's own record: it still finds their entries and opens nothing.
        let tags = vault.unwrap(PERSON, &kept).unwrap();
        for row in &rows {
            let error = vault.open_own(&tags, PERSON, row).unwrap_err();
            assert_eq!(error, VaultError::NoDataKey(row.compartment));
        }
        // New keys for the same person, keys of everyone else, in their own name or claimed for the deleted person.
        for other in 0..64u8 {
            let subject = if other == 0 { PERSON } else { SubjectKey([other; 16]) };
            let wrapped = vault.new_subject(subject, &random).unwrap();
            let keys = vault.unwrap(subject, &wrapped).unwrap();
            for row in &rows {
                for compartment in [Compartment::Identity, Compartment::Other] {
                    let row = SealedRow { compartment, ..row.clone() };
                    assert_eq!(vault.open_own(&keys, subject, &row).unwrap_err(), VaultError::NotAuthentic);
                }
            }
            assert!(subject == PERSON || vault.unwrap(PERSON, &wrapped).is_err());
        }
        // A new vault of the same operator has other epoch keys.
        let (renewed, _) = Vault::create(suite, &provider(suite).0, &Counting::from(0x9_0000)).unwrap();
        assert_eq!(renewed.unwrap(PERSON, &kept).unwrap_err(), VaultError::NotAuthentic);
    }
}
