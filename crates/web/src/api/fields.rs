//! The members, parameters and headers of the program interface, with their limits: data, from which the OpenAPI
//! document and the readable page are both made.
//!
//! What a member means is said in the words, under `api-field-` and its `word`.

use serde_json::{Map, Value};

/// One member, parameter or header.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// Under which word its meaning stands.
    pub(crate) word: &'static str,
    /// How one looks; nothing when an example would say less than its absence.
    pub(crate) example: &'static str,
}

/// What can stand in it.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Text.
    Text(Text),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number.
    Whole(u64, Option<u64>),
    /// Yes or no.
    Flag,
    /// Texts, at least one and at most so many, each once.
    Texts(Text, usize),
    /// Words, in any order.
    Words,
    /// An object of this shape.
    Shape(&'static str),
    /// Objects of this shape, at most so many.
    Shapes(&'static str, usize),
    /// An object whose members have names of the platform, each with a text.
    TextByName,
    /// The same, each with an object of this shape.
    ShapeByName(&'static str),
}

/// How long a text is and how it is written. A length of 0 is not told.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) least: usize,
    pub(crate) most: usize,
    pub(crate) pattern: &'static str,
    pub(crate) format: &'static str,
}

impl Text {
    /// Any text.
    pub(crate) const fn any() -> Self {
        Self { least: 0, most: 0, pattern: "", format: "" }
    }
}

/// An object: its members, and whether it has no others.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) closed: bool,
}

const ANY: Text = Text::any();
const URI: Text = Text { format: "uri", ..ANY };
const BASE64: Text = Text { format: "byte", ..ANY };
const ITEM: Text = Text { least: 1, most: 64, pattern: "^[a-z0-9_]+$", format: "" };
const PURPOSE: Text = Text { least: 1, most: 64, pattern: "^[a-z0-9_-]+$", format: "" };
const APP: Text = Text { least: 1, most: 64, pattern: "^[a-z0-9-]+$", format: "" };
const TAG: Text = exactly(32, "^[0-9a-f]{32}$");
const CHALLENGE: Text = exactly(43, "^[A-Za-z0-9_-]{43}$");
const VERIFIER: Text = Text { least: 43, most: 128, pattern: "^[A-Za-z0-9._~-]+$", format: "" };
const ASSERTION: Text = Text { least: 1, most: 4096, pattern: "", format: "" };
const PARAMETER: Text = Text { least: 1, most: 16_384, pattern: "", format: "" };
const STATE: Text = Text { least: 1, most: 1024, pattern: "", format: "" };

const fn exactly(length: usize, pattern: &'static str) -> Text {
    Text { least: length, most: length, pattern, format: "" }
}

const fn needed(name: &'static str, kind: Kind, example: &'static str) -> Field {
    Field { name, kind, required: true, word: name, example }
}

const fn may(name: &'static str, kind: Kind, example: &'static str) -> Field {
    Field { required: false, ..needed(name, kind, example) }
}

const fn told(word: &'static str, field: Field) -> Field {
    Field { word, ..field }
}

/// Every shape, by name.
pub(crate) const SHAPES: &[Shape] = &[
    Shape { name: "DisclosureRequest", fields: DISCLOSURE_REQUEST, closed: true },
    Shape { name: "Disclosure", fields: DISCLOSURE, closed: false },
    Shape { name: "Receipt", fields: RECEIPT, closed: false },
    Shape { name: "Proofs", fields: PROOFS, closed: false },
    Shape { name: "PushRequest", fields: PUSH_REQUEST, closed: false },
    Shape { name: "PushedAuthorization", fields: PUSHED, closed: false },
    Shape { name: "TokenRequest", fields: TOKEN_REQUEST, closed: false },
    Shape { name: "Tokens", fields: TOKENS, closed: false },
    Shape { name: "AuthorizationDetail", fields: DETAIL, closed: true },
    Shape { name: "TokenReference", fields: TOKEN_REFERENCE, closed: false },
    Shape { name: "Introspection", fields: INTROSPECTION, closed: false },
    Shape { name: "KeySet", fields: KEY_SET, closed: false },
    Shape { name: "ServerMetadata", fields: METADATA, closed: false },
    Shape { name: "Problem", fields: PROBLEM, closed: false },
    Shape { name: "ReasonTold", fields: REASON_TOLD, closed: false },
    Shape { name: "Readiness", fields: READINESS, closed: false },
    Shape { name: "OAuthError", fields: OAUTH_ERROR, closed: false },
];

const DISCLOSURE_REQUEST: &[Field] = &[
    needed("purpose", Kind::Text(PURPOSE), "delivery"),
    told(
        "items-asked",
        needed("items", Kind::Texts(ITEM, crate::limits::ITEMS_MAX), "name,delivery_address"),
    ),
    may("partial", Kind::Flag, "false"),
];

const DISCLOSURE: &[Field] = &[
    needed(
        "disclosure",
        Kind::Text(exactly(36, "^dsc_[0-9a-f]{32}$")),
        "dsc_0123456789abcdef0123456789abcdef",
    ),
    needed("purpose", Kind::Text(PURPOSE), "delivery"),
    told("items-released", needed("items", Kind::TextByName, "name=示例用户11")),
    may("withheld", Kind::TextByName, ""),
    needed("receipt", Kind::Shape("Receipt"), ""),
];

const RECEIPT: &[Field] = &[
    needed("log", Kind::Text(Text { least: 1, most: 64, pattern: "^g/[0-9]+$", format: "" }), "g/0"),
    needed("index", Kind::Whole(0, None), "41"),
    needed("leaf", Kind::Text(BASE64), "pQABAhs="),
    needed("proofs", Kind::Shape("Proofs"), ""),
];

const PROOFS: &[Field] = &[
    told("proof-sha256", may("sha256", Kind::Text(ANY), "c2sp.org/tlog-proof@v1\n…")),
    told("proof-sm3", may("sm3", Kind::Text(ANY), "c2sp.org/tlog-proof@v1\n…")),
];

const ASSERTION_TYPE: Field = needed(
    "client_assertion_type",
    Kind::Word(&[yinuo_oauth::CLIENT_ASSERTION_TYPE]),
    yinuo_oauth::CLIENT_ASSERTION_TYPE,
);
const CLIENT_ASSERTION: Field = needed("client_assertion", Kind::Text(ASSERTION), "$ASSERTION");
const DETAILS: &str =
    r#"[{"type":"personal_information","purpose":"delivery","items":["name","delivery_address"]}]"#;

const PUSH_REQUEST: &[Field] = &[
    ASSERTION_TYPE,
    CLIENT_ASSERTION,
    needed("response_type", Kind::Word(&["code"]), "code"),
    needed("redirect_uri", Kind::Text(Text { format: "uri", ..PARAMETER }), "https://courier.example/back"),
    needed("code_challenge", Kind::Text(CHALLENGE), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    needed("code_challenge_method", Kind::Word(&["S256"]), "S256"),
    told("details-asked", needed("authorization_details", Kind::Text(PARAMETER), DETAILS)),
    may("state", Kind::Text(STATE), "af0ifjsldkj"),
    may("ui_locales", Kind::Text(PARAMETER), "zh-CN"),
    may("client_id", Kind::Text(APP), ""),
];

const PUSHED: &[Field] = &[
    needed(
        "request_uri",
        Kind::Text(Text {
            least: 77,
            most: 77,
            pattern: "^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$",
            format: "uri",
        }),
        "urn:ietf:params:oauth:request_uri:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ),
    told("expires_in", needed("expires_in", Kind::Whole(1, None), "90")),
];

const TOKEN_REQUEST: &[Field] = &[
    ASSERTION_TYPE,
    CLIENT_ASSERTION,
    needed("grant_type", Kind::Word(&["authorization_code", "refresh_token"]), "authorization_code"),
    may("code", Kind::Text(PARAMETER), "$CODE"),
    told("redirect_again", may("redirect_uri", Kind::Text(PARAMETER), "https://courier.example/back")),
    may("code_verifier", Kind::Text(VERIFIER), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    told("refresh_again", may("refresh_token", Kind::Text(PARAMETER), "")),
];

const TOKENS: &[Field] = &[
    needed(
        "access_token",
        Kind::Text(exactly(47, "^yat_[A-Za-z0-9_-]{43}$")),
        "yat_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ),
    needed("token_type", Kind::Word(&["Bearer"]), "Bearer"),
    needed("expires_in", Kind::Whole(1, Some(600)), "600"),
    needed(
        "refresh_token",
        Kind::Text(exactly(47, "^yrt_[A-Za-z0-9_-]{43}$")),
        "yrt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ),
    told("details-allowed", needed("authorization_details", Kind::Shapes("AuthorizationDetail", 32), "")),
    needed("sub", Kind::Text(TAG), "0123456789abcdef0123456789abcdef"),
];

const DETAIL: &[Field] = &[
    told(
        "detail-type",
        needed("type", Kind::Word(&[yinuo_oauth::AUTHORIZATION_DETAILS_TYPE]), "personal_information"),
    ),
    needed("purpose", Kind::Text(PURPOSE), "delivery"),
    told("items-asked", needed("items", Kind::Texts(ITEM, 256), "name,delivery_address")),
];

const TOKEN_REFERENCE: &[Field] = &[
    ASSERTION_TYPE,
    CLIENT_ASSERTION,
    needed("token", Kind::Text(PARAMETER), "$ACCESS_TOKEN"),
    may("token_type_hint", Kind::Word(&["access_token", "refresh_token"]), ""),
];

const INTROSPECTION: &[Field] = &[
    needed("active", Kind::Flag, "true"),
    may("client_id", Kind::Text(APP), "courier"),
    may("sub", Kind::Text(TAG), "0123456789abcdef0123456789abcdef"),
    may("iat", Kind::Whole(0, None), "1800000000"),
    may("exp", Kind::Whole(0, None), "1800000600"),
    may("iss", Kind::Text(URI), "https://yinuo.example"),
    may("token_type", Kind::Word(&["Bearer"]), "Bearer"),
    told("details-allowed", may("authorization_details", Kind::Shapes("AuthorizationDetail", 32), "")),
];

const KEY_SET: &[Field] = &[needed("keys", Kind::Shapes("", 0), "")];

const fn metadata(name: &'static str, kind: Kind) -> Field {
    told("metadata", needed(name, kind, ""))
}

const METADATA: &[Field] = &[
    metadata("issuer", Kind::Text(URI)),
    metadata("authorization_endpoint", Kind::Text(URI)),
    metadata("token_endpoint", Kind::Text(URI)),
    metadata("pushed_authorization_request_endpoint", Kind::Text(URI)),
    metadata("require_pushed_authorization_requests", Kind::Flag),
    metadata("introspection_endpoint", Kind::Text(URI)),
    metadata("revocation_endpoint", Kind::Text(URI)),
    metadata("jwks_uri", Kind::Text(URI)),
    metadata("response_types_supported", Kind::Words),
    metadata("response_modes_supported", Kind::Words),
    metadata("grant_types_supported", Kind::Words),
    metadata("code_challenge_methods_supported", Kind::Words),
    metadata("token_endpoint_auth_methods_supported", Kind::Words),
    metadata("token_endpoint_auth_signing_alg_values_supported", Kind::Words),
    metadata("introspection_endpoint_auth_methods_supported", Kind::Words),
    metadata("introspection_endpoint_auth_signing_alg_values_supported", Kind::Words),
    metadata("revocation_endpoint_auth_methods_supported", Kind::Words),
    metadata("revocation_endpoint_auth_signing_alg_values_supported", Kind::Words),
    metadata("authorization_details_types_supported", Kind::Words),
    metadata("authorization_response_iss_parameter_supported", Kind::Flag),
    metadata("ui_locales_supported", Kind::Words),
];

const PROBLEM: &[Field] = &[
    told("problem-type", needed("type", Kind::Text(URI), "")),
    told("problem-title", needed("title", Kind::Text(ANY), "")),
    told("problem-status", needed("status", Kind::Whole(400, Some(599)), "")),
    told("problem-detail", needed("detail", Kind::Text(ANY), "")),
    told("problem-remedy", needed("remedy", Kind::Text(ANY), "")),
    told("problem-instance", may("instance", Kind::Text(URI), "")),
    told("problem-limit", may("limit", Kind::Whole(0, None), "")),
    told(
        "problem-unit",
        may("unit", Kind::Word(&["bytes", "characters", "items", "releases", "seconds"]), ""),
    ),
    told("problem-given", may("given", Kind::Whole(0, None), "")),
    told("problem-period", may("period_s", Kind::Whole(1, None), "")),
    told("problem-items", may("items", Kind::TextByName, "")),
    told("problem-reasons", may("reasons", Kind::ShapeByName("ReasonTold"), "")),
];

const REASON_TOLD: &[Field] = &[
    told("problem-title", needed("title", Kind::Text(ANY), "")),
    told("problem-remedy", needed("remedy", Kind::Text(ANY), "")),
];

const OAUTH_ERROR: &[Field] = &[
    needed("error", Kind::Text(Text { least: 1, pattern: "^[a-z_]+$", ..ANY }), "invalid_request"),
    needed("error_description", Kind::Text(ANY), ""),
];

const READINESS: &[Field] = &[needed("ready", Kind::Flag, "true"), needed("missing", Kind::Words, "[]")];

/// What stands in braces in an address.
pub(crate) const GROUP: Field =
    needed("group", Kind::Text(Text { least: 1, most: 5, pattern: "^(0|[1-9][0-9]*)$", format: "" }), "0");
/// See [`GROUP`].
pub(crate) const LEVEL: Field = needed("level", Kind::Whole(0, Some(63)), "0");
/// See [`GROUP`].
pub(crate) const INDEX: Field =
    told("tile-index", needed("index", Kind::Text(exactly(3, "^[0-9]{3}$")), "000"));
/// See [`GROUP`].
pub(crate) const WIDTH: Field = needed("width", Kind::Whole(1, Some(255)), "12");
/// See [`GROUP`].
pub(crate) const HASH: Field = needed(
    "hash",
    Kind::Text(exactly(64, "^[0-9a-f]{64}$")),
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
);
/// The headers that are understood.
pub(crate) const IDEMPOTENCY_KEY: Field = may(
    "Idempotency-Key",
    Kind::Text(Text { least: 1, most: crate::limits::KEY_LEN_MAX, pattern: "^[!-~]+$", format: "" }),
    "order-20270115-0001",
);
/// See [`IDEMPOTENCY_KEY`].
pub(crate) const ACCEPT_LANGUAGE: Field = may("Accept-Language", Kind::Text(ANY), "zh-CN");

/// The shape of this name.
pub(crate) fn shape(name: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.name == name)
}

impl Shape {
    /// How one looks: every member that has an example, or whose shape has one.
    pub(crate) fn example(&self) -> Value {
        let members = self.fields.iter().filter_map(|field| Some((field.name.to_owned(), field.example()?)));
        Value::Object(members.collect())
    }
}

impl Field {
    /// How one looks, as JSON; nothing when there is no example.
    pub(crate) fn example(&self) -> Option<Value> {
        let of = |name: &str| shape(name).map(Shape::example);
        match self.kind {
            Kind::Shape(name) => of(name),
            Kind::Shapes("", _) => Some(Value::Array(Vec::new())),
            Kind::Shapes(name, _) => of(name).map(|one| Value::Array(vec![one])),
            _ if self.example.is_empty() => None,
            Kind::Text(_) | Kind::Word(_) => Some(self.example.into()),
            Kind::Whole(..) | Kind::Flag => serde_json::from_str(self.example).ok(),
            Kind::Words if self.example == "[]" => Some(Value::Array(Vec::new())),
            Kind::Texts(..) | Kind::Words => Some(self.example.split(',').collect()),
            Kind::TextByName | Kind::ShapeByName(_) => {
                let pairs = self.example.split(',').filter_map(|pair| pair.split_once('='));
                let pairs: Map<_, _> = pairs.map(|(name, text)| (name.to_owned(), text.into())).collect();
                Some(Value::Object(pairs))
            }
        }
    }
}
