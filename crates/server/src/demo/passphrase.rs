//! The passphrase of a demonstration: made at its first start, kept beside the data, and said so.

use std::path::Path;

use yinuo_domain::Random;

use crate::keys::{KeysError, read, write_private};

/// The passphrase of the demonstration in `dir`.
pub(crate) fn of(dir: &Path, random: &dyn Random) -> Result<String, KeysError> {
    let path = dir.join("passphrase");
    if !path.exists() {
        let bytes: [u8; 16] = random.bytes().map_err(yinuo_vault::VaultError::from)?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        write_private(&path, text.as_bytes())?;
    }
    Ok(String::from_utf8_lossy(&read(&path)?).trim().to_owned())
}
