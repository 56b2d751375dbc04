//! What the pages show. Words and times only; how they look is `web`'s question.

use yinuo_domain::{
    AppId, Digest, DisclosureId, Frequency, Guardian, Item, LegalBasis, LocalText, Purpose, PurposeId,
    PurposeKind, Reason, Timestamp, Whose,
};

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// What the browser's forms must carry.
    pub csrf: String,
    /// The person. Not printed.
    pub(crate) subject: yinuo_domain::SubjectKey,
    /// When it began.
    pub(crate) begun_at: yinuo_domain::Timestamp,
    /// What the identity provider signed, if one did.
    pub(crate) statement: Option<crate::sign_in::SealedStatement>,
}

/// One person the sign-in offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offered {
    /// What the form sends back.
    pub id: String,
    /// What the page shows.
    pub label: LocalText,
}

/// Everything the consent page shows.
#[derive(Clone, Debug)]
pub struct ConsentView {
    /// The request this answers; every form carries it back.
    pub request_uri: String,
    /// The app that asks.
    pub app: AppId,
    /// What it is called.
    pub app_name: LocalText,
    /// Who receives the information.
    pub partner_name: LocalText,
    /// How to reach them.
    pub contact: String,
    /// The app's category, as the regulation names it; none for `other`.
    pub category: Option<LocalText>,
    /// Per purpose, what is asked.
    pub purposes: Vec<PurposeView>,
    /// The version of the notice.
    pub notice_version: u32,
    /// The hash of the document that holds it.
    pub notice_document: Digest,
    /// The full notice, Markdown.
    pub notice: LocalText,
    /// How long the consent would last unless the person shortens it, in days.
    pub days_default: u32,
    /// The choices of duration offered, in days, longest first.
    pub days_offered: Vec<u32>,
    /// Whether a guardian must agree. `Missing` means: the page must ask for the guardian's agreement.
    pub guardian: Guardian,
    /// Where the browser goes afterwards: scheme, host and port only, for the content security policy.
    pub redirect_origin: String,
    /// The hash of what is shown; the form carries it back, and agreeing to anything else is refused.
    pub shown: Digest,
    /// The hash of whom the page names as the recipient, and how to reach it, beside the notice. It is carried back too.
    pub recipient: Digest,
}

/// One purpose on the consent page.
#[derive(Clone, Debug)]
pub struct PurposeView {
    /// Its code.
    pub code: Purpose,
    /// Its id: forms send `<purpose>/<item>`.
    pub id: PurposeId,
    /// What sort.
    pub kind: PurposeKind,
    /// The ground.
    pub basis: LegalBasis,
    /// What it is called.
    pub title: LocalText,
    /// How the information is processed.
    pub method: LocalText,
    /// What is asked for it.
    pub items: Vec<ItemView>,
}

/// One item of a purpose on the consent page.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// Its code.
    pub code: Item,
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: LocalText,
    /// Sensitive personal information (PIPL 28).
    pub sensitive: bool,
    /// The basic function service cannot do without it.
    pub necessary: bool,
    /// Whose information it is.
    pub whose: Whose,
    /// Why it is needed and what that means for the person.
    pub reason: LocalText,
    /// For how long the partner keeps it.
    pub retention_days: u32,
    /// How often it may be asked for.
    pub frequency: Frequency,
    /// Whether the person allows it now; shown as such, never as a tick.
    pub allowed_now: bool,
    /// Whether the person has a value stored.
    pub stored: bool,
}

/// The User Protection Centre at a glance.
#[derive(Clone, Debug, Default)]
pub struct CentreView {
    /// What the person allows, and once allowed.
    pub apps: Vec<AllowedApp>,
    /// What was given lately, newest first.
    pub recent: Vec<HistoryLine>,
}

/// The state of one consent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GrantState {
    /// It counts.
    Active,
    /// The declaration changed: it does not count until the person agrees again.
    Paused,
    /// It has run out.
    Expired,
    /// The person took it back.
    Withdrawn,
}

impl From<yinuo_core::GrantStatus> for GrantState {
    fn from(status: yinuo_core::GrantStatus) -> Self {
        match status {
            yinuo_core::GrantStatus::Active => Self::Active,
            yinuo_core::GrantStatus::Paused => Self::Paused,
            yinuo_core::GrantStatus::Expired => Self::Expired,
            yinuo_core::GrantStatus::Withdrawn => Self::Withdrawn,
        }
    }
}

/// One app the person decided about.
#[derive(Clone, Debug)]
pub struct AllowedApp {
    /// The app.
    pub app: AppId,
    /// What it is called.
    pub app_name: LocalText,
    /// Who receives.
    pub partner_name: LocalText,
    /// How to reach them.
    pub contact: String,
    /// Whether the consent counts.
    pub state: GrantState,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What is allowed, per purpose.
    pub purposes: Vec<AllowedPurpose>,
}

/// What one app may receive for one purpose.
#[derive(Clone, Debug)]
pub struct AllowedPurpose {
    /// Its id.
    pub id: PurposeId,
    /// What it is called.
    pub title: LocalText,
    /// The items: id, name, sensitive.
    pub items: Vec<(String, LocalText, bool)>,
}

/// One item, as the person's list of items shows it.
#[derive(Clone, Debug)]
pub struct OwnItem {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: LocalText,
    /// Sensitive personal information.
    pub sensitive: bool,
    /// The stored value, masked; none when nothing is stored.
    pub masked: Option<String>,
    /// Which apps may receive it.
    pub apps: Vec<LocalText>,
}

/// One item on a page of its own.
#[derive(Clone, Debug)]
pub struct OwnItemView {
    /// The item.
    pub item: OwnItem,
    /// Who may receive it, for what.
    pub allowed: Vec<AllowedTo>,
    /// What happened to it lately, newest first.
    pub recent: Vec<HistoryLine>,
}

/// One app that may receive one item for one purpose.
#[derive(Clone, Debug)]
pub struct AllowedTo {
    /// The app.
    pub app: AppId,
    /// What it is called.
    pub app_name: LocalText,
    /// Who receives.
    pub partner_name: LocalText,
    /// Whether the consent counts.
    pub state: GrantState,
    /// For what.
    pub purpose: LocalText,
    /// What a form sends back to take this back: `<purpose>/<item>`.
    pub choice: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Which lines of the history to show. Everything, where nothing is named.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HistoryFilter {
    /// Of this app only.
    pub app: Option<AppId>,
    /// About this item only.
    pub item: Option<Item>,
    /// Of this kind only.
    pub kind: Option<HistoryKind>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// What one line of the history tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HistoryKind {
    /// The person agreed.
    Consented,
    /// The person took back all or a part.
    Withdrawn,
    /// Information was given.
    Disclosed,
    /// An earlier answer was given again.
    Redelivered,
    /// A request was refused.
    Withheld,
    /// A release did not reach the partner.
    NotDelivered,
    /// Somebody of the platform looked at values.
    Viewed,
    /// Somebody of the platform saw what a mask leaves of them.
    ViewedMasked,
}

/// One line of the history: one fact.
#[derive(Clone, Debug)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: HistoryKind,
    /// The app; none when nobody but the platform took part.
    pub app: Option<AppId>,
    /// What it is called, or the platform.
    pub app_name: LocalText,
    /// Who receives, or who of the platform.
    pub partner_name: LocalText,
    /// For what; none where several or none are meant.
    pub purpose: Option<LocalText>,
    /// The items it is about.
    pub items: Vec<LocalText>,
    /// What was refused, and why.
    pub withheld: Vec<(LocalText, Reason)>,
    /// Of refusals that were counted: how many, when, and why. What was asked for is in [`Self::items`].
    pub counted: Option<CountedRefusals>,
    /// Which disclosure.
    pub disclosure: Option<DisclosureId>,
    /// Of a consent: the hash of the notice that was shown.
    pub notice: Option<Digest>,
    /// Where the fact stands: its log's name.
    pub log: String,
    /// Where the fact stands: its index there.
    pub index: u64,
}

/// Several refusals in one line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CountedRefusals {
    /// How many.
    pub count: u64,
    /// When the first was.
    pub from: Timestamp,
    /// When the last was.
    pub until: Timestamp,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// A page of the history, newest first.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// The lines.
    pub lines: Vec<HistoryLine>,
    /// What to ask for to see the next, older lines. A page may have few lines or none and still go on.
    pub older: Option<String>,
    /// How many entries were read for it.
    pub read: usize,
}
