//! What the platform and its partners declare. Checked when parsed (`rules`), content-addressed when recorded.

use crate::{AppId, Item, ItemSet, PartnerId, Purpose, PurposeId};

/// A text in both languages of the pages.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LocalText {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Which family of algorithms seals, hashes and signs. The number is stored with what it made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Suite {
    /// SM2, SM3, SM4.
    Guomi = 0x01,
    /// Ed25519, X25519, SHA-256, AES-256.
    International = 0x02,
}

impl Suite {
    /// The word in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guomi => "guomi",
            Self::International => "international",
        }
    }

    /// The word in configuration back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Guomi, Self::International].into_iter().find(|suite| suite.as_str() == word)
    }

    /// The stored number back; nothing for a number this version does not know.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Guomi, Self::International].into_iter().find(|suite| *suite as u8 == code)
    }
}

/// Which trees and signatures a log has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Profile {
    /// SHA-256 and Ed25519.
    International = 1,
    /// SM3 and SM2.
    Guomi = 2,
    /// Both, over the same entries.
    Dual = 3,
}

impl Profile {
    /// The word in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::International => "international",
            Self::Guomi => "guomi",
            Self::Dual => "dual",
        }
    }

    /// The word in configuration back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::International, Self::Guomi, Self::Dual].into_iter().find(|profile| profile.as_str() == word)
    }

    /// The stored number back.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::International, Self::Guomi, Self::Dual].into_iter().find(|profile| *profile as u8 == code)
    }

    /// Whether there is a SHA-256 tree with Ed25519 signatures.
    pub fn has_sha256(self) -> bool {
        self != Self::Guomi
    }

    /// Whether there is an SM3 tree with SM2 signatures.
    pub fn has_sm3(self) -> bool {
        self != Self::International
    }
}

/// Under which keys, and in which table, an item is kept: identity items apart from the rest.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Compartment {
    /// Who somebody is: names, document numbers, biometrics, phone, e-mail, addresses.
    Identity = 1,
    /// Everything else.
    Other = 2,
}

/// Whose information an item is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Whose {
    /// The person's own.
    Own,
    /// Of somebody else (a courier's recipient). Never shown as the person's own consent; expires soonest.
    Other,
}

/// A regulated app category: 1 to 39, or 0 for `other`, which has no necessary information.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Category(pub u8);

/// What sort of purpose it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PurposeKind {
    /// What the regulation calls the basic function service.
    Basic,
    /// A further function the person may want.
    Extended,
    /// Advertising and promotion.
    Marketing,
    /// Content or offers fitted to the person.
    Personalisation,
    /// A decision by a program alone (PIPL 24).
    AutomatedDecision,
    /// Handing on to somebody else (PIPL 23).
    ThirdPartySharing,
}

/// On what ground personal information is processed (PIPL 13(1), seven values).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LegalBasis {
    /// 13(1)1: the person's consent.
    Consent,
    /// 13(1)2: a contract with the person, or human-resources management.
    Contract,
    /// 13(1)3: a statutory duty.
    StatutoryDuty,
    /// 13(1)4: a public-health emergency, or life and property in danger.
    Emergency,
    /// 13(1)5: news reporting in the public interest.
    PublicInterest,
    /// 13(1)6: information the person or the law already made public.
    AlreadyPublic,
    /// 13(1)7: another law or regulation.
    OtherLaw,
}

/// Where released information goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Destination {
    /// Stays in mainland China.
    Mainland,
    /// Leaves mainland China; needs a mechanism of its own (PIPL 38), so v1 refuses it.
    Abroad,
}

/// At most `count` releases of one item in each `period_s`, in log time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Frequency {
    /// How many.
    pub count: u32,
    /// In how many seconds.
    pub period_s: u32,
}

/// One purpose of an app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeclaredPurpose {
    /// Its code on this platform.
    pub code: Purpose,
    /// Its name on this platform.
    pub id: PurposeId,
    /// What sort it is.
    pub kind: PurposeKind,
    /// The ground.
    pub basis: LegalBasis,
    /// What it is called on the pages.
    pub title: LocalText,
    /// How the information is processed (PIPL 17(1)2), for the pages.
    pub method: LocalText,
}

/// One line of a declaration: an item for a purpose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeclaredItem {
    /// The item.
    pub item: Item,
    /// The one purpose of this line.
    pub purpose: Purpose,
    /// Whether the basic function service cannot do without it. Only what the category allows may say so.
    pub necessary: bool,
    /// For how long the partner keeps it, in days.
    pub retention_days: u32,
    /// How often it may be asked for.
    pub frequency: Frequency,
    /// Where it goes.
    pub destination: Destination,
    /// Why it is needed and what that means for the person; required for sensitive items (PIPL 30).
    pub reason: LocalText,
}

/// What an app says it needs. What is not declared cannot be asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declaration {
    /// The app.
    pub app: AppId,
    /// Whose app it is.
    pub partner: PartnerId,
    /// What it is called.
    pub name: LocalText,
    /// The regulated category.
    pub category: Category,
    /// Its purposes, each at most once.
    pub purposes: Vec<DeclaredPurpose>,
    /// Item × purpose, each pair at most once.
    pub items: Vec<DeclaredItem>,
    /// Where the browser may be sent back to (OAuth `redirect_uri`), compared byte by byte.
    pub redirect_uris: Vec<String>,
    /// The app's public keys, a JSON Web Key Set (RFC 7517 §5). Public keys only.
    pub jwks: String,
}

impl Declaration {
    /// The purpose with this code.
    pub fn purpose(&self, code: Purpose) -> Option<&DeclaredPurpose> {
        self.purposes.iter().find(|purpose| purpose.code == code)
    }

    /// The line for this item and purpose.
    pub fn line(&self, purpose: Purpose, item: Item) -> Option<&DeclaredItem> {
        self.items.iter().find(|line| line.purpose == purpose && line.item == item)
    }

    /// Everything declared for this purpose.
    pub fn items_of(&self, purpose: Purpose) -> ItemSet {
        self.items.iter().filter(|line| line.purpose == purpose).map(|line| line.item).collect()
    }
}

/// What the platform knows of a partner in public.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartnerProfile {
    /// The partner.
    pub partner: PartnerId,
    /// What it is called.
    pub name: LocalText,
    /// How a person reaches it (PIPL 23): an address ending in the partner's own domain.
    pub contact: String,
    /// The most this partner may ever receive.
    pub ceiling: ItemSet,
}

/// What people are told before they choose, in both languages, as Markdown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// Whose notice it is.
    pub app: AppId,
    /// Counts up from 1.
    pub version: u32,
    /// The full text.
    pub text: LocalText,
}

/// Which rules and which decision code are in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Engine {
    /// The version of `decide`. Every released version stays compiled in.
    pub decision: u16,
    /// The hash of `rules/items.toml`.
    pub items: crate::Digest,
    /// The hash of `rules/necessary-information.toml`.
    pub necessary: crate::Digest,
}
