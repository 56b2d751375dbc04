//! The User Protection Centre: what I allow, and what was given to whom, when and why.

use yinuo_core::{GrantStatus, Stream};
use yinuo_domain::{
    AppId, Choice, Disclosed, Entry, Fact, Item, ItemSet, LocalText, Place, Purpose, WithdrawalScope,
};

use crate::consent_view::shown;
use crate::evidence;
use crate::gateway::read;
use crate::{
    AllowedApp, AllowedPurpose, CentreView, Gateway, GrantState, HistoryKind, HistoryLine, HistoryPage,
    PageError, Session, Unavailable,
};

/// How many lines the first page of the centre shows.
const RECENT: usize = 10;
/// How many lines one page of the history has.
const PAGE: usize = 50;

/// The proof of one entry, for keeping.
#[derive(Clone, Debug)]
pub struct ProofFile {
    /// What to save it as.
    pub file_name: String,
    /// The leaf and its proofs, as JSON.
    pub json: String,
}

impl Gateway {
    /// The centre at a glance.
    pub fn centre(&self, session: &Session) -> Result<CentreView, PageError> {
        let streams = read(self.parts.ledger.reader().streams(session.subject))?;
        let mut apps: Vec<AllowedApp> =
            streams.iter().filter_map(|(id, stream)| self.allowed(id.app.as_ref()?, stream)).collect();
        apps.sort_by_key(|app| (app.state != GrantState::Active, std::cmp::Reverse(app.given_at)));
        let recent = self.lines(session, None, RECENT)?.lines;
        Ok(CentreView { apps, recent })
    }

    /// What one app may receive.
    pub fn allowed_app(&self, session: &Session, app: &AppId) -> Result<AllowedApp, PageError> {
        let found = read(self.parts.ledger.reader().stream(session.subject, app))?;
        found.and_then(|(_, stream)| self.allowed(app, &stream)).ok_or(PageError::NotFound)
    }

    /// A page of the history; `older` is what the page before it said.
    pub fn history(&self, session: &Session, older: Option<&str>) -> Result<HistoryPage, PageError> {
        let before = older.map(|older| older.parse().map_err(|_| PageError::NotFound)).transpose()?;
        Ok(self.lines(session, before, PAGE)?)
    }

    /// The proof of one of the person's own entries.
    pub fn proof(&self, session: &Session, log: &str, index: u64) -> Result<ProofFile, PageError> {
        let log = yinuo_domain::LogId::parse(log).map_err(|_| PageError::NotFound)?;
        let reader = self.parts.ledger.reader();
        let own = read(reader.history(session.subject, Some(index.saturating_add(1)), 1))?;
        if log != yinuo_domain::LogId::group(0) || own.first().is_none_or(|(found, _)| *found != index) {
            return Err(PageError::NotFound);
        }
        let receipt = read(reader.receipt(&log, index))?.ok_or(PageError::NotFound)?;
        let json = serde_json::json!({
            "log": receipt.log.to_string(),
            "index": receipt.index,
            "leaf": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &receipt.leaf),
            "proofs": { "sha256": receipt.sha256, "sm3": receipt.sm3 },
        });
        Ok(ProofFile { file_name: format!("yinuo-proof-{index}.json"), json: json.to_string() })
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
        let again =
            evidence::of_consent(vault, &held.keys, entry.salt, shown, &choices, *expires_at, *guardian);
        Ok(again == *evidence)
    }

    fn lines(
        &self,
        session: &Session,
        before: Option<u64>,
        count: usize,
    ) -> Result<HistoryPage, Unavailable> {
        let reader = self.parts.ledger.reader();
        let entries = read(reader.history(session.subject, before, count))?;
        let older =
            (entries.len() == count).then(|| entries.last().map(|(index, _)| index.to_string())).flatten();
        let lines = entries.iter().filter_map(|(index, entry)| self.line(*index, entry)).collect();
        Ok(HistoryPage { lines, older })
    }

    fn allowed(&self, id: &AppId, stream: &Stream) -> Option<AllowedApp> {
        let platform = self.platform();
        let app = platform.apps.get(id)?;
        let partner = platform.partners.get(&app.declaration.partner)?;
        let grant = stream.grant.as_ref()?;
        let state = match grant.status(&app.fingerprint, self.now()) {
            GrantStatus::Active => GrantState::Active,
            GrantStatus::Paused => GrantState::Paused,
            GrantStatus::Expired => GrantState::Expired,
            GrantStatus::Withdrawn => GrantState::Withdrawn,
        };
        let allowing = grant.purposes.iter().filter(|(_, granted)| !granted.items.is_empty());
        // A code keeps its name for good, so every granted purpose has one.
        let purposes = allowing.filter_map(|(code, granted)| {
            let id_of = platform.purposes.get(code)?;
            let named = granted.items.iter().filter_map(|item| self.catalogue().by_code(item));
            Some(AllowedPurpose {
                id: id_of.clone(),
                title: self.purpose_title(id, *code).unwrap_or_else(|| same(id_of.as_str())),
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

    /// One fact as one line; facts that are not about an app are not lines here.
    fn line(&self, index: u64, entry: &Entry) -> Option<HistoryLine> {
        let Place::Stream { stream, .. } = &entry.place else { return None };
        let app = stream.app.clone()?;
        let platform = self.platform();
        let declared = platform.apps.get(&app)?;
        let partner = platform.partners.get(&declared.declaration.partner)?;
        let mut line = HistoryLine {
            at: entry.at,
            kind: HistoryKind::Consented,
            app_name: declared.declaration.name.clone(),
            partner_name: partner.profile.name.clone(),
            purpose: None,
            items: Vec::new(),
            withheld: Vec::new(),
            disclosure: None,
            log: yinuo_domain::LogId::group(0).to_string(),
            index,
            app,
        };
        match &entry.fact {
            Fact::ConsentGiven { lines, .. } => {
                line.items =
                    self.names(lines.iter().map(|line| line.granted).fold(ItemSet::EMPTY, ItemSet::union));
                line.purpose = lines
                    .first()
                    .filter(|_| lines.len() == 1)
                    .and_then(|of| self.purpose_title(&line.app, of.purpose));
            }
            Fact::Withdrawn { scope } => {
                line.kind = HistoryKind::Withdrawn;
                if let WithdrawalScope::Items(parts) = scope {
                    line.items = self
                        .names(parts.iter().map(|(_, items)| *items).fold(ItemSet::EMPTY, ItemSet::union));
                }
            }
            Fact::Disclosed(disclosed) => self.tell(&mut line, HistoryKind::Disclosed, disclosed),
            Fact::Redelivered(disclosed) => self.tell(&mut line, HistoryKind::Redelivered, disclosed),
            Fact::Withheld { purpose, reasons, .. } => {
                line.kind = HistoryKind::Withheld;
                line.purpose = self.purpose_title(&line.app, *purpose);
                line.withheld =
                    reasons.iter().filter_map(|(item, reason)| Some((self.title(*item)?, *reason))).collect();
            }
            Fact::NotDelivered { disclosure } => {
                line.kind = HistoryKind::NotDelivered;
                line.disclosure = Some(*disclosure);
            }
            _ => return None,
        }
        Some(line)
    }

    fn tell(&self, line: &mut HistoryLine, kind: HistoryKind, disclosed: &Disclosed) {
        line.kind = kind;
        line.purpose = self.purpose_title(&line.app, disclosed.purpose);
        line.items = self.names(disclosed.released);
        line.withheld = disclosed
            .withheld
            .iter()
            .filter_map(|(item, reason)| Some((self.title(*item)?, *reason)))
            .collect();
        line.disclosure = Some(disclosed.disclosure);
    }

    fn purpose_title(&self, app: &AppId, code: Purpose) -> Option<LocalText> {
        let platform = self.platform();
        platform.apps.get(app)?.declaration.purpose(code).map(|purpose| purpose.title.clone())
    }

    fn title(&self, item: Item) -> Option<LocalText> {
        self.catalogue().by_code(item).map(|entry| entry.name.clone())
    }

    fn names(&self, items: ItemSet) -> Vec<LocalText> {
        items.iter().filter_map(|item| self.title(item)).collect()
    }
}

/// A name that is the same in both languages.
fn same(name: &str) -> LocalText {
    LocalText { zh: name.to_owned(), en: name.to_owned() }
}
