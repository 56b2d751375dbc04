//! Leaf v1: one form for each entry, frozen, and nothing guessed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod entries;
mod golden;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use entries::{any_entry, one_of_each};
use minicbor::Encoder;
use proptest::prelude::*;
use yinuo_domain::{Entry, Fact, Place, Reason, Salt, Timestamp};
use yinuo_tlog::leaf::{LEN_MAX, Undecidable, decode, encode, kind};

/// The last kind there is. A new one is added at the end, with a golden line.
const LAST: u64 = 42;
/// Numbers below that nothing has yet.
const RESERVED: &[u64] = &[27, 28, 29, 32, 33, 34, 38, 39];

/// Kinds, keys and numbers are frozen: a line of this file is added, never changed.
#[test]
fn the_leaf_of_each_kind_is_frozen() {
    let all = one_of_each();
    let mut lines = String::new();
    for (name, entry) in &all {
        writeln!(lines, "{} {name}\n    {}", kind(&entry.fact), hex::encode(encode(entry))).unwrap();
    }
    golden::check("leaves.txt", &lines);
    let kinds: BTreeSet<_> = all.iter().map(|(_, entry)| kind(&entry.fact)).collect();
    assert_eq!(kinds, (1..=LAST).filter(|kind| !RESERVED.contains(kind)).collect());
}

/// The golden bytes mean the golden entries: reading does not depend on today's writing.
#[test]
fn the_frozen_leaves_are_read() {
    let golden = include_str!("golden/leaves.txt");
    let leaves: Vec<_> = golden.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let all = one_of_each();
    assert_eq!(leaves.len(), all.len());
    for ((name, entry), leaf) in all.into_iter().zip(leaves) {
        assert_eq!(decode(&hex::decode(leaf).unwrap()), Ok(entry), "{name}");
    }
}

/// The page that outsiders write their verifier from knows every kind and every reason, and no more.
#[test]
fn the_specification_names_every_kind_and_reason() {
    let page = include_str!("../../../docs/specs/fact-log.md");
    let rows = |title: &str| -> Vec<(String, String)> {
        let section = page.split(title).nth(1).unwrap().split("\n#").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | `"));
        rows.map(|(number, rest)| (number.to_owned(), rest.split('`').next().unwrap().to_owned())).collect()
    };
    let reasons = Reason::EVERY.iter().map(|reason| (reason.number().to_string(), reason.code().to_owned()));
    assert_eq!(rows("## 3. Reasons"), reasons.collect::<Vec<_>>());
    assert!(page.contains(&format!("why: 1..{}]", Reason::EVERY.len())));

    let kinds: BTreeSet<_> = one_of_each()
        .iter()
        .map(|(_, entry)| {
            let variant = format!("{:?}", entry.fact);
            (kind(&entry.fact), variant.split([' ', '(']).next().unwrap().to_owned())
        })
        .collect();
    let kinds: Vec<_> = kinds.into_iter().map(|(number, name)| (number.to_string(), name)).collect();
    assert_eq!(rows("### Kinds"), kinds);
}

#[test]
fn a_disclosure_of_five_items_takes_200_to_350_bytes() {
    let (_, entry) = one_of_each().into_iter().find(|(name, _)| *name == "disclosed").unwrap();
    let Fact::Disclosed(release) = &entry.fact else { panic!() };
    assert_eq!(release.requested.len(), 5);
    let len = encode(&entry).len();
    assert!((200..=350).contains(&len), "{len}");
}

#[test]
fn a_cut_or_prolonged_leaf_is_undecidable() {
    for (name, entry) in one_of_each() {
        let mut leaf = encode(&entry);
        for len in 0..leaf.len() {
            assert!(decode(&leaf[..len]).is_err(), "{name}, {len} bytes");
        }
        let at = leaf.len();
        leaf.push(0);
        assert_eq!(decode(&leaf), Err(Undecidable::Malformed { at }), "{name}");
    }
}

/// A changed leaf is refused or is the one form of another entry: two leaves never mean the same.
#[test]
fn a_changed_bit_is_another_entry_or_none() {
    let (mut refused, mut other) = (0, 0);
    for (name, entry) in one_of_each() {
        let leaf = encode(&entry);
        for bit in 0..leaf.len() * 8 {
            let mut changed = leaf.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            match decode(&changed) {
                Err(_) => refused += 1,
                Ok(decoded) => {
                    assert_ne!(decoded, entry, "{name}, bit {bit}");
                    assert_eq!(encode(&decoded), changed, "{name}, bit {bit}");
                    other += 1;
                }
            }
        }
    }
    assert!(1_000 < refused && 1_000 < other, "{refused} refused, {other} others");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_entry_comes_back(entry in any_entry()) {
        let leaf = encode(&entry);
        prop_assert!(leaf.len() <= LEN_MAX);
        prop_assert_eq!(decode(&leaf), Ok(entry));
    }

    /// The same for entries nobody thought of, and changes of more than a bit.
    #[test]
    fn any_change_is_another_entry_or_none(
        entry in any_entry(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let leaf = encode(&entry);
        let mut changed = leaf.clone();
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed[at] = byte;
        }
        if let Some(cut) = cut {
            changed.truncate(cut.index(changed.len()));
        }
        if let Ok(decoded) = decode(&changed) {
            prop_assert_eq!(encode(&decoded), changed.clone());
            prop_assert_eq!(decoded == entry, changed == leaf);
        }
    }

    /// Whatever the bytes, reading ends, and what is read is written with the same bytes.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(entry) = decode(&bytes) {
            prop_assert_eq!(encode(&entry), bytes);
        }
    }
}

/// An `Enrolled` leaf, field by field, so that each case can spoil one.
fn enrolled(fields: u64, spoil: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    let mut cbor = Encoder::new(Vec::new());
    cbor.map(fields).unwrap();
    cbor.u8(1).unwrap().u8(1).unwrap();
    cbor.u8(2).unwrap().u8(12).unwrap();
    cbor.u8(3).unwrap().u8(7).unwrap();
    cbor.u8(4).unwrap().bytes(&[9; 16]).unwrap();
    spoil(&mut cbor);
    cbor.into_writer()
}

/// The writer of another library makes the same bytes, which shows that ours is CBOR.
#[test]
fn another_writer_agrees() {
    let entry = Entry { at: Timestamp(7), salt: Salt([9; 16]), place: Place::Log, fact: Fact::Enrolled };
    assert_eq!(enrolled(4, |_| {}), encode(&entry));
    assert_eq!(decode(&enrolled(4, |_| {})), Ok(entry));
}

#[test]
fn what_is_not_known_is_undecidable_and_named() {
    let fields = |version: u64, kind: u64, at: &[u8], salt: &[u8], rest: &[u8]| {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(4 + u64::from(!rest.is_empty())).unwrap();
        cbor.u8(1).unwrap().u64(version).unwrap().u8(2).unwrap().u64(kind).unwrap();
        [&cbor.into_writer(), [3].as_slice(), at, &[4], salt, rest].concat()
    };
    let salt = [&[0x50], [9; 16].as_slice()].concat();
    let reasons = |number: u8| {
        // Kind 18 with everything it needs and one reason.
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(11).unwrap().u8(1).unwrap().u8(1).unwrap().u8(2).unwrap().u8(18).unwrap();
        cbor.u8(3).unwrap().u8(7).unwrap().u8(4).unwrap().bytes(&[9; 16]).unwrap();
        cbor.u8(17).unwrap().u8(1).unwrap().u8(18).unwrap().bytes(&[1]).unwrap();
        cbor.u8(20).unwrap().array(1).unwrap().array(2).unwrap().u8(0).unwrap().u8(number).unwrap();
        cbor.u8(21).unwrap().bytes(&[]).unwrap().u8(22).unwrap().bool(false).unwrap();
        cbor.u8(24).unwrap().bool(false).unwrap().u8(25).unwrap().bytes(&[2; 32]).unwrap();
        cbor.into_writer()
    };
    assert!(decode(&reasons(1)).is_ok());
    #[rustfmt::skip]
    let cases = [
        ("version 2",            fields(2, 12, &[7], &salt, &[]),                  Undecidable::UnknownVersion { version: 2 }),
        ("version 0",            fields(0, 12, &[7], &salt, &[]),                  Undecidable::UnknownVersion { version: 0 }),
        ("kind 0",               fields(1, 0, &[7], &salt, &[]),                   Undecidable::UnknownKind { kind: 0 }),
        ("the next kind",        fields(1, LAST + 1, &[7], &salt, &[]),            Undecidable::UnknownKind { kind: LAST + 1 }),
        ("a new key",            fields(1, 12, &[7], &salt, &[0x18, 50, 0]),       Undecidable::UnknownKey { kind: 12, key: 50 }),
        ("another kind's key",   fields(1, 12, &[7], &salt, &[17, 0]),             Undecidable::UnknownKey { kind: 12, key: 17 }),
        ("a sequence, no tag",   fields(1, 12, &[7], &salt, &[7, 0]),              Undecidable::UnknownKey { kind: 12, key: 7 }),
        ("a tag, no sequence",   fields(1, 12, &[7], &salt, &[&[5], salt.as_slice()].concat()), Undecidable::MissingKey { key: 7 }),
        ("a kind's key missing", fields(1, 19, &[7], &salt, &[]),                  Undecidable::MissingKey { key: 16 }),
        ("a negative time",      fields(1, 12, &[0x20], &salt, &[]),               Undecidable::Value { key: 3 }),
        ("a time as text",       fields(1, 12, &[0x61, b'7'], &salt, &[]),         Undecidable::Value { key: 3 }),
        ("a short salt",         fields(1, 12, &[7], &salt[..1], &[]),             Undecidable::Malformed { at: 7 }),
        ("a salt as text",       fields(1, 12, &[7], &[0x61, b'7'], &[]),          Undecidable::Value { key: 4 }),
        ("a tagged time",        fields(1, 12, &[0xc1, 7], &salt, &[]),            Undecidable::Value { key: 3 }),
        ("a reason of tomorrow", reasons(99),                                      Undecidable::Value { key: 20 }),
        ("nothing",              vec![],                                           Undecidable::Malformed { at: 0 }),
        ("an array",             vec![0x80],                                       Undecidable::Malformed { at: 0 }),
        ("an endless map",       vec![0xbf, 0xff],                                 Undecidable::Malformed { at: 0 }),
        ("an empty map",         vec![0xa0],                                       Undecidable::MissingKey { key: 1 }),
        ("keys of text",         vec![0xa1, 0x61, b'1', 1],                        Undecidable::Malformed { at: 1 }),
        ("a map of 2^64 - 1",    vec![0xbb, 255, 255, 255, 255, 255, 255, 255, 255], Undecidable::Malformed { at: 9 }),
        ("too long",             vec![0; LEN_MAX + 1],                             Undecidable::TooLong { len: LEN_MAX + 1 }),
    ];
    for (name, leaf, expected) in cases {
        assert_eq!(decode(&leaf), Err(expected), "{name}");
    }
}

/// CBOR has other forms for the same thing; a leaf has one.
#[test]
fn another_form_of_the_same_is_refused() {
    let good = enrolled(4, |_| {});
    let replace = |at: usize, with: &[u8]| [&good[..at], with, &good[at + 1..]].concat();
    let order = [&good[..3], &good[5..7], &good[3..5], &good[7..]].concat();
    let doubled = enrolled(5, |cbor| {
        cbor.u8(4).unwrap().bytes(&[9; 16]).unwrap();
    });
    #[rustfmt::skip]
    let cases = [
        ("a longer head of the map",  replace(0, &[0xb8, 4]),        0),
        ("a longer key",              replace(1, &[0x18, 1]),        1),
        ("a longer number",           replace(6, &[0x18, 7]),        6),
        ("an even longer number",     replace(6, &[0x19, 0, 7]),     6),
        ("a longer head of bytes",    replace(8, &[0x58, 16]),       8),
        ("another order",             order,                         3),
    ];
    for (name, leaf, at) in cases {
        assert_eq!(decode(&leaf), Err(Undecidable::NotDeterministic { at }), "{name}");
    }
    assert_eq!(decode(&doubled), Err(Undecidable::UnknownKey { kind: 12, key: 4 }));

    // A set with a zero byte at its end: withheld asks for item 0 as `4101`, not `420100`.
    let (_, entry) = one_of_each().into_iter().find(|(name, _)| *name == "withdrawn items").unwrap();
    let leaf = encode(&entry);
    let set = leaf.len() - 7;
    assert_eq!(leaf[set], 0x46);
    let mut longer = leaf.clone();
    longer[set] = 0x47;
    longer.push(0);
    assert_eq!(decode(&longer), Err(Undecidable::NotDeterministic { at: set }));
    let mut longest = leaf[..set].to_vec();
    longest.extend([0x58, 33]);
    longest.extend([0; 33]);
    assert_eq!(decode(&longest), Err(Undecidable::Value { key: 49 }));
}
