//! What staff sign in with.

use yinuo_domain::*;
use yinuo_ledger::*;

use crate::world::{Place, START, World};

fn id(name: &str) -> StaffId {
    StaffId::parse(name).unwrap()
}

fn row(name: &str, identity: u8, generation: u8) -> StaffRow {
    let until = START.after_ms(Timestamp::DAY_MS);
    StaffRow::new(id(name), [identity; 16], [generation; 16], ([9; 32], until))
}

fn put(world: &World, row: StaffRow) -> Written {
    world.write(Write::Staff(StaffWrite::Put(row)))
}

fn enrol(world: &World, generation: u8, step: u64, now: Timestamp) -> Written {
    let (staff, generation, totp) = (id("lin"), [generation; 16], vec![1, 2, 3]);
    world.write(Write::Staff(StaffWrite::Enrol { staff, generation, totp, step, now }))
}

fn step(generation: u8, step: u64) -> Write {
    Write::Staff(StaffWrite::Step { staff: id("lin"), generation: [generation; 16], step })
}

pub fn staff_are_found_by_id_and_by_identity_and_replaced_whole(place: Place) {
    let world = World::empty(place);
    assert_eq!(put(&world, row("lin", 1, 1)), Written::Done);
    assert_eq!(put(&world, row("wei", 2, 2)), Written::Done);
    assert_eq!(world.reader().staff(&id("lin")).unwrap(), Some(row("lin", 1, 1)));
    assert_eq!(world.reader().staff_of([2; 16]).unwrap(), Some(row("wei", 2, 2)));
    assert_eq!(put(&world, row("he", 2, 3)), Written::Exists, "another one with that identity");
    assert_eq!(world.reader().staff(&id("he")).unwrap(), None);
    assert_eq!(enrol(&world, 1, 5, START), Written::Done);
    assert_eq!(put(&world, row("lin", 3, 4)), Written::Done);
    assert_eq!(world.reader().staff(&id("lin")).unwrap(), Some(row("lin", 3, 4)), "nothing is left over");
    assert_eq!(world.reader().staff_of([1; 16]).unwrap(), None);
    assert_eq!(world.write(Write::Staff(StaffWrite::Remove(id("lin")))), Written::Done);
    assert_eq!(world.reader().staff(&id("lin")).unwrap(), None);
    assert_eq!(world.write(step(4, 9)), Written::Missing);
}

pub fn a_second_factor_is_set_up_once_and_in_time(place: Place) {
    let world = World::empty(place);
    put(&world, row("lin", 1, 1));
    let end = START.after_ms(Timestamp::DAY_MS);
    assert_eq!(world.write(step(1, 1)), Written::Missing, "not set up");
    assert_eq!(enrol(&world, 2, 5, START), Written::Missing, "of another appointment");
    assert_eq!(enrol(&world, 1, 5, end), Written::Missing, "the code ends right now");
    assert_eq!(enrol(&world, 1, 5, Timestamp(end.0 - 1)), Written::Done);
    let kept = world.reader().staff(&id("lin")).unwrap().unwrap();
    assert_eq!((kept.totp, kept.code, kept.step), (Some(vec![1, 2, 3]), None, 5));
    assert_eq!(enrol(&world, 1, 6, START), Written::Missing, "a second time");
}

pub fn a_time_step_is_used_once_by_eight_threads(place: Place) {
    let world = World::empty(place);
    put(&world, row("lin", 1, 1));
    assert_eq!(enrol(&world, 1, 5, START), Written::Done);
    assert_eq!(world.write(step(1, 5)), Written::Missing, "the one it was set up with");
    assert_eq!(world.write(step(1, 4)), Written::Missing, "an earlier one");
    assert_eq!(world.write(step(2, 6)), Written::Missing, "of another appointment");
    let ledger = &world.ledger;
    let used: usize = std::thread::scope(|scope| {
        let once = || usize::from(ledger.write(vec![step(1, 6)]).wait().unwrap() == [Written::Done]);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(once)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(used, 1);
}

pub fn attempts_are_counted_before_they_are_looked_at(place: Place) {
    let world = World::empty(place);
    put(&world, row("lin", 1, 1));
    enrol(&world, 1, 5, START);
    let attempt = |staff: &str, now| world.write(Write::Staff(StaffWrite::Attempt { staff: id(staff), now }));
    assert_eq!(attempt("nobody", START), Written::Missing);
    for _ in 0..5 {
        assert_eq!(attempt("lin", START), Written::Done);
    }
    assert_eq!(attempt("lin", START), Written::Missing, "the sixth waits");
    assert_eq!(attempt("lin", START.after_ms(29_999)), Written::Missing);
    assert_eq!(attempt("lin", START.after_ms(30_000)), Written::Done);
    assert_eq!(attempt("lin", START.after_ms(89_999)), Written::Missing, "longer than before");
    // What succeeds begins anew.
    assert_eq!(world.write(step(1, 6)), Written::Done);
    assert_eq!(attempt("lin", START.after_ms(30_000)), Written::Done);
}

fn passkey(generation: u8, id: u8) -> PasskeyRow {
    PasskeyRow {
        staff: self::id("lin"),
        generation: [generation; 16],
        id: vec![id; 16],
        key: vec![1, 2],
        state: vec![0],
        name: "a key".to_owned(),
        added_at: START,
    }
}

pub fn a_passkey_is_of_one_appointment_and_used_in_order(place: Place) {
    let world = World::empty(place);
    let add = |generation, id| world.write(Write::Staff(StaffWrite::AddPasskey(passkey(generation, id))));
    let used = |generation: u8, before: u8, after: u8| {
        world.write(Write::Staff(StaffWrite::UsePasskey {
            staff: id("lin"),
            generation: [generation; 16],
            id: vec![7; 16],
            before: vec![before],
            after: vec![after],
        }))
    };
    let kept = || world.reader().passkeys(&id("lin")).unwrap();
    assert_eq!(add(1, 7), Written::Missing, "nobody");
    put(&world, row("lin", 1, 1));
    assert_eq!(add(1, 7), Written::Missing, "before one-time passwords");
    enrol(&world, 1, 5, START);
    assert_eq!(add(2, 7), Written::Missing, "of another appointment");
    assert_eq!((add(1, 7), add(1, 7), add(1, 8)), (Written::Done, Written::Exists, Written::Done));
    assert_eq!(kept(), [passkey(1, 7), passkey(1, 8)]);

    let attempt = Write::Staff(StaffWrite::Attempt { staff: id("lin"), now: START });
    assert_eq!(world.write(attempt), Written::Done);
    assert_eq!(used(1, 0, 1), Written::Done);
    assert_eq!(used(1, 0, 2), Written::Missing, "used since");
    assert_eq!(used(2, 1, 2), Written::Missing, "of another appointment");
    assert_eq!(kept(), [PasskeyRow { state: vec![1], ..passkey(1, 7) }, passkey(1, 8)]);
    assert_eq!(world.reader().staff(&id("lin")).unwrap().unwrap().failed, 0);

    let remove = |generation: u8, passkey: u8| {
        let (staff, generation, id) = (id("lin"), [generation; 16], vec![passkey; 16]);
        world.write(Write::Staff(StaffWrite::RemovePasskey { staff, generation, id }))
    };
    assert_eq!(remove(2, 8), Written::Missing, "of another appointment");
    assert_eq!((remove(1, 8), remove(1, 8)), (Written::Done, Written::Missing));
    assert_eq!(kept(), [PasskeyRow { state: vec![1], ..passkey(1, 7) }], "the other one stays");

    put(&world, row("lin", 1, 2));
    assert_eq!((kept(), used(2, 1, 2)), (vec![], Written::Missing), "appointed anew");
    enrol(&world, 2, 5, START);
    assert_eq!(add(2, 7), Written::Done);
    world.write(Write::Staff(StaffWrite::Remove(id("lin"))));
    assert_eq!(kept(), []);
}
