//! What an import leaves behind: the refused rows for whoever mends them, and how far it came for the next run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use yinuo_domain::Suite;
use yinuo_web::operator::{ImportRefused, ImportTold};

use super::rows::At;

/// How much of a file is hashed to know it again.
const PREFIX: u64 = 64 * 1024;
const FORMAT: &str = "yinuo import checkpoint v1";

/// By what a file is known again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct FileIdentity {
    /// How long it is, in bytes.
    pub(super) length: u64,
    /// A hash of how it begins.
    prefix: String,
}

/// What became of the rows so far.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) enrolled: u64,
    pub(super) corrected: u64,
    pub(super) unchanged: u64,
    pub(super) refused: u64,
    pub(super) values: u64,
}

/// Why nothing can be written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error("cannot read or write {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(
        "{} is of another file, or of one that has changed since; --restart begins again (whoever is here already is \
         recognised), --report writes elsewhere", .0.display()
    )]
    OtherFile(PathBuf),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    format: String,
    file: FileIdentity,
    next: At,
    counts: Counts,
    /// How long the report was then. What stands after it is written again.
    report_length: u64,
}

/// The refused rows, and how far it is.
pub(super) struct Report {
    path: PathBuf,
    file: FileIdentity,
    /// None until the first row is refused.
    out: Option<BufWriter<File>>,
    length: u64,
    next: Option<At>,
    counts: Counts,
    /// Whether anything is written down for a next run.
    keeps: bool,
}

impl FileIdentity {
    pub(super) fn of(path: &Path) -> Result<Self, ReportError> {
        let failed = |cause| ReportError::File { path: path.to_owned(), cause };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut begin = Vec::new();
        file.take(PREFIX).read_to_end(&mut begin).map_err(failed)?;
        let prefix = yinuo_rules::content_hash(Suite::International, &begin).to_string();
        Ok(Self { length, prefix })
    }
}

impl Counts {
    /// How many people are here by now.
    pub(super) fn people(&self) -> u64 {
        self.enrolled + self.corrected + self.unchanged
    }
}

impl Report {
    /// From the first row on. What an earlier run left is gone.
    pub(super) fn start(path: PathBuf, file: FileIdentity, keeps: bool) -> Result<Self, ReportError> {
        for stale in [path.clone(), checkpoint_of(&path)] {
            match fs::remove_file(&stale) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(ReportError::File { path: stale, cause });
                }
                _ => {}
            }
        }
        Ok(Self { path, file, out: None, length: 0, next: None, counts: Counts::default(), keeps })
    }

    /// From where an earlier run of the same file stopped, or from the first row on.
    pub(super) fn resume(path: PathBuf, file: FileIdentity) -> Result<Self, ReportError> {
        let kept = checkpoint_of(&path);
        let bytes = match fs::read(&kept) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Self::start(path, file, true),
            Err(cause) => return Err(ReportError::File { path: kept, cause }),
        };
        let found: Option<Checkpoint> = serde_json::from_slice(&bytes).ok();
        let found = found.filter(|found| found.format == FORMAT && found.file == file);
        let Some(Checkpoint { next, counts, report_length, .. }) = found else {
            return Err(ReportError::OtherFile(kept));
        };
        let mut report = Self { path, file, out: None, length: 0, next: Some(next), counts, keeps: true };
        if 0 < report_length {
            report.open(report_length)?;
        }
        Ok(report)
    }

    /// Where to go on; none: at the first row.
    pub(super) fn next(&self) -> Option<At> {
        self.next
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Where the refused rows are, if there are any.
    pub(super) fn path_if_written(&self) -> Option<&Path> {
        self.out.is_some().then_some(self.path.as_path())
    }

    /// Takes note of what became of some rows; the next one begins at `next`.
    pub(super) fn acknowledge(
        &mut self,
        rows: u64,
        refused: Vec<ImportRefused>,
        told: ImportTold,
        next: At,
    ) -> Result<(), ReportError> {
        let mut all = refused;
        all.extend(told.refused);
        all.sort_by_key(|refused| refused.line);
        let mut lines: Vec<u64> = all.iter().map(|refused| refused.line).collect();
        lines.dedup();
        for refused in &all {
            self.write(refused)?;
        }
        self.counts.rows += rows;
        self.counts.enrolled += told.enrolled;
        self.counts.corrected += told.corrected;
        self.counts.unchanged += told.unchanged;
        self.counts.values += told.values;
        self.counts.refused += lines.len() as u64;
        self.next = Some(next);
        Ok(())
    }

    /// Writes down how far it is: first the report, then that it is written.
    pub(super) fn keep(&mut self) -> Result<(), ReportError> {
        if let Some(out) = &mut self.out {
            let kept = out.flush().and_then(|()| out.get_ref().sync_data());
            kept.map_err(|cause| ReportError::File { path: self.path.clone(), cause })?;
        }
        let (true, Some(next)) = (self.keeps, self.next) else { return Ok(()) };
        let checkpoint = Checkpoint {
            format: FORMAT.to_owned(),
            file: self.file.clone(),
            next,
            counts: self.counts,
            report_length: self.length,
        };
        let path = checkpoint_of(&self.path);
        let beside = path.with_extension("checkpoint-new");
        let write = || {
            let bytes = serde_json::to_vec(&checkpoint).map_err(io::Error::other)?;
            let mut file = private().create(true).truncate(true).open(&beside)?;
            file.write_all(&bytes)?;
            file.sync_data()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|cause| ReportError::File { path: path.clone(), cause })
    }

    /// All rows are through: nothing is left to go on with.
    pub(super) fn finish(&mut self) -> Result<(), ReportError> {
        let path = checkpoint_of(&self.path);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(ReportError::File { path, cause }),
            _ => Ok(()),
        }
    }

    fn write(&mut self, refused: &ImportRefused) -> Result<(), ReportError> {
        if self.out.is_none() {
            self.open(0)?;
            self.line(&["line", "column", "code", "reason", "reason_zh"])?;
        }
        let line = refused.line.to_string();
        self.line(&[&line, &refused.column, &refused.code, &refused.en, &refused.zh])
    }

    fn line(&mut self, fields: &[&str]) -> Result<(), ReportError> {
        let failed = |path: &Path, cause| ReportError::File { path: path.to_owned(), cause };
        let mut line = csv::WriterBuilder::new().from_writer(Vec::new());
        let written = line.write_record(fields).map_err(io::Error::other);
        let bytes =
            written.and_then(|()| line.into_inner().map_err(|error| io::Error::other(error.to_string())));
        let bytes = bytes.map_err(|cause| failed(&self.path, cause))?;
        if let Some(out) = &mut self.out {
            out.write_all(&bytes).map_err(|cause| failed(&self.path, cause))?;
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Opens the report, cut to `length`.
    fn open(&mut self, length: u64) -> Result<(), ReportError> {
        let open = || {
            let mut file = private().create(true).truncate(length == 0).open(&self.path)?;
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
            Ok(file)
        };
        let file = open().map_err(|cause| ReportError::File { path: self.path.clone(), cause })?;
        self.out = Some(BufWriter::new(file));
        self.length = length;
        Ok(())
    }
}

fn checkpoint_of(report: &Path) -> PathBuf {
    let mut name = report.as_os_str().to_owned();
    name.push(".checkpoint");
    PathBuf::from(name)
}

/// Which lines of a file are wrong is nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}
