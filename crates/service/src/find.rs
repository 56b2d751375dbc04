//! Somebody of the platform finds a person by a value, and looks at what there is about them.
//!
//! Every look that shows anything is a fact in the person's own stream before it is shown, and stands in their
//! history. Without a reason nobody sees more than a mask leaves. Look-ups are limited, so that nobody goes through
//! all phone numbers; those that found nobody are counted and not recorded, because there is nobody to tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use yinuo_core::GrantStatus;
use yinuo_domain::{
    Command, Item, LocalText, Monotonic, Refusal, Salt, StaffId, SubjectKey, Timestamp, ViewReason,
};
use yinuo_ledger::{Answered, Submission};
use yinuo_rules::FormatFault;
use yinuo_vault::{SealedRow, Secret};

use crate::gateway::{Held, read};
use crate::{Gateway, Unavailable};

/// How many look-ups there may be in a minute, of everybody together.
const LOOK_UPS_MAX: u32 = 30;
/// How many persons one look-up finds at most: a phone number may be in use by several.
const FOUND_MAX: usize = 10;

/// Who looks, how, and why.
#[derive(Clone, Debug)]
pub struct Look {
    /// In whose name.
    pub by: StaffId,
    /// Whether only what a mask leaves is wanted.
    pub masked: bool,
    /// Why.
    pub reason: ViewReason,
}

/// By what a person is looked for. Not printed: it holds a value.
pub struct LookUp {
    /// The item's id.
    pub item: String,
    /// The value, in any spelling.
    pub value: String,
}

/// A person who was found.
pub struct Found {
    /// When they came in, in log time.
    pub enrolled_at: Timestamp,
    /// Whether a guardian must agree for them.
    pub guardian_required: bool,
    /// How many apps may receive something from them now.
    pub apps_allowed: usize,
    /// How many apps they once decided about.
    pub apps_decided: usize,
    /// What there is about them.
    pub values: Vec<FoundValue>,
}

/// One value as it may be shown.
pub struct FoundValue {
    /// The item's id.
    pub item: String,
    /// What it is called.
    pub name: LocalText,
    /// The value, or what its mask leaves.
    pub shown: Secret,
}

/// Why nobody is shown.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The catalogue has no such item, or nobody can be found by it.
    #[error("nobody can be found by {0}; only by: {1}")]
    Item(String, String),
    /// The value does not have the form of its item.
    #[error("the value {0}")]
    Value(FormatFault),
    /// More than a mask leaves needs a reason.
    #[error("to see more than a mask leaves, say why")]
    Reason,
    /// Too many look-ups.
    #[error("too many look-ups; at most {LOOK_UPS_MAX} a minute")]
    TooMany {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// Which of them is not said.
    #[error("several people have this value; say whose package by the platform's own identifier")]
    Several,
    /// There is no such person.
    #[error("there is no such person")]
    Nobody,
    /// Nothing can be recorded, so nothing is shown.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// How many look-ups there were.
#[derive(Default)]
pub(crate) struct LookUps {
    /// Since when, and how many since.
    minute: Mutex<(Monotonic, u32)>,
    /// How many found nobody.
    missed: AtomicU64,
}

impl LookUps {
    /// Whether there were as many in this minute as there may be.
    pub(crate) fn are_spent(&self, now: Monotonic) -> bool {
        let minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        LOOK_UPS_MAX <= minute.1 && now < minute.0.after_ms(60_000)
    }

    /// Counts one, unless there were too many in this minute.
    pub(crate) fn admit(&self, now: Monotonic) -> Result<(), LookError> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.1 == 0 || minute.0.after_ms(60_000) <= now {
            *minute = (now, 0);
        }
        if LOOK_UPS_MAX <= minute.1 {
            return Err(LookError::TooMany { retry_after_s: 60 });
        }
        minute.1 += 1;
        Ok(())
    }
}

impl Gateway {
    /// Finds persons by a value and shows what there is about them. Each is told, in their history.
    pub async fn find(&self, look: &Look, by: &LookUp) -> Result<Vec<Found>, LookError> {
        if !look.masked && look.reason == ViewReason::LookUp {
            return Err(LookError::Reason);
        }
        let mut all = Vec::new();
        for subject in self.look_up(by)? {
            let Some((held, values)) = self.look(look, subject).await? else { continue };
            all.push(self.found(look, &held, values)?);
        }
        Ok(all)
    }

    /// Whom a value finds. Counted and limited.
    pub(crate) fn look_up(&self, by: &LookUp) -> Result<Vec<SubjectKey>, LookError> {
        let searchable = || self.catalogue().iter().filter(|entry| entry.searchable());
        let entry = searchable().find(|entry| entry.id == by.item).ok_or_else(|| {
            let ids: Vec<&str> = searchable().map(|entry| entry.id.as_str()).collect();
            LookError::Item(by.item.clone(), ids.join(", "))
        })?;
        let value = entry.value_format().check(&by.value, self.now()).map_err(LookError::Value)?;
        self.look_ups.admit(self.parts.clock.monotonic())?;
        let index = self.parts.vault.blind_index(entry.item, value.as_str());
        let found = read(self.parts.ledger.reader().found(entry.item, index, FOUND_MAX))?;
        if found.is_empty() {
            let missed = self.look_ups.missed.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::info!(missed, "a look-up found nobody");
        }
        Ok(found)
    }

    /// Records a look, then opens what there is. None when the account is gone.
    pub(crate) async fn look(
        &self,
        look: &Look,
        subject: SubjectKey,
    ) -> Result<Option<(Held, Vec<(Item, Secret)>)>, LookError> {
        let reader = self.parts.ledger.reader();
        let Some(held) = self.hold(subject)? else { return Ok(None) };
        let rows = sealed(read(reader.values(subject, self.catalogue().all()))?);
        let command = Command::ViewSubject {
            subject,
            own: held.own,
            by: look.by.clone(),
            items: rows.iter().map(|row| row.item).collect(),
            masked: look.masked,
            reason: look.reason,
        };
        let permit = match self.submit(Submission::new(command, Salt(self.random()?))).await? {
            Answered::Viewed(permit) => permit,
            Answered::Refused(Refusal::ReasonMissing) => return Err(LookError::Reason),
            Answered::Refused(Refusal::AccountDeleted | Refusal::NotEnrolled) => return Ok(None),
            Answered::Refused(_) | Answered::Done | Answered::Released { .. } | Answered::Withheld { .. } => {
                return Err(Unavailable::again_after(30).into());
            }
        };
        let opened = self.parts.vault.open_view(permit, &held.keys, &rows, self.parts.clock.monotonic());
        let values = opened.map_err(|error| {
            tracing::error!(%error, "could not open what was to be looked at");
            Unavailable::again_after(5)
        })?;
        Ok(Some((held, values)))
    }

    fn found(&self, look: &Look, held: &Held, values: Vec<(Item, Secret)>) -> Result<Found, LookError> {
        let reader = self.parts.ledger.reader();
        let enrolled_at = read(reader.first(held.subject))?.map(|(_, entry)| entry.at).unwrap_or_default();
        let platform = self.platform();
        let (mut allowed, mut decided) = (0, 0);
        for (id, stream) in read(reader.streams(held.subject))? {
            let (Some(app), Some(grant)) = (id.app.and_then(|app| platform.apps.get(&app)), stream.grant)
            else {
                continue;
            };
            decided += 1;
            allowed += usize::from(grant.status(&app.fingerprint, self.now()) == GrantStatus::Active);
        }
        let shown = values.into_iter().filter_map(|(item, value)| {
            let entry = self.catalogue().by_code(item)?;
            // What is no text is hidden whole.
            let text = std::str::from_utf8(value.expose()).unwrap_or_default();
            let shown = if look.masked { Secret::new(entry.mask.apply(text).into_bytes()) } else { value };
            Some(FoundValue { item: entry.id.clone(), name: entry.name.clone(), shown })
        });
        Ok(Found {
            enrolled_at,
            guardian_required: held.guardian_required,
            apps_allowed: allowed,
            apps_decided: decided,
            values: shown.collect(),
        })
    }
}

fn sealed(rows: Vec<yinuo_ledger::SealedRow>) -> Vec<SealedRow> {
    let sealed = |row: yinuo_ledger::SealedRow| SealedRow {
        item: row.item,
        compartment: row.compartment,
        version: row.version,
        bytes: row.bytes,
    };
    rows.into_iter().map(sealed).collect()
}

/// Why somebody looked, in words for the person.
pub(crate) fn why(reason: ViewReason) -> LocalText {
    let (zh, en) = match reason {
        ViewReason::LookUp => ("确认是不是你", "to see whether it is you"),
        ViewReason::Support => ("应你的请求提供帮助", "to help you, as you asked"),
        ViewReason::Complaint => ("处理投诉", "to answer a complaint"),
        ViewReason::Correction => ("更正信息", "to put something right"),
        ViewReason::Incident => ("处理安全事件", "to handle a security incident"),
        ViewReason::LegalDuty => ("履行法定义务", "to fulfil a duty of law"),
        ViewReason::Export => ("向你提供信息副本", "to hand you a copy"),
    };
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_are_limited_within_a_minute_and_go_on_after_it() {
        let look_ups = LookUps::default();
        let begin = Monotonic(5_000_000_000);
        for _ in 0..LOOK_UPS_MAX {
            assert!(look_ups.admit(begin).is_ok());
        }
        assert!(matches!(look_ups.admit(begin), Err(LookError::TooMany { .. })));
        assert!(look_ups.admit(begin.after_ms(59_999)).is_err());
        assert!(look_ups.admit(begin.after_ms(60_000)).is_ok());
    }
}
