//! Both factors, one after the other.
//!
//! The second one is asked of whoever arrives, on the staff or not, with the same page and the same refusal.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use qrcode::QrCode;
use qrcode::render::svg;
use yinuo_service::{Arrival, SecondFactor, SignInFailed, SignInFor, SignInWay, StaffPending};

use super::passkey::with_script;
use super::visit::{PostedByStaff, to_sign_in};
use crate::cookies;
use crate::fault::{Failed, Fault, Problem};
use crate::forms::{Posted, same};
use crate::page::{Frame, page, set_cookie};
use crate::sign_in::{begin, not_signed_in};
use crate::visit::{Visit, Web};

/// `GET /console/sign-in`: the first factor.
pub(crate) async fn offer(State(web): State<Web>, visit: Visit) -> Result<Response, Fault> {
    let typed = match web.gateway.sign_in_way() {
        SignInWay::Provider => return begin(&web, &visit, SignInFor::Staff, None).await,
        SignInWay::Directory(_) => true,
        SignInWay::Nobody => false,
    };
    Ok(page(&web, &visit, StatusCode::OK, &SignInPage { f: Frame::new(&visit, None), typed }))
}

/// `POST /console/sign-in`: in the demonstration, whose place to take.
pub(crate) async fn choose(
    State(web): State<Web>,
    Posted { fields, .. }: Posted,
) -> Result<Response, Failed> {
    let choice = fields.require("choice")?;
    let for_whom = SignInFor::Staff;
    let arrival = web.gateway.choose(for_whom, choice, None);
    let arrival = arrival.map_err(|why| not_signed_in(SignInFailed { why, for_whom, then: None }))?;
    Ok(arrived(&web, &arrival).await?)
}

/// Somebody vouched for whoever uses this browser: the second factor is next.
pub(crate) async fn arrived(web: &Web, arrival: &Arrival) -> Result<Response, Fault> {
    let for_whom = SignInFor::Staff;
    let pending = web.gateway.staff_arrived(arrival).await;
    let pending = pending.map_err(|why| not_signed_in(SignInFailed { why, for_whom, then: None }))?;
    let mut response = Redirect::to("/console/second-factor").into_response();
    set_cookie(&mut response, web.jar.begin_staff_pending(pending.as_str()));
    Ok(response)
}

/// `GET /console/second-factor`
pub(crate) async fn ask(
    State(web): State<Web>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some((_, pending)) = waiting(&web, &headers).await? else { return Ok(to_sign_in()) };
    Ok(factor_page(&web, &visit, &pending, None))
}

/// `POST /console/second-factor`
pub(crate) async fn answer(
    State(web): State<Web>,
    headers: HeaderMap,
    Posted { visit, fields }: Posted,
) -> Result<Response, Failed> {
    let Some((cookie, pending)) = waiting(&web, &headers).await? else { return Ok(to_sign_in()) };
    if !fields.one("csrf")?.is_some_and(|token| same(token, &pending.csrf)) {
        return Err(Fault::new(Problem::FormRefused).into());
    }
    let factor = web.gateway.second_factor(&cookie, fields.require("code")?).await.map_err(Fault::from)?;
    let (to, kept) = match factor {
        SecondFactor::Wrong => {
            return Ok(factor_page(&web, &visit, &pending, Some("console-factor-wrong")));
        }
        SecondFactor::Gone | SecondFactor::Again(_) => return Ok(to_sign_in()),
        SecondFactor::SetUp(cookie) => {
            ("/console/second-factor", [web.jar.begin_staff_pending(cookie.as_str()), None])
        }
        SecondFactor::Session(cookie) => {
            let begun = web.jar.begin_staff_session(cookie.as_str());
            ("/console", [begun, web.jar.end_staff_pending()])
        }
    };
    let mut response = Redirect::to(to).into_response();
    kept.into_iter().for_each(|cookie| set_cookie(&mut response, cookie));
    Ok(response)
}

/// `POST /console/sign-out`
pub(crate) async fn end(
    State(web): State<Web>,
    PostedByStaff { session, .. }: PostedByStaff,
) -> Result<Response, Fault> {
    web.gateway.end_staff_session(&session).await?;
    let mut response = to_sign_in();
    set_cookie(&mut response, web.jar.end_staff_session());
    Ok(response)
}

pub(super) async fn waiting(web: &Web, headers: &HeaderMap) -> Result<Option<(String, StaffPending)>, Fault> {
    let Some(cookie) = cookies::read(headers, web.jar.staff_pending_name()) else { return Ok(None) };
    let (cookie, asked) = (cookie.to_owned(), cookie.to_owned());
    let pending = web.read(move |gateway| gateway.staff_pending(&asked)).await??;
    Ok(pending.map(|pending| (cookie, pending)))
}

/// The page that asks; with what is wrong, if it was asked before.
pub(super) fn factor_page(
    web: &Web,
    visit: &Visit,
    pending: &StaffPending,
    wrong: Option<&'static str>,
) -> Response {
    let status = if wrong.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let wrong = wrong.map(|word| visit.words().say(word));
    let (f, csrf) = (Frame::new(visit, None), pending.csrf.as_str());
    match &pending.setup {
        None => {
            let (passkey, script) = (pending.passkey.as_deref(), crate::assets::script_address());
            let response = page(web, visit, status, &FactorPage { f, csrf, wrong, passkey, script });
            if passkey.is_some() { with_script(response) } else { response }
        }
        Some(setup) => {
            let template =
                SetupPage { f, csrf, wrong, secret: grouped(&setup.secret), picture: picture(&setup.uri) };
            page(web, visit, status, &template)
        }
    }
}

/// The address as a picture to scan; an empty one when it does not fit into any, and then the secret can be typed.
fn picture(uri: &str) -> String {
    let Ok(code) = QrCode::new(uri.as_bytes()) else { return String::new() };
    let picture = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    // Within a page there is no XML declaration.
    picture.split_once("?>").map_or_else(|| picture.clone(), |(_, svg)| svg.to_owned())
}

/// In groups of four, for whoever types it.
fn grouped(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[derive(Template)]
#[template(path = "console_sign_in.html")]
struct SignInPage<'a> {
    f: Frame<'a>,
    /// Whether somebody can be named here.
    typed: bool,
}

#[derive(Template)]
#[template(path = "console_factor.html")]
struct FactorPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    wrong: Option<String>,
    /// What to ask of a passkey.
    passkey: Option<&'a str>,
    script: String,
}

#[derive(Template)]
#[template(path = "console_setup.html")]
struct SetupPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    wrong: Option<String>,
    secret: String,
    picture: String,
}
