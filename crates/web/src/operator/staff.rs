//! Staff: who is appointed, and with what they set a second factor up.

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use yinuo_domain::{PersonId, Role, StaffId};
use yinuo_service::{ChangeError, StaffError};

use crate::fault::{Fault, Problem};
use crate::forms::body_of;
use crate::operator::Operator;
use crate::visit::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/operator/staff", get(list))
        .route("/operator/staff/appoint", post(appoint))
        .route("/operator/staff/dismiss", post(dismiss))
        .route("/operator/staff/reset-factor", post(reset))
}

/// `GET /operator/staff`: everybody who is appointed.
async fn list(State(web): State<Web>, _: Operator) -> Result<Json<Vec<Staff>>, Fault> {
    let lines = web.read(|gateway| gateway.staff()).await??;
    let staff = lines.into_iter().map(|line| Staff {
        staff: line.staff.as_str().to_owned(),
        role: line.role.code().to_owned(),
        enrolled: line.enrolled,
    });
    Ok(Json(staff.collect()))
}

/// `POST /operator/staff/appoint`
async fn appoint(
    State(web): State<Web>,
    Operator { by }: Operator,
    request: Request,
) -> Result<Json<Appointed>, Fault> {
    let asked: Appoint = read(request, &web).await?;
    let staff = staff_of(&asked.staff)?;
    let role = Role::from_word(&asked.role);
    let role = role.ok_or_else(|| Fault::malformed("role", "must be operator or auditor"))?;
    let identity = match &asked.identity {
        None => None,
        Some(identity) => Some(PersonId::parse(identity).map_err(|_| {
            Fault::malformed("identity", "must be 1 to 64 characters of printable ASCII without space")
        })?),
    };
    let code = web.gateway.appoint_staff(&by, &staff, role, identity.as_ref()).await.map_err(fault)?;
    Ok(Json(Appointed { code: code.map(|code| code.text()) }))
}

/// `POST /operator/staff/dismiss`
async fn dismiss(
    State(web): State<Web>,
    Operator { by }: Operator,
    request: Request,
) -> Result<Json<Appointed>, Fault> {
    let asked: Named = read(request, &web).await?;
    web.gateway.dismiss_staff(&by, &staff_of(&asked.staff)?).await.map_err(fault)?;
    Ok(Json(Appointed { code: None }))
}

/// `POST /operator/staff/reset-factor`
async fn reset(
    State(web): State<Web>,
    Operator { by }: Operator,
    request: Request,
) -> Result<Json<Appointed>, Fault> {
    let asked: Named = read(request, &web).await?;
    let code = web.gateway.reset_staff_factor(&by, &staff_of(&asked.staff)?).await.map_err(fault)?;
    Ok(Json(Appointed { code: Some(code.text()) }))
}

async fn read<T: DeserializeOwned>(request: Request, web: &Web) -> Result<T, Fault> {
    let body = body_of(request, web).await?;
    // What the parser says could quote what it met.
    serde_json::from_slice(&body).map_err(|_| Fault::malformed("body", "is not what this route takes"))
}

fn staff_of(text: &str) -> Result<StaffId, Fault> {
    StaffId::parse(text).map_err(|_| Fault::malformed("staff", "must be 1 to 64 of a-z, 0-9 and -"))
}

fn fault(error: StaffError) -> Fault {
    match error {
        StaffError::Change(ChangeError::Refused(refusal)) => Fault::refused(refusal),
        StaffError::Change(ChangeError::Document(_)) => Fault::new(Problem::Internal),
        StaffError::Change(ChangeError::Unavailable(unavailable)) => unavailable.into(),
        StaffError::IdentityMissing => {
            Fault::malformed("identity", "must be there for somebody who never signed in")
        }
        StaffError::IdentityTaken => Fault::malformed("identity", "belongs to another member of staff"),
    }
}

/// One member of staff.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Staff {
    /// Who.
    pub staff: String,
    /// `operator` or `auditor`.
    pub role: String,
    /// Whether they have a second factor.
    pub enrolled: bool,
}

/// Whom to appoint.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Appoint {
    /// Who: the name in the facts.
    pub staff: String,
    /// `operator` or `auditor`.
    pub role: String,
    /// What the identity provider calls them. A personal value.
    pub identity: Option<String>,
}

/// Whom it is about.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Who.
    pub staff: String,
}

/// What came of it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Appointed {
    /// The enrolment code, if there is a new one. It is told once.
    pub code: Option<String>,
}
