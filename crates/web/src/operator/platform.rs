//! The platform as a whole: how it is doing.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::operator::Operator;
use crate::visit::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/operator/status", get(status))
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
        by: by.as_str().to_owned(),
    })
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
    /// Whether a commit failed: nothing more is recorded or released until a restart.
    pub poisoned: bool,
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
