//! Speaks on standard output. Whoever stopped listening (`| head`) is no reason to stop.

use std::fmt::Display;
use std::io::Write as _;

/// One line, at once.
pub(crate) fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
