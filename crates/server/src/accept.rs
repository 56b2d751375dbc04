//! `yinuo clock accept`: an operator lets releases go on by a clock that had jumped, and says what they found.

use std::process::ExitCode;

use serde::de::IgnoredAny;
use yinuo_web::operator::{AcceptClock, Status};

use crate::cli::{ClockCommand, ClockOptions};
use crate::local::{self, Local, LocalError};
use crate::say::say;

pub(crate) fn run(options: &ClockOptions) -> ExitCode {
    let ClockCommand::Accept(options) = &options.command;
    local::run(async {
        let local = Local::open(&options.local).await?;
        let status: Status = local.get("/operator/status").await?;
        let Some(off_ms) = status.clock_off_ms else {
            if options.json {
                say(format_args!("{}", serde_json::json!({ "accepted": false, "off_ms": null })));
            } else {
                say(format_args!("The clock agrees with the time that has run: there is nothing to accept."));
            }
            return Ok::<_, LocalError>(ExitCode::SUCCESS);
        };
        let reason = options.reason.code().to_owned();
        let _: IgnoredAny = local.post("/operator/clock/accept", &AcceptClock { reason }).await?;
        if options.json {
            say(format_args!("{}", serde_json::json!({ "accepted": true, "off_ms": off_ms })));
        } else {
            say(format_args!("The clock was {}. Releases go on by it, and that is recorded.", told(off_ms)));
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// By how much the clock is off, in words.
pub(crate) fn told(off_ms: i64) -> String {
    let s = off_ms.unsigned_abs() / 1_000;
    let side = if off_ms < 0 { "behind" } else { "ahead of" };
    let (hours, minutes, seconds) = (s / 3_600, s / 60 % 60, s % 60);
    format!("{hours}:{minutes:02}:{seconds:02} {side} the time that has run, or the last fact")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_in_hours_minutes_and_seconds() {
        assert_eq!(told(300_001), "0:05:00 ahead of the time that has run, or the last fact");
        assert_eq!(told(-90_061_000), "25:01:01 behind the time that has run, or the last fact");
    }
}
