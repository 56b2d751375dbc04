//! Fixed keys and notes made with them. Only tests sign here.
#![allow(dead_code, reason = "not every test needs all of it")]

use ed25519_dalek::Signer as _;
use yinuo_tlog::{NoteSignature, SM2_ID, SignedNote, VerifierKey, WitnessKey, cosigned_text};

/// A key that signs notes.
pub(crate) enum Signer {
    Ed25519(ed25519_dalek::SigningKey),
    Sm2(sm2::dsa::SigningKey),
}

pub(crate) fn ed25519(seed: u8) -> Signer {
    Signer::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]))
}

pub(crate) fn sm2(seed: u8) -> Signer {
    Signer::Sm2(sm2::dsa::SigningKey::from_slice(SM2_ID, &[seed; 32]).unwrap())
}

impl Signer {
    pub(crate) fn verifier(&self, name: &str) -> VerifierKey {
        let name = name.to_owned();
        match self {
            Self::Ed25519(key) => VerifierKey::Ed25519 { name, key: key.verifying_key().to_bytes() },
            Self::Sm2(key) => {
                use sm2::elliptic_curve::sec1::ToSec1Point as _;
                let point = key.verifying_key().to_sec1_point(false);
                VerifierKey::Sm2 { name, key: point.as_bytes().try_into().unwrap() }
            }
        }
    }

    fn signature(&self, text: &str) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(text.as_bytes()).to_bytes().to_vec(),
            Self::Sm2(key) => {
                let signature: sm2::dsa::Signature = key.sign(text.as_bytes());
                signature.to_bytes().to_vec()
            }
        }
    }

    pub(crate) fn sign(&self, name: &str, text: &str) -> NoteSignature {
        let signature = self.signature(text);
        NoteSignature { name: name.to_owned(), key_id: self.verifier(name).key_id(), signature }
    }

    pub(crate) fn witness(&self, name: &str) -> WitnessKey {
        WitnessKey::new(self.verifier(name))
    }

    pub(crate) fn cosign(&self, name: &str, head: &str, at_s: u64) -> NoteSignature {
        self.witness(name).line(at_s, &self.signature(&cosigned_text(head, at_s)))
    }

    pub(crate) fn note(&self, name: &str, text: &str) -> SignedNote {
        SignedNote { text: text.to_owned(), signatures: vec![self.sign(name, text)] }
    }
}
