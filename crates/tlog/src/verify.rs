//! Checks proofs with nothing but the proof.

use crate::{Hash, TreeHash};

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// The entry or the old size is not within the tree.
    #[error("the proof is for an entry or size outside the tree")]
    OutOfRange,
    /// Too few or too many hashes for these sizes.
    #[error("the proof has the wrong length")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
    /// It leads to another root at the old size.
    #[error("the proof leads to another old root")]
    OldRoot,
}

/// Whether `leaf` is entry `index` of the tree of `size` leaves with this `root` (RFC 9162 §2.1.3.2).
pub fn verify_inclusion<H: TreeHash>(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Mismatch> {
    if size <= index {
        return Err(Mismatch::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(Mismatch::Length);
        }
        if node & 1 == 1 || node == last {
            hash = H::node(sibling, &hash);
            // A node without a right sibling is carried up until it is one.
            let up = node.trailing_zeros().min(u64::BITS - 1);
            node >>= up;
            last >>= up;
        } else {
            hash = H::node(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(Mismatch::Root),
        _ => Err(Mismatch::Length),
    }
}

/// Whether the tree of `old_size` leaves is the beginning of the tree of `new_size` (RFC 9162 §2.1.4.2).
///
/// The empty tree is the beginning of every tree, and a tree of itself; both need no hashes.
pub fn verify_consistency<H: TreeHash>(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), Mismatch> {
    if new_size < old_size {
        return Err(Mismatch::OutOfRange);
    }
    if old_size == 0 || old_size == new_size {
        let expected = if old_size == 0 { H::empty() } else { *new_root };
        return match (proof, *old_root == expected) {
            ([], true) if new_size != 0 || *new_root == H::empty() => Ok(()),
            ([], true) => Err(Mismatch::Root),
            ([], false) => Err(Mismatch::OldRoot),
            _ => Err(Mismatch::Length),
        };
    }

    // A complete old tree is itself the first hash of the path.
    let (first, rest) = match (old_size.is_power_of_two(), proof) {
        (true, rest) => (old_root, rest),
        (false, [first, rest @ ..]) => (first, rest),
        (false, []) => return Err(Mismatch::Length),
    };
    let up = (old_size - 1).trailing_ones();
    let (mut node, mut last) = ((old_size - 1) >> up, (new_size - 1) >> up);
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(Mismatch::Length);
        }
        if node & 1 == 1 || node == last {
            old = H::node(sibling, &old);
            new = H::node(sibling, &new);
            let up = node.trailing_zeros().min(u64::BITS - 1);
            node >>= up;
            last >>= up;
        } else {
            new = H::node(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, old == *old_root, new == *new_root) {
        (0, true, true) => Ok(()),
        (0, false, _) => Err(Mismatch::OldRoot),
        (0, true, false) => Err(Mismatch::Root),
        _ => Err(Mismatch::Length),
    }
}
