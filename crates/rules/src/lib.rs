//! What does the regulation say, and what do the platform and its partners declare under it?
//!
//! Rule packs are data (`rules/*.toml`), embedded, hashed and parsed into checked types; each rule has its source,
//! article, date in force and whether its text was read. Documents (declarations, partner profiles, notices) have
//! one canonical form each, so that a hash names exactly one of them; a declaration is checked against the packs, and
//! so are the files that declare a whole platform.
//!
//! Pure: the same bytes give the same answer on any machine, so that an auditor can check a declaration years later.
//!
//! Not here: decisions about a person (`core`), where documents are kept (`ledger`).

#[cfg(test)]
mod cases;
mod catalogue;
mod check;
mod documents;
mod fingerprint;
mod format;
mod jwks;
pub mod listing;
mod mask;
mod necessary;
mod pack;
pub mod platform;
mod redirect;
mod rule;
mod text;
mod words;

pub use catalogue::{Basis, Catalogue, Format, Grade, ItemCategory, ItemEntry, Source, SourceId};
pub use check::{Problem, check_declaration};
pub use documents::{
    DocumentError, LEN_MAX, declaration_bytes, notice_bytes, parse_declaration, parse_notice, parse_partner,
    partner_bytes,
};
pub use fingerprint::{fingerprint, fingerprint_bytes};
pub use format::{FormatFault, Normalised, VALUE_LEN_MAX, ValueFormat, moment};
pub use mask::Mask;
pub use necessary::{AppCategory, Necessary, NecessaryItem, Subject};
pub use pack::{Day, Pack, PackError, Packs, packs};
pub use platform::check_platform;
pub use rule::{Rule, Standing};
pub use words::{basis_word, destination_word, kind_word, parse_basis, parse_destination, parse_kind};

use sha2::Digest as _;
use yinuo_domain::{Digest, Suite};

/// The hash of public content: SM3 in the guomi suite, SHA-256 in the international one.
pub fn content_hash(suite: Suite, bytes: &[u8]) -> Digest {
    match suite {
        Suite::Guomi => Digest(sm3::Sm3::digest(bytes).into()),
        Suite::International => Digest(sha2::Sha256::digest(bytes).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suite_hashes_with_its_own_hash() {
        // GB/T 32905-2016 Annex A.1; FIPS 180-4 example for the same text.
        let hash = |suite| content_hash(suite, b"abc").to_string();
        assert_eq!(hash(Suite::Guomi), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        assert_eq!(
            hash(Suite::International),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
