//! `/style`: every component of the pages on one page, for whoever builds another. Routed in the demonstration only.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use yinuo_domain::Timestamp;

use crate::page::{Frame, page};
use crate::time::Moment;
use crate::visit::{Visit, Web};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/style", get(show))
}

/// `GET /style`: the components.
async fn show(State(web): State<Web>, visit: Visit) -> Response {
    // An hour of no meaning: a sample shows how a time looks.
    let moment = Moment::of(visit.words(), Timestamp(1_772_380_800_000)).shown;
    page(&web, &visit, StatusCode::OK, &StylePage { f: Frame::new(&visit, None), moment })
}

#[derive(Template)]
#[template(path = "style.html")]
pub(crate) struct StylePage<'a> {
    pub(crate) f: Frame<'a>,
    pub(crate) moment: String,
}
