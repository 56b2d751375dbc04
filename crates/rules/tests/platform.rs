//! A platform's files, however broken, are explained and never make the check give up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use yinuo_rules::platform::Checked;

fn good() -> BTreeMap<String, Vec<u8>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/platform/good");
    let mut files = BTreeMap::new();
    read(&top, "", &mut files);
    assert_eq!(files.len(), 14);
    files
}

fn read(dir: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let inside = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{inside}/"), files);
        } else {
            files.insert(inside, std::fs::read(entry.path()).unwrap());
        }
    }
}

fn check(files: &BTreeMap<String, Vec<u8>>) -> Checked {
    yinuo_rules::check_platform(yinuo_rules::packs().unwrap(), files, &|_| true)
}

/// Either there is a problem, or there is a platform, and every problem stands somewhere.
fn assert_explained(checked: &Checked) {
    assert_eq!(checked.findings.is_empty(), checked.files.is_some());
    for finding in &checked.findings {
        let place = &finding.place;
        assert!((1, 1) <= (place.line, place.column), "{place:?}");
        assert!((place.line, place.column) <= (place.end_line, place.end_column), "{place:?}");
        for text in [&finding.what, &finding.remedy] {
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{finding:?}");
        }
    }
}

#[test]
fn the_good_platform_is_read_whole() {
    let platform = check(&good()).files.expect("no problems");
    assert_eq!((platform.partners.len(), platform.apps.len(), platform.notices.len()), (3, 3, 3));
}

#[test]
fn a_file_cut_off_anywhere_is_explained() {
    let good = good();
    for (file, bytes) in &good {
        for len in (0..bytes.len()).step_by(41) {
            let mut files = good.clone();
            files.insert(file.clone(), bytes[..len].to_vec());
            assert_explained(&check(&files));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any bytes in place of a file, and any change of a byte, are explained.
    #[test]
    fn no_bytes_are_too_strange(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        strange in any::<Option<Vec<u8>>>(),
    ) {
        let mut files = good();
        let file = which.get(&files.keys().cloned().collect::<Vec<_>>()).clone();
        let mut bytes = files[&file].clone();
        let at = place.index(bytes.len());
        bytes[at] = byte;
        files.insert(file, strange.unwrap_or(bytes));
        assert_explained(&check(&files));
    }
}
