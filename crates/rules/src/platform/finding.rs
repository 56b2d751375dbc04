//! Problems, and where they stand.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use yinuo_domain::LocalText;

use crate::rule::Rule;

/// One problem in a platform's files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Which rule it breaks.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub what: LocalText,
    /// What asks for it.
    pub article: String,
    /// What to do about it.
    pub remedy: LocalText,
}

/// A part of a file. Lines and columns count from 1, columns in characters; the end is the first place after it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// Its path in the directory, with `/`.
    pub file: String,
    /// The line where it begins.
    pub line: usize,
    /// The column where it begins.
    pub column: usize,
    /// The line where it ends.
    pub end_line: usize,
    /// The column where it ends.
    pub end_column: usize,
}

/// A part of a file, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) file: String,
    pub(crate) span: Range<usize>,
}

impl Spot {
    pub(crate) fn new(file: &str, span: Range<usize>) -> Self {
        Self { file: file.to_owned(), span }
    }

    /// The beginning of a file.
    pub(crate) fn top(file: &str) -> Self {
        Self::new(file, 0..0)
    }
}

/// What is said of a problem, in both languages.
pub(crate) struct Said {
    pub(crate) what: LocalText,
    pub(crate) remedy: LocalText,
}

/// Shorthand: what is wrong, then the remedy; Chinese before English.
pub(crate) fn said(
    what_zh: impl Into<String>,
    what_en: impl Into<String>,
    remedy_zh: impl Into<String>,
    remedy_en: impl Into<String>,
) -> Said {
    Said {
        what: LocalText { zh: what_zh.into(), en: what_en.into() },
        remedy: LocalText { zh: remedy_zh.into(), en: remedy_en.into() },
    }
}

/// All problems found so far.
pub(crate) struct Findings<'t> {
    texts: &'t BTreeMap<String, String>,
    found: Vec<Finding>,
    /// One rule speaks once at one place.
    at: HashSet<(Rule, Place)>,
}

impl<'t> Findings<'t> {
    pub(crate) fn new(texts: &'t BTreeMap<String, String>) -> Self {
        Self { texts, found: Vec::new(), at: HashSet::new() }
    }

    pub(crate) fn add(&mut self, rule: Rule, spot: &Spot, said: Said) {
        self.add_by(rule, rule.article(), spot, said);
    }

    /// With an article that fits more closely than the rule's own.
    pub(crate) fn add_by(&mut self, rule: Rule, article: &str, spot: &Spot, said: Said) {
        let place = self.place(spot);
        // Several things can be missing from one notice or table; everything else is said once.
        let several = matches!(rule, Rule::NoticeIncomplete | Rule::MissingKey | Rule::TextIncomplete);
        if !several && !self.at.insert((rule, place.clone())) {
            return;
        }
        let Said { what, remedy } = said;
        self.found.push(Finding { rule, place, what, article: article.to_owned(), remedy });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// By file and line.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.found.sort_by(|a, b| (&a.place, a.rule).cmp(&(&b.place, b.rule)));
        self.found
    }

    fn place(&self, spot: &Spot) -> Place {
        let text = self.texts.get(&spot.file).map_or("", String::as_str);
        let (line, column) = line_and_column(text, spot.span.start);
        let (end_line, end_column) = line_and_column(text, spot.span.end.max(spot.span.start));
        Place { file: spot.file.clone(), line, column, end_line, end_column }
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before.get(start..).unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "a\n一诺 = 1\n";
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, 2), (2, 1));
        assert_eq!(line_and_column(text, 2 + "一诺 ".len()), (2, 4));
        // Inside a character: its beginning. Beyond the text: its end.
        assert_eq!(line_and_column(text, 3), (2, 1));
        assert_eq!(line_and_column(text, 999), (3, 1));
    }
}
