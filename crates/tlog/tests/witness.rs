//! Cosignatures, and what a witness answers: to the letter of C2SP, over both trees.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod golden;
mod keys;
mod store;

use keys::Signer;
use proptest::prelude::*;
use store::Store;
use yinuo_tlog::*;

const LOG: &str = "issuer.example/log/g/0";
const WITNESS: &str = "witness.example/w1";
const AT: u64 = 1_679_315_147;

fn both() -> [Signer; 2] {
    [keys::ed25519(1), keys::sm2(1)]
}

#[test]
fn cosignatures_of_both_kinds_are_frozen() {
    let text = Checkpoint { origin: LOG.to_owned(), size: 8, root: [7; 32] }.text();
    for (file, log, witness) in [
        ("cosigned-ed25519.txt", keys::ed25519(1), keys::ed25519(3)),
        ("cosigned-sm2.txt", keys::sm2(1), keys::sm2(3)),
    ] {
        let mut note = log.note(LOG, &text);
        note.signatures.push(witness.cosign(WITNESS, &text, AT));
        assert_eq!(witness.witness(WITNESS).verify(&note), Ok(AT));
        // The log's own signature still stands beside it.
        assert_eq!(log.verifier(LOG).verify(&note), Ok(()));
        golden::check(file, &format!("{}\n{note}", witness.witness(WITNESS)));
    }
}

/// The specification gives the text for a head of its own, and how an id is made.
#[test]
fn what_is_cosigned_is_that_of_the_specification() {
    use sha2::Digest as _;
    let head = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(cosigned_text(head, AT), format!("cosignature/v1\ntime 1679315147\n{head}"));
    let id = |parts: &[&[u8]]| sha2::Sha256::digest(parts.concat())[..4].to_vec();
    let VerifierKey::Ed25519 { key, .. } = keys::ed25519(1).verifier(WITNESS) else { panic!() };
    assert_eq!(keys::ed25519(1).witness(WITNESS).key_id(), *id(&[WITNESS.as_bytes(), b"\n\x04", &key]));
    let VerifierKey::Sm2 { key, .. } = keys::sm2(1).verifier(WITNESS) else { panic!() };
    let kind = b"\n\xffyinuo/sm2-sm3/cosignature/v1";
    assert_eq!(keys::sm2(1).witness(WITNESS).key_id(), *id(&[WITNESS.as_bytes(), kind, &key]));
    let line = keys::ed25519(1).cosign(WITNESS, head, AT);
    assert_eq!((line.signature.len(), &line.signature[..8]), (72, AT.to_be_bytes().as_slice()));
}

#[test]
fn a_cosignature_counts_only_for_its_witness_its_head_and_its_time() {
    for witness in both() {
        let key = witness.witness(WITNESS);
        let head = Checkpoint { origin: LOG.to_owned(), size: 8, root: [7; 32] }.text();
        let other_head = Checkpoint { origin: LOG.to_owned(), size: 9, root: [7; 32] }.text();
        let own = witness.cosign(WITNESS, &head, AT);
        let later = witness.cosign(WITNESS, &head, AT + 9);
        // What a log signs is no cosignature, even by the same key under the same name.
        let as_log = witness.sign(WITNESS, &head);
        let mut another_time = own.clone();
        another_time.signature[7] ^= 1;
        let mut cut = own.clone();
        cut.signature.truncate(7);
        let never = witness.cosign(WITNESS, &head, 1 << 63);
        let other_head = witness.cosign(WITNESS, &other_head, AT);
        let other_name = witness.cosign("witness.example/w2", &head, AT);
        #[rustfmt::skip]
        let cases = [
            (vec![own.clone()],                             Ok(AT)),
            (vec![later.clone(), own.clone()],              Ok(AT + 9)),
            (vec![as_log.clone(), own.clone()],             Ok(AT)),
            (vec![as_log],                                  Err(Unverified::NotSigned)),
            (vec![other_name],                              Err(Unverified::NotSigned)),
            (vec![another_time, own.clone()],               Err(Unverified::WrongSignature)),
            (vec![cut],                                     Err(Unverified::WrongSignature)),
            (vec![never],                                   Err(Unverified::WrongSignature)),
            (vec![own, other_head],                         Err(Unverified::WrongSignature)),
        ];
        for (signatures, expected) in cases {
            let note = SignedNote { text: head.clone(), signatures };
            assert_eq!(key.verify(&note), expected, "{note}");
        }
    }
}

#[test]
fn a_key_of_a_log_is_no_key_of_a_witness() {
    for signer in both() {
        let (log, witness) = (signer.verifier(WITNESS).to_string(), signer.witness(WITNESS).to_string());
        assert_eq!(WitnessKey::parse(&witness), Ok(signer.witness(WITNESS)));
        assert!(WitnessKey::parse(&log).is_err() && VerifierKey::parse(&witness).is_err());
        for at in 0..witness.len() {
            let mut changed = witness.clone().into_bytes();
            changed[at] ^= 1;
            assert!(WitnessKey::parse(str::from_utf8(&changed).unwrap()).is_err(), "byte {at}");
        }
    }
}

/// A log, its twin, and what is asked about them.
struct Log<H: TreeHash> {
    tree: Store<H>,
    signer: Signer,
}

impl<H: TreeHash> Log<H> {
    fn root(&self, size: u64) -> Hash {
        root_at::<H, _>(&self.tree, size).unwrap()
    }

    fn ask(&self, old: u64, new: u64) -> AddCheckpoint {
        let head = Checkpoint { origin: LOG.to_owned(), size: new, root: self.root(new) };
        AddCheckpoint {
            old_size: old,
            proof: prove_consistency::<H, _>(&self.tree, old.min(new), new).unwrap(),
            head: self.signer.note(LOG, &head.text()),
        }
    }

    fn last(&self, size: u64) -> Option<Cosigned> {
        Some(Cosigned { size, root: self.root(size) })
    }
}

fn answers<H: TreeHash>(signer: Signer, other: Signer) {
    let log = Log::<H> { tree: Store::of(600), signer };
    let keys = [log.signer.verifier(LOG)];
    let changed = |change: &dyn Fn(&mut AddCheckpoint)| {
        let mut ask = log.ask(300, 600);
        change(&mut ask);
        ask
    };
    let signed = |text: &str| log.signer.note(LOG, text);
    let head = |size, root| Checkpoint { origin: LOG.to_owned(), size, root }.text();
    let mut both_keys = log.ask(300, 600);
    both_keys.head.signatures.insert(0, other.sign(LOG, &both_keys.head.text));
    let wrong = |ask: &mut AddCheckpoint| ask.head.signatures[0].signature[3] ^= 1;
    let stranger = |ask: &mut AddCheckpoint| ask.head = other.note(LOG, &ask.head.text);
    #[rustfmt::skip]
    let cases = [
        // What is asked, what was cosigned last, and the status.
        ("the first head",            log.ask(0, 300),      None,          200),
        ("an empty log",              log.ask(0, 0),        None,          200),
        ("growth",                    log.ask(300, 600),    log.last(300), 200),
        ("the same head again",       log.ask(300, 300),    log.last(300), 200),
        ("from nothing, cosigned 0",  log.ask(0, 600),      log.last(0),   200),
        ("a signature nobody knows",  both_keys,            log.last(300), 200),
        ("extension lines",           changed(&|ask| ask.head = signed(&format!("{}more\n", ask.head.text))), log.last(300), 200),
        ("another old size",          log.ask(299, 600),    log.last(300), 409),
        ("an old size not cosigned",  log.ask(300, 600),    None,          409),
        ("zero, to hear the size",    log.ask(0, 600),      log.last(300), 409),
        ("older than cosigned",       log.ask(300, 300),    log.last(600), 409),
        ("two roots of one size",     changed(&|ask| { ask.head = signed(&head(300, [9; 32])); ask.proof.clear() }), log.last(300), 409),
        ("an old size beyond it",     changed(&|ask| ask.old_size = 601), log.last(600), 400),
        ("another root",              changed(&|ask| ask.head = signed(&head(600, [9; 32]))), log.last(300), 422),
        ("no proof",                  changed(&|ask| ask.proof.clear()), log.last(300), 422),
        ("a hash too many",           changed(&|ask| ask.proof.push([0; 32])), log.last(300), 422),
        ("a proof from nothing",      { let mut ask = log.ask(0, 600); ask.proof.push([0; 32]); ask }, None, 422),
        ("a proof of no growth",      { let mut ask = log.ask(300, 300); ask.proof.push([0; 32]); ask }, log.last(300), 422),
        ("a root for an empty log",   { let mut ask = log.ask(0, 0); ask.head = signed(&head(0, [9; 32])); ask }, None, 422),
        ("a history of its own",      log.ask(300, 600),    Some(Cosigned { size: 300, root: [9; 32] }), 422),
        ("a wrong signature",         changed(&wrong),      log.last(300), 403),
        ("somebody else's signature", changed(&stranger),   log.last(300), 403),
        ("an unknown log",            changed(&|ask| ask.head = signed(&head(600, [9; 32]).replace("g/0", "g/1"))), log.last(300), 404),
        ("no head",                   changed(&|ask| ask.head = signed("a\n")), log.last(300), 400),
        ("an empty extension line",   changed(&|ask| ask.head = signed(&format!("{}\n", ask.head.text))), log.last(300), 400),
    ];
    for (what, ask, last, expected) in cases {
        let answer = ask.check(&keys, last);
        let status = answer.as_ref().map_or_else(NotCosigned::status, |_| 200);
        assert_eq!(status, expected, "{what}: {answer:?}");
        match answer {
            Ok(cosigned) => {
                let head = ask.checkpoint().unwrap();
                assert_eq!((cosigned.size, cosigned.root), (head.size, head.root), "{what}");
            }
            Err(NotCosigned::Conflict { size } | NotCosigned::OtherRoot { size }) => {
                assert_eq!(size, last.map_or(0, |last| last.size), "{what}");
            }
            Err(_) => {}
        }
        // And every one of them travels.
        assert_eq!(AddCheckpoint::parse(ask.to_string().as_bytes()), Ok(ask), "{what}");
    }
}

#[test]
fn a_witness_answers_as_the_specification_says() {
    answers::<Sha256Tree>(keys::ed25519(1), keys::ed25519(9));
    answers::<Sm3Tree>(keys::sm2(1), keys::ed25519(9));
}

#[test]
fn a_request_is_read_or_refused_with_its_reason() {
    let log = Log::<Sha256Tree> { tree: Store::of(8), signer: keys::ed25519(1) };
    let good = log.ask(3, 8).to_string();
    let (_, note) = good.split_once("\n\n").unwrap();
    let hash = |count: usize| "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n".repeat(count);
    #[rustfmt::skip]
    let cases = [
        (good.clone(),                                 None),
        (format!("old 0\n\n{note}"),                   None),
        (format!("old 3\n{}\n{note}", hash(63)),       None),
        (format!("old 3\n{}\n{note}", hash(64)),       Some(InvalidRequest::Hash { line: 64 })),
        (format!("old 3\nx\n\n{note}"),                Some(InvalidRequest::Hash { line: 1 })),
        (format!("old 3\n{}", hash(2)),                Some(InvalidRequest::NoCheckpoint)),
        (format!("old 03\n\n{note}"),                  Some(InvalidRequest::Old)),
        (format!("old  3\n\n{note}"),                  Some(InvalidRequest::Old)),
        (format!("old -3\n\n{note}"),                  Some(InvalidRequest::Old)),
        (format!("3\n\n{note}"),                       Some(InvalidRequest::Old)),
        (format!("old 3\r\n\r\n{note}"),               Some(InvalidRequest::Old)),
        ("old 3".to_owned(),                           Some(InvalidRequest::Old)),
        (String::new(),                                Some(InvalidRequest::Old)),
        ("old 3\n\n".to_owned(),                       Some(InvalidRequest::Note(InvalidNote::NoSignatures))),
        ("old 3\n\na\n".to_owned(),                    Some(InvalidRequest::Note(InvalidNote::NoSignatures))),
        ("a".repeat(AddCheckpoint::LEN_MAX + 1),       Some(InvalidRequest::TooLong)),
    ];
    for (text, expected) in cases {
        let request = AddCheckpoint::parse(text.as_bytes());
        assert_eq!(request.as_ref().err(), expected.as_ref(), "{text:.80}");
        if let Ok(request) = request {
            assert_eq!(request.to_string(), text);
        }
    }
    assert_eq!(AddCheckpoint::parse(b"old 3\n\xff"), Err(InvalidRequest::Utf8));
}

proptest! {
    /// A witness that goes on from what it cosigned never cosigns two histories, whatever it is asked and in whatever
    /// order.
    #[test]
    fn a_witness_never_cosigns_what_does_not_follow(asked in prop::collection::vec((0u64..40, 0u64..40, any::<bool>()), 1..30)) {
        // Two histories that part at 20.
        let one = Log::<Sha256Tree> { tree: Store::of(40), signer: keys::ed25519(1) };
        let other = Log::<Sha256Tree> { tree: Store::parted(40, 20), signer: keys::ed25519(1) };
        let keys = [one.signer.verifier(LOG)];
        let mut last: Option<Cosigned> = None;
        for (old, new, fork) in asked {
            let log = if fork { &other } else { &one };
            if let Ok(cosigned) = log.ask(old, new).check(&keys, last) {
                prop_assert!(last.is_none_or(|last| last.size <= cosigned.size));
                if let Some(last) = last.filter(|last| 20 < last.size) {
                    prop_assert_eq!(last.root, log.root(last.size), "two histories");
                }
                last = Some(cosigned);
            }
        }
    }

    #[test]
    fn no_bytes_are_too_strange_to_be_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = AddCheckpoint::parse(&bytes);
        let _ = Policy::parse(&bytes);
    }

    #[test]
    fn a_request_has_one_form(text in "(old |[0-9]|\n|BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n|a\n|— n AAAAAAE=\n){0,10}") {
        if let Ok(request) = AddCheckpoint::parse(text.as_bytes()) {
            prop_assert_eq!(request.to_string(), text);
        }
    }
}
