//! What the columns of a file are called: `subject_id`, perhaps `guardian_required`, and ids of items.

use yinuo_rules::Catalogue;

pub(super) const SUBJECT: &str = "subject_id";
pub(super) const GUARDIAN: &str = "guardian_required";

/// What one column is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Column {
    Subject,
    Guardian,
    Item(String),
}

impl Column {
    /// The column of this name, or what to say of it.
    pub(super) fn named(name: &str, catalogue: &Catalogue) -> Result<Self, String> {
        match name {
            SUBJECT => Ok(Self::Subject),
            GUARDIAN => Ok(Self::Guardian),
            item if catalogue.by_id(item).is_some() => Ok(Self::Item(item.to_owned())),
            other => Err(format!("{other:?} is no column; {}", advice(other, catalogue))),
        }
    }
}

/// The columns of a header, or everything that is wrong with it.
pub(super) fn columns(header: &[String], catalogue: &Catalogue) -> Result<Vec<Column>, Vec<String>> {
    let (mut columns, mut wrong) = (Vec::with_capacity(header.len()), Vec::new());
    for name in header {
        match Column::named(name, catalogue) {
            Ok(column) if columns.contains(&column) => wrong.push(format!("{name} is there twice; keep one")),
            Ok(column) => columns.push(column),
            Err(why) => wrong.push(why),
        }
    }
    if !columns.contains(&Column::Subject) {
        wrong.push(format!("there is no column {SUBJECT}, the platform's own identifier of a person"));
    }
    if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
}

/// The nearest name, by spelling or by what the item is called.
fn advice(name: &str, catalogue: &Catalogue) -> String {
    let called = catalogue.iter().find(|entry| entry.name.zh == name || entry.name.en == name);
    let lower = name.to_lowercase().replace([' ', '-'], "_");
    let ids = catalogue.iter().map(|entry| entry.id.as_str()).chain([SUBJECT, GUARDIAN]);
    let near = ids
        .map(|id| (strsim::jaro_winkler(id, &lower), id))
        .filter(|(near, _)| 0.8 < *near)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, id)| id);
    match called.map(|entry| entry.id.as_str()).or(near) {
        Some(id) => format!("did you mean {id}?"),
        None => "see yinuo rules show items for the ids of items".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &[&str]) -> Result<Vec<Column>, Vec<String>> {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        columns(&header, &yinuo_rules::packs().unwrap().catalogue)
    }

    #[test]
    fn a_header_is_understood_or_everything_wrong_with_it_is_said_at_once() {
        let item = |id: &str| Column::Item(id.to_owned());
        assert_eq!(
            check(&["name", SUBJECT, GUARDIAN]),
            Ok(vec![item("name"), Column::Subject, Column::Guardian])
        );
        let wrong = check(&["phone_nuber", "Phone Number", "姓名(名称)", "name", "name", "zzz"]).unwrap_err();
        let expected = [
            "did you mean phone_number?",
            "did you mean phone_number?",
            "did you mean name?",
            "name is there twice",
            "yinuo rules show items",
            "there is no column subject_id",
        ];
        assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
        for (wrong, expected) in wrong.iter().zip(expected) {
            assert!(wrong.contains(expected), "{wrong}");
        }
    }
}
