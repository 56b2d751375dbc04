//! `yinuo staff`: appoints staff, dismisses them, and gives them a code to set a second factor up with.

use std::io::Read as _;
use std::process::ExitCode;

use yinuo_web::operator::{Appoint, Appointed, Named, Staff};

use crate::cli::{StaffCommand, StaffOptions};
use crate::local::{self, Local};
use crate::say::say;

type Failure = Box<dyn std::error::Error>;

/// The longest file an identity is read from, in bytes.
const IDENTITY_LEN_MAX: u64 = 1_024;

pub(crate) fn run(options: &StaffOptions) -> ExitCode {
    local::run(staff(options))
}

async fn staff(options: &StaffOptions) -> Result<ExitCode, Failure> {
    let identity = match &options.command {
        StaffCommand::Appoint { identity_file: Some(path), .. } => Some(identity(path)?),
        _ => None,
    };
    let (StaffCommand::List { local, .. }
    | StaffCommand::Appoint { local, .. }
    | StaffCommand::Dismiss { local, .. }
    | StaffCommand::ResetFactor { local, .. }) = &options.command;
    let local = Local::open(local).await?;
    match &options.command {
        StaffCommand::List { json, .. } => {
            let staff: Vec<Staff> = local.get("/operator/staff").await?;
            if *json {
                say(serde_json::to_string(&staff)?);
            } else {
                staff.iter().for_each(tell);
            }
        }
        StaffCommand::Appoint { staff, role, .. } => {
            let asked = Appoint { staff: staff.clone(), role: role.clone(), identity };
            let appointed: Appointed = local.post("/operator/staff/appoint", &asked).await?;
            say(format_args!("{staff} is appointed as {role}"));
            tell_code(&appointed);
        }
        StaffCommand::Dismiss { staff, .. } => {
            let asked = Named { staff: staff.clone() };
            let _: Appointed = local.post("/operator/staff/dismiss", &asked).await?;
            say(format_args!("{staff} is dismissed; their sessions have ended"));
        }
        StaffCommand::ResetFactor { staff, .. } => {
            let asked = Named { staff: staff.clone() };
            let appointed: Appointed = local.post("/operator/staff/reset-factor", &asked).await?;
            say(format_args!("{staff} has no second factor any more; their sessions have ended"));
            tell_code(&appointed);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(staff: &Staff) {
    let factor = if staff.enrolled { "second factor set up" } else { "no second factor yet" };
    say(format_args!("{:<24} {:<10} {factor}", staff.staff, staff.role));
}

fn tell_code(appointed: &Appointed) {
    if let Some(code) = &appointed.code {
        say(format_args!("enrolment code, good for 24 hours and told only now: {code}"));
    }
}

/// From a file or standard input, so that it stands in no list of processes and no history of a shell.
fn identity(path: &std::path::Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path == std::path::Path::new("-") {
        std::io::stdin().take(IDENTITY_LEN_MAX).read_to_string(&mut text)?;
    } else {
        let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        file.take(IDENTITY_LEN_MAX).read_to_string(&mut text)?;
    }
    Ok(text.trim().to_owned())
}
