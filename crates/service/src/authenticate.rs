//! A client proves that it is itself.

use yinuo_core::PartnerStatus;
use yinuo_domain::AppId;
use yinuo_ledger::{Ticket, TicketKind, Write, Written};
use yinuo_oauth::{OAuthError, OAuthErrorCode, Parameters, authenticate, client_id_of_assertion};

use crate::{Gateway, ProtocolError};

impl Gateway {
    /// The client behind `client_assertion` (RFC 7523 §3), whose `jti` is hereby used up. An unknown app, a wrong
    /// signature and a used assertion are one uniform answer.
    pub async fn authenticate_client(&self, parameters: &Parameters) -> Result<AppId, ProtocolError> {
        let id = client_id_of_assertion(parameters)?;
        let platform = self.platform();
        let refused = || OAuthError::new(OAuthErrorCode::InvalidClient, "client authentication failed");
        let app = platform.apps.get(&id).ok_or_else(refused)?;
        let partner = platform.partners.get(&app.declaration.partner).ok_or_else(refused)?;
        // Nobody can come back from a termination; a suspended partner may still authenticate, to be told that it is.
        if partner.status == PartnerStatus::Terminated {
            return Err(refused().into());
        }
        let now = self.now();
        let assertion = authenticate(parameters, &id, &app.declaration.jwks, self.issuer(), now)?;
        let name = format!("{}\0{}", assertion.client, assertion.jti);
        let ticket = Ticket {
            kind: TicketKind::AssertionId,
            key: self.parts.vault.hash(name.as_bytes()).0,
            family: [0; 16],
            subject: None,
            app: Some(id.clone()),
            body: Vec::new(),
            issued_at: now,
            expires_at: assertion.expires_at,
        };
        match self.write(vec![Write::PutTicket(ticket)]).await?.as_slice() {
            [Written::Done] => Ok(id),
            _ => Err(refused().into()),
        }
    }
}
