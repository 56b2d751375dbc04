//! How long things last. The design fixes these; changing one is a decision, not a setting.

use yinuo_domain::Timestamp;

/// A pushed request waits this long to be fetched by the browser: 90 seconds (RFC 9126 §2.2 `expires_in`).
pub const REQUEST_URI_S: u32 = 90;
/// [`REQUEST_URI_S`] in milliseconds.
pub const REQUEST_URI_MS: u64 = REQUEST_URI_S as u64 * Timestamp::SECOND_MS;
/// An authorization code waits this long to be redeemed: 60 seconds (RFC 6749 §4.1.2 allows at most ten minutes).
pub const CODE_MS: u64 = 60 * Timestamp::SECOND_MS;
/// An access token lasts at most 10 minutes, and never beyond its grant.
pub const ACCESS_TOKEN_S: u32 = 600;
/// [`ACCESS_TOKEN_S`] in milliseconds.
pub const ACCESS_TOKEN_MS: u64 = ACCESS_TOKEN_S as u64 * Timestamp::SECOND_MS;
/// A refresh token lasts at most 30 days, and never beyond its grant.
pub const REFRESH_TOKEN_MS: u64 = 30 * Timestamp::DAY_MS;
/// A client assertion may end at most this far ahead: 5 minutes.
pub const ASSERTION_AHEAD_MS: u64 = 300 * Timestamp::SECOND_MS;
/// How far a client's clock may differ from ours: 30 seconds.
pub const CLOCK_SKEW_MS: u64 = 30 * Timestamp::SECOND_MS;

/// When an access token issued `now` under a grant that ends at `grant_ends` runs out.
pub fn access_expires_at(now: Timestamp, grant_ends: Timestamp) -> Timestamp {
    now.after_ms(ACCESS_TOKEN_MS).min(grant_ends)
}

/// When a refresh token issued `now` under a grant that ends at `grant_ends` runs out.
pub fn refresh_expires_at(now: Timestamp, grant_ends: Timestamp) -> Timestamp {
    now.after_ms(REFRESH_TOKEN_MS).min(grant_ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outlives_its_grant() {
        let now = Timestamp(1_000);
        assert_eq!(access_expires_at(now, Timestamp(u64::MAX)), Timestamp(601_000));
        assert_eq!(access_expires_at(now, Timestamp(5_000)), Timestamp(5_000));
        assert_eq!(refresh_expires_at(now, Timestamp(u64::MAX)), Timestamp(2_592_001_000));
        assert_eq!(refresh_expires_at(now, Timestamp(5_000)), Timestamp(5_000));
    }
}
