//! Tables of good and bad values, all invented, and what must hold of any.

use proptest::prelude::*;

use super::*;
use crate::packs;

/// 2026-07-01T00:30 in China: the last day of June in Greenwich.
const NOW: Timestamp = Timestamp(1_782_837_000_000);

const GOOD: &str = include_str!("../../tests/golden/values-good.tsv");
const BAD: &str = include_str!("../../tests/golden/values-bad.tsv");

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn format_of(name: &str) -> ValueFormat {
    *ValueFormat::EVERY.iter().find(|format| format!("{format:?}") == name).expect(name)
}

#[test]
fn good_values_are_kept_in_one_spelling() {
    for row in rows(GOOD) {
        let [format, value, kept] = row[..] else { panic!("{row:?}") };
        let found = format_of(format).check(value, NOW);
        assert_eq!(found.as_ref().map(Normalised::as_str), Ok(kept), "{format} {value}");
    }
}

#[test]
fn bad_values_are_refused_with_the_right_reason() {
    let wrong: Vec<_> = rows(BAD)
        .filter_map(|row| {
            let [format, value, code] = row[..] else { panic!("{row:?}") };
            let found = format_of(format).check(value, NOW).err().map(FormatFault::code);
            (found != Some(code)).then_some((format, value, code, found))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_format_has_good_values_and_every_fault_a_bad_one() {
    for format in ValueFormat::EVERY {
        assert!(rows(GOOD).any(|row| format_of(row[0]) == *format), "{format:?}");
    }
    for fault in FormatFault::EVERY {
        // More than a line of a table holds; these have tests of their own.
        let apart = matches!(
            fault,
            FormatFault::Empty
                | FormatFault::TooLong
                | FormatFault::ControlCharacter
                | FormatFault::EmailLength
        );
        assert!(apart || rows(BAD).any(|row| row[2] == fault.code()), "{fault:?}");
    }
}

#[test]
fn what_does_not_fit_a_line_is_refused_too() {
    let check = |format: ValueFormat, value: &str| format.check(value, NOW).err().map(FormatFault::code);
    for format in ValueFormat::EVERY {
        assert_eq!(check(*format, ""), Some("empty"), "{format:?}");
        assert_eq!(check(*format, " \t\u{3000} "), Some("empty"), "{format:?}");
        assert_eq!(check(*format, &"7".repeat(VALUE_LEN_MAX + 1)), Some("too-long"), "{format:?}");
    }
    assert_eq!(check(ValueFormat::Text, &"7".repeat(VALUE_LEN_MAX)), None);
    assert_eq!(check(ValueFormat::Text, "two\r\n\tlines"), None);
    for control in ["a\0b", "a\u{7}b", "a\u{9b}b"] {
        assert_eq!(check(ValueFormat::Text, control), Some("control-character"));
    }
    assert_eq!(
        check(ValueFormat::Email, &format!("{}@people.example", "a".repeat(65))),
        Some("email-length")
    );
    let long = format!("ann@{}example", "label.".repeat(50));
    assert_eq!(check(ValueFormat::Email, &long), Some("email-length"));
}

#[test]
fn items_with_a_public_form_have_its_format_and_no_other_item_has_one() {
    let catalogue = &packs().unwrap().catalogue;
    for (id, _) in BY_ID {
        assert!(catalogue.by_id(id).is_some(), "{id}");
    }
    for id in SEARCHABLE {
        assert!(catalogue.by_id(id).unwrap().searchable(), "{id}");
    }
    assert_eq!(catalogue.iter().filter(|entry| entry.searchable()).count(), SEARCHABLE.len());
    for entry in catalogue.iter() {
        let named = BY_ID.iter().any(|(id, _)| *id == entry.id) || entry.format.is_some();
        assert_eq!(entry.value_format() == ValueFormat::Text, !named, "{}", entry.id);
    }
    assert_eq!(catalogue.by_id("phone_number").unwrap().value_format(), ValueFormat::MobileCn);
    assert_eq!(catalogue.by_id("birth_date").unwrap().value_format(), ValueFormat::BirthDate);
}

#[test]
fn faults_have_codes_of_their_own_and_words_in_both_languages() {
    let codes: std::collections::HashSet<_> = FormatFault::EVERY.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), FormatFault::EVERY.len());
    for fault in FormatFault::EVERY {
        assert!(!fault.zh().is_ascii() && fault.en().is_ascii(), "{fault:?}");
        assert_eq!(fault.text().en, fault.to_string());
    }
    assert_eq!(format!("{:?}", ValueFormat::Text.check("x", NOW).unwrap()), "Normalised[secret]");
}

fn any_format() -> impl Strategy<Value = ValueFormat> {
    prop::sample::select(ValueFormat::EVERY)
}

/// Texts near the formats: their characters, mixed.
fn near() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9Xx +().-]{0,24}",
        "[0-9A-Fa-f:{}-]{0,40}",
        "[a-zA-Z0-9@.!_-]{0,40}",
        "[京使A-Z0-9·挂]{0,9}",
        "[0-9年月日/T: .,+-]{0,30}",
        "[０-９＋＠．Ａ-Ｚ]{0,20}",
        "[A-Z¥元0-9.,-]{0,16}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any text may arrive, and what was kept once is kept unchanged: one thing has one spelling.
    #[test]
    fn no_text_is_too_strange_and_keeping_twice_changes_nothing(format in any_format(), value in near()) {
        if let Ok(kept) = format.check(&value, NOW) {
            prop_assert_eq!(format.check(kept.as_str(), NOW), Ok(kept));
        }
    }

    /// One wrong digit of an identity number is always noticed (ISO 7064 MOD 11-2).
    #[test]
    fn one_wrong_digit_never_passes(place in 14usize..17, digit in 0u8..10) {
        let good = "110000190001010012";
        let mut wrong = good.as_bytes().to_vec();
        wrong[place] = b'0' + digit;
        let wrong = String::from_utf8(wrong).unwrap();
        prop_assume!(wrong != good);
        prop_assert!(ValueFormat::IdentityNumber.check(&wrong, NOW).is_err());
    }
}
