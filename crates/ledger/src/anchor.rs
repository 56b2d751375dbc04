//! The last signed heads, kept outside the store.
//!
//! A store cannot tell that it was cut back: an older copy is as well signed as it ever was. So each head is also kept
//! somewhere else, in the background and at most one batch behind, and whoever opens the store compares. What is kept
//! is never ahead of the store: a head goes there only after its commit.
//!
//! Not here: what nobody notices without a witness, such as an older copy of the store together with its anchor.

mod file;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use yinuo_domain::{LogId, Profile, StoreCause, Timestamp};

use crate::StoreError;
use crate::backend::{Head, Log, Rows};
use crate::queue::Queue;
use crate::signing::Signers;
use crate::tip::Tip;
use crate::view::Shared;

pub use file::FileAnchor;

/// A place outside the store.
pub trait Anchor: Send {
    /// What was kept last; none when nothing ever was.
    fn read(&mut self) -> Result<Option<Vec<(Log, Head)>>, StoreError>;

    /// Keeps these heads, durably.
    fn keep(&mut self, heads: &[(Log, Head)]) -> Result<(), StoreError>;
}

/// What to do when a store is not what its anchor says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnchorRule {
    /// It is not opened.
    Holds,
    /// It is opened when nothing was ever kept, and what it has is kept from now on.
    Begins,
    /// It is opened, whatever was kept, and what it has is kept from now on. Somebody answers for it.
    Accepted,
}

/// How a store is not what its anchor says.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// The store has entries, and nothing was ever kept there.
    #[error("nothing is known of it outside the store")]
    Missing,
    /// The store has less: it was cut, or an older copy was put in its place.
    #[error("the log {log} has {store} entries, and had {anchor} before")]
    Behind {
        /// Which log.
        log: LogId,
        /// How many entries the store has.
        store: u64,
        /// How many it had.
        anchor: u64,
    },
    /// The store is another one.
    #[error("the first {size} entries of the log {log} are not those that were there before")]
    Another {
        /// Which log.
        log: LogId,
        /// How many entries were compared.
        size: u64,
    },
    /// What was kept is not signed by this log.
    #[error("what was kept outside the store is not signed by the log's keys")]
    Unsigned,
}

/// That a store was opened although it was not what its anchor said. Whoever opened it records it before anything else:
/// until then the anchor stays as it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnchorAccepted {
    /// In which way it was not.
    pub mismatch: Mismatch,
    /// How many entries of the platform's log had been kept; 0 when that is not known.
    pub platform: u64,
    /// How many of the group's.
    pub group: u64,
}

impl AnchorAccepted {
    pub(crate) fn new(mismatch: Mismatch, kept: Option<&[(Log, Head)]>) -> Self {
        let size = |log| {
            let kept = kept.into_iter().flatten().find(|(of, _)| *of == log);
            kept.map_or(0, |(_, head)| head.size)
        };
        Self { mismatch, platform: size(Log::Platform), group: size(Log::Group) }
    }
}

/// Compares what is stored with what was kept. `heads` are those of the store; none of a new one.
pub(crate) fn compare(
    kept: Option<&[(Log, Head)]>,
    heads: &[(Log, Head)],
    profile: Profile,
    signers: &Signers,
    rows: &dyn Rows,
) -> Result<Option<Mismatch>, StoreError> {
    let Some(kept) = kept else { return Ok((!heads.is_empty()).then_some(Mismatch::Missing)) };
    for (log, anchored) in kept {
        if signers.check(*log, anchored).is_err() {
            return Ok(Some(Mismatch::Unsigned));
        }
        let found = heads.iter().find(|(of, _)| of == log).map_or(0, |(_, head)| head.size);
        let size = anchored.size;
        if found < size {
            return Ok(Some(Mismatch::Behind { log: log.id(), store: found, anchor: size }));
        }
        let then = Tip::load(profile, *log, size, Timestamp::default(), rows)?;
        let agree = then
            .algorithms()
            .all(|algorithm| then.root(algorithm) == anchored.of(algorithm).map(|(root, _)| *root));
        if !agree {
            return Ok(Some(Mismatch::Another { log: log.id(), size }));
        }
    }
    Ok(None)
}

/// Keeps heads on a thread of its own.
pub(crate) struct Anchoring {
    heads: Sender<Vec<(Log, Head)>>,
    kept: Receiver<Result<(), StoreError>>,
    /// How many were handed out and not yet heard of.
    pending: usize,
}

impl Mismatch {
    /// The word for it in a fact.
    pub fn cause(&self) -> StoreCause {
        match self {
            Self::Missing => StoreCause::NothingKept,
            Self::Behind { .. } => StoreCause::Behind,
            Self::Another { .. } => StoreCause::Another,
            Self::Unsigned => StoreCause::Unsigned,
        }
    }
}

impl Anchoring {
    /// A failure poisons the writer at once, also when nothing more is written.
    pub(crate) fn start(
        mut anchor: Box<dyn Anchor>,
        queue: Arc<Queue>,
        shared: Arc<Shared>,
    ) -> Result<Self, StoreError> {
        let (heads, handed) = mpsc::channel::<Vec<(Log, Head)>>();
        let (told, kept) = mpsc::channel();
        thread::Builder::new().name("yinuo-anchor".to_owned()).spawn(move || {
            for heads in handed {
                let done = anchor.keep(&heads);
                if let Err(error) = &done {
                    tracing::error!(%error, "the anchor cannot be written: nothing more is written");
                    shared.poison();
                    queue.poison();
                }
                if told.send(done).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { heads, kept, pending: 0 })
    }

    /// Hands these out, after their commit.
    pub(crate) fn begin(&mut self, heads: Vec<(Log, Head)>) {
        if self.heads.send(heads).is_ok() {
            self.pending += 1;
        }
    }

    /// Waits until everything that was handed out is kept.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        while 0 < self.pending {
            self.pending -= 1;
            self.kept.recv().map_err(|_| StoreError::Other("nobody keeps the anchor"))??;
        }
        Ok(())
    }
}
