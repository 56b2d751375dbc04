//! With what is it built?
//!
//! The program: command line, settings, keys on disk, the real clock and random source, and the parts put together.
//! Nothing in this room decides anything.

mod assemble;
mod cli;
mod clock;
mod demo;
mod directory;
mod environment;
mod keys;
mod local;
mod operator_socket;
mod partner;
mod passphrase;
mod random;
mod rules;
mod say;
mod signer;
mod status;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let logs = tracing_subscriber::EnvFilter::try_from_env("YINUO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(logs).with_writer(std::io::stderr).init();
    match cli.command {
        cli::Command::Demo(options) => demo::run(options),
        cli::Command::Status(options) => status::run(&options),
        cli::Command::Verify(options) => verify::run(&options),
        cli::Command::Rules(options) => rules::run(&options),
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
