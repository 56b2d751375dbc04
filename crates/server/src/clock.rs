//! The real clock. The only file that may read the time.
#![allow(clippy::disallowed_methods, reason = "here is where time comes in")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use yinuo_domain::{Clock, Monotonic, Timestamp};

/// The machine's clocks.
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as 1970: far behind every fact, which stops releases.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
