//! Whose doing an import is. It is recorded before the first person of a file comes in, and at its end what became of them.
//!
//! One that is killed has its beginning in the log and no end; whoever goes on with the file begins another. Who came in
//! is in no fact of these: a person's own stream says that they came, and when.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use yinuo_domain::{ImportCounts, ImportId, PlatformChange, StaffId};

use crate::platform::ChangeError;
use crate::{Admitted, EnrolError, Gateway};

/// How many imports are under way at most. The one that began first is given up for another.
const UNDER_WAY_MAX: usize = 64;

/// The imports that are under way in this process.
#[derive(Default)]
pub(crate) struct Imports(Mutex<VecDeque<Import>>);

struct Import {
    id: ImportId,
    by: StaffId,
    counts: ImportCounts,
}

impl Imports {
    fn with<T>(&self, work: impl FnOnce(&mut VecDeque<Import>) -> T) -> T {
        // Each change is whole before the lock is let go, even by a thread that panics.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Gateway {
    /// Begins an import. When this returns, whose doing it is is in the log.
    pub async fn begin_import(&self, by: &StaffId) -> Result<ImportId, ChangeError> {
        let id = ImportId(self.random()?);
        self.change(by, PlatformChange::BeginImport(id), Vec::new()).await?;
        self.imports.with(|imports| {
            while UNDER_WAY_MAX <= imports.len() {
                imports.pop_front();
            }
            imports.push_back(Import { id, by: by.clone(), counts: ImportCounts::default() });
        });
        Ok(id)
    }

    /// Whether this import was begun here, by them, and not ended.
    pub fn import_is_under_way(&self, by: &StaffId, id: ImportId) -> bool {
        self.imports.with(|imports| imports.iter().any(|import| import.id == id && import.by == *by))
    }

    /// Counts what became of people who were brought with this import, and `refused` who are no people.
    pub fn count_import<'r>(
        &self,
        id: ImportId,
        results: impl IntoIterator<Item = &'r Result<Admitted, EnrolError>>,
        refused: u64,
    ) {
        let mut counts = ImportCounts { refused, ..ImportCounts::default() };
        for result in results {
            match result {
                Ok(Admitted::Enrolled { values }) => {
                    counts.enrolled += 1;
                    counts.values += *values as u64;
                }
                Ok(Admitted::Corrected { values }) => {
                    counts.corrected += 1;
                    counts.values += *values as u64;
                }
                Ok(Admitted::Unchanged) => counts.unchanged += 1,
                // They will be brought again.
                Err(EnrolError::Unavailable(_)) => {}
                Err(_) => counts.refused += 1,
            }
        }
        self.imports.with(|imports| {
            if let Some(import) = imports.iter_mut().find(|import| import.id == id) {
                import.counts = sum(import.counts, counts);
            }
        });
    }

    /// Ends an import and records what became of the people. `refused` are rows that could not even be handed in.
    /// Nothing when no such import is under way.
    pub async fn end_import(
        &self,
        by: &StaffId,
        id: ImportId,
        refused: u64,
    ) -> Result<Option<ImportCounts>, ChangeError> {
        let counts = self.imports.with(|imports| {
            imports.iter().find(|import| import.id == id && import.by == *by).map(|import| import.counts)
        });
        let Some(counts) = counts else { return Ok(None) };
        let counts = sum(counts, ImportCounts { refused, ..ImportCounts::default() });
        self.change(by, PlatformChange::EndImport { import: id, counts }, Vec::new()).await?;
        self.imports.with(|imports| imports.retain(|import| import.id != id));
        Ok(Some(counts))
    }
}

fn sum(one: ImportCounts, other: ImportCounts) -> ImportCounts {
    ImportCounts {
        enrolled: one.enrolled.saturating_add(other.enrolled),
        corrected: one.corrected.saturating_add(other.corrected),
        unchanged: one.unchanged.saturating_add(other.unchanged),
        refused: one.refused.saturating_add(other.refused),
        values: one.values.saturating_add(other.values),
    }
}
