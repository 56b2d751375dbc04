//! `yinuo config check` and `yinuo config show`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::keys::SECTIONS;
use super::{ConfigError, FILE, Loaded, Origin};
use crate::cli::{ConfigCommand, ConfigOptions};
use crate::failed;
use crate::say::say;

/// 0 when all is well, 1 with mistakes, 2 when there is no file to read.
pub(crate) fn run(options: &ConfigOptions) -> ExitCode {
    let (ConfigCommand::Check { file, json } | ConfigCommand::Show { file, json }) = &options.command;
    let path = file.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let shown = matches!(options.command, ConfigCommand::Show { .. });
    match Loaded::read(&path) {
        Ok(loaded) if shown => show(&path, &loaded, *json),
        Ok(_) if *json => say(json!({ "ok": true, "problems": [] })),
        Ok(_) => say(format_args!("{} is in order", path.display())),
        Err(ConfigError::Problems(problems)) => {
            if *json {
                say(json!({ "ok": false, "problems": problems }));
            } else {
                problems.iter().for_each(say);
            }
            return ExitCode::from(1);
        }
        Err(error) => return failed(&error),
    }
    ExitCode::SUCCESS
}

fn show(path: &Path, loaded: &Loaded, as_json: bool) {
    let mut settings = Vec::new();
    for section in SECTIONS {
        if !as_json {
            say(format_args!("[{}]", section.name));
        }
        for key in section.keys {
            let value = (key.written)(&loaded.config);
            let from = match loaded.origins.get(&section.path(key)) {
                None => "default".to_owned(),
                Some(Origin::File { line }) => format!("{}:{line}", path.display()),
                Some(Origin::Environment { variable }) => variable.clone(),
            };
            if as_json {
                settings.push(json!({ "key": section.path(key), "value": value, "from": from }));
            } else if let Some(value) = value {
                say(format_args!("{} = {value}  # {from}", key.name));
            } else {
                say(format_args!("# {} is unset", key.name));
            }
        }
    }
    if as_json {
        say(json!({ "settings": settings }));
    }
}
