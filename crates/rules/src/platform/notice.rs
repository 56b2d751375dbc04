//! The notice: versions, languages, Markdown that only says something, and whether it says what it must.
//!
//! What it must say is compared as words. A notice names the recipient and its contact as the partner's file does;
//! each purpose by its title and method; each item by its name in the catalogue without what stands in brackets (in
//! English also by its id in words, such as "delivery address"); each retention as `30 天` or `30 days`; each effect
//! of a sensitive item; and the User Protection Centre with the word for taking consent back. Case, white space,
//! hyphens and a full stop at the end make no difference.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag};
use yinuo_domain::{AppId, LocalText, Notice};

use super::app::AppFile;
use super::finding::{Findings, Spot, said};
use super::lawful::short;
use super::read::{PartnerFile, UNREAD};
use super::table::plain;
use crate::Packs;
use crate::rule::Rule;

const LANGUAGES: [&str; 2] = ["zh", "en"];

/// The notices by app and version: their files by language.
pub(crate) type Versions = BTreeMap<String, BTreeMap<u32, BTreeMap<String, String>>>;

/// Sorts the files under `notices/`.
pub(crate) fn sort<'f>(files: impl Iterator<Item = &'f String>, found: &mut Findings<'_>) -> Versions {
    let mut versions = Versions::new();
    for file in files {
        let mut parts = file.split('/').skip(1);
        let (Some(app), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
            misnamed(file, found);
            continue;
        };
        let words: Vec<_> = name.split('.').collect();
        let read = match words.as_slice() {
            [version, language, "md"] if LANGUAGES.contains(language) && !version.starts_with('0') => {
                version.parse::<u32>().ok().map(|version| (version, *language))
            }
            _ => None,
        };
        match read {
            Some((version, language)) => {
                let version = versions.entry(app.to_owned()).or_default().entry(version).or_default();
                version.insert(language.to_owned(), file.clone());
            }
            None => misnamed(file, found),
        }
    }
    versions
}

fn misnamed(file: &str, found: &mut Findings<'_>) {
    found.add(
        Rule::NoticeVersion,
        &Spot::top(file),
        said(
            "告知文本的文件名应为 notices/<应用>/<版本>.<zh 或 en>.md",
            "a notice is called notices/<app>/<version>.<zh or en>.md",
            "请改名，版本从 1 开始，例如 1.zh.md",
            "rename it; versions begin at 1, such as 1.zh.md",
        ),
    );
}

/// Checks one app's notices and gives those that are complete, by version.
pub(crate) fn check(
    packs: &Packs,
    app: &AppFile,
    partner: Option<&PartnerFile>,
    versions: Option<&BTreeMap<u32, BTreeMap<String, String>>>,
    texts: &BTreeMap<String, String>,
    found: &mut Findings<'_>,
) -> Vec<Notice> {
    let id = &app.declaration.app;
    let Some(versions) = versions.filter(|versions| !versions.is_empty()) else {
        found.add(
            Rule::NoticeMissing,
            &app.spot(""),
            said(
                format!("应用“{id}”没有告知文本"),
                format!("the app `{id}` has no notice"),
                format!("请编写 notices/{id}/1.zh.md 和 notices/{id}/1.en.md"),
                format!("write notices/{id}/1.zh.md and notices/{id}/1.en.md"),
            ),
        );
        return Vec::new();
    };
    let mut notices = Vec::new();
    for (expected, (version, files)) in (1..).zip(versions) {
        if *version != expected
            && let Some(file) = files.values().next()
        {
            found.add(
                Rule::NoticeVersion,
                &Spot::top(file),
                said(
                    format!("缺少版本 {expected}：版本从 1 开始连续编号"),
                    format!("version {expected} is missing: versions count up from 1 without a gap"),
                    format!("请把它改名为版本 {expected}，或补上缺少的版本"),
                    format!("rename this one to version {expected}, or add what is missing"),
                ),
            );
        }
        let last = versions.keys().next_back() == Some(version);
        notices.extend(one(packs, app, partner, (*version, last), files, texts, found));
    }
    notices
}

fn one(
    packs: &Packs,
    app: &AppFile,
    partner: Option<&PartnerFile>,
    (version, last): (u32, bool),
    files: &BTreeMap<String, String>,
    texts: &BTreeMap<String, String>,
    found: &mut Findings<'_>,
) -> Option<Notice> {
    let id: &AppId = &app.declaration.app;
    let mut text = LocalText::default();
    for language in LANGUAGES {
        let Some(file) = files.get(language) else {
            let there = files.values().next().map_or_else(|| app.file(), Clone::clone);
            found.add(
                Rule::NoticeMissing,
                &Spot::top(&there),
                said(
                    format!("版本 {version} 缺少{}告知文本", if language == "zh" { "中文" } else { "英文" }),
                    format!(
                        "version {version} has no {} text",
                        if language == "zh" { "Chinese" } else { "English" }
                    ),
                    format!("请编写 notices/{id}/{version}.{language}.md"),
                    format!("write notices/{id}/{version}.{language}.md"),
                ),
            );
            continue;
        };
        let markdown = texts.get(file)?;
        plain(markdown, &Spot::top(file), found);
        let words = read_markdown(file, markdown, found);
        // An earlier version described an earlier declaration.
        if let (true, true, Some(partner)) = (last, app.whole, partner) {
            complete(packs, app, partner, language, file, &words, found);
        }
        if language == "zh" {
            text.zh = markdown.clone()
        } else {
            text.en = markdown.clone()
        };
    }
    Some(Notice { app: id.clone(), version, text })
}

/// What the Markdown says, and what it does beyond that.
fn read_markdown(file: &str, markdown: &str, found: &mut Findings<'_>) -> String {
    let mut words = String::new();
    for (event, span) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        let wrong = match &event {
            Event::Html(_) | Event::InlineHtml(_) => Some((
                "告知文本中有 HTML",
                "there is HTML in the notice",
                "请删除 HTML，只用 Markdown 文字",
                "remove it and write Markdown text only",
            )),
            Event::Start(Tag::Image { .. }) => Some((
                "告知文本中有图片",
                "there is a picture in the notice",
                "请删除图片：读告知文本时不应加载其他内容",
                "remove it: reading a notice loads nothing else",
            )),
            Event::Start(Tag::Link { dest_url, .. }) if !leads_out(dest_url) => Some((
                "链接的去向不可用",
                "this link leads somewhere it must not",
                "链接只能是 https:// 或 mailto:",
                "a link begins with https:// or mailto:",
            )),
            _ => None,
        };
        if let Some((what_zh, what_en, zh, en)) = wrong {
            found.add(Rule::NoticeMarkup, &Spot::new(file, span), said(what_zh, what_en, zh, en));
        }
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => words.push(' '),
            _ => {}
        }
    }
    words
}

fn leads_out(url: &str) -> bool {
    // An address in angle brackets (CommonMark §6.5) comes without its scheme.
    let mailbox = url.contains('@') && !url.contains(':') && !url.contains('/');
    url.starts_with("https://") || url.starts_with("mailto:") || mailbox
}

/// Reports each thing that must be said and is not.
fn complete(
    packs: &Packs,
    app: &AppFile,
    partner: &PartnerFile,
    language: &str,
    file: &str,
    words: &str,
    found: &mut Findings<'_>,
) {
    let zh = language == "zh";
    let says = Words::new(language, words);
    let pick = |text: &LocalText| if zh { text.zh.clone() } else { text.en.clone() };
    let mut miss = |article: &str, what: (&str, &str), wanted: &str| {
        // What could not be read is reported where it stands.
        if wanted == UNREAD {
            return;
        }
        found.add_by(
            Rule::NoticeIncomplete,
            article,
            &Spot::top(file),
            said(
                format!("没有写明{}：“{wanted}”", what.0),
                format!("the notice does not name {}: “{wanted}”", what.1),
                format!("请在告知文本中写上“{wanted}”"),
                format!("write “{wanted}” in the notice"),
            ),
        );
    };
    let name = pick(&partner.profile.name);
    if !says.has(&name) {
        miss("PIPL Art. 17(1)1, 23", ("接收方的名称", "the recipient"), &name);
    }
    if !says.has(&partner.profile.contact) {
        miss(
            "PIPL Art. 17(1)1, 23",
            ("接收方的联系方式", "the recipient's contact"),
            &partner.profile.contact,
        );
    }
    for purpose in &app.declaration.purposes {
        let (title, method) = (pick(&purpose.title), pick(&purpose.method));
        if !says.has(&title) {
            miss("PIPL Art. 17(1)2, 23", ("处理目的", "the purpose"), &title);
        }
        if !says.has(&method) {
            miss("PIPL Art. 17(1)2, 23", ("处理方式", "the method"), &method);
        }
    }
    let items: BTreeSet<_> = app.declaration.items.iter().map(|line| line.item).collect();
    for entry in items.into_iter().filter_map(|item| packs.catalogue.by_code(item)) {
        let names = names_of(language, &pick(&entry.name), &entry.id);
        if !names.iter().any(|name| says.has(name)) {
            let first = names.first().map_or(entry.id.as_str(), String::as_str);
            miss("PIPL Art. 17(1)2, 23", ("个人信息的种类", "the item"), first);
        }
    }
    let days: BTreeSet<_> = app.declaration.items.iter().map(|line| line.retention_days).collect();
    for days in days.into_iter().filter(|days| !says.has_days(*days)) {
        let wanted = if zh { format!("{days} 天") } else { format!("{days} days") };
        miss("PIPL Art. 17(1)2", ("保存期限", "the retention"), &wanted);
    }
    for (line, declared) in app.lines.iter().zip(&app.declaration.items) {
        let sensitive = packs.catalogue.by_code(declared.item).is_some_and(|entry| entry.sensitive);
        if let (true, Some(effect)) = (sensitive, &line.effect)
            && !says.has(&pick(effect))
        {
            miss(
                "PIPL Art. 30",
                ("敏感个人信息对个人的影响", "the effect of a sensitive item"),
                &pick(effect),
            );
        }
    }
    if !app.declaration.items.is_empty() {
        let (centre, back): (&[&str], &[&str]) = if zh {
            (&["/centre", "用户保护中心"], &["撤回"])
        } else {
            (&["/centre", "user protection centre"], &["withdraw", "take it back", "take back"])
        };
        let any = |list: &[&str]| list.iter().any(|word| says.has(word));
        if !(any(centre) && any(back)) {
            let wanted = if zh {
                "在用户保护中心（/centre）撤回"
            } else {
                "withdraw in the User Protection Centre (/centre)"
            };
            miss("PIPL Art. 15, 17(1)3", ("如何撤回同意", "how to withdraw"), wanted);
        }
    }
}

/// By which names an item may be called, the usual one first.
fn names_of(language: &str, name: &str, id: &str) -> Vec<String> {
    let usual = short(name);
    let mut names = vec![usual.clone()];
    if language != "zh" {
        names.push(id.replace('_', " "));
        return names;
    }
    // "寄递/收货地址": each by itself, and each with the last word.
    if let Some((_, last)) = usual.rsplit_once('/') {
        let tail: String = last.chars().skip(last.chars().count().saturating_sub(2)).collect();
        for part in usual.split('/') {
            if part.ends_with(&tail) || 2 < part.chars().count() {
                names.push(part.to_owned());
            } else {
                names.push(format!("{part}{tail}"));
            }
        }
    }
    names
}

/// The words of a notice, ready to be compared.
struct Words {
    zh: bool,
    text: String,
}

impl Words {
    fn new(language: &str, text: &str) -> Self {
        let zh = language == "zh";
        Self { zh, text: plain_words(zh, text) }
    }

    fn has(&self, wanted: &str) -> bool {
        let wanted = plain_words(self.zh, wanted);
        let wanted = wanted.trim_end_matches(['.', '。', '；', ';', ' ']);
        self.text.contains(wanted)
    }

    /// `30 天`, `30 days`, with no other digit before.
    fn has_days(&self, days: u32) -> bool {
        let number = days.to_string();
        self.text.match_indices(&number).any(|(at, _)| {
            let before = self.text.get(..at).and_then(|text| text.chars().next_back());
            let after = self.text.get(at + number.len()..).unwrap_or_default().trim_start();
            let unit = if self.zh { after.starts_with(['天', '日']) } else { after.starts_with("day") };
            unit && !before.is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        })
    }
}

fn plain_words(zh: bool, text: &str) -> String {
    let text = text.to_lowercase().replace('-', "");
    if zh {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        // The word of the regulation and the one people use.
        return text.replace("手机号码", "移动电话号码").replace("电子邮箱", "电子邮件地址");
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_is_a_number_with_its_unit() {
        let zh = Words::new("zh", "保存 30 天，另一项保存 180 日。");
        assert!(zh.has_days(30) && zh.has_days(180));
        assert!(!zh.has_days(80) && !zh.has_days(3) && !zh.has_days(7));
        let en = Words::new("en", "kept for 30\ndays, or a 7-day week");
        assert!(en.has_days(30) && en.has_days(7) && !en.has_days(0));
    }

    #[test]
    fn an_item_is_known_by_its_usual_names() {
        assert_eq!(
            names_of("zh", "寄递/收货地址", "delivery_address"),
            ["寄递/收货地址", "寄递地址", "收货地址"]
        );
        assert_eq!(names_of("zh", "(注册用户)移动电话号码", "phone_number"), ["移动电话号码"]);
        let phone = names_of("en", "Mobile phone number (of the registered user)", "phone_number");
        assert_eq!(phone, ["Mobile phone number", "phone number"]);
        assert!(Words::new("zh", "您的手机号码").has("移动电话号码"));
        assert!(Words::new("en", "your email\n address").has("E-mail address"));
    }

    #[test]
    fn links_lead_to_the_web_or_a_mailbox() {
        for good in ["https://bamboo.example/", "mailto:privacy@bamboo.example", "privacy@bamboo.example"] {
            assert!(leads_out(good), "{good}");
        }
        for bad in [
            "http://bamboo.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "/centre",
            "//x.example/@a",
            "",
        ] {
            assert!(!leads_out(bad), "{bad}");
        }
    }
}
