//! What is handed in, and what comes back.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_channel::oneshot;
use yinuo_core::{Permit, ViewPermit};
use yinuo_domain::{
    AppId, Command, Digest, DisclosureId, Item, LogId, PlatformChange, Reason, Refusal, Salt,
};
use yinuo_tlog::Algorithm;

use crate::tip::Tip;
use crate::{LedgerError, Write};

/// A command and what travels with it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What is asked.
    pub command: Command,
    /// The salt of the command's first fact. Further facts get salts of their own.
    pub salt: Salt,
    /// Documents that the fact will name, with their hashes, which are computed again.
    pub documents: Vec<(Digest, Arc<[u8]>)>,
    /// Done in the same transaction, and only when the answer is *done* or *released*. If one of them finds its
    /// ticket used or its row there, nothing is recorded: [`LedgerError::Conflict`].
    pub writes: Vec<Write>,
    /// The digest of the request's body: a repeat under the same idempotency key must have the same.
    pub body: Option<Digest>,
    /// With the deletion of an account: the person's tag key, sealed store-only, kept until the retention of
    /// disclosure records ends.
    pub retired: Option<Vec<u8>>,
}

impl Submission {
    /// A command alone.
    pub fn new(command: Command, salt: Salt) -> Self {
        Self { command, salt, documents: Vec::new(), writes: Vec::new(), body: None, retired: None }
    }

    /// Whether it goes into the lane that no flood of requests can delay.
    pub(crate) fn is_urgent(&self) -> bool {
        match &self.command {
            Command::Withdraw { .. } | Command::DeleteAccount { .. } => true,
            Command::Platform { change, .. } => matches!(
                change,
                PlatformChange::SuspendPartner(_)
                    | PlatformChange::TerminatePartner(_)
                    | PlatformChange::HideApp(_)
                    | PlatformChange::DismissStaff(_)
                    | PlatformChange::ResetFactor(_)
                    | PlatformChange::AcceptClock { .. }
            ),
            Command::Enrol { .. }
            | Command::StoreValues { .. }
            | Command::ViewSubject { .. }
            | Command::GiveConsent { .. }
            | Command::Disclose { .. }
            | Command::ReportNotDelivered { .. } => false,
        }
    }
}

impl Submission {
    /// The app whose share of the queue it takes, when it is no person's own.
    pub(crate) fn asked_by(&self) -> Option<&AppId> {
        match &self.command {
            Command::Disclose { app, .. } | Command::ReportNotDelivered { app, .. } => Some(app),
            Command::Platform { .. }
            | Command::Enrol { .. }
            | Command::StoreValues { .. }
            | Command::ViewSubject { .. }
            | Command::GiveConsent { .. }
            | Command::Withdraw { .. }
            | Command::DeleteAccount { .. } => None,
        }
    }

    /// Whether it brings a person or their values in: much work, for which nobody waits at a counter.
    pub(crate) fn is_incoming(&self) -> bool {
        matches!(self.command, Command::Enrol { .. } | Command::StoreValues { .. })
    }

    /// How many facts it may lead to.
    pub(crate) fn weight(&self) -> usize {
        match &self.command {
            Command::Enrol { values, .. } | Command::StoreValues { values, .. } => 1 + values.len(),
            Command::Platform { .. }
            | Command::GiveConsent { .. }
            | Command::Withdraw { .. }
            | Command::Disclose { .. }
            | Command::ReportNotDelivered { .. }
            | Command::ViewSubject { .. }
            | Command::DeleteAccount { .. } => 1,
        }
    }
}

/// What became of a command. Its facts, if any, are in a durable signed head.
#[derive(Debug)]
pub enum Answered {
    /// It happened.
    Done,
    /// These items may leave.
    Released {
        /// Opens them, for a short time.
        permit: Permit,
        /// What may not leave, and why.
        withheld: Vec<(Item, Reason)>,
        /// The proof that it was recorded.
        receipt: Receipt,
        /// Which disclosure it is.
        disclosure: DisclosureId,
    },
    /// Somebody may look: it is recorded.
    Viewed(ViewPermit),
    /// Nothing may leave. Recorded, or counted.
    Withheld {
        /// Why, item by item.
        reasons: Vec<(Item, Reason)>,
        /// The proof that it was recorded. None when there had been enough facts of it in this hour: it was counted, and
        /// what was counted becomes one fact.
        receipt: Option<Receipt>,
    },
    /// Nothing happened and nothing is recorded.
    Refused(Refusal),
}

/// The proof that a fact was recorded. Its texts are made when they are asked for, on the thread of whoever asks: the
/// sequencer has more to do.
#[derive(Clone)]
pub struct Receipt {
    /// In which log.
    pub log: LogId,
    /// As which entry.
    pub index: u64,
    /// The entry.
    pub leaf: Vec<u8>,
    from: ProvenBy,
}

/// Where the texts of a receipt come from.
#[derive(Clone)]
enum ProvenBy {
    /// The tip of the batch that has the entry.
    Tip(Arc<Tip>),
    /// They were made from tiles.
    Texts { sha256: Option<String>, sm3: Option<String> },
}

impl Receipt {
    pub(crate) fn new(log: LogId, index: u64, leaf: Vec<u8>, tip: Arc<Tip>) -> Self {
        Self { log, index, leaf, from: ProvenBy::Tip(tip) }
    }

    pub(crate) fn of_texts(
        log: LogId,
        index: u64,
        leaf: Vec<u8>,
        sha256: Option<String>,
        sm3: Option<String>,
    ) -> Self {
        Self { log, index, leaf, from: ProvenBy::Texts { sha256, sm3 } }
    }

    /// The proof over SHA-256 (C2SP `tlog-proof`), unless the profile has none.
    pub fn sha256(&self) -> Option<String> {
        self.proof(Algorithm::Sha256)
    }

    /// The proof over SM3, unless the profile has none.
    pub fn sm3(&self) -> Option<String> {
        self.proof(Algorithm::Sm3)
    }

    fn proof(&self, algorithm: Algorithm) -> Option<String> {
        match (&self.from, algorithm) {
            (ProvenBy::Tip(tip), algorithm) => tip.recent_proof(algorithm, self.index),
            (ProvenBy::Texts { sha256, .. }, Algorithm::Sha256) => sha256.clone(),
            (ProvenBy::Texts { sm3, .. }, Algorithm::Sm3) => sm3.clone(),
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("log", &self.log)
            .field("index", &self.index)
            .field("leaf", &self.leaf)
            .field("sha256", &self.sha256())
            .field("sm3", &self.sm3())
            .finish()
    }
}

/// An answer that will come: a future for any runtime, or for a thread to [`Pending::wait`] on.
#[must_use]
pub struct Pending<R>(oneshot::Receiver<R>);

impl<T> Pending<Result<T, LedgerError>> {
    pub(crate) fn new() -> (Answer<T>, Self) {
        let (sender, receiver) = oneshot::channel();
        (Answer(Arc::new(Mutex::new(Some(sender)))), Self(receiver))
    }

    /// Blocks until the answer is there.
    pub fn wait(self) -> Result<T, LedgerError> {
        futures_executor::block_on(self)
    }
}

impl<T> Future for Pending<Result<T, LedgerError>> {
    type Output = Result<T, LedgerError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(LedgerError::Closed)))
    }
}

/// Where one answer goes: the first that is sent.
pub(crate) struct Answer<T>(Arc<Once<T>>);

type Once<T> = Mutex<Option<oneshot::Sender<Result<T, LedgerError>>>>;

impl<T> Answer<T> {
    pub(crate) fn send(self, answer: Result<T, LedgerError>) {
        send(&self.0, answer);
    }
}

impl<T: Send + 'static> Answer<T> {
    /// A second hand on the same answer, for when whoever should give it does not come back.
    pub(crate) fn recall(&self) -> Recall {
        let sender = Arc::clone(&self.0);
        Recall(Box::new(move |error| send(&sender, Err(error))))
    }
}

fn send<T>(sender: &Mutex<Option<oneshot::Sender<Result<T, LedgerError>>>>, answer: Result<T, LedgerError>) {
    let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    // Whoever stopped waiting gets nothing; a permit in it is dropped, and with it its guard.
    let _ = sender.map(|sender| sender.send(answer));
}

/// Refuses an answer that may have been given already.
pub(crate) struct Recall(Box<dyn FnOnce(LedgerError) + Send>);

impl Recall {
    pub(crate) fn poisoned(self) {
        (self.0)(LedgerError::Poisoned);
    }
}
