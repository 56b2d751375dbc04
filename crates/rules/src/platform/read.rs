//! Reads `platform.toml`, `purposes.toml` and the partners.

use std::collections::{BTreeMap, HashMap, HashSet};

use toml::de::DeTable;
use yinuo_domain::{
    DeclaredPurpose, InvalidId, ItemSet, LegalBasis, LocalText, PartnerId, PartnerProfile, Purpose,
    PurposeId, PurposeKind,
};

use super::finding::{Findings, Spot, said};
use super::keys::{self, Keys};
use super::table::{NAME_MAX, TEXT_MAX, Table, known};
use crate::rule::Rule;
use crate::{Packs, parse_basis, parse_kind, words};

/// What `platform.toml` says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Platform {
    /// What it is called.
    pub name: LocalText,
    /// How a person reaches it.
    pub contact: String,
}

/// A purpose and where its parts stand.
pub(crate) struct PurposeFile {
    pub(crate) purpose: DeclaredPurpose,
    pub(crate) id: Spot,
    pub(crate) basis: Spot,
    pub(crate) title: Spot,
    pub(crate) method: Spot,
}

/// A partner.
pub(crate) struct PartnerFile {
    pub(crate) profile: PartnerProfile,
}

/// A text that stands for one that could not be read, so that what depends on it is not reported as well.
pub(crate) fn unread() -> LocalText {
    LocalText { zh: UNREAD.to_owned(), en: UNREAD.to_owned() }
}

/// What [`unread`] says.
pub(crate) const UNREAD: &str = "—";

/// Opens a file's top table. Nothing when it is not TOML: all that is wrong with its syntax is reported.
pub(crate) fn open<'t>(
    file: &'t str,
    texts: &'t BTreeMap<String, String>,
    trees: &'t BTreeMap<String, DeTable<'t>>,
    keys: &'static Keys,
    found: &mut Findings<'_>,
) -> Option<Table<'t>> {
    let (tree, text) = (trees.get(file)?, texts.get(file)?);
    // What is missing from the top is missing from the file: its first line is where to look.
    let first = text.find('\n').unwrap_or(text.len());
    Some(Table::open(file, tree, 0..first, keys, found))
}

pub(crate) fn platform(top: &Table<'_>, found: &mut Findings<'_>) -> Option<Platform> {
    if let Some((format, spot)) = top.number("format", u32::MAX, found)
        && format != 1
    {
        found.add(
            Rule::UnknownWord,
            &spot,
            said(
                format!("没有版本为 {format} 的文件格式"),
                format!("there is no file format {format}"),
                "请改为 1",
                "write 1",
            ),
        );
    }
    let name = top.both("name", NAME_MAX, found);
    let contact = contact(top, found);
    Some(Platform { name: name?.0, contact: contact? })
}

/// The purposes, and whether each of them could be told by its id.
pub(crate) fn purposes(top: &Table<'_>, found: &mut Findings<'_>) -> (Vec<PurposeFile>, bool) {
    let mut purposes: Vec<PurposeFile> = Vec::new();
    let mut all = true;
    let (mut codes, mut ids) = (HashMap::new(), HashSet::new());
    for table in top.tables("purpose", &keys::PURPOSE, found) {
        let id = identifier(&table, "id", PurposeId::parse, found);
        let code = table.number("code", u32::from(u16::MAX), found);
        let code = code.and_then(|(code, spot)| {
            let short = u16::try_from(code).ok().filter(|code| *code != 0);
            if short.is_none() {
                found.add(
                    Rule::WrongType,
                    &spot,
                    said(
                        "用途的编号从 1 开始",
                        "codes of purposes begin at 1",
                        "请填写 1 至 65535 之间未用过的编号",
                        "give a number from 1 to 65535 that was never used",
                    ),
                );
            }
            Some((short?, spot))
        });
        if let Some((id, spot)) = &id
            && !ids.insert(id.clone())
        {
            twice(&format!("{id}"), spot, found);
        }
        let code = code.filter(|(code, spot)| match &id {
            Some((id, _)) => match codes.insert(*code, id.clone()) {
                Some(other) if other != *id => {
                    twice(&format!("{code}"), spot, found);
                    false
                }
                _ => true,
            },
            None => true,
        });
        let kinds = PURPOSE_KINDS.iter().map(|kind| words::kind_word(*kind));
        let kind =
            table.word("kind", Rule::UnknownWord, kinds, found).and_then(|(word, _)| parse_kind(&word));
        let bases = LEGAL_BASES.iter().map(|basis| words::basis_word(*basis));
        let basis =
            table.word("basis", Rule::UnknownWord, bases, found).and_then(|(word, _)| parse_basis(&word));
        let title = table.both("title", NAME_MAX, found);
        let method = table.both("method", TEXT_MAX, found);
        let Some((id, id_spot)) = id else {
            all = false;
            continue;
        };
        if purposes.iter().any(|earlier| earlier.purpose.id == id) {
            continue;
        }
        purposes.push(PurposeFile {
            purpose: DeclaredPurpose {
                // A code that could not be read must not look like somebody else's.
                code: Purpose(
                    code.map_or(u16::MAX - u16::try_from(purposes.len()).unwrap_or(0), |(code, _)| code),
                ),
                id,
                kind: kind.unwrap_or(PurposeKind::Extended),
                basis: basis.unwrap_or(LegalBasis::Consent),
                title: title.map_or_else(unread, |(text, _)| text),
                method: method.map_or_else(unread, |(text, _)| text),
            },
            id: id_spot,
            basis: table.spot_of("basis"),
            title: table.spot_of("title"),
            method: table.spot_of("method"),
        });
    }
    (purposes, all)
}

const PURPOSE_KINDS: [PurposeKind; 6] = [
    PurposeKind::Basic,
    PurposeKind::Extended,
    PurposeKind::Marketing,
    PurposeKind::Personalisation,
    PurposeKind::AutomatedDecision,
    PurposeKind::ThirdPartySharing,
];

const LEGAL_BASES: [LegalBasis; 7] = [
    LegalBasis::Consent,
    LegalBasis::Contract,
    LegalBasis::StatutoryDuty,
    LegalBasis::Emergency,
    LegalBasis::PublicInterest,
    LegalBasis::AlreadyPublic,
    LegalBasis::OtherLaw,
];

pub(crate) fn partner(
    packs: &Packs,
    stem: &str,
    top: &Table<'_>,
    found: &mut Findings<'_>,
) -> Option<PartnerFile> {
    let id = identifier(top, "id", PartnerId::parse, found);
    same_name(id.as_ref().map(|(id, spot)| (id.as_str(), spot)), stem, found);
    let name = top.both("name", NAME_MAX, found);
    let contact = contact(top, found);
    let mut ceiling = ItemSet::EMPTY;
    if let Some((items, _)) = top.texts("ceiling", found) {
        for (id, spot) in items {
            let ids = packs.catalogue.iter().map(|entry| entry.id.as_str());
            if !known(Rule::UnknownItem, &id, &spot, ids, found) {
                continue;
            }
            let Some(entry) = packs.catalogue.by_id(&id) else { continue };
            if ceiling.contains(entry.item) {
                twice(&id, &spot, found);
            }
            ceiling = [entry.item].into_iter().chain(ceiling.iter()).collect();
        }
    }
    // The file's name says who is meant, when the id inside does not.
    let partner = PartnerId::parse(stem).ok()?;
    let profile = PartnerProfile {
        partner,
        name: name.map_or_else(unread, |(name, _)| name),
        contact: contact.unwrap_or_else(|| UNREAD.to_owned()),
        ceiling,
    };
    Some(PartnerFile { profile })
}

/// How a person is reached: an e-mail address, or an https address without anything hidden in it.
fn contact(top: &Table<'_>, found: &mut Findings<'_>) -> Option<String> {
    let (contact, spot) = top.text("contact", found)?;
    let https = contact.starts_with("https://") && crate::redirect::is_redirect_uri(&contact);
    if https || is_mailbox(&contact) {
        return Some(contact);
    }
    found.add(
        Rule::Contact,
        &spot,
        said(
            format!("“{contact}”不是电子邮箱，也不是 https 地址"),
            format!("`{contact}` is neither an e-mail address nor an https address"),
            "请填写个人可以联系到的电子邮箱或 https 地址，不带空格",
            "give an e-mail address or an https address at which a person can be answered, without spaces",
        ),
    );
    None
}

/// The plain form of RFC 5321 §4.1.2 (`Dot-string`) at a host name with a dot.
fn is_mailbox(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.len() <= 64 && local.split('.').all(atom) && crate::redirect::is_host_name(host)
}

pub(crate) fn identifier<T>(
    table: &Table<'_>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, InvalidId>,
    found: &mut Findings<'_>,
) -> Option<(T, Spot)> {
    let (text, spot) = table.text(name, found)?;
    match parse(&text) {
        Ok(id) => Some((id, spot)),
        Err(error) => {
            found.add(
                Rule::Identifier,
                &spot,
                said(
                    format!("“{text}”不是标识符"),
                    format!("`{text}` is not an identifier: {error}"),
                    "请用 1 至 64 个小写字母、数字和连字符",
                    "use 1 to 64 lower-case letters, digits and hyphens",
                ),
            );
            None
        }
    }
}

/// The id inside is the file's name.
pub(crate) fn same_name(id: Option<(&str, &Spot)>, stem: &str, found: &mut Findings<'_>) {
    if let Some((id, spot)) = id
        && id != stem
    {
        found.add(
            Rule::FileName,
            spot,
            said(
                format!("标识符是“{id}”，文件名是“{stem}”"),
                format!("the id is `{id}`, the file is called `{stem}`"),
                format!("请把文件改名为“{id}.toml”，或把标识符改为“{stem}”"),
                format!("rename the file to `{id}.toml`, or write `{stem}`"),
            ),
        );
    }
}

pub(crate) fn twice(what: &str, spot: &Spot, found: &mut Findings<'_>) {
    found.add(
        Rule::DeclaredTwice,
        spot,
        said(
            format!("“{what}”已经声明过"),
            format!("`{what}` is declared already"),
            "请删除重复的声明，或改用另一个名称",
            "remove one of the two, or give this one another name",
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::is_mailbox;

    #[test]
    fn a_mailbox_is_a_local_part_at_a_host_name() {
        for good in ["privacy@bamboo.example", "a.b+c@mail.bamboo.example"] {
            assert!(is_mailbox(good), "{good}");
        }
        for bad in [
            "",
            "privacy",
            "@bamboo.example",
            "privacy@",
            "privacy@localhost",
            "a b@bamboo.example",
            "a@b@bamboo.example",
            ".a@bamboo.example",
            "a..b@bamboo.example",
            "a@Bamboo.example",
            "a@bamboo.example\n",
        ] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }
}
