//! Verification names what was changed: 200 seeded bytes, and what no byte count says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod world;

use std::path::Path;

use rusqlite::{Connection, params};
use world::{
    BASIC, DELIVERY, EXTRA, OFFERS, Place, TestRandom, World, app, clock, courier, items, keys, mix,
    origin_of, settings, signers,
};
use yinuo_domain::*;
use yinuo_ledger::*;
use yinuo_tlog::{Checkpoint, Edge, NoteSignature, Sha256Tree, SignedNote, Sm3Tree, TreeHash};

const CHANGES: u64 = 200;

/// People, apps and more than two full tiles of what happened between them.
fn filled(directory: &Path) -> u64 {
    let world = World::new(Place::sqlite(directory));
    world.add_app(&app("second"));
    let people: Vec<_> = (1..=12).map(|number| world.consented(number)).collect();
    for who in &people {
        world.done(world.consent(who, &app("second")));
    }
    for round in 0..11u8 {
        world.clock.forward_ms(1_000);
        let mut asked = Vec::new();
        for who in &people {
            for (to, purpose, ids) in [
                (courier(), DELIVERY, BASIC),
                (courier(), OFFERS, EXTRA),
                (app("second"), DELIVERY, BASIC),
                (app("second"), DELIVERY, EXTRA),
                (courier(), DELIVERY, &BASIC[..1]),
                (app("second"), OFFERS, EXTRA),
            ] {
                let command = who.ask(&to, purpose, items(ids), DisclosureId(world.bytes()));
                asked.push(world.ledger.submit(world.submission(command)));
            }
        }
        asked.into_iter().for_each(|asked| drop(asked.wait().unwrap()));
        let who = &people[usize::from(round)];
        world.done(who.withdraw(&courier()));
        if round % 3 == 0 {
            world.done(who.delete());
        }
    }
    let size = world.size(&LogId::group(0));
    world.ledger.close();
    size
}

fn report(directory: &Path) -> Report {
    verify_directory(directory, &keys(), &mut |_| {}).unwrap()
}

fn database(directory: &Path) -> Connection {
    Connection::open(directory.join(DATABASE)).unwrap()
}

fn log_of(grp: i64) -> LogId {
    if grp < 0 { LogId::platform() } else { LogId::group(0) }
}

/// A row whose bytes can be changed.
struct Target {
    what: &'static str,
    grp: i64,
    select: String,
    update: String,
    /// The entries that may be named, first and last.
    named: (u64, u64),
}

fn targets(database: &Connection) -> (Vec<Target>, Vec<Target>, Vec<Target>) {
    let size = |grp: i64| -> u64 {
        let size: i64 =
            database.query_row("SELECT size FROM heads WHERE grp = $1", [grp], |row| row.get(0)).unwrap();
        size as u64
    };
    let mut entries = Vec::new();
    let mut heads = Vec::new();
    for grp in [-1, 0] {
        let size = size(grp);
        for index in 0..size {
            // Under a full tile it is known which entry is wrong; behind the last one, only from where on.
            let covered = index < size / 256 * 256;
            let place = format!("entries WHERE grp = {grp} AND idx = {index}");
            entries.push(Target {
                what: "entry",
                grp,
                select: format!("SELECT leaf FROM {place}"),
                update: format!("UPDATE entries SET leaf = $1 WHERE grp = {grp} AND idx = {index}"),
                named: if covered { (index, index) } else { (index, size) },
            });
        }
        for column in ["sha256_root", "sm3_root", "sha256_note", "sm3_note"] {
            let value = if column.ends_with("note") { "CAST($1 AS TEXT)" } else { "$1" };
            heads.push(Target {
                what: "head",
                grp,
                select: format!("SELECT CAST({column} AS BLOB) FROM heads WHERE grp = {grp}"),
                update: format!("UPDATE heads SET {column} = {value} WHERE grp = {grp}"),
                named: (size, size),
            });
        }
    }
    let mut statement = database.prepare("SELECT grp, algorithm, level, idx FROM tiles").unwrap();
    let tiles = statement
        .query_map([], |row| {
            let (grp, algorithm, level, index): (i64, i64, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let place =
                format!("grp = {grp} AND algorithm = {algorithm} AND level = {level} AND idx = {index}");
            let first = (index as u64) << (8 * (level + 1));
            Ok(Target {
                what: "tile",
                grp,
                select: format!("SELECT data FROM tiles WHERE {place}"),
                update: format!("UPDATE tiles SET data = $1 WHERE {place}"),
                named: (first, first),
            })
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    (entries, heads, tiles)
}

#[test]
fn verification_names_every_one_of_200_changed_bytes() {
    let directory = tempfile::tempdir().unwrap();
    assert!(600 < filled(directory.path()));
    let untouched = report(directory.path());
    assert!(untouched.ok, "{untouched:?}");
    assert!(500 < untouched.decisions_replayed);
    let database = database(directory.path());
    database.pragma_update(None, "journal_mode", "DELETE").unwrap();
    let (entries, heads, tiles) = targets(&database);
    assert!(4 <= tiles.len());
    let kinds = [&entries, &heads, &tiles];
    for seed in 0..CHANGES {
        let kind = kinds[(seed % 3) as usize];
        let target = &kind[(mix(seed) % kind.len() as u64) as usize];
        let before: Vec<u8> = database.query_row(&target.select, [], |row| row.get(0)).unwrap();
        let mut after = before.clone();
        let at = (mix(seed + 1_000) % before.len() as u64) as usize;
        after[at] ^= 1 << (mix(seed + 2_000) % 8);
        database.execute(&target.update, params![after]).unwrap();
        let told = format!("seed {seed}: {} of {}, byte {at}, {:?}", target.what, target.grp, target.named);
        let found = report(directory.path());
        assert!(!found.ok, "{told}: not noticed");
        let bad = found.first_bad.unwrap();
        assert_eq!(bad.log, log_of(target.grp), "{told}: {bad:?}");
        assert!((target.named.0..=target.named.1).contains(&bad.index), "{told}: {bad:?}");
        database.execute(&target.update, params![before]).unwrap();
    }
    assert_eq!(report(directory.path()), untouched);
}

#[test]
fn what_is_dropped_moved_or_added_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let size = filled(directory.path());
    let last = size - 1;
    let middle = size / 2;
    let swap = |a: u64, b: u64| {
        format!(
            "UPDATE entries SET idx = CASE idx WHEN {a} THEN -{b} ELSE -{a} END WHERE grp = 0 AND idx IN ({a}, {b});
             UPDATE entries SET idx = -idx WHERE grp = 0 AND idx < 0"
        )
    };
    #[rustfmt::skip]
    let cases = [
        ("the last entry is dropped",      format!("DELETE FROM entries WHERE grp = 0 AND idx = {last}"), 0, last),
        ("an entry is dropped",            format!("DELETE FROM entries WHERE grp = 0 AND idx = {middle}"), 0, middle),
        ("two entries change places",      swap(100, 101), 0, 100),
        ("an entry is added",              format!("INSERT INTO entries SELECT grp, idx + 1, leaf FROM entries WHERE grp = 0 AND idx = {last}"), 0, size),
        ("the log is opened twice",        "UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE grp = 0 AND idx = 0) WHERE grp = 0 AND idx = 1".to_owned(), 0, 1),
        ("a tile is dropped",              "DELETE FROM tiles WHERE grp = 0 AND algorithm = 2 AND idx = 1".to_owned(), 0, 256),
        ("a tile is added",                "INSERT INTO tiles SELECT grp, algorithm, 1, 0, data FROM tiles WHERE grp = 0 AND algorithm = 1 AND level = 0 AND idx = 1".to_owned(), 0, 0),
        ("a log's tile in another log",    "INSERT INTO tiles SELECT -1, algorithm, level, idx, data FROM tiles WHERE idx = 0".to_owned(), -1, 0),
        ("the whole tail is cut with its head", format!("DELETE FROM entries WHERE grp = 0 AND idx >= {middle}; UPDATE heads SET size = {middle} WHERE grp = 0"), 0, middle),
        ("the size is another",            format!("UPDATE heads SET size = {} WHERE grp = 0", size + 1), 0, size + 1),
        ("a head is dropped",              "DELETE FROM heads WHERE grp = -1".to_owned(), -1, 0),
        ("a declaration is another",       "UPDATE documents SET bytes = CAST(bytes || x'20' AS BLOB) WHERE hash = (SELECT hash FROM documents WHERE instr(bytes, CAST('yinuo-declaration' AS BLOB)) LIMIT 1)".to_owned(), -1, u64::MAX),
        ("every document is dropped",      "DELETE FROM documents".to_owned(), -1, u64::MAX),
        ("another suite",                  "UPDATE meta SET suite = 2".to_owned(), 0, 0),
    ];
    for (what, sql, grp, index) in cases {
        let broken = tempfile::tempdir().unwrap();
        std::fs::copy(directory.path().join(DATABASE), broken.path().join(DATABASE)).unwrap();
        let raw = database(broken.path());
        raw.execute_batch(&sql).unwrap();
        assert_ne!(raw.changes(), 0, "{what}: nothing changed");
        raw.close().unwrap();
        let bad = report(broken.path()).first_bad.unwrap_or_else(|| panic!("{what}: not noticed"));
        assert_eq!(bad.log, log_of(grp), "{what}: {bad:?}");
        assert!(index == u64::MAX || bad.index == index, "{what}: {bad:?}");
    }
}

#[test]
fn what_is_written_while_it_verifies_is_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    let place = Place::sqlite(directory.path());
    let world = World::open_with(place, settings(), signers(), clock(), TestRandom::new(7)).unwrap();
    world.clock.forward_ms(60_000);
    let who = world.consented(40);
    let mut told = 0u32;
    let mut meanwhile = |_| {
        told += 1;
        if told == 1 {
            // More than a tile, and a change that the group adopts.
            (0..300).for_each(|_| drop(world.disclose(&who, &courier())));
            world.change(PlatformChange::HideApp(app("second")));
            world.disclose(&who, &courier());
        }
    };
    let report = verify(world.reader(), &keys(), &mut meanwhile).unwrap();
    assert_eq!((report.first_bad, 0 < told), (None, true));
}

/// Rebuilds a log's head over whatever entries there are, and signs it with the log's own keys.
fn sign_again(database: &Connection, grp: i64) {
    let leaves = leaves(database, grp);
    for signer in signers() {
        let algorithm = signer.algorithm();
        let root = root_over(&leaves, algorithm);
        let origin = origin_of(&log_of(grp), algorithm);
        let text = Checkpoint { origin: origin.clone(), size: leaves.len() as u64, root }.text();
        let signature = signer.sign(text.as_bytes()).unwrap();
        let key_id = signer.verifier(&origin).key_id();
        let note = SignedNote { text, signatures: vec![NoteSignature { name: origin, key_id, signature }] };
        let name = algorithm.as_str();
        let set = format!("UPDATE heads SET size = $1, {name}_root = $2, {name}_note = $3 WHERE grp = $4");
        database.execute(&set, params![leaves.len() as i64, root, note.to_string(), grp]).unwrap();
    }
}

fn leaves(database: &Connection, grp: i64) -> Vec<Vec<u8>> {
    let mut statement = database.prepare("SELECT leaf FROM entries WHERE grp = $1 ORDER BY idx").unwrap();
    statement.query_map([grp], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn root_over(leaves: &[Vec<u8>], algorithm: Algorithm) -> [u8; 32] {
    fn root<H: TreeHash>(leaves: &[Vec<u8>]) -> [u8; 32] {
        let mut edge = Edge::<H>::new();
        leaves.iter().for_each(|leaf| edge.append(H::leaf(leaf), &mut |_, _| {}));
        edge.root()
    }
    match algorithm {
        Algorithm::Sha256 => root::<Sha256Tree>(leaves),
        Algorithm::Sm3 => root::<Sm3Tree>(leaves),
    }
}

/// Changes the last entry of a log, and signs it again.
fn forge_last(database: &Connection, grp: i64, change: &dyn Fn(&mut Entry)) {
    let leaves = leaves(database, grp);
    let mut entry = yinuo_tlog::leaf::decode(leaves.last().unwrap()).unwrap();
    change(&mut entry);
    let update = "UPDATE entries SET leaf = $1 WHERE grp = $2 AND idx = $3";
    let last = leaves.len() as i64 - 1;
    database.execute(update, params![yinuo_tlog::leaf::encode(&entry), grp, last]).unwrap();
    sign_again(database, grp);
}

/// What a group adopts is the platform log as it was, and it adopts it before it decides again.
#[test]
fn an_adoption_of_something_else_or_too_late_is_named_although_everything_is_signed() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let who = world.consented(1);
    world.clock.forward_ms(10_000);
    world.disclose(&who, &courier());
    let hidden = world.change(PlatformChange::HideApp(courier()));
    assert!(matches!(hidden, Answered::Done));
    let last = world.size(&LogId::group(0)) - 1;
    world.ledger.close();
    let forge = |platform: &dyn Fn(&mut Entry), group: &dyn Fn(&mut Entry, &[Vec<u8>])| {
        let forged = tempfile::tempdir().unwrap();
        std::fs::copy(directory.path().join(DATABASE), forged.path().join(DATABASE)).unwrap();
        let raw = database(forged.path());
        forge_last(&raw, -1, platform);
        let adopted = leaves(&raw, -1);
        forge_last(&raw, 0, &|entry| group(entry, &adopted));
        raw.close().unwrap();
        report(forged.path())
    };
    let as_it_is = |entry: &mut Entry, adopted: &[Vec<u8>]| {
        let root = |algorithm| Some(Digest(root_over(adopted, algorithm)));
        let (sha256, sm3) = (root(Algorithm::Sha256), root(Algorithm::Sm3));
        entry.fact = Fact::PlatformAdopted { size: adopted.len() as u64, sha256, sm3 };
    };
    assert!(forge(&|_| {}, &as_it_is).ok, "the control: the same change and adoption, signed again");
    let other_root = |entry: &mut Entry, _: &[Vec<u8>]| match &mut entry.fact {
        Fact::PlatformAdopted { sm3, .. } => *sm3 = Some(Digest([1; 32])),
        other => panic!("{other:?}"),
    };
    let no_root = |entry: &mut Entry, _: &[Vec<u8>]| match &mut entry.fact {
        Fact::PlatformAdopted { sha256, .. } => *sha256 = None,
        other => panic!("{other:?}"),
    };
    let earlier = |entry: &mut Entry| entry.at = Timestamp(entry.at.0 - 5_000);
    for (what, found) in [
        ("another root", forge(&|_| {}, &other_root)),
        ("a root missing", forge(&|_| {}, &no_root)),
        ("a change that was decided before the release and adopted after it", forge(&earlier, &as_it_is)),
    ] {
        let bad = found.first_bad.unwrap_or_else(|| panic!("{what}: not noticed"));
        assert_eq!((bad.log.clone(), bad.index), (LogId::group(0), last), "{what}: {bad:?}");
    }
}

/// A change of an entry.
type Forging = Box<dyn Fn(&mut Entry)>;

/// Whoever holds the keys can sign anything; deciding again still tells.
#[test]
fn an_unlawful_release_is_named_although_everything_is_signed() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new(Place::sqlite(directory.path()));
    let (a, b) = (world.consented(1), world.consented(2));
    world.disclose(&b, &courier());
    let last = world.disclose(&a, &courier()).index;
    world.ledger.close();
    let raw = database(directory.path());
    let leaf: Vec<u8> = raw
        .query_row("SELECT leaf FROM entries WHERE grp = 0 AND idx = $1", [last as i64], |row| row.get(0))
        .unwrap();
    let lawful = yinuo_tlog::leaf::decode(&leaf).unwrap();
    let forge = |change: &dyn Fn(&mut Entry)| {
        let mut entry = lawful.clone();
        change(&mut entry);
        let update = "UPDATE entries SET leaf = $1 WHERE grp = 0 AND idx = $2";
        raw.execute(update, params![yinuo_tlog::leaf::encode(&entry), last as i64]).unwrap();
        sign_again(&raw, 0);
        report(directory.path())
    };
    assert!(forge(&|_| {}).ok, "the control: the lawful entry, signed again");
    let released = |change: fn(&mut Disclosed)| {
        move |entry: &mut Entry| match &mut entry.fact {
            Fact::Disclosed(disclosed) => change(disclosed),
            other => panic!("{other:?}"),
        }
    };
    let place = |change: fn(&mut u64, &mut Digest, &mut Option<u64>)| {
        move |entry: &mut Entry| match &mut entry.place {
            yinuo_domain::Place::Stream { seq, prev, app_seq, .. } => change(seq, prev, app_seq),
            yinuo_domain::Place::Log => panic!(),
        }
    };
    #[rustfmt::skip]
    let cases: [(&str, Forging); 10] = [
        ("another purpose's items", Box::new(released(|d| { d.requested = items(EXTRA); d.released = items(EXTRA); d.stored = items(EXTRA) }))),
        ("more than was asked",     Box::new(released(|d| d.released = items(BASIC).union(items(EXTRA))))),
        ("what is not stored",      Box::new(released(|d| d.stored = ItemSet::EMPTY))),
        ("without the guardian",    Box::new(released(|d| d.guardian_required = true))),
        ("after its end",           Box::new(|entry| entry.at = entry.at.after_ms(366 * Timestamp::DAY_MS))),
        ("before the last fact",    Box::new(|entry| entry.at = Timestamp(entry.at.0 - 1))),
        ("a repeat of nothing",     Box::new(|entry| if let Fact::Disclosed(d) = &entry.fact { entry.fact = Fact::Redelivered(d.clone()) })),
        ("a gap in the stream",     Box::new(place(|seq, _, _| *seq += 1))),
        ("another chain",           Box::new(place(|_, prev, _| *prev = Digest([1; 32])))),
        ("a gap in the releases",   Box::new(place(|_, _, app_seq| *app_seq = Some(7)))),
    ];
    for (what, change) in cases {
        let found = forge(&*change);
        let bad = found.first_bad.unwrap_or_else(|| panic!("{what}: called lawful"));
        assert_eq!((bad.log.clone(), bad.index), (LogId::group(0), last), "{what}: {bad:?}");
        // By the entry itself: whoever forges it can forge the rows that it adds up to.
        assert!(!bad.what.contains("row"), "{what}: {bad:?}");
    }
}
