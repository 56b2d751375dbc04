//! The settings as a page for people, and as a file to begin with.

use std::fmt::Write as _;

use super::keys::{Config, Key, SECTIONS};

/// `docs/CONFIG.md`.
#[cfg(test)]
pub(super) fn page() -> String {
    let mut out = String::from(
        "# Settings\n\n\
         `yinuo serve` reads `yinuo.toml`, or the file named with `--config`. `yinuo init` writes one to begin with, \
         `yinuo config check` explains every mistake in one, and `yinuo config show` prints what holds and where it \
         comes from.\n\n\
         * An unknown key, or an unknown variable that begins with `YINUO_`, is a mistake.\n\
         * A variable of the environment overrides the file: `YINUO_<SECTION>_<KEY>` in capitals. Texts are written \
         there as they are, everything else as in the file: `YINUO_CONSENT_DAYS_OFFERED='[365, 30]'`.\n\
         * A relative path starts at the directory of the file.\n\
         * No setting is a secret. Secrets are in files that settings name; besides, `YINUO_PASSPHRASE` may hold the \
         passphrase over the keys.\n\n\
         This page is written from `crates/server/src/config/keys.rs`; a test compares them.\n",
    );
    for section in SECTIONS {
        let _ = write!(out, "\n## [{}]\n\n{}\n", section.name, prose(section.docs));
        for key in section.keys {
            let _ = write!(out, "\n### `{}`\n\n{}\n\n", section.path(key), prose(key.docs));
            let _ = writeln!(out, "* Value: {}", kind(key));
            let _ =
                writeln!(out, "* Default: {}", default(key).map_or("unset".into(), |it| format!("`{it}`")));
            let _ = writeln!(out, "* Variable: `{}`", section.variable(key));
        }
    }
    out
}

/// A `yinuo.toml` with every setting explained. Those given, by path and value, are set; the others are comments with
/// their defaults.
pub(crate) fn template(set: &[(&str, String)]) -> String {
    let mut out = String::from(
        "# The settings of this Yinuo. `yinuo config check` explains every mistake.\n\
         # A relative path starts at the directory of this file.\n",
    );
    for section in SECTIONS {
        let _ = write!(out, "\n# {}\n[{}]\n", prose(section.docs), section.name);
        for key in section.keys {
            let path = section.path(key);
            let given = set.iter().find(|(of, _)| *of == path);
            let _ = writeln!(out, "\n# {}", prose(key.docs));
            let _ = writeln!(out, "# {}.", kind(key));
            match (given, default(key)) {
                (Some((_, text)), _) => {
                    let _ = writeln!(out, "{} = {}", key.name, toml::Value::String(text.clone()));
                }
                (None, Some(default)) => {
                    let _ = writeln!(out, "#{} = {default}", key.name);
                }
                (None, None) => {
                    let _ = writeln!(out, "#{} =", key.name);
                }
            }
        }
    }
    out
}

fn default(key: &Key) -> Option<String> {
    (key.written)(&Config::default()).map(|value| value.to_string())
}

fn kind(key: &Key) -> String {
    match key.limits {
        None => key.kind.to_owned(),
        Some((min, max, unit)) => format!("{}, {min} to {max} {unit}", key.kind),
    }
}

/// The lines of a comment as one.
fn prose(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
