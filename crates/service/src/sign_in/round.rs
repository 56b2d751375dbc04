//! To the identity provider and back.
//!
//! What is to be known of a trip when it ends travels with the browser, in a cookie, stamped by the vault: so nobody who
//! only begins trips makes us keep anything. The stamp covers two secrets as well, the browser's cookie and the `state`
//! that goes through the provider; a `state` is worth nothing in another browser, and several tabs of one browser do not
//! disturb each other. Whatever else must be unguessable is derived from the same two. Only the end of a trip is kept, so
//! that it counts once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use yinuo_domain::{AppId, Digest, Timestamp};
use yinuo_ledger::{Ticket, TicketKind, Write, Written};
use yinuo_oauth::{Opaque, TokenKind};

use super::statement::{ForConsent, Statement, nonce};
use super::{Arrival, IdentityProvider, ProviderAnswer, Round, SignIn, SignInError, SignInFailed, SignInFor};
use crate::Gateway;
use crate::gateway::read;

/// How long a browser may stay at the provider: ten minutes.
pub const SIGN_IN_MS: u64 = 10 * 60_000;
/// In which context trips are stamped.
const TRIP: &str = "yinuo/sign-in-trip/v1";

/// A sign-in that is to begin.
#[derive(Clone, Copy)]
pub struct SigningIn<'a> {
    /// For whom.
    pub for_whom: SignInFor,
    /// Where to go afterwards. The caller made sure that it is a page of ours.
    pub then: Option<&'a str>,
    /// The consent page it leads to: the client and the request URI.
    pub consent: Option<(&'a AppId, &'a str)>,
    /// Whether the person must prove who they are although the provider knows them.
    pub anew: bool,
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
    /// And this, as another: it holds nothing that the browser did not say, and only we can have made it.
    pub trip: String,
}

/// What a browser brings back besides the provider's answer: the texts of its two cookies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Travelled<'a> {
    /// [`Begun::browser`].
    pub browser: Option<&'a str>,
    /// The [`Begun::trip`]s it has, of which one may be this.
    pub trips: &'a [&'a str],
}

/// What must be known of a trip when it ends.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Trip {
    for_whom: SignInFor,
    then: Option<String>,
    /// The consent page it leads to, and what that would show.
    consent: Option<ForConsent>,
    /// Trips that an earlier version began do not say it.
    #[serde(default)]
    anew: bool,
    begun_at: u64,
}

impl Trip {
    fn shown(&self) -> Option<Digest> {
        self.consent.as_ref().and_then(ForConsent::shown)
    }

    fn lasts(&self, now: Timestamp) -> bool {
        let begun = Timestamp(self.begun_at);
        begun <= now && now.since_ms(begun) < SIGN_IN_MS
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
        let consent = match asked.consent {
            Some((client, request_uri)) => self.for_consent(client, request_uri)?,
            None => None,
        };
        let then = asked.then.map(str::to_owned);
        let (for_whom, anew, begun_at) = (asked.for_whom, asked.anew, self.now().0);
        let trip = Trip { for_whom, then, consent, anew, begun_at };
        let round = self.round(provider, &browser, state, &trip);
        let to = provider.authorization(&round).await?;
        let trip = self.stamped(&browser, &round.state, &trip).ok_or(SignInError::Gone)?;
        Ok(Begun { to, browser, trip })
    }

    /// Ends a trip: once, in the browser that began it.
    pub async fn finish_sign_in(
        &self,
        travelled: Travelled<'_>,
        answer: &ProviderAnswer,
    ) -> Result<Arrival, SignInFailed> {
        let unknown = |why| SignInFailed { why, for_whom: SignInFor::Person, then: None };
        let provider = self.provider().map_err(unknown)?;
        let browser = travelled.browser.and_then(|text| Opaque::parse_as(TokenKind::SignIn, text));
        let (Some(browser), Some(state)) = (browser, answer.state.clone()) else {
            return Err(unknown(SignInError::Gone));
        };
        let mut trips = travelled.trips.iter().filter_map(|text| self.unstamped(&browser, &state, text));
        let trip = trips.find(|trip| trip.lasts(self.now())).ok_or_else(|| unknown(SignInError::Gone))?;
        let failed =
            |why: SignInError| SignInFailed { why, for_whom: trip.for_whom, then: trip.then.clone() };
        // Whoever has been back here needs no second answer of the provider's to be refused.
        let key = self.trip_key(&browser, &state);
        let ended = read(self.parts.ledger.reader().ticket(TicketKind::SignIn, key, self.now()));
        if ended.map_err(|error| failed(error.into()))?.is_some() {
            return Err(unknown(SignInError::Gone));
        }
        let salt = self.salt_of(&browser, &state);
        let round = self.round(provider, &browser, state, &trip);
        let vouched = provider.redeem(&round, answer).await.map_err(|error| failed(error.into()))?;
        // Nobody is let in before the end of the trip is kept: of two that come back at once, one is.
        self.end_trip(key).await.map_err(|error| match error {
            SignInError::Gone => unknown(SignInError::Gone),
            passing => failed(passing),
        })?;
        let person = vouched.person.clone();
        let statement = Some(Statement::new(vouched, &salt, trip.consent.clone()));
        Ok(Arrival { for_whom: trip.for_whom, person, then: trip.then, statement })
    }

    pub(crate) fn provider(&self) -> Result<&dyn IdentityProvider, SignInError> {
        match &self.parts.sign_in {
            SignIn::Provider(provider) => Ok(provider.as_ref()),
            SignIn::Directory(_) | SignIn::Nobody => Err(SignInError::Gone),
        }
    }

    async fn end_trip(&self, key: [u8; 32]) -> Result<(), SignInError> {
        let now = self.now();
        let ended = Ticket {
            kind: TicketKind::SignIn,
            key,
            family: self.random()?,
            subject: None,
            app: None,
            body: Vec::new(),
            issued_at: now,
            expires_at: now.after_ms(SIGN_IN_MS),
        };
        match self.write(vec![Write::PutTicket(ended)]).await?.as_slice() {
            [Written::Done] => Ok(()),
            _ => Err(SignInError::Gone),
        }
    }

    /// `base64url(trip) "." base64url(stamp)`.
    fn stamped(&self, browser: &Opaque, state: &str, trip: &Trip) -> Option<String> {
        let trip = serde_json::to_vec(trip).ok()?;
        let stamp = self.parts.vault.stamp(TRIP, &stamped_bytes(browser, state, &trip));
        Some([URL_SAFE_NO_PAD.encode(trip), URL_SAFE_NO_PAD.encode(stamp)].join("."))
    }

    /// The trip in a text that was stamped here for this browser and state; none in any other.
    fn unstamped(&self, browser: &Opaque, state: &str, text: &str) -> Option<Trip> {
        let (trip, stamp) = text.split_once('.')?;
        let trip = URL_SAFE_NO_PAD.decode(trip).ok()?;
        let stamp = URL_SAFE_NO_PAD.decode(stamp).ok()?.try_into().ok()?;
        let ours = self.parts.vault.is_stamped(TRIP, &stamped_bytes(browser, state, &trip), &stamp);
        ours.then(|| serde_json::from_slice(&trip).ok()).flatten()
    }

    fn trip_key(&self, browser: &Opaque, state: &str) -> [u8; 32] {
        self.derived(browser, state, "yinuo/sign-in")
    }

    fn round(&self, provider: &dyn IdentityProvider, browser: &Opaque, state: String, trip: &Trip) -> Round {
        // RFC 7636 §4.1: 43 characters of base64url are a verifier.
        let verifier = URL_SAFE_NO_PAD.encode(self.derived(browser, &state, "yinuo/sign-in-verifier"));
        let nonce = nonce(&self.parts.vault, &self.salt_of(browser, &state), trip.shown().as_ref());
        let anew = trip.anew || trip.consent.is_some() && provider.proves_each_consent();
        Round { state, nonce, verifier, begun_at: Timestamp(trip.begun_at), anew }
    }

    fn salt_of(&self, browser: &Opaque, state: &str) -> [u8; 32] {
        self.derived(browser, state, "yinuo/sign-in-salt")
    }

    fn derived(&self, browser: &Opaque, state: &str, context: &str) -> [u8; 32] {
        self.parts.vault.commitment(&browser.key(), context, state.as_bytes()).0
    }
}

/// What a stamp covers. The key is of one length and the state is measured, so that nothing can be cut elsewhere.
fn stamped_bytes(browser: &Opaque, state: &str, trip: &[u8]) -> Vec<u8> {
    let len = u64::try_from(state.len()).unwrap_or(u64::MAX).to_be_bytes();
    [browser.key().as_slice(), &len, state.as_bytes(), trip].concat()
}
