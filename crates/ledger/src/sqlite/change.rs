//! The statements that change rows.

use rusqlite::{Params, params};
use yinuo_core::IDEMPOTENCY_MS;
use yinuo_domain::{AppId, Compartment, SubjectKey, Timestamp};

use super::Rowset;
use super::rows::{algorithm_code, shard_of, ticket_from};
use crate::backend::{Change, Log};
use crate::{SWEEP_LEN_MAX, StoreError, Ticket, TicketKind, Write, Written};

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
            Change::Stream(subject, row) => self.run(
                "INSERT INTO streams (grp, shard, subject, app, tag, seq, prev, state)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (grp, shard, subject, app) DO UPDATE SET
                     seq = excluded.seq, prev = excluded.prev, state = excluded.state",
                params![
                    GROUP,
                    shard_of(subject),
                    subject.0,
                    app_text(row.stream.app.as_ref()),
                    row.stream.tag.0,
                    row.next.cast_signed(),
                    row.prev.0,
                    row.state
                ],
            ),
            Change::History(subject, index, app) => self.run(
                "INSERT INTO history (grp, shard, subject, idx, app) VALUES ($1, $2, $3, $4, $5)",
                params![GROUP, shard_of(subject), subject.0, index.cast_signed(), app_text(app)],
            ),
            Change::Answer(subject, key, row) => self.run(
                "INSERT INTO idempotency (grp, shard, subject, key, body, disclosure, released, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (grp, shard, subject, key) DO UPDATE SET body = excluded.body,
                     disclosure = excluded.disclosure, released = excluded.released, at = excluded.at",
                params![
                    GROUP,
                    shard_of(subject),
                    subject.0,
                    key.0,
                    row.body.map(|body| body.0),
                    row.disclosure.0,
                    row.released.to_bytes(),
                    row.at.0.cast_signed()
                ],
            ),
            Change::AppSeq(app, next) => self.run(
                "INSERT INTO app_seqs (grp, app, next) VALUES ($1, $2, $3)
                 ON CONFLICT (grp, app) DO UPDATE SET next = excluded.next",
                params![Log::Group.grp(), app.as_str(), next.cast_signed()],
            ),
            Change::Forget(subject) => self.forget(subject),
            Change::Retire(subject, tag, wrapped, destroy_after) => self.run(
                "INSERT INTO retired_tag_keys (grp, shard, tag, wrapped, destroy_after)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (grp, shard, tag) DO UPDATE SET
                     wrapped = excluded.wrapped, destroy_after = excluded.destroy_after",
                params![GROUP, shard_of(subject), tag.0, wrapped, destroy_after.0.cast_signed()],
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
            Write::AddPerson { index, subject, keys, guardian_required } => {
                let added = self.run(
                    "INSERT INTO people (grp, shard, person_index, subject, guardian)
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                    params![GROUP, shard_of(*subject), index, subject.0, i64::from(*guardian_required)],
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
                let added = self.run(
                    "INSERT INTO consent_evidence (grp, shard, subject, leaf_salt, bytes)
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                    params![GROUP, shard_of(*subject), subject.0, leaf.0, bytes],
                )?;
                Ok(if added == 0 { Written::Exists } else { Written::Done })
            }
            Write::PutIndex { subject, item, index } => self
                .run(
                    "INSERT INTO value_indexes (grp, shard, subject, item, value_index)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (grp, shard, subject, item) DO UPDATE SET value_index = excluded.value_index",
                    params![GROUP, shard_of(*subject), subject.0, item.0, index],
                )
                .map(|_| Written::Done),
            Write::PutTicket(ticket) => self.put(ticket),
            Write::TakeTicket { kind, key, now } => {
                let shard = key.first().copied().unwrap_or(0);
                let mut take = self.0.prepare_cached(
                    "UPDATE tickets SET used = 1
                     WHERE grp = $1 AND shard = $2 AND kind = $3 AND key = $4
                         AND used = 0 AND revoked = 0 AND expires_at > $5
                     RETURNING kind, key, family, subject, app, body, issued_at, expires_at",
                )?;
                let by = params![GROUP, shard, *kind as u8, key, now.0.cast_signed()];
                let mut taken = take.query(by)?;
                if let Some(row) = taken.next()? {
                    let ticket = ticket_from(row)?;
                    // An update that is not stepped to its end is undone.
                    while taken.next()?.is_some() {}
                    return Ok(Written::Taken(ticket));
                }
                let row = crate::Rows::ticket(self, *kind, key)?;
                let used = row.filter(|row| row.used && *now < row.ticket.expires_at);
                Ok(used.map_or(Written::Missing, |row| Written::Used(row.ticket)))
            }
            Write::RevokeFamily { family } => self
                .run(
                    "UPDATE tickets SET revoked = 1 WHERE (grp, shard, kind, key) IN
                         (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND family = $2 AND revoked = 0)",
                    params![GROUP, family],
                )
                .map(Written::Count),
            Write::RevokeOf { subject, app: None } => self
                .run(
                    "UPDATE tickets SET revoked = 1 WHERE (grp, shard, kind, key) IN
                         (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND subject = $2 AND revoked = 0)",
                    params![GROUP, subject.0],
                )
                .map(Written::Count),
            Write::RevokeOf { subject, app: Some(app) } => self
                .run(
                    "UPDATE tickets SET revoked = 1 WHERE (grp, shard, kind, key) IN
                         (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND subject = $2 AND app = $3 AND revoked = 0)",
                    params![GROUP, subject.0, app.as_str()],
                )
                .map(Written::Count),
            Write::EndSessions { subject } => self
                .run(
                    "UPDATE tickets SET revoked = 1 WHERE (grp, shard, kind, key) IN
                         (SELECT grp, shard, kind, key FROM tickets
                          WHERE grp = $1 AND subject = $2 AND revoked = 0 AND kind = $3)",
                    params![GROUP, subject.0, TicketKind::Session as u8],
                )
                .map(Written::Count),
            Write::Sweep { now } => self.sweep(*now).map(Written::Count),
            Write::Staff(write) => self.write_staff(write),
        }
    }

    fn put(&self, ticket: &Ticket) -> Result<Written, StoreError> {
        // What is issued into a family that was revoked meanwhile is born revoked.
        let mut put = self.0.prepare_cached(
            "INSERT INTO tickets
                 (grp, shard, kind, key, family, subject, app, body, issued_at, expires_at, used, revoked)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0,
                 (SELECT COUNT(*) FROM (SELECT 1 FROM tickets
                      WHERE grp = $1 AND family = $5 AND revoked = 1 LIMIT 1) AS r))
             ON CONFLICT DO NOTHING RETURNING revoked",
        )?;
        let mut rows = put.query(params![
            GROUP,
            ticket.key.first().copied().unwrap_or(0),
            ticket.kind as u8,
            ticket.key,
            ticket.family,
            ticket.subject.map(|subject| subject.0),
            ticket.app.as_ref().map(AppId::as_str),
            ticket.body,
            ticket.issued_at.0.cast_signed(),
            ticket.expires_at.0.cast_signed()
        ])?;
        let Some(row) = rows.next()? else { return Ok(Written::Exists) };
        let revoked: i64 = row.get(0)?;
        while rows.next()?.is_some() {}
        Ok(if revoked == 0 { Written::Done } else { Written::Revoked })
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

fn app_text(app: Option<&AppId>) -> &str {
    app.map_or("", AppId::as_str)
}
