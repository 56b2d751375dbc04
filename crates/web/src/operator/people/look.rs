//! Finding a person by a value, and handing out a person's package: both recorded before anything is shown.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use yinuo_domain::{PersonId, ViewReason};
use yinuo_service::{Look, LookError, LookUp, PackageOf};

use crate::fault::{Fault, Problem};
use crate::operator::Operator;
use crate::package::Parts;
use crate::visit::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/operator/people/find", post(find)).route("/operator/people/package", post(package))
}

/// Whom to find, and how much to show. Not printed: it holds a value.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FindAsk {
    /// The item's id.
    pub item: String,
    /// The value.
    pub value: String,
    /// More than a mask leaves.
    pub unmasked: bool,
    /// Why: a code of [`ViewReason`].
    pub reason: Option<String>,
}

/// A person who was found.
#[derive(Deserialize, Serialize)]
pub struct FindPerson {
    /// When they came in, in milliseconds since 1970.
    pub enrolled_at_ms: u64,
    /// Whether a guardian must agree for them.
    pub guardian_required: bool,
    /// How many apps may receive something from them now.
    pub apps_allowed: u64,
    /// How many apps they once decided about.
    pub apps_decided: u64,
    /// What there is about them: item id, name, value as it may be shown.
    pub values: Vec<(String, String, String)>,
}

/// Whose package. Not printed: it holds a value.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PackageAsk {
    /// The platform's own identifier; or else
    pub subject_id: Option<String>,
    /// an item's id,
    pub item: Option<String>,
    /// and a value of it.
    pub value: Option<String>,
}

/// `POST /operator/people/find`: who has this value. Everybody found is told in their history.
async fn find(
    State(web): State<Web>,
    Operator { by }: Operator,
    body: Bytes,
) -> Result<Json<Vec<FindPerson>>, Fault> {
    let ask: FindAsk = parsed(&body)?;
    let reason = match ask.reason.as_deref() {
        None => ViewReason::LookUp,
        Some(code) => ViewReason::parse(code).ok_or_else(|| Fault::malformed("reason", reasons()))?,
    };
    let look = Look { by, masked: !ask.unmasked, reason };
    let found = web.gateway.find(&look, &LookUp { item: ask.item, value: ask.value }).await?;
    let people = found.into_iter().map(|person| FindPerson {
        enrolled_at_ms: person.enrolled_at.0,
        guardian_required: person.guardian_required,
        apps_allowed: person.apps_allowed as u64,
        apps_decided: person.apps_decided as u64,
        values: person
            .values
            .into_iter()
            .map(|value| {
                let shown = String::from_utf8_lossy(value.shown.expose()).into_owned();
                (value.item, value.name.en, shown)
            })
            .collect(),
    });
    Ok(Json(people.collect()))
}

/// `POST /operator/people/package`: everything about one person, as a stream.
async fn package(State(web): State<Web>, Operator { by }: Operator, body: Bytes) -> Result<Response, Fault> {
    let ask: PackageAsk = parsed(&body)?;
    let whose = match (ask.subject_id, ask.item, ask.value) {
        (Some(id), None, None) => PackageOf::Person(
            PersonId::parse(&id)
                .map_err(|_| Fault::malformed("subject_id", "must be 1 to 64 visible ASCII characters"))?,
        ),
        (None, Some(item), Some(value)) => PackageOf::Value(LookUp { item, value }),
        _ => return Err(Fault::malformed("body", "must have either subject_id, or item and value")),
    };
    let look = Look { by, masked: false, reason: ViewReason::Export };
    let package = web.gateway.package_for(&look, &whose).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::new(Parts::of(&web.gateway, package)))
        .into_response())
}

fn reasons() -> String {
    let codes: Vec<&str> = ViewReason::EVERY.iter().map(|reason| reason.code()).collect();
    format!("must be one of {}", codes.join(", "))
}

/// What a parser says of a body may repeat it.
fn parsed<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|_| Fault::malformed("body", "must be JSON as this version of the program writes it"))
}

impl From<LookError> for Fault {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Unavailable(unavailable) => unavailable.into(),
            LookError::TooMany { retry_after_s } => {
                Self::new(Problem::RateLimited).again_after(retry_after_s)
            }
            LookError::Nobody => Self::new(Problem::NotFound),
            LookError::Item(..) => Self::malformed("item", error.to_string()),
            LookError::Value(fault) => Self::malformed("value", fault.en()),
            LookError::Reason => Self::malformed("reason", reasons()),
            LookError::Several => Self::malformed("value", error.to_string()),
        }
    }
}
