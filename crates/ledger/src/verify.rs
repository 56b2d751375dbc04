//! Checks a store from nothing but its bytes and the logs' public keys, and decides every entry again.
//!
//! What is believed: the keys. What is checked: the heads' signatures; every leaf's form, place, time and chain; every
//! tree over the entries; every stored tile; every document; and that each fact is what deciding at its position
//! gives, and that the rows which facts add up to are what they add up to. Memory grows with people, not with entries.

mod repair;
mod state;
mod walk;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use yinuo_core::Documents;
use yinuo_core::replay::Replay;
use yinuo_domain::{AppId, Digest, Entry, Fact, Item, LogId, Place, StreamId, Suite, Timestamp};
use yinuo_tlog::{Algorithm, VerifierKey};

use crate::backend::{Head, Log, Meta, Source};
use crate::signing::check_note;
use crate::{StoreCopy, StoreError};
pub use repair::{RepairError, Repaired, repair};
use walk::Walk;

/// How many documents are looked at at once.
const DOCUMENTS: usize = 256;

/// How far a verification is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Progress {
    /// In which log.
    pub log: LogId,
    /// How many of its entries were checked.
    pub entries: u64,
    /// How many it has.
    pub of: u64,
}

/// What a verification found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Whether everything is as it must be.
    pub ok: bool,
    /// How many entries were checked, in all logs.
    pub entries: u64,
    /// How many disclosures and refusals were decided again, with the same answer.
    pub decisions_replayed: u64,
    /// The first thing that is not as it must be.
    pub first_bad: Option<FirstBad>,
}

/// The first thing that is not as it must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FirstBad {
    /// In which log.
    pub log: LogId,
    /// Which entry; for a head its size, for a tile the first entry it covers.
    pub index: u64,
    /// What is wrong.
    pub what: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store cannot be read at all.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// There is nothing to verify.
    #[error("there is no ledger in the store")]
    Empty,
}

/// Verifies the store in a data directory, which is only read: a copy, a backup, or the live one.
pub fn verify_directory(
    directory: &Path,
    keys: &[VerifierKey],
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, VerifyError> {
    verify(&StoreCopy::open(directory)?, keys, progress)
}

/// Verifies a store.
pub fn verify(
    source: &dyn Source,
    keys: &[VerifierKey],
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, VerifyError> {
    let meta = source.read(|rows| rows.meta())?.ok_or(VerifyError::Empty)?;
    let documents = Checked { source, suite: meta.suite };
    let mut check = Check::new(source, &documents, keys, &meta, progress);
    let found = check.all().and_then(|size| check.compare(size));
    let (entries, decisions_replayed) = (check.entries, check.decisions);
    match found {
        Ok(()) => Ok(Report { ok: true, entries, decisions_replayed, first_bad: None }),
        Err(Stop::Bad(bad)) => Ok(Report { ok: false, entries, decisions_replayed, first_bad: Some(bad) }),
        Err(Stop::Store(error)) => Err(error.into()),
    }
}

/// Why a verification ended before its end.
enum Stop {
    Bad(FirstBad),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn bad(log: Log, index: u64, what: impl Into<String>) -> Stop {
    Stop::Bad(FirstBad { log: log.id(), index, what: what.into() })
}

/// Where a stream stands.
struct Chain {
    /// The number its next fact must have.
    next: u64,
    /// The hash of its last leaf.
    prev: Digest,
    /// Its last entry.
    last: u64,
    /// The sum of its entries' numbers: with their count it says which they are.
    places: u64,
    /// Its row was found.
    seen: bool,
}

struct Check<'v> {
    source: &'v dyn Source,
    documents: &'v Checked<'v>,
    keys: &'v [VerifierKey],
    meta: &'v Meta,
    replay: Replay<'v>,
    chains: HashMap<StreamId, Chain>,
    /// The digest of each current sealed row.
    sealed: HashMap<(StreamId, Item), Digest>,
    app_seqs: HashMap<AppId, u64>,
    /// How much of the platform log the group has adopted.
    adopted: u64,
    /// When the group's last entry happened.
    group_at: Timestamp,
    entries: u64,
    decisions: u64,
    progress: &'v mut dyn FnMut(Progress),
}

impl<'v> Check<'v> {
    fn new(
        source: &'v dyn Source,
        documents: &'v Checked<'v>,
        keys: &'v [VerifierKey],
        meta: &'v Meta,
        progress: &'v mut dyn FnMut(Progress),
    ) -> Self {
        Self {
            source,
            documents,
            keys,
            meta,
            replay: Replay::new(documents),
            chains: HashMap::new(),
            sealed: HashMap::new(),
            app_seqs: HashMap::new(),
            adopted: 0,
            group_at: Timestamp::default(),
            entries: 0,
            decisions: 0,
            progress,
        }
    }

    /// Everything that is signed. The size of the group.
    fn all(&mut self) -> Result<u64, Stop> {
        // Of one moment: an entry that the group adopted meanwhile would be beyond an older head of the platform's log.
        let (platform, group) =
            self.source.read(|rows| Ok((rows.head(Log::Platform), rows.head(Log::Group))))?;
        let (platform, group) = (self.head(Log::Platform, platform)?, self.head(Log::Group, group)?);
        // The small log first and by itself, so that what is wrong in it is not blamed on who adopted it.
        let mut alone = Walk::new(self.source, Log::Platform, self.meta.profile, platform.clone());
        while alone.next()?.is_some() {}
        self.end(&alone)?;
        let mut platform = Walk::new(self.source, Log::Platform, self.meta.profile, platform);
        let mut group = Walk::new(self.source, Log::Group, self.meta.profile, group);

        while let Some((index, leaf, entry)) = group.next()? {
            self.group_entry(index, &leaf, &entry, &mut platform)?;
            self.tell(&group);
        }
        // The group adopts a change of the platform in the transaction that records it.
        if let Some((index, ..)) = platform.next()? {
            return Err(bad(Log::Platform, index, "an entry that the group never adopted"));
        }
        self.end(&group)?;
        self.documents(platform.size())?;
        Ok(group.size())
    }

    /// The rows that facts add up to.
    fn compare(&mut self, size: u64) -> Result<(), Stop> {
        let found = state::Found {
            source: self.source,
            replay: &self.replay,
            chains: &mut self.chains,
            app_seqs: &self.app_seqs,
            sealed: &self.sealed,
            suite: self.meta.suite,
            size,
            about: None,
        };
        match found.compare() {
            // A store that is written meanwhile has moved on, and its rows with it: they are compared when it stands still.
            Err(Stop::Bad(bad)) => {
                let now = self.source.read(|rows| rows.head(Log::Group))?;
                if now.is_some_and(|head| head.size == size) { Err(Stop::Bad(bad)) } else { Ok(()) }
            }
            compared => compared,
        }
    }

    /// Whether an account was deleted, whose stream this was.
    fn is_deleted(&self, id: &StreamId) -> bool {
        is_deleted(&self.replay, id)
    }

    /// The end of a walk: nothing is beyond the head, or beyond the one that has followed it meanwhile.
    fn end(&self, walk: &Walk<'_>) -> Result<(), Stop> {
        walk.finish()?;
        let log = walk.log();
        let (head, beyond) = self.source.read(|rows| {
            let head = rows.head(log);
            let size = head.as_ref().ok().and_then(Option::as_ref).map_or(0, |head| head.size);
            Ok((head, walk.beyond(rows, size)?))
        })?;
        let head = self.head(log, head)?;
        if head.size < walk.size() {
            return Err(bad(log, head.size, "the signed head went back"));
        }
        beyond.map_or(Ok(()), |(index, what)| Err(bad(log, index, what)))
    }

    /// The signed head: signed by the log's keys, and saying what the notes say.
    fn head(&self, log: Log, row: Result<Option<Head>, StoreError>) -> Result<Head, Stop> {
        let head = match row {
            Ok(Some(head)) => head,
            Ok(None) => return Err(bad(log, 0, "the head is missing")),
            Err(StoreError::Damaged(what)) => return Err(bad(log, 0, what)),
            Err(error) => return Err(error.into()),
        };
        for algorithm in Algorithm::EVERY {
            let has = match algorithm {
                Algorithm::Sha256 => self.meta.profile.has_sha256(),
                Algorithm::Sm3 => self.meta.profile.has_sm3(),
            };
            if !has {
                continue;
            }
            let origin = yinuo_tlog::origin(&self.meta.origin_base, &log.id(), algorithm);
            let of = |key: &&VerifierKey| {
                let fits = match key {
                    VerifierKey::Ed25519 { .. } => algorithm == Algorithm::Sha256,
                    VerifierKey::Sm2 { .. } => algorithm == Algorithm::Sm3,
                };
                fits && key.name() == origin
            };
            let mut checked = Err("no key was given for this head".to_owned());
            for key in self.keys.iter().filter(of) {
                checked = check_note(&head, algorithm, key).map(drop).map_err(|error| match error {
                    StoreError::Damaged(what) => what.to_owned(),
                    other => other.to_string(),
                });
                if checked.is_ok() {
                    break;
                }
            }
            checked.map_err(|what| bad(log, head.size, what))?;
        }
        Ok(head)
    }

    fn group_entry(
        &mut self,
        index: u64,
        leaf: &[u8],
        entry: &Entry,
        platform: &mut Walk<'_>,
    ) -> Result<(), Stop> {
        let wrong = |what: &str| bad(Log::Group, index, what);
        self.entries += 1;
        match (&entry.place, &entry.fact) {
            (Place::Log, fact @ Fact::LogOpened { .. }) => self.opened(Log::Group, index, fact)?,
            (Place::Log, Fact::PlatformAdopted { size, sha256, sm3 }) => {
                if index == 0 {
                    return Err(wrong("the first entry does not open the log"));
                }
                if *size <= self.adopted {
                    return Err(wrong("an adoption of nothing new"));
                }
                while self.adopted < *size {
                    let Some((of, _, entry)) = platform.next()? else {
                        return Err(wrong("an adoption of more than the platform log has"));
                    };
                    // A group adopts a change before its next decision: nothing was decided here between the two.
                    if 0 < self.adopted && entry.at < self.group_at {
                        return Err(wrong(
                            "an adoption that came late: the change is older than the entry before",
                        ));
                    }
                    self.platform_entry(of, &entry)?;
                    self.adopted += 1;
                }
                let roots = (platform.root(Algorithm::Sha256), platform.root(Algorithm::Sm3));
                if roots != (sha256.map(|root| root.0), sm3.map(|root| root.0)) {
                    return Err(wrong("an adoption of another platform log"));
                }
            }
            (Place::Log, _) => return Err(wrong("a fact about a person without a stream")),
            (Place::Stream { stream, seq, prev, app_seq }, fact) => {
                if self.adopted == 0 {
                    return Err(wrong("a fact before the platform was adopted"));
                }
                self.chain(index, stream, (*seq, prev), leaf).map_err(wrong)?;
                self.current(stream, fact);
                self.app_seq(stream, *app_seq, fact).map_err(wrong)?;
            }
        }
        match self.replay.group_entry(entry) {
            Ok(decided) => self.decisions += u64::from(decided),
            Err(fault) => return Err(bad(Log::Group, index, fault.to_string())),
        }
        self.group_at = entry.at;
        Ok(())
    }

    /// Which sealed row is the current one.
    fn current(&mut self, stream: &StreamId, fact: &Fact) {
        match fact {
            Fact::ValueStored { item, sealed, .. } => {
                self.sealed.insert((stream.clone(), *item), *sealed);
            }
            Fact::AccountDeleted if stream.app.is_none() => {
                for item in self.replay.own(stream.tag).iter().flat_map(|own| own.values.keys()) {
                    self.sealed.remove(&(stream.clone(), *item));
                }
            }
            _ => {}
        }
    }

    fn platform_entry(&mut self, index: u64, entry: &Entry) -> Result<(), Stop> {
        self.entries += 1;
        if entry.place != Place::Log {
            return Err(bad(Log::Platform, index, "an entry in a stream"));
        }
        match &entry.fact {
            fact @ Fact::LogOpened { .. } => self.opened(Log::Platform, index, fact)?,
            _ if index == 0 => {
                return Err(bad(Log::Platform, index, "the first entry does not open the log"));
            }
            _ => {}
        }
        self.replay.platform_entry(entry).map_err(|fault| bad(Log::Platform, index, fault.to_string()))
    }

    fn opened(&self, log: Log, index: u64, fact: &Fact) -> Result<(), Stop> {
        let Meta { suite, profile, .. } = *self.meta;
        if index != 0 {
            return Err(bad(log, index, "a log is opened once"));
        }
        if *fact != (Fact::LogOpened { log: log.id(), suite, profile }) {
            return Err(bad(log, index, "the log was opened as another one"));
        }
        Ok(())
    }

    /// Each stream counts without a gap, and each of its leaves names the one before.
    fn chain(
        &mut self,
        index: u64,
        stream: &StreamId,
        (seq, prev): (u64, &Digest),
        leaf: &[u8],
    ) -> Result<(), &'static str> {
        let hash = yinuo_tlog::content_hash(self.meta.suite, leaf);
        let chain = match self.chains.get_mut(stream) {
            Some(chain) => chain,
            None => {
                let begins = Chain { next: 0, prev: Digest([0; 32]), last: index, places: 0, seen: false };
                self.chains.entry(stream.clone()).or_insert(begins)
            }
        };
        if seq != chain.next {
            return Err("a gap in a stream");
        }
        if *prev != chain.prev {
            return Err("a stream's chain is broken");
        }
        let places = chain.places.wrapping_add(place(index));
        *chain = Chain { next: seq + 1, prev: hash, last: index, places, seen: false };
        Ok(())
    }

    /// Each app's releases count without a gap.
    fn app_seq(&mut self, stream: &StreamId, found: Option<u64>, fact: &Fact) -> Result<(), &'static str> {
        match (fact, &stream.app, found) {
            (Fact::Disclosed(_) | Fact::Redelivered(_), Some(app), Some(found)) => {
                let expected = match self.app_seqs.get_mut(app) {
                    Some(expected) => expected,
                    None => self.app_seqs.entry(app.clone()).or_insert(0),
                };
                if found != *expected {
                    return Err("a gap in an app's releases");
                }
                *expected += 1;
                Ok(())
            }
            (Fact::Disclosed(_) | Fact::Redelivered(_), ..) => Err("a release without its number"),
            (_, _, None) => Ok(()),
            (_, _, Some(_)) => Err("a number of a release on something else"),
        }
    }

    /// Also those that no entry names.
    fn documents(&self, platform_size: u64) -> Result<(), Stop> {
        let mut after: Option<Digest> = None;
        loop {
            let hashes = self.source.read(|rows| rows.documents(after.as_ref(), DOCUMENTS))?;
            let Some(last) = hashes.last() else { return Ok(()) };
            after = Some(*last);
            for hash in hashes {
                if self.documents.document(&hash).is_none() {
                    let what = format!("document {hash} is not what its name says");
                    return Err(bad(Log::Platform, platform_size, what));
                }
            }
        }
    }

    fn tell(&mut self, walk: &Walk<'_>) {
        const EVERY: u64 = 4096;
        if walk.done().is_multiple_of(EVERY) || walk.done() == walk.size() {
            (self.progress)(Progress { log: Log::Group.id(), entries: walk.done(), of: walk.size() });
        }
    }
}

fn is_deleted(replay: &Replay<'_>, id: &StreamId) -> bool {
    match id.app {
        None => replay.own(id.tag).is_some_and(|own| own.deleted),
        Some(_) => replay.stream(id).is_some_and(|stream| stream.deleted),
    }
}

/// An entry's part in the sum that says which entries a stream has: spread over all bits, so that no other entries have
/// the same sum by accident. Nobody is kept from making some up who can also make up what else is compared.
fn place(index: u64) -> u64 {
    let z = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 31)
}

/// Documents that are what their name says.
struct Checked<'v> {
    source: &'v dyn Source,
    suite: Suite,
}

impl Documents for Checked<'_> {
    fn document(&self, hash: &Digest) -> Option<Arc<[u8]>> {
        let bytes = self.source.read(|rows| rows.document(hash)).ok().flatten()?;
        (yinuo_tlog::content_hash(self.suite, &bytes) == *hash).then_some(bytes)
    }
}
