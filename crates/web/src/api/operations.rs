//! Everything a program can ask, as data: one entry for each method and address, and everything it can answer.
//!
//! A test compares it with the router, in both directions.

use axum::http::StatusCode;
use yinuo_oauth::OAuthErrorCode;

use crate::api::fields::{ACCEPT_LANGUAGE, Field, GROUP, HASH, IDEMPOTENCY_KEY, INDEX, LEVEL, WIDTH};
use crate::fault::Problem;

/// One method of one address.
pub(crate) struct Operation {
    pub(crate) post: bool,
    /// The address, with what varies in braces.
    pub(crate) path: String,
    /// Its name in the document.
    pub(crate) id: &'static str,
    /// Under which word it is explained.
    pub(crate) word: &'static str,
    pub(crate) group: Group,
    pub(crate) proof: Proof,
    /// What varies in the address.
    pub(crate) in_path: Vec<Field>,
    pub(crate) headers: &'static [Field],
    /// The media type and the shape of what is sent.
    pub(crate) body: Option<(&'static str, &'static str)>,
    pub(crate) success: Success,
    /// Another status that has the same content.
    pub(crate) or: Option<StatusCode>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) protocol: Vec<(StatusCode, OAuthErrorCode, &'static str)>,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Group {
    Disclosures,
    Authorization,
    Log,
    Service,
}

impl Group {
    pub(crate) const EVERY: [Self; 4] = [Self::Disclosures, Self::Authorization, Self::Log, Self::Service];

    /// Under which word it is explained.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Disclosures => "disclosures",
            Self::Authorization => "authorization",
            Self::Log => "log",
            Self::Service => "service",
        }
    }
}

/// How whoever asks proves who they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Proof {
    None,
    /// `Authorization: Bearer`.
    Token,
    /// `private_key_jwt` in the body.
    Assertion,
}

/// The answer when all went well.
pub(crate) struct Success {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
}

/// What stands in an answer.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Nothing,
    Shape(&'static str),
    Text,
    Bytes,
    /// A document of this or of any other media type.
    Json,
    Html,
}

/// Problems that any address can answer with.
const ANYWHERE: [Problem; 3] = [Problem::AddressTooLong, Problem::HeadersTooLarge, Problem::Internal];

/// Everything a program can ask.
pub(crate) fn every() -> Vec<Operation> {
    let mut every = vec![disclose()];
    every.extend(authorization());
    every.extend(log());
    every.extend(service());
    for operation in &mut every {
        operation.problems.extend(ANYWHERE);
    }
    every
}

fn get(
    group: Group,
    path: impl Into<String>,
    id: &'static str,
    word: &'static str,
    content: Content,
) -> Operation {
    Operation {
        post: false,
        path: path.into(),
        id,
        word,
        group,
        proof: Proof::None,
        in_path: Vec::new(),
        headers: &[],
        body: None,
        success: Success { status: StatusCode::OK, content },
        or: None,
        problems: Vec::new(),
        protocol: Vec::new(),
    }
}

fn disclose() -> Operation {
    Operation {
        post: true,
        proof: Proof::Token,
        headers: &[IDEMPOTENCY_KEY, ACCEPT_LANGUAGE],
        body: Some(("application/json", "DisclosureRequest")),
        problems: vec![
            Problem::Malformed,
            Problem::InvalidToken,
            Problem::Withheld,
            Problem::TooSlow,
            Problem::IdempotencyConflict,
            Problem::TooLarge,
            Problem::UnsupportedType,
            Problem::RateLimited,
            Problem::NotDelivered,
            Problem::Unavailable,
            Problem::ClockStopped,
        ],
        ..get(Group::Disclosures, "/v1/disclosures", "disclose", "disclose", Content::Shape("Disclosure"))
    }
}

fn authorization() -> Vec<Operation> {
    use OAuthErrorCode::*;
    let bad = StatusCode::BAD_REQUEST;
    let scope = (bad, InvalidScope, "there are no scopes; use authorization_details");
    let form =
        |path: &str, id, shape, content, own: &[(StatusCode, OAuthErrorCode, &'static str)]| Operation {
            post: true,
            proof: Proof::Assertion,
            body: Some(("application/x-www-form-urlencoded", shape)),
            protocol: [
                own,
                &[
                    (bad, InvalidRequest, "client_assertion is missing"),
                    (StatusCode::UNAUTHORIZED, InvalidClient, "client authentication failed"),
                    (
                        StatusCode::REQUEST_TIMEOUT,
                        InvalidRequest,
                        "the body took more than 30 seconds to arrive",
                    ),
                    (StatusCode::PAYLOAD_TOO_LARGE, InvalidRequest, "the body has more than 64 KiB"),
                    (
                        StatusCode::UNSUPPORTED_MEDIA_TYPE,
                        InvalidRequest,
                        "the body must be application/x-www-form-urlencoded",
                    ),
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        TemporarilyUnavailable,
                        "nothing can be recorded at the moment; try again later",
                    ),
                ],
            ]
            .concat(),
            ..get(Group::Authorization, path, id, id, content)
        };
    let push = form(
        "/oauth/par",
        "push",
        "PushRequest",
        Content::Shape("PushedAuthorization"),
        &[
            scope,
            (bad, UnsupportedResponseType, "response_type must be code"),
            (
                bad,
                InvalidAuthorizationDetails,
                "a purpose or an item in authorization_details is not declared by this app",
            ),
        ],
    );
    let token = form(
        "/oauth/token",
        "token",
        "TokenRequest",
        Content::Shape("Tokens"),
        &[
            scope,
            (bad, InvalidGrant, "the code or refresh token is not valid"),
            (bad, UnsupportedGrantType, "grant_type must be authorization_code or refresh_token"),
            (
                bad,
                InvalidAuthorizationDetails,
                "authorization_details cannot be changed at the token endpoint",
            ),
        ],
    );
    let push = Operation { success: Success { status: StatusCode::CREATED, ..push.success }, ..push };
    let shape = Content::Shape;
    vec![
        push,
        token,
        form("/oauth/introspect", "introspect", "TokenReference", shape("Introspection"), &[]),
        form("/oauth/revoke", "revoke", "TokenReference", Content::Nothing, &[]),
        get(Group::Authorization, "/oauth/jwks", "keys", "keys", shape("KeySet")),
        get(
            Group::Authorization,
            yinuo_oauth::Metadata::PATH,
            "metadata",
            "metadata",
            shape("ServerMetadata"),
        ),
    ]
}

fn log() -> Vec<Operation> {
    let read = |path: String, id, word, content, rest: &[Field]| {
        let group = path.contains("{group}").then_some(GROUP);
        Operation {
            in_path: group.into_iter().chain(rest.iter().copied()).collect(),
            problems: vec![Problem::NotFound, Problem::Unavailable],
            ..get(Group::Log, path, id, word, content)
        }
    };
    let tile = &[LEVEL, INDEX][..];
    let partial = &[LEVEL, INDEX, WIDTH][..];
    let at = |log: &str, rest: &str| format!("/log/{log}/{rest}");
    let (platform, group) = ("platform", "g/{group}");
    #[rustfmt::skip]
    let mut found = vec![
        read(at(platform, "checkpoint"),                        "platformCheckpoint",     "checkpoint",   Content::Text,  &[]),
        read(at(platform, "sm3/checkpoint"),                    "platformCheckpointSm3",  "checkpoint",   Content::Text,  &[]),
        read(at(group,    "checkpoint"),                        "groupCheckpoint",        "checkpoint",   Content::Text,  &[]),
        read(at(group,    "sm3/checkpoint"),                    "groupCheckpointSm3",     "checkpoint",   Content::Text,  &[]),
        read(at(platform, "tile/{level}/{index}"),              "platformTile",           "tile",         Content::Bytes, tile),
        read(at(platform, "tile-sm3/{level}/{index}"),          "platformTileSm3",        "tile",         Content::Bytes, tile),
        read(at(group,    "tile/{level}/{index}"),              "groupTile",              "tile",         Content::Bytes, tile),
        read(at(group,    "tile-sm3/{level}/{index}"),          "groupTileSm3",           "tile",         Content::Bytes, tile),
        read(at(platform, "tile/{level}/{index}.p/{width}"),     "platformPartialTile",    "partial-tile", Content::Bytes, partial),
        read(at(platform, "tile-sm3/{level}/{index}.p/{width}"), "platformPartialTileSm3", "partial-tile", Content::Bytes, partial),
        read(at(group,    "tile/{level}/{index}.p/{width}"),     "groupPartialTile",       "partial-tile", Content::Bytes, partial),
        read(at(group,    "tile-sm3/{level}/{index}.p/{width}"), "groupPartialTileSm3",    "partial-tile", Content::Bytes, partial),
        read("/log/doc/{hash}".to_owned(),                      "document",               "document",     Content::Bytes, &[HASH]),
    ];
    for operation in &mut found {
        // Entries stand where a level would.
        if operation.word.ends_with("tile") {
            operation.problems.push(Problem::EntriesClosed);
        }
    }
    found
}

fn service() -> Vec<Operation> {
    vec![
        get(Group::Service, "/healthz", "health", "health", Content::Text),
        Operation {
            or: Some(StatusCode::SERVICE_UNAVAILABLE),
            ..get(Group::Service, "/readyz", "ready", "ready", Content::Shape("Readiness"))
        },
        get(Group::Service, "/openapi.json", "interface", "interface", Content::Json),
        get(Group::Service, "/api", "interfacePage", "interface-page", Content::Html),
    ]
}
