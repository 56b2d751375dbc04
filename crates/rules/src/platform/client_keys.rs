//! Reads an app's public keys.

use std::collections::{BTreeMap, HashSet};

use super::finding::{Findings, said};
use super::keys;
use super::read::twice;
use super::table::Table;
use crate::rule::Rule;

/// The key set, as it stands in the declaration: members in the order of their names. Nothing when a key is not usable.
pub(crate) fn read(
    top: &Table<'_>,
    usable: &dyn Fn(&str) -> bool,
    found: &mut Findings<'_>,
) -> Option<String> {
    let tables = top.tables("keys", &keys::CLIENT_KEY, found);
    if tables.is_empty() && top.has("keys") {
        found.add(
            Rule::KeySet,
            &top.spot_of("keys"),
            said(
                "没有任何密钥，应用无法证明自己的身份",
                "there is no key, so the app could never prove who it is",
                "请用 `yinuo client key new` 生成密钥，并填写公钥",
                "make a key with `yinuo client key new` and write down its public half",
            ),
        );
        return None;
    }
    let mut set = Vec::new();
    let (mut kids, mut points) = (HashSet::new(), HashSet::new());
    let (several, mut whole) = (1 < tables.len(), true);
    for table in tables {
        let mut members = BTreeMap::new();
        for name in keys::CLIENT_KEY.keys.iter().map(|key| key.name) {
            if let Some((value, _)) = table.text(name, found) {
                members.insert(name, value);
            }
        }
        if let (Some(kid), spot) = (members.get("kid"), table.spot_of("kid"))
            && !kids.insert(kid.clone())
        {
            twice(kid, &spot, found);
        }
        if let Some(x) = members.get("x")
            && !points.insert(x.clone())
        {
            twice(x, &table.spot_of("x"), found);
        }
        let wrong = fault(&members, several);
        if let Some((at, zh, en)) = wrong {
            found.add(
                Rule::KeySet,
                &table.spot_of(at),
                said(
                    zh,
                    en,
                    "请用 `yinuo client key new` 生成密钥，并原样填写公钥",
                    "make a key with `yinuo client key new` and copy its public half as it is",
                ),
            );
        } else if members.contains_key("x") {
            let text = serde_json::to_string(&members).unwrap_or_default();
            if !usable(&text) {
                found.add(
                    Rule::KeySet,
                    &table.spot_of("x"),
                    said(
                        "这不是曲线上的一个点",
                        "this is not a point of the curve",
                        "请用 `yinuo client key new` 生成密钥，并原样填写公钥",
                        "make a key with `yinuo client key new` and copy its public half as it is",
                    ),
                );
            }
            set.push(members);
            continue;
        }
        whole = false;
    }
    let jwks = serde_json::to_string(&BTreeMap::from([("keys", set)])).ok()?;
    (whole && top.has("keys")).then_some(jwks)
}

/// What is wrong with one key, and at which member. What is missing is reported by the table itself.
fn fault(
    members: &BTreeMap<&str, String>,
    several: bool,
) -> Option<(&'static str, &'static str, &'static str)> {
    let member = |name: &str| members.get(name).map(String::as_str);
    let curve = match (member("kty")?, member("crv")?) {
        ("EC", "P-256") => "ES256",
        ("OKP", "Ed25519") => "EdDSA",
        ("EC" | "OKP", _) => {
            return Some((
                "crv",
                "曲线应为 EC 的 P-256 或 OKP 的 Ed25519",
                "the curve is P-256 for EC, or Ed25519 for OKP",
            ));
        }
        _ => return Some(("kty", "密钥类型应为 EC 或 OKP", "a key is of kind EC or OKP")),
    };
    if member("x").is_some_and(|x| !is_32_bytes(x)) {
        return Some(("x", "x 应为 32 字节的 base64url", "x is 32 bytes in base64url, without padding"));
    }
    match (curve, member("y")) {
        ("ES256", Some(y)) if is_32_bytes(y) => {}
        ("ES256", _) => {
            return Some(("y", "y 应为 32 字节的 base64url", "y is 32 bytes in base64url, without padding"));
        }
        (_, Some(_)) => return Some(("y", "Ed25519 密钥没有 y", "a key on Ed25519 has no y")),
        (_, None) => {}
    }
    if member("alg").is_some_and(|alg| alg != curve) {
        return Some((
            "alg",
            "算法与曲线不符：P-256 用 ES256，Ed25519 用 EdDSA",
            "the algorithm does not fit: ES256 for P-256, EdDSA for Ed25519",
        ));
    }
    if member("use").is_some_and(|usage| usage != "sig") {
        return Some(("use", "用途只能是 sig", "a client's key is for signatures: use is sig"));
    }
    if several && member("kid").is_none() {
        return Some((
            "kid",
            "有多个密钥时，每个都要有名称",
            "where there are several keys, each has a name",
        ));
    }
    None
}

/// 43 characters of RFC 4648 §5 whose last two bits are unused and must be zero.
fn is_32_bytes(text: &str) -> bool {
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    text.len() == 43
        && text.bytes().all(alphabet)
        && text.bytes().last().is_some_and(|b| b"AEIMQUYcgkosw048".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::is_32_bytes;

    #[test]
    fn thirty_two_bytes_are_forty_three_characters_without_stray_bits() {
        assert!(is_32_bytes("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert!(!is_32_bytes("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"));
        assert!(!is_32_bytes("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        assert!(!is_32_bytes("AAAA"));
    }
}
