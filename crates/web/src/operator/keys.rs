//! The keys that people's keys are wrapped under. No key passes here but one that is wrapped under another.

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use yinuo_service::{ChangeError, KeyError};

use crate::fault::{Fault, Problem};
use crate::forms::body_of;
use crate::operator::Operator;
use crate::visit::Web;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/operator/keys", get(status))
        .route("/operator/keys/open-epoch", post(open))
        .route("/operator/keys/record-epoch", post(record))
        .route("/operator/keys/rewrap", post(rewrap))
        .route("/operator/keys/retire-epoch", post(retire))
        .route("/operator/keys/record-passphrase", post(passphrase))
}

/// `GET /operator/keys`: which epochs there are.
async fn status(State(web): State<Web>, _: Operator) -> Result<Json<KeysAnswer>, Fault> {
    let people = web.read(|gateway| gateway.people()).await??;
    let epochs = web.gateway.key_epochs();
    Ok(Json(KeysAnswer {
        current: epochs.current,
        recorded: epochs.recorded,
        held: epochs.held,
        retired: epochs.retired,
        people,
    }))
}

/// `POST /operator/keys/open-epoch`: from here on new keys are wrapped under the one that was handed over.
async fn open(
    State(web): State<Web>,
    Operator { by }: Operator,
    request: Request,
) -> Result<Json<Done>, Fault> {
    let asked: HandedKey = read(request, &web).await?;
    web.gateway.open_epoch(&by, &asked.key).await.map_err(fault)?;
    Ok(Json(Done {}))
}

/// `POST /operator/keys/record-epoch`: records the epoch in use, where it is not.
async fn record(State(web): State<Web>, Operator { by }: Operator) -> Result<Json<Done>, Fault> {
    web.gateway.record_epoch(&by).await.map_err(fault)?;
    Ok(Json(Done {}))
}

/// `POST /operator/keys/rewrap`: the next few.
async fn rewrap(State(web): State<Web>, _: Operator, request: Request) -> Result<Json<RewrapTold>, Fault> {
    let asked: RewrapAsk = read(request, &web).await?;
    let step = web.gateway.rewrap(asked.anew).await?;
    Ok(Json(RewrapTold { seen: step.seen, rewrapped: step.rewrapped, finished: step.finished }))
}

/// `POST /operator/keys/retire-epoch`
async fn retire(
    State(web): State<Web>,
    Operator { by }: Operator,
    request: Request,
) -> Result<Json<Done>, Fault> {
    let asked: RetireEpoch = read(request, &web).await?;
    web.gateway.retire_epoch(&by, asked.epoch).await.map_err(fault)?;
    Ok(Json(Done {}))
}

/// `POST /operator/keys/record-passphrase`
async fn passphrase(State(web): State<Web>, Operator { by }: Operator) -> Result<Json<Done>, Fault> {
    web.gateway.record_passphrase(&by).await.map_err(fault)?;
    Ok(Json(Done {}))
}

async fn read<T: DeserializeOwned>(request: Request, web: &Web) -> Result<T, Fault> {
    let body = body_of(request, web).await?;
    serde_json::from_slice(&body).map_err(|_| Fault::malformed("body", "is not what this route takes"))
}

fn fault(error: KeyError) -> Fault {
    match error {
        KeyError::Change(ChangeError::Refused(refusal)) => Fault::refused(refusal),
        KeyError::Change(ChangeError::Document(_)) => Fault::new(Problem::Internal),
        KeyError::Change(ChangeError::Unavailable(unavailable)) => unavailable.into(),
        KeyError::Handed => Fault::malformed("key", "is no key of this vault's next epoch"),
        KeyError::StillWrapping { rows } => Fault::malformed(
            "epoch",
            format!("still wraps keys (at least {rows}): end its rotation with `yinuo keys rotate` first"),
        ),
    }
}

/// Which epochs of keys there are.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KeysAnswer {
    /// The one that new keys are wrapped under.
    pub current: u32,
    /// The last one that is recorded.
    pub recorded: u32,
    /// Those whose keys are at hand.
    pub held: Vec<u32>,
    /// Those that are recorded as destroyed.
    pub retired: Vec<u32>,
    /// How many people there are.
    pub people: u64,
}

/// The key of a new epoch, wrapped under one that both sides have.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HandedKey {
    /// As the vault wrote it.
    pub key: Vec<u8>,
}

/// Which rows are wrapped again.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RewrapAsk {
    /// From the first on; else the next ones.
    pub anew: bool,
}

/// What became of them.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct RewrapTold {
    /// How many rows were looked at.
    pub seen: u64,
    /// How many of them were under an older epoch.
    pub rewrapped: u64,
    /// Whether there are no more.
    pub finished: bool,
}

/// Which epoch is retired.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RetireEpoch {
    /// Its number.
    pub epoch: u32,
}

/// That it is done.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Done {}
