//! The statements that read rows.

use std::cmp::Reverse;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Params, Row, params};
use yinuo_domain::{
    AppId, Compartment, Digest, DisclosureId, Item, ItemSet, Profile, RefusalCount, Salt, StaffId, StreamId,
    SubjectKey, Suite, Tag, Timestamp, ValueVersion,
};
use yinuo_tlog::{Algorithm, Hash, TileId, hashes_from_bytes};

use super::staff::{passkey_from, staff_from};
use super::{Rowset, sealed};
use crate::backend::{AnswerRow, CountedRow, Head, Log, Meta, Person, Rows, SealedRow, StreamRow, TicketRow};
use crate::state::State as _;
use crate::{PasskeyRow, StaffRow, StoreError, Ticket, TicketKind};

const GROUP: i64 = 0;

impl Rowset {
    pub(super) fn one<T>(
        &self,
        statement: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.0.prepare_cached(statement)?;
        let mut rows = statement.query(parameters)?;
        rows.next()?.map(read).transpose()
    }

    pub(super) fn all<T>(
        &self,
        statement: &str,
        parameters: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.0.prepare_cached(statement)?;
        let mut rows = statement.query(parameters)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    /// A person's entries that have no row of history yet, in no order.
    fn recent(&self, subject: SubjectKey) -> Result<Vec<u64>, StoreError> {
        let all = self.all(
            "SELECT recent FROM streams WHERE grp = $1 AND shard = $2 AND subject = $3 AND recent IS NOT NULL",
            params![GROUP, shard_of(subject), subject.0],
            |row| recent_from(row, 0),
        )?;
        Ok(all.into_iter().flatten().collect())
    }

    fn entry(&self, index: u64) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        self.one(
            "SELECT idx, leaf FROM entries WHERE grp = $1 AND idx = $2",
            params![GROUP, index.cast_signed()],
            numbered,
        )
    }
}

impl Rows for Rowset {
    fn meta(&self) -> Result<Option<Meta>, StoreError> {
        let row = self
            .0
            .prepare_cached("SELECT suite, profile, origin_base FROM meta WHERE grp = $1")?
            .query_row([GROUP], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        row.map(|(suite, profile, origin_base): (u8, u8, String)| {
            let suite = Suite::from_code(suite).ok_or(StoreError::Damaged("an unknown suite"))?;
            let profile = Profile::from_code(profile).ok_or(StoreError::Damaged("an unknown profile"))?;
            Ok(Meta { suite, profile, origin_base })
        })
        .transpose()
    }

    fn head(&self, log: Log) -> Result<Option<Head>, StoreError> {
        self.one(
            "SELECT size, sha256_root, sha256_note, sm3_root, sm3_note FROM heads WHERE grp = $1",
            [log.grp()],
            |row| {
                Ok(Head {
                    size: row.get::<_, i64>(0)?.cast_unsigned(),
                    sha256: tree_from(row, 1)?,
                    sm3: tree_from(row, 3)?,
                })
            },
        )
    }

    fn entries(&self, log: Log, from: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.all(
            "SELECT idx, leaf FROM entries WHERE grp = $1 AND idx >= $2 ORDER BY idx LIMIT $3",
            params![log.grp(), from.cast_signed(), limit.cast_signed()],
            numbered,
        )
    }

    fn tile(&self, log: Log, algorithm: Algorithm, tile: TileId) -> Result<Option<Vec<Hash>>, StoreError> {
        self.one(
            "SELECT data FROM tiles WHERE grp = $1 AND algorithm = $2 AND level = $3 AND idx = $4",
            params![log.grp(), algorithm_code(algorithm), tile.level, tile.index.cast_signed()],
            |row| {
                let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
                hashes_from_bytes(bytes).ok_or(StoreError::Damaged("a tile of no tile's length"))
            },
        )
    }

    fn tiles(
        &self,
        log: Log,
        algorithm: Algorithm,
        level: u8,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.all(
            "SELECT idx, data FROM tiles WHERE grp = $1 AND algorithm = $2 AND level = $3 AND idx >= $4
             ORDER BY idx LIMIT $5",
            params![log.grp(), algorithm_code(algorithm), level, from.cast_signed(), limit.cast_signed()],
            numbered,
        )
    }

    fn document(&self, hash: &Digest) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.one("SELECT bytes FROM documents WHERE hash = $1", [hash.0], |row| {
            Ok(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?.into())
        })
    }

    fn documents(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        let after = after.map_or(&[][..], Digest::as_bytes);
        self.all(
            "SELECT hash FROM documents WHERE hash > $1 ORDER BY hash LIMIT $2",
            params![after, limit.cast_signed()],
            |row| Ok(Digest(row.get(0)?)),
        )
    }

    fn person(&self, index: [u8; 16]) -> Result<Option<Person>, StoreError> {
        let shard = index.first().copied().unwrap_or(0);
        self.sealed_one(
            sealed::PEOPLE,
            "SELECT grp, shard, person_index, subject, guardian, mac FROM people
             WHERE grp = $1 AND shard = $2 AND person_index = $3",
            params![GROUP, shard, index],
            person_from,
        )
    }

    fn person_of(&self, subject: SubjectKey) -> Result<Option<Person>, StoreError> {
        self.sealed_one(
            sealed::PEOPLE,
            "SELECT grp, shard, person_index, subject, guardian, mac FROM people
             WHERE grp = $1 AND shard = $2 AND subject = $3",
            params![GROUP, shard_of(subject), subject.0],
            person_from,
        )
    }

    fn keys(&self, subject: SubjectKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.one(
            "SELECT keys FROM subject_keys WHERE grp = $1 AND shard = $2 AND subject = $3",
            params![GROUP, shard_of(subject), subject.0],
            |row| Ok(row.get(0)?),
        )
    }

    fn all_keys(
        &self,
        after: Option<SubjectKey>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, Vec<u8>)>, StoreError> {
        let read = |row: &Row<'_>| Ok((SubjectKey(row.get(0)?), row.get(1)?));
        match after {
            None => self.all(
                "SELECT subject, keys FROM subject_keys ORDER BY grp, shard, subject LIMIT $1",
                [limit.cast_signed()],
                read,
            ),
            Some(after) => self.all(
                "SELECT subject, keys FROM subject_keys WHERE (grp, shard, subject) > ($1, $2, $3)
                 ORDER BY grp, shard, subject LIMIT $4",
                params![GROUP, shard_of(after), after.0, limit.cast_signed()],
                read,
            ),
        }
    }

    fn stream(&self, subject: SubjectKey, app: Option<&AppId>) -> Result<Option<StreamRow>, StoreError> {
        self.sealed_one(
            sealed::STREAMS,
            "SELECT grp, shard, subject, app, tag, seq, prev, state, mac, recent FROM streams
             WHERE grp = $1 AND shard = $2 AND subject = $3 AND app = $4",
            params![GROUP, shard_of(subject), subject.0, app.map_or("", AppId::as_str)],
            stream_from,
        )
    }

    fn streams(&self, subject: SubjectKey) -> Result<Vec<StreamRow>, StoreError> {
        self.sealed_all(
            sealed::STREAMS,
            "SELECT grp, shard, subject, app, tag, seq, prev, state, mac, recent FROM streams
             WHERE grp = $1 AND shard = $2 AND subject = $3 ORDER BY app",
            params![GROUP, shard_of(subject), subject.0],
            stream_from,
        )
    }

    fn all_streams(
        &self,
        after: Option<&(SubjectKey, Option<AppId>)>,
        limit: usize,
    ) -> Result<Vec<(SubjectKey, StreamRow)>, StoreError> {
        let read = |row: &Row<'_>| Ok((SubjectKey(row.get(2)?), stream_from(row)?));
        match after {
            None => self.sealed_all(
                sealed::STREAMS,
                "SELECT grp, shard, subject, app, tag, seq, prev, state, mac, recent FROM streams
                 WHERE grp = $1 ORDER BY grp, shard, subject, app LIMIT $2",
                params![GROUP, limit.cast_signed()],
                read,
            ),
            Some((subject, app)) => self.sealed_all(
                sealed::STREAMS,
                "SELECT grp, shard, subject, app, tag, seq, prev, state, mac, recent FROM streams
                 WHERE (grp, shard, subject, app) > ($1, $2, $3, $4)
                 ORDER BY grp, shard, subject, app LIMIT $5",
                params![
                    GROUP,
                    shard_of(*subject),
                    subject.0,
                    app.as_ref().map_or("", AppId::as_str),
                    limit.cast_signed()
                ],
                read,
            ),
        }
    }

    fn app_seqs(&self) -> Result<Vec<(AppId, u64)>, StoreError> {
        self.sealed_all(
            sealed::APP_SEQS,
            "SELECT grp, app, next, mac FROM app_seqs WHERE grp = $1 ORDER BY app",
            [GROUP],
            |row| Ok((app_from(&row.get::<_, String>(1)?)?, row.get::<_, i64>(2)?.cast_unsigned())),
        )
    }

    fn places(&self, subject: SubjectKey) -> Result<Vec<(u64, Option<AppId>)>, StoreError> {
        self.all(
            "SELECT idx, app FROM history WHERE grp = $1 AND shard = $2 AND subject = $3 ORDER BY idx",
            params![GROUP, shard_of(subject), subject.0],
            |row| {
                let app: String = row.get(1)?;
                let app = if app.is_empty() { None } else { Some(app_from(&app)?) };
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), app))
            },
        )
    }

    fn history_len(&self) -> Result<u64, StoreError> {
        let counted = self.one("SELECT COUNT(*) FROM history WHERE grp = $1", [GROUP], |row| {
            Ok(row.get::<_, i64>(0)?.cast_unsigned())
        })?;
        Ok(counted.unwrap_or(0))
    }

    fn states_of_app(&self, app: &AppId, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.sealed_all(
            sealed::STREAMS,
            "SELECT s.grp, s.shard, s.subject, s.app, s.tag, s.seq, s.prev, s.state, s.mac FROM
                 (SELECT grp, shard, subject, app FROM streams WHERE grp = $1 AND app = $2
                  ORDER BY shard, subject LIMIT $3) AS r
             JOIN streams AS s
                 ON s.grp = r.grp AND s.shard = r.shard AND s.subject = r.subject AND s.app = r.app",
            params![GROUP, app.as_str(), limit.cast_signed()],
            |row| Ok(row.get(7)?),
        )
    }

    fn history(
        &self,
        subject: SubjectKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        // Before the rows: what gets a row meanwhile is found twice, and nothing is missed.
        let mut waiting = self.recent(subject)?;
        waiting.retain(|index| index.cast_signed() < before);
        let rows = self.all(
            "SELECT h.idx, e.leaf FROM history AS h JOIN entries AS e ON e.grp = h.grp AND e.idx = h.idx
             WHERE h.grp = $1 AND h.shard = $2 AND h.subject = $3 AND h.idx < $4
             ORDER BY h.idx DESC LIMIT $5",
            params![GROUP, shard_of(subject), subject.0, before, limit.cast_signed()],
            numbered,
        )?;
        if waiting.is_empty() {
            return Ok(rows);
        }
        waiting.sort_unstable_by_key(|index| Reverse(*index));
        waiting.truncate(limit);
        let mut all = rows;
        for index in waiting {
            if all.iter().all(|(found, _)| *found != index) {
                all.extend(self.entry(index)?);
            }
        }
        all.sort_unstable_by_key(|(index, _)| Reverse(*index));
        all.truncate(limit);
        Ok(all)
    }

    fn sealed(
        &self,
        subject: SubjectKey,
        item: Item,
        version: ValueVersion,
    ) -> Result<Option<SealedRow>, StoreError> {
        let tables = [
            (
                Compartment::Identity,
                "SELECT bytes FROM sealed_identity
                 WHERE grp = $1 AND shard = $2 AND subject = $3 AND item = $4 AND version = $5",
            ),
            (
                Compartment::Other,
                "SELECT bytes FROM sealed_other
                 WHERE grp = $1 AND shard = $2 AND subject = $3 AND item = $4 AND version = $5",
            ),
        ];
        for (compartment, statement) in tables {
            let by = params![GROUP, shard_of(subject), subject.0, item.0, version.0];
            let bytes = self.one(statement, by, |row| Ok(row.get(0)?))?;
            if let Some(bytes) = bytes {
                return Ok(Some(SealedRow { item, compartment, version, bytes }));
            }
        }
        Ok(None)
    }

    fn evidence(&self, subject: SubjectKey, leaf: Salt) -> Result<Option<Vec<u8>>, StoreError> {
        self.sealed_one(
            sealed::EVIDENCE,
            "SELECT grp, shard, subject, leaf_salt, bytes, mac FROM consent_evidence
             WHERE grp = $1 AND shard = $2 AND subject = $3 AND leaf_salt = $4",
            params![GROUP, shard_of(subject), subject.0, leaf.0],
            |row| Ok(row.get(4)?),
        )
    }

    fn first(&self, subject: SubjectKey) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let first_waiting = self.recent(subject)?.into_iter().min();
        let first = self.one(
            "SELECT h.idx, e.leaf FROM history AS h JOIN entries AS e ON e.grp = h.grp AND e.idx = h.idx
             WHERE h.grp = $1 AND h.shard = $2 AND h.subject = $3 ORDER BY h.idx LIMIT 1",
            params![GROUP, shard_of(subject), subject.0],
            numbered,
        )?;
        match first_waiting {
            Some(index) if first.as_ref().is_none_or(|(first, _)| index < *first) => self.entry(index),
            _ => Ok(first),
        }
    }

    fn found(&self, item: Item, index: [u8; 16], limit: usize) -> Result<Vec<SubjectKey>, StoreError> {
        self.sealed_all(
            sealed::INDEXES,
            "SELECT v.grp, v.shard, v.subject, v.item, v.value_index, v.mac FROM
                 (SELECT grp, shard, subject, item FROM value_indexes
                  WHERE grp = $1 AND item = $2 AND value_index = $3 ORDER BY subject LIMIT $4) AS r
             JOIN value_indexes AS v
                 ON v.grp = r.grp AND v.shard = r.shard AND v.subject = r.subject AND v.item = r.item
             ORDER BY v.subject",
            params![GROUP, item.0, index, limit.cast_signed()],
            |row| Ok(SubjectKey(row.get(2)?)),
        )
    }

    fn ticket(&self, kind: TicketKind, key: &[u8; 32]) -> Result<Option<TicketRow>, StoreError> {
        self.sealed_one(
            sealed::TICKETS,
            "SELECT grp, shard, kind, key, family, subject, app, body, issued_at, expires_at, used, revoked, mac
             FROM tickets WHERE grp = $1 AND shard = $2 AND kind = $3 AND key = $4",
            params![GROUP, key.first().copied().unwrap_or(0), kind as u8, key],
            ticket_row_from,
        )
    }

    fn answer(&self, subject: SubjectKey, key: &Digest) -> Result<Option<AnswerRow>, StoreError> {
        self.sealed_one(
            sealed::ANSWERS,
            "SELECT grp, shard, subject, key, body, disclosure, released, at, mac FROM idempotency
             WHERE grp = $1 AND shard = $2 AND subject = $3 AND key = $4",
            params![GROUP, shard_of(subject), subject.0, key.0],
            |row| {
                Ok(AnswerRow {
                    body: row.get::<_, Option<[u8; 32]>>(4)?.map(Digest),
                    disclosure: DisclosureId(row.get(5)?),
                    released: ItemSet::from_bytes(row.get(6)?),
                    at: time_from(row, 7)?,
                })
            },
        )
    }

    fn app_seq(&self, app: &AppId) -> Result<u64, StoreError> {
        let next = self.sealed_one(
            sealed::APP_SEQS,
            "SELECT grp, app, next, mac FROM app_seqs WHERE grp = $1 AND app = $2",
            params![GROUP, app.as_str()],
            |row| Ok(row.get::<_, i64>(2)?.cast_unsigned()),
        )?;
        Ok(next.unwrap_or(0))
    }

    fn staff(&self, staff: &StaffId) -> Result<Option<StaffRow>, StoreError> {
        self.sealed_one(
            sealed::STAFF,
            "SELECT grp, staff, identity, generation, code, code_until, totp, step, failed, locked_until, mac
             FROM staff WHERE grp = $1 AND staff = $2",
            params![Log::Platform.grp(), staff.as_str()],
            staff_from,
        )
    }

    fn staff_of(&self, identity: [u8; 16]) -> Result<Option<StaffRow>, StoreError> {
        self.sealed_one(
            sealed::STAFF,
            "SELECT grp, staff, identity, generation, code, code_until, totp, step, failed, locked_until, mac
             FROM staff WHERE grp = $1 AND identity = $2",
            params![Log::Platform.grp(), identity],
            staff_from,
        )
    }

    fn passkeys(&self, staff: &StaffId) -> Result<Vec<PasskeyRow>, StoreError> {
        self.sealed_all(
            sealed::PASSKEYS,
            "SELECT grp, staff, id, generation, key, state, name, added_at, mac FROM staff_passkeys
             WHERE grp = $1 AND staff = $2 ORDER BY id",
            params![Log::Platform.grp(), staff.as_str()],
            passkey_from,
        )
    }

    fn counted(&self, subject: SubjectKey, app: &AppId) -> Result<Option<RefusalCount>, StoreError> {
        self.sealed_one(
            sealed::COUNTED,
            "SELECT grp, shard, subject, app, due, counted, mac FROM counted_refusals
             WHERE grp = $1 AND shard = $2 AND subject = $3 AND app = $4",
            params![GROUP, shard_of(subject), subject.0, app.as_str()],
            |row| RefusalCount::from_bytes(&row.get::<_, Vec<u8>>(5)?),
        )
    }

    fn counted_due(&self, now: Timestamp, limit: usize) -> Result<Vec<(SubjectKey, AppId)>, StoreError> {
        self.all(
            "SELECT subject, app FROM counted_refusals WHERE grp = $1 AND due <= $2
             ORDER BY due, shard, subject, app LIMIT $3",
            params![GROUP, now.0.cast_signed(), limit.cast_signed()],
            |row| Ok((SubjectKey(row.get(0)?), app_from(&row.get::<_, String>(1)?)?)),
        )
    }

    fn all_counted(
        &self,
        after: Option<&(SubjectKey, AppId)>,
        limit: usize,
    ) -> Result<Vec<CountedRow>, StoreError> {
        let read = |row: &Row<'_>| {
            let counted = RefusalCount::from_bytes(&row.get::<_, Vec<u8>>(5)?)?;
            Ok((SubjectKey(row.get(2)?), app_from(&row.get::<_, String>(3)?)?, counted))
        };
        match after {
            None => self.sealed_all(
                sealed::COUNTED,
                "SELECT grp, shard, subject, app, due, counted, mac FROM counted_refusals
                 WHERE grp = $1 ORDER BY grp, shard, subject, app LIMIT $2",
                params![GROUP, limit.cast_signed()],
                read,
            ),
            Some((subject, app)) => self.sealed_all(
                sealed::COUNTED,
                "SELECT grp, shard, subject, app, due, counted, mac FROM counted_refusals
                 WHERE (grp, shard, subject, app) > ($1, $2, $3, $4)
                 ORDER BY grp, shard, subject, app LIMIT $5",
                params![GROUP, shard_of(*subject), subject.0, app.as_str(), limit.cast_signed()],
                read,
            ),
        }
    }

    fn people(&self, limit: usize) -> Result<u64, StoreError> {
        let counted = self.one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM people WHERE grp = $1 LIMIT $2) AS r",
            params![GROUP, limit.cast_signed()],
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )?;
        Ok(counted.unwrap_or(0))
    }

    fn retired(&self) -> Result<u64, StoreError> {
        let kept = self.one("SELECT COUNT(*) FROM retired_tag_keys WHERE grp = $1", [GROUP], |row| {
            Ok(row.get::<_, i64>(0)?.cast_unsigned())
        })?;
        Ok(kept.unwrap_or(0))
    }
}

pub(super) fn shard_of(subject: SubjectKey) -> u8 {
    subject.0.first().copied().unwrap_or(0)
}

pub(super) fn algorithm_code(algorithm: Algorithm) -> i64 {
    match algorithm {
        Algorithm::Sha256 => 1,
        Algorithm::Sm3 => 2,
    }
}

/// From a row of `tickets`.
pub(super) fn ticket_row_from(row: &Row<'_>) -> Result<TicketRow, StoreError> {
    let ticket = Ticket {
        kind: TicketKind::from_number(row.get(2)?).ok_or(StoreError::Damaged("an unknown kind of ticket"))?,
        key: row.get(3)?,
        family: row.get(4)?,
        subject: row.get::<_, Option<[u8; 16]>>(5)?.map(SubjectKey),
        app: row.get::<_, Option<String>>(6)?.map(|app| app_from(&app)).transpose()?,
        body: row.get(7)?,
        issued_at: time_from(row, 8)?,
        expires_at: time_from(row, 9)?,
    };
    Ok(TicketRow { ticket, used: row.get::<_, i64>(10)? != 0, revoked: row.get::<_, i64>(11)? != 0 })
}

/// From a root and a note. What is no text is read as some other text, and so is no signed note.
fn tree_from(row: &Row<'_>, column: usize) -> Result<Option<(Hash, String)>, StoreError> {
    let root: Option<Vec<u8>> = row.get(column)?;
    let note = match row.get_ref(column + 1)? {
        ValueRef::Text(note) | ValueRef::Blob(note) => Some(String::from_utf8_lossy(note).into_owned()),
        _ => None,
    };
    let Some((root, note)) = root.zip(note) else { return Ok(None) };
    let root = root.try_into().map_err(|_| StoreError::Damaged("a root of another length"))?;
    Ok(Some((root, note)))
}

fn stream_from(row: &Row<'_>) -> Result<StreamRow, StoreError> {
    let app: String = row.get(3)?;
    let app = if app.is_empty() { None } else { Some(app_from(&app)?) };
    Ok(StreamRow {
        stream: StreamId { app, tag: Tag(row.get(4)?) },
        next: row.get::<_, i64>(5)?.cast_unsigned(),
        prev: Digest(row.get(6)?),
        state: row.get(7)?,
        recent: recent_from(row, 9)?,
    })
}

/// Numbers of entries, eight bytes each.
fn recent_from(row: &Row<'_>, column: usize) -> Result<Vec<u64>, StoreError> {
    let Some(bytes) = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)? else {
        return Ok(Vec::new());
    };
    match bytes.as_chunks::<8>() {
        (numbers, []) => Ok(numbers.iter().map(|number| u64::from_be_bytes(*number)).collect()),
        _ => Err(StoreError::Damaged("the newest entries of a stream")),
    }
}

fn person_from(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person { subject: SubjectKey(row.get(3)?), guardian_required: row.get::<_, i64>(4)? != 0 })
}

fn numbered(row: &Row<'_>) -> Result<(u64, Vec<u8>), StoreError> {
    Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
}

fn time_from(row: &Row<'_>, column: usize) -> Result<Timestamp, StoreError> {
    Ok(Timestamp(row.get::<_, i64>(column)?.cast_unsigned()))
}

fn app_from(text: &str) -> Result<AppId, StoreError> {
    AppId::parse(text).map_err(|_| StoreError::Damaged("an app's id"))
}
