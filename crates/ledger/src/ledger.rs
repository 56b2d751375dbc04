//! Opening a ledger, and the handle everybody holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use yinuo_core::Platform;
use yinuo_domain::{AppId, Clock, Fact, Profile, Random, Salt, Suite, Timestamp};

use crate::anchor::{Anchor, AnchorAccepted, AnchorRule, Anchoring, Mismatch, compare};
use crate::backend::{Backend, Change, Log, Meta, Opened, Rows, Writer};
use crate::kept::{Dropping, Kept};
use crate::overdue::Watch;
use crate::permits::Permits;
use crate::queue::{Job, Queue, Room};
use crate::reader::Reader;
use crate::sequencer::{Batch, Sequencer};
use crate::signing::{HeadSigner, Signers};
use crate::step::Known;
use crate::time::{Recorded, Time};
use crate::tip::Tip;
use crate::turns::{Turn, Turns};
use crate::view::{Shared, View};
use crate::{Answered, Gauge, LedgerError, Pending, Settings, StoreError, Submission, Write, Written};

/// How many entries are read at once when the platform is folded.
const CHUNK: usize = 1024;

/// The one place where facts are decided and kept. A clone is the same ledger.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    queue: Arc<Queue>,
    watch: Arc<Watch>,
    turns: Turns,
    accepted: Option<AnchorAccepted>,
    reader: Reader,
    profile: Profile,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    /// Opens a store and starts the sequencer.
    ///
    /// A new store gets its two logs. An existing one must have been made with the same suite, profile and origin,
    /// and what its entries add up to must be what its signed heads say; nothing found unsigned is signed.
    pub fn open(
        backend: impl Backend,
        settings: Settings,
        signers: Vec<Arc<dyn HeadSigner>>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, LedgerError> {
        Self::open_with(backend, settings, signers, clock, random, None)
    }

    /// The same for a store whose heads are also kept outside of it. What was accepted, if something was, is
    /// [`Ledger::accepted`].
    pub fn open_anchored(
        backend: impl Backend,
        settings: Settings,
        signers: Vec<Arc<dyn HeadSigner>>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        (anchor, rule): (Box<dyn Anchor>, AnchorRule),
    ) -> Result<Self, LedgerError> {
        Self::open_with(backend, settings, signers, clock, random, Some((anchor, rule)))
    }

    fn open_with(
        backend: impl Backend,
        settings: Settings,
        signers: Vec<Arc<dyn HeadSigner>>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        mut anchor: Option<(Box<dyn Anchor>, AnchorRule)>,
    ) -> Result<Self, LedgerError> {
        let Opened { writer, source } = backend.open()?;
        let kept = Kept::new();
        let mut writer: Box<dyn Writer> = Dropping::around(writer, Arc::clone(&kept));
        let signers = Signers::start(signers, settings.profile, &settings.origin_base)?;
        let meta = Meta {
            suite: settings.suite,
            profile: settings.profile,
            origin_base: settings.origin_base.clone(),
        };
        let found = writer.rows().meta()?;
        let (view, recorded, sealed) = match &found {
            Some(found) => load(found, &meta, &signers, writer.rows())?,
            None => (View { platform: Arc::default(), tips: BTreeMap::new() }, Recorded::default(), false),
        };
        let mut accepted = None;
        if let Some((anchor, rule)) = &mut anchor {
            let kept = anchor.read()?;
            let differs = compare(kept.as_deref(), &view.heads(), settings.profile, &signers, writer.rows())?;
            match (differs, *rule) {
                (None, _) | (Some(Mismatch::Missing), AnchorRule::Begins) => {}
                (Some(differs), AnchorRule::Accepted) => {
                    accepted = Some(AnchorAccepted::new(differs, kept.as_deref()));
                }
                (Some(differs), AnchorRule::Holds | AnchorRule::Begins) => return Err(differs.into()),
            }
        }
        if sealed && !writer.seals() {
            return Err(StoreError::Settings("seal over its rows, and none was given").into());
        }
        // A store of before there was a seal: its rows are believed once, when deciding everything again leads to them.
        if found.is_some() && !sealed && writer.seals() {
            writer.believe(true);
            let report = crate::verify::verify(source.as_ref(), &signers.verifiers(), &mut |_| {});
            writer.believe(false);
            if !report.is_ok_and(|report| report.ok) {
                return Err(StoreError::Damaged(
                    "what is stored is not what its log adds up to; see `yinuo verify`",
                )
                .into());
            }
        }
        let time = Time::start(&settings, clock.as_ref(), recorded);
        let shared = Arc::new(Shared::new(view, time));
        let permits = Permits::start(Arc::clone(&clock)).map_err(StoreError::from)?;
        let reader = Reader {
            source,
            kept,
            shared: Arc::clone(&shared),
            clock: Arc::clone(&clock),
            publish_every_ms: settings.publish_every_ms,
        };
        let queue = Arc::new(Queue::new(&settings));
        let turns = Turns::new(&settings, Arc::clone(&clock));
        let limit = Duration::from_millis(settings.overdue_ms);
        let mut sequencer =
            Sequencer::new(settings, writer, signers, permits, Arc::clone(&shared), clock, random);
        if let Some((anchor, _)) = anchor {
            sequencer.anchoring = Some(Anchoring::start(anchor, Arc::clone(&queue), Arc::clone(&shared))?);
        }
        if found.is_none() {
            sequencer.found(&meta)?;
        } else if !sealed && sequencer.writer.seals() {
            sequencer.seal_store()?;
        }
        // Also what a crash kept from being kept. It is there when this returns; but what somebody must answer for goes
        // there only with the fact that says so.
        if accepted.is_none() {
            sequencer.anchor();
            sequencer.settle()?;
        }
        let watch = Watch::start(limit, Arc::clone(&queue), shared).map_err(StoreError::from)?;
        let abandon = Abandon(Arc::clone(&queue), Arc::clone(&watch));
        let thread = thread::Builder::new()
            .name("yinuo-sequencer".to_owned())
            .spawn(move || {
                // Dropped also when the thread dies: nobody waits for an answer that cannot come.
                let Abandon(queue, watch) = &abandon;
                sequencer.run(queue, watch);
            })
            .map_err(StoreError::from)?;
        let profile = meta.profile;
        Ok(Self(Arc::new(Inner {
            queue,
            watch,
            turns,
            accepted,
            reader,
            profile,
            thread: Mutex::new(Some(thread)),
        })))
    }

    /// Waits until an app's request is worked on: partners take turns. Take a turn before anything is done for a disclosure, and
    /// keep it until it is answered.
    pub async fn turn(&self, app: &AppId) -> Result<Turn, LedgerError> {
        let view = self.0.reader.shared.view();
        let partner = view.platform.apps.get(app).map(|app| app.declaration.partner.clone());
        self.0.turns.take(partner.as_ref()).await
    }

    /// Hands in a command. It is decided in order, and answered when it is durable.
    pub fn submit(&self, submission: Submission) -> Pending<Result<Answered, LedgerError>> {
        let (answer, pending) = Pending::new();
        let view = self.0.reader.shared.view();
        let partner = submission.asked_by().and_then(|app| view.platform.apps.get(app));
        let partner = partner.map(|app| app.declaration.partner.clone());
        self.0.queue.push(Job::Submit(Box::new(submission), answer), partner.as_ref());
        pending
    }

    /// Hands in writes that are no facts; all in one transaction.
    pub fn write(&self, writes: Vec<Write>) -> Pending<Result<Vec<Written>, LedgerError>> {
        let (answer, pending) = Pending::new();
        self.0.queue.push(Job::Write(writes, answer), None);
        pending
    }

    /// How the store was not what its anchor said, when somebody answered for it.
    pub fn accepted(&self) -> Option<&AnchorAccepted> {
        self.0.accepted.as_ref()
    }

    /// Which trees and signatures the logs have.
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// Says how much room the disk has. Whoever opened the ledger looks now and then.
    pub fn set_room(&self, room: Room) {
        self.0.queue.set_room(room);
    }

    /// How much room the disk has, as it was last said.
    pub fn room(&self) -> Room {
        self.0.queue.room()
    }

    /// How it is doing, in numbers. Cheap.
    pub fn gauge(&self) -> Gauge {
        let shared = &self.0.reader.shared;
        shared.counters.gauge(self.0.queue.waiting(), shared.is_poisoned(), self.0.reader.source.altered())
    }

    /// Reads.
    pub fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// Takes nothing more, finishes what waits, and closes the store. Other handles are answered *closed*.
    pub fn close(self) {
        self.0.close();
    }
}

impl Inner {
    fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // One that hangs is left behind: with the process it ends, and the store's lock with it.
        if let Some(thread) = thread
            && self.watch.until_over()
        {
            // A sequencer that died has said so already: everybody was answered.
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

struct Abandon(Arc<Queue>, Arc<Watch>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
        self.1.over();
    }
}

impl Sequencer {
    /// A new store: both logs open, and the group adopts the platform log before anything else.
    fn found(&mut self, meta: &Meta) -> Result<(), LedgerError> {
        self.writer.begin()?;
        self.writer.change(Change::Meta(meta))?;
        let mut batch = Batch::default();
        for log in Log::EVERY {
            let fact = Fact::LogOpened { log: log.id(), suite: meta.suite, profile: meta.profile };
            let salt = Salt(self.random.bytes()?);
            let fact = self.append_log(&mut batch, log, salt, fact)?;
            if log == Log::Platform {
                Arc::make_mut(&mut self.platform).apply(&fact, &HashMap::new())?;
            }
        }
        if self.writer.seals() {
            let salt = Salt(self.random.bytes()?);
            self.append_log(&mut batch, Log::Platform, salt, Fact::StateSealed)?;
        }
        self.adopt(&mut batch)?;
        self.seal(&mut batch)?;
        self.writer.commit()?;
        self.publish();
        Ok(())
    }

    /// Seals a store of before there was a seal, and records that it was: it is never believed without one again.
    fn seal_store(&mut self) -> Result<(), LedgerError> {
        self.writer.begin()?;
        let rows = self.writer.seal_rows()?;
        let mut batch = Batch::default();
        let salt = Salt(self.random.bytes()?);
        self.append_log(&mut batch, Log::Platform, salt, Fact::StateSealed)?;
        self.adopt(&mut batch)?;
        self.seal(&mut batch)?;
        self.writer.commit()?;
        self.publish();
        tracing::warn!(rows, "the rows of an older store were sealed");
        Ok(())
    }
}

/// An existing store: the heads must be ours, and what is stored must be what they say.
fn load(
    found: &Meta,
    meta: &Meta,
    signers: &Signers,
    rows: &dyn Rows,
) -> Result<(View, Recorded, bool), LedgerError> {
    if found.suite != meta.suite {
        return Err(StoreError::Settings("suite").into());
    }
    if found.profile != meta.profile {
        return Err(StoreError::Settings("profile").into());
    }
    if found.origin_base != meta.origin_base {
        return Err(StoreError::Settings("origin").into());
    }
    let mut tips = BTreeMap::new();
    for log in Log::EVERY {
        let head = rows.head(log)?.ok_or(StoreError::Damaged("a log without a head"))?;
        let notes = signers.check(log, &head)?;
        let last = head.size.checked_sub(1).ok_or(StoreError::Damaged("a head over nothing"))?;
        // What is there beyond the head was never signed, and is never signed later.
        let mut tail = rows.entries(log, last, 2)?.into_iter();
        let at: Timestamp = match (tail.next(), tail.next()) {
            (Some((index, leaf)), None) if index == last => {
                let entry = yinuo_tlog::leaf::decode(&leaf);
                entry.map_err(|_| StoreError::Damaged("the last entry of a log cannot be read"))?.at
            }
            (Some(_), Some(_)) => return Err(StoreError::Damaged("entries beyond the signed head").into()),
            _ => return Err(StoreError::Damaged("fewer entries than the signed head says").into()),
        };
        let mut tip = Tip::load(meta.profile, log, head.size, at, rows)?;
        let agree = tip
            .algorithms()
            .all(|algorithm| tip.root(algorithm) == head.of(algorithm).map(|(root, _)| *root));
        if !agree {
            return Err(StoreError::Damaged("what is stored is not what the signed head says").into());
        }
        tip.sign(&notes);
        tips.insert(log, Arc::new(tip));
    }
    let size = tips.get(&Log::Platform).map_or(0, |tip: &Arc<Tip>| tip.size);
    let (platform, accepted, sealed) = fold(rows, size, found.suite)?;
    let last = tips.values().map(|tip| tip.at).max();
    Ok((View { platform: Arc::new(platform), tips }, Recorded { last, accepted }, sealed))
}

/// When an operator last accepted the clock, and what it said.
type Accepted = Option<(Timestamp, Timestamp)>;

/// The platform, when an operator last accepted the clock, and whether the rows of state are sealed.
fn fold(rows: &dyn Rows, size: u64, suite: Suite) -> Result<(Platform, Accepted, bool), LedgerError> {
    let (mut platform, mut accepted, mut sealed) = (Platform::default(), None, false);
    let (none, mut next) = (HashMap::new(), 0);
    let known = Known { new: &none, rows, suite };
    while next < size {
        let entries = rows.entries(Log::Platform, next, CHUNK)?;
        if entries.is_empty() {
            return Err(StoreError::Damaged("an entry is missing").into());
        }
        for (index, leaf) in entries {
            if index != next {
                return Err(StoreError::Damaged("an entry is missing").into());
            }
            let entry = yinuo_tlog::leaf::decode(&leaf);
            let entry = entry.map_err(|_| StoreError::Damaged("an entry cannot be read"))?;
            platform.apply(&entry.fact, &known)?;
            match entry.fact {
                Fact::ClockAccepted { clock, .. } => accepted = Some((entry.at, clock)),
                Fact::StateSealed => sealed = true,
                _ => {}
            }
            next += 1;
        }
    }
    Ok((platform, accepted, sealed))
}
