//! Notices a store that does not come back.
//!
//! A disk that hangs says nothing, so somebody else must: a thread that looks now and then whether the sequencer is
//! still at the same piece of work. When that lasts too long, the writer is poisoned and everybody who waits is told,
//! while the sequencer still hangs. Should the store come back later and say that it kept everything, nobody is
//! answered again: what was refused stays refused here, and a restart finds what the disk kept.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::queue::Queue;
use crate::submission::Recall;
use crate::view::Shared;

/// How often it looks within the time that a piece of work may take.
const LOOKS: u32 = 8;

/// What the sequencer is at, and who waits for it.
pub(crate) struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Counts pieces of work.
    number: u64,
    busy: bool,
    waiting: Vec<Recall>,
    overdue: bool,
    ended: bool,
}

impl Watch {
    /// Begins to watch. Its thread ends with the sequencer.
    pub(crate) fn start(
        limit: Duration,
        queue: Arc<Queue>,
        shared: Arc<Shared>,
    ) -> Result<Arc<Self>, std::io::Error> {
        let watch = Arc::new(Self { state: Mutex::default(), changed: Condvar::new() });
        let watching = Arc::clone(&watch);
        thread::Builder::new()
            .name("yinuo-overdue".to_owned())
            .spawn(move || watching.look(limit, &queue, &shared))?;
        Ok(watch)
    }

    /// A piece of work begins, for which these wait.
    pub(crate) fn begin(&self, waiting: Vec<Recall>) {
        let mut state = self.state();
        state.number += 1;
        state.busy = true;
        state.waiting = waiting;
    }

    /// It has ended. Whether in time: if not, everybody was answered already.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.state();
        state.busy = false;
        state.waiting.clear();
        !state.overdue
    }

    /// The sequencer has ended.
    pub(crate) fn over(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    /// Waits until the sequencer has ended, and no longer once it is known to hang. Whether it has ended.
    pub(crate) fn until_over(&self) -> bool {
        let state = self.state();
        let waited = self.changed.wait_while(state, |state| !state.ended && !state.overdue);
        waited.unwrap_or_else(PoisonError::into_inner).ended
    }

    fn look(&self, limit: Duration, queue: &Queue, shared: &Shared) {
        let pause = (limit / LOOKS).max(Duration::from_millis(1));
        let (mut seen, mut looks) = (0, 0);
        let mut state = self.state();
        while !state.ended {
            (state, _) = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner);
            if !state.busy || state.number != seen {
                (seen, looks) = (state.number, 0);
                continue;
            }
            looks += 1;
            if looks < LOOKS || state.overdue {
                continue;
            }
            state.overdue = true;
            let waiting = std::mem::take(&mut state.waiting);
            tracing::error!("the store does not answer: nothing more is written");
            shared.counters.taken_back();
            shared.poison();
            queue.poison();
            waiting.into_iter().for_each(Recall::poisoned);
            self.changed.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
