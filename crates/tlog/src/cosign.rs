//! Cosignatures (C2SP `tlog-cosignature`): a witness says that a head follows from every head of that log it has seen.

use std::fmt;

use crate::key::Types;
use crate::{InvalidKey, NoteSignature, SignedNote, Unverified, VerifierKey};

/// The long identifier behind the type byte `0xff` of our SM2 cosignatures, the twin of `0x04`.
pub const SM2_COSIGNATURE_TYPE: &str = "yinuo/sm2-sm3/cosignature/v1";

const OF_WITNESSES: Types = Types { ed25519: 0x04, sm2: SM2_COSIGNATURE_TYPE };

/// A key that checks cosignatures. It is no [`VerifierKey`]: what it signs is a time as well, and a log's key never
/// passes for a witness's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WitnessKey(VerifierKey);

/// What a witness signs about a head at a time, in seconds since 1970.
pub fn cosigned_text(head: &str, at_s: u64) -> String {
    format!("cosignature/v1\ntime {at_s}\n{head}")
}

impl WitnessKey {
    /// The key of a witness. No other witness may have it, whatever its name: the name is not signed.
    pub fn new(key: VerifierKey) -> Self {
        Self(key)
    }

    /// The name of the witness.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Tells keys of one name apart, as [`VerifierKey::key_id`] does.
    pub fn key_id(&self) -> [u8; 4] {
        self.0.id_as(OF_WITNESSES)
    }

    /// The key without what it is for.
    pub fn key(&self) -> &VerifierKey {
        &self.0
    }

    /// The line under a head that says what this key signed at that time.
    pub fn line(&self, at_s: u64, signature: &[u8]) -> NoteSignature {
        let signature = [at_s.to_be_bytes().as_slice(), signature].concat();
        NoteSignature { name: self.name().to_owned(), key_id: self.key_id(), signature }
    }

    /// Checks this witness's cosignatures under a head, and says when it made the latest. Those of others are passed
    /// over; one that names this key and is wrong makes the whole note wrong.
    pub fn verify(&self, note: &SignedNote) -> Result<u64, Unverified> {
        let id = self.key_id();
        let mut latest = None;
        for line in note.signatures.iter().filter(|line| line.name == self.name() && line.key_id == id) {
            let (at, signature) = line.signature.split_first_chunk().ok_or(Unverified::WrongSignature)?;
            let at = u64::from_be_bytes(*at);
            if i64::try_from(at).is_err() {
                return Err(Unverified::WrongSignature);
            }
            self.0.verify_bytes(cosigned_text(&note.text, at).as_bytes(), signature)?;
            latest = latest.max(Some(at));
        }
        latest.ok_or(Unverified::NotSigned)
    }

    /// `<name>+<id in hexadecimal>+<base64 of type and key>` back.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        VerifierKey::parse_as(text, OF_WITNESSES).map(Self)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_as(OF_WITNESSES, f)
    }
}
