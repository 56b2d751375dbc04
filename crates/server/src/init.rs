//! `yinuo init`: a new data directory with its keys, and a file of settings to begin with.
//!
//! Nothing that is there is ever written over: a data directory that holds anything, or a file of settings, is a
//! reason to stop. Keys are made under a passphrase with the full work of guessing it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use yinuo_domain::{Profile, Suite};
use yinuo_service::SignIn;
use yinuo_vault::Params;

use crate::assemble::{Anchored, assemble};
use crate::cli::InitOptions;
use crate::config::{self, Config, ConfigError, Loaded};
use crate::directory::Made;
use crate::keys::{self, Keys};
use crate::local;
use crate::passphrase;
use crate::random::OsRandom;
use crate::say::say;

type Failure = Box<dyn std::error::Error>;

pub(crate) fn run(options: &InitOptions) -> ExitCode {
    local::run(init(options))
}

async fn init(options: &InitOptions) -> Result<ExitCode, Failure> {
    let by = local::named(options.by.clone())?;
    let (Some(suite), Some(profile)) = (Suite::parse(&options.suite), Profile::parse(&options.profile))
    else {
        return Err("--suite is guomi or international; --profile is international, guomi or dual".into());
    };
    if options.config.exists() {
        return Err(format!("{} is there already; nothing was changed", options.config.display()).into());
    }
    if holds_anything(&options.data)? {
        return Err(format!("{} is not empty; nothing was changed", options.data.display()).into());
    }
    let settings = settings(options)?;
    let passphrase = passphrase::chosen(options.passphrase_file.as_deref())?;

    keys::private_dir(&options.data)?;
    let keys = if Keys::exist(&options.data) {
        Keys::unlock(&options.data, suite, passphrase.as_bytes())?
    } else {
        Keys::create(&options.data, suite, passphrase.as_bytes(), Params::DEFAULT, &OsRandom)?
    };
    let made = Made { issuer: options.issuer.clone(), suite, profile, demonstration: false };
    let assembled =
        assemble(&options.data, &made, keys, SignIn::Nobody, &Config::default(), &Anchored::at(None))?;
    assembled.gateway.activate_engine(&by).await?;
    drop(assembled.gateway);
    assembled.ledger.close();
    // Last: it is what `yinuo serve` begins with.
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(&options.config);
    written.and_then(|mut file| file.write_all(settings.as_bytes()).and_then(|()| file.sync_all()))?;

    let (config, data) = (options.config.display(), options.data.display());
    say(format_args!("{data} is ready, its settings are in {config}."));
    say("");
    say(format_args!("  check the settings    yinuo config check {config}"));
    say(format_args!("  serve                 yinuo serve --config {config}"));
    say(format_args!("  for who verifies      {}", options.data.join("log.vkeys").display()));
    say("");
    say("  Keep the passphrase where the data is not: without it nothing in the directory can be opened.");
    Ok(ExitCode::SUCCESS)
}

/// The text of the file, checked before anything is made.
fn settings(options: &InitOptions) -> Result<String, Failure> {
    let mut set = vec![
        ("server.issuer", options.issuer.clone()),
        ("server.data", absolute(&options.data)?),
        ("vault.suite", options.suite.clone()),
        ("log.profile", options.profile.clone()),
    ];
    if let Some(file) = &options.passphrase_file {
        set.push(("server.passphrase_file", absolute(file)?));
    }
    let text = config::template(&set);
    let place = options.config.display().to_string();
    Loaded::of(&place, &text).map_err(ConfigError::Problems)?;
    Ok(text)
}

fn absolute(path: &Path) -> Result<String, Failure> {
    let path: PathBuf = std::path::absolute(path)?;
    path.to_str().map(str::to_owned).ok_or_else(|| format!("{} is not text", path.display()).into())
}

/// Beside keys that were made before: `yinuo keys create`.
fn holds_anything(dir: &Path) -> Result<bool, std::io::Error> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != "keys"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
