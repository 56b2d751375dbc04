//! Problems as a person reads them: by file, each with its article and the way out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use yinuo_rules::platform::Finding;

use crate::cli::Language;

/// The problems as text, under the paths that a person would type.
pub(crate) fn told(dir: &Path, findings: &[Finding], language: Language, coloured: bool) -> String {
    let ink = Ink { coloured };
    let mut out = String::new();
    let mut file = "";
    for finding in findings {
        let place = &finding.place;
        if file != place.file {
            file = &place.file;
            let _ = writeln!(out, "{}", ink.bold(&dir.join(file).display().to_string()));
        }
        let at = format!("{}:{}:{}", dir.join(file).display(), place.line, place.column);
        let rule = ink.faint(&format!("[{}]", finding.rule.id()));
        let _ = writeln!(out, "  {}: {} {rule}", ink.red(&at), language.pick(&finding.what));
        let _ = writeln!(out, "    {}  {}", language.or("依据", "article"), finding.article);
        let _ = writeln!(out, "    {}  {}", language.or("改法", "remedy "), language.pick(&finding.remedy));
    }
    if findings.is_empty() {
        let _ = writeln!(out, "{}", language.or("没有发现问题。", "No problems."));
        return out;
    }
    let files = findings.iter().map(|finding| &finding.place.file).collect::<BTreeSet<_>>().len();
    let count = findings.len();
    let many = |n: usize| if n == 1 { "" } else { "s" };
    let _ = match language {
        Language::Zh => writeln!(out, "\n{files} 个文件中有 {count} 个问题。"),
        Language::En => writeln!(out, "\n{count} problem{} in {files} file{}.", many(count), many(files)),
    };
    out
}

/// Colours, where somebody sees them (ECMA-48 §8.3.117).
struct Ink {
    coloured: bool,
}

impl Ink {
    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn red(&self, text: &str) -> String {
        self.with("31", text)
    }

    fn faint(&self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
