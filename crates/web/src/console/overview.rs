//! Counts, the platform's log, and one's own session.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use yinuo_service::{Counted, GovernanceLine, Overview, PasskeyLine, StaffSession};

use super::visit::{Staffed, role};
use crate::fault::{Failed, Fault};
use crate::page::{Frame, page};
use crate::time::Moment;
use crate::visit::{Visit, Web, pairs};
use crate::words::Words;

/// `GET /console`: everything at a glance.
pub(crate) async fn show(State(web): State<Web>, staffed: Staffed) -> Result<Response, Failed> {
    let asked = staffed.session.clone();
    let view = web.read(move |gateway| gateway.staff_overview(&asked)).await?.map_err(Fault::from)?;
    let w = staffed.visit.words();
    let template = OverviewPage {
        f: Frame::new(&staffed.visit, None),
        who: staffed.session.staff.as_str(),
        role: role(w, staffed.session.role),
        people: shown(w, view.people),
        by_app: view
            .by_app
            .iter()
            .map(|(id, name, counts)| (id.as_str(), w.text(name), counts.map(|count| shown(w, count))))
            .collect(),
        days: view
            .days
            .iter()
            .map(|day| {
                let counts = [day.disclosed, day.withheld, day.consents, day.withdrawals, day.deleted];
                (Moment::date(w, day.day), counts.map(|count| shown(w, count)))
            })
            .collect(),
        reasons: view
            .reasons
            .iter()
            .map(|(reason, count)| (w.say(&format!("reason-{}", reason.code())), shown(w, *count)))
            .collect(),
        counted: w.with(
            if view.is_all { "console-counted-all" } else { "console-counted" },
            "entries",
            u32::try_from(view.entries).unwrap_or(u32::MAX),
        ),
        small: w.with("console-small-counts", "last", view.untold_max.to_string()),
        view: &view,
    };
    Ok(staffed.page(&web, &template))
}

/// `GET /console/log`: who changed the platform.
pub(crate) async fn log(State(web): State<Web>, uri: Uri, staffed: Staffed) -> Result<Response, Failed> {
    let before = pairs(&uri).into_iter().find(|(name, _)| name == "before");
    let before = match before {
        None => None,
        Some((_, number)) => {
            Some(number.parse::<u64>().map_err(|_| Fault::malformed("before", "must be a number"))?)
        }
    };
    let asked = staffed.session.clone();
    let (lines, older) =
        web.read(move |gateway| gateway.staff_log(&asked, before)).await?.map_err(Fault::from)?;
    let w = staffed.visit.words();
    let template = LogPage {
        f: Frame::new(&staffed.visit, None),
        lines: lines.iter().map(|line| Line::of(w, line)).collect(),
        older,
    };
    Ok(staffed.page(&web, &template))
}

/// `GET /console/me`: one's own session.
pub(crate) async fn me(State(web): State<Web>, staffed: Staffed) -> Result<Response, Fault> {
    let template = me_template(&web, &staffed.visit, &staffed.session, MeNote::None).await?;
    Ok(staffed.page(&web, &template))
}

/// What became of the wish for a passkey.
#[derive(Clone, Copy)]
pub(super) enum MeNote {
    None,
    Wrong,
    Refused,
    Gone,
}

/// One's own session again, because no passkey was added or taken away.
pub(super) async fn me_page(
    web: &Web,
    visit: &Visit,
    session: &StaffSession,
    note: MeNote,
) -> Result<Response, Fault> {
    Ok(page(web, visit, StatusCode::FORBIDDEN, &me_template(web, visit, session, note).await?))
}

async fn me_template<'a>(
    web: &Web,
    visit: &Visit,
    session: &'a StaffSession,
    note: MeNote,
) -> Result<MePage<'a>, Fault> {
    let (w, asked) = (visit.words(), session.clone());
    let passkeys = web.read(move |gateway| gateway.staff_passkeys(&asked)).await??;
    Ok(MePage {
        f: Frame::new(visit, None),
        csrf: &session.csrf,
        who: session.staff.as_str(),
        role: role(w, session.role),
        ends: Moment::of(w, session.ends_at),
        has_passkeys: web.gateway.has_passkeys(),
        passkeys: passkeys.into_iter().map(|line| PasskeyOf::new(w, line)).collect(),
        note: match note {
            MeNote::None => None,
            MeNote::Wrong => Some(w.say("console-factor-wrong")),
            MeNote::Refused => Some(w.say("console-passkey-not-added")),
            MeNote::Gone => Some(w.say("console-passkey-gone")),
        },
    })
}

fn shown(w: &Words, count: Counted) -> String {
    match count {
        Counted::Exactly(count) => count.to_string(),
        Counted::FewerThan(count) => w.with("console-few", "count", count.to_string()),
        Counted::AtLeast(count) => w.with("console-at-least", "count", count.to_string()),
    }
}

#[derive(Template)]
#[template(path = "console_overview.html")]
struct OverviewPage<'a> {
    f: Frame<'a>,
    who: &'a str,
    role: String,
    people: String,
    by_app: Vec<(&'a str, &'a str, [String; 4])>,
    days: Vec<(String, [String; 5])>,
    reasons: Vec<(String, String)>,
    counted: String,
    /// Which counts are not told.
    small: String,
    view: &'a Overview,
}

#[derive(Template)]
#[template(path = "console_log.html")]
struct LogPage<'a> {
    f: Frame<'a>,
    lines: Vec<Line>,
    older: Option<u64>,
}

#[derive(Template)]
#[template(path = "console_me.html")]
struct MePage<'a> {
    f: Frame<'a>,
    csrf: &'a str,
    who: &'a str,
    role: String,
    ends: Moment,
    has_passkeys: bool,
    passkeys: Vec<PasskeyOf>,
    note: Option<String>,
}

/// One passkey, in words.
struct PasskeyOf {
    id: String,
    added: Moment,
    remove_label: String,
    name: String,
}

impl PasskeyOf {
    fn new(w: &Words, line: PasskeyLine) -> Self {
        Self {
            added: Moment::of(w, line.added_at),
            remove_label: w.with("console-passkey-remove-label", "name", line.name.as_str()),
            id: line.id,
            name: line.name,
        }
    }
}

/// One change of the platform, in words.
struct Line {
    number: u64,
    at: Moment,
    who: String,
    what: String,
    of: String,
}

impl Line {
    fn of(w: &Words, line: &GovernanceLine) -> Self {
        let what = match line.what {
            "log-opened" => "console-log-opened",
            "engine-activated" => "console-engine-activated",
            "partner-registered" => "console-partner-registered",
            "partner-suspended" => "console-partner-suspended",
            "partner-reinstated" => "console-partner-reinstated",
            "partner-terminated" => "console-partner-terminated",
            "partner-revised" => "console-partner-revised",
            "app-declared" => "console-app-declared",
            "app-hidden" => "console-app-hidden",
            "app-shown" => "console-app-shown",
            "notice-published" => "console-notice-published",
            "staff-appointed" => "console-staff-appointed",
            "staff-dismissed" => "console-staff-dismissed",
            "factor-reset" => "console-factor-reset",
            "state-sealed" => "console-state-sealed",
            "store-accepted" => "console-store-accepted",
            "clock-accepted" => "console-clock-accepted",
            "import-begun" => "console-import-begun",
            "people-imported" => "console-people-imported",
            "key-epoch-opened" => "console-key-epoch-opened",
            "key-epoch-retired" => "console-key-epoch-retired",
            "passphrase-changed" => "console-passphrase-changed",
            _ => "console-other-change",
        };
        let of = match (line.role, line.people) {
            (Some(given), _) => w.joined(&line.of, &role(w, given)),
            (None, Some(people)) => {
                w.joined(&line.of, &w.with("console-people-count", "count", shown(w, people)))
            }
            (None, None) => line.of.clone(),
        };
        Self {
            number: line.index,
            at: Moment::of(w, line.at),
            who: line.by.as_ref().map_or_else(String::new, |by| by.as_str().to_owned()),
            what: w.say(what),
            of,
        }
    }
}
