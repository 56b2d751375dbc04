//! `yinuo serve`: the platform's own Yinuo, as its settings say.
//!
//! It looks at everything it will need before it says that it serves: settings, certificate, keys, the store and its
//! signed heads, and whether something can be written. A demonstration's directory, or keys under the demonstration's
//! parameters, are never served.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use yinuo_service::SignIn;

use crate::anchor;
use crate::assemble::{Anchored, assemble};
use crate::cli::ServeOptions;
use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::directory::Made;
use crate::http::Bounds;
use crate::keys::Keys;
use crate::oidc::{Oidc, SignInSettings};
use crate::passphrase;
use crate::preflight;
use crate::running::{self, Doors, Leaving, Running};
use crate::say::say;
use crate::telemetry;
use crate::tls::Tls;
use crate::witness::submit::Submitting;

type Failure = Box<dyn std::error::Error>;

pub(crate) fn run(options: &ServeOptions) -> ExitCode {
    let loaded = match Loaded::read(&options.config) {
        Ok(loaded) => loaded,
        Err(error) => return crate::failed(&error),
    };
    let wanted = &loaded.config.telemetry;
    let telling = match telemetry::begin(wanted.log, &wanted.level, wanted.otlp_collector.as_deref()) {
        Ok(telling) => telling,
        Err(error) => return crate::failed(error.as_ref()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::failed(&error),
    };
    let served = runtime.block_on(serve(&loaded));
    drop(telling);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => crate::failed(error.as_ref()),
    }
}

async fn serve(loaded: &Loaded) -> Result<(), Failure> {
    let leaving = Leaving::listen()?;
    let config = &loaded.config;
    let dir = loaded.path(&config.server.data);
    let tls = certificate(loaded)?;
    let made = made(&dir, loaded)?;
    let disk = preflight::look(&dir, &SystemClock::new())?;
    let named = config.server.passphrase_file.as_ref().map(|file| loaded.path(file));
    let passphrase = passphrase::of(&dir, named.as_deref(), false)?;
    let keys = Keys::unlock(&dir, made.suite, passphrase.as_bytes())?;
    drop(passphrase);
    let kept = config.server.anchor_file.as_ref().map(|file| loaded.path(file));
    let assembled = assemble(&dir, &made, keys, sign_in(loaded)?, config, &Anchored::at(kept.as_deref()))?;
    // Something is written before anybody is told that it serves: a disk that is full or read-only is seen now.
    assembled.gateway.sweep().await?;

    let listener = listen(config.listen.address, "listen.address").await?;
    let address = listener.local_addr()?;
    let metrics = match config.telemetry.metrics_address {
        None => None,
        Some(metrics) => Some(listen(metrics, "telemetry.metrics_address").await?),
    };
    let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let options = yinuo_web::Options::default();
    let doors = Doors {
        listener,
        tls,
        bounds: Bounds::of(config),
        options,
        metrics,
        reserve: running::reserve(config),
    };
    let engine_is_active = assembled.gateway.engine_is_active();
    let submitting = Submitting::prepare(loaded, &dir, &assembled)?;
    let mut running = Running::begin(&dir, assembled, doors)?;
    if let Some(submitting) = submitting {
        running.also(submitting.run());
    }

    say(format_args!("ready {}", loaded.issuer()));
    say(format_args!("  listening on    {scheme}://{address}"));
    say(format_args!("  data            {}", dir.display()));
    say(format_args!("  disk            {}", disk.told()));
    if let Some(metrics) = metrics_address {
        say(format_args!("  metrics         http://{metrics}/metrics"));
    }
    disk.warn();
    let place = anchor::place(&dir, kept.as_deref())?;
    say(format_args!("  anchor          {}", place.display()));
    if anchor::is_within(&dir, &place) {
        eprintln!(
            "yinuo: the anchor is in the data directory, and goes back with it when an older copy of the whole takes its \
             place: server.anchor_file puts it on another disk"
        );
    }
    if scheme == "http" && !address.ip().is_loopback() {
        eprintln!(
            "yinuo: this is plain HTTP on {address}: set [tls], or let only a proxy that ends TLS reach it"
        );
    }
    if config.sign_in.issuer.is_none() {
        eprintln!("yinuo: nobody can sign in: [sign_in] names no identity provider");
    }
    if !engine_is_active {
        eprintln!("yinuo: no rules are in force: nothing is released");
    }
    leaving.asked().await;
    running.end().await;
    Ok(())
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("cannot listen on {address}: {error}; {setting} takes another").into())
}

/// How the directory was made, if it may be served as these settings say.
fn made(dir: &Path, loaded: &Loaded) -> Result<Made, Failure> {
    let made = Made::read(dir)?;
    if made.demonstration {
        let refused = "is a demonstration's: its people are invented, its passphrase lies beside the data and \
                       anybody can sign in as anybody; `yinuo init` makes a directory that can be served";
        return Err(format!("{} {refused}", dir.display()).into());
    }
    let config = &loaded.config;
    let wanted = Made {
        issuer: loaded.issuer().to_owned(),
        suite: config.vault.suite,
        profile: config.log.profile,
        demonstration: false,
    };
    wanted.agree(dir)?;
    if Keys::are_weak(dir)? {
        return Err(format!(
            "the keys in {} are under a passphrase that is too cheap to guess at; make a directory with `yinuo init`",
            dir.display()
        )
        .into());
    }
    Ok(wanted)
}

/// People sign in through the provider that the settings name, or not at all.
fn sign_in(loaded: &Loaded) -> Result<SignIn, Failure> {
    let found = &loaded.config.sign_in;
    let (Some(provider), Some(client_id)) = (&found.issuer, &found.client_id) else {
        return Ok(SignIn::Nobody);
    };
    let settings = SignInSettings {
        provider: provider.as_str().to_owned(),
        client_id: client_id.clone(),
        client_secret_file: found.client_secret_file.as_ref().map(|file| loaded.path(file)),
        person_claim: found.person_claim.clone(),
        scopes: found.scopes.clone(),
        clock_skew_s: u32::try_from(found.clock_skew_s).unwrap_or(u32::MAX),
        reauthenticate_for_consent: found.reauthenticate_for_consent,
        ca_file: found.ca_file.as_ref().map(|file| loaded.path(file)),
    };
    let oidc = Oidc::new(&settings, loaded.issuer(), Arc::new(SystemClock::new()))?;
    Ok(SignIn::Provider(Arc::new(oidc)))
}

fn certificate(loaded: &Loaded) -> Result<Option<Arc<Tls>>, Failure> {
    let tls = &loaded.config.tls;
    let (Some(certificate), Some(key)) = (&tls.certificate_file, &tls.key_file) else { return Ok(None) };
    Ok(Some(Arc::new(Tls::load(loaded.path(certificate), loaded.path(key))?)))
}
