//! What the program tells of itself: lines on standard error, and spans to a collector when it is built so. Never a
//! value of a person: rooms log ids and codes only.

#[cfg(feature = "otel")]
mod otel;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::LogForm;
use crate::environment;

/// Tells as long as it is kept; then what is still on its way is sent.
pub(crate) struct Telling {
    #[cfg(feature = "otel")]
    spans: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Begins to tell. `YINUO_LOG` overrides the level. Call it before there is a runtime.
pub(crate) fn begin(
    form: LogForm,
    level: &str,
    collector: Option<&str>,
) -> Result<Telling, Box<dyn std::error::Error>> {
    let wanted = environment::variable("YINUO_LOG").unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(&wanted).unwrap_or_else(|_| EnvFilter::new("warn"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match form {
        LogForm::Text => lines.boxed(),
        LogForm::Json => lines.json().flatten_event(true).boxed(),
    };
    let registry = tracing_subscriber::registry();
    #[cfg(feature = "otel")]
    {
        let (layer, spans) = collector.map(otel::layer).transpose()?.unzip();
        registry.with(layer).with(lines.with_filter(filter)).try_init()?;
        Ok(Telling { spans })
    }
    #[cfg(not(feature = "otel"))]
    {
        // The settings were checked: none is named when it is not built in.
        let _ = collector;
        registry.with(lines.with_filter(filter)).try_init()?;
        Ok(Telling {})
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        #[cfg(feature = "otel")]
        if let Some(spans) = self.spans.take() {
            let _ = spans.shutdown();
        }
    }
}
