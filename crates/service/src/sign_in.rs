//! Who is there: signing in, sessions, signing out.

use yinuo_domain::{PersonId, Timestamp};
use yinuo_ledger::{Ticket, TicketKind, Write};
use yinuo_oauth::{Opaque, TokenKind};

use crate::gateway::read;
use crate::{Gateway, Offered, PageError, Session, Unavailable};

/// How long a browser stays signed in: two hours.
pub const SESSION_MS: u64 = 2 * 3_600_000;

/// Who vouches for people. The platform's own identity provider; in the demonstration, a directory of invented people.
pub trait SignIn: Send + Sync {
    /// What the sign-in page offers.
    fn offered(&self) -> Vec<Offered>;

    /// The person behind a choice, if there is one.
    fn person(&self, choice: &str) -> Option<PersonId>;
}

impl Gateway {
    /// Whom the sign-in page offers.
    pub fn offered(&self) -> Vec<Offered> {
        self.parts.sign_in.offered()
    }

    /// Begins a session. The cookie's text is stored nowhere, only its hash.
    pub async fn sign_in(&self, choice: &str) -> Result<Opaque, PageError> {
        let person = self.parts.sign_in.person(choice).ok_or(PageError::NotFound)?;
        let index = self.parts.vault.person_index(&person);
        let person = read(self.parts.ledger.reader().person(index))?.ok_or(PageError::NotFound)?;
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
