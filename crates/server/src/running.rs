//! A Yinuo that serves, as the demonstration and a deployment do alike: its doors, its operator's socket, what it
//! does now and then, and how it ends.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use yinuo_ledger::{Ledger, Room};
use yinuo_service::Gateway;

use crate::assemble::Assembled;
use crate::config::Config;
use crate::http::{Bounds, Door};
use crate::metrics::Metrics;
use crate::operator_socket::{OperatorSocket, SocketError};
use crate::tls::Tls;

/// How often what merely passes is swept away.
const SWEEP: Duration = Duration::from_secs(60);
/// How often the room on the disk is looked at.
const LOOK_AT_ROOM: Duration = Duration::from_secs(1);
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
    /// How many bytes of the disk are kept for what must always be possible.
    pub(crate) reserve: u64,
}

/// How many bytes of the disk are kept, as it is configured.
pub(crate) fn reserve(config: &Config) -> u64 {
    config.limits.reserve_mib.saturating_mul(1 << 20)
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
        look_at_room(dir, doors.reserve, &ledger);
        chores.push(tokio::spawn(keep_room(dir.to_owned(), doors.reserve, ledger.clone())));
        if let Some(tls) = &doors.tls {
            chores.push(tokio::spawn(Arc::clone(tls).keep_renewed(signal(SignalKind::hangup())?)));
        }
        let metrics = Arc::new(Metrics::new(Arc::clone(&gateway), ledger.clone()));
        let options = yinuo_web::Options { observer: Some(metrics.clone()), ..doors.options };
        let router = yinuo_web::router_with(Arc::clone(&gateway), options);
        let door = Door::open(doors.listener, doors.tls, router, doors.bounds);
        if let Some(address) = doors.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
            && !address.ip().is_loopback()
        {
            // They hold no person, but how much is given to which app is the platform's own business.
            tracing::warn!(
                %address,
                "metrics are served beyond this machine, to whoever reaches the address: put it behind a firewall"
            );
        }
        let metrics =
            doors.metrics.map(|listener| Door::open(listener, None, metrics.router(), doors.bounds));
        Ok(Self { gateway, ledger, door, metrics, operator, chores })
    }

    /// Does this as well until it ends.
    pub(crate) fn also(&mut self, chore: impl Future<Output = ()> + Send + 'static) {
        self.chores.push(tokio::spawn(chore));
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

/// Looks at the room on the disk, now and then.
async fn keep_room(dir: PathBuf, reserve: u64, ledger: Ledger) {
    loop {
        tokio::time::sleep(LOOK_AT_ROOM).await;
        look_at_room(&dir, reserve, &ledger);
    }
}

/// Says to the ledger how much room the disk has, and to whoever reads the log when that changes. A disk that cannot be
/// asked has none.
fn look_at_room(dir: &Path, reserve: u64, ledger: &Ledger) {
    let room = room_in(fs4::available_space(dir).unwrap_or(0), reserve);
    if room != ledger.room() {
        match room {
            Room::Ample => tracing::warn!("there is room on the disk again"),
            Room::Kept | Room::Last => {
                tracing::error!(
                    ?room,
                    "the disk is almost full: only withdrawals, deletions and sanctions are recorded"
                );
            }
        }
        ledger.set_room(room);
    }
}

fn room_in(left: u64, reserve: u64) -> Room {
    if reserve <= left {
        Room::Ample
    } else if reserve / 2 <= left {
        Room::Kept
    } else {
        Room::Last
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_kept_from_everything_else_first() {
        #[rustfmt::skip]
        let cases = [
            (0,     0,   Room::Ample),
            (100, 100,   Room::Ample),
            (99,  100,   Room::Kept),
            (50,  100,   Room::Kept),
            (49,  100,   Room::Last),
            (0,   100,   Room::Last),
        ];
        for (left, reserve, expected) in cases {
            assert_eq!(room_in(left, reserve), expected, "{left} of {reserve}");
        }
    }
}
