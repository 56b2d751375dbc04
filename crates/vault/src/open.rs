//! A permit is used up, and exactly what it names is opened.

use std::borrow::Borrow;
use std::fmt;

use subtle::ConstantTimeEq;
use yinuo_core::{Guard, Permit, ViewPermit};
use yinuo_domain::{Commitment, Compartment, Digest, DisclosureId, Item, Monotonic, Salt, ValueVersion};

use crate::{OpenError, Secret, SubjectKeys, Vault};

/// A sealed value with its place, as the ledger stores it.
#[derive(Clone, Eq, PartialEq)]
pub struct SealedRow {
    /// Which item.
    pub item: Item,
    /// In which compartment.
    pub compartment: Compartment,
    /// Which version of the value.
    pub version: ValueVersion,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// Sealed bytes in a log would outlive the row, and with it the keys' deletion.
impl fmt::Debug for SealedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedRow").field("item", &self.item.0).finish_non_exhaustive()
    }
}

/// A sealed row and the digest that facts name it by, which was taken once: what was hashed cannot change any more.
#[derive(Clone, Debug)]
pub struct HashedRow {
    row: SealedRow,
    digest: Digest,
}

impl HashedRow {
    /// Which item.
    pub fn item(&self) -> Item {
        self.row.item
    }

    /// How many bytes are sealed in it, and those around them.
    pub fn sealed_len(&self) -> usize {
        self.row.bytes.len()
    }
}

/// What a permit released. As long as it is held, a withdrawal of the same consent waits; it is dropped when the
/// answer has gone out.
pub struct Opened {
    /// Exactly the permitted items, in the order of their codes.
    pub values: Vec<(Item, Secret)>,
    /// Which disclosure this is.
    pub disclosure: DisclosureId,
    /// From when on nothing of it may leave any more.
    pub void_at: Monotonic,
    guard: Box<dyn Guard>,
}

impl Opened {
    /// Whether the answer may still leave.
    pub fn still_valid(&self, now: Monotonic) -> bool {
        now < self.void_at
    }

    /// Wipes the values and keeps what a withdrawal waits for, for who sends the answer.
    pub fn into_guard(self) -> Box<dyn Guard> {
        self.guard
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<u8> = self.values.iter().map(|(item, _)| item.0).collect();
        f.debug_struct("Opened")
            .field("items", &items)
            .field("disclosure", &self.disclosure)
            .field("void_at", &self.void_at)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens, for somebody of the platform, what a recorded look names: those of `rows` and no others. The permit is
    /// used up whatever happens.
    pub fn open_view(
        &self,
        permit: ViewPermit,
        keys: &SubjectKeys,
        rows: &[SealedRow],
        now: Monotonic,
    ) -> Result<Vec<(Item, Secret)>, OpenError> {
        if permit.void_at() <= now {
            return Err(OpenError::Void);
        }
        if keys.subject() != permit.subject() {
            return Err(OpenError::OtherSubject);
        }
        let open = |item| {
            let row = rows.iter().find(|row| row.item == item).ok_or(OpenError::RowMissing(item))?;
            let opened = self.open_row(keys, permit.subject(), row);
            opened.map(|value| (item, value)).map_err(|cause| OpenError::Row { item, cause })
        };
        permit.items().iter().map(open).collect()
    }

    /// Takes a row's digest.
    pub fn hashed(&self, row: SealedRow) -> HashedRow {
        HashedRow { digest: self.sealed_digest(&row.bytes), row }
    }

    /// Commits a leaf to these rows ([`Vault::commit_values`]).
    pub fn commit_rows(&self, salt: Salt, rows: &[impl Borrow<HashedRow>]) -> Commitment {
        self.commit_values(salt, rows.iter().map(Borrow::borrow).map(|row| (row.row.item, row.digest)))
    }

    /// Opens what `permit` names. `rows` are all stored rows of the items that were requested: the recorded release
    /// commits to these, so that neither an older nor a swapped row passes. The permit is used up whatever happens;
    /// when nothing is opened, its guard is dropped.
    pub fn open(
        &self,
        permit: Permit,
        keys: &SubjectKeys,
        rows: &[impl Borrow<HashedRow>],
        now: Monotonic,
    ) -> Result<Opened, OpenError> {
        if permit.void_at() <= now {
            return Err(OpenError::Void);
        }
        if keys.subject() != permit.subject() {
            return Err(OpenError::OtherSubject);
        }
        let found = self.commit_rows(permit.salt(), rows);
        if !bool::from(found.as_bytes().ct_eq(permit.values().as_bytes())) {
            return Err(OpenError::OtherRows);
        }

        let mut values = Vec::with_capacity(permit.items().len());
        for item in permit.items().iter() {
            let mut rows = rows.iter().map(|row| &row.borrow().row);
            let row = rows.find(|row| row.item == item).ok_or(OpenError::RowMissing(item))?;
            let value =
                self.open_row(keys, permit.subject(), row).map_err(|cause| OpenError::Row { item, cause })?;
            values.push((item, value));
        }
        let (disclosure, void_at) = (permit.disclosure(), permit.void_at());
        Ok(Opened { values, disclosure, void_at, guard: permit.into_guard() })
    }
}
