//! What is asked of an identity provider, without a word of the protocol with it.

use std::fmt;
use std::pin::Pin;

use yinuo_domain::{PersonId, Timestamp};

/// A future that needs no runtime of ours: whoever implements the trait brings its own.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The platform's identity provider.
pub trait IdentityProvider: Send + Sync {
    /// Where to send the browser for this round.
    fn authorization<'a>(&'a self, round: &'a Round) -> Pending<'a, Result<String, ProviderError>>;

    /// Turns what the browser brought back into who it is. The answer's `state` was checked by the caller.
    fn redeem<'a>(
        &'a self,
        round: &'a Round,
        answer: &'a ProviderAnswer,
    ) -> Pending<'a, Result<Vouched, ProviderError>>;

    /// How to end the session there as well, once ours has ended. None when it cannot be done, or not now.
    fn farewell<'a>(&'a self, token: &'a str) -> Pending<'a, Option<Farewell>>;

    /// Reads the provider's word that a session has ended there.
    fn ended<'a>(&'a self, token: &'a str) -> Pending<'a, Result<Ended, ProviderError>>;

    /// Whether people are to prove who they are for each consent anew, although they are signed in.
    fn proves_each_consent(&self) -> bool;
}

/// One trip of a browser to the provider and back. Each of the three is unguessable and of this trip alone.
#[derive(Clone)]
pub struct Round {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back within the provider's signed statement.
    pub nonce: String,
    /// Shows that whoever redeems is whoever sent the browser (RFC 7636).
    pub verifier: String,
    /// When the browser was sent there.
    pub begun_at: Timestamp,
    /// Whether the person must prove who they are during this trip, although the provider knows them.
    pub anew: bool,
}

/// What a browser brings back (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Clone, Default)]
pub struct ProviderAnswer {
    /// Which round this answers.
    pub state: Option<String>,
    /// What to redeem.
    pub code: Option<String>,
    /// Or why there is nothing to redeem.
    pub error: Option<String>,
    /// Who answers.
    pub iss: Option<String>,
}

/// Who it is, as the provider signed it.
pub struct Vouched {
    /// The platform's identifier of the person.
    pub person: PersonId,
    /// The statement as it was signed, with the round's nonce in it.
    pub token: String,
    /// The public key it was signed with, as the provider publishes it (RFC 7517).
    pub key: String,
}

/// A form that ends the session at the provider. It goes from the browser, so that nothing of it stands in an address.
#[derive(Clone)]
pub struct Farewell {
    /// Where it goes.
    pub address: String,
    /// What it holds: names and values.
    pub fields: Vec<(&'static str, String)>,
}

/// The provider says that a session has ended there.
pub struct Ended {
    /// Whose.
    pub person: PersonId,
    /// What the statement is called. It counts once.
    pub id: String,
}

/// Why the provider vouched for nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached, or cannot work.
    #[error("the identity provider cannot be reached")]
    Down {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// The person did not sign in there.
    #[error("the person did not sign in")]
    Declined,
    /// What it said is not to be believed; the word says which check failed and holds nothing of a person.
    #[error("the identity provider's answer was not accepted: {0}")]
    NotBelieved(&'static str),
}

impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Round[secret]")
    }
}

impl fmt::Debug for ProviderAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderAnswer").field("error", &self.error.is_some()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Farewell").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ended[secret]")
    }
}

impl fmt::Debug for Vouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vouched[secret]")
    }
}
