//! `/problems` and `/problems/{code}`: the catalogue behind the `type` of every problem.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use yinuo_domain::Reason;

use crate::fault::{Explained, Fault, Problem, Told, public};
use crate::limits::{ADDRESS_LEN_MAX, BODY_LEN_MAX, BODY_WAIT, HEADERS_LEN_MAX, ITEMS_MAX};
use crate::page::{Frame, page};
use crate::visit::{Visit, Web};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/problems", get(list)).route("/problems/{code}", get(explain))
}

/// `GET /problems`: every kind, and the limits.
async fn list(State(web): State<Web>, visit: Visit) -> Response {
    let template = ProblemsPage {
        problems: Problem::EVERY.iter().map(|problem| Told::of(*problem, visit.words())).collect(),
        body_kib: number(BODY_LEN_MAX / 1024),
        address_kib: number(ADDRESS_LEN_MAX / 1024),
        headers_kib: number(HEADERS_LEN_MAX / 1024),
        body_s: u32::try_from(BODY_WAIT.as_secs()).unwrap_or(u32::MAX),
        items: number(ITEMS_MAX),
        f: Frame::new(&visit, None),
    };
    page(&web, &visit, StatusCode::OK, &template)
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// `GET /problems/{code}`: one kind, with the reasons it may name.
async fn explain(State(web): State<Web>, Path(code): Path<String>, visit: Visit) -> Result<Response, Fault> {
    let problem = Problem::parse(&code).ok_or(Fault::new(Problem::NotFound))?;
    let reasons = match problem {
        Problem::Withheld | Problem::RateLimited => Reason::EVERY,
        _ => &[],
    };
    let told_to_partners = reasons.iter().filter(|reason| public(**reason) == **reason);
    let template = ProblemPage {
        told: Told::of(problem, visit.words()),
        uri: format!("{}/problems/{}", web.issuer(), problem.code()),
        reasons: told_to_partners.map(|reason| Explained::of(*reason, visit.words())).collect(),
        f: Frame::new(&visit, None),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage<'a> {
    f: Frame<'a>,
    problems: Vec<Told>,
    body_kib: u32,
    address_kib: u32,
    headers_kib: u32,
    body_s: u32,
    items: u32,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    f: Frame<'a>,
    told: Told,
    uri: String,
    reasons: Vec<Explained>,
}
