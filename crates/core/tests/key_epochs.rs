//! Epochs of keys: every state × command, and that replay decides the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use world::*;
use yinuo_core::replay::Replay;
use yinuo_domain::PlatformChange::{ChangePassphrase, OpenKeyEpoch, RetireKeyEpoch};
use yinuo_domain::*;

fn root() -> StaffId {
    StaffId::parse("root").unwrap()
}

#[test]
fn epochs_go_on_in_order_and_an_earlier_one_is_retired_once() {
    #[rustfmt::skip]
    let cases = [
        ("the next",                     1, &[][..], OpenKeyEpoch(2),   "done"),
        ("some ahead",                   1, &[],     OpenKeyEpoch(4),   "done"),
        ("the one in use again",         1, &[],     OpenKeyEpoch(1),   "key-epoch"),
        ("back to an earlier one",       2, &[],     OpenKeyEpoch(1),   "key-epoch"),
        ("none at all",                  1, &[],     OpenKeyEpoch(0),   "key-epoch"),
        ("the first, while in use",      1, &[],     RetireKeyEpoch(1), "key-epoch"),
        ("an earlier one",               2, &[],     RetireKeyEpoch(1), "done"),
        ("an earlier one, once more",    2, &[1],    RetireKeyEpoch(1), "key-epoch"),
        ("the one in use",               2, &[1],    RetireKeyEpoch(2), "key-epoch"),
        ("one that never was",           2, &[],     RetireKeyEpoch(0), "key-epoch"),
        ("one to come",                  2, &[],     RetireKeyEpoch(3), "key-epoch"),
        ("another passphrase, any time", 3, &[1, 2], ChangePassphrase,  "done"),
    ];
    for (name, current, retired, change, expected) in cases {
        let mut world = World::new();
        world.platform.key_epochs.current = current;
        world.platform.key_epochs.retired.extend(retired);
        assert_eq!(word(&world.run(&Command::Platform { by: root(), change })), expected, "{name}");
    }
}

/// What is recorded without a right to is not folded: a verifier says so.
#[test]
fn replay_refuses_epochs_out_of_order() {
    let by = root;
    let opened = |epoch| Fact::KeyEpochOpened { by: by(), epoch };
    let retired = |epoch| Fact::KeyEpochRetired { by: by(), epoch };
    #[rustfmt::skip]
    let cases: [(&str, Vec<Fact>, bool); 5] = [
        ("opened, then retired",     vec![opened(2), retired(1), Fact::PassphraseChanged { by: by() }], true),
        ("retired while in use",     vec![retired(1)],                         false),
        ("opened twice",             vec![opened(2), opened(2)],               false),
        ("retired twice",            vec![opened(2), retired(1), retired(1)],  false),
        ("opened after a gap",       vec![opened(3), retired(2), retired(1)],  true),
    ];
    let world = World::new();
    let opening = Fact::LogOpened { log: LogId::platform(), suite: SUITE, profile: Profile::Dual };
    for (name, facts, right) in cases {
        let mut replay = Replay::new(&world.documents);
        let folds = std::iter::once(&opening).chain(&facts).all(|fact| {
            let entry = Entry { at: NOW, salt: Salt([0; 16]), place: Place::Log, fact: fact.clone() };
            replay.platform_entry(&entry).is_ok()
        });
        assert_eq!(folds, right, "{name}");
    }
}
