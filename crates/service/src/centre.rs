//! The User Protection Centre: what I allow.

use yinuo_core::Stream;
use yinuo_domain::{AppId, Choice, Fact, ItemSet, Place, Purpose};

use crate::consent_view::shown;
use crate::evidence;
use crate::gateway::read;
use crate::{AllowedApp, AllowedPurpose, CentreView, Gateway, GrantState, HistoryFilter, PageError, Session};

/// How many lines the first page of the centre shows.
const RECENT: usize = 10;

impl Gateway {
    /// The centre at a glance.
    pub fn centre(&self, session: &Session) -> Result<CentreView, PageError> {
        let streams = read(self.parts.ledger.reader().streams(session.subject))?;
        let mut apps: Vec<AllowedApp> =
            streams.iter().filter_map(|(id, stream)| self.allowed(id.app.as_ref()?, stream)).collect();
        apps.sort_by_key(|app| (app.state != GrantState::Active, std::cmp::Reverse(app.given_at)));
        let recent = self.search(session, &HistoryFilter::default(), None, RECENT)?.lines;
        Ok(CentreView { apps, recent })
    }

    /// What one app may receive.
    pub fn allowed_app(&self, session: &Session, app: &AppId) -> Result<AllowedApp, PageError> {
        let found = read(self.parts.ledger.reader().stream(session.subject, app))?;
        found.and_then(|(_, stream)| self.allowed(app, &stream)).ok_or(PageError::NotFound)
    }

    /// Whether the evidence in one of the person's own consents is what the fact, its documents and their key give.
    pub fn evidence_holds(&self, session: &Session, index: u64) -> Result<bool, PageError> {
        let reader = self.parts.ledger.reader();
        let own = read(reader.history(session.subject, Some(index.saturating_add(1)), 1))?;
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let entry = own
            .first()
            .filter(|(found, _)| *found == index)
            .map(|(_, entry)| entry)
            .ok_or(PageError::NotFound)?;
        let Fact::ConsentGiven { lines, notice, fingerprint, expires_at, evidence, guardian, .. } =
            &entry.fact
        else {
            return Err(PageError::NotFound);
        };
        let Place::Stream { stream: yinuo_domain::StreamId { app: Some(app), .. }, .. } = &entry.place else {
            return Err(PageError::NotFound);
        };
        // An app never changes hands, so today's declaration names the partner of that day.
        let declaration = self.declared(app).ok_or(PageError::NotFound)?;
        let visible: Vec<(Purpose, ItemSet)> = lines.iter().map(|line| (line.purpose, line.shown)).collect();
        let shown = shown(&self.parts.vault, &declaration, *notice, *fingerprint, &visible)?;
        let choices: Vec<Choice> = lines
            .iter()
            .map(|line| Choice { purpose: line.purpose, shown: line.shown, chosen: line.granted })
            .collect();
        let vault = &self.parts.vault;
        // Where a statement of the identity provider was kept, it must still commit to what was shown.
        let signed = match read(reader.evidence(held.subject, entry.salt))? {
            None => None,
            Some(sealed) => {
                let statement = self.open_statement(&held.keys, &entry.salt.0, &sealed);
                let Some(commits) = statement.and_then(|kept| kept.commits_to(vault, &shown)) else {
                    return Ok(false);
                };
                Some(commits)
            }
        };
        let signed = signed.as_deref();
        let again = evidence::of_consent(
            vault,
            &held.keys,
            entry.salt,
            shown,
            &choices,
            *expires_at,
            *guardian,
            signed,
        );
        Ok(again == *evidence)
    }

    pub(crate) fn allowed(&self, id: &AppId, stream: &Stream) -> Option<AllowedApp> {
        let platform = self.platform();
        let app = platform.apps.get(id)?;
        let partner = platform.partners.get(&app.declaration.partner)?;
        let grant = stream.grant.as_ref()?;
        let state = GrantState::from(grant.status(&app.fingerprint, self.now()));
        let allowing = grant.purposes.iter().filter(|(_, granted)| !granted.items.is_empty());
        // A code keeps its name for good, so every granted purpose has one.
        let purposes = allowing.filter_map(|(code, granted)| {
            let id_of = platform.purposes.get(code)?;
            let named = granted.items.iter().filter_map(|item| self.catalogue().by_code(item));
            Some(AllowedPurpose {
                id: id_of.clone(),
                title: self.title_of(id, *code),
                items: named.map(|entry| (entry.id.clone(), entry.name.clone(), entry.sensitive)).collect(),
            })
        });
        Some(AllowedApp {
            app: id.clone(),
            app_name: app.declaration.name.clone(),
            partner_name: partner.profile.name.clone(),
            contact: partner.profile.contact.clone(),
            state,
            given_at: grant.purposes.values().map(|granted| granted.given_at).max()?,
            expires_at: grant.purposes.values().map(|granted| granted.expires_at).max()?,
            purposes: purposes.collect(),
        })
    }
}
