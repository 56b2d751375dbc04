//! Leaf v1: the bytes of an entry, as deterministic CBOR (RFC 8949 §4.2.1).
//!
//! One entry has one form: [`decode`] refuses whatever [`encode`] would not have written. What this version does not
//! know is not guessed at: it is [`Undecidable`], and so is every decision that depends on it.
//!
//! Kinds, keys and numbers are frozen (`tests/golden/leaves.txt`): a new one is added, none is changed or reused.
//!
//! Not here: whether an entry makes sense where it stands (`core` replays it).

mod read;
mod write;

use yinuo_domain::{Entry, Fact};

pub use read::Undecidable;

/// The version in every leaf.
pub const VERSION: u64 = 1;
/// The most bytes a leaf may have: what the length prefix in a bundle can say.
pub const LEN_MAX: usize = u16::MAX as usize;

/// The bytes of an entry.
pub fn encode(entry: &Entry) -> Vec<u8> {
    write::entry(entry)
}

/// The entry of these bytes.
pub fn decode(bytes: &[u8]) -> Result<Entry, Undecidable> {
    if LEN_MAX < bytes.len() {
        return Err(Undecidable::TooLong { len: bytes.len() });
    }
    let entry = read::entry(bytes)?;
    // CBOR has many forms for one thing (longer heads, other orders, doubled keys); a leaf has one.
    let again = encode(&entry);
    if again == bytes {
        return Ok(entry);
    }
    let at = again.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    Err(Undecidable::NotDeterministic { at })
}

/// The number of the kind of fact.
pub fn kind(fact: &Fact) -> u64 {
    match fact {
        Fact::LogOpened { .. } => 1,
        Fact::PlatformAdopted { .. } => 2,
        Fact::EngineActivated { .. } => 3,
        Fact::PartnerRegistered { .. } => 4,
        Fact::PartnerSuspended { .. } => 5,
        Fact::PartnerReinstated { .. } => 6,
        Fact::PartnerTerminated { .. } => 7,
        Fact::AppDeclared { .. } => 8,
        Fact::AppHidden { .. } => 9,
        Fact::AppShown { .. } => 10,
        Fact::NoticePublished { .. } => 11,
        Fact::Enrolled => 12,
        Fact::ValueStored { .. } => 13,
        Fact::ConsentGiven { .. } => 14,
        Fact::Withdrawn { .. } => 15,
        Fact::Disclosed(_) => 16,
        Fact::Redelivered(_) => 17,
        Fact::Withheld { .. } => 18,
        Fact::NotDelivered { .. } => 19,
        Fact::AccountDeleted => 20,
        Fact::StaffAppointed { .. } => 23,
        Fact::StaffDismissed { .. } => 24,
        Fact::FactorReset { .. } => 26,
        Fact::PartnerRevised { .. } => 21,
        Fact::Viewed { .. } => 22,
        Fact::StoreAccepted { .. } => 31,
        Fact::StateSealed => 40,
        Fact::ClockAccepted { .. } => 41,
        Fact::PeopleImported { .. } => 25,
        Fact::ImportBegun { .. } => 30,
        Fact::KeyEpochOpened { .. } => 35,
        Fact::KeyEpochRetired { .. } => 36,
        Fact::PassphraseChanged { .. } => 37,
        Fact::WithheldCounted(_) => 42,
    }
}

/// The keys of the map. Each means the same in every kind.
pub(crate) mod keys {
    pub(crate) const VERSION: u64 = 1;
    pub(crate) const KIND: u64 = 2;
    pub(crate) const AT: u64 = 3;
    pub(crate) const SALT: u64 = 4;
    pub(crate) const TAG: u64 = 5;
    pub(crate) const STREAM_APP: u64 = 6;
    pub(crate) const SEQ: u64 = 7;
    pub(crate) const PREV: u64 = 8;
    pub(crate) const APP_SEQ: u64 = 9;
    // The most frequent ones have the short numbers.
    pub(crate) const DISCLOSURE: u64 = 16;
    pub(crate) const PURPOSE: u64 = 17;
    pub(crate) const REQUESTED: u64 = 18;
    pub(crate) const RELEASED: u64 = 19;
    pub(crate) const REASONS: u64 = 20;
    pub(crate) const STORED: u64 = 21;
    pub(crate) const PARTIAL: u64 = 22;
    pub(crate) const VALUES: u64 = 23;
    pub(crate) const GUARDIAN_REQUIRED: u64 = 24;
    pub(crate) const REQUEST: u64 = 25;
    pub(crate) const BY: u64 = 26;
    pub(crate) const PARTNER: u64 = 27;
    pub(crate) const APP: u64 = 28;
    pub(crate) const DOCUMENT: u64 = 29;
    pub(crate) const FINGERPRINT: u64 = 30;
    pub(crate) const NUMBER: u64 = 31;
    pub(crate) const LOG: u64 = 32;
    pub(crate) const SUITE: u64 = 33;
    pub(crate) const PROFILE: u64 = 34;
    pub(crate) const SIZE: u64 = 35;
    pub(crate) const SHA256: u64 = 36;
    pub(crate) const SM3: u64 = 37;
    pub(crate) const DECISION: u64 = 38;
    pub(crate) const ITEMS_PACK: u64 = 39;
    pub(crate) const NECESSARY_PACK: u64 = 40;
    pub(crate) const ITEM: u64 = 41;
    pub(crate) const VALUE_VERSION: u64 = 42;
    pub(crate) const SEALED: u64 = 43;
    pub(crate) const LINES: u64 = 44;
    pub(crate) const NOTICE: u64 = 45;
    pub(crate) const EXPIRES_AT: u64 = 46;
    pub(crate) const EVIDENCE: u64 = 47;
    pub(crate) const GUARDIAN: u64 = 48;
    pub(crate) const SCOPE: u64 = 49;
    pub(crate) const STAFF: u64 = 60;
    pub(crate) const ROLE: u64 = 61;
    pub(crate) const VIEWED: u64 = 55;
    pub(crate) const MASKED: u64 = 56;
    pub(crate) const VIEW_REASON: u64 = 57;
    pub(crate) const STORE_CAUSE: u64 = 90;
    pub(crate) const PLATFORM_KEPT: u64 = 91;
    pub(crate) const GROUP_KEPT: u64 = 92;
    pub(crate) const CLOCK: u64 = 80;
    pub(crate) const CLOCK_REASON: u64 = 81;
    pub(crate) const IMPORT: u64 = 70;
    pub(crate) const ENROLLED: u64 = 71;
    pub(crate) const CORRECTED: u64 = 72;
    pub(crate) const UNCHANGED: u64 = 73;
    pub(crate) const REFUSED: u64 = 74;
    pub(crate) const VALUES_STORED: u64 = 75;
    pub(crate) const EPOCH: u64 = 85;
    pub(crate) const FROM: u64 = 95;
    pub(crate) const UNTIL: u64 = 96;
    pub(crate) const COUNT: u64 = 97;
    pub(crate) const REASONS_COUNTED: u64 = 98;
}
