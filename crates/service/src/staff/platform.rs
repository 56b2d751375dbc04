//! What staff see of partners and apps, and what an operator may do to them.

use yinuo_core::{AppStatus, PartnerStatus};
use yinuo_domain::{AppId, LocalText, PartnerId, PlatformChange, Role};

use super::StaffSession;
use crate::{ChangeError, Gateway};

/// A partner and its apps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartnerLine {
    /// Which.
    pub partner: PartnerId,
    /// What it is called.
    pub name: LocalText,
    /// What it may do: `active`, `suspended` or `terminated`.
    pub status: &'static str,
    /// Its apps.
    pub apps: Vec<AppLine>,
}

/// An app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppLine {
    /// Which.
    pub app: AppId,
    /// What it is called.
    pub name: LocalText,
    /// `live` or `hidden`.
    pub status: &'static str,
}

/// What an operator may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StaffAct {
    /// Stops a partner for now.
    Suspend(PartnerId),
    /// Lets it go on.
    Reinstate(PartnerId),
    /// Takes an app offline.
    Hide(AppId),
    /// Brings it back.
    Show(AppId),
}

impl StaffAct {
    /// The act of this word on this partner or app.
    pub fn parse(act: &str, of: &str) -> Option<Self> {
        Some(match act {
            "suspend" => Self::Suspend(PartnerId::parse(of).ok()?),
            "reinstate" => Self::Reinstate(PartnerId::parse(of).ok()?),
            "hide" => Self::Hide(AppId::parse(of).ok()?),
            "show" => Self::Show(AppId::parse(of).ok()?),
            _ => return None,
        })
    }

    /// The word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Suspend(_) => "suspend",
            Self::Reinstate(_) => "reinstate",
            Self::Hide(_) => "hide",
            Self::Show(_) => "show",
        }
    }

    /// Of whom or what.
    pub fn of(&self) -> &str {
        match self {
            Self::Suspend(partner) | Self::Reinstate(partner) => partner.as_str(),
            Self::Hide(app) | Self::Show(app) => app.as_str(),
        }
    }
}

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum StaffActError {
    /// Their role sees and changes nothing.
    #[error("this role changes nothing")]
    Role,
    /// The platform did not change.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Gateway {
    /// Every partner with its apps.
    pub fn staff_partners(&self, _: &StaffSession) -> Vec<PartnerLine> {
        let platform = self.platform();
        let apps_of = |partner: &PartnerId| {
            let of = platform.apps.iter().filter(|(_, app)| app.declaration.partner == *partner);
            let line = |(id, app): (&AppId, &yinuo_core::App)| AppLine {
                app: id.clone(),
                name: app.declaration.name.clone(),
                status: match app.status {
                    AppStatus::Live => "live",
                    AppStatus::Hidden => "hidden",
                },
            };
            of.map(line).collect()
        };
        let line = |(id, partner): (&PartnerId, &yinuo_core::Partner)| PartnerLine {
            partner: id.clone(),
            name: partner.profile.name.clone(),
            status: match partner.status {
                PartnerStatus::Active => "active",
                PartnerStatus::Suspended => "suspended",
                PartnerStatus::Terminated => "terminated",
            },
            apps: apps_of(id),
        };
        platform.partners.iter().map(line).collect()
    }

    /// Does it, in the name of whoever is signed in, if they are an operator.
    pub async fn staff_act(&self, session: &StaffSession, act: StaffAct) -> Result<(), StaffActError> {
        self.staff_may(session)?;
        let change = match act {
            StaffAct::Suspend(partner) => PlatformChange::SuspendPartner(partner),
            StaffAct::Reinstate(partner) => PlatformChange::ReinstatePartner(partner),
            StaffAct::Hide(app) => PlatformChange::HideApp(app),
            StaffAct::Show(app) => PlatformChange::ShowApp(app),
        };
        Ok(self.change(&session.staff, change, Vec::new()).await?)
    }

    /// Whether they may change anything, by the role they have at this moment.
    pub fn staff_may(&self, session: &StaffSession) -> Result<(), StaffActError> {
        match self.platform().staff.get(&session.staff) {
            Some(Role::Operator) => Ok(()),
            Some(Role::Auditor) | None => Err(StaffActError::Role),
        }
    }
}
