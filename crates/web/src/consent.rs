//! `/oauth/authorize` and `/consent`: an app asks, a person decides item by item.
//!
//! The most important page of the product. Nothing is ticked in advance, whatever the person allowed before; refusing
//! and agreeing look the same; each sensitive item has a choice and a reason of its own.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use yinuo_domain::{AppId, Digest, Guardian, LegalBasis, LocalText, PurposeKind, Whose};
use yinuo_oauth::{Parameters, parse_authorize};
use yinuo_service::{Agreement, ConsentView, ItemView, PageError, PurposeView, Session};

use crate::answer::policy_with_form_target;
use crate::fault::{Failed, Fault, Problem};
use crate::forms::{Fields, PostedBy};
use crate::page::{Frame, page};
use crate::time;
use crate::visit::{Visit, Web, pairs};
use crate::words::{Lang, Said as _, Words};

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/oauth/authorize", get(show)).route("/consent", post(decide))
}

/// `GET /oauth/authorize`: the consent page of a pushed request.
async fn show(State(web): State<Web>, uri: Uri, visit: Visit) -> Result<Response, Failed> {
    // RFC 9126 §4: a client and a request URI, nothing else counts.
    let parameters = Parameters::from_pairs(pairs(&uri)).map_err(|_| Fault::new(Problem::RequestGone));
    let asked =
        parameters.and_then(|asked| parse_authorize(&asked).map_err(|_| Fault::new(Problem::RequestGone)));
    // The request URI must come in time; signing in and choosing may then take longer than it lasts.
    let arrived = match &asked {
        Ok((client, request_uri)) => web.gateway.arrive(client, request_uri.as_str()).await,
        Err(_) => Ok(()),
    };
    let Some(session) = web.session(&visit).await? else { return Ok(visit.to_sign_in()) };
    let (client, request_uri) = asked?;
    arrived?;
    let (whose, of, uri) = (session.clone(), client.clone(), request_uri.as_str().to_owned());
    if web.read(move |gateway| gateway.must_sign_in_for(&whose, &of, &uri)).await?.map_err(Fault::from)? {
        return Ok(visit.to_sign_in());
    }
    match consent_page(&web, &visit, &session, client, request_uri.as_str().to_owned(), None).await {
        // Browsers apply the sign-in page's `form-action` to the whole chain of redirects that answers its form, so from
        // there a person reaches the app by a page of their own.
        Err(Failed::Away(uri)) if visit.from_our_page => Ok(away(&web, &visit, &session, &uri)),
        answer => answer,
    }
}

async fn consent_page(
    web: &Web,
    visit: &Visit,
    session: &Session,
    client: AppId,
    request_uri: String,
    alert: Option<String>,
) -> Result<Response, Failed> {
    let asked = session.clone();
    let view = web.read(move |gateway| gateway.consent_view(&asked, &client, &request_uri)).await??;
    let template = ConsentPage {
        f: Frame { switch: again(&view, visit), ..Frame::new(visit, Some(&session.csrf)) },
        csrf: &session.csrf,
        centre: format!("{}/centre", web.issuer()),
        notice: web.notices.html(view.notice_document, visit.lang, &view.notice),
        alert,
        v: &view,
    };
    let mut response = page(web, visit, StatusCode::OK, &template);
    if let Ok(policy) = HeaderValue::from_str(&policy_with_form_target(&view.redirect_origin)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// The page itself in the other language, also when it is shown again in answer to its own form.
fn again(view: &ConsentView, visit: &Visit) -> String {
    address(&view.app, &view.request_uri, Some(visit.lang.other()))
}

/// Where the consent page of a pushed request is.
fn address(client: &AppId, request_uri: &str, lang: Option<Lang>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", client.as_str()).append_pair("request_uri", request_uri);
    if let Some(lang) = lang {
        query.append_pair("lang", lang.code());
    }
    format!("/oauth/authorize?{}", query.finish())
}

/// `POST /consent`: what the person chose.
async fn decide(
    State(web): State<Web>,
    PostedBy { visit, fields, session }: PostedBy,
) -> Result<Response, Failed> {
    let agreement = match Decision::of(&fields)? {
        Decision::Agree(agreement) => agreement,
        Decision::Refuse { client, request_uri } => {
            let uri = web.gateway.refuse(&session, &client, &request_uri).await?;
            return Ok(Redirect::to(&uri).into_response());
        }
    };
    let (client, request_uri) = (agreement.client.clone(), agreement.request_uri.clone());
    let fault = match web.gateway.agree(&session, agreement).await {
        Ok(uri) => return Ok(Redirect::to(&uri).into_response()),
        Err(PageError::Outdated) => Fault::new(Problem::Outdated),
        Err(PageError::SignInFirst) => {
            return Ok(visit.to_sign_in_for(&address(&client, &request_uri, None)));
        }
        Err(PageError::Refused(refusal)) => Fault::refused(refusal),
        Err(other) => return Err(other.into()),
    };
    // Not saved. The page says so, shows what holds now with nothing ticked, and asks anew; unless the request is over.
    let alert = match fault.problem {
        Problem::Outdated => visit.words().say("consent-changed"),
        _ => {
            let told = fault.told(visit.words());
            visit.words().joined(&told.detail, &told.remedy)
        }
    };
    let status = fault.problem.status();
    match consent_page(&web, &visit, &session, client, request_uri, Some(alert)).await {
        Ok(mut response) => {
            *response.status_mut() = status;
            Ok(response)
        }
        Err(_) => Err(fault.into()),
    }
}

/// What the consent form says.
#[derive(Debug)]
enum Decision {
    Agree(Agreement),
    Refuse { client: AppId, request_uri: String },
}

impl Decision {
    fn of(fields: &Fields) -> Result<Self, Fault> {
        let client = AppId::parse(fields.require("client")?).map_err(|_| Fault::new(Problem::RequestGone))?;
        let request_uri = fields.require("request_uri")?.to_owned();
        match fields.require("decision")? {
            // A no needs nothing else to be right.
            "refuse" => Ok(Self::Refuse { client, request_uri }),
            "agree" => Ok(Self::Agree(Agreement {
                client,
                request_uri,
                choices: fields.choices("choice")?,
                shown: Digest::parse(fields.require("shown")?)
                    .map_err(|_| Fault::malformed("shown", "is not a hash"))?,
                recipient: Digest::parse(fields.require("recipient")?)
                    .map_err(|_| Fault::malformed("recipient", "is not a hash"))?,
                days: fields
                    .require("days")?
                    .parse()
                    .map_err(|_| Fault::malformed("days", "is not a number of days"))?,
                guardian_agreed: fields.one("guardian")? == Some("agreed"),
            })),
            _ => Err(Fault::malformed("decision", "is neither agree nor refuse")),
        }
    }
}

fn away(web: &Web, visit: &Visit, session: &Session, uri: &str) -> Response {
    page(web, visit, StatusCode::OK, &AwayPage { f: Frame::new(visit, Some(&session.csrf)), uri })
}

#[derive(Template)]
#[template(path = "away.html")]
struct AwayPage<'a> {
    f: Frame<'a>,
    uri: &'a str,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    f: Frame<'a>,
    v: &'a ConsentView,
    csrf: &'a str,
    /// The address of the centre in full, so that it can be found again from a printout or a screenshot.
    centre: String,
    /// HTML from [`crate::notice::to_html`], which lets no markup of the notice's author through.
    notice: Arc<str>,
    /// Why the page is shown again.
    alert: Option<String>,
}

/// One purpose, in words.
struct Section<'a> {
    anchor: String,
    title: &'a str,
    kind: String,
    basis: String,
    method: &'a str,
    note: Option<String>,
    /// Necessary and optional items apart; a group without items is left out.
    groups: Vec<Group<'a>>,
}

struct Group<'a> {
    legend: String,
    note: String,
    items: Vec<Choice<'a>>,
}

/// One item with its own tick box.
struct Choice<'a> {
    anchor: String,
    value: String,
    name: &'a str,
    /// What makes the name exact.
    more: &'a str,
    sensitive: bool,
    of_another: bool,
    reason: &'a str,
    retention: String,
    frequency: String,
    allowed_now: bool,
    stored: bool,
}

impl ConsentPage<'_> {
    fn heading(&self) -> String {
        self.f.w.with("consent-title", "app", self.f.w.text(&self.v.app_name))
    }

    fn purposes(&self) -> String {
        self.f.w.list(self.v.purposes.iter().map(|purpose| &purpose.title))
    }

    /// What is asked for, in a glance: what is necessary, what is not, each item once.
    fn asked(&self) -> Vec<String> {
        let items = || self.v.purposes.iter().flat_map(|purpose| &purpose.items);
        let named = |necessary: bool| {
            let mut seen: Vec<&LocalText> = Vec::new();
            for item in items().filter(|item| item.necessary == necessary) {
                if !seen.contains(&&item.name) {
                    seen.push(&item.name);
                }
            }
            self.f.w.items(seen)
        };
        [("consent-asked-necessary", named(true)), ("consent-asked-optional", named(false))]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(id, names)| self.f.w.with(id, "items", names))
            .collect()
    }

    /// What a printout is a record of.
    fn record(&self) -> String {
        let shown = self.v.shown.to_string();
        let variables = [("version", self.v.notice_version.said()), ("hash", shown.said())];
        self.f.w.tell("consent-record", &variables)
    }

    fn needs_guardian(&self) -> bool {
        self.v.guardian == Guardian::Missing
    }

    /// Whether something on this page is allowed already: then a no must not be taken for a withdrawal.
    fn allows_already(&self) -> bool {
        self.v.purposes.iter().flat_map(|purpose| &purpose.items).any(|item| item.allowed_now)
    }

    /// The default first, which a browser then shows, so that nothing on this page is marked as chosen.
    fn days(&self) -> Vec<u32> {
        let offered = self.v.days_offered.iter().filter(|days| **days != self.v.days_default);
        std::iter::once(&self.v.days_default).chain(offered).copied().collect()
    }

    fn sections(&self) -> Vec<Section<'_>> {
        self.v.purposes.iter().map(|purpose| section(self.f.w, purpose)).collect()
    }
}

fn section<'a>(w: &Words, purpose: &'a PurposeView) -> Section<'a> {
    let group = |necessary: bool, legend: &str| Group {
        legend: w.say(legend),
        note: w.say(&format!("{legend}.note")),
        items: purpose
            .items
            .iter()
            .filter(|item| item.necessary == necessary)
            .map(|item| choice(w, purpose, item))
            .collect(),
    };
    let mut groups = vec![group(true, "group-necessary"), group(false, "group-optional")];
    groups.retain(|group| !group.items.is_empty());
    let (kind, noted) = kind(purpose.kind);
    Section {
        anchor: format!("purpose-{}", purpose.id),
        title: w.text(&purpose.title),
        kind: w.say(kind),
        basis: w.say(basis(purpose.basis)),
        method: w.text(&purpose.method),
        note: noted.then(|| w.say(&format!("{kind}.note"))),
        groups,
    }
}

fn choice<'a>(w: &Words, purpose: &PurposeView, item: &'a ItemView) -> Choice<'a> {
    let (name, more) = w.item(&item.name);
    Choice {
        anchor: format!("about-{}-{}", purpose.id, item.id),
        value: format!("{}/{}", purpose.id, item.id),
        name,
        more,
        sensitive: item.sensitive,
        of_another: item.whose == Whose::Other,
        reason: w.text(&item.reason),
        retention: w.with("item-retention", "days", item.retention_days),
        frequency: time::frequency(w, item.frequency),
        allowed_now: item.allowed_now,
        stored: item.stored,
    }
}

/// The words of a kind of purpose, and whether there is more to say about it (PIPL 23, 24).
fn kind(kind: PurposeKind) -> (&'static str, bool) {
    match kind {
        PurposeKind::Basic => ("kind-basic", false),
        PurposeKind::Extended => ("kind-extended", false),
        PurposeKind::Marketing => ("kind-marketing", true),
        PurposeKind::Personalisation => ("kind-personalisation", true),
        PurposeKind::AutomatedDecision => ("kind-automated-decision", true),
        PurposeKind::ThirdPartySharing => ("kind-third-party-sharing", true),
    }
}

/// The words of a ground (PIPL 13).
fn basis(basis: LegalBasis) -> &'static str {
    match basis {
        LegalBasis::Consent => "basis-consent",
        LegalBasis::Contract => "basis-contract",
        LegalBasis::StatutoryDuty => "basis-statutory-duty",
        LegalBasis::Emergency => "basis-emergency",
        LegalBasis::PublicInterest => "basis-public-interest",
        LegalBasis::AlreadyPublic => "basis-already-public",
        LegalBasis::OtherLaw => "basis-other-law",
    }
}

#[cfg(test)]
mod tests;
