use super::*;
use crate::SourceId;
use std::collections::HashSet;
use yinuo_domain::{Category, Item, ItemSet};

#[test]
fn the_packs_have_as_many_rules_as_their_sources() {
    let packs = packs().unwrap();
    assert_eq!(packs.catalogue.iter().count(), 157);
    assert_eq!(packs.catalogue.iter().filter(|entry| entry.is_extra()).count(), 8);
    assert_eq!(packs.necessary.iter().count(), 39);
    let empty: Vec<u8> =
        packs.necessary.iter().filter(|c| c.necessary.is_empty()).map(|c| c.category.0).collect();
    assert_eq!(empty, [21, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38]);
    assert_eq!(packs.necessary.iter().map(|category| category.necessary.len()).sum::<usize>(), 148);
    // Companion notes: only the registered user's mobile number.
    let phone: ItemSet = packs.catalogue.by_id("phone_number").map(|entry| entry.item).into_iter().collect();
    let only: Vec<u8> =
        packs.necessary.iter().filter(|c| c.necessary_items() == phone).map(|c| c.category.0).collect();
    assert_eq!(only, [4, 18, 19, 20, 25, 26]);
}

#[test]
fn what_the_regulation_names_says_so_in_the_catalogue() {
    let packs = packs().unwrap();
    let needed: ItemSet = packs
        .necessary
        .iter()
        .map(|category| category.necessary_items())
        .fold(ItemSet::EMPTY, ItemSet::union);
    for entry in packs.catalogue.iter() {
        let named = entry.source.contains(&SourceId::Necessary39);
        assert_eq!(named, needed.contains(entry.item), "{}", entry.id);
    }
}

#[test]
fn ids_and_codes_are_two_ways_to_one_item() {
    let packs = packs().unwrap();
    for entry in packs.catalogue.iter() {
        assert_eq!(packs.catalogue.by_id(&entry.id), Some(entry));
        assert_eq!(packs.catalogue.by_code(entry.item), Some(entry));
        assert_eq!(packs.catalogue.sensitive().contains(entry.item), entry.sensitive);
        assert!(packs.catalogue.in_force(entry).is_some());
    }
    assert_eq!(packs.catalogue.by_code(Item(157)), None);
    assert_eq!(packs.catalogue.by_id("no_such_item"), None);
    assert_eq!(packs.catalogue.all().len(), 157);
    for category in packs.necessary.iter() {
        assert_eq!(packs.necessary.by_id(&category.id), Some(category));
        assert_eq!(packs.necessary.category(category.category), Some(category));
        assert_eq!(packs.necessary.items_of(category.category), category.necessary_items());
    }
    for unknown in [0, 40, 255] {
        assert_eq!(packs.necessary.category(Category(unknown)), None);
        assert!(packs.necessary.items_of(Category(unknown)).is_empty());
    }
}

/// Codes are in facts, sealed values and leaves: the golden file may only grow, at its end.
#[test]
fn codes_are_append_only() {
    let golden = include_str!("../../tests/golden/item-codes.txt");
    let packs = packs().unwrap();
    let now: Vec<String> =
        packs.catalogue.iter().map(|entry| format!("{} {}", entry.item.0, entry.id)).collect();
    assert!(!golden.is_empty());
    assert_eq!(now, golden.lines().collect::<Vec<_>>(), "append the new items to item-codes.txt");
}

/// The hashes are in the log. When this fails because a rule changed on purpose: raise the pack's version, pin the
/// new hash, and keep what replays the old one.
#[test]
fn the_packs_are_the_bytes_the_log_names() {
    let packs = packs().unwrap();
    let line = |suite: Suite| {
        let engine = packs.engine(suite, 1);
        format!("{} {} {}", suite.as_str(), engine.items, engine.necessary)
    };
    let golden = include_str!("../../tests/golden/pack-hashes.txt");
    assert_eq!([line(Suite::Guomi), line(Suite::International)].join("\n"), golden.trim_end());
}

#[test]
fn an_engine_matches_the_packs_it_names_in_its_own_suite() {
    let packs = packs().unwrap();
    let engine = packs.engine(Suite::Guomi, 7);
    assert_eq!(engine.decision, 7);
    assert!(packs.matches(Suite::Guomi, &engine));
    assert!(!packs.matches(Suite::International, &engine));
    assert!(!packs.matches(Suite::Guomi, &Engine { items: engine.necessary, ..engine }));
    assert!(!packs.matches(Suite::Guomi, &Engine { necessary: engine.items, ..engine }));
}

/// One edit of the real files each, and what is said of it.
#[test]
fn a_damaged_pack_is_refused() {
    #[rustfmt::skip]
    let items: &[(&str, &str, &str)] = &[
        ("code = 1\n",              "code = 1\ncolour = 2\n",      "unknown field `colour`"),
        ("version = 1",             "version = 1\nauthor = \"x\"", "unknown field `author`"),
        ("code = 1\n",              "code = 2\n",                  "codes count up"),
        ("code = 156\n",            "code = 256\n",                "256"),
        ("id = \"birth_date\"",     "id = \"name\"",               "named twice"),
        ("id = \"birth_date\"",     "id = \"birth date\"",         "only a-z"),
        ("zh = \"生日\"",            "zh = \"\"",                   "no name"),
        ("sensitive = false",       "sensitive = true",            "exactly when there is a basis"),
        ("mask = \"name\"",         "mask = \"first\"",            "unknown variant `first`"),
        ("whose = \"own\"",         "whose = \"nobody\"",          "unknown variant `nobody`"),
        ("grade = \"general-2\"",   "grade = \"general-9\"",       "unknown variant"),
        ("id = \"pipl_28\"",        "id = \"gbt35273_a\"",         "the source is named twice"),
        ("source = [\"necessary39\", \"gbt35273_a\"]", "source = []", "not among the sources"),
        ("in_force = 2025-11-01",   "in_force = 2025-11-01T00:00:00Z", "a day without a time"),
        ("in_force = 2025-11-01\n", "",                            "missing field `in_force`"),
        ("verified = true\n",       "",                            "missing field `verified`"),
    ];
    for (from, to, expected) in items {
        refused(ITEMS, from, to, expected, |text| Packs::parse(text, NECESSARY));
    }
    #[rustfmt::skip]
    let necessary: &[(&str, &str, &str)] = &[
        ("number = 1\n",            "number = 1\nnotes = 1\n",     "unknown field `notes`"),
        ("clause = 1,",             "clause = 1, zh = \"x\",",     "unknown field `zh`"),
        ("number = 2\n",            "number = 3\n",                "numbers count up"),
        ("id = \"ride_hailing\"",   "id = \"map_navigation\"",     "named twice"),
        ("id = \"ride_hailing\"",   "id = \"other\"",              "named `other`"),
        ("item = \"location\"",     "item = \"whereabouts\"",      "no such item"),
        ("item = \"trip_origin\"",  "item = \"location\"",         "listed twice for the same subject"),
        ("clause = 1",              "clause = 0",                  "clauses count from 1"),
        ("subject = \"payee\"",     "subject = \"friend\"",        "unknown variant `friend`"),
        ("one_of = \"price_or_rent\"", "one_of = \"price\"",       "a single member"),
        ("en = \"Map navigation\"", "en = \"\"",                   "no name or basic service"),
        ("article = \"Art. 5(1)\"\n", "",                          "missing field `article`"),
    ];
    for (from, to, expected) in necessary {
        refused(NECESSARY, from, to, expected, |text| Packs::parse(ITEMS, text));
    }
    refused(ITEMS, "id = \"necessary39\"", "id = \"gbt43697_b\"", "the source is named twice", |text| {
        Packs::parse(text, NECESSARY)
    });
}

#[track_caller]
fn refused(
    file: &str,
    from: &str,
    to: &str,
    expected: &str,
    parse: impl Fn(&'static str) -> Result<Packs, PackError>,
) {
    assert!(file.contains(from), "{from}");
    let text: &'static str = Box::leak(file.replacen(from, to, 1).into_boxed_str());
    let error = parse(text).expect_err(to).to_string();
    assert!(error.contains(expected), "{to}: {error}");
}

#[test]
fn articles_and_roles_are_named() {
    let packs = packs().unwrap();
    let mail = packs.necessary.by_id("mail_express_delivery").unwrap();
    let name = packs.catalogue.by_id("name").unwrap().item;
    let both: Vec<(String, &str, yinuo_domain::Whose)> = mail
        .entries(name)
        .map(|entry| (mail.article_of(entry), entry.subject.as_str(), entry.subject.whose()))
        .collect();
    assert_eq!(
        both,
        [
            ("Art. 5(8) clause 1".to_owned(), "sender", yinuo_domain::Whose::Own),
            ("Art. 5(8) clause 3".to_owned(), "recipient", yinuo_domain::Whose::Other),
        ]
    );
    let articles: HashSet<&str> = packs.necessary.iter().map(|category| category.article.as_str()).collect();
    assert_eq!(articles.len(), 39);
    for category in packs.necessary.iter() {
        assert_eq!(category.article, format!("Art. 5({})", category.category.0));
        assert_eq!(category.in_force, packs.necessary.pack().in_force);
    }
}
