//! `yinuo keys`, as it can be typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::local::LocalOptions;

/// `yinuo keys`.
#[derive(Debug, Args)]
pub(crate) struct KeysOptions {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

/// What is to be done about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make the keys of a new data directory, to copy them away before there is any data; `yinuo init` takes them
    Create(CreateKeysOptions),
    /// Which epochs of keys there are
    Status {
        #[command(flatten)]
        local: LocalOptions,
        /// One line of JSON on standard output
        #[arg(long)]
        json: bool,
    },
    /// Wrap everybody's keys under a new one, while Yinuo serves; run it again to go on where it was cut off
    Rotate {
        #[command(flatten)]
        local: LocalOptions,
        /// One line of JSON on standard output
        #[arg(long)]
        json: bool,
    },
    /// Keep the root key under another passphrase; the old one opens the keys no more
    ChangePassphrase(ChangePassphraseOptions),
    /// Destroy the key of an earlier epoch: deleted people's values then open in no backup of the data. Needs a new
    /// passphrase, as the root key is made anew
    RetireEpoch(RetireEpochOptions),
}

/// `yinuo keys create`.
#[derive(Debug, Args)]
pub(crate) struct CreateKeysOptions {
    /// Where everything will be kept; it is made, or empty
    #[arg(long, default_value = "yinuo-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Which algorithms seal values: guomi or international. Fixed for good
    #[arg(long, default_value = "guomi", value_name = "SUITE")]
    pub(crate) suite: String,
    /// A file with the passphrase to keep the keys under; else the environment's YINUO_PASSPHRASE, else it is asked
    /// for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo keys change-passphrase`.
#[derive(Debug, Args)]
pub(crate) struct ChangePassphraseOptions {
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// A file with the new passphrase; else it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo keys retire-epoch`.
#[derive(Debug, Args)]
pub(crate) struct RetireEpochOptions {
    /// Its number, as `yinuo keys status` shows it
    #[arg(value_name = "EPOCH")]
    pub(crate) epoch: u32,
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// A file with the new passphrase; else it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
