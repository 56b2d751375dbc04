//! Signed notes, the keys that check them, and checkpoints.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod golden;
mod keys;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use yinuo_domain::LogId;
use yinuo_tlog::{
    Algorithm, Checkpoint, InvalidCheckpoint, InvalidKey, InvalidNote, SignedNote, Unverified, VerifierKey,
    origin,
};

const NAME: &str = "issuer.example/log/g/0";

fn both() -> [keys::Signer; 2] {
    [keys::ed25519(1), keys::sm2(1)]
}

#[test]
fn notes_of_both_kinds_are_frozen() {
    let text = Checkpoint { origin: NAME.to_owned(), size: 8, root: [7; 32] }.text();
    for (file, signer) in [("note-ed25519.txt", keys::ed25519(1)), ("note-sm2.txt", keys::sm2(1))] {
        let note = signer.note(NAME, &text);
        signer.verifier(NAME).verify(&note).unwrap();
        golden::check(file, &format!("{}\n{note}", signer.verifier(NAME)));
    }
}

/// RFC 8032 §7.1 test 2 gives the key and a signature over one byte, made by somebody else.
#[test]
fn ed25519_is_that_of_the_standard() {
    let key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    let key =
        VerifierKey::Ed25519 { name: "a".to_owned(), key: hex::decode(key).unwrap().try_into().unwrap() };
    let signature = hex::decode(signature).unwrap();
    assert_eq!(key.verify_bytes(&[0x72], &signature), Ok(()));
    assert_eq!(key.verify_bytes(&[0x73], &signature), Err(Unverified::WrongSignature));
}

#[test]
fn the_key_id_is_over_name_type_and_key() {
    use sha2::Digest as _;
    let id = |parts: &[&[u8]]| sha2::Sha256::digest(parts.concat())[..4].to_vec();
    let VerifierKey::Ed25519 { key, .. } = keys::ed25519(1).verifier(NAME) else { panic!() };
    assert_eq!(keys::ed25519(1).verifier(NAME).key_id(), *id(&[NAME.as_bytes(), b"\n\x01", &key]));
    let VerifierKey::Sm2 { key, .. } = keys::sm2(1).verifier(NAME) else { panic!() };
    assert_eq!(key[0], 4);
    assert_eq!(keys::sm2(1).verifier(NAME).key_id(), *id(&[NAME.as_bytes(), b"\n\xffyinuo/sm2-sm3", &key]));
}

#[test]
fn any_flipped_bit_of_text_or_signature_fails() {
    for signer in both() {
        let key = signer.verifier(NAME);
        let note = signer.note(NAME, "one line\nanother line\n");
        assert_eq!(key.verify(&note), Ok(()));
        for bit in 0..note.signatures[0].signature.len() * 8 {
            let mut changed = note.clone();
            changed.signatures[0].signature[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(&changed), Err(Unverified::WrongSignature), "signature bit {bit}");
        }
        for bit in (0..note.text.len() * 8).step_by(3) {
            let mut text = note.text.clone().into_bytes();
            text[bit / 8] ^= 1 << (bit % 8);
            let signature = &note.signatures[0].signature;
            assert_eq!(key.verify_bytes(&text, signature), Err(Unverified::WrongSignature), "text bit {bit}");
        }
        for signature in [&[][..], &[0; 63], &[0; 64], &[0xff; 64], &[0; 65]] {
            assert_eq!(key.verify_bytes(b"one line\n", signature), Err(Unverified::WrongSignature));
        }
    }
}

#[test]
fn signatures_by_others_are_passed_over_and_a_wrong_one_by_this_key_is_not() {
    for signer in both() {
        let key = signer.verifier(NAME);
        let text = "a text\n";
        let own = signer.sign(NAME, text);
        let other = keys::ed25519(9).sign(NAME, text);
        let mut same_id_other_name = own.clone();
        same_id_other_name.name = "issuer.example/other".to_owned();
        let mut wrong = own.clone();
        wrong.signature[5] ^= 1;

        #[rustfmt::skip]
        let cases = [
            (vec![own.clone()],                                            Ok(())),
            (vec![other.clone(), same_id_other_name.clone(), own.clone()], Ok(())),
            (vec![own.clone(), own.clone()],                               Ok(())),
            (vec![other, same_id_other_name],                              Err(Unverified::NotSigned)),
            (vec![wrong.clone()],                                          Err(Unverified::WrongSignature)),
            (vec![own.clone(), wrong.clone()],                             Err(Unverified::WrongSignature)),
            (vec![wrong, own],                                             Err(Unverified::WrongSignature)),
            (vec![],                                                       Err(Unverified::NotSigned)),
        ];
        for (signatures, expected) in cases {
            let note = SignedNote { text: text.to_owned(), signatures };
            assert_eq!(key.verify(&note), expected, "{note}");
        }
    }
}

#[test]
fn what_is_no_key_verifies_nothing() {
    let note = keys::ed25519(1).note(NAME, "a text\n");
    let id = |mut note: SignedNote, key: &VerifierKey, len| {
        note.signatures[0].key_id = key.key_id();
        note.signatures[0].signature.resize(len, 1);
        note
    };
    let nothing = VerifierKey::Sm2 { name: NAME.to_owned(), key: [4; 65] };
    assert_eq!(nothing.verify(&id(note.clone(), &nothing, 64)), Err(Unverified::Key));
    let off_curve = VerifierKey::Ed25519 { name: NAME.to_owned(), key: [2; 32] };
    assert_eq!(off_curve.verify(&id(note, &off_curve, 64)), Err(Unverified::Key));
}

#[test]
fn a_small_order_key_signs_nothing() {
    // The neutral element: without the strict check, R = 0 and s = 0 would pass for every text.
    let mut key = [0; 32];
    key[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let key = VerifierKey::Ed25519 { name: NAME.to_owned(), key };
    assert_eq!(key.verify_bytes(b"any text\n", &signature), Err(Unverified::WrongSignature));
    assert_eq!(VerifierKey::parse(&key.to_string()), Err(InvalidKey::Key));
}

#[test]
fn a_key_is_read_from_its_text_or_refused() {
    for signer in both() {
        let key = signer.verifier(NAME);
        assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key.clone()));
        // Any changed character is another key or none, and then the id or the point is wrong.
        let text = key.to_string();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            assert!(VerifierKey::parse(str::from_utf8(&changed).unwrap()).is_err(), "byte {at}");
        }
    }

    let text = |name: &str, id: &str, bytes: &[u8]| format!("{name}+{id}+{}", BASE64_STANDARD.encode(bytes));
    let VerifierKey::Ed25519 { key: ed25519, .. } = keys::ed25519(1).verifier("a") else { panic!() };
    let VerifierKey::Sm2 { key: sm2, .. } = keys::sm2(1).verifier("a") else { panic!() };
    let typed = |kind: &[u8], key: &[u8]| [kind, key].concat();
    let mut hybrid = sm2;
    hybrid[0] = 6 | (sm2[64] & 1);
    let compressed = [&[2 | (sm2[64] & 1)], &sm2[1..33]].concat();
    let id = hex::encode(keys::ed25519(1).verifier("a").key_id());
    #[rustfmt::skip]
    let cases = [
        (text("a", &id, &typed(&[1], &ed25519)),                       None),
        (text("a", &id.to_uppercase(), &typed(&[1], &ed25519)),        Some(InvalidKey::Id)),
        (text("b", &id, &typed(&[1], &ed25519)),                       Some(InvalidKey::Id)),
        (text("a", "", &typed(&[1], &ed25519)),                        Some(InvalidKey::Id)),
        (text("", &id, &typed(&[1], &ed25519)),                        Some(InvalidKey::Form)),
        (text("a b", &id, &typed(&[1], &ed25519)),                     Some(InvalidKey::Form)),
        (text("a\u{3000}b", &id, &typed(&[1], &ed25519)),              Some(InvalidKey::Form)),
        (text("a", &id, &typed(&[1], &ed25519[1..])),                  Some(InvalidKey::Key)),
        (text("a", &id, &typed(&[1], &[2; 32])),                       Some(InvalidKey::Key)),
        (text("a", &id, &typed(&[2], &ed25519)),                       Some(InvalidKey::UnknownType)),
        (text("a", &id, &[]),                                          Some(InvalidKey::Form)),
        (text("a", &id, &typed(b"\xffyinuo/sm2", &sm2)),               Some(InvalidKey::UnknownType)),
        (text("a", &id, &typed(b"\xffyinuo/sm2-sm3", &sm2)),           Some(InvalidKey::Id)),
        (text("a", &id, &typed(b"\xffyinuo/sm2-sm3", &[4; 65])),       Some(InvalidKey::Key)),
        (text("a", &id, &typed(b"\xffyinuo/sm2-sm3", &hybrid)),        Some(InvalidKey::Key)),
        (text("a", &id, &typed(b"\xffyinuo/sm2-sm3", &compressed)),    Some(InvalidKey::Key)),
        ("a".to_owned(),                                               Some(InvalidKey::Form)),
        (format!("a+{id}"),                                            Some(InvalidKey::Form)),
        (format!("a+{id}+!"),                                          Some(InvalidKey::Form)),
        (String::new(),                                                Some(InvalidKey::Form)),
    ];
    for (text, expected) in cases {
        assert_eq!(VerifierKey::parse(&text).err(), expected, "{text}");
    }
}

#[test]
fn a_note_is_read_or_refused_with_its_reason() {
    let line = |line| Some(InvalidNote::Signature { line });
    #[rustfmt::skip]
    let cases = [
        ("a\n\n— n AAAAAAE=\n",                      None),
        ("a\n\nb\n\n\n— n AAAAAAE=\n",               None),
        ("\n\n— n AAAAAAE=\n",                       None),
        ("a\n\n— n AAAAAAE=\n— m AAAAAAE=\n",        None),
        ("一诺\n\n— 一诺.example AAAAAAE=\n",          None),
        ("",                                         Some(InvalidNote::NoSignatures)),
        ("a\n",                                      Some(InvalidNote::NoSignatures)),
        ("a\n— n AAAAAAE=\n",                        Some(InvalidNote::NoSignatures)),
        ("a\n\n",                                    Some(InvalidNote::NoSignatures)),
        ("a\n\n— n AAAAAAE=",                        Some(InvalidNote::NoSignatures)),
        ("a\n\n— n AAAAAAE=\n\n",                    Some(InvalidNote::NoSignatures)),
        ("a\n\n- n AAAAAAE=\n",                      line(1)),
        ("a\n\n—n AAAAAAE=\n",                       line(1)),
        ("a\n\n—  AAAAAAE=\n",                       line(1)),
        ("a\n\n— n  AAAAAAE=\n",                     line(1)),
        ("a\n\n— n+ AAAAAAE=\n",                     line(1)),
        ("a\n\n— n\u{a0}m AAAAAAE=\n",               line(1)),
        ("a\n\n— n\n",                               line(1)),
        ("a\n\n— n \n",                              line(1)),
        ("a\n\n— n AAAAAA==\n",                      line(1)),
        ("a\n\n— n AAA=\n",                          line(1)),
        ("a\n\n— n AAAAAAE\n",                       line(1)),
        ("a\n\n— n AAAAAAF=\n",                      line(1)),
        ("a\n\n— n AAAAAAE=\n— n AAAA\n",            line(2)),
        ("a\r\n\r\n— n AAAAAAE=\r\n",                Some(InvalidNote::Control)),
        ("a\tb\n\n— n AAAAAAE=\n",                   Some(InvalidNote::Control)),
        ("a\0\n\n— n AAAAAAE=\n",                    Some(InvalidNote::Control)),
    ];
    for (text, expected) in cases {
        let note = SignedNote::parse(text);
        assert_eq!(note.as_ref().err(), expected.as_ref(), "{text:?}");
        assert_eq!(SignedNote::parse_bytes(text.as_bytes()), note);
        if let Ok(note) = note {
            assert_eq!(note.to_string(), text);
        }
    }
    let note = SignedNote::parse("a\n\nb\n\n\n— n AAAAAAE=\n").unwrap();
    assert_eq!(note.text, "a\n\nb\n\n");
    assert_eq!((note.signatures[0].key_id, note.signatures[0].signature.as_slice()), ([0; 4], &[1][..]));
    assert_eq!(SignedNote::parse_bytes(b"a\xff\n\n"), Err(InvalidNote::Utf8));
}

#[test]
fn a_note_has_limits() {
    let signed = |count| format!("a\n\n{}", "— n AAAAAAE=\n".repeat(count));
    assert_eq!(SignedNote::parse(&signed(64)).unwrap().signatures.len(), 64);
    assert_eq!(SignedNote::parse(&signed(65)), Err(InvalidNote::TooManySignatures));
    let long = |len| format!("{}\n\n— n AAAAAAE=\n", "a".repeat(len - "\n\n— n AAAAAAE=\n".len()));
    assert!(SignedNote::parse(&long(SignedNote::LEN_MAX)).is_ok());
    assert_eq!(SignedNote::parse(&long(SignedNote::LEN_MAX + 1)), Err(InvalidNote::TooLong));
    assert_eq!(SignedNote::parse_bytes(&vec![0xff; SignedNote::LEN_MAX + 1]), Err(InvalidNote::TooLong));
}

proptest! {
    /// Whatever reads as a note is written with the same bytes.
    #[test]
    fn a_note_has_one_form(text in "(a|\n|— n AAAAAAE=\n|— [nm+] A{5,6}[AE]=\n| |—){0,12}") {
        if let Ok(note) = SignedNote::parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn checkpoints_come_back(origin in "[a-z./0-9]{1,40}", size: u64, root: [u8; 32]) {
        let head = Checkpoint { origin, size, root };
        prop_assert_eq!(Checkpoint::parse(&head.text()), Ok(head));
    }
}

#[test]
fn a_checkpoint_is_read_or_refused_with_its_reason() {
    let root = BASE64_STANDARD.encode([7; 32]);
    let other = |root: &str| format!("a.example\n8\n{root}\n");
    #[rustfmt::skip]
    let cases = [
        (format!("a.example\n8\n{root}\n"),                   None),
        (format!("a.example\n0\n{root}\n"),                   None),
        (format!("a.example\n18446744073709551615\n{root}\n"), None),
        (format!("a.example\n18446744073709551616\n{root}\n"), Some(InvalidCheckpoint::Size)),
        (format!("a.example\n08\n{root}\n"),                  Some(InvalidCheckpoint::Size)),
        (format!("a.example\n+8\n{root}\n"),                  Some(InvalidCheckpoint::Size)),
        (format!("a.example\n-8\n{root}\n"),                  Some(InvalidCheckpoint::Size)),
        (format!("a.example\n\n{root}\n"),                    Some(InvalidCheckpoint::Size)),
        (format!("a.example\n8 \n{root}\n"),                  Some(InvalidCheckpoint::Size)),
        (format!("\n8\n{root}\n"),                            Some(InvalidCheckpoint::Origin)),
        (format!("a.example\n8\n{root}"),                     Some(InvalidCheckpoint::Lines)),
        ("a.example\n8\n".to_owned(),                         Some(InvalidCheckpoint::Lines)),
        (String::new(),                                       Some(InvalidCheckpoint::Lines)),
        (other(""),                                           Some(InvalidCheckpoint::Root)),
        (other(&root[..43]),                                  Some(InvalidCheckpoint::Root)),
        (other(&BASE64_STANDARD.encode([7; 31])),             Some(InvalidCheckpoint::Root)),
        (other(&BASE64_STANDARD.encode([7; 33])),             Some(InvalidCheckpoint::Root)),
        (format!("a.example\n8\n{root}\nextension\n"),        Some(InvalidCheckpoint::Extension)),
        (format!("a.example\n8\n{root}\n\n"),                 Some(InvalidCheckpoint::Extension)),
        (format!("a.example\n8\n{root}\nx"),                  Some(InvalidCheckpoint::Extension)),
    ];
    for (text, expected) in cases {
        assert_eq!(Checkpoint::parse(&text).err(), expected, "{text}");
    }
}

#[test]
fn origins_are_those_of_the_design() {
    #[rustfmt::skip]
    let cases = [
        (LogId::platform(), Algorithm::Sha256, "issuer.example/log/platform"),
        (LogId::platform(), Algorithm::Sm3,    "issuer.example/log/platform/sm3"),
        (LogId::group(0),   Algorithm::Sha256, "issuer.example/log/g/0"),
        (LogId::group(7),   Algorithm::Sm3,    "issuer.example/log/g/7/sm3"),
    ];
    for (log, algorithm, expected) in cases {
        assert_eq!(origin("issuer.example", &log, algorithm), expected);
    }
}
