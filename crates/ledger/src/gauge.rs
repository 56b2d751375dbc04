//! How the ledger is doing, in numbers. Counting is a few relaxed additions a batch; reading takes no lock that
//! deciding waits for, so that it can be read as often as anybody likes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of commit times, in microseconds; what is slower is counted beyond the last.
const BOUNDS_US: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// How the ledger is doing since it was opened.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// Batches that were committed.
    pub batches: u64,
    /// Entries they appended.
    pub entries: u64,
    /// Batches of which everything was taken back.
    pub batches_taken_back: u64,
    /// Seconds from the beginning of a batch to the end of its commit, added up.
    pub commit_s_sum: f64,
    /// How many took up to so many seconds, each counted in the first that fits; the last is endless.
    pub commit_buckets: Vec<(f64, u64)>,
    /// Commands that wait.
    pub waiting: u64,
    /// Withdrawals, deletions and sanctions that wait.
    pub urgent_waiting: u64,
    /// Whether a commit failed: nothing more is written.
    pub poisoned: bool,
    /// Rows that were refused because they are not as they were written.
    pub altered: u64,
}

/// What the sequencer counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    batches: AtomicU64,
    entries: AtomicU64,
    taken_back: AtomicU64,
    ns: AtomicU64,
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
}

impl Counters {
    /// A batch was committed.
    pub(crate) fn committed(&self, entries: usize, ns: u64) {
        self.batches.fetch_add(1, Relaxed);
        self.entries.fetch_add(entries as u64, Relaxed);
        self.ns.fetch_add(ns, Relaxed);
        let place = BOUNDS_US.partition_point(|bound| bound.saturating_mul(1_000) < ns);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Relaxed);
        }
    }

    /// Everything of a batch was taken back.
    pub(crate) fn taken_back(&self) {
        self.taken_back.fetch_add(1, Relaxed);
    }

    /// All of it, with what others know.
    pub(crate) fn gauge(&self, (urgent, ordinary): (usize, usize), poisoned: bool, altered: u64) -> Gauge {
        let bounds = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).chain([f64::INFINITY]);
        Gauge {
            batches: self.batches.load(Relaxed),
            entries: self.entries.load(Relaxed),
            batches_taken_back: self.taken_back.load(Relaxed),
            commit_s_sum: self.ns.load(Relaxed) as f64 / 1e9,
            commit_buckets: bounds.zip(self.buckets.iter().map(|bucket| bucket.load(Relaxed))).collect(),
            waiting: ordinary as u64,
            urgent_waiting: urgent as u64,
            poisoned,
            altered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_counted_in_the_first_bucket_it_fits() {
        let counters = Counters::default();
        for ns in [0, 250_000, 250_001, 1_000_000, 5_000_000_000, 5_000_000_001] {
            counters.committed(2, ns);
        }
        let gauge = counters.gauge((3, 4), true, 5);
        let counted: Vec<u64> = gauge.commit_buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counted, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(gauge.commit_buckets[0].0, 0.000_25);
        assert!(gauge.commit_buckets[12].0.is_infinite());
        assert_eq!((gauge.batches, gauge.entries, gauge.waiting, gauge.urgent_waiting), (6, 12, 4, 3));
        assert!(
            gauge.poisoned && gauge.altered == 5 && (gauge.commit_s_sum - 10.001_500_002).abs() < 1e-6,
            "{gauge:?}"
        );
    }
}
