//! With what is it built?
//!
//! The program: command line, settings, keys on disk, the real clock and random source, and the parts put together.
//! Nothing in this room decides anything.

mod accept;
mod anchor;
mod apply;
mod assemble;
mod backup;
mod check;
mod cli;
mod client;
mod clock;
mod completions;
mod config;
mod demo;
mod directory;
mod environment;
mod export;
mod http;
mod import;
mod init;
mod keys;
mod language;
mod local;
mod memory;
mod metrics;
mod oidc;
mod operator_socket;
mod partner;
mod passkeys;
mod passphrase;
mod preflight;
mod random;
mod repair;
mod restore;
mod row_seal;
mod rules;
mod running;
mod say;
mod serve;
mod signer;
mod staff;
mod status;
mod subject;
mod telemetry;
mod tls;
mod typed;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::Parser as _;

/// An answer asks for memory hundreds of times, on threads that hand it to each other: `docs/PERFORMANCE.md`.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    if let Err(error) = memory::keep_to_ourselves() {
        return failed(&error);
    }
    tls::begin();
    // `serve` knows better, once it has read its settings.
    let serves = matches!(cli.command, cli::Command::Serve(_));
    let _telling = match (!serves).then(|| telemetry::begin(config::LogForm::Text, "warn", None)).transpose()
    {
        Ok(telling) => telling,
        Err(error) => return failed(error.as_ref()),
    };
    match cli.command {
        cli::Command::Demo(options) => demo::run(options),
        cli::Command::Init(options) => init::run(&options),
        cli::Command::Serve(options) => serve::run(&options),
        cli::Command::Config(options) => config::command::run(&options),
        cli::Command::Apply(options) => apply::run(&options),
        cli::Command::Check(options) => check::run(&options),
        cli::Command::Status(options) => status::run(&options),
        cli::Command::Clock(options) => accept::run(&options),
        cli::Command::Backup(options) => backup::run(&options),
        cli::Command::Restore(options) => restore::run(&options),
        cli::Command::Staff(options) => staff::run(&options),
        cli::Command::Keys(options) => keys::command::run(&options),
        cli::Command::Export(options) => export::run(&options),
        cli::Command::Subject(options) => subject::run(&options),
        cli::Command::Import(options) => import::run(&options),
        cli::Command::Verify(options) => verify::run(&options),
        cli::Command::Repair(options) => repair::run(&options),
        cli::Command::Witness(options) => witness::run(&options),
        cli::Command::Rules(options) => rules::run(&options),
        cli::Command::Client(options) => client::run(&options),
        cli::Command::Completions(options) => completions::run(&options),
        cli::Command::SamplePartner(options) => partner::run(options),
    }
}

/// Says on standard error what went wrong, with its causes, and gives the exit code for *cannot run*.
fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("yinuo: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::from(2)
}
