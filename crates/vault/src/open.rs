//! A permit is used up, and exactly what it names is opened.

use std::fmt;
use std::sync::Arc;

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

/// All rows of one request, and the commitment that a leaf with this salt makes to them: one belongs to the other, since
/// neither can change any more.
#[derive(Clone, Debug)]
pub struct CommittedRows {
    rows: Vec<Arc<HashedRow>>,
    salt: Salt,
    commitment: Commitment,
}

impl CommittedRows {
    /// Which items have a row.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        self.rows.iter().map(|row| row.item())
    }

    /// What the leaf says of them ([`Vault::commit_values`]).
    pub fn commitment(&self) -> Commitment {
        self.commitment
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

    /// Commits the leaf with this salt to these rows.
    pub fn commit_rows(&self, salt: Salt, rows: Vec<Arc<HashedRow>>) -> CommittedRows {
        let commitment = self.commit_values(salt, rows.iter().map(|row| (row.row.item, row.digest)));
        CommittedRows { rows, salt, commitment }
    }

    /// Opens what `permit` names. `rows` are all stored rows of the items that were requested: the recorded release
    /// commits to these, so that neither an older nor a swapped row passes. The permit is used up whatever happens;
    /// when nothing is opened, its guard is dropped.
    pub fn open(
        &self,
        permit: Permit,
        keys: &SubjectKeys,
        rows: &CommittedRows,
        now: Monotonic,
    ) -> Result<Opened, OpenError> {
        if permit.void_at() <= now {
            return Err(OpenError::Void);
        }
        if keys.subject() != permit.subject() {
            return Err(OpenError::OtherSubject);
        }
        let same = rows.commitment.as_bytes().ct_eq(permit.values().as_bytes());
        if rows.salt != permit.salt() || !bool::from(same) {
            return Err(OpenError::OtherRows);
        }

        let mut values = Vec::with_capacity(permit.items().len());
        for item in permit.items().iter() {
            let row = rows.rows.iter().find(|row| row.item() == item).ok_or(OpenError::RowMissing(item))?;
            let row = &row.row;
            let value =
                self.open_row(keys, permit.subject(), row).map_err(|cause| OpenError::Row { item, cause })?;
            values.push((item, value));
        }
        let (disclosure, void_at) = (permit.disclosure(), permit.void_at());
        Ok(Opened { values, disclosure, void_at, guard: permit.into_guard() })
    }
}
