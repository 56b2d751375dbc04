//! Who is there: the two ways to sign in, and what both of them lead to.
//!
//! Either a browser is sent to the platform's identity provider and comes back ([`round`](self)), or, in the
//! demonstration, somebody is chosen from a directory. Both end in an [`Arrival`], and only an arrival of a person
//! becomes a session ([`session`](self)); staff need a second factor first.
//!
//! Not here: the protocol with the provider (`server`, behind [`IdentityProvider`]), cookies and pages (`web`).

mod provider;
mod round;
mod session;
mod statement;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yinuo_domain::PersonId;

use crate::{Gateway, Offered, Unavailable};

pub use provider::{
    Ended, Farewell, IdentityProvider, Pending, ProviderAnswer, ProviderError, Round, Vouched,
};
pub use round::{Begun, SIGN_IN_MS, SigningIn, Travelled};
pub use session::SESSION_MS;
pub(crate) use statement::{ForConsent, SealedStatement, Statement};

/// Who vouches for people.
pub enum SignIn {
    /// The platform's own identity provider: the browser goes there and comes back.
    Provider(Arc<dyn IdentityProvider>),
    /// A directory to which nobody proves anything. Only the demonstration has one.
    Directory(Arc<dyn Directory>),
    /// Nobody signs in: opened by an operator's command, or served without an identity provider.
    Nobody,
}

/// People to take the place of.
pub trait Directory: Send + Sync {
    /// Whom the sign-in page offers.
    fn offered(&self) -> Vec<Offered>;

    /// The person behind a choice, or behind what was typed, if it can be one.
    fn person(&self, choice: &str) -> Option<PersonId>;
}

/// For whom a browser signs in: it decides what an arrival may become, and where it may lead.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignInFor {
    /// A person, to their own pages.
    Person,
    /// Staff, to the console. The provider is their first factor and gives no session.
    Staff,
}

/// What the sign-in page has to show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignInWay {
    /// Nothing: the browser goes to the identity provider.
    Provider,
    /// These, to choose from.
    Directory(Vec<Offered>),
    /// That nobody can sign in.
    Nobody,
}

/// Somebody vouched for whoever uses this browser.
#[derive(Debug)]
pub struct Arrival {
    /// For whom the sign-in was begun.
    pub for_whom: SignInFor,
    /// The platform's identifier of whoever it is.
    pub person: PersonId,
    /// Where the browser wanted to go, as it was said at the beginning.
    pub then: Option<String>,
    /// What the identity provider signed, if one did.
    pub(crate) statement: Option<Statement>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// This sign-in is unknown here: over, used, or begun by another browser. It can be begun again.
    #[error("this sign-in is over, used, or of another browser")]
    Gone,
    /// The provider says that the person did not sign in.
    #[error("the person did not sign in")]
    Declined,
    /// What the provider said cannot be believed. It was logged.
    #[error("the identity provider's answer was not accepted")]
    NotBelieved,
    /// The provider cannot be reached.
    #[error("the identity provider cannot be reached")]
    ProviderDown {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// Nobody here by that identifier: never enrolled, or deleted; it is not said which.
    #[error("there is no account for this person")]
    NotEnrolled,
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A sign-in that failed on its way back, and where it would have led.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct SignInFailed {
    /// Why.
    pub why: SignInError,
    /// For whom it was begun, if that is known.
    pub for_whom: SignInFor,
    /// Where the browser wanted to go, so that it can try again and lose nothing.
    pub then: Option<String>,
}

impl From<ProviderError> for SignInError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Down { retry_after_s } => Self::ProviderDown { retry_after_s },
            ProviderError::Declined => Self::Declined,
            ProviderError::NotBelieved(why) => {
                tracing::warn!(why, "an answer of the identity provider was not accepted");
                Self::NotBelieved
            }
        }
    }
}

impl Gateway {
    /// What the sign-in page has to show.
    pub fn sign_in_way(&self) -> SignInWay {
        match &self.parts.sign_in {
            SignIn::Provider(_) => SignInWay::Provider,
            SignIn::Directory(directory) => SignInWay::Directory(directory.offered()),
            SignIn::Nobody => SignInWay::Nobody,
        }
    }

    /// Whoever was chosen from the directory; there is nobody to choose where a provider vouches for people.
    pub fn choose(
        &self,
        for_whom: SignInFor,
        choice: &str,
        then: Option<&str>,
    ) -> Result<Arrival, SignInError> {
        let person = match &self.parts.sign_in {
            SignIn::Provider(_) | SignIn::Nobody => None,
            SignIn::Directory(directory) => directory.person(choice),
        };
        let person = person.ok_or(SignInError::NotEnrolled)?;
        Ok(Arrival { for_whom, person, then: then.map(str::to_owned), statement: None })
    }
}
