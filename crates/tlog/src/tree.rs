//! Merkle tree hashes (RFC 9162 §2.1.1), over SHA-256 or over SM3.

use sha2::Digest as _;
use yinuo_domain::{Digest, Suite};

/// A node of a tree.
pub type Hash = [u8; 32];

/// Over which hash a tree is built.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// SHA-256, as C2SP and RFC 9162 have it.
    Sha256,
    /// SM3 (GB/T 32905), the twin.
    Sm3,
}

impl Algorithm {
    /// Both.
    pub const EVERY: [Self; 2] = [Self::Sha256, Self::Sm3];

    /// The word in pages and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sm3 => "sm3",
        }
    }
}

/// The three hashes a tree is made of. The prefixes keep a leaf from being taken for a node.
pub trait TreeHash {
    /// Which it is, where it is chosen at run time.
    const ALGORITHM: Algorithm;

    /// The root of a tree without leaves.
    fn empty() -> Hash;

    /// A leaf.
    fn leaf(data: &[u8]) -> Hash;

    /// The node above two others.
    fn node(left: &Hash, right: &Hash) -> Hash;
}

/// A tree over SHA-256.
#[derive(Clone, Copy, Debug)]
pub struct Sha256Tree;

/// A tree over SM3.
#[derive(Clone, Copy, Debug)]
pub struct Sm3Tree;

macro_rules! tree_hash {
    ($tree:ty, $algorithm:expr, $hasher:ty) => {
        impl TreeHash for $tree {
            const ALGORITHM: Algorithm = $algorithm;

            fn empty() -> Hash {
                <$hasher>::digest([]).into()
            }

            fn leaf(data: &[u8]) -> Hash {
                <$hasher>::new().chain_update([0x00]).chain_update(data).finalize().into()
            }

            fn node(left: &Hash, right: &Hash) -> Hash {
                <$hasher>::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
            }
        }
    };
}

tree_hash!(Sha256Tree, Algorithm::Sha256, sha2::Sha256);
tree_hash!(Sm3Tree, Algorithm::Sm3, sm3::Sm3);

/// The leaf's hash, where the algorithm is chosen at run time.
pub fn leaf_hash(algorithm: Algorithm, data: &[u8]) -> Hash {
    match algorithm {
        Algorithm::Sha256 => Sha256Tree::leaf(data),
        Algorithm::Sm3 => Sm3Tree::leaf(data),
    }
}

/// The hash of a whole leaf or document, without any prefix: what a stream's chain (`prev`) and documents use.
pub fn content_hash(suite: Suite, data: &[u8]) -> Digest {
    Digest(match suite {
        Suite::Guomi => sm3::Sm3::digest(data).into(),
        Suite::International => sha2::Sha256::digest(data).into(),
    })
}

/// The root over these leaf hashes, word for word RFC 9162 §2.1.1: what everything faster is compared with.
pub fn root_of<H: TreeHash>(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => H::empty(),
        [one] => *one,
        more => {
            // Below the length, so the split cannot fail.
            let (left, right) = more.split_at(split(more.len() as u64) as usize);
            H::node(&root_of::<H>(left), &root_of::<H>(right))
        }
    }
}

/// The largest power of two below `n`, which is at least 2.
pub(crate) fn split(n: u64) -> u64 {
    1 << (n.saturating_sub(1) | 1).ilog2()
}
