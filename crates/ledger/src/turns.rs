//! How many disclosures are worked on at once, and whose turn it is.
//!
//! Looking up, unwrapping, deciding and opening take processor time before and behind the queue of the sequencer, and whoever asks a
//! thousand times at once would have all of it. So only so many requests are worked on at the same time; the others wait, before
//! anything was done for them, and partners take turns, one request each.
//!
//! While more is asked than can be answered, the newest of a partner's requests comes first: if each waited for all before it, every
//! answer would come when nobody wants it any more. The oldest are told to come back, and no faster than others are answered: whoever
//! is told asks again, which costs as well.
//!
//! Not here: the queue of the sequencer (`queue`), in which whoever has a turn waits once more; connections (`server`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use yinuo_domain::{Clock, Monotonic, PartnerId};

use crate::fair::Fair;
use crate::{LedgerError, Settings};

/// After how long a request that waits may be told to come back, in milliseconds.
const WAIT_MS_MAX: u64 = 1_000;
/// For so many turns of a partner one of its requests is told so.
const TOLD_OF: u64 = 2;
/// How long the oldest of a partner waits before the newest comes first, in milliseconds.
const OLDEST_FIRST_MS_MAX: u64 = 100;

pub(crate) struct Turns(Arc<Door>);

struct Door {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    retry_after_s: u32,
}

struct State {
    /// How many more could be worked on now.
    free: usize,
    waiting: Fair<Waiting>,
    /// How many turns were given to who waited.
    given: u64,
}

/// Where a turn goes, and since when it is waited for.
struct Waiting(oneshot::Sender<Result<Turn, LedgerError>>, Monotonic);

/// The right to be worked on. The next one has it when it is dropped.
#[must_use]
pub struct Turn(Arc<Door>);

impl Turns {
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Self {
        // Nobody's share is smaller than the lane: whoever waits here costs little, and the others have their turns all the same.
        let waiting = Fair::new(settings.queue_len_max, settings.queue_len_max);
        let state = Mutex::new(State { free: settings.working_max.max(1), waiting, given: 0 });
        Self(Arc::new(Door { state, clock, retry_after_s: settings.retry_after_s }))
    }

    /// Waits for a turn of this partner, or finds no room to wait.
    pub(crate) async fn take(&self, partner: Option<&PartnerId>) -> Result<Turn, LedgerError> {
        let turn = {
            let mut state = self.0.state();
            if 0 < state.free {
                state.free -= 1;
                return Ok(Turn(Arc::clone(&self.0)));
            }
            let (sender, turn) = oneshot::channel();
            let waiting = Waiting(sender, self.0.clock.monotonic());
            state.waiting.push(partner, waiting).map_err(|_| self.0.busy())?;
            turn
        };
        // Nobody drops the sender of whoever waits.
        turn.await.unwrap_or_else(|_| Err(self.0.busy()))
    }
}

impl Door {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> LedgerError {
        LedgerError::Busy { retry_after_s: self.retry_after_s }
    }

    /// Who is next, and who is told to come back.
    fn next(&self) -> (Option<Waiting>, Option<Waiting>) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.given = state.given.wrapping_add(1);
        let (tells, mut late) = (state.given.is_multiple_of(TOLD_OF), None);
        let next = state.waiting.pop_by(|waiting| {
            loop {
                let for_ms = waiting.front().map_or(0, |waiting| waiting.1.until_ms(now));
                if tells && late.is_none() && WAIT_MS_MAX < for_ms {
                    late = waiting.pop_front();
                    continue;
                }
                let next = match OLDEST_FIRST_MS_MAX < for_ms {
                    false => waiting.pop_front(),
                    true => waiting.pop_back(),
                }?;
                // Who went away is passed over.
                if !next.0.is_canceled() {
                    return Some(next);
                }
            }
        });
        if next.is_none() {
            state.free = state.free.saturating_add(1);
        }
        (next, late)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (next, late) = self.0.next();
        // If nobody is there any more, nobody need be told.
        drop(late.map(|late| late.0.send(Err(self.0.busy()))));
        // Who goes away just now gives it on when it is dropped.
        drop(next.map(|waiting| waiting.0.send(Ok(Self(Arc::clone(&self.0))))));
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::task::{Context, Poll, Waker};

    use yinuo_domain::{Profile, Suite, Timestamp};

    use super::*;

    /// How many milliseconds have passed.
    #[derive(Default)]
    struct Passed(AtomicU64);

    impl Clock for Passed {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(SeqCst))
        }

        fn monotonic(&self) -> Monotonic {
            Monotonic(self.0.load(SeqCst) * 1_000_000)
        }
    }

    fn partner(name: &str) -> PartnerId {
        PartnerId::parse(name).unwrap()
    }

    fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn turns(working_max: usize, queue_len_max: usize) -> (Turns, Arc<Passed>) {
        let clock = Arc::new(Passed::default());
        let settings = Settings::new(Suite::Guomi, Profile::Dual, "gateway.example");
        let settings = Settings { working_max, queue_len_max, ..settings };
        (Turns::new(&settings, clock.clone()), clock)
    }

    #[test]
    fn so_many_are_worked_on_at_once_and_partners_take_turns() {
        let (turns, _) = turns(2, 100);
        let (flood, other) = (partner("flood"), partner("other"));
        let mut flooding: Vec<_> = (0..10).map(|_| Box::pin(turns.take(Some(&flood)))).collect();
        let mut got: Vec<_> = flooding.iter_mut().map(poll).filter(Poll::is_ready).collect();
        assert_eq!(got.len(), 2);
        let mut late = Box::pin(turns.take(Some(&other)));
        assert!(poll(&mut late).is_pending());
        // The flood's next one had been waiting; then it is the other's turn, before seven others.
        got.pop();
        assert!(poll(&mut late).is_pending());
        let third = poll(&mut flooding[2]);
        assert!(third.is_ready());
        drop(third);
        let others = poll(&mut late);
        assert!(others.is_ready() && poll(&mut flooding[3]).is_pending());
    }

    #[test]
    fn who_finds_no_room_is_refused_at_once_and_another_partner_still_has_its_turn() {
        let (turns, _) = turns(1, 100);
        let (flood, other) = (partner("flood"), partner("other"));
        let mut takes: Vec<_> = (0..120).map(|_| Box::pin(turns.take(Some(&flood)))).collect();
        let got: Vec<_> = takes.iter_mut().map(poll).collect();
        let refused = |poll: &&Poll<Result<Turn, LedgerError>>| matches!(poll, Poll::Ready(Err(_)));
        assert_eq!(got.iter().filter(refused).count(), 19, "one has it, a hundred wait");
        let mut late = Box::pin(turns.take(Some(&other)));
        assert!(poll(&mut late).is_pending());
        drop(got.into_iter().next());
        drop(takes.remove(1));
        assert!(poll(&mut late).is_ready());
    }

    #[test]
    fn who_waits_longer_than_a_second_is_told_to_come_back_no_faster_than_others_are_answered() {
        let (turns, clock) = turns(1, 100);
        let flood = partner("flood");
        let mut takes: Vec<_> = (0..10).map(|_| Box::pin(turns.take(Some(&flood)))).collect();
        let mut turn = Some(poll(&mut takes[0]));
        (1..10).for_each(|nth| assert!(poll(&mut takes[nth]).is_pending()));
        clock.0.store(WAIT_MS_MAX + 1, SeqCst);
        // Each is looked at until it has its answer.
        let (mut told, mut given) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            drop(turn.take());
            for (nth, take) in takes.iter_mut().enumerate().skip(1) {
                if told.contains(&nth) || given.contains(&nth) {
                    continue;
                }
                match poll(take) {
                    Poll::Ready(Ok(next)) => {
                        given.push(nth);
                        turn = Some(Poll::Ready(Ok(next)));
                    }
                    Poll::Ready(Err(_)) => told.push(nth),
                    Poll::Pending => {}
                }
            }
        }
        assert_eq!(given, [9, 8, 7, 6], "the newest");
        assert_eq!(told, [1, 2], "the oldest, one for two turns");
    }

    /// The oldest first as long as nobody waits long; then the newest, whose answer is still wanted.
    #[test]
    fn under_too_much_the_newest_comes_first() {
        let (turns, clock) = turns(1, 100);
        let flood = partner("flood");
        let mut takes: Vec<_> = (0..5).map(|_| Box::pin(turns.take(Some(&flood)))).collect();
        let first = poll(&mut takes[0]);
        (1..5).for_each(|nth| assert!(poll(&mut takes[nth]).is_pending()));
        clock.0.store(OLDEST_FIRST_MS_MAX, SeqCst);
        drop(first);
        let oldest = poll(&mut takes[1]);
        assert!(oldest.is_ready());
        clock.0.store(OLDEST_FIRST_MS_MAX + 1, SeqCst);
        drop(oldest);
        let newest = poll(&mut takes[4]);
        assert!(newest.is_ready() && poll(&mut takes[2]).is_pending());
        drop(newest);
        let newest = poll(&mut takes[3]);
        assert!(newest.is_ready() && poll(&mut takes[2]).is_pending());
    }

    #[test]
    fn who_goes_away_gives_the_turn_on_and_none_is_lost() {
        let (turns, _) = turns(1, 100);
        let flood = partner("flood");
        let mut first = Box::pin(turns.take(Some(&flood)));
        let Poll::Ready(Ok(first)) = poll(&mut first) else { panic!() };
        let mut takes: Vec<_> = (0..20).map(|_| Box::pin(turns.take(Some(&flood)))).collect();
        takes.iter_mut().for_each(|take| assert!(poll(take).is_pending()));
        let mut last = takes.pop().unwrap();
        // Most before they were given it, and one after.
        takes.truncate(1);
        drop(first);
        drop(takes);
        let Poll::Ready(Ok(turn)) = poll(&mut last) else { panic!("the turn was lost") };
        drop(turn);
        assert_eq!(turns.0.state().free, 1);
    }
}
