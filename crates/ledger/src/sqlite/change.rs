//! The statements that change rows.

use rusqlite::{Params, params};
use yinuo_core::{IDEMPOTENCY_MS, count_is_due};
use yinuo_domain::{AppId, Compartment, SubjectKey, Timestamp};

use super::Rowset;
use super::rows::{algorithm_code, shard_of};
use super::sealed::{self, Cell};
use crate::backend::{Change, Log};
use crate::state::State as _;
use crate::{SWEEP_LEN_MAX, StoreError, Write, Written};

/// The commit group of the people in a store with one group.
const GROUP: i64 = 0;

impl Rowset {
    pub(super) fn run(&self, statement: &str, parameters: impl Params) -> Result<u64, StoreError> {
        Ok(self.0.prepare_cached(statement)?.execute(parameters)? as u64)
    }

    pub(super) fn change(&self, change: Change<'_>) -> Result<Written, StoreError> {
        match change {
            Change::Meta(meta) => self.run(
                "INSERT INTO meta (grp, suite, profile, origin_base) VALUES ($1, $2, $3, $4)",
                params![GROUP, meta.suite as u8, meta.profile as u8, meta.origin_base],
            ),
            Change::Entry(log, index, leaf) => self.run(
                "INSERT INTO entries (grp, idx, leaf) VALUES ($1, $2, $3)",
                params![log.grp(), index.cast_signed(), leaf],
            ),
            Change::Tile(log, algorithm, tile, hashes) => self.run(
                "INSERT INTO tiles (grp, algorithm, level, idx, data) VALUES ($1, $2, $3, $4, $5)",
                params![
                    log.grp(),
                    algorithm_code(algorithm),
                    tile.level,
                    tile.index.cast_signed(),
                    hashes.as_flattened()
                ],
            ),
            Change::Head(log, head) => {
                let (sha256, sm3) = (head.sha256.as_ref(), head.sm3.as_ref());
                self.run(
                    "INSERT INTO heads (grp, size, sha256_root, sha256_note, sm3_root, sm3_note)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (grp) DO UPDATE SET size = excluded.size,
                         sha256_root = excluded.sha256_root, sha256_note = excluded.sha256_note,
                         sm3_root = excluded.sm3_root, sm3_note = excluded.sm3_note",
                    params![
                        log.grp(),
                        head.size.cast_signed(),
                        sha256.map(|(root, _)| root),
                        sha256.map(|(_, note)| note),
                        sm3.map(|(root, _)| root),
                        sm3.map(|(_, note)| note)
                    ],
                )
            }
            Change::Document(hash, bytes) => self.run(
                "INSERT INTO documents (hash, bytes) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
                params![hash.0, bytes],
            ),
            Change::Stream(subject, row) => self.put_and(
                sealed::STREAMS,
                "INSERT INTO streams (grp, shard, subject, app, tag, seq, prev, state, mac, recent)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (grp, shard, subject, app) DO UPDATE SET tag = excluded.tag,
                     seq = excluded.seq, prev = excluded.prev, state = excluded.state, mac = excluded.mac,
                     recent = excluded.recent",
                &[
                    Cell::Int(GROUP),
                    Cell::Int(shard_of(subject).into()),
                    Cell::blob(&subject.0),
                    Cell::text(app_text(row.stream.app.as_ref())),
                    Cell::blob(&row.stream.tag.0),
                    Cell::Int(row.next.cast_signed()),
                    Cell::blob(&row.prev.0),
                    Cell::blob(&row.state),
                ],
                Some(&recent_cell(&row.recent)),
            ),
            Change::History(subject, index, app) => self.run(
                "INSERT INTO history (grp, shard, subject, idx, app) VALUES ($1, $2, $3, $4, $5)",
                params![GROUP, shard_of(subject), subject.0, index.cast_signed(), app_text(app)],
            ),
            Change::Answer(subject, key, row) => self.put(
                sealed::ANSWERS,
                "INSERT INTO idempotency (grp, shard, subject, key, body, disclosure, released, at, mac)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (grp, shard, subject, key) DO UPDATE SET body = excluded.body,
                     disclosure = excluded.disclosure, released = excluded.released, at = excluded.at,
                     mac = excluded.mac",
                &[
                    Cell::Int(GROUP),
                    Cell::Int(shard_of(subject).into()),
                    Cell::blob(&subject.0),
                    Cell::blob(&key.0),
                    row.body.as_ref().map_or(Cell::Null, |body| Cell::blob(&body.0)),
                    Cell::blob(&row.disclosure.0),
                    Cell::blob(&row.released.to_bytes()),
                    Cell::Int(row.at.0.cast_signed()),
                ],
            ),
            Change::Counted(subject, app, Some(counted)) => self.put(
                sealed::COUNTED,
                "INSERT INTO counted_refusals (grp, shard, subject, app, due, counted, mac)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (grp, shard, subject, app) DO UPDATE SET due = excluded.due,
                     counted = excluded.counted, mac = excluded.mac",
                &[
                    Cell::Int(GROUP),
                    Cell::Int(shard_of(subject).into()),
                    Cell::blob(&subject.0),
                    Cell::text(app.as_str()),
                    Cell::Int(count_is_due(counted).0.cast_signed()),
                    Cell::blob(&counted.to_bytes()),
                ],
            ),
            Change::Counted(subject, app, None) => self.run(
                "DELETE FROM counted_refusals WHERE grp = $1 AND shard = $2 AND subject = $3 AND app = $4",
                params![GROUP, shard_of(subject), subject.0, app.as_str()],
            ),
            Change::AppSeq(app, next) => self.put(
                sealed::APP_SEQS,
                "INSERT INTO app_seqs (grp, app, next, mac) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (grp, app) DO UPDATE SET next = excluded.next, mac = excluded.mac",
                &[Cell::Int(Log::Group.grp()), Cell::text(app.as_str()), Cell::Int(next.cast_signed())],
            ),
            Change::ForgetDerived => {
                for statement in [
                    "DELETE FROM streams WHERE grp = $1",
                    "DELETE FROM history WHERE grp = $1",
                    "DELETE FROM app_seqs WHERE grp = $1",
                    "DELETE FROM counted_refusals WHERE grp = $1",
                ] {
                    self.run(statement, [GROUP])?;
                }
                Ok(0)
            }
            Change::Forget(subject) => self.forget(subject),
            Change::Retire(subject, tag, wrapped, destroy_after) => self.put(
                sealed::RETIRED,
                "INSERT INTO retired_tag_keys (grp, shard, tag, wrapped, destroy_after, mac)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (grp, shard, tag) DO UPDATE SET wrapped = excluded.wrapped,
                     destroy_after = excluded.destroy_after, mac = excluded.mac",
                &[
                    Cell::Int(GROUP),
                    Cell::Int(shard_of(subject).into()),
                    Cell::blob(&tag.0),
                    Cell::blob(wrapped),
                    Cell::Int(destroy_after.0.cast_signed()),
                ],
            ),
            Change::Write(write) => return self.write(write),
        }?;
        Ok(Written::Done)
    }

    fn forget(&self, subject: SubjectKey) -> Result<u64, StoreError> {
        for statement in [
            "DELETE FROM people WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM subject_keys WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM sealed_identity WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM sealed_other WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM consent_evidence WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM streams WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM history WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM idempotency WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM value_indexes WHERE grp = $1 AND shard = $2 AND subject = $3",
            "DELETE FROM counted_refusals WHERE grp = $1 AND shard = $2 AND subject = $3",
        ] {
            self.run(statement, params![GROUP, shard_of(subject), subject.0])?;
        }
        // Their shard is that of their own key.
        self.run(
            "DELETE FROM tickets WHERE (grp, shard, kind, key) IN
                 (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND subject = $2)",
            params![GROUP, subject.0],
        )
    }

    fn write(&self, write: &Write) -> Result<Written, StoreError> {
        match write {
            Write::AddPerson { index, subject, keys, epoch: _, guardian_required } => {
                let added = self.put(
                    sealed::PEOPLE,
                    "INSERT INTO people (grp, shard, person_index, subject, guardian, mac)
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    &[
                        Cell::Int(GROUP),
                        Cell::Int(shard_of(*subject).into()),
                        Cell::blob(index),
                        Cell::blob(&subject.0),
                        Cell::Int((*guardian_required).into()),
                    ],
                )?;
                if added == 0 {
                    return Ok(Written::Exists);
                }
                self.run(
                    "INSERT INTO subject_keys (grp, shard, subject, keys) VALUES ($1, $2, $3, $4)",
                    params![GROUP, shard_of(*subject), subject.0, keys],
                )?;
                Ok(Written::Done)
            }
            Write::PutSealed { subject, item, compartment, version, bytes } => {
                let statement = match compartment {
                    Compartment::Identity => {
                        "INSERT INTO sealed_identity (grp, shard, subject, item, version, bytes)
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
                    }
                    Compartment::Other => {
                        "INSERT INTO sealed_other (grp, shard, subject, item, version, bytes)
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
                    }
                };
                let row = params![GROUP, shard_of(*subject), subject.0, item.0, version.0, bytes];
                let added = self.run(statement, row)?;
                Ok(if added == 0 { Written::Exists } else { Written::Done })
            }
            Write::PutEvidence { subject, leaf, bytes } => {
                let added = self.put(
                    sealed::EVIDENCE,
                    "INSERT INTO consent_evidence (grp, shard, subject, leaf_salt, bytes, mac)
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    &[
                        Cell::Int(GROUP),
                        Cell::Int(shard_of(*subject).into()),
                        Cell::blob(&subject.0),
                        Cell::blob(&leaf.0),
                        Cell::blob(bytes),
                    ],
                )?;
                Ok(if added == 0 { Written::Exists } else { Written::Done })
            }
            Write::PutIndex { subject, item, index } => self
                .put(
                    sealed::INDEXES,
                    "INSERT INTO value_indexes (grp, shard, subject, item, value_index, mac)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (grp, shard, subject, item) DO UPDATE SET
                         value_index = excluded.value_index, mac = excluded.mac",
                    &[
                        Cell::Int(GROUP),
                        Cell::Int(shard_of(*subject).into()),
                        Cell::blob(&subject.0),
                        Cell::Int(item.0.into()),
                        Cell::blob(index),
                    ],
                )
                .map(|_| Written::Done),
            Write::PutTicket(ticket) => self.put_ticket(ticket),
            Write::TakeTicket { kind, key, now } => self.take_ticket(*kind, key, *now),
            Write::RevokeFamily { family } => self.revoke_family(family),
            Write::RevokeOf { subject, app } => self.revoke_of(*subject, app.as_ref()),
            Write::EndSessions { subject } => self.end_sessions(*subject),
            Write::Rewrap { subject, from, keys } => self.rewrap(*subject, from, keys),
            Write::RewrapRetired { shard, tag, from, wrapped } => {
                self.rewrap_retired(*shard, *tag, from, wrapped)
            }
            Write::Sweep { now } => self.sweep(*now).map(Written::Count),
            Write::Staff(write) => self.write_staff(write),
        }
    }

    fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let limit = SWEEP_LEN_MAX as i64;
        let tickets = self.run(
            "DELETE FROM tickets WHERE (grp, shard, kind, key) IN
                 (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND expires_at <= $2
                  ORDER BY expires_at, shard, kind, key LIMIT $3)",
            params![GROUP, now.0.cast_signed(), limit],
        )?;
        let Some(answered) = now.0.checked_sub(IDEMPOTENCY_MS) else { return Ok(tickets) };
        let answers = self.run(
            "DELETE FROM idempotency WHERE (grp, shard, subject, key) IN
                 (SELECT grp, shard, subject, key FROM idempotency WHERE grp = $1 AND at <= $2
                  ORDER BY at, subject, key LIMIT $3)",
            params![GROUP, answered.cast_signed(), limit],
        )?;
        let retired = self.run(
            "DELETE FROM retired_tag_keys WHERE (grp, shard, tag) IN
                 (SELECT grp, shard, tag FROM retired_tag_keys WHERE grp = $1 AND destroy_after <= $2
                  ORDER BY destroy_after, tag LIMIT $3)",
            params![GROUP, now.0.cast_signed(), limit],
        )?;
        Ok(tickets + answers + retired)
    }
}

/// Eight bytes a number.
fn recent_cell(recent: &[u64]) -> Cell<'static> {
    if recent.is_empty() {
        return Cell::Null;
    }
    Cell::Blob(recent.iter().flat_map(|index| index.to_be_bytes()).collect::<Vec<_>>().into())
}

fn app_text(app: Option<&AppId>) -> &str {
    app.map_or("", AppId::as_str)
}
