//! Three bounded lanes. Withdrawals, deletions and sanctions have their own, which is drained first. In the ordinary one
//! each partner has its share ([`crate::fair`]). People who come in with their values have the last one: an import of
//! millions takes what room a batch has left, and at least an eighth of it, so that a disclosure never waits for more
//! than the batch at hand.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use yinuo_domain::PartnerId;

use crate::fair::Fair;
use crate::submission::{Answer, Recall};
use crate::{Answered, LedgerError, Settings, Submission, Write, Written};

/// How often a batch of people who come in may be doubled while nobody else waits.
const DOUBLED_MAX: u32 = 4;
/// How many facts such a batch has at most, unless every batch may have more.
const ALONE_MAX: usize = 4_096;

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

    /// The least room in which it is still done, when it is not urgent.
    fn needs(&self) -> Room {
        match self {
            Self::Submit(..) => Room::Ample,
            Self::Write(..) => Room::Kept,
        }
    }

    pub(crate) fn refuse(self, error: LedgerError) {
        match self {
            Self::Submit(_, answer) => answer.send(Err(error)),
            Self::Write(_, answer) => answer.send(Err(error)),
        }
    }
}

/// How much room the disk has.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Room {
    /// Enough for everything.
    #[default]
    Ample,
    /// What is left is kept: nothing is decided but withdrawals, deletions and sanctions. Whoever wants to withdraw can
    /// still sign in.
    Kept,
    /// Half of that is gone: those alone.
    Last,
}

/// What waits for the sequencer.
pub(crate) struct Queue {
    lanes: Mutex<Lanes>,
    arrived: Condvar,
    incoming_max: usize,
    urgent_max: usize,
    batch_max: usize,
    retry_after_s: u32,
}

struct Lanes {
    urgent: VecDeque<Job>,
    ordinary: Fair<Job>,
    incoming: VecDeque<Job>,
    /// How many batches in a row there were for people who come in alone.
    alone: u32,
    closed: bool,
    poisoned: bool,
    room: Room,
}

impl Lanes {
    fn drain(&mut self) -> VecDeque<Job> {
        let mut left = std::mem::take(&mut self.urgent);
        left.extend(std::iter::from_fn(|| self.ordinary.pop()));
        left.append(&mut self.incoming);
        left
    }

    fn are_empty(&self) -> bool {
        self.urgent.is_empty() && self.ordinary.len() == 0 && self.incoming.is_empty()
    }
}

impl Queue {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            lanes: Mutex::new(Lanes {
                urgent: VecDeque::new(),
                ordinary: Fair::new(settings.queue_len_max, settings.partner_queue_len_max),
                incoming: VecDeque::new(),
                alone: 0,
                closed: false,
                poisoned: false,
                room: Room::Ample,
            }),
            arrived: Condvar::new(),
            incoming_max: settings.queue_len_max,
            urgent_max: settings.urgent_queue_len_max,
            batch_max: settings.batch_len_max.max(1),
            retry_after_s: settings.retry_after_s,
        }
    }

    /// Puts a job into its lane, or answers it at once when the lane, or its partner's share of it, is full or closed.
    pub(crate) fn push(&self, job: Job, partner: Option<&PartnerId>) {
        let (urgent, incoming) = match &job {
            Job::Submit(submission, _) => (submission.is_urgent(), submission.is_incoming()),
            Job::Write(..) => (false, false),
        };
        let mut lanes = self.lanes();
        let (put, error) = if lanes.closed {
            (Err(job), LedgerError::Closed)
        } else if lanes.poisoned {
            (Err(job), LedgerError::Poisoned)
        } else if !urgent && job.needs() < lanes.room {
            (Err(job), LedgerError::NoRoom)
        } else {
            let put = if urgent {
                put(&mut lanes.urgent, self.urgent_max, job)
            } else if incoming {
                put(&mut lanes.incoming, self.incoming_max, job)
            } else {
                lanes.ordinary.push(partner, job)
            };
            (put, LedgerError::Busy { retry_after_s: self.retry_after_s })
        };
        drop(lanes);
        match put {
            Ok(()) => self.arrived.notify_one(),
            Err(job) => job.refuse(error),
        }
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
        batch.extend(std::iter::from_fn(|| lanes.ordinary.pop()).take(ordinary));
        let room = if urgent + ordinary == 0 {
            // Nobody else waits: the more share one flush, the sooner all are in. Whoever comes meanwhile waits for this
            // batch once; the next ones are short again.
            let doubled = lanes.alone.min(DOUBLED_MAX);
            lanes.alone = lanes.alone.saturating_add(1);
            (self.batch_max << doubled).min(self.batch_max.max(ALONE_MAX))
        } else {
            lanes.alone = 0;
            (self.batch_max - urgent - ordinary).max(self.batch_max / 8).max(1)
        };
        let mut weight = 0;
        while weight < room {
            let Some(job) = lanes.incoming.pop_front() else { break };
            weight += job.weight();
            batch.push(job);
        }
        Some(batch)
    }

    /// From now on the disk has this much room.
    pub(crate) fn set_room(&self, room: Room) {
        self.lanes().room = room;
    }

    /// How much it has.
    pub(crate) fn room(&self) -> Room {
        self.lanes().room
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

fn put(lane: &mut VecDeque<Job>, len_max: usize, job: Job) -> Result<(), Job> {
    if len_max <= lane.len() {
        return Err(job);
    }
    lane.push_back(job);
    Ok(())
}

#[cfg(test)]
mod tests {
    use yinuo_domain::{AppId, Command, Profile, Salt, SubjectKey, Suite, Tag, WithdrawalScope};

    use super::*;
    use crate::Pending;

    fn push(queue: &Queue, command: Command) {
        let (answer, _): (_, Pending<_>) = Pending::new();
        queue.push(Job::Submit(Box::new(Submission::new(command, Salt([0; 16]))), answer), None);
    }

    fn comes_in() -> Command {
        Command::Enrol { subject: SubjectKey([1; 16]), own: Tag([2; 16]), values: Vec::new() }
    }

    /// While nobody else waits, batches of people who come in grow; with the first one who does they are short again.
    #[test]
    fn an_import_that_is_alone_takes_more_each_time_and_gives_way_at_once() {
        let settings =
            Settings { batch_len_max: 8, ..Settings::new(Suite::Guomi, Profile::Dual, "a.example") };
        let queue = Queue::new(&settings);
        (0..600).for_each(|_| push(&queue, comes_in()));
        let take = || queue.take(None).unwrap().len();
        assert_eq!([take(), take(), take(), take(), take(), take()], [8, 16, 32, 64, 128, 128]);
        let app = AppId::parse("courier").unwrap();
        let (subject, tag) = (SubjectKey([1; 16]), Tag([2; 16]));
        push(&queue, Command::Withdraw { subject, app, tag, scope: WithdrawalScope::Whole });
        assert_eq!([take(), take(), take()], [8, 8, 16], "a withdrawal with seven who come in");
    }
}
