//! Keys on disk: the root key under a passphrase, what it wraps, and the log's public keys for everybody.
//!
//! ```text
//! keys/root.json      the root key, under the passphrase     0600
//! keys/vault.json     the vault's epoch keys, wrapped        0600
//! keys/log-ed25519    the log's Ed25519 key, wrapped         0600
//! keys/log-sm2        the log's SM2 key, wrapped             0600
//! log.vkeys           the log's public keys, one a line
//! ```

pub(crate) mod command;
pub(crate) mod files;
mod ring;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use yinuo_domain::{Random, Suite};
use yinuo_ledger::HeadSigner;
use yinuo_vault::signing::{Ed25519Key, Sm2Key};
use yinuo_vault::{
    KeyProvider, KeyringFile, Params, PassphraseProvider, ProviderError, RootFile, Vault, VaultError,
};

use crate::directory::{DirectoryError, Made};
use crate::passphrase::{self, PassphraseError};
use crate::signer::{Ed25519Signer, Sm2Signer};

/// The root key, under the passphrase.
const ROOT: &str = "root.json";
/// The vault's epoch keys, wrapped.
const KEYRING: &str = "vault.json";
/// The log's signing keys, wrapped.
const ED25519: &str = "log-ed25519";
const SM2: &str = "log-sm2";

/// Everything that was unlocked.
pub(crate) struct Keys {
    pub(crate) vault: Arc<Vault>,
    pub(crate) signers: Vec<Arc<dyn HeadSigner>>,
}

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    #[error("cannot read or write {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error(
        "{} can be read by others (mode {mode:o}): `chmod 600 {}` makes it yours alone",
        path.display(), path.display()
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("another command is changing the keys in {}", .0.display())]
    InUse(PathBuf),
    #[error("the keys in {} belong to suite {}; start with that suite", path.display(), found.as_str())]
    OtherSuite { path: PathBuf, found: Suite },
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Why the keys of a data directory are not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnlockError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("the keys cannot be unlocked")]
    Keys(#[from] KeysError),
}

/// The keys of a data directory, by the passphrase that its operator gives, for a command that opens nothing else of it.
pub(crate) fn unlock(dir: &Path, passphrase_file: Option<&Path>) -> Result<(Made, Keys), UnlockError> {
    let made = Made::read(dir)?;
    let passphrase = passphrase::of(dir, passphrase_file, made.demonstration)?;
    let keys = Keys::unlock(dir, made.suite, passphrase.as_bytes())?;
    Ok((made, keys))
}

impl Keys {
    /// Whether there are keys below `dir`.
    pub(crate) fn exist(dir: &Path) -> bool {
        dir.join("keys").join(ROOT).exists()
    }

    /// Whether guessing the passphrase of the keys below `dir` is less work than in a real deployment.
    pub(crate) fn are_weak(dir: &Path) -> Result<bool, KeysError> {
        let root = RootFile::from_bytes(&read(&dir.join("keys").join(ROOT))?)?;
        let (found, least) = (root.params(), Params::DEFAULT);
        Ok(found.memory_kib < least.memory_kib || found.passes < least.passes)
    }

    /// Makes the keys of a new directory.
    pub(crate) fn create(
        dir: &Path,
        suite: Suite,
        passphrase: &[u8],
        params: Params,
        random: &dyn Random,
    ) -> Result<Self, KeysError> {
        let keys = &dir.join("keys");
        private_dir(keys)?;
        let (provider, root) = PassphraseProvider::create(suite, passphrase, params, random)?;
        let (vault, keyring) = Vault::create(suite, &provider, random)?;
        let ed25519 = Ed25519Key::generate(random)?;
        let sm2 = Sm2Key::generate(random)?;
        write_private(&keys.join(KEYRING), &keyring.to_bytes()?)?;
        write_private(&keys.join(ED25519), &ed25519.to_protected(&provider, random)?)?;
        write_private(&keys.join(SM2), &sm2.to_protected(&provider, random)?)?;
        // Last: as long as it is missing, nothing was made.
        write_private(&keys.join(ROOT), &root.to_bytes()?)?;
        Self::with(vault, ed25519, sm2)
    }

    /// Unlocks the keys below `dir`.
    pub(crate) fn unlock(dir: &Path, suite: Suite, passphrase: &[u8]) -> Result<Self, KeysError> {
        let _at_rest = files::at_rest(dir)?;
        Self::unlock_held(dir, suite, passphrase)
    }

    /// The same for who holds the files.
    pub(crate) fn unlock_held(dir: &Path, suite: Suite, passphrase: &[u8]) -> Result<Self, KeysError> {
        let keys = &dir.join("keys");
        let root = RootFile::from_bytes(&read_ours(&keys.join(ROOT))?)?;
        let provider: &dyn KeyProvider = &PassphraseProvider::unlock(&root, passphrase)?;
        let keyring = KeyringFile::from_bytes(&read_ours(&keys.join(KEYRING))?)?;
        if keyring.suite() != suite {
            return Err(KeysError::OtherSuite { path: keys.clone(), found: keyring.suite() });
        }
        let vault = Vault::unlock(provider, &keyring)?;
        let ed25519 = Ed25519Key::from_protected(provider, &read_ours(&keys.join(ED25519))?)?;
        let sm2 = Sm2Key::from_protected(provider, &read_ours(&keys.join(SM2))?)?;
        Self::with(vault, ed25519, sm2)
    }

    fn with(vault: Vault, ed25519: Ed25519Key, sm2: Sm2Key) -> Result<Self, KeysError> {
        let sm2 = Sm2Signer::new(sm2).ok_or(VaultError::Malformed("signing key"))?;
        Ok(Self { vault: Arc::new(vault), signers: vec![Arc::new(Ed25519Signer(ed25519)), Arc::new(sm2)] })
    }
}

/// Writes the log's public keys for everybody, beside the data: whoever verifies takes a copy of their own.
pub(crate) fn publish(dir: &Path, verifier_keys: &str) -> Result<(), KeysError> {
    let path = dir.join("log.vkeys");
    if fs::read(&path).is_ok_and(|found| found == verifier_keys.as_bytes()) {
        return Ok(());
    }
    fs::write(&path, verifier_keys).map_err(|cause| KeysError::File { path, cause })
}

/// A directory that only its owner enters.
pub(crate) fn private_dir(path: &Path) -> Result<(), KeysError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|cause| KeysError::File { path: path.to_owned(), cause })
}

/// A new file that only its owner reads, on disk when this returns.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let failed = |cause| KeysError::File { path: path.to_owned(), cause };
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

/// A file that only its owner reads.
pub(crate) fn read_ours(path: &Path) -> Result<Vec<u8>, KeysError> {
    files::only_ours(path)?;
    read(path)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, KeysError> {
    fs::read(path).map_err(|cause| KeysError::File { path: path.to_owned(), cause })
}
