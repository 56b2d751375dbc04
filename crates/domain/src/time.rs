//! Points in time, as numbers that arrive from outside.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// One second, in milliseconds.
    pub const SECOND_MS: u64 = 1_000;
    /// One hour, in milliseconds.
    pub const HOUR_MS: u64 = 3_600_000;
    /// One day, in milliseconds.
    pub const DAY_MS: u64 = 86_400_000;

    /// Later by `ms` milliseconds; stays at the end of time rather than wrapping.
    #[must_use]
    pub fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`, zero when `earlier` is later.
    pub fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Nanoseconds of a clock that never goes back, from a start that only this process knows.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// Later by `ms` milliseconds.
    #[must_use]
    pub fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }

    /// Milliseconds until `later`, zero when it has passed.
    pub fn until_ms(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0) / 1_000_000
    }
}
