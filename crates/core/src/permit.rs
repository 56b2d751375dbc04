//! The permission to open, and what it is before the commit.

use std::fmt;

use yinuo_domain::{AppId, Commitment, DisclosureId, ItemSet, Monotonic, Purpose, Salt, SubjectKey, Tag};

/// What a decision would release. It opens nothing: only [`crate::commit::release`] makes a [`Permit`] of it,
/// after its fact is in a durable, signed head.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pending {
    pub(crate) subject: SubjectKey,
    pub(crate) app: AppId,
    pub(crate) tag: Tag,
    pub(crate) purpose: Purpose,
    pub(crate) items: ItemSet,
    pub(crate) disclosure: DisclosureId,
    pub(crate) values: Commitment,
}

impl Pending {
    /// What would be released.
    pub fn items(&self) -> ItemSet {
        self.items
    }

    /// Which disclosure this is: for a repeated request, the first one's id.
    pub fn disclosure(&self) -> DisclosureId {
        self.disclosure
    }

    /// Towards which app.
    pub fn app(&self) -> &AppId {
        &self.app
    }

    /// The person's tag there.
    pub fn tag(&self) -> Tag {
        self.tag
    }
}

/// What a recorded look at a person's values would show. It opens nothing: only [`crate::commit::view`] makes a
/// [`ViewPermit`] of it, after its fact is in a durable, signed head.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingView {
    pub(crate) subject: SubjectKey,
    pub(crate) items: ItemSet,
}

impl PendingView {
    /// Whose values.
    pub fn subject(&self) -> SubjectKey {
        self.subject
    }
}

/// Proof that a look at a person's values is durably recorded. Opening uses it up; it is void after its deadline.
///
/// Neither `Clone` nor constructible outside this crate.
pub struct ViewPermit {
    pub(crate) pending: PendingView,
    pub(crate) void_at: Monotonic,
    pub(crate) _guard: Box<dyn Guard>,
}

impl ViewPermit {
    /// Whose values.
    pub fn subject(&self) -> SubjectKey {
        self.pending.subject
    }

    /// Exactly what may be opened.
    pub fn items(&self) -> ItemSet {
        self.pending.items
    }

    /// From when on it opens nothing.
    pub fn void_at(&self) -> Monotonic {
        self.void_at
    }
}

/// Something whose drop tells the ledger that a permit was answered or is void.
pub trait Guard: Send + Sync {}

/// Proof that a release was decided and is durably recorded. Opening uses it up; it is void after its deadline.
///
/// Neither `Clone` nor constructible outside this crate.
pub struct Permit {
    pub(crate) pending: Pending,
    pub(crate) salt: Salt,
    pub(crate) void_at: Monotonic,
    pub(crate) guard: Box<dyn Guard>,
}

impl Permit {
    /// Whose values.
    pub fn subject(&self) -> SubjectKey {
        self.pending.subject
    }

    /// To which app.
    pub fn app(&self) -> &AppId {
        &self.pending.app
    }

    /// For which purpose.
    pub fn purpose(&self) -> Purpose {
        self.pending.purpose
    }

    /// Exactly what may be opened.
    pub fn items(&self) -> ItemSet {
        self.pending.items
    }

    /// Which disclosure this is.
    pub fn disclosure(&self) -> DisclosureId {
        self.pending.disclosure
    }

    /// What the leaf commits to: the sealed rows, under [`Self::salt`].
    pub fn values(&self) -> Commitment {
        self.pending.values
    }

    /// The leaf's salt.
    pub fn salt(&self) -> Salt {
        self.salt
    }

    /// From when on it opens nothing.
    pub fn void_at(&self) -> Monotonic {
        self.void_at
    }

    /// Ends the permit and keeps what a withdrawal waits for, until the answer has gone out.
    pub fn into_guard(self) -> Box<dyn Guard> {
        self.guard
    }
}

impl fmt::Debug for ViewPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewPermit")
            .field("pending", &self.pending)
            .field("void_at", &self.void_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("pending", &self.pending)
            .field("void_at", &self.void_at)
            .finish_non_exhaustive()
    }
}
