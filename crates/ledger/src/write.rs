//! Writes that are no facts: who a person is, sealed rows, tickets.

use std::fmt;

use yinuo_domain::{AppId, Compartment, Item, Salt, SubjectKey, Tag, Timestamp, ValueVersion};

use crate::{LedgerError, StaffWrite, Ticket, TicketKind};

/// A write that is no fact.
#[derive(Clone, Eq, PartialEq)]
pub enum Write {
    /// Adds a person. [`Written::Exists`] when the index or the surrogate is taken.
    AddPerson {
        /// The blind index of the platform's identifier. Its first byte is the person's shard, as the surrogate's is.
        index: [u8; 16],
        /// The surrogate.
        subject: SubjectKey,
        /// The wrapped keys.
        keys: Vec<u8>,
        /// The oldest epoch that one of them is wrapped under: once it is retired, nobody comes in under it.
        epoch: u32,
        /// Whether a guardian must agree.
        guardian_required: bool,
    },
    /// Keeps a sealed row for good. [`Written::Exists`] when that version is there.
    PutSealed {
        /// The person.
        subject: SubjectKey,
        /// The item.
        item: Item,
        /// In which table.
        compartment: Compartment,
        /// Which version.
        version: ValueVersion,
        /// The sealed value.
        bytes: Vec<u8>,
    },
    /// Keeps what shows how a consent was given, sealed. [`Written::Exists`] when that consent has some.
    PutEvidence {
        /// The person.
        subject: SubjectKey,
        /// The salt of the consent's leaf, which is of that leaf alone.
        leaf: Salt,
        /// The sealed evidence.
        bytes: Vec<u8>,
    },
    /// Makes a person findable by a value of an item, and by no earlier value of it.
    PutIndex {
        /// The person.
        subject: SubjectKey,
        /// The item.
        item: Item,
        /// The blind index of the value.
        index: [u8; 16],
    },
    /// Keeps a ticket. [`Written::Exists`] when the key is there, used or expired or not: so an id is consumed once.
    /// Into a family that was revoked it is [`Written::Revoked`], and worth nothing.
    PutTicket(Ticket),
    /// Uses a ticket up: the first gets [`Written::Taken`], later ones [`Written::Used`], and
    /// [`Written::Missing`] when it is unknown, expired, or was revoked unused.
    TakeTicket {
        /// What it is for.
        kind: TicketKind,
        /// Its key.
        key: [u8; 32],
        /// When.
        now: Timestamp,
    },
    /// Revokes everything issued from one act.
    RevokeFamily {
        /// Which.
        family: [u8; 16],
    },
    /// Revokes everything of a person, or of a person towards one app.
    RevokeOf {
        /// The person.
        subject: SubjectKey,
        /// The app; none for all of them, sessions included.
        app: Option<AppId>,
    },
    /// Ends every browser session of a person, and nothing else of theirs.
    EndSessions {
        /// The person.
        subject: SubjectKey,
    },
    /// Puts a person's keys, wrapped anew, in place of exactly these. [`Written::Missing`] when they are gone.
    Rewrap {
        /// The person.
        subject: SubjectKey,
        /// The wrapped keys until now.
        from: Vec<u8>,
        /// The wrapped keys from now on.
        keys: Vec<u8>,
    },
    /// The same for the tag key of a deleted person.
    RewrapRetired {
        /// In which shard it is.
        shard: u8,
        /// Of their own stream.
        tag: Tag,
        /// The wrapped key until now.
        from: Vec<u8>,
        /// The wrapped key from now on.
        wrapped: Vec<u8>,
    },
    /// Deletes a bounded number of rows that are worth nothing any more.
    Sweep {
        /// When.
        now: Timestamp,
    },
    /// About what staff sign in with.
    Staff(StaffWrite),
}

/// What became of a [`Write`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Written {
    /// It is kept.
    Done,
    /// It was there already; nothing changed.
    Exists,
    /// Whoever gets this is the one who used it.
    Taken(Ticket),
    /// Somebody used it before.
    Used(Ticket),
    /// There is no such ticket now.
    Missing,
    /// It is kept, and its family was revoked before: it is worth nothing.
    Revoked,
    /// That many rows changed.
    Count(u64),
}

impl Write {
    /// What it wrote could not be found again: the shard of a person is the first byte of both of their keys.
    pub(crate) fn misfit(&self) -> Option<LedgerError> {
        match self {
            Self::AddPerson { index, subject, .. } if index.first() != subject.0.first() => {
                Some(LedgerError::Misfit("a person's index and surrogate are of two shards"))
            }
            _ => None,
        }
    }

    /// Whether it adds a person.
    pub(crate) fn is_new_person(&self) -> bool {
        matches!(self, Self::AddPerson { .. })
    }

    /// Whether it keeps a value, or the index of one, of the person that `added` adds.
    pub(crate) fn is_of_person(&self, added: &Self) -> bool {
        match (self, added) {
            (
                Self::PutSealed { subject: of, .. } | Self::PutIndex { subject: of, .. },
                Self::AddPerson { subject, .. },
            ) => of == subject,
            _ => false,
        }
    }
}

impl Written {
    /// Whether a submission that depends on this cannot go on.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Exists | Self::Used(_) | Self::Missing | Self::Revoked => true,
            Self::Done | Self::Taken(_) | Self::Count(_) => false,
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddPerson { .. } => "AddPerson",
            Self::PutSealed { .. } => "PutSealed",
            Self::PutEvidence { .. } => "PutEvidence",
            Self::PutIndex { .. } => "PutIndex",
            Self::PutTicket(_) => "PutTicket",
            Self::TakeTicket { .. } => "TakeTicket",
            Self::RevokeFamily { .. } => "RevokeFamily",
            Self::RevokeOf { .. } => "RevokeOf",
            Self::EndSessions { .. } => "EndSessions",
            Self::Rewrap { .. } => "Rewrap",
            Self::RewrapRetired { .. } => "RewrapRetired",
            Self::Sweep { .. } => "Sweep",
            Self::Staff(_) => "Staff",
        })
    }
}
