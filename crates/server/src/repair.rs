//! `yinuo repair --derived`: makes the rows that the log adds up to anew, from the log.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use yinuo_domain::{AppId, StreamId, SubjectKey};
use yinuo_ledger::{RepairError, Repaired, SqliteStore, StoreError};
use yinuo_tlog::VerifierKey;
use yinuo_vault::WrappedKeys;

use crate::assemble::keys_of_logs;
use crate::cli::RepairOptions;
use crate::failed;
use crate::keys::{self, UnlockError};
use crate::row_seal::VaultSeal;
use crate::say::say;

/// Why nothing was repaired.
#[derive(Debug, thiserror::Error)]
enum CannotRepair {
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    #[error("the data directory is in use: stop the Yinuo that serves it first")]
    InUse,
    #[error("nothing was changed")]
    Repair(#[source] RepairError),
}

pub(crate) fn run(options: &RepairOptions) -> ExitCode {
    match repair(options) {
        Ok(repaired) => {
            tell(&repaired, options.json);
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

fn repair(options: &RepairOptions) -> Result<Repaired, CannotRepair> {
    let dir = &options.dir;
    let (made, keys) = keys::unlock(dir, options.passphrase_file.as_deref())?;
    let logs: Vec<VerifierKey> = keys_of_logs(&made, &keys.signers);
    let vault = keys.vault;
    let mut whose = |subject: SubjectKey, wrapped: &[u8], apps: &[AppId]| {
        let keys = vault.unwrap(subject, &WrappedKeys::from_bytes(wrapped).ok()?).ok()?;
        let towards: BTreeSet<Option<AppId>> = apps.iter().cloned().map(Some).chain([None]).collect();
        let stream = |app: Option<AppId>| StreamId { tag: vault.tag(&keys, app.as_ref()), app };
        Some(towards.into_iter().map(stream).collect())
    };
    let watched = !options.json && std::io::stderr().is_terminal();
    let mut progress = |progress: yinuo_ledger::Progress| {
        if watched {
            eprint!("\r{} {} of {} entries", progress.log, progress.entries, progress.of);
            let _ = std::io::stderr().flush();
        }
    };
    let store = SqliteStore::new(dir).sealed(VaultSeal::of(&vault));
    let repaired = yinuo_ledger::repair(store, &logs, &mut whose, &mut progress);
    if watched {
        eprintln!();
    }
    repaired.map_err(|error| match error {
        RepairError::Store(StoreError::InUse) => CannotRepair::InUse,
        other => CannotRepair::Repair(other),
    })
}

fn tell(repaired: &Repaired, json: bool) {
    let Repaired { streams, history, apps } = repaired;
    if json {
        let line = serde_json::json!({ "streams": streams, "history": history, "apps": apps });
        say(format_args!("{line}"));
    } else {
        say(format_args!(
            "Made anew from the log: {streams} streams, {history} lines of history, the counts of {apps} apps."
        ));
    }
}
