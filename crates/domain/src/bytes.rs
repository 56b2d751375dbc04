//! Fixed-length byte words. Each has its own type, so that a tag is never taken for a digest.

use std::fmt;

/// Raw bytes or hexadecimal text of the wrong length or alphabet.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected {expected} bytes as {} lower-case hexadecimal digits", expected * 2)]
pub struct InvalidBytes {
    /// How many bytes the word has.
    pub expected: usize,
}

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal, $show:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// From exactly [`Self::LEN`] bytes.
            pub fn from_slice(raw: &[u8]) -> Result<Self, InvalidBytes> {
                raw.try_into().map(Self).map_err(|_| InvalidBytes { expected: $len })
            }

            /// From lower-case hexadecimal text.
            pub fn parse(text: &str) -> Result<Self, InvalidBytes> {
                let mut out = [0; $len];
                let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut out) {
                    Ok(()) if lower => Ok(Self(out)),
                    _ => Err(InvalidBytes { expected: $len }),
                }
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if $show { write!(f, "{}({self})", stringify!($name)) } else { f.write_str(concat!(stringify!($name), "[secret]")) }
            }
        }
    };
}

bytes!(
    /// A hash of public content, or of a log leaf, made with the hash of the vault suite (SM3 or SHA-256).
    Digest, 32, true
);
bytes!(
    /// A keyed or salted hash: it shows what was meant to whoever holds the salt, and nothing to anyone else.
    Commitment, 32, true
);
bytes!(
    /// The pairwise pseudonym of a person towards one app (or towards themselves): the first 128 bits of
    /// `HMAC(random key of that person, app)`. It is also the OAuth `sub` the partner receives.
    Tag, 16, true
);
bytes!(
    /// Random bytes that make each leaf unguessable.
    Salt, 16, true
);
bytes!(
    /// Names one version of one stored value: 128 random bits, so that concurrent corrections cannot collide.
    ValueVersion, 16, true
);
bytes!(
    /// The platform-internal surrogate of a person, never in a leaf, a token or an answer: their shard, the second they
    /// came in, and eleven random bytes.
    SubjectKey, 16, false
);

/// Names one disclosure: `dsc_` and 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DisclosureId(pub [u8; 16]);

impl DisclosureId {
    /// From `dsc_…`.
    pub fn parse(text: &str) -> Result<Self, InvalidBytes> {
        let digits = text.strip_prefix("dsc_").ok_or(InvalidBytes { expected: 16 })?;
        Tag::parse(digits).map(|tag| Self(tag.0))
    }
}

impl fmt::Display for DisclosureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dsc_{}", hex::encode(self.0))
    }
}

/// Names one run of an import: `imp_` and 32 hexadecimal digits. Random, so that it says nothing of the file.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ImportId(pub [u8; 16]);

impl ImportId {
    /// From `imp_…`.
    pub fn parse(text: &str) -> Result<Self, InvalidBytes> {
        let digits = text.strip_prefix("imp_").ok_or(InvalidBytes { expected: 16 })?;
        Tag::parse(digits).map(|tag| Self(tag.0))
    }
}

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "imp_{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_two_ways_to_one_word() {
        let tag = Tag([0xab; 16]);
        assert_eq!(Tag::parse(&tag.to_string()), Ok(tag));
        assert_eq!(Tag::from_slice(tag.as_bytes()), Ok(tag));
        let id = DisclosureId([7; 16]);
        assert_eq!(DisclosureId::parse(&id.to_string()), Ok(id));
        let id = ImportId([7; 16]);
        assert_eq!(ImportId::parse(&id.to_string()), Ok(id));
    }

    #[test]
    fn another_length_or_case_is_refused() {
        for bad in ["", "ab", "AB", &"ab".repeat(17), &"AB".repeat(16), &"zz".repeat(16)] {
            assert!(Tag::parse(bad).is_err(), "{bad}");
            assert!(DisclosureId::parse(&format!("dsc_{bad}")).is_err(), "{bad}");
            assert!(ImportId::parse(&format!("imp_{bad}")).is_err(), "{bad}");
        }
        assert!(DisclosureId::parse(&"ab".repeat(16)).is_err());
    }

    #[test]
    fn a_subject_key_is_not_printed() {
        assert_eq!(format!("{:?}", SubjectKey([1; 16])), "SubjectKey[secret]");
    }
}
