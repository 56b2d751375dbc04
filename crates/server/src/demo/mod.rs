//! `yinuo demo`: an invented platform on this machine, with invented people and a sample partner.
//!
//! Everything is real but the people: SQLite on disk, both signature suites, sealed values, an OAuth client in a
//! process of its own. It makes its own passphrase and keeps it beside the data, which no deployment may do.

mod people;
mod platform;
mod populate;
mod staff;
mod story;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use yinuo_domain::{Profile, Random, Suite};
use yinuo_ledger::AnchorRule;
use yinuo_oauth::client::ClientKey;
use yinuo_service::SignIn;
use yinuo_vault::Params;

use crate::assemble::{Anchored, assemble};
use crate::cli::DemoOptions;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::directory::Made;
use crate::http::Bounds;
use crate::keys::{self, Keys};
use crate::passphrase;
use crate::preflight;
use crate::random::OsRandom;
use crate::running::{self, Doors, Leaving, Running};
use crate::say::say;

pub(crate) use platform::APPS as SAMPLE_APPS;

type Failure = Box<dyn std::error::Error>;

pub(crate) fn run(options: DemoOptions) -> ExitCode {
    let (Some(suite), Some(profile)) = (Suite::parse(&options.suite), Profile::parse(&options.profile))
    else {
        eprintln!("yinuo: --suite is guomi or international; --profile is international, guomi or dual");
        return ExitCode::from(2);
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::failed(&error),
    };
    match runtime.block_on(demo(&options, suite, profile)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => crate::failed(error.as_ref()),
    }
}

async fn demo(options: &DemoOptions, suite: Suite, profile: Profile) -> Result<(), Failure> {
    let leaving = Leaving::listen()?;
    let random = &OsRandom;
    let dir = &options.data;
    let bound = TcpListener::bind(options.listen).await;
    let listener = bound.map_err(|error| {
        format!("cannot listen on {}: {error}; --listen takes another address", options.listen)
    })?;
    let address = listener.local_addr()?;
    let issuer = match options.localhost {
        true => format!("http://localhost:{}", address.port()),
        false => format!("http://{address}"),
    };
    let partner_address = free(options.partner_listen).await?;

    keys::private_dir(dir)?;
    preflight::look(dir, &SystemClock::new())?.warn();
    let made = Made { issuer: issuer.clone(), suite, profile, demonstration: true };
    made.agree(dir)?;
    let passphrase = passphrase::of_demonstration(dir, random)?;
    let keys = if Keys::exist(dir) {
        Keys::unlock(dir, suite, passphrase.as_bytes())?
    } else {
        Keys::create(dir, suite, passphrase.as_bytes(), Params::DEMONSTRATION, random)?
    };
    // Not to lie in memory as long as it serves.
    drop(passphrase);
    let directory = SignIn::Directory(Arc::new(people::People));
    let config = config();
    let anchored = Anchored { at: None, rule: AnchorRule::Begins };
    let assembled = assemble(dir, &made, keys, directory, &config, &anchored)?;

    let app_keys = app_keys(&dir.join("partner"), random)?;
    let partner_url = format!("http://{partner_address}");
    let first = populate::populate(&assembled.gateway, &partner_url, &app_keys).await?;
    let members = staff::appoint(&assembled.gateway, dir).await?;
    let mut partner = start_partner(dir, partner_address, &issuer).await?;

    let components = yinuo_web::Options { style: true, ..Default::default() };
    let metrics = match options.metrics_listen {
        None => None,
        Some(address) => Some(TcpListener::bind(address).await?),
    };
    let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let doors = Doors {
        listener,
        tls: None,
        bounds: Bounds::of(&config),
        options: components,
        metrics,
        reserve: running::reserve(&config),
    };
    let running = Running::begin(dir, assembled, doors)?;
    say(format_args!("ready {issuer}"));
    tell(&issuer, &partner_url, metrics_address, dir);
    staff::tell(&members, &issuer);
    if first {
        story::walk(running.gateway()).await?;
    }

    leaving.asked().await;
    running.end().await;
    let _ = partner.kill().await;
    Ok(())
}

fn tell(issuer: &str, partner: &str, metrics: Option<SocketAddr>, dir: &Path) {
    say("");
    say(format_args!("  the sample partner     {partner}"));
    say(format_args!("  what I allow           {issuer}/centre"));
    say(format_args!("  the public log         {issuer}/log/g/0/checkpoint"));
    say(format_args!("  check every decision   yinuo verify {}", dir.display()));
    if let Some(metrics) = metrics {
        say(format_args!("  metrics                http://{metrics}/metrics"));
    }
    say("");
    say(format_args!(
        "  Invented people, invented values. The passphrase of this demonstration was made by it and lies in"
    ));
    say(format_args!("  {}: a real deployment never keeps it there.", dir.join("passphrase").display()));
    say("");
}

/// The private keys of the sample apps, which the sample partner uses and the platform never sees.
fn app_keys(dir: &Path, random: &dyn Random) -> Result<Vec<(&'static str, ClientKey)>, Failure> {
    keys::private_dir(dir)?;
    let mut found = Vec::new();
    for app in platform::APPS {
        let path = dir.join(format!("{app}.jwk"));
        if !path.exists() {
            let key = ClientKey::generate(random)?;
            keys::write_private(&path, key.private_jwk().as_bytes())?;
        }
        let text = String::from_utf8(keys::read(&path)?)?;
        found.push((app, ClientKey::from_private_jwk(&text)?));
    }
    Ok(found)
}

/// The defaults, but that a laptop may sleep, or a directory lie about, for a year.
fn config() -> Config {
    let mut config = Config::default();
    config.clock.jump_max_s = 365 * 86_400;
    config.clock.gap_max_days = 36_500;
    config
}

/// An address that can be named before anybody listens there.
async fn free(wanted: SocketAddr) -> Result<SocketAddr, std::io::Error> {
    if wanted.port() != 0 {
        return Ok(wanted);
    }
    TcpListener::bind(wanted).await?.local_addr()
}

/// The sample partner runs in a process of its own, as a partner does. It ends when this process does.
async fn start_partner(dir: &Path, listen: SocketAddr, issuer: &str) -> Result<Child, Failure> {
    #[allow(clippy::disallowed_methods, reason = "the program starts itself")]
    let program = std::env::current_exe()?;
    let mut child = Command::new(program)
        .arg("sample-partner")
        .args(["--listen", &listen.to_string(), "--issuer", issuer])
        .arg("--keys")
        .arg(dir.join("partner"))
        .arg("--log-keys")
        .arg(dir.join("log.vkeys"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let out = child.stdout.take().ok_or("the sample partner has no standard output")?;
    let mut line = String::new();
    let mut out = BufReader::new(out);
    tokio::time::timeout(std::time::Duration::from_secs(10), out.read_line(&mut line)).await??;
    if !line.starts_with("ready") {
        return Err(format!("the sample partner could not start on {listen}").into());
    }
    Ok(child)
}
