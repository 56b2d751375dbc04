//! Whose browser this is, as far as the console is concerned: staff's, or nobody's.

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use yinuo_domain::Role;
use yinuo_service::StaffSession;

use crate::cookies;
use crate::fault::{Fault, Problem};
use crate::forms::{Fields, Posted, same};
use crate::page::{page, set_cookie};
use crate::visit::{Visit, Web};
use crate::words::Words;

/// A page for staff, in their session.
pub(crate) struct Staffed {
    pub(crate) visit: Visit,
    pub(crate) session: StaffSession,
    /// The cookie that lets the session go on, and what its forms carry, when it was time for another one.
    renewed: Option<String>,
}

impl Staffed {
    /// The page, with the cookie that lets the session go on.
    pub(crate) fn page(&self, web: &Web, template: &impl Template) -> Response {
        let mut response = page(web, &self.visit, StatusCode::OK, template);
        if let Some(cookie) = &self.renewed {
            set_cookie(&mut response, web.jar.begin_staff_session(cookie));
        }
        response
    }

    /// Whether they may change anything.
    pub(crate) fn is_operator(&self) -> bool {
        self.session.role == Role::Operator
    }
}

impl FromRequestParts<Web> for Staffed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let visit = Visit::of(web.jar, &parts.method, &parts.uri, &parts.headers);
        let session = session(web, &parts.headers).await.map_err(Fault::into_response)?;
        let Some(mut session) = session else { return Err(to_sign_in()) };
        let mut renewed = None;
        if session.is_ageing {
            let cookie = web.gateway.renew_staff_session(&session).await;
            let cookie = cookie.map_err(|error| Fault::from(error).into_response())?;
            let text = cookie.as_str().to_owned();
            // Forms on this page are sent with the new cookie, so they carry what belongs to it.
            if let Some(again) = session_of(web, text.clone()).await.map_err(Fault::into_response)? {
                session = again;
                renewed = Some(text);
            }
        }
        Ok(Self { visit, session, renewed })
    }
}

/// A form from a page of the console, in the session that page was shown in.
pub(crate) struct PostedByStaff {
    pub(crate) visit: Visit,
    pub(crate) fields: Fields,
    pub(crate) session: StaffSession,
}

impl FromRequest<Web> for PostedByStaff {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let posted = Posted::from_request(request, web).await.map_err(Fault::into_response)?;
        let session = session(web, &headers).await.map_err(Fault::into_response)?;
        let Some(session) = session else { return Err(to_sign_in()) };
        match posted.fields.one("csrf") {
            Ok(Some(token)) if same(token, &session.csrf) => {
                Ok(Self { visit: posted.visit, fields: posted.fields, session })
            }
            _ => Err(Fault::new(Problem::FormRefused).into_response()),
        }
    }
}

async fn session(web: &Web, headers: &HeaderMap) -> Result<Option<StaffSession>, Fault> {
    match cookies::read(headers, web.jar.staff_session_name()) {
        Some(cookie) => session_of(web, cookie.to_owned()).await,
        None => Ok(None),
    }
}

async fn session_of(web: &Web, cookie: String) -> Result<Option<StaffSession>, Fault> {
    Ok(web.read(move |gateway| gateway.staff_session(&cookie)).await??)
}

pub(crate) fn to_sign_in() -> Response {
    Redirect::to("/console/sign-in").into_response()
}

/// A role in words.
pub(crate) fn role(w: &Words, role: Role) -> String {
    w.say(match role {
        Role::Operator => "console-role-operator",
        Role::Auditor => "console-role-auditor",
    })
}
