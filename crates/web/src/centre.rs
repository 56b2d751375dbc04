//! `/centre`: what a person allows, and how to take it back.
//!
//! Withdrawing is at most two steps from anywhere: the centre is on every page, and each consent has its button there.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use fluent_bundle::FluentValue;
use yinuo_domain::AppId;
use yinuo_service::{AllowedApp, GrantState, Withdrawing};

use crate::fault::{Failed, Fault, Problem};
use crate::forms::{Fields, PostedBy};
use crate::history::{Line, lines};
use crate::page::{Frame, page};
use crate::time::Moment;
use crate::visit::{Signed, Web, pairs};
use crate::words::Words;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/centre", get(show))
        .route("/centre/apps/{app}", get(show_app))
        .route("/centre/withdraw", post(withdraw))
}

/// `GET /centre`: everything at a glance.
async fn show(
    State(web): State<Web>,
    uri: Uri,
    Signed { visit, session }: Signed,
) -> Result<Response, Failed> {
    let asked = session.clone();
    let view = web.read(move |gateway| gateway.centre(&asked)).await??;
    let w = visit.words();
    let template = CentrePage {
        f: Frame::new(&visit, Some(&session.csrf)),
        csrf: &session.csrf,
        done: is_done(&pairs(&uri)),
        apps: view.apps.iter().map(|app| Card::of(w, app)).collect(),
        lines: lines(w, &view.recent),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `GET /centre/apps/{app}`: one app, item by item.
async fn show_app(
    State(web): State<Web>,
    uri: Uri,
    Path(app): Path<String>,
    Signed { visit, session }: Signed,
) -> Result<Response, Failed> {
    let app = AppId::parse(&app).map_err(|_| Fault::new(Problem::NotFound))?;
    let asked = session.clone();
    let view = web.read(move |gateway| gateway.allowed_app(&asked, &app)).await??;
    let template = AppPage {
        f: Frame::new(&visit, Some(&session.csrf)),
        csrf: &session.csrf,
        done: is_done(&pairs(&uri)),
        app: Card::of(visit.words(), &view),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `POST /centre/withdraw`: takes back, and says so only when it holds.
async fn withdraw(
    State(web): State<Web>,
    PostedBy { fields, session, .. }: PostedBy,
) -> Result<Response, Failed> {
    let (app, what) = withdrawing(&fields)?;
    let back = match &what {
        Withdrawing::Whole => "/centre?done=withdrawn".to_owned(),
        Withdrawing::Items(_) => format!("/centre/apps/{app}?done=withdrawn"),
    };
    web.gateway.withdraw(&session, &app, what).await?;
    Ok(Redirect::to(&back).into_response())
}

/// What the form takes back. Never more than one app, and never everything by leaving something out.
fn withdrawing(fields: &Fields) -> Result<(AppId, Withdrawing), Fault> {
    let app = AppId::parse(fields.require("app")?).map_err(|_| Fault::new(Problem::NotFound))?;
    let items = fields.choices("item")?;
    match (fields.require("scope")?, items.is_empty()) {
        ("whole", true) => Ok((app, Withdrawing::Whole)),
        ("items", false) => Ok((app, Withdrawing::Items(items))),
        _ => Err(Fault::malformed("scope", "must be whole without items, or items with at least one")),
    }
}

fn is_done(pairs: &[(String, String)]) -> bool {
    pairs.iter().any(|(name, value)| name == "done" && value == "withdrawn")
}

#[derive(Template)]
#[template(path = "centre.html")]
struct CentrePage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    /// Whether something was just taken back.
    done: bool,
    apps: Vec<Card<'a>>,
    lines: Vec<Line<'a>>,
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    done: bool,
    app: Card<'a>,
}

/// One consent, in words.
struct Card<'a> {
    id: &'a str,
    name: &'a str,
    partner: &'a str,
    contact: &'a str,
    state: String,
    state_class: &'static str,
    since: String,
    /// Whether there is something left to take back.
    can_withdraw: bool,
    purposes: Vec<Allowed<'a>>,
}

struct Allowed<'a> {
    id: &'a str,
    title: &'a str,
    names: String,
    items: Vec<AllowedItem<'a>>,
}

struct AllowedItem<'a> {
    name: &'a str,
    sensitive: bool,
    value: String,
    withdraw_label: String,
}

impl<'a> Card<'a> {
    fn of(w: &Words, app: &'a AllowedApp) -> Self {
        let (state, since, state_class) = match app.state {
            GrantState::Active => ("state-active", "since-active", "live"),
            GrantState::Paused => ("state-paused", "since-paused", "held"),
            GrantState::Expired => ("state-expired", "since-expired", "over"),
            GrantState::Withdrawn => ("state-withdrawn", "since-withdrawn", "over"),
        };
        let given = Moment::of(w, app.given_at).shown;
        let expires = Moment::of(w, app.expires_at).shown;
        let purposes = app.purposes.iter().map(|purpose| Allowed {
            id: purpose.id.as_str(),
            title: w.text(&purpose.title),
            names: w.list(purpose.items.iter().map(|(_, name, _)| name)),
            items: purpose
                .items
                .iter()
                .map(|(id, name, sensitive)| AllowedItem {
                    name: w.text(name),
                    sensitive: *sensitive,
                    value: format!("{}/{id}", purpose.id),
                    withdraw_label: w.with("withdraw-item-label", "item", w.text(name)),
                })
                .collect(),
        });
        Self {
            id: app.app.as_str(),
            name: w.text(&app.app_name),
            partner: w.text(&app.partner_name),
            contact: &app.contact,
            state: w.say(state),
            state_class,
            since: w
                .tell(since, &[("given", FluentValue::from(given)), ("expires", FluentValue::from(expires))]),
            can_withdraw: matches!(app.state, GrantState::Active | GrantState::Paused),
            purposes: purposes.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
