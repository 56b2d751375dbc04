//! `/healthz` and `/readyz`: whether the process lives, and whether it can do its work. For load balancers and the
//! like: a code and no words.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use yinuo_service::Status;

use crate::visit::Web;

/// When to ask again, in seconds, if it is not ready.
const AGAIN_AFTER_S: u16 = 5;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// `GET /readyz`: 200 when it can record and release, else 503 with the codes of what is missing.
async fn ready(State(web): State<Web>) -> Response {
    let missing = missing(&web.gateway.status());
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response =
        (status, Json(json!({ "ready": missing.is_empty(), "missing": missing }))).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN_AFTER_S));
    }
    response
}

/// What keeps it from its work, by one word each.
fn missing(status: &Status) -> Vec<&'static str> {
    let causes = [
        (status.poisoned, "poisoned"),
        (!status.engine_active, "no-rules"),
        (status.clock_jump.is_some(), "clock"),
        (status.disk_almost_full, "disk"),
    ];
    causes.into_iter().filter_map(|(so, code)| so.then_some(code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bed::Bed;

    #[test]
    fn it_is_ready_when_it_can_record_and_rules_are_in_force() {
        let bed = Bed::memory(yinuo_domain::Suite::Guomi);
        let status = Status { poisoned: false, engine_active: true, ..bed.gateway.status() };
        assert!(missing(&status).is_empty());
        assert_eq!(missing(&Status { poisoned: true, ..status.clone() }), ["poisoned"]);
        assert_eq!(missing(&Status { engine_active: false, ..status.clone() }), ["no-rules"]);
        let jumped = Some(yinuo_service::ClockJump { ahead: true, ms: 300_001 });
        assert_eq!(missing(&Status { clock_jump: jumped, ..status.clone() }), ["clock"]);
        assert_eq!(missing(&Status { disk_almost_full: true, ..status.clone() }), ["disk"]);
        assert_eq!(
            missing(&Status { poisoned: true, engine_active: false, ..status }),
            ["poisoned", "no-rules"]
        );
    }
}
