//! What only the world outside can give. `server` holds the real ones; tests hold their own.

use crate::{Monotonic, Timestamp};

/// The time.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// A clock that never goes back.
    fn monotonic(&self) -> Monotonic;
}

/// Bytes nobody can guess.
pub trait Random: Send + Sync {
    /// Fills `out`, or fails and the caller must refuse.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed>;
}

impl dyn Random + '_ {
    /// `N` unguessable bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomFailed> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the random source failed")]
pub struct RandomFailed;
