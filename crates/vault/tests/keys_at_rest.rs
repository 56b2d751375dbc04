//! The files between two starts: root file, keyring, passphrases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use world::{Counting, NAME, PARAMS, PASSPHRASE, PERSON, SUITES, provider};
use yinuo_domain::{Compartment, Suite, ValueVersion};
use yinuo_vault::{
    KeyProvider, KeyringFile, Params, PassphraseProvider, ProviderError, RootFile, SealedRow, Vault,
    VaultError, WrappedKeys,
};

#[test]
fn a_vault_unlocked_later_opens_what_was_sealed_before() {
    for suite in SUITES {
        let random = Counting::from(1);
        let (provider, root) = provider(suite);
        let (vault, keyring) = Vault::create(suite, &provider, &random).unwrap();
        let wrapped = vault.new_subject(PERSON, &random).unwrap();
        let keys = vault.unwrap(PERSON, &wrapped).unwrap();
        let version = ValueVersion([1; 16]);
        let bytes =
            vault.seal(&keys, PERSON, NAME, Compartment::Identity, version, b"Zhang San", &random).unwrap();
        let files = (root.to_bytes().unwrap(), keyring.to_bytes().unwrap(), wrapped.to_bytes());
        let index = vault.blind_index(NAME, "zhang san");
        drop((vault, keys, provider));

        let root = RootFile::from_bytes(&files.0).unwrap();
        let provider = PassphraseProvider::unlock(&root, PASSPHRASE).unwrap();
        let vault = Vault::unlock(&provider, &KeyringFile::from_bytes(&files.1).unwrap()).unwrap();
        let keys = vault.unwrap(PERSON, &WrappedKeys::from_bytes(&files.2).unwrap()).unwrap();
        let row = SealedRow { item: NAME, compartment: Compartment::Identity, version, bytes };
        assert_eq!(vault.open_own(&keys, PERSON, &row).unwrap().expose(), b"Zhang San");
        assert_eq!(vault.suite(), suite);
        assert_eq!(vault.blind_index(NAME, "zhang san"), index);
    }
}

#[test]
fn a_wrong_passphrase_is_said_to_be_wrong() {
    for suite in SUITES {
        let (_, root) = provider(suite);
        for wrong in [b"".as_slice(), b"an invented passphrasE", b"an invented passphrase "] {
            let error = PassphraseProvider::unlock(&root, wrong).unwrap_err();
            assert_eq!(error, ProviderError::WrongPassphrase);
        }
        let empty = PassphraseProvider::create(suite, b"", PARAMS, &Counting::from(1)).unwrap_err();
        assert_eq!(empty, ProviderError::EmptyPassphrase);
    }
}

/// The keyring is not touched: what the root key wrapped is unwrapped under the new passphrase as before.
#[test]
fn a_changed_passphrase_wraps_nothing_anew() {
    for suite in SUITES {
        let random = Counting::from(1);
        let (provider, root) = provider(suite);
        let (vault, keyring) = Vault::create(suite, &provider, &random).unwrap();
        let stronger = Params { memory_kib: 128, passes: 2, lanes: 1 };
        let changed = root.change_passphrase(PASSPHRASE, b"another one", stronger, &random).unwrap();
        assert_ne!(changed, root);
        assert_eq!(
            PassphraseProvider::unlock(&changed, PASSPHRASE).unwrap_err(),
            ProviderError::WrongPassphrase
        );
        let provider = PassphraseProvider::unlock(&changed, b"another one").unwrap();
        let again = Vault::unlock(&provider, &keyring).unwrap();
        assert_eq!(again.blind_index(NAME, "x"), vault.blind_index(NAME, "x"));

        let refused = root.change_passphrase(b"not it", b"another one", PARAMS, &random).unwrap_err();
        assert_eq!(refused, ProviderError::WrongPassphrase);
    }
}

#[test]
fn another_providers_keyring_does_not_unlock() {
    for suite in SUITES {
        let (_, keyring) = Vault::create(suite, &provider(suite).0, &Counting::from(1)).unwrap();
        let (other, _) =
            PassphraseProvider::create(suite, PASSPHRASE, PARAMS, &Counting::from(0x7777)).unwrap();
        let error = Vault::unlock(&other, &keyring).unwrap_err();
        assert_eq!(error, VaultError::Provider(ProviderError::NotAuthentic));
    }
}

/// Every byte of both files counts: a change is refused when the file is read, or when its key is used.
#[test]
fn a_changed_file_is_refused() {
    for suite in SUITES {
        let (provider, root) = provider(suite);
        let (vault, keyring) = Vault::create(suite, &provider, &Counting::from(1)).unwrap();
        let index = vault.blind_index(NAME, "x");
        let (root, keyring) = (root.to_bytes().unwrap(), keyring.to_bytes().unwrap());
        for at in 0..root.len() {
            let mut changed = root.clone();
            changed[at] ^= 1;
            let opened =
                RootFile::from_bytes(&changed).and_then(|file| PassphraseProvider::unlock(&file, PASSPHRASE));
            assert!(opened.is_err(), "byte {at}");
        }
        for at in 0..keyring.len() {
            let mut changed = keyring.clone();
            changed[at] ^= 1;
            if let Ok(file) = KeyringFile::from_bytes(&changed)
                && let Ok(vault) = Vault::unlock(&provider, &file)
            {
                // White space, or the provider's name, which only helps the operator.
                assert_eq!(vault.blind_index(NAME, "x"), index, "byte {at}");
                assert!(file.suite() == suite, "byte {at}");
            }
        }
    }
}

/// Whoever may write the file must not make the program take all memory.
#[test]
fn parameters_out_of_bounds_are_refused_before_any_work() {
    let sane = PARAMS;
    #[rustfmt::skip]
    let cases = [
        ("no memory",        Params { memory_kib: 0, ..sane }),
        ("too much memory",  Params { memory_kib: 1024 * 1024 + 1, ..sane }),
        ("no passes",        Params { passes: 0, ..sane }),
        ("too many passes",  Params { passes: 33, ..sane }),
        ("no lanes",         Params { lanes: 0, ..sane }),
        ("too many lanes",   Params { lanes: 17, ..sane }),
        ("everything",       Params { memory_kib: u32::MAX, passes: u32::MAX, lanes: u32::MAX }),
    ];
    for (name, params) in cases {
        let error =
            PassphraseProvider::create(Suite::Guomi, PASSPHRASE, params, &Counting::from(1)).unwrap_err();
        assert_eq!(error, ProviderError::Params, "{name}");
    }
    assert!(
        PassphraseProvider::create(Suite::Guomi, PASSPHRASE, Params::DEMONSTRATION, &Counting::from(1))
            .is_ok()
    );
    assert_eq!(Params::default(), Params { memory_kib: 65_536, passes: 3, lanes: 1 });
}

#[test]
fn what_is_wrapped_in_one_context_does_not_unwrap_in_another() {
    for suite in SUITES {
        let (provider, _) = provider(suite);
        let wrapped = provider.wrap("yinuo/one", b"a key", &Counting::from(1)).unwrap();
        assert_eq!(provider.unwrap("yinuo/one", &wrapped).unwrap().expose(), b"a key");
        for other in ["", "yinuo/on", "yinuo/one ", "yinuo/two"] {
            let error = provider.unwrap(other, &wrapped).unwrap_err();
            assert_eq!(error, ProviderError::NotAuthentic, "{other}");
        }
    }
}

#[test]
fn files_with_unknown_or_missing_parts_are_refused() {
    for suite in SUITES {
        let (provider, root) = provider(suite);
        let (_, keyring) = Vault::create(suite, &provider, &Counting::from(1)).unwrap();
        let text = String::from_utf8(keyring.to_bytes().unwrap()).unwrap();
        #[rustfmt::skip]
        let cases = [
            ("another format",  text.replace("keyring v1", "keyring v2")),
            ("unknown suite",   text.replace(suite.as_str(), "rot13")),
            ("an extra key",    text.replacen('{', r#"{"note": "x","#, 1)),
            ("no epochs",       text.replacen(r#""epochs": ["#, r#""epochs": [], "x": ["#, 1)),
            ("not JSON",        "keyring".to_owned()),
            ("nothing",         String::new()),
        ];
        for (name, text) in cases {
            let error = KeyringFile::from_bytes(text.as_bytes()).unwrap_err();
            assert_eq!(error, VaultError::Malformed("keyring"), "{name}");
        }
        // A keyring that claims the other suite reads, and its keys do not unwrap.
        let other = if suite == Suite::Guomi { Suite::International } else { Suite::Guomi };
        let claimed =
            KeyringFile::from_bytes(text.replace(suite.as_str(), other.as_str()).as_bytes()).unwrap();
        assert!(Vault::unlock(&provider, &claimed).is_err());
        let text = String::from_utf8(root.to_bytes().unwrap()).unwrap();
        let error = RootFile::from_bytes(text.replace("key v1", "key v2").as_bytes()).unwrap_err();
        assert_eq!(error, ProviderError::Malformed("root file"));
    }
}
