//! `/centre/history` and `/centre/proof`: what was given to whom, when and why, and the proof of it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use yinuo_service::{HistoryKind, HistoryLine};

use crate::fault::{Explained, Failed, Fault, Problem};
use crate::page::{Frame, page};
use crate::time::Moment;
use crate::visit::{Signed, Web, pairs};
use crate::words::Words;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/centre/history", get(show)).route("/centre/proof", get(proof))
}

/// `GET /centre/history`: a page of it, newest first.
async fn show(
    State(web): State<Web>,
    uri: Uri,
    Signed { visit, session }: Signed,
) -> Result<Response, Failed> {
    let older = pairs(&uri).into_iter().find(|(name, _)| name == "older").map(|(_, value)| value);
    let asked = session.clone();
    let found = web.read(move |gateway| gateway.history(&asked, older.as_deref())).await??;
    let template = HistoryTemplate {
        lines: lines(visit.words(), &found.lines),
        older: found.older.map(|older| address("/centre/history", &[("older", &older)])),
        f: Frame::new(&visit, Some(&session.csrf)),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// `GET /centre/proof`: one of the person's own entries, to keep.
async fn proof(State(web): State<Web>, uri: Uri, Signed { session, .. }: Signed) -> Result<Response, Failed> {
    let pairs = pairs(&uri);
    let get = |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    let index = get("index").and_then(|index| index.parse::<u64>().ok());
    let (Some(log), Some(index)) = (get("log"), index) else {
        return Err(Fault::new(Problem::NotFound).into());
    };
    let file = web.read(move |gateway| gateway.proof(&session, &log, index)).await??;
    let mut response = ([(header::CONTENT_TYPE, "application/json")], file.json).into_response();
    // RFC 6266: only characters that need no quoting.
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let name: String = file.file_name.chars().filter(plain).collect();
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryTemplate<'a> {
    f: Frame<'a>,
    lines: Vec<Line<'a>>,
    older: Option<String>,
}

/// One line, in words.
pub(crate) struct Line<'a> {
    pub(crate) at: Moment,
    pub(crate) what: String,
    /// Whether something was given, or kept.
    pub(crate) class: &'static str,
    pub(crate) app: &'a str,
    pub(crate) partner: &'a str,
    pub(crate) purpose: Option<&'a str>,
    pub(crate) items: String,
    pub(crate) withheld: Vec<(&'a str, String)>,
    pub(crate) disclosure: Option<String>,
    pub(crate) proof: String,
    pub(crate) proof_label: String,
}

pub(crate) fn lines<'a>(w: &Words, lines: &'a [HistoryLine]) -> Vec<Line<'a>> {
    lines.iter().map(|line| in_words(w, line)).collect()
}

fn in_words<'a>(w: &Words, line: &'a HistoryLine) -> Line<'a> {
    let index = line.index.to_string();
    Line {
        at: Moment::of(w, line.at),
        what: w.say(match line.kind {
            HistoryKind::Consented => "history-consented",
            HistoryKind::Withdrawn => "history-withdrawn",
            HistoryKind::Disclosed => "history-disclosed",
            HistoryKind::Redelivered => "history-redelivered",
            HistoryKind::Withheld => "history-withheld",
            HistoryKind::NotDelivered => "history-not-delivered",
        }),
        class: match line.kind {
            HistoryKind::Disclosed | HistoryKind::Redelivered => "gave",
            HistoryKind::Withheld | HistoryKind::NotDelivered => "kept",
            HistoryKind::Consented | HistoryKind::Withdrawn => "",
        },
        app: w.text(&line.app_name),
        partner: w.text(&line.partner_name),
        purpose: line.purpose.as_ref().map(|purpose| w.text(purpose)),
        items: w.list(&line.items),
        withheld: line
            .withheld
            .iter()
            .map(|(item, reason)| (w.text(item), Explained::of(*reason, w).title))
            .collect(),
        disclosure: line.disclosure.map(|id| id.to_string()),
        proof: address("/centre/proof", &[("log", &line.log), ("index", &index)]),
        proof_label: w.with("history-proof", "index", index.as_str()),
    }
}

fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests;
