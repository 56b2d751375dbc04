//! Rows of a file with one JSON object a line: `subject_id`, perhaps `guardian_required`, and values by item id.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use yinuo_rules::Catalogue;

use super::columns::{Column, GUARDIAN, SUBJECT};
use super::rows::{
    At, FIELD_LEN_MAX, Person, ROW_LEN_MAX, Row, RowsError, catalogue, guardian, refused, too_long,
};

/// A file of JSON lines.
pub(super) struct JsonRows {
    path: PathBuf,
    reader: BufReader<File>,
    catalogue: &'static Catalogue,
    at: At,
    line: Vec<u8>,
}

impl JsonRows {
    pub(super) fn open(path: &Path) -> Result<Self, RowsError> {
        let file = File::open(path).map_err(|cause| RowsError::File { path: path.to_owned(), cause })?;
        let at = At { byte: 0, line: 1, record: 0 };
        let reader = BufReader::with_capacity(128 * 1024, file);
        Ok(Self { path: path.to_owned(), reader, catalogue: catalogue()?, at, line: Vec::new() })
    }

    pub(super) fn at(&self) -> At {
        self.at
    }

    pub(super) fn seek(&mut self, at: At) -> Result<(), RowsError> {
        let moved = self.reader.seek(SeekFrom::Start(at.byte));
        moved.map_err(|cause| RowsError::File { path: self.path.clone(), cause })?;
        self.at = at;
        Ok(())
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, RowsError> {
        loop {
            let line = self.at.line;
            let read = self.read();
            let whole = read.map_err(|cause| RowsError::File { path: self.path.clone(), cause })?;
            let Some(whole) = whole else { return Ok(None) };
            if whole && self.line.trim_ascii().is_empty() {
                continue;
            }
            self.at.record += 1;
            let person = if whole { self.person(line) } else { Err(vec![too_long(line, "")]) };
            return Ok(Some(Row { line, person }));
        }
    }

    /// Takes a line. False when it is too long to be kept: it was passed over. None at the end.
    fn read(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        let (mut any, mut whole) = (false, true);
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(any.then_some(whole));
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            whole = whole && self.line.len() as u64 + taken as u64 <= ROW_LEN_MAX;
            if whole {
                self.line.extend(buffer.iter().take(taken));
            }
            self.reader.consume(taken);
            self.at.byte += taken as u64;
            if end.is_some() {
                self.at.line += 1;
                return Ok(Some(whole));
            }
        }
    }

    fn person(&self, line: u64) -> Result<Person, Vec<super::ImportRefused>> {
        let text = self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line);
        if std::str::from_utf8(text).is_err() {
            let en = "is not UTF-8; check the file's encoding";
            return Err(vec![refused(line, "", "encoding", "不是 UTF-8；请检查文件编码", en)]);
        }
        // What a parser says of a line may repeat it.
        let Ok(Members(members)) = serde_json::from_slice(text) else {
            let en = "is not one JSON object; write one object a line";
            return Err(vec![refused(line, "", "json", "不是一个 JSON 对象；每行写一个对象", en)]);
        };
        let mut person = Person { subject_id: String::new(), guardian_required: false, values: Vec::new() };
        let (mut wrong, mut seen) = (Vec::new(), Vec::new());
        for (name, value) in members {
            let column = match Column::named(&name, self.catalogue) {
                Ok(column) => column,
                Err(why) => {
                    // A name from outside is not repeated in the report: it may be anything.
                    let why = why.split_once("; ").map_or("", |(_, advice)| advice);
                    let en = format!("a member is no item; {why}");
                    wrong.push(refused(line, "", "unknown-column", "有不认识的成员名", &en));
                    continue;
                }
            };
            if seen.contains(&column) {
                let en = "is there twice; keep one";
                wrong.push(refused(line, &name, "twice", "出现了两次；只保留一个", en));
                continue;
            }
            match (&column, value) {
                (_, Value::Null) => {}
                (Column::Guardian, Value::Bool(required)) => person.guardian_required = required,
                (_, Value::String(text)) if FIELD_LEN_MAX < text.len() => wrong.push(too_long(line, &name)),
                (Column::Guardian, Value::String(word)) => match guardian(line, &word) {
                    Ok(required) => person.guardian_required = required,
                    Err(why) => wrong.push(why),
                },
                (Column::Subject, Value::String(id)) => person.subject_id = id,
                (Column::Item(_), Value::String(text)) if text.is_empty() => {}
                (Column::Item(id), Value::String(text)) => person.values.push((id.clone(), text)),
                (Column::Guardian, _) => wrong.push(refused(
                    line,
                    GUARDIAN,
                    "not-yes-or-no",
                    "请写 true 或 false",
                    "write true or false",
                )),
                (Column::Subject | Column::Item(_), _) => {
                    let en = "is not a text; write it in quotes";
                    wrong.push(refused(line, &name, "not-text", "不是文本；请加引号", en));
                }
            }
            seen.push(column);
        }
        if !seen.contains(&Column::Subject) {
            let en = "is missing: the platform's own identifier of the person";
            wrong.push(refused(line, SUBJECT, "missing", "缺少平台自己的用户标识", en));
        }
        if wrong.is_empty() { Ok(person) } else { Err(wrong) }
    }
}

/// An object's members in their order, with repeats.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        from.deserialize_map(Each)
    }
}
