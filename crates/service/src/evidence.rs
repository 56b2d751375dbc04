//! What binds a consent to the act of giving it.

use yinuo_domain::{Choice, Commitment, Timestamp};
use yinuo_vault::{SubjectKeys, Vault};

use crate::Agreement;

/// Commits to what was shown and what was chosen. The salt comes from the person's own key and dies with it, so that
/// nobody who reads the log can test guesses of what somebody saw.
pub(crate) fn of_consent(
    vault: &Vault,
    keys: &SubjectKeys,
    agreement: &Agreement,
    choices: &[Choice],
    expires_at: Timestamp,
) -> Commitment {
    let mut act = Vec::with_capacity(256);
    act.extend_from_slice(agreement.shown.as_bytes());
    act.extend_from_slice(&expires_at.0.to_be_bytes());
    act.push(u8::from(agreement.guardian_agreed));
    for choice in choices {
        act.extend_from_slice(&choice.purpose.0.to_be_bytes());
        act.extend_from_slice(&choice.shown.to_bytes());
        act.extend_from_slice(&choice.chosen.to_bytes());
    }
    let salt = vault.salt(keys, "yinuo/consent-evidence", agreement.request_uri.as_bytes());
    vault.commitment(&salt, "yinuo/consent-evidence", &act)
}
