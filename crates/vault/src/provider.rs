//! Who keeps the key above all keys: a file with a passphrase here, an HSM behind the same trait later.

use std::fmt;

use argon2::{Algorithm, Argon2, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use yinuo_domain::{Random, Suite};
use zeroize::Zeroizing;

use crate::nonces::Nonces;
use crate::sealed::{self, KeyRef, bind};
use crate::suite::{self, Key};
use crate::{ProviderError, Secret, VaultError};

/// Wraps the few keys at the top. What one context wrapped, another does not unwrap.
pub trait KeyProvider: Send + Sync {
    /// A word for the operator: which provider is missing.
    fn name(&self) -> &str;

    /// Encrypts `key`, bound to `context`.
    fn wrap(&self, context: &str, key: &[u8], random: &dyn Random) -> Result<Vec<u8>, ProviderError>;

    /// The key back, if it was wrapped here, in this context, and not changed since.
    fn unwrap(&self, context: &str, wrapped: &[u8]) -> Result<Secret, ProviderError>;
}

/// How much work one guess at the passphrase is (Argon2id, RFC 9106).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Params {
    /// For a real deployment: 64 MiB, three passes, one lane; about 0.2 s on one core.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// For a demonstration whose passphrase is no secret, and for tests: a few milliseconds.
    pub const DEMONSTRATION: Self = Self { memory_kib: 1024, passes: 1, lanes: 1 };

    /// A changed file must not make the program take all memory before the passphrase is even checked.
    const MAX: Self = Self { memory_kib: 1024 * 1024, passes: 32, lanes: 16 };

    fn check(self) -> Result<argon2::Params, ProviderError> {
        if self.memory_kib > Self::MAX.memory_kib
            || self.passes > Self::MAX.passes
            || self.lanes > Self::MAX.lanes
        {
            return Err(ProviderError::Params);
        }
        argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(ROOT_LEN))
            .map_err(|_| ProviderError::Params)
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Length of the root key and of what comes out of Argon2id, in bytes.
const ROOT_LEN: usize = 32;
const SALT_LEN: usize = 16;

/// The root key under a passphrase, as it is stored: JSON.
#[derive(Clone, Eq, PartialEq)]
pub struct RootFile {
    suite: Suite,
    params: Params,
    salt: [u8; SALT_LEN],
    root: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    suite: String,
    argon2id: Params,
    salt: String,
    root_key: String,
}

/// Why there is no nonce.
fn drawn(error: VaultError) -> ProviderError {
    match error {
        VaultError::Random(failed) => failed.into(),
        _ => ProviderError::RandomRepeats,
    }
}

const FORMAT: &str = "yinuo root key v1";
const MALFORMED: ProviderError = ProviderError::Malformed("root file");

impl RootFile {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProviderError> {
        let file = File {
            format: FORMAT.to_owned(),
            suite: self.suite.as_str().to_owned(),
            argon2id: self.params,
            salt: STANDARD.encode(self.salt),
            root_key: STANDARD.encode(&self.root),
        };
        let mut out = serde_json::to_vec_pretty(&file).map_err(|_| MALFORMED)?;
        out.push(b'\n');
        Ok(out)
    }

    /// From the bytes of the file.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, ProviderError> {
        let file: File = serde_json::from_slice(raw).map_err(|_| MALFORMED)?;
        let suite = Suite::parse(&file.suite).filter(|_| file.format == FORMAT).ok_or(MALFORMED)?;
        let salt = STANDARD.decode(&file.salt).map_err(|_| MALFORMED)?.try_into().map_err(|_| MALFORMED)?;
        let root = STANDARD.decode(&file.root_key).map_err(|_| MALFORMED)?;
        Ok(Self { suite, params: file.argon2id, salt, root })
    }

    /// How much work one guess at the passphrase is.
    pub fn params(&self) -> Params {
        self.params
    }

    /// The same root key under another passphrase: nothing below it is wrapped again. The old file still opens with
    /// the old passphrase, so it must be destroyed wherever it is.
    ///
    /// A source that gives the old file's salt again is refused.
    pub fn change_passphrase(
        &self,
        old: &[u8],
        new: &[u8],
        params: Params,
        random: &dyn Random,
    ) -> Result<Self, ProviderError> {
        let changed = Self::protect(self.suite, &self.open(old)?, new, params, random)?;
        if changed.salt == self.salt { Err(ProviderError::RandomRepeats) } else { Ok(changed) }
    }

    fn protect(
        suite: Suite,
        root: &[u8],
        passphrase: &[u8],
        params: Params,
        random: &dyn Random,
    ) -> Result<Self, ProviderError> {
        if passphrase.is_empty() {
            return Err(ProviderError::EmptyPassphrase);
        }
        let mut file = Self { suite, params, salt: random.bytes()?, root: Vec::new() };
        let nonce = Nonces::default().draw(random).map_err(drawn)?;
        // A source that is stuck has given root key, salt and nonce the same bytes.
        if file.salt.starts_with(&nonce) || root.starts_with(&nonce) || root.starts_with(&file.salt) {
            return Err(ProviderError::RandomRepeats);
        }
        let key = file.stretch(passphrase)?;
        let key = KeyRef { suite, number: 0, bytes: &key };
        file.root = sealed::seal(key, nonce, &file.bound(), root).map_err(|_| MALFORMED)?;
        Ok(file)
    }

    fn open(&self, passphrase: &[u8]) -> Result<Key, ProviderError> {
        let key = self.stretch(passphrase)?;
        let key = KeyRef { suite: self.suite, number: 0, bytes: &key };
        let root = sealed::open(key, &self.bound(), &self.root).map_err(|error| {
            if matches!(error, VaultError::Malformed(_)) { MALFORMED } else { ProviderError::WrongPassphrase }
        })?;
        if root.expose().len() != ROOT_LEN {
            return Err(MALFORMED);
        }
        Ok(Zeroizing::new(root.expose().to_vec()))
    }

    /// The key that the passphrase stands for.
    fn stretch(&self, passphrase: &[u8]) -> Result<Key, ProviderError> {
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.check()?);
        let mut out = Zeroizing::new([0; ROOT_LEN]);
        argon
            .hash_password_into(passphrase, &self.salt, out.as_mut_slice())
            .map_err(|_| ProviderError::Params)?;
        suite::derive(self.suite, out.as_slice(), b"yinuo/root/v1", suite::key_len(self.suite))
            .map_err(|_| MALFORMED)
    }

    fn bound(&self) -> Vec<u8> {
        bind(&[
            b"yinuo/root/v1",
            &[self.suite as u8],
            &self.params.memory_kib.to_be_bytes(),
            &self.params.passes.to_be_bytes(),
            &self.params.lanes.to_be_bytes(),
            &self.salt,
        ])
    }
}

/// A log with salt and wrapped key in it is all that guessing the passphrase needs.
impl fmt::Debug for RootFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootFile")
            .field("suite", &self.suite)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

/// A random root key, kept in a file under a passphrase.
pub struct PassphraseProvider {
    suite: Suite,
    root: Key,
    nonces: Nonces,
}

impl PassphraseProvider {
    /// Makes a new root key and the file that keeps it.
    pub fn create(
        suite: Suite,
        passphrase: &[u8],
        params: Params,
        random: &dyn Random,
    ) -> Result<(Self, RootFile), ProviderError> {
        let mut root = Zeroizing::new(vec![0; ROOT_LEN]);
        random.fill(&mut root)?;
        let file = RootFile::protect(suite, &root, passphrase, params, random)?;
        Ok((Self { suite, root, nonces: Nonces::default() }, file))
    }

    /// Takes the root key out of its file.
    pub fn unlock(file: &RootFile, passphrase: &[u8]) -> Result<Self, ProviderError> {
        Ok(Self { suite: file.suite, root: file.open(passphrase)?, nonces: Nonces::default() })
    }

    /// Each context has a wrapping key of its own.
    fn wrapping(&self, context: &str) -> Result<Key, ProviderError> {
        let info = bind(&[b"yinuo/provider/v1", context.as_bytes()]);
        suite::derive(self.suite, &self.root, &info, suite::key_len(self.suite)).map_err(|_| MALFORMED)
    }
}

impl KeyProvider for PassphraseProvider {
    fn name(&self) -> &str {
        "passphrase"
    }

    fn wrap(&self, context: &str, key: &[u8], random: &dyn Random) -> Result<Vec<u8>, ProviderError> {
        let wrapping = self.wrapping(context)?;
        let wrapping = KeyRef { suite: self.suite, number: 0, bytes: &wrapping };
        let nonce = self.nonces.draw(random).map_err(drawn)?;
        sealed::seal(wrapping, nonce, context.as_bytes(), key).map_err(|_| ProviderError::Malformed("key"))
    }

    fn unwrap(&self, context: &str, wrapped: &[u8]) -> Result<Secret, ProviderError> {
        let wrapping = self.wrapping(context)?;
        let wrapping = KeyRef { suite: self.suite, number: 0, bytes: &wrapping };
        sealed::open(wrapping, context.as_bytes(), wrapped).map_err(|error| {
            if matches!(error, VaultError::Malformed(_)) {
                ProviderError::Malformed("wrapped key")
            } else {
                ProviderError::NotAuthentic
            }
        })
    }
}

impl fmt::Debug for PassphraseProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassphraseProvider[secret]")
    }
}
