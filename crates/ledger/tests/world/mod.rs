//! An invented platform behind a real ledger: real signers with fixed keys, a clock that stands still unless told,
//! randomness that repeats.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

#[path = "../faulty/mod.rs"]
pub mod faulty;
pub mod gate;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use yinuo_domain::*;
use yinuo_ledger::*;
use yinuo_tlog::VerifierKey;

pub const START: Timestamp = Timestamp(1_800_000_000_000);
pub const ORIGIN: &str = "gateway.example";
pub const DELIVERY: Purpose = Purpose(1);
pub const OFFERS: Purpose = Purpose(2);
pub const BASIC: &[&str] = &["name", "delivery_address", "contact_phone"];
pub const EXTRA: &[&str] = &["email_address", "phone_number"];

pub fn item(id: &str) -> Item {
    yinuo_rules::packs().unwrap().catalogue.by_id(id).unwrap_or_else(|| panic!("no item {id}")).item
}

pub fn items(ids: &[&str]) -> ItemSet {
    ids.iter().map(|id| item(id)).collect()
}

fn text(words: &str) -> LocalText {
    LocalText { zh: words.to_owned(), en: words.to_owned() }
}

pub fn app(name: &str) -> AppId {
    AppId::parse(name).unwrap()
}

pub fn courier() -> AppId {
    app("courier")
}

pub fn partner_of(app: &AppId) -> PartnerId {
    PartnerId::parse(&format!("{app}-partner")).unwrap()
}

pub fn staff() -> StaffId {
    StaffId::parse("test").unwrap()
}

/// What an app declares: basic items for delivery, others for offers.
pub fn declaration(app: &AppId) -> Declaration {
    let line = |purpose, id: &str, necessary| DeclaredItem {
        item: item(id),
        purpose,
        necessary,
        retention_days: 30,
        frequency: Frequency { count: 1_000_000, period_s: 3_600 },
        destination: Destination::Mainland,
        reason: text("to bring the parcel"),
    };
    let purpose = |code, id: &str, kind| DeclaredPurpose {
        code,
        id: PurposeId::parse(id).unwrap(),
        kind,
        basis: LegalBasis::Consent,
        title: text(id),
        method: text("read once"),
    };
    Declaration {
        app: app.clone(),
        partner: partner_of(app),
        name: text("Courier"),
        category: Category(8),
        purposes: vec![
            purpose(DELIVERY, "delivery", PurposeKind::Basic),
            purpose(OFFERS, "offers", PurposeKind::Marketing),
        ],
        items: BASIC
            .iter()
            .map(|id| line(DELIVERY, id, true))
            .chain(EXTRA.iter().map(|id| line(OFFERS, id, false)))
            .collect(),
        redirect_uris: vec!["https://courier.example/back".to_owned()],
        jwks: r#"{"keys":[]}"#.to_owned(),
    }
}

/// A time of day that is set, and a monotonic clock that runs.
pub struct TestClock {
    now: AtomicU64,
    start: Instant,
    passed_ms: AtomicU64,
}

impl TestClock {
    /// Time passes, on both clocks.
    pub fn forward_ms(&self, ms: u64) {
        self.passed_ms.fetch_add(ms, Ordering::SeqCst);
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the clock.
    pub fn jump_ms(&self, ms: u64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn back_ms(&self, ms: u64) {
        self.now.fetch_sub(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        let passed = self.passed_ms.load(Ordering::SeqCst) * 1_000_000;
        Monotonic(u64::try_from(self.start.elapsed().as_nanos()).unwrap() + passed)
    }
}

/// Repeats from run to run, and never within one.
pub struct TestRandom(AtomicU64);

impl TestRandom {
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed << 32)))
    }
}

impl Random for TestRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&mix(self.0.fetch_add(1, Ordering::SeqCst)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// SplitMix64.
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub struct Ed25519(ed25519_dalek::SigningKey);
pub struct Sm2(sm2::dsa::SigningKey);

impl HeadSigner for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn verifier(&self, origin: &str) -> VerifierKey {
        VerifierKey::Ed25519 { name: origin.to_owned(), key: self.0.verifying_key().to_bytes() }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        use ed25519_dalek::Signer as _;
        Ok(self.0.sign(text).to_bytes().to_vec())
    }
}

impl HeadSigner for Sm2 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sm3
    }

    fn verifier(&self, origin: &str) -> VerifierKey {
        use sm2::elliptic_curve::sec1::ToSec1Point as _;
        let point = self.0.verifying_key().as_affine().to_sec1_point(false);
        VerifierKey::Sm2 { name: origin.to_owned(), key: point.as_bytes().try_into().unwrap() }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SignFailed> {
        use sm2::dsa::signature::Signer as _;
        let signature: sm2::dsa::Signature = self.0.try_sign(text).map_err(|_| SignFailed)?;
        Ok(signature.to_vec())
    }
}

pub fn ed25519(seed: u8) -> Arc<dyn HeadSigner> {
    Arc::new(Ed25519(ed25519_dalek::SigningKey::from_bytes(&[seed; 32])))
}

pub fn sm2(seed: u8) -> Arc<dyn HeadSigner> {
    Arc::new(Sm2(sm2::dsa::SigningKey::from_slice(yinuo_tlog::SM2_ID, &[seed; 32]).unwrap()))
}

pub fn signers() -> Vec<Arc<dyn HeadSigner>> {
    vec![ed25519(7), sm2(8)]
}

pub fn origin_of(log: &LogId, algorithm: Algorithm) -> String {
    yinuo_tlog::origin(ORIGIN, log, algorithm)
}

pub fn logs() -> [LogId; 2] {
    [LogId::platform(), LogId::group(0)]
}

pub fn keys() -> Vec<VerifierKey> {
    let of = |log: &LogId| {
        signers()
            .iter()
            .map(|signer| signer.verifier(&origin_of(log, signer.algorithm())))
            .collect::<Vec<_>>()
    };
    logs().iter().flat_map(of).collect()
}

/// A store that can be opened again.
#[derive(Clone)]
pub enum Place {
    Memory(MemoryStore),
    Sqlite(PathBuf),
    /// The same, with a seal over its rows.
    Sealed(PathBuf),
    /// A store in memory behind one that would fail if it were told to.
    Faulty(MemoryStore),
}

impl Place {
    pub fn memory() -> Self {
        Self::Memory(MemoryStore::default())
    }

    pub fn faulty() -> Self {
        Self::Faulty(MemoryStore::default())
    }

    pub fn sqlite(directory: &Path) -> Self {
        Self::Sqlite(directory.to_path_buf())
    }

    pub fn sealed(directory: &Path) -> Self {
        Self::Sealed(directory.to_path_buf())
    }
}

/// Opens when nobody writes the store any more: a closed ledger leaves whoever hangs behind, with the store.
pub fn when_free(mut open: impl FnMut() -> Result<World, LedgerError>) -> Result<World, LedgerError> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match open() {
            Err(LedgerError::Store(StoreError::InUse)) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            opened => return opened,
        }
    }
}

impl Backend for Place {
    fn open(self) -> Result<Opened, StoreError> {
        match self {
            Self::Memory(store) => store.open(),
            Self::Sqlite(directory) => SqliteStore::new(directory).open(),
            Self::Sealed(directory) => SqliteStore::new(directory).sealed(row_seal()).open(),
            Self::Faulty(store) => faulty::Faulty(store, faulty::Faults::default()).open(),
        }
    }
}

/// A seal with a fixed key.
pub struct TestSeal;

impl RowSeal for TestSeal {
    fn mac(&self, bytes: &[u8]) -> [u8; ROW_MAC_LEN] {
        let hash = yinuo_tlog::content_hash(Suite::Guomi, &[&[0x5e; 64], bytes].concat());
        hash.0[..ROW_MAC_LEN].try_into().unwrap()
    }

    /// Everybody's keys are one byte over and over, as [`World::person`] makes them.
    fn opens(&self, _: SubjectKey, keys: &[u8]) -> bool {
        keys.windows(2).all(|pair| pair[0] == pair[1])
    }
}

pub fn row_seal() -> Arc<dyn RowSeal> {
    Arc::new(TestSeal)
}

pub fn settings() -> Settings {
    Settings::new(Suite::Guomi, Profile::Dual, ORIGIN)
}

pub struct World {
    pub ledger: Ledger,
    pub clock: Arc<TestClock>,
    pub random: Arc<TestRandom>,
    pub settings: Settings,
}

pub fn clock() -> Arc<TestClock> {
    Arc::new(TestClock { now: AtomicU64::new(START.0), start: Instant::now(), passed_ms: AtomicU64::new(0) })
}

impl World {
    /// Whatever is in the store.
    pub fn open_with(
        backend: impl Backend,
        settings: Settings,
        signers: Vec<Arc<dyn HeadSigner>>,
        clock: Arc<TestClock>,
        random: Arc<TestRandom>,
    ) -> Result<Self, LedgerError> {
        let ledger = Ledger::open(backend, settings.clone(), signers, clock.clone(), random.clone())?;
        Ok(Self { ledger, clock, random, settings })
    }

    /// A new store with nothing in it but its logs.
    pub fn empty(backend: impl Backend) -> Self {
        Self::open_with(backend, settings(), signers(), clock(), TestRandom::new(1)).unwrap()
    }

    /// Rules in force, the courier with its notice.
    pub fn new(backend: impl Backend) -> Self {
        let world = Self::empty(backend);
        world.furnish();
        world
    }

    pub fn furnish(&self) {
        self.activate();
        self.add_app(&courier());
    }

    /// The same store, clock and randomness in a new ledger.
    pub fn again(self, backend: impl Backend) -> Self {
        let Self { ledger, clock, random, settings } = self;
        ledger.close();
        Self::open_with(backend, settings, signers(), clock, random).unwrap()
    }

    pub fn reader(&self) -> &Reader {
        self.ledger.reader()
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let random: &dyn Random = self.random.as_ref();
        random.bytes().unwrap()
    }

    pub fn submission(&self, command: Command) -> Submission {
        Submission::new(command, Salt(self.bytes()))
    }

    pub fn run(&self, command: Command) -> Answered {
        self.ledger.submit(self.submission(command)).wait().unwrap()
    }

    pub fn done(&self, command: Command) {
        let answered = self.run(command);
        assert!(matches!(answered, Answered::Done), "{answered:?}");
    }

    pub fn write(&self, write: Write) -> Written {
        self.ledger.write(vec![write]).wait().unwrap().pop().unwrap()
    }

    pub fn document(&self, bytes: Vec<u8>) -> (Digest, Arc<[u8]>) {
        (yinuo_tlog::content_hash(self.settings.suite, &bytes), bytes.into())
    }

    pub fn activate(&self) {
        let packs = yinuo_rules::packs().unwrap();
        let engine = packs.engine(self.settings.suite, yinuo_core::DECISION_VERSION);
        let command = Command::Platform { by: staff(), change: PlatformChange::ActivateEngine(engine) };
        let documents = packs.sources().map(|bytes| self.document(bytes.to_vec())).collect();
        let submission = Submission { documents, ..self.submission(command) };
        assert!(matches!(self.ledger.submit(submission).wait().unwrap(), Answered::Done));
    }

    pub fn change(&self, change: PlatformChange) -> Answered {
        self.run(Command::Platform { by: staff(), change })
    }

    pub fn add_app(&self, app: &AppId) {
        let profile = PartnerProfile {
            partner: partner_of(app),
            name: text("Swift Parcels"),
            contact: "privacy@courier.example".to_owned(),
            ceiling: items(BASIC).union(items(EXTRA)),
        };
        let notice = Notice { app: app.clone(), version: 1, text: text("# What we do\n\nWe bring parcels.") };
        let (document, bytes) = self.document(yinuo_rules::partner_bytes(&profile).unwrap());
        let registered = self.change(PlatformChange::RegisterPartner { document, bytes });
        assert!(matches!(registered, Answered::Done), "{registered:?}");
        let (document, bytes) = self.document(yinuo_rules::declaration_bytes(&declaration(app)).unwrap());
        let declared = self.change(PlatformChange::DeclareApp { document, bytes });
        assert!(matches!(declared, Answered::Done), "{declared:?}");
        let (document, bytes) = self.document(yinuo_rules::notice_bytes(&notice).unwrap());
        let published = self.change(PlatformChange::PublishNotice { document, bytes });
        assert!(matches!(published, Answered::Done), "{published:?}");
    }

    /// An enrolled person.
    pub fn person(&self, number: u8) -> Who {
        let who = Who(number);
        let add = Write::AddPerson {
            index: who.index(),
            subject: who.subject(),
            keys: vec![number; 60],
            epoch: 1,
            guardian_required: false,
        };
        let submission = Submission { writes: vec![add], ..self.submission(who.enrol()) };
        let enrolled = self.ledger.submit(submission).wait().unwrap();
        assert!(matches!(enrolled, Answered::Done), "{enrolled:?}");
        who
    }

    /// An enrolled person who allowed everything to the courier.
    pub fn consented(&self, number: u8) -> Who {
        let who = self.person(number);
        self.done(self.consent(&who, &courier()));
        who
    }

    pub fn consent(&self, who: &Who, app: &AppId) -> Command {
        let platform = self.reader().platform();
        let known = platform.apps.get(app);
        let choice = |purpose, ids| Choice { purpose, shown: items(ids), chosen: items(ids) };
        Command::GiveConsent {
            subject: who.subject(),
            own: who.own(),
            app: app.clone(),
            tag: who.tag(app),
            choices: vec![choice(DELIVERY, BASIC), choice(OFFERS, EXTRA)],
            notice: known.and_then(|app| app.notice.as_ref()).map_or(Digest([0; 32]), |(hash, _)| *hash),
            fingerprint: known.map_or(Digest([0; 32]), |app| app.fingerprint),
            expires_at: self.clock.now().after_ms(365 * Timestamp::DAY_MS),
            evidence: Commitment([3; 32]),
            guardian: Guardian::NotRequired,
        }
    }

    pub fn ask(&self, who: &Who, app: &AppId) -> Command {
        who.ask(app, DELIVERY, items(BASIC), DisclosureId(self.bytes()))
    }

    /// Asks and drops the permit.
    pub fn disclose(&self, who: &Who, app: &AppId) -> Receipt {
        match self.run(self.ask(who, app)) {
            Answered::Released { receipt, .. } => receipt,
            other => panic!("{other:?}"),
        }
    }

    pub fn size(&self, log: &LogId) -> u64 {
        self.reader().head(log).unwrap().size
    }

    pub fn entry(&self, log: &LogId, index: u64) -> Entry {
        yinuo_tlog::leaf::decode(&self.reader().entry(log, index).unwrap().unwrap()).unwrap()
    }

    pub fn entries(&self, log: &LogId) -> Vec<Entry> {
        (0..self.size(log)).map(|index| self.entry(log, index)).collect()
    }
}

/// An invented person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Who(pub u8);

impl Who {
    pub fn index(&self) -> [u8; 16] {
        let mut index = [0x11; 16];
        index[0] = self.0;
        index
    }

    pub fn subject(&self) -> SubjectKey {
        SubjectKey([self.0; 16])
    }

    pub fn own(&self) -> Tag {
        Tag([self.0; 16].map(|byte| byte ^ 0xff))
    }

    pub fn tag(&self, app: &AppId) -> Tag {
        let hash =
            yinuo_tlog::content_hash(Suite::International, &[app.as_str().as_bytes(), &[self.0]].concat());
        Tag::from_slice(&hash.0[..16]).unwrap()
    }

    pub fn enrol(&self) -> Command {
        Command::Enrol { subject: self.subject(), own: self.own(), values: Vec::new() }
    }

    pub fn withdraw(&self, app: &AppId) -> Command {
        let scope = WithdrawalScope::Whole;
        Command::Withdraw { subject: self.subject(), app: app.clone(), tag: self.tag(app), scope }
    }

    pub fn delete(&self) -> Command {
        Command::DeleteAccount { subject: self.subject(), own: self.own() }
    }

    /// Staff looks at what there is.
    pub fn look(&self) -> Command {
        Command::ViewSubject {
            subject: self.subject(),
            own: self.own(),
            by: staff(),
            items: items(&["name"]),
            masked: true,
            reason: ViewReason::LookUp,
        }
    }

    pub fn ask(&self, app: &AppId, purpose: Purpose, items: ItemSet, disclosure: DisclosureId) -> Command {
        Command::Disclose {
            subject: self.subject(),
            app: app.clone(),
            tag: self.tag(app),
            purpose,
            items,
            partial: false,
            stored: items,
            values: Commitment([4; 32]),
            guardian_required: false,
            request: Commitment([5; 32]),
            disclosure,
            idempotency: None,
        }
    }
}

pub fn ticket(number: u8, family: u8, who: Option<Who>) -> Ticket {
    Ticket {
        kind: TicketKind::RefreshToken,
        key: [number; 32],
        family: [family; 16],
        subject: who.map(|who| who.subject()),
        app: who.map(|_| courier()),
        body: vec![number, family],
        issued_at: START,
        expires_at: START.after_ms(60_000),
    }
}

pub fn take(number: u8, now: Timestamp) -> Write {
    Write::TakeTicket { kind: TicketKind::RefreshToken, key: [number; 32], now }
}
