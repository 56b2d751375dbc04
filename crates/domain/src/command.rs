//! What someone asks to happen.

use std::sync::Arc;

use crate::{
    AppId, ClockReason, Commitment, Digest, DisclosureId, Engine, ImportId, Item, ItemSet, PartnerId,
    Purpose, Role, StaffId, StoreCause, SubjectKey, Tag, Timestamp, ValueVersion, ViewReason,
};

/// What someone asks to happen. The ledger decides it at the tip of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// A change of the platform, by `by`.
    Platform {
        /// Who asks.
        by: StaffId,
        /// For what.
        change: PlatformChange,
    },
    /// Begins a person's own stream, with the values they come with: all of it or nothing.
    Enrol {
        /// The person.
        subject: SubjectKey,
        /// The tag of their own stream.
        own: Tag,
        /// Their values; none is allowed.
        values: Vec<StoredValue>,
    },
    /// Makes sealed rows the current values of their items.
    StoreValues {
        /// The person.
        subject: SubjectKey,
        /// The tag of their own stream.
        own: Tag,
        /// At least one.
        values: Vec<StoredValue>,
    },
    /// A person's explicit choices, item by item.
    GiveConsent {
        /// The person.
        subject: SubjectKey,
        /// The tag of their own stream, to see that the account lives.
        own: Tag,
        /// The app.
        app: AppId,
        /// Their tag towards it.
        tag: Tag,
        /// For each purpose that was shown: what was shown and what was chosen.
        choices: Vec<Choice>,
        /// The document the person was shown.
        notice: Digest,
        /// The fingerprint of the declaration the person was shown.
        fingerprint: Digest,
        /// When the consent ends.
        expires_at: Timestamp,
        /// Binds the act: a commitment whose salt lives in the vault.
        evidence: Commitment,
        /// Whether a guardian must agree, and did.
        guardian: Guardian,
    },
    /// A person takes back a consent, wholly or in part.
    Withdraw {
        /// The person.
        subject: SubjectKey,
        /// The app.
        app: AppId,
        /// Their tag towards it.
        tag: Tag,
        /// How much.
        scope: WithdrawalScope,
    },
    /// An app asks for items, for one purpose.
    Disclose {
        /// The person.
        subject: SubjectKey,
        /// The app.
        app: AppId,
        /// The person's tag towards it.
        tag: Tag,
        /// The one purpose.
        purpose: Purpose,
        /// What is asked for.
        items: ItemSet,
        /// Whether to release what may be released when something is refused.
        partial: bool,
        /// Which of the items have a stored value.
        stored: ItemSet,
        /// Commits to the sealed rows of those, under the leaf's salt.
        values: Commitment,
        /// Whether the person needs a guardian's consent.
        guardian_required: bool,
        /// The digest of the partner's request.
        request: Commitment,
        /// The id this disclosure gets if it is a new one.
        disclosure: DisclosureId,
        /// Client and `Idempotency-Key`, hashed.
        idempotency: Option<Digest>,
    },
    /// An authorised release that could not be opened or handed over.
    ReportNotDelivered {
        /// The person.
        subject: SubjectKey,
        /// The app.
        app: AppId,
        /// The person's tag towards it.
        tag: Tag,
        /// Which release.
        disclosure: DisclosureId,
    },
    /// Somebody of the platform looks at a person's values. Nothing is shown before it is recorded.
    ViewSubject {
        /// The person.
        subject: SubjectKey,
        /// The tag of their own stream.
        own: Tag,
        /// Who looks.
        by: StaffId,
        /// Which items, as far as there are values.
        items: ItemSet,
        /// Whether only what a mask leaves is shown.
        masked: bool,
        /// Why.
        reason: ViewReason,
    },
    /// A person deletes their account: one fact in each of their streams.
    DeleteAccount {
        /// The person.
        subject: SubjectKey,
        /// The tag of their own stream.
        own: Tag,
    },
}

/// A sealed row that becomes the current value of its item. The row is written in the same transaction, or before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StoredValue {
    /// The item.
    pub item: Item,
    /// Which version becomes current.
    pub version: ValueVersion,
    /// The digest of the sealed row.
    pub sealed: Digest,
}

/// What was shown of one purpose, and what the person chose of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Choice {
    /// The purpose.
    pub purpose: Purpose,
    /// What was shown.
    pub shown: ItemSet,
    /// What was chosen, part of what was shown.
    pub chosen: ItemSet,
}

/// How much of a consent is taken back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WithdrawalScope {
    /// All of it.
    Whole,
    /// These items of these purposes.
    Items(Vec<(Purpose, ItemSet)>),
}

/// Whether a guardian must agree (PIPL 31), and did.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Guardian {
    /// Nobody needs to.
    NotRequired = 0,
    /// One must, and did.
    Agreed = 1,
    /// One must, and has not.
    Missing = 2,
}

/// A change that is not about one person. Documents travel beside it and are checked when it is decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PlatformChange {
    /// Puts a decision version and rule packs in force.
    ActivateEngine(Engine),
    /// Registers a partner.
    RegisterPartner {
        /// The hash of its profile.
        document: Digest,
        /// The profile.
        bytes: Arc<[u8]>,
    },
    /// Puts another profile in place of a partner's: its name, contact or ceiling changed.
    RevisePartner {
        /// Whose.
        partner: PartnerId,
        /// The hash of the new profile.
        document: Digest,
        /// The new profile.
        bytes: Arc<[u8]>,
    },
    /// Stops a partner for now.
    SuspendPartner(PartnerId),
    /// Lets a suspended partner go on.
    ReinstatePartner(PartnerId),
    /// Ends a partner for good.
    TerminatePartner(PartnerId),
    /// Declares an app, or declares it anew.
    DeclareApp {
        /// The hash of its declaration.
        document: Digest,
        /// The declaration.
        bytes: Arc<[u8]>,
    },
    /// Takes an app offline.
    HideApp(AppId),
    /// Brings it back.
    ShowApp(AppId),
    /// Publishes what people are told.
    PublishNotice {
        /// The hash of the notice.
        document: Digest,
        /// The notice.
        bytes: Arc<[u8]>,
    },
    /// Lets a member of staff act in a role, or in another one than before.
    AppointStaff {
        /// Who.
        staff: StaffId,
        /// In which role.
        role: Role,
    },
    /// Lets them act no longer.
    DismissStaff(StaffId),
    /// Takes away what they sign in with.
    ResetFactor(StaffId),
    /// Goes on by a clock that had jumped.
    AcceptClock {
        /// What was found.
        reason: ClockReason,
        /// What the clock says.
        clock: Timestamp,
    },
    /// Goes on with a store that is not what had been kept of it outside.
    AcceptStore {
        /// In which way it is not.
        cause: StoreCause,
        /// How many entries of the platform's log had been kept; 0 when that is not known.
        platform: u64,
        /// How many of the group's.
        group: u64,
    },
    /// Somebody is about to bring people in from a file. Nobody of it comes in before this is recorded.
    BeginImport(ImportId),
    /// What became of it.
    EndImport {
        /// Which.
        import: ImportId,
        /// How many.
        counts: ImportCounts,
    },
    /// Wraps people's keys under the key of this epoch from here on.
    OpenKeyEpoch(u32),
    /// Destroys the key of an earlier epoch.
    RetireKeyEpoch(u32),
    /// Keeps the key above all keys under another passphrase.
    ChangePassphrase,
}

/// What became of the people of an import.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct ImportCounts {
    /// How many came in.
    pub enrolled: u64,
    /// How many had values corrected or added.
    pub corrected: u64,
    /// How many were here with exactly these values.
    pub unchanged: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many values were stored.
    pub values: u64,
}
