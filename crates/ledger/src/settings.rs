//! With what a ledger is made. Suite, profile and origin are in every store for good.

use yinuo_domain::{Profile, Suite, Timestamp};

/// With what a ledger is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The suite whose hash makes content hashes and chains. Fixed by the first start.
    pub suite: Suite,
    /// Which trees and signatures. Fixed by the first start.
    pub profile: Profile,
    /// The issuer's host; the origins of the logs are below it. Fixed by the first start.
    pub origin_base: String,
    /// How long a permit lasts after its commit, in milliseconds. Default 1 000.
    pub permit_ttl_ms: u64,
    /// How many may wait in the ordinary lane, and how many in that of people who come in. Default 4 096.
    pub queue_len_max: usize,
    /// How many commands of one partner's apps may wait in the ordinary lane. Default 1 024.
    pub partner_queue_len_max: usize,
    /// How many disclosures are worked on at the same time. Default 64.
    pub working_max: usize,
    /// How many may wait in the lane of withdrawals, deletions and sanctions. Default 1 024.
    pub urgent_queue_len_max: usize,
    /// How many jobs one commit takes at most; of people who come in, about as many facts. Default 256.
    pub batch_len_max: usize,
    /// How many streams the sequencer keeps in memory. Default 65 536.
    pub streams_cached_max: usize,
    /// How long one batch, or one erasing, may take before the store counts as hanging and nothing more is written, in
    /// milliseconds. Default 10 000.
    pub overdue_ms: u64,
    /// How far the clock may step forward, against the time that has run, before releases stop, in milliseconds.
    /// Default 300 000.
    pub clock_jump_ms_max: u64,
    /// How far it may step back, or stand behind the last fact, in milliseconds. Default 60 000.
    pub clock_behind_ms_max: u64,
    /// How far it may stand after the last fact when the store is opened, in milliseconds. Default 30 days.
    pub clock_gap_ms_max: u64,
    /// The least time between two published checkpoints of a log, in milliseconds. Default 1 000.
    pub publish_every_ms: u64,
    /// How long a deleted person's tag key is kept, sealed, in milliseconds. Default three years.
    pub retired_keep_ms: u64,
    /// What a refused caller is told, in seconds. Default 1.
    pub retry_after_s: u32,
}

impl Settings {
    /// The defaults.
    pub fn new(suite: Suite, profile: Profile, origin_base: impl Into<String>) -> Self {
        Self {
            suite,
            profile,
            origin_base: origin_base.into(),
            permit_ttl_ms: 1_000,
            queue_len_max: 4_096,
            partner_queue_len_max: 1_024,
            working_max: 64,
            urgent_queue_len_max: 1_024,
            batch_len_max: 256,
            streams_cached_max: 65_536,
            overdue_ms: 10_000,
            clock_jump_ms_max: 300_000,
            clock_behind_ms_max: 60_000,
            clock_gap_ms_max: 30 * Timestamp::DAY_MS,
            publish_every_ms: 1_000,
            retired_keep_ms: 3 * 365 * Timestamp::DAY_MS,
            retry_after_s: 1,
        }
    }
}
