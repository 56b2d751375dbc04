//! Everything there is about one person, for them to keep and to carry elsewhere (PIPL 45; GB/T 35273 §8.6).
//!
//! One JSON document, `yinuo-package/1`, made in parts so that ten thousand entries need no more memory than fifty:
//!
//! ```text
//! { "format": "yinuo-package/1", "platform": issuer, "made_at": RFC 3339,
//!   "guardian_required": bool,
//!   "values":   [ { "item": id, "name": {"zh","en"}, "value": text } ],
//!   "consents": [ { "app": id, "name": {…}, "partner": {…}, "contact": text, "state": active|paused|expired|withdrawn,
//!                   "given_at": …, "expires_at": …, "purposes": [ { "id", "title": {…}, "items": [id] } ] } ],
//!   "history":  [ { "log": id, "index": n, "at": …, "leaf": base64, "proofs": { "sha256": tlog-proof, "sm3": … } } ] }
//! ```
//!
//! The history has every entry about the person, newest first, each with its proof: `docs/specs/fact-log.md` says how
//! to read and check a leaf without us. The person gets it in their own session, which is no look of anybody else, and
//! only soon after they proved who they are: whoever finds a browser open gets nothing. Staff get it by a recorded look
//! with the reason `export`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use yinuo_domain::{Item, LocalText, LogId, PersonId, SubjectKey, Timestamp, ViewReason};
use yinuo_vault::Secret;

use crate::gateway::{Held, read};
use crate::{Gateway, GrantState, Look, LookError, LookUp, PageError, Session, Unavailable};

/// The format of a package, and its version.
pub const PACKAGE_FORMAT: &str = "yinuo-package/1";
/// How many entries of the history one part has.
const PART: usize = 50;

/// How long after a sign-in the person gets their values in clear: ten minutes.
pub const PROVEN_MS: u64 = 10 * 60_000;

/// Why a person does not get their package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It is too long ago that they proved who they are.
    #[error("whoever wants the package must sign in anew")]
    SignInAnew,
    /// Anything else.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// Of whom a package is made.
pub enum Whose {
    /// By the platform's own identifier.
    Person(PersonId),
    /// By a value of theirs.
    Value(LookUp),
}

/// A package that is being made.
pub struct Package {
    subject: SubjectKey,
    guardian_required: bool,
    values: Vec<(Item, Secret)>,
    next: Part,
}

enum Part {
    Begin,
    History { before: Option<u64>, first: bool },
    Ended,
}

impl Gateway {
    /// The person's own package, in a session that began a moment ago.
    pub fn package(&self, session: &Session) -> Result<Package, PackageError> {
        let held = self.hold(session.subject).map_err(PageError::from)?.ok_or(PageError::NotFound)?;
        if !self.is_proven(session, &held) {
            return Err(PackageError::SignInAnew);
        }
        let values = self.own_values(&held, self.catalogue().all()).map_err(PageError::from)?;
        Ok(begun(&held, values))
    }

    /// Whether they would get it now.
    pub fn may_take_package(&self, session: &Session) -> Result<bool, PageError> {
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        Ok(self.is_proven(session, &held))
    }

    /// Whether the person proved who they are a moment ago. That a session began is proof only where they chose
    /// themselves; a provider may have let them pass because it knew them, so there its word on when they proved it counts.
    fn is_proven(&self, session: &Session, held: &Held) -> bool {
        let now = self.now();
        let lately = |at: Timestamp| now.since_ms(at) < PROVEN_MS;
        let proven = match (self.provider(), self.statement_of(session, held)) {
            (Err(_), _) => true,
            (Ok(_), Some(statement)) => statement.proven_at().is_some_and(lately),
            (Ok(_), None) => false,
        };
        proven && lately(session.begun_at)
    }

    /// The same for somebody of the platform, on the person's behalf. It is recorded first.
    pub async fn package_for(&self, look: &Look, whose: &Whose) -> Result<Package, LookError> {
        let look = Look { masked: false, reason: ViewReason::Export, by: look.by.clone() };
        let subject = match whose {
            Whose::Person(person) => {
                self.look_ups.admit(self.parts.clock.monotonic())?;
                let index = self.parts.vault.person_index(person);
                read(self.parts.ledger.reader().person(index))?.map(|person| person.subject)
            }
            Whose::Value(value) => match self.look_up(value)?.as_slice() {
                [] => None,
                [only] => Some(*only),
                _ => return Err(LookError::Several),
            },
        };
        let subject = subject.ok_or(LookError::Nobody)?;
        let (held, values) = self.look(&look, subject).await?.ok_or(LookError::Nobody)?;
        Ok(begun(&held, values))
    }

    /// The next part of its bytes; none when it is whole.
    pub fn package_part(&self, package: &mut Package) -> Result<Option<Vec<u8>>, Unavailable> {
        match package.next {
            Part::Begin => {
                package.next = Part::History { before: None, first: true };
                self.beginning(package).map(Some)
            }
            Part::History { before, first } => {
                let reader = self.parts.ledger.reader();
                let entries = read(reader.history(package.subject, before, PART))?;
                let mut out = Vec::with_capacity(PART * 4_096);
                let log = LogId::group(0);
                let mut comma = !first;
                for (index, entry) in &entries {
                    // A package that lacks an entry is not whole, and must not look so.
                    let receipt = read(reader.receipt(&log, *index))?.ok_or(Unavailable::again_after(1))?;
                    if std::mem::replace(&mut comma, true) {
                        out.push(b',');
                    }
                    let line = json!({
                        "log": receipt.log.as_str(),
                        "index": index,
                        "at": moment(entry.at),
                        "leaf": STANDARD.encode(&receipt.leaf),
                        "proofs": { "sha256": receipt.sha256(), "sm3": receipt.sm3() },
                    });
                    out.extend_from_slice(line.to_string().as_bytes());
                }
                package.next = match entries.last() {
                    Some((index, _)) if entries.len() == PART => {
                        Part::History { before: Some(*index), first: false }
                    }
                    _ => {
                        out.extend_from_slice(b"]}\n");
                        Part::Ended
                    }
                };
                Ok(Some(out))
            }
            Part::Ended => Ok(None),
        }
    }

    /// Everything but the history, and where that begins.
    fn beginning(&self, package: &mut Package) -> Result<Vec<u8>, Unavailable> {
        let streams = read(self.parts.ledger.reader().streams(package.subject))?;
        let consents: Vec<Value> = streams
            .iter()
            .filter_map(|(id, stream)| self.allowed(id.app.as_ref()?, stream))
            .map(|app| {
                json!({
                    "app": app.app.as_str(),
                    "name": both(&app.app_name),
                    "partner": both(&app.partner_name),
                    "contact": app.contact,
                    "state": state(app.state),
                    "given_at": moment(app.given_at),
                    "expires_at": moment(app.expires_at),
                    "purposes": app.purposes.iter().map(|purpose| json!({
                        "id": purpose.id.as_str(),
                        "title": both(&purpose.title),
                        "items": purpose.items.iter().map(|(id, ..)| id.as_str()).collect::<Vec<_>>(),
                    })).collect::<Vec<_>>(),
                })
            })
            .collect();
        let values: Vec<Value> = std::mem::take(&mut package.values)
            .iter()
            .filter_map(|(item, value)| {
                let entry = self.catalogue().by_code(*item)?;
                let value = std::str::from_utf8(value.expose()).ok()?;
                Some(json!({ "item": entry.id, "name": both(&entry.name), "value": value }))
            })
            .collect();
        let head = json!({
            "format": PACKAGE_FORMAT,
            "platform": self.issuer(),
            "made_at": moment(self.now()),
            "guardian_required": package.guardian_required,
            "values": values,
            "consents": consents,
        });
        let mut out = head.to_string().into_bytes();
        // The object goes on.
        out.pop();
        out.extend_from_slice(b",\"history\":[");
        Ok(out)
    }
}

fn begun(held: &Held, values: Vec<(Item, Secret)>) -> Package {
    let guardian_required = held.guardian_required;
    Package { subject: held.subject, guardian_required, values, next: Part::Begin }
}

fn both(text: &LocalText) -> Value {
    json!({ "zh": text.zh, "en": text.en })
}

fn state(state: GrantState) -> &'static str {
    match state {
        GrantState::Active => "active",
        GrantState::Paused => "paused",
        GrantState::Expired => "expired",
        GrantState::Withdrawn => "withdrawn",
    }
}

fn moment(at: Timestamp) -> String {
    yinuo_rules::moment(at)
}
