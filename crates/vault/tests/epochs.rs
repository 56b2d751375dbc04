//! Epochs of keys: a new one while a vault is in use, everybody wrapped again, and the old one destroyed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use world::{Counting, HOBBY, NAME, PERSON, STRANGER, SUITES, Stuck, provider};
use yinuo_domain::{Compartment, StaffId, Suite, ValueVersion};
use yinuo_vault::{
    KeyProvider as _, KeyringFile, Params, PassphraseProvider, ProviderError, SealedRow, SubjectKeys, Vault,
    VaultError, WrappedKeys,
};

struct Kept {
    provider: PassphraseProvider,
    keyring: KeyringFile,
    vault: Vault,
    random: Counting,
}

fn kept(suite: Suite) -> Kept {
    let random = Counting::from(0x3000);
    let (provider, _) = provider(suite);
    let (vault, keyring) = Vault::create(suite, &provider, &random).unwrap();
    Kept { provider, keyring, vault, random }
}

fn row(kept: &Kept, keys: &SubjectKeys) -> SealedRow {
    let version = ValueVersion([1; 16]);
    let bytes =
        kept.vault.seal(keys, PERSON, HOBBY, Compartment::Other, version, b"invented", &kept.random).unwrap();
    SealedRow { item: HOBBY, compartment: Compartment::Other, version, bytes }
}

/// The next epoch, as an operator's command opens it: made where the provider is, handed to the vault that serves.
fn next_epoch(kept: &mut Kept) {
    kept.keyring = kept.keyring.with_new_epoch(&kept.provider, &kept.random).unwrap();
    let made = Vault::unlock(&kept.provider, &kept.keyring).unwrap();
    let handed = made.hand_over(kept.vault.epoch(), &kept.random).unwrap();
    let new = kept.vault.read_handed(&handed).unwrap();
    assert_eq!(new.number(), *kept.keyring.epochs().last().unwrap());
    kept.vault.begin_epoch(new);
}

#[test]
fn people_wrapped_again_keep_their_rows_and_tags_and_need_the_old_key_no_more() {
    for suite in SUITES {
        let mut kept = kept(suite);
        let old = kept.vault.new_subject(PERSON, &kept.random).unwrap();
        let keys = kept.vault.unwrap(PERSON, &old).unwrap();
        let (sealed, tag) = (row(&kept, &keys), kept.vault.tag(&keys, None));
        assert!(kept.vault.rewrap(PERSON, &old, &kept.random).unwrap().is_none(), "nothing to do");
        next_epoch(&mut kept);
        // Between the two everybody is served.
        assert_eq!(kept.vault.tag(&kept.vault.unwrap(PERSON, &old).unwrap(), None), tag);
        let new = kept.vault.rewrap(PERSON, &old, &kept.random).unwrap().unwrap();
        assert_eq!((old.epochs().unwrap(), new.epochs().unwrap()), (vec![1; 3], vec![2; 3]));
        let new = WrappedKeys::from_bytes(&new.to_bytes()).unwrap();

        assert!(kept.vault.forget_epoch(1));
        assert!(!kept.vault.forget_epoch(1), "it is gone already");
        assert!(!kept.vault.forget_epoch(2), "the one in use stays");
        assert_eq!(kept.vault.epochs(), [2]);
        let keys = kept.vault.unwrap(PERSON, &new).unwrap();
        assert_eq!(kept.vault.open_own(&keys, PERSON, &sealed).unwrap().expose(), b"invented");
        assert_eq!(kept.vault.tag(&keys, None), tag);
        assert_eq!(kept.vault.unwrap(PERSON, &old).unwrap_err(), VaultError::UnknownEpoch(1));
        assert_eq!(kept.vault.new_subject(STRANGER, &kept.random).unwrap().epochs().unwrap(), [2; 3]);
    }
}

/// Promise 7, in keys: an old copy of the rows and wrapped keys of somebody who was deleted, after the epoch's end.
/// Neither the vault, nor its keyring, nor whoever unlocks it under the new root key gets them open.
#[test]
fn an_old_copy_opens_with_no_key_that_is_left() {
    for suite in SUITES {
        let mut kept = kept(suite);
        let copied = kept.vault.new_subject(PERSON, &kept.random).unwrap();
        let sealed = row(&kept, &kept.vault.unwrap(PERSON, &copied).unwrap());
        next_epoch(&mut kept);
        let params = Params { memory_kib: 64, passes: 1, lanes: 1 };
        let (renewed, _) =
            PassphraseProvider::create(suite, b"another one, also invented", params, &kept.random).unwrap();
        let keyring = kept.keyring.without_epoch(1).unwrap();
        let keyring = keyring.moved(&kept.provider, &renewed, &kept.random).unwrap();
        kept.vault.forget_epoch(1);

        let again = Vault::unlock(&renewed, &KeyringFile::from_bytes(&keyring.to_bytes().unwrap()).unwrap());
        for vault in [&kept.vault, &again.unwrap()] {
            assert_eq!(vault.unwrap(PERSON, &copied).unwrap_err(), VaultError::UnknownEpoch(1));
            // Under a false name of the epoch as well.
            let renamed = renamed(&copied, 2);
            assert_eq!(vault.unwrap(PERSON, &renamed).unwrap_err(), VaultError::NotAuthentic);
            let others = vault.unwrap(PERSON, &vault.new_subject(PERSON, &kept.random).unwrap()).unwrap();
            assert_eq!(vault.open_own(&others, PERSON, &sealed).unwrap_err(), VaultError::NotAuthentic);
        }
        // The old keyring, from an old copy of the keys, under the root key of today.
        let error = Vault::unlock(&renewed, &kept.keyring).unwrap_err();
        assert_eq!(error, VaultError::Provider(ProviderError::NotAuthentic));
        // The control: with everything of old it opens, which is why old copies of keys are destroyed.
        let old = Vault::unlock(&kept.provider, &kept.keyring).unwrap();
        assert!(old.open_own(&old.unwrap(PERSON, &copied).unwrap(), PERSON, &sealed).is_ok());
    }
}

/// The same bytes, claiming to be wrapped under another epoch.
fn renamed(keys: &WrappedKeys, epoch: u8) -> WrappedKeys {
    let mut bytes = keys.to_bytes();
    let mut at = 1;
    while at < bytes.len() {
        let len = usize::from(u16::from_be_bytes([bytes[at + 5], bytes[at + 6]]));
        bytes[at + 7 + 5] = epoch;
        at += 7 + len;
    }
    WrappedKeys::from_bytes(&bytes).unwrap()
}

#[test]
fn one_time_passwords_go_on_under_the_next_epoch() {
    let lin = StaffId::parse("lin").unwrap();
    for suite in SUITES {
        let mut kept = kept(suite);
        let sealed = kept.vault.seal_totp(&lin, &[7; 16], b"invented", &kept.random).unwrap();
        assert!(kept.vault.rewrap_totp(&lin, &[7; 16], &sealed, &kept.random).unwrap().is_none());
        next_epoch(&mut kept);
        let again = kept.vault.rewrap_totp(&lin, &[7; 16], &sealed, &kept.random).unwrap().unwrap();
        kept.vault.forget_epoch(1);
        assert_eq!(kept.vault.open_totp(&lin, &[7; 16], &again).unwrap().expose(), b"invented");
        assert_eq!(kept.vault.open_totp(&lin, &[7; 16], &sealed).unwrap_err(), VaultError::UnknownEpoch(1));
    }
}

/// Only whoever has a key of this vault can give it another one; what was changed on the way is refused.
#[test]
fn a_key_that_nobody_of_this_vault_handed_over_is_refused() {
    for suite in SUITES {
        let kept = kept(suite);
        let keyring = kept.keyring.with_new_epoch(&kept.provider, &kept.random).unwrap();
        let made = Vault::unlock(&kept.provider, &keyring).unwrap();
        let handed = made.hand_over(1, &kept.random).unwrap();
        for bit in 0..handed.len() * 8 {
            let mut changed = handed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(kept.vault.read_handed(&changed).is_err(), "bit {bit}");
        }
        for len in 0..handed.len() {
            assert!(kept.vault.read_handed(&handed[..len]).is_err(), "{len} bytes");
        }
        let (stranger, _) = Vault::create(suite, &kept.provider, &Counting::from(0x9_0000)).unwrap();
        let theirs = stranger.hand_over(1, &kept.random).unwrap();
        assert_eq!(kept.vault.read_handed(&theirs).unwrap_err(), VaultError::NotAuthentic);
        // An older key than the current one changes nothing.
        kept.vault.begin_epoch(kept.vault.read_handed(&handed).unwrap());
        let older = kept.vault.read_handed(
            &Vault::unlock(&kept.provider, &kept.keyring).unwrap().hand_over(1, &kept.random).unwrap(),
        );
        kept.vault.begin_epoch(older.unwrap());
        assert_eq!((kept.vault.epoch(), kept.vault.epochs()), (2, vec![1, 2]));
    }
}

#[test]
fn the_epoch_in_use_does_not_leave_its_keyring() {
    for suite in SUITES {
        let kept = kept(suite);
        assert_eq!(kept.keyring.without_epoch(1).unwrap_err(), VaultError::EpochInUse(1));
        let two = kept.keyring.with_new_epoch(&kept.provider, &kept.random).unwrap();
        assert_eq!(two.epochs(), [1, 2]);
        assert_eq!(two.without_epoch(2).unwrap_err(), VaultError::EpochInUse(2));
        assert_eq!(two.without_epoch(1).unwrap().epochs(), [2]);
        assert_eq!(two.without_epoch(7).unwrap(), two, "one that is not there");
    }
}

/// Promise 7 and the cipher both hang on it: the same key and nonce never seal twice, whatever the source does.
#[test]
fn a_source_that_repeats_itself_wraps_nothing() {
    for suite in SUITES {
        let mut kept = kept(suite);
        let old = kept.vault.new_subject(PERSON, &kept.random).unwrap();
        let keys = kept.vault.unwrap(PERSON, &old).unwrap();
        next_epoch(&mut kept);
        let lin = StaffId::parse("lin").unwrap();
        let seal = |byte| {
            let version = ValueVersion([1; 16]);
            kept.vault.seal(&keys, PERSON, NAME, Compartment::Identity, version, b"invented", &Stuck(byte))
        };
        // Whatever was sealed with these bytes before, nothing else is.
        assert!(seal(7).is_ok());
        let repeats = Err(VaultError::RandomRepeats);
        assert_eq!(seal(7), repeats);
        assert_eq!(kept.vault.seal_evidence(&keys, &[1; 16], b"signed", &Stuck(7)), repeats);
        assert_eq!(kept.vault.seal_totp(&lin, &[7; 16], b"secret", &Stuck(7)), repeats);
        assert_eq!(kept.vault.hand_over(1, &Stuck(7)), repeats);
        assert_eq!(kept.vault.rewrap(PERSON, &old, &Stuck(7)).map(drop), Err(VaultError::RandomRepeats));
        assert_eq!(kept.vault.new_subject(STRANGER, &Stuck(7)).map(drop), Err(VaultError::RandomRepeats));
        // A circle is noticed as well: what was used some draws ago.
        assert!(seal(8).is_ok() && seal(9).is_ok());
        assert_eq!(seal(7), repeats);

        // The provider, and the files at the top.
        assert!(kept.provider.wrap("yinuo/one", b"a key", &Stuck(7)).is_ok());
        assert_eq!(kept.provider.wrap("yinuo/one", b"another", &Stuck(7)), Err(ProviderError::RandomRepeats));
        assert!(kept.keyring.with_new_epoch(&kept.provider, &Stuck(7)).is_err());
        let params = Params { memory_kib: 64, passes: 1, lanes: 1 };
        let made = PassphraseProvider::create(suite, b"invented", params, &Stuck(7)).map(drop);
        assert_eq!(made, Err(ProviderError::RandomRepeats));
    }
}
