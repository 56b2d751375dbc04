//! Rows of a file, one by one, whatever it is written in.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use yinuo_rules::{Catalogue, PackError};
use yinuo_web::operator::ImportRefused;

use super::columns::GUARDIAN;
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;

/// The longest row that is read, in bytes. More is a quote that was never closed, or no such file.
pub(super) const ROW_LEN_MAX: u64 = 16 * 1024 * 1024;
/// The longest field, in bytes: what a vault seals at most.
pub(super) const FIELD_LEN_MAX: usize = yinuo_rules::VALUE_LEN_MAX;

/// Where a row begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct At {
    /// How many bytes are before it, a byte order mark aside.
    pub(super) byte: u64,
    /// On which line it is, from 1.
    pub(super) line: u64,
    /// How many records are before it.
    pub(super) record: u64,
}

/// One row.
pub(super) struct Row {
    /// On which line it begins.
    pub(super) line: u64,
    /// What it says, or everything that is wrong with it.
    pub(super) person: Result<Person, Vec<ImportRefused>>,
}

/// A person as a row has them.
pub(super) struct Person {
    pub(super) subject_id: String,
    pub(super) guardian_required: bool,
    /// Item id and value, without those that are empty.
    pub(super) values: Vec<(String, String)>,
}

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowsError {
    #[error("cannot read {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("the rules built into this program cannot be read")]
    Rules(#[from] PackError),
    #[error("the file is not UTF-8 ({0}); save it as CSV with UTF-8, and begin again")]
    Encoding(&'static str),
    #[error("the file has no rows, not even a header")]
    Empty,
    #[error("the header cannot be used:{}", .0.iter().map(|wrong| format!("\n  {wrong}")).collect::<String>())]
    Header(Vec<String>),
    #[error(
        "the row on line {line} has no end within {} MiB: most often a quote is opened there and never closed; \
         mend it and begin again", ROW_LEN_MAX >> 20
    )]
    Endless { line: u64 },
}

/// Whoever reads rows.
pub(super) enum Rows {
    Csv(Box<CsvRows>),
    Json(Box<JsonRows>),
}

impl Rows {
    /// CSV (RFC 4180) with a header.
    pub(super) fn csv(path: &Path) -> Result<Self, RowsError> {
        Ok(Self::Csv(Box::new(CsvRows::open(path)?)))
    }

    /// One JSON object a line.
    pub(super) fn json_lines(path: &Path) -> Result<Self, RowsError> {
        Ok(Self::Json(Box::new(JsonRows::open(path)?)))
    }

    /// The same, from another row on.
    pub(super) fn from(mut self, at: Option<At>) -> Result<Self, RowsError> {
        if let Some(at) = at {
            match &mut self {
                Self::Csv(rows) => rows.seek(at)?,
                Self::Json(rows) => rows.seek(at)?,
            }
        }
        Ok(self)
    }

    /// The items that every row has a place for.
    pub(super) fn items(&self) -> Vec<String> {
        match self {
            Self::Csv(rows) => rows.items(),
            Self::Json(_) => Vec::new(),
        }
    }

    /// Where the next row begins.
    pub(super) fn at(&self) -> At {
        match self {
            Self::Csv(rows) => rows.at(),
            Self::Json(rows) => rows.at(),
        }
    }

    /// The next row; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Row>, RowsError> {
        match self {
            Self::Csv(rows) => rows.next(),
            Self::Json(rows) => rows.next(),
        }
    }
}

/// The items of this program.
pub(super) fn catalogue() -> Result<&'static Catalogue, RowsError> {
    Ok(&yinuo_rules::packs()?.catalogue)
}

/// What is wrong with a row or one of its fields.
pub(super) fn refused(line: u64, column: &str, code: &str, zh: &str, en: &str) -> ImportRefused {
    ImportRefused {
        line,
        column: column.to_owned(),
        code: code.to_owned(),
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

pub(super) fn too_long(line: u64, column: &str) -> ImportRefused {
    let zh = "超过 64 KiB；请缩短或不要提供这一项";
    refused(line, column, "too-long", zh, "longer than 64 KiB; shorten it or leave it out")
}

/// Whether a guardian must agree, by the words that people use.
pub(super) fn guardian(line: u64, word: &str) -> Result<bool, ImportRefused> {
    match word.trim().to_lowercase().as_str() {
        "" | "0" | "false" | "no" | "n" | "否" => Ok(false),
        "1" | "true" | "yes" | "y" | "是" => Ok(true),
        _ => Err(refused(line, GUARDIAN, "not-yes-or-no", "请写 true 或 false", "write true or false")),
    }
}
