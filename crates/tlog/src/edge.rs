//! The right edge of a tree: all that is needed to append and to give roots.

use std::marker::PhantomData;

use crate::{Hash, ProveError, TILE_HEIGHT, TILE_WIDTH, TileId, TileReader, TreeHash, root_of};

/// The partial tiles of a tree, one per level, and the roots of its complete subtrees.
///
/// Appending hashes one node on average; a root hashes at most one per bit of the size. A batch that may fail is
/// tried on a clone.
#[derive(Debug)]
pub struct Edge<H> {
    size: u64,
    /// The hashes of each level's partial tile: fewer than 256.
    partial: Vec<Vec<Hash>>,
    /// The roots of the complete subtrees that the size's binary digits name, the largest first.
    peaks: Vec<Hash>,
    hash: PhantomData<fn() -> H>,
}

/// Not a tile of the edge.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the edge does not hold tile {} of level {}", tile.index, tile.level)]
pub struct NotHeld {
    /// What was asked for.
    pub tile: TileId,
}

impl<H: TreeHash> Edge<H> {
    /// Of a tree without leaves.
    pub fn new() -> Self {
        Self { size: 0, partial: Vec::new(), peaks: Vec::new(), hash: PhantomData }
    }

    /// Of a tree of `size` leaves, from its partial tiles. What they say is believed: compare [`Self::root`] with
    /// the signed head.
    pub fn load<R: TileReader>(size: u64, reader: &R) -> Result<Self, ProveError<R::Error>> {
        let mut edge = Self::new();
        edge.size = size;
        for level in 0.. {
            let (tile, width) = TileId::rightmost(level, size);
            if tile.index == 0 && width == 0 {
                break;
            }
            let hashes =
                if width == 0 { Vec::new() } else { reader.tile(tile, width).map_err(ProveError::Read)? };
            if hashes.len() != usize::from(width) {
                return Err(ProveError::Width { tile, expected: width, found: hashes.len() });
            }
            edge.partial.push(hashes);
        }
        for hashes in edge.partial.iter().rev() {
            let mut rest = hashes.as_slice();
            // From the largest complete subtree to the smallest: the binary digits of the width.
            while let Some(height) = rest.len().checked_ilog2() {
                let (subtree, after) = rest.split_at(1 << height);
                edge.peaks.push(root_of::<H>(subtree));
                rest = after;
            }
        }
        Ok(edge)
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash. Each tile it fills is given to `on_full_tile`, all 256 hashes, lowest level first.
    pub fn append(&mut self, leaf: Hash, on_full_tile: &mut impl FnMut(TileId, &[Hash])) {
        self.append_telling(leaf, &mut |_, _| {}, on_full_tile);
    }

    /// The same. Each complete subtree that ends with this leaf is given to `on_subtree` by its height and root, the leaf
    /// itself first: nobody needs to hash it again.
    pub fn append_telling(
        &mut self,
        leaf: Hash,
        on_subtree: &mut impl FnMut(u32, Hash),
        on_full_tile: &mut impl FnMut(TileId, &[Hash]),
    ) {
        let mut hash = leaf;
        self.push(0, hash);
        on_subtree(0, hash);
        // Each binary digit 1 at the end of the size is a complete subtree that this leaf completes into a larger one.
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = H::node(&left, &hash);
            on_subtree(height, hash);
            if height % TILE_HEIGHT == 0 {
                // Below 64 / 8, so it fits.
                let level = (height / TILE_HEIGHT) as u8;
                self.seal(level - 1, on_full_tile);
                self.push(level, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.peaks.iter().rev();
        let Some(last) = smallest_first.next() else { return H::empty() };
        smallest_first.fold(*last, |right, left| H::node(left, &right))
    }

    /// The hashes of this level's partial tile; none when there is no such tile.
    pub fn partial(&self, level: u8) -> &[Hash] {
        self.partial.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// Each partial tile with its hashes: what a store keeps beside the full tiles.
    pub fn partials(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        (0u8..).zip(&self.partial).filter(|(_, hashes)| !hashes.is_empty()).map(|(level, hashes)| {
            let (tile, _) = TileId::rightmost(level, self.size);
            (tile, hashes.as_slice())
        })
    }

    fn push(&mut self, level: u8, hash: Hash) {
        match self.partial.get_mut(usize::from(level)) {
            Some(hashes) => hashes.push(hash),
            // Levels are reached one after the other.
            None => self.partial.push(vec![hash]),
        }
    }

    fn seal(&mut self, level: u8, on_full_tile: &mut impl FnMut(TileId, &[Hash])) {
        let (tile, _) = TileId::rightmost(level, self.size);
        if let Some(hashes) = self.partial.get_mut(usize::from(level)) {
            debug_assert_eq!(hashes.len(), usize::from(TILE_WIDTH));
            on_full_tile(tile, hashes);
            hashes.clear();
        }
    }
}

impl<H: TreeHash> Default for Edge<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H> Clone for Edge<H> {
    fn clone(&self) -> Self {
        Self { size: self.size, partial: self.partial.clone(), peaks: self.peaks.clone(), hash: PhantomData }
    }
}

impl<H: TreeHash> TileReader for Edge<H> {
    type Error = NotHeld;

    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, NotHeld> {
        let (held, _) = TileId::rightmost(id.level, self.size);
        let hashes = self.partial(id.level).get(..usize::from(width));
        hashes.filter(|_| id == held).map(<[Hash]>::to_vec).ok_or(NotHeld { tile: id })
    }
}
