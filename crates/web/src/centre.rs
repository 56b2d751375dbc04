//! `/centre`: what a person allows, and how to take it back.
//!
//! Withdrawing is at most two steps from anywhere: the centre is on every page, and each consent has its button there.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use fluent_bundle::FluentValue;
use yinuo_domain::AppId;
use yinuo_service::{AllowedApp, Everywhere, GrantState, Session, Withdrawal, Withdrawing};

use crate::fault::{Failed, Fault, Problem};
use crate::forms::{Fields, PostedBy};
use crate::history::{Line, lines};
use crate::page::{Frame, page};
use crate::time::Moment;
use crate::visit::{Signed, Visit, Web, pairs};
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
        summary: summary(w, &view.apps),
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
    let (asked, wanted) = (session.clone(), app.clone());
    let view = web.read(move |gateway| gateway.allowed_app(&asked, &wanted)).await??;
    let template = AppPage {
        f: Frame::new(&visit, Some(&session.csrf)),
        csrf: &session.csrf,
        done: is_done(&pairs(&uri)),
        all: crate::history::address("/centre/history", &[("app", app.as_str())]),
        app: Card::of(visit.words(), &view),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `POST /centre/withdraw`: takes back, and says so only when it holds.
async fn withdraw(
    State(web): State<Web>,
    PostedBy { visit, fields, session }: PostedBy,
) -> Result<Response, Failed> {
    match Taking::of(&fields)? {
        Taking::From { app, what, back } => {
            web.gateway.withdraw(&session, &app, what).await?;
            Ok(Redirect::to(&format!("{back}?done=withdrawn")).into_response())
        }
        Taking::Everywhere { what, back } => {
            let withdrawals = web.gateway.withdraw_everywhere(&session, &what).await?;
            if withdrawals.iter().all(|one| one.holds) {
                return Ok(Redirect::to(&format!("{back}?done=withdrawn")).into_response());
            }
            Ok(partly(&web, &visit, &session, &what, &withdrawals))
        }
    }
}

/// Some of it holds, some does not: each app is named, and the rest can be asked for again.
fn partly(
    web: &Web,
    visit: &Visit,
    session: &Session,
    what: &Everywhere,
    withdrawals: &[Withdrawal],
) -> Response {
    let (scope, of) = match what {
        Everywhere::Everything => ("everything", None),
        Everywhere::Item(item) => ("item", Some(item.as_str())),
    };
    let names = |holds: bool| {
        visit.words().list(withdrawals.iter().filter(|one| one.holds == holds).map(|one| &one.app_name))
    };
    let template = PartialPage {
        f: Frame::new(visit, Some(&session.csrf)),
        csrf: &session.csrf,
        taken: names(true),
        failed: names(false),
        scope,
        of,
    };
    let mut response = page(web, visit, StatusCode::SERVICE_UNAVAILABLE, &template);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN_AFTER_S));
    response
}

/// When to ask again for what failed, in seconds.
const AGAIN_AFTER_S: u16 = 30;

/// What the form takes back. Never more than it names, and never everything by leaving something out.
#[derive(Debug, Eq, PartialEq)]
enum Taking {
    From { app: AppId, what: Withdrawing, back: String },
    Everywhere { what: Everywhere, back: String },
}

impl Taking {
    fn of(fields: &Fields) -> Result<Self, Fault> {
        let (app, purpose, of) = (fields.one("app")?, fields.one("purpose")?, fields.one("of")?);
        let items = fields.choices("item")?;
        let from = |app: &str, what: Withdrawing, back: &dyn Fn(&AppId) -> String| {
            let app = AppId::parse(app).map_err(|_| Fault::new(Problem::NotFound))?;
            let back = back(&app);
            Ok(Self::From { app, what, back })
        };
        let centre = |_: &AppId| "/centre".to_owned();
        let app_page = |app: &AppId| format!("/centre/apps/{app}");
        let item_page = |item: &str| format!("/centre/items/{item}");
        match (fields.require("scope")?, app, purpose, of, items.is_empty()) {
            ("whole", Some(app), None, None, true) => from(app, Withdrawing::Whole, &centre),
            ("purpose", Some(app), Some(purpose), None, true) => {
                from(app, Withdrawing::Purpose(purpose.to_owned()), &app_page)
            }
            ("items", Some(app), None, None, false) => {
                // Back to where the button was.
                let page = fields.one("page")?.filter(|page| is_item_id(page)).map(item_page);
                from(app, Withdrawing::Items(items), &|app| page.clone().unwrap_or_else(|| app_page(app)))
            }
            ("item", None, None, Some(item), true) if is_item_id(item) => {
                Ok(Self::Everywhere { what: Everywhere::Item(item.to_owned()), back: item_page(item) })
            }
            ("everything", None, None, None, true) => {
                Ok(Self::Everywhere { what: Everywhere::Everything, back: "/centre".to_owned() })
            }
            _ => {
                let why = "must be whole, purpose, items, item or everything, with what it needs and no more";
                Err(Fault::malformed("scope", why))
            }
        }
    }
}

/// What may stand in an address as the id of an item.
fn is_item_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(crate) fn is_done(pairs: &[(String, String)]) -> bool {
    pairs.iter().any(|(name, value)| name == "done" && value == "withdrawn")
}

/// How many apps may receive how much, in one sentence; none where nothing is allowed.
fn summary(w: &Words, apps: &[AllowedApp]) -> Option<String> {
    let active: Vec<_> = apps.iter().filter(|app| app.state == GrantState::Active).collect();
    let items = active.iter().flat_map(|app| &app.purposes).flat_map(|purpose| &purpose.items);
    let items: BTreeSet<&str> = items.map(|(id, ..)| id.as_str()).collect();
    let variables = [("apps", FluentValue::from(active.len())), ("items", FluentValue::from(items.len()))];
    (!active.is_empty()).then(|| w.tell("centre-summary", &variables))
}

#[derive(Template)]
#[template(path = "centre.html")]
struct CentrePage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    /// Whether something was just taken back.
    done: bool,
    summary: Option<String>,
    apps: Vec<Card<'a>>,
    lines: Vec<Line<'a>>,
}

impl CentrePage<'_> {
    fn can_withdraw(&self) -> bool {
        self.apps.iter().any(|app| app.can_withdraw)
    }
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    done: bool,
    app: Card<'a>,
    /// Everything about this app in the history.
    all: String,
}

#[derive(Template)]
#[template(path = "partial.html")]
struct PartialPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    /// The names of the apps from which it is taken back, and of those from which it is not.
    taken: String,
    failed: String,
    scope: &'a str,
    of: Option<&'a str>,
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
    withdraw_label: String,
}

struct AllowedItem<'a> {
    name: &'a str,
    sensitive: bool,
    value: String,
    withdraw_label: String,
}

/// The words and the look of a state: what it is, what more there is to say, its class.
pub(crate) fn state(state: GrantState) -> (&'static str, &'static str, &'static str) {
    match state {
        GrantState::Active => ("state-active", "since-active", "live"),
        GrantState::Paused => ("state-paused", "since-paused", "held"),
        GrantState::Expired => ("state-expired", "since-expired", "over"),
        GrantState::Withdrawn => ("state-withdrawn", "since-withdrawn", "over"),
    }
}

impl<'a> Card<'a> {
    fn of(w: &Words, app: &'a AllowedApp) -> Self {
        let (state, since, state_class) = state(app.state);
        let given = Moment::of(w, app.given_at).shown;
        let expires = Moment::of(w, app.expires_at).shown;
        let purposes = app.purposes.iter().map(|purpose| Allowed {
            id: purpose.id.as_str(),
            title: w.text(&purpose.title),
            names: w.items(purpose.items.iter().map(|(_, name, _)| name)),
            items: purpose
                .items
                .iter()
                .map(|(id, name, sensitive)| AllowedItem {
                    name: w.item(name).0,
                    sensitive: *sensitive,
                    value: format!("{}/{id}", purpose.id),
                    withdraw_label: w.with("withdraw-item-label", "item", w.item(name).0),
                })
                .collect(),
            withdraw_label: w.with("withdraw-purpose-label", "purpose", w.text(&purpose.title)),
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
