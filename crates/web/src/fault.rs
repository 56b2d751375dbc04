//! What went wrong, before it is said: as a page to a person, as a problem (RFC 9457) to a program.
//!
//! One catalogue of codes for both. Each has a status here and a title, an explanation and a remedy in both languages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use yinuo_domain::{Frequency, Reason, Refusal};
use yinuo_service::{DiscloseError, PageError, Unavailable, UnavailableWhy};

use crate::limits::Limit;
use crate::request_id::RequestId;
use crate::words::Words;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident $code:literal,)*) => {
        /// A kind of problem.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum Problem { $($(#[$doc])* $name,)* }

        impl Problem {
            /// Every one, in the order of the catalogue.
            pub(crate) const EVERY: &[Self] = &[$(Self::$name,)*];

            /// Its stable code, the end of `type`.
            pub(crate) fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Its status.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

problems! {
    /// A part of the request cannot be understood.
    Malformed = BAD_REQUEST "malformed",
    /// One uniform answer to every token that gives nothing.
    InvalidToken = UNAUTHORIZED "invalid-token",
    /// Refused and recorded.
    Withheld = FORBIDDEN "withheld",
    /// A form that another site, or another session, made.
    FormRefused = FORBIDDEN "form-refused",
    /// A member of staff whose role changes nothing.
    RoleRefused = FORBIDDEN "role-refused",
    /// Entry bundles are for authenticated verifiers.
    EntriesClosed = FORBIDDEN "entries-closed",
    /// Nothing here.
    NotFound = NOT_FOUND "not-found",
    /// Another method.
    MethodNotAllowed = METHOD_NOT_ALLOWED "method-not-allowed",
    /// The body did not arrive in time.
    TooSlow = REQUEST_TIMEOUT "too-slow",
    /// The key was used with another request.
    IdempotencyConflict = CONFLICT "idempotency-conflict",
    /// What was shown is no longer what would be agreed to.
    Outdated = CONFLICT "outdated",
    /// The authorization request is unknown, over or used.
    RequestGone = GONE "request-gone",
    /// This sign-in is over, used, or of another browser.
    SignInGone = GONE "sign-in-gone",
    /// The person did not sign in at the identity provider.
    SignInDeclined = FORBIDDEN "sign-in-declined",
    /// What the identity provider said was not believed.
    SignInFailed = BAD_GATEWAY "sign-in-failed",
    /// The identity provider cannot be reached.
    IdentityProviderDown = SERVICE_UNAVAILABLE "identity-provider-down",
    /// More than [`crate::BODY_LEN_MAX`].
    TooLarge = PAYLOAD_TOO_LARGE "too-large",
    /// More than [`crate::limits::ADDRESS_LEN_MAX`].
    AddressTooLong = URI_TOO_LONG "address-too-long",
    /// Neither JSON nor a form, where one is expected.
    UnsupportedType = UNSUPPORTED_MEDIA_TYPE "unsupported-type",
    /// A person's command was refused.
    Refused = UNPROCESSABLE_ENTITY "refused",
    /// Refused for no other reason than the declared frequency.
    RateLimited = TOO_MANY_REQUESTS "rate-limited",
    /// More than [`crate::limits::HEADERS_LEN_MAX`].
    HeadersTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE "headers-too-large",
    /// A defect of ours.
    Internal = INTERNAL_SERVER_ERROR "internal",
    /// Authorised, but nothing left.
    NotDelivered = SERVICE_UNAVAILABLE "not-delivered",
    /// Nothing can be recorded.
    Unavailable = SERVICE_UNAVAILABLE "unavailable",
    /// The clock has jumped, and nobody has accepted it yet.
    ClockStopped = SERVICE_UNAVAILABLE "clock-stopped",
}

impl Problem {
    /// The kind behind a code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::EVERY.iter().copied().find(|problem| problem.code() == code)
    }

    fn word(self, words: &Words, part: &str) -> String {
        words.say(&format!("problem-{}{part}", self.code()))
    }
}

/// What went wrong with one request. As a response it has no words yet: [`crate::answer::dress`] knows the reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    /// Which member or header is malformed, and why (English, no value of a person).
    member: Option<(&'static str, String)>,
    /// Item ids and reasons.
    items: Vec<(String, Reason)>,
    /// Why a person's command was refused.
    refusal: Option<Refusal>,
    /// Which limit was met.
    limit: Option<Box<Limit>>,
    /// `Retry-After`.
    pub(crate) retry_after_s: Option<u32>,
    /// Where a person can begin again what failed.
    pub(crate) again: Option<String>,
}

impl Fault {
    pub(crate) fn new(problem: Problem) -> Self {
        Self {
            problem,
            member: None,
            items: Vec::new(),
            refusal: None,
            limit: None,
            retry_after_s: None,
            again: None,
        }
    }

    pub(crate) fn malformed(member: &'static str, why: impl Into<String>) -> Self {
        Self { member: Some((member, why.into())), ..Self::new(Problem::Malformed) }
    }

    /// Says when to try again.
    pub(crate) fn again_after(self, retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..self }
    }

    /// Says where to begin again.
    pub(crate) fn again_at(self, page: String) -> Self {
        Self { again: Some(page), ..self }
    }

    /// Says which limit was met.
    pub(crate) fn beyond(self, limit: Limit) -> Self {
        Self { limit: Some(Box::new(limit)), ..self }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..Self::new(Problem::Refused) }
    }

    pub(crate) fn withheld(items: Vec<(String, Reason)>, frequency: Option<Frequency>) -> Self {
        // A client library that knows nothing of us still knows to slow down at a 429.
        let only_frequency = items.iter().any(|(_, reason)| *reason == Reason::FrequencyExceeded)
            && items
                .iter()
                .all(|(_, reason)| matches!(reason, Reason::FrequencyExceeded | Reason::OtherItemRefused));
        let fault = Self {
            items,
            ..Self::new(if only_frequency { Problem::RateLimited } else { Problem::Withheld })
        };
        match frequency {
            Some(Frequency { count, period_s }) if only_frequency => {
                let limit =
                    Limit { limit: count.into(), unit: "releases", given: None, period_s: Some(period_s) };
                // When the period began is not told; after a whole one it is over.
                fault.beyond(limit).again_after(period_s)
            }
            _ => fault,
        }
    }

    /// Title, explanation and remedy for a reader.
    pub(crate) fn told(&self, words: &Words) -> Told {
        let mut told = Told::of(self.problem, words);
        if let Some(refusal) = self.refusal {
            told.detail = words.joined(&words.say(&format!("refusal-{}", refusal.code())), &told.detail);
            told.remedy = words.say(&format!("refusal-{}.remedy", refusal.code()));
        }
        told
    }

    /// The members of RFC 9457 §3, and ours.
    pub(crate) fn document(&self, issuer: &str, words: &Words) -> Document {
        let told = self.told(words);
        let mut reasons = Map::new();
        for (_, reason) in &self.items {
            let said = Explained::of(public(*reason), words);
            let said = serde_json::json!({ "title": said.title, "remedy": said.remedy });
            reasons.insert(public(*reason).code().to_owned(), said);
        }
        let items = self.items.iter().map(|(item, reason)| (item.clone(), public(*reason).code().into()));
        Document {
            kind: format!("{issuer}/problems/{}", told.code),
            title: told.title,
            status: told.status,
            detail: match &self.member {
                None => told.detail,
                Some((member, why)) => words.joined(&told.detail, &format!("{member}: {why}")),
            },
            remedy: told.remedy,
            instance: None,
            limit: self.limit.as_deref().copied(),
            items: items.collect(),
            reasons,
        }
    }
}

/// The reason as a partner may know it: that an account is gone is told as a consent that is gone.
pub(crate) fn public(reason: Reason) -> Reason {
    match reason {
        Reason::AccountDeleted => Reason::Withdrawn,
        other => other,
    }
}

/// A problem in words.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) remedy: String,
}

impl Told {
    pub(crate) fn of(problem: Problem, words: &Words) -> Self {
        Self {
            code: problem.code(),
            status: problem.status().as_u16(),
            title: problem.word(words, ""),
            detail: problem.word(words, ".detail"),
            remedy: problem.word(words, ".remedy"),
        }
    }
}

/// A reason in words.
pub(crate) struct Explained {
    pub(crate) code: &'static str,
    pub(crate) title: String,
    pub(crate) remedy: String,
}

impl Explained {
    pub(crate) fn of(reason: Reason, words: &Words) -> Self {
        let code = reason.code();
        let title = words.say(&format!("reason-{code}"));
        Self { code, title, remedy: words.say(&format!("reason-{code}.remedy")) }
    }
}

/// `application/problem+json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Document {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(flatten)]
    limit: Option<Limit>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    items: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    reasons: Map<String, Value>,
}

impl Document {
    /// Says in which request it happened (RFC 9457 §3.1.5).
    pub(crate) fn in_request(self, request: Option<RequestId>) -> Self {
        Self { instance: request.map(RequestId::urn), ..self }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.problem.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unavailable> for Fault {
    fn from(unavailable: Unavailable) -> Self {
        let problem = match unavailable.why {
            UnavailableWhy::Passing => Problem::Unavailable,
            UnavailableWhy::Clock => Problem::ClockStopped,
        };
        Self::new(problem).again_after(unavailable.retry_after_s)
    }
}

impl From<DiscloseError> for Fault {
    fn from(error: DiscloseError) -> Self {
        match error {
            DiscloseError::Malformed { member, why } => Self::malformed(member, why),
            DiscloseError::Token => Self::new(Problem::InvalidToken),
            DiscloseError::Withheld { items, frequency } => Self::withheld(items, frequency),
            DiscloseError::IdempotencyConflict => Self::new(Problem::IdempotencyConflict),
            // Once more, with the same key, right away.
            DiscloseError::NotDelivered { disclosure: _ } => Self::new(Problem::NotDelivered).again_after(1),
            DiscloseError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

/// A page's failure is a fault, or a way back to the app.
pub(crate) enum Failed {
    /// Say it.
    Fault(Fault),
    /// The app is told: go there.
    Away(String),
}

impl From<PageError> for Failed {
    fn from(error: PageError) -> Self {
        Self::Fault(match error {
            PageError::RequestGone => Fault::new(Problem::RequestGone),
            PageError::Outdated | PageError::SignInFirst => Fault::new(Problem::Outdated),
            PageError::Refused(refusal) => Fault::refused(refusal),
            PageError::NotFound => Fault::new(Problem::NotFound),
            PageError::Unavailable(unavailable) => unavailable.into(),
            PageError::Redirect { uri } => return Self::Away(uri),
        })
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        match self {
            Self::Fault(fault) => fault.into_response(),
            Self::Away(uri) => Redirect::to(&uri).into_response(),
        }
    }
}

#[cfg(test)]
mod tests;
