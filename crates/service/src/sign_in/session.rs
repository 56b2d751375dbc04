//! Sessions: they begin with an arrival, and end by hand or by time.

use yinuo_domain::Timestamp;
use yinuo_ledger::{Ticket, TicketKind, Write};
use yinuo_oauth::{Opaque, TokenKind};

use super::{Arrival, SignInError, SignInFor};
use crate::gateway::read;
use crate::{Gateway, Session, Unavailable};

/// How long a browser stays signed in: two hours.
pub const SESSION_MS: u64 = 2 * 3_600_000;

impl Gateway {
    /// Begins a session of whoever was chosen from the directory.
    pub async fn sign_in(&self, choice: &str) -> Result<Opaque, SignInError> {
        self.begin_session(&self.choose(SignInFor::Person, choice, None)?).await
    }

    /// Begins the session of a person who arrived. The cookie's text is stored nowhere, only its hash. Staff get none
    /// here, whoever vouched for them.
    pub async fn begin_session(&self, arrival: &Arrival) -> Result<Opaque, SignInError> {
        if arrival.for_whom != SignInFor::Person {
            return Err(SignInError::Gone);
        }
        let index = self.parts.vault.person_index(&arrival.person);
        let person = read(self.parts.ledger.reader().person(index))?.ok_or(SignInError::NotEnrolled)?;
        let cookie = Opaque::new(TokenKind::Session, self.random()?);
        let now = self.now();
        let ticket = Ticket {
            kind: TicketKind::Session,
            key: cookie.key(),
            family: self.random()?,
            subject: Some(person.subject),
            app: None,
            body: Vec::new(),
            issued_at: now,
            expires_at: now.after_ms(SESSION_MS),
        };
        self.write(vec![Write::PutTicket(ticket)]).await?;
        self.counters.session_began();
        Ok(cookie)
    }

    /// The session behind a cookie, while it lasts.
    pub fn session(&self, cookie: &str) -> Result<Option<Session>, Unavailable> {
        let Some(cookie) = Opaque::parse_as(TokenKind::Session, cookie) else { return Ok(None) };
        let now: Timestamp = self.now();
        let found = read(self.parts.ledger.reader().ticket(TicketKind::Session, cookie.key(), now))?;
        // Forms carry a value that only who holds the cookie can have been given.
        let csrf = self.parts.vault.commitment(&cookie.key(), "yinuo/csrf", cookie.as_str().as_bytes());
        Ok(found.and_then(|ticket| ticket.subject).map(|subject| Session { csrf: csrf.to_string(), subject }))
    }

    /// Ends a session.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), Unavailable> {
        let Some(cookie) = Opaque::parse_as(TokenKind::Session, cookie) else { return Ok(()) };
        let (kind, key, now) = (TicketKind::Session, cookie.key(), self.now());
        self.write(vec![Write::TakeTicket { kind, key, now }]).await?;
        Ok(())
    }
}
