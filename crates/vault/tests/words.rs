//! Tags, indexes and commitments: the same for the same, another for everything else; and no secret is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use std::collections::HashSet;

use world::{Counting, HOBBY, NAME, PARAMS, PERSON, PHONE, SALT, STRANGER, SUITES, VOID_AT, provider, world};
use yinuo_domain::{AppId, Digest, Item, Monotonic, PersonId};
use yinuo_vault::signing::{Ed25519Key, Sm2Key};
use yinuo_vault::{SealedRow, Secret, Vault};

#[test]
fn a_person_has_one_tag_for_each_app_and_one_of_their_own() {
    let apps: Vec<AppId> =
        ["self", "courier", "courier-2", "a", "0self"].iter().map(|id| AppId::parse(id).unwrap()).collect();
    for suite in SUITES {
        let world = world(suite);
        let wrapped = world.vault.new_subject(STRANGER, &world.random).unwrap();
        let stranger = world.vault.unwrap(STRANGER, &wrapped).unwrap();
        let mut seen = HashSet::new();
        for keys in [&world.keys, &stranger] {
            for app in std::iter::once(None).chain(apps.iter().map(Some)) {
                let tag = world.vault.tag(keys, app);
                assert_eq!(world.vault.tag(keys, app), tag, "stable");
                assert!(seen.insert(tag), "{app:?} has the tag of another");
            }
        }
        assert_eq!(seen.len(), 12);
    }
}

#[test]
fn an_index_finds_the_same_value_of_the_same_item_in_the_same_vault_only() {
    for suite in SUITES {
        let world = world(suite);
        let (other, _) = Vault::create(suite, &provider(suite).0, &Counting::from(0x9000)).unwrap();
        let person = PersonId::parse("+8613800000000").unwrap();
        let mut seen = HashSet::new();
        for vault in [&world.vault, &other] {
            for item in [NAME, PHONE, HOBBY] {
                let index = vault.blind_index(item, "+8613800000000");
                assert_eq!(vault.blind_index(item, "+8613800000000"), index);
                assert!(seen.insert(index));
            }
            assert!(seen.insert(vault.blind_index(NAME, "")));
            assert!(seen.insert(vault.person_index(&person)));
            assert_eq!(vault.person_index(&person), vault.person_index(&person));
        }
    }
}

#[test]
fn a_commitment_is_to_all_of_its_parts() {
    for suite in SUITES {
        let vault = world(suite).vault;
        let all = [
            vault.commitment(b"salt", "consent", b"bytes"),
            vault.commitment(b"salt", "consent", b"byteS"),
            vault.commitment(b"salt", "consentb", b"ytes"),
            vault.commitment(b"salT", "consent", b"bytes"),
            vault.commitment(b"salt", "request", b"bytes"),
            vault.commitment(b"salt", "", b""),
            vault.commit_values(SALT, [(NAME, Digest([1; 32]))].into_iter()),
            vault.commit_values(SALT, [(PHONE, Digest([1; 32]))].into_iter()),
            vault.commit_values(SALT, [(NAME, Digest([2; 32]))].into_iter()),
            vault.commit_values(SALT, [(NAME, Digest([1; 32])), (PHONE, Digest([1; 32]))].into_iter()),
            vault.commit_values(SALT, std::iter::empty()),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}

/// `HMAC(salt, code ‖ digest, …)` in the order of the codes, whatever order the rows come in.
#[test]
fn the_commitment_to_values_does_not_depend_on_the_order_of_the_rows() {
    for suite in SUITES {
        let vault = world(suite).vault;
        let rows: Vec<(Item, Digest)> = (0..=255).map(|code| (Item(code), Digest([code; 32]))).collect();
        let forward = vault.commit_values(SALT, rows.iter().copied());
        assert_eq!(vault.commit_values(SALT, rows.iter().rev().copied()), forward);
    }
}

#[test]
fn a_vault_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Vault>();
    shared::<yinuo_vault::SubjectKeys>();
    shared::<yinuo_vault::Opened>();
}

/// No `Debug` output of any type that holds a secret holds one.
#[test]
fn nothing_secret_is_printed() {
    for suite in SUITES {
        let world = world(suite);
        let random = Counting::from(5);
        let (provider, root) = provider(suite);
        let (_, keyring) = Vault::create(suite, &provider, &random).unwrap();
        let rows: Vec<SealedRow> = vec![world.row(NAME, 1, "Zhang San")];
        let (permit, _) = world.permit(&[NAME], &[NAME], &rows);
        let opened =
            world.vault.open(permit, &world.keys, &world.hashed(&rows), Monotonic(VOID_AT.0 - 1)).unwrap();
        assert_eq!(opened.values[0].1.expose(), b"Zhang San");
        #[rustfmt::skip]
        let printed = [
            (format!("{:?}", Secret::new(b"Zhang San".to_vec())),    "[secret]".to_owned()),
            (format!("{:?}", world.vault),                           format!("Vault {{ suite: {suite:?}, .. }}")),
            (format!("{:?}", world.keys),                            "SubjectKeys[secret]".to_owned()),
            (format!("{:?}", world.wrapped),                         "WrappedKeys[secret]".to_owned()),
            (format!("{:?}", rows[0]),                               "SealedRow { item: 1, .. }".to_owned()),
            (format!("{keyring:?}"), format!("KeyringFile {{ suite: {suite:?}, provider: \"passphrase\", .. }}")),
            (format!("{root:?}"),    format!("RootFile {{ suite: {suite:?}, params: {PARAMS:?}, .. }}")),
            (format!("{provider:?}"),                                "PassphraseProvider[secret]".to_owned()),
            (format!("{:?}", Ed25519Key::generate(&random).unwrap()), "Ed25519Key[secret]".to_owned()),
            (format!("{:?}", Sm2Key::generate(&random).unwrap()),    "Sm2Key[secret]".to_owned()),
            (format!("{opened:?}"), format!(
                "Opened {{ items: [1], disclosure: {:?}, void_at: {:?}, .. }}", opened.disclosure, opened.void_at
            )),
        ];
        for (found, expected) in printed {
            assert_eq!(found, expected);
        }
        // The alternate form prints no more.
        let all = format!("{:#?}{:#?}{:#?}{:#?}", opened, world.keys, world.vault, PERSON);
        assert!(!all.contains("Zhang") && !all.contains(&format!("{:?}", b"Zhang San")));
    }
}

/// What a deletion leaves behind is the tag key: with it a version must tell no more than to a stranger.
#[test]
fn a_version_tells_the_same_value_to_whoever_holds_the_data_key_alone() {
    for suite in SUITES {
        let world = world(suite);
        let of = |keys: &_, item, version, value: &str| {
            world.vault.is_version_of(keys, item, world::compartment(item), version, value.as_bytes())
        };
        let mut seen = HashSet::new();
        for item in [NAME, PHONE, HOBBY] {
            let kept = world::compartment(item);
            for _ in 0..3 {
                let version =
                    world.vault.new_version(&world.keys, item, kept, b"15400000001", &world.random).unwrap();
                assert!(seen.insert(version), "a version is never there twice");
                assert!(of(&world.keys, item, version, "15400000001").unwrap());
                assert!(!of(&world.keys, item, version, "15400000002").unwrap());
                let other = if item == NAME { PHONE } else { NAME };
                assert!(!of(&world.keys, other, version, "15400000001").unwrap());
                let mut turned = version;
                turned.0[15] ^= 1;
                assert!(!of(&world.keys, item, turned, "15400000001").unwrap());
                let tag_only = world.vault.unwrap(PERSON, &world.wrapped.clone().tag_key_only()).unwrap();
                assert!(of(&tag_only, item, version, "15400000001").is_err());
                let stranger = world.vault.new_subject_in_use(STRANGER, &world.random).unwrap().1;
                assert!(!of(&stranger, item, version, "15400000001").unwrap());
            }
        }
    }
}

#[test]
fn keys_in_use_at_once_are_those_that_were_wrapped() {
    for suite in SUITES {
        let world = world(suite);
        let (wrapped, keys) = world.vault.new_subject_in_use(STRANGER, &world.random).unwrap();
        let unwrapped = world.vault.unwrap(STRANGER, &wrapped).unwrap();
        assert_eq!(world.vault.tag(&keys, None), world.vault.tag(&unwrapped, None));
        for item in [NAME, HOBBY] {
            let (kept, version) = (world::compartment(item), yinuo_domain::ValueVersion([1; 16]));
            let sealed = world.vault.seal(&keys, STRANGER, item, kept, version, b"x", &world.random).unwrap();
            let row = SealedRow { item, compartment: kept, version, bytes: sealed };
            assert_eq!(world.vault.open_own(&unwrapped, STRANGER, &row).unwrap().expose(), b"x");
        }
    }
}
