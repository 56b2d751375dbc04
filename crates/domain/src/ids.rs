//! Ids that people choose: parsed once and then trusted.

use std::fmt;

/// Why a text is not an id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidId {
    /// No characters at all.
    #[error("an id has at least one character")]
    Empty,
    /// More bytes than allowed.
    #[error("an id has at most {max} bytes, this one has {len}")]
    TooLong {
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be, in bytes.
        max: usize,
    },
    /// A character outside the alphabet.
    #[error("an id has no {found:?}; allowed are a-z, 0-9 and {extra}")]
    Character {
        /// The first offender.
        found: char,
        /// Which punctuation this kind of id allows.
        extra: &'static str,
    },
}

fn check(raw: &str, max: usize, extra: &'static str) -> Result<(), InvalidId> {
    if raw.is_empty() {
        return Err(InvalidId::Empty);
    }
    if max < raw.len() {
        return Err(InvalidId::TooLong { len: raw.len(), max });
    }
    match raw.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || extra.contains(*c))) {
        Some(found) => Err(InvalidId::Character { found, extra }),
        None => Ok(()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $extra:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// The greatest length in bytes.
            pub const LEN_MAX: usize = 64;

            /// The only way in: whoever holds one holds a valid one.
            pub fn parse(raw: &str) -> Result<Self, InvalidId> {
                check(raw, Self::LEN_MAX, $extra)?;
                Ok(Self(raw.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// An app (a mini-program) of a partner. It is also the OAuth `client_id`. 1 to 64 bytes of `a-z`, `0-9`, `-`.
    AppId, "-"
);
id!(
    /// The organisation behind one or more apps. 1 to 64 bytes of `a-z`, `0-9`, `-`.
    PartnerId, "-"
);
id!(
    /// The name of a purpose, unique on the platform. 1 to 64 bytes of `a-z`, `0-9`, `-`, `_`.
    PurposeId, "-_"
);
id!(
    /// A member of staff or a program that acts for the platform. 1 to 64 bytes of `a-z`, `0-9`, `-`.
    StaffId, "-"
);
id!(
    /// A log of this platform: `platform`, or a commit group such as `g/0`.
    LogId, "/"
);

impl LogId {
    /// The log of everything that is not about one person.
    pub fn platform() -> Self {
        Self("platform".to_owned())
    }

    /// The log of the people in commit group `number`.
    pub fn group(number: u16) -> Self {
        Self(format!("g/{number}"))
    }
}

/// The platform's own identifier of a person. 1 to 64 bytes of printable ASCII without space.
///
/// It is a personal value: it is never logged, stored in clear or put into a leaf.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PersonId(String);

impl PersonId {
    /// The greatest length in bytes.
    pub const LEN_MAX: usize = 64;

    /// The only way in.
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        if raw.is_empty() {
            return Err(InvalidId::Empty);
        }
        if Self::LEN_MAX < raw.len() {
            return Err(InvalidId::TooLong { len: raw.len(), max: Self::LEN_MAX });
        }
        match raw.chars().find(|c| !c.is_ascii_graphic()) {
            Some(found) => Err(InvalidId::Character { found, extra: "printable ASCII" }),
            None => Ok(Self(raw.to_owned())),
        }
    }

    /// The text, for the vault's blind index only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonId[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_parsed_or_refused_with_its_reason() {
        let long = "a".repeat(65);
        #[rustfmt::skip]
        let cases: &[(&str, Option<InvalidId>)] = &[
            ("courier",   None),
            ("a",         None),
            ("a-1",       None),
            ("",          Some(InvalidId::Empty)),
            (&long,       Some(InvalidId::TooLong { len: 65, max: 64 })),
            ("Courier",   Some(InvalidId::Character { found: 'C', extra: "-" })),
            ("a_b",       Some(InvalidId::Character { found: '_', extra: "-" })),
            ("一诺",       Some(InvalidId::Character { found: '一', extra: "-" })),
        ];
        for (raw, expected) in cases {
            assert_eq!(AppId::parse(raw).err(), *expected, "{raw}");
        }
    }

    #[test]
    fn a_person_id_is_not_printed() {
        assert_eq!(format!("{:?}", PersonId::parse("invented-1").unwrap()), "PersonId[secret]");
    }
}
