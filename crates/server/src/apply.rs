//! `yinuo apply`: shows what a platform's files would change, asks, and does it.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use yinuo_rules::DocumentError;
use yinuo_rules::platform::PlatformFiles;
use yinuo_web::operator::{ApplyAnswer, BlockedAnswer, Both, Files, OnHold, Outcome, PlanAnswer, StepAnswer};

use crate::check::{self, FilesError, Report};
use crate::cli::{ApplyOptions, Language};
use crate::local::{self, Local, LocalError};
use crate::say::say;

/// There are problems: nothing was done.
const PROBLEMS: u8 = 1;
/// Something would change, and nobody said yes.
const SHOWN: u8 = 3;

/// Why it cannot run.
#[derive(Debug, thiserror::Error)]
enum ApplyError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error("the platform was changed by somebody else since this was shown: run it again and look anew")]
    Changed,
    #[error("the answer cannot be written")]
    Json(#[from] serde_json::Error),
}

pub(crate) fn run(options: &ApplyOptions) -> ExitCode {
    local::run(apply(options))
}

async fn apply(options: &ApplyOptions) -> Result<ExitCode, ApplyError> {
    let language = options.language.choose();
    let checked = check::check(&options.dir)?;
    let Some(platform) = checked.files else {
        if options.json {
            say(serde_json::to_string(&Report::of(&checked.findings))?);
        } else {
            say(check::told(&options.dir, &checked.findings, language, check::is_coloured()).trim_end());
        }
        return Ok(ExitCode::from(PROBLEMS));
    };
    let mut files = documents(&platform, options)?;
    let local = Local::open(&options.local).await?;
    let plan: PlanAnswer = local.post("/operator/platform/plan", &files).await?;
    if !options.json {
        say(format_args!("{}", language.pick(&platform.platform.name)));
        say(told(&plan, options.hide_missing, language).trim_end());
    }
    if !plan.blocked.is_empty() {
        return ended(options, &plan, false, PROBLEMS);
    }
    if plan.steps.is_empty() {
        return ended(options, &plan, false, 0);
    }
    if !options.yes && (options.json || !agreed(language)) {
        return ended(options, &plan, false, SHOWN);
    }
    files.state = Some(plan.state.clone());
    let answer: ApplyAnswer = local.post("/operator/platform/apply", &files).await?;
    match answer.outcome {
        Outcome::Applied => {
            if !options.json {
                say(language.or("完成。", "Done."));
            }
            ended(options, &plan, true, 0)
        }
        Outcome::Changed => Err(ApplyError::Changed),
        Outcome::Blocked => {
            say(told_blocked(&answer.blocked, language).trim_end());
            Ok(ExitCode::from(PROBLEMS))
        }
    }
}

fn documents(platform: &PlatformFiles, options: &ApplyOptions) -> Result<Files, DocumentError> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let partners = platform.partners.iter().map(|partner| yinuo_rules::partner_bytes(partner).map(text));
    let apps = platform.apps.iter().map(|app| yinuo_rules::declaration_bytes(app).map(text));
    let notices = platform.notices.iter().map(|notice| yinuo_rules::notice_bytes(notice).map(text));
    Ok(Files {
        partners: partners.collect::<Result<_, _>>()?,
        apps: apps.collect::<Result<_, _>>()?,
        notices: notices.collect::<Result<_, _>>()?,
        hide_missing: options.hide_missing,
        show_hidden: options.show_hidden,
        state: None,
    })
}

/// What `--json` writes. Members and their order are fixed.
#[derive(Serialize)]
struct Ended<'a> {
    applied: bool,
    plan: &'a PlanAnswer,
}

fn ended(options: &ApplyOptions, plan: &PlanAnswer, applied: bool, code: u8) -> Result<ExitCode, ApplyError> {
    if options.json {
        say(serde_json::to_string(&Ended { applied, plan })?);
    }
    Ok(ExitCode::from(code))
}

/// Asks where somebody can answer. Without a terminal nobody agreed.
fn agreed(language: Language) -> bool {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        say(language.or("没有更改。确认无误后请加上 --yes。", "Nothing was changed: --yes does it."));
        return false;
    }
    print_now(language.or("执行以上更改？[y/N] ", "Do this? [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是")
}

fn print_now(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn told(plan: &PlanAnswer, hide_missing: bool, language: Language) -> String {
    let mut out = String::new();
    for step in &plan.steps {
        told_step(step, language, &mut out);
    }
    if !hide_missing {
        for app in &plan.missing {
            let _ = match language {
                Language::Zh => writeln!(out, "  {app} 不在这些文件中，保持不变（--hide-missing 可下线）"),
                Language::En => {
                    writeln!(out, "  {app} is not in these files and stays (--hide-missing takes it offline)")
                }
            };
        }
    }
    if plan.steps.is_empty() && plan.blocked.is_empty() {
        let _ = writeln!(out, "{}", language.or("没有需要更改的内容。", "Nothing to do."));
    }
    out.push_str(&told_blocked(&plan.blocked, language));
    out
}

fn told_step(step: &StepAnswer, language: Language, out: &mut String) {
    let (sign, zh, en) = match step.act.as_str() {
        "activate-engine" => ("+", "启用规则", "put the rules in force"),
        "register-partner" => ("+", "登记合作方", "register the partner"),
        "revise-partner" => ("~", "更改合作方", "revise the partner"),
        "declare-app" => ("+", "声明应用", "declare the app"),
        "redeclare-app" => ("~", "更改应用", "declare the app anew"),
        "publish-notice" => ("+", "发布告知文本", "publish the notice"),
        "show-app" => ("+", "重新上线应用", "bring the app back"),
        "hide-app" => ("-", "下线应用", "take the app offline"),
        other => ("?", other, other),
    };
    let _ = writeln!(out, "{sign} {} {}", language.or(zh, en), step.object);
    // What is new is in the files; what changes is shown.
    for part in step.parts.iter().filter(|_| sign == "~") {
        let _ = match (&part.before, &part.after) {
            (Some(before), Some(after)) => writeln!(out, "    ~ {}: {before} → {after}", part.at),
            (None, Some(after)) => writeln!(out, "    + {}: {after}", part.at),
            (Some(before), None) => writeln!(out, "    - {}: {before}", part.at),
            (None, None) => Ok(()),
        };
    }
    if let Some(OnHold { people, or_more }) = step.on_hold {
        let _ = match language {
            Language::Zh => writeln!(
                out,
                "    ! {people} 人{}的同意将被搁置，直到他们重新同意",
                if or_more { "以上" } else { "" }
            ),
            Language::En => writeln!(
                out,
                "    ! puts the consents of {people}{} {} on hold until they agree again",
                if or_more { " or more" } else { "" },
                if people == 1 && !or_more { "person" } else { "people" }
            ),
        };
    }
}

fn told_blocked(blocked: &[BlockedAnswer], language: Language) -> String {
    let pick = |text: &Both| language.or(&text.zh, &text.en).to_owned();
    let mut out = String::new();
    for BlockedAnswer { what, remedy } in blocked {
        let _ = writeln!(out, "x {}", pick(what));
        let _ = writeln!(out, "    {}  {}", language.or("改法", "remedy"), pick(remedy));
    }
    out
}
