//! Folds facts into state. State is nothing but this.

use std::sync::Arc;

use yinuo_domain::{AppId, Digest, Disclosed, Fact, Timestamp, WithdrawalScope};

use crate::{
    App, AppStatus, Cell, Documents, Grant, Granted, Own, Partner, PartnerStatus, Platform, Stream,
    Undecidable, refusals,
};

impl Platform {
    /// Folds one fact of the platform log. A fact of another log does not belong here and is refused.
    pub fn apply(&mut self, fact: &Fact, documents: &dyn Documents) -> Result<(), Undecidable> {
        match fact {
            Fact::LogOpened { suite, .. } => self.suite = Some(*suite),
            Fact::EngineActivated { engine, .. } => self.engine = Some(*engine),
            Fact::PartnerRegistered { partner, document, .. } => {
                let profile = parsed(documents, document, |bytes| yinuo_rules::parse_partner(bytes).ok())?;
                if profile.partner != *partner {
                    return Err(Undecidable::UnreadableDocument(*document));
                }
                let registered = Partner { status: PartnerStatus::Active, profile: Arc::new(profile) };
                self.partners.insert(partner.clone(), registered);
            }
            Fact::PartnerRevised { partner, document, .. } => {
                let profile = parsed(documents, document, |bytes| yinuo_rules::parse_partner(bytes).ok())?;
                if profile.partner != *partner {
                    return Err(Undecidable::UnreadableDocument(*document));
                }
                self.partner(partner)?.profile = Arc::new(profile);
            }
            Fact::PartnerSuspended { partner, .. } => {
                self.partner(partner)?.status = PartnerStatus::Suspended
            }
            Fact::PartnerReinstated { partner, .. } => self.partner(partner)?.status = PartnerStatus::Active,
            Fact::PartnerTerminated { partner, .. } => {
                self.partner(partner)?.status = PartnerStatus::Terminated
            }
            Fact::AppDeclared { app, document, fingerprint, .. } => {
                let declaration =
                    parsed(documents, document, |bytes| yinuo_rules::parse_declaration(bytes).ok())?;
                if declaration.app != *app {
                    return Err(Undecidable::UnreadableDocument(*document));
                }
                for purpose in &declaration.purposes {
                    self.purposes.entry(purpose.code).or_insert_with(|| purpose.id.clone());
                }
                let before = self.apps.remove(app);
                let declared = App {
                    status: before.as_ref().map_or(AppStatus::Live, |app| app.status),
                    notice: before.and_then(|app| app.notice),
                    declaration: Arc::new(declaration),
                    fingerprint: *fingerprint,
                };
                self.apps.insert(app.clone(), declared);
            }
            Fact::AppHidden { app, .. } => self.app(app)?.status = AppStatus::Hidden,
            Fact::AppShown { app, .. } => self.app(app)?.status = AppStatus::Live,
            Fact::NoticePublished { app, document, .. } => {
                let notice = parsed(documents, document, |bytes| yinuo_rules::parse_notice(bytes).ok())?;
                if notice.app != *app {
                    return Err(Undecidable::UnreadableDocument(*document));
                }
                self.app(app)?.notice = Some((*document, Arc::new(notice)));
            }
            Fact::StaffAppointed { staff, role, .. } => {
                self.staff.insert(staff.clone(), *role);
            }
            Fact::StaffDismissed { staff, .. } => {
                let held = self.staff.remove(staff);
                held.ok_or(Undecidable::Misplaced("a member of staff who was never appointed"))?;
            }
            // What somebody signs in with is no part of the state: whether they may act stays as it was.
            Fact::FactorReset { staff, .. } => {
                let held = self.staff.get(staff);
                held.ok_or(Undecidable::Misplaced("a member of staff who was never appointed"))?;
            }
            // About the store and the clock below it: no decision reads them.
            Fact::StateSealed | Fact::ClockAccepted { .. } | Fact::StoreAccepted { .. } => {}
            Fact::ImportBegun { .. } | Fact::PeopleImported { .. } => {}
            Fact::KeyEpochOpened { epoch, .. } => self.key_epochs.current = *epoch,
            Fact::KeyEpochRetired { epoch, .. } => {
                self.key_epochs.retired.insert(*epoch);
            }
            // Nothing is decided by it.
            Fact::PassphraseChanged { .. } => {}
            Fact::PlatformAdopted { .. }
            | Fact::Enrolled
            | Fact::ValueStored { .. }
            | Fact::ConsentGiven { .. }
            | Fact::Withdrawn { .. }
            | Fact::Disclosed(_)
            | Fact::Redelivered(_)
            | Fact::Withheld { .. }
            | Fact::WithheldCounted(_)
            | Fact::NotDelivered { .. }
            | Fact::AccountDeleted
            | Fact::Viewed { .. } => {
                return Err(Undecidable::Misplaced("a fact of a group in the platform log"));
            }
        }
        Ok(())
    }

    fn partner(&mut self, id: &yinuo_domain::PartnerId) -> Result<&mut Partner, Undecidable> {
        self.partners.get_mut(id).ok_or(Undecidable::Misplaced("a partner that was never registered"))
    }

    fn app(&mut self, id: &AppId) -> Result<&mut App, Undecidable> {
        self.apps.get_mut(id).ok_or(Undecidable::Misplaced("an app that was never declared"))
    }
}

fn parsed<T>(
    documents: &dyn Documents,
    hash: &Digest,
    parse: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, Undecidable> {
    let bytes = documents.document(hash).ok_or(Undecidable::MissingDocument(*hash))?;
    parse(&bytes).ok_or(Undecidable::UnreadableDocument(*hash))
}

impl Own {
    /// Folds one fact of a person's own stream.
    pub fn apply(&mut self, fact: &Fact) -> Result<(), Undecidable> {
        match fact {
            Fact::Enrolled | Fact::Viewed { .. } => Ok(()),
            Fact::ValueStored { item, version, .. } => {
                self.values.insert(*item, *version);
                Ok(())
            }
            Fact::AccountDeleted => {
                *self = Self { deleted: true, ..Self::default() };
                Ok(())
            }
            _ => Err(Undecidable::Misplaced("not a fact of a person's own stream")),
        }
    }
}

impl Stream {
    /// Folds one fact of a person's stream with `app`, in log time. `platform` gives the declared periods.
    pub fn apply(
        &mut self,
        fact: &Fact,
        at: Timestamp,
        platform: &Platform,
        app: &AppId,
    ) -> Result<(), Undecidable> {
        // What was refused in another hour is of no account any more.
        if self.refusals.as_ref().is_some_and(|refusals| refusals.hour != refusals::hour(at)) {
            self.refusals = None;
        }
        self.fold(fact, at, platform, app)?;
        if let Some(refusals) = &mut self.refusals {
            refusals.last = at;
        }
        Ok(())
    }

    fn fold(
        &mut self,
        fact: &Fact,
        at: Timestamp,
        platform: &Platform,
        app: &AppId,
    ) -> Result<(), Undecidable> {
        match fact {
            Fact::ConsentGiven { version, lines, notice, fingerprint, expires_at, guardian, .. } => {
                let grant = self.grant.get_or_insert_with(Grant::default);
                grant.version = *version;
                for line in lines {
                    let before = grant.purposes.get(&line.purpose);
                    let lost = before
                        .map(|b| b.items.union(b.withdrawn).difference(line.granted))
                        .unwrap_or_default();
                    let granted = Granted {
                        items: line.granted,
                        withdrawn: lost,
                        given_at: at,
                        expires_at: *expires_at,
                        fingerprint: *fingerprint,
                        notice: *notice,
                        guardian: *guardian,
                    };
                    grant.purposes.insert(line.purpose, granted);
                }
                Ok(())
            }
            Fact::Withdrawn { scope } => {
                let grant =
                    self.grant.as_mut().ok_or(Undecidable::Misplaced("a withdrawal without a consent"))?;
                for (purpose, granted) in &mut grant.purposes {
                    let taken = match scope {
                        WithdrawalScope::Whole => granted.items,
                        WithdrawalScope::Items(parts) => parts
                            .iter()
                            .filter(|(of, _)| of == purpose)
                            .map(|(_, items)| granted.items.intersection(*items))
                            .fold(yinuo_domain::ItemSet::EMPTY, yinuo_domain::ItemSet::union),
                    };
                    granted.items = granted.items.difference(taken);
                    granted.withdrawn = granted.withdrawn.union(taken);
                }
                Ok(())
            }
            Fact::Disclosed(disclosed) => self.count(disclosed, at, platform, app),
            Fact::Withheld { reasons, .. } => {
                if refusals::are_counted(platform) {
                    self.tell_refusal(reasons, at);
                }
                Ok(())
            }
            Fact::Redelivered(_) | Fact::WithheldCounted(_) | Fact::NotDelivered { .. } => Ok(()),
            Fact::AccountDeleted => {
                *self = Self { deleted: true, ..Self::default() };
                Ok(())
            }
            _ => Err(Undecidable::Misplaced("not a fact of a person's stream with an app")),
        }
    }

    /// Only what was released counts.
    fn count(
        &mut self,
        disclosed: &Disclosed,
        at: Timestamp,
        platform: &Platform,
        app: &AppId,
    ) -> Result<(), Undecidable> {
        let declaration = platform.apps.get(app).map(|app| &app.declaration);
        for item in disclosed.released.iter() {
            let line = declaration.and_then(|declaration| declaration.line(disclosed.purpose, item));
            let frequency =
                line.ok_or(Undecidable::Misplaced("a release of something undeclared"))?.frequency;
            let cell = self.cells.entry((disclosed.purpose, item)).or_insert(Cell { since: at, count: 0 });
            if cell.over(frequency, at) {
                *cell = Cell { since: at, count: 0 };
            }
            cell.count = cell.count.saturating_add(1);
        }
        Ok(())
    }
}
