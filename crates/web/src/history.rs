//! `/centre/history`: what was given to whom, when and why, narrowed as the person likes.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use fluent_bundle::FluentValue;
use yinuo_domain::AppId;
use yinuo_service::{CountedRefusals, Gateway, HistoryChoices, HistoryFilter, HistoryKind, HistoryLine};

use crate::fault::{Explained, Failed, Fault};
use crate::page::{Frame, page};
use crate::time::{self, Moment};
use crate::visit::{Signed, Web, pairs};
use crate::words::Words;

/// The kinds of lines, their words in the address, and those on the page.
const KINDS: [(HistoryKind, &str, &str); 8] = [
    (HistoryKind::Disclosed, "given", "history-disclosed"),
    (HistoryKind::Redelivered, "given-again", "history-redelivered"),
    (HistoryKind::Withheld, "refused", "history-withheld"),
    (HistoryKind::NotDelivered, "not-delivered", "history-not-delivered"),
    (HistoryKind::Consented, "agreed", "history-consented"),
    (HistoryKind::Withdrawn, "withdrawn", "history-withdrawn"),
    (HistoryKind::Viewed, "viewed", "history-viewed"),
    (HistoryKind::ViewedMasked, "viewed-masked", "history-viewed-masked"),
];

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/centre/history", get(show))
}

/// `GET /centre/history`: a page of it, newest first.
async fn show(
    State(web): State<Web>,
    uri: Uri,
    Signed { visit, session }: Signed,
) -> Result<Response, Failed> {
    let wanted = Wanted::of(&pairs(&uri))?;
    let filter = wanted.filter(&web.gateway)?;
    let (asked, older) = (session.clone(), wanted.older.clone());
    let (choices, found) = web
        .read(move |gateway| {
            Ok::<_, Failed>((
                gateway.history_choices(&asked)?,
                gateway.history_of(&asked, &filter, older.as_deref())?,
            ))
        })
        .await??;
    let w = visit.words();
    let template = HistoryTemplate {
        selects: wanted.selects(w, &choices),
        dates: wanted.dates(w),
        narrowed: wanted.narrows(),
        lines: lines(w, &found.lines),
        older: found.older.map(|older| wanted.address(&older)),
        f: Frame::new(&visit, Some(&session.csrf)),
    };
    Ok(page(&web, &visit, StatusCode::OK, &template))
}

/// What the address asks for. An empty field asks for nothing in particular.
#[derive(Debug, Default, Eq, PartialEq)]
struct Wanted {
    app: Option<String>,
    item: Option<String>,
    kind: Option<String>,
    from: Option<String>,
    until: Option<String>,
    older: Option<String>,
}

impl Wanted {
    /// A field that comes twice is refused: which one counts would be our guess.
    fn of(pairs: &[(String, String)]) -> Result<Self, Fault> {
        let mut wanted = Self::default();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            let (field, name) = match name.as_str() {
                "app" => (&mut wanted.app, "app"),
                "item" => (&mut wanted.item, "item"),
                "kind" => (&mut wanted.kind, "kind"),
                "from" => (&mut wanted.from, "from"),
                "until" => (&mut wanted.until, "until"),
                "older" => (&mut wanted.older, "older"),
                _ => continue,
            };
            if field.replace(value.clone()).is_some() {
                return Err(Fault::malformed(name, "comes twice"));
            }
        }
        Ok(wanted)
    }

    /// What cannot be understood is refused, so that nobody takes everything for what they asked for.
    fn filter(&self, gateway: &Gateway) -> Result<HistoryFilter, Fault> {
        let app = self.app.as_deref().map(AppId::parse).transpose();
        let item =
            self.item.as_deref().map(|id| gateway.item(id).ok_or(Fault::malformed("item", "is unknown")));
        let kind = self.kind.as_deref().map(|word| {
            let known = KINDS.iter().find(|(_, known, _)| *known == word).map(|(kind, ..)| *kind);
            known.ok_or(Fault::malformed("kind", "is unknown"))
        });
        let day = |name, text: &Option<String>| {
            let read =
                text.as_deref().map(|text| time::day(text).ok_or(Fault::malformed(name, "is not a date")));
            read.transpose()
        };
        Ok(HistoryFilter {
            app: app.map_err(|_| Fault::malformed("app", "is not the id of an app"))?,
            item: item.transpose()?,
            kind: kind.transpose()?,
            from: day("from", &self.from)?.map(|(begins, _)| begins),
            // The last day counts in full.
            until: day("until", &self.until)?.map(|(_, ends)| ends),
        })
    }

    fn narrows(&self) -> bool {
        [&self.app, &self.item, &self.kind, &self.from, &self.until].iter().any(|field| field.is_some())
    }

    /// The same, from here on.
    fn address(&self, older: &str) -> String {
        let fields = [
            ("app", &self.app),
            ("item", &self.item),
            ("kind", &self.kind),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let mut pairs: Vec<(&str, &str)> =
            fields.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        pairs.push(("older", older));
        address("/centre/history", &pairs)
    }

    fn selects(&self, w: &Words, choices: &HistoryChoices) -> Vec<Select> {
        let apps = choices.apps.iter().map(|(id, name)| (id.to_string(), w.text(name).to_owned()));
        let items = choices.items.iter().map(|(id, name)| (id.clone(), w.item(name).0.to_owned()));
        let kinds = KINDS.iter().map(|(_, word, words)| ((*word).to_owned(), w.say(words)));
        vec![
            Select::of(w, "app", "filter-app", &self.app, apps),
            Select::of(w, "item", "filter-item", &self.item, items),
            Select::of(w, "kind", "filter-kind", &self.kind, kinds),
        ]
    }

    fn dates(&self, w: &Words) -> [DateField; 2] {
        [("from", "filter-from", &self.from), ("until", "filter-until", &self.until)].map(
            |(name, label, value)| DateField {
                name,
                label: w.say(label),
                value: value.clone().unwrap_or_default(),
            },
        )
    }
}

/// One choice among the person's own apps, items, or the kinds of lines.
struct Select {
    name: &'static str,
    label: String,
    /// Value, words, whether the address asks for it.
    options: Vec<(String, String, bool)>,
}

impl Select {
    fn of(
        w: &Words,
        name: &'static str,
        label: &str,
        chosen: &Option<String>,
        options: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let every = (String::new(), w.say("filter-every"), false);
        let options = options.map(|(value, words)| {
            let is_chosen = chosen.as_ref() == Some(&value);
            (value, words, is_chosen)
        });
        Self { name, label: w.say(label), options: std::iter::once(every).chain(options).collect() }
    }
}

struct DateField {
    name: &'static str,
    label: String,
    value: String,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryTemplate<'a> {
    f: Frame<'a>,
    selects: Vec<Select>,
    dates: [DateField; 2],
    narrowed: bool,
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
    /// Why several requests were refused, of which the line tells together.
    pub(crate) reasons: Vec<String>,
    pub(crate) disclosure: Option<String>,
    /// Where the notice is that was shown with a consent.
    pub(crate) notice: Option<String>,
    pub(crate) proof: String,
    pub(crate) proof_label: String,
}

pub(crate) fn lines<'a>(w: &Words, lines: &'a [HistoryLine]) -> Vec<Line<'a>> {
    lines.iter().map(|line| in_words(w, line)).collect()
}

fn in_words<'a>(w: &Words, line: &'a HistoryLine) -> Line<'a> {
    let index = line.index.to_string();
    let words = KINDS.iter().find(|(kind, ..)| *kind == line.kind).map_or("", |(_, _, words)| *words);
    Line {
        at: Moment::of(w, line.at),
        what: line.counted.as_ref().map_or_else(|| w.say(words), |counted| insisted(w, counted)),
        class: match line.kind {
            HistoryKind::Disclosed | HistoryKind::Redelivered | HistoryKind::Viewed => "gave",
            HistoryKind::Withheld | HistoryKind::NotDelivered | HistoryKind::ViewedMasked => "kept",
            HistoryKind::Consented | HistoryKind::Withdrawn => "own",
        },
        app: w.text(&line.app_name),
        partner: w.text(&line.partner_name),
        purpose: line.purpose.as_ref().map(|purpose| w.text(purpose)),
        items: w.items(&line.items),
        withheld: line
            .withheld
            .iter()
            .map(|(item, reason)| (w.item(item).0, Explained::of(*reason, w).title))
            .collect(),
        reasons: line
            .counted
            .iter()
            .flat_map(|counted| counted.reasons.iter().map(|reason| Explained::of(*reason, w).title))
            .collect(),
        disclosure: line.disclosure.map(|id| id.to_string()),
        notice: line
            .notice
            .zip(line.app.as_ref())
            .map(|(document, app)| format!("/notices/{app}/{document}")),
        proof: address("/centre/proof", &[("log", &line.log), ("index", &index)]),
        proof_label: w.with("history-proof", "index", index.as_str()),
    }
}

/// How often an app went on asking in vain, and when.
fn insisted(w: &Words, counted: &CountedRefusals) -> String {
    let moment = |at| Moment::of(w, at).shown;
    let (from, until) = (moment(counted.from), moment(counted.until));
    w.tell(
        "history-counted",
        &[
            ("count", FluentValue::from(counted.count)),
            ("from", FluentValue::from(from)),
            ("until", FluentValue::from(until)),
        ],
    )
}

pub(crate) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests;
