//! What a store must do: a few promises that `memory` and `sqlite` keep alike (`conformance`).
//!
//! One writer, transactions, and rows. What a transaction changed is seen by its own reads at once, and by everybody
//! else after the commit. Rows of people begin their key with commit group and shard; in memory both are implied.

use std::sync::Arc;

use yinuo_domain::{
    AppId, Compartment, Digest, DisclosureId, Item, ItemSet, LogId, Profile, RefusalCount, Salt, StaffId,
    StreamId, SubjectKey, Suite, Tag, Timestamp, ValueVersion,
};
use yinuo_tlog::{Algorithm, Hash, TileId};

use crate::{PasskeyRow, StaffRow, StoreError, Ticket, TicketKind, Write, Written};

/// Which log, in a store with one group.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Log {
    /// The platform's. In SQL its `grp` is -1.
    Platform,
    /// The people's: `g/0`. In SQL its `grp` is 0.
    Group,
}

impl Log {
    /// Both, the platform's first.
    pub const EVERY: [Self; 2] = [Self::Platform, Self::Group];

    /// The name it has outside.
    pub fn id(self) -> LogId {
        match self {
            Self::Platform => LogId::platform(),
            Self::Group => LogId::group(0),
        }
    }

    /// The log of this name, if it is one of ours.
    pub fn of(id: &LogId) -> Option<Self> {
        Self::EVERY.into_iter().find(|log| log.id() == *id)
    }

    pub(crate) fn grp(self) -> i64 {
        match self {
            Self::Platform => -1,
            Self::Group => 0,
        }
    }
}

/// With what a store was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meta {
    /// The vault's suite.
    pub suite: Suite,
    /// Trees and signatures.
    pub profile: Profile,
    /// What origins begin with.
    pub origin_base: String,
}

/// A signed head: one note for each tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// How many entries.
    pub size: u64,
    /// Root and signed note over SHA-256, unless the profile has none.
    pub sha256: Option<(Hash, String)>,
    /// Root and signed note over SM3, unless the profile has none.
    pub sm3: Option<(Hash, String)>,
}

impl Head {
    /// Root and note of one tree.
    pub fn of(&self, algorithm: Algorithm) -> Option<&(Hash, String)> {
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref(),
            Algorithm::Sm3 => self.sm3.as_ref(),
        }
    }
}

/// A person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Person {
    /// The surrogate.
    pub subject: SubjectKey,
    /// Whether a guardian must agree.
    pub guardian_required: bool,
}

/// A stream: where its chain stands, and the state its facts add up to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamRow {
    /// Which.
    pub stream: StreamId,
    /// The number its next fact gets.
    pub next: u64,
    /// The hash of its last leaf.
    pub prev: Digest,
    /// The state, as `state` writes it.
    pub state: Vec<u8>,
    /// Its newest entries, in order: those that have no row of history yet.
    pub recent: Vec<u64>,
}

/// A sealed value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedRow {
    /// The item.
    pub item: Item,
    /// In which table it is.
    pub compartment: Compartment,
    /// Which version.
    pub version: ValueVersion,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// A ticket and what became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TicketRow {
    /// The ticket.
    pub ticket: Ticket,
    /// Somebody used it.
    pub used: bool,
    /// It was revoked.
    pub revoked: bool,
}

impl TicketRow {
    /// The ticket, while it is worth something.
    pub fn live(self, now: Timestamp) -> Option<Ticket> {
        (!self.used && !self.revoked && now < self.ticket.expires_at).then_some(self.ticket)
    }
}

/// The first answer under an idempotency key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerRow {
    /// The digest of the request's body.
    pub body: Option<Digest>,
    /// Its id.
    pub disclosure: DisclosureId,
    /// What it released.
    pub released: ItemSet,
    /// When, in log time.
    pub at: Timestamp,
}

/// A store not yet opened.
pub trait Backend {
    /// Opens it for one writer and any number of readers.
    fn open(self) -> Result<Opened, StoreError>;
}

/// An open store.
pub struct Opened {
    /// The only one who writes.
    pub writer: Box<dyn Writer>,
    /// Everybody who reads.
    pub source: Arc<dyn Source>,
}

/// Gives rows to read, at what was committed last.
pub trait Source: Send + Sync {
    /// Calls `job` with the rows.
    fn with(&self, job: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// How many rows were refused because they are not as they were written.
    fn altered(&self) -> u64 {
        0
    }
}

impl dyn Source + '_ {
    /// What `job` reads.
    pub fn read<T>(&self, job: impl FnOnce(&dyn Rows) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (mut job, mut read) = (Some(job), None);
        self.with(&mut |rows| {
            if let Some(job) = job.take() {
                read = Some(job(rows)?);
            }
            Ok(())
        })?;
        read.ok_or(StoreError::Other("nothing was read"))
    }
}

/// The one writer.
pub trait Writer: Send {
    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Makes it durable. When this fails, nobody knows what was kept: the caller writes nothing more.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Takes everything back since [`Writer::begin`].
    fn rollback(&mut self) -> Result<(), StoreError>;

    /// Marks a point within the transaction.
    fn mark(&mut self) -> Result<(), StoreError>;

    /// Keeps (`true`) or takes back everything since [`Writer::mark`].
    fn unmark(&mut self, keep: bool) -> Result<(), StoreError>;

    /// One change within the transaction.
    fn change(&mut self, change: Change<'_>) -> Result<Written, StoreError>;

    /// The rows, with the transaction's own changes.
    fn rows(&self) -> &dyn Rows;

    /// Whether it seals the rows that decisions are made from.
    fn seals(&self) -> bool {
        false
    }

    /// Whether rows without their seal are believed: only while an older store is looked at as a whole.
    fn believe(&mut self, _rows: bool) {}

    /// Seals every such row as it is now, within the transaction, and says how many there were.
    fn seal_rows(&mut self) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Makes what was deleted unrecoverable: also from whatever the store writes ahead. Outside a transaction.
    fn erase(&mut self) -> Result<(), StoreError>;
}

/// A change of rows.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// With what the store is made; once.
    Meta(&'a Meta),
    /// Appends an entry.
    Entry(Log, u64, &'a [u8]),
    /// Keeps a full tile.
    Tile(Log, Algorithm, TileId, &'a [Hash]),
    /// Puts the signed head in place of the last one.
    Head(Log, &'a Head),
    /// Keeps a document under its hash; one that is there already stays.
    Document(&'a Digest, &'a [u8]),
    /// Puts a stream's row.
    Stream(SubjectKey, &'a StreamRow),
    /// Says that an entry is about this person.
    History(SubjectKey, u64, Option<&'a AppId>),
    /// Puts the first answer under an idempotency key.
    Answer(SubjectKey, &'a Digest, &'a AnswerRow),
    /// Puts how many refusals of a person's stream with an app were counted and are no fact yet; none takes the row away.
    Counted(SubjectKey, &'a AppId, Option<&'a RefusalCount>),
    /// The number the app's next release gets.
    AppSeq(&'a AppId, u64),
    /// Deletes every row that the log adds up to, to make them anew.
    ForgetDerived,
    /// Deletes every row of a person.
    Forget(SubjectKey),
    /// Keeps a deleted person's tag key, by the tag of their own stream, until `2`.
    Retire(SubjectKey, Tag, &'a [u8], Timestamp),
    /// A write that is no fact.
    Write(&'a Write),
}

/// The tag key of a deleted person, by shard and tag of their own stream.
pub type RetiredRow = ((u8, Tag), Vec<u8>);

/// A count of refusals that is no fact yet: whose, towards which app, and what was counted.
pub(crate) type CountedRow = (SubjectKey, AppId, RefusalCount);

/// Wrapped keys, one after the other, for whoever wraps them anew.
pub trait KeyRows {
    /// Up to `limit` people's wrapped keys, beyond `after`, in the order of their surrogates.
    fn keys_after(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError>;
    /// Up to `limit` tag keys of deleted persons, beyond `after`, in the order of shard and tag.
    fn retired_after(&self, after: Option<(u8, Tag)>, limit: usize) -> Result<Vec<RetiredRow>, StoreError>;
    /// Up to `limit` members of staff, beyond `after`, in the order of their names.
    fn staff_after(&self, after: Option<&StaffId>, limit: usize) -> Result<Vec<StaffRow>, StoreError>;
}

/// Rows to read.
pub trait Rows: KeyRows {
    /// With what the store was made; none in a new one.
    fn meta(&self) -> Result<Option<Meta>, StoreError>;
    /// The signed head.
    fn head(&self, log: Log) -> Result<Option<Head>, StoreError>;
    /// Up to `limit` entries from number `from` on, in order.
    fn entries(&self, log: Log, from: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;
    /// A full tile.
    fn tile(&self, log: Log, algorithm: Algorithm, tile: TileId) -> Result<Option<Vec<Hash>>, StoreError>;
    /// Up to `limit` full tiles of a level from number `from` on, in order, as they are stored.
    fn tiles(
        &self,
        log: Log,
        algorithm: Algorithm,
        level: u8,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;
    /// A document by its hash.
    fn document(&self, hash: &Digest) -> Result<Option<Arc<[u8]>>, StoreError>;
    /// The hashes of up to `limit` documents, above `after`, in order.
    fn documents(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError>;
    /// The person with this blind index.
    fn person(&self, index: [u8; 16]) -> Result<Option<Person>, StoreError>;
    /// The person with this surrogate.
    fn person_of(&self, subject: SubjectKey) -> Result<Option<Person>, StoreError>;
    /// A person's wrapped keys.
    fn keys(&self, subject: SubjectKey) -> Result<Option<Vec<u8>>, StoreError>;
    /// Up to `limit` persons' wrapped keys, behind this person, in the order of surrogates.
    fn all_keys(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError>;
    /// A person's stream with an app, or their own.
    fn stream(&self, subject: SubjectKey, app: Option<&AppId>) -> Result<Option<StreamRow>, StoreError>;
    /// All of a person's streams, their own first, then by app.
    fn streams(&self, subject: SubjectKey) -> Result<Vec<StreamRow>, StoreError>;
    /// Up to `limit` streams of everybody behind this one, in the order of surrogate and app.
    fn all_streams(
        &self,
        after: Option<&(SubjectKey, Option<AppId>)>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, StreamRow)>, StoreError>;
    /// The number each app's next release gets.
    fn app_seqs(&self) -> Result<Vec<(AppId, u64)>, StoreError>;
    /// Which entries the rows of history name as about a person, and in their stream with which app, in order.
    fn places(&self, subject: SubjectKey) -> Result<Vec<(u64, Option<AppId>)>, StoreError>;
    /// How many rows of history there are.
    fn history_len(&self) -> Result<u64, StoreError>;
    /// The states of up to `limit` people's streams with an app.
    fn states_of_app(&self, app: &AppId, limit: usize) -> Result<Vec<Vec<u8>>, StoreError>;
    /// Up to `limit` entries about a person, below number `before`, newest first.
    fn history(
        &self,
        subject: SubjectKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;
    /// One version of a value.
    fn sealed(
        &self,
        subject: SubjectKey,
        item: Item,
        version: ValueVersion,
    ) -> Result<Option<SealedRow>, StoreError>;
    /// What shows how the consent in the leaf with this salt was given, sealed.
    fn evidence(&self, subject: SubjectKey, leaf: Salt) -> Result<Option<Vec<u8>>, StoreError>;
    /// The first entry about a person.
    fn first(&self, subject: SubjectKey) -> Result<Option<(u64, Vec<u8>)>, StoreError>;
    /// Up to `limit` persons by the blind index of a current value, in the order of their surrogates.
    fn found(&self, item: Item, index: [u8; 16], limit: usize) -> Result<Vec<SubjectKey>, StoreError>;
    /// A ticket, whatever became of it.
    fn ticket(&self, kind: TicketKind, key: &[u8; 32]) -> Result<Option<TicketRow>, StoreError>;
    /// The first answer under an idempotency key, however old.
    fn answer(&self, subject: SubjectKey, key: &Digest) -> Result<Option<AnswerRow>, StoreError>;
    /// The number the app's next release gets.
    fn app_seq(&self, app: &AppId) -> Result<u64, StoreError>;
    /// With what a member of staff signs in.
    fn staff(&self, staff: &StaffId) -> Result<Option<StaffRow>, StoreError>;
    /// The member of staff with this blind index.
    fn staff_of(&self, identity: [u8; 16]) -> Result<Option<StaffRow>, StoreError>;
    /// The passkeys of a member of staff, in the order of their ids.
    fn passkeys(&self, staff: &StaffId) -> Result<Vec<PasskeyRow>, StoreError>;
    /// How many refusals of a person's stream with an app were counted and are no fact yet.
    fn counted(&self, subject: SubjectKey, app: &AppId) -> Result<Option<RefusalCount>, StoreError>;
    /// In which streams, up to `limit`, counts of refusals are due by `now`, the oldest first. Nothing is said of what is in
    /// them: whoever reads one sees whether it can be believed.
    fn counted_due(&self, now: Timestamp, limit: usize) -> Result<Vec<(SubjectKey, AppId)>, StoreError>;
    /// Up to `limit` counts of everybody behind this one, in the order of surrogate and app.
    fn all_counted(
        &self,
        after: Option<&(SubjectKey, AppId)>,
        limit: usize,
    ) -> Result<Vec<CountedRow>, StoreError>;
    /// How many people there are, counted up to `limit`.
    fn people(&self, limit: usize) -> Result<u64, StoreError>;
    /// How many tag keys of deleted persons are kept.
    fn retired(&self) -> Result<u64, StoreError>;
}
