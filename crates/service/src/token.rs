//! A code becomes tokens; a refresh token becomes the next ones; a client asks about or gives back its own.

use serde::{Deserialize, Serialize};
use yinuo_domain::{AppId, SubjectKey, Timestamp};
use yinuo_ledger::{Ticket, TicketKind, Write, Written};
use yinuo_oauth::{
    ACCESS_TOKEN_S, AuthorizationDetail, Introspection, OAuthError, OAuthErrorCode, Opaque, Parameters,
    RefreshState, Rotation, TokenKind, TokenReference, TokenRequest, TokenResponse, TokenType,
    access_expires_at, parse_introspection, parse_revocation, parse_token, refresh_expires_at, rotation,
    verify_pkce,
};

use crate::authorize::CodeBody;
use crate::gateway::read;
use crate::{Gateway, ProtocolError, Unavailable};

/// What an access or refresh token stands for. It names a grant; whether the grant stands is decided each time.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    details: Vec<AuthorizationDetail>,
    grant_ends: u64,
}

impl Gateway {
    /// Answers a token request of an authenticated client.
    pub async fn token(
        &self,
        client: &AppId,
        parameters: &Parameters,
    ) -> Result<TokenResponse, ProtocolError> {
        match parse_token(parameters)? {
            TokenRequest::Code { code, redirect_uri, verifier } => {
                self.redeem(client, &code, &redirect_uri, verifier.as_str()).await
            }
            TokenRequest::Refresh { token } => self.rotate(client, &token).await,
        }
    }

    async fn redeem(
        &self,
        client: &AppId,
        code: &Opaque,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<TokenResponse, ProtocolError> {
        let take = Write::TakeTicket { kind: TicketKind::Code, key: code.key(), now: self.now() };
        let ticket = match self.write(vec![take]).await?.pop() {
            Some(Written::Taken(ticket)) => ticket,
            Some(Written::Used(ticket)) => {
                // RFC 6749 §4.1.2: a code used twice has leaked; what was issued for it ends.
                self.write(vec![Write::RevokeFamily { family: ticket.family }]).await?;
                return Err(invalid_grant());
            }
            _ => return Err(invalid_grant()),
        };
        let body: CodeBody = serde_json::from_slice(&ticket.body).map_err(|_| invalid_grant_error())?;
        if ticket.app.as_ref() != Some(client) || body.redirect_uri != redirect_uri {
            return Err(invalid_grant());
        }
        verify_pkce(&body.code_challenge, verifier)?;
        let subject = ticket.subject.ok_or_else(invalid_grant_error)?;
        let body = TokenBody { details: body.details, grant_ends: body.grant_ends };
        self.issue(client, subject, ticket.family, body).await
    }

    async fn rotate(&self, client: &AppId, token: &Opaque) -> Result<TokenResponse, ProtocolError> {
        let now = self.now();
        let known = read(self.parts.ledger.reader().ticket(TicketKind::RefreshToken, token.key(), now))?;
        let of_other = known.as_ref().is_some_and(|ticket| ticket.app.as_ref() != Some(client));
        let (state, ticket) = if of_other {
            (RefreshState::OtherClient, known)
        } else {
            let take = Write::TakeTicket { kind: TicketKind::RefreshToken, key: token.key(), now };
            match self.write(vec![take]).await?.pop() {
                Some(Written::Taken(ticket)) => (RefreshState::Newest, Some(ticket)),
                Some(Written::Used(ticket)) => (RefreshState::Superseded, Some(ticket)),
                _ => (RefreshState::Unknown, None),
            }
        };
        let ticket = ticket.ok_or_else(invalid_grant_error)?;
        match rotation(state) {
            Rotation::Issue => {
                let body: TokenBody =
                    serde_json::from_slice(&ticket.body).map_err(|_| invalid_grant_error())?;
                let subject = ticket.subject.ok_or_else(invalid_grant_error)?;
                self.issue(client, subject, ticket.family, body).await
            }
            Rotation::EndFamily => {
                self.write(vec![Write::RevokeFamily { family: ticket.family }]).await?;
                Err(invalid_grant())
            }
            Rotation::Refuse => Err(invalid_grant()),
        }
    }

    async fn issue(
        &self,
        client: &AppId,
        subject: SubjectKey,
        family: [u8; 16],
        body: TokenBody,
    ) -> Result<TokenResponse, ProtocolError> {
        let held = self.hold(subject)?.ok_or_else(invalid_grant_error)?;
        let stands = read(self.parts.ledger.reader().stream(subject, client))?
            .and_then(|(_, stream)| stream.grant)
            .is_some_and(|grant| !grant.allows_nothing());
        let (now, ends) = (self.now(), Timestamp(body.grant_ends));
        if !stands || ends <= now {
            return Err(invalid_grant());
        }
        let access = Opaque::new(TokenKind::Access, self.random()?);
        let refresh = Opaque::new(TokenKind::Refresh, self.random()?);
        let ticket = |kind, token: &Opaque, expires_at| -> Result<Write, Unavailable> {
            let body = serde_json::to_vec(&body).map_err(|_| Unavailable::again_after(5))?;
            let (subject, app) = (Some(subject), Some(client.clone()));
            let ticket =
                Ticket { kind, key: token.key(), family, subject, app, body, issued_at: now, expires_at };
            Ok(Write::PutTicket(ticket))
        };
        let access_ends = access_expires_at(now, ends);
        let written = self
            .write(vec![
                ticket(TicketKind::AccessToken, &access, access_ends)?,
                ticket(TicketKind::RefreshToken, &refresh, refresh_expires_at(now, ends))?,
            ])
            .await?;
        // The family may have ended since the code or refresh token was taken: then these are worth nothing.
        if written.iter().any(|written| *written != Written::Done) {
            return Err(invalid_grant());
        }
        let lasts_s =
            u32::try_from(access_ends.since_ms(now) / Timestamp::SECOND_MS).unwrap_or(ACCESS_TOKEN_S);
        Ok(TokenResponse {
            access_token: access,
            token_type: TokenType::Bearer,
            expires_in: lasts_s,
            refresh_token: refresh,
            authorization_details: body.details,
            sub: self.sub(&held, client),
        })
    }

    /// What a client may know of a token: only of its own (RFC 7662 §2.2).
    pub async fn introspect(
        &self,
        client: &AppId,
        parameters: &Parameters,
    ) -> Result<serde_json::Value, ProtocolError> {
        let answer = match parse_introspection(parameters)? {
            TokenReference::Foreign => Introspection::Inactive,
            TokenReference::Token(token) => self.active(client, &token)?.unwrap_or(Introspection::Inactive),
        };
        let broken = |_| OAuthError::new(OAuthErrorCode::ServerError, "the answer cannot be written");
        Ok(serde_json::to_value(&answer).map_err(broken)?)
    }

    fn active(&self, client: &AppId, token: &Opaque) -> Result<Option<Introspection>, Unavailable> {
        let Some(kind) = kind_of(token) else { return Ok(None) };
        let reader = self.parts.ledger.reader();
        let Some(ticket) = read(reader.ticket(kind, token.key(), self.now()))? else { return Ok(None) };
        let (Some(app), Some(subject)) = (ticket.app, ticket.subject) else { return Ok(None) };
        let Some(held) = self.hold(subject)? else { return Ok(None) };
        let Ok(body) = serde_json::from_slice::<TokenBody>(&ticket.body) else { return Ok(None) };
        let details = self.standing_details(subject, client, &body.details)?;
        // A token under a consent that is gone is not active, however long it was issued for.
        if app != *client || details.is_empty() {
            return Ok(None);
        }
        Ok(Some(Introspection::Active {
            sub: self.sub(&held, client),
            client: app,
            issued_at: ticket.issued_at,
            expires_at: ticket.expires_at,
            issuer: self.issuer().to_owned(),
            details,
        }))
    }

    /// What of a token's details the person still allows.
    fn standing_details(
        &self,
        subject: SubjectKey,
        client: &AppId,
        details: &[AuthorizationDetail],
    ) -> Result<Vec<AuthorizationDetail>, Unavailable> {
        let platform = self.platform();
        let stream = read(self.parts.ledger.reader().stream(subject, client))?;
        let (Some(app), Some(grant)) =
            (platform.apps.get(client), stream.and_then(|(_, stream)| stream.grant))
        else {
            return Ok(Vec::new());
        };
        let now = self.now();
        let standing = details.iter().filter_map(|detail| {
            let purpose = app.declaration.purposes.iter().find(|purpose| purpose.id == detail.purpose)?;
            let granted = grant.purposes.get(&purpose.code)?;
            if granted.status(&app.fingerprint, now) != yinuo_core::GrantStatus::Active {
                return None;
            }
            let allowed = |id: &&String| {
                self.catalogue().by_id(id).is_some_and(|entry| granted.items.contains(entry.item))
            };
            let items: Vec<String> = detail.items.iter().filter(allowed).cloned().collect();
            (!items.is_empty()).then(|| AuthorizationDetail { purpose: detail.purpose.clone(), items })
        });
        Ok(standing.collect())
    }

    /// A client gives a token back: everything issued with it ends (RFC 7009 §2.1).
    pub async fn revoke(&self, client: &AppId, parameters: &Parameters) -> Result<(), ProtocolError> {
        let TokenReference::Token(token) = parse_revocation(parameters)? else { return Ok(()) };
        let Some(kind) = kind_of(&token) else { return Ok(()) };
        let found = read(self.parts.ledger.reader().ticket(kind, token.key(), self.now()))?;
        if let Some(ticket) = found.filter(|ticket| ticket.app.as_ref() == Some(client)) {
            self.write(vec![Write::RevokeFamily { family: ticket.family }]).await?;
        }
        Ok(())
    }
}

fn kind_of(token: &Opaque) -> Option<TicketKind> {
    match token.kind() {
        TokenKind::Access => Some(TicketKind::AccessToken),
        TokenKind::Refresh => Some(TicketKind::RefreshToken),
        TokenKind::Code
        | TokenKind::Session
        | TokenKind::SignIn
        | TokenKind::StaffPending
        | TokenKind::StaffSession => None,
    }
}

/// One answer for every code or refresh token that is not valid (RFC 6749 §5.2).
fn invalid_grant_error() -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidGrant, "the code or refresh token is not valid")
}

fn invalid_grant() -> ProtocolError {
    invalid_grant_error().into()
}
