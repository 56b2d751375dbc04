//! Trees against the reference, against the standard's vectors and against another implementation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod store;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, digest};
use store::{Store, leaf};
use yinuo_tlog::{
    Edge, Hash, Mismatch, NotHeld, ProveError, Sha256Tree, Sm3Tree, TileId, TileReader, TreeHash, leaf_hash,
    prove_consistency, prove_inclusion, root_at, root_of, verify_consistency, verify_inclusion,
};

/// The eight inputs that Certificate Transparency has tested its trees with since RFC 6962.
const EIGHT: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

#[test]
fn eight_leaves_have_the_known_roots() {
    fn root<H: TreeHash>() -> String {
        let leaves: Vec<Hash> = EIGHT.iter().map(|input| H::leaf(&hex::decode(input).unwrap())).collect();
        let mut edge = Edge::<H>::new();
        leaves.iter().for_each(|leaf| edge.append(*leaf, &mut |_, _| panic!("no tile is full")));
        assert_eq!(edge.root(), root_of::<H>(&leaves));
        hex::encode(edge.root())
    }
    assert_eq!(root::<Sha256Tree>(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    assert_eq!(root::<Sm3Tree>(), "bc48ba7a709184b5f2a631e1adeb8dc2a0d4c018c1d6cc89b5664fe154c93b38");
}

#[test]
fn the_empty_tree_is_the_hash_of_nothing() {
    let empty = |bytes: Hash| hex::encode(bytes);
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let sm3 = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b";
    assert_eq!(empty(Edge::<Sha256Tree>::new().root()), sha256);
    assert_eq!(empty(Edge::<Sm3Tree>::new().root()), sm3);
    assert_eq!(empty(root_of::<Sm3Tree>(&[])), sm3);
    assert_eq!(empty(root_at::<Sm3Tree, _>(&Store::<Sm3Tree>::of(3), 0).unwrap()), sm3);
}

#[test]
fn a_hash_chosen_at_run_time_is_the_same() {
    assert_eq!(leaf_hash(Sha256Tree::ALGORITHM, b"x"), Sha256Tree::leaf(b"x"));
    assert_eq!(leaf_hash(Sm3Tree::ALGORITHM, b"x"), Sm3Tree::leaf(b"x"));
    assert_ne!(Sha256Tree::leaf(b"x"), Sm3Tree::leaf(b"x"));
}

/// Appending, loading from tiles and computing from tiles are three ways to the root of the reference.
#[test]
fn every_way_to_a_root_leads_to_the_same() {
    fn check<H: TreeHash>() {
        let all = Store::<H>::of(600);
        let mut growing = Store::<H>::of(0);
        for size in 0..=600 {
            let expected = root_of::<H>(&all.leaves[..size as usize]);
            assert_eq!(growing.edge.root(), expected, "appended to {size}");
            assert_eq!(root_at::<H, _>(&all, size).unwrap(), expected, "from tiles at {size}");
            let mut loaded = Edge::<H>::load(size, &growing).unwrap();
            assert_eq!((loaded.size(), loaded.root()), (size, expected), "loaded at {size}");
            for level in 0..4 {
                assert_eq!(loaded.partial(level), growing.edge.partial(level), "level {level} at {size}");
            }
            growing.append(H::leaf(&leaf(size)));
            // What was loaded goes on as what was appended.
            loaded.append(H::leaf(&leaf(size)), &mut |tile, hashes| assert_eq!(growing.full[&tile], hashes));
            assert_eq!(loaded.root(), growing.edge.root());
        }
    }
    check::<Sha256Tree>();
    check::<Sm3Tree>();
}

#[test]
fn a_failed_batch_is_forgotten_with_its_clone() {
    let mut edge = Store::<Sm3Tree>::of(300).edge;
    let before = edge.root();
    let mut tried = edge.clone();
    (0..300).for_each(|index| tried.append(Sm3Tree::leaf(&leaf(index)), &mut |_, _| {}));
    assert_ne!(tried.root(), before);
    assert_eq!((edge.root(), edge.size()), (before, 300));
    edge.append([1; 32], &mut |_, _| {});
    assert_ne!(edge.root(), before);
}

#[test]
fn every_inclusion_proof_of_small_trees_verifies_and_no_other_does() {
    fn check<H: TreeHash>() {
        let store = Store::<H>::of(70);
        for size in 1..=70 {
            let root = root_of::<H>(&store.leaves[..size as usize]);
            for index in 0..size {
                let leaf = &store.leaves[index as usize];
                let proof = prove_inclusion::<H, _>(&store, index, size).unwrap();
                let verify = |leaf, index, size, proof: &[Hash]| {
                    verify_inclusion::<H>(leaf, index, size, proof, &root)
                };
                assert_eq!(verify(leaf, index, size, &proof), Ok(()), "{index} of {size}");

                // Another place, another leaf, another length.
                for other in (0..size + 2).filter(|other| *other != index) {
                    assert!(verify(leaf, other, size, &proof).is_err(), "{index} as {other} of {size}");
                }
                assert_eq!(verify(&[9; 32], index, size, &proof), Err(Mismatch::Root));
                assert_eq!(verify(leaf, size, size, &proof), Err(Mismatch::OutOfRange));
                let mut long = proof.clone();
                long.push(root);
                assert_eq!(verify(leaf, index, size, &long), Err(Mismatch::Length));
                if let Some((_, short)) = proof.split_last() {
                    assert_eq!(verify(leaf, index, size, short), Err(Mismatch::Length));
                }
            }
            assert_eq!(
                prove_inclusion::<H, _>(&store, size, size),
                Err(ProveError::OutOfRange { asked: size, size })
            );
        }
    }
    check::<Sha256Tree>();
    check::<Sm3Tree>();
}

#[test]
fn every_consistency_proof_of_small_trees_verifies_and_no_other_does() {
    fn check<H: TreeHash>() {
        let store = Store::<H>::of(70);
        let roots: Vec<Hash> = (0..=70).map(|size| root_of::<H>(&store.leaves[..size])).collect();
        for new in 0..=70u64 {
            for old in 0..=new {
                let proof = prove_consistency::<H, _>(&store, old, new).unwrap();
                let (old_root, new_root) = (&roots[old as usize], &roots[new as usize]);
                let verify = |old_root, new_root, proof: &[Hash]| {
                    verify_consistency::<H>(old, old_root, new, new_root, proof)
                };
                assert_eq!(verify(old_root, new_root, &proof), Ok(()), "{old} to {new}");

                assert!(verify(&[9; 32], new_root, &proof).is_err(), "{old} to {new}, another old root");
                // Nothing but their being trees is claimed of an empty and a later tree.
                if old != 0 {
                    assert!(verify(old_root, &[9; 32], &proof).is_err(), "{old} to {new}, another root");
                }
                let mut long = proof.clone();
                long.push(*new_root);
                assert_eq!(verify(old_root, new_root, &long), Err(Mismatch::Length), "{old} to {new}");
                if let Some((_, short)) = proof.split_last() {
                    assert!(verify(old_root, new_root, short).is_err(), "{old} to {new}, too short");
                }
                if old < new {
                    let back = verify_consistency::<H>(new, new_root, old, old_root, &proof);
                    assert_eq!(back, Err(Mismatch::OutOfRange));
                    assert_eq!(
                        prove_consistency::<H, _>(&store, new, old),
                        Err(ProveError::OutOfRange { asked: new, size: old })
                    );
                }
            }
        }
    }
    check::<Sha256Tree>();
    check::<Sm3Tree>();
}

/// A proof taken for other sizes proves nothing: the roots decide which sizes are meant.
#[test]
fn a_proof_for_other_sizes_is_refused() {
    let store = Store::<Sha256Tree>::of(24);
    let roots: Vec<Hash> = (0..=24).map(|size| root_of::<Sha256Tree>(&store.leaves[..size])).collect();
    for new in 1..=24u64 {
        for old in 1..=new {
            let proof = prove_consistency::<Sha256Tree, _>(&store, old, new).unwrap();
            for claimed in (1..=new).filter(|claimed| *claimed != old) {
                let (old_root, new_root) = (&roots[old as usize], &roots[new as usize]);
                let result = verify_consistency::<Sha256Tree>(claimed, old_root, new, new_root, &proof);
                assert!(result.is_err(), "{old} to {new} taken for {claimed}");
            }
        }
    }
}

#[test]
fn any_flipped_bit_in_a_proof_fails() {
    fn check<H: TreeHash>(size_max: u64) {
        let store = Store::<H>::of(size_max);
        let roots: Vec<Hash> =
            (0..=size_max as usize).map(|size| root_of::<H>(&store.leaves[..size])).collect();
        for size in 1..=size_max {
            let root = &roots[size as usize];
            for at in 0..size {
                let proof = prove_inclusion::<H, _>(&store, at, size).unwrap();
                each_flip(&proof, |flipped| {
                    let leaf = &store.leaves[at as usize];
                    assert!(verify_inclusion::<H>(leaf, at, size, flipped, root).is_err(), "{at} of {size}");
                });
                let proof = prove_consistency::<H, _>(&store, at, size).unwrap();
                each_flip(&proof, |flipped| {
                    let old = &roots[at as usize];
                    assert!(verify_consistency::<H>(at, old, size, root, flipped).is_err(), "{at} to {size}");
                });
            }
        }
    }
    check::<Sha256Tree>(19);
    check::<Sm3Tree>(11);
}

fn each_flip(proof: &[Hash], mut check: impl FnMut(&[Hash])) {
    let mut flipped = proof.to_vec();
    for bit in 0..proof.len() * 256 {
        flipped.as_flattened_mut()[bit / 8] ^= 1 << (bit % 8);
        check(&flipped);
        flipped.as_flattened_mut()[bit / 8] ^= 1 << (bit % 8);
    }
}

/// Sizes on both sides of every kind of tile border that fits in a test: of level 0 and of level 1.
const BORDERS: [u64; 11] = [254, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_793];

#[test]
fn proofs_hold_across_the_borders_of_tiles() {
    fn check<H: TreeHash>() {
        let store = Store::<H>::of(65_793);
        let roots: Vec<Hash> =
            BORDERS.iter().map(|size| root_of::<H>(&store.leaves[..*size as usize])).collect();
        for (size, root) in BORDERS.into_iter().zip(&roots) {
            let near = [0, 1, 127, 128, 254, 255, 256, 257, 511, 512, 65_279, 65_280, 65_535, 65_536];
            for index in near.into_iter().chain([size / 3, size - 2, size - 1]).filter(|index| *index < size)
            {
                let proof = prove_inclusion::<H, _>(&store, index, size).unwrap();
                let leaf = &store.leaves[index as usize];
                assert_eq!(
                    verify_inclusion::<H>(leaf, index, size, &proof, root),
                    Ok(()),
                    "{index} of {size}"
                );
            }
            for (old, old_root) in BORDERS.into_iter().zip(&roots).filter(|(old, _)| *old <= size) {
                let proof = prove_consistency::<H, _>(&store, old, size).unwrap();
                assert_eq!(
                    verify_consistency::<H>(old, old_root, size, root, &proof),
                    Ok(()),
                    "{old} to {size}"
                );
            }
        }
        assert_eq!(store.full.len(), 257 + 1);
        assert_eq!(
            store
                .edge
                .partials()
                .map(|(tile, hashes)| (tile.level, tile.index, hashes.len()))
                .collect::<Vec<_>>(),
            [(0, 257, 1), (1, 1, 1), (2, 0, 1)]
        );
    }
    check::<Sha256Tree>();
    check::<Sm3Tree>();
}

/// A log serves partial tiles of the sizes it signed and full ones; a proof must not ask for anything else.
#[test]
fn a_proof_reads_only_tiles_of_its_size_and_each_once() {
    let store = Store::<Sha256Tree>::of(66_000);
    for (index, size) in
        [(0, 1), (0, 65_793), (65_792, 65_793), (40_000, 65_536), (300, 66_000), (65_999, 66_000)]
    {
        store.reads.borrow_mut().clear();
        prove_inclusion::<Sha256Tree, _>(&store, index, size).unwrap();
        prove_consistency::<Sha256Tree, _>(&&store, index, size).unwrap();
        let reads = store.reads.take();
        for (tile, width) in &reads {
            assert_eq!(tile.width_at(size), *width, "{tile:?} for {size}");
            assert!(0 < *width);
        }
        // Two proofs: each reads at most one tile a level on the path and one a level on the right edge.
        assert!(reads.len() <= 2 * 2 * 3, "{reads:?}");
    }
}

#[test]
fn a_reader_that_gives_too_little_or_too_much_is_found_out() {
    struct Off(Store<Sha256Tree>, i16);
    impl TileReader for Off {
        type Error = String;
        fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, String> {
            self.0.tile(id, width.checked_add_signed(self.1).unwrap())
        }
    }
    for (off, found) in [(-1, 9), (1, 11)] {
        let reader = Off(Store::of(11), off);
        let expected = ProveError::Width { tile: TileId { level: 0, index: 0 }, expected: 10, found };
        assert_eq!(prove_inclusion::<Sha256Tree, _>(&reader, 3, 10), Err(expected.clone()));
        assert_eq!(prove_consistency::<Sha256Tree, _>(&reader, 8, 10), Err(expected.clone()));
        assert_eq!(Edge::<Sha256Tree>::load(10, &reader).unwrap_err(), expected);
    }
    let missing = Edge::<Sha256Tree>::new();
    assert!(matches!(prove_consistency::<Sha256Tree, _>(&missing, 3, 10), Err(ProveError::Read(_))));
}

#[test]
fn the_edge_gives_its_own_tiles_and_no_others() {
    let edge = Store::<Sha256Tree>::of(300).edge;
    let tile = |level, index| TileId { level, index };
    for (held, width) in [(tile(0, 1), 44), (tile(0, 1), 1), (tile(1, 0), 1)] {
        assert_eq!(edge.tile(held, width).unwrap(), edge.partial(held.level)[..usize::from(width)]);
    }
    for (other, width) in [
        (tile(0, 0), 1),
        (tile(0, 0), 256),
        (tile(0, 1), 45),
        (tile(0, 2), 1),
        (tile(1, 0), 2),
        (tile(2, 0), 1),
    ] {
        assert_eq!(edge.tile(other, width), Err(NotHeld { tile: other }), "{width} of {other:?}");
    }
}

/// Two implementations, one tree: roots and proofs are byte for byte the same, and each accepts the other's.
#[test]
fn another_implementation_agrees() {
    fn check<H: TreeHash, D: digest::Digest>() {
        let store = Store::<H>::of(513);
        let mut theirs = MemoryBackedTree::<D, Vec<u8>>::new();
        assert_eq!(theirs.root().as_bytes().as_slice(), Edge::<H>::new().root());
        for size in 1..=513u64 {
            theirs.push(leaf(size - 1));
            if 70 < size && !BORDERS.contains(&size) {
                continue;
            }
            let root = root_at::<H, _>(&store, size).unwrap();
            let their_root = theirs.root();
            assert_eq!(their_root.as_bytes().as_slice(), root, "{size}");
            for at in 0..size {
                let proof = prove_inclusion::<H, _>(&store, at, size).unwrap();
                assert_eq!(
                    theirs.prove_inclusion(at as usize).as_bytes(),
                    proof.as_flattened(),
                    "{at} of {size}"
                );
                let ours = InclusionProof::<D>::from_bytes(proof.concat());
                their_root.verify_inclusion(&leaf(at), at, &ours).unwrap();

                if at == 0 {
                    continue; // The other implementation has no proofs from the empty tree.
                }
                let proof = prove_consistency::<H, _>(&store, at, size).unwrap();
                let their_proof = theirs.prove_consistency((size - at) as usize);
                assert_eq!(their_proof.as_bytes(), proof.as_flattened(), "{at} to {size}");
                let old_root = root_at::<H, _>(&store, at).unwrap();
                let old = RootHash::<D>::new(digest::Output::<D>::try_from(old_root.as_slice()).unwrap(), at);
                let ours = ConsistencyProof::<D>::try_from_bytes(proof.concat()).unwrap();
                their_root.verify_consistency(&old, &ours).unwrap();
            }
        }
    }
    check::<Sha256Tree, sha2::Sha256>();
    check::<Sm3Tree, sm3::Sm3>();
}

#[test]
fn another_implementation_agrees_on_a_large_tree() {
    fn check<H: TreeHash, D: digest::Digest>() {
        let store = Store::<H>::of(65_537);
        let mut theirs = MemoryBackedTree::<D, Vec<u8>>::new();
        (0..65_537).for_each(|index| theirs.push(leaf(index)));
        assert_eq!(theirs.root().as_bytes().as_slice(), store.edge.root());
        for at in (1..65_537).step_by(1_021).chain([255, 256, 257, 65_535, 65_536]) {
            let proof = prove_inclusion::<H, _>(&store, at, 65_537).unwrap();
            assert_eq!(theirs.prove_inclusion(at as usize).as_bytes(), proof.as_flattened(), "{at}");
            let proof = prove_consistency::<H, _>(&store, at, 65_537).unwrap();
            let their_proof = theirs.prove_consistency(65_537 - at as usize);
            assert_eq!(their_proof.as_bytes(), proof.as_flattened(), "{at}");
        }
    }
    check::<Sha256Tree, sha2::Sha256>();
    check::<Sm3Tree, sm3::Sm3>();
}
