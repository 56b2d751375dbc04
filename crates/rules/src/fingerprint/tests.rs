use super::*;
use crate::check::fixture::{courier, line, purpose, text};
use proptest::prelude::*;
use yinuo_domain::{
    AppId, Category, Destination, Item, LegalBasis, PartnerId, Purpose, PurposeId, PurposeKind,
};

/// Consents in the log bind these bytes: they never change.
#[test]
fn the_bytes_are_pinned() {
    let hex: String = fingerprint_bytes(&courier()).iter().map(|byte| format!("{byte:02x}")).collect();
    let lines = [
        hex,
        fingerprint(Suite::Guomi, &courier()).to_string(),
        fingerprint(Suite::International, &courier()).to_string(),
    ];
    assert_eq!(lines.join("\n"), include_str!("../../tests/golden/fingerprint.txt").trim_end());
}

/// The bytes once more, written down by hand from the module's description.
#[test]
fn the_bytes_are_as_described() {
    let mut small = courier();
    small.purposes.truncate(1);
    small.items = vec![line(1, 9, true), line(1, 0, false)];
    let mut expected = b"yinuo-fingerprint/1\n".to_vec();
    expected.extend(b"\0\0\0\x06bamboo\0\0\0\x0ebamboo-courier");
    expected.extend(b"\0\0\0\x01\0\x01\0\0\0\x05basic\0\0\0\x08contract");
    expected.extend(b"\0\0\0\x0f");
    expected.extend("交给快递员".as_bytes());
    expected.extend(b"\0\0\0\x13handed to a courier");
    expected.extend(b"\0\0\0\x02");
    expected.extend(b"\0\x01\0\0\0\0\0\x1e\0\0\0\x03\0\x01\x51\x80\0\0\0\x08mainland");
    expected.extend(b"\0\x01\x09\x01\0\0\0\x1e\0\0\0\x03\0\x01\x51\x80\0\0\0\x08mainland");
    assert_eq!(fingerprint_bytes(&small), expected);
}

#[test]
#[rustfmt::skip]
fn what_happens_to_a_person_changes_it_and_nothing_else_does() {
    type Edit = fn(&mut Declaration);
    let matters: &[(&str, Edit)] = &[
        ("partner",          |d| d.partner = PartnerId::parse("reed").unwrap()),
        ("app",              |d| d.app = AppId::parse("reed-courier").unwrap()),
        ("purpose added",    |d| d.purposes.push(purpose(3, "more", PurposeKind::Extended, LegalBasis::Consent))),
        ("purpose removed",  |d| { d.purposes.pop(); }),
        ("purpose code",     |d| d.purposes[0].code = Purpose(9)),
        ("purpose kind",     |d| d.purposes[0].kind = PurposeKind::Extended),
        ("legal basis",      |d| d.purposes[0].basis = LegalBasis::Consent),
        ("method, Chinese",  |d| d.purposes[0].method.zh.push('。')),
        ("method, English",  |d| d.purposes[0].method.en.push('.')),
        ("line added",       |d| d.items.push(line(1, 11, true))),
        ("line removed",     |d| { d.items.pop(); }),
        ("item",             |d| d.items[0].item = Item(11)),
        ("purpose of line",  |d| d.items[0].purpose = Purpose(2)),
        ("necessary",        |d| d.items[0].necessary = false),
        ("retention",        |d| d.items[0].retention_days = 31),
        ("frequency count",  |d| d.items[0].frequency.count = 4),
        ("frequency period", |d| d.items[0].frequency.period_s = 3_600),
        ("destination",      |d| d.items[0].destination = Destination::Abroad),
    ];
    let does_not: &[(&str, Edit)] = &[
        ("name",             |d| d.name = text("竹", "Bamboo")),
        ("category",         |d| d.category = Category(6)),
        ("purpose id",       |d| d.purposes[0].id = PurposeId::parse("renamed").unwrap()),
        ("title",            |d| d.purposes[0].title = text("配送", "Bringing it")),
        ("reason",           |d| d.items[0].reason = text("更正", "corrected")),
        ("redirect URIs",    |d| d.redirect_uris.push("https://reed.example/".to_owned())),
        ("keys",             |d| d.jwks = "{}".to_owned()),
        ("order of purposes", |d| d.purposes.reverse()),
        ("order of lines",   |d| d.items.reverse()),
    ];
    for suite in [Suite::Guomi, Suite::International] {
        let changes = |edit: &Edit| {
            let mut edited = courier();
            edit(&mut edited);
            assert_ne!(edited, courier());
            fingerprint(suite, &edited) != fingerprint(suite, &courier())
        };
        for (name, edit) in matters {
            assert!(changes(edit), "{name}");
        }
        for (name, edit) in does_not {
            assert!(!changes(edit), "{name}");
        }
    }
}

/// Texts carry their length, so that no two methods run together into the same bytes.
#[test]
fn moving_a_border_between_texts_changes_it() {
    let with = |zh: &str, en: &str| {
        let mut declaration = courier();
        declaration.purposes[0].method = text(zh, en);
        fingerprint(Suite::Guomi, &declaration)
    };
    assert_ne!(with("ab", "c"), with("a", "bc"));
}

proptest! {
    #[test]
    fn no_order_of_lines_matters(lines in Just(courier().items).prop_shuffle(), swap in any::<bool>()) {
        let mut shuffled = courier();
        shuffled.items = lines;
        if swap {
            shuffled.purposes.reverse();
        }
        prop_assert_eq!(fingerprint_bytes(&shuffled), fingerprint_bytes(&courier()));
    }
}
