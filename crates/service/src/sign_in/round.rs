//! To the identity provider and back.
//!
//! A trip is kept as a ticket whose key comes from two secrets: the browser's cookie and the `state` that travels
//! through the provider. Neither alone finds it, so a `state` is worth nothing in another browser, and several tabs of
//! one browser do not disturb each other. Whatever else must be unguessable is derived from the same two, so that the
//! store holds nothing that could finish somebody's sign-in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use yinuo_domain::{AppId, Digest};
use yinuo_ledger::{Ticket, TicketKind, Write, Written};
use yinuo_oauth::{Opaque, TokenKind};

use super::statement::{Statement, nonce};
use super::{Arrival, IdentityProvider, ProviderAnswer, Round, SignIn, SignInError, SignInFailed, SignInFor};
use crate::Gateway;

/// How long a browser may stay at the provider: ten minutes.
pub const SIGN_IN_MS: u64 = 10 * 60_000;

/// A sign-in that is to begin.
#[derive(Clone, Copy)]
pub struct SigningIn<'a> {
    /// For whom.
    pub for_whom: SignInFor,
    /// Where to go afterwards. The caller made sure that it is a page of ours.
    pub then: Option<&'a str>,
    /// The consent page it leads to: the client and the request URI.
    pub consent: Option<(&'a AppId, &'a str)>,
    /// The cookie an earlier sign-in of this browser left, if it did.
    pub browser: Option<&'a str>,
}

/// A sign-in has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where to send the browser.
    pub to: String,
    /// What the browser must bring back, as a cookie.
    pub browser: Opaque,
}

/// What is kept of a trip.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Trip {
    for_whom: SignInFor,
    then: Option<String>,
    /// What the consent page it leads to would show.
    shown: Option<String>,
}

impl Trip {
    fn shown(&self) -> Option<Digest> {
        self.shown.as_deref().and_then(|text| Digest::parse(text).ok())
    }
}

impl Gateway {
    /// Begins a trip to the identity provider. Where there is none, there is nothing to begin.
    pub async fn begin_sign_in(&self, asked: SigningIn<'_>) -> Result<Begun, SignInError> {
        let provider = self.provider()?;
        let browser = match asked.browser.and_then(|text| Opaque::parse_as(TokenKind::SignIn, text)) {
            Some(browser) => browser,
            None => Opaque::new(TokenKind::SignIn, self.random()?),
        };
        let state = URL_SAFE_NO_PAD.encode(self.random::<32>()?);
        let shown = match asked.consent {
            Some((client, request_uri)) => self.shown_of(client, request_uri)?,
            None => None,
        };
        let round = self.round(provider, &browser, state, shown.as_ref());
        let trip = Trip {
            for_whom: asked.for_whom,
            then: asked.then.map(str::to_owned),
            shown: shown.map(|shown| shown.to_string()),
        };
        // The provider first: when it cannot be reached, nothing needs to be kept.
        let to = provider.authorization(&round).await?;
        let now = self.now();
        let ticket = Ticket {
            kind: TicketKind::SignIn,
            key: self.trip_key(&browser, &round.state),
            family: self.random()?,
            subject: None,
            app: None,
            body: serde_json::to_vec(&trip).map_err(|_| SignInError::Gone)?,
            issued_at: now,
            expires_at: now.after_ms(SIGN_IN_MS),
        };
        self.write(vec![Write::PutTicket(ticket)]).await?;
        Ok(Begun { to, browser })
    }

    /// Ends a trip: once, in the browser that began it.
    pub async fn finish_sign_in(
        &self,
        browser: Option<&str>,
        answer: &ProviderAnswer,
    ) -> Result<Arrival, SignInFailed> {
        let unknown = |why| SignInFailed { why, for_whom: SignInFor::Person, then: None };
        let provider = self.provider().map_err(unknown)?;
        let browser = browser.and_then(|text| Opaque::parse_as(TokenKind::SignIn, text));
        let (Some(browser), Some(state)) = (browser, answer.state.clone()) else {
            return Err(unknown(SignInError::Gone));
        };
        let trip = self.take_trip(&browser, &state).await.map_err(unknown)?;
        let failed =
            |why: SignInError| SignInFailed { why, for_whom: trip.for_whom, then: trip.then.clone() };
        let shown = trip.shown();
        let salt = self.salt_of(&browser, &state);
        let round = self.round(provider, &browser, state, shown.as_ref());
        let vouched = provider.redeem(&round, answer).await.map_err(|error| failed(error.into()))?;
        let person = vouched.person.clone();
        let statement = Some(Statement::new(vouched, &salt, shown.as_ref()));
        Ok(Arrival { for_whom: trip.for_whom, person, then: trip.then, statement })
    }

    pub(super) fn provider(&self) -> Result<&dyn IdentityProvider, SignInError> {
        match &self.parts.sign_in {
            SignIn::Provider(provider) => Ok(provider.as_ref()),
            SignIn::Directory(_) | SignIn::Nobody => Err(SignInError::Gone),
        }
    }

    async fn take_trip(&self, browser: &Opaque, state: &str) -> Result<Trip, SignInError> {
        let key = self.trip_key(browser, state);
        let take = Write::TakeTicket { kind: TicketKind::SignIn, key, now: self.now() };
        match self.write(vec![take]).await?.as_slice() {
            [Written::Taken(ticket)] => serde_json::from_slice(&ticket.body).map_err(|_| SignInError::Gone),
            _ => Err(SignInError::Gone),
        }
    }

    fn trip_key(&self, browser: &Opaque, state: &str) -> [u8; 32] {
        self.derived(browser, state, "yinuo/sign-in")
    }

    fn round(
        &self,
        provider: &dyn IdentityProvider,
        browser: &Opaque,
        state: String,
        shown: Option<&Digest>,
    ) -> Round {
        // RFC 7636 §4.1: 43 characters of base64url are a verifier.
        let verifier = URL_SAFE_NO_PAD.encode(self.derived(browser, &state, "yinuo/sign-in-verifier"));
        let nonce = nonce(&self.parts.vault, &self.salt_of(browser, &state), shown);
        Round { state, nonce, verifier, anew: shown.is_some() && provider.proves_each_consent() }
    }

    fn salt_of(&self, browser: &Opaque, state: &str) -> [u8; 32] {
        self.derived(browser, state, "yinuo/sign-in-salt")
    }

    fn derived(&self, browser: &Opaque, state: &str, context: &str) -> [u8; 32] {
        self.parts.vault.commitment(&browser.key(), context, state.as_bytes()).0
    }
}
