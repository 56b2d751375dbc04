//! What the environment says. The only file that may ask it.
#![allow(clippy::disallowed_methods, reason = "here is where the environment comes in")]

/// A variable, unless it is missing, empty or not text.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
