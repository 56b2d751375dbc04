//! The platform as a whole: how it is doing, and bringing it to what its files declare.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yinuo_domain::{ClockReason, Digest, LocalText};
use yinuo_service::{Applied, Blocked, ChangeError, Plan, Step, Wanted};

use crate::fault::{Fault, Problem};
use crate::operator::Operator;
use crate::visit::Web;

/// All documents of a large platform together, in bytes.
const FILES_LEN_MAX: usize = 64 * 1024 * 1024;

pub(crate) fn routes() -> Router<Web> {
    let files = DefaultBodyLimit::max(FILES_LEN_MAX);
    Router::new()
        .route("/operator/status", get(status))
        .route("/operator/clock/accept", post(accept_clock))
        .route("/operator/platform/plan", post(plan).layer(files))
        .route("/operator/platform/apply", post(apply).layer(files))
}

/// `GET /operator/status`: how it is doing.
async fn status(State(web): State<Web>, Operator { by }: Operator) -> Json<Status> {
    let status = web.gateway.status();
    let logs = status.logs.into_iter().map(|(log, size)| LogSize { log: log.as_str().to_owned(), size });
    Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        issuer: web.issuer().to_owned(),
        suite: status.suite.as_str().to_owned(),
        profile: status.profile.as_str().to_owned(),
        logs: logs.collect(),
        engine_active: status.engine_active,
        poisoned: status.poisoned,
        disk_almost_full: status.disk_almost_full,
        clock_off_ms: status.clock_jump.map(signed),
        by: by.as_str().to_owned(),
    })
}

fn signed(jump: yinuo_service::ClockJump) -> i64 {
    let ms = i64::try_from(jump.ms).unwrap_or(i64::MAX);
    if jump.ahead { ms } else { -ms }
}

/// `POST /operator/clock/accept`: goes on by a clock that had jumped.
async fn accept_clock(
    State(web): State<Web>,
    Operator { by }: Operator,
    Json(accepted): Json<AcceptClock>,
) -> Result<Json<Value>, Fault> {
    let reason = ClockReason::parse(&accepted.reason);
    let one_of = || ClockReason::EVERY.iter().map(|reason| reason.code()).collect::<Vec<_>>().join(", ");
    let reason = reason.ok_or_else(|| Fault::malformed("reason", format!("must be one of {}", one_of())))?;
    web.gateway.accept_clock(&by, reason).await.map_err(fault)?;
    Ok(Json(json!({})))
}

/// What an operator found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptClock {
    /// One of the codes of a fact.
    pub reason: String,
}

/// How it is doing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// Who the platform is.
    pub issuer: String,
    /// Which algorithms seal values.
    pub suite: String,
    /// Which trees and signatures the logs have.
    pub profile: String,
    /// The signed head of each log.
    pub logs: Vec<LogSize>,
    /// Whether rules are in force. Nothing is released before.
    pub engine_active: bool,
    /// Whether the disk failed or hangs: nothing more is recorded or released until a restart.
    pub poisoned: bool,
    /// By how much the clock has jumped: ahead, or back when it is negative. Nothing is released before it is accepted.
    pub clock_off_ms: Option<i64>,
    /// Whether the disk is almost full: nothing is recorded but withdrawals, deletions and sanctions.
    #[serde(default)]
    pub disk_almost_full: bool,
    /// In whose name this was asked, as facts would have it.
    pub by: String,
}

/// One log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LogSize {
    /// Its name.
    pub log: String,
    /// How many entries its last signed head covers.
    pub size: u64,
}

/// `POST /operator/platform/plan`: what would change.
async fn plan(State(web): State<Web>, _: Operator, Asked(files): Asked) -> Result<Json<PlanAnswer>, Fault> {
    let wanted = wanted(&files)?;
    Ok(Json(PlanAnswer::from(web.gateway.plan(&wanted).map_err(fault)?)))
}

/// `POST /operator/platform/apply`: does it, if the platform is still as it was planned for.
async fn apply(
    State(web): State<Web>,
    Operator { by }: Operator,
    Asked(files): Asked,
) -> Result<Json<ApplyAnswer>, Fault> {
    let wanted = wanted(&files)?;
    let state = files.state.as_deref().and_then(|state| Digest::parse(state).ok());
    let state = state.ok_or_else(|| Fault::malformed("state", "must be the state of a plan"))?;
    let applied = web.gateway.apply(&by, &wanted, &state).await.map_err(fault)?;
    Ok(Json(match applied {
        Applied::Done(steps) => ApplyAnswer { outcome: Outcome::Applied, steps, blocked: Vec::new() },
        Applied::Changed => ApplyAnswer { outcome: Outcome::Changed, steps: 0, blocked: Vec::new() },
        Applied::Blocked(blocked) => ApplyAnswer {
            outcome: Outcome::Blocked,
            steps: 0,
            blocked: blocked.into_iter().map(BlockedAnswer::from).collect(),
        },
    }))
}

fn wanted(files: &Files) -> Result<Wanted, Fault> {
    Wanted::parse(&files.partners, &files.apps, &files.notices, files.hide_missing, files.show_hidden)
        .map_err(|error| Fault::malformed("partners, apps or notices", error.to_string()))
}

fn fault(error: ChangeError) -> Fault {
    match error {
        ChangeError::Refused(refusal) => Fault::refused(refusal),
        ChangeError::Document(error) => Fault::malformed("partners, apps or notices", error.to_string()),
        ChangeError::Unavailable(error) => error.into(),
    }
}

/// The body, which is JSON of exactly this shape.
struct Asked(Files);

impl FromRequest<Web> for Asked {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        match Json::<Files>::from_request(request, web).await {
            Ok(Json(files)) => Ok(Self(files)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Fault::new(Problem::UnsupportedType)),
            Err(JsonRejection::BytesRejection(_)) => Err(Fault::new(Problem::TooLarge)),
            Err(error) => Err(Fault::malformed("body", error.to_string())),
        }
    }
}

/// What a platform's files declare, as canonical documents.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The partners' profiles.
    pub partners: Vec<String>,
    /// The apps' declarations.
    pub apps: Vec<String>,
    /// The notices, by app and version.
    pub notices: Vec<String>,
    /// Whether apps that are not among them are taken offline.
    pub hide_missing: bool,
    /// Whether those of them that are offline are brought back.
    #[serde(default)]
    pub show_hidden: bool,
    /// To apply: the state of the plan that somebody has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What would change.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PlanAnswer {
    /// The hash of the platform's state that this was made against.
    pub state: String,
    /// In the order in which they are done.
    pub steps: Vec<StepAnswer>,
    /// How many partners, apps and notices stay as they are.
    pub unchanged: usize,
    /// Apps that are live and not in the files.
    pub missing: Vec<String>,
    /// What cannot be done. Nothing is done as long as there is any.
    pub blocked: Vec<BlockedAnswer>,
}

/// One change.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StepAnswer {
    /// `register-partner`, `revise-partner`, `declare-app` and so on.
    pub act: String,
    /// What it is done to.
    pub object: String,
    /// What it changes, part by part.
    pub parts: Vec<PartAnswer>,
    /// How many people's consents would be on hold until they agree again.
    pub on_hold: Option<OnHold>,
}

/// One part of a document, before and after.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PartAnswer {
    /// Which.
    pub at: String,
    /// What it was.
    pub before: Option<String>,
    /// What it will be.
    pub after: Option<String>,
}

/// How many people.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OnHold {
    /// So many.
    pub people: usize,
    /// Or more: no more were counted.
    pub or_more: bool,
}

/// Why something cannot be done.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct BlockedAnswer {
    /// What is wrong.
    pub what: Both,
    /// What to do about it.
    pub remedy: Both,
}

/// A text in both languages.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Both {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// How applying ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ApplyAnswer {
    /// How.
    pub outcome: Outcome,
    /// How many steps were done.
    pub steps: usize,
    /// What cannot be done.
    pub blocked: Vec<BlockedAnswer>,
}

/// How applying ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Done.
    Applied,
    /// The platform changed since the plan was made. Nothing was done.
    Changed,
    /// Something cannot be done. Nothing was done.
    Blocked,
}

impl From<LocalText> for Both {
    fn from(text: LocalText) -> Self {
        Self { zh: text.zh, en: text.en }
    }
}

impl From<Blocked> for BlockedAnswer {
    fn from(blocked: Blocked) -> Self {
        Self { what: blocked.what.into(), remedy: blocked.remedy.into() }
    }
}

impl From<Plan> for PlanAnswer {
    fn from(plan: Plan) -> Self {
        let step = |step: Step| StepAnswer {
            act: step.act.word().to_owned(),
            object: step.act.object(),
            parts: step
                .parts
                .into_iter()
                .map(|part| PartAnswer { at: part.at, before: part.before, after: part.after })
                .collect(),
            on_hold: step.on_hold.map(|counted| OnHold { people: counted.people, or_more: counted.more }),
        };
        Self {
            state: plan.state.to_string(),
            steps: plan.steps.into_iter().map(step).collect(),
            unchanged: plan.unchanged,
            missing: plan.missing.iter().map(ToString::to_string).collect(),
            blocked: plan.blocked.into_iter().map(BlockedAnswer::from).collect(),
        }
    }
}
