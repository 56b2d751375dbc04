//! A person takes back what they allowed: wholly, or item by item.

use std::collections::BTreeMap;

use yinuo_domain::{AppId, Command, ItemSet, Purpose, Refusal, Salt, WithdrawalScope};
use yinuo_ledger::{Answered, Submission};

use crate::{Gateway, PageError, Session};

/// How much is taken back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Withdrawing {
    /// Everything this app may receive.
    Whole,
    /// These: purpose id and item id.
    Items(Vec<(String, String)>),
}

impl Gateway {
    /// Takes back. When this returns, nothing that was allowed before can still leave.
    pub async fn withdraw(&self, session: &Session, app: &AppId, what: Withdrawing) -> Result<(), PageError> {
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let scope = match what {
            Withdrawing::Whole => WithdrawalScope::Whole,
            Withdrawing::Items(parts) => WithdrawalScope::Items(self.parts_of(&parts)?),
        };
        let tag = self.tag(&held, app);
        let command = Command::Withdraw { subject: held.subject, app: app.clone(), tag, scope };
        match self.submit(Submission::new(command, Salt(self.random()?))).await? {
            Answered::Done => Ok(()),
            // Taking back twice is not a mistake: it is taken back.
            Answered::Refused(Refusal::AlreadyWithdrawn | Refusal::NothingToWithdraw) => Ok(()),
            Answered::Refused(Refusal::NoGrant) => Err(PageError::NotFound),
            Answered::Refused(refusal) => Err(PageError::Refused(refusal)),
            Answered::Released { .. } | Answered::Withheld { .. } => Err(PageError::NotFound),
        }
    }

    fn parts_of(&self, parts: &[(String, String)]) -> Result<Vec<(Purpose, ItemSet)>, PageError> {
        let platform = self.platform();
        let mut taken: BTreeMap<Purpose, ItemSet> = BTreeMap::new();
        for (purpose, item) in parts {
            let purpose = platform.purposes.iter().find(|(_, id)| id.as_str() == purpose);
            let (Some((purpose, _)), Some(entry)) = (purpose, self.catalogue().by_id(item)) else {
                return Err(PageError::NotFound);
            };
            taken.entry(*purpose).or_default().insert(entry.item);
        }
        Ok(taken.into_iter().collect())
    }
}
