//! Reads tables key by key, and says of each mistake where it stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use yinuo_domain::LocalText;

use super::finding::{Findings, Spot, said};
use super::keys::{BOTH, Holds, Key, Keys};
use super::near::nearest;
use crate::rule::Rule;

/// A value and where it stands.
pub(crate) type Read<T> = Option<(T, Spot)>;

/// A table of a file, with the keys it may have.
pub(crate) struct Table<'t> {
    file: &'t str,
    table: &'t DeTable<'t>,
    /// Where the table stands.
    pub(crate) spot: Spot,
    keys: &'static Keys,
}

/// The greatest length of a name or title, and of any other text, in bytes.
pub(crate) const NAME_MAX: usize = 256;
pub(crate) const TEXT_MAX: usize = 4096;

impl<'t> Table<'t> {
    /// Takes the table, and reports keys that are unknown or missing.
    pub(crate) fn open(
        file: &'t str,
        table: &'t DeTable<'t>,
        span: Range<usize>,
        keys: &'static Keys,
        found: &mut Findings<'_>,
    ) -> Self {
        let this = Self { file, table, spot: Spot::new(file, span), keys };
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if keys.keys.iter().all(|known| known.name != name) {
                this.unknown(name, key.span(), found);
            }
        }
        for key in keys.keys.iter().filter(|key| key.required) {
            if this.value(key.name).is_none() {
                this.missing(key, found);
            }
        }
        this
    }

    fn unknown(&self, name: &str, span: Range<usize>, found: &mut Findings<'_>) {
        let spot = Spot::new(self.file, span);
        if matches!(name, "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "k" | "priv")
            && self.keys.table == "[[keys]]"
        {
            found.add(
                Rule::PrivateKey,
                &spot,
                said(
                    format!("“{name}”是私钥的一部分"),
                    format!("`{name}` is part of a private key"),
                    "这把密钥已经泄露：请更换密钥，并且只填写公钥",
                    "this key has leaked: make a new one, and write down its public half only",
                ),
            );
            return;
        }
        let known = || self.keys.keys.iter().map(|key| key.name);
        let near = nearest(name, known());
        let list = known().collect::<Vec<_>>().join(", ");
        found.add(
            Rule::UnknownKey,
            &spot,
            said(
                format!("没有“{name}”这个键"),
                format!("there is no key `{name}` here"),
                near.map_or(format!("可用的键：{list}"), |near| {
                    format!("是否应为“{near}”？可用的键：{list}")
                }),
                near.map_or(format!("keys are: {list}"), |near| {
                    format!("did you mean `{near}`? keys are: {list}")
                }),
            ),
        );
    }

    fn missing(&self, key: &Key, found: &mut Findings<'_>) {
        let name = key.name;
        if self.keys.table == BOTH.table {
            found.add(
                Rule::TextIncomplete,
                &self.spot,
                said(
                    format!("缺少{}（{name}）", key.meaning.0),
                    format!("{} (`{name}`) is missing", key.meaning.1),
                    "请用中文和英文填写",
                    "write this text in Chinese and in English",
                ),
            );
            return;
        }
        found.add_by(
            Rule::MissingKey,
            key.article,
            &self.spot,
            said(
                format!("缺少“{name}”：{}", key.meaning.0),
                format!("`{name}` is missing: {}", lower(key.meaning.1)),
                format!("请填写“{name}”，类型为{}", key.holds.name().0),
                format!("add `{name}`, {}", key.holds.name().1),
            ),
        );
    }

    fn value(&self, name: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(name)
    }

    /// Where a key's value stands, or the table when there is none.
    pub(crate) fn spot_of(&self, name: &str) -> Spot {
        self.value(name).map_or_else(|| self.spot.clone(), |value| Spot::new(self.file, value.span()))
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn article(&self, name: &str) -> &'static str {
        self.keys
            .keys
            .iter()
            .find(|key| key.name == name)
            .map_or(Rule::WrongType.article(), |key| key.article)
    }

    fn wrong(&self, name: &str, holds: Holds, found: &mut Findings<'_>) {
        self.wrong_at(name, &self.spot_of(name), holds, found);
    }

    fn wrong_at(&self, name: &str, spot: &Spot, holds: Holds, found: &mut Findings<'_>) {
        let (zh, en) = holds.name();
        found.add_by(
            Rule::WrongType,
            self.article(name),
            spot,
            said(
                format!("“{name}”应为{zh}"),
                format!("`{name}` must be {en}"),
                format!("请改为一个{zh}"),
                if holds == Holds::Text {
                    "give exactly one text, in quotes".to_owned()
                } else {
                    format!("give {en}")
                },
            ),
        );
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str, found: &mut Findings<'_>) -> Read<String> {
        let value = self.value(name)?;
        let spot = self.spot_of(name);
        match value.get_ref().as_str() {
            Some(text) if TEXT_MAX < text.len() => {
                too_long(&spot, TEXT_MAX, text.len(), found);
                None
            }
            Some(text) if !text.trim().is_empty() => Some((text.to_owned(), spot)),
            _ => {
                self.wrong(name, Holds::Text, found);
                None
            }
        }
    }

    /// A word out of `words`.
    pub(crate) fn word<'w>(
        &self,
        name: &str,
        rule: Rule,
        words: impl Iterator<Item = &'w str> + Clone,
        found: &mut Findings<'_>,
    ) -> Read<String> {
        let (word, spot) = self.text(name, found)?;
        known(rule, &word, &spot, words, found).then_some((word, spot))
    }

    /// A whole number up to `max`.
    pub(crate) fn number(&self, name: &str, max: u32, found: &mut Findings<'_>) -> Read<u32> {
        let value = self.value(name)?;
        let spot = self.spot_of(name);
        let Some(number) = value.get_ref().as_integer() else {
            self.wrong(name, Holds::Number, found);
            return None;
        };
        let digits = number.as_str().replace('_', "");
        match i128::from_str_radix(&digits, number.radix()).ok().and_then(|number| u32::try_from(number).ok())
        {
            Some(number) if number <= max => Some((number, spot)),
            _ => {
                found.add_by(
                    Rule::WrongType,
                    self.article(name),
                    &spot,
                    said(
                        format!("“{name}”超出范围"),
                        format!("`{name}` is out of range"),
                        format!("请填写不大于 {max} 的非负整数"),
                        format!("give a whole number from 0 to {max}"),
                    ),
                );
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn yes_no(&self, name: &str, found: &mut Findings<'_>) -> Read<bool> {
        let value = self.value(name)?;
        let Some(answer) = value.get_ref().as_bool() else {
            self.wrong(name, Holds::YesNo, found);
            return None;
        };
        Some((answer, self.spot_of(name)))
    }

    /// A text in both languages, each at most `max` bytes.
    pub(crate) fn both(&self, name: &str, max: usize, found: &mut Findings<'_>) -> Read<LocalText> {
        let value = self.value(name)?;
        let spot = self.spot_of(name);
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(name, Holds::Both, found);
            return None;
        };
        let inner = Table::open(self.file, table, value.span(), &BOTH, found);
        let mut one = |language: &str| {
            let value = inner.value(language)?;
            let spot = inner.spot_of(language);
            let Some(text) = value.get_ref().as_str() else {
                inner.wrong(language, Holds::Text, found);
                return None;
            };
            if text.trim().is_empty() {
                found.add(
                    Rule::TextIncomplete,
                    &spot,
                    said(
                        "文字是空的",
                        "this text is empty",
                        "请用中文和英文填写",
                        "write this text in Chinese and in English",
                    ),
                );
                return None;
            }
            if max < text.len() {
                too_long(&spot, max, text.len(), found);
                return None;
            }
            plain(text, &spot, found).then(|| text.to_owned())
        };
        let (zh, en) = (one("zh"), one("en"));
        Some((LocalText { zh: zh?, en: en? }, spot))
    }

    /// Texts, each with its place.
    pub(crate) fn texts(&self, name: &str, found: &mut Findings<'_>) -> Read<Vec<(String, Spot)>> {
        let value = self.value(name)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(name, Holds::Texts, found);
            return None;
        };
        let mut texts = Vec::new();
        for value in array {
            let spot = Spot::new(self.file, value.span());
            match value.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), spot)),
                None => self.wrong_at(name, &spot, Holds::Texts, found),
            }
        }
        Some((texts, self.spot_of(name)))
    }

    /// One table.
    pub(crate) fn table(
        &self,
        name: &str,
        keys: &'static Keys,
        found: &mut Findings<'_>,
    ) -> Option<Table<'t>> {
        let value = self.value(name)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(name, Holds::Table, found);
            return None;
        };
        Some(Table::open(self.file, table, value.span(), keys, found))
    }

    /// Several tables; none when the key is not there.
    pub(crate) fn tables(&self, name: &str, keys: &'static Keys, found: &mut Findings<'_>) -> Vec<Table<'t>> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(name, Holds::Tables, found);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in array {
            match value.get_ref().as_table() {
                Some(table) => tables.push(Table::open(self.file, table, value.span(), keys, found)),
                None => self.wrong_at(name, &Spot::new(self.file, value.span()), Holds::Tables, found),
            }
        }
        tables
    }
}

/// Reports a word that is not among `words`.
pub(crate) fn known<'w>(
    rule: Rule,
    word: &str,
    spot: &Spot,
    words: impl Iterator<Item = &'w str> + Clone,
    found: &mut Findings<'_>,
) -> bool {
    if words.clone().any(|known| known == word) {
        return true;
    }
    let near = nearest(word, words.clone());
    // A short list is worth showing; the catalogue is not.
    let list: Vec<_> = words.take(13).collect();
    let all = list.len() <= 12;
    let title = rule.title();
    let (zh, en) = match (near, all) {
        (Some(near), _) => (format!("是否应为“{near}”？"), format!("did you mean `{near}`?")),
        (None, true) if list.is_empty() => {
            ("还没有声明任何一个".to_owned(), "none is declared yet".to_owned())
        }
        (None, true) => (format!("可用的有：{}", list.join(", ")), format!("there are: {}", list.join(", "))),
        (None, false) => {
            ("用 `yinuo rules show` 查看全部".to_owned(), "`yinuo rules show` lists all of them".to_owned())
        }
    };
    found.add(rule, spot, said(format!("{}：“{word}”", title.zh), format!("{}: `{word}`", title.en), zh, en));
    false
}

/// Reports characters that cannot be seen.
pub(crate) fn plain(text: &str, spot: &Spot, found: &mut Findings<'_>) -> bool {
    let hidden = |c: &char| (c.is_control() && *c != '\n') || crate::text::turns_direction(*c);
    let Some(character) = text.chars().find(hidden) else { return true };
    let code = u32::from(character);
    found.add(
        Rule::TextCharacters,
        spot,
        said(
            format!("文字含有看不见的字符 U+{code:04X}"),
            format!("this text has a character that cannot be seen, U+{code:04X}"),
            "请去掉控制字符和改变文字方向的字符",
            "remove control characters and characters that turn the direction of text",
        ),
    );
    false
}

fn too_long(spot: &Spot, max: usize, len: usize, found: &mut Findings<'_>) {
    found.add(
        Rule::TooLong,
        spot,
        said(
            format!("文字有 {len} 字节，最多 {max}"),
            format!("this text has {len} bytes, at most {max} are allowed"),
            "请缩短",
            "make it shorter",
        ),
    );
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
