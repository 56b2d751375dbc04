//! How does HTTP say it?
//!
//! Routes, pages, the mapping of what went wrong to statuses and words, sessions in a cookie, two languages. A handler
//! reads like its sentence: parse, call the [`Gateway`], answer.
//!
//! Pages are server-rendered, work without JavaScript, and load nothing from elsewhere. No value, token or person is
//! written to a log or put into an address.
//!
//! Not here: decisions (`core`), the order of things (`service`), storage, keys.

mod answer;
mod api;
mod assets;
mod centre;
mod consent;
mod console;
mod cookies;
mod delete_account;
mod disclosures;
mod fault;
mod forms;
mod health;
mod history;
mod home;
mod items;
mod limits;
mod log;
mod notice;
mod notices;
mod oauth;
pub mod operator;
mod package;
mod page;
mod problems;
mod proofs;
mod request_id;
mod sign_in;
mod style;
mod time;
mod visit;
mod words;

#[cfg(test)]
#[path = "../../service/tests/bed/mod.rs"]
mod bed;
#[cfg(test)]
mod markup;
#[cfg(test)]
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use yinuo_service::Gateway;

use crate::fault::{Fault, Problem};
use crate::visit::Web;

pub use crate::answer::{Answered, Observer};
pub use crate::limits::BODY_LEN_MAX;
pub use crate::operator::operator_router;

/// What is served beside what every Yinuo serves.
#[derive(Clone, Default)]
pub struct Options {
    /// The page of components at `/style`, for the demonstration.
    pub style: bool,
    /// Who is told of each answer.
    pub observer: Option<Arc<dyn Observer>>,
}

/// Everything that HTTP offers.
pub fn router(gateway: Arc<Gateway>) -> Router {
    router_with(gateway, Options::default())
}

/// The same, and what else is wanted.
pub fn router_with(gateway: Arc<Gateway>, options: Options) -> Router {
    let routes = Router::new()
        .merge(home::routes())
        .merge(sign_in::routes())
        .merge(consent::routes())
        .merge(centre::routes())
        .merge(items::routes())
        .merge(history::routes())
        .merge(proofs::routes())
        .merge(package::routes())
        .merge(notices::routes())
        .merge(delete_account::routes())
        .merge(console::routes())
        .merge(problems::routes())
        .merge(oauth::routes())
        .merge(disclosures::routes())
        .merge(log::routes())
        .merge(api::routes())
        .merge(assets::routes())
        .merge(health::routes());
    let routes = if options.style { routes.merge(style::routes()) } else { routes };
    dressed(routes, Web::new(gateway, options.observer))
}

/// Routes with everything that holds for all of them.
fn dressed(routes: Router<Web>, web: Web) -> Router {
    routes
        .method_not_allowed_fallback(async || Fault::new(Problem::MethodNotAllowed))
        .fallback(async || Fault::new(Problem::NotFound))
        .layer(from_fn_with_state(web.clone(), answer::dress))
        .with_state(web)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt as _;
    use yinuo_domain::Suite;

    use super::*;
    use crate::bed::Bed;

    async fn broken() -> &'static str {
        panic!("canary of a person")
    }

    #[tokio::test]
    async fn a_defect_is_told_without_saying_what_it_met() {
        let bed = Bed::memory(Suite::Guomi);
        for accept in ["text/html", "*/*"] {
            let router = dressed(
                Router::new().route("/broken", get(broken)),
                Web::new(Arc::clone(&bed.gateway), None),
            );
            let request = Request::get("/broken").header("accept", accept).body(Body::empty()).unwrap();
            let response = router.oneshot(request).await.unwrap();
            assert_eq!(response.status(), 500);
            assert!(response.headers().contains_key("content-security-policy"));
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains("internal") && !body.contains("canary"), "{body}");
        }
    }
}
