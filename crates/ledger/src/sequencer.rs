//! The one thread that decides, in order, and keeps what was decided.
//!
//! It takes whatever waits, decides each command against the state at exactly that position, appends the facts to the
//! logs, has the new heads signed while it writes the rows, and commits all of it once. Only then it answers.
//!
//! Whatever fails before the commit takes the whole batch back. A commit that fails poisons the writer: nobody knows
//! what the disk kept, so nothing more is decided or written here, and it is not tried again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use yinuo_core::{Own, Pending, PendingView, Platform, Stream};
use yinuo_domain::{
    AppId, Clock, Digest, DisclosureId, Entry, Fact, Item, Place, Random, Reason, Refusal, RefusalCount,
    Salt, StreamId, SubjectKey, Tag, Timestamp,
};
use yinuo_tlog::{Algorithm, TileId};

use crate::anchor::Anchoring;
use crate::backend::{Change, Log, Writer};
use crate::cache::Cache;
use crate::overdue::Watch;
use crate::permits::{Permits, WaitFor};
use crate::queue::{Job, Queue};
use crate::signing::Signers;
use crate::state::State;
use crate::submission::Answer;
use crate::time::{Now, Reading};
use crate::tip::Tip;
use crate::view::{Shared, View};
use crate::{Answered, LedgerError, Receipt, Settings, StoreError, Submission, Write, Written};

/// So many entries of a stream wait in its row, and then get their rows of history together: a row of history is on another
/// page than the stream's, and writing pages is most of what a decision costs.
const RECENT_MAX: usize = 16;
/// How long to wait before a deletion that could not be erased is tried again.
const ERASE_AGAIN: Duration = Duration::from_millis(50);

pub(crate) struct Sequencer {
    pub(crate) settings: Settings,
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) signers: Signers,
    pub(crate) permits: Arc<Permits>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    /// As adopted, with the facts of the batch at hand. Everything below is read again after a rollback.
    pub(crate) platform: Arc<Platform>,
    pub(crate) tips: BTreeMap<Log, Arc<Tip>>,
    pub(crate) own: Cache<SubjectKey, Held<Own>>,
    pub(crate) streams: Cache<(SubjectKey, AppId), Held<Stream>>,
    pub(crate) app_seqs: HashMap<AppId, u64>,
    /// Deletions that are committed, and not yet erased from what the store wrote ahead.
    pub(crate) unerased: Vec<(Answer<Answered>, WaitFor)>,
    /// Keeps heads outside the store, if there is such a place.
    pub(crate) anchoring: Option<Anchoring>,
}

/// A stream in memory.
pub(crate) struct Held<S> {
    pub(crate) chain: Chain,
    pub(crate) state: S,
    /// Refusals that were counted since its last fact; also in the store.
    pub(crate) counted: Option<RefusalCount>,
}

/// Where a stream's chain stands.
pub(crate) struct Chain {
    pub(crate) stream: StreamId,
    pub(crate) next: u64,
    pub(crate) prev: Digest,
    /// Its entries that have no row of history yet.
    pub(crate) recent: Vec<u64>,
    /// It has entries that its row does not know of.
    pub(crate) grown: bool,
}

/// What one transaction is made of.
#[derive(Default)]
pub(crate) struct Batch {
    leaves: Vec<Leaf>,
    tiles: Vec<(Log, Algorithm, TileId, Vec<yinuo_tlog::Hash>)>,
    grown: BTreeSet<Log>,
    apps: BTreeSet<AppId>,
    /// The streams that have grown. However often, their rows are written once, in the order in which they lie in the store.
    pub(crate) own: BTreeMap<SubjectKey, Held<Own>>,
    pub(crate) streams: BTreeMap<(SubjectKey, AppId), Held<Stream>>,
    answers: Vec<Waiting>,
    /// Believed from the commit on.
    pub(crate) clock: Option<Reading>,
}

struct Leaf {
    log: Log,
    index: u64,
    bytes: Vec<u8>,
}

/// An answer that waits for the commit.
enum Waiting {
    Submit(Answer<Answered>, Decided),
    Write(Answer<Vec<Written>>, Vec<Written>),
}

/// What was decided, and what must happen before it is said.
pub(crate) enum Decided {
    Done {
        wait: Option<WaitFor>,
        erase: bool,
    },
    Released {
        pending: Pending,
        subject: SubjectKey,
        salt: Salt,
        withheld: Vec<(Item, Reason)>,
        entry: usize,
    },
    Viewed(PendingView),
    Withheld {
        reasons: Vec<(Item, Reason)>,
        /// None when it was only counted.
        entry: Option<usize>,
    },
    Refused(Refusal),
}

/// How far an error reaches.
pub(crate) enum Failed {
    /// This submission alone: nothing of it has touched anything.
    One(LedgerError),
    /// The transaction.
    Batch(LedgerError),
}

impl<E: Into<LedgerError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Batch(error.into())
    }
}

impl Sequencer {
    pub(crate) fn new(
        settings: Settings,
        writer: Box<dyn Writer>,
        signers: Signers,
        permits: Arc<Permits>,
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let view = shared.view();
        let cached = settings.streams_cached_max;
        Self {
            settings,
            writer,
            signers,
            permits,
            clock,
            random,
            platform: Arc::clone(&view.platform),
            tips: view.tips.clone(),
            shared,
            own: Cache::new(cached),
            streams: Cache::new(cached),
            app_seqs: HashMap::new(),
            unerased: Vec::new(),
            anchoring: None,
        }
    }

    /// Runs until the queue is closed and drained.
    pub(crate) fn run(mut self, queue: &Queue, watch: &Watch) {
        loop {
            let patience = (!self.unerased.is_empty()).then_some(ERASE_AGAIN);
            let Some(jobs) = queue.take(patience) else { break };
            if self.shared.is_poisoned() {
                jobs.into_iter().for_each(|job| job.refuse(LedgerError::Poisoned));
            } else if !jobs.is_empty() {
                self.batch(jobs, watch);
            }
            self.erase(watch);
            if self.shared.is_poisoned() {
                queue.poison();
            }
        }
        self.erase(watch);
        for (answer, _) in self.unerased.drain(..) {
            answer.send(Err(LedgerError::Closed));
        }
        // A store that was closed is one file, not a file and a log ahead of it.
        if !self.shared.is_poisoned() {
            watch.begin(Vec::new());
            let _ = self.settle();
            let _ = self.writer.erase();
            watch.end();
        }
        self.permits.shut();
    }

    fn batch(&mut self, jobs: Vec<Job>, watch: &Watch) {
        let begun = self.clock.monotonic();
        watch.begin(jobs.iter().map(Job::recall).collect());
        let mut batch = Batch::default();
        let mut jobs = jobs.into_iter();
        let failed = match self.writer.begin() {
            Err(error) => Some(error.into()),
            Ok(()) => loop {
                let Some(job) = jobs.next() else { break self.seal(&mut batch).err() };
                if let Err(error) = self.step(job, &mut batch) {
                    break Some(error);
                }
            },
        };
        if let Some(error) = failed {
            tracing::error!(%error, "a batch was taken back");
            self.shared.counters.taken_back();
            let poisoned = self.writer.rollback().is_err() | !watch.end();
            if poisoned {
                self.poison();
            }
            self.restore();
            let error = if poisoned { LedgerError::Poisoned } else { error };
            refuse_all(batch.answers, jobs, &error);
            return;
        }
        // At most one batch behind: the heads before these are outside before these are here.
        let committed = self.settle().and_then(|()| self.writer.commit());
        // Whoever was told meanwhile that nothing is recorded is told nothing else.
        if !watch.end() {
            tracing::error!("the store came back too late");
            let _ = self.writer.rollback();
            self.restore();
            return;
        }
        if let Err(error) = committed {
            tracing::error!(%error, "a commit failed: nothing more is written");
            self.shared.counters.taken_back();
            self.poison();
            // Frees what the transaction holds, for readers. Nothing is tried again.
            let _ = self.writer.rollback();
            self.restore();
            refuse_all(batch.answers, jobs, &LedgerError::Poisoned);
            return;
        }
        let took = self.clock.monotonic().0.saturating_sub(begun.0);
        self.shared.counters.committed(batch.leaves.len(), took);
        self.publish();
        if let Some(reading) = batch.clock {
            self.shared.time.accept(reading);
        }
        if !batch.grown.is_empty() {
            self.anchor();
        }
        self.answer(batch);
    }

    /// Has the heads of the last commit kept outside the store.
    pub(crate) fn anchor(&mut self) {
        if let Some(anchoring) = &mut self.anchoring {
            anchoring.begin(self.shared.view().heads());
        }
    }

    /// Waits until they are.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        self.anchoring.as_mut().map_or(Ok(()), Anchoring::settle)
    }

    pub(crate) fn poison(&self) {
        self.shared.poison();
    }

    /// Back to what was committed last.
    fn restore(&mut self) {
        let view = self.shared.view();
        self.platform = Arc::clone(&view.platform);
        self.tips = view.tips.clone();
        self.own.clear();
        self.streams.clear();
        self.app_seqs.clear();
    }

    pub(crate) fn publish(&mut self) {
        self.shared.publish(View { platform: Arc::clone(&self.platform), tips: self.tips.clone() });
    }

    fn step(&mut self, job: Job, batch: &mut Batch) -> Result<(), LedgerError> {
        match job {
            Job::Submit(submission, answer) => match self.submit(*submission, batch) {
                Ok(decided) => batch.answers.push(Waiting::Submit(answer, decided)),
                Err(Failed::One(error)) => answer.send(Err(error)),
                Err(Failed::Batch(error)) => {
                    answer.send(Err(error.clone()));
                    return Err(error);
                }
            },
            Job::Write(writes, answer) => {
                if let Some(error) = writes.iter().find_map(|write| self.unfit(write)) {
                    answer.send(Err(error));
                    return Ok(());
                }
                let written: Result<Vec<Written>, LedgerError> =
                    writes.iter().map(|write| self.write(write, batch)).collect();
                match written {
                    Ok(written) => batch.answers.push(Waiting::Write(answer, written)),
                    Err(error) => {
                        answer.send(Err(error.clone()));
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, write: &Write, batch: &mut Batch) -> Result<Written, LedgerError> {
        if !matches!(write, Write::Sweep { .. }) {
            return Ok(self.writer.change(Change::Write(write))?);
        }
        // What is over, and what is to be destroyed, is not told from a clock that nobody believes.
        if self.now(Log::Group).jumped.is_some() {
            return Ok(Written::Count(0));
        }
        let told = self.tell_due(batch)?;
        Ok(match self.writer.change(Change::Write(write))? {
            Written::Count(count) => Written::Count(count.saturating_add(told)),
            written => written,
        })
    }

    /// Signs the heads while the rows are written.
    pub(crate) fn seal(&mut self, batch: &mut Batch) -> Result<(), LedgerError> {
        for log in &batch.grown {
            if let Some(tip) = self.tips.get_mut(log) {
                Arc::make_mut(tip).close();
            }
        }
        let grown = |tips: &BTreeMap<Log, Arc<Tip>>| -> Vec<(Log, Arc<Tip>)> {
            tips.iter()
                .filter(|(log, _)| batch.grown.contains(log))
                .map(|(log, tip)| (*log, Arc::clone(tip)))
                .collect()
        };
        let signing = self.signers.begin(grown(&self.tips).iter().map(|(log, tip)| (*log, tip.as_ref())))?;
        for leaf in &batch.leaves {
            self.writer.change(Change::Entry(leaf.log, leaf.index, &leaf.bytes))?;
        }
        self.write_streams(batch)?;
        for (log, algorithm, tile, hashes) in &batch.tiles {
            self.writer.change(Change::Tile(*log, *algorithm, *tile, hashes))?;
        }
        for app in &batch.apps {
            let next = self.app_seqs.get(app).copied().unwrap_or(0);
            self.writer.change(Change::AppSeq(app, next))?;
        }
        for (log, notes) in self.signers.finish(signing)? {
            if let Some(tip) = self.tips.get_mut(&log) {
                let tip = Arc::make_mut(tip);
                tip.sign(&notes);
                self.writer.change(Change::Head(log, &tip.head))?;
            }
        }
        Ok(())
    }

    /// Writes the rows of the streams that have grown.
    pub(crate) fn write_streams(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        for (subject, mut held) in std::mem::take(&mut batch.own) {
            self.write_stream(subject, &mut held)?;
            self.own.put(subject, held);
        }
        for ((subject, app), mut held) in std::mem::take(&mut batch.streams) {
            self.write_stream(subject, &mut held)?;
            self.streams.put((subject, app), held);
        }
        Ok(())
    }

    fn write_stream<S: State>(&mut self, subject: SubjectKey, held: &mut Held<S>) -> Result<(), StoreError> {
        if RECENT_MAX <= held.chain.recent.len() {
            for index in held.chain.recent.drain(..) {
                self.writer.change(Change::History(subject, index, held.chain.stream.app.as_ref()))?;
            }
        }
        held.chain.grown = false;
        self.writer.change(Change::Stream(subject, &held.row())).map(drop)
    }

    /// After the commit: permits, receipts, answers.
    fn answer(&mut self, batch: Batch) {
        let void_at = self.clock.monotonic().after_ms(self.settings.permit_ttl_ms);
        let Batch { mut leaves, answers, .. } = batch;
        for waiting in answers {
            match waiting {
                Waiting::Write(answer, written) => answer.send(Ok(written)),
                Waiting::Submit(answer, decided) => match decided {
                    Decided::Refused(refusal) => answer.send(Ok(Answered::Refused(refusal))),
                    Decided::Viewed(pending) => {
                        let guard = self.permits.open(pending.subject(), None, void_at);
                        let permit = yinuo_core::commit::view(pending, void_at, guard);
                        answer.send(Ok(Answered::Viewed(permit)));
                    }
                    Decided::Withheld { reasons, entry } => {
                        let receipt = entry.map(|entry| self.receipt(&mut leaves, entry)).transpose();
                        answer.send(receipt.map(|receipt| Answered::Withheld { reasons, receipt }));
                    }
                    Decided::Released { pending, subject, salt, withheld, entry } => {
                        let receipt = self.receipt(&mut leaves, entry);
                        let disclosure: DisclosureId = pending.disclosure();
                        let guard = self.permits.open(subject, Some(pending.app()), void_at);
                        let permit = yinuo_core::commit::release(pending, salt, void_at, guard);
                        answer.send(receipt.map(|receipt| Answered::Released {
                            permit,
                            withheld,
                            receipt,
                            disclosure,
                        }));
                    }
                    Decided::Done { wait: Some(wait), erase: true } => self.unerased.push((answer, wait)),
                    Decided::Done { wait: Some(wait), erase: false } => {
                        self.permits.wait(&wait, Box::new(|| answer.send(Ok(Answered::Done))));
                    }
                    Decided::Done { wait: None, .. } => answer.send(Ok(Answered::Done)),
                },
            }
        }
    }

    fn receipt(&self, leaves: &mut [Leaf], entry: usize) -> Result<Receipt, LedgerError> {
        const LOST: LedgerError = LedgerError::Misfit("a leaf of the batch is missing");
        let leaf = leaves.get_mut(entry).ok_or(LOST)?;
        let tip = self.tips.get(&leaf.log).ok_or(LOST)?;
        if tip.size <= leaf.index {
            return Err(LOST);
        }
        let bytes = std::mem::take(&mut leaf.bytes);
        Ok(Receipt::new(leaf.log.id(), leaf.index, bytes, Arc::clone(tip)))
    }

    /// The time of the next fact of a log, which never decreases, and whether the clock can be believed.
    pub(crate) fn now(&self, log: Log) -> Now {
        let last = self.tips.get(&log).map_or(Timestamp::default(), |tip| tip.at);
        let now = self.shared.time.look(self.clock.as_ref());
        Now { at: now.at.max(last), ..now }
    }

    /// Appends an entry about no person.
    pub(crate) fn append_log(
        &mut self,
        batch: &mut Batch,
        log: Log,
        salt: Salt,
        fact: Fact,
    ) -> Result<Fact, LedgerError> {
        // A group adopts a change before its next decision, and the times show it: no change is dated before what the
        // group decided last.
        let at = self.now(log).at.max(self.now(Log::Group).at);
        let entry = Entry { at, salt, place: Place::Log, fact };
        let bytes = yinuo_tlog::leaf::encode(&entry);
        self.append(batch, log, at, bytes);
        Ok(entry.fact)
    }

    /// Appends a fact to a stream, and gives the place of its leaf in the batch.
    pub(crate) fn append_stream(
        &mut self,
        batch: &mut Batch,
        chain: &mut Chain,
        at: Timestamp,
        salt: Salt,
        fact: Fact,
    ) -> Result<(usize, Fact), LedgerError> {
        let app_seq = match (&fact, &chain.stream.app) {
            (Fact::Disclosed(_) | Fact::Redelivered(_), Some(app)) => Some(self.next_app_seq(batch, app)?),
            _ => None,
        };
        let place =
            Place::Stream { stream: chain.stream.clone(), seq: chain.next, prev: chain.prev, app_seq };
        let entry = Entry { at, salt, place, fact };
        let bytes = yinuo_tlog::leaf::encode(&entry);
        if yinuo_tlog::leaf::LEN_MAX < bytes.len() {
            return Err(LedgerError::Misfit("a fact longer than a leaf may be"));
        }
        chain.prev = yinuo_tlog::content_hash(self.settings.suite, &bytes);
        chain.next += 1;
        let (index, place) = self.append(batch, Log::Group, at, bytes);
        chain.recent.push(index);
        chain.grown = true;
        Ok((place, entry.fact))
    }

    /// The number of the entry, and its place in the batch.
    fn append(&mut self, batch: &mut Batch, log: Log, at: Timestamp, bytes: Vec<u8>) -> (u64, usize) {
        let profile = self.settings.profile;
        let tip = Arc::make_mut(self.tips.entry(log).or_insert_with(|| Arc::new(Tip::new(profile))));
        if batch.grown.insert(log) {
            tip.settle();
        }
        let index = tip.size;
        let mut full = Vec::new();
        tip.append(&bytes, at, &mut full);
        batch.tiles.extend(full.into_iter().map(|(algorithm, tile, hashes)| (log, algorithm, tile, hashes)));
        batch.leaves.push(Leaf { log, index, bytes });
        (index, batch.leaves.len() - 1)
    }

    /// Reads the number the app's next release gets, once.
    pub(crate) fn load_app_seq(&mut self, app: &AppId) -> Result<(), StoreError> {
        if !self.app_seqs.contains_key(app) {
            let stored = self.writer.rows().app_seq(app)?;
            self.app_seqs.insert(app.clone(), stored);
        }
        Ok(())
    }

    fn next_app_seq(&mut self, batch: &mut Batch, app: &AppId) -> Result<u64, StoreError> {
        self.load_app_seq(app)?;
        let next = self.app_seqs.entry(app.clone()).or_default();
        let seq = *next;
        *next += 1;
        if !batch.apps.contains(app) {
            batch.apps.insert(app.clone());
        }
        Ok(seq)
    }

    /// The group adopts the platform log as it is now.
    pub(crate) fn adopt(&mut self, batch: &mut Batch) -> Result<(), LedgerError> {
        let Some(tip) = self.tips.get_mut(&Log::Platform) else { return Ok(()) };
        let tip = Arc::make_mut(tip);
        tip.close();
        let root = |algorithm| tip.root(algorithm).map(Digest);
        let (sha256, sm3) = (root(Algorithm::Sha256), root(Algorithm::Sm3));
        let fact = Fact::PlatformAdopted { size: tip.size, sha256, sm3 };
        let salt = Salt(self.random.bytes()?);
        self.append_log(batch, Log::Group, salt, fact).map(drop)
    }

    /// Does the writes that a submission depends on, or takes all of them back.
    pub(crate) fn depend_on(&mut self, submission: &Submission) -> Result<(), Failed> {
        let Some((first, others)) = submission.writes.split_first() else { return Ok(()) };
        // A mark keeps a copy of each page that is changed after it. With a person who comes in there is nothing to take
        // back: if they are there already nothing was changed, and if they are not no row of theirs can be there.
        let marked = !first.is_new_person() || !others.iter().all(|write| write.is_of_person(first));
        if marked {
            self.writer.mark()?;
        }
        if self.writer.change(Change::Write(first))?.is_conflict() {
            if marked {
                self.writer.unmark(false)?;
            }
            return Err(Failed::One(LedgerError::Conflict));
        }
        for write in others {
            if !self.writer.change(Change::Write(write))?.is_conflict() {
                continue;
            }
            if !marked {
                return Err(Failed::Batch(StoreError::Damaged("a row of somebody who was not there").into()));
            }
            self.writer.unmark(false)?;
            return Err(Failed::One(LedgerError::Conflict));
        }
        if marked {
            self.writer.unmark(true)?;
        }
        Ok(())
    }
}

impl Sequencer {
    /// Why a write is not done: it could not be found again, or is wrapped under a key that is being destroyed.
    pub(crate) fn unfit(&self, write: &Write) -> Option<LedgerError> {
        match write {
            Write::AddPerson { epoch, .. } if self.platform.key_epochs.retired.contains(epoch) => {
                Some(LedgerError::Conflict)
            }
            write => write.misfit(),
        }
    }
}

pub(crate) fn another_tag(held: &StreamId, tag: Tag) -> Result<(), Failed> {
    if held.tag == tag {
        Ok(())
    } else {
        Err(Failed::One(LedgerError::Misfit("the person has another tag there")))
    }
}

fn refuse_all(answers: Vec<Waiting>, jobs: impl Iterator<Item = Job>, error: &LedgerError) {
    for waiting in answers {
        match waiting {
            Waiting::Submit(answer, _) => answer.send(Err(error.clone())),
            Waiting::Write(answer, _) => answer.send(Err(error.clone())),
        }
    }
    jobs.for_each(|job| job.refuse(error.clone()));
}
