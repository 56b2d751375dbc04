//! Can it be proven?
//!
//! How a fact becomes the bytes of a leaf, leaves a Merkle tree (RFC 9162 §2.1), a tree tiles and a signed head,
//! and how all of that is checked by somebody who trusts nobody. Every format is in `docs/specs/fact-log.md`;
//! the trees, tiles, notes and proofs are those of C2SP, over SHA-256 or over SM3.
//!
//! Pure: bytes in, bytes out. Hashing and verification only.
//!
//! Not here: keeping bytes (`ledger`), signing (`vault`), serving them (`web`), whether a fact was lawful (`core`).

mod checkpoint;
mod cosign;
mod edge;
mod key;
pub mod leaf;
mod note;
mod policy;
mod proof;
mod prove;
mod tile;
mod tree;
mod verify;
mod witness;

pub use checkpoint::{Checkpoint, InvalidCheckpoint, origin};
pub use cosign::{SM2_COSIGNATURE_TYPE, WitnessKey, cosigned_text};
pub use edge::{Edge, NotHeld};
pub use key::{InvalidKey, SM2_ID, SM2_NOTE_TYPE, VerifierKey};
pub use note::{InvalidNote, NoteSignature, SignedNote, Unverified};
pub use policy::{Accepted, InvalidPolicy, NotAccepted, Policy, PolicyLog, PolicyWitness};
pub use proof::{InvalidProof, Proof, Refuted};
pub use prove::{ProveError, prove_consistency, prove_inclusion, root_at};
pub use tile::{
    BundleError, Resource, TILE_HEIGHT, TILE_WIDTH, TileId, TileReader, bundle, hashes_from_bytes, unbundle,
};
pub use tree::{Algorithm, Hash, Sha256Tree, Sm3Tree, TreeHash, content_hash, leaf_hash, root_of};
pub use verify::{Mismatch, verify_consistency, verify_inclusion};
pub use witness::{AddCheckpoint, Cosigned, InvalidRequest, NotCosigned};
