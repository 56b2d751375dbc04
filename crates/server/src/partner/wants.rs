//! What each sample app asks for.

use serde_json::{Value, json};

/// The `authorization_details` an app pushes; none for the one that asks for nothing.
pub(crate) fn details_of(app: &str) -> Option<Value> {
    let detail = |purpose: &str, items: &[&str]| json!({"type": "personal_information", "purpose": purpose, "items": items});
    match app {
        "sample-courier" => Some(json!([
            detail("delivery", &["name", "delivery_address", "contact_phone"]),
            detail("offers", &["email_address", "phone_number"]),
        ])),
        "sample-video" => Some(json!([detail("greeting", &["nickname"])])),
        _ => None,
    }
}

/// What an app asks for after a consent: its main purpose, as far as it was allowed, else the first allowed one.
pub(crate) fn wanted_of(app: &str, allowed: &Value) -> Option<(String, Vec<String>)> {
    let main = details_of(app)?.get(0)?.get("purpose")?.as_str()?.to_owned();
    let allowed = allowed.as_array()?;
    let purpose_of = |detail: &Value| detail.get("purpose").and_then(Value::as_str).map(str::to_owned);
    let chosen =
        allowed.iter().find(|detail| purpose_of(detail).as_ref() == Some(&main)).or(allowed.first())?;
    let items = chosen.get("items")?.as_array()?;
    let items = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Some((purpose_of(chosen)?, items))
}
