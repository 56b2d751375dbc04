//! Sessions: they begin with an arrival, and end by hand, by time, or when the identity provider says so.

use yinuo_domain::{AppId, SubjectKey, Timestamp};
use yinuo_ledger::{Ticket, TicketKind, Write, Written};
use yinuo_oauth::{Opaque, TokenKind};

use super::{Arrival, Farewell, ProviderError, SealedStatement, SignInError, SignInFor};
use crate::gateway::read;
use crate::{Gateway, Session, Unavailable};

/// How long a browser stays signed in: two hours.
pub const SESSION_MS: u64 = 2 * 3_600_000;

/// How long it is remembered that a logout token was used: longer than any of them counts.
const ENDED_KEPT_MS: u64 = 3_600_000;

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
        let family = self.random()?;
        let body = match &arrival.statement {
            None => Vec::new(),
            Some(statement) => {
                let held = self.hold(person.subject)?.ok_or(SignInError::NotEnrolled)?;
                self.seal_statement(&held.keys, &family, statement)?
            }
        };
        let cookie = Opaque::new(TokenKind::Session, self.random()?);
        let now = self.now();
        let ticket = Ticket {
            kind: TicketKind::Session,
            key: cookie.key(),
            family,
            subject: Some(person.subject),
            app: None,
            body,
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
        let session = |ticket: Ticket| {
            let (statement, begun_at) = (sealed_in(&ticket), ticket.issued_at);
            ticket.subject.map(|subject| Session { csrf: csrf.to_string(), subject, begun_at, statement })
        };
        Ok(found.and_then(session))
    }

    /// Ends a session.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), Unavailable> {
        self.end_session(cookie).await.map(|_| ())
    }

    /// Ends a session, and says how to end the one at the identity provider too. Ours has ended whatever that one says.
    pub async fn sign_out_and_leave(&self, cookie: &str) -> Result<Option<Farewell>, Unavailable> {
        let Some(ticket) = self.end_session(cookie).await? else { return Ok(None) };
        let (Ok(provider), Some(sealed), Some(subject)) =
            (self.provider(), sealed_in(&ticket), ticket.subject)
        else {
            return Ok(None);
        };
        let Some(held) = self.hold(subject)? else { return Ok(None) };
        match self.open_statement(&held.keys, &sealed.id, &sealed.bytes) {
            Some(statement) => Ok(provider.farewell(statement.token()).await),
            None => Ok(None),
        }
    }

    /// The identity provider says that somebody's session has ended there: every session of theirs ends here, as a person
    /// and as staff.
    pub async fn ended_there(&self, token: &str) -> Result<(), SignInError> {
        let ended = self.provider()?.ended(token).await?;
        let now = self.now();
        let once = Ticket {
            kind: TicketKind::AssertionId,
            key: self.parts.vault.commitment(b"logout", "yinuo/logout-token", ended.id.as_bytes()).0,
            family: self.random()?,
            subject: None,
            app: None,
            body: Vec::new(),
            issued_at: now,
            expires_at: now.after_ms(ENDED_KEPT_MS),
        };
        let reader = self.parts.ledger.reader();
        let used = || SignInError::from(ProviderError::NotBelieved("logout token used before"));
        if read(reader.ticket(once.kind, once.key, now))?.is_some() {
            return Err(used());
        }
        // Who is not here has no session to end, and the provider is not told which.
        let person = read(reader.person(self.parts.vault.person_index(&ended.person)))?;
        // In one write: a token that is used up without its sessions ended could never be sent again.
        let mut writes = vec![Write::PutTicket(once)];
        writes.extend(person.map(|person| Write::EndSessions { subject: person.subject }));
        // Staff by whichever identity; a session of theirs is kept under its index ([`crate::staff`]).
        let staff = SubjectKey(self.parts.vault.staff_index(&ended.person));
        writes.push(Write::RevokeOf { subject: staff, app: None });
        if self.write(writes).await?.first() != Some(&Written::Done) {
            return Err(used());
        }
        Ok(())
    }

    /// Whether whoever is signed in must prove anew who they are before this consent page.
    pub fn must_sign_in_for(
        &self,
        session: &Session,
        client: &AppId,
        request_uri: &str,
    ) -> Result<bool, Unavailable> {
        if !self.provider().is_ok_and(|provider| provider.proves_each_consent()) {
            return Ok(false);
        }
        let consent = self.for_consent(client, request_uri)?;
        let (Some(consent), Some(held)) = (consent, self.hold(session.subject)?) else { return Ok(false) };
        Ok(!self.statement_of(session, &held).is_some_and(|statement| statement.was_for(&consent)))
    }

    async fn end_session(&self, cookie: &str) -> Result<Option<Ticket>, Unavailable> {
        let Some(cookie) = Opaque::parse_as(TokenKind::Session, cookie) else { return Ok(None) };
        let (kind, key, now) = (TicketKind::Session, cookie.key(), self.now());
        let taken = self.write(vec![Write::TakeTicket { kind, key, now }]).await?.into_iter().next();
        Ok(taken.and_then(|written| if let Written::Taken(ticket) = written { Some(ticket) } else { None }))
    }
}

fn sealed_in(ticket: &Ticket) -> Option<SealedStatement> {
    (!ticket.body.is_empty()).then(|| SealedStatement { id: ticket.family, bytes: ticket.body.clone() })
}
