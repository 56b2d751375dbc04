//! `yinuo import`: people and their values from a file, through the running server or under the directory's lock.
//!
//! One thread reads rows, several batches are on their way at once, and they are acknowledged in the order of the
//! file. What was acknowledged is written down beside the report, so that an import that was killed goes on where it
//! stopped; whoever of the rows on their way had come in is recognised by their values. Memory does not grow with the
//! file. No value is ever repeated: not in the report, not in an error.

mod columns;
mod csv_rows;
mod json_rows;
mod progress;
mod report;
mod rows;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use yinuo_web::operator::{ImportBatch, ImportBegun, ImportEnd, ImportPerson, ImportRefused, ImportTold};

use crate::cli::{ImportFormat, ImportOptions};
use crate::clock::SystemClock;
use crate::local::{self, Local, LocalError};
use crate::say::say;

use progress::Progress;
use report::{Counts, FileIdentity, Report, ReportError};
use rows::{At, Rows, RowsError};

/// How many people one batch has at most.
const BATCH_PEOPLE: usize = 256;
/// How many bytes of values one batch has, unless one person has more.
const BATCH_BYTES: usize = 1 << 20;
/// How many batches are on their way at once: enough to check and seal on every processor while one is committed.
const ON_THEIR_WAY: usize = 8;
/// How often a busy server is asked again, once a second.
const TRIES: u32 = 60;

/// Why an import could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("{0}; what was acknowledged is written down: run the same command again to go on")]
    Stopped(LocalError),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error("a task of the import died")]
    Task(#[from] tokio::task::JoinError),
    #[error("cannot start a thread that reads the file")]
    Thread(#[from] std::io::Error),
}

pub(crate) fn run(options: &ImportOptions) -> ExitCode {
    local::run(import(options))
}

/// Rows that are handed in together, and what the reader itself refused among them.
struct Batch {
    people: ImportBatch,
    refused: Vec<ImportRefused>,
    /// How many rows it is made of.
    rows: u64,
    /// Where the next row begins.
    next: At,
}

async fn import(options: &ImportOptions) -> Result<ExitCode, ImportError> {
    let identity = FileIdentity::of(&options.file)?;
    let path = options.report.clone().unwrap_or_else(|| beside(&options.file, options.dry_run));
    // Columns are refused before anything is opened or written.
    let rows = match options.format {
        ImportFormat::Csv => Rows::csv(&options.file)?,
        ImportFormat::Jsonl => Rows::json_lines(&options.file)?,
    };
    let local = Arc::new(Local::open(&options.local).await?);
    let mut report = if options.dry_run || options.restart {
        Report::start(path, identity.clone(), !options.dry_run)?
    } else {
        Report::resume(path, identity.clone())?
    };
    let rows = rows.from(report.next())?;
    let clock = SystemClock::new();
    let mut progress = Progress::start(&clock, identity.length, report.next(), report.counts().values);

    // Whose doing it is stands in the log before anybody comes in. A rehearsal brings nobody.
    let begun: Option<ImportBegun> = match options.dry_run {
        true => None,
        false => Some(local.post("/operator/people/import/begin", &()).await?),
    };
    let import = begun.as_ref().map(|begun| begun.import.clone());
    let batches = read(rows, options.update, import)?;
    let mut refused = 0;
    let through = carry(&local, batches, &mut report, &mut progress, &mut refused).await;
    progress.end();
    report.keep()?;
    // Whatever stopped it, what became of the people so far is said, as far as anybody listens.
    let ended = match begun {
        None => Ok(()),
        Some(ImportBegun { import }) => {
            let end = ImportEnd { import, refused };
            local.post::<_, ImportBegun>("/operator/people/import/end", &end).await.map(drop)
        }
    };
    through?;
    ended?;
    report.finish()?;
    let counts = *report.counts();
    tell(options, &counts, &report, &progress);
    Ok(ExitCode::from(u8::from(counts.refused != 0)))
}

/// `people.csv` has its refused rows in `people.csv.refused.csv`. A rehearsal has a report of its own, so that an
/// import that was interrupted can still go on.
fn beside(file: &Path, dry_run: bool) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(if dry_run { ".dry-run.csv" } else { ".refused.csv" });
    PathBuf::from(name)
}

/// Reads rows on a thread of its own, never far ahead.
fn read(
    mut rows: Rows,
    correct: bool,
    import: Option<String>,
) -> Result<mpsc::Receiver<Result<Batch, RowsError>>, std::io::Error> {
    let (sender, receiver) = mpsc::channel(1);
    let reading = move || {
        loop {
            let batch = gather(&mut rows, correct, import.as_deref());
            let last = !matches!(batch, Ok(Some(_)));
            let sent = batch.transpose().is_none_or(|batch| sender.blocking_send(batch).is_ok());
            // Whoever stopped listening has had enough.
            if last || !sent {
                return;
            }
        }
    };
    std::thread::Builder::new().name("yinuo-import".to_owned()).spawn(reading)?;
    Ok(receiver)
}

/// The next rows; none at the end of the file.
fn gather(rows: &mut Rows, correct: bool, import: Option<&str>) -> Result<Option<Batch>, RowsError> {
    let (mut people, mut refused) = (Vec::with_capacity(BATCH_PEOPLE), Vec::new());
    let (mut count, mut bytes) = (0u64, 0);
    let mut items = rows.items();
    while people.len() < BATCH_PEOPLE && refused.len() < BATCH_PEOPLE && bytes < BATCH_BYTES {
        let Some(row) = rows.next()? else { break };
        count += 1;
        match row.person {
            Ok(person) => {
                bytes += person.values.iter().map(|(_, value)| value.len() + 16).sum::<usize>();
                people.push(placed(&mut items, row.line, person));
            }
            Err(mut why) => refused.append(&mut why),
        }
    }
    if count == 0 {
        return Ok(None);
    }
    for person in &mut people {
        person.values.resize(items.len(), None);
    }
    let people = ImportBatch { import: import.map(str::to_owned), correct, items, people };
    Ok(Some(Batch { people, refused, rows: count, next: rows.at() }))
}

/// The values at the places of their items. Rows of JSON may bring items that the batch did not have so far.
fn placed(items: &mut Vec<String>, line: u64, person: rows::Person) -> ImportPerson {
    let rows::Person { subject_id, guardian_required, values: brought } = person;
    let mut values = vec![None; items.len()];
    for (item, value) in brought {
        let place = match items.iter().position(|known| *known == item) {
            Some(place) => place,
            None => {
                items.push(item);
                values.push(None);
                items.len() - 1
            }
        };
        if let Some(slot) = values.get_mut(place) {
            *slot = Some(value);
        }
    }
    ImportPerson { line, subject_id, guardian_required, values }
}

/// Hands batches in and acknowledges them in the order of the file.
async fn carry(
    local: &Arc<Local>,
    mut batches: mpsc::Receiver<Result<Batch, RowsError>>,
    report: &mut Report,
    progress: &mut Progress<'_>,
    refused_here: &mut u64,
) -> Result<(), ImportError> {
    let mut under_way: VecDeque<UnderWay> = VecDeque::with_capacity(ON_THEIR_WAY);
    let mut failed: Option<ImportError> = None;
    let mut ended = false;
    loop {
        if !ended && under_way.len() < ON_THEIR_WAY {
            match batches.recv().await {
                Some(Ok(batch)) => under_way.push_back(UnderWay::start(local, batch)),
                Some(Err(error)) => {
                    failed = Some(error.into());
                    ended = true;
                }
                None => ended = true,
            }
            continue;
        }
        let Some(UnderWay { refused, rows, next, told }) = under_way.pop_front() else { break };
        let told = told.await?.map_err(ImportError::Stopped)?;
        // A row that is wrong in two columns is one row.
        let lines: BTreeSet<u64> = refused.iter().map(|refused| refused.line).collect();
        *refused_here += lines.len() as u64;
        report.acknowledge(rows, refused, told, next)?;
        progress.at(report)?;
    }
    failed.map_or(Ok(()), Err)
}

struct UnderWay {
    refused: Vec<ImportRefused>,
    rows: u64,
    next: At,
    told: JoinHandle<Result<ImportTold, LocalError>>,
}

impl UnderWay {
    fn start(local: &Arc<Local>, batch: Batch) -> Self {
        let Batch { people, refused, rows, next } = batch;
        let told = tokio::spawn(hand_in(Arc::clone(local), people));
        Self { refused, rows, next, told }
    }
}

/// Hands one batch in, and again while the server is busy: whoever had come in is recognised.
async fn hand_in(local: Arc<Local>, people: ImportBatch) -> Result<ImportTold, LocalError> {
    if people.people.is_empty() {
        return Ok(ImportTold::default());
    }
    for _ in 1..TRIES {
        match local.post("/operator/people/import", &people).await {
            Err(LocalError::Problem { status: 503, .. }) => tokio::time::sleep(Duration::from_secs(1)).await,
            answered => return answered,
        }
    }
    local.post("/operator/people/import", &people).await
}

fn tell(options: &ImportOptions, counts: &Counts, report: &Report, progress: &Progress<'_>) {
    let refused_in = report.path_if_written().map(|path| path.display().to_string());
    // An import that goes on counts what an earlier run stored, but has not taken the time for it.
    let (seconds, per_second) = (progress.seconds(), progress.values_per_second(counts.values));
    if options.json {
        let line = serde_json::json!({
            "dry_run": options.dry_run,
            "rows": counts.rows,
            "enrolled": counts.enrolled,
            "corrected": counts.corrected,
            "unchanged": counts.unchanged,
            "refused": counts.refused,
            "values": counts.values,
            "seconds": seconds,
            "values_per_second": per_second,
            "report": refused_in,
        });
        say(line);
        return;
    }
    let Counts { rows, enrolled, corrected, unchanged, refused, values } = *counts;
    let would = if options.dry_run { "would have been " } else { "" };
    say(format_args!("{rows} rows, {values} values, in {seconds:.1} s ({per_second:.0} values a second)"));
    say(format_args!(
        "  {enrolled} people {would}enrolled, {corrected} {would}corrected, {unchanged} unchanged"
    ));
    match refused_in {
        Some(path) => say(format_args!("  {refused} rows refused: see {path}")),
        None => say("  no row was refused"),
    }
    if 0 < enrolled {
        say(
            "  whoever deleted their account here and is still in the file is among those enrolled, as somebody new: \
             nothing is kept that could tell; take them out of the platform's files",
        );
    }
}
