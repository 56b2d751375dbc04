//! Problems as SARIF 2.1.0 (OASIS, 2020), which code hosts and editors show beside the lines.
//!
//! Written here and not by a library: the one that is kept generates a thousand optional types for the dozen below.

use std::path::Path;

use serde::Serialize;
use yinuo_rules::Rule;
use yinuo_rules::platform::Finding;

use crate::cli::Language;

/// The whole log (§3.13), with paths under `dir` as it was given.
pub(crate) fn written(
    dir: &Path,
    findings: &[Finding],
    language: Language,
) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "yinuo",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: Rule::EVERY.iter().map(|rule| described(*rule, language)).collect(),
                },
            },
            // §3.14.7, §3.14.17
            language: language.tag(),
            column_kind: "unicodeCodePoints",
            invocations: [Invocation { execution_successful: true }],
            results: findings.iter().map(|finding| result(dir, finding, language)).collect(),
        }],
    })
}

fn described(rule: Rule, language: Language) -> Descriptor {
    let title = rule.title();
    let title = language.pick(&title).to_owned();
    let help = match language {
        Language::Zh => format!("{title}。依据：{}。", rule.article()),
        Language::En => format!("{title} ({}).", rule.article()),
    };
    Descriptor {
        id: rule.id(),
        short_description: Text { text: title },
        help: Text { text: help },
        default_configuration: Configuration { level: "error" },
        properties: RuleProperties { article: rule.article(), standing: rule.standing().as_str() },
    }
}

fn result(dir: &Path, finding: &Finding, language: Language) -> Outcome {
    let place = &finding.place;
    let (what, remedy) = (language.pick(&finding.what), language.pick(&finding.remedy));
    let text = match language {
        Language::Zh => format!("{what}。改法：{remedy}（{}）", finding.article),
        Language::En => format!("{what}. Remedy: {remedy} ({})", finding.article),
    };
    let mut uri = String::new();
    for part in dir.components().map(|part| part.as_os_str().to_string_lossy()).filter(|part| part != "/") {
        if dir.is_absolute() || !uri.is_empty() {
            uri.push('/');
        }
        push_encoded(&mut uri, &part);
    }
    if uri == "." {
        uri.clear();
    }
    if !uri.is_empty() {
        uri.push('/');
    }
    push_encoded(&mut uri, &place.file);
    Outcome {
        rule_id: finding.rule.id(),
        rule_index: Rule::EVERY.iter().position(|rule| *rule == finding.rule).unwrap_or_default(),
        level: "error",
        message: Text { text },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region: Region {
                    start_line: place.line,
                    start_column: place.column,
                    end_line: place.end_line,
                    end_column: place.end_column,
                },
            },
        }],
        properties: ResultProperties { article: finding.article.clone() },
    }
}

/// RFC 3986 §2.1: what is neither unreserved nor a slash is written as its bytes.
fn push_encoded(uri: &mut String, path: &str) {
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    language: &'static str,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text,
    help: Text,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    article: &'static str,
    standing: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    properties: ResultProperties,
}

#[derive(Serialize)]
struct ResultProperties {
    article: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}
