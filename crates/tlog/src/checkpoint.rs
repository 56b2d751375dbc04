//! The text of a tree head (C2SP `tlog-checkpoint`).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use yinuo_domain::LogId;

use crate::{Algorithm, Hash};

/// What a log signs: which log it is, how many entries it has, and the root over them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root at that size.
    pub root: Hash,
}

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidCheckpoint {
    /// Not an origin, a size and a root, one a line.
    #[error("a checkpoint has three lines: origin, size and root")]
    Lines,
    /// No origin.
    #[error("a checkpoint names its origin")]
    Origin,
    /// Not a decimal number without zeroes in front.
    #[error("a checkpoint's size is a decimal number")]
    Size,
    /// Not base64 of 32 bytes.
    #[error("a checkpoint's root is base64 of 32 bytes")]
    Root,
    /// Further lines. They are allowed by the format, but no monitor can check them, so our logs have none; in another's
    /// they are not empty.
    #[error("a checkpoint of this log does not have such extension lines")]
    Extension,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root))
    }

    /// The text of [`Self::text`] back, in the one form it may have.
    pub fn parse(text: &str) -> Result<Self, InvalidCheckpoint> {
        match Self::split(text)? {
            (checkpoint, "") => Ok(checkpoint),
            _ => Err(InvalidCheckpoint::Extension),
        }
    }

    /// The head of anybody's log, which may have extension lines: they are signed too, and say nothing to us.
    pub fn parse_any(text: &str) -> Result<Self, InvalidCheckpoint> {
        let (checkpoint, extensions) = Self::split(text)?;
        // Each ends with a newline, and none is empty.
        let fits = extensions.split_inclusive('\n').all(|line| line.len() > 1 && line.ends_with('\n'));
        if fits { Ok(checkpoint) } else { Err(InvalidCheckpoint::Extension) }
    }

    /// The three lines, and what follows them.
    fn split(text: &str) -> Result<(Self, &str), InvalidCheckpoint> {
        let mut lines = text.splitn(4, '\n');
        let mut line = || lines.next().ok_or(InvalidCheckpoint::Lines);
        let (origin, size, root, rest) = (line()?, line()?, line()?, line()?);
        if origin.is_empty() {
            return Err(InvalidCheckpoint::Origin);
        }
        let size = decimal(size).ok_or(InvalidCheckpoint::Size)?;
        let root = hash_line(root).ok_or(InvalidCheckpoint::Root)?;
        Ok((Self { origin: origin.to_owned(), size, root }, rest))
    }
}

/// The origin of a log, and the name of the key that signs its heads: `<issuer host>/log/<log>`, with `/sm3` for
/// the twin.
pub fn origin(issuer_host: &str, log: &LogId, algorithm: Algorithm) -> String {
    match algorithm {
        Algorithm::Sha256 => format!("{issuer_host}/log/{log}"),
        Algorithm::Sm3 => format!("{issuer_host}/log/{log}/sm3"),
    }
}

/// A number in ASCII decimal without zeroes in front.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Base64 of one hash.
pub(crate) fn hash_line(text: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}
