//! The second factor: between an arrival and a session.
//!
//! Whoever arrives gets the same page, asks the same question and gets the same refusal, appointed or not: so nobody
//! learns here who is on the staff. An attempt is counted before it is looked at, and a time step is used up by one
//! conditional write before anything follows from it.

use std::fmt;

use serde::{Deserialize, Serialize};
use yinuo_domain::{StaffId, Timestamp};
use yinuo_ledger::{StaffRow, StaffWrite, Ticket, TicketKind, Write, Written};
use yinuo_oauth::{Opaque, TokenKind};

use super::passkey::PasskeyAsked;
use super::session::STAFF_PENDING_MS;
use super::{EnrolmentCode, StaffSession, Totp};
use crate::gateway::read;
use crate::sign_in::{Arrival, SignInError, SignInFor};
use crate::{Gateway, Unavailable};

/// A browser between the two factors.
#[derive(Debug)]
pub struct StaffPending {
    /// What its forms must carry.
    pub csrf: String,
    /// What to set up first, after the enrolment code was accepted.
    pub setup: Option<TotpSetup>,
    /// What to ask of a passkey, as JSON, if it is to be asked of one.
    pub passkey: Option<String>,
}

/// What an app on a telephone needs to make one-time passwords.
pub struct TotpSetup {
    /// To be typed.
    pub secret: String,
    /// To be scanned (the `otpauth` scheme that such apps read).
    pub uri: String,
}

impl fmt::Debug for TotpSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSetup[secret]")
    }
}

/// What became of a second factor.
#[derive(Debug)]
pub enum SecondFactor {
    /// The first factor is too long ago, or used.
    Gone,
    /// Not accepted: wrong, used before, or too many wrong ones before it. It is not said which.
    Wrong,
    /// The enrolment code was right: set a second factor up, with this cookie.
    SetUp(Opaque),
    /// Not accepted, and what was asked is used up: whoever tries again gets this cookie.
    Again(Opaque),
    /// Signed in, with this cookie.
    Session(Opaque),
}

/// What is kept between the factors; nobody's when whoever arrived is not on the staff.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) staff: Option<String>,
    pub(super) step: Step,
    /// What was asked of a passkey.
    pub(super) asked: Option<PasskeyAsked>,
}

/// What a browser waits for.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Step {
    /// The second factor.
    Asking,
    /// To set one-time passwords up.
    SettingUp,
    /// To add a passkey, in a session.
    Adding { name: String, generation: [u8; 16] },
}

impl Gateway {
    /// Whoever the first factor vouched for waits for the second.
    pub async fn staff_arrived(&self, arrival: &Arrival) -> Result<Opaque, SignInError> {
        if arrival.for_whom != SignInFor::Staff {
            return Err(SignInError::Gone);
        }
        let index = self.parts.vault.staff_index(&arrival.person);
        let row = read(self.parts.ledger.reader().staff_of(index))?;
        let staff = row.map(|row| row.staff.as_str().to_owned());
        let body = Body { staff, step: Step::Asking, asked: self.ask_for_passkey()? };
        Ok(self.put_pending(body, self.random()?, self.now().after_ms(STAFF_PENDING_MS)).await?)
    }

    /// The browser behind a cookie, while it waits.
    pub fn staff_pending(&self, cookie: &str) -> Result<Option<StaffPending>, Unavailable> {
        let Some((cookie, body, _)) = self.pending(cookie)? else { return Ok(None) };
        let csrf = self.parts.vault.commitment(&cookie.key(), "yinuo/staff/csrf", cookie.as_str().as_bytes());
        let setting_up = matches!(body.step, Step::SettingUp);
        let setup = body.staff.filter(|_| setting_up).map(|staff| self.setup(&cookie, &staff));
        let passkey = body.asked.map(|asked| asked.options);
        Ok(Some(StaffPending { csrf: csrf.to_string(), setup, passkey }))
    }

    /// What was typed as the second factor: a one-time password or, by whoever has none yet, the enrolment code.
    pub async fn second_factor(&self, cookie: &str, typed: &str) -> Result<SecondFactor, Unavailable> {
        let Some((cookie, body, _)) = self.pending(cookie)? else { return Ok(SecondFactor::Gone) };
        let Some(staff) = self.appointed(body.staff.as_deref()) else { return Ok(SecondFactor::Wrong) };
        let now = self.now();
        let attempt = StaffWrite::Attempt { staff: staff.clone(), now };
        if self.write_staff(attempt).await? != Written::Done {
            return Ok(SecondFactor::Wrong);
        }
        let Some(row) = read(self.parts.ledger.reader().staff(&staff))? else {
            return Ok(SecondFactor::Wrong);
        };
        let typed = typed.trim();
        let accepted = match (&row.totp, &body.step) {
            (Some(sealed), _) => self.use_password(&row, sealed, typed, now).await?,
            (None, Step::SettingUp) => self.set_up(&cookie, &row, typed, now).await?,
            (None, Step::Asking | Step::Adding { .. }) => {
                return self.use_code(&cookie, &row, typed, now).await;
            }
        };
        if !accepted {
            return Ok(SecondFactor::Wrong);
        }
        match self.take_pending(&cookie, now).await? {
            true => Ok(SecondFactor::Session(self.begin_staff_session(&staff, row.generation).await?)),
            false => Ok(SecondFactor::Gone),
        }
    }

    /// A one-time password of whoever is signed in already, before something that outlasts the session.
    pub(super) async fn password_again(
        &self,
        session: &StaffSession,
        typed: &str,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let attempt = StaffWrite::Attempt { staff: session.staff.clone(), now };
        if self.write_staff(attempt).await? != Written::Done {
            return Ok(false);
        }
        let row = read(self.parts.ledger.reader().staff(&session.staff))?;
        let Some(row) = row.filter(|row| row.generation == session.generation) else { return Ok(false) };
        match &row.totp {
            Some(sealed) => self.use_password(&row, sealed, typed.trim(), now).await,
            None => Ok(false),
        }
    }

    /// The member of staff of this name, while they are one.
    pub(super) fn appointed(&self, staff: Option<&str>) -> Option<StaffId> {
        let staff = staff.and_then(|staff| StaffId::parse(staff).ok());
        staff.filter(|staff| self.platform().staff.contains_key(staff))
    }

    /// A one-time password, once.
    async fn use_password(
        &self,
        row: &StaffRow,
        sealed: &[u8],
        typed: &str,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let secret = self.parts.vault.open_totp(&row.staff, &row.generation, sealed).map_err(|error| {
            tracing::error!(%error, "could not open a secret of one-time passwords");
            Unavailable::again_after(30)
        })?;
        let Ok(secret) = <[u8; 20]>::try_from(secret.expose()) else { return Ok(false) };
        let Some(step) = Totp::of(secret).step(typed, now) else { return Ok(false) };
        let (staff, generation) = (row.staff.clone(), row.generation);
        Ok(self.write_staff(StaffWrite::Step { staff, generation, step }).await? == Written::Done)
    }

    /// The first password of a new secret: only then is it kept.
    async fn set_up(
        &self,
        cookie: &Opaque,
        row: &StaffRow,
        typed: &str,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let secret = self.new_secret(cookie);
        let Some(step) = Totp::of(secret).step(typed, now) else { return Ok(false) };
        let random = self.parts.random.as_ref();
        let sealed = self.parts.vault.seal_totp(&row.staff, &row.generation, &secret, random);
        let totp = sealed.map_err(|error| {
            tracing::error!(%error, "could not seal a secret of one-time passwords");
            Unavailable::again_after(30)
        })?;
        let (staff, generation) = (row.staff.clone(), row.generation);
        let enrol = StaffWrite::Enrol { staff, generation, totp, step, now };
        Ok(self.write_staff(enrol).await? == Written::Done)
    }

    /// The enrolment code. It stays good until something was set up with it.
    async fn use_code(
        &self,
        cookie: &Opaque,
        row: &StaffRow,
        typed: &str,
        now: Timestamp,
    ) -> Result<SecondFactor, Unavailable> {
        let right = match (EnrolmentCode::parse(typed), row.code) {
            (Some(code), Some((expected, until))) => {
                now < until && self.code_key(&row.generation, &code) == expected
            }
            _ => false,
        };
        if !right {
            return Ok(SecondFactor::Wrong);
        }
        if !self.take_pending(cookie, now).await? {
            return Ok(SecondFactor::Gone);
        }
        let staff = Some(row.staff.as_str().to_owned());
        let (body, until) =
            (Body { staff, step: Step::SettingUp, asked: None }, now.after_ms(STAFF_PENDING_MS));
        Ok(SecondFactor::SetUp(self.put_pending(body, self.random()?, until).await?))
    }

    fn setup(&self, cookie: &Opaque, staff: &str) -> TotpSetup {
        let secret = totp_rs::Secret::new_stack(self.new_secret(cookie)).to_base32();
        let secret = secret.trim_end_matches('=').to_owned();
        let host = self.issuer().split_once("://").map_or(self.issuer(), |(_, host)| host);
        // A colon divides the label of such an address, so the port is left out of it.
        let host = host.split(':').next().unwrap_or(host);
        let uri = format!("otpauth://totp/Yinuo%20{host}:{staff}?secret={secret}&issuer=Yinuo%20{host}");
        TotpSetup { secret, uri }
    }

    /// Comes from the cookie's text, which the store does not have: so it is the same while the page is looked at, and
    /// kept nowhere until it is known to work.
    fn new_secret(&self, cookie: &Opaque) -> [u8; 20] {
        let derived =
            self.parts.vault.commitment(&cookie.key(), "yinuo/staff/totp", cookie.as_str().as_bytes());
        let mut secret = [0; 20];
        secret.iter_mut().zip(derived.0).for_each(|(out, byte)| *out = byte);
        secret
    }

    /// Who waits between the factors with this cookie, and until when.
    pub(super) fn pending(&self, cookie: &str) -> Result<Option<(Opaque, Body, Timestamp)>, Unavailable> {
        let Some(cookie) = Opaque::parse_as(TokenKind::StaffPending, cookie) else { return Ok(None) };
        let found =
            read(self.parts.ledger.reader().ticket(TicketKind::StaffPending, cookie.key(), self.now()))?;
        let Some(ticket) = found else { return Ok(None) };
        let body = serde_json::from_slice::<Body>(&ticket.body).ok();
        // Whoever adds a passkey is not between the factors.
        let body = body.filter(|body| !matches!(body.step, Step::Adding { .. }));
        Ok(body.map(|body| (cookie, body, ticket.expires_at)))
    }

    pub(super) async fn put_pending(
        &self,
        body: Body,
        family: [u8; 16],
        until: Timestamp,
    ) -> Result<Opaque, Unavailable> {
        let cookie = Opaque::new(TokenKind::StaffPending, self.random()?);
        let now = self.now();
        let ticket = Ticket {
            kind: TicketKind::StaffPending,
            key: cookie.key(),
            family,
            subject: None,
            app: None,
            body: serde_json::to_vec(&body).map_err(|_| Unavailable::again_after(5))?,
            issued_at: now,
            expires_at: until,
        };
        self.write(vec![Write::PutTicket(ticket)]).await?;
        Ok(cookie)
    }

    pub(super) async fn take_pending(&self, cookie: &Opaque, now: Timestamp) -> Result<bool, Unavailable> {
        let take = Write::TakeTicket { kind: TicketKind::StaffPending, key: cookie.key(), now };
        Ok(matches!(self.write(vec![take]).await?.as_slice(), [Written::Taken(_)]))
    }

    pub(super) async fn write_staff(&self, write: StaffWrite) -> Result<Written, Unavailable> {
        Ok(self.write(vec![Write::Staff(write)]).await?.pop().unwrap_or(Written::Missing))
    }
}
