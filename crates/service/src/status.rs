//! How Yinuo is doing, for whoever runs it. No person, no app, no value.

use yinuo_domain::{ClockReason, LogId, PlatformChange, Profile, StaffId, StoreCause, Suite, Timestamp};
use yinuo_ledger::{ClockJump, Room};

use crate::{ChangeError, Gateway};

/// How Yinuo is doing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// Which algorithms seal values.
    pub suite: Suite,
    /// Which trees and signatures the logs have.
    pub profile: Profile,
    /// Each log and how many entries its last signed head covers.
    pub logs: Vec<(LogId, u64)>,
    /// Whether rules and decision code are in force. Nothing is released before.
    pub engine_active: bool,
    /// Whether the disk failed or hangs: nothing more is recorded, and so nothing released, until a restart.
    pub poisoned: bool,
    /// Whether the disk is almost full: nothing is recorded but withdrawals, deletions and sanctions.
    pub disk_almost_full: bool,
    /// By how much the clock has jumped. Nothing is released before an operator accepts it.
    pub clock_jump: Option<ClockJump>,
}

impl Gateway {
    /// Goes on by a clock that had jumped. Refused when it has not.
    pub async fn accept_clock(&self, by: &StaffId, reason: ClockReason) -> Result<(), ChangeError> {
        // What the clock says is read where the command is decided.
        let clock = Timestamp::default();
        self.change(by, PlatformChange::AcceptClock { reason, clock }, Vec::new()).await
    }

    /// Goes on with a store that is not what had been kept of it outside. Of those entries there were so many; 0 when
    /// that is not known. No route leads here: whoever restores says it.
    pub async fn accept_store(
        &self,
        by: &StaffId,
        cause: StoreCause,
        platform: u64,
        group: u64,
    ) -> Result<(), ChangeError> {
        self.change(by, PlatformChange::AcceptStore { cause, platform, group }, Vec::new()).await
    }

    /// How Yinuo is doing.
    pub fn status(&self) -> Status {
        let reader = self.parts.ledger.reader();
        let size = |log: LogId| {
            let size = reader.head(&log).map_or(0, |head| head.size);
            (log, size)
        };
        Status {
            suite: self.parts.vault.suite(),
            profile: self.parts.ledger.profile(),
            logs: reader.logs().into_iter().map(size).collect(),
            engine_active: self.engine_is_active(),
            poisoned: reader.is_poisoned(),
            disk_almost_full: self.parts.ledger.room() != Room::Ample,
            clock_jump: reader.clock_jump(),
        }
    }
}
