//! Passkeys (WebAuthn): a second factor of staff, beside one-time passwords.
//!
//! Whoever arrives is asked for one in the same way, appointed or not, with passkeys or without: a browser is not told
//! which would be accepted. What was asked lies in a ticket that is taken before the answer is looked at, so that an
//! answer is looked at once. A passkey belongs to one appointment and is gone with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use yinuo_domain::{StaffId, SubjectKey, Timestamp};
use yinuo_ledger::{PasskeyRow, StaffWrite, TicketKind, Write, Written};
use yinuo_oauth::{Opaque, TokenKind};

use super::factor::{Body, Step};
use super::session::STAFF_PENDING_MS;
use super::{SecondFactor, StaffSession};
use crate::gateway::read;
use crate::{Gateway, Unavailable};

/// How many passkeys somebody may have.
const PASSKEYS_MAX: usize = 8;
/// How many characters a passkey's name may have.
const NAME_LEN_MAX: usize = 40;

/// What a browser was asked.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAsked {
    /// For the browser: the options of WebAuthn, as JSON.
    pub options: String,
    /// What the answer is compared with.
    pub state: Vec<u8>,
}

/// A passkey, as it is kept.
#[derive(Clone, Eq, PartialEq)]
pub struct Passkey {
    /// What the authenticator calls it.
    pub id: Vec<u8>,
    /// What does not change: its public key.
    pub key: Vec<u8>,
    /// What changes with its use: its count of signatures.
    pub state: Vec<u8>,
}

/// Somebody who has passkeys, as an authenticator knows them.
#[derive(Clone, Copy)]
pub struct PasskeyOwner<'a> {
    /// Unguessable, of one appointment: an authenticator tells nobody's name by it.
    pub handle: &'a [u8; 16],
    /// What the authenticator shows.
    pub staff: &'a StaffId,
}

/// The answer of a browser was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the passkey was not accepted")]
pub struct PasskeyRefused;

/// What is done by a library of WebAuthn. A user must be verified by their authenticator, the origin must be ours
/// exactly, and a count of signatures that does not grow is refused.
pub trait Passkeys: Send + Sync {
    /// Asks for a new passkey, of an authenticator that has none of the known ones.
    fn create(&self, owner: PasskeyOwner<'_>, known: &[Passkey]) -> Result<PasskeyAsked, PasskeyRefused>;
    /// The new passkey.
    fn created(&self, state: &[u8], answer: &str) -> Result<Passkey, PasskeyRefused>;
    /// Asks for a passkey, without a word on which.
    fn ask(&self) -> Result<PasskeyAsked, PasskeyRefused>;
    /// The passkey that answered, one of those known, with its new state.
    fn answered(
        &self,
        state: &[u8],
        answer: &str,
        handle: &[u8; 16],
        known: &[Passkey],
    ) -> Result<Passkey, PasskeyRefused>;
}

/// One of somebody's passkeys, as a page shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PasskeyLine {
    /// Which: what the authenticator calls it, in base64url.
    pub id: String,
    /// What they called it.
    pub name: String,
    /// Since when they have it.
    pub added_at: Timestamp,
}

/// What became of the wish for a new passkey.
pub enum PasskeyOffer {
    /// The browser may make one.
    Asked {
        /// What its answer must come with.
        ticket: Opaque,
        /// The options of WebAuthn, as JSON.
        options: String,
    },
    /// The one-time password was not accepted.
    Wrong,
    /// There are as many as there may be, or the name is none.
    Refused,
}

impl Gateway {
    /// Whether staff can have passkeys here. Not when the issuer is an address without a name, or not secure.
    pub fn has_passkeys(&self) -> bool {
        self.parts.passkeys.is_some()
    }

    /// The passkeys of whoever is signed in.
    pub fn staff_passkeys(&self, session: &StaffSession) -> Result<Vec<PasskeyLine>, Unavailable> {
        let rows = self.passkeys_of(&session.staff, &session.generation)?;
        let line = |row: PasskeyRow| PasskeyLine {
            id: URL_SAFE_NO_PAD.encode(row.id),
            name: row.name,
            added_at: row.added_at,
        };
        Ok(rows.into_iter().map(line).collect())
    }

    /// Takes away one of one's own passkeys. Every session of theirs ends with this: whoever has a lost authenticator may
    /// have begun one. One-time passwords cannot be taken away, so there is always a second factor left.
    pub async fn remove_passkey(&self, session: &StaffSession, passkey: &str) -> Result<bool, Unavailable> {
        let Ok(id) = URL_SAFE_NO_PAD.decode(passkey) else { return Ok(false) };
        let Some(row) = read(self.parts.ledger.reader().staff(&session.staff))? else { return Ok(false) };
        let (staff, generation) = (session.staff.clone(), session.generation);
        let theirs = self.passkeys_of(&staff, &generation)?.iter().any(|row| row.id == id);
        if !theirs {
            return Ok(false);
        }
        let remove = Write::Staff(StaffWrite::RemovePasskey { staff, generation, id });
        let end = Write::RevokeOf { subject: SubjectKey(row.identity), app: None };
        if self.write(vec![remove, end]).await?.first() != Some(&Written::Done) {
            return Ok(false);
        }
        tracing::warn!(staff = session.staff.as_str(), "a passkey was removed");
        Ok(true)
    }

    /// Asks for a new passkey, of whoever shows once more that they have the second factor they have.
    pub async fn ask_for_new_passkey(
        &self,
        session: &StaffSession,
        name: &str,
        password: &str,
    ) -> Result<PasskeyOffer, Unavailable> {
        let name = name.trim();
        let fits = (1..=NAME_LEN_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        let rows = self.passkeys_of(&session.staff, &session.generation)?;
        let Some(passkeys) = self.parts.passkeys.as_ref().filter(|_| fits && rows.len() < PASSKEYS_MAX)
        else {
            return Ok(PasskeyOffer::Refused);
        };
        let now = self.now();
        if !self.password_again(session, password, now).await? {
            return Ok(PasskeyOffer::Wrong);
        }
        let owner = PasskeyOwner { handle: &session.generation, staff: &session.staff };
        let known: Vec<Passkey> = rows.into_iter().map(kept).collect();
        let Ok(asked) = passkeys.create(owner, &known) else { return Ok(PasskeyOffer::Refused) };
        let options = asked.options.clone();
        let step = Step::Adding { name: name.to_owned(), generation: session.generation };
        let body = Body { staff: Some(session.staff.as_str().to_owned()), step, asked: Some(asked) };
        // Of the session's family: signing out ends it too.
        let ticket = self.put_pending(body, session.family, now.after_ms(STAFF_PENDING_MS)).await?;
        Ok(PasskeyOffer::Asked { ticket, options })
    }

    /// Keeps a new passkey, if the answer is one to what this session was asked.
    pub async fn add_passkey(
        &self,
        session: &StaffSession,
        ticket: &str,
        answer: &str,
    ) -> Result<bool, Unavailable> {
        let (now, Some(ticket)) = (self.now(), Opaque::parse_as(TokenKind::StaffPending, ticket)) else {
            return Ok(false);
        };
        let found = read(self.parts.ledger.reader().ticket(TicketKind::StaffPending, ticket.key(), now))?;
        let body = found.and_then(|ticket| serde_json::from_slice::<Body>(&ticket.body).ok());
        let Some(Body { staff, step: Step::Adding { name, generation }, asked: Some(asked) }) = body else {
            return Ok(false);
        };
        let theirs = staff.as_deref() == Some(session.staff.as_str()) && generation == session.generation;
        let Some(passkeys) = self.parts.passkeys.as_ref().filter(|_| theirs) else { return Ok(false) };
        if !self.take_pending(&ticket, now).await? {
            return Ok(false);
        }
        let Ok(Passkey { id, key, state }) = passkeys.created(&asked.state, answer) else { return Ok(false) };
        let staff = session.staff.clone();
        let row = PasskeyRow { staff: staff.clone(), generation, id, key, state, name, added_at: now };
        let added = self.write_staff(StaffWrite::AddPasskey(row)).await? == Written::Done;
        if added {
            tracing::info!(staff = staff.as_str(), "a passkey was added");
        }
        Ok(added)
    }

    /// What a passkey answered as the second factor. What was asked is used up by this, whatever comes of it; whoever
    /// is refused is asked something else, until the time for the second factor is over.
    pub async fn second_factor_by_passkey(
        &self,
        cookie: &str,
        answer: &str,
    ) -> Result<SecondFactor, Unavailable> {
        let Some((cookie, body, until)) = self.pending(cookie)? else { return Ok(SecondFactor::Gone) };
        let (Step::Asking, Some(asked)) = (&body.step, &body.asked) else { return Ok(SecondFactor::Gone) };
        let now = self.now();
        if !self.take_pending(&cookie, now).await? {
            return Ok(SecondFactor::Gone);
        }
        if let Some(staff) = self.appointed(body.staff.as_deref())
            && let Some(generation) = self.answered(&staff, asked, answer, now).await?
        {
            return Ok(SecondFactor::Session(self.begin_staff_session(&staff, generation).await?));
        }
        let body = Body { staff: body.staff, step: Step::Asking, asked: self.ask_for_passkey()? };
        Ok(SecondFactor::Again(self.put_pending(body, self.random()?, until).await?))
    }

    /// What whoever arrives is asked, if there are passkeys at all.
    pub(super) fn ask_for_passkey(&self) -> Result<Option<PasskeyAsked>, Unavailable> {
        let asked = self.parts.passkeys.as_ref().map(|passkeys| passkeys.ask()).transpose();
        asked.map_err(|PasskeyRefused| {
            tracing::error!("could not ask for a passkey");
            Unavailable::again_after(5)
        })
    }

    /// The appointment whose passkey answered.
    async fn answered(
        &self,
        staff: &StaffId,
        asked: &PasskeyAsked,
        answer: &str,
        now: Timestamp,
    ) -> Result<Option<[u8; 16]>, Unavailable> {
        let attempt = StaffWrite::Attempt { staff: staff.clone(), now };
        if self.write_staff(attempt).await? != Written::Done {
            return Ok(None);
        }
        let row = read(self.parts.ledger.reader().staff(staff))?;
        let (Some(row), Some(passkeys)) = (row, &self.parts.passkeys) else { return Ok(None) };
        let known: Vec<Passkey> = self.passkeys_of(staff, &row.generation)?.into_iter().map(kept).collect();
        let Ok(used) = passkeys.answered(&asked.state, answer, &row.generation, &known) else {
            return Ok(None);
        };
        let Some(before) = known.into_iter().find(|passkey| passkey.id == used.id) else { return Ok(None) };
        let (staff, generation) = (staff.clone(), row.generation);
        let (id, before, after) = (used.id, before.state, used.state);
        let used = StaffWrite::UsePasskey { staff, generation, id, before, after };
        Ok((self.write_staff(used).await? == Written::Done).then_some(generation))
    }

    fn passkeys_of(&self, staff: &StaffId, generation: &[u8; 16]) -> Result<Vec<PasskeyRow>, Unavailable> {
        let mut rows = read(self.parts.ledger.reader().passkeys(staff))?;
        rows.retain(|row| row.generation == *generation);
        Ok(rows)
    }
}

fn kept(row: PasskeyRow) -> Passkey {
    Passkey { id: row.id, key: row.key, state: row.state }
}
