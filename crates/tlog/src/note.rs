//! Signed notes (C2SP `signed-note`): a text and who signed it.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// One line of signature under a note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoteSignature {
    /// The key's name. Not empty, no spaces, no plus.
    pub name: String,
    /// Which key of that name.
    pub key_id: [u8; 4],
    /// What the key made of the text. Not empty.
    pub signature: Vec<u8>,
}

/// A text, which ends with a newline, and the signatures under it. Nothing of it is to be believed before
/// [`crate::VerifierKey::verify`] has passed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedNote {
    /// What is signed.
    pub text: String,
    /// Who signed it: at least one.
    pub signatures: Vec<NoteSignature>,
}

/// Why a text is no signed note.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidNote {
    /// More bytes than this program reads.
    #[error("a note has at most {} bytes", SignedNote::LEN_MAX)]
    TooLong,
    /// Not UTF-8.
    #[error("a note is UTF-8")]
    Utf8,
    /// A control character other than newline.
    #[error("a note has no control characters but newline")]
    Control,
    /// No empty line between a text and signatures.
    #[error("a note has an empty line between its text and its signatures")]
    NoSignatures,
    /// More signatures than this program reads.
    #[error("a note has at most {} signatures", SignedNote::SIGNATURES_MAX)]
    TooManySignatures,
    /// A line that is no signature.
    #[error("signature line {line} is not one")]
    Signature {
        /// Which, from 1.
        line: usize,
    },
}

/// Why a note is not to be believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unverified {
    /// None of the signatures is by this key.
    #[error("the note is not signed by this key")]
    NotSigned,
    /// A signature names this key and is not by it.
    #[error("the note's signature by this key is wrong")]
    WrongSignature,
    /// The key itself is no key.
    #[error("the key is not one")]
    Key,
}

impl SignedNote {
    /// The most bytes a note may have: room for sixteen signatures of the longest kinds and more.
    pub const LEN_MAX: usize = 256 * 1024;
    /// The most signatures; readers must bear 16.
    pub const SIGNATURES_MAX: usize = 64;

    /// Reads a note. It comes out of [`ToString`] with the same bytes.
    pub fn parse(note: &str) -> Result<Self, InvalidNote> {
        if Self::LEN_MAX < note.len() {
            return Err(InvalidNote::TooLong);
        }
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(InvalidNote::Control);
        }
        // The text may have empty lines of its own: the last one parts it from the signatures.
        let at = note.rfind("\n\n").ok_or(InvalidNote::NoSignatures)?;
        let (text, signatures) = note.split_at(at + 1);
        let lines = signatures.strip_prefix('\n').unwrap_or(signatures);
        let lines = lines.strip_suffix('\n').ok_or(InvalidNote::NoSignatures)?;
        if Self::SIGNATURES_MAX < lines.split('\n').count() {
            return Err(InvalidNote::TooManySignatures);
        }
        let signatures = (1..)
            .zip(lines.split('\n'))
            .map(|(line, text)| NoteSignature::parse(text).ok_or(InvalidNote::Signature { line }))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Reads a note that arrives as bytes.
    pub fn parse_bytes(note: &[u8]) -> Result<Self, InvalidNote> {
        if Self::LEN_MAX < note.len() {
            return Err(InvalidNote::TooLong);
        }
        Self::parse(str::from_utf8(note).map_err(|_| InvalidNote::Utf8)?)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// `— <name> <base64>`, without the newline.
    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        if !is_key_name(name) {
            return None;
        }
        let bytes = BASE64_STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        (!signature.is_empty()).then(|| Self {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, BASE64_STANDARD.encode(bytes))
    }
}

/// Whether a key may have this name.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+')
}
