//! The platform changes: rules in force, partners, apps, notices.

use std::sync::Arc;

use yinuo_core::DECISION_VERSION;
use yinuo_domain::{
    AppId, Command, Declaration, Digest, Notice, PartnerId, PartnerProfile, PlatformChange, Refusal, Salt,
    StaffId,
};
use yinuo_ledger::{Answered, Submission};
use yinuo_rules::DocumentError;

use crate::{Gateway, Unavailable};

/// Why the platform did not change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The command was refused.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The document cannot be written down.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Nothing can be recorded.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Gateway {
    /// Puts the embedded rules and decision code in force, and publishes the rules as documents.
    pub async fn activate_engine(&self, by: &StaffId) -> Result<(), ChangeError> {
        let suite = self.parts.vault.suite();
        let engine = self.packs.engine(suite, DECISION_VERSION);
        let documents = self.packs.sources().map(|bytes| self.document_of(bytes.to_vec())).collect();
        self.change(by, PlatformChange::ActivateEngine(engine), documents).await
    }

    /// Registers a partner.
    pub async fn register_partner(&self, by: &StaffId, profile: &PartnerProfile) -> Result<(), ChangeError> {
        let (document, bytes) = self.document_of(yinuo_rules::partner_bytes(profile)?);
        let change = PlatformChange::RegisterPartner { document, bytes: bytes.clone() };
        self.change(by, change, vec![(document, bytes)]).await
    }

    /// Puts another profile in place of a partner's. When this returns, nothing beyond its ceiling can leave any more.
    pub async fn revise_partner(&self, by: &StaffId, profile: &PartnerProfile) -> Result<(), ChangeError> {
        let (document, bytes) = self.document_of(yinuo_rules::partner_bytes(profile)?);
        let partner = profile.partner.clone();
        let change = PlatformChange::RevisePartner { partner, document, bytes: bytes.clone() };
        self.change(by, change, vec![(document, bytes)]).await
    }

    /// Declares an app, or declares it anew.
    pub async fn declare_app(&self, by: &StaffId, declaration: &Declaration) -> Result<(), ChangeError> {
        let (document, bytes) = self.document_of(yinuo_rules::declaration_bytes(declaration)?);
        let change = PlatformChange::DeclareApp { document, bytes: bytes.clone() };
        self.change(by, change, vec![(document, bytes)]).await
    }

    /// Publishes what people are told.
    pub async fn publish_notice(&self, by: &StaffId, notice: &Notice) -> Result<(), ChangeError> {
        let (document, bytes) = self.document_of(yinuo_rules::notice_bytes(notice)?);
        let change = PlatformChange::PublishNotice { document, bytes: bytes.clone() };
        self.change(by, change, vec![(document, bytes)]).await
    }

    /// Stops a partner for now. When this returns, nothing more can leave to it.
    pub async fn suspend_partner(&self, by: &StaffId, partner: &PartnerId) -> Result<(), ChangeError> {
        self.change(by, PlatformChange::SuspendPartner(partner.clone()), Vec::new()).await
    }

    /// Lets a suspended partner go on.
    pub async fn reinstate_partner(&self, by: &StaffId, partner: &PartnerId) -> Result<(), ChangeError> {
        self.change(by, PlatformChange::ReinstatePartner(partner.clone()), Vec::new()).await
    }

    /// Ends a partner for good.
    pub async fn terminate_partner(&self, by: &StaffId, partner: &PartnerId) -> Result<(), ChangeError> {
        self.change(by, PlatformChange::TerminatePartner(partner.clone()), Vec::new()).await
    }

    /// Takes an app offline.
    pub async fn hide_app(&self, by: &StaffId, app: &AppId) -> Result<(), ChangeError> {
        self.change(by, PlatformChange::HideApp(app.clone()), Vec::new()).await
    }

    /// Brings an app back.
    pub async fn show_app(&self, by: &StaffId, app: &AppId) -> Result<(), ChangeError> {
        self.change(by, PlatformChange::ShowApp(app.clone()), Vec::new()).await
    }

    fn document_of(&self, bytes: Vec<u8>) -> (Digest, Arc<[u8]>) {
        (self.parts.vault.hash(&bytes), bytes.into())
    }

    pub(crate) async fn change(
        &self,
        by: &StaffId,
        change: PlatformChange,
        documents: Vec<(Digest, Arc<[u8]>)>,
    ) -> Result<(), ChangeError> {
        let command = Command::Platform { by: by.clone(), change };
        let submission = Submission { documents, ..Submission::new(command, Salt(self.random()?)) };
        self.changed(submission).await
    }

    /// Hands a change of the platform in, with whatever travels with it.
    pub(crate) async fn changed(&self, submission: Submission) -> Result<(), ChangeError> {
        match self.submit(submission).await? {
            Answered::Done => Ok(()),
            Answered::Refused(refusal) => Err(ChangeError::Refused(refusal)),
            Answered::Released { .. } | Answered::Viewed(_) | Answered::Withheld { .. } => {
                Err(ChangeError::Refused(Refusal::NotLoaded))
            }
        }
    }
}

/// What the platform holds now, for who brings a declared one in.
impl Gateway {
    /// Whether rules and decision code are in force.
    pub fn engine_is_active(&self) -> bool {
        self.platform().engine.is_some()
    }

    /// Every item there is.
    pub fn items(&self) -> &'static yinuo_rules::Catalogue {
        self.catalogue()
    }

    /// Whether a partner was ever registered under this id.
    pub fn knows_partner(&self, partner: &PartnerId) -> bool {
        self.platform().partners.contains_key(partner)
    }

    /// What an app declares now.
    pub fn declared(&self, app: &AppId) -> Option<Arc<Declaration>> {
        self.platform().apps.get(app).map(|app| app.declaration.clone())
    }

    /// The version of an app's notice; 0 before the first.
    pub fn notice_version(&self, app: &AppId) -> u32 {
        self.platform()
            .apps
            .get(app)
            .and_then(|app| app.notice.as_ref().map(|(_, notice)| notice.version))
            .unwrap_or(0)
    }
}
