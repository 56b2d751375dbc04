//! No secret is printed: whatever holds one has a `Debug` of its own that shows none of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use std::fmt::Debug;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use world::{Counting, NAME, SUITES, provider, world};
use yinuo_vault::signing::{Ed25519Key, Sm2Key};
use yinuo_vault::{KeyringFile, Secret, Vault};

/// Both ways of printing, and everything that could be a key in them: long hexadecimal, base64 or lists of numbers.
fn shows_nothing(what: &str, value: &dyn Debug, secrets: &[&[u8]]) {
    for printed in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(printed.len() < 200, "{what}: {printed}");
        for secret in secrets {
            for part in secret.windows(4) {
                let numbers = part.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
                for spelling in [hex::encode(part), hex::encode_upper(part), numbers] {
                    assert!(!printed.contains(&spelling), "{what}");
                }
            }
            for part in secret.chunks(6).filter(|part| part.len() == 6) {
                assert!(!printed.contains(&STANDARD.encode(part)), "{what}");
            }
        }
    }
}

#[test]
fn every_secret_prints_as_one() {
    for suite in SUITES {
        let random = Counting::from(1);
        let (provider, root) = provider(suite);
        let (vault, keyring) = Vault::create(suite, &provider, &random).unwrap();
        let next: KeyringFile = keyring.with_new_epoch(&provider, &random).unwrap();
        let handed = Vault::unlock(&provider, &next).unwrap().hand_over(1, &random).unwrap();
        let world = world(suite);
        let row = world.row(NAME, 1, "Zhang San");
        let wrapped = world.wrapped.to_bytes();
        let (root_bytes, ring_bytes) = (root.to_bytes().unwrap(), keyring.to_bytes().unwrap());
        shows_nothing("Secret", &Secret::new(b"Zhang San".to_vec()), &[b"Zhang San"]);
        shows_nothing("PassphraseProvider", &provider, &[&root_bytes]);
        shows_nothing("RootFile", &root, &[&root_bytes]);
        shows_nothing("KeyringFile", &keyring, &[&ring_bytes]);
        shows_nothing("Vault", &vault, &[&ring_bytes]);
        shows_nothing("NewEpoch", &vault.read_handed(&handed).unwrap(), &[&handed]);
        shows_nothing("SubjectKeys", &world.keys, &[&wrapped]);
        shows_nothing("WrappedKeys", &world.wrapped, &[&wrapped]);
        shows_nothing("SealedRow", &row, &[&row.bytes]);
        let ed25519 = Ed25519Key::generate(&random).unwrap();
        let kept = ed25519.to_protected(&provider, &random).unwrap();
        shows_nothing("Ed25519Key", &ed25519, &[&kept]);
        let sm2 = Sm2Key::generate(&random).unwrap();
        let kept = sm2.to_protected(&provider, &random).unwrap();
        shows_nothing("Sm2Key", &sm2, &[&kept]);
    }
}

/// A type that is added tomorrow: whatever has bytes of a key or sealed bytes in it may not derive its `Debug`.
#[test]
fn nothing_that_holds_keys_derives_how_it_is_printed() {
    let (mut looked, mut found) = (0, Vec::new());
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("struct ") {
            let body = text[at..].split(['}', ';']).next().unwrap_or_default();
            let holds = ["Key,", "Key)", "Key>", "Zeroizing", "SigningKey", "Secret", "Vec<u8>", "HASH_LEN]"];
            if !holds.iter().any(|held| body.contains(held)) {
                continue;
            }
            looked += 1;
            let before = text[..at].rsplit("\n\n").next().unwrap_or_default();
            if before.contains("derive(") && before.contains("Debug") {
                found.push(format!("{}: {}", path.display(), body.lines().next().unwrap_or_default()));
            }
        }
    }
    assert!(10 < looked, "{looked}");
    assert!(found.is_empty(), "{found:#?}");
}

fn sources(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}
