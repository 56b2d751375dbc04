//! What a client asks for: rich authorization requests (RFC 9396) of one type.

use serde::{Deserialize, Serialize};
use yinuo_domain::PurposeId;

use crate::{OAuthError, OAuthErrorCode};

/// The one type of authorization detail.
pub const AUTHORIZATION_DETAILS_TYPE: &str = "personal_information";

/// Items for one purpose: `{"type":"personal_information","purpose":…,"items":[…]}`.
///
/// The names are well formed; whether such a purpose or item exists is for the catalogue to say.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct AuthorizationDetail {
    /// The one purpose.
    pub purpose: PurposeId,
    /// The items, each once and at least one, in the order the client named them.
    pub items: Vec<String>,
}

impl AuthorizationDetail {
    /// The greatest number of items for one purpose: as many as there can be codes.
    pub const ITEMS_MAX: usize = 256;
    /// The greatest length of an item's name, in bytes.
    pub const ITEM_LEN_MAX: usize = 64;
    /// The greatest number of purposes in one request.
    pub const PURPOSES_MAX: usize = 32;
}

/// Parses the `authorization_details` parameter: at least one detail, one per purpose.
pub fn parse_details(json: &str) -> Result<Vec<AuthorizationDetail>, OAuthError> {
    let details: Vec<AuthorizationDetail> = serde_json::from_str(json).map_err(|_| {
        invalid(
            "authorization_details must be an array of {type: personal_information, purpose, items} objects",
        )
    })?;
    if details.is_empty() {
        return Err(invalid("authorization_details is empty"));
    }
    if AuthorizationDetail::PURPOSES_MAX < details.len() {
        return Err(invalid("authorization_details has too many purposes"));
    }
    if has_duplicate(&details.iter().map(|detail| &detail.purpose).collect::<Vec<_>>()) {
        return Err(invalid("authorization_details names a purpose twice"));
    }
    Ok(details)
}

fn invalid(description: &str) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidAuthorizationDetails, description)
}

/// A detail as it is written. RFC 9396 §5: an unknown field is refused, not ignored.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    purpose: String,
    items: Vec<String>,
}

impl From<AuthorizationDetail> for Written {
    fn from(detail: AuthorizationDetail) -> Self {
        Self {
            kind: AUTHORIZATION_DETAILS_TYPE.to_owned(),
            purpose: detail.purpose.as_str().to_owned(),
            items: detail.items,
        }
    }
}

impl TryFrom<Written> for AuthorizationDetail {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.kind != AUTHORIZATION_DETAILS_TYPE {
            return Err("unknown type");
        }
        let purpose = PurposeId::parse(&written.purpose).map_err(|_| "malformed purpose")?;
        if written.items.is_empty() || Self::ITEMS_MAX < written.items.len() {
            return Err("no items, or too many");
        }
        if !written.items.iter().all(|item| is_item_name(item)) {
            return Err("malformed item");
        }
        if has_duplicate(&written.items.iter().collect::<Vec<_>>()) {
            return Err("item named twice");
        }
        Ok(Self { purpose, items: written.items })
    }
}

fn is_item_name(name: &str) -> bool {
    (1..=AuthorizationDetail::ITEM_LEN_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn has_duplicate<T: Ord>(words: &[T]) -> bool {
    let mut sorted: Vec<&T> = words.iter().collect();
    sorted.sort_unstable();
    sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| a == b)
}
