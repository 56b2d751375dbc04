//! Who may act for the platform: every status × command, and that replay decides the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use world::*;
use yinuo_core::replay::Replay;
use yinuo_domain::*;

fn id(name: &str) -> StaffId {
    StaffId::parse(name).unwrap()
}

/// What `by` gets for `change` where these are appointed.
fn outcome(appointed: &[(&str, Role)], by: &str, change: PlatformChange) -> String {
    let mut world = World::new();
    for (name, role) in appointed {
        world.platform.staff.insert(id(name), *role);
    }
    word(&world.run(&Command::Platform { by: id(by), change }))
}

fn appoint(name: &str, role: Role) -> PlatformChange {
    PlatformChange::AppointStaff { staff: id(name), role }
}

fn dismiss(name: &str) -> PlatformChange {
    PlatformChange::DismissStaff(id(name))
}

fn reset(name: &str) -> PlatformChange {
    PlatformChange::ResetFactor(id(name))
}

#[test]
fn staff_are_appointed_and_dismissed_as_the_table_says() {
    use Role::{Auditor, Operator};
    let nobody: &[(&str, Role)] = &[];
    let one = &[("wei", Operator)];
    let both = &[("wei", Operator), ("lin", Auditor)];
    let two = &[("wei", Operator), ("he", Operator)];
    #[rustfmt::skip]
    let cases = [
        ("the first, by the machine's operator",   nobody, "root", appoint("wei", Operator), "done"),
        ("nobody to dismiss",                      nobody, "root", dismiss("wei"),           "unknown-staff"),
        ("the same role again",                    one,    "root", appoint("wei", Operator), "already-exists"),
        ("the last operator to another role",      one,    "root", appoint("wei", Auditor),  "done"),
        ("the last operator, by their own hand",   one,    "wei",  appoint("wei", Auditor),  "last-operator"),
        ("the same role, by their own hand",       one,    "wei",  appoint("wei", Operator), "already-exists"),
        ("another one",                            one,    "wei",  appoint("lin", Auditor),  "done"),
        ("the last operator leaves",               one,    "wei",  dismiss("wei"),           "last-operator"),
        ("the last operator is dismissed",         one,    "root", dismiss("wei"),           "done"),
        ("the last one, with an auditor left",     both,   "wei",  dismiss("wei"),           "last-operator"),
        ("an auditor leaves",                      both,   "lin",  dismiss("lin"),           "done"),
        ("an auditor rises",                       both,   "wei",  appoint("lin", Operator), "done"),
        ("one of two operators leaves",            two,    "wei",  dismiss("wei"),           "done"),
        ("one of two operators steps down",        two,    "he",   appoint("he", Auditor),   "done"),
        ("a reset of somebody who is nobody",      one,    "root", reset("lin"),             "unknown-staff"),
        ("a reset, even of the last operator",     one,    "root", reset("wei"),             "done"),
    ];
    for (name, appointed, by, change, expected) in cases {
        assert_eq!(outcome(appointed, by, change), expected, "{name}");
    }
}

/// One role at a time, none after a dismissal, and an appointment counts again after one.
#[test]
fn the_last_fact_about_somebody_says_what_they_may_do() {
    let mut world = World::new();
    let role = |world: &World| world.platform.staff.get(&id("lin")).copied();
    assert_eq!(role(&world), None);
    for (change, after) in [
        (appoint("lin", Role::Auditor), Some(Role::Auditor)),
        (appoint("lin", Role::Operator), Some(Role::Operator)),
        (reset("lin"), Some(Role::Operator)),
        (dismiss("lin"), None),
        (appoint("lin", Role::Auditor), Some(Role::Auditor)),
    ] {
        assert_eq!(word(&world.change(change)), "done");
        assert_eq!(role(&world), after);
    }
}

/// A dismissal that was left out, or an appointment that was never decided, is found.
#[test]
fn replay_decides_appointments_again() {
    let mut world = World::new();
    let import = ImportId([3; 16]);
    let counts = ImportCounts { enrolled: 2, values: 9, ..ImportCounts::default() };
    for change in [
        PlatformChange::BeginImport(import),
        appoint("wei", Role::Operator),
        PlatformChange::EndImport { import, counts },
        appoint("lin", Role::Auditor),
        reset("lin"),
        dismiss("lin"),
    ] {
        assert_eq!(word(&world.change(change)), "done");
    }
    let first_bad = |facts: &[Fact]| {
        let mut replay = Replay::new(&world.documents);
        let opened = Fact::LogOpened { log: LogId::platform(), suite: SUITE, profile: Profile::Dual };
        std::iter::once(&opened).chain(facts).position(|fact| {
            let entry = Entry { at: NOW, salt: Salt([0; 16]), place: Place::Log, fact: fact.clone() };
            replay.platform_entry(&entry).is_err()
        })
    };
    let platform = world.facts.iter().filter(|(_, stream, _)| stream.is_none());
    let facts: Vec<Fact> = platform.map(|(_, _, fact)| fact.clone()).collect();
    assert_eq!(first_bad(&facts), None);
    let twice = [&facts[..], &facts[facts.len() - 1..]].concat();
    assert_eq!(first_bad(&twice), Some(twice.len()));
    // Nobody's factor is reset after they left.
    let late = [&facts[..], &[Fact::FactorReset { by: id("wei"), staff: id("lin") }]].concat();
    assert_eq!(first_bad(&late), Some(late.len()));
    let by = id("wei");
    let own = [&facts[..], &[Fact::StaffDismissed { by: by.clone(), staff: by }]].concat();
    assert_eq!(first_bad(&own), Some(own.len()));
}
