//! What has happened. State is nothing but the fold of facts.

use crate::{
    AppId, ClockReason, Commitment, Digest, DisclosureId, Engine, Guardian, ImportCounts, ImportId, Item,
    ItemSet, LogId, PartnerId, Profile, Purpose, Reason, Role, Salt, StaffId, StoreCause, Suite, Tag,
    Timestamp, ValueVersion, ViewReason, WithdrawalScope,
};

/// One entry of a log: a fact, when it happened and where it stands. Its bytes are the leaf (`docs/specs/fact-log.md`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Never decreases within a log.
    pub at: Timestamp,
    /// Makes the leaf unguessable.
    pub salt: Salt,
    /// Where it stands.
    pub place: Place,
    /// What happened.
    pub fact: Fact,
}

/// Where an entry stands in its log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// In the log as a whole, about no person.
    Log,
    /// In one stream.
    Stream {
        /// Which stream.
        stream: StreamId,
        /// Counts up from 0 within the stream.
        seq: u64,
        /// The hash of the stream's previous leaf; zeroes in the first.
        prev: Digest,
        /// The app's own count of what was released to it in this group, from 0; in `Disclosed` and `Redelivered`.
        app_seq: Option<u64>,
    },
}

/// A chain of facts about one person: towards one app, or their own.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StreamId {
    /// The app; none for the person's own stream.
    pub app: Option<AppId>,
    /// The person's tag there.
    pub tag: Tag,
}

/// What was shown and chosen of one purpose, as recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConsentLine {
    /// The purpose.
    pub purpose: Purpose,
    /// What was shown.
    pub shown: ItemSet,
    /// What was chosen.
    pub granted: ItemSet,
}

/// What has happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// The first fact of every log: which log it is, and with what it is made.
    LogOpened {
        /// Its name.
        log: LogId,
        /// The suite whose hash makes content hashes, tags and chains.
        suite: Suite,
        /// Its trees and signatures.
        profile: Profile,
    },
    /// In a group: from here on, this much of the platform log counts.
    PlatformAdopted {
        /// How many entries.
        size: u64,
        /// The SHA-256 root at that size, unless the profile has none.
        sha256: Option<Digest>,
        /// The SM3 root at that size, unless the profile has none.
        sm3: Option<Digest>,
    },
    /// Rules and decision code are in force.
    EngineActivated {
        /// Who did it.
        by: StaffId,
        /// Which.
        engine: Engine,
    },
    /// A partner was registered.
    PartnerRegistered {
        /// Who did it.
        by: StaffId,
        /// Who was registered.
        partner: PartnerId,
        /// The hash of its profile.
        document: Digest,
    },
    /// Another profile took the place of a partner's.
    PartnerRevised {
        /// Who did it.
        by: StaffId,
        /// Whose profile.
        partner: PartnerId,
        /// The hash of the new one.
        document: Digest,
    },
    /// A partner was suspended.
    PartnerSuspended {
        /// Who did it.
        by: StaffId,
        /// Which partner.
        partner: PartnerId,
    },
    /// A suspended partner goes on.
    PartnerReinstated {
        /// Who did it.
        by: StaffId,
        /// Which partner.
        partner: PartnerId,
    },
    /// A partner ended for good.
    PartnerTerminated {
        /// Who did it.
        by: StaffId,
        /// Which partner.
        partner: PartnerId,
    },
    /// An app was declared, or declared anew.
    AppDeclared {
        /// Who did it.
        by: StaffId,
        /// Which app.
        app: AppId,
        /// The hash of its declaration.
        document: Digest,
        /// What a consent binds.
        fingerprint: Digest,
    },
    /// An app went offline.
    AppHidden {
        /// Who did it.
        by: StaffId,
        /// Which app.
        app: AppId,
    },
    /// An app came back.
    AppShown {
        /// Who did it.
        by: StaffId,
        /// Which app.
        app: AppId,
    },
    /// A notice was published.
    NoticePublished {
        /// Who did it.
        by: StaffId,
        /// Whose notice.
        app: AppId,
        /// Counts up from 1.
        version: u32,
        /// Its hash.
        document: Digest,
    },
    /// A person's own stream began.
    Enrolled,
    /// A value became the current one.
    ValueStored {
        /// Of which item.
        item: Item,
        /// Which version.
        version: ValueVersion,
        /// The digest of the sealed row.
        sealed: Digest,
    },
    /// A person agreed, item by item.
    ConsentGiven {
        /// Counts up from 1 within the stream.
        version: u32,
        /// What was decided.
        lines: Vec<ConsentLine>,
        /// What they were shown.
        notice: Digest,
        /// What the consent binds.
        fingerprint: Digest,
        /// When it ends.
        expires_at: Timestamp,
        /// Binds the act.
        evidence: Commitment,
        /// Whether a guardian had to agree, and did.
        guardian: Guardian,
    },
    /// A person took back a consent.
    Withdrawn {
        /// How much.
        scope: WithdrawalScope,
    },
    /// Items were authorised to leave.
    Disclosed(Disclosed),
    /// An earlier answer was authorised to leave once more; not counted.
    Redelivered(Disclosed),
    /// Everything asked for was refused.
    Withheld {
        /// The one purpose.
        purpose: Purpose,
        /// What was asked for.
        requested: ItemSet,
        /// Which of those had a value.
        stored: ItemSet,
        /// Whether a part would have done.
        partial: bool,
        /// Whether the person needs a guardian's consent.
        guardian_required: bool,
        /// Why, item by item.
        reasons: Vec<(Item, Reason)>,
        /// The disclosure that this request repeated under its idempotency key, if it did.
        repeats: Option<DisclosureId>,
        /// The digest of the partner's request.
        request: Commitment,
    },
    /// Further requests of the same hour were refused for reasons that had facts of their own often enough.
    WithheldCounted(RefusalCount),
    /// An authorised release did not leave.
    NotDelivered {
        /// Which.
        disclosure: DisclosureId,
    },
    /// The account was deleted; one in each of the person's streams.
    AccountDeleted,
    /// A member of staff may act for the platform from here on, in this role and no other.
    StaffAppointed {
        /// Who did it.
        by: StaffId,
        /// Who was appointed.
        staff: StaffId,
        /// In which role.
        role: Role,
    },
    /// A member of staff must set up anew what they sign in with; what they had is worth nothing from here on.
    FactorReset {
        /// Who did it.
        by: StaffId,
        /// Whose it was.
        staff: StaffId,
    },
    /// A member of staff may no longer act for the platform.
    StaffDismissed {
        /// Who did it.
        by: StaffId,
        /// Who was dismissed.
        staff: StaffId,
    },
    /// From here on, each row of state that a decision is made from carries a MAC of this platform.
    StateSealed,
    /// The clock had jumped, and releases had stopped; from here on they go on by it.
    ClockAccepted {
        /// Who did it.
        by: StaffId,
        /// What they found.
        reason: ClockReason,
        /// What the clock said. The entry is not older than the one before; this may be.
        clock: Timestamp,
    },
    /// The store was not what had been kept of it outside; somebody answers for going on with it. What stood beyond
    /// it, if anything, is gone.
    StoreAccepted {
        /// Who did it.
        by: StaffId,
        /// In which way it was not.
        cause: StoreCause,
        /// How many entries of the platform's log had been kept; 0 when that is not known.
        platform: u64,
        /// How many of the group's.
        group: u64,
    },
    /// Somebody began to bring people in from a file.
    ImportBegun {
        /// Who.
        by: StaffId,
        /// Which import.
        import: ImportId,
    },
    /// An import ended, or was given up. One that was killed has only its beginning.
    PeopleImported {
        /// Who did it.
        by: StaffId,
        /// Which import.
        import: ImportId,
        /// What became of the people.
        counts: ImportCounts,
    },
    /// People's keys are wrapped under the key of another epoch from here on.
    KeyEpochOpened {
        /// Who did it.
        by: StaffId,
        /// Which epoch.
        epoch: u32,
    },
    /// The key of an epoch is destroyed: what it wrapped, in whatever old copy, opens no more.
    KeyEpochRetired {
        /// Who did it.
        by: StaffId,
        /// Which epoch.
        epoch: u32,
    },
    /// The key above all keys is kept under another passphrase.
    PassphraseChanged {
        /// Who did it.
        by: StaffId,
    },
    /// Somebody of the platform looked at the person's values; in their own stream.
    Viewed {
        /// Who did it.
        by: StaffId,
        /// Which items.
        items: ItemSet,
        /// Whether only what a mask leaves was shown.
        masked: bool,
        /// Why.
        reason: ViewReason,
    },
}

/// One release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Disclosed {
    /// Its id.
    pub disclosure: DisclosureId,
    /// The one purpose.
    pub purpose: Purpose,
    /// What was asked for.
    pub requested: ItemSet,
    /// What was released.
    pub released: ItemSet,
    /// What was withheld, and why.
    pub withheld: Vec<(Item, Reason)>,
    /// Which of the requested items had a value.
    pub stored: ItemSet,
    /// Whether a part would do.
    pub partial: bool,
    /// Commits to the sealed rows, under this leaf's salt.
    pub values: Commitment,
    /// Whether the person needs a guardian's consent.
    pub guardian_required: bool,
    /// The digest of the partner's request.
    pub request: Commitment,
}

/// How many requests of one hour were refused and have no fact of their own. Nothing left by any of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefusalCount {
    /// When the first of them was refused.
    pub from: Timestamp,
    /// When the last one was.
    pub until: Timestamp,
    /// How many there were.
    pub count: u64,
    /// What was asked for in any of them.
    pub requested: ItemSet,
    /// How many items were withheld for which reason, in the order of the reasons.
    pub reasons: Vec<(Reason, u64)>,
}
