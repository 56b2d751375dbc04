//! The sample partner: three apps of invented companies, each an ordinary OAuth client with a key of its own.
//!
//! It knows the platform only by its address and its public log keys, and does what a partner's developer would:
//! push the request, send the browser, redeem the code, ask for data, check the receipt, and read refusals.

mod client;
mod pages;
mod wants;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use yinuo_tlog::VerifierKey;

use crate::cli::PartnerOptions;
use crate::say::say;
use client::{Apps, Asked, Failed, Tokens};

/// The running partner.
pub(crate) struct Partner {
    apps: Apps,
    /// By the value of the cookie: who is in the middle of what.
    visitors: Mutex<HashMap<String, Visitor>>,
}

/// One browser.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    /// App, state and PKCE verifier of the request under way.
    under_way: Option<(String, String, String)>,
    /// What each app was given.
    tokens: HashMap<String, Tokens>,
}

pub(crate) fn run(options: PartnerOptions) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::failed(&error),
    };
    match runtime.block_on(serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => crate::failed(error.as_ref()),
    }
}

async fn serve(options: PartnerOptions) -> Result<(), Box<dyn std::error::Error>> {
    let log_keys: Result<Vec<VerifierKey>, _> =
        std::fs::read_to_string(&options.log_keys)?.lines().map(VerifierKey::parse).collect();
    let own = format!("http://{}", options.listen);
    let apps = Apps::load(&options.keys, &options.issuer, &own, log_keys?)?;
    let partner = Arc::new(Partner { apps, visitors: Mutex::default() });
    let router = Router::new()
        .route("/", get(home))
        .route("/{app}", get(app_page))
        .route("/{app}/start", post(start))
        .route("/{app}/back", get(back))
        .route("/{app}/ask", post(ask))
        .with_state(partner);
    let listener = TcpListener::bind(options.listen).await?;
    say(format_args!("ready {own}"));
    // It ends with whoever started it, however that ended: then its standard input is closed.
    let until = async {
        let mut rest = Vec::new();
        let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    };
    axum::serve(listener, router).with_graceful_shutdown(until).await?;
    Ok(())
}

async fn home() -> Html<String> {
    Html(pages::home())
}

async fn app_page(
    State(partner): State<Arc<Partner>>,
    Path(app): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visitor = partner.visitor(&headers);
    match pages::app(&app, visitor.tokens.contains_key(&app)) {
        Some(page) => Html(page).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Push the request, then send the browser to the platform.
async fn start(State(partner): State<Arc<Partner>>, Path(app): Path<String>, headers: HeaderMap) -> Response {
    let (cookie, mut visitor) = match partner.enter(&headers) {
        Ok(entered) => entered,
        Err(error) => return failed(&app, &error),
    };
    match partner.apps.push(&app).await {
        Ok(pushed) => {
            visitor.under_way = Some((app, pushed.state, pushed.verifier));
            partner.keep(&cookie, visitor);
            let set = format!("sample_partner={cookie}; HttpOnly; SameSite=Lax; Path=/");
            ([(header::SET_COOKIE, set)], Redirect::to(&pushed.authorize)).into_response()
        }
        Err(error) => failed(&app, &error),
    }
}

/// The browser is back: with a code, or with a no.
async fn back(
    State(partner): State<Arc<Partner>>,
    Path(app): Path<String>,
    Query(answer): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let mut visitor = partner.visitor(&headers);
    let answered = match (visitor.under_way.take(), answer.get("state")) {
        (Some((of, state, verifier)), Some(back)) if of == app && *back == state => Ok(verifier),
        _ => Err(Failed::Answer("the answer does not belong to a request of this browser")),
    };
    let cookie = cookie_of(&headers).unwrap_or_default();
    let verifier = match answered {
        Ok(verifier) => verifier,
        Err(error) => return failed(&app, &error),
    };
    if answer.contains_key("error") {
        partner.keep(&cookie, visitor);
        return Html(pages::refused(&app)).into_response();
    }
    match partner.apps.redeem(&app, &answer, &verifier).await {
        Ok(tokens) => {
            visitor.tokens.insert(app.clone(), tokens);
            partner.keep(&cookie, visitor);
            Redirect::to(&format!("/{app}")).into_response()
        }
        Err(error) => failed(&app, &error),
    }
}

/// Ask for the data, and show what came with its receipt, or why nothing came.
async fn ask(State(partner): State<Arc<Partner>>, Path(app): Path<String>, headers: HeaderMap) -> Response {
    let visitor = partner.visitor(&headers);
    let Some(tokens) = visitor.tokens.get(&app) else {
        return Redirect::to(&format!("/{app}")).into_response();
    };
    match partner.apps.ask(&app, tokens).await {
        Ok(asked @ (Asked::Given { .. } | Asked::Refused { .. })) => {
            Html(pages::asked(&app, &asked)).into_response()
        }
        Err(error) => failed(&app, &error),
    }
}

fn failed(app: &str, error: &Failed) -> Response {
    (StatusCode::BAD_GATEWAY, Html(pages::failed(app, &error.to_string()))).into_response()
}

impl Partner {
    fn visitor(&self, headers: &HeaderMap) -> Visitor {
        let visitors = self.visitors.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        cookie_of(headers).and_then(|cookie| visitors.get(&cookie).cloned()).unwrap_or_default()
    }

    fn enter(&self, headers: &HeaderMap) -> Result<(String, Visitor), Failed> {
        match cookie_of(headers) {
            Some(cookie) => Ok((cookie, self.visitor(headers))),
            None => Ok((client::unguessable()?, Visitor::default())),
        }
    }

    fn keep(&self, cookie: &str, visitor: Visitor) {
        let mut visitors = self.visitors.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        visitors.insert(cookie.to_owned(), visitor);
    }
}

fn cookie_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let found = cookies.split(';').find_map(|pair| pair.trim().strip_prefix("sample_partner="))?;
    Some(found.to_owned())
}
