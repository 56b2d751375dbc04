//! A platform as files: what it, its partners and their apps declare, read and checked as a whole.
//!
//! ```text
//! platform.toml                            the platform itself
//! purposes.toml                            every purpose there is
//! partners/<id>.toml                       a recipient
//! apps/<id>.toml                           an app: items, each for one purpose
//! notices/<app>/<version>.<zh|en>.md       what people are told
//! ```
//!
//! All problems are reported, each at its line, with the article that asks for it and the way out. What a mistake
//! only causes is not reported as well: a purpose that cannot be read is not also missing from its app.
//!
//! Pure: bytes in, words out. Not here: reading a directory, writing reports (`server`), what the platform holds now
//! (`service`).

mod app;
mod client_keys;
mod finding;
pub mod keys;
mod lawful;
mod near;
mod notice;
mod read;
mod recipients;
mod table;

use std::collections::BTreeMap;

use toml::de::DeTable;
use yinuo_domain::{Declaration, ItemSet, Notice, PartnerProfile};

pub use finding::{Finding, Place};
pub use read::Platform;

use crate::platform::app::{AppFile, Known};
use crate::platform::finding::{Findings, Spot, said};
use crate::rule::Rule;
use crate::{LEN_MAX, Packs};

/// A platform whose files have no problem.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlatformFiles {
    /// The platform itself.
    pub platform: Platform,
    /// The partners, by id.
    pub partners: Vec<PartnerProfile>,
    /// The apps, by id.
    pub apps: Vec<Declaration>,
    /// The notices, by app and version.
    pub notices: Vec<Notice>,
}

/// What a check gives.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Every problem, by file and line.
    pub findings: Vec<Finding>,
    /// The platform, when there is none.
    pub files: Option<PlatformFiles>,
}

/// Checks a platform's files, given by their paths with `/`. `usable_key` says whether a public key (RFC 7517), written
/// as JSON, can check a signature: curves are not this room's business.
pub fn check_platform(
    packs: &Packs,
    files: &BTreeMap<String, Vec<u8>>,
    usable_key: &dyn Fn(&str) -> bool,
) -> Checked {
    let (texts, unreadable) = texts(files);
    let mut found = Findings::new(&texts);
    for (file, said) in unreadable.into_iter().filter(|(file, _)| is_ours(file)) {
        found.add(Rule::UnreadableFile, &Spot::top(&file), said);
    }
    sort_out(files.keys(), &mut found);
    let trees = trees(&texts, &mut found);

    for name in ["platform.toml", "purposes.toml"].into_iter().filter(|name| !files.contains_key(*name)) {
        found.add(
            Rule::MissingFile,
            &Spot::top(name),
            said(
                format!("没有 {name}"),
                format!("there is no {name}"),
                format!("请编写 {name}；examples/platform/good 中有示例"),
                format!("write {name}; examples/platform/good has one"),
            ),
        );
    }
    let platform = read::open("platform.toml", &texts, &trees, &keys::PLATFORM, &mut found)
        .and_then(|top| read::platform(&top, &mut found));
    let purposes_top = read::open("purposes.toml", &texts, &trees, &keys::PURPOSES, &mut found);
    // Where some could not be told, others are not called unknown.
    let (purposes, purposes_read) =
        purposes_top.map_or((Vec::new(), false), |top| read::purposes(&top, &mut found));

    let mut partners = Vec::new();
    for (file, stem) in in_folder(files.keys(), "partners/") {
        if let Some(top) = read::open(file, &texts, &trees, &keys::PARTNER, &mut found) {
            partners.extend(read::partner(packs, stem, &top, &mut found));
        }
    }
    let partner_ids: Vec<_> = in_folder(files.keys(), "partners/").map(|(_, stem)| stem.to_owned()).collect();
    let known = Known { packs, purposes: &purposes, partners: &partner_ids, purposes_read, usable_key };
    let mut apps = Vec::new();
    for (file, stem) in in_folder(files.keys(), "apps/") {
        if let Some(top) = read::open(file, &texts, &trees, &keys::APP, &mut found) {
            apps.extend(app::app(stem, &top, &known, &mut found));
        }
    }

    let mut notices = Vec::new();
    let mut versions = notice::sort(files.keys().filter(|file| file.starts_with("notices/")), &mut found);
    for app in &apps {
        let partner = partners.iter().find(|partner| partner.profile.partner == app.declaration.partner);
        lawful::check(
            packs,
            partner.map_or(ItemSet::ALL, |partner| partner.profile.ceiling),
            app,
            &mut found,
        );
        let versions = versions.remove(app.declaration.app.as_str());
        notices.extend(notice::check(packs, app, partner, versions.as_ref(), &texts, &mut found));
    }
    recipients::check(&purposes, &partners, &apps, &mut found);
    stray_notices(&versions, files, &mut found);

    let files = platform.filter(|_| found.is_empty()).map(|platform| PlatformFiles {
        platform,
        partners: partners.into_iter().map(|partner| partner.profile).collect(),
        apps: apps.into_iter().map(|app: AppFile| app.declaration).collect(),
        notices,
    });
    Checked { findings: found.sorted(), files }
}

/// The files that are text, and what is wrong with the others.
fn texts(files: &BTreeMap<String, Vec<u8>>) -> (BTreeMap<String, String>, Vec<(String, finding::Said)>) {
    let (mut texts, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (file, bytes) in files {
        if LEN_MAX < bytes.len() {
            unreadable.push((
                file.clone(),
                said(
                    format!("文件超过 {LEN_MAX} 字节"),
                    format!("this file has more than {LEN_MAX} bytes"),
                    "请拆分或缩短",
                    "divide it or make it shorter",
                ),
            ));
            continue;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                texts.insert(file.clone(), text.to_owned());
            }
            Err(error) => unreadable.push((
                file.clone(),
                said(
                    format!("文件不是 UTF-8 编码（第 {} 字节）", error.valid_up_to() + 1),
                    format!("this file is not UTF-8 (at byte {})", error.valid_up_to() + 1),
                    "请用 UTF-8 编码保存",
                    "save it in UTF-8",
                ),
            )),
        }
    }
    (texts, unreadable)
}

/// Every TOML file that could be parsed. All syntax errors of the others are reported, and nothing else of them.
fn trees<'t>(texts: &'t BTreeMap<String, String>, found: &mut Findings<'_>) -> BTreeMap<String, DeTable<'t>> {
    let mut trees = BTreeMap::new();
    for (file, text) in texts.iter().filter(|(file, _)| is_ours(file) && file.ends_with(".toml")) {
        let (tree, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            trees.insert(file.clone(), tree.into_inner());
        }
        for error in errors {
            let spot = Spot::new(file, error.span().unwrap_or(0..0));
            let what = error.message().trim().replace('\n', ", ");
            if what.contains("duplicate key") {
                found.add(
                    Rule::DeclaredTwice,
                    &spot,
                    said(
                        "同一个键写了两次",
                        "the same key stands twice",
                        "请删除其中一个",
                        "remove one of the two",
                    ),
                );
                continue;
            }
            found.add(
                Rule::Syntax,
                &spot,
                said(
                    format!("TOML 语法错误：{what}"),
                    format!("this is not TOML: {what}"),
                    "请按 TOML 语法修改这一处，例如文本要加引号",
                    "mend it here; texts stand in quotes, tables in brackets",
                ),
            );
        }
    }
    trees
}

fn is_ours(file: &str) -> bool {
    match file.split_once('/') {
        None => matches!(file, "platform.toml" | "purposes.toml"),
        Some(("partners" | "apps", name)) => !name.contains('/') && name.ends_with(".toml"),
        Some(("notices", _)) => true,
        Some(_) => false,
    }
}

/// Reports files that belong nowhere. What people keep beside (`README.md`, hidden files) is left alone.
fn sort_out<'f>(files: impl Iterator<Item = &'f String>, found: &mut Findings<'_>) {
    for file in files.filter(|file| !is_ours(file) && file.as_str() != "README.md") {
        found.add(Rule::UnexpectedFile, &Spot::top(file), said(
            "此处不应有该文件",
            "this file does not belong here",
            "文件应为 platform.toml、purposes.toml、partners/<id>.toml、apps/<id>.toml 或 notices/<应用>/<版本>.<语言>.md：请改名、移动或删除",
            "files are platform.toml, purposes.toml, partners/<id>.toml, apps/<id>.toml and notices/<app>/<version>.<language>.md: rename, move or remove it",
        ));
    }
}

fn in_folder<'f>(
    files: impl Iterator<Item = &'f String>,
    folder: &'static str,
) -> impl Iterator<Item = (&'f str, &'f str)> {
    files
        .filter(|file| is_ours(file))
        .filter_map(move |file| Some((file.as_str(), file.strip_prefix(folder)?.strip_suffix(".toml")?)))
}

/// Notices of an app that has no file.
fn stray_notices(versions: &notice::Versions, files: &BTreeMap<String, Vec<u8>>, found: &mut Findings<'_>) {
    for (app, versions) in versions {
        // The app's own file could not be read: that is said there.
        if files.contains_key(&format!("apps/{app}.toml")) {
            continue;
        }
        for file in versions.values().flat_map(BTreeMap::values) {
            found.add(
                Rule::UnexpectedFile,
                &Spot::top(file),
                said(
                    format!("没有应用“{app}”"),
                    format!("there is no app `{app}`"),
                    format!("请编写 apps/{app}.toml，或改正文件夹的名称"),
                    format!("write apps/{app}.toml, or mend the folder's name"),
                ),
            );
        }
    }
}
