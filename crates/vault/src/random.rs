//! The crates' idea of a random source, over ours.

use rand_core::{TryCryptoRng, TryRng};
use yinuo_domain::{Random, RandomFailed};

/// Lets a failing source be an error in the crates too, never a panic.
pub(crate) struct Source<'a>(pub(crate) &'a dyn Random);

impl TryRng for Source<'_> {
    type Error = RandomFailed;

    fn try_next_u32(&mut self) -> Result<u32, RandomFailed> {
        self.0.bytes().map(u32::from_le_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomFailed> {
        self.0.bytes().map(u64::from_le_bytes)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), RandomFailed> {
        self.0.fill(dst)
    }
}

/// `Random` promises bytes nobody can guess.
impl TryCryptoRng for Source<'_> {}
