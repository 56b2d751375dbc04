//! Files whose bytes must not change.

use std::path::Path;

/// Compares with `tests/golden/<name>`. A new file is written for you to read and commit; a changed one is a
/// change of a frozen format.
#[track_caller]
pub(crate) fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    match std::fs::read_to_string(&path) {
        Ok(golden) => assert_eq!(golden, actual, "{name} is frozen"),
        Err(_) => {
            std::fs::write(&path, actual).unwrap();
            panic!("{name} was missing and is written: read it, then commit it");
        }
    }
}
