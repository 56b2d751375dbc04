//! Wrapped keys, one after the other, in memory.

use std::ops::Bound;
use std::sync::Arc;

use yinuo_domain::{StaffId, SubjectKey, Tag};

use super::Tables;
use crate::backend::{KeyRows, RetiredRow};
use crate::{StaffRow, StoreError, Written};

impl Tables {
    pub(super) fn rewrap(&mut self, subject: SubjectKey, from: &[u8], keys: &[u8]) -> Written {
        match Arc::make_mut(&mut self.keys).get_mut(&subject).filter(|kept| *kept == from) {
            Some(kept) => {
                *kept = keys.to_vec();
                Written::Done
            }
            None => Written::Missing,
        }
    }

    pub(super) fn rewrap_retired(&mut self, shard: u8, tag: Tag, from: &[u8], wrapped: &[u8]) -> Written {
        match self.retired.get_mut(&(shard, tag)).filter(|(kept, _)| kept == from) {
            Some((kept, _)) => {
                *kept = wrapped.to_vec();
                Written::Done
            }
            None => Written::Missing,
        }
    }
}

impl KeyRows for Tables {
    fn keys_after(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError> {
        let rows = self.keys.range((beyond(after), Bound::Unbounded));
        Ok(rows.take(limit).map(|(subject, keys)| (*subject, keys.clone())).collect())
    }

    fn retired_after(&self, after: Option<(u8, Tag)>, limit: usize) -> Result<Vec<RetiredRow>, StoreError> {
        let rows = self.retired.range((beyond(after), Bound::Unbounded));
        Ok(rows.take(limit).map(|(place, (wrapped, _))| (*place, wrapped.clone())).collect())
    }

    fn staff_after(&self, after: Option<&StaffId>, limit: usize) -> Result<Vec<StaffRow>, StoreError> {
        let rows = self.staff.range((beyond(after.cloned()), Bound::Unbounded));
        Ok(rows.take(limit).map(|(_, row)| row.clone()).collect())
    }
}

fn beyond<T>(after: Option<T>) -> Bound<T> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

pub(super) fn shard_of(subject: SubjectKey) -> u8 {
    let [shard, ..] = subject.0;
    shard
}
