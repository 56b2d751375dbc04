//! The file that holds a vault's epoch keys and index key, each wrapped by the key provider.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use yinuo_domain::{Random, Suite};

use crate::vault::{MAC_KEY_LEN, draw_key, epoch_context, index_context};
use crate::{KeyProvider, VaultError};

/// A vault's keys as they are stored: JSON. Useless without the provider that wrapped them, and still kept from
/// other users of the machine. Losing it loses every value, so it is backed up apart from the values.
#[derive(Clone, Eq, PartialEq)]
pub struct KeyringFile {
    pub(crate) suite: Suite,
    /// The provider's name, to say which one is missing.
    pub(crate) provider: String,
    /// Epoch keys by epoch, at least one, ascending. The last one wraps new keys.
    pub(crate) epochs: Vec<(u32, Vec<u8>)>,
    pub(crate) index: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    suite: String,
    provider: String,
    epochs: Vec<Epoch>,
    index_key: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    epoch: u32,
    key: String,
}

const FORMAT: &str = "yinuo keyring v1";

impl KeyringFile {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VaultError> {
        let file = File {
            format: FORMAT.to_owned(),
            suite: self.suite.as_str().to_owned(),
            provider: self.provider.clone(),
            epochs: self
                .epochs
                .iter()
                .map(|(epoch, key)| Epoch { epoch: *epoch, key: STANDARD.encode(key) })
                .collect(),
            index_key: STANDARD.encode(&self.index),
        };
        let mut out = serde_json::to_vec_pretty(&file).map_err(|_| MALFORMED)?;
        out.push(b'\n');
        Ok(out)
    }

    /// From the bytes of the file. An unknown key is an error, not a setting that is ignored.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, VaultError> {
        let file: File = serde_json::from_slice(raw).map_err(|_| MALFORMED)?;
        let suite = Suite::parse(&file.suite).filter(|_| file.format == FORMAT).ok_or(MALFORMED)?;
        let epochs = file
            .epochs
            .iter()
            .map(|epoch| Ok((epoch.epoch, decode(&epoch.key)?)))
            .collect::<Result<Vec<_>, VaultError>>()?;
        if epochs.is_empty() || !epochs.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(MALFORMED);
        }
        Ok(Self { suite, provider: file.provider, epochs, index: decode(&file.index_key)? })
    }

    /// Which suite the vault has.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The epochs, ascending. The last one wraps new keys.
    pub fn epochs(&self) -> Vec<u32> {
        self.epochs.iter().map(|(epoch, _)| *epoch).collect()
    }

    /// The same keys, and a new one that is the last.
    pub fn with_new_epoch(
        &self,
        provider: &dyn KeyProvider,
        random: &dyn Random,
    ) -> Result<Self, VaultError> {
        let (last, wrapped) = self.epochs.last().ok_or(MALFORMED)?;
        let epoch = last.checked_add(1).ok_or(MALFORMED)?;
        let key = draw_key(random, MAC_KEY_LEN)?;
        if provider.unwrap(&epoch_context(self.suite, *last), wrapped)?.expose() == key.as_slice() {
            return Err(VaultError::RandomRepeats);
        }
        let mut new = self.clone();
        new.epochs.push((epoch, provider.wrap(&epoch_context(self.suite, epoch), &key, random)?));
        Ok(new)
    }

    /// The same keys without that of an earlier epoch. The current one stays.
    pub fn without_epoch(&self, epoch: u32) -> Result<Self, VaultError> {
        if self.epochs.last().is_some_and(|(last, _)| *last == epoch) {
            return Err(VaultError::EpochInUse(epoch));
        }
        let mut new = self.clone();
        new.epochs.retain(|(of, _)| *of != epoch);
        Ok(new)
    }

    /// The same keys, wrapped by another provider: what the old one wrapped, in whatever copy, is then worth nothing
    /// without the old one.
    pub fn moved(
        &self,
        from: &dyn KeyProvider,
        to: &dyn KeyProvider,
        random: &dyn Random,
    ) -> Result<Self, VaultError> {
        let again = |context: &str, wrapped: &[u8]| -> Result<Vec<u8>, VaultError> {
            Ok(to.wrap(context, from.unwrap(context, wrapped)?.expose(), random)?)
        };
        let epochs = self
            .epochs
            .iter()
            .map(|(epoch, wrapped)| Ok((*epoch, again(&epoch_context(self.suite, *epoch), wrapped)?)));
        Ok(Self {
            suite: self.suite,
            provider: to.name().to_owned(),
            epochs: epochs.collect::<Result<_, VaultError>>()?,
            index: again(&index_context(self.suite), &self.index)?,
        })
    }
}

impl fmt::Debug for KeyringFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringFile")
            .field("suite", &self.suite)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

const MALFORMED: VaultError = VaultError::Malformed("keyring");

fn decode(text: &str) -> Result<Vec<u8>, VaultError> {
    STANDARD.decode(text).map_err(|_| MALFORMED)
}
