//! `yinuo demo`, running: the program itself on free ports with a data directory of its own.
//!
//! It is ready when [`Demo::start`] returns. When dropped it is asked to end, as an operator would, and must end
//! well. What it said on both streams stays readable until then, and in [`Demo::stop`]'s answer afterwards.
#![allow(dead_code, unreachable_pub, clippy::disallowed_methods, reason = "not every test needs all of it")]

pub mod visitor;

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take to start on a busy machine, and to leave.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to start it.
#[derive(Default)]
pub struct Options<'a> {
    /// Where to serve; else a port that is free. A directory goes on only under the address it began with, because
    /// that is its issuer.
    pub listen: Option<&'a str>,
    /// What stands after the options that every demonstration here has, such as `--suite international`.
    pub more: &'a [&'a str],
    /// What stands before the program, and becomes it.
    pub under: &'a [String],
}

/// A running demonstration.
pub struct Demo {
    /// `http://127.0.0.1:…`, without a slash at the end.
    pub issuer: String,
    /// The sample partner's address, likewise.
    pub partner: String,
    data: Data,
    child: Option<Child>,
    out: Stream,
    err: Stream,
}

/// A demonstration that has ended well.
pub struct Stopped {
    data: Data,
    /// All it said on standard output.
    pub out: String,
    /// All it said on standard error.
    pub err: String,
}

/// A directory of this demonstration alone, or one that the caller keeps.
enum Data {
    Own(TempDir),
    Kept(PathBuf),
}

impl Demo {
    /// Starts one in a fresh directory, which goes with it.
    pub fn start() -> Self {
        Self::start_with(&Options::default())
    }

    /// The same, started otherwise.
    pub fn start_with(options: &Options<'_>) -> Self {
        Self::begin(Data::Own(TempDir::new().unwrap()), options)
    }

    /// Starts one in a directory that the caller keeps, to go on where an earlier one stopped.
    pub fn start_in(dir: &Path, options: &Options<'_>) -> Self {
        Self::begin(Data::Kept(dir.to_owned()), options)
    }

    fn begin(data: Data, options: &Options<'_>) -> Self {
        let program = env!("CARGO_BIN_EXE_yinuo").to_owned();
        let mut words = options.under.iter().chain([&program]);
        let mut child = Command::new(words.next().unwrap())
            .args(words)
            .args(["demo", "--listen", options.listen.unwrap_or("127.0.0.1:0")])
            .args(["--partner-listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(options.more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = Stream::read(child.stdout.take().unwrap());
        let err = Stream::read(child.stderr.take().unwrap());
        let mut demo =
            Self { issuer: String::new(), partner: String::new(), data, child: Some(child), out, err };
        demo.issuer = demo.says("ready ");
        demo.partner = demo.says("the sample partner ");
        let here = ["http://127.0.0.1:", "http://localhost:"];
        assert!(here.iter().any(|here| demo.issuer.starts_with(here)), "{}", demo.issuer);
        assert!(demo.partner.starts_with("http://127.0.0.1:"), "{}", demo.partner);
        demo
    }

    /// What follows these words on the line that begins with them, once it is said.
    pub fn says(&mut self, words: &str) -> String {
        let started = Instant::now();
        loop {
            let out = self.out.text();
            let mut whole = out.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            if let Some(rest) = whole.find_map(|line| line.trim_start().strip_prefix(words)) {
                return rest.trim().to_owned();
            }
            let left = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            let err = self.err.text();
            assert!(left.is_none(), "it left with {} before it said {words:?}: {out}{err}", left.unwrap());
            assert!(started.elapsed() < PATIENCE, "no {words:?} in {out:?}; {err}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The process, for what a test wants to do to it.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Ends it as a power cut or the kernel would: it does nothing any more.
    pub fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to end, and sees it end well. The data directory stays while the answer lives.
    pub fn stop(mut self) -> Stopped {
        let (status, out, err) = self.end();
        assert!(status.success(), "{status}: {err}");
        let path = self.data.path().to_owned();
        Stopped { data: std::mem::replace(&mut self.data, Data::Kept(path)), out, err }
    }

    fn end(&mut self) -> (ExitStatus, String, String) {
        let mut child = self.child.take().unwrap();
        terminate(child.id());
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if PATIENCE < started.elapsed() {
                let _ = child.kill();
                break child.wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        (status, self.out.rest(), self.err.rest())
    }
}

impl Stopped {
    /// The data directory, as it was left.
    pub fn data(&self) -> &Path {
        self.data.path()
    }
}

impl Data {
    fn path(&self) -> &Path {
        match self {
            Self::Own(dir) => dir.path(),
            Self::Kept(path) => path,
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.child.is_none() {
            return;
        }
        let (status, _, err) = self.end();
        // A test that fails has more to say than this.
        assert!(std::thread::panicking() || status.success(), "the demonstration left with {status}: {err}");
    }
}

/// An HTTP client that asks no proxy. Before one is built, TLS must know whose algorithms to use.
pub fn http() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// SIGTERM, through the shell, because the standard library knows only SIGKILL.
pub fn terminate(pid: u32) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status().unwrap();
    assert!(sent.success(), "no process {pid} to end");
}

/// One of its streams, read as it comes so that it never has to wait for its reader.
struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn read(from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|len| len != 0) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Everything, after the process has ended.
    fn rest(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.text()
    }
}
