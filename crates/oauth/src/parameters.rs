//! The form of a request: decoded pairs, each name once, bounded.

use crate::OAuthError;
use crate::error::invalid_request;
use std::fmt;

/// The decoded `application/x-www-form-urlencoded` pairs of a body or a query.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The greatest number of parameters.
    pub const COUNT_MAX: usize = 32;
    /// The greatest length of a name, in bytes.
    pub const NAME_LEN_MAX: usize = 64;
    /// The greatest length of one value, in bytes.
    pub const VALUE_LEN_MAX: usize = 16 * 1024;
    /// The greatest length of all names and values, in bytes.
    pub const TOTAL_LEN_MAX: usize = 32 * 1024;

    /// The only way in: whoever holds parameters holds each at most once, and no more than the limits.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, OAuthError> {
        let mut kept: Vec<(String, String)> = Vec::new();
        let mut total = 0usize;
        for (name, value) in pairs {
            total = total.saturating_add(name.len()).saturating_add(value.len());
            if kept.len() == Self::COUNT_MAX {
                return Err(invalid_request("there are too many parameters"));
            }
            if Self::NAME_LEN_MAX < name.len()
                || Self::VALUE_LEN_MAX < value.len()
                || Self::TOTAL_LEN_MAX < total
            {
                return Err(invalid_request("a parameter is too long"));
            }
            // RFC 6749 §3.1: "Request and response parameters MUST NOT be included more than once."
            if kept.iter().any(|(earlier, _)| *earlier == name) {
                return Err(invalid_request("a parameter is repeated"));
            }
            kept.push((name, value));
        }
        Ok(Self(kept))
    }

    /// The value of `name`. RFC 6749 §3.1: a parameter without a value counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, value)| given == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of `name`, which the request cannot do without.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| invalid_request(&format!("{name} is missing")))
    }
}

/// Names only: values are codes, tokens and assertions.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
