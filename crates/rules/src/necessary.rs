//! The necessary information of the 39 common types of app: `rules/necessary-information.toml` as checked types.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use yinuo_domain::{Category, Item, ItemSet, LocalText, Whose};

use crate::{
    Catalogue, Day, Pack, PackError, SourceId,
    catalogue::pack_words,
    text::{Text, is_complete},
};

const PACK: &str = "necessary-information";

/// What the basic function service of each category of app cannot do without.
#[derive(Clone, Debug)]
pub struct Necessary {
    pack: Pack,
    document_number: String,
    issuers: String,
    issued: Day,
    source: String,
    article: String,
    /// In the order of their numbers.
    categories: Vec<AppCategory>,
    bytes: &'static [u8],
}

impl Necessary {
    /// What the pack says of itself.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The number of the regulation.
    pub fn document_number(&self) -> &str {
        &self.document_number
    }

    /// Who issued it, in Chinese.
    pub fn issuers(&self) -> &str {
        &self.issuers
    }

    /// When it was issued.
    pub fn issued(&self) -> &Day {
        &self.issued
    }

    /// Where it is published.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Which article holds the categories.
    pub fn article(&self) -> &str {
        &self.article
    }

    /// The category with this number. Nothing for 0 (`other`), which has no necessary information.
    pub fn category(&self, category: Category) -> Option<&AppCategory> {
        self.categories.iter().find(|entry| entry.category == category)
    }

    /// The category with this name.
    pub fn by_id(&self, id: &str) -> Option<&AppCategory> {
        self.categories.iter().find(|entry| entry.id == id)
    }

    /// The categories in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &AppCategory> + Clone {
        self.categories.iter()
    }

    /// What an app of this category may call necessary; nothing for a category that is not regulated.
    pub fn items_of(&self, category: Category) -> ItemSet {
        self.category(category).map(AppCategory::necessary_items).unwrap_or_default()
    }

    /// The file itself, whose hash the log names.
    pub fn source_bytes(&self) -> &'static [u8] {
        self.bytes
    }

    pub(crate) fn parse(text: &'static str, catalogue: &Catalogue) -> Result<Self, PackError> {
        let file: File = toml::from_str(text)
            .map_err(|error| PackError::Shape { pack: PACK, message: error.to_string() })?;
        let categories = file
            .category
            .into_iter()
            .enumerate()
            .map(|(place, raw)| category(place, raw, catalogue))
            .collect::<Result<Vec<_>, _>>()?;
        let mut ids = HashSet::from(["other"]);
        if let Some(twice) = categories.iter().find(|entry| !ids.insert(&entry.id)) {
            return Err(wrong(&twice.id, "the category is named twice, or named `other`"));
        }
        let RawPack {
            id,
            version,
            jurisdiction,
            document_number,
            issuers,
            issued,
            in_force,
            source,
            article,
            verified,
            title,
        } = file.pack;
        let pack = Pack { id, version, jurisdiction, title: title.into(), in_force, verified };
        let bytes = text.as_bytes();
        Ok(Self { pack, document_number, issuers, issued, source, article, categories, bytes })
    }
}

fn wrong(at: &str, what: &'static str) -> PackError {
    PackError::Rule { pack: PACK, at: at.to_owned(), what }
}

fn category(place: usize, raw: RawCategory, catalogue: &Catalogue) -> Result<AppCategory, PackError> {
    // 0 is `other`.
    if usize::from(raw.number) != place + 1 {
        return Err(wrong(&raw.id, "numbers count up from 1 without a gap"));
    }
    if catalogue.source(raw.source).is_none() {
        return Err(wrong(&raw.id, "the category's source is not among the sources"));
    }
    let name = LocalText { zh: raw.zh, en: raw.en };
    let basic_service = LocalText { zh: raw.basic_service_zh, en: raw.basic_service_en };
    if !is_complete(&name) || !is_complete(&basic_service) {
        return Err(wrong(&raw.id, "the category has no name or basic service in one of the languages"));
    }
    let mut necessary = Vec::new();
    let mut keys = HashSet::new();
    let mut groups: HashMap<String, usize> = HashMap::new();
    for entry in raw.necessary {
        let at = || format!("{} {}", raw.id, entry.item);
        let item = catalogue.by_id(&entry.item).ok_or_else(|| wrong(&at(), "no such item"))?.item;
        if !keys.insert((item, entry.subject)) {
            return Err(wrong(&at(), "the item is listed twice for the same subject"));
        }
        if entry.clause == 0 {
            return Err(wrong(&at(), "clauses count from 1"));
        }
        if let Some(group) = &entry.one_of {
            *groups.entry(group.clone()).or_default() += 1;
        }
        necessary.push(NecessaryItem {
            item,
            clause: entry.clause,
            subject: entry.subject,
            when: entry.when.map(LocalText::from),
            one_of: entry.one_of,
        });
    }
    if groups.values().any(|members| *members < 2) {
        return Err(wrong(&raw.id, "a group of alternatives has a single member"));
    }
    Ok(AppCategory {
        category: Category(raw.number),
        id: raw.id,
        name,
        basic_service,
        source: raw.source,
        article: raw.article,
        in_force: raw.in_force,
        verified: raw.verified,
        necessary,
    })
}

/// One category of apps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppCategory {
    /// Its number in the regulation.
    pub category: Category,
    /// Its name in documents.
    pub id: String,
    /// Its name on pages.
    pub name: LocalText,
    /// What its basic function service is.
    pub basic_service: LocalText,
    /// The text it comes from.
    pub source: SourceId,
    /// Where in that text.
    pub article: String,
    /// Since when it applies.
    pub in_force: Day,
    /// Whether the text was read.
    pub verified: bool,
    /// What the basic service cannot do without, by clause. Empty: it must work for somebody who gives nothing.
    pub necessary: Vec<NecessaryItem>,
}

impl AppCategory {
    /// The items, whoever's they are and whatever the condition.
    pub fn necessary_items(&self) -> ItemSet {
        self.necessary.iter().map(|entry| entry.item).collect()
    }

    /// The entries of one item: one for each person whose it is.
    pub fn entries(&self, item: Item) -> impl Iterator<Item = &NecessaryItem> {
        self.necessary.iter().filter(move |entry| entry.item == item)
    }

    /// Where the regulation names an entry: `Art. 5(8) clause 2`.
    pub fn article_of(&self, entry: &NecessaryItem) -> String {
        format!("{} clause {}", self.article, entry.clause)
    }
}

/// One line of a category.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NecessaryItem {
    /// The item.
    pub item: Item,
    /// The numbered clause of the category's paragraph.
    pub clause: u8,
    /// In which role the person stands whose item it is.
    pub subject: Subject,
    /// Under which condition it is necessary; without one, always.
    pub when: Option<LocalText>,
    /// Of the entries with this word in the category, one is necessary.
    pub one_of: Option<String>,
}

pack_words! {
    /// In which role a person stands whose item is necessary.
    Subject {
        /// Whoever registered.
        RegisteredUser "registered_user",
        /// Who travels.
        Passenger "passenger",
        /// Who receives goods.
        Consignee "consignee",
        /// Who sends a letter or parcel.
        Sender "sender",
        /// Who receives a letter or parcel.
        Recipient "recipient",
        /// Who looks for a partner.
        DatingPerson "dating_person",
        /// Who looks for work.
        JobSeeker "job_seeker",
        /// Who borrows.
        Borrower "borrower",
        /// Who offers a house.
        ListingOwner "listing_owner",
        /// Who buys.
        Buyer "buyer",
        /// Who sells.
        Seller "seller",
        /// Who is ill.
        Patient "patient",
        /// Who takes a trip.
        Traveller "traveller",
        /// Who stays in a hotel.
        Guest "guest",
        /// Who drives or rides a vehicle.
        VehicleUser "vehicle_user",
        /// Who invests.
        Investor "investor",
        /// Who is paid.
        Payee "payee",
    }
}

impl Subject {
    /// Whose information it is, seen from the person who uses the app. Only the roles that are always somebody
    /// else's count as `Other`; a consignee or passenger is mostly the person themselves.
    pub fn whose(self) -> Whose {
        match self {
            Self::Recipient | Self::Payee => Whose::Other,
            Self::RegisteredUser
            | Self::Passenger
            | Self::Consignee
            | Self::Sender
            | Self::DatingPerson
            | Self::JobSeeker
            | Self::Borrower
            | Self::ListingOwner
            | Self::Buyer
            | Self::Seller
            | Self::Patient
            | Self::Traveller
            | Self::Guest
            | Self::VehicleUser
            | Self::Investor => Whose::Own,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pack: RawPack,
    category: Vec<RawCategory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    id: String,
    version: u32,
    jurisdiction: String,
    document_number: String,
    issuers: String,
    issued: Day,
    in_force: Day,
    source: String,
    article: String,
    verified: bool,
    title: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCategory {
    number: u8,
    id: String,
    zh: String,
    en: String,
    basic_service_zh: String,
    basic_service_en: String,
    source: SourceId,
    article: String,
    in_force: Day,
    verified: bool,
    #[serde(default)]
    necessary: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    item: String,
    clause: u8,
    subject: Subject,
    when: Option<Text>,
    one_of: Option<String>,
}
