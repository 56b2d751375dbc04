//! What was committed last, for everybody who reads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use yinuo_core::Platform;
use yinuo_domain::{Clock, Monotonic};

use crate::backend::{Head, Log};
use crate::gauge::Counters;
use crate::time::Time;
use crate::tip::Tip;

/// The platform and both tips at one commit.
pub(crate) struct View {
    pub(crate) platform: Arc<Platform>,
    pub(crate) tips: BTreeMap<Log, Arc<Tip>>,
}

impl View {
    /// The signed heads.
    pub(crate) fn heads(&self) -> Vec<(Log, Head)> {
        self.tips.iter().map(|(log, tip)| (*log, tip.head.clone())).collect()
    }
}

/// What the sequencer shares with readers.
pub(crate) struct Shared {
    view: RwLock<Arc<View>>,
    poisoned: AtomicBool,
    pub(crate) counters: Counters,
    pub(crate) time: Time,
    published: Mutex<BTreeMap<Log, (Monotonic, Arc<Tip>)>>,
}

impl Shared {
    pub(crate) fn new(view: View, time: Time) -> Self {
        Self {
            view: RwLock::new(Arc::new(view)),
            poisoned: AtomicBool::new(false),
            counters: Counters::default(),
            time,
            published: Mutex::default(),
        }
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn publish(&self, view: View) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    pub(crate) fn poison(&self) {
        self.poisoned.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::SeqCst)
    }

    /// The tip whose head is published. It is replaced when somebody asks and the last one is old enough, so that a
    /// head stays long enough to be cosigned.
    pub(crate) fn published(&self, log: Log, clock: &dyn Clock, every_ms: u64) -> Option<Arc<Tip>> {
        let now = clock.monotonic();
        let newest = self.view().tips.get(&log).cloned()?;
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, tip) = published.entry(log).or_insert_with(|| (now, Arc::clone(&newest)));
        if since.after_ms(every_ms) <= now {
            (*since, *tip) = (now, newest);
        }
        Some(Arc::clone(tip))
    }
}
