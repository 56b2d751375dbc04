//! Staff's sessions: after both factors, half an hour without a request, eight hours in all.

use serde::{Deserialize, Serialize};
use yinuo_domain::{StaffId, SubjectKey, Timestamp};
use yinuo_ledger::{Ticket, TicketKind, Write};
use yinuo_oauth::{Opaque, TokenKind};

use super::StaffSession;
use crate::gateway::read;
use crate::{Gateway, Unavailable};

/// How long may pass between the two factors: five minutes.
pub const STAFF_PENDING_MS: u64 = 5 * 60_000;
/// How long a session lasts without a request: half an hour.
pub const STAFF_IDLE_MS: u64 = 30 * 60_000;
/// How long a session lasts at most: eight hours.
pub const STAFF_SESSION_MS: u64 = 8 * 3_600_000;
/// From which age on a browser gets a new cookie.
const AGEING_MS: u64 = 60_000;

/// What is kept of a session. Not the role.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Body {
    staff: String,
    generation: [u8; 16],
    ends_at: u64,
}

impl Gateway {
    /// The session behind a cookie: it lasts, its member of staff is appointed now and has not been appointed anew or
    /// reset since, and has a second factor.
    pub fn staff_session(&self, cookie: &str) -> Result<Option<StaffSession>, Unavailable> {
        let Some(cookie) = Opaque::parse_as(TokenKind::StaffSession, cookie) else { return Ok(None) };
        let (now, reader) = (self.now(), self.parts.ledger.reader());
        let Some(ticket) = read(reader.ticket(TicketKind::StaffSession, cookie.key(), now))? else {
            return Ok(None);
        };
        let Ok(body) = serde_json::from_slice::<Body>(&ticket.body) else { return Ok(None) };
        let Ok(staff) = StaffId::parse(&body.staff) else { return Ok(None) };
        let Some(role) = self.platform().staff.get(&staff).copied() else { return Ok(None) };
        let row = read(reader.staff(&staff))?;
        if !row.is_some_and(|row| row.generation == body.generation && row.totp.is_some()) {
            return Ok(None);
        }
        let csrf = self.parts.vault.commitment(&cookie.key(), "yinuo/staff/csrf", cookie.as_str().as_bytes());
        Ok(Some(StaffSession {
            staff,
            role,
            csrf: csrf.to_string(),
            ends_at: Timestamp(body.ends_at),
            is_ageing: AGEING_MS <= now.since_ms(ticket.issued_at),
            generation: body.generation,
            family: ticket.family,
        }))
    }

    /// Another cookie for the same session, which lasts half an hour from now, and not beyond the session's end.
    pub async fn renew_staff_session(&self, session: &StaffSession) -> Result<Opaque, Unavailable> {
        self.put_staff_session(&session.staff, session.generation, session.family, session.ends_at).await
    }

    /// Ends a session, by whichever of its cookies.
    pub async fn end_staff_session(&self, session: &StaffSession) -> Result<(), Unavailable> {
        self.write(vec![Write::RevokeFamily { family: session.family }]).await?;
        Ok(())
    }

    /// Only for whoever has just shown both factors.
    pub(super) async fn begin_staff_session(
        &self,
        staff: &StaffId,
        generation: [u8; 16],
    ) -> Result<Opaque, Unavailable> {
        let ends_at = self.now().after_ms(STAFF_SESSION_MS);
        self.put_staff_session(staff, generation, self.random()?, ends_at).await
    }

    async fn put_staff_session(
        &self,
        staff: &StaffId,
        generation: [u8; 16],
        family: [u8; 16],
        ends_at: Timestamp,
    ) -> Result<Opaque, Unavailable> {
        let cookie = Opaque::new(TokenKind::StaffSession, self.random()?);
        let now = self.now();
        let body = Body { staff: staff.as_str().to_owned(), generation, ends_at: ends_at.0 };
        // Under whom the identity provider knows, so that it can say that their session has ended there.
        let row = read(self.parts.ledger.reader().staff(staff))?;
        let ticket = Ticket {
            kind: TicketKind::StaffSession,
            key: cookie.key(),
            family,
            subject: row.map(|row| SubjectKey(row.identity)),
            app: None,
            body: serde_json::to_vec(&body).map_err(|_| Unavailable::again_after(5))?,
            issued_at: now,
            expires_at: now.after_ms(STAFF_IDLE_MS).min(ends_at),
        };
        self.write(vec![Write::PutTicket(ticket)]).await?;
        Ok(cookie)
    }
}
