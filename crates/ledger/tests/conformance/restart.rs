//! Opening again, closing, verifying.

use yinuo_domain::Place as InLog;
use yinuo_domain::*;
use yinuo_ledger::*;

use super::{group, log::check_receipt};
use crate::world::{
    DELIVERY, EXTRA, OFFERS, Place, TestRandom, Who, World, clock, courier, ed25519, items, keys, logs,
    settings, signers, sm2,
};

pub fn a_restart_gives_the_same_state_and_goes_on(place: Place) {
    let world = World::new(place.clone());
    let who = world.consented(1);
    for _ in 0..3 {
        let asked: Vec<_> =
            (0..90).map(|_| world.ledger.submit(world.submission(world.ask(&who, &courier())))).collect();
        asked.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
    }
    let state = |world: &World| {
        let reader = world.reader();
        (
            reader.platform(),
            logs().map(|log| reader.head(&log)),
            reader.own(who.subject()).unwrap(),
            reader.streams(who.subject()).unwrap(),
            reader.history(who.subject(), None, 1_000).unwrap(),
        )
    };
    let before = state(&world);
    let world = world.again(place);
    assert_eq!(state(&world), before);
    // The chain, the app's count and the trees go on where they stood.
    check_receipt(&world.disclose(&who, &courier()));
    let last = world.entries(&group()).pop().unwrap();
    let InLog::Stream { seq, app_seq, .. } = last.place else { panic!() };
    assert_eq!((seq, app_seq), (271, Some(270)));
    let report = verify(world.reader(), &keys(), &mut |_| {}).unwrap();
    assert_eq!(report.first_bad, None);
}

pub fn other_settings_are_refused(place: Place) {
    World::new(place.clone()).ledger.close();
    let open = |settings: Settings, signers| {
        World::open_with(place.clone(), settings, signers, clock(), TestRandom::new(2)).map(|_| ())
    };
    let suite = Settings { suite: Suite::International, ..settings() };
    let profile = Settings { profile: Profile::International, ..settings() };
    let origin = Settings { origin_base: "other.example".to_owned(), ..settings() };
    for (what, settings, signers) in
        [("suite", suite, signers()), ("profile", profile, vec![ed25519(7)]), ("origin", origin, signers())]
    {
        let refused = open(settings, signers);
        let expected =
            matches!(refused, Err(LedgerError::Store(StoreError::Settings(found))) if found == what);
        assert!(expected, "{what}: {refused:?}");
    }
    assert!(open(settings(), signers()).is_ok());
}

pub fn other_signers_are_refused(place: Place) {
    World::new(place.clone()).ledger.close();
    let open = |signers| {
        World::open_with(place.clone(), settings(), signers, clock(), TestRandom::new(2)).map(|_| ())
    };
    for signers in [vec![ed25519(9), sm2(8)], vec![ed25519(7), sm2(9)]] {
        let refused = open(signers);
        assert!(matches!(refused, Err(LedgerError::Store(StoreError::Damaged(_)))), "{refused:?}");
    }
    for signers in [vec![], vec![ed25519(7)], vec![sm2(8), sm2(8)]] {
        let refused = open(signers);
        assert!(matches!(refused, Err(LedgerError::Store(StoreError::Settings(_)))), "{refused:?}");
    }
    assert!(open(signers()).is_ok());
}

pub fn a_closed_ledger_says_so(place: Place) {
    let world = World::new(place);
    let other = world.ledger.clone();
    let late = world.submission(Who(1).enrol());
    world.ledger.close();
    assert!(matches!(other.submit(late).wait(), Err(LedgerError::Closed)));
    assert!(matches!(other.write(vec![]).wait(), Err(LedgerError::Closed)));
    // Reading goes on.
    assert!(other.reader().platform().engine.is_some());
    assert!(other.reader().entry(&group(), 0).unwrap().is_some());
}

pub fn an_untouched_store_verifies(place: Place) {
    let world = World::new(place);
    let (a, b) = (world.consented(1), world.consented(2));
    for number in 0..40 {
        let who = if number % 2 == 0 { a } else { b };
        world.clock.forward_ms(1_000);
        match number % 5 {
            0..3 => drop(world.disclose(&who, &courier())),
            3 => drop(world.run(who.ask(&courier(), OFFERS, items(EXTRA), DisclosureId([number; 16])))),
            _ => drop(world.run(who.ask(&courier(), DELIVERY, items(EXTRA), DisclosureId([number; 16])))),
        }
    }
    world.done(a.withdraw(&courier()));
    world.done(b.delete());
    world.change(PlatformChange::HideApp(courier()));
    let sizes: u64 = logs().iter().map(|log| world.size(log)).sum();
    let mut seen = Vec::new();
    let report = verify(world.reader(), &keys(), &mut |progress| seen.push(progress)).unwrap();
    assert_eq!(report, Report { ok: true, entries: sizes, decisions_replayed: 40, first_bad: None });
    let size = world.size(&group());
    assert_eq!(seen.last(), Some(&Progress { log: group(), entries: size, of: size }));
    // The log's keys are what everything stands on.
    let missing = verify(world.reader(), &keys()[..3], &mut |_| {}).unwrap();
    let bad = missing.first_bad.unwrap();
    assert_eq!((bad.log, bad.index, bad.what.as_str()), (group(), size, "no key was given for this head"));
}
