//! No nonce twice.
//!
//! GCM breaks when two messages share a key and a nonce. Nonces are random, so a source that is stuck, runs in a circle
//! or was set back must be noticed before anything is sealed with what it gives.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use yinuo_domain::Random;

use crate::VaultError;
use crate::suite::NONCE_LEN;

type Nonce = [u8; NONCE_LEN];

/// How many nonces are remembered: a circle of that length is noticed. About a megabyte.
const REMEMBERED: usize = 16_384;

/// The nonces drawn last.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    known: HashSet<Nonce>,
    order: VecDeque<Nonce>,
}

impl Nonces {
    /// A nonce that none of those remembered is. Against a source that is merely predictable nothing helps.
    pub(crate) fn draw(&self, random: &dyn Random) -> Result<Nonce, VaultError> {
        let nonce: Nonce = random.bytes()?;
        // A thread that panicked while it held the lock leaves whole nonces behind.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What a source gives that fills nothing in.
        if nonce == [0; NONCE_LEN] || !seen.known.insert(nonce) {
            return Err(VaultError::RandomRepeats);
        }
        seen.order.push_back(nonce);
        if REMEMBERED < seen.order.len()
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.known.remove(&oldest);
        }
        Ok(nonce)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use yinuo_domain::RandomFailed;

    use super::*;

    /// Gives `.0` different answers, then the same again.
    struct Circle(usize, AtomicUsize);

    impl Random for Circle {
        fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
            let at = self.1.fetch_add(1, Ordering::SeqCst) % self.0;
            out.fill(0);
            out.iter_mut().zip((at as u64 + 1).to_be_bytes()).for_each(|(out, byte)| *out = byte);
            Ok(())
        }
    }

    #[test]
    fn a_source_that_runs_in_a_circle_is_noticed_when_it_comes_round() {
        for len in [1, 2, 3, 1_000, REMEMBERED] {
            let (nonces, circle) = (Nonces::default(), Circle(len, AtomicUsize::new(0)));
            for at in 0..len {
                assert!(nonces.draw(&circle).is_ok(), "{at} of {len}");
            }
            assert_eq!(nonces.draw(&circle), Err(VaultError::RandomRepeats), "{len}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (nonces, random) = (Nonces::default(), Circle(usize::MAX, AtomicUsize::new(0)));
        for _ in 0..3 * REMEMBERED {
            nonces.draw(&random).unwrap();
        }
        let seen = nonces.0.lock().unwrap();
        assert_eq!((seen.known.len(), seen.order.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn a_source_stuck_at_zero_gives_not_even_one() {
        struct Zero;
        impl Random for Zero {
            fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
                out.fill(0);
                Ok(())
            }
        }
        assert_eq!(Nonces::default().draw(&Zero), Err(VaultError::RandomRepeats));
    }
}
