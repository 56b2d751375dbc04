//! `yinuo config check` and `yinuo config show`.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::keys::SECTIONS;
use super::{ConfigError, FILE, Loaded, Origin, Problem};
use crate::cli::{ConfigCommand, ConfigOptions};
use crate::clock::SystemClock;
use crate::failed;
use crate::preflight;
use crate::say::say;

/// 0 when all is well, 1 with mistakes, 2 when there is no file to read.
pub(crate) fn run(options: &ConfigOptions) -> ExitCode {
    let (ConfigCommand::Check { file, json } | ConfigCommand::Show { file, json }) = &options.command;
    let path = file.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let shown = matches!(options.command, ConfigCommand::Show { .. });
    match Loaded::read(&path) {
        Ok(loaded) if shown => {
            show(&path, &loaded, *json);
            ExitCode::SUCCESS
        }
        Ok(loaded) => check(&path, &loaded, *json),
        Err(ConfigError::Problems(problems)) => tell(&problems, *json),
        Err(error) => failed(&error),
    }
}

/// The settings are in order; the disk that they name is looked at as well, when the directory is there.
fn check(path: &Path, loaded: &Loaded, as_json: bool) -> ExitCode {
    let dir = loaded.path(&loaded.config.server.data);
    let looked = dir.is_dir().then(|| preflight::look(&dir, &SystemClock::new())).transpose();
    let disk = match looked {
        Ok(disk) => disk,
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            let problem = Problem {
                place: path.display().to_string(),
                line: None,
                key: Some("server.data".to_owned()),
                what: format!("{error}{cause}"),
                remedy: "name a directory on a local disk that the user who runs Yinuo may write".to_owned(),
            };
            return tell(&[problem], as_json);
        }
    };
    if as_json {
        say(json!({ "ok": true, "problems": [], "disk": disk.map(|disk| disk.json()) }));
        return ExitCode::SUCCESS;
    }
    say(format_args!("{} is in order", path.display()));
    match disk {
        Some(disk) => {
            say(format_args!("  disk  {}", disk.told()));
            disk.warn();
        }
        None => say(format_args!("  disk  {} is not there yet: `yinuo init` makes it", dir.display())),
    }
    ExitCode::SUCCESS
}

fn tell(problems: &[Problem], as_json: bool) -> ExitCode {
    if as_json {
        say(json!({ "ok": false, "problems": problems }));
    } else {
        problems.iter().for_each(say);
    }
    ExitCode::from(1)
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
