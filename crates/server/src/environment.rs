//! What the environment says. The only file that may ask it.
#![allow(clippy::disallowed_methods, reason = "here is where the environment comes in")]

/// A variable, unless it is missing, empty or not text.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Every variable that begins with `YINUO_` and is text, in the order of their names.
pub(crate) fn ours() -> Vec<(String, String)> {
    let mut ours: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("YINUO_"))
        .collect();
    ours.sort();
    ours
}
