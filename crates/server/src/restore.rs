//! `yinuo restore`: brings a backup back, and goes on with a store that is not what was known of it, when somebody
//! answers for that.
//!
//! A backup is older than what it is a copy of, so the anchor usually says that something is missing. Nothing is served
//! then. Whoever accepts the loss is named by a fact, which is the first thing recorded after it.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use yinuo_ledger::{AnchorAccepted, AnchorRule, DATABASE, StoreCopy};
use yinuo_service::SignIn;

use crate::assemble::{Anchored, assemble};
use crate::cli::RestoreOptions;
use crate::config::Config;
use crate::directory::Made;
use crate::keys::{Keys, private_dir};
use crate::local;
use crate::passphrase;
use crate::say::say;
use crate::{backup, verify};

type Failure = Box<dyn std::error::Error>;

/// 0 when it can be served, 1 when something is missing that nobody has accepted, 2 when it cannot be restored.
pub(crate) fn run(options: &RestoreOptions) -> ExitCode {
    local::run(restore(options))
}

async fn restore(options: &RestoreOptions) -> Result<ExitCode, Failure> {
    let by = local::named(options.local.by.clone())?;
    let place = local::place(&options.local)?;
    let dir = &place.dir;
    if let Some(from) = &options.from {
        bring_back(from, dir)?;
    }
    let made = Made::read(dir)?;
    let entries = verify::whole(dir)?;
    let passphrase = passphrase::of(dir, place.passphrase_file.as_deref(), made.demonstration)?;
    let keys = Keys::unlock(dir, made.suite, passphrase.as_bytes())?;
    let rule = if options.accept_loss { AnchorRule::Accepted } else { AnchorRule::Holds };
    let anchored = Anchored { at: place.anchor_file.as_deref(), rule };
    let assembled = match assemble(dir, &made, keys, SignIn::Nobody, &Config::default(), &anchored) {
        Ok(assembled) => assembled,
        Err(crate::assemble::AssembleError::Anchor { mismatch, .. }) => {
            refuse(options.json, dir, &mismatch.to_string());
            return Ok(ExitCode::from(1));
        }
        Err(error) => return Err(error.into()),
    };
    let accepted = assembled.ledger.accepted().cloned();
    if let Some(AnchorAccepted { mismatch, platform, group }) = &accepted {
        assembled.gateway.accept_store(&by, mismatch.cause(), *platform, *group).await?;
    }
    drop(assembled.gateway);
    assembled.ledger.close();
    let dir = dir.display();
    let cause = accepted.as_ref().map(|accepted| accepted.mismatch.to_string());
    if options.json {
        say(json!({ "restored": true, "data": dir.to_string(), "entries": entries, "accepted": cause }));
        return Ok(ExitCode::SUCCESS);
    }
    match cause {
        None => {
            say(format_args!("{dir} has everything that is known of it: {entries} entries, all verified."))
        }
        Some(cause) => {
            say(format_args!("{dir} goes on with {entries} entries, all verified, although {cause}."));
            say(format_args!("That {by} answers for it is in the platform's log."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse(as_json: bool, dir: &Path, mismatch: &str) {
    if as_json {
        say(json!({ "restored": false, "data": dir.display().to_string(), "missing": mismatch }));
        return;
    }
    eprintln!("yinuo: {} is restored, and not served: {mismatch}", dir.display());
    eprintln!(
        "  Is there a newer copy? Then bring that one back. If not, what is missing is lost: who was released to,"
    );
    eprintln!(
        "  who took a consent back, who was deleted since. `yinuo restore --accept-loss` goes on without it, and"
    );
    eprintln!("  records that in your name.");
}

/// Copies a backup into a directory in which nothing is.
fn bring_back(from: &Path, dir: &Path) -> Result<(), Failure> {
    Made::read(from)?;
    if backup::KEYS.iter().any(|name| !from.join(name).exists()) {
        return Err(format!("{} has no keys: put your copy of keys/ there first", from.display()).into());
    }
    verify::whole(from)?;
    backup::empty(dir)?;
    private_dir(dir)?;
    StoreCopy::open(from)?.copy_to(&dir.join(DATABASE))?;
    backup::copy_files(from, dir, true)
}
