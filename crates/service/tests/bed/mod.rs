//! A whole Yinuo below HTTP for tests, with a clock that tests move and two invented partners.
//!
//! Included by the tests of `service`, `web` and `server`, so that all of them speak of the same people.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../../../ledger/tests/faulty/mod.rs"]
pub mod faulty;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use yinuo_domain::*;
use yinuo_ledger::{
    HeadSigner, Ledger, LedgerError, MemoryStore, RowSeal, Settings, SignFailed, SqliteStore, StoreError,
};
use yinuo_oauth::client::{ClientKey, pkce_challenge};
use yinuo_oauth::{Opaque, Parameters, TokenResponse};
use yinuo_service::*;
use yinuo_tlog::{Algorithm, VerifierKey, origin};
use yinuo_vault::signing::{Ed25519Key, Sm2Key};
use yinuo_vault::{KeyringFile, Params, PassphraseProvider, Vault};

pub const ISSUER: &str = "http://yinuo.example";
pub const HOST: &str = "yinuo.example";
pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";
/// What the courier needs, and what it would like.
pub const DELIVERY: &[&str] = &["name", "delivery_address", "contact_phone"];
pub const OFFERS: &[&str] = &["email_address"];

/// A clock that tests move. The monotonic one follows it.
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn forward_ms(&self, ms: u64) {
        self.0.fetch_add(ms, SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.0.load(SeqCst).saturating_mul(1_000_000))
    }
}

/// Passkeys without cryptography: who answers with what was asked and the id of a passkey has that passkey.
pub struct MadePasskeys(AtomicU64);

impl MadePasskeys {
    fn asked(&self) -> Result<PasskeyAsked, PasskeyRefused> {
        let asked = self.0.fetch_add(1, SeqCst).to_string();
        Ok(PasskeyAsked { options: asked.clone(), state: asked.into_bytes() })
    }

    fn id(state: &[u8], answer: &str) -> Result<Vec<u8>, PasskeyRefused> {
        let (asked, id) = answer.split_once(' ').ok_or(PasskeyRefused)?;
        if asked.as_bytes() == state { Ok(id.as_bytes().to_vec()) } else { Err(PasskeyRefused) }
    }
}

impl Passkeys for MadePasskeys {
    fn create(&self, _: PasskeyOwner<'_>, _: &[Passkey]) -> Result<PasskeyAsked, PasskeyRefused> {
        self.asked()
    }

    fn created(&self, state: &[u8], answer: &str) -> Result<Passkey, PasskeyRefused> {
        Ok(Passkey { id: Self::id(state, answer)?, key: vec![1], state: b"0".to_vec() })
    }

    fn ask(&self) -> Result<PasskeyAsked, PasskeyRefused> {
        self.asked()
    }

    fn answered(
        &self,
        state: &[u8],
        answer: &str,
        _: &[u8; 16],
        known: &[Passkey],
    ) -> Result<Passkey, PasskeyRefused> {
        let id = Self::id(state, answer)?;
        let passkey = known.iter().find(|passkey| passkey.id == id).ok_or(PasskeyRefused)?;
        Ok(Passkey { state: state.to_vec(), ..passkey.clone() })
    }
}

/// The clocks of the machine, for tests in which time must pass by itself.
pub struct RealClock(std::time::Instant);

impl RealClock {
    #[allow(clippy::disallowed_methods)]
    pub fn new() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for RealClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp(u64::try_from(since.as_millis()).unwrap())
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(u64::try_from(self.0.elapsed().as_nanos()).unwrap())
    }
}

/// Never the same bytes twice, and the same in every run: a counter through SplitMix64.
pub struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in out.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

struct Ed25519Signer(Ed25519Key);
struct Sm2Signer(Sm2Key);

impl HeadSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }
    fn verifier(&self, origin: &str) -> VerifierKey {
        VerifierKey::Ed25519 { name: origin.to_owned(), key: self.0.public() }
    }
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        self.0.sign(text).map_err(|_| SignFailed)
    }
}

impl HeadSigner for Sm2Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sm3
    }
    fn verifier(&self, origin: &str) -> VerifierKey {
        VerifierKey::Sm2 { name: origin.to_owned(), key: self.0.public().try_into().unwrap() }
    }
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        self.0.sign(text).map_err(|_| SignFailed)
    }
}

struct Everybody;

impl Directory for Everybody {
    fn offered(&self) -> Vec<Offered> {
        PEOPLE.iter().map(|id| Offered { id: (*id).to_owned(), label: text(id) }).collect()
    }
    fn person(&self, choice: &str) -> Option<PersonId> {
        (PEOPLE.contains(&choice) || choice.starts_with("more-")).then(|| PersonId::parse(choice).unwrap())
    }
}

fn everybody() -> SignIn {
    SignIn::Directory(Arc::new(Everybody))
}

/// Ann and Bob have every value; Chi is a child; Dan has no values.
pub const PEOPLE: &[&str] = &["ann", "bob", "chi", "dan"];

pub fn text(words: &str) -> LocalText {
    LocalText { zh: words.to_owned(), en: words.to_owned() }
}

pub fn app(id: &str) -> AppId {
    AppId::parse(id).unwrap()
}

pub fn staff() -> StaffId {
    StaffId::parse("test").unwrap()
}

/// A person's value of an item, recognisable wherever it turns up.
pub fn value_of(person: &str, item: &str) -> String {
    let number = person.bytes().fold(0u32, |number, byte| (number * 31 + u32::from(byte)) % 10_000_000);
    match item {
        "phone_number" | "contact_phone" => format!("1540{number:07}"),
        "email_address" => format!("canary-{person}@people.example"),
        _ => format!("canary {person} {item} 一诺"),
    }
}

pub struct Bed {
    pub gateway: Arc<Gateway>,
    pub ledger: Ledger,
    pub vault: Arc<Vault>,
    pub clock: Arc<TestClock>,
    pub courier: ClientKey,
    pub shop: ClientKey,
    pub verifier_keys: Vec<VerifierKey>,
    /// What keeps the vault's keys, and the keyring it began with.
    pub provider: PassphraseProvider,
    pub keyring: KeyringFile,
    signers: Vec<Arc<dyn HeadSigner>>,
}

/// What seals rows with a vault's key.
pub type SealOf = fn(&Arc<Vault>) -> Arc<dyn RowSeal>;

/// In which store.
enum Store<'a> {
    Memory,
    Directory(&'a Path),
    /// With a seal over its rows.
    Sealed(&'a Path, SealOf),
    /// Fails when told to; a batch may take so many milliseconds.
    Failing(MemoryStore, faulty::Faults, u64),
}

impl Bed {
    pub fn memory(suite: Suite) -> Self {
        Self::over(suite, Profile::Dual, None)
    }

    pub fn sqlite(suite: Suite, dir: &Path) -> Self {
        Self::over(suite, Profile::Dual, Some(dir))
    }

    pub fn over(suite: Suite, profile: Profile, dir: Option<&Path>) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(1_800_000_000_000)));
        let store = dir.map_or(Store::Memory, Store::Directory);
        Self::with_clock(ISSUER, suite, profile, store, clock.clone(), clock, everybody())
    }

    /// Over a store that fails when it is told to, and counts as hanging after so many milliseconds.
    pub fn failing(store: MemoryStore, faults: faulty::Faults, overdue_ms: u64) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(1_800_000_000_000)));
        let store = Store::Failing(store, faults, overdue_ms);
        Self::with_clock(ISSUER, Suite::Guomi, Profile::Dual, store, clock.clone(), clock, everybody())
    }

    /// The ledger of this store, as a restart finds it. A closed ledger leaves whoever hangs behind; they are waited for.
    pub fn again(&self, store: &MemoryStore) -> Result<Ledger, LedgerError> {
        self.ledger.clone().close();
        let random = Arc::new(CountingRandom(AtomicU64::new(11)));
        // Ten seconds of tries.
        let mut left = 2_000;
        loop {
            left -= 1;
            let settings = Settings::new(Suite::Guomi, Profile::Dual, HOST);
            let (signers, clock) = (self.signers.clone(), self.clock.clone());
            match Ledger::open(store.clone(), settings, signers, clock, random.clone()) {
                Err(LedgerError::Store(StoreError::InUse)) if 0 < left => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                opened => return opened,
            }
        }
    }

    /// The same where somebody else vouches for people.
    pub fn signing_in(sign_in: SignIn) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(1_800_000_000_000)));
        Self::with_clock(ISSUER, Suite::Guomi, Profile::Dual, Store::Memory, clock.clone(), clock, sign_in)
    }

    /// The same on the machine's clock and at this address, for whom a browser can visit.
    pub fn served_at(issuer: &str, sign_in: SignIn) -> Self {
        let unused = Arc::new(TestClock(AtomicU64::new(0)));
        let clock = Arc::new(RealClock::new());
        Self::with_clock(issuer, Suite::Guomi, Profile::Dual, Store::Memory, clock, unused, sign_in)
    }

    /// The same with the machine's clock, for races.
    pub fn real_time(suite: Suite, dir: Option<&Path>) -> Self {
        let unused = Arc::new(TestClock(AtomicU64::new(0)));
        let store = dir.map_or(Store::Memory, Store::Directory);
        Self::with_clock(ISSUER, suite, Profile::Dual, store, Arc::new(RealClock::new()), unused, everybody())
    }

    /// With the clock, the random source and the seal of the program, for measurements.
    pub fn measured(
        suite: Suite,
        dir: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        seal: SealOf,
    ) -> Self {
        let unused = Arc::new(TestClock(AtomicU64::new(0)));
        let store = Store::Sealed(dir, seal);
        Self::with_random(ISSUER, suite, Profile::Dual, store, clock, unused, everybody(), random)
    }

    #[allow(clippy::too_many_arguments)]
    fn with_clock(
        issuer: &str,
        suite: Suite,
        profile: Profile,
        store: Store<'_>,
        clock: Arc<dyn Clock>,
        moved: Arc<TestClock>,
        sign_in: SignIn,
    ) -> Self {
        let random = Arc::new(CountingRandom(AtomicU64::new(7)));
        Self::with_random(issuer, suite, profile, store, clock, moved, sign_in, random)
    }

    #[allow(clippy::too_many_arguments)]
    fn with_random(
        issuer: &str,
        suite: Suite,
        profile: Profile,
        store: Store<'_>,
        clock: Arc<dyn Clock>,
        moved: Arc<TestClock>,
        sign_in: SignIn,
        random: Arc<dyn Random>,
    ) -> Self {
        let (provider, _) =
            PassphraseProvider::create(suite, b"test", Params::DEMONSTRATION, random.as_ref()).unwrap();
        let (vault, keyring) = Vault::create(suite, &provider, random.as_ref()).unwrap();
        let vault = Arc::new(vault);
        let mut signers: Vec<Arc<dyn HeadSigner>> = Vec::new();
        if profile.has_sha256() {
            signers.push(Arc::new(Ed25519Signer(Ed25519Key::generate(random.as_ref()).unwrap())));
        }
        if profile.has_sm3() {
            signers.push(Arc::new(Sm2Signer(Sm2Key::generate(random.as_ref()).unwrap())));
        }
        let logs = [LogId::platform(), LogId::group(0)];
        let verifier_keys = logs
            .iter()
            .flat_map(|log| {
                signers.iter().map(|s| s.verifier(&origin(HOST, log, s.algorithm()))).collect::<Vec<_>>()
            })
            .collect();
        let settings = Settings::new(suite, profile, HOST);
        let keep = signers.clone();
        let ledger = match store {
            Store::Memory => {
                Ledger::open(MemoryStore::default(), settings, signers, clock.clone(), random.clone())
            }
            Store::Directory(dir) => {
                Ledger::open(SqliteStore::new(dir), settings, signers, clock.clone(), random.clone())
            }
            Store::Sealed(dir, seal) => {
                let store = SqliteStore::new(dir).sealed(seal(&vault));
                Ledger::open(store, settings, signers, clock.clone(), random.clone())
            }
            Store::Failing(store, faults, overdue_ms) => {
                let settings = Settings { overdue_ms, ..settings };
                Ledger::open(faulty::Faulty(store, faults), settings, signers, clock.clone(), random.clone())
            }
        };
        let ledger = ledger.unwrap();
        let parts = Parts {
            issuer: issuer.to_owned(),
            ledger: ledger.clone(),
            vault: vault.clone(),
            sign_in,
            clock,
            random: random.clone(),
            passkeys: Some(Arc::new(MadePasskeys(AtomicU64::new(0)))),
            terms: ConsentTerms::default(),
            small_count: SMALL_COUNT,
        };
        let gateway = Arc::new(Gateway::new(parts).unwrap());
        let bed = Self {
            gateway,
            ledger,
            vault,
            provider,
            keyring,
            clock: moved,
            courier: ClientKey::generate(random.as_ref()).unwrap(),
            shop: ClientKey::generate(random.as_ref()).unwrap(),
            verifier_keys,
            signers: keep,
        };
        futures_executor::block_on(bed.populate());
        bed
    }

    async fn populate(&self) {
        let by = staff();
        self.gateway.activate_engine(&by).await.unwrap();
        for (id, key) in [("courier", &self.courier), ("shop", &self.shop)] {
            let declaration = self.declaration(id, &key.public_jwks());
            let ceiling = declaration.items.iter().map(|line| line.item).collect();
            let profile = PartnerProfile {
                partner: declaration.partner.clone(),
                name: text(id),
                contact: format!("privacy@{id}.example"),
                ceiling,
            };
            self.gateway.register_partner(&by, &profile).await.unwrap();
            self.gateway.declare_app(&by, &declaration).await.unwrap();
            let notice = Notice { app: app(id), version: 1, text: text("# What we do\n\nWe bring things.") };
            self.gateway.publish_notice(&by, &notice).await.unwrap();
        }
        for id in PEOPLE {
            let values = if *id == "dan" {
                vec![]
            } else {
                DELIVERY.iter().chain(OFFERS).map(|item| ((*item).to_owned(), value_of(id, item))).collect()
            };
            let new =
                NewPerson { person: PersonId::parse(id).unwrap(), guardian_required: *id == "chi", values };
            self.gateway.enrol(new).await.unwrap();
        }
    }

    /// Declares the app anew, with each item at most so often in so many seconds.
    pub async fn limit(&self, id: &str, count: u32, period_s: u32) {
        let mut declaration = self.declaration(id, &self.key(id).public_jwks());
        declaration.items.iter_mut().for_each(|line| line.frequency = Frequency { count, period_s });
        self.gateway.declare_app(&staff(), &declaration).await.unwrap();
        let notice = Notice { app: app(id), version: 2, text: text("# What we do\n\nWe bring things.") };
        self.gateway.publish_notice(&staff(), &notice).await.unwrap();
    }

    /// The next epoch, as `yinuo keys rotate` opens it: its key is made where the provider is, and handed over.
    pub async fn next_epoch(&self, keyring: &KeyringFile) -> KeyringFile {
        let random = CountingRandom(AtomicU64::new(u64::from(self.vault.epoch()) << 40));
        let next = keyring.with_new_epoch(&self.provider, &random).unwrap();
        let handed = Vault::unlock(&self.provider, &next).unwrap().hand_over(self.vault.epoch(), &random);
        self.gateway.open_epoch(&staff(), &handed.unwrap()).await.unwrap();
        next
    }

    /// Wraps everything again, and says how much that was.
    pub async fn rewrap(&self) -> u64 {
        let mut step = self.gateway.rewrap(true).await.unwrap();
        let mut rewrapped = step.rewrapped;
        while !step.finished {
            step = self.gateway.rewrap(false).await.unwrap();
            rewrapped += step.rewrapped;
        }
        rewrapped
    }

    /// Another person like Ann, by a name that begins with `more-`.
    pub async fn enrol(&self, id: &str) {
        let values =
            DELIVERY.iter().chain(OFFERS).map(|item| ((*item).to_owned(), value_of(id, item))).collect();
        let new = NewPerson { person: PersonId::parse(id).unwrap(), guardian_required: false, values };
        self.gateway.enrol(new).await.unwrap();
    }

    pub fn item(&self, id: &str) -> Item {
        self.gateway.items().by_id(id).unwrap().item
    }

    /// Courier and shop ask for the same: that two partners ask for the same items of the same person is the hard case.
    pub fn declaration(&self, id: &str, jwks: &str) -> Declaration {
        let line = |item: &str, purpose: u16, necessary: bool| DeclaredItem {
            item: self.item(item),
            purpose: Purpose(purpose),
            necessary,
            retention_days: 30,
            frequency: Frequency { count: 100_000_000, period_s: 60 },
            destination: Destination::Mainland,
            reason: text("to bring it"),
        };
        let purpose = |code: u16, id: &str, kind| DeclaredPurpose {
            code: Purpose(code),
            id: PurposeId::parse(id).unwrap(),
            kind,
            basis: LegalBasis::Consent,
            title: text(id),
            method: text("read once"),
        };
        Declaration {
            app: app(id),
            partner: PartnerId::parse(&format!("{id}-company")).unwrap(),
            name: text(id),
            category: Category(8),
            purposes: vec![
                purpose(1, "delivery", PurposeKind::Basic),
                purpose(2, "offers", PurposeKind::Marketing),
            ],
            items: DELIVERY
                .iter()
                .map(|item| line(item, 1, true))
                .chain(OFFERS.iter().map(|item| line(item, 2, false)))
                .collect(),
            redirect_uris: vec![redirect(id)],
            jwks: jwks.to_owned(),
        }
    }

    pub fn key(&self, id: &str) -> &ClientKey {
        if id == "courier" { &self.courier } else { &self.shop }
    }

    pub async fn session(&self, person: &str) -> (Opaque, Session) {
        let cookie = self.gateway.sign_in(person).await.unwrap();
        let session = self.gateway.session(cookie.as_str()).unwrap().unwrap();
        (cookie, session)
    }

    /// Pushes a request for everything both purposes have.
    pub async fn push(&self, client: &str) -> String {
        let details = details(&[("delivery", DELIVERY), ("offers", OFFERS)]);
        let pairs = parameters(&[
            ("response_type", "code"),
            ("redirect_uri", &redirect(client)),
            ("code_challenge", &pkce_challenge(VERIFIER)),
            ("code_challenge_method", "S256"),
            ("authorization_details", &details),
            ("state", "a-state"),
        ]);
        self.gateway.push_authorization(&app(client), &pairs).await.unwrap().request_uri
    }

    /// Agrees to these and nothing else; gives the redirect.
    pub async fn agree(
        &self,
        session: &Session,
        client: &str,
        choices: &[(&str, &str)],
    ) -> Result<String, PageError> {
        let request_uri = self.push(client).await;
        let view = self.gateway.consent_view(session, &app(client), &request_uri)?;
        let choices =
            choices.iter().map(|(purpose, item)| ((*purpose).to_owned(), (*item).to_owned())).collect();
        let agreement = Agreement {
            client: app(client),
            request_uri,
            choices,
            shown: view.shown,
            recipient: view.recipient,
            days: 365,
            guardian_agreed: false,
        };
        self.gateway.agree(session, agreement).await
    }

    pub async fn redeem(&self, client: &str, redirect_back: &str) -> Result<TokenResponse, ProtocolError> {
        let code = redirect_back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
        let pairs = parameters(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect(client)),
            ("code_verifier", VERIFIER),
        ]);
        self.gateway.token(&app(client), &pairs).await
    }

    /// Consent to what the delivery needs, and the tokens for it.
    pub async fn connect(&self, person: &str, client: &str) -> (Session, TokenResponse) {
        let (_, session) = self.session(person).await;
        let choices: Vec<_> = DELIVERY.iter().map(|item| ("delivery", *item)).collect();
        let back = self.agree(&session, client, &choices).await.unwrap();
        let tokens = self.redeem(client, &back).await.unwrap();
        (session, tokens)
    }

    pub async fn ask(
        &self,
        token: &Opaque,
        purpose: &str,
        items: &[&str],
        partial: bool,
    ) -> Result<Delivered, DiscloseError> {
        self.gateway.disclose(ask(token, purpose, items, partial)).await
    }
}

pub fn ask(token: &Opaque, purpose: &str, items: &[&str], partial: bool) -> DiscloseAsk {
    let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
    let body = format!("{purpose} {items:?} {partial}").into_bytes();
    DiscloseAsk {
        token: token.clone(),
        purpose: purpose.to_owned(),
        items,
        partial,
        idempotency_key: None,
        body,
    }
}

pub fn redirect(client: &str) -> String {
    format!("https://{client}.example/back")
}

pub fn details(purposes: &[(&str, &[&str])]) -> String {
    let details = purposes.iter().map(|(purpose, items)| serde_json::json!({"type": "personal_information", "purpose": purpose, "items": items}));
    serde_json::Value::from_iter(details).to_string()
}

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    Parameters::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .unwrap()
}
