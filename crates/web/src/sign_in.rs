//! `/sign-in` and `/sign-out`: sessions begin and end.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use yinuo_domain::Refusal;
use yinuo_service::{Offered, PageError};

use crate::fault::{Failed, Fault};
use crate::forms::{Posted, PostedBy};
use crate::page::{Frame, page, set_cookie};
use crate::visit::{Visit, Web, is_our_page, pairs};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/sign-in", get(offer).post(begin)).route("/sign-out", post(end))
}

/// `GET /sign-in`: who can sign in.
async fn offer(State(web): State<Web>, uri: Uri, visit: Visit) -> Result<Response, Fault> {
    let session = web.session(&visit).await?;
    let csrf = session.as_ref().map(|session| session.csrf.as_str());
    let then = pairs(&uri).into_iter().find(|(name, value)| name == "then" && is_our_page(value));
    let template = SignInPage {
        f: Frame::new(&visit, csrf),
        then: then.map(|(_, then)| then),
        offered: web.gateway.offered(),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `POST /sign-in`: a session begins. There is none yet whose token a form could carry, so that nobody is signed in by
/// another site rests on where the form came from ([`Posted`]).
async fn begin(State(web): State<Web>, Posted { visit, fields }: Posted) -> Result<Response, Failed> {
    let then = fields.one("then")?.filter(|then| is_our_page(then)).unwrap_or("/centre");
    let begun = match web.gateway.sign_in(fields.require("choice")?).await {
        // Whether the account was deleted or never was is the same to whoever asks.
        Err(PageError::NotFound) => return Err(Fault::refused(Refusal::NotEnrolled).into()),
        begun => begun?,
    };
    // Whoever signs in anew leaves the session before; what remains of it cannot be used by the next person here.
    if let Some(earlier) = visit.cookie() {
        web.gateway.sign_out(earlier).await.map_err(Fault::from)?;
    }
    let mut response = Redirect::to(then).into_response();
    set_cookie(&mut response, web.jar.begin_session(begun.as_str()));
    Ok(response)
}

/// `POST /sign-out`: the session ends here and in the browser.
async fn end(State(web): State<Web>, PostedBy { visit, .. }: PostedBy) -> Result<Response, Fault> {
    if let Some(cookie) = visit.cookie() {
        web.gateway.sign_out(cookie).await?;
    }
    let mut response = Redirect::to("/").into_response();
    set_cookie(&mut response, web.jar.end_session());
    Ok(response)
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    f: Frame<'a>,
    /// Where to go afterwards.
    then: Option<String>,
    offered: Vec<Offered>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::Markup;
    use crate::words::Lang;
    use yinuo_domain::LocalText;

    #[test]
    fn each_person_is_a_button_and_none_is_preselected() {
        for lang in Lang::EVERY {
            let person = |id: &str| Offered {
                id: id.to_owned(),
                label: LocalText { zh: "虚构的林一".to_owned(), en: "Lin Yi <invented>".to_owned() },
            };
            let template = SignInPage {
                f: Frame { w: lang.words(), csrf: None, switch: "/?lang=en".to_owned() },
                then: Some("/centre".to_owned()),
                offered: vec![person("lin-1"), person("lin-2")],
            };
            let page = Markup::parse(&template.render().unwrap());
            let values: Vec<_> = page.with("button", "name", "choice").map(|tag| tag.get("value")).collect();
            assert_eq!(values, [Some("lin-1"), Some("lin-2")]);
            assert_eq!(page.with("input", "name", "then").count(), 1);
            page.assert_nothing_preselected();
        }
    }
}
