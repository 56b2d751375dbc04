//! What a witness answers over HTTP: C2SP `tlog-witness`, and its own view for whoever compares.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use yinuo_domain::Clock as _;
use yinuo_tlog::{AddCheckpoint, NotCosigned};
use yinuo_witness::{Evidence, Head, Refused, Witness};

use crate::clock::SystemClock;

const TEXT: &str = "text/plain; charset=utf-8";
/// C2SP `tlog-witness`: the size that was cosigned last.
const SIZE: &str = "text/x.tlog.size";

/// `POST /add-checkpoint`; `GET /heads`, `/evidence`, `/keys` and `/healthz`.
pub(super) fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(AddCheckpoint::LEN_MAX))
        .route("/heads", get(heads))
        .route("/evidence", get(all_evidence))
        .route("/keys", get(keys))
        .route("/healthz", get(healthy))
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let now_s = SystemClock::new().now().0 / 1_000;
    match on_disk(move || witness.add_checkpoint(&body, now_s)).await {
        Ok(lines) => (StatusCode::OK, [(header::CONTENT_TYPE, TEXT)], lines).into_response(),
        Err(refused) => refusal(&refused),
    }
}

/// The status that the specification gives, and why.
fn refusal(refused: &Refused) -> Response {
    let status = match refused {
        Refused::Head(NotCosigned::Conflict { size }) => {
            return (StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE)], format!("{size}\n"))
                .into_response();
        }
        Refused::Head(refused) => StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST),
        Refused::NoKey | Refused::TooLarge => StatusCode::BAD_REQUEST,
        Refused::Sign(_) | Refused::Store(_) | Refused::Poisoned => StatusCode::SERVICE_UNAVAILABLE,
    };
    if let Refused::Head(NotCosigned::OtherRoot { size }) = refused {
        tracing::error!(size, "a log has signed two heads of one size: see `yinuo witness show`");
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(error = %refused, "nothing is cosigned");
    }
    (status, [(header::CONTENT_TYPE, TEXT)], format!("{refused}\n")).into_response()
}

async fn heads(State(witness): State<Arc<Witness>>) -> Response {
    match on_disk(move || witness.heads()).await {
        Ok(heads) => axum::Json(heads.iter().map(head).collect::<Vec<_>>()).into_response(),
        Err(refused) => refusal(&refused),
    }
}

async fn all_evidence(State(witness): State<Arc<Witness>>) -> Response {
    match on_disk(move || witness.evidence()).await {
        Ok(found) => axum::Json(found.iter().map(evidence).collect::<Vec<_>>()).into_response(),
        Err(refused) => refusal(&refused),
    }
}

async fn keys(State(witness): State<Arc<Witness>>) -> Response {
    let keys: String = witness.keys().map(|key| format!("{key}\n")).collect();
    ([(header::CONTENT_TYPE, TEXT)], keys).into_response()
}

async fn healthy(State(witness): State<Arc<Witness>>) -> Response {
    match on_disk(move || witness.heads()).await {
        Ok(_) => "ok\n".into_response(),
        Err(refused) => refusal(&refused),
    }
}

/// Whatever waits for the disk, off the threads that serve others.
async fn on_disk<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(job).await.unwrap_or(Err(Refused::Poisoned))
}

/// A head, for programs.
pub(super) fn head(head: &Head) -> Value {
    json!({ "origin": head.origin, "size": head.cosigned.size, "at": head.at_s, "checkpoint": head.note })
}

/// Evidence, for programs.
pub(super) fn evidence(evidence: &Evidence) -> Value {
    let Evidence { origin, certain, at_s, why, request, before } = evidence;
    json!({ "origin": origin, "two_histories": certain, "at": at_s, "why": why, "request": request, "before": before })
}
