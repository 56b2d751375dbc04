//! What the consent page shows, and the hash that binds it.

use serde::Serialize;
use yinuo_core::{AppStatus, GrantStatus, PartnerStatus};
use yinuo_domain::{AppId, Declaration, Digest, Guardian, ItemSet, LocalText, PartnerProfile, Purpose};
use yinuo_oauth::{AuthorizationDetail, AuthorizationRequest, OAuthErrorCode};
use yinuo_vault::Vault;

use crate::gateway::{Held, read};
use crate::sign_in::ForConsent;
use crate::{ConsentView, Gateway, ItemView, PageError, PurposeView, Session, Unavailable};

/// What is hashed as *shown*: everything that a choice on the page is about.
#[derive(Serialize)]
struct Shown<'a> {
    app: &'a str,
    partner: &'a str,
    notice: String,
    fingerprint: String,
    /// Purpose codes, and what is shown of each: 32 bytes in hexadecimal, bit = item code.
    purposes: Vec<(u16, String)>,
}

/// The hash of what a page shows. Everything in it is in the fact or in a document that the fact leads to, so that it
/// can be made again from the log.
pub(crate) fn shown(
    vault: &Vault,
    declaration: &Declaration,
    notice: Digest,
    fingerprint: Digest,
    purposes: &[(Purpose, ItemSet)],
) -> Result<Digest, PageError> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let shown = Shown {
        app: declaration.app.as_str(),
        partner: declaration.partner.as_str(),
        notice: notice.to_string(),
        fingerprint: fingerprint.to_string(),
        purposes: purposes.iter().map(|(code, items)| (code.0, hex(&items.to_bytes()))).collect(),
    };
    let bytes = serde_json::to_vec(&shown).map_err(|_| PageError::RequestGone)?;
    Ok(vault.hash(&bytes))
}

impl Gateway {
    /// A pushed request, and the hash of what a consent page would show of it, whoever looks at it. None when there would
    /// be no page to look at.
    pub(crate) fn for_consent(
        &self,
        client: &AppId,
        request_uri: &str,
    ) -> Result<Option<ForConsent>, Unavailable> {
        let (uri, request) = match self.pushed(client, request_uri) {
            Ok(pushed) => pushed,
            Err(PageError::Unavailable(unavailable)) => return Err(unavailable),
            Err(_) => return Ok(None),
        };
        let platform = self.platform();
        let Some(app) = platform.apps.get(client) else { return Ok(None) };
        let declaration = &app.declaration;
        let (Some(partner), Some((notice, _))) = (platform.partners.get(&declaration.partner), &app.notice)
        else {
            return Ok(None);
        };
        let visible = self.visible(declaration, partner.profile.ceiling, &request);
        Ok(visible.and_then(|visible| {
            let shown = shown(&self.parts.vault, declaration, *notice, app.fingerprint, &visible).ok()?;
            Some(ForConsent::new(&shown, uri.key()))
        }))
    }

    /// Which items of a request a page shows: all that are declared, but for those the partner may never receive.
    fn visible(
        &self,
        declaration: &Declaration,
        ceiling: ItemSet,
        request: &AuthorizationRequest,
    ) -> Option<Vec<(Purpose, ItemSet)>> {
        let purpose = |detail: &AuthorizationDetail| {
            let purpose = declaration.purposes.iter().find(|purpose| purpose.id == detail.purpose)?;
            let item = |id: &String| {
                let item = self.catalogue().by_id(id)?.item;
                declaration.line(purpose.code, item).map(|line| line.item)
            };
            let items = detail.items.iter().map(item).collect::<Option<ItemSet>>()?;
            Some((purpose.code, items.intersection(ceiling)))
        };
        request.details.iter().map(purpose).collect()
    }

    /// Everything the consent page shows of a pushed request.
    pub fn consent_view(
        &self,
        session: &Session,
        client: &AppId,
        request_uri: &str,
    ) -> Result<ConsentView, PageError> {
        let (_, request) = self.pushed(client, request_uri)?;
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        self.view_of(&held, request_uri, &request)
    }

    pub(crate) fn view_of(
        &self,
        held: &Held,
        request_uri: &str,
        request: &AuthorizationRequest,
    ) -> Result<ConsentView, PageError> {
        let platform = self.platform();
        let app = platform.apps.get(&request.client).ok_or(PageError::RequestGone)?;
        let declaration = &app.declaration;
        let partner = platform.partners.get(&declaration.partner).ok_or(PageError::RequestGone)?;
        let (Some((digest, notice)), PartnerStatus::Active, AppStatus::Live) =
            (&app.notice, partner.status, app.status)
        else {
            // The app hears that it cannot ask now; nobody is shown a page that could only fail.
            let error = [("error", OAuthErrorCode::UnauthorizedClient.as_str())];
            return Err(PageError::Redirect { uri: self.answer(request, &error) });
        };
        let reader = self.parts.ledger.reader();
        let grant = read(reader.stream(held.subject, &request.client))?.and_then(|(_, stream)| stream.grant);
        let stored = read(reader.own(held.subject))?.map(|(_, own)| own.values).unwrap_or_default();
        let now = self.now();

        let mut purposes = Vec::new();
        for detail in &request.details {
            let purpose = declaration.purposes.iter().find(|purpose| purpose.id == detail.purpose);
            let purpose = purpose.ok_or(PageError::RequestGone)?;
            let granted = grant.as_ref().and_then(|grant| grant.purposes.get(&purpose.code));
            let allowed = granted
                .filter(|granted| granted.status(&app.fingerprint, now) == GrantStatus::Active)
                .map_or(ItemSet::EMPTY, |granted| granted.items);
            let mut items = Vec::new();
            for id in &detail.items {
                let entry = self.catalogue().by_id(id).ok_or(PageError::RequestGone)?;
                let line = declaration.line(purpose.code, entry.item).ok_or(PageError::RequestGone)?;
                // What the partner may never receive is not even shown.
                if !partner.profile.ceiling.contains(entry.item) {
                    continue;
                }
                items.push(ItemView {
                    code: entry.item,
                    id: entry.id.clone(),
                    name: entry.name.clone(),
                    sensitive: entry.sensitive,
                    necessary: line.necessary,
                    whose: entry.whose,
                    reason: line.reason.clone(),
                    retention_days: line.retention_days,
                    frequency: line.frequency,
                    allowed_now: allowed.contains(entry.item),
                    stored: stored.contains_key(&entry.item),
                });
            }
            purposes.push(PurposeView {
                code: purpose.code,
                id: purpose.id.clone(),
                kind: purpose.kind,
                basis: purpose.basis,
                title: purpose.title.clone(),
                method: purpose.method.clone(),
                items,
            });
        }

        let category = self.packs.necessary.category(declaration.category);
        let visible =
            self.visible(declaration, partner.profile.ceiling, request).ok_or(PageError::RequestGone)?;
        let shown = shown(&self.parts.vault, declaration, *digest, app.fingerprint, &visible)?;
        Ok(ConsentView {
            request_uri: request_uri.to_owned(),
            app: request.client.clone(),
            app_name: declaration.name.clone(),
            partner_name: partner.profile.name.clone(),
            contact: partner.profile.contact.clone(),
            category: category.map(|category| category.name.clone()),
            purposes,
            notice_version: notice.version,
            notice_document: *digest,
            notice: LocalText { zh: notice.text.zh.clone(), en: notice.text.en.clone() },
            days_default: self.parts.terms.days_default,
            days_offered: self.parts.terms.days_offered.clone(),
            guardian: if held.guardian_required { Guardian::Missing } else { Guardian::NotRequired },
            redirect_origin: origin_of(&request.redirect_uri),
            shown,
            recipient: self.recipient(&partner.profile)?,
        })
    }

    /// The hash of who the recipient is and how to reach it, as a page says it beside the notice.
    fn recipient(&self, profile: &PartnerProfile) -> Result<Digest, PageError> {
        let parts = [&profile.name.zh, &profile.name.en, &profile.contact];
        let bytes = serde_json::to_vec(&parts).map_err(|_| PageError::RequestGone)?;
        Ok(self.parts.vault.hash(&bytes))
    }
}

/// Scheme, host and port of a registered redirect URI.
fn origin_of(uri: &str) -> String {
    let after_scheme = uri.find("://").map_or(0, |at| at.saturating_add(3));
    let path = uri.get(after_scheme..).and_then(|rest| rest.find(['/', '?', '#']));
    let end = path.map_or(uri.len(), |at| after_scheme.saturating_add(at));
    uri.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::origin_of;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        #[rustfmt::skip]
        let cases = [
            ("https://courier.example/cb",            "https://courier.example"),
            ("https://courier.example",               "https://courier.example"),
            ("http://127.0.0.1:9090/cb?x=1",          "http://127.0.0.1:9090"),
            ("https://courier.example?x=/",           "https://courier.example"),
        ];
        for (uri, expected) in cases {
            assert_eq!(origin_of(uri), expected);
        }
    }
}
