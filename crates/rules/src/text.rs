//! Bilingual text as it is written in packs and documents.

use serde::{Deserialize, Serialize};
use yinuo_domain::LocalText;

/// A [`LocalText`] on its way in or out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) zh: String,
    pub(crate) en: String,
}

impl From<Text> for LocalText {
    fn from(text: Text) -> Self {
        Self { zh: text.zh, en: text.en }
    }
}

impl From<&LocalText> for Text {
    fn from(text: &LocalText) -> Self {
        Self { zh: text.zh.clone(), en: text.en.clone() }
    }
}

/// Whether both languages say something.
pub(crate) fn is_complete(text: &LocalText) -> bool {
    [&text.zh, &text.en].into_iter().all(|text| !text.trim().is_empty())
}

/// Whether what is shown is what is written: no control characters, and none of the characters that turn the
/// direction of the text around them (Unicode UAX #9 §2.1, §2.2, §2.4), with which a name could pose as another.
pub(crate) fn is_plain(text: &LocalText) -> bool {
    ![&text.zh, &text.en].into_iter().any(|text| text.chars().any(|c| c.is_control() || turns_direction(c)))
}

pub(crate) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
