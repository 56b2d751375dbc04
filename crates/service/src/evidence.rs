//! What binds a consent to the act of giving it.

use yinuo_domain::{Choice, Commitment, Digest, Guardian, Salt, Timestamp};
use yinuo_vault::{SubjectKeys, Vault};

/// Commits to what was shown and what was chosen. All of it can be made again from the fact and its documents; the
/// salt comes from the person's own key and the leaf's salt and dies with the key, so that nobody who reads the log can
/// test guesses of what somebody saw, while the person and the platform can show it. Of whoever signed in for exactly
/// this, it covers the nonce and the digest of what the identity provider signed as well (`signed_in`).
#[expect(clippy::too_many_arguments, reason = "each is a part of the act")]
pub(crate) fn of_consent(
    vault: &Vault,
    keys: &SubjectKeys,
    leaf: Salt,
    shown: Digest,
    choices: &[Choice],
    expires_at: Timestamp,
    guardian: Guardian,
    signed_in: Option<&[u8]>,
) -> Commitment {
    let mut act = Vec::with_capacity(256);
    act.extend_from_slice(shown.as_bytes());
    act.extend_from_slice(&expires_at.0.to_be_bytes());
    act.push(guardian as u8);
    for choice in choices {
        act.extend_from_slice(&choice.purpose.0.to_be_bytes());
        act.extend_from_slice(&choice.shown.to_bytes());
        act.extend_from_slice(&choice.chosen.to_bytes());
    }
    let salt = vault.salt(keys, "yinuo/consent-evidence", leaf.as_bytes());
    match signed_in {
        None => vault.commitment(&salt, "yinuo/consent-evidence", &act),
        Some(signed) => {
            act.extend_from_slice(signed);
            vault.commitment(&salt, "yinuo/consent-evidence/signed-in", &act)
        }
    }
}
