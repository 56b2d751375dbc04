//! `yinuo backup`: one whole and consistent copy of a data directory, also while it is served.
//!
//! The copy has the store, what the directory remembers, and the keys under their passphrase, which is not in it. It
//! has no anchor: what happened after it is known elsewhere, or not at all.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use yinuo_ledger::{DATABASE, StoreCopy};

use crate::cli::BackupOptions;
use crate::directory::Made;
use crate::keys::files::at_rest;
use crate::keys::{private_dir, read, write_private};
use crate::local;
use crate::say::say;
use crate::verify;

type Failure = Box<dyn std::error::Error>;

/// What is copied beside the store.
const FILES: [&str; 2] = ["yinuo.json", "log.vkeys"];
/// The keys, in this order: with their root last, a copy that was not finished opens nothing.
pub(crate) const KEYS: [&str; 4] = ["keys/vault.json", "keys/log-ed25519", "keys/log-sm2", "keys/root.json"];

/// 0 when the copy is there and verifies, 2 when it could not be made.
pub(crate) fn run(options: &BackupOptions) -> ExitCode {
    match backup(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => crate::failed(error.as_ref()),
    }
}

fn backup(options: &BackupOptions) -> Result<(), Failure> {
    let dir = local::directory(options.data.as_deref(), options.config.as_deref())?;
    Made::read(&dir)?;
    let to = &options.to;
    empty(to)?;
    private_dir(to)?;
    // The store first: what it needs of the other files was there before it.
    let entries = (|| -> Result<u64, Failure> {
        StoreCopy::open(&dir)?.copy_to(&to.join(DATABASE))?;
        copy_files(&dir, to, !options.without_keys)?;
        verify::whole(to)
    })()
    .map_err(|error| format!("{error}; what is in {} is no backup: remove it", to.display()))?;
    if options.json {
        say(json!({ "from": dir.display().to_string(), "to": to.display().to_string(), "entries": entries }));
    } else {
        say(format_args!(
            "{} holds a copy of {}: {entries} entries, all verified.",
            to.display(),
            dir.display()
        ));
        say(match options.without_keys {
            false => {
                "It is opened with the passphrase of today, which is not in it. `yinuo restore` brings it back."
            }
            true => "It opens nothing without keys/: put your copy of them there before `yinuo restore`.",
        });
    }
    Ok(())
}

/// Copies everything but the store, each file on disk when this returns.
pub(crate) fn copy_files(from: &Path, to: &Path, with_keys: bool) -> Result<(), Failure> {
    // Keys are changed together, and copied together.
    let _held = at_rest(from)?;
    if with_keys {
        private_dir(&to.join("keys"))?;
    }
    let keys = KEYS.into_iter().filter(|_| with_keys);
    // What a demonstration keeps beside its data, and nobody else.
    let demonstration = if Made::read(from)?.demonstration { Some("passphrase") } else { None };
    for name in FILES.into_iter().chain(demonstration).chain(keys) {
        let path = from.join(name);
        if path.exists() {
            write_private(&to.join(name), &read(&path)?)?;
        }
    }
    for dir in [to.join("keys"), to.to_owned()].iter().filter(|dir| dir.is_dir()) {
        std::fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// Refuses a place where something is.
pub(crate) fn empty(dir: &Path) -> Result<(), Failure> {
    let found = match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    if found {
        let what = "is not empty: move away what is there, nothing is written over it";
        return Err(format!("{} {what}", dir.display()).into());
    }
    Ok(())
}
