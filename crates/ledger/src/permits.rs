//! Who may still open: permits that were released and neither used nor void.
//!
//! A withdrawal that was committed is acknowledged only when every permit of its stream is closed: dropped, or past
//! its deadline on a clock that never goes back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use yinuo_core::Guard;
use yinuo_domain::{AppId, Clock, Monotonic, SubjectKey};

/// Whose a permit is, and towards which app; towards none when somebody looks.
type Stream = (SubjectKey, Option<AppId>);

/// Called once the permits waited for are closed.
type Acknowledge = Box<dyn FnOnce() + Send>;

/// The open permits, and who waits for them.
pub(crate) struct Permits {
    book: Mutex<Book>,
    changed: Condvar,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Book {
    next: u64,
    open: HashMap<u64, Open>,
    of_stream: HashMap<Stream, Vec<u64>>,
    waiting: BTreeMap<u64, Waiting>,
    closed: bool,
}

struct Open {
    stream: Stream,
    void_at: Monotonic,
    /// Who waits for this one.
    waiters: Vec<u64>,
}

struct Waiting {
    left: usize,
    /// When all of them are void, dropped or not.
    until: Monotonic,
    acknowledge: Acknowledge,
}

/// For which permits to wait.
#[derive(Clone, Debug)]
pub(crate) enum WaitFor {
    /// Those of one stream.
    Stream(SubjectKey, AppId),
    /// Those of a person.
    Person(SubjectKey),
    /// Those of these apps.
    Apps(Vec<AppId>),
}

/// Closes one permit when it is dropped.
struct OpenPermit {
    id: u64,
    permits: Arc<Permits>,
}

impl Guard for OpenPermit {}

impl Drop for OpenPermit {
    fn drop(&mut self) {
        self.permits.close(self.id);
    }
}

impl Permits {
    /// With the thread that watches deadlines, which ends after [`Permits::shut`].
    pub(crate) fn start(clock: Arc<dyn Clock>) -> std::io::Result<Arc<Self>> {
        let permits = Arc::new(Self { book: Mutex::default(), changed: Condvar::new(), clock });
        let watch = Arc::clone(&permits);
        thread::Builder::new().name("yinuo-permits".to_owned()).spawn(move || watch.watch())?;
        Ok(permits)
    }

    /// A permit is released; the guard goes with it.
    pub(crate) fn open(
        self: &Arc<Self>,
        subject: SubjectKey,
        app: Option<&AppId>,
        void_at: Monotonic,
    ) -> Box<dyn Guard> {
        let mut book = self.book();
        let id = book.next;
        book.next += 1;
        let stream = (subject, app.cloned());
        book.of_stream.entry(stream.clone()).or_default().push(id);
        book.open.insert(id, Open { stream, void_at, waiters: Vec::new() });
        drop(book);
        Box::new(OpenPermit { id, permits: Arc::clone(self) })
    }

    /// Calls `acknowledge` when every permit open now is closed or void; at once when there is none.
    pub(crate) fn wait(&self, which: &WaitFor, acknowledge: Acknowledge) {
        let now = self.clock.monotonic();
        let mut book = self.book();
        let ids: Vec<u64> = match which {
            WaitFor::Stream(subject, app) => {
                book.of_stream.get(&(*subject, Some(app.clone()))).cloned().unwrap_or_default()
            }
            WaitFor::Person(subject) => book.ids(|(of, _)| of == subject),
            WaitFor::Apps(apps) => book.ids(|(_, of)| of.as_ref().is_some_and(|app| apps.contains(app))),
        };
        let waiter = book.next;
        book.next += 1;
        let (mut left, mut until) = (0, now);
        for id in ids {
            if let Some(open) = book.open.get_mut(&id).filter(|open| now < open.void_at) {
                open.waiters.push(waiter);
                until = until.max(open.void_at);
                left += 1;
            }
        }
        if left == 0 {
            drop(book);
            return acknowledge();
        }
        book.waiting.insert(waiter, Waiting { left, until, acknowledge });
        drop(book);
        self.changed.notify_all();
    }

    /// Lets the watching thread end once nobody waits any more.
    pub(crate) fn shut(&self) {
        self.book().closed = true;
        self.changed.notify_all();
    }

    fn close(&self, id: u64) {
        let mut book = self.book();
        let Some(open) = book.open.remove(&id) else { return };
        if let Some(ids) = book.of_stream.get_mut(&open.stream) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                book.of_stream.remove(&open.stream);
            }
        }
        let mut done = Vec::new();
        for waiter in open.waiters {
            let Some(waiting) = book.waiting.get_mut(&waiter) else { continue };
            waiting.left -= 1;
            if waiting.left == 0 {
                done.extend(book.waiting.remove(&waiter));
            }
        }
        drop(book);
        done.into_iter().for_each(|waiting| (waiting.acknowledge)());
    }

    fn watch(&self) {
        /// A clock may be stopped in a test, and none is trusted to wake us: look again now and then.
        const LOOK_MS: u64 = 20;
        let mut book = self.book();
        loop {
            let now = self.clock.monotonic();
            let void: Vec<u64> =
                book.waiting.iter().filter(|(_, waiting)| waiting.until <= now).map(|(id, _)| *id).collect();
            let done: Vec<Waiting> = void.iter().filter_map(|id| book.waiting.remove(id)).collect();
            if !done.is_empty() {
                drop(book);
                done.into_iter().for_each(|waiting| (waiting.acknowledge)());
                book = self.book();
                continue;
            }
            book = match book.waiting.values().map(|waiting| waiting.until).min() {
                None if book.closed => return,
                None => self.changed.wait(book).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    // Rounded up, so that it has passed when we look.
                    let wait = Duration::from_millis(now.until_ms(until).saturating_add(1).min(LOOK_MS));
                    self.changed.wait_timeout(book, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn ids(&self, of: impl Fn(&Stream) -> bool) -> Vec<u64> {
        self.of_stream
            .iter()
            .filter(|(stream, _)| of(stream))
            .flat_map(|(_, ids)| ids.iter().copied())
            .collect()
    }
}
