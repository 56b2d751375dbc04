//! What releases read again and again, kept in memory until it changes: a person's row and keys, and access tokens.
//!
//! Whatever is kept was checked when it was read. The commit that changes one of its rows drops it before anybody is
//! answered, so whoever asks after an answer never meets what was before it. Nothing is decided from here: the sequencer
//! has its own state, at the tip of the log.
//!
//! What a room above makes of a person's rows (their keys, unwrapped) is kept with them and goes with them: at a deletion,
//! when keys are wrapped anew, when a value is corrected, and when nobody has asked about the person for a while.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use yinuo_domain::{AppId, Item, SubjectKey, Timestamp, ValueVersion};

use crate::backend::{Change, Rows, Writer};
use crate::cache::Cache;
use crate::{StoreError, Ticket, TicketKind, Write, Written};

/// How many people are kept at most.
pub const PEOPLE_KEPT_MAX: usize = 8_192;
/// For how long nobody must have asked about a person before they are dropped, at least; at most twice as long.
const UNASKED_MS: u64 = 60_000;
/// How many access tokens are kept at most.
pub(crate) const TOKENS_KEPT_MAX: usize = 16_384;

/// A person as they are stored, and what was made of that.
pub struct KeptPerson {
    /// The surrogate.
    pub subject: SubjectKey,
    /// Whether a guardian must agree.
    pub guardian_required: bool,
    /// The wrapped keys.
    pub keys: Vec<u8>,
    /// Which version of each value is the current one, once somebody has asked.
    pub(crate) values: OnceLock<BTreeMap<Item, ValueVersion>>,
    made: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl KeptPerson {
    pub(crate) fn new(subject: SubjectKey, guardian_required: bool, keys: Vec<u8>) -> Self {
        Self { subject, guardian_required, keys, values: OnceLock::new(), made: OnceLock::new() }
    }

    /// What `make` made of this person the first time. It is kept as long as the person is; everybody asks for one type.
    pub fn made<T: Send + Sync + 'static, E>(
        &self,
        make: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(made) = self.made.get().and_then(|made| Arc::clone(made).downcast().ok()) {
            return Ok(made);
        }
        let made = Arc::new(make(self)?);
        // Somebody else may have been faster.
        let kept = Arc::clone(self.made.get_or_init(|| made.clone()));
        Ok(kept.downcast().unwrap_or(made))
    }
}

impl fmt::Debug for KeptPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptPerson[secret]")
    }
}

/// What is kept, for everybody who reads.
pub(crate) struct Kept(Mutex<Inner>);

struct Inner {
    /// How often something was dropped because it changed. What was read at an earlier turn is not kept: it may be of
    /// before the change.
    turn: u64,
    people: Cache<SubjectKey, Arc<KeptPerson>>,
    tokens: Cache<[u8; 32], Arc<Ticket>>,
    /// When people were dropped last because nobody had asked.
    aged: Timestamp,
}

impl Kept {
    pub(crate) fn new() -> Arc<Self> {
        Self::bounded(PEOPLE_KEPT_MAX, TOKENS_KEPT_MAX)
    }

    fn bounded(people: usize, tokens: usize) -> Arc<Self> {
        let (people, tokens) = (Cache::new(people), Cache::new(tokens));
        Arc::new(Self(Mutex::new(Inner { turn: 0, people, tokens, aged: Timestamp::default() })))
    }

    /// The person, if they are kept; else `read` reads them, and they are.
    pub(crate) fn person(
        &self,
        subject: SubjectKey,
        read: impl FnOnce() -> Result<Option<KeptPerson>, StoreError>,
    ) -> Result<Option<Arc<KeptPerson>>, StoreError> {
        self.get(|inner| &mut inner.people, subject, read)
    }

    /// The same of an access token.
    pub(crate) fn token(
        &self,
        key: [u8; 32],
        read: impl FnOnce() -> Result<Option<Ticket>, StoreError>,
    ) -> Result<Option<Arc<Ticket>>, StoreError> {
        self.get(|inner| &mut inner.tokens, key, read)
    }

    fn get<K: Copy + Eq + std::hash::Hash, V>(
        &self,
        of: impl Fn(&mut Inner) -> &mut Cache<K, Arc<V>>,
        key: K,
        read: impl FnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        let turn = {
            let mut inner = self.inner();
            if let Some(kept) = of(&mut inner).get(&key) {
                return Ok(Some(Arc::clone(kept)));
            }
            inner.turn
        };
        let Some(read) = read()?.map(Arc::new) else { return Ok(None) };
        let mut inner = self.inner();
        if inner.turn == turn {
            of(&mut inner).put(key, Arc::clone(&read));
        }
        Ok(Some(read))
    }

    /// Drops what these changes made old.
    fn drop_changed(&self, changed: &[Changed]) {
        if changed.is_empty() {
            return;
        }
        let mut inner = self.inner();
        let Inner { turn, people, tokens, aged } = &mut *inner;
        *turn += 1;
        for changed in changed {
            match changed {
                Changed::Person(subject) => drop(people.take(subject)),
                Changed::Gone(subject) => {
                    drop(people.take(subject));
                    tokens.retain(|token| token.subject != Some(*subject));
                }
                Changed::Token(key) => drop(tokens.take(key)),
                Changed::Family(family) => tokens.retain(|token| token.family != *family),
                Changed::TokensOf(subject, app) => tokens
                    .retain(|token| token.subject != Some(*subject) || app.is_some() && token.app != *app),
                Changed::Passed(now) => {
                    tokens.retain(|token| *now < token.expires_at);
                    // Nobody's keys stay in memory because they were needed once.
                    if aged.after_ms(UNASKED_MS) <= *now {
                        people.age();
                        *aged = *now;
                    }
                }
                Changed::Everything => {
                    people.clear();
                    tokens.clear();
                }
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked while they held it left whole entries behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is no longer as it was kept.
#[derive(Debug, Eq, PartialEq)]
enum Changed {
    Person(SubjectKey),
    /// With every token of theirs.
    Gone(SubjectKey),
    Token([u8; 32]),
    Family([u8; 16]),
    TokensOf(SubjectKey, Option<AppId>),
    /// What has passed was swept away.
    Passed(Timestamp),
    Everything,
}

impl Changed {
    /// Every kind of change says here what it makes old.
    fn by(change: &Change<'_>) -> Option<Self> {
        match change {
            Change::Stream(subject, row) if row.stream.app.is_none() => Some(Self::Person(*subject)),
            Change::Forget(subject) => Some(Self::Gone(*subject)),
            Change::ForgetDerived => Some(Self::Everything),
            Change::Write(write) => Self::by_write(write),
            Change::Meta(_)
            | Change::Entry(..)
            | Change::Tile(..)
            | Change::Head(..)
            | Change::Document(..)
            | Change::Stream(..)
            | Change::History(..)
            | Change::Answer(..)
            | Change::AppSeq(..)
            | Change::Retire(..)
            | Change::Counted(..) => None,
        }
    }

    fn by_write(write: &Write) -> Option<Self> {
        match write {
            Write::AddPerson { subject, .. } | Write::Rewrap { subject, .. } => Some(Self::Person(*subject)),
            Write::PutTicket(ticket) if ticket.kind == TicketKind::AccessToken => {
                Some(Self::Token(ticket.key))
            }
            Write::TakeTicket { kind: TicketKind::AccessToken, key, .. } => Some(Self::Token(*key)),
            Write::RevokeFamily { family } => Some(Self::Family(*family)),
            Write::RevokeOf { subject, app } => Some(Self::TokensOf(*subject, app.clone())),
            Write::Sweep { now } => Some(Self::Passed(*now)),
            // A sealed row never changes: which one is current is in the person's own stream. Sessions are not kept.
            Write::PutSealed { .. }
            | Write::PutEvidence { .. }
            | Write::PutIndex { .. }
            | Write::PutTicket(_)
            | Write::TakeTicket { .. }
            | Write::EndSessions { .. }
            | Write::RewrapRetired { .. }
            | Write::Staff(_) => None,
        }
    }
}

/// A writer whose commits drop from memory what they changed.
pub(crate) struct Dropping {
    writer: Box<dyn Writer>,
    kept: Arc<Kept>,
    changed: Vec<Changed>,
}

impl Dropping {
    pub(crate) fn around(writer: Box<dyn Writer>, kept: Arc<Kept>) -> Box<Self> {
        Box::new(Self { writer, kept, changed: Vec::new() })
    }
}

impl Writer for Dropping {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.changed.clear();
        self.writer.begin()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let committed = self.writer.commit();
        if committed.is_err() {
            // Nobody knows what was kept.
            self.changed.push(Changed::Everything);
        }
        self.kept.drop_changed(&self.changed);
        self.changed.clear();
        committed
    }

    fn rollback(&mut self) -> Result<(), StoreError> {
        self.writer.rollback()
    }

    fn mark(&mut self) -> Result<(), StoreError> {
        self.writer.mark()
    }

    fn unmark(&mut self, keep: bool) -> Result<(), StoreError> {
        self.writer.unmark(keep)
    }

    fn change(&mut self, change: Change<'_>) -> Result<Written, StoreError> {
        self.changed.extend(Changed::by(&change));
        self.writer.change(change)
    }

    fn rows(&self) -> &dyn Rows {
        self.writer.rows()
    }

    fn seals(&self) -> bool {
        self.writer.seals()
    }

    fn believe(&mut self, rows: bool) {
        self.writer.believe(rows);
    }

    fn seal_rows(&mut self) -> Result<u64, StoreError> {
        self.changed.push(Changed::Everything);
        self.writer.seal_rows()
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        self.writer.erase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: u16) -> SubjectKey {
        let mut subject = [0; 16];
        subject.iter_mut().zip(number.to_be_bytes()).for_each(|(to, byte)| *to = byte);
        SubjectKey(subject)
    }

    fn read(number: u16) -> Result<Option<KeptPerson>, StoreError> {
        Ok(Some(KeptPerson::new(subject(number), false, vec![1])))
    }

    fn is_kept(kept: &Kept, number: u16) -> bool {
        kept.inner().people.get(&subject(number)).is_some()
    }

    #[test]
    fn it_never_grows_beyond_its_bound_and_what_goes_is_dropped() {
        let kept = Kept::bounded(8, 8);
        let mut seen = Vec::new();
        for number in 0..100 {
            let person = kept.person(subject(number), || read(number)).unwrap().unwrap();
            let keys = person.made(|_| Ok::<_, StoreError>(vec![0u8; 16])).unwrap();
            seen.push(Arc::downgrade(&keys));
        }
        let alive = seen.iter().filter(|keys| keys.upgrade().is_some()).count();
        assert!((1..=8).contains(&alive), "{alive}");
    }

    #[test]
    fn what_was_read_before_a_change_and_comes_after_it_is_not_kept() {
        let kept = Kept::bounded(8, 8);
        let person = kept.person(subject(1), || {
            // Another person's change is enough: whose it is, is not known here.
            kept.drop_changed(&[Changed::Gone(subject(1))]);
            read(1)
        });
        assert!(person.unwrap().is_some());
        assert!(!is_kept(&kept, 1));
        kept.person(subject(1), || read(1)).unwrap();
        assert!(is_kept(&kept, 1));
    }

    #[test]
    fn nobody_asked_about_for_a_while_is_kept() {
        let kept = Kept::bounded(8, 8);
        kept.person(subject(1), || read(1)).unwrap();
        kept.person(subject(2), || read(2)).unwrap();
        kept.drop_changed(&[Changed::Passed(Timestamp(UNASKED_MS))]);
        // What has passed is swept in many steps.
        kept.drop_changed(&[Changed::Passed(Timestamp(2 * UNASKED_MS - 1))]);
        assert!(is_kept(&kept, 1));
        kept.drop_changed(&[Changed::Passed(Timestamp(2 * UNASKED_MS))]);
        assert!(is_kept(&kept, 1) && !is_kept(&kept, 2));
    }

    #[test]
    fn what_is_made_of_a_person_is_made_once() {
        let person = KeptPerson::new(subject(1), false, Vec::new());
        assert_eq!(person.made(|_| Err::<u8, _>("not now")), Err("not now"));
        let made = person.made(|_| Ok::<u8, &str>(1)).unwrap();
        assert!(Arc::ptr_eq(&made, &person.made(|_| Ok::<u8, &str>(2)).unwrap()));
    }
}
