//! What staff see: counts, and who changed the platform. Never a person, a tag or a value.
//!
//! A count about people that is small could single somebody out, so only that it is small is told. Whatever is counted
//! from the people's log is counted over its last entries only, and consents that count now over so many people, so that
//! looking costs the same on a platform of ten million.

use std::collections::BTreeMap;

use yinuo_core::{AppStatus, PartnerStatus};
use yinuo_domain::{AppId, Entry, Fact, LocalText, LogId, Reason, Role, StaffId, Timestamp};

use super::StaffSession;
use crate::gateway::read;
use crate::{Gateway, Unavailable};

/// Counts of people below this, but not nothing, are shown as *fewer*, unless another number is set.
pub const SMALL_COUNT: u64 = 5;
/// How many people's consents one look at the overview goes through, for all apps together.
const CONSENTS_LOOKED_AT_MAX: usize = 20_000;
/// And for one app.
const CONSENTS_OF_APP_MAX: usize = 2_000;
/// How many of the last entries are counted.
const WINDOW: usize = 5_000;
/// How far people are counted.
const PEOPLE_MAX: usize = 1_000_000;
/// How many changes a page of the platform's log has.
const LINES_LEN: u64 = 50;
/// Beijing time is eight hours ahead: days begin there.
const BEIJING_MS: u64 = 8 * 3_600_000;

/// A count, as far as it may be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counted {
    /// Exactly so many.
    Exactly(u64),
    /// Some, but fewer than this.
    FewerThan(u64),
    /// So many or more.
    AtLeast(u64),
}

impl Counted {
    /// A count about people, of which nothing between none and `small` is told.
    pub fn of(count: u64, small: u64) -> Self {
        if (1..small).contains(&count) { Self::FewerThan(small) } else { Self::Exactly(count) }
    }

    /// A count that stopped before the end. What was found so far may be small although there are many.
    fn so_far(count: u64, small: u64) -> Self {
        Self::AtLeast(if count < small { 0 } else { count })
    }
}

/// One day in the people's log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DayCounts {
    /// Its first moment.
    pub day: Timestamp,
    /// Releases, repeated ones aside.
    pub disclosed: Counted,
    /// Requests of which everything was refused.
    pub withheld: Counted,
    /// Consents.
    pub consents: Counted,
    /// Withdrawals.
    pub withdrawals: Counted,
    /// Accounts that were deleted.
    pub deleted: Counted,
}

/// Everything at a glance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Overview {
    /// How many people are enrolled.
    pub people: Counted,
    /// Partners: active, suspended, terminated.
    pub partners: [u64; 3],
    /// Apps: live, hidden.
    pub apps: [u64; 2],
    /// For each app: consents that count now; releases ever, repeated ones included; consents and withdrawals among the
    /// last entries.
    pub by_app: Vec<(AppId, LocalText, [Counted; 4])>,
    /// The last days, the latest first.
    pub days: Vec<DayCounts>,
    /// Why items were withheld, the most frequent first.
    pub reasons: Vec<(Reason, Counted)>,
    /// How many entries were counted.
    pub entries: u64,
    /// Whether those are all there are.
    pub is_all: bool,
    /// Counts of people from one up to this are not told.
    pub untold_max: u64,
}

/// One change of the platform.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GovernanceLine {
    /// Its number in the platform's log.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Who did it; nobody for what the log began with.
    pub by: Option<StaffId>,
    /// What, as a word: `partner-suspended`.
    pub what: &'static str,
    /// Of whom or what.
    pub of: String,
    /// In which role, for an appointment.
    pub role: Option<Role>,
    /// How many people came in or were corrected, for an import.
    pub people: Option<Counted>,
}

#[derive(Clone, Copy, Default)]
struct Day {
    disclosed: u64,
    withheld: u64,
    consents: u64,
    withdrawals: u64,
    deleted: u64,
}

impl Gateway {
    /// Everything at a glance.
    pub fn staff_overview(&self, _: &StaffSession) -> Result<Overview, Unavailable> {
        let (platform, reader, small) = (self.platform(), self.parts.ledger.reader(), self.parts.small_count);
        let group = LogId::group(0);
        let size = reader.head(&group).map_or(0, |head| head.size);
        let from = size.saturating_sub(WINDOW as u64);
        let facts = read(reader.facts(&group, from, WINDOW))?;
        let mut days: BTreeMap<u64, Day> = BTreeMap::new();
        let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
        let mut apps: BTreeMap<AppId, [u64; 2]> = BTreeMap::new();
        for (_, Entry { at, place, fact, .. }) in &facts {
            let day = days.entry(day_of(*at)).or_default();
            let app = match place {
                yinuo_domain::Place::Stream { stream, .. } => stream.app.clone(),
                yinuo_domain::Place::Log => None,
            };
            let mut withheld: &[_] = &[];
            match fact {
                Fact::Disclosed(disclosed) => {
                    day.disclosed += 1;
                    withheld = &disclosed.withheld;
                }
                Fact::Withheld { reasons, .. } => {
                    day.withheld += 1;
                    withheld = reasons;
                }
                Fact::WithheldCounted(counted) => {
                    // Of the day on which they were refused, not of that on which it was told.
                    let day = days.entry(day_of(counted.from)).or_default();
                    day.withheld = day.withheld.saturating_add(counted.count);
                    for (reason, items) in &counted.reasons {
                        let all = reasons.entry(*reason).or_default();
                        *all = all.saturating_add(*items);
                    }
                }
                Fact::ConsentGiven { .. } => day.consents += 1,
                Fact::Withdrawn { .. } => day.withdrawals += 1,
                // One person's deletion is one entry in each of their streams: that of their own counts.
                Fact::AccountDeleted if app.is_none() => day.deleted += 1,
                _ => {}
            }
            withheld.iter().for_each(|(_, reason)| *reasons.entry(*reason).or_default() += 1);
            if let Some(app) = app {
                let [consents, withdrawals] = apps.entry(app).or_default();
                *consents += u64::from(matches!(fact, Fact::ConsentGiven { .. }));
                *withdrawals += u64::from(matches!(fact, Fact::Withdrawn { .. }));
            }
        }
        let partners = platform.partners.values().fold([0; 3], |[a, s, t], partner| match partner.status {
            PartnerStatus::Active => [a + 1, s, t],
            PartnerStatus::Suspended => [a, s + 1, t],
            PartnerStatus::Terminated => [a, s, t + 1],
        });
        let live = platform.apps.values().filter(|app| app.status == AppStatus::Live).count() as u64;
        let looked_at =
            CONSENTS_OF_APP_MAX.min(CONSENTS_LOOKED_AT_MAX.checked_div(platform.apps.len()).unwrap_or(0));
        let mut by_app = Vec::new();
        for (id, app) in &platform.apps {
            let [consents, withdrawals] = apps.get(id).copied().unwrap_or_default();
            let released = read(reader.releases(id))?;
            let found = read(reader.active_grants(id, &app.fingerprint, self.now(), looked_at))?;
            let (people, of) = (found.people as u64, |count| Counted::of(count, small));
            let now = if found.more { Counted::so_far(people, small) } else { of(people) };
            let counts = [now, of(released), of(consents), of(withdrawals)];
            by_app.push((id.clone(), app.declaration.name.clone(), counts));
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        let people = read(reader.people(PEOPLE_MAX))?;
        Ok(Overview {
            people: if people < PEOPLE_MAX as u64 {
                Counted::of(people, small)
            } else {
                Counted::AtLeast(people)
            },
            partners,
            apps: [live, platform.apps.len() as u64 - live],
            by_app,
            days: days.into_iter().rev().take(14).map(|(day, counts)| counts.shown(day, small)).collect(),
            reasons: reasons.into_iter().map(|(reason, count)| (reason, Counted::of(count, small))).collect(),
            entries: facts.len() as u64,
            is_all: from == 0,
            untold_max: small.saturating_sub(1),
        })
    }

    /// The last changes of the platform below number `before`, the latest first, and where the next page begins.
    pub fn staff_log(
        &self,
        _: &StaffSession,
        before: Option<u64>,
    ) -> Result<(Vec<GovernanceLine>, Option<u64>), Unavailable> {
        let (reader, log) = (self.parts.ledger.reader(), LogId::platform());
        let size = reader.head(&log).map_or(0, |head| head.size);
        let end = before.map_or(size, |before| before.min(size));
        let from = end.saturating_sub(LINES_LEN);
        let facts = read(reader.facts(&log, from, (end - from) as usize))?;
        let small = self.parts.small_count;
        let mut lines: Vec<_> = facts.into_iter().map(|(index, entry)| line(index, entry, small)).collect();
        lines.reverse();
        Ok((lines, (0 < from).then_some(from)))
    }
}

/// Which day since 1970 it is in Beijing.
fn day_of(at: Timestamp) -> u64 {
    at.0.saturating_add(BEIJING_MS) / Timestamp::DAY_MS
}

impl Day {
    fn shown(self, day: u64, small: u64) -> DayCounts {
        let of = |count| Counted::of(count, small);
        DayCounts {
            day: Timestamp((day * Timestamp::DAY_MS).saturating_sub(BEIJING_MS)),
            disclosed: of(self.disclosed),
            withheld: of(self.withheld),
            consents: of(self.consents),
            withdrawals: of(self.withdrawals),
            deleted: of(self.deleted),
        }
    }
}

fn line(index: u64, entry: Entry, small: u64) -> GovernanceLine {
    let text = |id: &dyn std::fmt::Display| id.to_string();
    let mut people = None;
    let (what, by, of, role) = match entry.fact {
        Fact::LogOpened { log, .. } => ("log-opened", None, text(&log), None),
        Fact::EngineActivated { by, engine } => {
            ("engine-activated", Some(by), engine.decision.to_string(), None)
        }
        Fact::PartnerRegistered { by, partner, .. } => ("partner-registered", Some(by), text(&partner), None),
        Fact::PartnerSuspended { by, partner } => ("partner-suspended", Some(by), text(&partner), None),
        Fact::PartnerReinstated { by, partner } => ("partner-reinstated", Some(by), text(&partner), None),
        Fact::PartnerTerminated { by, partner } => ("partner-terminated", Some(by), text(&partner), None),
        Fact::PartnerRevised { by, partner, .. } => ("partner-revised", Some(by), text(&partner), None),
        Fact::AppDeclared { by, app, .. } => ("app-declared", Some(by), text(&app), None),
        Fact::AppHidden { by, app } => ("app-hidden", Some(by), text(&app), None),
        Fact::AppShown { by, app } => ("app-shown", Some(by), text(&app), None),
        Fact::NoticePublished { by, app, version, .. } => {
            ("notice-published", Some(by), format!("{app} {version}"), None)
        }
        Fact::StaffAppointed { by, staff, role } => ("staff-appointed", Some(by), text(&staff), Some(role)),
        Fact::StaffDismissed { by, staff } => ("staff-dismissed", Some(by), text(&staff), None),
        Fact::FactorReset { by, staff } => ("factor-reset", Some(by), text(&staff), None),
        Fact::StateSealed => ("state-sealed", None, String::new(), None),
        Fact::StoreAccepted { by, cause, .. } => ("store-accepted", Some(by), text(&cause), None),
        Fact::ClockAccepted { by, reason, .. } => ("clock-accepted", Some(by), text(&reason), None),
        Fact::ImportBegun { by, import } => ("import-begun", Some(by), text(&import), None),
        Fact::PeopleImported { by, import, counts } => {
            people = Some(Counted::of(counts.enrolled.saturating_add(counts.corrected), small));
            ("people-imported", Some(by), text(&import), None)
        }
        Fact::KeyEpochOpened { by, epoch } => ("key-epoch-opened", Some(by), epoch.to_string(), None),
        Fact::KeyEpochRetired { by, epoch } => ("key-epoch-retired", Some(by), epoch.to_string(), None),
        Fact::PassphraseChanged { by } => ("passphrase-changed", Some(by), String::new(), None),
        // Facts about people are in another log. What a later fact of this one says is not guessed at.
        _ => ("other", None, String::new(), None),
    };
    GovernanceLine { index, at: entry.at, by, what, of, role, people }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_count_of_people_is_not_told_and_nothing_is() {
        use Counted::{AtLeast, Exactly, FewerThan};
        let shown: Vec<_> = (0..7).map(|count| Counted::of(count, 5)).collect();
        let few = FewerThan(5);
        assert_eq!(shown, [Exactly(0), few, few, few, few, Exactly(5), Exactly(6)]);
        assert_eq!(Counted::of(5, 20), FewerThan(20));
        // What was found before the end says as little.
        assert_eq!([4, 5].map(|count| Counted::so_far(count, 5)), [AtLeast(0), AtLeast(5)]);
    }
}
