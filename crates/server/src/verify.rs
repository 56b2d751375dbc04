//! `yinuo verify`: is the log intact, and was every release in it lawful when it happened?

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use yinuo_ledger::{Report, RowSeal, SealedRows, StoreCopy};
use yinuo_tlog::VerifierKey;

use crate::cli::VerifyOptions;
use crate::failed;
use crate::keys::{self, UnlockError};
use crate::row_seal::VaultSeal;
use crate::say::say;

pub(crate) fn run(options: &VerifyOptions) -> ExitCode {
    let path = options.keys.clone().unwrap_or_else(|| options.dir.join("log.vkeys"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("yinuo: cannot read the logs' public keys in {}", path.display());
            return failed(&error);
        }
    };
    let keys: Result<Vec<VerifierKey>, _> =
        text.lines().filter(|line| !line.is_empty()).map(VerifierKey::parse).collect();
    let keys = match keys {
        Ok(keys) => keys,
        Err(error) => {
            eprintln!("yinuo: {} holds a line that is no verifier key", path.display());
            return failed(&error);
        }
    };
    // Asked for, and refused, before anybody waits.
    let seal = match options.rows.then(|| seal(options)).transpose() {
        Ok(seal) => seal,
        Err(error) => return failed(&error),
    };
    let watched = !options.json && std::io::stderr().is_terminal();
    let mut progress = |progress: yinuo_ledger::Progress| {
        if watched {
            eprint!("\r{} {} of {} entries", progress.log, progress.entries, progress.of);
            let _ = std::io::stderr().flush();
        }
    };
    let report = yinuo_ledger::verify_directory(&options.dir, &keys, &mut progress);
    if watched {
        eprintln!();
    }
    match report {
        Ok(report) => {
            let rows = match seal.map(|seal| StoreCopy::open(&options.dir)?.rows(seal)).transpose() {
                Ok(rows) => rows,
                Err(error) => return failed(&error),
            };
            tell(&report, rows.as_ref(), options);
            let altered = rows.is_some_and(|rows| rows.first_altered.is_some());
            if report.ok && !altered { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => failed(&error),
    }
}

/// The seal over the rows, from the platform's own keys.
fn seal(options: &VerifyOptions) -> Result<Arc<dyn RowSeal>, UnlockError> {
    let (_, keys) = keys::unlock(&options.dir, options.passphrase_file.as_deref())?;
    Ok(VaultSeal::of(&keys.vault))
}

/// Verifies a directory by the keys in it; how many entries it has, all of them in order.
pub(crate) fn whole(dir: &std::path::Path) -> Result<u64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(dir.join("log.vkeys"))?;
    let keys: Vec<VerifierKey> =
        text.lines().filter(|line| !line.is_empty()).map(VerifierKey::parse).collect::<Result<_, _>>()?;
    let report = yinuo_ledger::verify_directory(dir, &keys, &mut |_| ())?;
    match report.first_bad {
        None => Ok(report.entries),
        Some(bad) => {
            Err(format!("{}: entry {} of log {}: {}", dir.display(), bad.index, bad.log, bad.what).into())
        }
    }
}

fn tell(report: &Report, rows: Option<&SealedRows>, options: &VerifyOptions) {
    if !options.json {
        match &report.first_bad {
            None => say(format_args!(
                "Every one of {} entries is in its place, and each of {} decisions is the one the rules give.",
                report.entries, report.decisions_replayed
            )),
            Some(bad) => say(format_args!("Not in order: {} entry {}: {}", bad.log, bad.index, bad.what)),
        }
        match rows.map(|rows| (rows.rows, rows.first_altered)) {
            None => {}
            Some((rows, None)) => say(format_args!("Each of {rows} rows of state is as it was written.")),
            Some((_, Some((table, nth)))) => say(format_args!(
                "Not in order: row {nth} of {table}, counted from 0 in the order of its key, was changed from outside"
            )),
        }
        if options.keys.is_none() {
            say(format_args!(
                "The keys came from the same directory: give --keys with your own copy to check signatures."
            ));
        }
    }
    let first_bad = report.first_bad.as_ref();
    let line = Line {
        ok: report.ok && rows.is_none_or(|rows| rows.first_altered.is_none()),
        entries: report.entries,
        decisions_replayed: report.decisions_replayed,
        first_bad: first_bad.map(|bad| Bad { log: bad.log.as_str(), index: bad.index, what: &bad.what }),
        rows: rows.map(|rows| Rows {
            checked: rows.rows,
            first_altered: rows.first_altered.map(|(table, row)| Altered { table, row }),
        }),
    };
    match serde_json::to_string(&line) {
        Ok(line) => say(format_args!("{line}")),
        Err(error) => eprintln!("yinuo: the report cannot be written: {error}"),
    }
}

/// The last line, for programs. Its members and their order are fixed.
#[derive(Serialize)]
struct Line<'a> {
    ok: bool,
    entries: u64,
    decisions_replayed: u64,
    first_bad: Option<Bad<'a>>,
    /// With `--rows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Rows>,
}

#[derive(Serialize)]
struct Rows {
    checked: u64,
    first_altered: Option<Altered>,
}

#[derive(Serialize)]
struct Altered {
    table: &'static str,
    row: u64,
}

#[derive(Serialize)]
struct Bad<'a> {
    log: &'a str,
    index: u64,
    what: &'a str,
}
