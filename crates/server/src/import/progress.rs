//! How far an import is: a bar on a terminal, a line now and then elsewhere, and the checkpoint once a second.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use yinuo_domain::{Clock as _, Monotonic};

use super::report::{Report, ReportError};
use super::rows::At;
use crate::clock::SystemClock;

/// How often the checkpoint is written, in milliseconds.
const KEEP_MS: u64 = 1_000;
/// How often a line is written where there is no terminal, in milliseconds.
const TELL_MS: u64 = 5_000;

/// How far an import is.
pub(super) struct Progress<'c> {
    clock: &'c SystemClock,
    begun: Monotonic,
    bar: Option<ProgressBar>,
    length: u64,
    /// Values that were there before this run.
    before: u64,
    kept_at: Monotonic,
    told_at: Monotonic,
}

impl<'c> Progress<'c> {
    pub(super) fn start(clock: &'c SystemClock, length: u64, from: Option<At>, before: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(length));
        if let Some(bar) = &bar {
            // A template that does not parse would show another bar, and is seen.
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {eta} left") {
                bar.set_style(style);
            }
            bar.set_position(from.map_or(0, |at| at.byte));
            bar.reset_eta();
        }
        let begun = clock.monotonic();
        Self { clock, begun, bar, length, before, kept_at: begun, told_at: begun }
    }

    /// Shows how far it is, and writes it down now and then.
    pub(super) fn at(&mut self, report: &mut Report) -> Result<(), ReportError> {
        let now = self.clock.monotonic();
        if self.kept_at.after_ms(KEEP_MS) <= now {
            self.kept_at = now;
            report.keep()?;
        }
        let byte = report.next().map_or(0, |at| at.byte);
        let counts = report.counts();
        let per_second = self.values_per_second(counts.values);
        let message =
            format!("{} people, {} refused, {per_second:.0} values/s", counts.people(), counts.refused);
        if let Some(bar) = &self.bar {
            bar.set_position(byte);
            bar.set_message(message);
        } else if self.told_at.after_ms(TELL_MS) <= now {
            self.told_at = now;
            let percent = byte.saturating_mul(100).checked_div(self.length).unwrap_or(100);
            eprintln!("yinuo: {percent}% of the file: {message}");
        }
        Ok(())
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// How fast it is, without what was there before.
    pub(super) fn values_per_second(&self, values: u64) -> f64 {
        values.saturating_sub(self.before) as f64 / self.seconds().max(0.001)
    }

    /// How long it has taken.
    pub(super) fn seconds(&self) -> f64 {
        self.clock.monotonic().0.saturating_sub(self.begun.0) as f64 / 1e9
    }
}
