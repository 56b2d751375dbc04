//! With what members of staff sign in: no facts, and nothing of a person. That somebody is appointed stands in the log.

use std::fmt;

use yinuo_domain::{StaffId, Timestamp};

/// How many attempts in a row may fail before there is a wait.
const FREE_ATTEMPTS: u32 = 5;
/// The first wait; each further attempt doubles it.
const FIRST_WAIT_MS: u64 = 30_000;
/// The longest wait: an hour.
const WAIT_MS_MAX: u64 = 3_600_000;

/// With what one member of staff signs in.
#[derive(Clone, Eq, PartialEq)]
pub struct StaffRow {
    /// Who.
    pub staff: StaffId,
    /// Finds them by what the identity provider calls them.
    pub identity: [u8; 16],
    /// Another one with every appointment and reset.
    pub generation: [u8; 16],
    /// What the enrolment code is compared with, and until when; none once it was used.
    pub code: Option<([u8; 32], Timestamp)>,
    /// The sealed secret of one-time passwords.
    pub totp: Option<Vec<u8>>,
    /// The last time step that a one-time password was used for.
    pub step: u64,
    /// Attempts since the last one that succeeded.
    pub failed: u32,
    /// No attempt counts before.
    pub locked_until: Timestamp,
}

impl StaffRow {
    /// Somebody who has nothing yet but an enrolment code.
    pub fn new(
        staff: StaffId,
        identity: [u8; 16],
        generation: [u8; 16],
        code: ([u8; 32], Timestamp),
    ) -> Self {
        let (totp, step, failed, locked_until) = (None, 0, 0, Timestamp(0));
        Self { staff, identity, generation, code: Some(code), totp, step, failed, locked_until }
    }

    /// How many attempts there were and until when the next one waits, after one more at `now`; none when there is a
    /// wait now. An attempt counts before anybody knows whether it is right, so that many at once are not free.
    pub(crate) fn attempt(&self, now: Timestamp) -> Option<(u32, Timestamp)> {
        if now < self.locked_until {
            return None;
        }
        let failed = self.failed.saturating_add(1);
        let Some(beyond) = failed.checked_sub(FREE_ATTEMPTS) else { return Some((failed, Timestamp(0))) };
        let wait = FIRST_WAIT_MS.checked_shl(beyond.min(16)).unwrap_or(WAIT_MS_MAX).min(WAIT_MS_MAX);
        Some((failed, now.after_ms(wait)))
    }
}

impl fmt::Debug for StaffRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaffRow").field("staff", &self.staff).finish_non_exhaustive()
    }
}

/// A passkey of a member of staff.
#[derive(Clone, Eq, PartialEq)]
pub struct PasskeyRow {
    /// Whose.
    pub staff: StaffId,
    /// Of which appointment.
    pub generation: [u8; 16],
    /// What the authenticator calls it.
    pub id: Vec<u8>,
    /// Its public key.
    pub key: Vec<u8>,
    /// What changes with each use.
    pub state: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub added_at: Timestamp,
}

impl fmt::Debug for PasskeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyRow").field("staff", &self.staff).finish_non_exhaustive()
    }
}

/// A write about what staff sign in with.
#[derive(Clone, Eq, PartialEq)]
pub enum StaffWrite {
    /// Puts a row in place of the one before, whose passkeys are gone with it. [`crate::Written::Exists`] when somebody else has this identity.
    Put(StaffRow),
    /// Deletes a row, and its passkeys.
    Remove(StaffId),
    /// Counts an attempt. [`crate::Written::Missing`] when there is nobody, or a wait: then the attempt is not to be
    /// looked at.
    Attempt {
        /// Whose.
        staff: StaffId,
        /// When.
        now: Timestamp,
    },
    /// Sets one-time passwords up, once, with what the enrolment code allows. Else [`crate::Written::Missing`].
    Enrol {
        /// Whose.
        staff: StaffId,
        /// Of which appointment.
        generation: [u8; 16],
        /// The sealed secret.
        totp: Vec<u8>,
        /// The step of the password that showed it works.
        step: u64,
        /// When.
        now: Timestamp,
    },
    /// Puts the secret of one-time passwords, sealed anew, in place of exactly this. [`crate::Written::Missing`] when it
    /// is gone.
    Rewrap {
        /// Whose.
        staff: StaffId,
        /// Of which appointment.
        generation: [u8; 16],
        /// The sealed secret until now.
        from: Vec<u8>,
        /// The sealed secret from now on.
        totp: Vec<u8>,
    },
    /// Uses a time step up: it and all before it are worth nothing from then on. [`crate::Written::Missing`] when it
    /// was used already.
    Step {
        /// Whose.
        staff: StaffId,
        /// Of which appointment.
        generation: [u8; 16],
        /// Which.
        step: u64,
    },
    /// Adds a passkey of somebody who has one-time passwords. [`crate::Written::Missing`] when they have none, or were
    /// appointed anew or reset since; [`crate::Written::Exists`] when they have it.
    AddPasskey(PasskeyRow),
    /// Uses a passkey, which ends the count of attempts. [`crate::Written::Missing`] when it is gone, or was used
    /// since `before` was read.
    UsePasskey {
        /// Whose.
        staff: StaffId,
        /// Of which appointment.
        generation: [u8; 16],
        /// Which.
        id: Vec<u8>,
        /// Its state until then.
        before: Vec<u8>,
        /// Its state from then on.
        after: Vec<u8>,
    },
    /// Deletes one passkey. [`crate::Written::Missing`] when it is gone.
    RemovePasskey {
        /// Whose.
        staff: StaffId,
        /// Of which appointment.
        generation: [u8; 16],
        /// Which.
        id: Vec<u8>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_from_the_fifth_attempt_and_ends() {
        let now = Timestamp(1_000_000);
        let staff = StaffId::parse("lin").unwrap();
        let mut row = StaffRow::new(staff, [1; 16], [2; 16], ([3; 32], now));
        let mut waits = Vec::new();
        for _ in 0..14 {
            let (failed, until) = row.attempt(now.max(row.locked_until)).unwrap();
            waits.push(until.0.saturating_sub(now.max(row.locked_until).0) / 1_000);
            (row.failed, row.locked_until) = (failed, until);
            if until.0 != 0 {
                assert_eq!(row.attempt(Timestamp(until.0 - 1)), None, "one before the end");
            }
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
    }
}
