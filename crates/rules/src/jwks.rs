//! An app's public keys, and only those: declarations are published.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is wrong with a key set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum JwksFault {
    /// Not a JSON object with a `keys` array of objects, each with a `kty` (RFC 7517 §4.1, §5.1).
    Shape,
    /// A private or symmetric key.
    Private,
}

/// The members that hold private or symmetric key material: RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2; and `priv`
/// of the post-quantum keys (`AKP`).
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A member of a key: text, or a list of texts (`x5c`, `key_ops`). Anything nested could hide a secret.
#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code)] // Only the shape matters.
enum Member {
    Text(String),
    List(Vec<String>),
    Flag(bool),
}

/// Nothing beside `keys`, and `keys` once: a parser that takes the last of two would hide the first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeySet {
    keys: Vec<BTreeMap<String, Member>>,
}

/// Checks that `text` is a key set of public keys.
pub(crate) fn check(text: &str) -> Result<(), JwksFault> {
    // An array would pass for a struct, as a list of its fields.
    if !text.trim_start().starts_with('{') {
        return Err(JwksFault::Shape);
    }
    let set: KeySet = serde_json::from_str(text).map_err(|_| JwksFault::Shape)?;
    for key in &set.keys {
        let Some(Member::Text(kind)) = key.get("kty") else { return Err(JwksFault::Shape) };
        if kind == "oct" || PRIVATE.iter().any(|member| key.contains_key(*member)) {
            return Err(JwksFault::Private);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn a_key_set_has_public_keys_and_nothing_else() {
        use JwksFault::{Private, Shape};
        let cases: &[(&str, Result<(), JwksFault>)] = &[
            (r#"{"keys":[]}"#,                                                              Ok(())),
            (r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"1"}]}"#,        Ok(())),
            (r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","key_ops":["verify"]}]}"#,   Ok(())),
            (r#" {"keys":[{"kty":"RSA","n":"AA","e":"AQAB","ext":true}]} "#,                Ok(())),
            ("",                                                                            Err(Shape)),
            ("null",                                                                        Err(Shape)),
            ("{}",                                                                          Err(Shape)),
            ("[[]]",                                                                        Err(Shape)),
            (r#"{"keys":{}}"#,                                                              Err(Shape)),
            (r#"{"keys":[1]}"#,                                                             Err(Shape)),
            (r#"{"keys":[{}]}"#,                                                            Err(Shape)),
            (r#"{"keys":[{"kty":["EC"]}]}"#,                                                Err(Shape)),
            (r#"{"keys":[]} x"#,                                                            Err(Shape)),
            (r#"{"keys":[],"d":"AA"}"#,                                                     Err(Shape)),
            (r#"{"keys":[{"kty":"EC","d":"AA"}],"keys":[]}"#,                               Err(Shape)),
            (r#"{"keys":[{"kty":"EC","x":{"d":"AA"}}]}"#,                                   Err(Shape)),
            (r#"{"keys":[{"kty":"oct"}]}"#,                                                 Err(Private)),
            (r#"{"keys":[{"kty":"EC","d":"AA","d":""}]}"#,                                  Err(Private)),
            (r#"{"keys":[{"kty":"EC","x":"AA"},{"kty":"EC","\u0064":"AA"}]}"#,              Err(Private)),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text), *expected, "{text}");
        }
        // Written out, so that a member missing above is missed here.
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            let text = format!(r#"{{"keys":[{{"kty":"RSA","n":"AA","{member}":"AA"}}]}}"#);
            assert_eq!(check(&text), Err(Private), "{member}");
        }
    }
}
