//! The settings of a deployment: `yinuo.toml`, and the environment over it.
//!
//! Every setting stands once, with its meaning, default and limits, in [`keys`]; structs, checks, the page
//! `docs/CONFIG.md` and the file that `yinuo init` writes all come from there. No setting is a secret: passwords and
//! keys are in files of their own, which are named here.
//!
//! Read with `toml` and a few lines of our own instead of a layering library, because those stop at the first mistake
//! and do not know its line, and every mistake is to be explained at once. Nothing is ignored: an unknown key, or an
//! unknown variable that begins with `YINUO_`, is a mistake.

mod check;
pub(crate) mod command;
mod keys;
mod page;
mod read;
mod setting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use keys::Config;
pub(crate) use page::template;
pub(crate) use setting::{Issuer, LogForm};

/// The file that is read when none is named, if it is there.
pub(crate) const FILE: &str = "yinuo.toml";

/// Settings, and where each comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// By the path of the key; what is not here is a default.
    origins: BTreeMap<String, Origin>,
    /// Where relative paths start.
    base: PathBuf,
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Origin {
    File { line: usize },
    Environment { variable: String },
}

/// One mistake, explained.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub(crate) struct Problem {
    /// The file, or the variable of the environment.
    pub(crate) place: String,
    /// The line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// Such as `listen.address`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// What is wrong.
    pub(crate) what: String,
    /// How to mend it.
    pub(crate) remedy: String,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("{}", listed(.0))]
    Problems(Vec<Problem>),
}

impl Loaded {
    /// Reads a file and the environment, and checks everything.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::File { path: path.to_owned(), cause })?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        read::all(&path.display().to_string(), &text, &crate::environment::ours(), base)
            .map_err(ConfigError::Problems)
    }

    /// Checks the text of a file that is still to be written, in the directory where this process is.
    pub(crate) fn of(place: &str, text: &str) -> Result<Self, Vec<Problem>> {
        read::all(place, text, &[], PathBuf::new())
    }

    /// A path of the settings; a relative one starts at the directory of the file.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// Who the platform is: [`check`] has seen that it is there.
    pub(crate) fn issuer(&self) -> &str {
        self.config.server.issuer.as_ref().map_or("", Issuer::as_str)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.place)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
