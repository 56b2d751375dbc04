//! A person deletes their account: one fact in each of their streams, and every key to their values is gone.

use yinuo_domain::{Command, Salt};
use yinuo_ledger::{Answered, Submission};

use crate::{Gateway, PageError, Session};

impl Gateway {
    /// Deletes. When this returns, no key that opens a value of this person is left in the live store; the key that
    /// finds their disclosure records stays, sealed, until the retention of those records ends (PIPL 47).
    pub async fn delete_account(&self, session: &Session) -> Result<(), PageError> {
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let command = Command::DeleteAccount { subject: held.subject, own: held.own };
        let submission = Submission {
            retired: Some(held.wrapped.tag_key_only().to_bytes()),
            ..Submission::new(command, Salt(self.random()?))
        };
        match self.submit(submission).await? {
            Answered::Done => Ok(()),
            Answered::Refused(refusal) => Err(PageError::Refused(refusal)),
            Answered::Released { .. } | Answered::Withheld { .. } => Err(PageError::NotFound),
        }
    }
}
