//! The statements about wrapped keys, for whoever wraps them anew.

use rusqlite::params;
use yinuo_domain::{StaffId, SubjectKey, Tag};

use super::Rowset;
use super::rows::shard_of;
use super::sealed::{self, Cell};
use super::staff::staff_from;
use crate::backend::{KeyRows, Log, RetiredRow};
use crate::{StaffRow, StoreError, Written};

impl Rowset {
    pub(super) fn rewrap(
        &self,
        subject: SubjectKey,
        from: &[u8],
        keys: &[u8],
    ) -> Result<Written, StoreError> {
        self.run(
            "UPDATE subject_keys SET keys = $1 WHERE grp = $2 AND shard = $3 AND subject = $4 AND keys = $5",
            params![keys, Log::Group.grp(), shard_of(subject), subject.0, from],
        )
        .map(changed)
    }

    pub(super) fn rewrap_retired(
        &self,
        shard: u8,
        tag: Tag,
        from: &[u8],
        wrapped: &[u8],
    ) -> Result<Written, StoreError> {
        // Whole, for it is sealed as a whole.
        let until = self.sealed_one(
            sealed::RETIRED,
            "SELECT grp, shard, tag, wrapped, destroy_after, mac FROM retired_tag_keys
             WHERE grp = $1 AND shard = $2 AND tag = $3",
            params![Log::Group.grp(), shard, tag.0],
            |row| Ok((row.get::<_, Vec<u8>>(3)? == from).then_some(row.get::<_, i64>(4)?)),
        )?;
        let Some(until) = until.flatten() else { return Ok(Written::Missing) };
        self.put(
            sealed::RETIRED,
            "INSERT INTO retired_tag_keys (grp, shard, tag, wrapped, destroy_after, mac)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (grp, shard, tag) DO UPDATE SET wrapped = excluded.wrapped, mac = excluded.mac",
            &[
                Cell::Int(Log::Group.grp()),
                Cell::Int(shard.into()),
                Cell::blob(&tag.0),
                Cell::blob(wrapped),
                Cell::Int(until),
            ],
        )
        .map(changed)
    }
}

impl KeyRows for Rowset {
    fn keys_after(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError> {
        // No surrogate is before shard 0 and the empty one. The shard is the first byte of the surrogate.
        let (shard, subject) = after.map_or((0, Vec::new()), |after| (shard_of(after), after.0.to_vec()));
        self.all(
            "SELECT subject, keys FROM subject_keys
             WHERE grp = $1 AND (shard, subject) > ($2, $3) ORDER BY shard, subject LIMIT $4",
            params![Log::Group.grp(), shard, subject, limit.cast_signed()],
            |row| Ok((SubjectKey(row.get(0)?), row.get(1)?)),
        )
    }

    fn retired_after(&self, after: Option<(u8, Tag)>, limit: usize) -> Result<Vec<RetiredRow>, StoreError> {
        let (shard, tag) = after.map_or((0, Vec::new()), |(shard, tag)| (shard, tag.0.to_vec()));
        self.sealed_all(
            sealed::RETIRED,
            "SELECT grp, shard, tag, wrapped, destroy_after, mac FROM retired_tag_keys
             WHERE grp = $1 AND (shard, tag) > ($2, $3) ORDER BY shard, tag LIMIT $4",
            params![Log::Group.grp(), shard, tag, limit.cast_signed()],
            |row| Ok(((row.get(1)?, Tag(row.get(2)?)), row.get(3)?)),
        )
    }

    fn staff_after(&self, after: Option<&StaffId>, limit: usize) -> Result<Vec<StaffRow>, StoreError> {
        self.sealed_all(
            sealed::STAFF,
            "SELECT grp, staff, identity, generation, code, code_until, totp, step, failed, locked_until, mac
             FROM staff WHERE grp = $1 AND staff > $2 ORDER BY staff LIMIT $3",
            params![Log::Platform.grp(), after.map_or("", StaffId::as_str), limit.cast_signed()],
            staff_from,
        )
    }
}

fn changed(rows: u64) -> Written {
    if rows == 0 { Written::Missing } else { Written::Done }
}
