use super::{fixture::*, *};
use crate::packs;
use yinuo_domain::{Frequency, Item, Purpose};

#[test]
fn a_declaration_in_order_has_no_problem() {
    assert_eq!(check("as it is", |_| {}), "");
    // A restaurant where one scans and orders needs nothing.
    let empty = |d: &mut Declaration| {
        d.items.clear();
        d.purposes.clear();
        d.redirect_uris.clear();
    };
    assert_eq!(check("nothing asked", empty), "");
}

/// One change of a declaration that is in order, and the one problem it makes.
#[test]
#[rustfmt::skip]
fn each_fault_is_named_with_its_place() {
    type Edit = fn(&mut Declaration);
    let cases: &[(&str, Edit, &str)] = &[
        ("undeclared purpose",    |d| d.items[3].purpose = Purpose(3),               "unknown-purpose /items/3/purpose"),
        ("pair twice",            |d| d.items.push(line(1, 0, true)),                "document /items/4"),
        ("purpose code twice",    |d| d.purposes.push(purpose(1, "x", PurposeKind::Basic, LegalBasis::Consent)), "document /purposes/2"),
        ("purpose id twice",      |d| d.purposes.push(purpose(3, "offers", PurposeKind::Basic, LegalBasis::Consent)), "document /purposes/2"),
        ("unknown item",          |d| d.items[3].item = Item(200),                   "document /items/3/item"),
        ("another item needed",   |d| d.items.push(line(1, 17, true)),               "not-necessary /items/4/necessary"),
        ("needed for marketing",  |d| d.items.push(line(2, 0, true)),                "not-necessary /items/4/necessary"),
        ("optional is fine",      |d| d.items.push(line(1, 17, false)),              ""),
        ("needed by an extension", |d| d.purposes[0].kind = PurposeKind::Extended,   "not-necessary /items/0/necessary; not-necessary /items/1/necessary; not-necessary /items/2/necessary"),
        ("needed by a video app", |d| { d.category = Category(28); d.items.truncate(1); }, "not-necessary /items/0/necessary"),
        ("needed by no category", |d| { d.category = Category(0); d.items.truncate(1); },  "not-necessary /items/0/necessary"),
        ("unknown category",      |d| { d.category = Category(40); d.items.clear(); },     "document /category"),
        ("over the ceiling",      |d| d.items.push(line(2, 156, false)),             "over-ceiling /items/4/item"),
        ("no reason",             |d| { d.items.push(line(1, 17, false)); d.items[4].reason = text("", ""); },   "reason-missing /items/4/reason"),
        ("reason in one tongue",  |d| { d.items.push(line(1, 17, false)); d.items[4].reason.en.clear(); },       "reason-missing /items/4/reason"),
        ("reason of spaces",      |d| { d.items.push(line(1, 17, false)); d.items[4].reason.zh = " \u{3000}".into(); }, "reason-missing /items/4/reason"),
        ("ordinary, no reason",   |d| d.items[0].reason = text("", ""),              ""),
        ("abroad",                |d| d.items[0].destination = Destination::Abroad,  "destination-not-allowed /items/0/destination"),
        ("kept no day",           |d| d.items[0].retention_days = 0,                 "document /items/0/retention_days"),
        ("never",                 |d| d.items[0].frequency = Frequency { count: 0, period_s: 1 }, "document /items/0/frequency"),
        ("in no time",            |d| d.items[0].frequency = Frequency { count: 1, period_s: 0 }, "document /items/0/frequency"),
        ("marketing as contract", |d| d.purposes[1].basis = LegalBasis::Contract,    "document /purposes/1/basis"),
        ("sharing as a duty",     |d| { d.purposes[1].kind = PurposeKind::ThirdPartySharing; d.purposes[1].basis = LegalBasis::StatutoryDuty; }, "document /purposes/1/basis"),
        ("profiling as contract", |d| { d.purposes[1].kind = PurposeKind::Personalisation; d.purposes[1].basis = LegalBasis::Contract; }, "document /purposes/1/basis"),
        ("consent for others",    |d| d.items.push(line(2, 107, false)),             "document /items/4/purpose"),
        ("contract, of others",   |d| d.items.push(line(1, 107, false)),             ""),
        ("no English name",       |d| d.name.en.clear(),                             "document /name"),
        ("name that turns",       |d| d.name.en.push('\u{202e}'),                    "document /name"),
        ("reason that turns",     |d| d.items[0].reason.en.push('\u{2066}'),         "document /items/0/reason"),
        ("no title",              |d| d.purposes[0].title.zh.clear(),                "document /purposes/0/title"),
        ("no method",             |d| d.purposes[0].method.zh.clear(),               "document /purposes/0/method"),
        ("title of two lines",    |d| d.purposes[0].title.zh.push('\n'),             "document /purposes/0/title"),
        ("redirect in clear",     |d| d.redirect_uris.push("http://bamboo.example/".into()), "document /redirect_uris/1"),
        ("redirect twice",        |d| d.redirect_uris.push("https://bamboo.example/callback".into()), "document /redirect_uris/1"),
        ("no keys",               |d| d.jwks = "{}".into(),                          "document /jwks"),
        ("a private key",         |d| d.jwks = r#"{"keys":[{"kty":"EC","d":"AA"}]}"#.into(), "document /jwks"),
        ("too many purposes",     |d| d.purposes = (0..65).map(|n| purpose(n, &format!("p{n}"), PurposeKind::Basic, LegalBasis::Consent)).collect(), "document "),
        ("too long a name",       |d| d.name.en = "n".repeat(257),                   "document "),
    ];
    for (name, edit, expected) in cases {
        assert_eq!(check(name, edit), *expected, "{name}");
    }
}

/// All of it is in order but for its sum.
#[test]
fn a_declaration_too_long_to_be_written_is_refused() {
    let huge = |d: &mut Declaration| {
        d.items = (0..100).map(|item| line(2, item, false)).collect();
        for line in &mut d.items {
            line.reason = text(&"r".repeat(4000), "r");
        }
    };
    assert_eq!(check("huge", huge), "document ");
}

#[test]
fn every_problem_says_what_to_do_in_both_languages() {
    let packs = packs().unwrap();
    let mut bad = courier();
    bad.name.en.clear();
    bad.category = Category(99);
    bad.purposes[1].basis = LegalBasis::Contract;
    bad.items.push(line(1, 200, false));
    bad.items.push(line(3, 156, true));
    bad.items[0].destination = Destination::Abroad;
    bad.items[0].retention_days = 0;
    bad.items[0].frequency.count = 0;
    bad.redirect_uris.push("x".to_owned());
    bad.jwks.clear();
    let found = check_declaration(packs, ItemSet::EMPTY, &bad);
    assert!(12 < found.len(), "{found:?}");
    for problem in &found {
        assert!(is_complete(&problem.remedy), "{problem:?}");
        assert!(!problem.article.is_empty(), "{problem:?}");
    }
}

/// The one place that calls: a food delivery that is in order, changed by `edit`, for a partner that may receive
/// everything but a profile.
#[track_caller]
fn check(name: &str, edit: impl Fn(&mut Declaration)) -> String {
    let mut declaration = courier();
    edit(&mut declaration);
    let mut ceiling = packs().unwrap().catalogue.all();
    ceiling.remove(Item(156));
    let found = check_declaration(packs().unwrap(), ceiling, &declaration);
    // What is allowed can be written.
    assert!(!found.is_empty() || declaration_bytes(&declaration).is_ok(), "{name}");
    found.iter().map(|problem| format!("{} {}", problem.refusal, problem.at)).collect::<Vec<_>>().join("; ")
}
