//! How a value looks to whoever may only see that there is one.

use serde::{Deserialize, Serialize};

/// What is hidden becomes this, however long it was: a mask does not tell a length.
const HIDDEN: &str = "****";

/// A way to hide a value. A closed set; strict: a value that does not look like its kind is hidden whole.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// Everything is hidden. The default.
    All,
    /// The surname's first character stays.
    Name,
    /// The first three and the last four digits stay, and `+86` before them.
    Phone,
    /// The first and the last character stay.
    IdNumber,
    /// The last four digits stay.
    Card,
    /// The first character and the domain stay.
    Email,
}

impl Mask {
    /// Every one.
    pub const EVERY: &'static [Self] =
        &[Self::All, Self::Name, Self::Phone, Self::IdNumber, Self::Card, Self::Email];

    /// The value as it may be shown. Never panics, whatever the text.
    pub fn apply(self, value: &str) -> String {
        let kept = match self {
            Self::All => None,
            Self::Name => name(value),
            Self::Phone => phone(value),
            Self::IdNumber => ends(value, 1, 1, |c| c.is_ascii_alphanumeric()),
            Self::Card => ends(value, 0, 4, |c| c.is_ascii_digit() || c == ' '),
            Self::Email => email(value),
        };
        kept.unwrap_or_else(|| HIDDEN.to_owned())
    }
}

fn name(value: &str) -> Option<String> {
    let mut chars = value.chars();
    let first = chars.next().filter(|c| c.is_alphabetic())?;
    // A name of one character would be shown whole.
    chars.next()?;
    Some(format!("{first}{HIDDEN}"))
}

fn phone(value: &str) -> Option<String> {
    let (country, national) = match value.strip_prefix("+86") {
        Some(rest) => ("+86", rest),
        None => ("", value),
    };
    let shown = ends(national, 3, 4, |c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' '))?;
    Some(format!("{country}{shown}"))
}

fn email(value: &str) -> Option<String> {
    let (local, domain) = value.split_once('@')?;
    let first = local.chars().next().filter(char::is_ascii_alphanumeric)?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    // A local part of one character would be shown whole.
    (1 < local.chars().count() && !domain.is_empty() && domain.chars().all(plain))
        .then(|| format!("{first}{HIDDEN}@{domain}"))
}

/// Keeps `first` and `last` characters of a text of `alphabet`, if at least four stay hidden.
fn ends(value: &str, first: usize, last: usize, alphabet: impl Fn(char) -> bool) -> Option<String> {
    let count = value.chars().count();
    if count < first + last + 4 || !value.chars().all(alphabet) {
        return None;
    }
    let head: String = value.chars().take(first).collect();
    let tail: String = value.chars().skip(count - last).collect();
    Some(format!("{head}{HIDDEN}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    #[rustfmt::skip]
    fn a_mask_keeps_what_it_says_and_hides_what_does_not_look_like_its_kind() {
        let cases: &[(Mask, &str, &str)] = &[
            (Mask::All,      "",                    "****"),
            (Mask::All,      "anything",            "****"),
            (Mask::Name,     "张三丰",               "张****"),
            (Mask::Name,     "欧阳一",               "欧****"),
            (Mask::Name,     "Ann Example",         "A****"),
            (Mask::Name,     "张",                  "****"),
            (Mask::Name,     "",                    "****"),
            (Mask::Name,     "\u{202e}abc",         "****"),
            (Mask::Name,     "<b>x",                "****"),
            (Mask::Phone,    "13800005678",         "138****5678"),
            (Mask::Phone,    "+8613800005678",      "+86138****5678"),
            (Mask::Phone,    "010-12345678",        "010****5678"),
            (Mask::Phone,    "1380005678",          "****"),
            (Mask::Phone,    "+86",                 "****"),
            (Mask::Phone,    "138O0005678",         "****"),
            (Mask::IdNumber, "110101190001011234",  "1****4"),
            (Mask::IdNumber, "11010119000101123X",  "1****X"),
            (Mask::IdNumber, "12345",               "****"),
            (Mask::IdNumber, "一1010119000101123",   "****"),
            (Mask::Card,     "6200000000001234",    "****1234"),
            (Mask::Card,     "6200 0000 0000 1234", "****1234"),
            (Mask::Card,     "1234567",             "****"),
            (Mask::Card,     "62000000",            "****0000"),
            (Mask::Email,    "ann@mail.example",    "a****@mail.example"),
            (Mask::Email,    "a@mail.example",      "****"),
            (Mask::Email,    "ann@",                "****"),
            (Mask::Email,    "@mail.example",       "****"),
            (Mask::Email,    "ann",                 "****"),
            (Mask::Email,    "ann@b@mail.example",  "****"),
            (Mask::Email,    "ann@mail example",    "****"),
        ];
        for (mask, value, expected) in cases {
            assert_eq!(mask.apply(value), *expected, "{mask:?} {value}");
        }
    }

    proptest! {
        /// Any text may arrive; the mask answers, and never with the value itself.
        #[test]
        fn no_text_is_too_strange_and_none_is_shown(value in any::<String>()) {
            for mask in Mask::EVERY {
                let shown = mask.apply(&value);
                prop_assert!(shown.contains(HIDDEN));
                prop_assert!(shown != value || value.contains(HIDDEN));
            }
        }

        /// The digits that are hidden leave no trace.
        #[test]
        fn what_is_hidden_does_not_matter(a in "[0-9]{4}", b in "[0-9]{4}") {
            let phone = |middle: &str| Mask::Phone.apply(&format!("138{middle}5678"));
            prop_assert_eq!(phone(&a), phone(&b));
        }
    }
}
