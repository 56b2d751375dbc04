//! People come in whole, are recognised, and are corrected; what is kept is what was checked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use bed::*;
use futures_executor::block_on;
use yinuo_domain::*;
use yinuo_service::*;

fn person(id: &str, values: &[(&str, &str)]) -> NewPerson {
    NewPerson {
        person: PersonId::parse(id).unwrap(),
        guardian_required: false,
        values: values.iter().map(|(item, value)| ((*item).to_owned(), (*value).to_owned())).collect(),
    }
}

async fn bring(bed: &Bed, existing: Existing, new: NewPerson) -> Result<Admitted, EnrolError> {
    bed.gateway.admit(bed.gateway.prepare(new, existing)).await
}

fn entries(bed: &Bed) -> u64 {
    bed.ledger.reader().head(&LogId::group(0)).unwrap().size
}

const ALL: &[(&str, &str)] = &[
    ("name", "示例用户"),
    ("contact_phone", "+86 154-0000-0001"),
    ("delivery_address", "虚构省样例市"),
    ("email_address", "Ann@People.EXAMPLE"),
];

#[test]
fn a_partner_gets_the_one_spelling_in_which_a_value_is_kept() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let came = bring(&bed, Existing::Refuse, person("more-1", ALL)).await.unwrap();
        assert_eq!(came, Admitted::Enrolled { values: 4 });
        let (_, tokens) = bed.connect("more-1", "courier").await;
        let given = bed.ask(&tokens.access_token, "delivery", &["contact_phone"], false).await.unwrap();
        let phone: Vec<_> = given.items().map(|(_, value)| value.expose().to_vec()).collect();
        assert_eq!(phone, [b"15400000001".to_vec()]);
    })
}

#[test]
fn the_same_person_with_the_same_values_changes_nothing() {
    for suite in [Suite::Guomi, Suite::International] {
        let bed = Bed::memory(suite);
        block_on(async {
            bring(&bed, Existing::Refuse, person("more-1", ALL)).await.unwrap();
            let before = entries(&bed);
            let spelled = [("contact_phone", "15400000001"), ("email_address", "Ann@people.example")];
            for existing in [Existing::Refuse, Existing::Correct] {
                for values in [ALL, &spelled, &[]] {
                    let again = bring(&bed, existing, person("more-1", values)).await;
                    assert_eq!(again.unwrap(), Admitted::Unchanged);
                }
            }
            assert_eq!(entries(&bed), before);
        });
    }
}

#[test]
fn other_values_are_refused_or_stored_as_a_correction_of_what_changed() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        bring(&bed, Existing::Refuse, person("more-1", ALL)).await.unwrap();
        let before = entries(&bed);
        let other = [("name", "示例用户"), ("contact_phone", "15400000002"), ("nickname", "小样")];
        let refused = bring(&bed, Existing::Refuse, person("more-1", &other)).await;
        assert!(matches!(refused, Err(EnrolError::AlreadyEnrolled)), "{refused:?}");
        assert_eq!(entries(&bed), before);
        let corrected = bring(&bed, Existing::Correct, person("more-1", &other)).await.unwrap();
        assert_eq!(corrected, Admitted::Corrected { values: 2 });
        assert_eq!(entries(&bed), before + 2);
        // Back to what it was before is a change as well.
        let back =
            bring(&bed, Existing::Correct, person("more-1", &[("contact_phone", "15400000001")])).await;
        assert_eq!(back.unwrap(), Admitted::Corrected { values: 1 });

        let guarded = NewPerson { guardian_required: true, ..person("more-1", ALL) };
        assert!(matches!(bring(&bed, Existing::Correct, guarded).await, Err(EnrolError::Guardian)));
    })
}

#[test]
fn a_person_with_a_bad_value_stays_out_whole_and_no_value_is_repeated() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let before = entries(&bed);
        let bad = [("name", "示例"), ("contact_phone", "canary-1"), ("email_address", "canary-2")];
        let error = bring(&bed, Existing::Refuse, person("more-1", &bad)).await.unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
        let EnrolError::Values(faults) = error else { panic!("{error:?}") };
        let faults: Vec<_> = faults.iter().map(|(item, fault)| (item.as_str(), fault.code())).collect();
        assert_eq!(faults, [("contact_phone", "not-phone"), ("email_address", "not-email")]);
        let unknown = bring(&bed, Existing::Refuse, person("more-1", &[("shoe_size", "42")])).await;
        assert!(matches!(unknown, Err(EnrolError::UnknownItem(id)) if id == "shoe_size"));
        let twice = bring(&bed, Existing::Refuse, person("more-1", &[("name", "a"), ("name", "b")])).await;
        assert!(matches!(twice, Err(EnrolError::Twice(id)) if id == "name"));
        assert_eq!(entries(&bed), before);
        assert!(bed.gateway.rehearse(&person("more-1", ALL), Existing::Refuse).is_ok());
        assert_eq!(entries(&bed), before);
    })
}

#[test]
fn many_come_in_together_and_a_person_twice_among_them_once() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let brought =
            ["more-1", "more-2", "more-1"].map(|id| bed.gateway.prepare(person(id, ALL), Existing::Refuse));
        let results = bed.gateway.admit_all(brought.into_iter().collect()).await;
        let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        let enrolled = Admitted::Enrolled { values: 4 };
        assert_eq!(results, [enrolled, enrolled, Admitted::Unchanged]);
        let keys: Vec<_> = bed.verifier_keys.clone();
        let report = yinuo_ledger::verify(bed.ledger.reader(), &keys, &mut |_| {}).unwrap();
        assert!(report.first_bad.is_none(), "{:?}", report.first_bad);
    })
}

/// An answer that depends on what somebody has would be a look at it that nobody recorded.
#[test]
fn guessing_what_somebody_has_is_told_nothing_and_soon_not_even_answered() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        bring(&bed, Existing::Refuse, person("more-1", ALL)).await.unwrap();
        let wrong = [("name", "canary")];
        let rehearsed = |values: &[(&str, &str)]| {
            format!("{:?}", bed.gateway.rehearse(&person("more-1", values), Existing::Refuse).unwrap())
        };
        assert_eq!(rehearsed(ALL), rehearsed(&wrong));
        // Right values are recognised, as bringing the same file again needs it, until too many were wrong.
        assert!(bring(&bed, Existing::Refuse, person("more-1", ALL)).await.is_ok());
        for _ in 0..30 {
            assert!(bring(&bed, Existing::Refuse, person("more-1", &wrong)).await.is_err());
        }
        let right = bring(&bed, Existing::Refuse, person("more-1", ALL)).await;
        assert!(matches!(right, Err(EnrolError::AlreadyEnrolled)), "{right:?}");
    });
}
