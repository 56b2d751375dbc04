//! How every error looks. Each example is made by the code that makes the error, from the catalogue, so that it cannot
//! say anything else.

use serde_json::Value;
use yinuo_domain::{Frequency, Reason};
use yinuo_oauth::{OAuthError, OAuthErrorCode};

use crate::fault::{Fault, Problem};
use crate::limits::{ADDRESS_LEN_MAX, BODY_LEN_MAX, BODY_WAIT, HEADERS_LEN_MAX, Limit};
use crate::request_id::RequestId;
use crate::words::Words;

/// A problem as a program reads it.
pub(crate) fn problem(problem: Problem, issuer: &str, words: &Words) -> Value {
    let id = RequestId::new(*b"an example of it");
    serde_json::to_value(sample(problem).document(issuer, words).in_request(Some(id))).unwrap_or_default()
}

/// An error of the protocol (RFC 6749 §5.2).
pub(crate) fn protocol(code: OAuthErrorCode, why: &str) -> Value {
    serde_json::to_value(OAuthError::new(code, why)).unwrap_or_default()
}

fn sample(problem: Problem) -> Fault {
    let items = |pairs: [(&str, Reason); 2]| pairs.map(|(item, reason)| (item.to_owned(), reason)).to_vec();
    let beyond =
        |limit: usize, given: u64| Fault::new(problem).beyond(Limit::of(limit, "bytes").given(Some(given)));
    match problem {
        Problem::Malformed => Fault::malformed("items", "an item is named twice"),
        Problem::Withheld => Fault::withheld(
            items([("name", Reason::OtherItemRefused), ("phone_number", Reason::Withdrawn)]),
            None,
        ),
        Problem::RateLimited => Fault::withheld(
            items([("name", Reason::OtherItemRefused), ("phone_number", Reason::FrequencyExceeded)]),
            Some(Frequency { count: 10, period_s: 3_600 }),
        ),
        Problem::TooLarge => beyond(BODY_LEN_MAX, 70_000),
        Problem::AddressTooLong => beyond(ADDRESS_LEN_MAX, 9_000),
        Problem::HeadersTooLarge => beyond(HEADERS_LEN_MAX, 20_000),
        Problem::TooSlow => Fault::new(problem).beyond(Limit {
            limit: BODY_WAIT.as_secs(),
            unit: "seconds",
            given: None,
            period_s: None,
        }),
        other => Fault::new(other),
    }
}
