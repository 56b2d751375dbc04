//! The certificate, and its renewal without a restart.
//!
//! The files are looked at now and then, and read again when they changed, or when SIGHUP says so. What cannot be used
//! (half written, expired formats, a key that is another certificate's) is said, and the old certificate stays: a
//! renewal that went wrong never takes the platform down. Connections that stand keep what they began with.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::signal::unix::Signal;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// A certificate in use, and where the next one will lie.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Stamp>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("{} holds no certificates as PEM", path.display())]
    Certificate {
        path: PathBuf,
        #[source]
        cause: pem::Error,
    },
    #[error("{} holds no private key as PEM", path.display())]
    Key {
        path: PathBuf,
        #[source]
        cause: pem::Error,
    },
    #[error("certificate and key cannot be used")]
    Unfit(#[from] rustls::Error),
}

/// What changes when a file does. Also when a link leads elsewhere.
type Stamp = [Option<(SystemTime, u64, u64)>; 2];

impl Tls {
    /// Reads the files for the first time.
    pub(crate) fn load(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let seen = Mutex::new(stamp(&certificate, &key));
        let current = RwLock::new(Arc::new(read(&certificate, &key)?));
        Ok(Self { certificate, key, current, seen })
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Renews when the files changed, and whenever `hangup` says so; for as long as it is waited for.
    pub(crate) async fn keep_renewed(self: Arc<Self>, mut hangup: Signal) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => self.look(),
                _ = hangup.recv() => self.renew(),
            }
        }
    }

    /// Renews if the files changed since they were last read.
    fn look(&self) {
        let now = stamp(&self.certificate, &self.key);
        let changed = *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != now;
        if changed {
            self.renew();
        }
    }

    /// Reads the files again, and keeps the old certificate when they cannot be used.
    fn renew(&self) {
        // Before reading: what changes while it is read is read again.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = stamp(&self.certificate, &self.key);
        match read(&self.certificate, &self.key) {
            Ok(renewed) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::error!(%error, cause, "the certificate could not be renewed: the old one stays");
            }
        }
    }
}

/// Says once for the whole process whose algorithms TLS uses. Before this no HTTP client can be built.
pub(crate) fn begin() {
    // Fails only when it was said before, and nobody here says anything else.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let in_certificate = |cause| TlsError::Certificate { path: certificate.to_owned(), cause };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(in_certificate)?.collect();
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|cause| TlsError::Key { path: key.to_owned(), cause })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.map_err(in_certificate)?, secret)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|path| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.len(), found.ino()))
    })
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};
    use tokio_rustls::TlsConnector;

    use super::*;

    struct Files(tempfile::TempDir);

    impl Files {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn paths(&self) -> [PathBuf; 2] {
            ["cert.pem", "key.pem"].map(|name| self.0.path().join(name))
        }

        /// Writes a new certificate for `localhost` and gives its bytes.
        fn write(&self) -> CertificateDer<'static> {
            let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            let [certificate, key] = self.paths();
            std::fs::write(certificate, made.cert.pem()).unwrap();
            std::fs::write(key, made.signing_key.serialize_pem()).unwrap();
            made.cert.der().clone()
        }
    }

    /// The certificate that a client is shown.
    async fn shown(tls: &Tls, trusted: &[&CertificateDer<'static>]) -> Option<CertificateDer<'static>> {
        let mut roots = RootCertStore::empty();
        trusted.iter().for_each(|root| roots.add((*root).clone()).unwrap());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (here, there) = tokio::io::duplex(16 * 1024);
        let acceptor = tls.acceptor();
        let accepting = tokio::spawn(async move { acceptor.accept(there).await.map(drop) });
        let name = ServerName::try_from("localhost").unwrap();
        let connected = TlsConnector::from(Arc::new(client)).connect(name, here).await.ok()?;
        let shown = connected.get_ref().1.peer_certificates()?.first()?.clone().into_owned();
        let _ = accepting.await;
        Some(shown)
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
        let files = Files::new();
        let first = files.write();
        let [certificate, key] = files.paths();
        let tls = Tls::load(certificate.clone(), key.clone()).unwrap();
        assert_eq!(shown(&tls, &[&first]).await.as_ref(), Some(&first));

        let second = files.write();
        assert_eq!(shown(&tls, &[&first, &second]).await.as_ref(), Some(&first), "nobody looked yet");
        tls.look();
        assert_eq!(shown(&tls, &[&first, &second]).await.as_ref(), Some(&second));

        let good = std::fs::read(&key).unwrap();
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for broken in ["", "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n", &other] {
            std::fs::write(&key, broken).unwrap();
            tls.look();
            assert_eq!(shown(&tls, &[&second]).await.as_ref(), Some(&second), "the old one stays");
            assert!(Tls::load(certificate.clone(), key.clone()).is_err(), "a broken start is refused");
        }
        std::fs::write(&key, good).unwrap();
        std::fs::remove_file(&certificate).unwrap();
        tls.renew();
        assert_eq!(shown(&tls, &[&second]).await.as_ref(), Some(&second));

        // And it recovers.
        let third = files.write();
        tls.look();
        assert_eq!(shown(&tls, &[&third]).await.as_ref(), Some(&third));
    }
}
