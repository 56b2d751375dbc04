use super::*;
use crate::check::fixture::{courier, text};
use proptest::prelude::*;

fn partner() -> PartnerProfile {
    PartnerProfile {
        partner: PartnerId::parse("bamboo").unwrap(),
        name: text("竹子", "Bamboo"),
        contact: "privacy@bamboo.example".to_owned(),
        ceiling: [Item(14), Item(0)].into_iter().collect(),
    }
}

fn notice() -> Notice {
    Notice {
        app: AppId::parse("bamboo-courier").unwrap(),
        version: 1,
        text: text("# 告知\n\n我们……", "# Notice\n\nWe \"…\""),
    }
}

/// Hashes of documents are in the log: their bytes never change.
#[test]
fn the_canonical_bytes_are_pinned() {
    let golden = include_str!("../../tests/golden/documents.txt");
    let lines =
        [declaration_bytes(&courier()), partner_bytes(&partner()), notice_bytes(&notice())].map(|bytes| {
            let bytes = bytes.unwrap();
            String::from_utf8(bytes).unwrap()
        });
    assert_eq!(lines.join("\n"), golden.trim_end());
}

#[test]
fn what_was_written_is_read_back() {
    assert_eq!(parse_declaration(&declaration_bytes(&courier()).unwrap()), Ok(courier()));
    assert_eq!(parse_partner(&partner_bytes(&partner()).unwrap()), Ok(partner()));
    assert_eq!(parse_notice(&notice_bytes(&notice()).unwrap()), Ok(notice()));
}

/// Other spellings of the same content, and other content altogether.
#[test]
fn anything_but_the_canonical_bytes_is_refused() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str)] = &[
        (r#","app":"#,               r#", "app":"#,                    "not the canonical form"),
        ("Bamboo Courier",           r"\u0042amboo Courier",           "not the canonical form"),
        ("竹子",                      r"\u7af9子",                       "not the canonical form"),
        ("bamboo.example/callback",  r"bamboo.example\/callback",      "not the canonical form"),
        (r#""app":"bamboo-courier","partner":"bamboo""#, r#""partner":"bamboo","app":"bamboo-courier""#, "not the canonical form"),
        (r#""name":{"zh":"竹子快递","en":"Bamboo Courier"}"#, r#""name":["竹子快递","Bamboo Courier"]"#, "not the canonical form"),
        (r#""app":"bamboo-courier""#, r#""app":"bamboo-courier","app":"bamboo-courier""#, "duplicate field"),
        (r#""app":"#,                r#""colour":1,"app":"#,           "unknown field `colour`"),
        (r#""code":1,"#,             r#""code":1,"more":1,"#,          "unknown field `more`"),
        (r#""zh":"#,                 r#""fr":"x","zh":"#,              "unknown field `fr`"),
        (r#""count":3,"#,            r#""count":3,"burst":1,"#,        "unknown field `burst`"),
        (r#""code":1,"#,             r#""code":1.0,"#,                 "invalid type"),
        (r#""code":1,"#,             r#""code":65536,"#,               "invalid value"),
        (r#""kind":"basic""#,        r#""kind":"core""#,               "unknown variant `core`"),
        (r#""destination":"mainland""#, r#""destination":"moon""#,     "unknown variant `moon`"),
        (r#""item":"name""#,         r#""item":"soul""#,               "no item soul"),
        (r#""item":"name""#,         r#""item":0"#,                    "invalid type"),
        ("food_delivery",            "food",                           "no app category food"),
        ("bamboo-courier",           "Bamboo-courier",                 "no 'B'"),
        ("yinuo-declaration/1",      "yinuo-declaration/2",            "expected a document of kind yinuo-declaration/1"),
        ("yinuo-declaration/1",      "yinuo-partner/1",                "expected a document of kind yinuo-declaration/1"),
        (r#"{"document""#,           r#"x{"document""#,                "not a document"),
    ];
    let good = String::from_utf8(declaration_bytes(&courier()).unwrap()).unwrap();
    for (from, to, expected) in cases {
        assert!(good.contains(from), "{from}");
        let error = parse_declaration(good.replacen(from, to, 1).as_bytes()).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
    for tail in [" ", "\n", "{}", "\0"] {
        assert!(parse_declaration(format!("{good}{tail}").as_bytes()).is_err());
        assert!(parse_declaration(format!("{tail}{good}").as_bytes()).is_err());
    }
    let mut not_utf8 = good.into_bytes();
    let place = not_utf8.iter().position(|byte| *byte == b'B').unwrap();
    not_utf8[place] = 0xff;
    assert!(parse_declaration(&not_utf8).is_err());
}

#[test]
fn a_ceiling_is_in_the_order_of_codes_and_names_nothing_twice() {
    let good = String::from_utf8(partner_bytes(&partner()).unwrap()).unwrap();
    assert!(good.contains(r#"["name","email_address"]"#), "{good}");
    for other in
        [r#"["email_address","name"]"#, r#"["name","name","email_address"]"#, r#"["name", "email_address"]"#]
    {
        let bad = good.replace(r#"["name","email_address"]"#, other);
        assert_eq!(parse_partner(bad.as_bytes()), Err(DocumentError::NotCanonical), "{other}");
    }
}

#[test]
fn no_document_passes_for_another_kind() {
    let declaration = declaration_bytes(&courier()).unwrap();
    let partner = partner_bytes(&partner()).unwrap();
    let notice = notice_bytes(&notice()).unwrap();
    assert!(parse_declaration(&partner).is_err() && parse_declaration(&notice).is_err());
    assert!(parse_partner(&declaration).is_err() && parse_partner(&notice).is_err());
    assert!(parse_notice(&declaration).is_err() && parse_notice(&partner).is_err());
}

#[test]
fn what_cannot_be_a_document_is_not_written() {
    let declaration = |edit: fn(&mut Declaration)| {
        let mut declaration = courier();
        edit(&mut declaration);
        declaration_bytes(&declaration).unwrap_err()
    };
    use DocumentError::{Missing, OverLimit, TooLarge, UnknownCategory, UnknownItem};
    assert_eq!(declaration(|d| d.items[0].item = Item(200)), UnknownItem("200".to_owned()));
    assert_eq!(declaration(|d| d.category = Category(40)), UnknownCategory("40".to_owned()));
    let over = [
        declaration(|d| d.name.zh = "n".repeat(257)),
        declaration(|d| d.purposes[0].title.en = "n".repeat(257)),
        declaration(|d| d.purposes[0].method.en = "n".repeat(4097)),
        declaration(|d| d.items[0].reason.en = "n".repeat(4097)),
        declaration(|d| d.purposes = vec![d.purposes[0].clone(); 65]),
        declaration(|d| d.items = vec![d.items[0].clone(); 1025]),
        declaration(|d| d.redirect_uris = vec![String::new(); 17]),
        declaration(|d| d.redirect_uris = vec!["u".repeat(2049)]),
        declaration(|d| d.jwks = " ".repeat(32 * 1024 + 1)),
    ];
    assert!(over.iter().all(|error| matches!(error, OverLimit { .. })), "{over:?}");
    let huge = declaration(|d| {
        d.items[0].reason.en = "n".repeat(4096);
        d.items = vec![d.items[0].clone(); 64];
    });
    assert!(matches!(huge, TooLarge { .. }), "{huge:?}");

    let profile = |edit: fn(&mut PartnerProfile)| {
        let mut profile = partner();
        edit(&mut profile);
        partner_bytes(&profile).unwrap_err()
    };
    assert_eq!(profile(|p| p.ceiling = ItemSet::ALL), UnknownItem("157".to_owned()));
    assert!(matches!(profile(|p| p.name.zh.clear()), Missing(_)));
    assert!(matches!(profile(|p| p.contact = " ".to_owned()), Missing(_)));
    assert!(matches!(profile(|p| p.contact = "c".repeat(4097)), OverLimit { .. }));
    assert!(matches!(notice_bytes(&Notice { version: 0, ..notice() }), Err(Missing(_))));
    assert!(matches!(notice_bytes(&Notice { text: text("", "x"), ..notice() }), Err(Missing(_))));
    assert!(matches!(
        notice_bytes(&Notice { text: text(&"n".repeat(LEN_MAX), "x"), ..notice() }),
        Err(TooLarge { .. })
    ));
}

#[test]
fn a_huge_document_is_refused_before_it_is_read() {
    let huge = vec![b'['; LEN_MAX + 1];
    assert_eq!(parse_declaration(&huge), Err(DocumentError::TooLarge { len: LEN_MAX + 1 }));
    // At the limit it is read, and deep nesting ends in an error.
    assert!(matches!(parse_declaration(&huge[1..]), Err(DocumentError::Shape(_))));
}

fn any_text(max: usize) -> impl Strategy<Value = LocalText> {
    let part = move || {
        prop::collection::vec(any::<char>(), 1..max)
            .prop_map(|chars| format!("x{}", String::from_iter(chars)))
    };
    (part(), part()).prop_map(|(zh, en)| LocalText { zh, en })
}

fn any_declaration() -> impl Strategy<Value = Declaration> {
    let kind = prop::sample::select(vec![
        PurposeKind::Basic,
        PurposeKind::Extended,
        PurposeKind::Marketing,
        PurposeKind::Personalisation,
        PurposeKind::AutomatedDecision,
        PurposeKind::ThirdPartySharing,
    ]);
    let basis = prop::sample::select(vec![
        LegalBasis::Consent,
        LegalBasis::Contract,
        LegalBasis::StatutoryDuty,
        LegalBasis::Emergency,
        LegalBasis::PublicInterest,
        LegalBasis::AlreadyPublic,
        LegalBasis::OtherLaw,
    ]);
    let purpose = (any::<u16>(), "[a-z0-9_-]{1,64}", kind, basis, any_text(20), any_text(20)).prop_map(
        |(code, id, kind, basis, title, method)| DeclaredPurpose {
            code: Purpose(code),
            id: PurposeId::parse(&id).unwrap(),
            kind,
            basis,
            title,
            method,
        },
    );
    let abroad = prop::sample::select(vec![Destination::Mainland, Destination::Abroad]);
    let line =
        (0..157u8, any::<u16>(), any::<bool>(), any::<u32>(), any::<(u32, u32)>(), abroad, any_text(20))
            .prop_map(
                |(item, purpose, necessary, retention_days, (count, period_s), destination, reason)| {
                    DeclaredItem {
                        item: Item(item),
                        purpose: Purpose(purpose),
                        necessary,
                        retention_days,
                        frequency: Frequency { count, period_s },
                        destination,
                        reason,
                    }
                },
            );
    (
        ("[a-z0-9-]{1,64}", "[a-z0-9-]{1,64}", any_text(40), 0..40u8),
        prop::collection::vec(purpose, 0..4),
        prop::collection::vec(line, 0..6),
        prop::collection::vec(any::<String>(), 0..4),
        any::<String>(),
    )
        .prop_map(|((app, partner, name, category), purposes, items, redirect_uris, jwks)| Declaration {
            app: AppId::parse(&app).unwrap(),
            partner: PartnerId::parse(&partner).unwrap(),
            name,
            category: Category(category),
            purposes,
            items,
            redirect_uris,
            jwks,
        })
}

proptest! {
    /// Writing and reading are inverse, whatever the texts hold.
    #[test]
    fn declarations_come_back(declaration in any_declaration()) {
        let bytes = declaration_bytes(&declaration).unwrap();
        prop_assert_eq!(parse_declaration(&bytes), Ok(declaration));
    }

    #[test]
    fn partners_come_back(name in any_text(40), contact in ".{1,40}", codes in prop::collection::vec(0..157u8, 0..157)) {
        prop_assume!(!contact.trim().is_empty());
        let ceiling = codes.into_iter().map(Item).collect();
        let partner = PartnerProfile { name, contact, ceiling, ..partner() };
        let bytes = partner_bytes(&partner).unwrap();
        prop_assert_eq!(parse_partner(&bytes), Ok(partner));
    }

    #[test]
    fn notices_come_back(version in 1..=u32::MAX, text in any_text(200)) {
        let notice = Notice { version, text, ..notice() };
        let bytes = notice_bytes(&notice).unwrap();
        prop_assert_eq!(parse_notice(&bytes), Ok(notice));
    }

    /// One document has one form: a changed byte is refused, or is another document.
    #[test]
    fn a_changed_byte_is_never_the_same_document(place in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = declaration_bytes(&courier()).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert_ne!(parse_declaration(&bytes), Ok(courier()));
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in any::<Vec<u8>>()) {
        prop_assert!(parse_declaration(&bytes).is_err() && parse_partner(&bytes).is_err() && parse_notice(&bytes).is_err());
    }
}
