//! How Yinuo is doing, for whoever runs it. No person, no app, no value.

use yinuo_domain::{LogId, Profile, Suite};

use crate::Gateway;

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
}

impl Gateway {
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
        }
    }
}
