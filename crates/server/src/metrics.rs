//! What Prometheus reads at `/metrics`, on an address of its own: counts, times and sizes. A label is a word of ours
//! (a route's pattern, an outcome, a reason) and never anything of a request, so that no value can become one and
//! nobody can make more of them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use yinuo_domain::Clock as _;
use yinuo_ledger::{Gauge, Ledger, Room};
use yinuo_service::Gateway;
use yinuo_web::{Answered, Observer};

use crate::clock::SystemClock;

/// Upper bounds of the times of answers, in seconds.
const BOUNDS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is measured.
pub(crate) struct Metrics {
    registry: Registry,
    answers: Family<Answer, Histogram>,
}

/// By what answers are counted.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Answer {
    method: &'static str,
    route: String,
    status: u32,
}

/// The numbers of the rooms below, read when somebody asks.
struct Inside {
    gateway: Arc<Gateway>,
    ledger: Ledger,
}

impl Metrics {
    /// Of this Yinuo.
    pub(crate) fn new(gateway: Arc<Gateway>, ledger: Ledger) -> Self {
        let mut registry = Registry::default();
        let answers = Family::new_with_constructor(histogram as fn() -> Histogram);
        let help = "Time from the head of a request to the head of its answer";
        registry.register("yinuo_answer_seconds", help, answers.clone());
        registry.register_collector(Box::new(Inside { gateway, ledger }));
        Self { registry, answers }
    }

    /// `GET /metrics`, and nothing else.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new().route("/metrics", get(read)).with_state(self)
    }
}

impl Observer for Metrics {
    fn answered(&self, Answered { method, route, status, ns }: Answered<'_>) {
        let answer = Answer { method, route: route.to_owned(), status: u32::from(status) };
        self.answers.get_or_create(&answer).observe(ns as f64 / 1e9);
    }
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS_S)
}

async fn read(State(metrics): State<Arc<Metrics>>) -> Response {
    let mut text = String::new();
    // Writing to memory cannot fail.
    let _ = prometheus_client::encoding::text::encode(&mut text, &metrics.registry);
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inside")
    }
}

impl Collector for Inside {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        let counts = self.gateway.counts();
        let outcomes: Vec<_> = counts.disclosures.iter().map(|(word, count)| (*word, *count)).collect();
        out.counters("yinuo_disclosures", "Requests for values, by how they ended", "outcome", &outcomes)?;
        let reasons: Vec<_> =
            counts.withheld_items.iter().map(|(reason, count)| (reason.code(), *count)).collect();
        out.counters("yinuo_withheld_items", "Items that were withheld, by the reason", "reason", &reasons)?;
        out.counter("yinuo_sessions", "Sessions of people that began", counts.sessions)?;

        let now = SystemClock::new().now();
        let ages: Vec<_> = (self.gateway.cosigned_heads().iter())
            .map(|(log, sm3, head)| {
                let tree = if *sm3 { "sm3" } else { "sha256" };
                (format!("{log} {tree}"), now.0.saturating_sub(head.at.0) / 1_000)
            })
            .collect();
        let ages: Vec<_> = ages.iter().map(|(log, age)| (log.as_str(), *age)).collect();
        let help =
            "Age of the latest head that a quorum of witnesses cosigned, or since when one is waited for";
        out.gauges("yinuo_cosigned_age_seconds", help, "log", &ages)?;

        let gauge = self.ledger.gauge();
        out.counter("yinuo_ledger_batches", "Batches that were committed", gauge.batches)?;
        out.counter("yinuo_ledger_entries", "Entries that were committed", gauge.entries)?;
        let help = "Batches of which everything was taken back";
        out.counter("yinuo_ledger_batches_taken_back", help, gauge.batches_taken_back)?;
        out.commits(&gauge)?;
        let help = "Rows that were refused because they were changed from outside";
        out.counter("yinuo_rows_altered", help, gauge.altered)?;
        let lanes = [("ordinary", gauge.waiting), ("urgent", gauge.urgent_waiting)];
        out.gauges("yinuo_ledger_waiting", "Commands that wait to be decided", "lane", &lanes)?;
        let help = "1 when the disk failed or hangs, and nothing more is recorded or released";
        out.gauge("yinuo_ledger_poisoned", help, u64::from(gauge.poisoned))?;
        let help = "Whether the disk is almost full: only withdrawals, deletions and sanctions are recorded";
        out.gauge("yinuo_disk_almost_full", help, u64::from(self.ledger.room() != Room::Ample))?;

        let status = self.gateway.status();
        let help = "1 when the clock has jumped and nothing is released before an operator accepts it";
        out.gauge("yinuo_clock_stopped", help, u64::from(status.clock_jump.is_some()))?;
        let sizes: Vec<_> = status.logs.iter().map(|(log, size)| (log.as_str(), *size)).collect();
        out.gauges("yinuo_log_size", "Entries under the last signed head", "log", &sizes)?;
        let help = "1 when rules are in force; nothing is released before";
        out.gauge("yinuo_rules_in_force", help, u64::from(status.engine_active))
    }
}

/// Writes metrics one by one.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstCounter::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (word, value) in values {
            ConstCounter::new(*value).encode(family.encode_family(&[(label, *word)])?)?;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstGauge::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    fn gauges(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (word, value) in values {
            ConstGauge::new(*value).encode(family.encode_family(&[(label, *word)])?)?;
        }
        Ok(())
    }

    fn commits(&mut self, gauge: &Gauge) -> fmt::Result {
        let (name, help) =
            ("yinuo_ledger_commit_seconds", "Time from the beginning of a batch to its commit");
        let mut histogram = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        histogram.encode_histogram::<NoLabelSet>(
            gauge.commit_s_sum,
            gauge.batches,
            &gauge.commit_buckets,
            None,
        )
    }
}
