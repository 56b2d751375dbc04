//! `yinuo subject find`: who has a value, shown through a mask, recorded before anything is shown.

use std::process::ExitCode;

use yinuo_web::operator::{FindAsk, FindPerson};

use crate::cli::{FindOptions, SubjectCommand, SubjectOptions};
use crate::local::{self, Local, LocalError};
use crate::say::say;
use crate::typed;

/// Why nobody could be looked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectError {
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error("cannot read the value from standard input")]
    Input(#[from] std::io::Error),
}

pub(crate) fn run(options: &SubjectOptions) -> ExitCode {
    match &options.command {
        SubjectCommand::Find(options) => local::run(find(options)),
    }
}

async fn find(options: &FindOptions) -> Result<ExitCode, SubjectError> {
    let local = Local::open(&options.local).await?;
    let ask = FindAsk {
        item: options.item.clone(),
        value: typed::value(&options.item)?,
        unmasked: options.unmasked,
        reason: options.reason.clone(),
    };
    let found: Vec<FindPerson> = local.post("/operator/people/find", &ask).await?;
    if options.json {
        say(serde_json::json!({ "found": found }));
    } else {
        found.iter().for_each(tell);
        let recorded = if found.is_empty() { "" } else { "; recorded, and in their history" };
        say(format_args!("{} found{recorded}", found.len()));
    }
    Ok(if found.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn tell(person: &FindPerson) {
    let FindPerson { enrolled_at_ms, guardian_required, apps_allowed, apps_decided, values } = person;
    let enrolled_at = yinuo_rules::moment(yinuo_domain::Timestamp(*enrolled_at_ms));
    say(format_args!(
        "enrolled {enrolled_at}{}",
        if *guardian_required { ", guardian required" } else { "" }
    ));
    say(format_args!("  {apps_allowed} apps may receive something now, of {apps_decided} decided about"));
    for (item, _, shown) in values {
        // Control characters of a value are not for a terminal.
        let shown: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        say(format_args!("  {item:<24} {shown}"));
    }
}
