//! `/centre/items` and `/centre/items/{item}`: what is kept about me, item by item, and who may receive it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use yinuo_service::{AllowedTo, OwnItem};

use crate::centre::{is_done, state};
use crate::fault::Failed;
use crate::history::{Line, address, lines};
use crate::page::{Frame, page};
use crate::time::Moment;
use crate::visit::{Signed, Web, pairs};
use crate::words::{Said as _, Words};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/centre/items", get(list)).route("/centre/items/{item}", get(show))
}

/// `GET /centre/items`: every item, masked, and who may receive it.
async fn list(State(web): State<Web>, Signed { visit, session }: Signed) -> Result<Response, Failed> {
    let asked = session.clone();
    let items = web.read(move |gateway| gateway.own_items(&asked)).await??;
    let template = ItemsPage { f: Frame::new(&visit, Some(&session.csrf)), items };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `GET /centre/items/{item}`: one of them.
async fn show(
    State(web): State<Web>,
    uri: Uri,
    Path(item): Path<String>,
    Signed { visit, session }: Signed,
) -> Result<Response, Failed> {
    let asked = session.clone();
    let view = web.read(move |gateway| gateway.own_item(&asked, &item)).await??;
    let w = visit.words();
    let template = ItemPage {
        csrf: &session.csrf,
        done: is_done(&pairs(&uri)),
        allowed: view.allowed.iter().map(|to| Receiver::of(w, to)).collect(),
        lines: lines(w, &view.recent),
        all: address("/centre/history", &[("item", &view.item.id)]),
        item: &view.item,
        f: Frame::new(&visit, Some(&session.csrf)),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

#[derive(Template)]
#[template(path = "items.html")]
struct ItemsPage<'a> {
    f: Frame<'a>,
    items: Vec<OwnItem>,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    done: bool,
    item: &'a OwnItem,
    allowed: Vec<Receiver<'a>>,
    lines: Vec<Line<'a>>,
    /// Everything about this item in the history.
    all: String,
}

/// One app that may receive the item, in words.
struct Receiver<'a> {
    app: &'a str,
    name: &'a str,
    partner: &'a str,
    purpose: &'a str,
    state: String,
    state_class: &'static str,
    until: String,
    choice: &'a str,
    withdraw_label: String,
}

impl<'a> Receiver<'a> {
    fn of(w: &Words, to: &'a AllowedTo) -> Self {
        let (state, _, state_class) = state(to.state);
        let (name, purpose) = (w.text(&to.app_name), w.text(&to.purpose));
        Self {
            app: to.app.as_str(),
            name,
            partner: w.text(&to.partner_name),
            purpose,
            state: w.say(state),
            state_class,
            until: w.with("item-until", "expires", Moment::of(w, to.expires_at).shown),
            choice: &to.choice,
            withdraw_label: w
                .tell("withdraw-from-label", &[("app", name.said()), ("purpose", purpose.said())]),
        }
    }
}

#[cfg(test)]
mod tests;
