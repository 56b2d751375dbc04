//! How a command reaches the Yinuo in a data directory: over the socket of the one that runs there, or, when none
//! runs, by opening the directory itself. Either way the same routes answer, so that a command need not know.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, header};
use clap::Args;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tower::ServiceExt as _;
use yinuo_domain::StaffId;
use yinuo_service::SignIn;

use crate::assemble::{Anchored, AssembleError, assemble};
use crate::config::{self, Config, ConfigError, Loaded};
use crate::directory::{DirectoryError, Made};
use crate::environment;
use crate::keys::{Keys, KeysError};
use crate::operator_socket::SOCKET;
use crate::passphrase::{self, Passphrase, PassphraseError};

/// The longest answer that is read as a whole, in bytes. Longer ones are streams.
const ANSWER_LEN_MAX: usize = 64 * 1024 * 1024;

/// Which Yinuo, and in whose name.
#[derive(Clone, Debug, Args)]
pub(crate) struct LocalOptions {
    /// The data directory. Default: that of the settings, else yinuo-data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The settings that name the data directory and the passphrase's file. Default: yinuo.toml, if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// In whose name: 1 to 64 of a-z, 0-9 and -. Default: the name of the Unix user. It stands in the log for good,
    /// and people read it in their history
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// A file with the passphrase over the keys, for when no Yinuo is running there; else the environment's
    /// YINUO_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// A way to the Yinuo in a data directory.
pub(crate) struct Local {
    way: Way,
    by: StaffId,
}

enum Way {
    /// Another process serves.
    Socket(PathBuf),
    /// We have opened the directory ourselves. It is closed when this is dropped.
    Within(Router),
}

/// Why an operator's command got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
    #[error("{0:?} is no name for the facts: say --by with 1 to 64 of a-z, 0-9 and -")]
    By(String),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("the keys cannot be unlocked")]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot connect to {}; it belongs to whoever runs the server: be that user, or root", path.display())]
    Socket {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("the running server hung up")]
    HungUp(#[from] hyper::Error),
    #[error("the running server's answer cannot be read: is it of another version?")]
    Answer,
    #[error("the question cannot be written down")]
    Question,
    /// What the server said, in its own words.
    #[error("{title}. {detail} {remedy}")]
    Problem { status: u16, title: String, detail: String, remedy: String },
}

impl Local {
    /// Finds the Yinuo in the directory.
    pub(crate) async fn open(options: &LocalOptions) -> Result<Self, LocalError> {
        Self::find(options, |place| {
            within(&place.dir, place.passphrase_file.as_deref(), place.anchor_file.as_deref())
        })
        .await
    }

    /// The same for who has the passphrase, and holds the keys' files.
    pub(crate) async fn open_held(
        options: &LocalOptions,
        passphrase: &Passphrase,
    ) -> Result<Self, LocalError> {
        Self::find(options, |Place { dir, anchor_file, .. }| {
            let made = Made::read(dir)?;
            let keys = Keys::unlock_held(dir, made.suite, passphrase.as_bytes())?;
            opened(dir, &made, keys, anchor_file.as_deref())
        })
        .await
    }

    async fn find(
        options: &LocalOptions,
        within: impl FnOnce(&Place) -> Result<Router, LocalError>,
    ) -> Result<Self, LocalError> {
        let by = named(options.by.clone())?;
        let place = place(options)?;
        let path = place.dir.join(SOCKET);
        let way = match UnixStream::connect(&path).await {
            Ok(_) => Way::Socket(path),
            Err(error) if nobody_listens(&error) => Way::Within(within(&place)?),
            Err(cause) => return Err(LocalError::Socket { path, cause }),
        };
        Ok(Self { way, by })
    }

    /// Whether another process serves the directory.
    pub(crate) fn is_served(&self) -> bool {
        matches!(self.way, Way::Socket(_))
    }

    /// `GET path`, and the answer as JSON.
    pub(crate) async fn get<R: DeserializeOwned>(&self, path: &str) -> Result<R, LocalError> {
        let request = Request::get(path).body(Body::empty()).map_err(|_| LocalError::Question)?;
        self.answer(request).await
    }

    /// `POST path` with JSON, and the answer as JSON.
    pub(crate) async fn post<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<R, LocalError> {
        let body = serde_json::to_vec(body).map_err(|_| LocalError::Question)?;
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|_| LocalError::Question)?;
        self.answer(request).await
    }

    /// Any request, and the answer as it comes, for streams. A problem is an error here as well.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, LocalError> {
        let headers = request.headers_mut();
        let by = self.by.as_str().parse().map_err(|_| LocalError::Question)?;
        headers.insert(yinuo_web::operator::OPERATOR, by);
        headers.insert(header::ACCEPT_LANGUAGE, header::HeaderValue::from_static("en"));
        let response = match &self.way {
            Way::Within(router) => {
                let Ok(response) = router.clone().oneshot(request).await;
                response
            }
            Way::Socket(path) => {
                headers.insert(header::HOST, header::HeaderValue::from_static("operator"));
                over(path, request).await?
            }
        };
        if response.status().is_success() { Ok(response) } else { Err(problem(response).await) }
    }

    async fn answer<R: DeserializeOwned>(&self, request: Request<Body>) -> Result<R, LocalError> {
        let bytes = whole(self.send(request).await?).await?;
        serde_json::from_slice(&bytes).map_err(|_| LocalError::Answer)
    }
}

/// Runs an operator's command and tells how it ended: its own code, or 2 with what went wrong.
pub(crate) fn run<E: Into<Box<dyn std::error::Error>>>(
    command: impl Future<Output = Result<ExitCode, E>>,
) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::failed(&error),
    };
    runtime.block_on(command).unwrap_or_else(|error| crate::failed(error.into().as_ref()))
}

/// The name that was given, or the Unix user's, or its number.
pub(crate) fn named(given: Option<String>) -> Result<StaffId, LocalError> {
    // Many a service and container has no name for its user: then the number.
    // Not from /proc: what is there of a process that nobody may look into belongs to root.
    let number = || Some(format!("uid-{}", rustix::process::getuid().as_raw()));
    let user = || environment::variable("USER").or_else(|| environment::variable("LOGNAME")).or_else(number);
    let name = given.or_else(user).unwrap_or_default();
    StaffId::parse(&name).map_err(|_| LocalError::By(name))
}

/// No socket, or one whose process is gone.
fn nobody_listens(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused)
}

/// Where the data, the passphrase and the anchor are.
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    pub(crate) passphrase_file: Option<PathBuf>,
    pub(crate) anchor_file: Option<PathBuf>,
}

/// What was typed, then what the settings say, then what is usual.
pub(crate) fn place(options: &LocalOptions) -> Result<Place, LocalError> {
    let usual = PathBuf::from(config::FILE);
    let passphrase_file = options.passphrase_file.clone();
    let file = match (&options.config, &options.data) {
        (Some(file), _) => file,
        (None, None) if usual.exists() => &usual,
        (None, data) => {
            let dir = data.clone().unwrap_or_else(|| PathBuf::from("yinuo-data"));
            return Ok(Place { dir, passphrase_file, anchor_file: None });
        }
    };
    let loaded = Loaded::read(file)?;
    let server = &loaded.config.server;
    let dir = options.data.clone().unwrap_or_else(|| loaded.path(&server.data));
    let configured = || server.passphrase_file.as_ref().map(|file| loaded.path(file));
    // The settings are about their own directory.
    let own = options.data.is_none();
    let anchor_file = server.anchor_file.as_ref().filter(|_| own).map(|file| loaded.path(file));
    Ok(Place { dir, passphrase_file: passphrase_file.or_else(configured), anchor_file })
}

/// The data directory that is meant, for commands that need nothing else.
pub(crate) fn directory(data: Option<&Path>, config: Option<&Path>) -> Result<PathBuf, LocalError> {
    let (data, config) = (data.map(Path::to_owned), config.map(Path::to_owned));
    place(&LocalOptions { data, config, by: None, passphrase_file: None }).map(|place| place.dir)
}

/// Opens the directory here, under its lock.
fn within(
    dir: &Path,
    passphrase_file: Option<&Path>,
    anchor_file: Option<&Path>,
) -> Result<Router, LocalError> {
    let made = Made::read(dir)?;
    let passphrase = passphrase::of(dir, passphrase_file, made.demonstration)?;
    let keys = Keys::unlock(dir, made.suite, passphrase.as_bytes())?;
    opened(dir, &made, keys, anchor_file)
}

fn opened(dir: &Path, made: &Made, keys: Keys, anchor_file: Option<&Path>) -> Result<Router, LocalError> {
    let assembled =
        assemble(dir, made, keys, SignIn::Nobody, &Config::default(), &Anchored::at(anchor_file))?;
    Ok(yinuo_web::operator_router(assembled.gateway))
}

/// One request over the socket of a running server, on a connection of its own.
async fn over(path: &Path, request: Request<Body>) -> Result<Response<Body>, LocalError> {
    let stream = UnixStream::connect(path).await;
    let stream = stream.map_err(|cause| LocalError::Socket { path: path.to_owned(), cause })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends when the answer has been read, or the answer is dropped.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.map(Body::new))
}

async fn whole(response: Response<Body>) -> Result<Bytes, LocalError> {
    to_bytes(response.into_body(), ANSWER_LEN_MAX).await.map_err(|_| LocalError::Answer)
}

/// What RFC 9457 has us say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    title: String,
    detail: String,
    remedy: String,
}

async fn problem(response: Response<Body>) -> LocalError {
    let status = response.status().as_u16();
    let told = whole(response).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Told { title, detail, remedy } = told.unwrap_or_default();
    if title.is_empty() {
        return LocalError::Answer;
    }
    LocalError::Problem { status, title, detail, remedy }
}
