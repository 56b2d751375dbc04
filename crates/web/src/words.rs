//! The words of every page and problem, in both languages, and which language a reader gets.
//!
//! The texts stand in `words/zh.ftl` and `words/en.ftl`; a test holds them to the same messages and variables, and
//! to exactly those that templates and code use. Chinese is the default.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;
use yinuo_domain::LocalText;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lang {
    /// Chinese, the default.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Every one.
    pub(crate) const EVERY: [Self; 2] = [Self::Zh, Self::En];

    /// The language tag of BCP 47, for `lang` and `Content-Language`.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The word in `?lang=` and in the cookie.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The word in `?lang=` and in the cookie back.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The one that the switch on every page leads to.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// The best of `Accept-Language` (RFC 9110 §12.5.4); Chinese when it names neither.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best: Option<(u32, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality =
                parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1_000), thousandths);
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let (Some(lang), Some(quality)) = (Self::parse(&primary), quality) else { continue };
            // Among equals the first one named wins.
            if 0 < quality && best.is_none_or(|(least, _)| least < quality) {
                best = Some((quality, lang));
            }
        }
        best.map_or(Self::Zh, |(_, lang)| lang)
    }

    /// Its words.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        }
    }
}

/// `0`, `1` or up to three decimals (RFC 9110 §12.4.2), as thousandths.
fn thousandths(quality: &str) -> Option<u32> {
    let (whole, decimals) = quality.split_once('.').unwrap_or((quality, ""));
    if 3 < decimals.len() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u32 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1_000),
        _ => None,
    }
}

static ZH: LazyLock<Words> = LazyLock::new(|| Words::new(Lang::Zh, include_str!("../words/zh.ftl")));
static EN: LazyLock<Words> = LazyLock::new(|| Words::new(Lang::En, include_str!("../words/en.ftl")));

/// All messages in one language.
pub(crate) struct Words {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

/// Something a message can take in.
pub(crate) trait Said {
    /// As Fluent wants it.
    fn said(&self) -> FluentValue<'_>;
}

impl Said for str {
    fn said(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl Said for String {
    fn said(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

impl Said for u32 {
    fn said(&self) -> FluentValue<'_> {
        FluentValue::from(*self)
    }
}

impl<T: Said + ?Sized> Said for &T {
    fn said(&self) -> FluentValue<'_> {
        (**self).said()
    }
}

impl Words {
    fn new(lang: Lang, text: &str) -> Self {
        // The rules of plurals come from it; both tags are well formed.
        let id: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // The marks that isolate right-to-left text would be shown as boxes by some fonts; neither language needs them.
        bundle.set_use_isolating(false);
        // Both texts are compiled in, and a test reads them without an error.
        let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(text.to_owned());
        bundle.add_resource_overriding(resource);
        Self { lang, bundle }
    }

    /// Which language this is.
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// A message without variables.
    pub(crate) fn say(&self, id: &str) -> String {
        self.tell(id, &[])
    }

    /// A message with one variable.
    pub(crate) fn with(&self, id: &str, name: &'static str, value: impl Said) -> String {
        self.tell(id, &[(name, value.said())])
    }

    /// A message with variables, or its attribute: `id.attribute`.
    pub(crate) fn tell(&self, id: &str, variables: &[(&'static str, FluentValue<'_>)]) -> String {
        let (message, attribute) =
            id.split_once('.').map_or((id, None), |(id, attribute)| (id, Some(attribute)));
        let message = self.bundle.get_message(message);
        let pattern = message.and_then(|message| match attribute {
            None => message.value(),
            Some(attribute) => message.get_attribute(attribute).map(|attribute| attribute.value()),
        });
        let mut arguments = FluentArgs::with_capacity(variables.len());
        for (name, value) in variables {
            arguments.set(*name, value.clone());
        }
        pattern.map_or_else(
            || id.to_owned(),
            |pattern| self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned(),
        )
    }

    /// Two sentences in a row.
    pub(crate) fn joined(&self, first: &str, second: &str) -> String {
        self.tell("joined", &[("first", first.said()), ("second", second.said())])
    }

    /// A text that comes in both languages.
    pub(crate) fn text<'a>(&self, text: &'a LocalText) -> &'a str {
        match self.lang {
            Lang::Zh => &text.zh,
            Lang::En => &text.en,
        }
    }

    /// The name of an item, and what the catalogue adds to it in brackets to be exact.
    pub(crate) fn item<'a>(&self, name: &'a LocalText) -> (&'a str, &'a str) {
        let name = self.text(name);
        let whole = name.strip_suffix([')', '）']).and_then(|inside| inside.split_once(['(', '（']));
        whole.map_or((name, ""), |(short, more)| (short.trim_end(), more))
    }

    /// Several items by their short names, as the language separates them.
    pub(crate) fn items<'a>(&self, names: impl IntoIterator<Item = &'a LocalText>) -> String {
        let names: Vec<&str> = names.into_iter().map(|name| self.item(name).0).collect();
        names.join(&self.say("list-separator"))
    }

    /// Several texts, as the language separates them.
    pub(crate) fn list<'a>(&self, texts: impl IntoIterator<Item = &'a LocalText>) -> String {
        let texts: Vec<&str> = texts.into_iter().map(|text| self.text(text)).collect();
        texts.join(&self.say("list-separator"))
    }
}

#[cfg(test)]
mod tests;
