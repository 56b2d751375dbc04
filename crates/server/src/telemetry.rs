//! What the program tells of itself on standard error. Never a value of a person: rooms log ids and codes only.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogForm;
use crate::environment;

/// Begins to tell. `YINUO_LOG` overrides the level.
pub(crate) fn begin(form: LogForm, level: &str) {
    let wanted = environment::variable("YINUO_LOG").unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(&wanted).unwrap_or_else(|_| EnvFilter::new("warn"));
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Who began earlier stays.
    let _ = match form {
        LogForm::Text => registry.with(lines).try_init(),
        LogForm::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
}
