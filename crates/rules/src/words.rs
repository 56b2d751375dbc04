//! The words that packs and documents use for the closed sets of `domain`: one table each, read in both directions.

use yinuo_domain::{Compartment, Destination, LegalBasis, PurposeKind, Whose};

macro_rules! words {
    ($vis:vis $module:ident, $word:ident, $parse:ident, $type:ident { $($variant:ident $text:literal,)* }) => {
        /// The word for it in packs and documents.
        $vis fn $word(value: $type) -> &'static str {
            match value { $($type::$variant => $text,)* }
        }

        /// The word back; nothing for one this version does not know.
        $vis fn $parse(word: &str) -> Option<$type> {
            [$($type::$variant,)*].into_iter().find(|value| $word(*value) == word)
        }

        /// For `#[serde(with = …)]`.
        pub(crate) mod $module {
            use serde::{Deserialize, Deserializer, Serializer, de::Error};

            #[allow(clippy::trivially_copy_pass_by_ref, dead_code)] // The signature is serde's; packs are only read.
            pub(crate) fn serialize<S: Serializer>(value: &super::$type, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(super::$word(*value))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<super::$type, D::Error> {
                let word = String::deserialize(from)?;
                super::$parse(&word).ok_or_else(|| {
                    D::Error::unknown_variant(&word, &[$($text,)*])
                })
            }
        }
    };
}

words!(pub kind, kind_word, parse_kind, PurposeKind {
    Basic "basic",
    Extended "extended",
    Marketing "marketing",
    Personalisation "personalisation",
    AutomatedDecision "automated-decision",
    ThirdPartySharing "third-party-sharing",
});

words!(pub basis, basis_word, parse_basis, LegalBasis {
    Consent "consent",
    Contract "contract",
    StatutoryDuty "statutory-duty",
    Emergency "emergency",
    PublicInterest "public-interest",
    AlreadyPublic "already-public",
    OtherLaw "other-law",
});

words!(pub destination, destination_word, parse_destination, Destination {
    Mainland "mainland",
    Abroad "abroad",
});

words!(pub(crate) compartment, compartment_word, parse_compartment, Compartment {
    Identity "identity",
    Other "other",
});

words!(pub(crate) whose, whose_word, parse_whose, Whose {
    Own "own",
    Other "other",
});
