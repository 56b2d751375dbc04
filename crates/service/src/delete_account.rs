//! A person deletes their account: one fact in each of their streams, and every key to their values is gone.

use yinuo_domain::{Command, Salt, SubjectKey};
use yinuo_ledger::{Answered, Submission};
use yinuo_vault::WrappedKeys;

use crate::{Gateway, PageError, Session, Unavailable};

impl Gateway {
    /// Deletes. When this returns, no key that opens a value of this person is left in the live store; the key that
    /// finds their disclosure records stays, sealed, until the retention of those records ends (PIPL 47).
    pub async fn delete_account(&self, session: &Session) -> Result<(), PageError> {
        let held = self.hold(session.subject)?.ok_or(PageError::NotFound)?;
        let (subject, own, tag_key) = (held.subject, held.own, held.wrapped.clone().tag_key_only());
        // The commit drops what is kept of this person; what is held here must not outlive it.
        drop(held);
        let command = Command::DeleteAccount { subject, own };
        // Nothing new is kept under an earlier epoch.
        let again = self.parts.vault.rewrap(subject, &tag_key, self.parts.random.as_ref());
        let again = again.map_err(|error| {
            tracing::error!(%error, "could not wrap a tag key again");
            Unavailable::again_after(30)
        })?;
        let submission = Submission {
            retired: Some(retired(subject, &again.unwrap_or(tag_key))),
            ..Submission::new(command, Salt(self.random()?))
        };
        match self.submit(submission).await? {
            Answered::Done => Ok(()),
            Answered::Refused(refusal) => Err(PageError::Refused(refusal)),
            Answered::Released { .. } | Answered::Viewed(_) | Answered::Withheld { .. } => {
                Err(PageError::NotFound)
            }
        }
    }
}

/// What stays: the surrogate, which by now points at no other row but is needed to unwrap, and the wrapped tag key.
fn retired(subject: SubjectKey, tag_key: &WrappedKeys) -> Vec<u8> {
    [subject.as_bytes(), &tag_key.to_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yinuo_domain::{AppId, Random, RandomFailed, Suite};
    use yinuo_vault::{Params, PassphraseProvider, Vault};

    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
            out.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).wrapping_mul(151));
            Ok(())
        }
    }

    /// Within the retention of disclosure records the person's entries can be found again, and nothing be opened.
    #[test]
    fn the_retired_key_still_gives_the_same_tags() {
        let random = Counting(std::sync::atomic::AtomicU8::new(3));
        let (provider, _) =
            PassphraseProvider::create(Suite::Guomi, b"test", Params::DEMONSTRATION, &random).unwrap();
        let (vault, _) = Vault::create(Suite::Guomi, &provider, &random).unwrap();
        let subject = SubjectKey([7; 16]);
        let wrapped = vault.new_subject(subject, &random).unwrap();
        let app = AppId::parse("courier").unwrap();
        let tag = vault.tag(&vault.unwrap(subject, &wrapped).unwrap(), Some(&app));

        let kept = retired(subject, &wrapped.tag_key_only());
        let (whose, keys) = kept.split_at(SubjectKey::LEN);
        let found =
            vault.unwrap(SubjectKey::from_slice(whose).unwrap(), &WrappedKeys::from_bytes(keys).unwrap());
        assert_eq!(vault.tag(&found.unwrap(), Some(&app)), tag);
    }
}
