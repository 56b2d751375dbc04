//! The state that facts add up to, and the part of it that one decision needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yinuo_domain::{
    AppId, Declaration, Digest, DisclosureId, Engine, Guardian, Item, ItemSet, Notice, PartnerId,
    PartnerProfile, Purpose, PurposeId, Role, StaffId, Suite, Timestamp,
};

use crate::Refusals;

/// Everything that is not about one person. Small: it stays in memory, and a copy is one reference count.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Platform {
    /// The suite whose hash makes content hashes; set by the log's first fact.
    pub suite: Option<Suite>,
    /// What is in force.
    pub engine: Option<Engine>,
    /// The partners.
    pub partners: BTreeMap<PartnerId, Partner>,
    /// The apps.
    pub apps: BTreeMap<AppId, App>,
    /// Which id each purpose code has: the first declaration that used it decided.
    pub purposes: BTreeMap<Purpose, PurposeId>,
    /// Who may act for the platform, and in which role.
    pub staff: BTreeMap<StaffId, Role>,
    /// Under which epochs people's keys are wrapped.
    pub key_epochs: KeyEpochs,
}

/// The epochs of the keys that wrap people's keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyEpochs {
    /// The one that new keys are wrapped under.
    pub current: u32,
    /// Those whose keys are destroyed.
    pub retired: BTreeSet<u32>,
}

impl KeyEpochs {
    /// The one that a new vault begins with.
    pub const FIRST: u32 = 1;
}

impl Default for KeyEpochs {
    fn default() -> Self {
        Self { current: Self::FIRST, retired: BTreeSet::new() }
    }
}

/// What a partner may do now.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PartnerStatus {
    /// It may act.
    Active,
    /// Not for now.
    Suspended,
    /// Never again.
    Terminated,
}

/// A partner.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Partner {
    /// What it may do.
    pub status: PartnerStatus,
    /// Who it is.
    pub profile: Arc<PartnerProfile>,
}

/// Whether an app can be used.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AppStatus {
    /// It can.
    Live,
    /// It is offline.
    Hidden,
}

/// An app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct App {
    /// Whether it can be used.
    pub status: AppStatus,
    /// What it declares.
    pub declaration: Arc<Declaration>,
    /// What a consent to it binds.
    pub fingerprint: Digest,
    /// What people are told, once published: its hash and the text.
    pub notice: Option<(Digest, Arc<Notice>)>,
}

/// A person's own stream.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Own {
    /// The account is gone.
    pub deleted: bool,
    /// Which version of each item is current.
    pub values: BTreeMap<Item, yinuo_domain::ValueVersion>,
}

/// A person's stream with one app. Of fixed size however much happened in it, but for one small cell per granted item
/// and per reason of this hour's refusals.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stream {
    /// The account is gone.
    pub deleted: bool,
    /// What the person agreed to, if ever.
    pub grant: Option<Grant>,
    /// How often each item was released, in log time.
    pub cells: BTreeMap<(Purpose, Item), Cell>,
    /// Which refusals of the hour of the last one are facts.
    pub refusals: Option<Refusals>,
}

/// What a person agreed to towards one app. Each purpose stands for itself: a new consent decides the purposes it
/// shows and leaves the others as they were, with their own ends and their own binding. Nothing merges.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Grant {
    /// Counts up from 1 with every consent.
    pub version: u32,
    /// What was decided for each purpose that was ever shown.
    pub purposes: BTreeMap<Purpose, Granted>,
}

/// What a person agreed to for one purpose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    /// What is allowed.
    pub items: ItemSet,
    /// What was allowed and taken back since.
    pub withdrawn: ItemSet,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The declaration it binds.
    pub fingerprint: Digest,
    /// What the person was shown.
    pub notice: Digest,
    /// Whether a guardian had to agree, and did.
    pub guardian: Guardian,
}

/// What a consent is worth now.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum GrantStatus {
    /// It counts.
    Active,
    /// The declaration changed since.
    Paused,
    /// It has run out.
    Expired,
    /// The person took all of it back.
    Withdrawn,
}

impl Granted {
    /// What this is worth at `now`, when the app's declaration has `fingerprint`.
    ///
    /// The person's own act comes first, so that a withdrawn consent is never called expired.
    pub fn status(&self, fingerprint: &Digest, now: Timestamp) -> GrantStatus {
        if self.items.is_empty() {
            GrantStatus::Withdrawn
        } else if self.expires_at <= now {
            GrantStatus::Expired
        } else if self.fingerprint != *fingerprint {
            GrantStatus::Paused
        } else {
            GrantStatus::Active
        }
    }
}

impl Grant {
    /// The best that any of its purposes is worth.
    pub fn status(&self, fingerprint: &Digest, now: Timestamp) -> GrantStatus {
        self.purposes
            .values()
            .map(|granted| granted.status(fingerprint, now))
            .min()
            .unwrap_or(GrantStatus::Withdrawn)
    }

    /// Whether anything is left to take back.
    pub fn allows_nothing(&self) -> bool {
        self.purposes.values().all(|granted| granted.items.is_empty())
    }
}

/// How often one item was released in the current period.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cell {
    /// When the period began.
    pub since: Timestamp,
    /// Releases in it.
    pub count: u32,
}

/// A piece of state: looked up or not, there or not. *Absent* and *not loaded* are never the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Slot<T> {
    /// Nobody looked.
    NotLoaded,
    /// There is none.
    Absent,
    /// Here it is.
    Present(T),
}

/// An earlier answer under the same idempotency key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Earlier {
    /// Its id.
    pub disclosure: DisclosureId,
    /// When it was answered.
    pub at: Timestamp,
    /// What it released: a repeat releases no more.
    pub released: ItemSet,
    /// Whether the request is the same, byte for byte.
    pub same_request: bool,
}

/// The part of the state that one command needs.
#[derive(Clone, Debug)]
pub struct Loaded<'a> {
    /// The platform as the group has adopted it.
    pub platform: &'a Platform,
    /// The person's own stream.
    pub own: Slot<&'a Own>,
    /// The person's stream with the app.
    pub stream: Slot<&'a Stream>,
    /// The apps with which the person has a stream, and their tags; for the deletion of an account.
    pub streams: Slot<&'a [yinuo_domain::StreamId]>,
    /// An earlier answer under the same idempotency key.
    pub earlier: Option<Earlier>,
}
