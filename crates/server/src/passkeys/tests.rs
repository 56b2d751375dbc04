use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use yinuo_domain::StaffId;

use super::*;

const ISSUER: &str = "https://id.example:8443";
const HOST: &str = "id.example";
const OWNER: [u8; 16] = [3; 16];
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// What is wrong, and how it comes about.
type Change = (&'static str, fn(&mut Authenticator));

/// An authenticator with one passkey, and the browser it is plugged into.
struct Authenticator {
    key: SigningKey,
    id: [u8; 16],
    count: u32,
    flags: u8,
    origin: &'static str,
    host: &'static str,
    owner: [u8; 16],
}

impl Authenticator {
    fn new() -> Self {
        Self {
            key: SigningKey::from_slice(&[7; 32]).unwrap(),
            id: [9; 16],
            count: 1,
            flags: USER_PRESENT | USER_VERIFIED,
            origin: ISSUER,
            host: HOST,
            owner: OWNER,
        }
    }

    fn client_data(&self, what: &str, options: &str) -> Vec<u8> {
        let options: Value = serde_json::from_str(options).unwrap();
        let data = json!({
            "type": what, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.host.as_bytes()).to_vec();
        data.push(self.flags | flags);
        data.extend(self.count.to_be_bytes());
        data
    }

    fn create(&self, options: &str) -> String {
        let point = self.key.verifying_key().to_sec1_point(false);
        let point = point.as_bytes();
        let mut data = self.data(HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let response = json!({
            "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", options)),
            "attestationObject": BASE64.encode(object),
            "transports": ["internal"],
        });
        self.answer(response)
    }

    fn get(&self, options: &str) -> String {
        let (client, data) = (self.client_data("webauthn.get", options), self.data(0));
        let signed = [data.clone(), Sha256::digest(&client).to_vec()].concat();
        let signature: Signature = self.key.sign(&signed);
        let response = json!({
            "clientDataJSON": BASE64.encode(client),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(der(&signature.to_bytes())),
            "userHandle": BASE64.encode(self.owner),
        });
        self.answer(response)
    }

    fn answer(&self, response: Value) -> String {
        let id = BASE64.encode(self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response,
        })
        .to_string()
    }
}

/// Two numbers in a sequence, each as short as it can be and positive.
fn der(signature: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for number in signature.chunks(32) {
        let first = number.iter().position(|byte| *byte != 0).unwrap();
        let mut number = number[first..].to_vec();
        if 0x80 <= number[0] {
            number.insert(0, 0);
        }
        body.extend([2, u8::try_from(number.len()).unwrap()]);
        body.extend(number);
    }
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

fn passkeys() -> HostPasskeys {
    HostPasskeys::of(ISSUER).unwrap()
}

fn created(passkeys: &HostPasskeys, authenticator: &Authenticator) -> Result<Passkey, PasskeyRefused> {
    let staff = StaffId::parse("lin").unwrap();
    let asked = passkeys.create(PasskeyOwner { handle: &OWNER, staff: &staff }, &[]).unwrap();
    passkeys.created(&asked.state, &authenticator.create(&asked.options))
}

fn answered(
    passkeys: &HostPasskeys,
    authenticator: &Authenticator,
    known: &Passkey,
) -> Result<Passkey, PasskeyRefused> {
    let asked = passkeys.ask().unwrap();
    let known = std::slice::from_ref(known);
    passkeys.answered(&asked.state, &authenticator.get(&asked.options), &OWNER, known)
}

#[test]
fn a_passkey_that_was_made_is_accepted_and_counts_on() {
    let (passkeys, mut authenticator) = (passkeys(), Authenticator::new());
    let made = created(&passkeys, &authenticator).unwrap();
    authenticator.count = 2;
    let used = answered(&passkeys, &authenticator, &made).unwrap();
    assert!(used.id == made.id && used.key == made.key && used.state != made.state);
    assert!(answered(&passkeys, &authenticator, &used).is_err(), "the same count again");
    authenticator.count = 1;
    assert!(answered(&passkeys, &authenticator, &used).is_err(), "a smaller count");
    authenticator.count = 3;
    assert!(answered(&passkeys, &authenticator, &used).is_ok());
}

#[test]
fn what_comes_from_elsewhere_is_refused() {
    let (passkeys, good) = (passkeys(), Authenticator::new());
    let made = created(&passkeys, &good).unwrap();
    let wrong: [Change; 7] = [
        ("another host", |it| it.origin = "https://elsewhere.example:8443"),
        ("another port", |it| it.origin = "https://id.example"),
        ("another scheme", |it| it.origin = "http://id.example:8443"),
        ("a host below", |it| it.origin = "https://a.id.example:8443"),
        ("asked by another host", |it| it.host = "elsewhere.example"),
        ("nobody verified", |it| it.flags = USER_PRESENT),
        ("nobody present", |it| it.flags = USER_VERIFIED),
    ];
    for (what, change) in wrong {
        let mut authenticator = Authenticator { count: 2, ..Authenticator::new() };
        change(&mut authenticator);
        assert!(created(&passkeys, &authenticator).is_err(), "made: {what}");
        assert!(answered(&passkeys, &authenticator, &made).is_err(), "used: {what}");
    }
    let of_others: [Change; 3] = [
        ("another key", |it| it.key = SigningKey::from_slice(&[8; 32]).unwrap()),
        ("another passkey", |it| it.id = [8; 16]),
        ("another owner", |it| it.owner = [4; 16]),
    ];
    for (what, change) in of_others {
        let mut authenticator = Authenticator { count: 2, ..Authenticator::new() };
        change(&mut authenticator);
        assert!(answered(&passkeys, &authenticator, &made).is_err(), "{what}");
    }
    assert!(answered(&passkeys, &Authenticator { count: 2, ..good }, &made).is_ok());
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let (passkeys, authenticator) = (passkeys(), Authenticator::new());
    let made = created(&passkeys, &authenticator).unwrap();
    let (asked, other) = (passkeys.ask().unwrap(), passkeys.ask().unwrap());
    assert_ne!(asked.options, other.options);
    let answer = Authenticator { count: 2, ..Authenticator::new() }.get(&other.options);
    assert!(passkeys.answered(&asked.state, &answer, &OWNER, std::slice::from_ref(&made)).is_err());
    assert!(passkeys.answered(&other.state, &answer, &OWNER, std::slice::from_ref(&made)).is_ok());
    for state in [&[][..], &[0; 40], &made.state] {
        assert!(passkeys.answered(state, &answer, &OWNER, std::slice::from_ref(&made)).is_err());
        assert!(passkeys.created(state, &authenticator.create(&other.options)).is_err());
    }
    for answer in ["", "{}", "null", "{\"id\":1}"] {
        assert!(passkeys.answered(&asked.state, answer, &OWNER, std::slice::from_ref(&made)).is_err());
        assert!(passkeys.created(&asked.state, answer).is_err());
    }
}

#[test]
fn only_a_secure_name_has_passkeys() {
    for issuer in ["https://id.example", "https://id.example:8443", "http://localhost:8080"] {
        assert!(HostPasskeys::of(issuer).is_some(), "{issuer}");
    }
    for issuer in [
        "http://id.example",
        "http://127.0.0.1:8080",
        "https://127.0.0.1",
        "https://[::1]:8443",
        "https://192.0.2.1:8443",
        "localhost",
    ] {
        assert!(HostPasskeys::of(issuer).is_none(), "{issuer}");
    }
}
