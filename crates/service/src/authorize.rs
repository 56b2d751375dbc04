//! A client pushes a request; a person agrees to it, item by item, or refuses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yinuo_core::CONSENT_MS_MAX;
use yinuo_domain::{AppId, Choice, Command, Digest, Guardian, ItemSet, Purpose, Refusal, Salt, Timestamp};
use yinuo_ledger::{Answered, LedgerError, Submission, Ticket, TicketKind, Write, Written};
use yinuo_oauth::{
    AuthorizationDetail, AuthorizationRequest, CODE_MS, OAuthError, OAuthErrorCode, Opaque, Parameters,
    PushedAuthorization, REQUEST_URI_MS, RequestUri, TokenKind, authorization_response_uri, parse_par,
};

use crate::gateway::{Held, read, recorded};
use crate::{Gateway, PageError, ProtocolError, Session, evidence};

/// How long a person may take between arriving and choosing: 15 minutes.
const DECIDE_MS: u64 = 15 * 60 * 1000;

/// What a person chose on the consent page.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The app the page named.
    pub client: AppId,
    /// The request it answered.
    pub request_uri: String,
    /// What was ticked: purpose id and item id.
    pub choices: Vec<(String, String)>,
    /// The hash of what the page showed.
    pub shown: Digest,
    /// The hash of whom it named as the recipient.
    pub recipient: Digest,
    /// How long the consent is to last, in days.
    pub days: u32,
    /// Whether the guardian's agreement was given on the page.
    pub guardian_agreed: bool,
}

/// What a code stands for until it is redeemed.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) details: Vec<AuthorizationDetail>,
    pub(crate) grant_ends: u64,
}

impl Gateway {
    /// Keeps a request until the browser arrives with its URI (RFC 9126 §2).
    pub async fn push_authorization(
        &self,
        client: &AppId,
        parameters: &Parameters,
    ) -> Result<PushedAuthorization, ProtocolError> {
        let platform = self.platform();
        let unknown = || OAuthError::new(OAuthErrorCode::InvalidClient, "client authentication failed");
        let declaration = &platform.apps.get(client).ok_or_else(unknown)?.declaration;
        let request = parse_par(parameters, client, &declaration.redirect_uris)?;
        // What is not declared cannot even be asked for; the developer is told which.
        for detail in &request.details {
            let purpose = declaration.purposes.iter().find(|purpose| purpose.id == detail.purpose);
            let declared = purpose.map(|purpose| declaration.items_of(purpose.code));
            let all_declared = declared.is_some_and(|declared| {
                let mut items = detail.items.iter().map(|item| self.catalogue().by_id(item));
                items.all(|entry| entry.is_some_and(|entry| declared.contains(entry.item)))
            });
            if !all_declared {
                return Err(OAuthError::new(
                    OAuthErrorCode::InvalidAuthorizationDetails,
                    "a purpose or an item in authorization_details is not declared by this app",
                )
                .into());
            }
        }
        let uri = RequestUri::new(self.random()?);
        let now = self.now();
        let ticket = Ticket {
            kind: TicketKind::RequestUri,
            key: uri.key(),
            family: self.random()?,
            subject: None,
            app: Some(client.clone()),
            body: request.to_json()?.into_bytes(),
            issued_at: now,
            // Kept for as long as a person may take; that the browser comes in time is `arrive`'s part.
            expires_at: now.after_ms(REQUEST_URI_MS.saturating_add(DECIDE_MS)),
        };
        self.write(vec![Write::PutTicket(ticket)]).await?;
        Ok(PushedAuthorization::new(&uri))
    }

    /// The browser brought a request here. It must come within the lifetime of the request URI; from then on the person
    /// may take their time to sign in, read and choose.
    pub async fn arrive(&self, client: &AppId, request_uri: &str) -> Result<(), PageError> {
        let uri = RequestUri::parse(request_uri).map_err(|_| PageError::RequestGone)?;
        let now = self.now();
        let ticket = read(self.parts.ledger.reader().ticket(TicketKind::RequestUri, uri.key(), now))?;
        let pushed =
            ticket.filter(|ticket| ticket.app.as_ref() == Some(client)).ok_or(PageError::RequestGone)?;
        if self.has_arrived(&uri)? {
            return Ok(());
        }
        if REQUEST_URI_MS <= now.since_ms(pushed.issued_at) {
            return Err(PageError::RequestGone);
        }
        let arrived = Ticket {
            key: self.arrival_key(&uri),
            body: Vec::new(),
            issued_at: now,
            expires_at: now.after_ms(DECIDE_MS),
            ..pushed
        };
        self.write(vec![Write::PutTicket(arrived)]).await?;
        Ok(())
    }

    fn has_arrived(&self, uri: &RequestUri) -> Result<bool, PageError> {
        let reader = self.parts.ledger.reader();
        Ok(read(reader.ticket(TicketKind::RequestUri, self.arrival_key(uri), self.now()))?.is_some())
    }

    /// Another key of the same kind: nobody holds a text that hashes to it.
    fn arrival_key(&self, uri: &RequestUri) -> [u8; 32] {
        self.parts.vault.commitment(&uri.key(), "yinuo/arrival", &[]).0
    }

    /// The pushed request behind `request_uri`, of this client and still open.
    pub(crate) fn pushed(
        &self,
        client: &AppId,
        request_uri: &str,
    ) -> Result<(RequestUri, AuthorizationRequest), PageError> {
        let uri = RequestUri::parse(request_uri).map_err(|_| PageError::RequestGone)?;
        let ticket = read(self.parts.ledger.reader().ticket(TicketKind::RequestUri, uri.key(), self.now()))?;
        let ticket =
            ticket.filter(|ticket| ticket.app.as_ref() == Some(client)).ok_or(PageError::RequestGone)?;
        if REQUEST_URI_MS <= self.now().since_ms(ticket.issued_at) && !self.has_arrived(&uri)? {
            return Err(PageError::RequestGone);
        }
        let json = std::str::from_utf8(&ticket.body).map_err(|_| PageError::RequestGone)?;
        let request = AuthorizationRequest::from_json(json).map_err(|_| PageError::RequestGone)?;
        Ok((uri, request))
    }

    /// Records what the person chose and sends them back to the app with a code. Choosing nothing is refusing.
    pub async fn agree(&self, session: &Session, agreement: Agreement) -> Result<String, PageError> {
        let (uri, request) = self.pushed(&agreement.client, &agreement.request_uri)?;
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let view = self.view_of(&held, &agreement.request_uri, &request)?;
        if view.shown != agreement.shown || view.recipient != agreement.recipient {
            return Err(PageError::Outdated);
        }
        if self.must_sign_in_for(session, &agreement.client, &agreement.request_uri)? {
            return Err(PageError::SignInFirst);
        }
        let platform = self.platform();
        let app = platform.apps.get(&request.client).ok_or(PageError::RequestGone)?;
        let choices = choices_of(&view, &agreement.choices)?;
        if choices.iter().all(|choice| choice.chosen.is_empty()) {
            return self.refuse(session, &agreement.client, &agreement.request_uri).await;
        }
        if !view.days_offered.contains(&agreement.days) {
            return Err(PageError::Refused(Refusal::ExpiryInvalid));
        }
        let now = self.now();
        let lasts_ms = u64::from(agreement.days).saturating_mul(Timestamp::DAY_MS).min(CONSENT_MS_MAX);
        let expires_at = now.after_ms(lasts_ms);
        let guardian = match (held.guardian_required, agreement.guardian_agreed) {
            (false, _) => Guardian::NotRequired,
            (true, true) => Guardian::Agreed,
            (true, false) => return Err(PageError::Refused(Refusal::GuardianRequired)),
        };
        let tag = self.tag(&held, &request.client);
        let salt = Salt(self.random()?);
        // Whoever signed in for exactly this page has the identity provider's word for it, and it is kept.
        let statement = self.statement_of(session, &held);
        let signed = statement.and_then(|statement| {
            let commits = statement.commits_to(&self.parts.vault, &view.shown)?;
            Some((statement, commits))
        });
        let evidence = evidence::of_consent(
            &self.parts.vault,
            &held.keys,
            salt,
            view.shown,
            &choices,
            expires_at,
            guardian,
            signed.as_ref().map(|(_, commits)| commits.as_slice()),
        );
        let (notice, _) = app.notice.as_ref().ok_or(PageError::Refused(Refusal::NoNotice))?;

        // One commit: the consent, the code it pays for, and the end of the request, which is used once.
        let code = Opaque::new(TokenKind::Code, self.random()?);
        let body = CodeBody {
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            details: self.details_of(&view, &choices),
            grant_ends: expires_at.0,
        };
        let ticket = Ticket {
            kind: TicketKind::Code,
            key: code.key(),
            family: self.random()?,
            subject: Some(held.subject),
            app: Some(request.client.clone()),
            body: serde_json::to_vec(&body).map_err(|_| PageError::RequestGone)?,
            issued_at: now,
            expires_at: now.after_ms(CODE_MS),
        };
        let command = Command::GiveConsent {
            subject: held.subject,
            own: held.own,
            app: request.client.clone(),
            tag,
            choices,
            notice: *notice,
            fingerprint: app.fingerprint,
            expires_at,
            evidence,
            guardian,
        };
        let take = Write::TakeTicket { kind: TicketKind::RequestUri, key: uri.key(), now };
        let mut writes = vec![take, Write::PutTicket(ticket)];
        if let Some((statement, _)) = &signed {
            let bytes = self.seal_statement(&held.keys, &salt.0, statement)?;
            writes.push(Write::PutEvidence { subject: held.subject, leaf: salt, bytes });
        }
        let submission = Submission { writes, ..Submission::new(command, salt) };
        match self.parts.ledger.submit(submission).await {
            Ok(Answered::Done) => Ok(self.answer(&request, &[("code", code.as_str())])),
            Ok(Answered::Refused(Refusal::Outdated)) => Err(PageError::Outdated),
            Ok(Answered::Refused(refusal)) => Err(PageError::Refused(refusal)),
            Ok(Answered::Released { .. } | Answered::Viewed(_) | Answered::Withheld { .. }) => {
                Err(PageError::RequestGone)
            }
            // Somebody answered the same request in the meantime.
            Err(LedgerError::Conflict) => Err(PageError::RequestGone),
            Err(error) => Err(recorded(error).into()),
        }
    }

    /// Sends the person back to the app with a no. Nothing is recorded about the person: a refusal leaves no trace.
    pub async fn refuse(&self, _: &Session, client: &AppId, request_uri: &str) -> Result<String, PageError> {
        let (uri, request) = self.pushed(client, request_uri)?;
        self.take_request(&uri).await?;
        Ok(self.answer(&request, &[("error", OAuthErrorCode::AccessDenied.as_str())]))
    }

    async fn take_request(&self, uri: &RequestUri) -> Result<(), PageError> {
        let take = Write::TakeTicket { kind: TicketKind::RequestUri, key: uri.key(), now: self.now() };
        match self.write(vec![take]).await?.as_slice() {
            [Written::Taken(_)] => Ok(()),
            _ => Err(PageError::RequestGone),
        }
    }

    /// Back to the app: the answer, its own `state`, and who answers (RFC 9207).
    pub(crate) fn answer(&self, request: &AuthorizationRequest, answer: &[(&str, &str)]) -> String {
        let mut parameters = answer.to_vec();
        if let Some(state) = &request.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", self.issuer()));
        authorization_response_uri(&request.redirect_uri, &parameters)
    }

    fn details_of(&self, view: &crate::ConsentView, choices: &[Choice]) -> Vec<AuthorizationDetail> {
        let names = |items: ItemSet| -> Vec<String> {
            items.iter().filter_map(|item| Some(self.catalogue().by_code(item)?.id.clone())).collect()
        };
        let chosen = choices.iter().filter(|choice| !choice.chosen.is_empty());
        chosen
            .filter_map(|choice| {
                let purpose = view.purposes.iter().find(|purpose| purpose.code == choice.purpose)?;
                Some(AuthorizationDetail { purpose: purpose.id.clone(), items: names(choice.chosen) })
            })
            .collect()
    }

    /// Where the person's tag towards an app comes from, for pages and tokens alike.
    pub(crate) fn sub(&self, held: &Held, app: &AppId) -> yinuo_domain::Tag {
        self.tag(held, app)
    }
}

/// Ticks as choices: every shown purpose is decided, ticked or not; a tick for something not shown is refused.
fn choices_of(view: &crate::ConsentView, ticked: &[(String, String)]) -> Result<Vec<Choice>, PageError> {
    let mut chosen: BTreeMap<Purpose, ItemSet> = BTreeMap::new();
    for (purpose, item) in ticked {
        let purpose = view.purposes.iter().find(|shown| shown.id.as_str() == purpose);
        let item = purpose.and_then(|purpose| purpose.items.iter().find(|shown| shown.id == *item));
        let (Some(purpose), Some(item)) = (purpose, item) else {
            return Err(PageError::Refused(Refusal::NotShown));
        };
        chosen.entry(purpose.code).or_default().insert(item.code);
    }
    let of = |purpose: &crate::PurposeView| Choice {
        purpose: purpose.code,
        shown: purpose.items.iter().map(|item| item.code).collect(),
        chosen: chosen.get(&purpose.code).copied().unwrap_or_default(),
    };
    Ok(view.purposes.iter().map(of).collect())
}
