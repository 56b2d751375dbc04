//! Staff of the demonstration before a browser: the first factor, one-time passwords, a code for whoever lost theirs.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use yinuo_domain::Timestamp;
use yinuo_service::Totp;

use crate::chrome::Browser;
use crate::demo::Demo;

/// The first step, as the operator of the demonstration.
pub(crate) fn arrive(browser: &Browser, issuer: &str) {
    browser.open(&format!("{issuer}/console/sign-in"));
    browser.type_into("input[name='choice']", "staff-wei");
    browser.follow("main form button");
    assert_eq!(browser.url(), format!("{issuer}/console/second-factor"));
}

/// The one-time password so many steps from now.
#[allow(clippy::disallowed_methods, reason = "tests read the time")]
pub(crate) fn code(secret: &str, steps: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 30 * steps;
    Totp::parse(secret).unwrap().code_at(Timestamp(now * 1_000))
}

/// Takes the second factor away; gives the code to set up another one.
#[allow(dead_code, reason = "not every test needs it")]
#[allow(clippy::disallowed_methods, reason = "tests start the program")]
pub(crate) fn reset(demo: &Demo, staff: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
    command.args(["staff", "reset-factor", staff, "--data"]).arg(demo.data());
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().last().unwrap().rsplit(' ').next().unwrap().to_owned()
}
