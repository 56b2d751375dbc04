//! `yinuo witness`, as it can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `yinuo witness`.
#[derive(Debug, Args)]
pub(crate) struct WitnessOptions {
    #[command(subcommand)]
    pub(crate) command: WitnessCommand,
}

/// What a witness does.
#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Make a witness's directory and its keys, and print the public ones
    Create {
        /// Where everything will be kept; it is made, or empty
        #[arg(long, default_value = "yinuo-witness", value_name = "DIR")]
        data: PathBuf,
        /// What it calls itself, such as witness.example/w1: no spaces and no plus. Fixed for good
        #[arg(long, value_name = "NAME")]
        name: String,
        /// A file with the passphrase to keep the keys under; else the environment's YINUO_PASSPHRASE, else it is asked
        /// for
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Cosign heads that follow from those before, for whoever submits them (C2SP tlog-witness)
    Serve {
        /// The witness's directory
        #[arg(long, default_value = "yinuo-witness", value_name = "DIR")]
        data: PathBuf,
        /// Which logs it watches: a C2SP tlog-policy, of which only the lines `log <key>` count here. A policy has no key
        /// twice, so logs that one key signs are in policies of their own: give it as often as needed
        #[arg(long, required = true, value_name = "FILE")]
        policy: Vec<PathBuf>,
        /// Where to serve, in plain HTTP: put what ends TLS before it; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
        listen: SocketAddr,
        /// A file with the passphrase over its keys; else the environment's YINUO_PASSPHRASE, else it is asked for
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// What it cosigned last of each log, and which heads did not follow; exit 0: all did, 1: two histories were shown
    Show {
        /// The witness's directory; it may be served meanwhile
        #[arg(long, default_value = "yinuo-witness", value_name = "DIR")]
        data: PathBuf,
        /// One line of JSON on standard output
        #[arg(long)]
        json: bool,
    },
}
