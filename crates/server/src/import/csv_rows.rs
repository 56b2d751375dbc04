//! Rows of a CSV file (RFC 4180): any line ends, a byte order mark or none, quotes as they come.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::columns::{Column, GUARDIAN, SUBJECT, columns};
use super::rows::{
    At, FIELD_LEN_MAX, Person, ROW_LEN_MAX, Row, RowsError, catalogue, guardian, refused, too_long,
};

/// How much is read from the disk at once.
const BUFFER: usize = 128 * 1024;
/// How UTF-8 files begin that come from a spreadsheet.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV file.
pub(super) struct CsvRows {
    path: PathBuf,
    reader: Reader<Bounded>,
    /// Up to which byte may be read before the row at hand must have ended.
    until: Arc<AtomicU64>,
    columns: Vec<Column>,
    record: ByteRecord,
}

impl CsvRows {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> Result<Self, RowsError> {
        let failed = |cause| RowsError::File { path: path.to_owned(), cause };
        let mut file = File::open(path).map_err(failed)?;
        let mut begin = Vec::with_capacity(MARK.len());
        file.by_ref().take(MARK.len() as u64).read_to_end(&mut begin).map_err(failed)?;
        match begin.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(RowsError::Encoding("it is UTF-16")),
            [] => return Err(RowsError::Empty),
            _ => {}
        }
        let base = if begin == MARK { MARK.len() as u64 } else { 0 };
        file.seek(SeekFrom::Start(base)).map_err(failed)?;
        let until = Arc::new(AtomicU64::new(ROW_LEN_MAX));
        let bounded = Bounded { file, base, read: 0, until: Arc::clone(&until) };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            .from_reader(bounded);
        let mut rows =
            Self { path: path.to_owned(), reader, until, columns: Vec::new(), record: ByteRecord::new() };
        if !rows.read()? {
            return Err(RowsError::Empty);
        }
        let header: Result<Vec<String>, _> = rows
            .record
            .iter()
            .map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()))
            .collect();
        let header = header.map_err(|_| RowsError::Encoding("perhaps it is GBK or GB 18030"))?;
        rows.columns = columns(&header, catalogue()?).map_err(RowsError::Header)?;
        Ok(rows)
    }

    pub(super) fn items(&self) -> Vec<String> {
        let item = |column: &Column| match column {
            Column::Item(id) => Some(id.clone()),
            Column::Subject | Column::Guardian => None,
        };
        self.columns.iter().filter_map(item).collect()
    }

    pub(super) fn at(&self) -> At {
        let at = self.reader.position();
        At { byte: at.byte(), line: at.line(), record: at.record() }
    }

    pub(super) fn seek(&mut self, at: At) -> Result<(), RowsError> {
        let mut to = csv::Position::new();
        to.set_byte(at.byte).set_line(at.line).set_record(at.record);
        let moved = self.reader.seek(to);
        moved.map_err(|error| RowsError::File { path: self.path.clone(), cause: io::Error::other(error) })
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, RowsError> {
        if !self.read()? {
            return Ok(None);
        }
        let line = self.line()?;
        Ok(Some(Row { line, person: self.person(line) }))
    }

    /// On which line the row at hand begins. The reader counts a line when it takes its line feed, and leaves that of a
    /// CR LF and empty lines to the next row, so it is reckoned from the row's end.
    fn line(&self) -> Result<u64, RowsError> {
        let end = self.reader.position();
        let mut last = [0];
        let bounded = self.reader.get_ref();
        let before = end.byte().saturating_add(bounded.base).saturating_sub(1);
        let read = bounded.file.read_at(&mut last, before);
        read.map_err(|cause| RowsError::File { path: self.path.clone(), cause })?;
        let within = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(end.line().saturating_sub(within).saturating_sub(u64::from(last == [b'\n'])))
    }

    fn read(&mut self) -> Result<bool, RowsError> {
        let at = self.at();
        self.until.store(at.byte.saturating_add(ROW_LEN_MAX), Ordering::Relaxed);
        self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => {
                RowsError::Endless { line: at.line }
            }
            csv::ErrorKind::Io(cause) => RowsError::File { path: self.path.clone(), cause },
            _ => RowsError::File { path: self.path.clone(), cause: io::ErrorKind::InvalidData.into() },
        })
    }

    fn person(&self, line: u64) -> Result<Person, Vec<super::ImportRefused>> {
        if self.record.len() != self.columns.len() {
            let (found, expected) = (self.record.len(), self.columns.len());
            return Err(vec![refused(
                line,
                "",
                "columns",
                &format!("应有 {expected} 列，实有 {found} 列；请检查逗号和引号"),
                &format!("has {found} columns instead of {expected}; check its commas and quotes"),
            )]);
        }
        let mut person = Person { subject_id: String::new(), guardian_required: false, values: Vec::new() };
        let mut wrong = Vec::new();
        for (column, field) in self.columns.iter().zip(&self.record) {
            let name = match column {
                Column::Subject => SUBJECT,
                Column::Guardian => GUARDIAN,
                Column::Item(id) => id,
            };
            if FIELD_LEN_MAX < field.len() {
                wrong.push(too_long(line, name));
                continue;
            }
            let Ok(text) = std::str::from_utf8(field) else {
                let en = "is not UTF-8; check the file's encoding";
                wrong.push(refused(line, name, "encoding", "不是 UTF-8；请检查文件编码", en));
                continue;
            };
            match column {
                Column::Subject => text.trim().clone_into(&mut person.subject_id),
                Column::Guardian => match guardian(line, text) {
                    Ok(required) => person.guardian_required = required,
                    Err(why) => wrong.push(why),
                },
                // A value of nothing but spaces is told apart by its check.
                Column::Item(_) if text.is_empty() => {}
                Column::Item(id) => person.values.push((id.clone(), text.to_owned())),
            }
        }
        if wrong.is_empty() { Ok(person) } else { Err(wrong) }
    }
}

/// A file that ends a row which does not end.
struct Bounded {
    file: File,
    /// How long its byte order mark is.
    base: u64,
    read: u64,
    until: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.until.load(Ordering::Relaxed) < self.read {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.file.read(out)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(byte) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.file.seek(SeekFrom::Start(byte.saturating_add(self.base)))?;
        self.read = byte;
        Ok(byte)
    }
}
