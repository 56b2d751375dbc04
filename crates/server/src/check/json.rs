//! Problems for programs. Members and their order are fixed.

use serde::Serialize;
use yinuo_domain::LocalText;
use yinuo_rules::platform::Finding;

/// What `--json` writes.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    ok: bool,
    problems: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Problem<'a> {
    rule: &'static str,
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    what: Both<'a>,
    article: &'a str,
    /// Whether the text of the article was read, or is a matter of format.
    standing: &'static str,
    remedy: Both<'a>,
}

#[derive(Serialize)]
struct Both<'a> {
    zh: &'a str,
    en: &'a str,
}

impl<'a> From<&'a LocalText> for Both<'a> {
    fn from(text: &'a LocalText) -> Self {
        Self { zh: &text.zh, en: &text.en }
    }
}

impl<'a> Report<'a> {
    pub(crate) fn of(findings: &'a [Finding]) -> Self {
        let problems = findings.iter().map(|finding| Problem {
            rule: finding.rule.id(),
            file: &finding.place.file,
            line: finding.place.line,
            column: finding.place.column,
            end_line: finding.place.end_line,
            end_column: finding.place.end_column,
            what: (&finding.what).into(),
            article: &finding.article,
            standing: finding.rule.standing().as_str(),
            remedy: (&finding.remedy).into(),
        });
        Self { ok: findings.is_empty(), problems: problems.collect() }
    }
}
