//! The OpenAPI document (3.1), made from the operations, the fields, the catalogue of problems and the words.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, Content as MediaType, ContentBuilder, HttpMethod, InfoBuilder, OpenApi,
    OpenApiBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Server,
};

use crate::api::examples;
use crate::api::fields::{self, Field, Kind, Shape, Text};
use crate::api::operations::{self, Content, Group, Operation, Proof};
use crate::fault::Problem;
use crate::words::{Lang, Words};

/// The name of the one security scheme.
const ACCESS_TOKEN: &str = "accessToken";
/// The header of every answer.
const REQUEST_ID: &str = "Request-Id";

/// The document, in the words of one language, for the platform of this issuer.
pub(crate) fn document(issuer: &str, words: &Words) -> OpenApi {
    let mut paths = Paths::new();
    for operation in operations::every() {
        let method = if operation.post { HttpMethod::Post } else { HttpMethod::Get };
        let built = of_operation(&operation, words);
        paths.add_path_operation(&operation.path, vec![method], built);
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("yat_…")
        .description(Some(words.say("api-proof-token.detail")))
        .build();
    let mut components = ComponentsBuilder::new().security_scheme(ACCESS_TOKEN, SecurityScheme::Http(bearer));
    let request_id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uuid".to_owned())))
        .build();
    components = components.header(REQUEST_ID, header(REQUEST_ID, request_id, words));
    for problem in Problem::EVERY {
        for lang in Lang::EVERY {
            let example = examples::problem(*problem, issuer, lang.words());
            components = components.example(example_name(*problem, lang), one(example));
        }
    }
    for shape in fields::SHAPES {
        components = components.schema(shape.name, of_shape(shape, words));
    }
    let info = InfoBuilder::new()
        .title(words.say("api-title"))
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(words.say("api-lead")))
        .build();
    let tags = Group::EVERY.map(|group| {
        let word = format!("api-group-{}", group.word());
        TagBuilder::new()
            .name(words.say(&word))
            .description(Some(words.say(&format!("{word}.detail"))))
            .build()
    });
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new(issuer)]))
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags))
        .build()
}

fn of_operation(operation: &Operation, words: &Words) -> OperationBuilder {
    let word = format!("api-op-{}", operation.word);
    let mut built = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .tag(words.say(&format!("api-group-{}", operation.group.word())))
        .summary(Some(words.say(&word)))
        .description(Some(explained(operation, words)))
        .request_body(operation.body.and_then(|(media, shape)| of_body(media, shape)));
    for field in &operation.in_path {
        built = built.parameter(of_parameter(field, ParameterIn::Path, words));
    }
    for field in operation.headers {
        built = built.parameter(of_parameter(field, ParameterIn::Header, words));
    }
    if operation.proof == Proof::Token {
        built = built.security(SecurityRequirement::new(ACCESS_TOKEN, [""; 0]));
    }
    for (status, response) in responses(operation, words) {
        built = built.response(status.as_str(), response);
    }
    built
}

/// What an operation does and how whoever asks proves who they are.
fn explained(operation: &Operation, words: &Words) -> String {
    let detail = words.say(&format!("api-op-{}.detail", operation.word));
    match operation.proof {
        Proof::None | Proof::Token => detail,
        Proof::Assertion => words.joined(&detail, &words.say("api-proof-assertion.detail")),
    }
}

fn of_body(media: &str, shape: &str) -> Option<RequestBody> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(shape)))
        .example(fields::shape(shape).map(Shape::example))
        .build();
    Some(RequestBodyBuilder::new().content(media, content).required(Some(Required::True)).build())
}

/// One response for each status: what it is when all went well, and an example, in both languages, of every problem.
fn responses(operation: &Operation, words: &Words) -> BTreeMap<StatusCode, Response> {
    let mut told: BTreeMap<StatusCode, Told> = BTreeMap::new();
    for (status, code, why) in &operation.protocol {
        let example = examples::protocol(*code, why);
        let told = told.entry(*status).or_default();
        told.says.push(format!("`{}`", code.as_str()));
        told.protocol.push((code.as_str().to_owned(), one(example)));
    }
    for problem in &operation.problems {
        let told = told.entry(problem.status()).or_default();
        told.says.push(words.say(&format!("problem-{}", problem.code())));
        told.problems.extend(Lang::EVERY.map(|lang| example_name(*problem, lang)));
    }
    let mut responses: BTreeMap<_, _> =
        told.into_iter().map(|(status, told)| (status, told.response(status, words))).collect();
    responses.insert(operation.success.status, of_success(operation, words));
    if let Some(status) = operation.or {
        let mut response = of_success(operation, words);
        response.headers.insert("Retry-After".to_owned(), header("Retry-After", seconds(), words).into());
        responses.insert(status, response);
    }
    responses
}

/// What one status can mean.
#[derive(Default)]
struct Told {
    says: Vec<String>,
    protocol: Vec<(String, Example)>,
    /// Names of examples.
    problems: Vec<String>,
}

impl Told {
    fn response(self, status: StatusCode, words: &Words) -> Response {
        let mut response = ResponseBuilder::new().description(self.says.join(" / "));
        let of = |shape: &str| ContentBuilder::new().schema(Some(Ref::from_schema_name(shape)));
        if !self.protocol.is_empty() {
            let content = of("OAuthError").examples_from_iter(self.protocol);
            response = response.content("application/json", content.build());
        }
        if !self.problems.is_empty() {
            let examples = self.problems.into_iter().map(|name| {
                let kept = Ref::new(format!("#/components/examples/{name}"));
                (name, RefOr::<Example>::Ref(kept))
            });
            let content = of("Problem").examples_from_iter(examples);
            response = response.content("application/problem+json", content.build());
        }
        response = with_request_id(response);
        if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
            response = response.header("Retry-After", header("Retry-After", seconds(), words));
        }
        if status == StatusCode::UNAUTHORIZED && self.says.iter().all(|said| !said.starts_with('`')) {
            let challenge = text_schema(&Text::any()).build();
            response = response.header("WWW-Authenticate", header("WWW-Authenticate", challenge, words));
        }
        response.build()
    }
}

fn of_success(operation: &Operation, words: &Words) -> Response {
    let response = ResponseBuilder::new().description(words.say("api-done"));
    let any = |media: &str, schema: Object| (media.to_owned(), MediaType::new(Some(schema)));
    let content = match operation.success.content {
        Content::Nothing => None,
        Content::Shape(name) => {
            let example = fields::shape(name).map(Shape::example);
            let example =
                example.filter(|example| example.as_object().is_some_and(|members| !members.is_empty()));
            let content =
                ContentBuilder::new().schema(Some(Ref::from_schema_name(name))).example(example).build();
            Some(("application/json".to_owned(), content))
        }
        Content::Text => Some(any("text/plain", ObjectBuilder::new().schema_type(Type::String).build())),
        // OpenAPI 3.1: bytes of a media type have no schema of their own.
        Content::Bytes => Some(("application/octet-stream".to_owned(), ContentBuilder::new().build())),
        Content::Json => Some(any("application/json", ObjectBuilder::new().build())),
        Content::Html => Some(any("text/html", ObjectBuilder::new().schema_type(Type::String).build())),
    };
    let response = match content {
        None => response,
        Some((media, content)) => response.content(media, content),
    };
    with_request_id(response).build()
}

fn with_request_id(response: ResponseBuilder) -> ResponseBuilder {
    response.header_ref(REQUEST_ID, Ref::new(format!("#/components/headers/{REQUEST_ID}")))
}

fn header(name: &str, schema: Object, words: &Words) -> Header {
    let meaning = words.say(&format!("api-field-{name}"));
    HeaderBuilder::new().schema(Some(schema)).description(Some(meaning)).build()
}

fn seconds() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build()
}

/// Under which name an example is kept.
fn example_name(problem: Problem, lang: Lang) -> String {
    format!("{}.{}", problem.code(), lang.code())
}

fn one(value: Value) -> Example {
    ExampleBuilder::new().value(Some(value)).build()
}

fn of_parameter(field: &Field, place: ParameterIn, words: &Words) -> Parameter {
    ParameterBuilder::new()
        .name(field.name)
        .parameter_in(place)
        .required(if field.required { Required::True } else { Required::False })
        .description(Some(meaning(field, words)))
        .schema(Some(of_kind(&field.kind, None)))
        .example(field.example())
        .build()
}

fn meaning(field: &Field, words: &Words) -> String {
    words.say(&format!("api-field-{}", field.word))
}

fn of_shape(shape: &Shape, words: &Words) -> Schema {
    let mut object = ObjectBuilder::new();
    if shape.closed {
        object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    }
    for field in shape.fields {
        object = object.property(field.name, of_kind(&field.kind, Some(meaning(field, words))));
        if field.required {
            object = object.required(field.name);
        }
    }
    Schema::Object(object.build())
}

fn of_kind(kind: &Kind, meaning: Option<String>) -> RefOr<Schema> {
    let of_type = |of: Type| ObjectBuilder::new().schema_type(of).description(meaning.clone());
    match kind {
        Kind::Text(text) => text_schema(text).description(meaning).into(),
        Kind::Word(words) => of_type(Type::String).enum_values(Some(words.iter().copied())).into(),
        Kind::Whole(least, most) => {
            // Nothing here comes near the numbers that JSON cannot hold exactly.
            let bound = |bound: u64| i64::try_from(bound).ok();
            let whole = of_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
            whole.minimum(bound(*least)).maximum(most.and_then(bound)).into()
        }
        Kind::Flag => of_type(Type::Boolean).into(),
        Kind::Texts(text, most) => text_schema(text)
            .to_array_builder()
            .min_items(Some(1))
            .max_items(Some(*most))
            .unique_items(true)
            .description(meaning)
            .into(),
        Kind::Words => text_schema(&Text::any()).to_array_builder().description(meaning).into(),
        Kind::Shape(name) => with_meaning(name, meaning),
        Kind::Shapes(name, most) => {
            let items: RefOr<Schema> =
                if name.is_empty() { ObjectBuilder::new().into() } else { with_meaning(name, None) };
            ArrayBuilder::new().items(items).max_items(Some(*most)).description(meaning).into()
        }
        Kind::TextByName => of_type(Type::Object)
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)))
            .into(),
        Kind::ShapeByName(name) => {
            of_type(Type::Object).additional_properties(Some(Ref::from_schema_name(*name))).into()
        }
    }
}

fn with_meaning(name: &str, meaning: Option<String>) -> RefOr<Schema> {
    let mut reference = Ref::from_schema_name(name);
    reference.description = meaning.unwrap_or_default();
    reference.into()
}

fn text_schema(text: &Text) -> ObjectBuilder {
    let some = |length: usize| (0 < length).then_some(length);
    let said = |words: &str| (!words.is_empty()).then(|| words.to_owned());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(some(text.least))
        .max_length(some(text.most))
        .pattern(said(text.pattern))
        .format(said(text.format).map(SchemaFormat::Custom))
}
