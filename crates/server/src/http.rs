//! Connections: plain or TLS, HTTP/1.1, and how long and how many. Everything about requests is `web`'s.
//!
//! Whoever sends nothing, one byte a minute, or does not read what is sent, is let go after a while; whoever comes when all places are taken waits
//! to be accepted. So no number of connections costs more than a known amount of memory.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use hyper::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use tower::ServiceExt as _;

use crate::config::Config;
use crate::tls::Tls;

/// How many bytes the head of a request may have.
const HEAD_LEN_MAX: usize = 32 * 1024;
/// How many headers a request may have.
const HEADERS_MAX: usize = 64;

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    connections_max: usize,
    head: Duration,
    body: Duration,
    leave: Duration,
}

impl Bounds {
    /// As they are configured.
    pub(crate) fn of(config: &Config) -> Self {
        let listen = &config.listen;
        Self {
            connections_max: usize::try_from(listen.connections_max).unwrap_or(Semaphore::MAX_PERMITS),
            head: Duration::from_secs(listen.head_timeout_s),
            body: Duration::from_secs(listen.body_timeout_s),
            leave: Duration::from_secs(listen.leave_timeout_s),
        }
    }
}

/// A listener that is being served.
pub(crate) struct Door {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Door {
    /// Serves `router` on `listener`, with TLS if there is a certificate.
    pub(crate) fn open(listener: TcpListener, tls: Option<Arc<Tls>>, router: Router, bounds: Bounds) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, serving: tokio::spawn(accept(listener, tls, router, bounds, stopped)) }
    }

    /// Takes no more connections and answers who is being answered, within bounds.
    pub(crate) async fn close(self) {
        let _ = self.stop.send(());
        let _ = self.serving.await;
    }
}

async fn accept(
    mut listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    bounds: Bounds,
    mut stopped: oneshot::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            // Waits out what may be over soon, such as too many open files.
            (place, axum::serve::Listener::accept(&mut listener).await.0)
        };
        let (place, stream) = tokio::select! {
            next = next => next,
            _ = &mut stopped => break,
        };
        let _ = stream.set_nodelay(true);
        let (router, watcher) = (router.clone(), graceful.watcher());
        let acceptor = tls.as_ref().map(|tls| tls.acceptor());
        tokio::spawn(async move {
            match acceptor {
                None => connection(stream, router, bounds, watcher).await,
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(bounds.head, acceptor.accept(stream)).await {
                        connection(stream, router, bounds, watcher).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    // Who still reads slowly is not waited for: the store is consistent at every moment.
    let _ = tokio::time::timeout(bounds.leave, graceful.shutdown()).await;
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    bounds: Bounds,
    watcher: Watcher,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        router.clone().oneshot(request.map(|body| Deadline::body(body, bounds.body)))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(HEAD_LEN_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(Reading::by(stream, bounds.body)), service);
    if let Err(error) = watcher.watch(served).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A connection whose other side must go on reading: what cannot be written for a while ends it.
struct Reading<S> {
    stream: S,
    within: Duration,
    /// Since when nothing could be written.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Reading<S> {
    fn by(stream: S, within: Duration) -> Self {
        Self { stream, within, stuck: None }
    }

    /// Lets a write wait, though not for ever.
    fn wait<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let within = self.within;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        stuck.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Reading<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Reading<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, from);
        self.wait(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.wait(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(context);
        self.wait(context, closed)
    }
}

/// A body that must have come by a certain time, once it has to be waited for.
struct Deadline {
    body: Incoming,
    within: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

/// The body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
struct TooSlow;

impl Deadline {
    fn body(body: Incoming, within: Duration) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self { body, within, until: None })
    }
}

impl hyper::body::Body for Deadline {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let too_slow =
            |until: &mut Pin<Box<Sleep>>, context: &mut Context<'_>| until.as_mut().poll(context).is_ready();
        // First: whoever sends a byte now and then is not let off.
        if self.until.as_mut().is_some_and(|until| too_slow(until, context)) {
            return Poll::Ready(Some(Err(TooSlow.into())));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        // Most bodies come with their heads, and no clock is set for them.
        if polled.is_pending() && self.until.is_none() {
            let within = self.within;
            let until = self.until.insert(Box::pin(tokio::time::sleep(within)));
            if too_slow(until, context) {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
        }
        polled.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[path = "http/tests.rs"]
mod tests;
