//! Passkeys by `webauthn_rp`, of the host in the issuer's name.
//!
//! The library draws challenges and reads the time by itself, from the operating system, as this room does; it cannot be
//! given ours.

use std::net::IpAddr;

use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle,
};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};
use yinuo_service::{Passkey, PasskeyAsked, PasskeyOwner, PasskeyRefused, Passkeys};

/// Passkeys of one host.
pub(crate) struct HostPasskeys {
    host: RpId,
    /// What a browser calls us: scheme, host and port.
    origin: String,
}

impl HostPasskeys {
    /// None for an issuer that browsers allow none: a passkey belongs to a name, and is used where nobody can listen.
    pub(crate) fn of(issuer: &str) -> Option<Self> {
        let (scheme, rest) = issuer.split_once("://")?;
        let host = rest.split(':').next()?;
        let secure = scheme == "https" || host == "localhost" || host.ends_with(".localhost");
        if !secure || host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let host = RpId::Domain(AsciiDomain::try_from(host.to_owned()).ok()?);
        Some(Self { host, origin: issuer.to_owned() })
    }
}

impl Passkeys for HostPasskeys {
    fn create(&self, owner: PasskeyOwner<'_>, known: &[Passkey]) -> Result<PasskeyAsked, PasskeyRefused> {
        let handle = handle(owner.handle)?;
        let user = PublicKeyCredentialUserEntity {
            name: refused(owner.staff.as_str().try_into())?,
            id: &handle,
            display_name: None,
        };
        let known = known.iter().map(|passkey| {
            let id = refused(CredentialId::<Vec<u8>>::decode(passkey.id.clone()))?;
            Ok(PublicKeyCredentialDescriptor { id, transports: refused(AuthTransports::decode(0))? })
        });
        let known = known.collect::<Result<Vec<_>, PasskeyRefused>>()?;
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.host, user, known);
        // A user must be verified anyway, and many authenticators know no such policy of their own.
        options.extensions.cred_protect = CredProtect::None;
        let (server, browser) = refused(options.start_ceremony())?;
        Ok(PasskeyAsked {
            options: refused(serde_json::to_string(&browser))?,
            state: refused(server.encode())?,
        })
    }

    fn created(&self, state: &[u8], answer: &str) -> Result<Passkey, PasskeyRefused> {
        let asked = refused(RegistrationServerState::<16>::decode(state))?;
        let answer = refused(Registration::from_json_relaxed(answer.as_bytes()))?;
        let origins = [self.origin.as_str()];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = refused(asked.verify(&self.host, &answer, &options))?;
        Ok(Passkey {
            id: refused(made.id().encode())?.to_vec(),
            key: refused(made.static_state().encode())?,
            state: refused(made.dynamic_state().encode())?.to_vec(),
        })
    }

    fn ask(&self) -> Result<PasskeyAsked, PasskeyRefused> {
        let options = DiscoverableCredentialRequestOptions::passkey(&self.host);
        let (server, browser) = refused(options.start_ceremony())?;
        Ok(PasskeyAsked {
            options: refused(serde_json::to_string(&browser))?,
            state: refused(server.encode())?,
        })
    }

    fn answered(
        &self,
        state: &[u8],
        answer: &str,
        owner: &[u8; 16],
        known: &[Passkey],
    ) -> Result<Passkey, PasskeyRefused> {
        let asked = refused(DiscoverableAuthenticationServerState::decode(state))?;
        let answer = refused(DiscoverableAuthentication16::from_json_relaxed(answer.as_bytes()))?;
        let id = refused(answer.raw_id().encode())?.to_vec();
        let passkey = known.iter().find(|passkey| passkey.id == id).ok_or(PasskeyRefused)?;
        let owner = handle(owner)?;
        let before = <[u8; 7]>::try_from(passkey.state.as_slice());
        let mut credential = refused(AuthenticatedCredential::new(
            answer.raw_id(),
            &owner,
            refused(StaticState::decode(passkey.key.as_slice()))?,
            refused(DynamicState::decode(refused(before)?))?,
        ))?;
        let origins = [self.origin.as_str()];
        // What it does by default stays: a count of signatures that does not grow is refused.
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        refused(asked.verify(&self.host, &answer, &mut credential, &options))?;
        let state = refused(credential.dynamic_state().encode())?.to_vec();
        Ok(Passkey { id, key: passkey.key.clone(), state })
    }
}

fn handle(bytes: &[u8; 16]) -> Result<UserHandle<16>, PasskeyRefused> {
    refused(UserHandle::<16>::decode(*bytes))
}

/// Why is for nobody to know: what a browser sent is not to be told in a log either.
fn refused<T, E>(result: Result<T, E>) -> Result<T, PasskeyRefused> {
    result.map_err(|_| PasskeyRefused)
}

#[cfg(test)]
#[path = "passkeys/tests.rs"]
mod tests;
