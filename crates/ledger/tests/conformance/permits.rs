//! Lanes, and who waits for open permits.

use std::time::{Duration, Instant};

use yinuo_domain::*;
use yinuo_ledger::*;

use crate::world::{
    Place, START, TestRandom, World, app, clock, courier, ed25519, gate, partner_of, settings, signers, sm2,
    take,
};

pub fn a_full_queue_says_busy_and_withdrawals_still_get_in(place: Place) {
    let settings = Settings { queue_len_max: 4, urgent_queue_len_max: 2, batch_len_max: 1, ..settings() };
    let gate = gate::Gate::new(ed25519(7));
    let signers = vec![gate.signer(), sm2(8)];
    let world = World::open_with(place, settings, signers, clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    let who = world.consented(1);
    // The sequencer is kept busy with one; four more wait.
    gate.shut();
    let mut asked = vec![world.ledger.submit(world.submission(world.ask(&who, &courier())))];
    gate.until_reached();
    for _ in 0..4 {
        asked.push(world.ledger.submit(world.submission(world.ask(&who, &courier()))));
    }
    let busy = world.ledger.submit(world.submission(world.ask(&who, &courier()))).wait();
    assert!(matches!(busy, Err(LedgerError::Busy { retry_after_s: 1 })), "{busy:?}");
    // A partner that fills the lane keeps the people's own share of it open, and that is as bounded.
    let peoples: Vec<_> = (0..4).map(|_| world.ledger.write(vec![take(1, START)])).collect();
    let busy = world.ledger.write(vec![take(1, START)]).wait();
    assert!(matches!(busy, Err(LedgerError::Busy { .. })));
    let urgent = world.ledger.submit(world.submission(who.withdraw(&courier())));
    gate.open();
    // The one that was being decided came first; the withdrawal overtook the four that were waiting.
    let answers: Vec<_> = asked.into_iter().map(|asked| asked.wait().unwrap()).collect();
    let released: Vec<bool> =
        answers.iter().map(|answer| matches!(answer, Answered::Released { .. })).collect();
    assert_eq!(released, [true, false, false, false, false]);
    drop(answers);
    assert!(matches!(urgent.wait().unwrap(), Answered::Done));
    peoples.into_iter().for_each(|written| drop(written.wait().unwrap()));
}

/// Whoever asks forty times is answered forty times; whoever asks once is not behind them. What is more than a partner's
/// share is refused, and the other's is not.
pub fn a_flood_of_one_partner_delays_no_other(place: Place) {
    let settings = Settings { queue_len_max: 64, partner_queue_len_max: 40, batch_len_max: 4, ..settings() };
    let gate = gate::Gate::new(ed25519(7));
    let signers = vec![gate.signer(), sm2(8)];
    let world = World::open_with(place, settings, signers, clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    world.add_app(&app("second"));
    assert_ne!(partner_of(&courier()), partner_of(&app("second")));
    let who = world.consented(1);
    world.done(world.consent(&who, &app("second")));
    let ask = |of: &AppId| world.ledger.submit(world.submission(world.ask(&who, of)));
    gate.shut();
    let busy = ask(&courier());
    gate.until_reached();
    let flood: Vec<_> = (0..40).map(|_| ask(&courier())).collect();
    let refused = ask(&courier()).wait();
    assert!(matches!(refused, Err(LedgerError::Busy { retry_after_s: 1 })), "{refused:?}");
    let other = ask(&app("second"));
    gate.open();
    let index = |asked: Pending<Result<Answered, LedgerError>>| match asked.wait().unwrap() {
        Answered::Released { receipt, .. } => receipt.index,
        other => panic!("{other:?}"),
    };
    let (busy, other) = (index(busy), index(other));
    let flood: Vec<_> = flood.into_iter().map(index).collect();
    assert!(flood.is_sorted(), "of one partner nothing overtakes");
    assert_eq!(other, busy + 2, "the one that came last takes the second turn");
}

/// What room the disk has left is kept: first for whoever signs in and withdraws, then for withdrawals alone.
pub fn room_on_the_disk_is_kept_for_what_must_always_be_possible(place: Place) {
    let world = World::new(place);
    world.add_app(&app("second"));
    let who = world.consented(1);
    world.done(world.consent(&who, &app("second")));
    let refused = |asked: Result<Answered, LedgerError>| {
        assert!(matches!(asked, Err(LedgerError::NoRoom)), "{asked:?}")
    };
    let ask = || world.ledger.submit(world.submission(world.ask(&who, &app("second")))).wait();
    world.ledger.set_room(Room::Kept);
    refused(ask());
    refused(world.ledger.submit(world.submission(world.consent(&who, &courier()))).wait());
    assert!(world.ledger.write(vec![take(1, START)]).wait().is_ok(), "nobody can sign in");
    world.done(who.withdraw(&courier()));
    world.ledger.set_room(Room::Last);
    refused(ask());
    assert!(matches!(world.ledger.write(vec![take(1, START)]).wait(), Err(LedgerError::NoRoom)));
    assert!(matches!(
        world.change(PlatformChange::SuspendPartner(partner_of(&app("second")))),
        Answered::Done
    ));
    world.ledger.set_room(Room::Ample);
    assert!(matches!(ask().unwrap(), Answered::Withheld { .. }), "the sanction holds");
    world.ledger.set_room(Room::Last);
    assert!(matches!(world.run(who.delete()), Answered::Done));
}

pub fn a_withdrawal_waits_for_an_open_permit_and_no_longer_than_it_lasts(place: Place) {
    let settings = Settings { permit_ttl_ms: 400, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    let who = world.consented(1);
    let permit = || match world.run(world.ask(&who, &courier())) {
        Answered::Released { permit, .. } => permit,
        other => panic!("{other:?}"),
    };
    let timed = |pending: Pending<Result<Answered, LedgerError>>| {
        let start = Instant::now();
        assert!(matches!(pending.wait().unwrap(), Answered::Done));
        start.elapsed()
    };
    // Dropped, here from another thread after a while.
    let open = permit();
    let waiting = world.ledger.submit(world.submission(who.withdraw(&courier())));
    let helper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        drop(open.into_guard());
    });
    let waited = timed(waiting);
    helper.join().unwrap();
    assert!((Duration::from_millis(120)..Duration::from_millis(390)).contains(&waited), "{waited:?}");

    // Never dropped: void after its time.
    world.done(world.consent(&who, &courier()));
    let kept = permit();
    let void_at = kept.void_at();
    let waited = timed(world.ledger.submit(world.submission(who.withdraw(&courier()))));
    assert!(void_at <= world.clock.monotonic(), "acknowledged while a permit was open");
    assert!(waited < Duration::from_millis(1_500), "{waited:?}");

    // Used before: no wait at all.
    world.done(world.consent(&who, &courier()));
    drop(permit());
    let waited = timed(world.ledger.submit(world.submission(who.withdraw(&courier()))));
    assert!(waited < Duration::from_millis(300), "{waited:?}");
    drop(kept);
}

pub fn a_withdrawal_does_not_wait_for_other_streams(place: Place) {
    let settings = Settings { permit_ttl_ms: 60_000, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    world.add_app(&app("second"));
    let (a, b) = (world.consented(1), world.consented(2));
    world.done(world.consent(&a, &app("second")));
    let open = (world.run(world.ask(&b, &courier())), world.run(world.ask(&a, &app("second"))));
    // A look is of no app: nothing but a deletion waits for it.
    let look = world.run(a.look());
    world.done(a.withdraw(&courier()));
    drop((open, look));
}

pub fn a_sanction_waits_for_the_permits_of_its_apps(place: Place) {
    let settings = Settings { permit_ttl_ms: 300, ..settings() };
    let world = World::open_with(place, settings, signers(), clock(), TestRandom::new(1)).unwrap();
    world.furnish();
    world.add_app(&app("second"));
    let who = world.consented(1);
    world.done(world.consent(&who, &app("second")));
    let changes = [
        PlatformChange::HideApp(courier()),
        PlatformChange::SuspendPartner(partner_of(&courier())),
        PlatformChange::TerminatePartner(partner_of(&courier())),
    ];
    for change in changes {
        let Answered::Released { permit, .. } = world.run(world.ask(&who, &courier())) else { panic!() };
        assert!(matches!(world.change(change.clone()), Answered::Done));
        assert!(
            permit.void_at() <= world.clock.monotonic(),
            "{change:?} acknowledged while a permit was open"
        );
        world.change(PlatformChange::ShowApp(courier()));
        world.change(PlatformChange::ReinstatePartner(partner_of(&courier())));
    }
    // A deletion waits for all of the person's: releases and looks.
    let Answered::Released { permit, .. } = world.run(world.ask(&who, &app("second"))) else { panic!() };
    assert!(matches!(world.run(who.delete()), Answered::Done));
    assert!(permit.void_at() <= world.clock.monotonic());
    let who = world.person(2);
    let Answered::Viewed(look) = world.run(who.look()) else { panic!() };
    assert!(matches!(world.run(who.delete()), Answered::Done));
    assert!(look.void_at() <= world.clock.monotonic(), "deleted while somebody could still look");
}
