//! The demonstration as a process: what it says, that it goes on where it stopped, and that it leaves when asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "demo/mod.rs"]
mod demo;

use demo::{Demo, Options};

#[test]
fn it_says_where_it_serves_goes_on_where_it_stopped_and_leaves_when_asked() {
    let mut first = Demo::start();
    assert_ne!(first.issuer, first.partner);
    first.says("the very next request of sample-courier was refused:");
    let address = first.issuer.replace("http://", "");
    let stopped = first.stop();

    let options = Options { listen: Some(&address), ..Options::default() };
    let again = Demo::start_in(stopped.data(), &options).stop();
    assert!(!again.out.contains("was refused"), "the story is told once: {}", again.out);
}

#[test]
fn metrics_beyond_this_machine_are_warned_of() {
    let words = "metrics are served beyond this machine";
    for (address, warned) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
        let more = ["--metrics-listen", address];
        let stopped = Demo::start_with(&Options { more: &more, ..Options::default() }).stop();
        assert_eq!(stopped.err.contains(words), warned, "{address}: {}", stopped.err);
    }
}
