//! The statements about tickets. What merely passes is used up and revoked one row at a time: each carries a MAC.
//!
//! A ticket that was changed from outside is none: it cannot be taken, and revoking leaves it as it is.

use rusqlite::{Params, params};
use yinuo_domain::{AppId, SubjectKey, Timestamp};

use super::Rowset;
use super::rows::ticket_row_from;
use super::sealed::{self, Cell};
use crate::backend::TicketRow;
use crate::{StoreError, Ticket, TicketKind, Written};

/// The commit group of the people in a store with one group.
const GROUP: i64 = 0;

impl Rowset {
    pub(super) fn put_ticket(&self, ticket: &Ticket) -> Result<Written, StoreError> {
        // What is issued into a family that was revoked meanwhile is born revoked.
        let revoked = self.one(
            "SELECT 1 FROM tickets WHERE grp = $1 AND family = $2 AND revoked = 1 LIMIT 1",
            params![GROUP, ticket.family],
            |_| Ok(()),
        )?;
        let revoked = revoked.is_some();
        let added = self.write_ticket(
            "INSERT INTO tickets (grp, shard, kind, key, family, subject, app, body, issued_at, expires_at, used,
                 revoked, mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
            ticket,
            (false, revoked),
        )?;
        Ok(match (added, revoked) {
            (0, _) => Written::Exists,
            (_, true) => Written::Revoked,
            (_, false) => Written::Done,
        })
    }

    pub(super) fn take_ticket(
        &self,
        kind: TicketKind,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<Written, StoreError> {
        let row = match crate::Rows::ticket(self, kind, key) {
            Err(StoreError::Altered(_)) => None,
            row => row?,
        };
        let Some(row) = row.filter(|row| now < row.ticket.expires_at) else { return Ok(Written::Missing) };
        match (row.used, row.revoked) {
            (true, _) => Ok(Written::Used(row.ticket)),
            (false, true) => Ok(Written::Missing),
            (false, false) => {
                // There is one writer: nothing has come between.
                self.change_ticket(&row.ticket, (true, false))?;
                Ok(Written::Taken(row.ticket))
            }
        }
    }

    pub(super) fn revoke_family(&self, family: &[u8; 16]) -> Result<Written, StoreError> {
        self.revoke(
            "SELECT t.grp, t.shard, t.kind, t.key, t.family, t.subject, t.app, t.body, t.issued_at, t.expires_at,
                 t.used, t.revoked, t.mac
             FROM (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND family = $2 AND revoked = 0) AS r
             JOIN tickets AS t ON t.grp = r.grp AND t.shard = r.shard AND t.kind = r.kind AND t.key = r.key",
            params![GROUP, family],
            |_| true,
        )
    }

    pub(super) fn revoke_of(&self, subject: SubjectKey, app: Option<&AppId>) -> Result<Written, StoreError> {
        self.revoke_persons(subject, |row| app.is_none_or(|app| row.ticket.app.as_ref() == Some(app)))
    }

    pub(super) fn end_sessions(&self, subject: SubjectKey) -> Result<Written, StoreError> {
        self.revoke_persons(subject, |row| row.ticket.kind == TicketKind::Session)
    }

    fn revoke_persons(
        &self,
        subject: SubjectKey,
        of: impl Fn(&TicketRow) -> bool,
    ) -> Result<Written, StoreError> {
        self.revoke(
            "SELECT t.grp, t.shard, t.kind, t.key, t.family, t.subject, t.app, t.body, t.issued_at, t.expires_at,
                 t.used, t.revoked, t.mac
             FROM (SELECT grp, shard, kind, key FROM tickets WHERE grp = $1 AND subject = $2 AND revoked = 0) AS r
             JOIN tickets AS t ON t.grp = r.grp AND t.shard = r.shard AND t.kind = r.kind AND t.key = r.key",
            params![GROUP, subject.0],
            of,
        )
    }

    fn revoke(
        &self,
        statement: &str,
        parameters: impl Params,
        of: impl Fn(&TicketRow) -> bool,
    ) -> Result<Written, StoreError> {
        let rows = self.all(statement, parameters, |row| match self.check(sealed::TICKETS, row) {
            // Worth nothing as it is; that one row was changed keeps no other from being revoked.
            Err(StoreError::Altered(_)) => Ok(None),
            checked => checked.and_then(|()| ticket_row_from(row)).map(Some),
        })?;
        let mut revoked = 0;
        for row in rows.into_iter().flatten().filter(of) {
            revoked += self.change_ticket(&row.ticket, (row.used, true))?;
        }
        Ok(Written::Count(revoked))
    }

    fn change_ticket(&self, ticket: &Ticket, became: (bool, bool)) -> Result<u64, StoreError> {
        self.write_ticket(
            "INSERT INTO tickets (grp, shard, kind, key, family, subject, app, body, issued_at, expires_at, used,
                 revoked, mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (grp, shard, kind, key) DO UPDATE SET
                 used = excluded.used, revoked = excluded.revoked, mac = excluded.mac",
            ticket,
            became,
        )
    }

    fn write_ticket(
        &self,
        statement: &str,
        ticket: &Ticket,
        (used, revoked): (bool, bool),
    ) -> Result<u64, StoreError> {
        self.put(
            sealed::TICKETS,
            statement,
            &[
                Cell::Int(GROUP),
                Cell::Int(ticket.key.first().copied().unwrap_or(0).into()),
                Cell::Int((ticket.kind as u8).into()),
                Cell::blob(&ticket.key),
                Cell::blob(&ticket.family),
                ticket.subject.as_ref().map_or(Cell::Null, |subject| Cell::blob(&subject.0)),
                ticket.app.as_ref().map_or(Cell::Null, |app| Cell::text(app.as_str())),
                Cell::blob(&ticket.body),
                Cell::Int(ticket.issued_at.0.cast_signed()),
                Cell::Int(ticket.expires_at.0.cast_signed()),
                Cell::Int(used.into()),
                Cell::Int(revoked.into()),
            ],
        )
    }
}
