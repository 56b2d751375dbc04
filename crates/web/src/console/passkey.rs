//! Passkeys: adding one, and signing in with one. The pages here are the only ones that load a script.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use yinuo_service::{PasskeyOffer, SecondFactor};

use super::overview::{MeNote, me_page};
use super::sign_in::{factor_page, waiting};
use super::visit::{PostedByStaff, to_sign_in};
use crate::answer::policy_with_script;
use crate::fault::{Failed, Fault, Problem};
use crate::forms::{Posted, same};
use crate::page::{Frame, page, set_cookie};
use crate::visit::Web;

/// `POST /console/passkeys`: asks the browser for a new one.
pub(crate) async fn begin(
    State(web): State<Web>,
    PostedByStaff { visit, fields, session }: PostedByStaff,
) -> Result<Response, Failed> {
    let (name, code) = (fields.require("name")?, fields.require("code")?);
    match web.gateway.ask_for_new_passkey(&session, name, code).await.map_err(Fault::from)? {
        PasskeyOffer::Wrong => Ok(me_page(&web, &visit, &session, MeNote::Wrong).await?),
        PasskeyOffer::Refused => Ok(me_page(&web, &visit, &session, MeNote::Refused).await?),
        PasskeyOffer::Asked { ticket, options } => {
            let template = PasskeyPage {
                f: Frame::new(&visit, None),
                csrf: &session.csrf,
                ticket: ticket.as_str(),
                options: &options,
                script: crate::assets::script_address(),
            };
            Ok(with_script(page(&web, &visit, StatusCode::OK, &template)))
        }
    }
}

/// `POST /console/passkeys/add`: keeps what the browser answered.
pub(crate) async fn add(
    State(web): State<Web>,
    PostedByStaff { visit, fields, session }: PostedByStaff,
) -> Result<Response, Failed> {
    let (ticket, answer) = (fields.require("ticket")?, fields.require("answer")?);
    if web.gateway.add_passkey(&session, ticket, answer).await.map_err(Fault::from)? {
        return Ok(Redirect::to("/console/me").into_response());
    }
    Ok(me_page(&web, &visit, &session, MeNote::Refused).await?)
}

/// `POST /console/passkeys/remove`: takes one away, and with it every session.
pub(crate) async fn remove(
    State(web): State<Web>,
    PostedByStaff { visit, fields, session }: PostedByStaff,
) -> Result<Response, Failed> {
    if !web.gateway.remove_passkey(&session, fields.require("passkey")?).await.map_err(Fault::from)? {
        return Ok(me_page(&web, &visit, &session, MeNote::Gone).await?);
    }
    let mut response = to_sign_in();
    set_cookie(&mut response, web.jar.end_staff_session());
    Ok(response)
}

/// `POST /console/second-factor/passkey`
pub(crate) async fn answer(
    State(web): State<Web>,
    headers: HeaderMap,
    Posted { visit, fields }: Posted,
) -> Result<Response, Failed> {
    let Some((cookie, pending)) = waiting(&web, &headers).await? else { return Ok(to_sign_in()) };
    if !fields.one("csrf")?.is_some_and(|token| same(token, &pending.csrf)) {
        return Err(Fault::new(Problem::FormRefused).into());
    }
    let factor = web.gateway.second_factor_by_passkey(&cookie, fields.require("answer")?).await;
    match factor.map_err(Fault::from)? {
        SecondFactor::Session(cookie) => {
            let mut response = Redirect::to("/console").into_response();
            set_cookie(&mut response, web.jar.begin_staff_session(cookie.as_str()));
            set_cookie(&mut response, web.jar.end_staff_pending());
            Ok(response)
        }
        SecondFactor::Again(cookie) => {
            let asked = cookie.as_str().to_owned();
            let again = web.read(move |gateway| gateway.staff_pending(&asked)).await?.map_err(Fault::from)?;
            let Some(again) = again else { return Ok(to_sign_in()) };
            let mut response = factor_page(&web, &visit, &again, Some("console-passkey-refused"));
            set_cookie(&mut response, web.jar.begin_staff_pending(cookie.as_str()));
            Ok(response)
        }
        SecondFactor::Gone | SecondFactor::Wrong | SecondFactor::SetUp(_) => Ok(to_sign_in()),
    }
}

/// Lets a page load the script.
pub(crate) fn with_script(mut response: Response) -> Response {
    if let Ok(policy) = HeaderValue::from_str(&policy_with_script()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Template)]
#[template(path = "console_passkey.html")]
struct PasskeyPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    ticket: &'a str,
    options: &'a str,
    script: String,
}
