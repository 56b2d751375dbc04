//! Partners and their apps, and what an operator may do to them: asked for, confirmed, done.

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};
use yinuo_domain::{Refusal, Role};
use yinuo_service::{ChangeError, PartnerLine, StaffAct, StaffActError};

use super::visit::{PostedByStaff, Staffed};
use crate::fault::{Failed, Fault, Problem};
use crate::page::Frame;
use crate::visit::{Web, pairs};
use crate::words::Words;

/// `GET /console/partners`
pub(crate) async fn show(State(web): State<Web>, uri: Uri, staffed: Staffed) -> Result<Response, Failed> {
    let asked = staffed.session.clone();
    let partners = web.read(move |gateway| gateway.staff_partners(&asked)).await?;
    let w = staffed.visit.words();
    let template = PartnersPage {
        f: Frame::new(&staffed.visit, None),
        done: pairs(&uri).iter().any(|(name, _)| name == "done"),
        may: staffed.is_operator(),
        partners: partners.iter().map(|partner| Card::of(w, partner)).collect(),
    };
    Ok(staffed.page(&web, &template))
}

/// `GET /console/partners/confirm`: what would happen.
pub(crate) async fn confirm(State(web): State<Web>, uri: Uri, staffed: Staffed) -> Result<Response, Failed> {
    let pairs = pairs(&uri);
    let one = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value);
    let act = StaffAct::parse(one("act"), one("of")).ok_or_else(|| Fault::new(Problem::NotFound))?;
    if staffed.session.role != Role::Operator {
        return Err(Fault::new(Problem::RoleRefused).into());
    }
    let template = ConfirmPage {
        f: Frame::new(&staffed.visit, None),
        csrf: &staffed.session.csrf,
        question: staffed.visit.words().with(words_of(&act).1, "of", act.of()),
        button: staffed.visit.words().say(words_of(&act).0),
        act: act.word(),
        of: act.of(),
    };
    Ok(staffed.page(&web, &template))
}

/// `POST /console/partners`: does it. When this answers, it holds.
pub(crate) async fn change(
    State(web): State<Web>,
    PostedByStaff { fields, session, .. }: PostedByStaff,
) -> Result<Response, Failed> {
    let act = StaffAct::parse(fields.require("act")?, fields.require("of")?);
    let act = act.ok_or_else(|| Fault::malformed("act", "must be suspend, reinstate, hide or show"))?;
    match web.gateway.staff_act(&session, act).await {
        Ok(()) => Ok(Redirect::to("/console/partners?done=1").into_response()),
        Err(StaffActError::Role) => Err(Fault::new(Problem::RoleRefused).into()),
        Err(StaffActError::Change(ChangeError::Refused(refusal))) => Err(Fault::refused(refusal).into()),
        Err(StaffActError::Change(ChangeError::Document(_))) => Err(Fault::refused(Refusal::Document).into()),
        Err(StaffActError::Change(ChangeError::Unavailable(unavailable))) => {
            Err(Fault::from(unavailable).into())
        }
    }
}

/// The button, and what is asked before.
fn words_of(act: &StaffAct) -> (&'static str, &'static str) {
    match act {
        StaffAct::Suspend(_) => ("console-suspend", "console-suspend-question"),
        StaffAct::Reinstate(_) => ("console-reinstate", "console-reinstate-question"),
        StaffAct::Hide(_) => ("console-hide", "console-hide-question"),
        StaffAct::Show(_) => ("console-show", "console-show-question"),
    }
}

#[derive(Template)]
#[template(path = "console_partners.html")]
struct PartnersPage<'a> {
    f: Frame<'a>,
    done: bool,
    /// Whether to offer changes.
    may: bool,
    partners: Vec<Card<'a>>,
}

#[derive(Template)]
#[template(path = "console_confirm.html")]
struct ConfirmPage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    question: String,
    button: String,
    act: &'static str,
    of: &'a str,
}

/// A partner, or an app of one.
struct Card<'a> {
    id: &'a str,
    name: &'a str,
    state: String,
    state_class: &'static str,
    /// What can be done: the word in the form, and the button.
    act: Option<(&'static str, String)>,
    apps: Vec<Card<'a>>,
}

impl<'a> Card<'a> {
    fn of(w: &Words, partner: &'a PartnerLine) -> Self {
        let (state, state_class, act) = match partner.status {
            "active" => ("console-active", "live", Some(("suspend", w.say("console-suspend")))),
            "suspended" => ("console-suspended", "held", Some(("reinstate", w.say("console-reinstate")))),
            _ => ("console-terminated", "over", None),
        };
        let apps = partner.apps.iter().map(|app| {
            let (state, state_class, act) = match app.status {
                "live" => ("console-live", "live", ("hide", w.say("console-hide"))),
                _ => ("console-hidden", "held", ("show", w.say("console-show"))),
            };
            let (id, name) = (app.app.as_str(), w.text(&app.name));
            Self { id, name, state: w.say(state), state_class, act: Some(act), apps: Vec::new() }
        });
        Self {
            id: partner.partner.as_str(),
            name: w.text(&partner.name),
            state: w.say(state),
            state_class,
            act,
            apps: apps.collect(),
        }
    }
}
