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

/// A partner that nobody registered yet, as its canonical document.
const BAMBOO: &str = r#"{"document":"yinuo-partner/1","partner":"bamboo-express","name":{"zh":"竹子快递公司","en":"Bamboo Express Company"},"contact":"privacy@bamboo-express.example","ceiling":["name"]}"#;

async fn post(bed: &Bed, path: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
    let request = Request::post(path)
        .header(OPERATOR, "li-wei")
        .header("content-type", "application/json")
        .header("accept-language", "en")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = operator_router(Arc::clone(&bed.gateway)).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn files(contact: &str, state: Option<&str>) -> serde_json::Value {
    let partner = BAMBOO.replace("privacy@", contact);
    let mut files =
        serde_json::json!({"partners": [partner], "apps": [], "notices": [], "hide_missing": false});
    if let Some(state) = state {
        files["state"] = state.into();
    }
    files
}

#[tokio::test]
async fn a_plan_is_applied_to_the_state_it_was_made_for_and_to_no_other() {
    let bed = Bed::memory(Suite::Guomi);
    let (status, seen) = post(&bed, "/operator/platform/plan", files("privacy@", None)).await;
    assert_eq!(status, 200, "{seen}");
    let acts = |plan: &serde_json::Value| -> Vec<String> {
        let steps = plan["steps"].as_array().unwrap().iter();
        steps.map(|step| step["act"].as_str().unwrap().to_owned()).collect()
    };
    assert!(acts(&seen).contains(&"register-partner".to_owned()), "{seen}");
    let state = seen["state"].as_str();
    let (_, done) = post(&bed, "/operator/platform/apply", files("privacy@", state)).await;
    assert_eq!(done["outcome"], "applied", "{done}");

    // What was seen then is not what would be done now.
    let (_, late) = post(&bed, "/operator/platform/apply", files("help@", state)).await;
    assert_eq!((&late["outcome"], &late["steps"]), (&"changed".into(), &0.into()), "{late}");
    let (_, again) = post(&bed, "/operator/platform/plan", files("help@", None)).await;
    assert_eq!(acts(&again), ["revise-partner"]);
    assert_eq!(again["steps"][0]["parts"].as_array().unwrap().len(), 1, "the contact alone: {again}");
    let (_, done) = post(&bed, "/operator/platform/apply", files("help@", again["state"].as_str())).await;
    assert_eq!(done["outcome"], "applied", "{done}");
    let (_, nothing) = post(&bed, "/operator/platform/plan", files("help@", None)).await;
    assert!(acts(&nothing).is_empty(), "{nothing}");
}

#[tokio::test]
async fn what_is_no_platform_is_refused_with_its_place() {
    let bed = Bed::memory(Suite::Guomi);
    let mut strange = files("privacy@", None);
    strange["by"] = "somebody-else".into();
    let mut broken = files("privacy@", None);
    broken["partners"] = serde_json::json!(["{}"]);
    for (path, body) in [
        ("/operator/platform/plan", strange),
        ("/operator/platform/plan", broken),
        ("/operator/platform/plan", serde_json::json!([])),
        ("/operator/platform/apply", files("privacy@", None)),
        ("/operator/platform/apply", files("privacy@", Some("abc"))),
    ] {
        let (status, told) = post(&bed, path, body).await;
        assert_eq!(status, 400, "{told}");
        assert!(told["type"].as_str().unwrap().ends_with("/problems/malformed"), "{told}");
    }
}
