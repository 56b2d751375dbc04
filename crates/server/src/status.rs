//! `yinuo status`: how the Yinuo in a data directory is doing.

use std::process::ExitCode;

use yinuo_web::operator::Status;

use crate::accept as clock;
use crate::cli::StatusOptions;
use crate::local::{self, Local, LocalError};
use crate::say::say;

pub(crate) fn run(options: &StatusOptions) -> ExitCode {
    local::run(status(options))
}

/// 0 when it can record and release, 1 when it cannot.
async fn status(options: &StatusOptions) -> Result<ExitCode, LocalError> {
    let local = Local::open(&options.local).await?;
    let status: Status = local.get("/operator/status").await?;
    let served = local.is_served();
    if options.json {
        let line = serde_json::json!({ "served": served, "status": status });
        say(format_args!("{line}"));
    } else {
        tell(&status, served);
    }
    let well =
        status.engine_active && !status.poisoned && status.clock_off_ms.is_none() && !status.disk_almost_full;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell(status: &Status, served: bool) {
    let or = |yes: bool, one: &'static str, other: &'static str| if yes { one } else { other };
    say(format_args!("{}", status.issuer));
    say(format_args!("  version    {}", status.version));
    say(format_args!("  serving    {}", or(served, "yes", "no: the directory was opened to answer this")));
    say(format_args!("  suite      {}, logs {}", status.suite, status.profile));
    say(format_args!(
        "  rules      {}",
        or(status.engine_active, "in force", "none in force: nothing is released")
    ));
    let stopped = "stopped: the disk failed or hangs, nothing is recorded or released until a restart";
    say(format_args!("  recording  {}", or(status.poisoned, stopped, "yes")));
    if status.disk_almost_full {
        say(format_args!("  disk       almost full: only withdrawals, deletions and sanctions are recorded"));
    }
    if let Some(off_ms) = status.clock_off_ms {
        say(format_args!(
            "  clock      {}; nothing is released before `yinuo clock accept`",
            clock::told(off_ms)
        ));
    }
    for log in &status.logs {
        say(format_args!("  log        {} has {} entries", log.log, log.size));
    }
}
