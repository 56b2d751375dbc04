//! What no setting says alone: what must be there, and what must fit together.

use std::path::Path;

use super::keys::Config;
use super::setting::Issuer;
use super::{Loaded, Origin, Problem};

/// Says what is wrong, each with the line it is about when there is one.
pub(super) fn all(place: &str, loaded: &Loaded, problems: &mut Vec<Problem>) {
    let mut found = Found { place, loaded, problems };
    let Config { server, listen, tls, consent, telemetry, sign_in, .. } = &loaded.config;

    match &server.issuer {
        None => found.say("server.issuer", "it is missing", "say by which address the platform is known"),
        Some(issuer) if !issuer.url_path().is_empty() => {
            found.say(
                "server.issuer",
                "it has a path",
                "name scheme and host only, such as https://id.example",
            );
        }
        Some(_) => {}
    }
    found.readable("server.passphrase_file", server.passphrase_file.as_deref());

    match (&tls.certificate_file, &tls.key_file) {
        (Some(_), None) => found.say("tls.key_file", "it is missing", "name the certificate's private key"),
        (None, Some(_)) => found.say("tls.certificate_file", "it is missing", "name the key's certificate"),
        (certificate, key) => {
            found.readable("tls.certificate_file", certificate.as_deref());
            found.readable("tls.key_file", key.as_deref());
        }
    }

    let offered = &consent.days_offered;
    if !offered.contains(&consent.days_default) {
        let what = format!("{} days are not among those offered", consent.days_default);
        found.say("consent.days_default", &what, "take one of consent.days_offered");
    }
    if !offered.iter().zip(offered.iter().skip(1)).all(|(one, next)| next < one) {
        found.say("consent.days_offered", "they do not stand longest first", "order them, each once");
    }
    if 12 < offered.len() {
        found.say("consent.days_offered", "nobody can choose among so many", "offer at most 12");
    }

    if tracing_subscriber::EnvFilter::try_new(&telemetry.level).is_err() {
        let remedy = "write a level, or directives such as \"warn,yinuo_web=info\"";
        found.say("telemetry.level", "it cannot be understood", remedy);
    }
    if let Some(collector) = &telemetry.otlp_collector {
        let key = "telemetry.otlp_collector";
        if !cfg!(feature = "otel") {
            found.say(key, "this program was built without it", "unset it, or build with --features otel");
        } else if !collector.starts_with("http://") || collector.contains('@') {
            found.say(key, "it is no http:// address", "name the collector, such as http://127.0.0.1:4318");
        }
    }
    if telemetry.metrics_address.is_some_and(|metrics| metrics.port() != 0 && metrics == listen.address) {
        let remedy = "take another port: metrics are not for everybody who reads the pages";
        found.say("telemetry.metrics_address", "it is listen.address", remedy);
    }

    let parts = [
        ("sign_in.issuer", sign_in.issuer.as_ref().map(Issuer::as_str)),
        ("sign_in.client_id", sign_in.client_id.as_deref()),
    ];
    if parts.iter().any(|(_, part)| part.is_some()) || sign_in.client_secret_file.is_some() {
        for (key, _) in parts.iter().filter(|(_, part)| part.is_none()) {
            found.say(key, "it is missing", "people sign in only with a whole [sign_in] section");
        }
    }
    if !sign_in.scopes.iter().any(|scope| scope == "openid") {
        found.say("sign_in.scopes", "openid is not among them", "add it: the provider names nobody without");
    }
    found.readable("sign_in.client_secret_file", sign_in.client_secret_file.as_deref());
    found.readable("sign_in.ca_file", sign_in.ca_file.as_deref());
}

struct Found<'a> {
    place: &'a str,
    loaded: &'a Loaded,
    problems: &'a mut Vec<Problem>,
}

impl Found<'_> {
    fn say(&mut self, key: &str, what: &str, remedy: &str) {
        let (place, line) = match self.loaded.origins.get(key) {
            Some(Origin::Environment { variable }) => (variable.clone(), None),
            Some(Origin::File { line }) => (self.place.to_owned(), Some(*line)),
            None => (self.place.to_owned(), None),
        };
        let (key, what, remedy) = (Some(key.to_owned()), what.to_owned(), remedy.to_owned());
        self.problems.push(Problem { place, line, key, what, remedy });
    }

    fn readable(&mut self, key: &str, path: Option<&Path>) {
        let Some(path) = path.map(|path| self.loaded.path(path)) else { return };
        if let Err(error) = std::fs::File::open(&path) {
            let what = format!("{} cannot be read: {error}", path.display());
            self.say(key, &what, "name a file that the user who runs Yinuo may read");
        }
    }
}
