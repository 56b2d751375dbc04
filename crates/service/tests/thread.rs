//! One promise from end to end below HTTP, over both suites and both stores.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use bed::*;
use futures_executor::block_on;
use yinuo_domain::{Reason, Refusal, Suite};
use yinuo_service::*;

fn beds() -> Vec<(Bed, Option<tempfile::TempDir>)> {
    let mut beds = Vec::new();
    for suite in [Suite::Guomi, Suite::International] {
        beds.push((Bed::memory(suite), None));
        let dir = tempfile::tempdir().unwrap();
        beds.push((Bed::sqlite(suite, dir.path()), Some(dir)));
    }
    beds
}

fn reasons(answer: Result<Delivered, DiscloseError>) -> Vec<(String, Reason)> {
    match answer {
        Err(DiscloseError::Withheld { items, .. }) => items,
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("released"),
    }
}

#[test]
fn consent_release_withdrawal_refusal() {
    for (bed, _dir) in beds() {
        block_on(async {
            let (session, tokens) = bed.connect("ann", "courier").await;
            let delivered = bed.ask(&tokens.access_token, "delivery", DELIVERY, false).await.unwrap();
            for (item, value) in delivered.items() {
                assert_eq!(std::str::from_utf8(value.expose()).unwrap(), value_of("ann", item));
            }
            assert_eq!(delivered.items().count(), DELIVERY.len());
            assert!(delivered.ready(&bed.gateway));
            drop(delivered);

            // What was not ticked is not given, and naming it refuses the rest unless a part will do.
            assert_eq!(
                reasons(bed.ask(&tokens.access_token, "offers", OFFERS, true).await),
                [("email_address".to_owned(), Reason::NotGranted)]
            );

            bed.gateway.withdraw(&session, &app("courier"), Withdrawing::Whole).await.unwrap();
            for (_, reason) in reasons(bed.ask(&tokens.access_token, "delivery", DELIVERY, false).await) {
                assert_eq!(reason, Reason::Withdrawn);
            }
            let history = bed.gateway.history(&session, None).unwrap();
            let kinds: Vec<HistoryKind> = history.lines.iter().map(|line| line.kind).collect();
            use HistoryKind::*;
            assert_eq!(kinds, [Withheld, Withdrawn, Withheld, Disclosed, Consented]);
        });
    }
}

#[test]
fn choosing_nothing_is_refusing_and_leaves_no_trace() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("ann").await;
        let back = bed.agree(&session, "courier", &[]).await.unwrap();
        assert!(
            back.starts_with("https://courier.example/back?error=access_denied&state=a-state&iss="),
            "{back}"
        );
        assert!(bed.gateway.history(&session, None).unwrap().lines.is_empty());
    });
}

#[test]
fn a_request_is_answered_once() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("ann").await;
        let uri = bed.push("courier").await;
        bed.gateway.refuse(&session, &app("courier"), &uri).await.unwrap();
        assert!(matches!(
            bed.gateway.consent_view(&session, &app("courier"), &uri),
            Err(PageError::RequestGone)
        ));
        // Nor by another client, nor after its time.
        let uri = bed.push("courier").await;
        assert!(matches!(
            bed.gateway.consent_view(&session, &app("shop"), &uri),
            Err(PageError::RequestGone)
        ));
        bed.clock.forward_ms(90_000);
        assert!(matches!(
            bed.gateway.consent_view(&session, &app("courier"), &uri),
            Err(PageError::RequestGone)
        ));
    });
}

#[test]
fn what_was_not_shown_cannot_be_agreed_to() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("ann").await;
        let unseen = bed.agree(&session, "courier", &[("delivery", "email_address")]).await;
        assert!(matches!(unseen, Err(PageError::Refused(Refusal::NotShown))));

        // The declaration changes between showing and agreeing.
        let request_uri = bed.push("courier").await;
        let view = bed.gateway.consent_view(&session, &app("courier"), &request_uri).unwrap();
        let mut changed = bed.declaration("courier", &bed.courier.public_jwks());
        changed.items[0].retention_days = 31;
        bed.gateway.declare_app(&staff(), &changed).await.unwrap();
        let choices = vec![("delivery".to_owned(), "name".to_owned())];
        let agreement = Agreement {
            client: app("courier"),
            request_uri,
            choices,
            shown: view.shown,
            recipient: view.recipient,
            days: 365,
            guardian_agreed: false,
        };
        assert!(matches!(bed.gateway.agree(&session, agreement).await, Err(PageError::Outdated)));
    });
}

#[test]
fn a_code_is_redeemed_once_and_a_copy_ends_what_came_of_it() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("ann").await;
        let back = bed.agree(&session, "courier", &[("delivery", "name")]).await.unwrap();
        assert!(bed.redeem("shop", &back).await.is_err(), "another client's code");
        let back = bed.agree(&session, "courier", &[("delivery", "name")]).await.unwrap();
        let tokens = bed.redeem("courier", &back).await.unwrap();
        assert!(bed.ask(&tokens.access_token, "delivery", &["name"], false).await.is_ok());
        assert!(bed.redeem("courier", &back).await.is_err(), "a second time");
        assert!(matches!(
            bed.ask(&tokens.access_token, "delivery", &["name"], false).await,
            Err(DiscloseError::Token)
        ));
    });
}

#[test]
fn a_refresh_token_rotates_and_a_copy_ends_the_family() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, tokens) = bed.connect("ann", "courier").await;
        let refresh = |token: yinuo_oauth::Opaque| {
            parameters(&[("grant_type", "refresh_token"), ("refresh_token", token.as_str())])
        };
        let second =
            bed.gateway.token(&app("courier"), &refresh(tokens.refresh_token.clone())).await.unwrap();
        assert!(bed.ask(&second.access_token, "delivery", &["name"], false).await.is_ok());
        assert!(bed.gateway.token(&app("courier"), &refresh(tokens.refresh_token)).await.is_err());
        assert!(matches!(
            bed.ask(&second.access_token, "delivery", &["name"], false).await,
            Err(DiscloseError::Token)
        ));
        assert!(bed.gateway.token(&app("courier"), &refresh(second.refresh_token)).await.is_err());
    });
}

/// After a withdrawal or a deletion, every kind of token is worth nothing.
#[test]
fn tokens_end_with_the_consent() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (session, tokens) = bed.connect("ann", "courier").await;
        let about = parameters(&[("token", tokens.access_token.as_str())]);
        assert_eq!(bed.gateway.introspect(&app("courier"), &about).await.unwrap()["active"], true);
        assert_eq!(bed.gateway.introspect(&app("shop"), &about).await.unwrap()["active"], false);
        bed.gateway.withdraw(&session, &app("courier"), Withdrawing::Whole).await.unwrap();
        assert_eq!(bed.gateway.introspect(&app("courier"), &about).await.unwrap()["active"], false);
        let refresh =
            parameters(&[("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())]);
        assert!(bed.gateway.token(&app("courier"), &refresh).await.is_err());

        let (session, tokens) = bed.connect("bob", "courier").await;
        bed.gateway.delete_account(&session).await.unwrap();
        assert!(matches!(
            bed.ask(&tokens.access_token, "delivery", &["name"], false).await,
            Err(DiscloseError::Token)
        ));
        assert!(matches!(bed.gateway.sign_in("bob").await, Err(SignInError::NotEnrolled)));
    });
}

#[test]
fn a_repeat_under_one_key_is_one_disclosure() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, tokens) = bed.connect("ann", "courier").await;
        let mut first = ask(&tokens.access_token, "delivery", DELIVERY, false);
        first.idempotency_key = Some("order-1".to_owned());
        let again = first.clone();
        let mut other = ask(&tokens.access_token, "delivery", &["name"], false);
        other.idempotency_key = Some("order-1".to_owned());
        let one = bed.gateway.disclose(first).await.unwrap().disclosure;
        assert_eq!(bed.gateway.disclose(again).await.unwrap().disclosure, one);
        assert!(matches!(bed.gateway.disclose(other).await, Err(DiscloseError::IdempotencyConflict)));
    });
}

#[test]
fn a_childs_consent_needs_the_guardian() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("chi").await;
        let without = bed.agree(&session, "courier", &[("delivery", "name")]).await;
        assert!(matches!(without, Err(PageError::Refused(Refusal::GuardianRequired))));
    });
}

#[test]
fn a_person_sees_the_proof_of_their_own_entries_only() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (session, tokens) = bed.connect("ann", "courier").await;
        let index = bed.ask(&tokens.access_token, "delivery", &["name"], false).await.unwrap().receipt.index;
        assert!(bed.gateway.proof(&session, "g/0", index).is_ok());
        let (_, other) = bed.session("bob").await;
        assert!(matches!(bed.gateway.proof(&other, "g/0", index), Err(PageError::NotFound)));
        assert!(matches!(bed.gateway.proof(&session, "platform", 0), Err(PageError::NotFound)));
    });
}

#[test]
fn what_merely_passes_goes() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        bed.connect("ann", "courier").await;
        assert_eq!(bed.gateway.sweep().await.unwrap(), 0);
        bed.clock.forward_ms(31 * yinuo_domain::Timestamp::DAY_MS);
        // Session, request URI, code, access and refresh token.
        assert_eq!(bed.gateway.sweep().await.unwrap(), 5);
    });
}

/// What was shown and chosen can be shown again from the fact, its documents and the person's own key, and only so.
#[test]
fn a_consents_evidence_is_made_again_from_its_fact() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (session, _) = bed.connect("ann", "courier").await;
        let index = bed.gateway.history(&session, None).unwrap().lines[0].index;
        assert!(bed.gateway.evidence_holds(&session, index).unwrap());
        let (_, other) = bed.session("bob").await;
        assert!(matches!(bed.gateway.evidence_holds(&other, index), Err(PageError::NotFound)));
    });
}

#[test]
fn what_may_not_leave_any_more_is_recorded() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (session, tokens) = bed.connect("ann", "courier").await;
        let delivered = bed.ask(&tokens.access_token, "delivery", DELIVERY, false).await.unwrap();
        bed.clock.forward_ms(1_000);
        assert!(!delivered.ready(&bed.gateway));
        let disclosure = delivered.disclosure;
        bed.gateway.not_delivered(delivered).await.unwrap();
        let last = &bed.gateway.history(&session, None).unwrap().lines[0];
        assert_eq!((last.kind, last.disclosure), (HistoryKind::NotDelivered, Some(disclosure)));
    });
}

/// The request URI lasts 90 seconds for the browser to come; whoever came in time may take time to choose.
#[test]
fn a_person_may_take_their_time_once_they_arrived() {
    let bed = Bed::memory(Suite::Guomi);
    block_on(async {
        let (_, session) = bed.session("ann").await;
        let (uri, late) = (bed.push("courier").await, bed.push("courier").await);
        bed.gateway.arrive(&app("courier"), &uri).await.unwrap();
        bed.clock.forward_ms(90_000);
        assert!(matches!(bed.gateway.arrive(&app("courier"), &late).await, Err(PageError::RequestGone)));
        bed.gateway.arrive(&app("courier"), &uri).await.unwrap();
        bed.clock.forward_ms(13 * 60_000);
        bed.gateway.consent_view(&session, &app("courier"), &uri).unwrap();
        bed.clock.forward_ms(2 * 60_000);
        assert!(matches!(
            bed.gateway.consent_view(&session, &app("courier"), &uri),
            Err(PageError::RequestGone)
        ));
    });
}
