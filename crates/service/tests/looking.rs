//! Nobody of the platform sees a value before it is recorded and told; the person has everything there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use bed::*;
use futures_executor::block_on;
use yinuo_domain::*;
use yinuo_service::*;

fn look(masked: bool, reason: ViewReason) -> Look {
    Look { by: staff(), masked, reason }
}

fn by(item: &str, value: &str) -> LookUp {
    LookUp { item: item.to_owned(), value: value.to_owned() }
}

fn entries(bed: &Bed) -> u64 {
    bed.ledger.reader().head(&LogId::group(0)).unwrap().size
}

fn shown(found: &Found) -> Vec<(String, String)> {
    let text = |value: &FoundValue| String::from_utf8(value.shown.expose().to_vec()).unwrap();
    found.values.iter().map(|value| (value.item.clone(), text(value))).collect()
}

#[test]
fn a_person_is_found_in_any_spelling_shown_through_the_mask_and_told() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (session, _) = bed.connect("ann", "courier").await;
        let phone = value_of("ann", "contact_phone");
        let before = entries(&bed);
        let found = bed
            .gateway
            .find(&look(true, ViewReason::LookUp), &by("contact_phone", &format!("+86 {phone}")))
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].apps_allowed, found[0].apps_decided), (1, 1));
        assert_eq!(found[0].enrolled_at, Timestamp(1_800_000_000_000));
        let shown = shown(&found[0]);
        assert_eq!(shown.len(), DELIVERY.len() + OFFERS.len());
        for (item, shown) in shown {
            let value = value_of("ann", &item);
            assert!(shown.contains("****") && shown != value, "{item}");
        }
        assert_eq!(entries(&bed), before + 1);
        let line = bed.gateway.history(&session, None).unwrap().lines.remove(0);
        assert_eq!((line.kind, line.app), (HistoryKind::ViewedMasked, None));
        assert_eq!(line.items.len(), 4);
        assert_eq!(line.partner_name.en, "test");

        let found = bed
            .gateway
            .find(&look(false, ViewReason::Support), &by("email_address", &value_of("ann", "email_address")))
            .await
            .unwrap();
        for (item, value) in self::shown(&found[0]) {
            assert_eq!(value, value_of("ann", &item));
        }
        assert_eq!(bed.gateway.history(&session, None).unwrap().lines[0].kind, HistoryKind::Viewed);
        assert_eq!(entries(&bed), before + 2);
    })
}

#[test]
fn nobody_is_shown_without_a_reason_by_another_item_or_too_often() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let before = entries(&bed);
        let phone = value_of("ann", "contact_phone");
        let find = async |masked, reason, item: &str, value: &str| {
            bed.gateway.find(&look(masked, reason), &by(item, value)).await.map(|found| found.len())
        };
        let without = find(false, ViewReason::LookUp, "contact_phone", &phone).await;
        assert!(matches!(without, Err(LookError::Reason)));
        let name = find(true, ViewReason::LookUp, "name", "x").await;
        assert!(matches!(name, Err(LookError::Item(..))));
        let wrong = find(true, ViewReason::LookUp, "contact_phone", "canary").await.unwrap_err();
        assert!(matches!(wrong, LookError::Value(_)) && !format!("{wrong} {wrong:?}").contains("canary"));
        // Another item with the same value is another index.
        assert_eq!(find(true, ViewReason::LookUp, "phone_number", &phone).await.unwrap(), 0);
        for _ in 1..30 {
            assert_eq!(find(true, ViewReason::LookUp, "contact_phone", "15400000000").await.unwrap(), 0);
        }
        let often = find(true, ViewReason::LookUp, "contact_phone", &phone).await;
        assert!(matches!(often, Err(LookError::TooMany { .. })));
        assert_eq!(entries(&bed), before, "who was not found is not recorded");
    })
}

/// Promise 7: with the account, everything goes by which it could be found.
#[test]
fn a_deleted_person_is_not_found() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("ann").await;
        let phone = by("contact_phone", &value_of("ann", "contact_phone"));
        assert_eq!(bed.gateway.find(&look(true, ViewReason::LookUp), &phone).await.unwrap().len(), 1);
        bed.gateway.delete_account(&session).await.unwrap();
        assert_eq!(bed.gateway.find(&look(true, ViewReason::LookUp), &phone).await.unwrap().len(), 0);
        let person = PackageOf::Person(PersonId::parse("ann").unwrap());
        let gone = bed.gateway.package_for(&look(false, ViewReason::Export), &person).await;
        assert!(matches!(gone, Err(LookError::Nobody)));
    })
}

#[test]
fn a_corrected_value_finds_and_the_one_before_it_does_not() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let new = NewPerson {
            person: PersonId::parse("ann").unwrap(),
            guardian_required: false,
            values: vec![("contact_phone".to_owned(), "15400009999".to_owned())],
        };
        bed.gateway.admit(bed.gateway.prepare(new, Existing::Correct)).await.unwrap();
        let old = by("contact_phone", &value_of("ann", "contact_phone"));
        let new = by("contact_phone", "15400009999");
        assert_eq!(bed.gateway.find(&look(true, ViewReason::LookUp), &old).await.unwrap().len(), 0);
        assert_eq!(bed.gateway.find(&look(true, ViewReason::LookUp), &new).await.unwrap().len(), 1);
    })
}

fn whole(bed: &Bed, package: &mut Package) -> serde_json::Value {
    let mut bytes = Vec::new();
    while let Some(part) = bed.gateway.package_part(package).unwrap() {
        bytes.extend(part);
    }
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_package_holds_every_value_consent_and_entry_with_its_proof() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (session, tokens) = bed.connect("ann", "courier").await;
        // More entries than one part has.
        for _ in 0..60 {
            drop(bed.ask(&tokens.access_token, "delivery", DELIVERY, false).await.unwrap());
        }
        let before = entries(&bed);
        let own = whole(&bed, &mut bed.gateway.package(&session).unwrap());
        assert_eq!(entries(&bed), before, "the person's own package is nobody's look");
        assert_eq!(own["format"], PACKAGE_FORMAT);
        for value in own["values"].as_array().unwrap() {
            assert_eq!(value["value"], value_of("ann", value["item"].as_str().unwrap()));
        }
        assert_eq!(own["values"].as_array().unwrap().len(), 4);
        assert_eq!(
            (&own["consents"][0]["app"], &own["consents"][0]["state"]),
            (&"courier".into(), &"active".into())
        );
        let history = own["history"].as_array().unwrap();
        // Enrolled, four values, one consent.
        assert_eq!(history.len(), 60 + 6);
        assert!(
            history
                .iter()
                .all(|entry| entry["proofs"]["sm3"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1"))
        );
        let indexes: Vec<u64> = history.iter().map(|entry| entry["index"].as_u64().unwrap()).collect();
        assert!(indexes.is_sorted_by(|a, b| a > b));

        let person = PackageOf::Person(PersonId::parse("ann").unwrap());
        let mut package = bed.gateway.package_for(&look(true, ViewReason::LookUp), &person).await.unwrap();
        let handed = whole(&bed, &mut package);
        assert_eq!(handed["values"], own["values"]);
        assert_eq!(handed["history"].as_array().unwrap().len(), 60 + 7);
        let line = bed.gateway.history(&session, None).unwrap().lines.remove(0);
        assert_eq!(
            (line.kind, line.purpose.unwrap().en.as_str()),
            (HistoryKind::Viewed, "to hand you a copy")
        );
    })
}
