//! The tip of a log: what is needed to append, to give roots, and to prove what was appended last.

use yinuo_domain::{Profile, Timestamp};
use yinuo_tlog::{
    Algorithm, Edge, Hash, Proof, ProveError, Sha256Tree, Sm3Tree, TileId, TileReader, TreeHash,
    prove_consistency, prove_inclusion, root_of,
};

use crate::StoreError;
use crate::backend::{Head, Log, Rows};
use crate::signing::Notes;

/// A tile that an append filled.
pub(crate) type FullTile = (Algorithm, TileId, Vec<Hash>);

/// The tip of one log.
#[derive(Clone)]
pub(crate) struct Tip {
    pub(crate) size: u64,
    /// The time of the last entry.
    pub(crate) at: Timestamp,
    sha256: Option<Branch<Sha256Tree>>,
    sm3: Option<Branch<Sm3Tree>>,
    /// The signed head.
    pub(crate) head: Head,
}

impl Tip {
    /// Of a log without entries.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            size: 0,
            at: Timestamp::default(),
            sha256: profile.has_sha256().then(Branch::new),
            sm3: profile.has_sm3().then(Branch::new),
            head: Head { size: 0, sha256: None, sm3: None },
        }
    }

    /// Of a stored log, rebuilt from entries and full tiles. The head is not yet compared.
    pub(crate) fn load(
        profile: Profile,
        log: Log,
        size: u64,
        at: Timestamp,
        rows: &dyn Rows,
    ) -> Result<Self, StoreError> {
        let tip = Self { size, at, ..Self::new(profile) };
        Ok(Self {
            sha256: tip.sha256.is_some().then(|| Branch::load(size, log, rows)).transpose()?,
            sm3: tip.sm3.is_some().then(|| Branch::load(size, log, rows)).transpose()?,
            ..tip
        })
    }

    /// Which trees it has.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> + use<> {
        let sha256 = self.sha256.as_ref().map(|_| Algorithm::Sha256);
        sha256.into_iter().chain(self.sm3.as_ref().map(|_| Algorithm::Sm3))
    }

    /// Forgets what is not needed to append and to prove what comes now.
    pub(crate) fn settle(&mut self) {
        if let Some(branch) = &mut self.sha256 {
            branch.settle();
        }
        if let Some(branch) = &mut self.sm3 {
            branch.settle();
        }
    }

    pub(crate) fn append(&mut self, leaf: &[u8], at: Timestamp, full: &mut Vec<FullTile>) {
        if let Some(branch) = &mut self.sha256 {
            branch.append(leaf, full);
        }
        if let Some(branch) = &mut self.sm3 {
            branch.append(leaf, full);
        }
        self.size += 1;
        self.at = at;
    }

    /// Ends a batch: from here on its entries can be proven, and the root is that of all of them.
    pub(crate) fn close(&mut self) {
        if let Some(branch) = &mut self.sha256 {
            branch.close();
        }
        if let Some(branch) = &mut self.sm3 {
            branch.close();
        }
    }

    /// The root, as of the last [`Tip::close`].
    pub(crate) fn root(&self, algorithm: Algorithm) -> Option<Hash> {
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref().map(|branch| branch.root),
            Algorithm::Sm3 => self.sm3.as_ref().map(|branch| branch.root),
        }
    }

    /// Takes over signed heads, one for each tree.
    pub(crate) fn sign(&mut self, notes: &Notes) {
        let of = |algorithm| {
            let (_, note) = notes.iter().find(|(of, _)| *of == algorithm)?;
            Some((self.root(algorithm)?, note.to_string()))
        };
        self.head = Head { size: self.size, sha256: of(Algorithm::Sha256), sm3: of(Algorithm::Sm3) };
    }

    /// The proof of an entry of the last batch; nothing for an older one.
    pub(crate) fn recent_proof(&self, algorithm: Algorithm, index: u64) -> Option<String> {
        let hashes = match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref()?.path(index)?,
            Algorithm::Sm3 => self.sm3.as_ref()?.path(index)?,
        };
        self.proof_of(algorithm, index, &hashes)
    }

    /// The proof of any entry; nothing for one there is not.
    pub(crate) fn proof(
        &self,
        algorithm: Algorithm,
        index: u64,
        log: Log,
        rows: &dyn Rows,
    ) -> Result<Option<String>, StoreError> {
        if self.size <= index {
            return Ok(None);
        }
        let hashes = match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref().map(|branch| branch.prove(index, log, rows)),
            Algorithm::Sm3 => self.sm3.as_ref().map(|branch| branch.prove(index, log, rows)),
        };
        Ok(hashes.transpose()?.and_then(|hashes| self.proof_of(algorithm, index, &hashes)))
    }

    /// That the tree of `old` entries is the beginning of the one of `new`; nothing when the log has not so many.
    pub(crate) fn consistency(
        &self,
        algorithm: Algorithm,
        (old, new): (u64, u64),
        log: Log,
        rows: &dyn Rows,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        if self.size < new || new < old {
            return Ok(None);
        }
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref().map(|branch| branch.follow(old, new, log, rows)),
            Algorithm::Sm3 => self.sm3.as_ref().map(|branch| branch.follow(old, new, log, rows)),
        }
        .transpose()
    }

    /// The first `width` hashes of a tile; nothing when there are not so many.
    pub(crate) fn tile(
        &self,
        algorithm: Algorithm,
        tile: TileId,
        width: u16,
        log: Log,
        rows: &dyn Rows,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        if width == 0 || tile.width_at(self.size) < width {
            return Ok(None);
        }
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref().map(|branch| branch.tiles(log, rows).tile(tile, width)),
            Algorithm::Sm3 => self.sm3.as_ref().map(|branch| branch.tiles(log, rows).tile(tile, width)),
        }
        .transpose()
    }

    fn proof_of(&self, algorithm: Algorithm, index: u64, hashes: &[Hash]) -> Option<String> {
        let (_, checkpoint) = self.head.of(algorithm)?;
        Some(Proof::text(index, hashes, checkpoint))
    }
}

/// The right edge of one tree, with the nodes above what was appended last.
///
/// Proving a new entry needs nodes of three sorts only: complete subtrees among the new entries, complete subtrees
/// left of them that were not yet part of a larger one (the peaks), and the ragged right end. All are here, so that
/// a receipt reads no tile.
struct Branch<H> {
    edge: Edge<H>,
    /// For each height the roots of complete subtrees, the first one's number before them.
    heights: Vec<(u64, Vec<Hash>)>,
    /// For each height the root over the entries right of its last complete subtree, if there are any. As of
    /// [`Branch::close`], and so is the root.
    right: Vec<Option<Hash>>,
    root: Hash,
}

impl<H> Clone for Branch<H> {
    fn clone(&self) -> Self {
        Self {
            edge: self.edge.clone(),
            heights: self.heights.clone(),
            right: self.right.clone(),
            root: self.root,
        }
    }
}

impl<H: TreeHash> Branch<H> {
    fn new() -> Self {
        Self { edge: Edge::new(), heights: Vec::new(), right: Vec::new(), root: H::empty() }
    }

    fn load(size: u64, log: Log, rows: &dyn Rows) -> Result<Self, StoreError> {
        let reader = Rebuilt { algorithm: H::ALGORITHM, log, rows, node: H::node };
        let edge = Edge::<H>::load(size, &reader).map_err(unproven)?;
        let mut heights = Vec::new();
        for height in 0..(u64::BITS - size.leading_zeros()) {
            let mut nodes = Vec::new();
            if size >> height & 1 == 1 {
                // The peak of this height: the last complete subtree, within its level's partial tile.
                let partial = edge.partial((height / 8) as u8);
                let width = 1usize << (height % 8);
                let after = ((size >> (height / 8 * 8)) & 0xff) as usize & !(width - 1);
                let peak = partial.get(after.saturating_sub(width)..after).unwrap_or(&[]);
                nodes.push(root_of::<H>(peak));
            }
            heights.push(((size >> height) - nodes.len() as u64, nodes));
        }
        let mut branch = Self { edge, heights, ..Self::new() };
        branch.close();
        Ok(branch)
    }

    fn settle(&mut self) {
        let size = self.edge.size();
        for (height, (first, nodes)) in (0u32..).zip(&mut self.heights) {
            let peak =
                if size.checked_shr(height).unwrap_or(0) & 1 == 1 { nodes.last().copied() } else { None };
            nodes.clear();
            nodes.extend(peak);
            *first = size.checked_shr(height).unwrap_or(0) - nodes.len() as u64;
        }
    }

    fn append(&mut self, leaf: &[u8], full: &mut Vec<FullTile>) {
        let index = self.edge.size();
        let heights = &mut self.heights;
        let mut keep = |height: u32, hash| {
            let at = height as usize;
            if heights.len() <= at {
                heights.push((index >> height, Vec::new()));
            }
            if let Some((_, nodes)) = heights.get_mut(at) {
                nodes.push(hash);
            }
        };
        let mut fill = |tile, hashes: &[Hash]| full.push((H::ALGORITHM, tile, hashes.to_vec()));
        self.edge.append_telling(H::leaf(leaf), &mut keep, &mut fill);
    }

    /// What every proof at this size has in common, and with it the root: one walk along the ragged end.
    fn close(&mut self) {
        let size = self.edge.size();
        self.right.clear();
        let mut right: Option<Hash> = None;
        for height in 0..(u64::BITS - size.leading_zeros()) {
            self.right.push(right);
            if size >> height & 1 == 1
                && let Some(peak) = self.node(height, (size >> height) - 1)
            {
                right = Some(right.map_or(peak, |right| H::node(&peak, &right)));
            }
        }
        self.root = right.unwrap_or_else(H::empty);
    }

    fn node(&self, height: u32, number: u64) -> Option<Hash> {
        let (first, nodes) = self.heights.get(height as usize)?;
        nodes.get(usize::try_from(number.checked_sub(*first)?).ok()?).copied()
    }

    /// The inclusion proof (RFC 9162 §2.1.3.1) of an entry of the last batch.
    fn path(&self, index: u64) -> Option<Vec<Hash>> {
        let size = self.edge.size();
        if size <= index {
            return None;
        }
        let mut path = Vec::with_capacity(24);
        let mut height = 0u32;
        while 0 < (size - 1) >> height {
            let (node, complete) = (index >> height, size >> height);
            if node & 1 == 1 {
                path.push(self.node(height, node - 1)?);
            } else if node + 1 < complete {
                path.push(self.node(height, node + 1)?);
            } else if node + 1 == complete {
                // A ragged end as the sibling; without one, the node is carried up.
                path.extend(self.right.get(height as usize).copied().flatten());
            }
            height += 1;
        }
        Some(path)
    }

    fn prove(&self, index: u64, log: Log, rows: &dyn Rows) -> Result<Vec<Hash>, StoreError> {
        prove_inclusion::<H, _>(&self.tiles(log, rows), index, self.edge.size()).map_err(unproven)
    }

    fn follow(&self, old: u64, new: u64, log: Log, rows: &dyn Rows) -> Result<Vec<Hash>, StoreError> {
        prove_consistency::<H, _>(&self.tiles(log, rows), old, new).map_err(unproven)
    }

    fn tiles<'a>(&'a self, log: Log, rows: &'a dyn Rows) -> Tiles<'a, H> {
        Tiles { edge: &self.edge, log, rows }
    }
}

fn unproven(error: ProveError<StoreError>) -> StoreError {
    match error {
        ProveError::Read(error) => error,
        ProveError::OutOfRange { .. } => StoreError::Damaged("an entry outside its log"),
        ProveError::Width { .. } => StoreError::Damaged("a tile of another width"),
    }
}

/// The tiles of a tree: partial ones from the edge, full ones from the store.
struct Tiles<'a, H> {
    edge: &'a Edge<H>,
    log: Log,
    rows: &'a dyn Rows,
}

impl<H: TreeHash> TileReader for Tiles<'_, H> {
    type Error = StoreError;

    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, StoreError> {
        if let Ok(hashes) = self.edge.tile(id, width) {
            return Ok(hashes);
        }
        let stored = self.rows.tile(self.log, H::ALGORITHM, id)?;
        let mut hashes = stored.ok_or(StoreError::Damaged("a full tile is missing"))?;
        hashes.truncate(usize::from(width));
        Ok(hashes)
    }
}

/// Partial tiles made anew: the lowest from entries, the others from the full tiles below them.
struct Rebuilt<'a> {
    algorithm: Algorithm,
    log: Log,
    rows: &'a dyn Rows,
    node: fn(&Hash, &Hash) -> Hash,
}

impl TileReader for Rebuilt<'_> {
    type Error = StoreError;

    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, StoreError> {
        let from = id.index * 256;
        let Some(below) = id.level.checked_sub(1) else {
            let entries = self.rows.entries(self.log, from, usize::from(width))?;
            return Ok(entries.iter().map(|(_, leaf)| yinuo_tlog::leaf_hash(self.algorithm, leaf)).collect());
        };
        (from..from + u64::from(width))
            .map(|index| {
                let tile = TileId { level: below, index };
                let full = self.rows.tile(self.log, self.algorithm, tile)?;
                let mut hashes = full.ok_or(StoreError::Damaged("a full tile is missing"))?;
                // 256 hashes: a complete tree, folded level by level.
                while 1 < hashes.len() {
                    let pairs = hashes.as_chunks::<2>().0;
                    hashes = pairs.iter().map(|[left, right]| (self.node)(left, right)).collect();
                }
                hashes.pop().ok_or(StoreError::Damaged("a tile without hashes"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use yinuo_tlog::verify_inclusion;

    use super::*;

    /// Whatever the sizes of batches, the proof of each entry of the last one verifies, and is what tiles prove.
    #[test]
    fn every_new_entry_is_proven_without_a_tile() {
        for batches in [vec![1; 40], vec![3, 5, 1, 16, 255, 1, 2, 300], vec![256, 256, 1], vec![700, 1, 1]] {
            let mut branch = Branch::<Sha256Tree>::new();
            let mut leaves: Vec<Hash> = Vec::new();
            for batch in batches {
                branch.settle();
                let before = leaves.len() as u64;
                for _ in 0..batch {
                    let leaf = leaves.len().to_be_bytes();
                    branch.append(&leaf, &mut Vec::new());
                    leaves.push(Sha256Tree::leaf(&leaf));
                }
                branch.close();
                let size = leaves.len() as u64;
                let root = root_of::<Sha256Tree>(&leaves);
                assert_eq!((branch.root, branch.edge.root()), (root, root));
                for index in before..size {
                    let path = branch.path(index).unwrap();
                    let leaf = &leaves[index as usize];
                    assert_eq!(
                        verify_inclusion::<Sha256Tree>(leaf, index, size, &path, &root),
                        Ok(()),
                        "{index} of {size}"
                    );
                }
                assert_eq!(branch.path(size), None);
            }
        }
    }
}
