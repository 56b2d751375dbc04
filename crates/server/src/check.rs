//! `yinuo check`: every problem in a platform's files, for people, programs and code hosts.

mod human;
mod json;
mod sarif;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use yinuo_rules::platform::Checked;

use crate::cli::CheckOptions;
use crate::environment;
use crate::failed;
use crate::say::say;

pub(crate) use human::told;
pub(crate) use json::Report;

/// More files than this are no platform but a wrong directory.
const FILES_MAX: usize = 10_000;

/// Why there is nothing to check.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{} holds neither platform.toml nor purposes.toml: is it the right directory?", .0.display())]
    Elsewhere(PathBuf),
    #[error("{} holds more than {FILES_MAX} files: is it the right directory?", .0.display())]
    TooMany(PathBuf),
    #[error(transparent)]
    Rules(#[from] yinuo_rules::PackError),
}

pub(crate) fn run(options: &CheckOptions) -> ExitCode {
    let checked = match check(&options.dir) {
        Ok(checked) => checked,
        Err(error) => return failed(&error),
    };
    let language = options.language.choose();
    let written = if options.sarif {
        sarif::written(&options.dir, &checked.findings, language)
    } else if options.json {
        serde_json::to_string(&Report::of(&checked.findings))
    } else {
        Ok(told(&options.dir, &checked.findings, language, is_coloured()))
    };
    match written {
        Ok(text) => say(text.trim_end()),
        Err(error) => return failed(&error),
    }
    if checked.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Reads and checks the files in `dir`.
pub(crate) fn check(dir: &Path) -> Result<Checked, FilesError> {
    let mut files = BTreeMap::new();
    let there =
        |name: &str| dir.join(name).try_exists().map_err(|error| FilesError::Read(dir.join(name), error));
    std::fs::read_dir(dir).map_err(|error| FilesError::Read(dir.to_owned(), error))?;
    if !there("platform.toml")? && !there("purposes.toml")? {
        return Err(FilesError::Elsewhere(dir.to_owned()));
    }
    read(dir, "", &mut files)?;
    let packs = yinuo_rules::packs()?;
    Ok(yinuo_rules::check_platform(packs, &files, &yinuo_oauth::is_usable_key))
}

/// Whether whoever reads sees colours.
pub(crate) fn is_coloured() -> bool {
    std::io::stdout().is_terminal() && environment::variable("NO_COLOR").is_none()
}

/// Every file below `dir`, by its path with `/`. Names that begin with a dot are left alone.
fn read(dir: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), FilesError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| FilesError::Read(path, error)
    };
    for entry in std::fs::read_dir(dir).map_err(failed(dir))? {
        let entry = entry.map_err(failed(dir))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let inside = format!("{below}{name}");
        // A directory behind a link could lead back here; a file behind one is how some tools put files in place.
        if entry.file_type().map_err(failed(&path))?.is_dir() {
            read(&path, &format!("{inside}/"), files)?;
            continue;
        }
        if std::fs::metadata(&path).map_err(failed(&path))?.is_file() {
            let mut bytes = Vec::new();
            let file = std::fs::File::open(&path).map_err(failed(&path))?;
            // One byte more than is allowed says that it is too long.
            let limit = u64::try_from(yinuo_rules::LEN_MAX).unwrap_or(u64::MAX).saturating_add(1);
            file.take(limit).read_to_end(&mut bytes).map_err(failed(&path))?;
            files.insert(inside, bytes);
        }
        if FILES_MAX < files.len() {
            return Err(FilesError::TooMany(dir.to_owned()));
        }
    }
    Ok(())
}
