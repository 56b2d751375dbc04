//! Walks one log from its first entry to its head, building the trees and comparing the stored tiles on the way.

use std::collections::VecDeque;

use yinuo_domain::{Entry, Profile, Timestamp};
use yinuo_tlog::{Algorithm, Edge, Hash, Sha256Tree, Sm3Tree, TILE_HEIGHT, TILE_WIDTH, TileId, TreeHash};

use super::{Stop, bad};
use crate::StoreError;
use crate::backend::{Head, Log, Rows, Source};

/// How many entries are read at once.
const ENTRIES: usize = 2048;
/// How many tiles are read at once.
const TILES: usize = 32;

pub(super) struct Walk<'v> {
    source: &'v dyn Source,
    log: Log,
    head: Head,
    next: u64,
    at: Timestamp,
    read: VecDeque<(u64, Vec<u8>)>,
    sha256: Option<Tree<'v, Sha256Tree>>,
    sm3: Option<Tree<'v, Sm3Tree>>,
}

impl<'v> Walk<'v> {
    pub(super) fn new(source: &'v dyn Source, log: Log, profile: Profile, head: Head) -> Self {
        Self {
            source,
            log,
            next: 0,
            at: Timestamp::default(),
            read: VecDeque::new(),
            sha256: profile.has_sha256().then(|| Tree::new(source, log, head.size)),
            sm3: profile.has_sm3().then(|| Tree::new(source, log, head.size)),
            head,
        }
    }

    pub(super) fn log(&self) -> Log {
        self.log
    }

    pub(super) fn size(&self) -> u64 {
        self.head.size
    }

    pub(super) fn done(&self) -> u64 {
        self.next
    }

    pub(super) fn root(&self, algorithm: Algorithm) -> Option<Hash> {
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref().map(|tree| tree.edge.root()),
            Algorithm::Sm3 => self.sm3.as_ref().map(|tree| tree.edge.root()),
        }
    }

    /// The next entry; nothing at the head. Its number, form and time are right, and it is in the trees.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Vec<u8>, Entry)>, Stop> {
        if self.next == self.head.size {
            return Ok(None);
        }
        let index = self.next;
        if self.read.is_empty() {
            self.read = self.source.read(|rows| rows.entries(self.log, index, ENTRIES))?.into();
        }
        let Some((_, leaf)) = self.read.pop_front().filter(|(found, _)| *found == index) else {
            return Err(bad(self.log, index, "an entry is missing"));
        };
        self.compare(index, &leaf)?;
        let entry =
            yinuo_tlog::leaf::decode(&leaf).map_err(|error| bad(self.log, index, error.to_string()))?;
        if entry.at < self.at {
            return Err(bad(self.log, index, "an entry older than the one before"));
        }
        self.at = entry.at;
        self.next += 1;
        if let Some(tree) = &mut self.sha256 {
            tree.append()?;
        }
        if let Some(tree) = &mut self.sm3 {
            tree.append()?;
        }
        Ok(Some((index, leaf, entry)))
    }

    /// Against the stored leaf hashes: when no tree knows the leaf, the leaf is wrong; when one does, the other
    /// one's tile is.
    fn compare(&mut self, index: u64, leaf: &[u8]) -> Result<(), Stop> {
        let sha256 = self.sha256.as_mut().map(|tree| tree.hash(index, leaf)).transpose()?;
        let sm3 = self.sm3.as_mut().map(|tree| tree.hash(index, leaf)).transpose()?;
        let known = [sha256, sm3];
        let known = known.iter().flatten();
        if known.clone().all(|known| *known != Known::Other) {
            return Ok(());
        }
        if known.clone().any(|known| *known == Known::Same) {
            let first = index / u64::from(TILE_WIDTH) * u64::from(TILE_WIDTH);
            return Err(bad(self.log, first, "a tile does not hold the entries' hashes"));
        }
        Err(bad(self.log, index, "an entry is not the one that the tiles were made of"))
    }

    /// At the head: the roots are those that were signed.
    pub(super) fn finish(&self) -> Result<(), Stop> {
        for algorithm in Algorithm::EVERY {
            if self.root(algorithm) != self.head.of(algorithm).map(|(root, _)| *root) {
                return Err(bad(self.log, self.head.size, "the entries do not lead to the signed root"));
            }
        }
        Ok(())
    }

    /// The first entry or tile that a log of this size does not have.
    pub(super) fn beyond(
        &self,
        rows: &dyn Rows,
        size: u64,
    ) -> Result<Option<(u64, &'static str)>, StoreError> {
        if !rows.entries(self.log, size, 1)?.is_empty() {
            return Ok(Some((size, "an entry beyond the signed head")));
        }
        for level in self
            .sha256
            .iter()
            .flat_map(|tree| &tree.levels)
            .chain(self.sm3.iter().flat_map(|tree| &tree.levels))
        {
            let next = full(level.level, size);
            if let Some((index, _)) = rows.tiles(self.log, level.algorithm, level.level, next, 1)?.first() {
                return Ok(Some((first_of(level.level, *index), "a tile beyond the signed head")));
            }
        }
        Ok(None)
    }
}

/// Whether a stored tile knows a leaf.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Known {
    /// No full tile covers it.
    NotCovered,
    Same,
    Other,
}

/// One tree, and the stored tiles in the order in which it fills them.
struct Tree<'v, H> {
    size: u64,
    edge: Edge<H>,
    leaf: Hash,
    levels: Vec<Level<'v>>,
}

impl<'v, H: TreeHash> Tree<'v, H> {
    fn new(source: &'v dyn Source, log: Log, size: u64) -> Self {
        let levels =
            (0..=7).map(|level| Level { source, log, algorithm: H::ALGORITHM, level, read: VecDeque::new() });
        Self { size, edge: Edge::new(), leaf: [0; 32], levels: levels.collect() }
    }

    /// Remembers the leaf's hash, and compares it with the stored one.
    fn hash(&mut self, index: u64, leaf: &[u8]) -> Result<Known, Stop> {
        self.leaf = H::leaf(leaf);
        let width = u64::from(TILE_WIDTH);
        let tile = TileId { level: 0, index: index / width };
        if tile.width_at(self.size) < TILE_WIDTH {
            return Ok(Known::NotCovered);
        }
        let Some(level) = self.levels.first_mut() else { return Ok(Known::NotCovered) };
        let stored = level.stored(tile.index)?;
        let within = (index % width) as usize;
        let (hashes, _) = stored.as_chunks::<32>();
        Ok(if hashes.get(within) == Some(&self.leaf) { Known::Same } else { Known::Other })
    }

    fn append(&mut self) -> Result<(), Stop> {
        let mut compared = Ok(());
        let levels = &mut self.levels;
        self.edge.append(self.leaf, &mut |tile, hashes| {
            if compared.is_ok()
                && let Some(level) = levels.get_mut(usize::from(tile.level))
            {
                compared = level.compare(tile, hashes);
            }
        });
        compared
    }
}

/// The stored tiles of one level, in order.
struct Level<'v> {
    source: &'v dyn Source,
    log: Log,
    algorithm: Algorithm,
    level: u8,
    read: VecDeque<(u64, Vec<u8>)>,
}

impl Level<'_> {
    /// The bytes of the next full tile.
    fn stored(&mut self, index: u64) -> Result<&[u8], Stop> {
        if self.read.is_empty() {
            let read = |rows: &dyn crate::Rows| -> Result<_, StoreError> {
                rows.tiles(self.log, self.algorithm, self.level, index, TILES)
            };
            self.read = self.source.read(read)?.into();
        }
        match self.read.front() {
            Some((found, bytes)) if *found == index => Ok(bytes),
            _ => Err(bad(self.log, first_of(self.level, index), "a full tile is missing")),
        }
    }

    fn compare(&mut self, tile: TileId, hashes: &[Hash]) -> Result<(), Stop> {
        let (log, level) = (self.log, self.level);
        if self.stored(tile.index)? != hashes.as_flattened() {
            return Err(bad(log, first_of(level, tile.index), "a tile is not what the entries give"));
        }
        self.read.pop_front();
        Ok(())
    }
}

/// How many full tiles of a level a log of this size has.
fn full(level: u8, size: u64) -> u64 {
    size.checked_shr(TILE_HEIGHT * (u32::from(level) + 1)).unwrap_or(0)
}

/// The first entry that a tile covers.
fn first_of(level: u8, index: u64) -> u64 {
    index.checked_shl(TILE_HEIGHT * (u32::from(level) + 1)).unwrap_or(u64::MAX)
}
