//! The platform's identity provider: OpenID Connect Core 1.0, authorization code with PKCE, and nothing else of it.
//!
//! Every round has its own `state`, `nonce` and verifier, made by `service`; here they become the provider's
//! parameters, and what comes back becomes a person or a reason why not. No claim is read before the token that holds it
//! passed every check (`token`), and none but the person's identifier is passed on.
//!
//! The library is the only one that reads tokens and keys; it reaches the provider through `http` alone.

mod discovery;
mod http;
mod settings;
mod token;

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _,
};
use serde_json::{Map, Value};
use yinuo_domain::{Clock, PersonId};
use yinuo_service::{
    Ended, Farewell, IdentityProvider, Pending, ProviderAnswer, ProviderError, Round, Vouched,
};

use self::discovery::{DOWN, Discovery, Metadata};
use self::http::Http;
use self::settings::Checked;
use self::token::{Believed, Expected, Refused};

pub(crate) use self::http::ClientError;
pub(crate) use self::settings::{SettingsError, SignInSettings};

/// Where the provider sends the browser back to, below our own address. It is registered there.
const BACK: &str = "/sign-in/back";

/// What an answer with an error means (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6): that the person did not sign in.
const DECLINED: [&str; 5] = [
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];

/// The provider, and who we are to it.
pub(crate) struct Oidc {
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    /// Where a browser may return to after it signed out there.
    home: String,
    person_claim: String,
    scopes: Vec<String>,
    skew_s: u32,
    each_consent: bool,
    http: Arc<Http>,
    discovery: Discovery,
    clock: Arc<dyn Clock>,
}

impl Oidc {
    /// For a Yinuo that people reach at `own`. Nothing is asked of the provider yet: it may start later than we do.
    pub(crate) fn new(
        settings: &SignInSettings,
        own: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let Checked { issuer, plain, client_id, secret, person_claim, scopes, skew_s } =
            settings.checked()?;
        let redirect = RedirectUrl::new(format!("{own}{BACK}"));
        let http = Arc::new(Http::new(plain, settings.ca_file.as_deref())?);
        Ok(Self {
            redirect: redirect.map_err(|error| SettingsError::Address(error.to_string()))?,
            discovery: Discovery::new(issuer.clone(), Arc::clone(&http), Arc::clone(&clock)),
            issuer,
            client_id,
            secret,
            person_claim,
            scopes,
            skew_s,
            each_consent: settings.reauthenticate_for_consent,
            home: format!("{own}/"),
            http,
            clock,
        })
    }

    async fn where_to(&self, round: &Round) -> Result<String, ProviderError> {
        let metadata = self.discovery.metadata().await?;
        let client = CoreClient::from_provider_metadata(
            Metadata::clone(&metadata),
            self.client_id.clone(),
            self.secret.clone(),
        )
        .set_redirect_uri(self.redirect.clone());
        let (state, nonce) = (CsrfToken::new(round.state.clone()), Nonce::new(round.nonce.clone()));
        let verifier = PkceCodeVerifier::new(round.verifier.clone());
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if round.anew {
            // A provider that forgets one of the two still does what the other says.
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        // The library asks for `openid` by itself.
        for scope in self.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        Ok(request.url().0.into())
    }

    async fn who(&self, round: &Round, answer: &ProviderAnswer) -> Result<Vouched, ProviderError> {
        let metadata = self.discovery.metadata().await?;
        self.is_from_it(answer.iss.as_deref(), &metadata)?;
        match (answer.error.as_deref(), &answer.code) {
            (None, Some(code)) => self.believe(round, code, metadata).await,
            (None, None) => Err(ProviderError::NotBelieved("neither code nor error")),
            (Some(error), _) if DECLINED.contains(&error) => Err(ProviderError::Declined),
            (Some("temporarily_unavailable" | "server_error"), _) => Err(DOWN),
            (Some(_), _) => Err(ProviderError::NotBelieved("an error that no person caused")),
        }
    }

    /// RFC 9207 §2.4: an answer of another provider is refused before anything in it is used.
    fn is_from_it(&self, iss: Option<&str>, metadata: &Metadata) -> Result<(), ProviderError> {
        let says_always =
            metadata.additional_metadata().additional_metadata.authorization_response_iss_parameter_supported;
        match iss {
            Some(iss) if iss == self.issuer.as_str() => Ok(()),
            None if !says_always => Ok(()),
            Some(_) | None => Err(ProviderError::NotBelieved("iss of the answer")),
        }
    }

    async fn believe(
        &self,
        round: &Round,
        code: &str,
        metadata: Arc<Metadata>,
    ) -> Result<Vouched, ProviderError> {
        let answer = self.exchange(round, code, &metadata).await?;
        let token = answer.id_token().ok_or(ProviderError::NotBelieved("no ID token"))?;
        let claims = match self.claims(round, token, &metadata) {
            Err(Refused::UnknownKey) => {
                // Keys are rotated: once more with the newest ones, if there are newer ones.
                let newer = self.discovery.newer_than(&metadata).await;
                let newer = newer.ok_or(ProviderError::NotBelieved("key"))?;
                self.claims(round, token, &newer)
            }
            claims => claims,
        };
        let claims = claims.map_err(believed_not)?;
        Ok(Vouched { person: self.person(&claims.all)?, token: token.to_string(), key: claims.key })
    }

    async fn exchange(
        &self,
        round: &Round,
        code: &str,
        metadata: &Metadata,
    ) -> Result<CoreTokenResponse, ProviderError> {
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), self.client_id.clone(), self.secret.clone())
                .set_redirect_uri(self.redirect.clone())
                .set_auth_type(auth_type(metadata));
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| ProviderError::NotBelieved("no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(round.verifier.clone()));
        request.request_async(self.http.as_ref()).await.map_err(|error| match error {
            RequestTokenError::Request(error) => {
                tracing::warn!(%error, "the identity provider's token endpoint does not answer");
                DOWN
            }
            RequestTokenError::ServerResponse(_) => ProviderError::NotBelieved("the code was refused"),
            RequestTokenError::Parse(..) => ProviderError::NotBelieved("token answer"),
            RequestTokenError::Other(_) => ProviderError::NotBelieved("token endpoint"),
        })
    }

    fn claims(&self, round: &Round, token: &CoreIdToken, metadata: &Metadata) -> Result<Believed, Refused> {
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), self.client_id.clone(), self.secret.clone());
        let expected = Expected {
            client_id: &self.client_id,
            nonce: &round.nonce,
            now: self.clock.now(),
            skew_s: self.skew_s,
            proven_since: round.anew.then_some(round.begun_at),
        };
        token::claims(token, client.id_token_verifier(), &expected)
    }

    /// OpenID Connect RP-Initiated Logout 1.0 §2, as a form: the token names the person, so it goes into no address.
    async fn leave(&self, token: &str) -> Option<Farewell> {
        let metadata = self.discovery.metadata().await.ok()?;
        let address = metadata.additional_metadata().end_session_endpoint.as_ref()?.as_str().to_owned();
        let fields = vec![
            ("id_token_hint", token.to_owned()),
            ("client_id", self.client_id.as_str().to_owned()),
            ("post_logout_redirect_uri", self.home.clone()),
        ];
        Some(Farewell { address, fields })
    }

    async fn read_ended(&self, token: &str) -> Result<Ended, ProviderError> {
        let token: CoreIdToken = token.parse().map_err(|_| ProviderError::NotBelieved("logout token"))?;
        let metadata = self.discovery.metadata().await?;
        let claims = match self.ended_claims(&token, &metadata) {
            Err(Refused::UnknownKey) => match self.discovery.newer_than(&metadata).await {
                Some(newer) => self.ended_claims(&token, &newer),
                None => Err(Refused::UnknownKey),
            },
            claims => claims,
        };
        let claims = claims.map_err(believed_not)?;
        let id = claims.get("jti").and_then(Value::as_str).ok_or(ProviderError::NotBelieved("jti"))?;
        Ok(Ended { person: self.person(&claims)?, id: id.to_owned() })
    }

    fn ended_claims(&self, token: &CoreIdToken, metadata: &Metadata) -> Result<Map<String, Value>, Refused> {
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), self.client_id.clone(), self.secret.clone());
        token::ended_claims(token, client.id_token_verifier(), self.clock.now(), self.skew_s)
    }

    fn person(&self, claims: &Map<String, Value>) -> Result<PersonId, ProviderError> {
        let claim = match claims.get(&self.person_claim) {
            Some(Value::String(text)) => text.clone(),
            // Some platforms number their people.
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            _ => return Err(ProviderError::NotBelieved("the person's claim is missing")),
        };
        PersonId::parse(&claim).map_err(|_| ProviderError::NotBelieved("the person's claim is no identifier"))
    }
}

fn believed_not(refused: Refused) -> ProviderError {
    ProviderError::NotBelieved(match refused {
        Refused::UnknownKey => "key",
        Refused::For(what) => what,
    })
}

/// How the client secret is sent: as the provider prefers, in a header when it does not say (Discovery §3).
fn auth_type(metadata: &Metadata) -> AuthType {
    let known = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| known.is_none_or(|known| known.contains(&method));
    if !takes(CoreClientAuthMethod::ClientSecretBasic) && takes(CoreClientAuthMethod::ClientSecretPost) {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

impl IdentityProvider for Oidc {
    fn authorization<'a>(&'a self, round: &'a Round) -> Pending<'a, Result<String, ProviderError>> {
        Box::pin(self.where_to(round))
    }

    fn redeem<'a>(
        &'a self,
        round: &'a Round,
        answer: &'a ProviderAnswer,
    ) -> Pending<'a, Result<Vouched, ProviderError>> {
        Box::pin(self.who(round, answer))
    }

    fn farewell<'a>(&'a self, token: &'a str) -> Pending<'a, Option<Farewell>> {
        Box::pin(self.leave(token))
    }

    fn ended<'a>(&'a self, token: &'a str) -> Pending<'a, Result<Ended, ProviderError>> {
        Box::pin(self.read_ended(token))
    }

    fn proves_each_consent(&self) -> bool {
        self.each_consent
    }
}

#[cfg(test)]
mod tests;
