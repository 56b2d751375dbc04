//! A Yinuo that serves, as the demonstration and a deployment do alike: its doors, its operator's socket, what it
//! does now and then, and how it ends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use yinuo_ledger::Ledger;
use yinuo_service::Gateway;

use crate::assemble::Assembled;
use crate::http::{Bounds, Door};
use crate::metrics::Metrics;
use crate::operator_socket::{OperatorSocket, SocketError};
use crate::tls::Tls;

/// How often what merely passes is swept away.
const SWEEP: Duration = Duration::from_secs(60);
/// How long others have the ledger between two rounds of it.
const BETWEEN: Duration = Duration::from_millis(20);

/// Where it serves.
pub(crate) struct Doors {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) bounds: Bounds,
    /// What is offered there beside what every Yinuo offers.
    pub(crate) options: yinuo_web::Options,
    /// Where Prometheus finds metrics, if anywhere.
    pub(crate) metrics: Option<TcpListener>,
}

/// A Yinuo that serves.
pub(crate) struct Running {
    gateway: Arc<Gateway>,
    ledger: Ledger,
    door: Door,
    metrics: Option<Door>,
    operator: OperatorSocket,
    /// What is done now and then.
    chores: Vec<JoinHandle<()>>,
}

impl Running {
    /// Begins to serve. The data directory is open, and so locked.
    pub(crate) fn begin(dir: &Path, assembled: Assembled, doors: Doors) -> Result<Self, BeginError> {
        let Assembled { gateway, ledger } = assembled;
        let operator = OperatorSocket::serve(dir, yinuo_web::operator_router(Arc::clone(&gateway)))?;
        let mut chores = vec![tokio::spawn(sweep(Arc::clone(&gateway)))];
        if let Some(tls) = &doors.tls {
            chores.push(tokio::spawn(Arc::clone(tls).keep_renewed(signal(SignalKind::hangup())?)));
        }
        let metrics = Arc::new(Metrics::new(Arc::clone(&gateway), ledger.clone()));
        let router = metrics.measure(yinuo_web::router_with(Arc::clone(&gateway), doors.options));
        let door = Door::open(doors.listener, doors.tls, router, doors.bounds);
        let metrics =
            doors.metrics.map(|listener| Door::open(listener, None, metrics.router(), doors.bounds));
        Ok(Self { gateway, ledger, door, metrics, operator, chores })
    }

    /// Everything that can be asked of it.
    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Stops listening, answers who is being answered, and closes the store.
    pub(crate) async fn end(self) {
        self.chores.iter().for_each(JoinHandle::abort);
        self.door.close().await;
        self.operator.close().await;
        if let Some(metrics) = self.metrics {
            metrics.close().await;
        }
        drop(self.gateway);
        self.ledger.close();
    }
}

/// Why it does not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error("cannot listen for signals")]
    Signals(#[from] std::io::Error),
}

/// What merely passes goes: a bounded number of rows at a time.
async fn sweep(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        // Until nothing is left: whoever visits may leave more behind in a minute than one round takes away.
        loop {
            match gateway.sweep().await {
                Ok(0) => break,
                Ok(_) => tokio::time::sleep(BETWEEN).await,
                Err(error) => {
                    tracing::warn!(%error, "nothing was swept");
                    break;
                }
            }
        }
    }
}

/// What asks this process to end. Listening begins before anybody is told that it serves.
pub(crate) struct Leaving {
    terminate: Signal,
    interrupt: Signal,
}

impl Leaving {
    pub(crate) fn listen() -> Result<Self, std::io::Error> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns when it was asked.
    pub(crate) async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
