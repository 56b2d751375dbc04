//! Traces for OpenTelemetry: one span a request, with the route's pattern, the method and the status. The feature
//! `otel` builds it in.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// Only what measures requests makes spans that leave.
const WANTED: &str = "off,yinuo::metrics=info";

/// A layer that sends spans to the collector, and what must be shut down at the end.
pub(super) fn layer<S>(
    collector: &str,
) -> Result<(Box<dyn Layer<S> + Send + Sync>, SdkTracerProvider), ExporterBuildError>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let endpoint = format!("{}/v1/traces", collector.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder_empty().with_service_name("yinuo").build())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("yinuo"));
    Ok((layer.with_filter(EnvFilter::new(WANTED)).boxed(), provider))
}
