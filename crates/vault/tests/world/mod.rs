//! A vault, a person and a platform small enough to decide one release, for the tests beside this folder.
//! Each test file uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use yinuo_core::{
    Answer, App, AppStatus, DECISION_VERSION, Grant, Granted, Guard, Loaded, Partner, PartnerStatus, Pending,
    Permit, Platform, Slot, Stream, commit, decide,
};
use yinuo_domain::{
    AppId, Category, Command, Commitment, Compartment, Declaration, DeclaredItem, DeclaredPurpose,
    Destination, Digest, DisclosureId, Engine, Frequency, Guardian, Item, ItemSet, LegalBasis, LocalText,
    Monotonic, PartnerId, PartnerProfile, Purpose, PurposeId, PurposeKind, Random, RandomFailed, Salt,
    SubjectKey, Suite, Timestamp, ValueVersion,
};
use yinuo_vault::{
    CommittedRows, Params, PassphraseProvider, RootFile, SealedRow, SubjectKeys, Vault, WrappedKeys,
};

pub const SUITES: [Suite; 2] = [Suite::Guomi, Suite::International];
pub const PERSON: SubjectKey = SubjectKey([0x51; 16]);
pub const STRANGER: SubjectKey = SubjectKey([0x52; 16]);
pub const NAME: Item = Item(1);
pub const PHONE: Item = Item(2);
pub const ADDRESS: Item = Item(3);
pub const HOBBY: Item = Item(200);
pub const VOID_AT: Monotonic = Monotonic(1_000_000_000);
pub const SALT: Salt = Salt([0x5a; 16]);
pub const PASSPHRASE: &[u8] = b"an invented passphrase";
pub const PARAMS: Params = Params { memory_kib: 64, passes: 1, lanes: 1 };

/// Another block each time, the same in each run.
pub struct Counting(AtomicU64);

impl Counting {
    pub fn from(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }
}

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in out.chunks_mut(8) {
            // An odd multiplier maps different counts to different words.
            let word =
                self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&word.to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Always the same byte.
pub struct Stuck(pub u8);

impl Random for Stuck {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        out.fill(self.0);
        Ok(())
    }
}

/// Works `0` times, then fails.
pub struct Failing(pub AtomicU64);

impl Random for Failing {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let left = left.map_err(|_| RandomFailed)?;
        out.fill(left as u8);
        Ok(())
    }
}

pub fn provider(suite: Suite) -> (PassphraseProvider, RootFile) {
    PassphraseProvider::create(suite, PASSPHRASE, PARAMS, &Counting::from(0x1000)).unwrap()
}

/// A vault and the keys of [`PERSON`].
pub struct World {
    pub vault: Vault,
    pub wrapped: WrappedKeys,
    pub keys: SubjectKeys,
    pub random: Counting,
}

pub fn world(suite: Suite) -> World {
    let random = Counting::from(0x2000);
    let (vault, _) = Vault::create(suite, &provider(suite).0, &random).unwrap();
    let wrapped = vault.new_subject(PERSON, &random).unwrap();
    let keys = vault.unwrap(PERSON, &wrapped).unwrap();
    World { vault, wrapped, keys, random }
}

pub fn compartment(item: Item) -> Compartment {
    if item == HOBBY { Compartment::Other } else { Compartment::Identity }
}

impl World {
    pub fn row(&self, item: Item, version: u8, value: &str) -> SealedRow {
        let (compartment, version) = (compartment(item), ValueVersion([version; 16]));
        let bytes = self
            .vault
            .seal(&self.keys, PERSON, item, compartment, version, value.as_bytes(), &self.random)
            .unwrap();
        SealedRow { item, compartment, version, bytes }
    }

    pub fn hashed(&self, rows: &[SealedRow]) -> CommittedRows {
        let hashed = rows.iter().map(|row| Arc::new(self.vault.hashed(row.clone())));
        self.vault.commit_rows(SALT, hashed.collect())
    }

    pub fn committed(&self, rows: &[SealedRow]) -> Commitment {
        let digests = rows.iter().map(|row| (row.item, self.vault.sealed_digest(&row.bytes)));
        self.vault.commit_values(SALT, digests)
    }

    /// What `decide` makes of a request for `requested` when `granted` is what the person allowed, and these are the
    /// stored rows of what was requested.
    pub fn pending(&self, requested: &[Item], granted: &[Item], rows: &[SealedRow]) -> Pending {
        self.pending_claiming(requested, granted, rows.iter().map(|row| row.item).collect(), rows)
    }

    /// As [`Self::pending`], when the request claims that `stored` is what has a value.
    pub fn pending_claiming(
        &self,
        requested: &[Item],
        granted: &[Item],
        stored: ItemSet,
        rows: &[SealedRow],
    ) -> Pending {
        let app = AppId::parse("courier").unwrap();
        let (platform, stream) = (self.platform(&app), stream(granted));
        let loaded = Loaded {
            platform: &platform,
            own: Slot::Absent,
            stream: Slot::Present(&stream),
            streams: Slot::Absent,
            earlier: None,
        };
        let command = Command::Disclose {
            subject: PERSON,
            tag: self.vault.tag(&self.keys, Some(&app)),
            app,
            purpose: DELIVERY,
            items: set(requested),
            partial: true,
            stored,
            values: self.committed(rows),
            guardian_required: false,
            request: Commitment([7; 32]),
            disclosure: DisclosureId([8; 16]),
            idempotency: None,
        };
        match decide(&loaded, &command, NOW).answer {
            Answer::Released { pending, .. } => pending,
            other => panic!("not released: {other:?}"),
        }
    }

    /// The permit for that, as the ledger makes it after the commit.
    pub fn permit(&self, requested: &[Item], granted: &[Item], rows: &[SealedRow]) -> (Permit, Dropped) {
        released(self.pending(requested, granted, rows))
    }

    fn platform(&self, app: &AppId) -> Platform {
        let rule = |path: &str| {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/");
            self.vault.hash(&std::fs::read(format!("{root}{path}")).unwrap())
        };
        let partner = PartnerId::parse("courier-company").unwrap();
        Platform {
            suite: Some(self.vault.suite()),
            engine: Some(Engine {
                decision: DECISION_VERSION,
                items: rule("items.toml"),
                necessary: rule("necessary-information.toml"),
            }),
            partners: BTreeMap::from([(
                partner.clone(),
                Partner {
                    status: PartnerStatus::Active,
                    profile: Arc::new(PartnerProfile {
                        partner: partner.clone(),
                        name: LocalText::default(),
                        contact: "privacy@courier.example".to_owned(),
                        ceiling: ItemSet::ALL,
                    }),
                },
            )]),
            apps: BTreeMap::from([(
                app.clone(),
                App {
                    status: AppStatus::Live,
                    declaration: Arc::new(declaration(app, &partner)),
                    fingerprint: FINGERPRINT,
                    notice: None,
                },
            )]),
            purposes: BTreeMap::new(),
            staff: BTreeMap::new(),
            key_epochs: yinuo_core::KeyEpochs::default(),
        }
    }
}

const NOW: Timestamp = Timestamp(1_000);
const DELIVERY: Purpose = Purpose(1);
const FINGERPRINT: Digest = Digest([9; 32]);

fn set(items: &[Item]) -> ItemSet {
    items.iter().copied().collect()
}

fn stream(granted: &[Item]) -> Stream {
    let granted = Granted {
        items: set(granted),
        withdrawn: ItemSet::EMPTY,
        given_at: Timestamp(1),
        expires_at: Timestamp(1_000_000),
        fingerprint: FINGERPRINT,
        notice: Digest([1; 32]),
        guardian: Guardian::NotRequired,
    };
    let grant = Grant { version: 1, purposes: BTreeMap::from([(DELIVERY, granted)]) };
    Stream { deleted: false, grant: Some(grant), cells: BTreeMap::new(), refusals: None }
}

fn declaration(app: &AppId, partner: &PartnerId) -> Declaration {
    let line = |item| DeclaredItem {
        item,
        purpose: DELIVERY,
        necessary: false,
        retention_days: 30,
        frequency: Frequency { count: 10, period_s: 3_600 },
        destination: Destination::Mainland,
        reason: LocalText::default(),
    };
    Declaration {
        app: app.clone(),
        partner: partner.clone(),
        name: LocalText::default(),
        category: Category(0),
        purposes: vec![DeclaredPurpose {
            code: DELIVERY,
            id: PurposeId::parse("delivery").unwrap(),
            kind: PurposeKind::Basic,
            basis: LegalBasis::Consent,
            title: LocalText::default(),
            method: LocalText::default(),
        }],
        items: [NAME, PHONE, ADDRESS, HOBBY].map(line).to_vec(),
        redirect_uris: Vec::new(),
        jwks: String::new(),
    }
}

/// The permit for `pending`, and whether its guard was dropped.
pub fn released(pending: Pending) -> (Permit, Dropped) {
    let dropped = Dropped::default();
    (commit::release(pending, SALT, VOID_AT, Box::new(Watch(dropped.clone()))), dropped)
}

/// Whether the guard was dropped.
#[derive(Clone, Default)]
pub struct Dropped(Arc<AtomicBool>);

impl Dropped {
    pub fn yet(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

struct Watch(Dropped);

impl Guard for Watch {}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::SeqCst);
    }
}
