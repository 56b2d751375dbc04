//! A value that is typed or piped in. Never an argument: everybody on the machine can read those.

use std::io::{IsTerminal as _, Read as _};

/// The longest value, with room for its line end.
const LEN_MAX: u64 = 64 * 1024 + 2;

/// One line from the terminal after asking for it, or all of standard input, without its line end.
pub(crate) fn value(what: &str) -> Result<String, std::io::Error> {
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        eprint!("{what}: ");
        std::io::stdin().read_line(&mut text)?;
    } else {
        std::io::stdin().take(LEN_MAX).read_to_string(&mut text)?;
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
