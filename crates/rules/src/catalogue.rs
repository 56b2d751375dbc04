//! The catalogue of items: `rules/items.toml` as checked types.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use yinuo_domain::{Compartment, Item, ItemSet, LocalText, Whose};

use crate::{Day, Mask, Pack, PackError, text::Text, words};

const PACK: &str = "items";

/// Every item of personal information (个人信息项) there is.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pack: Pack,
    sources: Vec<Source>,
    /// In the order of their codes.
    items: Vec<ItemEntry>,
    bytes: &'static [u8],
}

impl Catalogue {
    /// What the pack says of itself.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The texts the items come from.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The text behind `id`.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// Since when the first of the texts that name the item applies.
    pub fn in_force(&self, entry: &ItemEntry) -> Option<&Day> {
        entry.source.iter().filter_map(|id| self.source(*id)).map(|source| &source.in_force).min()
    }

    /// The item with this name.
    pub fn by_id(&self, id: &str) -> Option<&ItemEntry> {
        self.items.iter().find(|entry| entry.id == id)
    }

    /// The item with this code.
    pub fn by_code(&self, item: Item) -> Option<&ItemEntry> {
        self.items.get(usize::from(item.0)).filter(|entry| entry.item == item)
    }

    /// The items in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &ItemEntry> + Clone {
        self.items.iter()
    }

    /// Every item.
    pub fn all(&self) -> ItemSet {
        self.items.iter().map(|entry| entry.item).collect()
    }

    /// The sensitive ones (PIPL 28).
    pub fn sensitive(&self) -> ItemSet {
        self.items.iter().filter(|entry| entry.sensitive).map(|entry| entry.item).collect()
    }

    /// The file itself, whose hash the log names.
    pub fn source_bytes(&self) -> &'static [u8] {
        self.bytes
    }

    pub(crate) fn parse(text: &'static str) -> Result<Self, PackError> {
        let file: File = toml::from_str(text)
            .map_err(|error| PackError::Shape { pack: PACK, message: error.to_string() })?;
        let pack = Pack {
            id: file.pack.id,
            version: file.pack.version,
            jurisdiction: file.pack.jurisdiction,
            title: file.pack.title.into(),
            in_force: file.pack.in_force,
            verified: file.pack.verified,
        };
        let sources: Vec<Source> = file.source.into_iter().map(Source::from).collect();
        let items: Vec<ItemEntry> = file.item.into_iter().map(ItemEntry::from).collect();
        check(&sources, &items)?;
        Ok(Self { pack, sources, items, bytes: text.as_bytes() })
    }
}

fn check(sources: &[Source], items: &[ItemEntry]) -> Result<(), PackError> {
    let wrong = |at: &str, what| Err(PackError::Rule { pack: PACK, at: at.to_owned(), what });
    let mut ids = HashSet::new();
    for source in sources {
        if !ids.insert(source.id) {
            return wrong(&source.number, "the source is named twice");
        }
    }
    let mut names = HashSet::new();
    for (place, entry) in items.iter().enumerate() {
        // Appending is the only way to grow: no gaps, no other order, hence no reuse.
        if usize::from(entry.item.0) != place {
            return wrong(&entry.id, "codes count up from 0 without a gap");
        }
        if entry.id.is_empty() || !entry.id.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')) {
            return wrong(&entry.id, "an item id has only a-z, 0-9 and _");
        }
        if !names.insert(&entry.id) {
            return wrong(&entry.id, "the item is named twice");
        }
        if entry.name.zh.is_empty() || entry.name.en.is_empty() {
            return wrong(&entry.id, "the item has no name in one of the languages");
        }
        if entry.sensitive == entry.sensitive_basis.is_empty() {
            return wrong(&entry.id, "an item is sensitive exactly when there is a basis for it");
        }
        if entry.source.is_empty() || !entry.source.iter().all(|id| ids.contains(id)) {
            return wrong(&entry.id, "the item's source is not among the sources");
        }
    }
    Ok(())
}

/// One item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemEntry {
    /// Its code: its bit in every set, fact and leaf.
    pub item: Item,
    /// Its name in documents and requests.
    pub id: String,
    /// Its name on pages.
    pub name: LocalText,
    /// What sort of information it is.
    pub category: ItemCategory,
    /// Whether it is sensitive (PIPL 28): needs its own choice and a reason (PIPL 29, 30).
    pub sensitive: bool,
    /// Why it is sensitive; empty when it is not.
    pub sensitive_basis: Vec<Basis>,
    /// Under which keys it is kept.
    pub compartment: Compartment,
    /// How it looks to whoever may only see that it is there.
    pub mask: Mask,
    /// Whose it is, where it is always the same person's.
    pub whose: Whose,
    /// How much harm its loss does. Ours, not a source's.
    pub grade: Grade,
    /// What a value must look like.
    pub format: Option<Format>,
    /// Where it is named.
    pub source: Vec<SourceId>,
    /// Whether it is named in a text that was read.
    pub verified: bool,
}

impl ItemEntry {
    /// Whether it is an extra: named only by the grading standard (GB/T 43697), neither by the regulation nor by
    /// the personal-information standards.
    pub fn is_extra(&self) -> bool {
        self.source.iter().all(|source| *source == SourceId::Gbt43697B)
    }
}

/// A text that items come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Its short name in the pack.
    pub id: SourceId,
    /// What it is called.
    pub title: LocalText,
    /// The number of the document.
    pub number: String,
    /// The article or annex.
    pub article: String,
    /// Since when it applies.
    pub in_force: Day,
    /// Whether the text was read.
    pub verified: bool,
}

macro_rules! pack_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every one.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the pack.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}
pub(crate) use pack_words;

pack_words! {
    /// The short name of a source.
    SourceId {
        /// The 39 categories of the regulation on necessary information.
        Necessary39 "necessary39",
        /// PIPL Article 28.
        Pipl28 "pipl_28",
        /// GB/T 35273-2020 Annex A: examples of personal information.
        Gbt35273A "gbt35273_a",
        /// GB/T 35273-2020 Annex B: examples of sensitive personal information.
        Gbt35273B "gbt35273_b",
        /// GB/T 45574-2025 Annex A: sensitive personal information.
        Gbt45574A "gbt45574_a",
        /// GB/T 43697-2024 Annex B: classes of personal information.
        Gbt43697B "gbt43697_b",
    }
}

pack_words! {
    /// Why an item is sensitive.
    Basis {
        /// GB/T 35273-2020 Annex B.
        Gbt35273B "gbt35273_b",
        /// PIPL Article 28.
        Pipl28 "pipl_28",
        /// GB/T 45574-2025 Annex A.
        Gbt45574A "gbt45574_a",
        /// The other bases cover the item only by interpretation.
        Inferred "inferred",
    }
}

pack_words! {
    /// What sort of information an item is: the classes of GB/T 35273-2020 Annex A.
    ItemCategory {
        /// Name, birth date, address, phone.
        Basic "basic",
        /// Identity documents.
        Identity "identity",
        /// Biometrics.
        Biometric "biometric",
        /// Accounts and addresses in networks.
        NetworkIdentity "network_identity",
        /// Health and physiology.
        Health "health",
        /// Education and work.
        EducationWork "education_work",
        /// Property, payments, vehicles.
        Property "property",
        /// Communication and its metadata.
        Communication "communication",
        /// Contacts.
        Contacts "contacts",
        /// What a person read, clicked and kept.
        Browsing "browsing",
        /// Identifiers of devices.
        Device "device",
        /// Places and journeys.
        Location "location",
        /// Everything else.
        Other "other",
    }
}

pack_words! {
    /// How much harm the loss of an item does (levels of GB/T 43697-2024; the sub-levels are ours).
    Grade {
        /// Least harm.
        General1 "general-1",
        /// Some harm to the person.
        General2 "general-2",
        /// Considerable harm to the person.
        General3 "general-3",
        /// Grave or lasting harm to the person.
        General4 "general-4",
        /// Harm to the public or to order.
        Important "important",
        /// Harm to the state.
        Core "core",
    }
}

pack_words! {
    /// What a value must look like: the name of its validator.
    Format {
        /// A day.
        Date "date",
        /// A day and a time of day.
        DateTime "date-time",
        /// A whole number.
        Integer "integer",
        /// An amount and its currency.
        Money "money",
        /// A mobile number of mainland China.
        MobileCn "mobile-cn",
        /// Any phone number (E.164).
        Phone "phone",
        /// An e-mail address.
        Email "email",
        /// The number of an identity document, by its type.
        IdDocument "id-document",
        /// A bank card number, with its check digit.
        BankCard "bank-card",
        /// A licence plate of mainland China.
        PlateCn "plate-cn",
        /// A vehicle identification number (ISO 3779).
        Vin "vin",
        /// An IP address.
        Ip "ip",
        /// A MAC address.
        Mac "mac",
        /// An equipment identity of mobile networks.
        Imei "imei",
        /// A subscriber identity of mobile networks.
        Imsi "imsi",
        /// Latitude and longitude.
        Coordinates "coordinates",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pack: RawPack,
    source: Vec<RawSource>,
    item: Vec<RawItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    id: String,
    version: u32,
    jurisdiction: String,
    in_force: Day,
    verified: bool,
    title: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    id: SourceId,
    title: Text,
    number: String,
    article: String,
    in_force: Day,
    verified: bool,
}

impl From<RawSource> for Source {
    fn from(raw: RawSource) -> Self {
        let RawSource { id, title, number, article, in_force, verified } = raw;
        Self { id, title: title.into(), number, article, in_force, verified }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    code: u8,
    id: String,
    zh: String,
    en: String,
    category: ItemCategory,
    sensitive: bool,
    #[serde(default)]
    sensitive_basis: Vec<Basis>,
    #[serde(with = "words::compartment")]
    compartment: Compartment,
    mask: Mask,
    #[serde(with = "words::whose")]
    whose: Whose,
    grade: Grade,
    format: Option<Format>,
    source: Vec<SourceId>,
    verified: bool,
}

impl From<RawItem> for ItemEntry {
    fn from(raw: RawItem) -> Self {
        Self {
            item: Item(raw.code),
            id: raw.id,
            name: LocalText { zh: raw.zh, en: raw.en },
            category: raw.category,
            sensitive: raw.sensitive,
            sensitive_basis: raw.sensitive_basis,
            compartment: raw.compartment,
            mask: raw.mask,
            whose: raw.whose,
            grade: raw.grade,
            format: raw.format,
            source: raw.source,
            verified: raw.verified,
        }
    }
}
