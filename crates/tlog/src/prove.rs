//! Makes proofs and roots out of tiles.

use crate::tree::split;
use crate::{Hash, TILE_HEIGHT, TILE_WIDTH, TileId, TileReader, TreeHash, root_of};

/// Why there is no proof.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProveError<E> {
    /// The tree has no such entry, or never had that size.
    #[error("{asked} is not within a tree of size {size}")]
    OutOfRange {
        /// The entry or the size asked for.
        asked: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The reader gave another number of hashes than it was asked for.
    #[error("a tile of {expected} hashes came with {found}")]
    Width {
        /// Which tile.
        tile: TileId,
        /// How many were asked for.
        expected: u16,
        /// How many came.
        found: usize,
    },
    /// The reader failed.
    #[error("a tile could not be read")]
    Read(#[source] E),
}

/// The inclusion proof for entry `index` in the tree of `size` leaves (RFC 9162 §2.1.3.1).
pub fn prove_inclusion<H: TreeHash, R: TileReader>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if size <= index {
        return Err(ProveError::OutOfRange { asked: index, size });
    }
    let mut tree = Tree::<H, R>::new(reader, size);
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, size);
    while start + 1 < end {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(tree.range(middle, end)?);
            end = middle;
        } else {
            proof.push(tree.range(start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 9162 §2.1.4.1).
/// Empty when `old` is `new`, or 0.
pub fn prove_consistency<H: TreeHash, R: TileReader>(
    reader: &R,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if new < old {
        return Err(ProveError::OutOfRange { asked: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut tree = Tree::<H, R>::new(reader, new);
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(tree.range(middle, end)?);
            end = middle;
        } else {
            proof.push(tree.range(start, middle)?);
            start = middle;
        }
    }
    // Whoever asks knows the old root; only a part of it must be told.
    if start != 0 {
        proof.push(tree.range(start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root of the tree of `size` leaves.
pub fn root_at<H: TreeHash, R: TileReader>(reader: &R, size: u64) -> Result<Hash, ProveError<R::Error>> {
    if size == 0 { Ok(H::empty()) } else { Tree::<H, R>::new(reader, size).range(0, size) }
}

/// A tree of one size, behind its tiles. Each tile is read at most once.
struct Tree<'r, H, R> {
    reader: &'r R,
    size: u64,
    read: Vec<(TileId, Vec<Hash>)>,
    hash: std::marker::PhantomData<fn() -> H>,
}

impl<'r, H: TreeHash, R: TileReader> Tree<'r, H, R> {
    fn new(reader: &'r R, size: u64) -> Self {
        Self { reader, size, read: Vec::new(), hash: std::marker::PhantomData }
    }

    /// The hash over the leaves from `start` to before `end`, a range that splits of the tree lead to.
    fn range(&mut self, start: u64, end: u64) -> Result<Hash, ProveError<R::Error>> {
        let len = end - start;
        if len.is_power_of_two() && start.is_multiple_of(len) {
            return self.subtree(len.ilog2(), start >> len.ilog2());
        }
        let middle = start + split(len);
        Ok(H::node(&self.range(start, middle)?, &self.range(middle, end)?))
    }

    /// The root of the complete subtree number `index` among those of `height`.
    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, ProveError<R::Error>> {
        let within = height % TILE_HEIGHT;
        // Below 64 / 8, so it fits.
        let level = (height / TILE_HEIGHT) as u8;
        let first = index << within;
        let tile = TileId { level, index: first / u64::from(TILE_WIDTH) };
        let from = (first % u64::from(TILE_WIDTH)) as usize;
        let expected = tile.width_at(self.size);
        let hashes = self.tile(tile, expected)?;
        let found = hashes.len();
        let hashes =
            hashes.get(from..from + (1 << within)).ok_or(ProveError::Width { tile, expected, found })?;
        Ok(root_of::<H>(hashes))
    }

    fn tile(&mut self, tile: TileId, width: u16) -> Result<&[Hash], ProveError<R::Error>> {
        let position = match self.read.iter().position(|(read, _)| *read == tile) {
            Some(position) => position,
            None => {
                let hashes = self.reader.tile(tile, width).map_err(ProveError::Read)?;
                if hashes.len() != usize::from(width) {
                    return Err(ProveError::Width { tile, expected: width, found: hashes.len() });
                }
                self.read.push((tile, hashes));
                self.read.len() - 1
            }
        };
        Ok(self.read.get(position).map_or(&[], |(_, hashes)| hashes))
    }
}
