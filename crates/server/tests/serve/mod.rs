//! `yinuo init` and `yinuo serve`, run as an operator would: a directory, a passphrase in a file, a certificate.
#![allow(dead_code, unreachable_pub, clippy::disallowed_methods, reason = "not every test needs all of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// How long it may take to start on a busy machine, and to leave.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place with a data directory made by `yinuo init`, and a certificate.
pub struct Place(TempDir);

impl Place {
    /// Before `init`: a passphrase and a certificate for `localhost`.
    pub fn empty() -> Self {
        let place = Self(TempDir::new().unwrap());
        std::fs::write(place.path("passphrase"), "correct horse battery staple\n").unwrap();
        place.certify();
        place
    }

    /// After `init`, with TLS and a free port.
    pub fn initialised(more: &str) -> Self {
        let place = Self::empty();
        let made = place.init();
        assert!(made.status.success(), "{made:?}");
        place.configure(&format!("[tls]\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"\n{more}"));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A new certificate over the old one.
    pub fn certify(&self) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(self.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        std::fs::write(self.path("cert.pem"), made.cert.pem()).unwrap();
    }

    /// Runs the program here, with no more of the environment than a path.
    pub fn yinuo(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinuo"));
        command.args(arguments).current_dir(self.0.path()).env_clear().env("USER", "li-wei");
        command.stdin(Stdio::null());
        command
    }

    pub fn init(&self) -> Output {
        self.yinuo(&["init", "--issuer", "https://localhost:8443", "--passphrase-file", "passphrase"])
    }

    /// Settings of the test instead of those that `init` wrote.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "[server]\nissuer = \"https://localhost:8443\"\ndata = \"yinuo-data\"\npassphrase_file = \
             \"passphrase\"\n[listen]\naddress = \"127.0.0.1:0\"\n{more}"
        );
        std::fs::write(self.path("yinuo.toml"), text).unwrap();
    }

    /// Serves until it is dropped.
    pub fn serve(&self) -> Served {
        let mut child =
            self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) =
            (Lines::read(child.stdout.take().unwrap()), Lines::read(child.stderr.take().unwrap()));
        let mut served = Served { child, out, err, address: String::new() };
        let address = served.says("listening on");
        served.address = address.rsplit("://").next().unwrap().to_owned();
        served
    }

    /// What a client that trusts our certificate is answered: the status line, headers and body as text.
    pub fn get(&self, served: &Served, path: &str) -> String {
        self.try_get(&served.address, path).unwrap()
    }

    pub fn try_get(&self, address: &str, path: &str) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("cert.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(client), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// An identity provider that says where it is, over TLS with the place's own certificate. Gives its issuer.
pub fn provider(place: &Place) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_file(place.path("cert.pem")).unwrap()],
                PrivateKeyDer::from_pem_file(place.path("key.pem")).unwrap(),
            )
            .unwrap();
    let (config, metadata) = (
        Arc::new(config),
        serde_json::json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "keys": [],
        }),
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                // Whoever does not trust the certificate goes away.
                if !matches!(stream.read(&mut byte), Ok(1)) {
                    break;
                }
                asked.push(byte[0]);
            }
            // The metadata and the keys in one.
            let body = metadata.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    issuer
}

/// A server that runs.
pub struct Served {
    child: Child,
    pub address: String,
    out: Lines,
    err: Lines,
}

impl Served {
    /// What follows these words on standard output, once they are said.
    pub fn says(&mut self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(rest) = self.out.after(words) {
                return rest;
            }
            let left = self.child.try_wait().unwrap();
            assert!(
                left.is_none() && begun.elapsed() < PATIENCE,
                "{left:?}: {} {}",
                self.out.text(),
                self.err.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// All it said on standard error so far.
    pub fn complaints(&self) -> String {
        self.err.text()
    }

    pub fn signal(&self, name: &str) {
        let sent =
            Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to end, and gives its exit code.
    pub fn leave(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream that is read as it comes.
struct Lines(Arc<Mutex<String>>);

impl Lines {
    fn read(from: impl std::io::Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self(text)
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn after(&self, words: &str) -> Option<String> {
        self.text()
            .lines()
            .find_map(|line| line.trim().strip_prefix(words).map(|rest| rest.trim().to_owned()))
    }
}

/// What a client is answered without TLS.
pub fn plain(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until it is so.
pub fn wait_until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a command said on standard error, which must have ended with this code.
#[track_caller]
pub fn said(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The first line of standard output as JSON.
#[track_caller]
pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The files below a directory.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
