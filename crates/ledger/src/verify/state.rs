//! Compares the rows that facts add up to with what deciding everything again has added up to. No key is needed: a row
//! that was put back to an older version is named here, although it was sealed once.

use std::collections::HashMap;

use yinuo_core::replay::Replay;
use yinuo_domain::{AppId, Digest, Item, StreamId, SubjectKey};

use super::{Chain, Stop, bad, is_deleted, place};
use crate::backend::{Log, Rows, Source, StreamRow};
use crate::state::State as _;

/// How many rows are read at once.
const CHUNK: usize = 1_024;

/// How many entries a person has with each app, and the sum that says which.
pub(super) type Sums = HashMap<Option<AppId>, (u64, u64)>;

/// What the walk over the entries has found out.
pub(super) struct Found<'v> {
    pub(super) source: &'v dyn Source,
    pub(super) replay: &'v Replay<'v>,
    pub(super) chains: &'v mut HashMap<StreamId, Chain>,
    pub(super) app_seqs: &'v HashMap<AppId, u64>,
    /// The digest of the sealed row that is current, by its own stream and item.
    pub(super) sealed: &'v HashMap<(StreamId, Item), Digest>,
    pub(super) suite: yinuo_domain::Suite,
    pub(super) size: u64,
    /// What history says of the person at hand: how many entries, and which, by app.
    pub(super) about: Option<(SubjectKey, Sums)>,
}

impl Found<'_> {
    pub(super) fn compare(mut self) -> Result<(), Stop> {
        self.app_seqs()?;
        let mut after: Option<(SubjectKey, Option<AppId>)> = None;
        let mut histories = 0;
        loop {
            let rows = self.source.read(|rows| rows.all_streams(after.as_ref(), CHUNK))?;
            let Some((subject, last)) = rows.last() else { break };
            let next = (*subject, last.stream.app.clone());
            for (subject, row) in rows {
                if row.stream.app.is_none() {
                    self.values(subject, &row.stream)?;
                }
                histories += self.stream(subject, &row)?;
            }
            after = Some(next);
        }
        // A deletion leaves no row; everything else does.
        let lost = self.chains.iter().filter(|(id, chain)| !chain.seen && !is_deleted(self.replay, id));
        if let Some(chain) = lost.map(|(_, chain)| chain).min_by_key(|chain| chain.last) {
            return Err(bad(Log::Group, chain.last, "the row of this entry's stream is missing"));
        }
        if self.source.read(|rows| rows.history_len())? != histories {
            return Err(bad(Log::Group, self.size, "the rows of history name entries of nobody"));
        }
        self.counted()
    }

    /// What was counted and is no fact yet: only where, and when, a fact could say so.
    fn counted(&self) -> Result<(), Stop> {
        let mut after: Option<(SubjectKey, AppId)> = None;
        loop {
            let rows = self.source.read(|rows| rows.all_counted(after.as_ref(), CHUNK))?;
            let Some((subject, app, _)) = rows.last() else { return Ok(()) };
            after = Some((*subject, app.clone()));
            for (subject, app, counted) in rows {
                let row = self.source.read(|rows| rows.stream(subject, Some(&app)))?;
                let stream = row.as_ref().and_then(|row| self.replay.stream(&row.stream));
                if !stream.is_some_and(|stream| stream.allows(&counted, counted.until)) {
                    let last = row.and_then(|row| self.chains.get(&row.stream)).map(|chain| chain.last);
                    let what = "refusals were counted that this entry's stream does not allow";
                    return Err(bad(Log::Group, last.unwrap_or(self.size), what));
                }
            }
        }
    }

    /// The stream's row, and the rows of history that say which entries are in it. How many those are.
    fn stream(&mut self, subject: SubjectKey, row: &StreamRow) -> Result<u64, Stop> {
        let Some(chain) = self.chains.get_mut(&row.stream) else {
            return Err(bad(Log::Group, self.size, "a row of streams that no entry leads to"));
        };
        let last = chain.last;
        if std::mem::replace(&mut chain.seen, true) {
            return Err(bad(Log::Group, last, "this entry's stream has two rows"));
        }
        let state = match row.stream.app {
            None => self.replay.own(row.stream.tag).map(|own| own.to_bytes()),
            Some(_) => self.replay.stream(&row.stream).map(|stream| stream.to_bytes()),
        };
        if (row.next, row.prev) != (chain.next, chain.prev) || state.as_ref() != Some(&row.state) {
            let what = "the row of this entry's stream is not what its entries add up to";
            return Err(bad(Log::Group, last, what));
        }
        if self.about.as_ref().is_none_or(|(of, _)| *of != subject) {
            let mut sums = Sums::new();
            for (index, app) in self.source.read(|rows| rows.places(subject))? {
                let (count, sum) = sums.entry(app).or_default();
                (*count, *sum) = (*count + 1, sum.wrapping_add(place(index)));
            }
            self.about = Some((subject, sums));
        }
        let sums = self.about.as_ref().and_then(|(_, sums)| sums.get(&row.stream.app));
        let (count, sum) = sums.copied().unwrap_or_default();
        let waiting = row.recent.iter().fold(sum, |sum, index| sum.wrapping_add(place(*index)));
        if (count + row.recent.len() as u64, waiting) != (chain.next, chain.places) {
            let what = "the rows of history do not name the entries of this entry's stream";
            return Err(bad(Log::Group, last, what));
        }
        Ok(count)
    }

    /// The person and their keys are there, and the sealed rows that are current are those that the facts name.
    fn values(&self, subject: SubjectKey, own: &StreamId) -> Result<(), Stop> {
        let Some(state) = self.replay.own(own.tag) else { return Ok(()) };
        let last = self.chains.get(own).map_or(self.size, |chain| chain.last);
        let lost = |rows: &dyn Rows| Ok(rows.person_of(subject)?.is_none() || rows.keys(subject)?.is_none());
        if self.source.read(lost)? {
            return Err(bad(Log::Group, last, "the person of this stream, or their keys, are missing"));
        }
        for (item, version) in &state.values {
            let row = self.source.read(|rows| rows.sealed(subject, *item, *version))?;
            let named = self.sealed.get(&(own.clone(), *item));
            let found = row.map(|row| yinuo_tlog::content_hash(self.suite, &row.bytes));
            if found.is_none() || found.as_ref() != named {
                return Err(bad(Log::Group, last, "a sealed value is not the one that this stream names"));
            }
        }
        Ok(())
    }

    fn app_seqs(&self) -> Result<(), Stop> {
        let rows: HashMap<AppId, u64> = self.source.read(|rows| rows.app_seqs())?.into_iter().collect();
        if rows == *self.app_seqs {
            return Ok(());
        }
        Err(bad(Log::Group, self.size, "the rows of app_seqs are not what the releases add up to"))
    }
}
