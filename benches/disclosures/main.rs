//! `POST /v1/disclosures` over loopback, durable and with its receipt, beside a bare `axum` POST of the same shape and
//! `oidc-provider`'s introspection: by turns, in one run, asked by one client.

mod bare;
mod client;
mod config;
mod peer;
mod site;
mod tls;

#[path = "../../crates/service/tests/bed/mod.rs"]
mod bed;
// How the program itself serves: these files belong to no library.
#[path = "../../crates/server/src/clock.rs"]
mod clock;
#[allow(dead_code, unused_imports)]
#[path = "../../crates/server/src/http.rs"]
mod http;
#[allow(dead_code, unused_imports)]
#[path = "../../crates/server/src/metrics.rs"]
mod metrics;
#[path = "../../crates/server/src/random.rs"]
mod random;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bare::Bare;
use client::{Questions, Tally, ask};
use peer::Peer;
use site::{Site, serve};
use yinuo_benches::{Bar, Cpu, Effort, Samples, Unit, row, scratch};

/// What a round of one kind of request gave.
#[derive(Default)]
struct Rounds {
    rate: Samples,
    median: Samples,
    p99: Samples,
}

/// What one disclosure costs, thread by thread, in microseconds.
#[derive(Default)]
struct Costs {
    web: Samples,
    sequencer: Samples,
    signing: Samples,
    client: Samples,
}

fn main() {
    let effort = Effort::asked();
    let directory = tempfile::tempdir_in(scratch()).expect("a directory");
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("web").enable_all().build();
    let runtime = runtime.expect("a runtime");
    let site = Arc::new(runtime.block_on(Site::new(directory.path())));
    let (_door, address) = runtime.block_on(serve(site.router()));
    let disclosures: Arc<dyn Questions> = site.clone();

    let mut first = ask(address, &disclosures, 1, Duration::from_millis(200));
    let (number, body) = first.kept.remove(0);
    let bare = Bare::new(site.request(number), &body);
    let (_bare_door, bare_address) = runtime.block_on(serve(bare.router()));
    let bare: Arc<dyn Questions> = Arc::new(bare);
    let peer = Peer::start().map(Arc::new);
    if peer.is_none() {
        eprintln!("without oidc-provider: npm ci --prefix tests/identity");
    }

    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    if let Some(seconds) = only.and_then(|seconds| seconds.parse().ok()) {
        // For a profiler: nothing but disclosures.
        let tally = ask(address, &disclosures, 64, Duration::from_secs(seconds));
        eprintln!("{:.0} disclosures/s", tally.per_second());
        return;
    }
    let within = Duration::from_millis(effort.of(1_500, 3_000));
    for connections in [64, 1] {
        let (mut ours, mut bares, mut peers) = (Rounds::default(), Rounds::default(), Rounds::default());
        let mut costs = Costs::default();
        for _ in 0..effort.of(7, 15) {
            ours.push(disclose(&site, address, &disclosures, connections, within, &mut costs));
            bares.push(ask(bare_address, &bare, connections, within));
            if let Some(peer) = &peer {
                let questions: Arc<dyn Questions> = peer.clone();
                peers.push(ask(peer.address, &questions, connections, within));
            }
        }
        tell(connections, &ours, &bares, peer.is_some().then_some(&peers), &costs);
    }
}

/// One round, after which everything that was answered is looked at again.
fn disclose(
    site: &Site,
    address: SocketAddr,
    questions: &Arc<dyn Questions>,
    connections: usize,
    within: Duration,
    costs: &mut Costs,
) -> Tally {
    let (before, entries) = (Cpu::now(), site.entries());
    let tally = ask(address, questions, connections, within);
    let after = Cpu::now();
    let each = |name: &str| after.micros_since(&before, name) / tally.answers as f64;
    costs.web.push(each("web"));
    costs.sequencer.push(each("yinuo-sequencer"));
    costs.signing.push(each("yinuo-sign"));
    costs.client.push(tally.cpu_micros / tally.answers as f64);

    let distinct: HashSet<u64> = tally.indexes.iter().copied().collect();
    assert_eq!(distinct.len() as u64, tally.answers, "two answers name one entry");
    assert_eq!(site.entries() - entries, tally.answers, "as many entries as answers");
    tally.kept.iter().for_each(|(_, body)| site.verify(body));
    tally
}

impl Rounds {
    fn push(&mut self, mut tally: Tally) {
        self.rate.push(tally.per_second());
        self.median.push(tally.millis(0.5));
        self.p99.push(tally.millis(0.99));
    }
}

fn tell(connections: usize, ours: &Rounds, bares: &Rounds, peers: Option<&Rounds>, costs: &Costs) {
    let many = connections == 64;
    let of = if many { "64 connections" } else { "1 connection" };
    let (least, times) = if many { (Bar::AtLeast(0.25), Bar::AtLeast(8.0)) } else { (Bar::None, Bar::None) };
    row(&format!("HTTP, {of}: disclosures"), Unit::PerSecond, &ours.rate, Bar::None);
    row("… the bare POST beside it", Unit::PerSecond, &bares.rate, Bar::None);
    row("… disclosures ÷ bare POSTs", Unit::Percent, &ours.rate.over(&bares.rate), least);
    if let Some(peers) = peers {
        row("… `oidc-provider` introspection beside it", Unit::PerSecond, &peers.rate, Bar::None);
        row("… disclosures ÷ introspections", Unit::Times, &ours.rate.over(&peers.rate), times);
    }
    row("… time to the whole answer: median", Unit::Millis, &ours.median, Bar::None);
    row("… time to the whole answer: 99th percentile", Unit::Millis, &ours.p99, Bar::None);
    row("… CPU for one: connections, service, vault", Unit::Micros, &costs.web, Bar::None);
    row("… CPU for one: the sequencer", Unit::Micros, &costs.sequencer, Bar::None);
    row("… CPU for one: signing heads", Unit::Micros, &costs.signing, Bar::None);
    row("… CPU for one: the client", Unit::Micros, &costs.client, Bar::None);
}
