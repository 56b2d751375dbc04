//! A form that a person sent: from our own page, in their own session, and nothing else.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq as _;
use yinuo_service::Session;

use crate::fault::{Fault, Problem};
use crate::limits::{BODY_LEN_MAX, Limit};
use crate::visit::{Visit, Web};

/// The fields of a form, in the order they came.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The one value of `name`; a field that comes twice is refused, for which one counts would be our guess.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Fault> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Fault::malformed(name, "comes twice")),
        }
    }

    /// The one value of `name`, which must be there.
    pub(crate) fn require(&self, name: &'static str) -> Result<&str, Fault> {
        self.one(name)?.ok_or_else(|| Fault::malformed(name, "is missing"))
    }

    /// Every value of `name`, each `purpose/item`.
    pub(crate) fn choices(&self, name: &'static str) -> Result<Vec<(String, String)>, Fault> {
        let values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value);
        let halves = values.map(|value| value.split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())));
        halves.collect::<Option<_>>().ok_or_else(|| Fault::malformed(name, "is not a purpose and an item"))
    }

    /// The pairs, for a protocol that has its own rules for them.
    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

/// The body of a form-encoded request.
pub(crate) async fn form_of(request: Request, web: &Web) -> Result<Fields, Fault> {
    if !has_type(request.headers(), "application/x-www-form-urlencoded") {
        return Err(Fault::new(Problem::UnsupportedType));
    }
    Ok(Fields::parse(&body_of(request, web).await?))
}

/// The body of a request, within the limit.
pub(crate) async fn body_of(request: Request, web: &Web) -> Result<Bytes, Fault> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|given| given.to_str().ok());
    let announced = announced.and_then(|given| given.parse().ok());
    // Whoever sends a byte now and then would otherwise hold a connection for ever.
    let Ok(read) = tokio::time::timeout(web.body_wait, Bytes::from_request(request, web)).await else {
        let limit = Limit { limit: web.body_wait.as_secs(), unit: "seconds", given: None, period_s: None };
        return Err(Fault::new(Problem::TooSlow).beyond(limit));
    };
    read.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Fault::new(Problem::TooLarge).beyond(Limit::of(BODY_LEN_MAX, "bytes").given(announced))
        }
        _ => Fault::malformed("body", "could not be read"),
    })
}

/// Whether the body is of this media type, whatever its parameters (RFC 9110 §8.3.1). Two types are none.
pub(crate) fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    let mut given = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return false };
    let given = only.to_str().ok().map(|given| given.split(';').next().unwrap_or_default().trim());
    given.is_some_and(|given| given.eq_ignore_ascii_case(expected))
}

/// Whether a form came from one of our own pages, by what the browser says and no page can forge.
pub(crate) fn is_from_here(issuer: &str, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        // Fetch Metadata §2.4. `none` is the person's own doing, such as sending a form again.
        (Some("same-origin" | "none"), origin) => {
            origin.is_none_or(|origin| origin == issuer || origin == "null")
        }
        (Some(_), _) => false,
        (None, origin) => origin == Some(issuer),
    }
}

/// A form from one of our own pages, of nobody in particular.
pub(crate) struct Posted {
    pub(crate) visit: Visit,
    pub(crate) fields: Fields,
}

impl FromRequest<Web> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Fault> {
        let visit = Visit::of(web.jar, request.method(), request.uri(), request.headers());
        if !is_from_here(web.issuer(), request.headers()) {
            return Err(Fault::new(Problem::FormRefused));
        }
        Ok(Self { visit, fields: form_of(request, web).await? })
    }
}

/// A form from one of our own pages, in the session that page was shown in.
pub(crate) struct PostedBy {
    pub(crate) visit: Visit,
    pub(crate) fields: Fields,
    pub(crate) session: Session,
}

impl FromRequest<Web> for PostedBy {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        let Posted { visit, fields } =
            Posted::from_request(request, web).await.map_err(Fault::into_response)?;
        let session = web.session(&visit).await.map_err(Fault::into_response)?;
        let Some(session) = session else { return Err(visit.to_sign_in()) };
        match fields.one("csrf") {
            Ok(Some(token)) if same(token, &session.csrf) => Ok(Self { visit, fields, session }),
            _ => Err(Fault::new(Problem::FormRefused).into_response()),
        }
    }
}

/// Compares without telling by its duration how far they agree.
pub(crate) fn same(given: &str, expected: &str) -> bool {
    !expected.is_empty() && given.as_bytes().ct_eq(expected.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    /// A body of which nothing ever comes.
    struct Never;

    impl http_body::Body for Never {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }

    /// A connection that sends a byte now and then would otherwise be held for ever.
    #[tokio::test]
    async fn a_body_that_does_not_arrive_is_not_waited_for() {
        let bed = crate::bed::Bed::memory(yinuo_domain::Suite::Guomi);
        assert_eq!(Web::new(bed.gateway.clone(), None).body_wait, crate::limits::BODY_WAIT);
        let web = Web::waiting(bed.gateway.clone(), None, std::time::Duration::from_millis(5));
        let fault = body_of(Request::new(axum::body::Body::new(Never)), &web).await.unwrap_err();
        assert_eq!((fault.problem, fault.problem.status()), (Problem::TooSlow, StatusCode::REQUEST_TIMEOUT));
    }

    #[test]
    fn a_form_of_another_origin_is_refused() {
        const US: &str = "https://yinuo.example";
        #[rustfmt::skip]
        let cases: [(Option<&str>, Option<&str>, bool); 16] = [
            // sec-fetch-site       origin                             from here?
            (Some("same-origin"),   Some(US),                          true),
            (Some("same-origin"),   None,                              true),
            (Some("same-origin"),   Some("null"),                      true),
            (Some("none"),          None,                              true),
            (None,                  Some(US),                          true),
            (Some("same-origin"),   Some("https://evil.example"),      false),
            (Some("same-site"),     Some("https://a.yinuo.example"),   false),
            (Some("same-site"),     Some(US),                          false),
            (Some("cross-site"),    Some("https://evil.example"),      false),
            (Some("cross-site"),    Some("null"),                      false),
            (Some("Same-Origin"),   Some(US),                          false),
            (Some(""),              Some(US),                          false),
            (None,                  None,                              false),
            (None,                  Some("null"),                      false),
            (None,                  Some("http://yinuo.example"),      false),
            (None,                  Some("https://yinuo.example.evil.example"), false),
        ];
        for (site, origin, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
                }
            }
            assert_eq!(is_from_here(US, &headers), expected, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn the_token_of_a_form_must_be_the_sessions_own() {
        assert!(same("abc", "abc"));
        for (given, expected) in
            [("abd", "abc"), ("ab", "abc"), ("abcd", "abc"), ("", "abc"), ("", ""), ("ABC", "abc")]
        {
            assert!(!same(given, expected), "{given:?} {expected:?}");
        }
    }

    #[test]
    fn a_field_comes_once_and_a_choice_has_two_halves() {
        let fields = Fields::parse(b"a=1&b=2&b=3&choice=delivery%2Fname&choice=delivery/address&bad=x");
        assert_eq!(fields.one("a"), Ok(Some("1")));
        assert_eq!(fields.one("z"), Ok(None));
        assert_eq!(fields.one("b"), Err(Fault::malformed("b", "comes twice")));
        assert_eq!(fields.require("z"), Err(Fault::malformed("z", "is missing")));
        let pair = |item: &str| ("delivery".to_owned(), item.to_owned());
        assert_eq!(fields.choices("choice"), Ok(vec![pair("name"), pair("address")]));
        assert!(fields.choices("bad").is_err());
        assert_eq!(fields.choices("none"), Ok(Vec::new()));
    }
}
