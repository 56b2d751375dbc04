//! The page of commands keeps up with the program.
#![allow(clippy::disallowed_methods, reason = "golden files are written when the environment says so")]

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn the_page_keeps_up_with_the_commands() {
    let options = clap_markdown::MarkdownOptions::new()
        .title("Commands".to_owned())
        .show_footer(false)
        .show_table_of_contents(true);
    let page = clap_markdown::help_markdown_custom::<Cli>(&options);
    // The library ends some lines with white space.
    let page: String = page.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let page = page.trim_end().to_owned() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CLI.md");
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/CLI.md: run with YINUO_WRITE_GOLDEN=1 and read the difference");
}

#[test]
fn a_shell_gets_its_completions() {
    for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "yinuo", &mut script);
        let script = String::from_utf8(script).unwrap();
        assert!(script.contains("passphrase-file"), "{shell}: {script}");
    }
}
