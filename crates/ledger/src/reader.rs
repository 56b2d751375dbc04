//! Everything that is only read. It goes on when writing has stopped.

use std::collections::BTreeMap;
use std::sync::Arc;

use yinuo_core::{GrantStatus, Own, Platform, Stream};
use yinuo_domain::{
    AppId, Clock, Digest, Entry, Item, ItemSet, LogId, Salt, StaffId, StreamId, SubjectKey, Tag, Timestamp,
    ValueVersion,
};
use yinuo_tlog::{Algorithm, Hash, TileId};

use crate::backend::{Head, Log, Person, RetiredRow, Rows, SealedRow, Source, StreamRow};
use crate::kept::{Kept, KeptPerson};
use crate::state::State;
use crate::view::Shared;
use crate::{ClockJump, PasskeyRow, Receipt, StaffRow, StoreError, Ticket, TicketKind};

/// How many people [`Reader::active_grants`] looks at where it must be known exactly what a change does.
pub const COUNTED_MAX: usize = 10_000;

/// How many people something concerns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counted {
    /// So many.
    pub people: usize,
    /// There were more people than are looked at: at least so many.
    pub more: bool,
}

/// Reads at what was committed last.
pub struct Reader {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publish_every_ms: u64,
}

impl Reader {
    /// The platform, as the group has adopted it.
    pub fn platform(&self) -> Arc<Platform> {
        Arc::clone(&self.shared.view().platform)
    }

    /// The person with this blind index.
    pub fn person(&self, index: [u8; 16]) -> Result<Option<Person>, StoreError> {
        self.source.read(|rows| rows.person(index))
    }

    /// The person with this surrogate.
    pub fn person_of(&self, subject: SubjectKey) -> Result<Option<Person>, StoreError> {
        self.source.read(|rows| rows.person_of(subject))
    }

    /// What shows how one of a person's consents was given, sealed.
    pub fn evidence(&self, subject: SubjectKey, leaf: Salt) -> Result<Option<Vec<u8>>, StoreError> {
        self.source.read(|rows| rows.evidence(subject, leaf))
    }

    /// Up to `limit` people's wrapped keys, beyond `after`, in the order of their surrogates.
    pub fn keys_after(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError> {
        self.source.read(|rows| rows.keys_after(after, limit))
    }

    /// Up to `limit` tag keys of deleted persons, beyond `after`, in the order of shard and tag.
    pub fn retired_after(
        &self,
        after: Option<(u8, Tag)>,
        limit: usize,
    ) -> Result<Vec<RetiredRow>, StoreError> {
        self.source.read(|rows| rows.retired_after(after, limit))
    }

    /// Up to `limit` members of staff, beyond `after`, in the order of their names.
    pub fn staff_after(&self, after: Option<&StaffId>, limit: usize) -> Result<Vec<StaffRow>, StoreError> {
        self.source.read(|rows| rows.staff_after(after, limit))
    }

    /// A person's wrapped keys.
    pub fn keys(&self, subject: SubjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.source.read(|rows| rows.keys(subject))
    }

    /// A person with their keys, from memory if they are kept there.
    pub fn kept(&self, subject: SubjectKey) -> Result<Option<Arc<KeptPerson>>, StoreError> {
        self.kept.person(subject, || {
            self.source.read(|rows| {
                let Some(person) = rows.person_of(subject)? else { return Ok(None) };
                let keys = rows.keys(subject)?;
                Ok(keys.map(|keys| KeptPerson::new(subject, person.guardian_required, keys)))
            })
        })
    }

    /// An access token that is unexpired and not revoked, from memory if it is kept there.
    pub fn access_token(&self, key: [u8; 32], now: Timestamp) -> Result<Option<Arc<Ticket>>, StoreError> {
        let token = self.kept.token(key, || self.ticket(TicketKind::AccessToken, key, now))?;
        Ok(token.filter(|token| now < token.expires_at))
    }

    /// A person's own stream.
    pub fn own(&self, subject: SubjectKey) -> Result<Option<(StreamId, Own)>, StoreError> {
        self.source.read(|rows| rows.stream(subject, None))?.map(folded).transpose()
    }

    /// Which version of each value of a person is the current one.
    pub fn versions<'a>(
        &self,
        person: &'a KeptPerson,
    ) -> Result<&'a BTreeMap<Item, ValueVersion>, StoreError> {
        if let Some(values) = person.values.get() {
            return Ok(values);
        }
        let values = self.own(person.subject)?.map(|(_, own)| own.values).unwrap_or_default();
        Ok(person.values.get_or_init(|| values))
    }

    /// These sealed values, in the order in which they are named; nothing when the person is gone.
    pub fn sealed(
        &self,
        subject: SubjectKey,
        values: &[(Item, ValueVersion)],
    ) -> Result<Option<Vec<SealedRow>>, StoreError> {
        self.source.read(|rows| sealed(rows, subject, values.iter().copied()))
    }

    /// The current sealed values among these items, in the order of their codes.
    pub fn values(&self, subject: SubjectKey, items: ItemSet) -> Result<Vec<SealedRow>, StoreError> {
        self.source.read(|rows| {
            let Some(row) = rows.stream(subject, None)? else { return Ok(Vec::new()) };
            let own = Own::from_bytes(&row.state)?;
            let current = own.values.into_iter().filter(|(item, _)| items.contains(*item));
            Ok(sealed(rows, subject, current)?.unwrap_or_default())
        })
    }

    /// A person's stream with an app.
    pub fn stream(&self, subject: SubjectKey, app: &AppId) -> Result<Option<(StreamId, Stream)>, StoreError> {
        self.source.read(|rows| rows.stream(subject, Some(app)))?.map(folded).transpose()
    }

    /// A person's streams with apps, by app.
    pub fn streams(&self, subject: SubjectKey) -> Result<Vec<(StreamId, Stream)>, StoreError> {
        let rows = self.source.read(|rows| rows.streams(subject))?;
        rows.into_iter().filter(|row| row.stream.app.is_some()).map(folded).collect()
    }

    /// How many people's consents to an app count now, under the declaration with `fingerprint`. Looks at no more than
    /// `limit` people; beyond that the answer says that it is a lower bound.
    pub fn active_grants(
        &self,
        app: &AppId,
        fingerprint: &Digest,
        now: Timestamp,
        limit: usize,
    ) -> Result<Counted, StoreError> {
        let states = self.source.read(|rows| rows.states_of_app(app, limit.saturating_add(1)))?;
        let mut counted = Counted { people: 0, more: limit < states.len() };
        for state in states.iter().take(limit) {
            let grant = Stream::from_bytes(state)?.grant;
            if grant.is_some_and(|grant| grant.status(fingerprint, now) == GrantStatus::Active) {
                counted.people += 1;
            }
        }
        Ok(counted)
    }

    /// Up to `limit` entries about a person, below number `before`, newest first: their own stream and those with
    /// apps.
    pub fn history(
        &self,
        subject: SubjectKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Entry)>, StoreError> {
        let rows = self.source.read(|rows| rows.history(subject, before, limit))?;
        rows.into_iter().map(|(index, leaf)| Ok((index, decoded(&leaf)?))).collect()
    }

    /// The first entry about a person: that they came in.
    pub fn first(&self, subject: SubjectKey) -> Result<Option<(u64, Entry)>, StoreError> {
        let row = self.source.read(|rows| rows.first(subject))?;
        row.map(|(index, leaf)| Ok((index, decoded(&leaf)?))).transpose()
    }

    /// Up to `limit` persons by the blind index of a current value.
    pub fn found(&self, item: Item, index: [u8; 16], limit: usize) -> Result<Vec<SubjectKey>, StoreError> {
        self.source.read(|rows| rows.found(item, index, limit))
    }

    /// A ticket that is unexpired, unused and not revoked.
    pub fn ticket(
        &self,
        kind: TicketKind,
        key: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Ticket>, StoreError> {
        match self.source.read(|rows| rows.ticket(kind, &key)) {
            // To whoever shows it, it is a ticket that is worth nothing.
            Err(StoreError::Altered(_)) => Ok(None),
            row => Ok(row?.and_then(|row| row.live(now))),
        }
    }

    /// With what a member of staff signs in.
    pub fn staff(&self, staff: &StaffId) -> Result<Option<StaffRow>, StoreError> {
        self.source.read(|rows| rows.staff(staff))
    }

    /// The member of staff with this blind index.
    pub fn staff_of(&self, identity: [u8; 16]) -> Result<Option<StaffRow>, StoreError> {
        self.source.read(|rows| rows.staff_of(identity))
    }

    /// The passkeys of a member of staff.
    pub fn passkeys(&self, staff: &StaffId) -> Result<Vec<PasskeyRow>, StoreError> {
        self.source.read(|rows| rows.passkeys(staff))
    }

    /// How many people there are, counted up to `limit`.
    pub fn people(&self, limit: usize) -> Result<u64, StoreError> {
        self.source.read(|rows| rows.people(limit))
    }

    /// How many releases to an app there were, repeated ones included.
    pub fn releases(&self, app: &AppId) -> Result<u64, StoreError> {
        self.source.read(|rows| rows.app_seq(app))
    }

    /// A document by its hash.
    pub fn document(&self, hash: &Digest) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.source.read(|rows| rows.document(hash))
    }

    /// The names of the logs.
    pub fn logs(&self) -> Vec<LogId> {
        Log::EVERY.into_iter().map(Log::id).collect()
    }

    /// The signed head that was committed last.
    pub fn head(&self, log: &LogId) -> Option<Head> {
        Some(self.shared.view().tips.get(&Log::of(log)?)?.head.clone())
    }

    /// The published checkpoint. It moves at most once a second.
    pub fn published(&self, log: &LogId, algorithm: Algorithm) -> Result<Option<String>, StoreError> {
        let tip = Log::of(log)
            .and_then(|log| self.shared.published(log, self.clock.as_ref(), self.publish_every_ms));
        Ok(tip.and_then(|tip| tip.head.of(algorithm).map(|(_, note)| note.clone())))
    }

    /// The bytes of an entry.
    pub fn entry(&self, log: &LogId, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries(log, index, 1)?.pop())
    }

    /// When an entry was recorded.
    pub fn time(&self, log: &LogId, index: u64) -> Result<Option<Timestamp>, StoreError> {
        self.entry(log, index)?.map(|leaf| decoded(&leaf).map(|entry| entry.at)).transpose()
    }

    /// Up to `limit` entries from number `from` on, as far as the head covers them.
    pub fn entries(&self, log: &LogId, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some((log, size)) = self.size(log) else { return Ok(Vec::new()) };
        let covered = usize::try_from(size.saturating_sub(from)).unwrap_or(usize::MAX);
        let entries = self.source.read(|rows| rows.entries(log, from, limit.min(covered)))?;
        Ok(entries.into_iter().map(|(_, leaf)| leaf).collect())
    }

    /// The same, read. What a later program wrote and this one cannot read is left out.
    pub fn facts(&self, log: &LogId, from: u64, limit: usize) -> Result<Vec<(u64, Entry)>, StoreError> {
        let leaves = self.entries(log, from, limit)?;
        let read = |(index, leaf): (u64, Vec<u8>)| Some((index, decoded(&leaf).ok()?));
        Ok((from..).zip(leaves).filter_map(read).collect())
    }

    /// The first `width` hashes of a tile; nothing when the tree has not so many.
    pub fn tile(
        &self,
        log: &LogId,
        algorithm: Algorithm,
        tile: TileId,
        width: u16,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        let Some(log) = Log::of(log) else { return Ok(None) };
        let view = self.shared.view();
        let Some(tip) = view.tips.get(&log) else { return Ok(None) };
        self.source.read(|rows| tip.tile(algorithm, tile, width, log, rows))
    }

    /// The bytes of a tile of hashes, by its path after `tile/` or `tile-sm3/` (C2SP `tlog-tiles`). Bundles of
    /// entries are not had this way.
    pub fn tile_at(
        &self,
        log: &LogId,
        algorithm: Algorithm,
        path: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let root = match algorithm {
            Algorithm::Sha256 => "tile",
            Algorithm::Sm3 => "tile-sm3",
        };
        let Some((tile, width)) = TileId::parse(algorithm, &format!("{root}/{path}")) else {
            return Ok(None);
        };
        Ok(self.tile(log, algorithm, tile, width)?.map(|hashes| hashes.as_flattened().to_vec()))
    }

    /// The proof that an entry is in a log, at the current head (C2SP `tlog-proof`).
    pub fn proof(&self, log: &LogId, algorithm: Algorithm, index: u64) -> Result<Option<String>, StoreError> {
        let Some(log) = Log::of(log) else { return Ok(None) };
        let view = self.shared.view();
        let Some(tip) = view.tips.get(&log) else { return Ok(None) };
        self.source.read(|rows| tip.proof(algorithm, index, log, rows))
    }

    /// The proof that the tree of `old` entries is the beginning of the one of `new`; nothing when the log has not so many
    /// (RFC 9162 §2.1.4).
    pub fn consistency(
        &self,
        log: &LogId,
        algorithm: Algorithm,
        old: u64,
        new: u64,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        let Some(log) = Log::of(log) else { return Ok(None) };
        let view = self.shared.view();
        let Some(tip) = view.tips.get(&log) else { return Ok(None) };
        self.source.read(|rows| tip.consistency(algorithm, (old, new), log, rows))
    }

    /// An entry with its proofs, at the current head.
    pub fn receipt(&self, log: &LogId, index: u64) -> Result<Option<Receipt>, StoreError> {
        let Some(leaf) = self.entry(log, index)? else { return Ok(None) };
        let sha256 = self.proof(log, Algorithm::Sha256, index)?;
        let sm3 = self.proof(log, Algorithm::Sm3, index)?;
        Ok(Some(Receipt::of_texts(log.clone(), index, leaf, sha256, sm3)))
    }

    /// By how much the clock has jumped, so that nothing is released before an operator accepts it.
    pub fn clock_jump(&self) -> Option<ClockJump> {
        self.shared.time.look(self.clock.as_ref()).jumped
    }

    /// Whether a commit failed, so that nothing more is written.
    pub fn is_poisoned(&self) -> bool {
        self.shared.is_poisoned()
    }

    fn size(&self, log: &LogId) -> Option<(Log, u64)> {
        let log = Log::of(log)?;
        Some((log, self.shared.view().tips.get(&log)?.head.size))
    }
}

impl Source for Reader {
    fn with(&self, job: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.source.with(job)
    }
}

fn sealed(
    rows: &dyn Rows,
    subject: SubjectKey,
    values: impl Iterator<Item = (Item, ValueVersion)>,
) -> Result<Option<Vec<SealedRow>>, StoreError> {
    let mut sealed = Vec::new();
    for (item, version) in values {
        match rows.sealed(subject, item, version)? {
            Some(row) => sealed.push(row),
            // Deleted between two readings.
            None if rows.stream(subject, None)?.is_none() => return Ok(None),
            None => return Err(StoreError::Damaged("a current value has no sealed row")),
        }
    }
    Ok(Some(sealed))
}

fn folded<S: State>(row: StreamRow) -> Result<(StreamId, S), StoreError> {
    Ok((row.stream, S::from_bytes(&row.state)?))
}

fn decoded(leaf: &[u8]) -> Result<Entry, StoreError> {
    yinuo_tlog::leaf::decode(leaf).map_err(|_| StoreError::Damaged("an entry cannot be read"))
}
