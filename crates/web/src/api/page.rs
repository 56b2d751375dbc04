//! `GET /api`: the same for people, without a script.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use yinuo_oauth::OAuthErrorCode;

use crate::api::examples;
use crate::api::fields::{self, Field, Kind, Shape};
use crate::api::operations::{self, Content, Group, Operation, Proof};
use crate::page::{Frame, page};
use crate::visit::{Visit, Web};
use crate::words::Words;

/// Shows the page.
pub(crate) async fn show(State(web): State<Web>, visit: Visit) -> Response {
    let words = visit.words();
    let every = operations::every();
    let groups = Group::EVERY.map(|group| {
        let word = format!("api-group-{}", group.word());
        let of_group = every.iter().filter(|operation| operation.group == group);
        Section {
            anchor: group.word(),
            title: words.say(&word),
            detail: words.say(&format!("{word}.detail")),
            asks: of_group.map(|operation| Ask::of(operation, web.issuer(), words)).collect(),
        }
    });
    let shapes = fields::SHAPES.iter().map(|shape| Object {
        name: shape.name,
        rows: shape.fields.iter().map(|field| Row::of(field, "", words)).collect(),
    });
    let template = ApiPage {
        groups: groups.into(),
        shapes: shapes.collect(),
        issuer: web.issuer().to_owned(),
        f: Frame::new(&visit, None),
    };
    page(&web, &visit, StatusCode::OK, &template)
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage<'a> {
    f: Frame<'a>,
    issuer: String,
    groups: Vec<Section>,
    shapes: Vec<Object>,
}

/// What belongs together.
struct Section {
    anchor: &'static str,
    title: String,
    detail: String,
    asks: Vec<Ask>,
}

/// One thing to ask.
struct Ask {
    anchor: &'static str,
    method: &'static str,
    path: String,
    title: String,
    detail: String,
    proof: Option<(String, String)>,
    rows: Vec<Row>,
    body: Option<(&'static str, &'static str)>,
    curl: String,
    status: u16,
    or: Option<u16>,
    shape: Option<&'static str>,
    answer: Option<String>,
    protocol: Vec<Refusal>,
    problems: Vec<Refusal>,
}

/// One way in which it can fail.
struct Refusal {
    status: u16,
    code: &'static str,
    title: String,
    example: String,
}

/// An object that is sent or answered.
struct Object {
    name: &'static str,
    rows: Vec<Row>,
}

/// One member, parameter or header.
struct Row {
    name: &'static str,
    place: String,
    kind: String,
    pattern: &'static str,
    shape: &'static str,
    required: bool,
    meaning: String,
}

impl Ask {
    fn of(operation: &Operation, issuer: &str, words: &Words) -> Self {
        let word = format!("api-op-{}", operation.word);
        let in_path = operation.in_path.iter().map(|field| Row::of(field, "api-in-path", words));
        let in_header = operation.headers.iter().map(|field| Row::of(field, "api-in-header", words));
        let shape = match operation.success.content {
            Content::Shape(name) => Some(name),
            Content::Nothing | Content::Text | Content::Bytes | Content::Json | Content::Html => None,
        };
        let answer = shape.and_then(fields::shape).map(Shape::example);
        let empty = |example: &Value| example.as_object().is_none_or(serde_json::Map::is_empty);
        Self {
            anchor: operation.id,
            method: if operation.post { "POST" } else { "GET" },
            path: operation.path.clone(),
            title: words.say(&word),
            detail: words.say(&format!("{word}.detail")),
            proof: match operation.proof {
                Proof::None => None,
                Proof::Token => Some((words.say("api-proof-token"), words.say("api-proof-token.detail"))),
                Proof::Assertion => {
                    Some((words.say("api-proof-assertion"), words.say("api-proof-assertion.detail")))
                }
            },
            rows: in_path.chain(in_header).collect(),
            body: operation.body,
            curl: curl(operation, issuer),
            status: operation.success.status.as_u16(),
            or: operation.or.map(|status| status.as_u16()),
            shape,
            answer: answer.filter(|example| !empty(example)).map(|example| pretty(&example)),
            protocol: operation.protocol.iter().map(|refusal| Refusal::of_protocol(*refusal)).collect(),
            problems: operation
                .problems
                .iter()
                .map(|problem| Refusal {
                    status: problem.status().as_u16(),
                    code: problem.code(),
                    title: words.say(&format!("problem-{}", problem.code())),
                    example: pretty(&examples::problem(*problem, issuer, words)),
                })
                .collect(),
        }
    }
}

impl Refusal {
    fn of_protocol((status, code, why): (StatusCode, OAuthErrorCode, &'static str)) -> Self {
        Self {
            status: status.as_u16(),
            code: code.as_str(),
            title: why.to_owned(),
            example: pretty(&examples::protocol(code, why)),
        }
    }
}

impl Row {
    fn of(field: &Field, place: &str, words: &Words) -> Self {
        let (pattern, shape) = match field.kind {
            Kind::Text(text) | Kind::Texts(text, _) => (text.pattern, ""),
            Kind::Shape(name) | Kind::Shapes(name, _) | Kind::ShapeByName(name) => ("", name),
            Kind::Word(_) | Kind::Whole(..) | Kind::Flag | Kind::Words | Kind::TextByName => ("", ""),
        };
        Self {
            name: field.name,
            place: if place.is_empty() { String::new() } else { words.say(place) },
            kind: kind(&field.kind, words),
            pattern,
            shape,
            required: field.required,
            meaning: words.say(&format!("api-field-{}", field.word)),
        }
    }
}

/// What can stand in a field, in words.
fn kind(kind: &Kind, words: &Words) -> String {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    match kind {
        Kind::Text(text) if text.most == 0 => words.say("api-kind-text"),
        Kind::Text(text) if text.least == text.most => {
            words.with("api-kind-text-exactly", "length", number(text.most))
        }
        Kind::Text(text) => words.with("api-kind-text-most", "most", number(text.most)),
        Kind::Word(choices) => words.with("api-kind-word", "words", choices.join(" | ")),
        Kind::Whole(least, Some(most)) => {
            words.with("api-kind-whole-range", "range", format!("{least}–{most}"))
        }
        Kind::Whole(_, None) => words.say("api-kind-whole"),
        Kind::Flag => words.say("api-kind-flag"),
        Kind::Texts(_, most) => words.with("api-kind-texts", "most", number(*most)),
        Kind::Words => words.say("api-kind-words"),
        Kind::Shape(_) => words.say("api-kind-object"),
        Kind::Shapes(..) => words.say("api-kind-objects"),
        Kind::TextByName | Kind::ShapeByName(_) => words.say("api-kind-by-name"),
    }
}

/// How it is asked from a shell.
fn curl(operation: &Operation, issuer: &str) -> String {
    let mut path = operation.path.clone();
    for field in &operation.in_path {
        path = path.replace(&format!("{{{}}}", field.name), field.example);
    }
    let mut command = format!("curl {issuer}{path}");
    let mut add = |option: String| {
        command.push_str(" \\\n  ");
        command.push_str(&option);
    };
    if operation.proof == Proof::Token {
        add("-H \"Authorization: Bearer $ACCESS_TOKEN\"".to_owned());
    }
    for field in operation.headers {
        add(format!("-H '{}: {}'", field.name, field.example));
    }
    let shape = operation.body.and_then(|(media, shape)| Some((media, fields::shape(shape)?)));
    match shape {
        None => {}
        Some(("application/json", shape)) => {
            add("-H 'Content-Type: application/json'".to_owned());
            add(format!("-d '{}'", shape.example()));
        }
        Some((_, shape)) => {
            for field in shape.fields.iter().filter(|field| !field.example.is_empty()) {
                // A variable is for the shell to fill in; everything else is taken as it stands.
                let quote = if field.example.starts_with('$') { '"' } else { '\'' };
                add(format!("--data-urlencode {quote}{}={}{quote}", field.name, field.example));
            }
        }
    }
    command
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
