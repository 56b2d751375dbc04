//! What `yinuo rules list` and `yinuo rules show` say, as values for JSON and as text.

use std::fmt;

use serde::Serialize;
use yinuo_domain::{Suite, Whose};

use crate::{
    AppCategory, Basis, Day, Format, Grade, ItemCategory, ItemEntry, Mask, Pack, Packs, Source, SourceId,
    Subject, content_hash, text::Text, words,
};

/// The packs of this program.
#[derive(Debug, Serialize)]
pub struct RulesList {
    /// One line each.
    pub packs: Vec<PackLine>,
}

/// One pack in one line.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The fields are those of `Pack`; the hashes are those of the file.
pub struct PackLine {
    pub id: String,
    pub version: u32,
    pub jurisdiction: String,
    title: Text,
    pub in_force: Day,
    pub sm3: String,
    pub sha256: String,
    pub verified: bool,
    /// How many rules there are: items or categories.
    pub rules: usize,
    /// How many of them were read in their source.
    pub rules_verified: usize,
}

/// The packs, with both hashes of each.
pub fn list(packs: &Packs) -> RulesList {
    RulesList { packs: vec![items_line(packs), necessary_line(packs)] }
}

fn items_line(packs: &Packs) -> PackLine {
    let catalogue = &packs.catalogue;
    let verified = catalogue.iter().map(|entry| entry.verified).collect();
    line(catalogue.pack(), catalogue.source_bytes(), verified)
}

fn necessary_line(packs: &Packs) -> PackLine {
    let necessary = &packs.necessary;
    let verified = necessary.iter().map(|entry| entry.verified).collect();
    line(necessary.pack(), necessary.source_bytes(), verified)
}

fn line(pack: &Pack, bytes: &[u8], verified: Vec<bool>) -> PackLine {
    PackLine {
        id: pack.id.clone(),
        version: pack.version,
        jurisdiction: pack.jurisdiction.clone(),
        title: (&pack.title).into(),
        in_force: pack.in_force.clone(),
        sm3: content_hash(Suite::Guomi, bytes).to_string(),
        sha256: content_hash(Suite::International, bytes).to_string(),
        verified: pack.verified,
        rules: verified.len(),
        rules_verified: verified.iter().filter(|verified| **verified).count(),
    }
}

impl fmt::Display for RulesList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, pack) in self.packs.iter().enumerate() {
            if place != 0 {
                writeln!(f)?;
            }
            write!(f, "{pack}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PackLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} version {} ({}), in force {}",
            self.id, self.version, self.jurisdiction, self.in_force
        )?;
        writeln!(f, "  {}", self.title.zh)?;
        writeln!(f, "  {}", self.title.en)?;
        writeln!(f, "  rules    {}, {} read in their source", self.rules, self.rules_verified)?;
        writeln!(f, "  sm3      {}", self.sm3)?;
        writeln!(f, "  sha256   {}", self.sha256)
    }
}

/// One pack with all its rules.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RulesShow {
    /// The catalogue of items.
    Items {
        /// The pack.
        pack: PackLine,
        /// The texts that name them.
        sources: Vec<SourceLine>,
        /// Its items.
        items: Vec<ItemLine>,
    },
    /// The categories of apps.
    Necessary {
        /// The pack.
        pack: PackLine,
        /// The number of the regulation.
        document_number: String,
        /// Who issued it.
        issuers: String,
        /// When.
        issued: Day,
        /// Where it is published.
        source: String,
        /// Its categories.
        categories: Vec<CategoryLine>,
    },
}

/// One text that items come from.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The fields are those of `Source`.
pub struct SourceLine {
    pub id: SourceId,
    title: Text,
    pub number: String,
    pub article: String,
    pub in_force: Day,
    pub verified: bool,
}

/// One item in one line.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The fields are those of `ItemEntry`.
pub struct ItemLine {
    pub code: u8,
    pub id: String,
    name: Text,
    pub category: ItemCategory,
    pub sensitive: bool,
    pub sensitive_basis: Vec<Basis>,
    pub compartment: &'static str,
    pub mask: Mask,
    pub whose: &'static str,
    pub grade: Grade,
    pub format: Option<Format>,
    pub source: Vec<SourceId>,
    pub in_force: Option<Day>,
    pub verified: bool,
}

/// One category of apps.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The fields are those of `AppCategory`.
pub struct CategoryLine {
    pub number: u8,
    pub id: String,
    name: Text,
    basic_service: Text,
    pub source: SourceId,
    pub article: String,
    pub in_force: Day,
    pub verified: bool,
    pub necessary: Vec<NecessaryLine>,
}

/// One necessary item.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The fields are those of `NecessaryItem`.
pub struct NecessaryLine {
    pub item: String,
    name: Text,
    pub article: String,
    pub subject: Subject,
    pub whose: &'static str,
    when: Option<Text>,
    pub one_of: Option<String>,
}

/// The pack called `id`, with all its rules.
pub fn show(packs: &Packs, id: &str) -> Option<RulesShow> {
    if id == packs.catalogue.pack().id {
        let items = packs.catalogue.iter().map(|entry| item_line(packs, entry)).collect();
        let sources = packs.catalogue.sources().iter().map(source_line).collect();
        return Some(RulesShow::Items { pack: items_line(packs), sources, items });
    }
    if id == packs.necessary.pack().id {
        let necessary = &packs.necessary;
        return Some(RulesShow::Necessary {
            pack: necessary_line(packs),
            document_number: necessary.document_number().to_owned(),
            issuers: necessary.issuers().to_owned(),
            issued: necessary.issued().clone(),
            source: necessary.source().to_owned(),
            categories: necessary.iter().map(|category| category_line(packs, category)).collect(),
        });
    }
    None
}

fn source_line(source: &Source) -> SourceLine {
    SourceLine {
        id: source.id,
        title: (&source.title).into(),
        number: source.number.clone(),
        article: source.article.clone(),
        in_force: source.in_force.clone(),
        verified: source.verified,
    }
}

fn item_line(packs: &Packs, entry: &ItemEntry) -> ItemLine {
    ItemLine {
        code: entry.item.0,
        id: entry.id.clone(),
        name: (&entry.name).into(),
        category: entry.category,
        sensitive: entry.sensitive,
        sensitive_basis: entry.sensitive_basis.clone(),
        compartment: words::compartment_word(entry.compartment),
        mask: entry.mask,
        whose: words::whose_word(entry.whose),
        grade: entry.grade,
        format: entry.format,
        source: entry.source.clone(),
        in_force: packs.catalogue.in_force(entry).cloned(),
        verified: entry.verified,
    }
}

fn category_line(packs: &Packs, category: &AppCategory) -> CategoryLine {
    let necessary = category
        .necessary
        .iter()
        .filter_map(|entry| {
            let item = packs.catalogue.by_code(entry.item)?;
            let whose = if item.whose == Whose::Other { item.whose } else { entry.subject.whose() };
            Some(NecessaryLine {
                item: item.id.clone(),
                name: (&item.name).into(),
                article: category.article_of(entry),
                subject: entry.subject,
                whose: words::whose_word(whose),
                when: entry.when.as_ref().map(Text::from),
                one_of: entry.one_of.clone(),
            })
        })
        .collect();
    CategoryLine {
        number: category.category.0,
        id: category.id.clone(),
        name: (&category.name).into(),
        basic_service: (&category.basic_service).into(),
        source: category.source,
        article: category.article.clone(),
        in_force: category.in_force.clone(),
        verified: category.verified,
        necessary,
    }
}

impl fmt::Display for RulesShow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items { pack, sources, items } => {
                writeln!(f, "{pack}")?;
                for SourceLine { id, number, article, in_force, .. } in sources {
                    writeln!(f, "     {:<12} {number} {article}, in force {in_force}", id.as_str())?;
                }
                writeln!(f)?;
                items.iter().try_for_each(|item| item.fmt(f))
            }
            Self::Necessary { pack, document_number, issuers, issued, source, categories } => {
                write!(f, "{pack}")?;
                writeln!(f, "  document {document_number}, issued {issued} by {issuers}")?;
                writeln!(f, "  source   {source}")?;
                categories.iter().try_for_each(|category| write!(f, "\n{category}"))
            }
        }
    }
}

impl fmt::Display for ItemLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sensitive = if self.sensitive { ", sensitive" } else { "" };
        let other = if self.whose == "other" { ", of other people" } else { "" };
        let read = if self.verified { "" } else { ", not verified" };
        let (code, id, grade, compartment) = (self.code, &self.id, self.grade.as_str(), self.compartment);
        writeln!(
            f,
            "{code:>3}  {id:<28} {grade:<10} {compartment:<9} {}{sensitive}{other}{read}",
            self.name.zh
        )
    }
}

impl fmt::Display for CategoryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>2} {} {} ({})", self.number, self.name.zh, self.name.en, self.id)?;
        writeln!(f, "   {}; in force {}", self.article, self.in_force)?;
        if self.necessary.is_empty() {
            return writeln!(f, "   needs no personal information");
        }
        self.necessary.iter().try_for_each(|entry| entry.fmt(f))
    }
}

impl fmt::Display for NecessaryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "   {}: {} {} of the {}", self.article, self.name.zh, self.item, self.subject.as_str())?;
        if let Some(when) = &self.when {
            write!(f, " ({})", when.en)?;
        }
        if let Some(group) = &self.one_of {
            write!(f, " [one of {group}]")?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packs;

    #[test]
    fn the_list_names_each_pack_with_both_hashes() {
        let packs = packs().unwrap();
        let list = list(packs);
        assert_eq!(
            list.packs.iter().map(|pack| pack.id.as_str()).collect::<Vec<_>>(),
            ["items", "necessary-information"]
        );
        let text = list.to_string();
        for pack in &list.packs {
            assert!(text.contains(&pack.sm3) && text.contains(&pack.sha256), "{text}");
            assert!(show(packs, &pack.id).is_some());
        }
        assert!(text.contains("necessary-information version 1 (CN), in force 2021-05-01"), "{text}");
        assert!(show(packs, "no-such-pack").is_none());
    }

    #[test]
    fn the_regulation_is_shown_with_every_category_and_article() {
        let shown = show(packs().unwrap(), "necessary-information").unwrap();
        let text = shown.to_string();
        for line in [
            " 8 邮件快件寄递类 Mail and express delivery (mail_express_delivery)",
            "   Art. 5(8) clause 3: 姓名(名称) name of the recipient",
            "   Art. 5(13) clause 2: 期望租金 house_asking_rent of the listing_owner [one of price_or_rent]",
            "   Art. 5(24) clause 3: 开户银行信息 opening_bank of the payee (when making a transfer)",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}");
        }
        assert_eq!(text.matches("needs no personal information").count(), 13);

        let json: serde_json::Value = serde_json::to_value(&shown).unwrap();
        assert_eq!(json["categories"].as_array().unwrap().len(), 39);
        let recipient = &json["categories"][7]["necessary"][5];
        assert_eq!(recipient["subject"], "recipient");
        assert_eq!(recipient["whose"], "other");
        assert_eq!(recipient["article"], "Art. 5(8) clause 3");
    }

    #[test]
    fn the_catalogue_is_shown_with_every_item_its_sources_and_its_date() {
        let shown = show(packs().unwrap(), "items").unwrap();
        let json: serde_json::Value = serde_json::to_value(&shown).unwrap();
        assert_eq!(json["items"].as_array().unwrap().len(), 157);
        assert_eq!(json["items"][10]["id"], "phone_number");
        assert_eq!(json["items"][10]["mask"], "phone");
        // GB/T 35273-2020 named it first.
        assert_eq!(json["items"][10]["in_force"], "2020-10-01");
        assert_eq!(json["sources"].as_array().unwrap().len(), 6);
        let text = shown.to_string();
        assert!(text.contains(" 17  id_number") && text.contains("sensitive"), "{text}");
        assert!(text.contains("107  address_book") && text.contains("of other people"), "{text}");
    }
}
