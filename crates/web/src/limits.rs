//! How much of everything is taken. Documented on `/problems` and `/api`, and named in the problem of whoever goes beyond.

use std::time::Duration;

use serde::Serialize;

/// The greatest size of a request's body, in bytes.
pub const BODY_LEN_MAX: usize = 64 * 1024;
/// The greatest length of an address (path and query), in bytes.
pub(crate) const ADDRESS_LEN_MAX: usize = 8 * 1024;
/// The greatest length of all headers' names and values, in bytes.
pub(crate) const HEADERS_LEN_MAX: usize = 16 * 1024;
/// How long a body may take to arrive.
pub(crate) const BODY_WAIT: Duration = Duration::from_secs(30);
/// The greatest length of an `Idempotency-Key`, in characters.
pub(crate) const KEY_LEN_MAX: usize = 255;
/// The greatest number of items in one request: as many as there can be codes.
pub(crate) const ITEMS_MAX: usize = 256;

/// A limit that was met, as the problem tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Limit {
    /// How much is taken.
    pub(crate) limit: u64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// How much came, where it is known and no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) given: Option<u64>,
    /// Within how many seconds, for a limit that comes again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period_s: Option<u32>,
}

impl Limit {
    /// At most so much.
    pub(crate) fn of(limit: usize, unit: &'static str) -> Self {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        Self { limit, unit, given: None, period_s: None }
    }

    /// And so much came.
    pub(crate) fn given(self, given: Option<u64>) -> Self {
        Self { given, ..self }
    }
}
