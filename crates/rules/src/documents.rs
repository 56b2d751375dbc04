//! Documents: declarations, partner profiles and notices, each in one canonical form.
//!
//! Canonical JSON: UTF-8, fields in the order of the types below, no white space between tokens, the escapes of
//! `serde_json`. Parsing writes what it read and compares, so two different documents never mean the same and a hash
//! names exactly one. Items are written by id, purposes by code; `document` names kind and version, so that no
//! document passes for one of another kind.
//!
//! Limits: [`LEN_MAX`] bytes for a document; 64 purposes, 1 024 lines, 16 redirect URIs of 2 048 bytes each, 32 KiB of
//! keys; 256 bytes for a name or title, 4 096 for a method, reason or contact; a notice is bounded by the document.
//!
//! Not here: whether a declaration is allowed (`check`).

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use yinuo_domain::{
    AppId, Category, Declaration, DeclaredItem, DeclaredPurpose, Destination, Frequency, InvalidId, Item,
    ItemSet, LegalBasis, LocalText, Notice, PartnerId, PartnerProfile, Purpose, PurposeId, PurposeKind,
};

use crate::{PackError, Packs, packs, text::Text, text::is_complete, words};

/// The greatest length of a document in bytes.
pub const LEN_MAX: usize = 256 * 1024;

const DECLARATION: &str = "yinuo-declaration/1";
const PARTNER: &str = "yinuo-partner/1";
const NOTICE: &str = "yinuo-notice/1";
/// What the category without a number is called.
const OTHER: &str = "other";

/// Why some bytes are not a document, or a value cannot be written as one.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DocumentError {
    /// Longer than allowed.
    #[error("a document has at most {LEN_MAX} bytes, this one has {len}")]
    TooLarge {
        /// How long it is.
        len: usize,
    },
    /// A part is longer than allowed, or there are too many of them.
    #[error("{what} may have at most {max}, here {len}")]
    OverLimit {
        /// Which part.
        what: &'static str,
        /// How much is allowed.
        max: usize,
        /// How much there is.
        len: usize,
    },
    /// Not JSON of the expected shape: a missing or unknown field, or an unknown word.
    #[error("not a document of this kind: {0}")]
    Shape(String),
    /// A document of another kind or version.
    #[error("expected a document of kind {expected}")]
    Kind {
        /// Which one was expected.
        expected: &'static str,
    },
    /// Readable, but not written in the one canonical way.
    #[error("not the canonical form of this document")]
    NotCanonical,
    /// Something that must be said is empty.
    #[error("{0} is missing or empty")]
    Missing(&'static str),
    /// Not an id.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// No such item in the catalogue.
    #[error("there is no item {0}")]
    UnknownItem(String),
    /// No such app category.
    #[error("there is no app category {0}")]
    UnknownCategory(String),
    /// The rule packs are damaged.
    #[error(transparent)]
    Packs(#[from] PackError),
}

/// The canonical bytes of a declaration.
pub fn declaration_bytes(declaration: &Declaration) -> Result<Vec<u8>, DocumentError> {
    declaration_limits(declaration)?;
    let packs = packs()?;
    let category = match declaration.category {
        Category(0) => OTHER.to_owned(),
        category => packs
            .necessary
            .category(category)
            .ok_or_else(|| DocumentError::UnknownCategory(category.0.to_string()))?
            .id
            .clone(),
    };
    let items = declaration.items.iter().map(|line| line_out(packs, line)).collect::<Result<_, _>>()?;
    write(&DeclarationDocument {
        document: DECLARATION.to_owned(),
        app: declaration.app.as_str().to_owned(),
        partner: declaration.partner.as_str().to_owned(),
        name: (&declaration.name).into(),
        category,
        purposes: declaration.purposes.iter().map(purpose_out).collect(),
        items,
        redirect_uris: declaration.redirect_uris.clone(),
        jwks: declaration.jwks.clone(),
    })
}

/// A declaration from its canonical bytes. Whether it is allowed is another question: `check_declaration`.
pub fn parse_declaration(bytes: &[u8]) -> Result<Declaration, DocumentError> {
    let read: DeclarationDocument = read(bytes)?;
    expect(&read.document, DECLARATION)?;
    let packs = packs()?;
    let category = match read.category.as_str() {
        OTHER => Category(0),
        id => {
            packs.necessary.by_id(id).ok_or_else(|| DocumentError::UnknownCategory(id.to_owned()))?.category
        }
    };
    let declaration = Declaration {
        app: AppId::parse(&read.app)?,
        partner: PartnerId::parse(&read.partner)?,
        name: read.name.into(),
        category,
        purposes: read.purposes.into_iter().map(purpose_in).collect::<Result<_, _>>()?,
        items: read.items.into_iter().map(|line| line_in(packs, line)).collect::<Result<_, _>>()?,
        redirect_uris: read.redirect_uris,
        jwks: read.jwks,
    };
    same(bytes, &declaration_bytes(&declaration)?)?;
    Ok(declaration)
}

/// The canonical bytes of a partner's profile. The ceiling is written in the order of the items' codes.
pub fn partner_bytes(partner: &PartnerProfile) -> Result<Vec<u8>, DocumentError> {
    text_limit("a partner's name", &partner.name, NAME_MAX)?;
    limit("a contact", partner.contact.len(), TEXT_MAX)?;
    if !is_complete(&partner.name) {
        return Err(DocumentError::Missing("the partner's name in one of the languages"));
    }
    if partner.contact.trim().is_empty() {
        return Err(DocumentError::Missing("the partner's contact"));
    }
    let packs = packs()?;
    let ceiling = partner.ceiling.iter().map(|item| item_id(packs, item)).collect::<Result<_, _>>()?;
    write(&PartnerDocument {
        document: PARTNER.to_owned(),
        partner: partner.partner.as_str().to_owned(),
        name: (&partner.name).into(),
        contact: partner.contact.clone(),
        ceiling,
    })
}

/// A partner's profile from its canonical bytes.
pub fn parse_partner(bytes: &[u8]) -> Result<PartnerProfile, DocumentError> {
    let read: PartnerDocument = read(bytes)?;
    expect(&read.document, PARTNER)?;
    let packs = packs()?;
    let ceiling = read.ceiling.iter().map(|id| item_of(packs, id)).collect::<Result<ItemSet, _>>()?;
    let partner = PartnerProfile {
        partner: PartnerId::parse(&read.partner)?,
        name: read.name.into(),
        contact: read.contact,
        ceiling,
    };
    same(bytes, &partner_bytes(&partner)?)?;
    Ok(partner)
}

/// The canonical bytes of a notice.
pub fn notice_bytes(notice: &Notice) -> Result<Vec<u8>, DocumentError> {
    if notice.version == 0 {
        return Err(DocumentError::Missing("the notice's version"));
    }
    if !is_complete(&notice.text) {
        return Err(DocumentError::Missing("the notice's text in one of the languages"));
    }
    write(&NoticeDocument {
        document: NOTICE.to_owned(),
        app: notice.app.as_str().to_owned(),
        version: notice.version,
        text: (&notice.text).into(),
    })
}

/// A notice from its canonical bytes.
pub fn parse_notice(bytes: &[u8]) -> Result<Notice, DocumentError> {
    let read: NoticeDocument = read(bytes)?;
    expect(&read.document, NOTICE)?;
    let notice = Notice { app: AppId::parse(&read.app)?, version: read.version, text: read.text.into() };
    same(bytes, &notice_bytes(&notice)?)?;
    Ok(notice)
}

const NAME_MAX: usize = 256;
const TEXT_MAX: usize = 4096;

pub(crate) fn declaration_limits(declaration: &Declaration) -> Result<(), DocumentError> {
    text_limit("an app's name", &declaration.name, NAME_MAX)?;
    limit("the purposes", declaration.purposes.len(), 64)?;
    limit("the lines", declaration.items.len(), 1024)?;
    limit("the redirect URIs", declaration.redirect_uris.len(), 16)?;
    limit("the keys", declaration.jwks.len(), 32 * 1024)?;
    for purpose in &declaration.purposes {
        text_limit("a purpose's title", &purpose.title, NAME_MAX)?;
        text_limit("a purpose's method", &purpose.method, TEXT_MAX)?;
    }
    for line in &declaration.items {
        text_limit("a reason", &line.reason, TEXT_MAX)?;
    }
    for uri in &declaration.redirect_uris {
        limit("a redirect URI", uri.len(), 2048)?;
    }
    Ok(())
}

fn text_limit(what: &'static str, text: &LocalText, max: usize) -> Result<(), DocumentError> {
    limit(what, text.zh.len(), max)?;
    limit(what, text.en.len(), max)
}

fn limit(what: &'static str, len: usize, max: usize) -> Result<(), DocumentError> {
    if max < len { Err(DocumentError::OverLimit { what, max, len }) } else { Ok(()) }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DocumentError> {
    // Before parsing, so that a huge document costs nothing.
    if LEN_MAX < bytes.len() {
        return Err(DocumentError::TooLarge { len: bytes.len() });
    }
    serde_json::from_slice(bytes).map_err(|error| DocumentError::Shape(error.to_string()))
}

fn write<T: Serialize>(document: &T) -> Result<Vec<u8>, DocumentError> {
    let bytes = serde_json::to_vec(document).map_err(|error| DocumentError::Shape(error.to_string()))?;
    if LEN_MAX < bytes.len() { Err(DocumentError::TooLarge { len: bytes.len() }) } else { Ok(bytes) }
}

fn expect(found: &str, expected: &'static str) -> Result<(), DocumentError> {
    if found == expected { Ok(()) } else { Err(DocumentError::Kind { expected }) }
}

fn same(read: &[u8], written: &[u8]) -> Result<(), DocumentError> {
    if read == written { Ok(()) } else { Err(DocumentError::NotCanonical) }
}

fn item_id(packs: &Packs, item: Item) -> Result<String, DocumentError> {
    let entry = packs.catalogue.by_code(item);
    Ok(entry.ok_or_else(|| DocumentError::UnknownItem(item.0.to_string()))?.id.clone())
}

fn item_of(packs: &Packs, id: &str) -> Result<Item, DocumentError> {
    let entry = packs.catalogue.by_id(id);
    Ok(entry.ok_or_else(|| DocumentError::UnknownItem(id.to_owned()))?.item)
}

fn purpose_out(purpose: &DeclaredPurpose) -> PurposeDocument {
    PurposeDocument {
        code: purpose.code.0,
        id: purpose.id.as_str().to_owned(),
        kind: purpose.kind,
        basis: purpose.basis,
        title: (&purpose.title).into(),
        method: (&purpose.method).into(),
    }
}

fn purpose_in(read: PurposeDocument) -> Result<DeclaredPurpose, DocumentError> {
    Ok(DeclaredPurpose {
        code: Purpose(read.code),
        id: PurposeId::parse(&read.id)?,
        kind: read.kind,
        basis: read.basis,
        title: read.title.into(),
        method: read.method.into(),
    })
}

fn line_out(packs: &Packs, line: &DeclaredItem) -> Result<LineDocument, DocumentError> {
    Ok(LineDocument {
        item: item_id(packs, line.item)?,
        purpose: line.purpose.0,
        necessary: line.necessary,
        retention_days: line.retention_days,
        frequency: FrequencyDocument { count: line.frequency.count, period_s: line.frequency.period_s },
        destination: line.destination,
        reason: (&line.reason).into(),
    })
}

fn line_in(packs: &Packs, read: LineDocument) -> Result<DeclaredItem, DocumentError> {
    Ok(DeclaredItem {
        item: item_of(packs, &read.item)?,
        purpose: Purpose(read.purpose),
        necessary: read.necessary,
        retention_days: read.retention_days,
        frequency: Frequency { count: read.frequency.count, period_s: read.frequency.period_s },
        destination: read.destination,
        reason: read.reason.into(),
    })
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct DeclarationDocument {
    document: String,
    app: String,
    partner: String,
    name: Text,
    category: String,
    purposes: Vec<PurposeDocument>,
    items: Vec<LineDocument>,
    redirect_uris: Vec<String>,
    jwks: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PurposeDocument {
    code: u16,
    id: String,
    #[serde(with = "words::kind")]
    kind: PurposeKind,
    #[serde(with = "words::basis")]
    basis: LegalBasis,
    title: Text,
    method: Text,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct LineDocument {
    item: String,
    purpose: u16,
    necessary: bool,
    retention_days: u32,
    frequency: FrequencyDocument,
    #[serde(with = "words::destination")]
    destination: Destination,
    reason: Text,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FrequencyDocument {
    count: u32,
    period_s: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PartnerDocument {
    document: String,
    partner: String,
    name: Text,
    contact: String,
    ceiling: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NoticeDocument {
    document: String,
    app: String,
    version: u32,
    text: Text,
}

#[cfg(test)]
mod tests;
