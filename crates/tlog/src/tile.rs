//! Tiles: pieces of a tree, 256 hashes wide, that never change once full (C2SP `tlog-tiles`), and bundles of entries.

use std::fmt;

use crate::{Algorithm, Hash};

/// How many levels of the tree one tile spans.
pub const TILE_HEIGHT: u32 = 8;
/// How many hashes a full tile has, and how many entries a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The greatest level a path may name. A tree of 2^64 leaves reaches 7.
const LEVEL_MAX: u8 = 63;

/// Which tile of a tree.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TileId {
    /// 0 for leaf hashes; above, each hash is the root of a full tile below.
    pub level: u8,
    /// Counts from the left.
    pub index: u64,
}

impl TileId {
    /// The rightmost tile of this level in a tree of `size` leaves, and how many hashes it has: 0 to 255.
    /// With 0 there is none, and the one to its left, if any, is full.
    pub fn rightmost(level: u8, size: u64) -> (Self, u16) {
        let hashes = at_level(size, level);
        // Below 256, so it fits.
        (Self { level, index: hashes / u64::from(TILE_WIDTH) }, (hashes % u64::from(TILE_WIDTH)) as u16)
    }

    /// How many hashes of this tile a tree of `size` leaves has: 0 to 256.
    pub fn width_at(self, size: u64) -> u16 {
        let before = u128::from(self.index) * u128::from(TILE_WIDTH);
        let hashes = u128::from(at_level(size, self.level)).saturating_sub(before);
        hashes.min(u128::from(TILE_WIDTH)) as u16
    }

    /// Where it is served, below the log's prefix: `tile/…` or `tile-sm3/…`, with `.p/<width>` when it is partial.
    pub fn path(self, algorithm: Algorithm, width: u16) -> String {
        Resource::Hashes { algorithm, tile: self, width }.to_string()
    }

    /// The path of [`Self::path`] back, with the width.
    pub fn parse(algorithm: Algorithm, path: &str) -> Option<(Self, u16)> {
        match Resource::parse(path)? {
            Resource::Hashes { algorithm: found, tile, width } if found == algorithm => Some((tile, width)),
            Resource::Hashes { .. } | Resource::Entries { .. } => None,
        }
    }
}

/// How many complete subtrees of 256^level leaves a tree has.
fn at_level(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0)
}

/// What is served below a log's prefix, besides checkpoints.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Resource {
    /// A tile of hashes.
    Hashes {
        /// Of which tree.
        algorithm: Algorithm,
        /// Which tile.
        tile: TileId,
        /// How many hashes: 1 to 256.
        width: u16,
    },
    /// A bundle of entries: one copy for both trees.
    Entries {
        /// Counts from the left.
        bundle: u64,
        /// How many entries: 1 to 256.
        width: u16,
    },
}

impl Resource {
    /// A path below the log's prefix, in the one form it may have.
    pub fn parse(path: &str) -> Option<Self> {
        let (root, rest) = path.split_once('/')?;
        let algorithm = match root {
            "tile" => Algorithm::Sha256,
            "tile-sm3" => Algorithm::Sm3,
            _ => return None,
        };
        let (level, rest) = rest.split_once('/')?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                (index, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?)
            }
            None => (rest, TILE_WIDTH),
        };
        let index = parse_index(index)?;
        let resource = if level == "entries" {
            Self::Entries { bundle: index, width }
        } else {
            let level = level.parse().ok().filter(|level| *level <= LEVEL_MAX)?;
            Self::Hashes { algorithm, tile: TileId { level, index }, width }
        };
        // Whatever was lenient above (a sign, a zero in front) does not come out the same.
        (resource.to_string() == path).then_some(resource)
    }
}

impl Resource {
    /// The number of the entry after the last that it covers when full: `u64::MAX` for what no log reaches.
    pub fn end_index(&self) -> u64 {
        let (index, level) = match self {
            Self::Hashes { tile, .. } => (tile.index, u32::from(tile.level)),
            Self::Entries { bundle, .. } => (*bundle, 0),
        };
        let wide = u128::from(index).saturating_add(1);
        let bits = TILE_HEIGHT * (level + 1);
        let end = if wide.leading_zeros() < bits { u128::MAX } else { wide << bits };
        u64::try_from(end).unwrap_or(u64::MAX)
    }

    /// Whether a log whose first kept entry is `minimum_index` may no longer have it (C2SP `tlog-tiles`, "Pruning").
    pub fn may_be_pruned(&self, minimum_index: u64) -> bool {
        self.end_index() <= minimum_index
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, width) = match self {
            Self::Hashes { algorithm, tile, width } => {
                let root = match algorithm {
                    Algorithm::Sha256 => "tile",
                    Algorithm::Sm3 => "tile-sm3",
                };
                write!(f, "{root}/{}/", tile.level)?;
                (tile.index, *width)
            }
            Self::Entries { bundle, width } => {
                f.write_str("tile/entries/")?;
                (*bundle, *width)
            }
        };
        write_index(f, index / 1000)?;
        write!(f, "{:03}", index % 1000)?;
        if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
    }
}

/// All but the last three digits, in groups of three that begin with `x`.
fn write_index(f: &mut fmt::Formatter<'_>, rest: u64) -> fmt::Result {
    if rest == 0 {
        return Ok(());
    }
    write_index(f, rest / 1000)?;
    write!(f, "x{:03}/", rest % 1000)
}

fn parse_index(text: &str) -> Option<u64> {
    text.split('/').try_fold(0u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index.checked_mul(1000)?.checked_add(digits.parse().ok()?)
    })
}

/// Somebody who has the tiles.
pub trait TileReader {
    /// Why a tile could not be had.
    type Error;

    /// The first `width` (1 to 256) hashes of that tile.
    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, Self::Error>;
}

impl<R: TileReader + ?Sized> TileReader for &R {
    type Error = R::Error;

    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, Self::Error> {
        (**self).tile(id, width)
    }
}

/// The hashes of a tile as it is served; nothing for a length that is no tile's. The other way is
/// `hashes.as_flattened()`.
pub fn hashes_from_bytes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let fits = rest.is_empty() && !hashes.is_empty() && hashes.len() <= usize::from(TILE_WIDTH);
    fits.then(|| hashes.to_vec())
}

/// Why something is not a bundle of entries.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BundleError {
    /// An entry that its length prefix cannot say.
    #[error("an entry has {len} bytes, more than {}", u16::MAX)]
    EntryTooLong {
        /// How long it is.
        len: usize,
    },
    /// None, or more than 256.
    #[error("a bundle has 1 to {TILE_WIDTH} entries, this one has {found}")]
    Width {
        /// How many there are.
        found: usize,
    },
    /// The bytes end within an entry.
    #[error("the bundle ends within its entry {entry}")]
    Cut {
        /// Which entry, from 0.
        entry: usize,
    },
}

/// Entries one after the other, each behind its length as a big-endian uint16.
pub fn bundle<B: AsRef<[u8]>>(entries: &[B]) -> Result<Vec<u8>, BundleError> {
    check_width(entries.len())?;
    let mut out = Vec::with_capacity(entries.iter().map(|entry| entry.as_ref().len() + 2).sum());
    for entry in entries.iter().map(AsRef::as_ref) {
        let len = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { len: entry.len() })?;
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// The entries of a bundle.
pub fn unbundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let cut = BundleError::Cut { entry: entries.len() };
        let (len, rest) = bytes.split_first_chunk().ok_or_else(|| cut.clone())?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len))).ok_or(cut)?;
        entries.push(entry);
        check_width(entries.len())?;
        bytes = rest;
    }
    check_width(entries.len())?;
    Ok(entries)
}

fn check_width(found: usize) -> Result<(), BundleError> {
    if (1..=usize::from(TILE_WIDTH)).contains(&found) { Ok(()) } else { Err(BundleError::Width { found }) }
}
