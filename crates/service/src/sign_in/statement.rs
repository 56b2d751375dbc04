//! What an identity provider signed when somebody signed in.
//!
//! Its nonce is a hash over a salt and, when the person was on their way to a consent page, over what that page would
//! show. Whoever has the statement, the salt and the provider's key can see that the person signed in for exactly this.
//! It names the person, so it is kept under their own key alone: with the session, and with a consent that followed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use yinuo_domain::{Digest, Timestamp};
use yinuo_vault::{SubjectKeys, Vault};

use super::Vouched;
use crate::gateway::Held;
use crate::{Gateway, Session, Unavailable};

/// What the hash of a nonce begins with.
const NONCE: &[u8] = b"yinuo/sign-in-nonce/v1";

/// The provider's statement with all that is needed to show what it commits to.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    /// The ID token, as the provider signed it.
    token: String,
    /// The key it was signed with, as the provider published it that day (RFC 7517).
    key: String,
    /// 32 bytes in base64url.
    salt: String,
    /// What the page would show, in statements from before a sign-in was bound to one request. They are kept with
    /// consents for good, so they are read for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    /// The consent the person signed in for; none when it was for something else.
    #[serde(default)]
    consent: Option<ForConsent>,
}

/// For which consent somebody signs in.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForConsent {
    /// What the page would show.
    shown: String,
    /// The request it is about, which can be answered once: what it is stored under, in base64url.
    request: String,
}

impl ForConsent {
    pub(crate) fn new(shown: &Digest, request: [u8; 32]) -> Self {
        Self { shown: shown.to_string(), request: URL_SAFE_NO_PAD.encode(request) }
    }

    pub(super) fn shown(&self) -> Option<Digest> {
        Digest::parse(&self.shown).ok()
    }
}

/// A statement as it is kept with a session.
#[derive(Clone)]
pub(crate) struct SealedStatement {
    pub(crate) id: [u8; 16],
    pub(crate) bytes: Vec<u8>,
}

/// The nonce of a trip: `base64url(H("yinuo/sign-in-nonce/v1" ‖ salt ‖ shown))`, with nothing for `shown` when the trip
/// does not lead to a consent page.
pub(crate) fn nonce(vault: &Vault, salt: &[u8; 32], shown: Option<&Digest>) -> String {
    let shown = shown.map(Digest::as_bytes).map_or(&[][..], |shown| shown);
    URL_SAFE_NO_PAD.encode(vault.hash(&[NONCE, salt, shown].concat()).as_bytes())
}

impl Statement {
    pub(crate) fn new(vouched: Vouched, salt: &[u8; 32], consent: Option<ForConsent>) -> Self {
        let salt = URL_SAFE_NO_PAD.encode(salt);
        Self { token: vouched.token, key: vouched.key, salt, shown: None, consent }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Whether the person signed in for exactly this: this page, in answer to this request.
    pub(crate) fn was_for(&self, consent: &ForConsent) -> bool {
        self.consent.as_ref() == Some(consent)
    }

    fn showed(&self, shown: &Digest) -> bool {
        let earlier = || Digest::parse(self.shown.as_deref()?).ok();
        self.consent.as_ref().map_or_else(earlier, ForConsent::shown).as_ref() == Some(shown)
    }

    /// What the evidence of a consent covers of it: the nonce, made again from the salt and what was shown, and a digest
    /// of the token. None when the token does not hold that nonce.
    pub(crate) fn commits_to(&self, vault: &Vault, shown: &Digest) -> Option<Vec<u8>> {
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).ok()?.try_into().ok()?;
        let nonce = nonce(vault, &salt, Some(shown));
        let signed = self.showed(shown) && self.nonce_in_token().is_some_and(|found| found == nonce);
        signed.then(|| [nonce.as_bytes(), vault.hash(self.token.as_bytes()).as_bytes()].concat())
    }

    /// When the person last proved to the provider who they are (OpenID Connect Core §2), if it said so.
    pub(crate) fn proven_at(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Claims {
            auth_time: u64,
        }
        let seconds = self.claims::<Claims>()?.auth_time;
        seconds.checked_mul(1_000).map(Timestamp)
    }

    fn nonce_in_token(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Claims {
            nonce: String,
        }
        self.claims::<Claims>().map(|claims| claims.nonce)
    }

    /// Some of what the token says. Its signature was checked before it was kept.
    fn claims<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        let payload = URL_SAFE_NO_PAD.decode(self.token.split('.').nth(1)?).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

impl Gateway {
    pub(crate) fn seal_statement(
        &self,
        keys: &SubjectKeys,
        id: &[u8; 16],
        statement: &Statement,
    ) -> Result<Vec<u8>, Unavailable> {
        let failed = |what: &str| {
            tracing::error!(what, "a statement of the identity provider could not be sealed");
            Unavailable::again_after(30)
        };
        let bytes = serde_json::to_vec(statement).map_err(|_| failed("form"))?;
        let sealed = self.parts.vault.seal_evidence(keys, id, &bytes, self.parts.random.as_ref());
        sealed.map_err(|_| failed("vault"))
    }

    /// The statement in sealed bytes; none when they are of another person, another place, or damaged.
    pub(crate) fn open_statement(
        &self,
        keys: &SubjectKeys,
        id: &[u8; 16],
        bytes: &[u8],
    ) -> Option<Statement> {
        let opened = self.parts.vault.open_evidence(keys, id, bytes).ok()?;
        serde_json::from_slice(opened.expose()).ok()
    }

    /// The statement a session began with, if an identity provider made one.
    pub(crate) fn statement_of(&self, session: &Session, held: &Held) -> Option<Statement> {
        let sealed = session.statement.as_ref()?;
        self.open_statement(&held.keys, &sealed.id, &sealed.bytes)
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Statement[secret]")
    }
}

impl fmt::Debug for SealedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedStatement")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The evidence of a consent outlives the program that wrote it.
    #[test]
    fn a_statement_from_before_requests_were_bound_is_still_read() {
        let shown = Digest([7; 32]);
        let old = format!(r#"{{"token":"a.b.c","key":"{{}}","salt":"","shown":"{shown}"}}"#);
        let old: Statement = serde_json::from_str(&old).unwrap();
        assert!(old.showed(&shown) && !old.showed(&Digest([8; 32])));
        assert!(!old.was_for(&ForConsent::new(&shown, [1; 32])), "it proves no request");
        let none = r#"{"token":"a.b.c","key":"{}","salt":"","shown":null}"#;
        assert!(!serde_json::from_str::<Statement>(none).unwrap().showed(&shown));
        let new = Statement { shown: None, consent: Some(ForConsent::new(&shown, [1; 32])), ..old };
        let again: Statement = serde_json::from_slice(&serde_json::to_vec(&new).unwrap()).unwrap();
        assert!(again == new && again.showed(&shown));
    }
}
