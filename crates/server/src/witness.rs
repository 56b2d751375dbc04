//! `yinuo witness`: what an outside body runs, beside a platform that it need not trust.
//!
//! Its directory has keys of its own, under a passphrase as a platform's are, and the witness's file. Nothing of the
//! platform is in it but the public keys of its logs, in the policy that says which are watched.

mod http;
pub(crate) mod submit;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use yinuo_domain::Suite;
use yinuo_ledger::HeadSigner;
use yinuo_tlog::{Policy, VerifierKey, WitnessKey};
use yinuo_vault::Params;
use yinuo_witness::{CannotSign, Cosigner, Evidence, Head, Witness};

use crate::cli::{WitnessCommand, WitnessOptions};
use crate::config::Config;
use crate::http::{Bounds, Door};
use crate::keys::{self, Keys, read, write_private};
use crate::local;
use crate::passphrase;
use crate::random::OsRandom;
use crate::running::Leaving;
use crate::say::say;

type Failure = Box<dyn std::error::Error>;

/// What the directory remembers of its witness.
const FILE: &str = "witness.json";
/// The witness's own store.
const STORE: &str = "witness.sqlite";
/// Its public keys, one a line, for whoever writes a policy.
const KEYS: &str = "witness.vkeys";
const FORMAT: &str = "yinuo witness v1";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Made {
    format: String,
    name: String,
}

/// A signing key of the directory, as the witness sees it.
struct Key {
    signer: Arc<dyn HeadSigner>,
    key: WitnessKey,
}

impl Key {
    fn new(signer: Arc<dyn HeadSigner>, name: &str) -> Self {
        let key = WitnessKey::new(signer.verifier(name));
        Self { signer, key }
    }
}

impl Cosigner for Key {
    fn key(&self) -> &WitnessKey {
        &self.key
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, CannotSign> {
        self.signer.sign(text).map_err(|_| CannotSign)
    }
}

pub(crate) fn run(options: &WitnessOptions) -> ExitCode {
    match &options.command {
        WitnessCommand::Create { data, name, passphrase_file } => {
            local::run(async { create(data, name, passphrase_file.as_deref()) })
        }
        WitnessCommand::Serve { data, policy, listen, passphrase_file } => {
            local::run(serve(data, policy, *listen, passphrase_file.as_deref()))
        }
        WitnessCommand::Show { data, json } => local::run(async { show(data, *json) }),
    }
}

fn create(dir: &Path, name: &str, passphrase_file: Option<&Path>) -> Result<ExitCode, Failure> {
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty; nothing was changed", dir.display()).into());
    }
    // Read back as whoever trusts it will read it.
    let unfit = || {
        format!(
            "`{name}` is no name of a witness: one word without spaces and plus, such as witness.example/w1"
        )
    };
    let probe = WitnessKey::new(VerifierKey::Ed25519 { name: name.to_owned(), key: [0; 32] });
    if probe.to_string().split('+').count() != 3 || name.is_empty() || name.chars().any(char::is_whitespace) {
        return Err(unfit().into());
    }
    let passphrase = passphrase::chosen(passphrase_file)?;
    keys::private_dir(dir)?;
    let made = Keys::create(dir, Suite::Guomi, passphrase.as_bytes(), Params::DEFAULT, &OsRandom)?;
    let public: String =
        made.signers.iter().map(|signer| format!("{}\n", Key::new(Arc::clone(signer), name).key)).collect();
    for line in public.lines() {
        WitnessKey::parse(line).map_err(|_| unfit())?;
    }
    write_private(&dir.join(KEYS), public.as_bytes())?;
    let form = Made { format: FORMAT.to_owned(), name: name.to_owned() };
    // Last: it is what makes the directory a witness's.
    write_private(&dir.join(FILE), format!("{}\n", serde_json::to_string_pretty(&form)?).as_bytes())?;
    say(format_args!("{} is ready. The witness's public keys, for whoever trusts it:", dir.display()));
    say("");
    public.lines().for_each(|line| say(format_args!("  {line}")));
    say("");
    say(
        "  Whoever has the directory and the passphrase can sign as this witness. Its store must never be set back: a",
    );
    say("  witness that has forgotten what it cosigned is given new keys, not old ones.");
    Ok(ExitCode::SUCCESS)
}

fn made(dir: &Path) -> Result<Made, Failure> {
    let path = dir.join(FILE);
    if !path.exists() {
        let what = "there is no witness in";
        return Err(format!("{what} {}: `yinuo witness create` makes one", dir.display()).into());
    }
    let made = serde_json::from_slice(&read(&path)?).ok().filter(|made: &Made| made.format == FORMAT);
    made.ok_or_else(|| format!("{} is not what this program writes there", path.display()).into())
}

async fn serve(
    dir: &Path,
    policies: &[PathBuf],
    listen: std::net::SocketAddr,
    passphrase_file: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let leaving = Leaving::listen()?;
    let made = made(dir)?;
    let logs = logs(policies)?;
    let passphrase = passphrase::of(dir, passphrase_file, false)?;
    let keys = Keys::unlock(dir, Suite::Guomi, passphrase.as_bytes())?;
    drop(passphrase);
    let cosigners = keys.signers.iter().map(|signer| {
        let key: Box<dyn Cosigner> = Box::new(Key::new(Arc::clone(signer), &made.name));
        key
    });
    let watched = logs.len();
    let witness = Arc::new(Witness::open(&dir.join(STORE), logs, cosigners.collect())?);
    let listener = TcpListener::bind(listen).await;
    let listener =
        listener.map_err(|error| format!("cannot listen on {listen}: {error}; --listen takes another"))?;
    let address = listener.local_addr()?;
    let door = Door::open(listener, None, http::router(witness), Bounds::of(&Config::default()));
    say(format_args!("ready {}", made.name));
    say(format_args!("  submit to       http://{address}"));
    say(format_args!("  logs            {watched}"));
    if !address.ip().is_loopback() {
        eprintln!("yinuo: this is plain HTTP on {address}: let only what ends TLS reach it");
    }
    leaving.asked().await;
    door.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The keys of the logs that policies name.
fn logs(policies: &[PathBuf]) -> Result<Vec<VerifierKey>, Failure> {
    let mut logs = Vec::new();
    for path in policies {
        let policy = Policy::parse(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        if policy.logs().is_empty() {
            return Err(format!("{} names no log: write `log <key>`, one a line", path.display()).into());
        }
        logs.extend(policy.logs().iter().map(|log| log.key.clone()));
    }
    Ok(logs)
}

fn show(dir: &Path, json: bool) -> Result<ExitCode, Failure> {
    let made = made(dir)?;
    let store: PathBuf = dir.join(STORE);
    let (heads, evidence) = if store.exists() {
        let witness = Witness::open(&store, Vec::new(), Vec::new())?;
        (witness.heads()?, witness.evidence()?)
    } else {
        (Vec::new(), Vec::new())
    };
    let forked = evidence.iter().any(|evidence| evidence.certain);
    if json {
        let heads: Vec<_> = heads.iter().map(http::head).collect();
        let evidence: Vec<_> = evidence.iter().map(http::evidence).collect();
        let line = serde_json::json!({ "name": made.name, "heads": heads, "evidence": evidence, "two_histories": forked });
        say(format_args!("{line}"));
    } else {
        tell(&made.name, &heads, &evidence);
    }
    Ok(if forked { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn tell(name: &str, heads: &[Head], evidence: &[Evidence]) {
    say(name);
    if heads.is_empty() {
        say("  nothing was cosigned yet");
    }
    for head in heads {
        say(format_args!(
            "  {:<40} {} entries, at {} s since 1970",
            head.origin, head.cosigned.size, head.at_s
        ));
    }
    for evidence in evidence {
        let what = if evidence.certain { "TWO HISTORIES" } else { "not shown to follow" };
        say(format_args!("  {:<40} {what}: {}", evidence.origin, evidence.why));
    }
}
