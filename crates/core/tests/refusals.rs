//! A partner that asks again and again does not fill the log: the first refusals of an hour are facts, the others a number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use world::*;
use yinuo_core::{Answer, REFUSALS_TOLD_MAX, count_is_due, count_refusal};
use yinuo_domain::*;

const HOUR: u64 = Timestamp::HOUR_MS;
/// Everything that is refused is refused for one of these.
const REASONS: u64 = Reason::EVERY.len() as u64 - 1;

/// Runs commands as the ledger does: what was counted is told before the next fact of the stream.
struct Told {
    world: World,
    counted: Option<RefusalCount>,
    refused: u64,
}

impl Told {
    fn new(world: World) -> Self {
        Self { world, counted: None, refused: 0 }
    }

    fn stream() -> StreamId {
        StreamId { app: Some(app()), tag: TAG }
    }

    /// What is counted becomes a fact.
    fn tell(&mut self) {
        if let Some(counted) = self.counted.take() {
            let fact = Fact::WithheldCounted(counted);
            let stream = self.world.stream.as_mut().unwrap();
            stream.apply(&fact, self.world.now, &self.world.platform, &app()).unwrap();
            self.world.facts.push((self.world.now, Some(Self::stream()), fact));
        }
    }

    fn run(&mut self, command: &Command) -> Answer {
        let outcome = self.world.decide(command);
        match &outcome.answer {
            Answer::Counted { requested, withheld } => {
                assert!(outcome.facts.is_empty());
                self.refused += 1;
                let counted = self.counted.take();
                self.counted = Some(count_refusal(counted, *requested, withheld, self.world.now));
            }
            answer => {
                self.refused += u64::from(matches!(answer, Answer::Withheld(_)));
                if outcome.facts.iter().any(|(stream, _)| *stream == Some(Self::stream())) {
                    self.tell();
                }
                self.world.fold(&outcome);
            }
        }
        outcome.answer
    }

    /// `fact`, `counted` or what else came of an ask.
    fn ask(&mut self, purpose: Purpose, ids: &[&str]) -> &'static str {
        match self.run(&disclose(purpose, items(ids), false)) {
            Answer::Withheld(_) => "fact",
            Answer::Counted { .. } => "counted",
            Answer::Released { .. } => "released",
            _ => "other",
        }
    }

    fn sweep(&mut self) {
        if self.counted.as_ref().is_some_and(|counted| count_is_due(counted) <= self.world.now) {
            self.tell();
        }
    }
}

fn many(told: &mut Told, times: usize, purpose: Purpose, ids: &[&str]) -> Vec<&'static str> {
    (0..times).map(|_| told.ask(purpose, ids)).collect()
}

#[test]
fn the_first_five_refusals_of_an_hour_are_facts_and_the_others_are_counted() {
    //  name, what came before, ask, expected
    type Before = fn(&mut Told);
    type Case = (&'static str, Before, (Purpose, &'static [&'static str]), &'static str);
    let full: Before = |told| drop(many(told, 5, OFFERS, &["name"]));
    #[rustfmt::skip]
    let cases: [Case; 11] = [
        ("the first",                      |_| {},                                               (OFFERS, &["name"]), "fact"),
        ("the fifth",                      |told| drop(many(told, 4, OFFERS, &["name"])),        (OFFERS, &["name"]), "fact"),
        ("the sixth",                      full,                                                 (OFFERS, &["name"]), "counted"),
        ("another item for the same reason", full,                                               (OFFERS, &["delivery_address"]), "counted"),
        ("the same with an innocent item", full,                                                 (OFFERS, &["name", "email_address"]), "counted"),
        ("what may leave",                 full,                                                 (OFFERS, &["email_address"]), "released"),
        ("the next hour",                  |told| { many(told, 9, OFFERS, &["name"]); told.world.now = NOW.after_ms(HOUR); }, (OFFERS, &["name"]), "fact"),
        ("the last moment of the hour",    |told| { many(told, 9, OFFERS, &["name"]); told.world.now = Timestamp((NOW.0 / HOUR + 1) * HOUR - 1); }, (OFFERS, &["name"]), "counted"),
        ("another reason",                 |told| { many(told, 9, OFFERS, &["name"]); told.run(&Command::Withdraw { subject: SUBJECT, app: app(), tag: TAG, scope: WithdrawalScope::Whole }); }, (DELIVERY, &["name"]), "fact"),
        ("both, one of them new",          |told| { many(told, 9, OFFERS, &["name"]); told.world.change(PlatformChange::HideApp(app())); }, (OFFERS, &["name"]), "fact"),
        ("a consent in between",           |told| { many(told, 9, OFFERS, &["name"]); let command = told.world.consent_command(&[(DELIVERY, items(BASIC), items(BASIC))]); told.run(&command); }, (OFFERS, &["name"]), "counted"),
    ];
    for (name, before, (purpose, ids), expected) in cases {
        let mut told = Told::new(World::consented());
        before(&mut told);
        assert_eq!(told.ask(purpose, ids), expected, "{name}");
        told.tell();
        assert_eq!(replay(&told.world, &told.world.facts), None, "{name}");
    }
}

#[test]
fn a_count_says_how_often_when_for_what_and_why() {
    let mut told = Told::new(World::consented());
    many(&mut told, 5, OFFERS, &["name"]);
    told.world.now = NOW.after_ms(1_000);
    many(&mut told, 2, OFFERS, &["name", "email_address"]);
    told.world.now = NOW.after_ms(9_000);
    many(&mut told, 1, OFFERS, &["name", "delivery_address"]);
    assert_eq!(told.world.withdraw(WithdrawalScope::Items(vec![])).facts.len(), 0, "nothing is taken back");
    told.tell();
    let Some((_, _, Fact::WithheldCounted(counted))) = told.world.facts.last() else { panic!() };
    let expected = RefusalCount {
        from: NOW.after_ms(1_000),
        until: NOW.after_ms(9_000),
        count: 3,
        requested: items(&["name", "email_address", "delivery_address"]),
        reasons: vec![(Reason::NotDeclared, 4), (Reason::OtherItemRefused, 2)],
    };
    assert_eq!(*counted, expected);
}

/// Nobody hides a refusal in a number that was not reached, nor a number in another hour or stream.
#[test]
fn a_count_that_was_not_lawful_is_found_by_replay() {
    let lawful = || {
        let mut told = Told::new(World::consented());
        told.world.now = NOW.after_ms(10);
        many(&mut told, 5, OFFERS, &["name"]);
        told.world.now = NOW.after_ms(20);
        many(&mut told, 2, OFFERS, &["name"]);
        told.world.now = NOW.after_ms(30);
        told.tell();
        told.world
    };
    let world = lawful();
    assert_eq!(replay(&world, &world.facts), None);
    let last = world.facts.len() - 1;
    type Change = fn(&mut RefusalCount);
    #[rustfmt::skip]
    let cases: [(&str, Change); 11] = [
        ("none",                           |counted| counted.count = 0),
        ("more than items were withheld",  |counted| counted.count = 3),
        ("before the fact before",         |counted| counted.from = NOW.after_ms(9)),
        ("backwards",                      |counted| counted.from = NOW.after_ms(21)),
        ("later than its own fact",        |counted| counted.until = NOW.after_ms(31)),
        ("for another reason",             |counted| counted.reasons = vec![(Reason::Withdrawn, 2)]),
        ("for another reason as well",     |counted| counted.reasons.insert(0, (Reason::Withdrawn, 2))),
        ("for no reason",                  |counted| counted.reasons.clear()),
        ("for no cause",                   |counted| counted.reasons = vec![(Reason::OtherItemRefused, 2)]),
        ("a reason twice",                 |counted| counted.reasons.push((Reason::NotDeclared, 2))),
        ("of nothing",                     |counted| counted.requested = ItemSet::EMPTY),
    ];
    for (name, change) in cases {
        let mut facts = world.facts.clone();
        let Fact::WithheldCounted(counted) = &mut facts[last].2 else { panic!() };
        change(counted);
        assert_eq!(replay(&world, &facts), Some(last), "{name}");
    }
    // One of the five left out; the count in another hour than they; in a stream without any.
    let mut facts = world.facts.clone();
    facts.remove(last - 1);
    assert_eq!(replay(&world, &facts), Some(last - 1));
    let mut facts = world.facts.clone();
    let Fact::WithheldCounted(counted) = &mut facts[last].2 else { panic!() };
    (counted.from, counted.until) = (NOW.after_ms(HOUR), NOW.after_ms(HOUR));
    facts[last].0 = NOW.after_ms(HOUR);
    assert_eq!(replay(&world, &facts), Some(last));
    let mut facts = world.facts.clone();
    facts[last].1 = Some(StreamId { app: Some(app()), tag: Tag([7; 16]) });
    assert_eq!(replay(&world, &facts), Some(last));
}

#[test]
fn a_sixth_refusal_with_a_fact_of_its_own_is_found_by_replay() {
    let mut told = Told::new(World::consented());
    many(&mut told, 5, OFFERS, &["name"]);
    let mut facts = told.world.facts.clone();
    facts.push(facts.last().unwrap().clone());
    assert_eq!(replay(&told.world, &facts), Some(facts.len() - 1));
}

/// A log of before is decided by the code of its day, in which every refusal was a fact and none was counted; from where on
/// another code is in force stands in the log.
#[test]
fn a_log_of_before_replays_as_it_was_and_the_rule_holds_from_the_engine_on() {
    let engine = |version| yinuo_rules::packs().unwrap().engine(SUITE, version);
    let mut world = World::consented();
    for (_, _, fact) in &mut world.facts {
        if let Fact::EngineActivated { engine, .. } = fact {
            engine.decision = 1;
        }
    }
    world.platform.engine = Some(engine(1));
    let mut told = Told::new(world);
    assert_eq!(many(&mut told, 40, OFFERS, &["name"]), ["fact"; 40]);
    assert_eq!(told.world.stream.as_ref().unwrap().refusals, None, "its rows stay as they were");
    assert_eq!(word(&told.world.change(PlatformChange::ActivateEngine(engine(2)))), "done");
    assert_eq!(many(&mut told, 6, OFFERS, &["name"])[4..], ["fact", "counted"]);
    told.tell();
    assert_eq!(replay(&told.world, &told.world.facts), None);
    assert_eq!(word(&told.world.change(PlatformChange::ActivateEngine(engine(1)))), "unknown-engine");

    let mut facts = told.world.facts.clone();
    facts
        .retain(|(_, _, fact)| !matches!(fact, Fact::EngineActivated { engine, .. } if engine.decision == 2));
    assert_eq!(replay(&told.world, &facts), Some(facts.len() - 1), "without the rule nothing is counted");
}

/// One thing that a partner, the platform or the time does.
#[derive(Clone, Debug)]
enum Step {
    Ask(bool, u8, bool),
    Withdraw,
    Consent(u8),
    Hide(bool),
    Suspend(bool),
    Wait(u64),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => (any::<bool>(), 1u8..32, any::<bool>()).prop_map(|(to, bits, part)| Step::Ask(to, bits, part)),
        1 => Just(Step::Withdraw),
        1 => (1u8..32).prop_map(Step::Consent),
        1 => any::<bool>().prop_map(Step::Hide),
        1 => any::<bool>().prop_map(Step::Suspend),
        4 => prop_oneof![Just(1), Just(60_000), Just(1_800_000), Just(2 * HOUR)].prop_map(Step::Wait),
        2 => Just(Step::Sweep),
    ]
}

fn subset(bits: u8) -> ItemSet {
    let all = BASIC.iter().chain(EXTRA).enumerate();
    all.filter(|(at, _)| bits >> at & 1 == 1).map(|(_, id)| item(id)).collect()
}

fn take(told: &mut Told, step: &Step) {
    match step {
        Step::Ask(offers, bits, partial) => {
            let purpose = if *offers { OFFERS } else { DELIVERY };
            drop(told.run(&disclose(purpose, subset(*bits), *partial)));
        }
        Step::Withdraw => drop(told.run(&Command::Withdraw {
            subject: SUBJECT,
            app: app(),
            tag: TAG,
            scope: WithdrawalScope::Whole,
        })),
        Step::Consent(bits) => {
            let shown = items(BASIC);
            let command = told.world.consent_command(&[(DELIVERY, shown, shown.intersection(subset(*bits)))]);
            drop(told.run(&command));
        }
        Step::Hide(hide) => {
            let change = if *hide { PlatformChange::HideApp } else { PlatformChange::ShowApp };
            drop(told.world.change(change(app())));
        }
        Step::Suspend(suspend) => {
            let change =
                if *suspend { PlatformChange::SuspendPartner } else { PlatformChange::ReinstatePartner };
            drop(told.world.change(change(partner())));
        }
        Step::Wait(ms) => told.world.now = told.world.now.after_ms(*ms),
        Step::Sweep => told.sweep(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// However a partner asks, an hour has a bounded number of refusals of its own, none is missing from facts and counts
    /// together, and replay agrees with all of them.
    #[test]
    fn facts_of_an_hour_are_bounded_and_no_refusal_is_missing(
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let mut told = Told::new(World::consented());
        steps.iter().for_each(|step| take(&mut told, step));
        told.tell();
        prop_assert_eq!(replay(&told.world, &told.world.facts), None);

        let (mut hours, mut refused) = (BTreeMap::<u64, u64>::new(), 0);
        for (at, _, fact) in &told.world.facts {
            match fact {
                Fact::Withheld { .. } => {
                    *hours.entry(at.0 / HOUR).or_default() += 1;
                    refused += 1;
                }
                Fact::WithheldCounted(counted) => refused += counted.count,
                _ => {}
            }
        }
        prop_assert_eq!(refused, told.refused);
        prop_assert!(hours.values().all(|facts| *facts <= u64::from(REFUSALS_TOLD_MAX) * REASONS), "{hours:?}");
    }
}
