//! Reads one app: its declaration, and where each part of it stands.

use std::collections::HashMap;

use yinuo_domain::{
    AppId, Category, Declaration, DeclaredItem, DeclaredPurpose, Destination, Frequency, LocalText, PartnerId,
};

use super::client_keys;
use super::finding::{Findings, Spot};
use super::keys;
use super::read::{PurposeFile, identifier, same_name, unread};
use super::table::{NAME_MAX, TEXT_MAX, Table, known};
use crate::rule::Rule;
use crate::{Packs, parse_destination};

/// An app.
pub(crate) struct AppFile {
    pub(crate) declaration: Declaration,
    /// Where the parts of the declaration stand, by their JSON pointers.
    spots: HashMap<String, Spot>,
    pub(crate) lines: Vec<LineFile>,
    pub(crate) scene: Option<Scene>,
    /// Whether the category could be read: nothing is said about necessity otherwise.
    pub(crate) category_read: bool,
    /// Whether everything could be read.
    pub(crate) whole: bool,
}

/// What a line says beyond its declaration.
pub(crate) struct LineFile {
    pub(crate) table: Spot,
    pub(crate) why: Option<LocalText>,
    pub(crate) effect: Option<LocalText>,
    pub(crate) condition: bool,
}

/// Where people scan a code to consume.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scene {
    Order,
    Pay,
    Park,
}

impl Scene {
    const EVERY: [(Self, &'static str); 3] =
        [(Self::Order, "scan-to-order"), (Self::Pay, "scan-to-pay"), (Self::Park, "scan-to-park")];

    fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|(_, known)| *known == word).map(|(scene, _)| scene)
    }
}

impl AppFile {
    /// Where a part of the declaration stands; what is not written down stands where its parent does.
    pub(crate) fn spot(&self, pointer: &str) -> Spot {
        let mut pointer = pointer;
        loop {
            if let Some(spot) = self.spots.get(pointer) {
                return spot.clone();
            }
            match pointer.rsplit_once('/') {
                Some((parent, _)) => pointer = parent,
                None => return Spot::top(&self.file()),
            }
        }
    }

    pub(crate) fn file(&self) -> String {
        format!("apps/{}.toml", self.declaration.app)
    }
}

/// What an app's file refers to.
pub(crate) struct Known<'k> {
    pub(crate) packs: &'k Packs,
    pub(crate) purposes: &'k [PurposeFile],
    /// Every partner that has a file, readable or not.
    pub(crate) partners: &'k [String],
    /// Whether `purposes.toml` could be read at all.
    pub(crate) purposes_read: bool,
    pub(crate) usable_key: &'k dyn Fn(&str) -> bool,
}

pub(crate) fn app(stem: &str, top: &Table<'_>, at: &Known<'_>, found: &mut Findings<'_>) -> Option<AppFile> {
    let mut spots = HashMap::from([(String::new(), top.spot.clone())]);
    let id = identifier(top, "id", AppId::parse, found);
    same_name(id.as_ref().map(|(id, spot)| (id.as_str(), spot)), stem, found);
    let partner = identifier(top, "partner", PartnerId::parse, found);
    if let Some((partner, spot)) = &partner {
        known(Rule::UnknownPartner, partner.as_str(), spot, at.partners.iter().map(String::as_str), found);
    }
    let name = top.both("name", NAME_MAX, found);
    let ids = at.packs.necessary.iter().map(|entry| entry.id.as_str()).chain(["other"]);
    let category = top
        .word("category", Rule::UnknownWord, ids, found)
        .map(|(word, _)| at.packs.necessary.by_id(&word).map_or(Category(0), |entry| entry.category));
    let scenes = Scene::EVERY.iter().map(|(_, word)| *word);
    let scene = top.word("scene", Rule::UnknownWord, scenes, found).and_then(|(word, _)| Scene::parse(&word));
    let mut redirect_uris = Vec::new();
    for (place, (uri, spot)) in
        top.texts("redirect_uris", found).into_iter().flat_map(|(uris, _)| uris).enumerate()
    {
        spots.insert(format!("/redirect_uris/{place}"), spot);
        redirect_uris.push(uri);
    }
    let jwks = client_keys::read(top, at.usable_key, found);
    for name in ["name", "category", "partner"] {
        spots.insert(format!("/{name}"), top.spot_of(name));
    }
    spots.insert("/jwks".to_owned(), top.spot_of("keys"));

    let mut whole = name.is_some() && partner.is_some() && id.is_some() && jwks.is_some();
    let mut app = AppFile {
        declaration: Declaration {
            app: AppId::parse(stem).ok()?,
            partner: partner.map_or_else(|| PartnerId::parse(stem), |(partner, _)| Ok(partner)).ok()?,
            name: name.map_or_else(unread, |(name, _)| name),
            category: category.unwrap_or(Category(0)),
            purposes: Vec::new(),
            items: Vec::new(),
            redirect_uris,
            jwks: jwks.unwrap_or_else(|| r#"{"keys":[]}"#.to_owned()),
        },
        spots,
        lines: Vec::new(),
        scene,
        category_read: category.is_some(),
        whole: true,
    };
    for table in top.tables("items", &keys::ITEM, found) {
        whole &= line(&table, at, &mut app, found);
    }
    purposes_of(at.purposes, &mut app);
    app.whole = whole && app.category_read;
    Some(app)
}

/// Reads one line into `app`. False when something of it could not be read.
fn line(table: &Table<'_>, at: &Known<'_>, app: &mut AppFile, found: &mut Findings<'_>) -> bool {
    let ids = at.packs.catalogue.iter().map(|entry| entry.id.as_str());
    let item = table.word("item", Rule::UnknownItem, ids, found);
    let item = item.and_then(|(id, _)| at.packs.catalogue.by_id(&id)).map(|entry| entry.item);
    let purpose = table.text("purpose", found).and_then(|(id, spot)| {
        let ids = at.purposes.iter().map(|purpose| purpose.purpose.id.as_str());
        let there = !at.purposes_read || known(Rule::UnknownPurpose, &id, &spot, ids, found);
        there.then(|| at.purposes.iter().find(|purpose| purpose.purpose.id.as_str() == id)).flatten()
    });
    let necessary = table.yes_no("necessary", found);
    let condition = table.yes_no("condition", found);
    let retention = table.number("retention_days", u32::MAX, found);
    let places = ["mainland", "abroad"].into_iter();
    let destination = table
        .word("destination", Rule::UnknownWord, places, found)
        .and_then(|(word, _)| parse_destination(&word));
    let frequency = frequency(table, found);
    let why = table.both("why", TEXT_MAX / 2, found).map(|(text, _)| text);
    let effect = table.both("effect", TEXT_MAX / 2, found).map(|(text, _)| text);
    let whole = necessary.is_some() && retention.is_some() && destination.is_some() && frequency.is_some();

    let (Some(item), Some(purpose)) = (item, purpose) else { return false };
    let pointer = format!("/items/{}", app.declaration.items.len());
    app.spots.insert(pointer.clone(), table.spot.clone());
    for name in ["item", "purpose", "necessary", "retention_days", "frequency", "destination"] {
        app.spots.insert(format!("{pointer}/{name}"), table.spot_of(name));
    }
    app.declaration.items.push(DeclaredItem {
        item,
        purpose: purpose.purpose.code,
        necessary: necessary.is_some_and(|(necessary, _)| necessary),
        retention_days: retention.map_or(1, |(days, _)| days),
        frequency: frequency.unwrap_or(Frequency { count: 1, period_s: 1 }),
        destination: destination.unwrap_or(Destination::Mainland),
        reason: reason(why.as_ref(), effect.as_ref()),
    });
    app.lines.push(LineFile {
        table: table.spot.clone(),
        why,
        effect,
        condition: condition.is_some_and(|(condition, _)| condition),
    });
    whole
}

/// Why, then what it does to the person: one text in the declaration.
fn reason(why: Option<&LocalText>, effect: Option<&LocalText>) -> LocalText {
    let joined = |part: fn(&LocalText) -> &String, between: &str| {
        let parts: Vec<_> = [why, effect].into_iter().flatten().map(|text| part(text).trim()).collect();
        parts.join(between)
    };
    LocalText { zh: joined(|text| &text.zh, ""), en: joined(|text| &text.en, " ") }
}

fn frequency(table: &Table<'_>, found: &mut Findings<'_>) -> Option<Frequency> {
    const PERIODS: [(&str, u32); 6] = [
        ("minute", 60),
        ("hour", 3_600),
        ("day", 86_400),
        ("week", 604_800),
        ("month", 2_592_000),
        ("year", 31_536_000),
    ];
    let inner = table.table("frequency", &keys::FREQUENCY, found)?;
    let count = inner.number("count", u32::MAX, found);
    let words = PERIODS.iter().map(|(word, _)| *word);
    let per = inner.word("per", Rule::UnknownWord, words, found);
    let (word, _) = per?;
    let period_s = PERIODS.iter().find(|(known, _)| *known == word).map(|(_, seconds)| *seconds)?;
    Some(Frequency { count: count?.0, period_s })
}

/// The purposes its lines name, in the order of their codes.
fn purposes_of(purposes: &[PurposeFile], app: &mut AppFile) {
    let used =
        |purpose: &DeclaredPurpose| app.declaration.items.iter().any(|line| line.purpose == purpose.code);
    let mut used: Vec<_> = purposes.iter().filter(|file| used(&file.purpose)).collect();
    used.sort_by_key(|file| file.purpose.code);
    for (place, file) in used.into_iter().enumerate() {
        for (name, spot) in
            [("", &file.id), ("/basis", &file.basis), ("/title", &file.title), ("/method", &file.method)]
        {
            app.spots.insert(format!("/purposes/{place}{name}"), spot.clone());
        }
        app.declaration.purposes.push(file.purpose.clone());
    }
}
