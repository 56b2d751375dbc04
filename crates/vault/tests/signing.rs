//! Keys of log heads, and the traps of the `sm2` crate that they avoid. A trap's test pins what the crate does: when
//! one fails after an update, the crate changed and the care taken here can be looked at again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod world;

use std::sync::atomic::AtomicU64;

use ed25519_dalek::Verifier as _;
use rand_core::{TryCryptoRng, TryRng};
use sm2::dsa::signature::{RandomizedSigner, Signer};
use sm2::dsa::{DerSignature, Signature, SigningKey, VerifyingKey};
use sm2::pkcs8::spki::SignatureBitStringEncoding;
use sm2::pke::{DecryptingKey, EncryptingKey};
use world::{Counting, Failing, PASSPHRASE, SUITES, Stuck, provider};
use yinuo_domain::{Random, RandomFailed};
use yinuo_vault::signing::{Ed25519Key, SM2_ID, Sm2Key};
use yinuo_vault::{KeyProvider, PassphraseProvider, ProviderError, VaultError};

const HEAD: &[u8] = b"platform.example/log/g/0\n7\ninvented root\n";

fn sm2_verifies(public: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(SM2_ID, public).unwrap();
    let signature = Signature::from_slice(signature).unwrap();
    sm2::dsa::signature::Verifier::verify(&key, text, &signature).is_ok()
}

fn ed25519_verifies(public: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
    let key = ed25519_dalek::VerifyingKey::from_bytes(public).unwrap();
    key.verify(text, &ed25519_dalek::Signature::from_slice(signature).unwrap()).is_ok()
}

#[test]
fn a_kept_key_signs_as_the_one_that_was_made() {
    for suite in SUITES {
        let (provider, root) = provider(suite);
        let random = Counting::from(1);
        let (ed25519, sm2) = (Ed25519Key::generate(&random).unwrap(), Sm2Key::generate(&random).unwrap());
        let kept = (
            ed25519.to_protected(&provider, &random).unwrap(),
            sm2.to_protected(&provider, &random).unwrap(),
        );
        // Another process, later.
        let provider = PassphraseProvider::unlock(&root, PASSPHRASE).unwrap();
        let again = (
            Ed25519Key::from_protected(&provider, &kept.0).unwrap(),
            Sm2Key::from_protected(&provider, &kept.1).unwrap(),
        );
        assert_eq!(again.0.public(), ed25519.public());
        assert_eq!(again.1.public(), sm2.public());
        assert_eq!(again.0.sign(HEAD).unwrap(), ed25519.sign(HEAD).unwrap());
        assert_eq!(again.1.sign(HEAD).unwrap(), sm2.sign(HEAD).unwrap());
        assert!(ed25519_verifies(&ed25519.public(), HEAD, &again.0.sign(HEAD).unwrap()));
        assert!(sm2_verifies(&sm2.public(), HEAD, &again.1.sign(HEAD).unwrap()));
        assert!(!ed25519_verifies(&ed25519.public(), b"another head", &again.0.sign(HEAD).unwrap()));
        assert!(!sm2_verifies(&sm2.public(), b"another head", &again.1.sign(HEAD).unwrap()));
    }
}

/// RFC 8032 §7.1, test 2.
#[test]
fn ed25519_signs_as_the_standard_says() {
    struct Seed;
    impl Random for Seed {
        fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
            hex::decode_to_slice("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", out)
                .map_err(|_| RandomFailed)
        }
    }
    let key = Ed25519Key::generate(&Seed).unwrap();
    assert_eq!(hex::encode(key.public()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assert_eq!(
        hex::encode(key.sign(&[0x72]).unwrap()),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
}

#[test]
fn a_key_is_not_another_key_of_the_same_provider() {
    for suite in SUITES {
        let (provider, _) = provider(suite);
        let random = Counting::from(1);
        let ed25519 = Ed25519Key::generate(&random).unwrap().to_protected(&provider, &random).unwrap();
        let sm2 = Sm2Key::generate(&random).unwrap().to_protected(&provider, &random).unwrap();
        let vault_key = provider.wrap("yinuo/vault/guomi/index", &[1; 32], &random).unwrap();
        let refused = VaultError::Provider(ProviderError::NotAuthentic);
        assert_eq!(Ed25519Key::from_protected(&provider, &sm2).unwrap_err(), refused);
        assert_eq!(Ed25519Key::from_protected(&provider, &vault_key).unwrap_err(), refused);
        assert_eq!(Sm2Key::from_protected(&provider, &ed25519).unwrap_err(), refused);
        assert_eq!(Sm2Key::from_protected(&provider, &vault_key).unwrap_err(), refused);
    }
}

#[test]
fn a_failing_source_makes_no_key_and_no_panic() {
    let none = || Failing(AtomicU64::new(0));
    assert_eq!(Ed25519Key::generate(&none()).unwrap_err(), VaultError::Random(RandomFailed));
    assert_eq!(Sm2Key::generate(&none()).unwrap_err(), VaultError::Random(RandomFailed));
    // All ones is above the curve's order, all zeros below it: a stuck source is not asked for ever.
    assert_eq!(Sm2Key::generate(&Stuck(0xff)).unwrap_err(), VaultError::RandomRepeats);
    assert_eq!(Sm2Key::generate(&Stuck(0)).unwrap_err(), VaultError::RandomRepeats);
    let key = Sm2Key::generate(&Counting::from(1)).unwrap();
    assert_eq!(key.sign_with(HEAD, &none()).unwrap_err(), VaultError::Signing);
}

/// A source may be bad or stuck: the nonce still depends on key and text, so two heads never share one.
#[test]
fn fresh_randomness_changes_the_signature_and_a_stuck_source_does_no_harm() {
    let key = Sm2Key::generate(&Counting::from(1)).unwrap();
    let signatures = [
        key.sign(HEAD).unwrap(),
        key.sign_with(HEAD, &Stuck(1)).unwrap(),
        key.sign_with(HEAD, &Stuck(2)).unwrap(),
        key.sign_with(b"another head", &Stuck(1)).unwrap(),
    ];
    for (i, signature) in signatures.iter().enumerate() {
        let text = if i == 3 { b"another head".as_slice() } else { HEAD };
        assert!(sm2_verifies(&key.public(), text, signature), "{i}");
        for (j, other) in signatures.iter().enumerate() {
            assert!(i == j || signature[..32] != other[..32], "{i} and {j} have the same r");
        }
    }
}

/// For the crate's own interfaces.
struct Bytes(u8);

impl TryRng for Bytes {
    type Error = RandomFailed;
    fn try_next_u32(&mut self) -> Result<u32, RandomFailed> {
        self.try_next_u64().map(|word| word as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, RandomFailed> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), RandomFailed> {
        for byte in dst {
            self.0 = self.0.wrapping_mul(5).wrapping_add(7);
            *byte = self.0;
        }
        Ok(())
    }
}

impl TryCryptoRng for Bytes {}

fn secret() -> sm2::SecretKey {
    sm2::SecretKey::from_slice(&[0x2a; 32]).unwrap()
}

/// Trap: the crate wipes `SecretKey` and nothing that is made of it. `Sm2Key` wipes by itself (`wiping_leaves_nothing…`).
#[test]
fn trap_only_the_secret_key_of_the_crate_is_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<sm2::SecretKey>();
    wiped::<ed25519_dalek::SigningKey>();
    // `SigningKey` can be copied at will, which nothing wiped could be; ours cannot.
    fn copied<T: Clone>() {}
    copied::<SigningKey>();
}

/// Trap: `{:?}` of the crate's `DecryptingKey` prints the private key. No type of ours holds one.
#[test]
fn trap_a_decrypting_key_prints_its_private_key() {
    let printed = format!("{:?}", DecryptingKey::new(secret())).to_lowercase();
    assert!(printed.contains(&"2a".repeat(32)), "{printed}");
}

/// Trap: in X.509 the crate's `Signature` puts raw r‖s where DER belongs. Notes want exactly the raw form.
#[test]
fn trap_a_signature_is_raw_where_x509_wants_der() {
    let key = SigningKey::new(SM2_ID, &secret()).unwrap();
    let raw: Signature = key.try_sign(HEAD).unwrap();
    assert_eq!(raw.to_bitstring().unwrap().raw_bytes(), raw.to_bytes().as_slice());
    let der: DerSignature = raw.to_der();
    assert_eq!(der.to_bitstring().unwrap().raw_bytes()[0], 0x30, "a DER sequence");
    assert_eq!(Sm2Key::generate(&Counting::from(1)).unwrap().sign(HEAD).unwrap().len(), 64);
}

/// Trap: an empty plaintext is an error of the crate's encryption. The vault refuses empty values itself, first.
#[test]
fn trap_an_empty_plaintext_cannot_be_encrypted() {
    let key = EncryptingKey::new(secret().public_key());
    assert!(key.encrypt(&mut Bytes(1), b"").is_err());
    assert!(key.encrypt(&mut Bytes(1), b"x").is_ok());
}

/// Trap: of the signing calls that take a source, `try_sign_with_rng` is the one that returns its failure.
#[test]
fn trap_a_failing_source_is_an_error_only_of_the_fallible_call() {
    struct Broken;
    impl TryRng for Broken {
        type Error = RandomFailed;
        fn try_next_u32(&mut self) -> Result<u32, RandomFailed> {
            Err(RandomFailed)
        }
        fn try_next_u64(&mut self) -> Result<u64, RandomFailed> {
            Err(RandomFailed)
        }
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), RandomFailed> {
            Err(RandomFailed)
        }
    }
    impl TryCryptoRng for Broken {}
    let key = SigningKey::new(SM2_ID, &secret()).unwrap();
    let signed: Result<Signature, _> = key.try_sign_with_rng(&mut Broken, HEAD);
    assert!(signed.is_err());
}
