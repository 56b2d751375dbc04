//! `/sign-in` and `/sign-out`: sessions begin and end.
//!
//! Where an identity provider vouches for people, `/sign-in` leads there at once and `/sign-in/back` is where the
//! browser returns. In the demonstration `/sign-in` is a page to choose somebody on.

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use yinuo_domain::{AppId, Refusal};
use yinuo_oauth::{Parameters, RequestUri, parse_authorize};
use yinuo_service::{
    Arrival, Farewell, Offered, ProviderAnswer, SignInError, SignInFailed, SignInFor, SignInWay, SigningIn,
    Travelled,
};

use crate::answer::policy_with_form_target;
use crate::fault::{Failed, Fault, Problem};
use crate::forms::{Posted, PostedBy, form_of};
use crate::page::{Frame, page, set_cookie};
use crate::visit::{Visit, Web, is_our_page, pairs};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/sign-in", get(offer).post(choose))
        .route("/sign-in/back", get(back))
        .route("/sign-in/backchannel-logout", post(ended_there))
        .route("/sign-out", post(end))
}

/// `GET /sign-in`: to the identity provider, or whom to choose.
async fn offer(State(web): State<Web>, uri: Uri, visit: Visit) -> Result<Response, Fault> {
    let then = pairs(&uri).into_iter().find(|(name, value)| name == "then" && is_our_page(value));
    let then = then.map(|(_, then)| then);
    let offered = match web.gateway.sign_in_way() {
        SignInWay::Provider => return begin(&web, &visit, SignInFor::Person, then.as_deref()).await,
        SignInWay::Directory(offered) => offered,
        SignInWay::Nobody => Vec::new(),
    };
    let session = web.session(&visit).await?;
    let csrf = session.as_ref().map(|session| session.csrf.as_str());
    let template = SignInPage { f: Frame::new(&visit, csrf), then, offered };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// Sends the browser to the identity provider; it comes back to `/sign-in/back`, and from there goes on to `then`, which
/// is a page of ours.
pub(crate) async fn begin(
    web: &Web,
    visit: &Visit,
    for_whom: SignInFor,
    then: Option<&str>,
) -> Result<Response, Fault> {
    let request = then.and_then(consent_in);
    let consent = request.as_ref().map(|(client, request_uri)| (client, request_uri.as_str()));
    // What is in clear there is for whoever has just shown who they are.
    let anew = then.is_some_and(|then| then.split('?').next() == Some(crate::package::PAGE));
    let asked = SigningIn { for_whom, then, consent, anew, browser: visit.signing_in() };
    let begun = match web.gateway.begin_sign_in(asked).await {
        Ok(begun) => begun,
        Err(why) => {
            let then = then.map(str::to_owned);
            return Err(not_signed_in(SignInFailed { why, for_whom, then }));
        }
    };
    let mut response = Redirect::to(&begun.to).into_response();
    set_cookie(&mut response, web.jar.begin_sign_in(begun.browser.as_str()));
    set_cookie(&mut response, web.jar.keep_trips(&begun.trip, &visit.trips()));
    Ok(response)
}

/// The consent page that a page of ours is, if it is one.
fn consent_in(then: &str) -> Option<(AppId, RequestUri)> {
    let query = then.strip_prefix("/oauth/authorize?")?;
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    parse_authorize(&Parameters::from_pairs(pairs).ok()?).ok()
}

/// `GET /sign-in/back`: the browser returns from the identity provider.
async fn back(State(web): State<Web>, uri: Uri, visit: Visit) -> Result<Response, Fault> {
    let answer = answer_of(&uri)?;
    let trips = visit.trips();
    let travelled = Travelled { browser: visit.signing_in(), trips: &trips };
    let arrival = web.gateway.finish_sign_in(travelled, &answer).await.map_err(not_signed_in)?;
    match arrival.for_whom {
        SignInFor::Person => arrived(&web, &visit, &arrival).await,
        SignInFor::Staff => crate::console::arrived(&web, &arrival).await,
    }
}

/// What the provider's redirect says. A parameter that comes twice is refused (RFC 6749 §3.1).
fn answer_of(uri: &Uri) -> Result<ProviderAnswer, Fault> {
    let mut answer = ProviderAnswer::default();
    for (name, value) in pairs(uri) {
        let (member, place) = match name.as_str() {
            "state" => ("state", &mut answer.state),
            "code" => ("code", &mut answer.code),
            "error" => ("error", &mut answer.error),
            "iss" => ("iss", &mut answer.iss),
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(Fault::malformed(member, "comes twice"));
        }
    }
    Ok(answer)
}

/// `POST /sign-in`: somebody was chosen. There is no session yet whose token a form could carry, so that nobody is
/// signed in by another site rests on where the form came from ([`Posted`]).
async fn choose(State(web): State<Web>, Posted { visit, fields }: Posted) -> Result<Response, Failed> {
    let then = fields.one("then")?.filter(|then| is_our_page(then));
    let choice = fields.require("choice")?;
    let failed =
        |why| not_signed_in(SignInFailed { why, for_whom: SignInFor::Person, then: then.map(str::to_owned) });
    let arrival = web.gateway.choose(SignInFor::Person, choice, then).map_err(failed)?;
    Ok(arrived(&web, &visit, &arrival).await?)
}

/// A session begins.
async fn arrived(web: &Web, visit: &Visit, arrival: &Arrival) -> Result<Response, Fault> {
    let begun = web.gateway.begin_session(arrival).await.map_err(|why| {
        not_signed_in(SignInFailed { why, for_whom: arrival.for_whom, then: arrival.then.clone() })
    })?;
    // Whoever signs in anew leaves the session before; what remains of it cannot be used by the next person here.
    if let Some(earlier) = visit.cookie() {
        web.gateway.sign_out(earlier).await?;
    }
    let mut response = Redirect::to(arrival.then.as_deref().unwrap_or("/centre")).into_response();
    set_cookie(&mut response, web.jar.begin_session(begun.as_str()));
    Ok(response)
}

/// Why nobody is signed in, with the way to try again and still get where one wanted to go.
pub(crate) fn not_signed_in(failed: SignInFailed) -> Fault {
    let fault = match failed.why {
        SignInError::Gone => Fault::new(Problem::SignInGone),
        SignInError::Declined => Fault::new(Problem::SignInDeclined),
        SignInError::NotBelieved => Fault::new(Problem::SignInFailed),
        SignInError::ProviderDown { retry_after_s } => {
            Fault::new(Problem::IdentityProviderDown).again_after(retry_after_s)
        }
        // Whether the account was deleted or never was is the same to whoever asks.
        SignInError::NotEnrolled => Fault::refused(Refusal::NotEnrolled),
        SignInError::Unavailable(unavailable) => unavailable.into(),
    };
    let start = match failed.for_whom {
        SignInFor::Person => "/sign-in",
        SignInFor::Staff => "/console",
    };
    let then = failed.then.filter(|_| failed.for_whom == SignInFor::Person);
    fault.again_at(match then {
        None => start.to_owned(),
        Some(then) => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("then", &then).finish();
            format!("{start}?{query}")
        }
    })
}

/// `POST /sign-out`: the session ends here and in the browser. Whoever came through an identity provider is still signed in
/// there, and is shown how to end that too.
async fn end(State(web): State<Web>, PostedBy { visit, .. }: PostedBy) -> Result<Response, Fault> {
    let farewell = match visit.cookie() {
        Some(cookie) => web.gateway.sign_out_and_leave(cookie).await?,
        None => None,
    };
    let mut response = match farewell {
        None => Redirect::to("/").into_response(),
        Some(farewell) => signed_out(&web, &visit, farewell),
    };
    set_cookie(&mut response, web.jar.end_session());
    Ok(response)
}

/// A page with a form to the provider: browsers apply `form-action` to redirects as well, and no address may hold what the
/// form holds.
fn signed_out(web: &Web, visit: &Visit, farewell: Farewell) -> Response {
    let policy = policy_with_form_target(&origin_of(&farewell.address));
    let mut response =
        page(web, visit, StatusCode::OK, &SignedOutPage { f: Frame::new(visit, None), farewell });
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Scheme, host and port; nothing for what has none.
fn origin_of(address: &str) -> String {
    let uri = address.parse::<Uri>().ok();
    let origin = uri.as_ref().and_then(|uri| Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?)));
    origin.unwrap_or_default()
}

/// `POST /sign-in/backchannel-logout`: the identity provider says that somebody's session has ended there
/// (OpenID Connect Back-Channel Logout 1.0 §2.5). It has no cookie, and needs none: its word is signed.
async fn ended_there(State(web): State<Web>, request: Request) -> Result<StatusCode, Fault> {
    let fields = form_of(request, &web).await?;
    match web.gateway.ended_there(fields.require("logout_token")?).await {
        Ok(()) => Ok(StatusCode::OK),
        Err(SignInError::Unavailable(unavailable)) => Err(unavailable.into()),
        Err(SignInError::ProviderDown { retry_after_s }) => {
            Err(Fault::new(Problem::IdentityProviderDown).again_after(retry_after_s))
        }
        // §2.8: one answer, whatever was wrong with it.
        Err(_) => Err(Fault::malformed("logout_token", "was not accepted")),
    }
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    f: Frame<'a>,
    farewell: Farewell,
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
    fn whoever_could_not_sign_in_is_led_back_to_where_they_were() {
        let at = |for_whom, then: Option<&str>| {
            let then = then.map(str::to_owned);
            not_signed_in(SignInFailed { why: SignInError::Gone, for_whom, then }).again.unwrap()
        };
        let consent = "/oauth/authorize?client_id=a&request_uri=b";
        assert_eq!(at(SignInFor::Person, None), "/sign-in");
        let expected = "/sign-in?then=%2Foauth%2Fauthorize%3Fclient_id%3Da%26request_uri%3Db";
        assert_eq!(at(SignInFor::Person, Some(consent)), expected);
        assert_eq!(at(SignInFor::Staff, Some(consent)), "/console");
    }

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
            // Both forms lead on: the one of buttons, and the one for whoever was imported.
            assert_eq!(page.with("input", "name", "then").count(), 2);
            assert_eq!(page.with("input", "name", "choice").count(), 1);
            page.assert_nothing_preselected();
        }
    }
}
