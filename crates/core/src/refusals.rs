//! Which refusals are facts of their own, and which are only counted.
//!
//! A partner that asks again and again must not fill the log. In each hour of log time the first refusals of a stream
//! for a reason are facts of their own ([`REFUSALS_TOLD_MAX`]); a further one, all of whose reasons had that many, is answered
//! the same way and counted. What was counted becomes one fact: before the next fact of the stream, or when the hour is over.
//! Releases, withdrawals and deletions are never counted.
//!
//! Not here: where a count is kept until it is a fact (`ledger`).

use std::collections::BTreeMap;

use yinuo_domain::{Item, ItemSet, Reason, RefusalCount, Timestamp};

use crate::{Platform, Stream};

/// How many refusals of one stream for one reason are facts of their own in an hour.
pub const REFUSALS_TOLD_MAX: u32 = 5;

/// The first version of the decision code that counts refusals. Before it each one was a fact.
const SINCE: u16 = 2;

/// How often a stream's requests were refused in the current hour, one fact each.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refusals {
    /// Which hour since 1970, in log time.
    pub hour: u64,
    /// When the stream's last fact was.
    pub last: Timestamp,
    /// How many facts there were for which reason.
    pub told: BTreeMap<Reason, u32>,
}

impl Refusals {
    /// Whether a refusal for these reasons has no fact of its own any more.
    fn is_told(&self, reasons: impl Iterator<Item = Reason>) -> bool {
        causes(reasons).all(|reason| REFUSALS_TOLD_MAX <= self.told.get(&reason).copied().unwrap_or(0))
    }
}

/// Whether the decision code in force counts refusals.
pub(crate) fn are_counted(platform: &Platform) -> bool {
    platform.engine.is_some_and(|engine| SINCE <= engine.decision)
}

/// Whether this refusal is only counted.
pub(crate) fn is_counted(
    platform: &Platform,
    stream: &Stream,
    withheld: &[(Item, Reason)],
    now: Timestamp,
) -> bool {
    let this_hour = stream.refusals.as_ref().filter(|refusals| refusals.hour == hour(now));
    are_counted(platform)
        && this_hour.is_some_and(|refusals| refusals.is_told(withheld.iter().map(|(_, reason)| *reason)))
}

impl Stream {
    /// Folds one refusal that is a fact of its own.
    pub(crate) fn tell_refusal(&mut self, withheld: &[(Item, Reason)], at: Timestamp) {
        let refusals = self.refusals.get_or_insert_with(Refusals::default);
        refusals.hour = hour(at);
        let mut reasons: Vec<Reason> = causes(withheld.iter().map(|(_, reason)| *reason)).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let told = refusals.told.entry(reason).or_default();
            *told = told.saturating_add(1);
        }
    }

    /// Whether refusals may have been counted that have no fact yet: if not, there is nothing to look for.
    pub fn may_have_counted(&self) -> bool {
        let told = self.refusals.iter().flat_map(|refusals| refusals.told.values());
        told.into_iter().any(|told| REFUSALS_TOLD_MAX <= *told)
    }

    /// Whether so many refusals can have been counted since the stream's last fact: all in the hour in which each of their
    /// reasons had as many facts of its own as it gets, and none after `at`.
    pub fn allows(&self, counted: &RefusalCount, at: Timestamp) -> bool {
        let RefusalCount { from, until, count, requested, reasons } = counted;
        let Some(refusals) = &self.refusals else { return false };
        let items = reasons.iter().try_fold(0u64, |sum, (_, items)| sum.checked_add(*items));
        refusals.last <= *from
            && from <= until
            && *until <= at
            && hour(*from) == refusals.hour
            && hour(*until) == refusals.hour
            && 0 < *count
            && !requested.is_empty()
            && causes(reasons.iter().map(|(reason, _)| *reason)).next().is_some()
            && refusals.is_told(reasons.iter().map(|(reason, _)| *reason))
            && reasons.is_sorted_by(|(a, _), (b, _)| a < b)
            && reasons.iter().all(|(_, items)| 0 < *items)
            // Each of them withheld at least one item.
            && items.is_some_and(|items| *count <= items)
    }
}

/// Counts one more refusal.
pub fn count_refusal(
    counted: Option<RefusalCount>,
    requested: ItemSet,
    withheld: &[(Item, Reason)],
    at: Timestamp,
) -> RefusalCount {
    let none = RefusalCount { from: at, until: at, count: 0, requested: ItemSet::EMPTY, reasons: Vec::new() };
    let before = counted.unwrap_or(none);
    let mut reasons: BTreeMap<Reason, u64> = before.reasons.into_iter().collect();
    for (_, reason) in withheld {
        let items = reasons.entry(*reason).or_default();
        *items = items.saturating_add(1);
    }
    RefusalCount {
        from: before.from,
        until: before.until.max(at),
        count: before.count.saturating_add(1),
        requested: before.requested.union(requested),
        reasons: reasons.into_iter().collect(),
    }
}

/// When the hour in which these were counted is over: from then on they are due to become a fact.
pub fn count_is_due(counted: &RefusalCount) -> Timestamp {
    Timestamp(hour(counted.until).saturating_add(1).saturating_mul(Timestamp::HOUR_MS))
}

/// That another item was refused is no cause of its own.
fn causes(reasons: impl Iterator<Item = Reason>) -> impl Iterator<Item = Reason> {
    reasons.filter(|reason| *reason != Reason::OtherItemRefused)
}

pub(crate) fn hour(at: Timestamp) -> u64 {
    at.0 / Timestamp::HOUR_MS
}
