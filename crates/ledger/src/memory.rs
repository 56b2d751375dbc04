//! The store in memory: the model that others are compared with, and gone when it is dropped.

mod keys;
mod staff;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use yinuo_core::{IDEMPOTENCY_MS, count_is_due};
use yinuo_domain::{
    AppId, Compartment, Digest, Item, RefusalCount, Salt, StaffId, SubjectKey, Tag, Timestamp, ValueVersion,
};
use yinuo_tlog::{Algorithm, Hash, TileId};

use crate::backend::{
    AnswerRow, Backend, Change, CountedRow, Head, Log, Meta, Opened, Person, Rows, SealedRow, Source,
    StreamRow, TicketRow, Writer,
};
use crate::{PasskeyRow, SWEEP_LEN_MAX, StaffRow, StoreError, TicketKind, Write, Written};

/// A store in memory. A clone is the same store, which has one writer at a time, as a directory does: it can be opened
/// again when the ledger that wrote it was closed, and whoever hung in it has come to an end.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Kept>);

#[derive(Default)]
struct Kept {
    tables: Mutex<Tables>,
    /// Somebody writes it.
    in_use: AtomicBool,
}

/// Copied when it is changed while somebody else still reads it.
type Table<K, V> = Arc<BTreeMap<K, V>>;

/// Each table behind its own count of references: a transaction copies only those it changes.
#[derive(Clone, Default)]
struct Tables {
    meta: Option<Meta>,
    heads: BTreeMap<Log, Head>,
    entries: Table<(Log, u64), Arc<[u8]>>,
    tiles: Table<(Log, Algorithm, u8, u64), Arc<[Hash]>>,
    documents: Table<Digest, Arc<[u8]>>,
    people: Table<[u8; 16], Person>,
    keys: Table<SubjectKey, Vec<u8>>,
    streams: Table<(SubjectKey, Option<AppId>), StreamRow>,
    history: Table<(SubjectKey, u64), Option<AppId>>,
    sealed: Table<(SubjectKey, Item, ValueVersion, Compartment), Vec<u8>>,
    evidence: Table<(SubjectKey, Salt), Vec<u8>>,
    indexes: Table<(SubjectKey, Item), [u8; 16]>,
    tickets: Table<(TicketKind, [u8; 32]), TicketRow>,
    answers: Table<(SubjectKey, Digest), AnswerRow>,
    staff: Table<StaffId, StaffRow>,
    passkeys: Table<(StaffId, Vec<u8>), PasskeyRow>,
    counted: Table<(SubjectKey, AppId), RefusalCount>,
    app_seqs: BTreeMap<AppId, u64>,
    /// By shard and tag of the own stream.
    retired: BTreeMap<(u8, Tag), (Vec<u8>, Timestamp)>,
}

struct MemoryWriter {
    store: MemoryStore,
    /// The transaction's own tables, and those at its mark.
    work: Tables,
    marked: Option<Tables>,
}

impl Backend for MemoryStore {
    fn open(self) -> Result<Opened, StoreError> {
        if self.0.in_use.swap(true, Ordering::AcqRel) {
            return Err(StoreError::InUse);
        }
        let work = self.tables();
        let source = Arc::new(self.clone());
        Ok(Opened { writer: Box::new(MemoryWriter { store: self, work, marked: None }), source })
    }
}

impl MemoryStore {
    fn tables(&self) -> Tables {
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.store.0.in_use.store(false, Ordering::Release);
    }
}

impl Source for MemoryStore {
    fn with(&self, job: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        job(&self.tables())
    }
}

impl Writer for MemoryWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.work = self.store.tables();
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        *self.store.0.tables.lock().unwrap_or_else(PoisonError::into_inner) = self.work.clone();
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.begin()
    }

    fn mark(&mut self) -> Result<(), StoreError> {
        self.marked = Some(self.work.clone());
        Ok(())
    }

    fn unmark(&mut self, keep: bool) -> Result<(), StoreError> {
        match self.marked.take() {
            Some(marked) if !keep => self.work = marked,
            _ => {}
        }
        Ok(())
    }

    fn change(&mut self, change: Change<'_>) -> Result<Written, StoreError> {
        Ok(self.work.change(change))
    }

    fn rows(&self) -> &dyn Rows {
        &self.work
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Tables {
    fn change(&mut self, change: Change<'_>) -> Written {
        match change {
            Change::Meta(meta) => self.meta = Some(meta.clone()),
            Change::Entry(log, index, leaf) => {
                Arc::make_mut(&mut self.entries).insert((log, index), leaf.into());
            }
            Change::Tile(log, algorithm, tile, hashes) => {
                Arc::make_mut(&mut self.tiles)
                    .insert((log, algorithm, tile.level, tile.index), hashes.into());
            }
            Change::Head(log, head) => {
                self.heads.insert(log, head.clone());
            }
            Change::Document(hash, bytes) => {
                Arc::make_mut(&mut self.documents).entry(*hash).or_insert_with(|| bytes.into());
            }
            Change::Stream(subject, row) => {
                Arc::make_mut(&mut self.streams).insert((subject, row.stream.app.clone()), row.clone());
            }
            Change::History(subject, index, app) => {
                Arc::make_mut(&mut self.history).insert((subject, index), app.cloned());
            }
            Change::Answer(subject, key, row) => {
                Arc::make_mut(&mut self.answers).insert((subject, *key), row.clone());
            }
            Change::Counted(subject, app, Some(counted)) => {
                Arc::make_mut(&mut self.counted).insert((subject, app.clone()), counted.clone());
            }
            Change::Counted(subject, app, None) => {
                Arc::make_mut(&mut self.counted).remove(&(subject, app.clone()));
            }
            Change::AppSeq(app, next) => {
                self.app_seqs.insert(app.clone(), next);
            }
            Change::ForgetDerived => {
                self.streams = Arc::default();
                self.history = Arc::default();
                self.counted = Arc::default();
                self.app_seqs.clear();
            }
            Change::Forget(subject) => self.forget(subject),
            Change::Retire(subject, tag, wrapped, destroy_after) => {
                self.retired.insert((keys::shard_of(subject), tag), (wrapped.to_vec(), destroy_after));
            }
            Change::Write(write) => return self.write(write),
        }
        Written::Done
    }

    /// The entries about a person, those without a row of history as well.
    fn about(&self, subject: SubjectKey) -> BTreeSet<u64> {
        let rows = self.history.range((subject, 0)..=(subject, u64::MAX)).map(|((_, index), _)| *index);
        let streams = self.streams.range((subject, None)..).take_while(|((of, _), _)| *of == subject);
        rows.chain(streams.flat_map(|(_, row)| row.recent.iter().copied())).collect()
    }

    fn forget(&mut self, subject: SubjectKey) {
        Arc::make_mut(&mut self.people).retain(|_, person| person.subject != subject);
        Arc::make_mut(&mut self.keys).remove(&subject);
        Arc::make_mut(&mut self.streams).retain(|(of, _), _| *of != subject);
        Arc::make_mut(&mut self.history).retain(|(of, _), _| *of != subject);
        Arc::make_mut(&mut self.sealed).retain(|(of, ..), _| *of != subject);
        Arc::make_mut(&mut self.evidence).retain(|(of, _), _| *of != subject);
        Arc::make_mut(&mut self.indexes).retain(|(of, _), _| *of != subject);
        Arc::make_mut(&mut self.answers).retain(|(of, _), _| *of != subject);
        Arc::make_mut(&mut self.counted).retain(|(of, _), _| *of != subject);
        Arc::make_mut(&mut self.tickets).retain(|_, row| row.ticket.subject != Some(subject));
    }

    fn write(&mut self, write: &Write) -> Written {
        match write {
            Write::AddPerson { index, subject, keys, epoch: _, guardian_required } => {
                let taken = self.people.values().any(|person| person.subject == *subject);
                if taken || self.people.contains_key(index) {
                    return Written::Exists;
                }
                let person = Person { subject: *subject, guardian_required: *guardian_required };
                Arc::make_mut(&mut self.people).insert(*index, person);
                Arc::make_mut(&mut self.keys).insert(*subject, keys.clone());
                Written::Done
            }
            Write::PutSealed { subject, item, compartment, version, bytes } => {
                let key = (*subject, *item, *version, *compartment);
                if self.sealed.contains_key(&key) {
                    return Written::Exists;
                }
                Arc::make_mut(&mut self.sealed).insert(key, bytes.clone());
                Written::Done
            }
            Write::PutEvidence { subject, leaf, bytes } => {
                if self.evidence.contains_key(&(*subject, *leaf)) {
                    return Written::Exists;
                }
                Arc::make_mut(&mut self.evidence).insert((*subject, *leaf), bytes.clone());
                Written::Done
            }
            Write::PutIndex { subject, item, index } => {
                Arc::make_mut(&mut self.indexes).insert((*subject, *item), *index);
                Written::Done
            }
            Write::PutTicket(ticket) => {
                let key = (ticket.kind, ticket.key);
                if self.tickets.contains_key(&key) {
                    return Written::Exists;
                }
                let revoked =
                    self.tickets.values().any(|row| row.revoked && row.ticket.family == ticket.family);
                let row = TicketRow { ticket: ticket.clone(), used: false, revoked };
                Arc::make_mut(&mut self.tickets).insert(key, row);
                if revoked { Written::Revoked } else { Written::Done }
            }
            Write::TakeTicket { kind, key, now } => {
                let Some(row) = Arc::make_mut(&mut self.tickets).get_mut(&(*kind, *key)) else {
                    return Written::Missing;
                };
                match (row.used, row.revoked) {
                    _ if row.ticket.expires_at <= *now => Written::Missing,
                    (true, _) => Written::Used(row.ticket.clone()),
                    (false, true) => Written::Missing,
                    (false, false) => {
                        row.used = true;
                        Written::Taken(row.ticket.clone())
                    }
                }
            }
            Write::RevokeFamily { family } => self.revoke(|row| row.ticket.family == *family),
            Write::RevokeOf { subject, app } => self.revoke(|row| {
                row.ticket.subject == Some(*subject)
                    && app.as_ref().is_none_or(|app| row.ticket.app.as_ref() == Some(app))
            }),
            Write::EndSessions { subject } => self
                .revoke(|row| row.ticket.kind == TicketKind::Session && row.ticket.subject == Some(*subject)),
            Write::Rewrap { subject, from, keys } => self.rewrap(*subject, from, keys),
            Write::RewrapRetired { shard, tag, from, wrapped } => {
                self.rewrap_retired(*shard, *tag, from, wrapped)
            }
            Write::Sweep { now } => self.sweep(*now),
            Write::Staff(write) => self.write_staff(write),
        }
    }

    fn revoke(&mut self, of: impl Fn(&TicketRow) -> bool) -> Written {
        let rows = Arc::make_mut(&mut self.tickets).values_mut().filter(|row| !row.revoked && of(row));
        Written::Count(rows.map(|row| row.revoked = true).count() as u64)
    }

    fn sweep(&mut self, now: Timestamp) -> Written {
        let tickets = self.tickets.iter().map(|(key, row)| (row.ticket.expires_at, *key));
        // In the order of their shards, which are the first bytes of the keys.
        let tickets =
            worthless(tickets.map(|(until, (kind, key))| (until, (key.first().copied(), kind, key))), now);
        let answers = self.answers.iter().map(|(key, row)| (row.at.after_ms(IDEMPOTENCY_MS), *key));
        let answers = worthless(answers, now);
        let retired = worthless(self.retired.iter().map(|((_, tag), (_, until))| (*until, *tag)), now);
        for (_, kind, key) in &tickets {
            Arc::make_mut(&mut self.tickets).remove(&(*kind, *key));
        }
        for key in &answers {
            Arc::make_mut(&mut self.answers).remove(key);
        }
        for tag in &retired {
            self.retired.retain(|(_, kept), _| kept != tag);
        }
        Written::Count((tickets.len() + answers.len() + retired.len()) as u64)
    }
}

/// What is worth nothing at `now`, the oldest first, and not too much at once.
fn worthless<K: Ord>(rows: impl Iterator<Item = (Timestamp, K)>, now: Timestamp) -> Vec<K> {
    let mut rows: Vec<_> = rows.filter(|(until, _)| *until <= now).collect();
    rows.sort();
    rows.into_iter().take(SWEEP_LEN_MAX).map(|(_, key)| key).collect()
}

impl Rows for Tables {
    fn meta(&self) -> Result<Option<Meta>, StoreError> {
        Ok(self.meta.clone())
    }

    fn head(&self, log: Log) -> Result<Option<Head>, StoreError> {
        Ok(self.heads.get(&log).cloned())
    }

    fn entries(&self, log: Log, from: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let entries = self.entries.range((log, from)..=(log, u64::MAX));
        Ok(entries.take(limit).map(|((_, index), leaf)| (*index, leaf.to_vec())).collect())
    }

    fn tile(&self, log: Log, algorithm: Algorithm, tile: TileId) -> Result<Option<Vec<Hash>>, StoreError> {
        Ok(self.tiles.get(&(log, algorithm, tile.level, tile.index)).map(|hashes| hashes.to_vec()))
    }

    fn tiles(
        &self,
        log: Log,
        algorithm: Algorithm,
        level: u8,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let tiles = self.tiles.range((log, algorithm, level, from)..=(log, algorithm, level, u64::MAX));
        Ok(tiles.take(limit).map(|((.., index), hashes)| (*index, hashes.as_flattened().to_vec())).collect())
    }

    fn document(&self, hash: &Digest) -> Result<Option<Arc<[u8]>>, StoreError> {
        Ok(self.documents.get(hash).cloned())
    }

    fn documents(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        let above = self.documents.keys().filter(|hash| after.is_none_or(|after| after < *hash));
        Ok(above.take(limit).copied().collect())
    }

    fn person(&self, index: [u8; 16]) -> Result<Option<Person>, StoreError> {
        Ok(self.people.get(&index).copied())
    }

    fn person_of(&self, subject: SubjectKey) -> Result<Option<Person>, StoreError> {
        Ok(self.people.values().find(|person| person.subject == subject).copied())
    }

    fn keys(&self, subject: SubjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.keys.get(&subject).cloned())
    }

    fn all_keys(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError> {
        let behind = self.keys.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
        Ok(behind.take(limit).map(|(subject, keys)| (*subject, keys.clone())).collect())
    }

    fn stream(&self, subject: SubjectKey, app: Option<&AppId>) -> Result<Option<StreamRow>, StoreError> {
        Ok(self.streams.get(&(subject, app.cloned())).cloned())
    }

    fn streams(&self, subject: SubjectKey) -> Result<Vec<StreamRow>, StoreError> {
        let from = self.streams.range((subject, None)..);
        Ok(from.take_while(|((of, _), _)| *of == subject).map(|(_, row)| row.clone()).collect())
    }

    fn all_streams(
        &self,
        after: Option<&(SubjectKey, Option<AppId>)>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, StreamRow)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.streams.range((from, Bound::Unbounded));
        Ok(rows.take(limit).map(|((subject, _), row)| (*subject, row.clone())).collect())
    }

    fn app_seqs(&self) -> Result<Vec<(AppId, u64)>, StoreError> {
        Ok(self.app_seqs.iter().map(|(app, next)| (app.clone(), *next)).collect())
    }

    fn places(&self, subject: SubjectKey) -> Result<Vec<(u64, Option<AppId>)>, StoreError> {
        let about = self.history.range((subject, 0)..=(subject, u64::MAX));
        Ok(about.map(|((_, index), app)| (*index, app.clone())).collect())
    }

    fn history_len(&self) -> Result<u64, StoreError> {
        Ok(self.history.len() as u64)
    }

    fn states_of_app(&self, app: &AppId, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let of = self.streams.iter().filter(|((_, with), _)| with.as_ref() == Some(app));
        Ok(of.take(limit).map(|(_, row)| row.state.clone()).collect())
    }

    fn history(
        &self,
        subject: SubjectKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let about = self.about(subject);
        let about = about.range(..before.unwrap_or(u64::MAX));
        let leaf = |index: u64| self.entries.get(&(Log::Group, index)).map(|leaf| (index, leaf.to_vec()));
        Ok(about.rev().filter_map(|index| leaf(*index)).take(limit).collect())
    }

    fn sealed(
        &self,
        subject: SubjectKey,
        item: Item,
        version: ValueVersion,
    ) -> Result<Option<SealedRow>, StoreError> {
        let row = |compartment| {
            let bytes = self.sealed.get(&(subject, item, version, compartment))?.clone();
            Some(SealedRow { item, compartment, version, bytes })
        };
        Ok(row(Compartment::Identity).or_else(|| row(Compartment::Other)))
    }

    fn evidence(&self, subject: SubjectKey, leaf: Salt) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.evidence.get(&(subject, leaf)).cloned())
    }

    fn first(&self, subject: SubjectKey) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let leaf = |index: u64| self.entries.get(&(Log::Group, index)).map(|leaf| (index, leaf.to_vec()));
        Ok(self.about(subject).first().and_then(|index| leaf(*index)))
    }

    fn found(&self, item: Item, index: [u8; 16], limit: usize) -> Result<Vec<SubjectKey>, StoreError> {
        let of = self.indexes.iter().filter(|((_, of), found)| *of == item && **found == index);
        Ok(of.map(|((subject, _), _)| *subject).take(limit).collect())
    }

    fn ticket(&self, kind: TicketKind, key: &[u8; 32]) -> Result<Option<TicketRow>, StoreError> {
        Ok(self.tickets.get(&(kind, *key)).cloned())
    }

    fn answer(&self, subject: SubjectKey, key: &Digest) -> Result<Option<AnswerRow>, StoreError> {
        Ok(self.answers.get(&(subject, *key)).cloned())
    }

    fn app_seq(&self, app: &AppId) -> Result<u64, StoreError> {
        Ok(self.app_seqs.get(app).copied().unwrap_or(0))
    }

    fn staff(&self, staff: &StaffId) -> Result<Option<StaffRow>, StoreError> {
        Ok(self.staff.get(staff).cloned())
    }

    fn staff_of(&self, identity: [u8; 16]) -> Result<Option<StaffRow>, StoreError> {
        Ok(self.staff.values().find(|row| row.identity == identity).cloned())
    }

    fn passkeys(&self, staff: &StaffId) -> Result<Vec<PasskeyRow>, StoreError> {
        Ok(self.passkeys.values().filter(|row| row.staff == *staff).cloned().collect())
    }

    fn counted(&self, subject: SubjectKey, app: &AppId) -> Result<Option<RefusalCount>, StoreError> {
        Ok(self.counted.get(&(subject, app.clone())).cloned())
    }

    fn counted_due(&self, now: Timestamp, limit: usize) -> Result<Vec<(SubjectKey, AppId)>, StoreError> {
        let rows = self.counted.iter().map(|(key, counted)| (count_is_due(counted), key));
        let mut due: Vec<_> = rows.filter(|(due, _)| *due <= now).collect();
        due.sort();
        Ok(due.into_iter().take(limit).map(|(_, key)| key.clone()).collect())
    }

    fn all_counted(
        &self,
        after: Option<&(SubjectKey, AppId)>,
        limit: usize,
    ) -> Result<Vec<CountedRow>, StoreError> {
        let rows = self.counted.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
        let row = |((subject, app), counted): (&(SubjectKey, AppId), &RefusalCount)| {
            (*subject, app.clone(), counted.clone())
        };
        Ok(rows.take(limit).map(row).collect())
    }

    fn people(&self, limit: usize) -> Result<u64, StoreError> {
        Ok(self.people.len().min(limit) as u64)
    }

    fn retired(&self) -> Result<u64, StoreError> {
        Ok(self.retired.len() as u64)
    }
}
