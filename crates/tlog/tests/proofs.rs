//! Proofs as text, and the golden files of trees, tiles and proofs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod golden;
mod keys;
mod store;

use std::fmt::Write as _;

use keys::Signer;
use store::{Store, leaf};
use yinuo_domain::{LogId, Suite};
use yinuo_tlog::{
    Algorithm, Checkpoint, InvalidCheckpoint, InvalidNote, InvalidProof, Mismatch, Proof, Refuted,
    Sha256Tree, SignedNote, Sm3Tree, TileReader as _, TreeHash, Unverified, bundle, content_hash, origin,
    prove_inclusion, root_at,
};

const SIZE: u64 = 600;

fn log(algorithm: Algorithm) -> (String, Signer) {
    let origin = origin("issuer.example", &LogId::group(0), algorithm);
    match algorithm {
        Algorithm::Sha256 => (origin, keys::ed25519(2)),
        Algorithm::Sm3 => (origin, keys::sm2(2)),
    }
}

fn proof<H: TreeHash>(store: &Store<H>, index: u64, size: u64) -> Proof {
    let (origin, signer) = log(H::ALGORITHM);
    let head = Checkpoint { origin: origin.clone(), size, root: root_at::<H, _>(store, size).unwrap() };
    Proof {
        extra: None,
        index,
        hashes: prove_inclusion::<H, _>(store, index, size).unwrap(),
        checkpoint: signer.note(&origin, &head.text()),
    }
}

#[test]
fn proofs_trees_and_tiles_are_frozen() {
    let (sha256, sm3) = (Store::<Sha256Tree>::of(SIZE), Store::<Sm3Tree>::of(SIZE));
    golden::check("proof-sha256.txt", &proof(&sha256, 300, SIZE).to_string());
    golden::check("proof-sm3.txt", &proof(&sm3, 300, SIZE).to_string());

    let mut roots = String::new();
    for size in (0..=20).chain([255, 256, 257, 511, 512, 513, SIZE]) {
        let (a, b) = (root_at::<Sha256Tree, _>(&sha256, size), root_at::<Sm3Tree, _>(&sm3, size));
        writeln!(roots, "{size} {} {}", hex::encode(a.unwrap()), hex::encode(b.unwrap())).unwrap();
    }
    golden::check("roots.txt", &roots);

    let mut tiles = String::new();
    describe(&sha256, &mut tiles);
    describe(&sm3, &mut tiles);
    for first in (0..SIZE).step_by(256) {
        let entries: Vec<_> = (first..SIZE.min(first + 256)).map(leaf).collect();
        let width = entries.len() as u16;
        let path = yinuo_tlog::Resource::Entries { bundle: first / 256, width };
        writeln!(tiles, "{path} {}", content_hash(Suite::International, &bundle(&entries).unwrap())).unwrap();
    }
    golden::check("tiles.txt", &tiles);
}

/// Each tile's path and the hash of its bytes.
fn describe<H: TreeHash>(store: &Store<H>, out: &mut String) {
    let mut all: Vec<_> = store.full.iter().map(|(tile, hashes)| (*tile, hashes.clone())).collect();
    all.extend(store.edge.partials().map(|(tile, hashes)| (tile, hashes.to_vec())));
    all.sort();
    for (tile, hashes) in all {
        let width = hashes.len() as u16;
        assert_eq!(store.tile(tile, width).unwrap(), hashes);
        let hash = content_hash(Suite::International, hashes.as_flattened());
        writeln!(out, "{} {hash}", tile.path(H::ALGORITHM, width)).unwrap();
    }
}

#[test]
fn a_proof_proves_its_leaf_in_its_log_and_nothing_else() {
    fn check<H: TreeHash>() {
        let store = Store::<H>::of(SIZE);
        let (origin, signer) = log(H::ALGORITHM);
        let key = signer.verifier(&origin);
        let proof = proof(&store, 300, SIZE);
        let verify = |proof: &Proof, leaf: &[u8]| proof.verify(leaf, H::ALGORITHM, &key, &origin);

        let head = verify(&proof, &leaf(300)).unwrap();
        assert_eq!((head.size, head.root), (SIZE, store.edge.root()));
        assert_eq!(verify(&proof, &leaf(301)), Err(Refuted::Path(Mismatch::Root)));
        assert_eq!(
            verify(&Proof { index: 301, ..proof.clone() }, &leaf(300)),
            Err(Refuted::Path(Mismatch::Root))
        );
        let outside = Proof { index: SIZE, ..proof.clone() };
        assert_eq!(verify(&outside, &leaf(300)), Err(Refuted::Path(Mismatch::OutOfRange)));
        let other = Algorithm::EVERY.into_iter().find(|other| *other != H::ALGORITHM).unwrap();
        let result = proof.verify(&leaf(300), other, &key, &origin);
        assert_eq!(result, Err(Refuted::Path(Mismatch::Root)));
        let result = proof.verify(&leaf(300), H::ALGORITHM, &key, "issuer.example/log/platform");
        assert_eq!(result, Err(Refuted::Origin));
        let stranger = keys::ed25519(7).verifier(&origin);
        let result = proof.verify(&leaf(300), H::ALGORITHM, &stranger, &origin);
        assert_eq!(result, Err(Refuted::Head(Unverified::NotSigned)));
        let no_head = Proof { checkpoint: signer.note(&origin, "a text\n"), ..proof.clone() };
        assert_eq!(verify(&no_head, &leaf(300)), Err(Refuted::Checkpoint(InvalidCheckpoint::Lines)));

        // Extra data is nobody's word and changes nothing.
        let with_extra = Proof { extra: Some(b"anything".to_vec()), ..proof };
        assert!(verify(&with_extra, &leaf(300)).is_ok());
    }
    check::<Sha256Tree>();
    check::<Sm3Tree>();
}

#[test]
fn a_proof_comes_back_from_its_text() {
    let store = Store::<Sha256Tree>::of(SIZE);
    for (extra, index, size) in [(None, 0, 1), (Some(vec![]), 299, 300), (Some(vec![0; 100]), 0, SIZE)] {
        let proof = Proof { extra, ..proof(&store, index, size) };
        assert_eq!(Proof::parse(&proof.to_string()), Ok(proof));
    }
}

/// A proof has one form, and no other bytes of the same length are worth anything.
#[test]
fn any_changed_bit_of_a_proof_text_fails() {
    fn check<H: TreeHash>() {
        let store = Store::<H>::of(11);
        let (origin, signer) = log(H::ALGORITHM);
        let key = signer.verifier(&origin);
        let text = proof(&store, 6, 11).to_string();
        for bit in 0..text.len() * 8 {
            let mut changed = text.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(changed) else { continue };
            if let Ok(proof) = Proof::parse(&changed) {
                assert_eq!(proof.to_string(), changed, "bit {bit}");
                assert!(proof.verify(&leaf(6), H::ALGORITHM, &key, &origin).is_err(), "bit {bit}");
            }
        }
        for len in (0..text.len()).filter(|len| text.is_char_boundary(*len)) {
            assert!(Proof::parse(&text[..len]).is_err(), "the first {len} bytes");
        }
    }
    check::<Sha256Tree>();
    check::<Sm3Tree>();
}

#[test]
fn a_proof_is_read_or_refused_with_its_reason() {
    let note = "a\n\n— n AAAAAAE=\n";
    let hash = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let v1 = "c2sp.org/tlog-proof@v1";
    let many = format!("{hash}\n").repeat(65);
    #[rustfmt::skip]
    let cases = [
        (format!("{v1}\nindex 0\n\n{note}"),                       None),
        (format!("{v1}\nextra YQ==\nindex 12\n{hash}\n\n{note}"),  None),
        (String::new(),                                            Some(InvalidProof::Header)),
        (v1.to_owned(),                                            Some(InvalidProof::Header)),
        (format!("c2sp.org/tlog-proof@v2\nindex 0\n\n{note}"),     Some(InvalidProof::Header)),
        (format!("{v1}\r\nindex 0\n\n{note}"),                     Some(InvalidProof::Header)),
        (format!("{v1}\n"),                                        Some(InvalidProof::Index)),
        (format!("{v1}\nextra YQ==\n"),                            Some(InvalidProof::Index)),
        (format!("{v1}\nextra YQ\nindex 0\n\n{note}"),             Some(InvalidProof::Extra)),
        (format!("{v1}\nindex 0\nextra YQ==\n\n{note}"),           Some(InvalidProof::Hash { line: 1 })),
        (format!("{v1}\nindex 00\n\n{note}"),                      Some(InvalidProof::Index)),
        (format!("{v1}\nindex +1\n\n{note}"),                      Some(InvalidProof::Index)),
        (format!("{v1}\nindex \n\n{note}"),                        Some(InvalidProof::Index)),
        (format!("{v1}\nindex  1\n\n{note}"),                      Some(InvalidProof::Index)),
        (format!("{v1}\n{hash}\n\n{note}"),                        Some(InvalidProof::Index)),
        (format!("{v1}\nindex 0\n{hash}\nAAAA\n\n{note}"),         Some(InvalidProof::Hash { line: 2 })),
        (format!("{v1}\nindex 0\n{many}\n{note}"),                 Some(InvalidProof::Hash { line: 65 })),
        (format!("{v1}\nindex 0\n{hash}\n"),                       Some(InvalidProof::NoCheckpoint)),
        (format!("{v1}\nindex 0\n{hash}\n\n"),                     Some(InvalidProof::Note(InvalidNote::NoSignatures))),
        (format!("{v1}\nindex 0\n\n{note}x"),                      Some(InvalidProof::Note(InvalidNote::NoSignatures))),
        (" ".repeat(Proof::LEN_MAX + 1),                           Some(InvalidProof::TooLong)),
    ];
    for (text, expected) in cases {
        assert_eq!(Proof::parse(&text).err(), expected, "{text}");
    }
}

/// A cosignature by a witness is one more line, and nothing that was proven changes.
#[test]
fn a_witness_may_sign_too() {
    let store = Store::<Sm3Tree>::of(5);
    let (origin, signer) = log(Algorithm::Sm3);
    let mut proof = proof(&store, 2, 5);
    let SignedNote { text, signatures } = &mut proof.checkpoint;
    signatures.push(keys::ed25519(5).sign("witness.example", text));
    let proof = Proof::parse(&proof.to_string()).unwrap();
    assert!(proof.verify(&leaf(2), Algorithm::Sm3, &signer.verifier(&origin), &origin).is_ok());
    assert_eq!(keys::ed25519(5).verifier("witness.example").verify(&proof.checkpoint), Ok(()));
}
