//! A store that fails as it is told: a backend around a real one.
//!
//! Included by the tests of `ledger`, `service` and `web`; in no shipped program.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};

use yinuo_ledger::{Backend, Change, Opened, Rows, StoreError, Writer, Written};

/// What a store is asked to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    Begin,
    Change,
    Commit,
    Erase,
}

impl Step {
    pub const EVERY: [Self; 4] = [Self::Begin, Self::Change, Self::Commit, Self::Erase];

    /// After which nobody knows what the disk holds.
    pub fn is_flush(self) -> bool {
        matches!(self, Self::Commit | Self::Erase)
    }
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing is kept, and that is said.
    Lost,
    /// It is kept, and said to be lost.
    Kept,
    /// A part of the transaction is kept, and it is said to be lost.
    Torn,
    /// It hangs; when it comes back, it is kept.
    Hang,
    /// It hangs; when it comes back, it is lost.
    HangLost,
    /// `ENOSPC`.
    Full,
    /// `EIO`.
    Io,
}

impl Fault {
    pub const EVERY: [Self; 7] =
        [Self::Lost, Self::Kept, Self::Torn, Self::Hang, Self::HangLost, Self::Full, Self::Io];

    pub fn hangs(self) -> bool {
        matches!(self, Self::Hang | Self::HangLost)
    }

    fn error(self) -> StoreError {
        let of = |number| StoreError::Io(Arc::new(std::io::Error::from_raw_os_error(number)));
        match self {
            Self::Full => of(28),
            Self::Io => of(5),
            _ => StoreError::Other("as it was told"),
        }
    }
}

/// How the next write fails, and what happened.
#[derive(Clone, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The step, how many of it still succeed, and the fault.
    armed: Mutex<Option<(Step, u64, Fault)>>,
    released: Mutex<bool>,
    changed: Condvar,
    fired: AtomicBool,
    flush_failed: AtomicBool,
    after: AtomicU64,
    flushes: AtomicU64,
}

impl Faults {
    /// The step that comes after `before` others of its kind fails. Of what is torn, `before` changes are kept.
    pub fn arm(&self, step: Step, before: u64, fault: Fault) {
        *self.0.armed.lock().unwrap() = Some((step, before, fault));
        self.0.fired.store(false, SeqCst);
    }

    pub fn disarm(&self) {
        *self.0.armed.lock().unwrap() = None;
    }

    /// Whoever hangs goes on.
    pub fn release(&self) {
        *self.0.released.lock().unwrap() = true;
        self.0.changed.notify_all();
    }

    pub fn fired(&self) -> bool {
        self.0.fired.load(SeqCst)
    }

    /// How often something was written or flushed after a flush had failed.
    pub fn tried_again(&self) -> u64 {
        self.0.after.load(SeqCst)
    }

    /// How many transactions were committed.
    pub fn flushes(&self) -> u64 {
        self.0.flushes.load(SeqCst)
    }

    fn at(&self, step: Step) -> Option<Fault> {
        if self.0.flush_failed.load(SeqCst) {
            self.0.after.fetch_add(1, SeqCst);
        }
        let mut armed = self.0.armed.lock().unwrap();
        let (at, before, fault) = armed.as_mut()?;
        if *at != step || (*fault == Fault::Torn && step == Step::Commit) {
            return None;
        }
        if 0 < *before {
            *before -= 1;
            return None;
        }
        let fault = *fault;
        *armed = None;
        drop(armed);
        self.fire(step);
        Some(fault)
    }

    fn fire(&self, step: Step) {
        self.0.fired.store(true, SeqCst);
        if step.is_flush() {
            self.0.flush_failed.store(true, SeqCst);
        }
    }

    fn hang(&self) {
        let released = self.0.released.lock().unwrap();
        drop(self.0.changed.wait_while(released, |released| !*released).unwrap());
    }

    /// How many changes a torn transaction keeps.
    fn tear(&self) -> Option<u64> {
        match *self.0.armed.lock().unwrap() {
            Some((Step::Commit, keeps, Fault::Torn)) => Some(keeps),
            _ => None,
        }
    }
}

/// A store that fails as `Faults` say.
pub struct Faulty<B>(pub B, pub Faults);

struct FaultyWriter {
    inner: Box<dyn Writer>,
    faults: Faults,
    /// How many changes the transaction had.
    changes: u64,
}

impl<B: Backend> Backend for Faulty<B> {
    fn open(self) -> Result<Opened, StoreError> {
        let Opened { writer, source } = self.0.open()?;
        Ok(Opened { writer: Box::new(FaultyWriter { inner: writer, faults: self.1, changes: 0 }), source })
    }
}

impl FaultyWriter {
    /// Does a step as it was told; `undo` takes back what a lost one must not keep.
    fn step<T>(
        &mut self,
        step: Step,
        run: impl FnOnce(&mut dyn Writer) -> Result<T, StoreError>,
        undo: impl FnOnce(&mut dyn Writer) -> Result<(), StoreError>,
    ) -> Result<T, StoreError> {
        let Some(fault) = self.faults.at(step) else { return run(self.inner.as_mut()) };
        if fault.hangs() {
            self.faults.hang();
        }
        match fault {
            Fault::Kept => {
                run(self.inner.as_mut())?;
                Err(fault.error())
            }
            Fault::Hang => run(self.inner.as_mut()),
            Fault::Lost | Fault::Torn | Fault::HangLost | Fault::Full | Fault::Io => {
                undo(self.inner.as_mut())?;
                Err(fault.error())
            }
        }
    }
}

impl Writer for FaultyWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.changes = 0;
        self.step(Step::Begin, |inner| inner.begin(), |_| Ok(()))
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.faults.0.flushes.fetch_add(1, SeqCst);
        if self.faults.tear().is_some_and(|keeps| keeps < self.changes) {
            self.faults.disarm();
            self.faults.fire(Step::Commit);
            self.inner.commit()?;
            return Err(Fault::Torn.error());
        }
        self.step(Step::Commit, |inner| inner.commit(), |inner| inner.rollback())
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.inner.rollback()
    }

    fn mark(&mut self) -> Result<(), StoreError> {
        self.inner.mark()
    }

    fn unmark(&mut self, keep: bool) -> Result<(), StoreError> {
        self.inner.unmark(keep)
    }

    fn change(&mut self, change: Change<'_>) -> Result<Written, StoreError> {
        self.changes += 1;
        // A write has an answer that others go by, so a torn transaction keeps those.
        let torn = self.faults.tear().is_some_and(|keeps| keeps < self.changes);
        if torn && !matches!(change, Change::Write(_)) {
            return Ok(Written::Done);
        }
        self.step(Step::Change, |inner| inner.change(change), |_| Ok(()))
    }

    fn rows(&self) -> &dyn Rows {
        self.inner.rows()
    }

    fn seals(&self) -> bool {
        self.inner.seals()
    }

    fn believe(&mut self, rows: bool) {
        self.inner.believe(rows);
    }

    fn seal_rows(&mut self) -> Result<u64, StoreError> {
        self.inner.seal_rows()
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        self.step(Step::Erase, |inner| inner.erase(), |_| Ok(()))
    }
}
