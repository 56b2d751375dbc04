//! What staff sign in with: the secrets of one-time passwords.

use yinuo_domain::{Random, StaffId};

use super::{KeyRef, Parsed, Vault, sealed, wrapping_bound};
use crate::sealed::bind;
use crate::{Secret, VaultError};

/// What a secret of one-time passwords is sealed for.
const TOTP: &[u8] = b"yinuo/staff/totp/v1";

impl Vault {
    /// Seals the secret of a member of staff, bound to them and to their appointment.
    pub fn seal_totp(
        &self,
        staff: &StaffId,
        generation: &[u8; 16],
        secret: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, VaultError> {
        let place = bind(&[TOTP, staff.as_str().as_bytes(), generation]);
        let (epoch, key) = self.epochs.current(self.suite, &place)?;
        let key = KeyRef { suite: self.suite, number: epoch, bytes: &key };
        sealed::seal(key, self.nonces.draw(random)?, &wrapping_bound(&place, key), secret)
    }

    /// The secret back.
    pub fn open_totp(
        &self,
        staff: &StaffId,
        generation: &[u8; 16],
        bytes: &[u8],
    ) -> Result<Secret, VaultError> {
        let epoch = Parsed::of(bytes)?.number;
        let place = bind(&[TOTP, staff.as_str().as_bytes(), generation]);
        let key = self.epochs.of(self.suite, epoch, &place)?;
        let key = KeyRef { suite: self.suite, number: epoch, bytes: &key };
        sealed::open(key, &wrapping_bound(&place, key), bytes)
    }
}

#[cfg(test)]
mod tests {
    use yinuo_domain::{RandomFailed, Suite};

    use super::*;
    use crate::{Params, PassphraseProvider};

    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
            let byte = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            out.fill(byte);
            Ok(())
        }
    }

    #[test]
    fn a_secret_opens_for_its_owner_and_appointment_only() {
        for suite in [Suite::Guomi, Suite::International] {
            let random = Counting(1.into());
            let (provider, _) =
                PassphraseProvider::create(suite, b"test", Params::DEMONSTRATION, &random).unwrap();
            let (vault, _) = Vault::create(suite, &provider, &random).unwrap();
            let (lin, wei) = (StaffId::parse("lin").unwrap(), StaffId::parse("wei").unwrap());
            let sealed = vault.seal_totp(&lin, &[7; 16], b"invented secret", &random).unwrap();
            assert_eq!(vault.open_totp(&lin, &[7; 16], &sealed).unwrap().expose(), b"invented secret");
            assert!(vault.open_totp(&wei, &[7; 16], &sealed).is_err(), "another one");
            assert!(vault.open_totp(&lin, &[8; 16], &sealed).is_err(), "another appointment");
            for bit in 0..sealed.len() * 8 {
                let mut changed = sealed.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(vault.open_totp(&lin, &[7; 16], &changed).is_err(), "bit {bit}");
            }
        }
    }
}
