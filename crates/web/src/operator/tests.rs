//! Who is let in, how it is refused, and that the network does not lead here.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;
use yinuo_domain::Suite;

use super::*;
use crate::bed::Bed;

async fn ask(router: Router, path: &str, names: &[&str]) -> (u16, String) {
    let mut request = Request::get(path).header("accept-language", "en");
    for name in names {
        request = request.header(OPERATOR, *name);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn an_operator_learns_how_it_is_doing() {
    let bed = Bed::memory(Suite::Guomi);
    let (status, body) =
        ask(operator_router(Arc::clone(&bed.gateway)), "/operator/status", &["li-wei"]).await;
    assert_eq!(status, 200, "{body}");
    let told: Status = serde_json::from_str(&body).unwrap();
    assert_eq!((told.by.as_str(), told.suite.as_str(), told.poisoned), ("li-wei", "guomi", false));
    assert_eq!(told.issuer, bed.gateway.issuer());
    assert_eq!(told.engine_active, bed.gateway.engine_is_active());
    assert!(told.logs.iter().any(|log| log.log == "platform" && 0 < log.size), "{body}");
}

#[tokio::test]
async fn nothing_is_done_in_nobodys_name() {
    let bed = Bed::memory(Suite::Guomi);
    for names in [&[][..], &["a", "b"], &[""], &["Li Wei"], &["李"]] {
        let router = operator_router(Arc::clone(&bed.gateway));
        let (status, body) = ask(router, "/operator/status", names).await;
        assert_eq!(status, 400, "{names:?}: {body}");
        assert!(body.contains("/problems/malformed") && body.contains("Yinuo-Operator"), "{body}");
    }
    let (status, body) = ask(operator_router(Arc::clone(&bed.gateway)), "/operator/none", &["a"]).await;
    assert!(status == 404 && body.contains("/problems/not-found"), "{body}");
}

#[tokio::test]
async fn no_address_of_the_network_leads_to_an_operators_routes() {
    let bed = Bed::memory(Suite::Guomi);
    let (status, _) = ask(crate::router(Arc::clone(&bed.gateway)), "/operator/status", &["li-wei"]).await;
    assert_eq!(status, 404);
}
