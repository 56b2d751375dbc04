//! Whether the clock can be believed, and the time of facts while it cannot.
//!
//! A wrong clock lets a consent live too long, or ends it too early, and facts can never be dated back: whatever time they
//! once had is the least that later ones have. So the clock is believed as long as it agrees with two others: with
//! the time this process has been running, and, at the start, with the last fact. When it does not, releases stop until
//! an operator has said what they found, which is a fact of its own. Withdrawals, deletions and sanctions go on
//! meanwhile, dated by the time that has run since the clock was last believed.
//!
//! A machine that sleeps, or whose image is restored, does not count that time: it looks like a jump, and is one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use yinuo_domain::{Clock, Monotonic, Timestamp};

use crate::{ClockJump, Settings};

/// The clock, watched.
pub(crate) struct Time {
    jump_ms_max: u64,
    behind_ms_max: u64,
    state: Mutex<State>,
}

struct State {
    /// What the clock said when it was last believed, and when that was.
    believed: Reading,
    jumped: Option<ClockJump>,
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) wall: Timestamp,
    pub(crate) running: Monotonic,
}

/// What time it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// To date facts by; what was recorded last may be later.
    pub(crate) at: Timestamp,
    /// Why nothing is released.
    pub(crate) jumped: Option<ClockJump>,
    /// What the clocks said.
    pub(crate) reading: Reading,
}

/// What a store says of time, when it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recorded {
    /// When the last fact was; none in a new store.
    pub(crate) last: Option<Timestamp>,
    /// The last time an operator let releases go on: the time of the fact, and what the clock said.
    pub(crate) accepted: Option<(Timestamp, Timestamp)>,
}

impl Reading {
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), running: clock.monotonic() }
    }
}

impl Time {
    /// Compares the clock with the last fact, and believes it from then on if they agree.
    pub(crate) fn start(settings: &Settings, clock: &dyn Clock, recorded: Recorded) -> Self {
        let reading = Reading::of(clock);
        let (wall, mut believed, mut jumped) = (reading.wall, reading, None);
        if let Some(last) = recorded.last {
            // An operator has let it go on behind this very fact, and it has not gone further back.
            let accepted = recorded.accepted.is_some_and(|(at, clock)| at == last && clock <= wall);
            jumped = beyond(last, wall, settings.clock_gap_ms_max, settings.clock_behind_ms_max)
                .filter(|jump| jump.ahead || !accepted);
            if let Some(jump) = jumped {
                tell(jump);
                believed.wall = last;
            }
        }
        let state = Mutex::new(State { believed, jumped });
        Self { jump_ms_max: settings.clock_jump_ms_max, behind_ms_max: settings.clock_behind_ms_max, state }
    }

    /// What time it is. A clock that has jumped is not believed again before somebody accepts it.
    pub(crate) fn look(&self, clock: &dyn Clock) -> Now {
        let reading = Reading::of(clock);
        let mut state = self.state();
        let since = reading.running.0.saturating_sub(state.believed.running.0) / 1_000_000;
        let expected = state.believed.wall.after_ms(since);
        let found = beyond(expected, reading.wall, self.jump_ms_max, self.behind_ms_max);
        if let (None, Some(jump)) = (state.jumped, found) {
            tell(jump);
        }
        state.jumped = found.or(state.jumped);
        let at = if state.jumped.is_some() { expected } else { reading.wall };
        Now { at, jumped: state.jumped, reading }
    }

    /// From here on the clock is believed, as it was read.
    pub(crate) fn accept(&self, reading: Reading) {
        *self.state() = State { believed: reading, jumped: None };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn beyond(expected: Timestamp, wall: Timestamp, ahead_ms_max: u64, behind_ms_max: u64) -> Option<ClockJump> {
    let (ahead, behind) = (wall.since_ms(expected), expected.since_ms(wall));
    if ahead_ms_max < ahead {
        Some(ClockJump { ahead: true, ms: ahead })
    } else if behind_ms_max < behind {
        Some(ClockJump { ahead: false, ms: behind })
    } else {
        None
    }
}

fn tell(jump: ClockJump) {
    tracing::error!(%jump, "the clock has jumped: nothing is released until an operator accepts it");
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    use super::*;

    const START: u64 = 1_800_000_000_000;
    const MINUTE: u64 = 60_000;

    /// The wall clock, and how long it has been running, in milliseconds.
    struct Hands(AtomicU64, AtomicU64);

    impl Hands {
        fn at(wall: u64) -> Self {
            Self(AtomicU64::new(wall), AtomicU64::new(5))
        }

        fn pass(&self, ms: u64) {
            self.0.fetch_add(ms, SeqCst);
            self.1.fetch_add(ms, SeqCst);
        }

        fn step(&self, ms: i64) {
            self.0.store(self.0.load(SeqCst).strict_add_signed(ms), SeqCst);
        }
    }

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(SeqCst))
        }

        fn monotonic(&self) -> Monotonic {
            Monotonic(self.1.load(SeqCst) * 1_000_000)
        }
    }

    fn settings() -> Settings {
        Settings::new(yinuo_domain::Suite::Guomi, yinuo_domain::Profile::Dual, "gateway.example")
    }

    fn jump(time: &Time, hands: &Hands) -> Option<i64> {
        let signed = |jump: ClockJump| if jump.ahead { jump.ms as i64 } else { -(jump.ms as i64) };
        time.look(hands).jumped.map(signed)
    }

    #[test]
    fn a_step_beyond_its_bound_stops_it_and_a_smaller_one_does_not() {
        //  step in ms, what is said
        #[rustfmt::skip]
        let cases = [
            (0,          None),
            (300_000,    None),
            (300_001,    Some(300_001)),
            (-60_000,    None),
            (-60_001,    Some(-60_001)),
            (86_400_000, Some(86_400_000)),
        ];
        for (step, expected) in cases {
            let hands = Hands::at(START);
            let time = Time::start(&settings(), &hands, Recorded::default());
            hands.pass(7 * 86_400_000);
            assert_eq!(jump(&time, &hands), None, "{step}: time that passes is no jump");
            hands.step(step);
            assert_eq!(jump(&time, &hands), expected, "{step}");
        }
    }

    /// Many small steps come to the same as a large one.
    #[test]
    fn creeping_is_noticed() {
        let hands = Hands::at(START);
        let time = Time::start(&settings(), &hands, Recorded::default());
        let steps = (1..).take_while(|_| {
            hands.pass(MINUTE);
            hands.step(10_000);
            jump(&time, &hands).is_none()
        });
        assert_eq!(steps.count(), 30);
    }

    #[test]
    fn facts_are_dated_by_the_time_that_ran_until_somebody_accepts_the_clock() {
        let hands = Hands::at(START);
        let time = Time::start(&settings(), &hands, Recorded::default());
        hands.step(86_400_000);
        hands.pass(MINUTE);
        assert_eq!(time.look(&hands).at, Timestamp(START + MINUTE), "not by the clock");
        hands.step(-86_400_000);
        assert!(time.look(&hands).jumped.is_some(), "that it went back by itself explains nothing");
        time.accept(time.look(&hands).reading);
        hands.pass(MINUTE);
        let now = time.look(&hands);
        assert_eq!((now.at, now.jumped), (Timestamp(START + 2 * MINUTE), None));
    }

    #[test]
    fn at_the_start_the_last_fact_is_the_other_clock() {
        let day = 86_400_000;
        let started = |wall: u64, recorded| {
            let hands = Hands::at(wall);
            let time = Time::start(&settings(), &hands, recorded);
            (jump(&time, &hands), time.look(&hands).at.0)
        };
        let last = Recorded { last: Some(Timestamp(START)), accepted: None };
        assert_eq!(started(START - 60_000, last), (None, START - 60_000));
        assert_eq!(started(START - 60_001, last), (Some(-60_001), START), "dated by the last fact");
        assert_eq!(started(START + 30 * day, last), (None, START + 30 * day), "it was switched off");
        assert_eq!(started(START + 30 * day + 1, last).0, Some(30 * day as i64 + 1));
        // An operator let it go on an hour behind this very fact.
        let hour = 60 * MINUTE;
        let accepted = Some((Timestamp(START), Timestamp(START - hour)));
        let last = Recorded { last: Some(Timestamp(START)), accepted };
        assert_eq!(started(START - hour, last).0, None);
        assert_eq!(started(START - hour - 1, last).0, Some(-(hour as i64) - 1), "and not further");
        let later = Recorded { last: Some(Timestamp(START + 1)), accepted };
        assert_eq!(started(START - hour, later).0, Some(-(hour as i64) - 1), "and not behind a later one");
    }
}
