//! What the provider publishes about itself, kept for a while and read again when it changed.

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, LogoutProviderMetadata, ProviderMetadata};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use yinuo_domain::{Clock, Monotonic};
use yinuo_service::ProviderError;

use super::http::Http;

/// After how long it is read again.
const FRESH_S: u64 = 600;
/// How long it is used although it cannot be read again.
const STALE_S: u64 = 86_400;
/// How long nothing is asked after a failure, or after keys were looked for in vain: whoever makes up key ids must not
/// make us flood the provider.
const PAUSE_S: u64 = 10;

/// Members of the metadata that only some specifications know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct More {
    /// RFC 9207 §3: then an answer without `iss` is not the provider's.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// The provider's metadata and keys.
pub(super) type Metadata = ProviderMetadata<
    LogoutProviderMetadata<More>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The one place that reads metadata and keys. Whoever comes while it is being read waits for the same answer.
pub(super) struct Discovery {
    issuer: IssuerUrl,
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    found: Option<Found>,
    /// When it was asked last, whatever came of it.
    asked_at: Option<Monotonic>,
}

struct Found {
    metadata: Arc<Metadata>,
    at: Monotonic,
}

impl Discovery {
    pub(super) fn new(issuer: IssuerUrl, http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, http, clock, kept: Mutex::default() }
    }

    /// The metadata, at most ten minutes old; a day, while the provider does not answer.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.monotonic();
        let age_s = kept.found.as_ref().map(|found| seconds(found.at, now));
        if age_s.is_none_or(|age_s| FRESH_S <= age_s) && self.may_ask(&kept, now) {
            self.read(&mut kept, now).await;
        }
        let usable = kept.found.as_ref().filter(|found| seconds(found.at, now) < STALE_S);
        usable.map(|found| Arc::clone(&found.metadata)).ok_or(DOWN)
    }

    /// The metadata after a key was missing in `seen`: read again, unless somebody did so just now.
    pub(super) async fn newer_than(&self, seen: &Arc<Metadata>) -> Option<Arc<Metadata>> {
        let mut kept = self.kept.lock().await;
        let is_seen =
            |kept: &Kept| kept.found.as_ref().is_some_and(|found| Arc::ptr_eq(&found.metadata, seen));
        let now = self.clock.monotonic();
        if is_seen(&kept) && self.may_ask(&kept, now) {
            self.read(&mut kept, now).await;
        }
        if is_seen(&kept) { None } else { kept.found.as_ref().map(|found| Arc::clone(&found.metadata)) }
    }

    fn may_ask(&self, kept: &Kept, now: Monotonic) -> bool {
        kept.asked_at.is_none_or(|asked_at| PAUSE_S <= seconds(asked_at, now))
    }

    async fn read(&self, kept: &mut Kept, now: Monotonic) {
        kept.asked_at = Some(now);
        match Metadata::discover_async(self.issuer.clone(), self.http.as_ref()).await {
            Ok(metadata) => kept.found = Some(Found { metadata: Arc::new(metadata), at: now }),
            // The provider's words are not repeated: nobody checked what is in them.
            Err(error) => {
                tracing::warn!(why = what(&error), "the identity provider's metadata cannot be read")
            }
        }
    }
}

/// Nobody vouches for anybody at the moment.
pub(super) const DOWN: ProviderError = ProviderError::Down { retry_after_s: PAUSE_S as u32 };

fn seconds(from: Monotonic, to: Monotonic) -> u64 {
    to.0.saturating_sub(from.0) / 1_000_000_000
}

fn what<E: std::error::Error + 'static>(error: &openidconnect::DiscoveryError<E>) -> &'static str {
    match error {
        openidconnect::DiscoveryError::Request(_) => "no answer",
        openidconnect::DiscoveryError::Response(..) => "not the expected answer",
        openidconnect::DiscoveryError::Parse(_) => "not metadata, or not keys",
        openidconnect::DiscoveryError::Validation(_) => "of another issuer",
        _ => "something else",
    }
}
