//! In which language the program speaks on the terminal.

use yinuo_domain::LocalText;

use crate::cli::{Language, LanguageOptions};
use crate::environment;

impl LanguageOptions {
    /// The one asked for, else the terminal's, else English.
    pub(crate) fn choose(self) -> Language {
        self.lang.unwrap_or_else(|| {
            let locale = environment::variable("LC_ALL").or_else(|| environment::variable("LANG"));
            if locale.is_some_and(|locale| locale.starts_with("zh")) { Language::Zh } else { Language::En }
        })
    }
}

impl Language {
    /// Its tag (RFC 5646).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    pub(crate) fn pick(self, text: &LocalText) -> &str {
        match self {
            Self::Zh => &text.zh,
            Self::En => &text.en,
        }
    }

    pub(crate) fn or<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}
