//! What the measurements share: how they are asked for, what is made of many rounds, and one row of the table each.
//!
//! Nothing here asserts anything about time: whoever reads the table judges. What a measurement does assert is that every
//! answer it was given is right.

#[path = "../../crates/server/src/row_seal.rs"]
mod row_seal;

/// The program's own, for whatever is measured.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use yinuo_domain::{Random, RandomFailed, Suite};
use yinuo_ledger::RowSeal;
use yinuo_vault::{Params, PassphraseProvider, Vault};

/// How thoroughly.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// In minutes instead of a quarter of an hour.
    pub quick: bool,
}

impl Effort {
    /// As the command line says.
    pub fn asked() -> Self {
        Self { quick: std::env::args().any(|argument| argument == "--quick") }
    }

    /// The first of two, when it shall be quick.
    pub fn of<T>(self, quick: T, thorough: T) -> T {
        if self.quick { quick } else { thorough }
    }
}

/// Where what is measured on a disk is put: beside what is built, on a file system that keeps what is flushed.
pub fn scratch() -> PathBuf {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/measured");
    let place = std::env::var_os("YINUO_MEASURED").map_or(place, PathBuf::from);
    std::fs::create_dir_all(&place).expect("the place for what is measured can be made");
    place
}

/// What seals the rows of the program's store, with the key of this vault.
pub fn seal_of(vault: &Arc<Vault>) -> Arc<dyn RowSeal> {
    row_seal::VaultSeal::of(vault)
}

/// The same for a ledger alone: with the key of a vault that is the same in every run.
pub fn seal(suite: Suite) -> Arc<dyn RowSeal> {
    let random = Counted(AtomicU64::new(0));
    let provider = PassphraseProvider::create(suite, b"measured", Params::DEMONSTRATION, &random);
    let (provider, _) = provider.expect("a provider of keys");
    let (vault, _) = Vault::create(suite, &provider, &random).expect("a vault");
    seal_of(&Arc::new(vault))
}

/// Numbers in a row, where nothing depends on chance.
struct Counted(AtomicU64);

impl Random for Counted {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomFailed> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.0.fetch_add(1, Relaxed).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// One number from each round.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Another round.
    pub fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    /// What so much of the rounds did not exceed: 0.5 is the median.
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        let place = part * last as f64;
        let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
        below + (above - below) * place.fract()
    }

    /// The median.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Round by round, how many times `other` this is. Two rates that were measured one after the other share what the machine
    /// was doing at that time, so their ratio varies less than either.
    pub fn over(&self, other: &Self) -> Self {
        assert_eq!(self.0.len(), other.0.len(), "both were measured in each round");
        Self(self.0.iter().zip(&other.0).map(|(this, that)| this / that).collect())
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        Self(samples.into_iter().collect())
    }
}

/// How a number is written.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    PerSecond,
    Micros,
    Millis,
    Seconds,
    Bytes,
    Times,
    Percent,
}

impl Unit {
    fn write(self, number: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", grouped(number)),
            Self::Micros => format!("{} µs", short(number)),
            Self::Millis => format!("{} ms", short(number)),
            Self::Seconds => format!("{} s", short(number)),
            Self::Bytes => format!("{} B", grouped(number)),
            Self::Times => format!("{} ×", short(number)),
            Self::Percent => format!("{} %", short(number * 100.0)),
        }
    }
}

/// Three digits that count.
fn short(number: f64) -> String {
    match number.abs() {
        size if size < 1.0 => format!("{number:.3}"),
        size if size < 10.0 => format!("{number:.2}"),
        size if size < 100.0 => format!("{number:.1}"),
        _ => grouped(number),
    }
}

/// A whole number in groups of three.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number);
    let mut out = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth != 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// What is asked of a median.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    AtLeast(f64),
    AtMost(f64),
    None,
}

/// Prints one row of the table: what, median, the middle half of the rounds, the bar, whether it is met.
pub fn row(what: &str, unit: Unit, samples: &Samples, bar: Bar) {
    let median = samples.median();
    let (bar, met) = match bar {
        Bar::AtLeast(least) => (format!("≥ {}", unit.write(least)), Some(least <= median)),
        Bar::AtMost(most) => (format!("≤ {}", unit.write(most)), Some(median <= most)),
        Bar::None => (String::new(), None),
    };
    let met = met.map_or("", |met| if met { "met" } else { "**missed**" });
    let spread = if samples.0.len() < 2 {
        String::new()
    } else {
        format!("{} – {}", unit.write(samples.quantile(0.25)), unit.write(samples.quantile(0.75)))
    };
    println!("| {what} | {} | {spread} | {bar} | {met} |", unit.write(median));
}

/// How long this process was on a processor so far, in nanoseconds, by the name of the thread; threads of a name together.
#[derive(Clone, Debug, Default)]
pub struct Cpu(BTreeMap<String, u64>);

impl Cpu {
    /// Until now. What ended is forgotten: compare within the life of the threads of interest.
    pub fn now() -> Self {
        let mut by_name = BTreeMap::new();
        for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
            *by_name.entry(read("comm").trim_end().to_owned()).or_default() += spent(&read("schedstat"));
        }
        Self(by_name)
    }

    /// How long the calling thread was on a processor in its life, in microseconds.
    pub fn of_this_thread() -> f64 {
        spent(&std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default()) as f64 / 1_000.0
    }

    /// Since `before`, of the threads whose names begin so, in microseconds.
    pub fn micros_since(&self, before: &Self, name: &str) -> f64 {
        let of = |cpu: &Self| -> u64 {
            cpu.0.iter().filter(|(known, _)| known.starts_with(name)).map(|(_, spent)| spent).sum()
        };
        of(self).saturating_sub(of(before)) as f64 / 1_000.0
    }
}

/// The first number is the time on a processor, in nanoseconds (Linux, `Documentation/scheduler/sched-stats.rst`).
fn spent(schedstat: &str) -> u64 {
    schedstat.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}
