//! The centre, item by item: what is kept about me, who may receive it, who did.

use yinuo_domain::{AppId, Item, ItemSet, LocalText, Purpose};

use crate::gateway::read;
use crate::{
    AllowedTo, Gateway, GrantState, HistoryFilter, OwnItem, OwnItemView, PageError, Session, Unavailable,
};

/// How many lines an item's own page shows.
const RECENT: usize = 10;

impl Gateway {
    /// Every item that is kept about the person or that somebody may receive.
    pub fn own_items(&self, session: &Session) -> Result<Vec<OwnItem>, PageError> {
        let masked = self.masked(session, self.catalogue().all())?;
        let allowed = self.allowed_to(session, None)?;
        let listed = self.catalogue().iter().filter_map(|entry| {
            let value = masked.iter().find(|(item, _)| *item == entry.item).map(|(_, value)| value.clone());
            let apps: Vec<LocalText> = allowed
                .iter()
                .filter(|(item, _)| *item == entry.item)
                .map(|(_, to)| to.app_name.clone())
                .fold(Vec::new(), |mut apps, name| {
                    if !apps.contains(&name) {
                        apps.push(name);
                    }
                    apps
                });
            (value.is_some() || !apps.is_empty()).then(|| OwnItem {
                id: entry.id.clone(),
                name: entry.name.clone(),
                sensitive: entry.sensitive,
                masked: value,
                apps,
            })
        });
        Ok(listed.collect())
    }

    /// One item: how it looks from outside, who may receive it for what, and what happened to it lately.
    pub fn own_item(&self, session: &Session, id: &str) -> Result<OwnItemView, PageError> {
        let entry = self.catalogue().by_id(id).ok_or(PageError::NotFound)?;
        let one = ItemSet::from_iter([entry.item]);
        let masked = self.masked(session, one)?.pop().map(|(_, value)| value);
        let allowed: Vec<AllowedTo> =
            self.allowed_to(session, Some(entry.item))?.into_iter().map(|(_, to)| to).collect();
        let filter = HistoryFilter { item: Some(entry.item), ..HistoryFilter::default() };
        let recent = self.search(session, &filter, None, RECENT)?.lines;
        Ok(OwnItemView {
            item: OwnItem {
                id: entry.id.clone(),
                name: entry.name.clone(),
                sensitive: entry.sensitive,
                masked,
                apps: Vec::new(),
            },
            allowed,
            recent,
        })
    }

    /// The person's own values as others would see them that may only see that there is one.
    fn masked(&self, session: &Session, items: ItemSet) -> Result<Vec<(Item, String)>, PageError> {
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let values = self.own_values(&held, items)?;
        let shown = values.iter().filter_map(|(item, value)| {
            let mask = self.catalogue().by_code(*item)?.mask;
            Some((*item, mask.apply(std::str::from_utf8(value.expose()).unwrap_or_default())))
        });
        Ok(shown.collect())
    }

    /// Who may receive which item for what, while the consent counts.
    fn allowed_to(
        &self,
        session: &Session,
        only: Option<Item>,
    ) -> Result<Vec<(Item, AllowedTo)>, Unavailable> {
        let platform = self.platform();
        let mut found = Vec::new();
        for (id, stream) in read(self.parts.ledger.reader().streams(session.subject))? {
            let (Some(app_id), Some(grant)) = (id.app.as_ref(), stream.grant.as_ref()) else { continue };
            let Some(app) = platform.apps.get(app_id) else { continue };
            let Some(partner) = platform.partners.get(&app.declaration.partner) else { continue };
            for (code, granted) in &grant.purposes {
                let state = GrantState::from(granted.status(&app.fingerprint, self.now()));
                if !matches!(state, GrantState::Active | GrantState::Paused) {
                    continue;
                }
                for item in granted.items.iter().filter(|item| only.is_none_or(|only| only == *item)) {
                    let to = AllowedTo {
                        app: app_id.clone(),
                        app_name: app.declaration.name.clone(),
                        partner_name: partner.profile.name.clone(),
                        state,
                        purpose: self.title_of(app_id, *code),
                        choice: self.choice_of(*code, item),
                        expires_at: granted.expires_at,
                    };
                    found.push((item, to));
                }
            }
        }
        Ok(found)
    }

    /// What a purpose is called by its app; its id, where the app declares it no more.
    pub(crate) fn title_of(&self, app: &AppId, code: Purpose) -> LocalText {
        let platform = self.platform();
        let declared = platform.apps.get(app).and_then(|app| app.declaration.purpose(code));
        let id = || platform.purposes.get(&code).map_or("", |id| id.as_str()).to_owned();
        declared.map_or_else(|| LocalText { zh: id(), en: id() }, |purpose| purpose.title.clone())
    }

    /// What a form sends back to name an item of a purpose.
    fn choice_of(&self, code: Purpose, item: Item) -> String {
        let platform = self.platform();
        let purpose = platform.purposes.get(&code).map_or("", |id| id.as_str());
        let item = self.catalogue().by_code(item).map_or("", |entry| entry.id.as_str());
        format!("{purpose}/{item}")
    }
}
