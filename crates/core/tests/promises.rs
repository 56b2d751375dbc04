//! The promises that decisions alone can keep (design §3: 1, 3, 5, 9), each over everything small or anything random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use proptest::prelude::*;
use world::*;
use yinuo_core::{Answer, Earlier, Slot, decide};
use yinuo_domain::*;

type Prepare = Box<dyn Fn(&mut World)>;

/// Promise 1: no release without a live grant for that subject, app, purpose and item.
#[test]
fn promise_1_no_release_without_a_live_grant() {
    let whole = || WithdrawalScope::Whole;
    let year = 365 * Timestamp::DAY_MS;
    #[rustfmt::skip]
    let cases: Vec<(&str, Prepare, Purpose, &str)> = vec![
        ("nothing was ever allowed",     Box::new(|_| ()),                                                          DELIVERY, "no-grant"),
        ("allowed",                      Box::new(|w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); }),                 DELIVERY, "released"),
        ("another purpose was allowed",  Box::new(|w| { w.consent(&[(OFFERS, EXTRA, EXTRA)]); }),                   DELIVERY, "not-granted"),
        ("another item was allowed",     Box::new(|w| { w.consent(&[(DELIVERY, BASIC, &["name"])]); }),             DELIVERY, "not-granted+other-item-refused"),
        ("one millisecond before its end", Box::new(move |w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); w.now = NOW.after_ms(year - 1); }), DELIVERY, "released"),
        ("exactly at its end",           Box::new(move |w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); w.now = NOW.after_ms(year); }),     DELIVERY, "expired"),
        ("withdrawn",                    Box::new(move |w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); w.withdraw(whole()); }),            DELIVERY, "withdrawn"),
        ("one item withdrawn",           Box::new(|w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); w.withdraw(WithdrawalScope::Items(vec![(DELIVERY, items(&["name"]))])); }), DELIVERY, "other-item-refused+withdrawn"),
        ("withdrawn, then allowed again", Box::new(move |w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); w.withdraw(whole()); w.consent(&[(DELIVERY, BASIC, BASIC)]); }), DELIVERY, "released"),
        ("withdrawn, then something else allowed", Box::new(move |w| { w.consent(&[(DELIVERY, BASIC, BASIC), (OFFERS, EXTRA, EXTRA)]); w.withdraw(whole()); w.consent(&[(OFFERS, EXTRA, EXTRA)]); }), DELIVERY, "withdrawn"),
        ("what binds has changed",       Box::new(|w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); let mut d = declaration(); d.items[0].retention_days = 31; w.declare(&d); }), DELIVERY, "consent-outdated"),
        ("a name was corrected",         Box::new(|w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); let mut d = declaration(); d.name = text("The Courier"); w.declare(&d); }), DELIVERY, "released"),
        ("the account is gone",          Box::new(|w| { w.consent(&[(DELIVERY, BASIC, BASIC)]); w.stream.as_mut().unwrap().deleted = true; }), DELIVERY, "account-deleted"),
    ];
    for (name, prepare, purpose, expected) in cases {
        let mut world = World::new();
        prepare(&mut world);
        assert_eq!(word(&world.ask(purpose, BASIC, false)), expected, "{name}");
    }
}

/// Promise 3: never more than asked for, granted, declared and within the partner's ceiling, over every combination
/// of the four for two items.
#[test]
fn promise_3_released_is_the_intersection() {
    let both = ["name", "delivery_address"];
    let subsets: Vec<Vec<&str>> = (0..4u8)
        .map(|bits| {
            both.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, id)| *id).collect()
        })
        .collect();
    for asked in &subsets {
        for granted in &subsets {
            for declared in &subsets {
                for ceiling in &subsets {
                    let mut world = World::new();
                    world.consent(&[(DELIVERY, BASIC, granted)]);
                    // What is declared or allowed for the partner may shrink after the consent.
                    let app = world.platform.apps.get_mut(&app()).unwrap();
                    let mut shrunk = (*app.declaration).clone();
                    shrunk.items.retain(|line| items(declared).contains(line.item));
                    app.declaration = shrunk.into();
                    let partner = world.platform.partners.get_mut(&partner()).unwrap();
                    let mut profile = (*partner.profile).clone();
                    profile.ceiling = items(ceiling);
                    partner.profile = profile.into();

                    let expected = items(asked)
                        .intersection(items(granted))
                        .intersection(items(declared))
                        .intersection(items(ceiling));
                    assert_eq!(released(&world.ask(DELIVERY, asked, true)), expected);
                    let all = released(&world.ask(DELIVERY, asked, false));
                    assert_eq!(all, if expected == items(asked) { expected } else { ItemSet::EMPTY });
                }
            }
        }
    }
}

/// Grants never accumulate over time: what is not ticked again in a later consent no longer counts.
#[test]
fn promise_3_a_tick_that_was_removed_no_longer_counts() {
    let mut world = World::consented();
    world.consent(&[(DELIVERY, BASIC, &["name"])]);
    assert_eq!(word(&world.ask(DELIVERY, &["name"], false)), "released");
    assert_eq!(word(&world.ask(DELIVERY, &["delivery_address"], false)), "withdrawn");
}

/// Grants never accumulate across purposes: what was allowed for one is never given under another.
#[test]
fn nothing_of_one_purpose_leaves_under_another() {
    let mut world = World::consented();
    for id in EXTRA {
        assert_eq!(word(&world.ask(DELIVERY, &[id], false)), "not-declared");
    }
    for id in BASIC {
        assert_eq!(word(&world.ask(OFFERS, &[id], false)), "not-declared");
    }
}

/// Promise 5: a partner out of standing gets nothing at the next decision, and a reinstated one finds consents as they were.
#[test]
fn promise_5_a_partner_out_of_standing_gets_nothing() {
    let mut world = World::consented();
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "released");
    world.change(PlatformChange::SuspendPartner(partner()));
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "partner-suspended");
    assert_eq!(word(&world.ask(DELIVERY, BASIC, true)), "partner-suspended");
    world.change(PlatformChange::ReinstatePartner(partner()));
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "released");
    world.change(PlatformChange::TerminatePartner(partner()));
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "partner-terminated");
    let (document, bytes) = world.document(yinuo_rules::partner_bytes(&profile()).unwrap());
    assert_eq!(word(&world.change(PlatformChange::RegisterPartner { document, bytes })), "already-exists");
}

/// Promise 3: a narrower ceiling counts at the next decision, although the app still declares more.
#[test]
fn promise_3_a_revised_ceiling_counts_at_the_next_decision() {
    let mut world = World::consented();
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "released");
    let revise = |world: &mut World, profile: &PartnerProfile| {
        let (document, bytes) = world.document(yinuo_rules::partner_bytes(profile).unwrap());
        word(&world.change(PlatformChange::RevisePartner {
            partner: profile.partner.clone(),
            document,
            bytes,
        }))
    };
    let narrower = PartnerProfile { ceiling: items(&["name"]), ..profile() };
    assert_eq!(revise(&mut world, &narrower), "done");
    assert_eq!(word(&world.ask(DELIVERY, &["delivery_address"], false)), "over-ceiling");
    assert_eq!(word(&world.ask(DELIVERY, &["name"], false)), "released");
    assert_eq!(revise(&mut world, &profile()), "done");
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "released");
    let nobody = PartnerProfile { partner: PartnerId::parse("nobody").unwrap(), ..profile() };
    assert_eq!(revise(&mut world, &nobody), "unknown-partner");
    // People agreed to a recipient by its name: it may change how it is reached, not who it is.
    let name = yinuo_domain::LocalText { zh: "另一家".into(), en: "Somebody else".into() };
    let renamed = PartnerProfile { name, ..profile() };
    assert_eq!(revise(&mut world, &renamed), "recipient-changed");
}

/// Promise 9: declining every optional item never touches the basic function service, in each of the 39 categories:
/// what the regulation calls necessary can be declared, consented to and disclosed with nothing else allowed.
#[test]
fn promise_9_declining_what_is_optional_never_blocks_the_basic_service() {
    let packs = yinuo_rules::packs().unwrap();
    let optional = item("email_address");
    for category in packs.necessary.iter() {
        let necessary = category.necessary_items();
        let mut app_declaration = declaration();
        app_declaration.category = category.category;
        let id = |item: Item| packs.catalogue.by_code(item).unwrap().id.clone();
        app_declaration.items = necessary.iter().map(|item| line(DELIVERY, &id(item), true)).collect();
        app_declaration.items.push(line(OFFERS, "email_address", false));
        let mut world = World::empty();
        let mut profile = profile();
        profile.ceiling = packs.catalogue.all();
        let (document, bytes) = world.document(yinuo_rules::partner_bytes(&profile).unwrap());
        world.change(PlatformChange::RegisterPartner { document, bytes });
        assert_eq!(word(&world.declare(&app_declaration)), "done", "{}", category.id);
        world.publish(1);
        world.run(&Command::Enrol { subject: SUBJECT, own: OWN, values: vec![] });

        let offers = ItemSet::from_iter([optional]);
        let command =
            world.consent_command(&[(DELIVERY, necessary, necessary), (OFFERS, offers, ItemSet::EMPTY)]);
        if necessary.is_empty() {
            // Nothing is necessary: there is nothing to agree to, and refusing leaves no trace.
            assert_eq!(word(&world.run(&command)), "nothing-chosen", "{}", category.id);
            assert!(world.stream.is_none());
            continue;
        }
        assert_eq!(word(&world.run(&command)), "done", "{}", category.id);
        assert_eq!(released(&world.run(&disclose(DELIVERY, necessary, false))), necessary, "{}", category.id);
        assert_eq!(word(&world.run(&disclose(OFFERS, offers, false))), "not-granted");
    }
}

/// No app may call necessary what its category does not, and none of the 13 categories without may call anything so.
#[test]
fn only_what_the_category_allows_is_called_necessary() {
    let packs = yinuo_rules::packs().unwrap();
    for category in packs.necessary.iter() {
        for entry in packs.catalogue.iter() {
            let mut app_declaration = declaration();
            app_declaration.category = category.category;
            app_declaration.items = vec![line(DELIVERY, &entry.id, true)];
            let problems = yinuo_rules::check_declaration(packs, packs.catalogue.all(), &app_declaration);
            let refused = problems.iter().any(|problem| problem.refusal == Refusal::NotNecessary);
            assert_eq!(
                refused,
                !category.necessary_items().contains(entry.item),
                "{} {}",
                category.id,
                entry.id
            );
        }
    }
}

/// Frequency: exactly the declared number in a period of log time, then refused, then allowed again.
#[test]
fn an_item_leaves_as_often_as_declared() {
    let mut world = World::consented();
    for _ in 0..3 {
        assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "released");
    }
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "frequency-exceeded");
    world.now = NOW.after_ms(3_600_000 - 1);
    assert_eq!(word(&world.ask(DELIVERY, &["name"], false)), "frequency-exceeded");
    world.now = NOW.after_ms(3_600_000);
    assert_eq!(word(&world.ask(DELIVERY, &["name"], false)), "released");
}

/// A repeat is decided again, is not counted, and gives nothing that its first answer did not.
#[test]
fn a_repeat_gives_no_more_than_the_first_answer() {
    let mut world = World::consented();
    for _ in 0..3 {
        world.ask(DELIVERY, BASIC, false);
    }
    let first = Earlier {
        disclosure: DisclosureId([7; 16]),
        at: world.now,
        released: items(&["name"]),
        same_request: true,
    };
    let repeat = |world: &World, earlier: Earlier| {
        let mut loaded = world.loaded();
        loaded.earlier = Some(earlier);
        decide(&loaded, &disclose(DELIVERY, items(&["name", "delivery_address"]), true), world.now)
    };
    let outcome = repeat(&world, first);
    assert_eq!(released(&outcome), items(&["name"]));
    assert!(
        matches!(&outcome.facts[0].1, Fact::Redelivered(d) if d.disclosure == first.disclosure && d.withheld == [(item("delivery_address"), Reason::NotInFirstAnswer)])
    );
    let before = world.stream.clone();
    world.fold(&outcome);
    assert_eq!(world.stream, before, "a repeat is not counted");

    assert_eq!(word(&repeat(&world, Earlier { same_request: false, ..first })), "idempotency-conflict");
    world.now = NOW.after_ms(yinuo_core::IDEMPOTENCY_MS);
    assert!(
        matches!(repeat(&world, first).facts[0].1, Fact::Disclosed(_)),
        "a day later it is a new request"
    );
    world.withdraw(WithdrawalScope::Whole);
    world.now = NOW.after_ms(1000);
    assert_eq!(word(&repeat(&world, first)), "withdrawn");
}

#[test]
fn a_guardian_who_has_not_agreed_stops_consent_and_release() {
    let mut world = World::new();
    let give = |world: &mut World, guardian: Guardian| {
        let Command::GiveConsent {
            subject,
            own,
            app,
            tag,
            choices,
            notice,
            fingerprint,
            expires_at,
            evidence,
            ..
        } = world.consent_command(&[(DELIVERY, items(BASIC), items(BASIC))])
        else {
            unreachable!()
        };
        world.run(&Command::GiveConsent {
            subject,
            own,
            app,
            tag,
            choices,
            notice,
            fingerprint,
            expires_at,
            evidence,
            guardian,
        })
    };
    let ask = |world: &mut World| {
        let Command::Disclose {
            subject,
            app,
            tag,
            purpose,
            items,
            partial,
            stored,
            values,
            request,
            disclosure,
            idempotency,
            ..
        } = disclose(DELIVERY, items(BASIC), false)
        else {
            unreachable!()
        };
        world.run(&Command::Disclose {
            subject,
            app,
            tag,
            purpose,
            items,
            partial,
            stored,
            values,
            guardian_required: true,
            request,
            disclosure,
            idempotency,
        })
    };
    assert_eq!(word(&give(&mut world, Guardian::Missing)), "guardian-required");
    assert_eq!(word(&give(&mut world, Guardian::NotRequired)), "done");
    assert_eq!(word(&ask(&mut world)), "guardian-required");
    assert_eq!(word(&give(&mut world, Guardian::Agreed)), "done");
    assert_eq!(word(&ask(&mut world)), "released");
}

#[test]
fn what_was_not_loaded_is_refused_and_never_taken_for_absent() {
    let world = World::consented();
    let mut loaded = world.loaded();
    loaded.stream = Slot::NotLoaded;
    assert_eq!(word(&decide(&loaded, &disclose(DELIVERY, items(BASIC), false), NOW)), "not-loaded");
    loaded = world.loaded();
    loaded.own = Slot::NotLoaded;
    assert_eq!(
        word(&decide(&loaded, &Command::DeleteAccount { subject: SUBJECT, own: OWN }, NOW)),
        "not-loaded"
    );
    assert_eq!(
        word(&decide(&loaded, &world.consent_command(&[(DELIVERY, items(BASIC), items(BASIC))]), NOW)),
        "not-loaded"
    );
    loaded = world.loaded();
    loaded.streams = Slot::NotLoaded;
    assert_eq!(
        word(&decide(&loaded, &Command::DeleteAccount { subject: SUBJECT, own: OWN }, NOW)),
        "not-loaded"
    );
}

#[test]
fn without_an_engine_or_with_another_one_nothing_is_decided() {
    let mut world = World::consented();
    world.platform.engine = None;
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "no-engine");
    let other = Engine {
        decision: yinuo_core::DECISION_VERSION + 1,
        ..yinuo_rules::packs().unwrap().engine(SUITE, 1)
    };
    world.platform.engine = Some(other);
    assert_eq!(word(&world.ask(DELIVERY, BASIC, false)), "unknown-engine");
    assert_eq!(word(&world.change(PlatformChange::ActivateEngine(other))), "unknown-engine");
    // But a person can always leave.
    assert_eq!(word(&world.withdraw(WithdrawalScope::Whole)), "done");
}

#[test]
fn revoke_and_consent_again_works_a_thousand_times() {
    let mut world = World::new();
    for round in 1..=1000 {
        assert_eq!(word(&world.consent(&[(DELIVERY, BASIC, BASIC)])), "done");
        assert_eq!(word(&world.withdraw(WithdrawalScope::Whole)), "done");
        assert_eq!(world.stream.as_ref().unwrap().grant.as_ref().unwrap().version, round);
    }
}

/// One random step in the life of one consent.
#[derive(Clone, Debug)]
enum Step {
    Consent(Vec<(Purpose, u8)>),
    Withdraw(Option<(Purpose, u8)>),
    Ask(Purpose, u8, bool),
    Suspend,
    Reinstate,
    Hide,
    Show,
    Redeclare(u32),
    Wait(u64),
}

fn subset(purpose: Purpose, bits: u8) -> ItemSet {
    let all = if purpose == DELIVERY { BASIC } else { EXTRA };
    all.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, id)| item(id)).collect()
}

fn step() -> impl Strategy<Value = Step> {
    let purpose = prop_oneof![Just(DELIVERY), Just(OFFERS)];
    let part = (purpose.clone(), 0u8..8);
    prop_oneof![
        3 => proptest::collection::vec(part.clone(), 1..3).prop_map(Step::Consent),
        1 => proptest::option::of(part.clone()).prop_map(Step::Withdraw),
        5 => (purpose, 1u8..8, any::<bool>()).prop_map(|(p, bits, partial)| Step::Ask(p, bits, partial)),
        1 => Just(Step::Suspend), 1 => Just(Step::Reinstate), 1 => Just(Step::Hide), 1 => Just(Step::Show),
        1 => (30u32..33).prop_map(Step::Redeclare),
        1 => (0u64..40 * Timestamp::DAY_MS).prop_map(Step::Wait),
    ]
}

fn take(world: &mut World, step: &Step) {
    match step {
        Step::Consent(parts) => {
            let all = |p: Purpose| subset(p, 7);
            let choices: Vec<_> = parts.iter().map(|(p, bits)| (*p, all(*p), subset(*p, *bits))).collect();
            let command = world.consent_command(&choices);
            world.run(&command);
        }
        Step::Withdraw(None) => drop(world.withdraw(WithdrawalScope::Whole)),
        Step::Withdraw(Some((p, bits))) => {
            drop(world.withdraw(WithdrawalScope::Items(vec![(*p, subset(*p, *bits))])))
        }
        Step::Ask(p, bits, partial) => drop(world.run(&disclose(*p, subset(*p, *bits), *partial))),
        Step::Suspend => drop(world.change(PlatformChange::SuspendPartner(partner()))),
        Step::Reinstate => drop(world.change(PlatformChange::ReinstatePartner(partner()))),
        Step::Hide => drop(world.change(PlatformChange::HideApp(app()))),
        Step::Show => drop(world.change(PlatformChange::ShowApp(app()))),
        Step::Redeclare(days) => {
            let mut changed = declaration();
            changed.items[0].retention_days = *days;
            world.declare(&changed);
        }
        Step::Wait(ms) => world.now = world.now.after_ms(*ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Removing a tick from any one consent never releases an item more, whatever happens before and after.
    #[test]
    fn removing_a_choice_never_releases_more(steps in proptest::collection::vec(step(), 1..14), at in 0usize..14, removed in 0u8..8) {
        let mut fewer = steps.clone();
        if let Some(Step::Consent(parts)) = fewer.get_mut(at) {
            for (_, bits) in parts { *bits &= !removed; }
        }
        let (mut all, mut less) = (World::new(), World::new());
        for (a, b) in steps.iter().zip(&fewer) {
            take(&mut all, a);
            take(&mut less, b);
            for purpose in [DELIVERY, OFFERS] {
                let ask = |world: &World| {
                    // Frequency is another matter: having received less, a partner may ask more often.
                    let mut world = world.clone();
                    world.stream.iter_mut().for_each(|stream| stream.cells.clear());
                    released(&world.decide(&disclose(purpose, subset(purpose, 7), true)))
                };
                prop_assert!(ask(&less).is_subset(ask(&all)), "{purpose:?} after {b:?}");
            }
        }
    }

    /// Replay agrees with every decision; with any one fact left out or made larger, it does not agree with all of them.
    #[test]
    fn replay_agrees_with_every_decision(steps in proptest::collection::vec(step(), 1..20)) {
        let mut world = World::new();
        steps.iter().for_each(|step| take(&mut world, step));
        prop_assert_eq!(replay(&world, &world.facts), None);

        for (at, (_, _, fact)) in world.facts.iter().enumerate() {
            if let Fact::Disclosed(disclosed) = fact {
                let mut forged = world.facts.clone();
                let mut more = disclosed.clone();
                more.released = more.requested.union(ItemSet::from_iter([item("passport")]));
                forged[at].2 = Fact::Disclosed(more);
                prop_assert_eq!(replay(&world, &forged), Some(at));
            }
        }
    }
}

/// A release whose consent was left out of the log is found by replay.
#[test]
fn a_release_without_its_consent_in_the_log_is_found() {
    let mut world = World::consented();
    assert!(matches!(world.ask(DELIVERY, BASIC, false).answer, Answer::Released { .. }));
    let mut facts = world.facts.clone();
    facts.retain(|(_, _, fact)| !matches!(fact, Fact::ConsentGiven { .. }));
    assert_eq!(replay(&world, &facts), Some(facts.len() - 1));
}
