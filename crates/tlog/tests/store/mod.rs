//! A log's tiles in memory, as a store would keep them.

use std::cell::RefCell;
use std::collections::HashMap;

use yinuo_tlog::{Edge, Hash, TileId, TileReader, TreeHash};

/// Full tiles, and the edge for the partial ones.
pub(crate) struct Store<H> {
    pub(crate) full: HashMap<TileId, Vec<Hash>>,
    pub(crate) edge: Edge<H>,
    pub(crate) leaves: Vec<Hash>,
    /// Which tiles were read, in order.
    pub(crate) reads: RefCell<Vec<(TileId, u16)>>,
}

impl<H: TreeHash> Store<H> {
    /// A log of the leaves [`leaf`] 0 to `size - 1`.
    pub(crate) fn of(size: u64) -> Self {
        Self::parted(size, size)
    }

    /// The same up to entry `at`, and another history from there.
    pub(crate) fn parted(size: u64, at: u64) -> Self {
        let mut store = Self {
            full: HashMap::new(),
            edge: Edge::new(),
            leaves: Vec::new(),
            reads: RefCell::new(Vec::new()),
        };
        let other = |index| if index < at { index } else { index + (1 << 40) };
        (0..size).for_each(|index| store.append(H::leaf(&leaf(other(index)))));
        store
    }

    pub(crate) fn append(&mut self, hash: Hash) {
        self.leaves.push(hash);
        self.edge.append(hash, &mut |tile, hashes| {
            assert_eq!(hashes.len(), 256);
            assert!(self.full.insert(tile, hashes.to_vec()).is_none(), "a tile is filled once: {tile:?}");
        });
    }
}

impl<H: TreeHash> TileReader for Store<H> {
    type Error = String;

    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, String> {
        self.reads.borrow_mut().push((id, width));
        match self.full.get(&id) {
            Some(hashes) => Ok(hashes[..usize::from(width)].to_vec()),
            None => self.edge.tile(id, width).map_err(|error| error.to_string()),
        }
    }
}

/// Entries of many lengths.
pub(crate) fn leaf(index: u64) -> Vec<u8> {
    index.to_be_bytes()[(index % 8) as usize..].repeat((index % 40) as usize)
}
