//! The keys, open for a change: for the commands of `yinuo keys`, never in a process that serves.

use std::path::{Path, PathBuf};

use yinuo_domain::Random;
use yinuo_vault::signing::{Ed25519Key, Sm2Key};
use yinuo_vault::{KeyringFile, Params, PassphraseProvider, RootFile, Vault};

use super::files::{Held, Prepared};
use super::{ED25519, KEYRING, KeysError, ROOT, SM2, read_ours};

/// Everything below `keys/`, unlocked and held.
pub(crate) struct Ring {
    keys: PathBuf,
    root: RootFile,
    provider: PassphraseProvider,
    keyring: KeyringFile,
}

impl Ring {
    /// Unlocks the keys below `dir`, which the caller holds.
    pub(crate) fn unlock(dir: &Path, passphrase: &[u8]) -> Result<Self, KeysError> {
        let keys = dir.join("keys");
        let root = RootFile::from_bytes(&read_ours(&keys.join(ROOT))?)?;
        let provider = PassphraseProvider::unlock(&root, passphrase)?;
        let keyring = KeyringFile::from_bytes(&read_ours(&keys.join(KEYRING))?)?;
        Ok(Self { keys, root, provider, keyring })
    }

    /// The vault of these keys.
    pub(crate) fn vault(&self) -> Result<Vault, KeysError> {
        Ok(Vault::unlock(&self.provider, &self.keyring)?)
    }

    /// Adds the key of a new epoch, in memory and on disk.
    pub(crate) fn add_epoch(&mut self, held: &Held, random: &dyn Random) -> Result<(), KeysError> {
        let keyring = self.keyring.with_new_epoch(&self.provider, random)?;
        held.prepare(&[(KEYRING, keyring.to_bytes()?)])?.put()?;
        self.keyring = keyring;
        Ok(())
    }

    /// The same root key under another passphrase, ready to be put in place.
    pub(crate) fn under<'a>(
        &self,
        held: &'a Held,
        old: &[u8],
        new: &[u8],
        random: &dyn Random,
    ) -> Result<Prepared<'a>, KeysError> {
        let root = self.root.change_passphrase(old, new, self.at_least(), random)?;
        held.prepare(&[(ROOT, root.to_bytes()?)])
    }

    /// All keys but that of `epoch`, under a new root key and another passphrase, ready to be put in place. An old copy
    /// of the keys opens only with the old passphrase, and nothing of today opens it.
    pub(crate) fn without_epoch<'a>(
        &self,
        held: &'a Held,
        epoch: u32,
        passphrase: &[u8],
        random: &dyn Random,
    ) -> Result<Prepared<'a>, KeysError> {
        let (old, suite) = (&self.provider, self.keyring.suite());
        let (new, root) = PassphraseProvider::create(suite, passphrase, self.at_least(), random)?;
        let keyring = self.keyring.without_epoch(epoch)?.moved(old, &new, random)?;
        let ed25519 = Ed25519Key::from_protected(old, &read_ours(&self.keys.join(ED25519))?)?;
        let sm2 = Sm2Key::from_protected(old, &read_ours(&self.keys.join(SM2))?)?;
        held.prepare(&[
            (ROOT, root.to_bytes()?),
            (KEYRING, keyring.to_bytes()?),
            (ED25519, ed25519.to_protected(&new, random)?),
            (SM2, sm2.to_protected(&new, random)?),
        ])
    }

    /// The epochs in the keyring, ascending.
    pub(crate) fn epochs(&self) -> Vec<u32> {
        self.keyring.epochs()
    }

    /// Never less work for a guess than before: a demonstration's few stay few, a deployment's are as many as today.
    fn at_least(&self) -> Params {
        let found = self.root.params();
        if found == Params::DEMONSTRATION { found } else { Params::DEFAULT }
    }
}
