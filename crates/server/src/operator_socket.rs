//! The socket on which a running Yinuo is asked by its operator: `operator.sock` in the data directory.
//!
//! Only the user that runs this process, and root, may connect: the file is theirs alone (0600), and each connection's
//! user is asked of the kernel as well. Whoever can connect can already read the data directory.
//!
//! The directory's lock decides who may have the socket: it is bound, and a stale one removed, only by the process
//! that holds the lock, and removed before that process gives the lock back.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The name of the socket in the data directory.
pub(crate) const SOCKET: &str = "operator.sock";
/// How long whoever is being answered is waited for at the end.
const LEAVE: Duration = Duration::from_secs(3);

/// Why the socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    #[error("{} is in the way: it is no socket", .0.display())]
    InTheWay(PathBuf),
    #[error("cannot make the socket {}; the whole path may have about 100 bytes", path.display())]
    Bind {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

/// A socket that is being served.
pub(crate) struct OperatorSocket {
    path: PathBuf,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl OperatorSocket {
    /// Serves `router`. The caller holds the directory's lock, that is, its store is open.
    pub(crate) fn serve(dir: &Path, router: Router) -> Result<Self, SocketError> {
        let path = dir.join(SOCKET);
        let failed = |cause| SocketError::Bind { path: path.clone(), cause };
        match std::fs::symlink_metadata(&path) {
            Ok(found) if !found.file_type().is_socket() => return Err(SocketError::InTheWay(path)),
            // Its process is gone, or it would have the lock.
            Ok(_) => std::fs::remove_file(&path).map_err(failed)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        // What we just made is ours.
        let owner = std::fs::symlink_metadata(&path).map_err(failed)?.uid();
        let (stop, stopped) = oneshot::channel();
        let until = async move {
            let _ = stopped.await;
        };
        let serving = axum::serve(Guarded { listener, owner }, router).with_graceful_shutdown(until);
        Ok(Self { path, stop, serving: tokio::spawn(async move { serving.await }) })
    }

    /// Takes no more connections, answers who is there, and removes the socket.
    pub(crate) async fn close(self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(LEAVE, self.serving).await;
    }
}

/// A listener that hangs up on strangers.
struct Guarded {
    listener: UnixListener,
    owner: u32,
}

impl Listener for Guarded {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            // Waits out what may be over soon, such as too many open files.
            let (stream, address) = Listener::accept(&mut self.listener).await;
            let peer = stream.peer_cred().map(|peer| peer.uid());
            if peer.is_ok_and(|peer| may_ask(peer, self.owner)) {
                return (stream, address);
            }
            tracing::warn!("a connection to the operator's socket was refused: it is another user's");
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether this user may ask: the owner, or root.
fn may_ask(peer: u32, owner: u32) -> bool {
    peer == owner || peer == 0
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn only_the_owner_and_root_may_ask() {
        for (peer, owner, expected) in
            [(1000, 1000, true), (0, 1000, true), (1001, 1000, false), (1000, 0, false), (0, 0, true)]
        {
            assert_eq!(may_ask(peer, owner), expected, "{peer} {owner}");
        }
    }

    async fn asked(dir: &Path) -> std::io::Result<String> {
        let mut stream = UnixStream::connect(dir.join(SOCKET)).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: yinuo\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_ours_is_private_and_goes_with_us() {
        let dir = tempfile::tempdir().unwrap();
        let router = || Router::new().route("/", get(async || "here"));
        // A socket whose process is gone.
        drop(std::os::unix::net::UnixListener::bind(dir.path().join(SOCKET)).unwrap());
        let socket = OperatorSocket::serve(dir.path(), router()).unwrap();
        let mode = std::fs::metadata(dir.path().join(SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(asked(dir.path()).await.unwrap().ends_with("here"));
        socket.close().await;
        assert!(!dir.path().join(SOCKET).exists());
    }

    #[tokio::test]
    async fn another_users_connection_is_closed_unanswered() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET);
        let own = std::fs::metadata(dir.path()).unwrap().uid();
        if own == 0 {
            // Root may always ask, so there is no stranger to play.
            return;
        }
        let listener = UnixListener::bind(&path).unwrap();
        let mut guarded = Guarded { listener, owner: own + 1 };
        let accepting = tokio::spawn(async move { Listener::accept(&mut guarded).await });
        assert!(asked(dir.path()).await.unwrap_or_default().is_empty());
        accepting.abort();
    }

    #[tokio::test]
    async fn what_is_no_socket_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(SOCKET), "precious").unwrap();
        let refused = OperatorSocket::serve(dir.path(), Router::new()).map(|_| ()).unwrap_err();
        assert!(matches!(refused, SocketError::InTheWay(_)), "{refused}");
        assert_eq!(std::fs::read_to_string(dir.path().join(SOCKET)).unwrap(), "precious");
    }
}
