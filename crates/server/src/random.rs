//! The real random source. The only file that may draw bytes.
#![allow(clippy::disallowed_methods, reason = "here is where randomness comes in")]

use yinuo_domain::{Random, RandomFailed};

/// The operating system's generator.
pub(crate) struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        getrandom::fill(out).map_err(|_| RandomFailed)
    }
}
