//! Which identity provider, and how it is spoken to: `[sign_in]` in the configuration.

use std::path::{Path, PathBuf};

use openidconnect::{ClientId, ClientSecret, IssuerUrl};

/// The platform's identity provider, as the configuration names it.
#[derive(Clone, Debug)]
pub(crate) struct SignInSettings {
    /// Who it is: the address below which it serves `.well-known/openid-configuration`, exactly as it writes it itself.
    pub(crate) provider: String,
    /// What it calls us.
    pub(crate) client_id: String,
    /// A file with the secret it gave us; none for a public client, which proves itself by PKCE alone.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The claim that holds the platform's identifier of a person.
    pub(crate) person_claim: String,
    /// What to ask for.
    pub(crate) scopes: Vec<String>,
    /// By how many seconds its clock may differ from ours.
    pub(crate) clock_skew_s: u32,
    /// Whether people prove who they are for each consent anew, although they are signed in.
    pub(crate) reauthenticate_for_consent: bool,
    /// A file with certificates (PEM) to trust besides those of this machine.
    pub(crate) ca_file: Option<PathBuf>,
}

/// The greatest difference of clocks, in seconds.
const SKEW_S_MAX: u32 = 300;

/// Why a provider cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("sign_in.issuer is no address: {0}")]
    Address(String),
    #[error(
        "sign_in.issuer must begin with https://, or be on this machine (http://127.0.0.1, http://[::1])"
    )]
    Plain,
    #[error("sign_in.{0} is empty")]
    Empty(&'static str),
    #[error("sign_in.clock_skew_s is {0}, and at most {SKEW_S_MAX}")]
    Skew(u32),
    #[error("sign_in.scopes: {0:?} is no scope: printable ASCII without spaces, quotes or backslashes")]
    Scope(String),
    #[error("cannot read sign_in.client_secret_file {}", path.display())]
    Secret {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("sign_in.client_secret_file {} is empty", .0.display())]
    SecretEmpty(PathBuf),
    #[error(transparent)]
    Client(#[from] super::ClientError),
}

/// Settings that were checked.
pub(super) struct Checked {
    pub(super) issuer: IssuerUrl,
    /// Whether it is spoken to without TLS, because it is on this machine.
    pub(super) plain: bool,
    pub(super) client_id: ClientId,
    pub(super) secret: Option<ClientSecret>,
    pub(super) person_claim: String,
    pub(super) scopes: Vec<String>,
    pub(super) skew_s: u32,
}

impl SignInSettings {
    pub(super) fn checked(&self) -> Result<Checked, SettingsError> {
        let issuer = IssuerUrl::new(self.provider.clone());
        let issuer = issuer.map_err(|error| SettingsError::Address(error.to_string()))?;
        let plain = match issuer.url().scheme() {
            "https" => false,
            "http" if is_here(issuer.url().host_str()) => true,
            _ => return Err(SettingsError::Plain),
        };
        for (name, text) in [("client_id", &self.client_id), ("person_claim", &self.person_claim)] {
            if text.is_empty() {
                return Err(SettingsError::Empty(name));
            }
        }
        if SKEW_S_MAX < self.clock_skew_s {
            return Err(SettingsError::Skew(self.clock_skew_s));
        }
        if let Some(scope) = self.scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(SettingsError::Scope(scope.clone()));
        }
        Ok(Checked {
            issuer,
            plain,
            client_id: ClientId::new(self.client_id.clone()),
            secret: self.client_secret_file.as_deref().map(secret).transpose()?,
            person_claim: self.person_claim.clone(),
            scopes: self.scopes.clone(),
            skew_s: self.clock_skew_s,
        })
    }
}

fn is_here(host: Option<&str>) -> bool {
    matches!(host, Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// RFC 6749 §3.3.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

/// The secret in a file; a line's end after it is not part of it.
fn secret(path: &Path) -> Result<ClientSecret, SettingsError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|cause| SettingsError::Secret { path: path.to_owned(), cause })?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(SettingsError::SecretEmpty(path.to_owned())),
        secret => Ok(ClientSecret::new(secret.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: impl FnOnce(&mut SignInSettings)) -> Result<(), String> {
        let mut settings = SignInSettings {
            provider: "https://id.example".to_owned(),
            client_id: "yinuo".to_owned(),
            client_secret_file: None,
            person_claim: "sub".to_owned(),
            scopes: vec!["openid".to_owned()],
            clock_skew_s: 60,
            reauthenticate_for_consent: false,
            ca_file: None,
        };
        change(&mut settings);
        settings.checked().map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_is_spoken_to_over_tls_or_on_this_machine() {
        #[rustfmt::skip]
        let cases = [
            ("https://id.example",         true),
            ("https://id.example/realm/a", true),
            ("http://127.0.0.1:9000",      true),
            ("http://[::1]:9000",          true),
            ("http://localhost:9000",      true),
            ("http://id.example",          false),
            ("http://127.0.0.1.example",   false),
            ("ftp://id.example",           false),
            ("id.example",                 false),
            ("",                           false),
        ];
        for (provider, good) in cases {
            let found = checked(|settings| settings.provider = provider.to_owned());
            assert_eq!(found.is_ok(), good, "{provider}: {found:?}");
        }
    }

    /// The demonstration's directory proves nothing of anybody: no deployment can be led to it by its configuration.
    #[test]
    fn a_configuration_cannot_name_the_demonstrations_directory() {
        for provider in ["directory", "demo", "demo:", "yinuo-demo://people", "file:///people"] {
            let found = checked(|settings| settings.provider = provider.to_owned());
            assert!(found.is_err(), "{provider}: {found:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        type Change = fn(&mut SignInSettings);
        let cases: [(Change, &str); 6] = [
            (|of| of.client_id.clear(), "sign_in.client_id is empty"),
            (|of| of.person_claim.clear(), "sign_in.person_claim is empty"),
            (|of| of.clock_skew_s = 301, "sign_in.clock_skew_s is 301"),
            (|of| of.scopes = vec!["profile email".to_owned()], "sign_in.scopes"),
            (
                |of| of.client_secret_file = Some("/nowhere/secret".into()),
                "cannot read sign_in.client_secret",
            ),
            (|of| of.client_secret_file = Some("/dev/null".into()), "is empty"),
        ];
        for (change, expected) in cases {
            let found = checked(change);
            assert!(found.as_ref().is_err_and(|why| why.contains(expected)), "{expected}: {found:?}");
        }
    }
}
