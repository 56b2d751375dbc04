//! Whom a verifier trusts, and what they accept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod keys;
mod store;

use store::{Store, leaf};
use yinuo_tlog::*;

const LOG: &str = "issuer.example/log/g/0";
const AT: u64 = 1_679_315_147;

fn log_key(seed: u8) -> String {
    keys::ed25519(seed).verifier(LOG).to_string()
}

fn witness_key(seed: u8) -> String {
    keys::ed25519(seed).witness(&format!("w{seed}.example")).to_string()
}

/// Two levels of groups, as in the specification's example: two of three, and one of two others.
fn two_levels() -> String {
    let mut policy = format!("# whom we trust\n\nlog {}  https://issuer.example/log/g/0 \n", log_key(1));
    for seed in 11..=15 {
        policy.push_str(&format!("\twitness w{seed} {}\n", witness_key(seed)));
    }
    policy.push_str(
        "group three 2 w11 w12 w13\ngroup two any w14 w15\ngroup both all three two\nquorum both\n",
    );
    policy
}

fn head(size: u64) -> String {
    let tree = Store::<Sha256Tree>::of(8);
    Checkpoint { origin: LOG.to_owned(), size, root: root_at::<Sha256Tree, _>(&tree, size).unwrap() }.text()
}

fn cosigned_by(witnesses: &[u8]) -> SignedNote {
    let text = head(8);
    let mut note = keys::ed25519(1).note(LOG, &text);
    let by =
        |seed: &u8| keys::ed25519(*seed).cosign(&format!("w{seed}.example"), &text, AT + u64::from(*seed));
    note.signatures.extend(witnesses.iter().map(by));
    note
}

#[test]
fn a_quorum_is_what_the_groups_say() {
    let policy = Policy::parse(two_levels().as_bytes()).unwrap();
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 5));
    assert_eq!(policy.logs()[0].url.as_deref(), Some(&b"https://issuer.example/log/g/0"[..]));
    // Every set of the five, and a stranger: two of the first three and one of the others.
    for set in 0u8..64 {
        let witnesses: Vec<u8> = (0..6).filter(|bit| set >> bit & 1 == 1).map(|bit| 11 + bit).collect();
        let known: Vec<u8> = witnesses.iter().copied().filter(|seed| *seed != 16).collect();
        let enough =
            2 <= known.iter().filter(|seed| **seed <= 13).count() && known.iter().any(|seed| 14 <= *seed);
        match policy.accept(&cosigned_by(&witnesses)) {
            Ok(accepted) => {
                assert!(enough, "{witnesses:?}");
                assert_eq!(accepted.head.size, 8);
                let of = |seed: &u8| (format!("w{seed}").into_bytes(), AT + u64::from(*seed));
                assert_eq!(accepted.cosigned, known.iter().map(of).collect::<Vec<_>>());
            }
            Err(error) => {
                assert!(!enough, "{witnesses:?}");
                assert_eq!(error, NotAccepted::Quorum { found: known.len() });
            }
        }
    }
}

#[test]
fn what_a_policy_accepts_is_signed_by_a_log_of_it_and_by_nobody_wrongly() {
    let none = Policy::parse(format!("log {}\nquorum none\n", log_key(1)).as_bytes()).unwrap();
    let one = format!("log {}\nwitness w {}\nquorum w\n", log_key(1), witness_key(11));
    let one = Policy::parse(one.as_bytes()).unwrap();
    let plain = cosigned_by(&[]);
    let by_stranger = keys::ed25519(2).note(LOG, &plain.text);
    let other_origin = keys::ed25519(1).note(LOG, &plain.text.replace("g/0", "g/1"));
    let mut wrong = cosigned_by(&[11]);
    wrong.signatures[1].signature[20] ^= 1;
    let mut wrong_log = cosigned_by(&[11]);
    wrong_log.signatures[0].signature[20] ^= 1;
    let no_head = keys::ed25519(1).note(LOG, "a\n");
    let lines = NotAccepted::Checkpoint(InvalidCheckpoint::Lines);
    #[rustfmt::skip]
    let cases = [
        (&none, &plain,              None),
        (&none, &by_stranger,        Some(NotAccepted::Log)),
        (&none, &other_origin,       Some(NotAccepted::Log)),
        (&none, &no_head,            Some(lines)),
        (&none, &wrong_log,          Some(NotAccepted::WrongSignature)),
        // Whom the policy does not know is passed over, wrong or not.
        (&none, &wrong,              None),
        (&one,  &plain,              Some(NotAccepted::Quorum { found: 0 })),
        (&one,  &cosigned_by(&[11]), None),
        (&one,  &cosigned_by(&[12]), Some(NotAccepted::Quorum { found: 0 })),
        (&one,  &wrong,              Some(NotAccepted::WrongSignature)),
    ];
    for (policy, note, expected) in cases {
        assert_eq!(policy.accept(note).err(), expected, "{note}");
    }
}

#[test]
fn a_proof_is_checked_by_a_policy() {
    let tree = Store::<Sha256Tree>::of(8);
    let proof = |note| Proof {
        extra: None,
        index: 5,
        hashes: prove_inclusion::<Sha256Tree, _>(&tree, 5, 8).unwrap(),
        checkpoint: note,
    };
    let policy = Policy::parse(two_levels().as_bytes()).unwrap();
    let good = proof(cosigned_by(&[11, 12, 14]));
    assert_eq!(good.verify_by(&leaf(5), &policy).unwrap().head.size, 8);
    assert_eq!(good.verify_by(&leaf(6), &policy), Err(Refuted::Path(Mismatch::Root)));
    let quorum = NotAccepted::Quorum { found: 2 };
    assert_eq!(proof(cosigned_by(&[11, 12])).verify_by(&leaf(5), &policy), Err(Refuted::Policy(quorum)));
    assert_eq!(Proof::parse(&good.to_string()), Ok(good));
}

#[test]
fn a_policy_is_read_or_refused_with_its_line_and_reason() {
    let (log, w, x) = (log_key(1), witness_key(11), witness_key(12));
    let other_name = keys::ed25519(11).witness("another.example").to_string();
    let same_log = keys::ed25519(1).verifier("another.example/log").to_string();
    let named = |lines: &str| format!("witness w {w}\nwitness x {x}\n{lines}");
    #[rustfmt::skip]
    let cases = [
        ("quorum none\n".to_owned(),                              None),
        (format!("log {log}\nquorum none\n"),                     None),
        (named("quorum w\n"),                                     None),
        (named("group g 1 w x\nquorum g\n"),                      None),
        (named("group g 2 w x\nquorum w\n"),                      None),
        (named("  # quorum x\n\t \nquorum\tw\t\n"),               None),
        (format!("witness \u{212a} {w}\nquorum \u{212a}\n"),      None),
        (format!("witness w {w} https://w.example\nquorum w\n"),  None),
        (String::new(),                                           Some((1, "no quorum"))),
        (format!("log {log}\n"),                                  Some((2, "no quorum"))),
        ("quorum none".to_owned(),                                Some((1, "newline"))),
        ("quorum none\r\n".to_owned(),                            Some((1, "0x0d"))),
        ("quorum none\n# \x7f\n".to_owned(),                      Some((2, "0x7f"))),
        ("quorum none\nquorum none\n".to_owned(),                 Some((2, "already"))),
        ("quorum w\n".to_owned(),                                 Some((1, "not defined"))),
        (format!("witness k {w}\nquorum \u{212a}\n"),             Some((2, "not defined"))),
        ("quorum\n".to_owned(),                                   Some((1, "a quorum is"))),
        ("quorum none none\n".to_owned(),                         Some((1, "a quorum is"))),
        ("Quorum none\n".to_owned(),                              Some((1, "none of"))),
        ("log\n".to_owned(),                                      Some((1, "a log is"))),
        (format!("log {w}\n"),                                    Some((1, "unknown"))),
        (format!("log {log}\nlog {same_log}\n"),                  Some((2, "another log"))),
        (format!("log {log} a b\n"),                              Some((1, "a log is"))),
        (format!("witness w {log}\n"),                            Some((1, "unknown"))),
        (format!("witness {w}\n"),                                Some((1, "a witness is"))),
        (format!("witness none {w}\n"),                           Some((1, "nobody"))),
        (named(&format!("witness y {other_name}\n")),             Some((3, "another witness"))),
        (format!("witness w {w}\nwitness w {x}\n"),               Some((2, "before"))),
        (named("group w any x\n"),                                Some((3, "before"))),
        (named("group none any x\n"),                             Some((3, "nobody"))),
        (named("group g\n"),                                      Some((3, "a group is"))),
        (named("group g any\n"),                                  Some((3, "a group is"))),
        (named("group g 0 w\n"),                                  Some((3, "threshold"))),
        (named("group g 3 w x\n"),                                Some((3, "threshold"))),
        (named("group g +1 w x\n"),                               Some((3, "threshold"))),
        (named("group g 01 w x\n"),                               Some((3, "threshold"))),
        (named("group g some w x\n"),                             Some((3, "threshold"))),
        (named("group g any y\n"),                                Some((3, "not defined"))),
        (named("group g any g\n"),                                Some((3, "not defined"))),
        (named("group g any none\n"),                             Some((3, "not defined"))),
        (named("group g all w w\n"),                              Some((3, "once"))),
        (named("group g any w\ngroup h any w x\n"),               Some((4, "once"))),
    ];
    for (file, expected) in cases {
        match (Policy::parse(file.as_bytes()), expected) {
            (Ok(_), None) => {}
            (Err(error), Some((line, what))) => {
                assert!(error.line == line && error.what.contains(what), "{error}\n{file}");
            }
            (found, expected) => panic!("{found:?} and not {expected:?}\n{file}"),
        }
    }
    // At least 32 of each must be read.
    let mut many = String::new();
    for seed in 0..40u8 {
        many += &format!("log {}\nwitness w{seed} {}\n", log_key(100 + seed), witness_key(150 + seed));
        many += &format!("group g{seed} any w{seed}\n");
    }
    assert!(Policy::parse((many + "quorum g39\n").as_bytes()).is_ok());
    assert!(Policy::parse(&vec![b'\n'; Policy::LEN_MAX + 1]).is_err());
}

#[test]
fn what_ends_before_the_first_kept_entry_may_be_pruned() {
    #[rustfmt::skip]
    let cases = [
        // The specification's terms: the end of tile n at level l is (n + 1) × 256^(l + 1).
        ("tile/0/000",         256,               true),
        ("tile/0/001",         511,               false),
        ("tile/0/001.p/3",     512,               true),
        ("tile/1/000",         65_535,            false),
        ("tile/1/000",         65_536,            true),
        ("tile-sm3/2/000",     1 << 24,           true),
        ("tile/entries/001",   512,               true),
        ("tile/entries/001",   511,               false),
        ("tile/7/000",         u64::MAX - 1,      false),
        ("tile/63/x999/999",   u64::MAX - 1,      false),
    ];
    for (path, minimum, expected) in cases {
        assert_eq!(Resource::parse(path).unwrap().may_be_pruned(minimum), expected, "{path} {minimum}");
    }
}
