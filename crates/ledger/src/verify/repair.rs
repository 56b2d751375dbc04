//! Makes the rows that facts add up to anew, from the log: streams, the apps' counts, and which entries are about whom.
//!
//! The log itself must be in order: nothing is made up from one that is not. Whose a stream is stands in no entry; whoever
//! has the people's keys says so.

use std::collections::HashMap;

use yinuo_domain::{AppId, Place, StreamId, SubjectKey};
use yinuo_tlog::VerifierKey;

use super::{Check, Checked, FirstBad, Progress, Stop};
use crate::StoreError;
use crate::backend::{Backend, Change, Log, Opened, StreamRow, Writer};
use crate::state::State as _;

/// How many rows are read at once.
const CHUNK: usize = 1_024;

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Repaired {
    /// So many streams.
    pub streams: u64,
    /// So many lines of history.
    pub history: u64,
    /// So many apps' counts.
    pub apps: u64,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The log itself is not in order.
    #[error("the log itself is not in order: {} entry {}: {}; restore a backup", .0.log, .0.index, .0.what)]
    Log(FirstBad),
    /// Somebody's keys cannot be opened, so that nobody knows which streams are theirs.
    #[error("the keys of a person cannot be opened; restore a backup")]
    Keys,
    /// Entries are of a person who is not here.
    #[error("entry {index} of the people's log is of a person who is not here; restore a backup")]
    Nobody {
        /// The last of them.
        index: u64,
    },
    /// There is nothing to repair.
    #[error("there is no ledger in the store")]
    Empty,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Says which streams a person has, their own and one with each of these apps, from their wrapped keys.
pub(super) type Whose<'w> = dyn FnMut(SubjectKey, &[u8], &[AppId]) -> Option<Vec<StreamId>> + 'w;

/// Makes the derived rows of a store anew, in one transaction, while nobody else has it open.
pub fn repair(
    backend: impl Backend,
    keys: &[VerifierKey],
    whose: &mut Whose<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Repaired, RepairError> {
    let Opened { mut writer, source } = backend.open()?;
    let source = source.as_ref();
    let meta = source.read(|rows| rows.meta())?.ok_or(RepairError::Empty)?;
    let documents = Checked { source, suite: meta.suite };
    let mut check = Check::new(source, &documents, keys, &meta, progress);
    let size = check.all().map_err(|stop| match stop {
        Stop::Bad(bad) => RepairError::Log(bad),
        Stop::Store(error) => error.into(),
    })?;
    let owners = owners(&check, whose)?;
    writer.begin()?;
    let written = write(&check, &owners, size, writer.as_mut());
    match written {
        Ok(repaired) => {
            writer.commit()?;
            Ok(repaired)
        }
        Err(error) => {
            writer.rollback()?;
            Err(error.into())
        }
    }
}

/// Whose each stream of the log is.
fn owners(check: &Check<'_>, whose: &mut Whose<'_>) -> Result<HashMap<StreamId, SubjectKey>, RepairError> {
    let apps: Vec<AppId> = check.replay.platform().apps.keys().cloned().collect();
    let mut owners = HashMap::new();
    let mut after: Option<SubjectKey> = None;
    loop {
        let people = check.source.read(|rows| rows.all_keys(after, CHUNK))?;
        let Some((last, _)) = people.last() else { break };
        after = Some(*last);
        for (subject, keys) in &people {
            let theirs = whose(*subject, keys, &apps).ok_or(RepairError::Keys)?;
            let in_log = theirs.into_iter().filter(|id| check.chains.contains_key(id));
            owners.extend(in_log.map(|id| (id, *subject)));
        }
    }
    let lost = check.chains.iter().filter(|(id, _)| !owners.contains_key(id) && !check.is_deleted(id));
    match lost.map(|(_, chain)| chain.last).min() {
        Some(index) => Err(RepairError::Nobody { index }),
        None => Ok(owners),
    }
}

fn write(
    check: &Check<'_>,
    owners: &HashMap<StreamId, SubjectKey>,
    size: u64,
    writer: &mut dyn Writer,
) -> Result<Repaired, StoreError> {
    let mut repaired = Repaired::default();
    writer.change(Change::ForgetDerived)?;
    for (id, subject) in owners {
        let Some(chain) = check.chains.get(id) else { continue };
        let state = match id.app {
            None => check.replay.own(id.tag).map(|own| own.to_bytes()),
            Some(_) => check.replay.stream(id).map(|stream| stream.to_bytes()),
        };
        let state = state.ok_or(StoreError::Damaged("a stream without its state"))?;
        let recent = Vec::new();
        let row = StreamRow { stream: id.clone(), next: chain.next, prev: chain.prev, state, recent };
        writer.change(Change::Stream(*subject, &row))?;
        repaired.streams += 1;
    }
    for (app, next) in &check.app_seqs {
        writer.change(Change::AppSeq(app, *next))?;
        repaired.apps += 1;
    }
    let mut next = 0;
    while next < size {
        let entries = check.source.read(|rows| rows.entries(Log::Group, next, CHUNK))?;
        if entries.is_empty() {
            return Err(StoreError::Damaged("an entry is missing"));
        }
        for (index, leaf) in entries {
            let entry = yinuo_tlog::leaf::decode(&leaf);
            let entry = entry.map_err(|_| StoreError::Damaged("an entry cannot be read"))?;
            if let Place::Stream { stream, .. } = entry.place
                && let Some(subject) = owners.get(&stream)
            {
                writer.change(Change::History(*subject, index, stream.app.as_ref()))?;
                repaired.history += 1;
            }
            next = index + 1;
        }
    }
    Ok(repaired)
}
