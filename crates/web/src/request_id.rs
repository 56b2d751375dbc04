//! The name of one request: in its answer, in the problem it met and in the log, so that all three are found together.
//!
//! Ours alone. What a client sends as its own id is not taken up: it would be text of a stranger in our log.

use std::fmt;

use axum::http::{HeaderName, HeaderValue};

/// The header of every answer that names its request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// An unguessable name, as a UUID of version 4 (RFC 9562 §5.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RequestId(u128);

impl RequestId {
    /// From random bytes, six bits of which say that they are random.
    pub(crate) fn new(random: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(random);
        let version = bits & !(0xf << 76) | 0x4 << 76;
        Self(version & !(0b11 << 62) | 0b10 << 62)
    }

    /// For the member `instance` of a problem (RFC 9457 §3.1.5).
    pub(crate) fn urn(self) -> String {
        format!("urn:uuid:{self}")
    }

    /// For the header.
    pub(crate) fn header(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from: u32, bits: u32| self.0 >> from & ((1 << bits) - 1);
        let (low, mid, high) = (part(96, 32), part(80, 16), part(64, 16));
        write!(f, "{low:08x}-{mid:04x}-{high:04x}-{:04x}-{:012x}", part(48, 16), part(0, 48))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_of_version_4() {
        #[rustfmt::skip]
        let cases = [
            ([0x00; 16], "00000000-0000-4000-8000-000000000000"),
            ([0xff; 16], "ffffffff-ffff-4fff-bfff-ffffffffffff"),
            ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], "01020304-0506-4708-890a-0b0c0d0e0f10"),
        ];
        for (random, expected) in cases {
            assert_eq!(RequestId::new(random).to_string(), expected);
            assert_eq!(RequestId::new(random).urn(), format!("urn:uuid:{expected}"));
        }
    }
}
