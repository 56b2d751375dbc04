//! The seal over the ledger's rows, with the vault's key.

use std::sync::Arc;

use yinuo_domain::SubjectKey;
use yinuo_ledger::{ROW_MAC_LEN, RowSeal};
use yinuo_vault::{RowKey, Vault, WrappedKeys};

/// Seals rows under a key of the vault.
pub(crate) struct VaultSeal {
    vault: Arc<Vault>,
    key: RowKey,
}

impl VaultSeal {
    pub(crate) fn of(vault: &Arc<Vault>) -> Arc<dyn RowSeal> {
        Arc::new(Self { vault: Arc::clone(vault), key: vault.row_key() })
    }
}

impl RowSeal for VaultSeal {
    fn mac(&self, bytes: &[u8]) -> [u8; ROW_MAC_LEN] {
        self.key.mac(bytes)
    }

    fn opens(&self, subject: SubjectKey, keys: &[u8]) -> bool {
        WrappedKeys::from_bytes(keys).is_ok_and(|keys| self.vault.unwrap(subject, &keys).is_ok())
    }
}
