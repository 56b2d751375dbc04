//! People: bringing them in, many at a time; finding one; handing out a package.

mod look;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use yinuo_domain::{ImportId, LocalText, PersonId};
use yinuo_service::{Admitted, ChangeError, EnrolError, Existing, NewPerson};

use crate::fault::{Fault, Problem};
use crate::operator::Operator;
use crate::visit::Web;

pub use look::{FindAsk, FindPerson, PackageAsk};

/// The greatest size of a batch of people, in bytes.
pub const IMPORT_LEN_MAX: usize = 32 * 1024 * 1024;
/// How many people a batch has at most.
pub const IMPORT_PEOPLE_MAX: usize = 1_024;

pub(crate) fn routes() -> Router<Web> {
    let import = post(import).layer(DefaultBodyLimit::max(IMPORT_LEN_MAX));
    Router::new()
        .route("/operator/people/import", import)
        .route("/operator/people/import/begin", post(begin))
        .route("/operator/people/import/end", post(end))
        .merge(look::routes())
}

/// People who are brought in together. Not printed: it is full of values.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImportBatch {
    /// The import they are of, as [`ImportBegun`] names it; none when it is only to say what would become of them.
    pub import: Option<String>,
    /// Whether changed values of people who are here already are stored as corrections.
    pub correct: bool,
    /// The items that the values are of.
    pub items: Vec<String>,
    /// The people.
    pub people: Vec<ImportPerson>,
}

/// One person of a batch.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImportPerson {
    /// Where they stand in the file.
    pub line: u64,
    /// The platform's own identifier.
    pub subject_id: String,
    /// Whether a guardian must agree for them.
    pub guardian_required: bool,
    /// One for each item of the batch; none where the person has none.
    pub values: Vec<Option<String>>,
}

/// An import that is under way.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImportBegun {
    /// Its name: `imp_` and 32 hexadecimal digits.
    pub import: String,
}

/// An import that is over.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ImportEnd {
    /// Its name.
    pub import: String,
    /// How many rows were refused before they were handed in.
    pub refused: u64,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ImportTold {
    /// How many people came in.
    pub enrolled: u64,
    /// How many had values corrected or added.
    pub corrected: u64,
    /// How many were here with exactly these values.
    pub unchanged: u64,
    /// How many values were stored.
    pub values: u64,
    /// Who stayed out, and why. One person may be there more than once.
    pub refused: Vec<ImportRefused>,
}

/// One reason why a person stayed out. Never a value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ImportRefused {
    /// Where they stand in the file.
    pub line: u64,
    /// Which column.
    pub column: String,
    /// The one word for it.
    pub code: String,
    /// What is wrong and how to mend it.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// `POST /operator/people/import/begin`: begins an import. Whose doing it is stands in the log before anybody comes in.
async fn begin(State(web): State<Web>, Operator { by }: Operator) -> Result<Json<ImportBegun>, Fault> {
    let import = web.gateway.begin_import(&by).await.map_err(unchanged)?;
    Ok(Json(ImportBegun { import: import.to_string() }))
}

/// `POST /operator/people/import/end`: ends an import. What became of everybody stands in the log.
async fn end(
    State(web): State<Web>,
    Operator { by }: Operator,
    body: Bytes,
) -> Result<Json<ImportBegun>, Fault> {
    let ask: ImportEnd = serde_json::from_slice(&body).map_err(|_| {
        Fault::malformed("body", "must be the end of an import as JSON, as this version writes it")
    })?;
    let id = ImportId::parse(&ask.import).map_err(|_| not_under_way())?;
    match web.gateway.end_import(&by, id, ask.refused).await.map_err(unchanged)? {
        Some(_) => Ok(Json(ImportBegun { import: ask.import })),
        None => Err(not_under_way()),
    }
}

fn not_under_way() -> Fault {
    Fault::malformed(
        "import",
        "must be an import that you began at this server since it started, and have not ended",
    )
}

fn unchanged(error: ChangeError) -> Fault {
    match error {
        ChangeError::Unavailable(unavailable) => unavailable.into(),
        ChangeError::Refused(refusal) => Fault::malformed("import", format!("was refused: {refusal}")),
        ChangeError::Document(_) => Fault::new(Problem::Internal),
    }
}

/// `POST /operator/people/import`: brings people in. All of a batch share commits; each person is whole or not there.
async fn import(
    State(web): State<Web>,
    Operator { by }: Operator,
    body: Bytes,
) -> Result<Json<ImportTold>, Fault> {
    // What a parser says of a body may repeat it.
    let batch: ImportBatch = serde_json::from_slice(&body).map_err(|_| {
        Fault::malformed("body", "must be a batch of people as JSON, as this version writes it")
    })?;
    drop(body);
    if IMPORT_PEOPLE_MAX < batch.people.len() {
        return Err(Fault::malformed("people", format!("must be at most {IMPORT_PEOPLE_MAX}")));
    }
    let import = match &batch.import {
        None => None,
        Some(name) => {
            let id = ImportId::parse(name).ok().filter(|id| web.gateway.import_is_under_way(&by, *id));
            Some(id.ok_or_else(not_under_way)?)
        }
    };
    let existing = if batch.correct { Existing::Correct } else { Existing::Refuse };
    let mut told = ImportTold::default();
    let (mut lines, mut people) = (Vec::new(), Vec::new());
    for person in batch.people {
        match brought(&batch.items, person) {
            Ok((line, person)) => {
                lines.push(line);
                people.push(person);
            }
            Err(refused) => told.refused.push(refused),
        }
    }
    let results = if let Some(import) = import {
        let prepared = web
            .read(move |gateway| {
                people.into_iter().map(|person| gateway.prepare(person, existing)).collect::<Vec<_>>()
            })
            .await?;
        let results = web.gateway.admit_all(prepared).await;
        web.gateway.count_import(import, &results, told.refused.len() as u64);
        results
    } else {
        web.read(move |gateway| {
            people.iter().map(|person| gateway.rehearse(person, existing)).collect::<Vec<_>>()
        })
        .await?
    };
    for (line, result) in lines.into_iter().zip(results) {
        match result {
            Ok(Admitted::Enrolled { values }) => {
                told.enrolled += 1;
                told.values += values as u64;
            }
            Ok(Admitted::Corrected { values }) => {
                told.corrected += 1;
                told.values += values as u64;
            }
            Ok(Admitted::Unchanged) => told.unchanged += 1,
            // Whoever of the batch came in is recognised when it is brought again.
            Err(EnrolError::Unavailable(unavailable)) => return Err(unavailable.into()),
            Err(error) => told.refused.extend(refused(line, &error)),
        }
    }
    Ok(Json(told))
}

fn brought(items: &[String], person: ImportPerson) -> Result<(u64, NewPerson), ImportRefused> {
    let ImportPerson { line, subject_id, guardian_required, values } = person;
    let Ok(id) = PersonId::parse(&subject_id) else {
        return Err(ImportRefused {
            line,
            column: "subject_id".to_owned(),
            code: "subject-id".to_owned(),
            zh: "标识应为 1 到 64 个可见的 ASCII 字符，不含空格".to_owned(),
            en: "an identifier has 1 to 64 visible ASCII characters and no space".to_owned(),
        });
    };
    let values = items.iter().zip(values).filter_map(|(item, value)| Some((item.clone(), value?)));
    Ok((line, NewPerson { person: id, guardian_required, values: values.collect() }))
}

fn refused(line: u64, error: &EnrolError) -> Vec<ImportRefused> {
    let one = |(column, code, why): (String, String, LocalText)| ImportRefused {
        line,
        column,
        code,
        zh: why.zh,
        en: why.en,
    };
    error.told().into_iter().map(one).collect()
}
