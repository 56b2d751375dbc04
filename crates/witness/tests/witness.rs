//! A witness keeps what it cosigned before it answers, and never cosigns two histories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "../../tlog/tests/keys/mod.rs"]
mod keys;
#[path = "../../tlog/tests/store/mod.rs"]
mod store;

use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::Signer as _;
use keys::Signer;
use store::Store;
use yinuo_tlog::*;
use yinuo_witness::*;

const LOG: &str = "issuer.example/log/g/0";
const TWIN: &str = "issuer.example/log/g/0/sm3";
const NAME: &str = "witness.example/w1";
const NOW: u64 = 1_800_000_000;

/// A key that signs, or does not.
struct Key(WitnessKey, Signer, bool);

impl Cosigner for Key {
    fn key(&self) -> &WitnessKey {
        &self.0
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, CannotSign> {
        if !self.2 {
            return Err(CannotSign);
        }
        Ok(match &self.1 {
            Signer::Ed25519(key) => key.sign(text).to_bytes().to_vec(),
            Signer::Sm2(_) => self.1.sign(NAME, str::from_utf8(text).unwrap()).signature,
        })
    }
}

fn key(signer: Signer, signs: bool) -> Box<dyn Cosigner> {
    Box::new(Key(signer.witness(NAME), signer, signs))
}

fn open_with(file: &Path, signs: bool) -> Witness {
    let logs = vec![keys::ed25519(1).verifier(LOG), keys::sm2(1).verifier(TWIN)];
    Witness::open(file, logs, vec![key(keys::ed25519(3), signs), key(keys::sm2(3), signs)]).unwrap()
}

fn open(file: &Path) -> Witness {
    open_with(file, true)
}

fn ask<H: TreeHash>(tree: &Store<H>, log: &str, signer: &Signer, old: u64, new: u64) -> AddCheckpoint {
    let head = Checkpoint { origin: log.to_owned(), size: new, root: root_at::<H, _>(tree, new).unwrap() };
    AddCheckpoint {
        old_size: old,
        proof: prove_consistency::<H, _>(tree, old.min(new), new).unwrap(),
        head: signer.note(log, &head.text()),
    }
}

fn add(witness: &Witness, request: &AddCheckpoint, now: u64) -> Result<String, Refused> {
    witness.add_checkpoint(request.to_string().as_bytes(), now)
}

fn status(answer: &Result<String, Refused>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(Refused::Head(refused)) => refused.status(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn both_kinds_of_tree_are_cosigned_each_with_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(&dir.path().join("witness.sqlite"));
    let requests = [
        ask(&Store::<Sha256Tree>::of(300), LOG, &keys::ed25519(1), 0, 300),
        ask(&Store::<Sm3Tree>::of(300), TWIN, &keys::sm2(1), 0, 300),
    ];
    for (request, key) in requests.iter().zip([keys::ed25519(3).witness(NAME), keys::sm2(3).witness(NAME)]) {
        let lines = add(&witness, request, NOW).unwrap();
        // As a client puts them under its head.
        let note = SignedNote::parse(&format!("{}{lines}", request.head)).unwrap();
        assert_eq!(note.signatures.len(), 2);
        assert_eq!(key.verify(&note), Ok(NOW));
    }
    let heads = witness.heads().unwrap();
    assert_eq!(heads.iter().map(|head| head.origin.as_str()).collect::<Vec<_>>(), [LOG, TWIN]);
    assert_eq!(keys::sm2(3).witness(NAME).verify(&SignedNote::parse(&heads[1].note).unwrap()), Ok(NOW));
}

#[test]
fn what_was_cosigned_is_known_after_every_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("witness.sqlite");
    let (tree, signer) = (Store::<Sha256Tree>::of(600), keys::ed25519(1));
    let sizes = [10, 255, 256, 300, 600];
    let mut last = 0;
    for (round, size) in (0u64..).zip(sizes) {
        let witness = open(&file);
        assert_eq!(status(&add(&witness, &ask(&tree, LOG, &signer, last, size), NOW + round)), 200);
        drop(witness);
        let witness = open(&file);
        // From an older size, and from none.
        for old in [0, last] {
            let answer = add(&witness, &ask(&tree, LOG, &signer, old, size), NOW);
            assert!(
                matches!(answer, Err(Refused::Head(NotCosigned::Conflict { size: found })) if found == size)
            );
        }
        last = size;
    }
    // The same head once more is cosigned again, and never with an earlier time.
    let witness = open(&file);
    let lines = add(&witness, &ask(&tree, LOG, &signer, 600, 600), NOW - 9).unwrap();
    let note = SignedNote::parse(&format!("{}{lines}", ask(&tree, LOG, &signer, 600, 600).head)).unwrap();
    assert_eq!(keys::ed25519(3).witness(NAME).verify(&note), Ok(NOW + 4));
}

#[test]
fn two_histories_are_refused_and_kept_as_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(&dir.path().join("witness.sqlite"));
    let signer = keys::ed25519(1);
    let (one, other) = (Store::<Sha256Tree>::of(40), Store::<Sha256Tree>::parted(40, 20));
    add(&witness, &ask(&one, LOG, &signer, 0, 30), NOW).unwrap();
    // The same size with another root; growth of another history; and what is only not proven.
    let fork = ask(&other, LOG, &signer, 30, 30);
    let growth = ask(&other, LOG, &signer, 30, 40);
    let mut unproven = ask(&one, LOG, &signer, 30, 40);
    unproven.proof[0] = [0; 32];
    for request in [&fork, &fork, &growth, &unproven, &unproven] {
        let expected = if request.head.text.contains("\n30\n") { 409 } else { 422 };
        assert_eq!(status(&add(&witness, request, NOW)), expected);
    }
    let kept = witness.evidence().unwrap();
    assert_eq!(kept.iter().map(|kept| kept.certain).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(kept[0].request, fork.to_string());
    let before = SignedNote::parse(kept[0].before.as_ref().unwrap()).unwrap();
    assert!(before.text.contains("\n30\n") && before.text != fork.head.text);
    // It goes on with the history that it knows.
    assert_eq!(status(&add(&witness, &ask(&one, LOG, &signer, 30, 40), NOW)), 200);
}

#[test]
fn evidence_has_its_room_and_what_is_certain_is_not_pushed_out() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(&dir.path().join("witness.sqlite"));
    let signer = keys::ed25519(1);
    let one = Store::<Sha256Tree>::of(200);
    add(&witness, &ask(&one, LOG, &signer, 0, 30), NOW).unwrap();
    for size in 31..180 {
        let mut unproven = ask(&one, LOG, &signer, 30, size);
        unproven.proof.push([0; 32]);
        assert_eq!(status(&add(&witness, &unproven, NOW)), 422);
    }
    assert_eq!(
        status(&add(&witness, &ask(&Store::<Sha256Tree>::parted(40, 20), LOG, &signer, 30, 30), NOW)),
        409
    );
    let kept = witness.evidence().unwrap();
    assert_eq!(kept.len(), Witness::EVIDENCE_MAX + 1);
    assert!(kept.last().unwrap().certain);
}

#[test]
fn a_key_that_does_not_sign_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("witness.sqlite");
    let request = ask(&Store::<Sha256Tree>::of(8), LOG, &keys::ed25519(1), 0, 8);
    let witness = open_with(&file, false);
    assert!(matches!(add(&witness, &request, NOW), Err(Refused::Sign(_))));
    assert_eq!(witness.heads().unwrap(), []);
    drop(witness);
    assert_eq!(status(&add(&open(&file), &request, NOW)), 200);
}

#[test]
fn one_without_the_key_for_a_tree_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let logs = vec![keys::sm2(1).verifier(TWIN)];
    let file = dir.path().join("witness.sqlite");
    let witness = Witness::open(&file, logs, vec![key(keys::ed25519(3), true)]).unwrap();
    let request = ask(&Store::<Sm3Tree>::of(8), TWIN, &keys::sm2(1), 0, 8);
    assert!(matches!(add(&witness, &request, NOW), Err(Refused::NoKey)));
    assert_eq!(witness.heads().unwrap(), []);
}

/// Whatever cannot be kept is not answered, and nothing is after it: a flush that failed is not tried again.
#[test]
fn a_store_that_fails_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("witness.sqlite");
    let witness = open(&file);
    let (tree, signer) = (Store::<Sha256Tree>::of(40), keys::ed25519(1));
    add(&witness, &ask(&tree, LOG, &signer, 0, 8), NOW).unwrap();
    // Somebody takes the table away beneath it.
    rusqlite::Connection::open(&file).unwrap().execute_batch("ALTER TABLE heads RENAME TO taken").unwrap();
    assert!(matches!(add(&witness, &ask(&tree, LOG, &signer, 8, 9), NOW), Err(Refused::Store(_))));
    rusqlite::Connection::open(&file).unwrap().execute_batch("ALTER TABLE taken RENAME TO heads").unwrap();
    assert!(matches!(add(&witness, &ask(&tree, LOG, &signer, 8, 9), NOW), Err(Refused::Poisoned)));
    assert!(matches!(witness.heads(), Err(Refused::Poisoned)));
    drop(witness);
    let witness = open(&file);
    assert_eq!(witness.heads().unwrap()[0].cosigned.size, 8);
    assert_eq!(status(&add(&witness, &ask(&tree, LOG, &signer, 8, 9), NOW)), 200);
}

/// Many at once, of two histories, before two witnesses over one file that were started by mistake.
#[test]
fn no_interleaving_cosigns_two_histories() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("witness.sqlite");
    let witnesses = [Arc::new(open(&file)), Arc::new(open(&file))];
    let cosigned: Vec<(bool, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u64)
            .map(|number| {
                let witness = Arc::clone(&witnesses[(number % 2) as usize]);
                scope.spawn(move || {
                    let fork = number < 2;
                    let tree = if fork { Store::<Sha256Tree>::parted(64, 1) } else { Store::of(64) };
                    let signer = keys::ed25519(1);
                    let (mut old, mut done) = (0, Vec::new());
                    for round in 0..60u64 {
                        let new = old.max(2 + (number + round) % 60);
                        match add(&witness, &ask(&tree, LOG, &signer, old, new), NOW) {
                            Ok(_) => {
                                done.push((fork, new));
                                old = new;
                            }
                            Err(Refused::Head(NotCosigned::Conflict { size })) => old = size.min(64),
                            Err(Refused::Head(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    done
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(!cosigned.is_empty());
    assert!(cosigned.iter().all(|(fork, _)| *fork == cosigned[0].0), "{cosigned:?}");
}
