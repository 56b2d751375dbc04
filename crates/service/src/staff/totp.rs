//! One-time passwords (RFC 6238): six digits, thirty seconds, one step of leeway to each side.

use std::fmt;

use totp_rs::{Algorithm, Builder, Secret};
use yinuo_domain::Timestamp;

/// How long a step is, in seconds (RFC 6238 §5.2).
const STEP_S: u64 = 30;
/// How many characters a password has.
const DIGITS: u8 = 6;

/// A secret of one-time passwords. Whoever knows it can sign in: it is shown once and then only kept sealed.
pub struct Totp(totp_rs::Totp);

impl Totp {
    /// Of 20 bytes nobody can guess (RFC 4226 §4 R6). SHA-1, because apps on telephones know nothing else; HMAC does
    /// not rest on what is broken about it.
    pub fn of(secret: [u8; 20]) -> Self {
        Self::with(Secret::new_stack(secret))
    }

    /// Of the text that is shown.
    pub fn parse(base32: &str) -> Option<Self> {
        let secret = Secret::try_from_base32(base32).ok()?;
        (secret.as_bytes().len() == 20).then(|| Self::with(secret))
    }

    fn with(secret: Secret) -> Self {
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_skew(1);
        Self(builder.with_step_duration(STEP_S).with_secret(secret).build_noncompliant())
    }

    /// The password at a time.
    pub fn code_at(&self, now: Timestamp) -> String {
        self.0.generate(now.0 / Timestamp::SECOND_MS).to_string()
    }

    /// The step that a password is of, if it is one of now. Compared without telling by its duration how far it agrees.
    pub(crate) fn step(&self, typed: &str, now: Timestamp) -> Option<u64> {
        let plain = typed.len() == usize::from(DIGITS) && typed.bytes().all(|byte| byte.is_ascii_digit());
        if plain { self.0.check(typed, now.0 / Timestamp::SECOND_MS) } else { None }
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 20] = *b"12345678901234567890";

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000)
    }

    /// RFC 6238 appendix B, cut to six digits (RFC 4226 §5.3).
    #[test]
    fn the_passwords_are_those_of_the_standard() {
        let totp = Totp::of(SECRET);
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.code_at(at(seconds)), expected);
            assert_eq!(totp.step(expected, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_password_is_good_one_step_early_and_one_late_and_no_more() {
        let totp = Totp::of(SECRET);
        let now = 2_000_000_010;
        for (seconds, good) in [(-61, false), (-30, true), (0, true), (30, true), (61, false)] {
            let then = u64::try_from(now + seconds).unwrap();
            let code = totp.code_at(at(then));
            assert_eq!(totp.step(&code, at(now as u64)), good.then_some(then / 30), "{seconds}");
        }
    }

    #[test]
    fn what_is_not_six_digits_is_no_password() {
        let totp = Totp::of(SECRET);
        for typed in ["", "28708", "2870822", " 287082", "28708２", "+87082", "287 082"] {
            assert_eq!(totp.step(typed, at(59)), None, "{typed}");
        }
        assert_eq!(format!("{totp:?}"), "Totp[secret]");
    }
}
