//! The public keys that notes are checked with. Signing is elsewhere.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::Digest as _;
use sm2::dsa::signature::Verifier as _;

use crate::note::is_key_name;
use crate::{Algorithm, SignedNote, Unverified};

/// The long identifier behind the type byte `0xff` of our SM2 note signatures.
pub const SM2_NOTE_TYPE: &str = "yinuo/sm2-sm3";
/// The signer's id in SM2 (GB/T 35276): the default one.
pub const SM2_ID: &str = "1234567812345678";

const UNASSIGNED_NOTE_TYPE: u8 = 0xff;

/// What a key signs: the types of note signature (C2SP `signed-note`, "Signature types") that say so.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    pub(crate) ed25519: u8,
    /// Behind [`UNASSIGNED_NOTE_TYPE`].
    pub(crate) sm2: &'static str,
}

/// Heads of logs.
const OF_LOGS: Types = Types { ed25519: 0x01, sm2: SM2_NOTE_TYPE };

/// A key that checks notes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VerifierKey {
    /// Ed25519 (RFC 8032) over the note's text.
    Ed25519 {
        /// Its name: the origin of the log.
        name: String,
        /// The public key.
        key: [u8; 32],
    },
    /// SM2 with SM3 (GB/T 32918.2) over the note's text, with the default id; the signature is raw r‖s.
    Sm2 {
        /// Its name: the origin of the log.
        name: String,
        /// The public key, an uncompressed point (SEC 1 §2.3.3).
        key: [u8; 65],
    },
}

/// Why a text is no verifier key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidKey {
    /// Not `<name>+<id>+<base64>`.
    #[error("a verifier key is a name, eight hexadecimal digits and base64, with a plus between them")]
    Form,
    /// Neither Ed25519 nor SM2.
    #[error("the kind of key is unknown")]
    UnknownType,
    /// No point of the curve, or one that checks anything.
    #[error("the key is not one")]
    Key,
    /// The id is another key's.
    #[error("the id does not belong to the key")]
    Id,
}

impl VerifierKey {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Ed25519 { name, .. } | Self::Sm2 { name, .. } => name,
        }
    }

    /// Tells keys of one name apart: the first bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
    pub fn key_id(&self) -> [u8; 4] {
        self.id_as(OF_LOGS)
    }

    pub(crate) fn id_as(&self, types: Types) -> [u8; 4] {
        let hash = sha2::Sha256::new()
            .chain_update(self.name())
            .chain_update([b'\n'])
            .chain_update(self.type_and_key(types))
            .finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        [a, b, c, d]
    }

    /// The tree that heads signed by such a key are over.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519 { .. } => Algorithm::Sha256,
            Self::Sm2 { .. } => Algorithm::Sm3,
        }
    }

    /// Whether it is the same key, whatever its name.
    pub fn is_key_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ed25519 { key, .. }, Self::Ed25519 { key: other, .. }) => key == other,
            (Self::Sm2 { key, .. }, Self::Sm2 { key: other, .. }) => key == other,
            _ => false,
        }
    }

    /// Checks the note's signature by this key. Signatures by other keys are passed over; one that names this key
    /// and is wrong makes the whole note wrong.
    pub fn verify(&self, note: &SignedNote) -> Result<(), Unverified> {
        let id = self.key_id();
        let mut signed = Err(Unverified::NotSigned);
        for line in note.signatures.iter().filter(|line| line.name == self.name() && line.key_id == id) {
            self.verify_bytes(note.text.as_bytes(), &line.signature)?;
            signed = Ok(());
        }
        signed
    }

    /// Checks one signature over `text`.
    pub fn verify_bytes(&self, text: &[u8], signature: &[u8]) -> Result<(), Unverified> {
        match self {
            Self::Ed25519 { key, .. } => {
                let signature = ed25519_dalek::Signature::from_slice(signature);
                let signature = signature.map_err(|_| Unverified::WrongSignature)?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| Unverified::Key)?;
                // Strict: a key of small order would let one signature pass for many texts.
                key.verify_strict(text, &signature).map_err(|_| Unverified::WrongSignature)
            }
            Self::Sm2 { key, .. } => {
                let signature = sm2::dsa::Signature::from_slice(signature);
                let signature = signature.map_err(|_| Unverified::WrongSignature)?;
                let key = sm2_key(key).ok_or(Unverified::Key)?;
                key.verify(text, &signature).map_err(|_| Unverified::WrongSignature)
            }
        }
    }

    /// `<name>+<id in hexadecimal>+<base64 of type and key>` back.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        Self::parse_as(text, OF_LOGS)
    }

    pub(crate) fn parse_as(text: &str, types: Types) -> Result<Self, InvalidKey> {
        let (name, rest) = text.split_once('+').ok_or(InvalidKey::Form)?;
        let (id, encoded) = rest.split_once('+').ok_or(InvalidKey::Form)?;
        if !is_key_name(name) {
            return Err(InvalidKey::Form);
        }
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| InvalidKey::Form)?;
        let name = name.to_owned();
        let key = match bytes.split_first() {
            Some((found, key)) if *found == types.ed25519 => {
                let key = key.try_into().map_err(|_| InvalidKey::Key)?;
                let point = ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| InvalidKey::Key)?;
                if point.is_weak() {
                    return Err(InvalidKey::Key);
                }
                Self::Ed25519 { name, key }
            }
            Some((&UNASSIGNED_NOTE_TYPE, rest)) => {
                let key = rest.strip_prefix(types.sm2.as_bytes()).ok_or(InvalidKey::UnknownType)?;
                let key = key.try_into().map_err(|_| InvalidKey::Key)?;
                sm2_key(&key).ok_or(InvalidKey::Key)?;
                Self::Sm2 { name, key }
            }
            Some(_) => return Err(InvalidKey::UnknownType),
            None => return Err(InvalidKey::Form),
        };
        if id == hex::encode(key.id_as(types)) { Ok(key) } else { Err(InvalidKey::Id) }
    }

    fn type_and_key(&self, types: Types) -> Vec<u8> {
        match self {
            Self::Ed25519 { key, .. } => [&[types.ed25519], key.as_slice()].concat(),
            Self::Sm2 { key, .. } => [&[UNASSIGNED_NOTE_TYPE], types.sm2.as_bytes(), key].concat(),
        }
    }

    pub(crate) fn write_as(&self, types: Types, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, key) = (hex::encode(self.id_as(types)), BASE64_STANDARD.encode(self.type_and_key(types)));
        write!(f, "{}+{id}+{key}", self.name())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_as(OF_LOGS, f)
    }
}

fn sm2_key(key: &[u8; 65]) -> Option<sm2::dsa::VerifyingKey> {
    // Of this length the library reads uncompressed points only: another form of the key would have another id.
    sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_ID, key).ok()
}
