//! `yinuo rules`: what is built in.

use std::process::ExitCode;

use yinuo_rules::listing;

use crate::cli::{RulesCommand, RulesOptions};
use crate::failed;
use crate::say::say;

pub(crate) fn run(options: &RulesOptions) -> ExitCode {
    let packs = match yinuo_rules::packs() {
        Ok(packs) => packs,
        Err(error) => return failed(&error),
    };
    let (text, json) = match &options.command {
        RulesCommand::List { json } => {
            let list = listing::list(packs);
            (list.to_string(), json.then(|| serde_json::to_string_pretty(&list)))
        }
        RulesCommand::Show { pack, json } => {
            let Some(shown) = listing::show(packs, pack) else {
                eprintln!("yinuo: there is no rule pack {pack:?}; `yinuo rules list` names them");
                return ExitCode::from(2);
            };
            (shown.to_string(), json.then(|| serde_json::to_string_pretty(&shown)))
        }
    };
    match json.transpose() {
        Ok(json) => say(format_args!("{}", json.as_deref().unwrap_or(&text).trim_end())),
        Err(error) => return failed(&error),
    }
    ExitCode::SUCCESS
}
