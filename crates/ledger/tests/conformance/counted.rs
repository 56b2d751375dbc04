//! A partner that insists is counted, and the log says so once.

use yinuo_core::REFUSALS_TOLD_MAX;
use yinuo_domain::*;
use yinuo_ledger::*;

use super::group;
use crate::world::{Place, *};

const HOUR: u64 = Timestamp::HOUR_MS;
const TOLD: u64 = REFUSALS_TOLD_MAX as u64;

/// Asks for what was never declared, so many times, many at once; how many answers came with a receipt.
fn insist(world: &World, who: &Who, app: &AppId, times: usize) -> usize {
    let ask = || who.ask(app, OFFERS, items(BASIC), DisclosureId(world.bytes()));
    let asked: Vec<_> = (0..times).map(|_| world.ledger.submit(world.submission(ask()))).collect();
    let mut receipts = 0;
    for asked in asked {
        let Answered::Withheld { reasons, receipt } = asked.wait().unwrap() else { panic!("not refused") };
        assert_eq!(reasons.len(), BASIC.len(), "the same answer, counted or not");
        assert!(reasons.iter().all(|(_, reason)| *reason == Reason::NotDeclared));
        receipts += usize::from(receipt.is_some());
    }
    receipts
}

fn sweep(world: &World) -> Written {
    world.write(Write::Sweep { now: world.clock.now() })
}

/// The facts of the group from `from` on, by kind, and what was counted.
fn told(world: &World, from: u64) -> Vec<String> {
    let entries = world.entries(&group());
    let word = |entry: &Entry| match &entry.fact {
        Fact::Withheld { .. } => "withheld".to_owned(),
        Fact::WithheldCounted(counted) => format!("{} more", counted.count),
        Fact::Disclosed(_) => "disclosed".to_owned(),
        Fact::Withdrawn { .. } => "withdrawn".to_owned(),
        Fact::AccountDeleted => "deleted".to_owned(),
        other => format!("{other:?}"),
    };
    entries.iter().skip(usize::try_from(from).unwrap()).map(word).collect()
}

fn verified(world: &World) {
    let report = verify(world.reader(), &keys(), &mut |_| {}).unwrap();
    assert!(report.ok, "{report:?}");
}

pub fn repeated_refusals_are_counted_and_told_before_the_next_fact(place: Place) {
    let world = World::new(place);
    let (who, other) = (world.consented(1), world.consented(2));
    let before = world.size(&group());
    assert_eq!(insist(&world, &who, &courier(), 300), 5, "five proofs, and no more");
    assert_eq!(world.size(&group()), before + TOLD);
    verified(&world);
    // Another person's refusals are not theirs, and tell nothing of them.
    assert_eq!(insist(&world, &other, &courier(), 1), 1);
    world.disclose(&who, &courier());
    let facts =
        ["withheld", "withheld", "withheld", "withheld", "withheld", "withheld", "295 more", "disclosed"];
    assert_eq!(told(&world, before), facts);
    insist(&world, &who, &courier(), 7);
    world.done(who.withdraw(&courier()));
    assert_eq!(told(&world, before)[facts.len()..], ["7 more", "withdrawn"]);
    verified(&world);
}

pub fn what_was_counted_is_told_when_its_hour_is_over(place: Place) {
    let world = World::new(place);
    let people: Vec<_> = (1..=3).map(|number| world.consented(number)).collect();
    let before = world.size(&group());
    for who in &people {
        insist(&world, who, &courier(), 8);
    }
    assert_eq!(world.size(&group()), before + 3 * TOLD);
    assert_eq!(sweep(&world), Written::Count(0), "the hour is not over");
    world.clock.forward_ms(HOUR);
    assert_eq!(sweep(&world), Written::Count(3));
    assert_eq!(told(&world, before + 3 * TOLD), ["3 more"; 3]);
    assert_eq!(sweep(&world), Written::Count(0), "once");
    verified(&world);
    // In the next hour it begins anew.
    assert_eq!(insist(&world, &people[0], &courier(), 6), 5);
    verified(&world);
}

pub fn a_restart_loses_no_counted_refusal(place: Place) {
    let world = World::new(place.clone());
    let who = world.consented(1);
    let before = world.size(&group());
    insist(&world, &who, &courier(), 9);
    let world = world.again(place.clone());
    assert_eq!(insist(&world, &who, &courier(), 2), 0);
    let world = world.again(place);
    world.clock.forward_ms(HOUR);
    sweep(&world);
    assert_eq!(told(&world, before + TOLD), ["6 more"]);
    verified(&world);
}

pub fn a_deletion_tells_what_was_counted_and_leaves_no_row(place: Place) {
    let world = World::new(place.clone());
    world.add_app(&app("second"));
    let who = world.consented(1);
    world.done(world.consent(&who, &app("second")));
    let before = world.size(&group());
    insist(&world, &who, &courier(), 7);
    world.done(who.delete());
    let facts = ["deleted", "2 more", "deleted", "deleted"];
    assert_eq!(told(&world, before + TOLD), facts);
    let counted = world.reader() as &dyn Source;
    assert_eq!(counted.read(|rows| rows.counted(who.subject(), &courier())).unwrap(), None);
    world.clock.forward_ms(HOUR);
    assert_eq!(sweep(&world), Written::Count(0));
    verified(&world);
}

/// A clock that was set back a little dates nothing before what was counted, also after a restart.
pub fn what_was_counted_is_never_told_as_older_than_it_is(place: Place) {
    let world = World::new(place.clone());
    let who = world.consented(1);
    insist(&world, &who, &courier(), 5);
    world.clock.forward_ms(30_000);
    insist(&world, &who, &courier(), 1);
    world.clock.back_ms(20_000);
    let world = world.again(place);
    insist(&world, &who, &courier(), 1);
    world.disclose(&who, &courier());
    let entries = world.entries(&group());
    let [.., counted, disclosed] = entries.as_slice() else { panic!() };
    let Fact::WithheldCounted(count) = &counted.fact else { panic!("{counted:?}") };
    assert_eq!((count.count, count.until), (2, START.after_ms(30_000)));
    assert!(count.until <= counted.at && counted.at <= disclosed.at);
    verified(&world);
}
