//! What may go wrong between an ask and its answer. `web` picks the status and the words.

use yinuo_domain::{DisclosureId, Frequency, Reason, Refusal};
use yinuo_oauth::OAuthError;

/// Nothing can be recorded at the moment, so nothing is released or changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the ledger cannot record anything at the moment")]
pub struct Unavailable {
    /// When to try again, in seconds.
    pub retry_after_s: u32,
    /// What is in the way, as far as a caller may do something about it.
    pub why: UnavailableWhy,
}

/// What is in the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnavailableWhy {
    /// Something that passes, or that only the log of the process tells.
    Passing,
    /// The clock has jumped: an operator must accept it. Withdrawals and deletions go on.
    Clock,
}

impl Unavailable {
    /// Something that may have passed after so many seconds.
    pub fn again_after(retry_after_s: u32) -> Self {
        Self { retry_after_s, why: UnavailableWhy::Passing }
    }
}

/// Why a disclosure was not answered.
#[derive(Debug, thiserror::Error)]
pub enum DiscloseError {
    /// The request itself is wrong: which member, and why.
    #[error("{member}: {why}")]
    Malformed {
        /// The member of the body, or the header.
        member: &'static str,
        /// What is wrong with it, in English, without any value of a person.
        why: String,
    },
    /// The token is missing, unknown, over, or names no grant: one uniform answer.
    #[error("the access token is not valid")]
    Token,
    /// Recorded: refused, item by item (item id, reason).
    #[error("withheld")]
    Withheld {
        /// Each asked-for item and its public reason.
        items: Vec<(String, Reason)>,
        /// The declared frequency that was reached, if one was: of those, the one with the longest period.
        frequency: Option<Frequency>,
    },
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another request")]
    IdempotencyConflict,
    /// Recorded, but the values could not be opened in time; nothing left.
    #[error("the release could not be delivered")]
    NotDelivered {
        /// The disclosure that was authorised and not delivered.
        disclosure: DisclosureId,
    },
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a page's request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No such request, or it is over or used. The person starts again at the app.
    #[error("the request is unknown, over or used")]
    RequestGone,
    /// What was shown is no longer what would be agreed to: show the page again.
    #[error("what was shown has changed")]
    Outdated,
    /// The platform wants each consent proven: the person signs in for this one first.
    #[error("the person must sign in for this consent")]
    SignInFirst,
    /// The command was refused.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// No such thing for this person.
    #[error("there is no such thing")]
    NotFound,
    /// The request cannot go on, and the app is told so: send the browser there.
    #[error("the app is told")]
    Redirect {
        /// Where to.
        uri: String,
    },
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a protocol request of a client was refused.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// By the protocol.
    #[error("refused by the protocol")]
    OAuth(OAuthError),
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<OAuthError> for ProtocolError {
    fn from(error: OAuthError) -> Self {
        Self::OAuth(error)
    }
}
