//! Three bounded lanes. Withdrawals, deletions and sanctions have their own, which is drained first. People who come in
//! with their values have the last one: an import of millions takes what room a batch has left, and at least an eighth
//! of it, so that a disclosure never waits for more than the batch at hand.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::submission::{Answer, Recall};
use crate::{Answered, LedgerError, Settings, Submission, Write, Written};

/// Something for the sequencer to do.
pub(crate) enum Job {
    Submit(Box<Submission>, Answer<Answered>),
    Write(Vec<Write>, Answer<Vec<Written>>),
}

impl Job {
    /// How many facts it may lead to, where that is many.
    fn weight(&self) -> usize {
        match self {
            Self::Submit(submission, _) => submission.weight(),
            Self::Write(..) => 1,
        }
    }

    /// A second hand on its answer.
    pub(crate) fn recall(&self) -> Recall {
        match self {
            Self::Submit(_, answer) => answer.recall(),
            Self::Write(_, answer) => answer.recall(),
        }
    }

    pub(crate) fn refuse(self, error: LedgerError) {
        match self {
            Self::Submit(_, answer) => answer.send(Err(error)),
            Self::Write(_, answer) => answer.send(Err(error)),
        }
    }
}

/// What waits for the sequencer.
pub(crate) struct Queue {
    lanes: Mutex<Lanes>,
    arrived: Condvar,
    ordinary_max: usize,
    urgent_max: usize,
    batch_max: usize,
    retry_after_s: u32,
}

#[derive(Default)]
struct Lanes {
    urgent: VecDeque<Job>,
    ordinary: VecDeque<Job>,
    incoming: VecDeque<Job>,
    closed: bool,
    poisoned: bool,
}

impl Lanes {
    fn drain(&mut self) -> VecDeque<Job> {
        let mut left = std::mem::take(&mut self.urgent);
        left.append(&mut self.ordinary);
        left.append(&mut self.incoming);
        left
    }

    fn are_empty(&self) -> bool {
        self.urgent.is_empty() && self.ordinary.is_empty() && self.incoming.is_empty()
    }
}

impl Queue {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            lanes: Mutex::default(),
            arrived: Condvar::new(),
            ordinary_max: settings.queue_len_max,
            urgent_max: settings.urgent_queue_len_max,
            batch_max: settings.batch_len_max.max(1),
            retry_after_s: settings.retry_after_s,
        }
    }

    /// Puts a job into its lane, or answers it at once when the lane is full or closed.
    pub(crate) fn push(&self, job: Job) {
        let (urgent, incoming) = match &job {
            Job::Submit(submission, _) => (submission.is_urgent(), submission.is_incoming()),
            Job::Write(..) => (false, false),
        };
        let mut lanes = self.lanes();
        let (closed, poisoned) = (lanes.closed, lanes.poisoned);
        let (lane, max) = if urgent {
            (&mut lanes.urgent, self.urgent_max)
        } else if incoming {
            (&mut lanes.incoming, self.ordinary_max)
        } else {
            (&mut lanes.ordinary, self.ordinary_max)
        };
        let refused = if closed {
            LedgerError::Closed
        } else if poisoned {
            LedgerError::Poisoned
        } else if max <= lane.len() {
            LedgerError::Busy { retry_after_s: self.retry_after_s }
        } else {
            lane.push_back(job);
            drop(lanes);
            self.arrived.notify_one();
            return;
        };
        drop(lanes);
        job.refuse(refused);
    }

    /// The next batch, urgent jobs first; empty when `patience` is over; nothing when closed and drained.
    pub(crate) fn take(&self, patience: Option<Duration>) -> Option<Vec<Job>> {
        let mut lanes = self.lanes();
        while lanes.are_empty() {
            if lanes.closed {
                return None;
            }
            lanes = match patience {
                None => self.arrived.wait(lanes).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let waited = self.arrived.wait_timeout(lanes, patience);
                    let (lanes, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && lanes.are_empty() {
                        return Some(Vec::new());
                    }
                    lanes
                }
            };
        }
        let urgent = lanes.urgent.len().min(self.batch_max);
        let ordinary = lanes.ordinary.len().min(self.batch_max - urgent);
        let mut batch = Vec::with_capacity(urgent + ordinary);
        batch.extend(lanes.urgent.drain(..urgent));
        batch.extend(lanes.ordinary.drain(..ordinary));
        let room = (self.batch_max - urgent - ordinary).max(self.batch_max / 8).max(1);
        let mut weight = 0;
        while weight < room {
            let Some(job) = lanes.incoming.pop_front() else { break };
            weight += job.weight();
            batch.push(job);
        }
        Some(batch)
    }

    /// How many wait in the urgent lane and in the ordinary one.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let lanes = self.lanes();
        (lanes.urgent.len(), lanes.ordinary.len())
    }

    /// Takes nothing more; what is there is still drained.
    pub(crate) fn close(&self) {
        self.lanes().closed = true;
        self.arrived.notify_all();
    }

    /// Takes nothing more, since nothing more is written, and answers what is there.
    pub(crate) fn poison(&self) {
        let left = {
            let mut lanes = self.lanes();
            lanes.poisoned = true;
            lanes.drain()
        };
        left.into_iter().for_each(|job| job.refuse(LedgerError::Poisoned));
    }

    /// Takes nothing more and answers what is there.
    pub(crate) fn abandon(&self) {
        let left = {
            let mut lanes = self.lanes();
            lanes.closed = true;
            lanes.drain()
        };
        left.into_iter().for_each(|job| job.refuse(LedgerError::Closed));
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
