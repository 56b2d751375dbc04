//! `yinuo keys`: an operator makes keys, opens and retires epochs, and changes the passphrase.
//!
//! The passphrase and the root key are in the command's own process and never reach the Yinuo that serves: what it needs
//! of a new epoch is handed to it wrapped under the key it has. Every act is recorded in the log first, then done, and
//! each command goes on where an earlier one was cut off.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use yinuo_domain::Suite;
use yinuo_vault::Params;
use yinuo_web::operator::{HandedKey, KeysAnswer, RetireEpoch, RewrapAsk, RewrapTold};

use super::files::Held;
use super::ring::Ring;
use super::{Keys, private_dir};
use crate::cli::{ChangePassphraseOptions, CreateKeysOptions, KeysCommand, KeysOptions, RetireEpochOptions};
use crate::directory::Made;
use crate::local::{self, Local, LocalError, LocalOptions, Place};
use crate::passphrase::{self, Passphrase};
use crate::random::OsRandom;
use crate::say::say;

type Failure = Box<dyn std::error::Error>;

/// How often a step is tried again while the Yinuo that serves is busy, and how long between two.
const TRIES: u32 = 120;
const BETWEEN: Duration = Duration::from_millis(500);
/// After how many rows progress is told.
const TOLD_EVERY: u64 = 2_048;

pub(crate) fn run(options: &KeysOptions) -> ExitCode {
    match &options.command {
        KeysCommand::Create(options) => local::run(async { create(options) }),
        KeysCommand::Status { local, json } => local::run(status(local, *json)),
        KeysCommand::Rotate { local, json } => local::run(rotate(local, *json)),
        KeysCommand::ChangePassphrase(options) => local::run(change_passphrase(options)),
        KeysCommand::RetireEpoch(options) => local::run(retire_epoch(options)),
    }
}

fn create(options: &CreateKeysOptions) -> Result<ExitCode, Failure> {
    let suite = Suite::parse(&options.suite).ok_or("--suite is guomi or international")?;
    let dir = &options.data;
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty; nothing was changed", dir.display()).into());
    }
    let passphrase = passphrase::chosen(options.passphrase_file.as_deref())?;
    private_dir(dir)?;
    Keys::create(dir, suite, passphrase.as_bytes(), Params::DEFAULT, &OsRandom)?;
    if options.json {
        say(serde_json::json!({ "suite": suite.as_str(), "epoch": 1 }));
    } else {
        say(format_args!("The keys are in {}.", dir.join("keys").display()));
        say(
            "Copy them to where the data will not be, and the passphrase to a third place; then `yinuo init`.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(options: &LocalOptions, json: bool) -> Result<ExitCode, LocalError> {
    let local = Local::open(options).await?;
    let told: KeysAnswer = local.get("/operator/keys").await?;
    if json {
        say(serde_json::json!(told));
        return Ok(ExitCode::SUCCESS);
    }
    let list = |epochs: &[u32]| epochs.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    say(format_args!("epoch in use   {}", told.current));
    say(format_args!("keys at hand   {}", list(&told.held)));
    if !told.retired.is_empty() {
        say(format_args!("retired        {}", list(&told.retired)));
    }
    say(format_args!("people         {}", told.people));
    if told.recorded < told.current {
        say("The epoch in use is not recorded yet: `yinuo keys rotate` goes on where it stopped.");
    } else if 1 < told.held.len() {
        say("An epoch that wraps nothing any more can be retired: `yinuo keys retire-epoch`.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys, held and unlocked, and the way to the Yinuo they belong to.
struct Open {
    place: Place,
    held: Held,
    passphrase: Passphrase,
    ring: Ring,
    local: Local,
}

async fn open(options: &LocalOptions) -> Result<Open, Failure> {
    let place = local::place(options)?;
    let made = Made::read(&place.dir)?;
    let held = Held::open(&place.dir)?;
    let passphrase = passphrase::of(&place.dir, place.passphrase_file.as_deref(), made.demonstration)?;
    let ring = Ring::unlock(&place.dir, passphrase.as_bytes())?;
    let local = Local::open_held(options, &passphrase).await?;
    Ok(Open { place, held, passphrase, ring, local })
}

async fn rotate(options: &LocalOptions, json: bool) -> Result<ExitCode, Failure> {
    let Open { held, mut ring, local, .. } = open(options).await?;
    let told: KeysAnswer = local.get("/operator/keys").await?;
    let last = ring.epochs().last().copied().unwrap_or(0);
    if last < told.current.max(told.recorded) {
        return Err(
            "the log knows a later epoch than these keys: they are an old copy; put the newest back".into()
        );
    }
    // What an earlier command left half done is done first, and is enough for this one.
    let mut resumed = true;
    if told.current < last {
        hand_over(&local, &ring, told.current).await?;
    } else if told.recorded < told.current {
        let _: IgnoredAny = local.post("/operator/keys/record-epoch", &Nothing {}).await?;
    } else {
        resumed = false;
    }
    let mut rewrapped = rewrap(&local, told.people).await?;
    if !resumed && rewrapped == 0 {
        ring.add_epoch(&held, &OsRandom)?;
        hand_over(&local, &ring, told.current).await?;
        rewrapped = rewrap(&local, told.people).await?;
    } else {
        resumed = true;
    }
    let epoch = ring.epochs().last().copied().unwrap_or(0);
    if json {
        say(serde_json::json!({ "epoch": epoch, "rewrapped": rewrapped, "resumed": resumed }));
    } else {
        let what = if resumed { "The rotation that was under way is ended" } else { "There are new keys" };
        say(format_args!("{what}: everything is wrapped under epoch {epoch}; {rewrapped} wrapped again."));
        say("Copy keys/ to where the data is not: older copies do not open what comes in from now on.");
        say(
            "Earlier epochs still open old backups. `yinuo keys retire-epoch` ends that, and what was deleted with it.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Gives the key of the last epoch to the Yinuo, under the one that it holds.
async fn hand_over(local: &Local, ring: &Ring, held: u32) -> Result<(), Failure> {
    let key = ring.vault()?.hand_over(held, &OsRandom)?;
    let _: IgnoredAny = local.post("/operator/keys/open-epoch", &HandedKey { key }).await?;
    Ok(())
}

/// Wraps everything again that is under an older epoch, a few rows at a time, and says how much that was.
async fn rewrap(local: &Local, people: u64) -> Result<u64, Failure> {
    let (mut seen, mut rewrapped, mut told_at) = (0, 0, 0);
    let mut anew = true;
    loop {
        let step: RewrapTold = patiently(local, "/operator/keys/rewrap", &RewrapAsk { anew }).await?;
        anew = false;
        seen += step.seen;
        rewrapped += step.rewrapped;
        if step.finished {
            return Ok(rewrapped);
        }
        if 0 < rewrapped && told_at + TOLD_EVERY <= seen {
            told_at = seen;
            eprintln!("  {seen} of about {people}, {rewrapped} wrapped again");
        }
    }
}

/// As [`Local::post`], and again when there is too much to do at the moment.
async fn patiently<B: Serialize, R: DeserializeOwned>(
    local: &Local,
    path: &str,
    body: &B,
) -> Result<R, LocalError> {
    let mut tries = 0;
    loop {
        match local.post(path, body).await {
            Err(LocalError::Problem { status: 503, .. }) if tries < TRIES => tries += 1,
            answer => return answer,
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

async fn change_passphrase(options: &ChangePassphraseOptions) -> Result<ExitCode, Failure> {
    let Open { place, held, passphrase, ring, local } = open(&options.local).await?;
    let new = another(options.new_passphrase_file.as_deref(), &passphrase)?;
    let prepared = ring.under(&held, passphrase.as_bytes(), new.as_bytes(), &OsRandom)?;
    let _: IgnoredAny = local.post("/operator/keys/record-passphrase", &Nothing {}).await?;
    prepared.put()?;
    let kept = keep_beside(&place, &new)?;
    if options.json {
        say(serde_json::json!({ "changed": true }));
    } else {
        say("The passphrase is changed; the old one opens these keys no more.");
        say("It opens every older copy of keys/: destroy those, wherever they are, and make a new one.");
        tell_where(&place, kept);
    }
    Ok(ExitCode::SUCCESS)
}

async fn retire_epoch(options: &RetireEpochOptions) -> Result<ExitCode, Failure> {
    let Open { place, held, passphrase, ring, local } = open(&options.local).await?;
    let epoch = options.epoch;
    let told: KeysAnswer = local.get("/operator/keys").await?;
    if !ring.epochs().contains(&epoch) && told.retired.contains(&epoch) {
        let now = "was retired before, and its key is not in these files";
        if options.json {
            say(serde_json::json!({ "epoch": epoch, "retired": true, "before": true }));
        } else {
            say(format_args!("Epoch {epoch} {now}."));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let new = another(options.new_passphrase_file.as_deref(), &passphrase)?;
    let prepared = ring.without_epoch(&held, epoch, new.as_bytes(), &OsRandom)?;
    let _: IgnoredAny = patiently(&local, "/operator/keys/retire-epoch", &RetireEpoch { epoch }).await?;
    prepared.put()?;
    let kept = keep_beside(&place, &new)?;
    if options.json {
        say(serde_json::json!({ "epoch": epoch, "retired": true, "before": false }));
    } else {
        say(format_args!("The key of epoch {epoch} is destroyed, and the root key and passphrase are new."));
        say(
            "Whoever has an older copy of keys/ and the old passphrase still has it: destroy both, wherever they are.",
        );
        say("Then what was deleted opens in no backup any more. Make a new copy of keys/.");
        tell_where(&place, kept);
    }
    Ok(ExitCode::SUCCESS)
}

/// A new passphrase that is not the one there is.
fn another(file: Option<&Path>, old: &Passphrase) -> Result<Passphrase, Failure> {
    let new = match file {
        Some(file) => passphrase::new(Some(file))?,
        None if std::io::stdin().is_terminal() => passphrase::new(None)?,
        None => {
            return Err(
                "give --new-passphrase-file FILE, or run this on a terminal; nothing was changed".into()
            );
        }
    };
    if *new == **old {
        return Err("the new passphrase is the old one; nothing was changed".into());
    }
    Ok(new)
}

/// A demonstration keeps its passphrase beside its data. Says where.
fn keep_beside(place: &Place, new: &Passphrase) -> Result<Option<PathBuf>, Failure> {
    if !Made::read(&place.dir)?.demonstration || place.passphrase_file.is_some() {
        return Ok(None);
    }
    Ok(Some(passphrase::keep_beside(&place.dir, new)?))
}

fn tell_where(place: &Place, kept: Option<PathBuf>) {
    match (kept, &place.passphrase_file) {
        (Some(path), _) => say(format_args!("This demonstration keeps the new one in {}.", path.display())),
        (None, Some(path)) => {
            say(format_args!("The next start needs the new one: put it into {}.", path.display()))
        }
        (None, None) => say("The next start needs the new one."),
    }
}

#[derive(Serialize)]
struct Nothing {}
