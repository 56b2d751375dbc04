use yinuo_domain::RandomFailed;

use super::epochs::wrapping_place;
use super::*;
use crate::{Params, PassphraseProvider};

const PERSON: SubjectKey = SubjectKey([0x51; 16]);
const ITEM: Item = Item(1);
const VERSION: ValueVersion = ValueVersion([1; 16]);

/// Counts; enough here.
struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        out.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        Ok(())
    }
}

/// Crypto-shredding with the bare keys: whoever has the unlocked vault, the provider's root included, and what stays
/// of a deleted account, still cannot open its rows, because the data key was random and only the wrapped one was kept.
#[test]
fn no_key_that_remains_after_a_deletion_opens_a_row() {
    for suite in [Suite::Guomi, Suite::International] {
        let random = Counting(1.into());
        let params = Params { memory_kib: 64, passes: 1, lanes: 1 };
        let (provider, _) = PassphraseProvider::create(suite, b"invented", params, &random).unwrap();
        let (vault, _) = Vault::create(suite, &provider, &random).unwrap();
        let wrapped = vault.new_subject(PERSON, &random).unwrap();
        let keys = vault.unwrap(PERSON, &wrapped).unwrap();
        let row =
            vault.seal(&keys, PERSON, ITEM, Compartment::Identity, VERSION, b"canary", &random).unwrap();
        let data = keys.data(Compartment::Identity).unwrap();
        let place = place(PERSON, Compartment::Identity, ITEM, VERSION, data);
        let opens = |bytes: &[u8]| sealed::open(KeyRef { bytes, ..data }, &place, &row).is_ok();
        assert!(opens(data.bytes), "the control: the data key itself opens it");

        let kek = &vault.epochs.bare()[0];
        let other = keys.data(Compartment::Other).unwrap().bytes.to_vec();
        let mut left: Vec<Vec<u8>> = vec![kek.to_vec(), vault.index.to_vec(), keys.tag.to_vec(), other];
        for slot in Slot::EVERY {
            for version in 0..4 {
                let info = wrapping_place(PERSON, slot, version);
                left.push(suite::derive(suite, kek, &info, suite::key_len(suite)).unwrap().to_vec());
            }
        }
        for key in left {
            for part in key.windows(suite::key_len(suite)) {
                assert!(!opens(part), "{suite:?}");
            }
        }
    }
}

/// One wrong length of a stored key must not become a short key.
#[test]
fn a_keyring_key_of_another_length_is_refused() {
    assert!(mac_key(Secret::new(vec![1; 32])).is_ok());
    for len in [0, 16, 31, 33] {
        assert_eq!(mac_key(Secret::new(vec![1; len])), Err(VaultError::Malformed("key length")), "{len}");
    }
}
