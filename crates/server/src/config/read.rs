//! Reads the file and lays the environment over it. Pure: text and variables come as arguments.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::keys::{Config, Key, SECTIONS, Section};
use super::{Loaded, Origin, Problem, check};

/// Variables that begin with `YINUO_` and are no settings of the file.
const OTHERS: &[&str] = &["YINUO_PASSPHRASE", "YINUO_LOG"];

/// Everything, or every mistake.
pub(super) fn all(
    place: &str,
    text: &str,
    environment: &[(String, String)],
    base: PathBuf,
) -> Result<Loaded, Vec<Problem>> {
    let mut loaded = Loaded { config: Config::default(), origins: BTreeMap::new(), base };
    let mut problems = Vec::new();
    file(place, text, &mut loaded, &mut problems);
    variables(environment, &mut loaded, &mut problems);
    // What could not be read has been said; what follows from it would only confuse.
    if problems.is_empty() {
        check::all(place, &loaded, &mut problems);
    }
    if problems.is_empty() { Ok(loaded) } else { Err(problems) }
}

fn file(place: &str, text: &str, loaded: &mut Loaded, problems: &mut Vec<Problem>) {
    let lines = Lines(text);
    let (spans, table) = match (DeTable::parse(text), text.parse::<Table>()) {
        (Ok(spans), Ok(table)) => (spans, table),
        (Err(error), _) | (_, Err(error)) => {
            problems.push(Problem {
                place: place.to_owned(),
                line: error.span().map(|span| lines.of(span.start)),
                key: None,
                what: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
                remedy: "correct the line; texts stand in quotes".to_owned(),
            });
            return;
        }
    };
    for (name, spanned) in spans.get_ref() {
        let mut problem = |line: usize, key: String, what: String, remedy: String| {
            problems.push(Problem {
                place: place.to_owned(),
                line: Some(line),
                key: Some(key),
                what,
                remedy,
            });
        };
        let line = lines.of(name.span().start);
        let (name, DeValue::Table(keys)) = (name.get_ref().as_ref(), spanned.get_ref()) else {
            let key = name.get_ref().to_string();
            problem(line, key, "it stands in no section".to_owned(), sections());
            continue;
        };
        let Some(section) = SECTIONS.iter().find(|section| section.name == name) else {
            problem(line, name.to_owned(), "there is no such section".to_owned(), sections());
            continue;
        };
        for (name, _) in keys {
            let line = line_of(&lines, name);
            let name = name.get_ref().as_ref();
            let path = format!("{}.{name}", section.name);
            let Some(key) = section.keys.iter().find(|key| key.name == name) else {
                problem(line, path, "there is no such key".to_owned(), nearest(section, name));
                continue;
            };
            let value = table.get(section.name).and_then(|section| section.get(name));
            let read = value.map_or(Ok(()), |value: &Value| (key.read)(&mut loaded.config, value));
            match read {
                Ok(()) => {
                    loaded.origins.insert(path, Origin::File { line });
                }
                Err(what) => problem(line, path, what, expected(key)),
            }
        }
    }
}

fn variables(environment: &[(String, String)], loaded: &mut Loaded, problems: &mut Vec<Problem>) {
    for (variable, text) in environment {
        let keys = SECTIONS.iter().flat_map(|section| section.keys.iter().map(move |key| (section, key)));
        let mut keys = keys.filter(|(section, key)| section.variable(key) == *variable);
        match keys.next() {
            Some((section, key)) => match (key.read_variable)(&mut loaded.config, text) {
                Ok(()) => {
                    let origin = Origin::Environment { variable: variable.clone() };
                    loaded.origins.insert(section.path(key), origin);
                }
                Err(what) => problems.push(Problem {
                    place: variable.clone(),
                    line: None,
                    key: Some(section.path(key)),
                    what,
                    remedy: expected(key),
                }),
            },
            None if OTHERS.contains(&variable.as_str()) => {}
            None => problems.push(Problem {
                place: variable.clone(),
                line: None,
                key: None,
                what: "no setting has this variable".to_owned(),
                remedy: "unset it, or correct it: YINUO_<SECTION>_<KEY>, in capitals".to_owned(),
            }),
        }
    }
}

/// What would have been right.
fn expected(key: &Key) -> String {
    match key.limits {
        None => format!("write {}", key.kind),
        Some((min, max, unit)) => format!("write {}, {min} to {max} {unit}", key.kind),
    }
}

fn sections() -> String {
    let names: Vec<_> = SECTIONS.iter().map(|section| format!("[{}]", section.name)).collect();
    format!("the sections are {}", names.join(", "))
}

/// The key that was probably meant, or all there are.
fn nearest(section: &Section, name: &str) -> String {
    let alike = section.keys.iter().map(|key| (strsim::jaro_winkler(key.name, name), key.name));
    let best = alike.max_by(|(a, _), (b, _)| a.total_cmp(b)).filter(|(alike, _)| 0.8 < *alike);
    match best {
        Some((_, meant)) => format!("did you mean {meant}?"),
        None => {
            let names: Vec<_> = section.keys.iter().map(|key| key.name).collect();
            format!("[{}] has {}", section.name, names.join(", "))
        }
    }
}

/// Where lines begin.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn of(&self, at: usize) -> usize {
        self.0.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }
}

fn line_of<T>(lines: &Lines<'_>, spanned: &Spanned<T>) -> usize {
    lines.of(spanned.span().start)
}
