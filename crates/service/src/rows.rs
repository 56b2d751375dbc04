//! A person's sealed rows as a release needs them: read and hashed once, as long as the person is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use yinuo_domain::{Item, ItemSet, ValueVersion};
use yinuo_vault::{HashedRow, SealedRow};

use crate::gateway::{Held, read};
use crate::{Gateway, Unavailable};

/// How many sealed bytes of one person are kept at most: beyond that, rows are read each time.
const KEPT_LEN_MAX: usize = 8 * 1024;

/// The rows of a person's current values that were needed so far.
#[derive(Default)]
pub(crate) struct HashedRows(Mutex<BTreeMap<Item, Arc<HashedRow>>>);

impl HashedRows {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<Item, Arc<HashedRow>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, row: &Arc<HashedRow>) {
        let mut kept = self.kept();
        let len: usize = kept.values().map(|row| row.sealed_len()).sum();
        if len.saturating_add(row.sealed_len()) <= KEPT_LEN_MAX {
            kept.insert(row.item(), Arc::clone(row));
        }
    }
}

impl Gateway {
    /// The sealed rows of the current values among these items, in the order of their codes. Nothing is opened.
    pub(crate) fn rows(&self, held: &Held, items: ItemSet) -> Result<Vec<Arc<HashedRow>>, Unavailable> {
        let reader = self.parts.ledger.reader();
        let versions = read(reader.versions(&held.person))?;
        let wanted = versions.iter().filter(|(item, _)| items.contains(**item));
        let (mut rows, mut missing): (Vec<Arc<HashedRow>>, Vec<(Item, ValueVersion)>) = Default::default();
        {
            let kept = held.rows.kept();
            for (item, version) in wanted {
                match kept.get(item) {
                    Some(row) => rows.push(Arc::clone(row)),
                    None => missing.push((*item, *version)),
                }
            }
        }
        if missing.is_empty() {
            return Ok(rows);
        }
        // Somebody whose rows are gone has no values.
        let Some(found) = read(reader.sealed(held.subject, &missing))? else { return Ok(Vec::new()) };
        for row in found {
            let row = SealedRow {
                item: row.item,
                compartment: row.compartment,
                version: row.version,
                bytes: row.bytes,
            };
            let row = Arc::new(self.parts.vault.hashed(row));
            held.rows.keep(&row);
            rows.push(row);
        }
        rows.sort_unstable_by_key(|row| row.item());
        Ok(rows)
    }
}
