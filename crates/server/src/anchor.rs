//! Where the anchor of a data directory is: in a file of its own in the directory, or where the settings say.
//!
//! The directory remembers where the settings put it, so that commands that know only the directory find it; also when
//! an older copy of the whole directory takes its place, which is what an anchor elsewhere is for.

use std::path::{Path, PathBuf};

use crate::keys::{KeysError, read, write_private};

/// The anchor's name in the directory.
const ANCHOR: &str = "anchor";
/// The name of the file that says where it is, if it is not there.
const ELSEWHERE: &str = "anchor.at";

/// Where the anchor of `dir` is. `configured` is what the settings say.
pub(crate) fn place(dir: &Path, configured: Option<&Path>) -> Result<PathBuf, KeysError> {
    if let Some(configured) = configured {
        let absolute = std::path::absolute(configured);
        return absolute.map_err(|cause| KeysError::File { path: configured.to_owned(), cause });
    }
    let pointer = dir.join(ELSEWHERE);
    if !pointer.exists() {
        return Ok(dir.join(ANCHOR));
    }
    let text = String::from_utf8_lossy(&read(&pointer)?).trim_end().to_owned();
    Ok(PathBuf::from(text))
}

/// Remembers a place that the settings say, once the store was opened with it.
pub(crate) fn remember(dir: &Path, place: &Path) -> Result<(), KeysError> {
    let pointer = dir.join(ELSEWHERE);
    if place == dir.join(ANCHOR) {
        return Ok(());
    }
    let text = format!("{}\n", place.display());
    if pointer.exists() {
        if read(&pointer)? == text.as_bytes() {
            return Ok(());
        }
        std::fs::remove_file(&pointer).map_err(|cause| KeysError::File { path: pointer.clone(), cause })?;
    }
    write_private(&pointer, text.as_bytes())
}

/// Whether a copy of the whole directory takes its anchor along.
pub(crate) fn is_within(dir: &Path, place: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole(place).starts_with(whole(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_remembers_where_its_anchor_is() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let at = |configured: Option<&Path>| place(dir.path(), configured).unwrap();
        assert_eq!(at(None), dir.path().join("anchor"));
        assert!(is_within(dir.path(), &at(None)));
        remember(dir.path(), &at(None)).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        for name in ["one", "another"] {
            let configured = elsewhere.path().join(name);
            let found = at(Some(&configured));
            assert!(!is_within(dir.path(), &found));
            remember(dir.path(), &found).unwrap();
            remember(dir.path(), &found).unwrap();
            assert_eq!(at(None), configured, "whoever knows only the directory");
        }
    }
}
