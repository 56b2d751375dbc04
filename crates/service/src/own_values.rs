//! A person's own values, opened for that person: the one place that goes past a permit.

use yinuo_domain::{Item, ItemSet};
use yinuo_vault::Secret;

use crate::gateway::{Held, read};
use crate::{Gateway, Unavailable};

impl Gateway {
    /// The current values among these items, in the order of their codes. For whoever is signed in as this person, and
    /// for what is made at that person's wish.
    pub(crate) fn own_values(&self, held: &Held, items: ItemSet) -> Result<Vec<(Item, Secret)>, Unavailable> {
        let rows = read(self.parts.ledger.reader().values(held.subject, items))?;
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            let row = yinuo_vault::SealedRow {
                item: row.item,
                compartment: row.compartment,
                version: row.version,
                bytes: row.bytes,
            };
            let opened = self.parts.vault.open_own(&held.keys, held.subject, &row);
            let value = opened.map_err(|error| {
                tracing::error!(%error, item = row.item.0, "could not open a person's own value");
                Unavailable::again_after(30)
            })?;
            values.push((row.item, value));
        }
        Ok(values)
    }
}
