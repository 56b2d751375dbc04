//! An anchor in a file of two places that are written in turn, so that a torn write leaves the other.
//!
//! A place is the magic word, a number that grows, the length of what follows, that, and the SHA-256 of all before.
//! The higher number counts.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use minicbor::{Decoder, Encoder};
use yinuo_domain::Suite;
use yinuo_tlog::Hash;

use super::Anchor;
use crate::StoreError;
use crate::backend::{Head, Log};

const MAGIC: &[u8; 8] = b"YINUOAN1";
/// How long a place is: two heads with two notes each, and room.
const PLACE_LEN: usize = 8_192;
const DAMAGED: StoreError = StoreError::Damaged("the anchor cannot be read");

/// An anchor in a file.
pub struct FileAnchor {
    path: PathBuf,
    /// Open once it is there.
    file: Option<File>,
    /// The number of what was written last.
    number: u64,
}

impl FileAnchor {
    /// In this file, which is made when something is kept.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file: None, number: 0 }
    }

    fn open(&mut self) -> Result<&File, StoreError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => make(&self.path)?,
        };
        Ok(self.file.insert(file))
    }
}

/// A file of both places, empty, whose name is on disk when this returns.
fn make(path: &Path) -> Result<File, StoreError> {
    let file =
        fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.len() == 0 {
        file.set_len(2 * PLACE_LEN as u64)?;
        file.sync_all()?;
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
    }
    Ok(file)
}

impl Anchor for FileAnchor {
    fn read(&mut self) -> Result<Option<Vec<(Log, Head)>>, StoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Made, and the power was cut before anything was kept.
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let places = bytes.chunks(PLACE_LEN).filter_map(place);
        let (number, heads) = places.max_by_key(|(number, _)| *number).ok_or(DAMAGED)?;
        self.number = number;
        heads_of(heads).map(Some).ok_or(DAMAGED)
    }

    fn keep(&mut self, heads: &[(Log, Head)]) -> Result<(), StoreError> {
        let number = self.number + 1;
        let content = bytes_of(heads)?;
        let length = u32::try_from(content.len()).map_err(|_| DAMAGED)?;
        let mut place = Vec::with_capacity(PLACE_LEN);
        place.extend(MAGIC);
        place.extend(number.to_be_bytes());
        place.extend(length.to_be_bytes());
        place.extend(content);
        place.extend(yinuo_tlog::content_hash(Suite::International, &place).0);
        if PLACE_LEN < place.len() {
            return Err(StoreError::Other("heads longer than an anchor may be"));
        }
        let at = if number.is_multiple_of(2) { 0 } else { PLACE_LEN as u64 };
        let file = self.open()?;
        file.write_all_at(&place, at)?;
        file.sync_data()?;
        self.number = number;
        Ok(())
    }
}

/// The number and the content of a place, if it is whole.
fn place(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (head, rest) = bytes.split_at_checked(20)?;
    let (magic, numbers) = head.split_first_chunk::<8>()?;
    let (number, length) = numbers.split_first_chunk::<8>()?;
    let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    let said = rest.get(..32)?;
    let covered = bytes.get(..20 + length)?;
    let whole = magic == MAGIC && yinuo_tlog::content_hash(Suite::International, covered).0 == said;
    whole.then_some((u64::from_be_bytes(*number), content))
}

/// An array of `[log, size, root, note, root, note]`; what a profile has not is null.
fn bytes_of(heads: &[(Log, Head)]) -> Result<Vec<u8>, StoreError> {
    fn written(heads: &[(Log, Head)]) -> Result<Vec<u8>, minicbor::encode::Error<std::convert::Infallible>> {
        let mut to = Encoder::new(Vec::new());
        to.array(heads.len() as u64)?;
        for (log, head) in heads {
            to.array(6)?.i64(log.grp())?.u64(head.size)?;
            for tree in [&head.sha256, &head.sm3] {
                match tree {
                    Some((root, note)) => to.bytes(root)?.str(note)?,
                    None => to.null()?.null()?,
                };
            }
        }
        Ok(to.into_writer())
    }
    written(heads).map_err(|_| DAMAGED)
}

fn heads_of(bytes: &[u8]) -> Option<Vec<(Log, Head)>> {
    let mut from = Decoder::new(bytes);
    let count = from.array().ok()??;
    (0..count)
        .map(|_| {
            (from.array().ok()?? == 6).then_some(())?;
            let grp = from.i64().ok()?;
            let log = Log::EVERY.into_iter().find(|log| log.grp() == grp)?;
            let size = from.u64().ok()?;
            Some((log, Head { size, sha256: tree(&mut from)?, sm3: tree(&mut from)? }))
        })
        .collect()
}

/// Root and note of one tree, or that there is none.
#[expect(clippy::option_option, reason = "unreadable, absent and there are three things")]
fn tree(from: &mut Decoder<'_>) -> Option<Option<(Hash, String)>> {
    if from.datatype().ok()? == minicbor::data::Type::Null {
        from.null().ok()?;
        from.null().ok()?;
        return Some(None);
    }
    let root = from.bytes().ok()?.try_into().ok()?;
    Some(Some((root, from.str().ok()?.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(size: u64) -> Vec<(Log, Head)> {
        let tree = |byte: u8| Some(([byte; 32], format!("a note of {size}")));
        vec![
            (Log::Platform, Head { size: 1, sha256: tree(1), sm3: None }),
            (Log::Group, Head { size, sha256: tree(2), sm3: tree(3) }),
        ]
    }

    #[test]
    fn what_was_kept_last_is_read_and_a_torn_place_leaves_the_one_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("anchor");
        let read = || FileAnchor::new(&path).read();
        assert_eq!(read().unwrap(), None);
        let mut anchor = FileAnchor::new(&path);
        for size in 1..=5 {
            anchor.keep(&heads(size)).unwrap();
            assert_eq!(read().unwrap(), Some(heads(size)));
        }
        let mut next = FileAnchor::new(&path);
        assert_eq!(next.read().unwrap(), Some(heads(5)));
        next.keep(&heads(6)).unwrap();
        let whole = fs::read(&path).unwrap();
        // Any byte of what was written last: the one before counts.
        for at in 0..150 {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            fs::write(&path, torn).unwrap();
            assert_eq!(read().unwrap(), Some(heads(5)), "{at}");
        }
        let mut torn = whole.clone();
        torn[4] ^= 1;
        torn[PLACE_LEN + 4] ^= 1;
        fs::write(&path, torn).unwrap();
        assert!(matches!(read(), Err(StoreError::Damaged(_))), "both are torn");
        fs::write(&path, [0; 2 * PLACE_LEN]).unwrap();
        assert_eq!(read().unwrap(), None, "made, and nothing was kept");
        fs::write(&path, b"something else").unwrap();
        assert!(read().is_err());
    }
}
