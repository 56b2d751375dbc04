//! The invented platform: three partners, three apps, and what people are told. It is declared in files, like any
//! other; redirect addresses and keys are filled in here.

use std::collections::BTreeMap;

use yinuo_rules::platform::PlatformFiles;

/// The files do not pass the check, or there is no key for an app.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration's platform does not fit: {0}")]
pub(crate) struct Misfit(String);

pub(crate) const COURIER: &str = "sample-courier";
pub(crate) const RESTAURANT: &str = "sample-restaurant";
pub(crate) const VIDEO: &str = "sample-video";
pub(crate) const APPS: [&str; 3] = [COURIER, RESTAURANT, VIDEO];

/// Who says so in the facts.
pub(crate) const STAFF: &str = "demonstration";

macro_rules! embedded {
    ($($path:literal)*) => { &[$(($path, include_bytes!(concat!("platform/", $path)))),*] };
}

const FILES: &[(&str, &[u8])] = embedded![
    "platform.toml"
    "purposes.toml"
    "partners/sample-courier-company.toml"
    "partners/sample-restaurant-company.toml"
    "partners/sample-video-company.toml"
    "apps/sample-courier.toml"
    "apps/sample-restaurant.toml"
    "apps/sample-video.toml"
    "notices/sample-courier/1.zh.md"
    "notices/sample-courier/1.en.md"
    "notices/sample-restaurant/1.zh.md"
    "notices/sample-restaurant/1.en.md"
    "notices/sample-video/1.zh.md"
    "notices/sample-video/1.en.md"
];

/// The platform. `partner_url` is where the sample partner serves; `jwks_of` gives an app's public keys.
pub(crate) fn sample(
    partner_url: &str,
    jwks_of: &dyn Fn(&str) -> Option<String>,
) -> Result<PlatformFiles, Misfit> {
    let packs = yinuo_rules::packs().map_err(|error| Misfit(error.to_string()))?;
    let files: BTreeMap<_, _> =
        FILES.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
    let checked = yinuo_rules::check_platform(packs, &files, &yinuo_oauth::is_usable_key);
    let first = checked.findings.first().map(|finding| format!("{:?}", finding.place)).unwrap_or_default();
    let mut platform = checked.files.ok_or(Misfit(first))?;
    for app in &mut platform.apps {
        let id = app.app.as_str();
        app.redirect_uris = vec![format!("{partner_url}/{id}/back")];
        app.jwks = jwks_of(id).ok_or_else(|| Misfit(format!("no key for {id}")))?;
    }
    Ok(platform)
}
