//! What a data directory remembers of how it was made, so that its path alone is enough to open it again.
//!
//! `yinuo.json` is written once, when the store has been made, and never changed. It holds nothing secret. The store
//! itself holds suite, profile and the host of the issuer as well, and refuses to be opened with others; what only
//! this file knows is the scheme of the issuer, and whether the directory is a demonstration's.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use yinuo_domain::{Profile, Suite};

use crate::keys::{KeysError, read, write_private};

/// The name of the file in the directory.
pub(crate) const FILE: &str = "yinuo.json";
const FORMAT: &str = "yinuo directory v1";

/// How a directory was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Made {
    /// Who we are, for good: it is in every origin of the logs.
    pub(crate) issuer: String,
    pub(crate) suite: Suite,
    pub(crate) profile: Profile,
    /// Invented people, a passphrase beside the data, weak parameters: nothing that may be served as a platform.
    pub(crate) demonstration: bool,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    #[error("there is no Yinuo in {}: `yinuo init` makes one, `yinuo demo` an invented one", .0.display())]
    Nothing(PathBuf),
    #[error("{} is not what this program writes there", .0.display())]
    Malformed(PathBuf),
    #[error("{} was made for another {what}: {made}, not {asked}", dir.display())]
    Otherwise { dir: PathBuf, what: &'static str, made: String, asked: String },
    #[error(transparent)]
    File(#[from] KeysError),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: String,
    issuer: String,
    suite: String,
    profile: String,
    demonstration: bool,
}

impl Made {
    /// What `dir` remembers.
    pub(crate) fn read(dir: &Path) -> Result<Self, DirectoryError> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Err(DirectoryError::Nothing(dir.to_owned()));
        }
        let bytes = read(&path)?;
        let parsed = serde_json::from_slice(&bytes).ok().filter(|form: &Form| form.format == FORMAT);
        let made = parsed.and_then(|form| {
            Some(Self {
                suite: Suite::parse(&form.suite)?,
                profile: Profile::parse(&form.profile)?,
                issuer: form.issuer,
                demonstration: form.demonstration,
            })
        });
        made.ok_or(DirectoryError::Malformed(path))
    }

    /// Refuses a directory that remembers something else. One that remembers nothing yet agrees.
    pub(crate) fn agree(&self, dir: &Path) -> Result<(), DirectoryError> {
        let kind = |made: &Self| if made.demonstration { "a demonstration" } else { "a platform" };
        let found = match Self::read(dir) {
            Err(DirectoryError::Nothing(_)) => return Ok(()),
            found => found?,
        };
        let sides = [
            ("use", kind(&found).to_owned(), kind(self).to_owned()),
            ("issuer", found.issuer, self.issuer.clone()),
            ("suite", found.suite.as_str().to_owned(), self.suite.as_str().to_owned()),
            ("profile", found.profile.as_str().to_owned(), self.profile.as_str().to_owned()),
        ];
        match sides.into_iter().find(|(_, made, asked)| made != asked) {
            None => Ok(()),
            Some((what, made, asked)) => {
                Err(DirectoryError::Otherwise { dir: dir.to_owned(), what, made, asked })
            }
        }
    }

    /// Remembers it, if nothing is remembered yet. Call it when the store has been made.
    pub(crate) fn remember(&self, dir: &Path) -> Result<(), DirectoryError> {
        let path = dir.join(FILE);
        if path.exists() {
            return Ok(());
        }
        let form = Form {
            format: FORMAT.to_owned(),
            issuer: self.issuer.clone(),
            suite: self.suite.as_str().to_owned(),
            profile: self.profile.as_str().to_owned(),
            demonstration: self.demonstration,
        };
        let mut bytes =
            serde_json::to_vec_pretty(&form).map_err(|_| DirectoryError::Malformed(path.clone()))?;
        bytes.push(b'\n');
        Ok(write_private(&path, &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Made {
        Made {
            issuer: "https://id.example".to_owned(),
            suite: Suite::Guomi,
            profile: Profile::Dual,
            demonstration: false,
        }
    }

    #[test]
    fn a_directory_remembers_how_it_was_made_and_refuses_another_use() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Made::read(dir.path()), Err(DirectoryError::Nothing(_))));
        made().agree(dir.path()).unwrap();
        made().remember(dir.path()).unwrap();
        assert_eq!(Made::read(dir.path()).unwrap(), made());
        made().agree(dir.path()).unwrap();
        let others = [
            ("use", Made { demonstration: true, ..made() }),
            ("issuer", Made { issuer: "http://id.example".to_owned(), ..made() }),
            ("suite", Made { suite: Suite::International, ..made() }),
            ("profile", Made { profile: Profile::Guomi, ..made() }),
        ];
        for (expected, other) in others {
            let refused = other.agree(dir.path()).unwrap_err();
            assert!(
                matches!(refused, DirectoryError::Otherwise { what, .. } if what == expected),
                "{refused}"
            );
            other.remember(dir.path()).unwrap();
            assert_eq!(Made::read(dir.path()).unwrap(), made(), "it was remembered anew");
        }
    }

    #[test]
    fn a_changed_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        made().remember(dir.path()).unwrap();
        let path = dir.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to) in [("v1", "v2"), ("guomi", "sm9"), ("\"suite\"", "\"sweet\""), ("{", "")] {
            std::fs::write(&path, text.replace(from, to)).unwrap();
            assert!(matches!(Made::read(dir.path()), Err(DirectoryError::Malformed(_))), "{to}");
        }
    }
}
