//! Keys change under way: nobody waits, nobody is forgotten, and what was deleted opens nowhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use std::fs;
use std::path::{Path, PathBuf};

use bed::*;
use futures_executor::block_on;
use yinuo_domain::*;
use yinuo_ledger::{Backend as _, SqliteStore};
use yinuo_service::*;
use yinuo_vault::{Params, PassphraseProvider, Vault, VaultError, WrappedKeys};

const SUITES: [Suite; 2] = [Suite::Guomi, Suite::International];

fn subject(bed: &Bed, person: &str) -> Option<SubjectKey> {
    let index = bed.vault.person_index(&PersonId::parse(person).unwrap());
    bed.ledger.reader().person(index).unwrap().map(|person| person.subject)
}

fn more(number: u32) -> NewPerson {
    let values = vec![("name".to_owned(), format!("canary more-{number} name"))];
    NewPerson {
        person: PersonId::parse(&format!("more-{number}")).unwrap(),
        guardian_required: false,
        values,
    }
}

fn refusal(error: &KeyError) -> Option<Refusal> {
    match error {
        KeyError::Change(ChangeError::Refused(refusal)) => Some(*refusal),
        _ => None,
    }
}

#[test]
fn people_are_served_before_during_and_after_and_the_old_epoch_is_retired_when_nothing_is_under_it() {
    for suite in SUITES {
        let dir = tempfile::tempdir().unwrap();
        let bed = Bed::sqlite(suite, dir.path());
        block_on(async {
            let (_, token) = bed.connect("ann", "courier").await;
            for number in 0..700 {
                bed.gateway.enrol(more(number)).await.unwrap();
            }
            let gives = async |when: &str| {
                let asked = ask(&token.access_token, "delivery", DELIVERY, false);
                assert!(bed.gateway.disclose(asked).await.is_ok(), "{when}");
            };
            gives("before").await;
            assert_eq!(
                refusal(&bed.gateway.retire_epoch(&staff(), 1).await.unwrap_err()),
                Some(Refusal::KeyEpoch)
            );
            bed.next_epoch(&bed.keyring).await;
            gives("with keys of the old epoch").await;
            let still = bed.gateway.retire_epoch(&staff(), 1).await.unwrap_err();
            assert!(matches!(still, KeyError::StillWrapping { .. }), "{still}");

            let (mut steps, mut rewrapped) = (0, 0);
            loop {
                let step = bed.gateway.rewrap(steps == 0).await.unwrap();
                gives("between two steps").await;
                (steps, rewrapped) = (steps + 1, rewrapped + step.rewrapped);
                if step.finished {
                    break;
                }
            }
            assert!(3 < steps, "one step wraps a bounded number");
            assert_eq!(rewrapped, bed.gateway.people().unwrap());
            assert_eq!(bed.rewrap().await, 0, "whoever begins anew passes over what is done");

            bed.gateway.retire_epoch(&staff(), 1).await.unwrap();
            bed.gateway.retire_epoch(&staff(), 1).await.unwrap();
            let epochs = bed.gateway.key_epochs();
            assert_eq!((epochs.current, epochs.recorded), (2, 2));
            assert_eq!((epochs.held, epochs.retired), (vec![2], vec![1]));
            gives("after").await;
            bed.enrol("more-9999").await;
            assert!(subject(&bed, "more-9999").is_some());
        });
    }
}

/// Whoever was on the way in when the epoch ended does not get in under its key.
#[test]
fn nobody_comes_in_under_a_retired_epoch() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let on_the_way = bed.gateway.prepare(more(1), Existing::Refuse);
        bed.next_epoch(&bed.keyring).await;
        bed.rewrap().await;
        bed.gateway.retire_epoch(&staff(), 1).await.unwrap();
        // What was on its way is refused within, and made again under the epoch that is in use.
        let came = bed.gateway.admit_all(vec![on_the_way]).await;
        assert!(came[0].is_ok());
        let keys = bed.ledger.reader().keys(subject(&bed, "more-1").unwrap()).unwrap().unwrap();
        assert_eq!(WrappedKeys::from_bytes(&keys).unwrap().epochs().unwrap(), [2; 3]);
    });
}

#[test]
fn a_key_of_another_vault_opens_no_epoch() {
    let (bed, other) = (Bed::memory(Suite::Guomi), Bed::memory(Suite::International));
    block_on(async {
        let next = other.next_epoch(&other.keyring).await;
        let theirs = Vault::unlock(&other.provider, &next).unwrap();
        let handed = theirs.hand_over(1, &Sequence::default()).unwrap();
        for handed in [handed, Vec::new(), vec![0; 70]] {
            assert!(matches!(bed.gateway.open_epoch(&staff(), &handed).await, Err(KeyError::Handed)));
        }
        assert_eq!(bed.gateway.key_epochs().current, 1);
    });
}

/// Everything below a directory, byte by byte: database, write-ahead log, shared memory, whatever lies there.
fn places(dir: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(places(&path, needle));
        } else if fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle) {
            found.push(path);
        }
    }
    found
}

fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // Another owner opens the copy.
        if entry.file_name() != "lock" {
            fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

/// Promise 7. Nothing is left of a deleted person's values, sealed rows and wrapped keys in any byte below the data
/// directory; and once the epoch is retired, no key that is left opens them in a copy made before.
#[test]
fn promise_7_what_is_deleted_is_in_no_byte_and_opens_in_no_old_copy() {
    for suite in SUITES {
        let dir = tempfile::tempdir().unwrap();
        let bed = Bed::sqlite(suite, dir.path());
        block_on(async {
            let (session, _) = bed.connect("ann", "courier").await;
            bed.connect("bob", "courier").await;
            let ann = subject(&bed, "ann").unwrap();
            let wrapped = bed.ledger.reader().keys(ann).unwrap().unwrap();
            let items: ItemSet = DELIVERY.iter().map(|item| bed.item(item)).collect();
            let rows = bed.ledger.reader().values(ann, items).unwrap();
            assert_eq!(rows.len(), DELIVERY.len());
            // Whole, and each key's own ciphertext: nonce, key and tag are the last 44 or 60 bytes of each.
            let mut needles: Vec<(String, Vec<u8>)> = vec![("wrapped keys".to_owned(), wrapped.clone())];
            let data_keys = &wrapped[1 + 7 + 66..];
            needles.extend(
                data_keys
                    .windows(40)
                    .step_by(8)
                    .map(|part| ("a part of a data key".to_owned(), part.to_vec())),
            );
            needles.extend(rows.iter().map(|row| ("a sealed row".to_owned(), row.bytes.clone())));
            needles.extend(
                rows.iter().map(|row| ("a part of a sealed row".to_owned(), row.bytes[18..34].to_vec())),
            );
            let backup = copied(dir.path());
            for (name, needle) in &needles {
                assert!(!places(backup.path(), needle).is_empty(), "the search is blind to {name}");
            }
            for item in DELIVERY {
                needles.push((format!("the value of {item}"), value_of("ann", item).into_bytes()));
            }

            bed.gateway.delete_account(&session).await.unwrap();
            for (name, needle) in &needles {
                let found = places(dir.path(), needle);
                assert!(found.is_empty(), "{name} is in {found:?}");
            }

            // The next epoch, and the end of this one. The keys move under a new root key and passphrase.
            let next = bed.next_epoch(&bed.keyring).await;
            assert!(0 < bed.rewrap().await);
            bed.gateway.retire_epoch(&staff(), 1).await.unwrap();
            let params = Params { memory_kib: 64, passes: 1, lanes: 1 };
            let (root, _) =
                PassphraseProvider::create(suite, b"another one", params, &Sequence::default()).unwrap();
            let kept =
                next.without_epoch(1).unwrap().moved(&bed.provider, &root, &Sequence::default()).unwrap();
            let unlocked = Vault::unlock(&root, &kept).unwrap();

            let old = SqliteStore::new(backup.path()).open().unwrap();
            let old_keys = old.writer.rows().keys(ann).unwrap().unwrap();
            assert_eq!(old_keys, wrapped, "the copy holds them still");
            let old_keys = WrappedKeys::from_bytes(&old_keys).unwrap();
            let bobs = subject(&bed, "bob").unwrap();
            let bobs = bed.ledger.reader().keys(bobs).unwrap().unwrap();
            for vault in [bed.vault.as_ref(), &unlocked] {
                assert_eq!(vault.unwrap(ann, &old_keys).unwrap_err(), VaultError::UnknownEpoch(1));
                // Nobody else's keys, even claimed for her, and no new ones.
                assert!(vault.unwrap(ann, &WrappedKeys::from_bytes(&bobs).unwrap()).is_err());
                let fresh = vault.new_subject(ann, &Sequence::default()).unwrap();
                let fresh = vault.unwrap(ann, &fresh).unwrap();
                for row in &rows {
                    let row = yinuo_vault::SealedRow {
                        item: row.item,
                        compartment: row.compartment,
                        version: row.version,
                        bytes: row.bytes.clone(),
                    };
                    assert!(vault.open_own(&fresh, ann, &row).is_err());
                }
            }
            // The control: with the old keys it would have opened.
            let then = Vault::unlock(&bed.provider, &bed.keyring).unwrap();
            assert!(then.unwrap(ann, &old_keys).is_ok());
        });
    }
}

/// Other bytes each time.
#[derive(Default)]
struct Sequence(std::sync::atomic::AtomicU64);

impl Random for Sequence {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in out.chunks_mut(8) {
            let next = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            chunk.copy_from_slice(&next.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
