//! What can be typed.

mod keys;
mod witness;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use yinuo_domain::ClockReason;

use crate::local::LocalOptions;

pub(crate) use keys::{
    ChangePassphraseOptions, CreateKeysOptions, KeysCommand, KeysOptions, RetireEpochOptions,
};

pub(crate) use witness::{WitnessCommand, WitnessOptions};

/// Yinuo (一诺): the personal-information gateway of a platform that shares its users' data with partners.
#[derive(Debug, Parser)]
#[command(name = "yinuo", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run an invented platform with invented people and a sample partner, on this machine
    Demo(DemoOptions),
    /// Make a new data directory with its keys, and a file of settings to begin with
    Init(InitOptions),
    /// Serve the platform, as its settings say
    Serve(ServeOptions),
    /// Explain every mistake in the settings, or show what they come to
    Config(ConfigOptions),
    /// Check the files that declare a platform; exit 0: clean, 1: problems, 2: cannot run
    Check(CheckOptions),
    /// Bring a platform to what its files declare; exit 0: done or nothing to do, 1: problems, 2: cannot run, 3: only shown
    Apply(ApplyOptions),
    /// Say how the Yinuo in a data directory is doing; exit 0: well, 1: it cannot release, 2: cannot tell
    Status(StatusOptions),
    /// Go on by a clock that had jumped: until somebody has looked at it, nothing is released
    Clock(ClockOptions),
    /// Copy a data directory whole, also while it is served, and verify the copy; exit 0: done, 2: no copy
    Backup(BackupOptions),
    /// Bring a backup back, or go on with what is left; exit 0: it can be served, 1: something is missing, 2: cannot restore
    Restore(RestoreOptions),
    /// Appoint and dismiss staff, and let them set up a second factor
    Staff(StaffOptions),
    /// Make keys, open and retire epochs of keys, change the passphrase; exit 0: done, 2: cannot
    Keys(KeysOptions),
    /// Bring people and their values in from a file; exit 0: all are in, 1: rows were refused, 2: cannot go on
    Import(ImportOptions),
    /// Hand out everything there is about one person, as one JSON document; recorded, and told to them
    Export(ExportOptions),
    /// Find a person by a value; recorded, and told to them
    Subject(SubjectOptions),
    /// Check a data directory: hashes, signatures, chains, and every decision again
    Verify(VerifyOptions),
    /// Make rows that the log adds up to anew, from the log; exit 0: done, 2: nothing was changed
    Repair(RepairOptions),
    /// Watch a platform's logs for whoever need not trust it, and cosign heads that follow from those before
    Witness(WitnessOptions),
    /// Show the rules that are built in
    Rules(RulesOptions),
    /// For partners: a key of their own, and proof of who they are, to try the protocol with curl
    Client(ClientOptions),
    /// Print what a shell needs to complete these commands
    Completions(CompletionsOptions),
    /// The sample partner of the demonstration, a client like any other
    #[command(hide = true)]
    SamplePartner(PartnerOptions),
}

/// `yinuo demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Where to serve; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Call itself http://localhost instead of the address: browsers allow passkeys only for a name
    #[arg(long)]
    pub(crate) localhost: bool,
    /// Where the sample partner serves; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    pub(crate) partner_listen: SocketAddr,
    /// Where Prometheus finds metrics, such as 127.0.0.1:9464. Default: nowhere
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Where everything is kept; a directory that holds a demonstration goes on where it stopped
    #[arg(long, default_value = "yinuo-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Which algorithms seal values: guomi or international. Fixed by the first start
    #[arg(long, default_value = "guomi", value_name = "SUITE")]
    pub(crate) suite: String,
    /// Which trees and signatures the log has: international, guomi or dual. Fixed by the first start
    #[arg(long, default_value = "dual", value_name = "PROFILE")]
    pub(crate) profile: String,
}

/// `yinuo init`.
#[derive(Debug, Args)]
pub(crate) struct InitOptions {
    /// The address people and partners will know the platform by, such as https://id.example. Fixed for good
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: String,
    /// Where everything will be kept; it is made, or empty
    #[arg(long, default_value = "yinuo-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The file of settings to write
    #[arg(long, default_value = "yinuo.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Which algorithms seal values: guomi or international. Fixed for good
    #[arg(long, default_value = "guomi", value_name = "SUITE")]
    pub(crate) suite: String,
    /// Which trees and signatures the log has: international, guomi or dual. Fixed for good
    #[arg(long, default_value = "dual", value_name = "PROFILE")]
    pub(crate) profile: String,
    /// A file with the passphrase to keep the keys under; else the environment's YINUO_PASSPHRASE, else it is asked
    /// for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// In whose name: 1 to 64 of a-z, 0-9 and -. Default: the name of the Unix user. It stands in the log for good,
    /// and people read it in their history
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// `yinuo serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The settings
    #[arg(long, default_value = "yinuo.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// `yinuo config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigOptions {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

/// What is to be done with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Explain every mistake, with line, key and remedy; exit 0: none, 1: some, 2: no file
    Check {
        /// The settings. Default: yinuo.toml
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// One line of JSON on standard output
        #[arg(long)]
        json: bool,
    },
    /// Show what holds, defaults and environment included, and where each comes from
    Show {
        /// The settings. Default: yinuo.toml
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// One line of JSON on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `yinuo check`.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The directory with platform.toml
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// One line of JSON on standard output, in both languages
    #[arg(long)]
    pub(crate) json: bool,
    /// SARIF 2.1.0 on standard output, for code hosts and editors
    #[arg(long, conflicts_with = "json")]
    pub(crate) sarif: bool,
    #[command(flatten)]
    pub(crate) language: LanguageOptions,
}

/// `yinuo apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyOptions {
    /// The directory with platform.toml
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Take apps offline that are live and not in these files
    #[arg(long)]
    pub(crate) hide_missing: bool,
    /// Bring apps back that are in these files and were taken offline, by whomever
    #[arg(long)]
    pub(crate) show_hidden: bool,
    /// One line of JSON on standard output; never asks
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) language: LanguageOptions,
}

/// In which language to speak.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct LanguageOptions {
    /// The language of messages; else the one of LC_ALL or LANG, else English
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
}

/// A language of the pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// Chinese
    Zh,
    /// English
    En,
}

/// `yinuo status`.
#[derive(Debug, Args)]
pub(crate) struct StatusOptions {
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    /// Where to: a directory that is made, or is empty
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Leave the keys out: keep a copy of them elsewhere, where no copy of the database is
    #[arg(long)]
    pub(crate) without_keys: bool,
    /// The data directory. Default: that of the settings, else yinuo-data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The settings that name the data directory. Default: yinuo.toml, if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// The backup. It is copied into the data directory, which must be empty. Without it, what is there is looked at
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// Go on although something is missing, or although nothing is known of what came after; recorded in your name
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo clock`.
#[derive(Debug, Args)]
pub(crate) struct ClockOptions {
    #[command(subcommand)]
    pub(crate) command: ClockCommand,
}

/// What is to be done about the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Let releases go on by the clock as it is now, and say what you found; recorded
    Accept(AcceptOptions),
}

/// `yinuo clock accept`.
#[derive(Debug, Args)]
pub(crate) struct AcceptOptions {
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// What you found
    #[arg(long, value_enum, value_name = "REASON")]
    pub(crate) reason: Found,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// What an operator found when the clock had jumped.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Found {
    /// It had been wrong, and is right now
    SetRight,
    /// The machine slept, or was moved or restored; the clock is right
    Paused,
    /// It was wrong while the last facts were recorded, and is right now: they are dated too late
    FactsAhead,
}

impl Found {
    /// The code of a fact.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::SetRight => ClockReason::SetRight.code(),
            Self::Paused => ClockReason::Paused.code(),
            Self::FactsAhead => ClockReason::FactsAhead.code(),
        }
    }
}

/// `yinuo staff`.
#[derive(Debug, Args)]
pub(crate) struct StaffOptions {
    #[command(subcommand)]
    pub(crate) command: StaffCommand,
}

/// What is to be done about staff.
#[derive(Debug, Subcommand)]
pub(crate) enum StaffCommand {
    /// Who is appointed, in which role, and whether they have a second factor
    List {
        #[command(flatten)]
        local: LocalOptions,
        /// JSON on standard output
        #[arg(long)]
        json: bool,
    },
    /// Appoint somebody, or give them another role; prints a code for their first sign-in
    Appoint {
        #[command(flatten)]
        local: LocalOptions,
        /// Their name in the facts: 1 to 64 of a-z, 0-9 and -
        staff: String,
        /// operator (may suspend partners and hide apps) or auditor (sees, changes nothing)
        #[arg(long, value_name = "ROLE")]
        role: String,
        /// A file with what the identity provider calls them, or - for standard input; needed the first time
        #[arg(long, value_name = "FILE")]
        identity_file: Option<PathBuf>,
    },
    /// Dismiss somebody: their sessions end at once
    Dismiss {
        #[command(flatten)]
        local: LocalOptions,
        /// Their name in the facts
        staff: String,
    },
    /// Take somebody's second factor away and print a code to set up another one
    ResetFactor {
        #[command(flatten)]
        local: LocalOptions,
        /// Their name in the facts
        staff: String,
    },
}

/// `yinuo import`.
#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// The file: a header `subject_id`, perhaps `guardian_required`, and ids of items; then one person a row
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// What the file is written in
    #[arg(long, value_enum, default_value = "csv")]
    pub(crate) format: ImportFormat,
    /// Where refused rows are told: line, column, code and reason, never a value. Default: FILE.refused.csv
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Check every row, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Store changed values of people who are here already, as corrections
    #[arg(long)]
    pub(crate) update: bool,
    /// Begin at the first row, although an earlier run of this file stopped further on
    #[arg(long)]
    pub(crate) restart: bool,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo export`.
#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// A file with the platform's identifier of the person; else it, or with --item the value, is read from standard
    /// input. Never from the command line, where others could read it
    #[arg(long, value_name = "FILE", conflicts_with = "item")]
    pub(crate) person_file: Option<PathBuf>,
    /// Take the person who has a value of this item
    #[arg(long, value_name = "ITEM")]
    pub(crate) item: Option<String>,
    /// Where to write; a new file that only its owner reads
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `yinuo subject`.
#[derive(Debug, Args)]
pub(crate) struct SubjectOptions {
    #[command(subcommand)]
    pub(crate) command: SubjectCommand,
}

/// What is to be done about a person.
#[derive(Debug, Subcommand)]
pub(crate) enum SubjectCommand {
    /// Who has this value, which is read from standard input; exit 0: somebody, 1: nobody, 2: cannot tell
    Find(FindOptions),
}

/// `yinuo subject find`.
#[derive(Debug, Args)]
pub(crate) struct FindOptions {
    #[command(flatten)]
    pub(crate) local: LocalOptions,
    /// Of which item the value is, such as phone_number
    #[arg(long, value_name = "ITEM")]
    pub(crate) item: String,
    /// Show more than a mask leaves; needs a reason
    #[arg(long, requires = "reason")]
    pub(crate) unmasked: bool,
    /// Why: support, complaint, correction, incident, legal-duty. It stands in the record that the person sees
    #[arg(long, value_name = "CODE")]
    pub(crate) reason: Option<String>,
    /// JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a file of people is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// RFC 4180, UTF-8, with a header
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// `yinuo verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// The data directory
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The logs' public keys, one a line; else the file `log.vkeys` in the directory, which proves less
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Check also the rows that only the platform's own keys can check; needs the passphrase over them
    #[arg(long)]
    pub(crate) rows: bool,
    /// With --rows: a file with the passphrase; else the environment's YINUO_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE", requires = "rows")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo repair`.
#[derive(Debug, Args)]
pub(crate) struct RepairOptions {
    /// The data directory. Nobody may be serving it
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Streams, the apps' counts, and which entries are about whom: what docs/TABLES.md calls derived
    #[arg(long, required = true)]
    pub(crate) derived: bool,
    /// A file with the passphrase over the keys; else the environment's YINUO_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// One line of JSON on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// `yinuo rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesOptions {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

/// What is to be shown.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Every rule pack: version, date in force, hashes
    List {
        /// JSON on standard output
        #[arg(long)]
        json: bool,
    },
    /// One rule pack: necessary-information or items
    Show {
        /// Its name
        pack: String,
        /// JSON on standard output
        #[arg(long)]
        json: bool,
    },
}

/// `yinuo client`.
#[derive(Debug, Args)]
pub(crate) struct ClientOptions {
    #[command(subcommand)]
    pub(crate) command: ClientCommand,
}

/// What a partner needs.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Keys
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Print a client assertion (RFC 7523), good once and for a minute
    Assertion {
        /// The private JSON Web Key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The app, which is the client
        #[arg(long, value_name = "ID")]
        client: String,
        /// The issuer of the platform
        #[arg(long, value_name = "URL")]
        audience: String,
    },
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key: the private half into a new file, the public key set to standard output
    New {
        /// The file to write; it is not there yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Which curve
        #[arg(long, value_enum, default_value_t = Curve::P256)]
        curve: Curve,
    },
}

/// The curve of a key.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Curve {
    /// For ES256
    P256,
    /// For EdDSA
    Ed25519,
}

/// `yinuo completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// `yinuo sample-partner`.
#[derive(Debug, Args)]
pub(crate) struct PartnerOptions {
    /// Where to serve
    #[arg(long)]
    pub(crate) listen: SocketAddr,
    /// The platform
    #[arg(long)]
    pub(crate) issuer: String,
    /// A directory with one private JSON Web Key for each app, `<app>.jwk`
    #[arg(long)]
    pub(crate) keys: PathBuf,
    /// The platform's public log keys, to check receipts with
    #[arg(long)]
    pub(crate) log_keys: PathBuf,
}

#[cfg(test)]
mod tests;
