//! Whether a declaration is allowed: by the regulation, by the partner's ceiling, by what this version can do.
//!
//! All problems are reported, not only the first. Pure: only packs, ceiling and declaration decide.

use std::collections::HashSet;

use yinuo_domain::{
    Category, Declaration, DeclaredItem, DeclaredPurpose, Destination, ItemSet, LegalBasis, LocalText,
    PurposeKind, Refusal, Whose,
};

use crate::{
    Packs,
    documents::{declaration_bytes, declaration_limits},
    jwks::{self, JwksFault},
    redirect::is_redirect_uri,
    rule::{FORMAT, Rule},
    text::{is_complete, is_plain},
};

/// Something that keeps a declaration from being allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// What the refusal is called.
    pub refusal: Refusal,
    /// Which rule it breaks.
    pub rule: Rule,
    /// Where in the document, as a JSON pointer (RFC 6901).
    pub at: String,
    /// What to do about it.
    pub remedy: LocalText,
    /// What asks for it.
    pub article: &'static str,
}

const NECESSARY: &str = "国信办秘字〔2021〕14号 Art. 5";
const MINIMAL: &str = "PIPL Art. 6";
const GROUND: &str = "PIPL Art. 13";
const TOLD: &str = "PIPL Art. 17";
const KEPT: &str = "PIPL Art. 19";
const SENSITIVE: &str = "PIPL Art. 30";
const EXPORT: &str = "PIPL Art. 38";

/// Everything that is wrong with `declaration`, for a partner that may receive `ceiling` at most. Empty: it is allowed.
pub fn check_declaration(packs: &Packs, ceiling: ItemSet, declaration: &Declaration) -> Vec<Problem> {
    let mut found = Problems::default();
    if let Err(error) = declaration_limits(declaration) {
        // Nothing else is looked at, so that a huge document costs little.
        found.add(
            Refusal::Document,
            Rule::TooLong,
            String::new(),
            FORMAT,
            "文件超出大小限制",
            &error.to_string(),
        );
        return found.0;
    }
    check_head(packs, declaration, &mut found);
    check_purposes(declaration, &mut found);
    let mut pairs = HashSet::new();
    for (place, line) in declaration.items.iter().enumerate() {
        let at = format!("/items/{place}");
        if !pairs.insert((line.purpose, line.item)) {
            found.document(
                Rule::DeclaredTwice,
                at.clone(),
                "每个用途下每项信息只能声明一次",
                "declare each item once per purpose",
            );
        }
        check_line(packs, ceiling, declaration, line, &at, &mut found);
    }
    check_client(declaration, &mut found);
    if found.0.is_empty()
        && let Err(error) = declaration_bytes(declaration)
    {
        found.add(
            Refusal::Document,
            Rule::TooLong,
            String::new(),
            FORMAT,
            "文件无法写成规范格式",
            &error.to_string(),
        );
    }
    found.0
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, refusal: Refusal, rule: Rule, at: String, article: &'static str, zh: &str, en: &str) {
        let remedy = LocalText { zh: zh.to_owned(), en: en.to_owned() };
        self.0.push(Problem { refusal, rule, at, remedy, article });
    }

    fn document(&mut self, rule: Rule, at: String, zh: &str, en: &str) {
        self.add(Refusal::Document, rule, at, FORMAT, zh, en);
    }

    /// A text that people are shown, in both languages.
    fn shown(&mut self, at: String, text: &LocalText) {
        if !is_complete(text) {
            self.add(
                Refusal::Document,
                Rule::TextIncomplete,
                at,
                TOLD,
                "请用中文和英文填写",
                "write this text in Chinese and in English",
            );
        } else {
            self.plain(at, text);
        }
    }

    fn plain(&mut self, at: String, text: &LocalText) {
        if !is_plain(text) {
            self.document(
                Rule::TextCharacters,
                at,
                "请去掉控制字符和改变文字方向的字符",
                "remove control characters and characters that turn the direction of text",
            );
        }
    }
}

fn check_head(packs: &Packs, declaration: &Declaration, found: &mut Problems) {
    found.shown("/name".to_owned(), &declaration.name);
    if declaration.category != Category(0) && packs.necessary.category(declaration.category).is_none() {
        found.add(
            Refusal::Document,
            Rule::UnknownWord,
            "/category".to_owned(),
            NECESSARY,
            "请选择39类之一，或“other”",
            "choose one of the 39 categories, or `other`",
        );
    }
}

fn check_purposes(declaration: &Declaration, found: &mut Problems) {
    let (mut codes, mut ids) = (HashSet::new(), HashSet::new());
    for (place, purpose) in declaration.purposes.iter().enumerate() {
        let at = format!("/purposes/{place}");
        if !codes.insert(purpose.code) || !ids.insert(&purpose.id) {
            found.document(
                Rule::DeclaredTwice,
                at.clone(),
                "每个用途只能声明一次",
                "declare each purpose once",
            );
        }
        found.shown(format!("{at}/title"), &purpose.title);
        found.shown(format!("{at}/method"), &purpose.method);
        if !may_rest_on(purpose) {
            found.add(
                Refusal::Document,
                Rule::ConsentOnly,
                format!("{at}/basis"),
                GROUND,
                "营销、个性化和向第三方提供只能以个人同意为依据",
                "marketing, personalisation and third-party sharing can rest on consent only",
            );
        }
    }
}

/// What serves the app rather than the person cannot be necessary for a contract with them or for a duty
/// (PIPL 13(1)2 and 3; 23 and 24 ask for consent and a way to refuse).
fn may_rest_on(purpose: &DeclaredPurpose) -> bool {
    match purpose.kind {
        PurposeKind::Marketing | PurposeKind::Personalisation | PurposeKind::ThirdPartySharing => {
            purpose.basis == LegalBasis::Consent
        }
        PurposeKind::Basic | PurposeKind::Extended | PurposeKind::AutomatedDecision => true,
    }
}

fn check_line(
    packs: &Packs,
    ceiling: ItemSet,
    declaration: &Declaration,
    line: &DeclaredItem,
    at: &str,
    found: &mut Problems,
) {
    let purpose = declaration.purpose(line.purpose);
    if purpose.is_none() {
        found.add(
            Refusal::UnknownPurpose,
            Rule::UnknownPurpose,
            format!("{at}/purpose"),
            TOLD,
            "请先在“purposes”中声明该用途",
            "declare the purpose under `purposes` first",
        );
    }
    let Some(entry) = packs.catalogue.by_code(line.item) else {
        found.document(
            Rule::UnknownItem,
            format!("{at}/item"),
            "请使用目录中的信息项",
            "use an item of the catalogue",
        );
        return;
    };
    if !ceiling.contains(line.item) {
        found.add(
            Refusal::OverCeiling,
            Rule::OverCeiling,
            format!("{at}/item"),
            MINIMAL,
            "该合作方不得接收此项信息，请删除",
            "this partner may not receive this item: remove the line",
        );
    }
    let basic = purpose.is_some_and(|purpose| purpose.kind == PurposeKind::Basic);
    if line.necessary && !(basic && packs.necessary.items_of(declaration.category).contains(line.item)) {
        found.add(
            Refusal::NotNecessary,
            Rule::NotNecessary,
            format!("{at}/necessary"),
            NECESSARY,
            "该类应用的基本功能服务不需要此项信息，请改为可选",
            "the basic service of this category works without this item: make it optional",
        );
    }
    if entry.whose == Whose::Other && purpose.is_some_and(|purpose| purpose.basis == LegalBasis::Consent) {
        found.add(
            Refusal::Document,
            Rule::OthersInformation,
            format!("{at}/purpose"),
            GROUND,
            "此项是他人的信息，用户不能代为同意，请注明其他合法依据",
            "the item is about other people, for whom the user cannot consent: name another ground",
        );
    }
    if entry.sensitive && !is_complete(&line.reason) {
        found.add(
            Refusal::ReasonMissing,
            Rule::SensitiveUnexplained,
            format!("{at}/reason"),
            SENSITIVE,
            "请用中文和英文说明必要性及对个人的影响",
            "say in Chinese and in English why it is needed and what that means for the person",
        );
    }
    found.plain(format!("{at}/reason"), &line.reason);
    match line.destination {
        Destination::Mainland => {}
        Destination::Abroad => found.add(
            Refusal::DestinationNotAllowed,
            Rule::Destination,
            format!("{at}/destination"),
            EXPORT,
            "尚无出境机制，请将信息保留在境内",
            "nothing is set up for sending information abroad: keep it in mainland China",
        ),
    }
    if line.retention_days == 0 {
        found.add(
            Refusal::Document,
            Rule::Retention,
            format!("{at}/retention_days"),
            KEPT,
            "请填写保存天数，至少1天",
            "say for how many days it is kept, at least 1",
        );
    }
    if line.frequency.count == 0 || line.frequency.period_s == 0 {
        found.add(
            Refusal::Document,
            Rule::Frequency,
            format!("{at}/frequency"),
            MINIMAL,
            "请填写次数和周期，均至少为1",
            "say how often in how many seconds, each at least 1",
        );
    }
}

fn check_client(declaration: &Declaration, found: &mut Problems) {
    let mut uris = HashSet::new();
    for (place, uri) in declaration.redirect_uris.iter().enumerate() {
        let at = format!("/redirect_uris/{place}");
        if !is_redirect_uri(uri) {
            found.add(
                Refusal::Document,
                Rule::RedirectUri,
                at,
                "RFC 6749 §3.1.2",
                "请使用不带片段的绝对https地址，或http://127.0.0.1、http://[::1]",
                "use an absolute https address without fragment, or http://127.0.0.1 or http://[::1]",
            );
        } else if !uris.insert(uri) {
            found.document(Rule::DeclaredTwice, at, "每个地址只能声明一次", "declare each address once");
        }
    }
    match jwks::check(&declaration.jwks) {
        Ok(()) => {}
        Err(JwksFault::Shape) => found.add(
            Refusal::Document,
            Rule::KeySet,
            "/jwks".to_owned(),
            "RFC 7517 §5",
            "请提供带“keys”数组的JSON对象，每个密钥有“kty”",
            "give a JSON object with a `keys` array, each key with a `kty`, and nothing nested or twice",
        ),
        Err(JwksFault::Private) => found.add(
            Refusal::Document,
            Rule::PrivateKey,
            "/jwks".to_owned(),
            "RFC 7517 §9.2",
            "其中有私钥或对称密钥：请更换该密钥，只提供公钥",
            "there is a private or symmetric key in it: replace that key and give public keys only",
        ),
    }
}

#[cfg(test)]
pub(crate) mod fixture;

#[cfg(test)]
mod tests;
