//! `/centre/proofs` and `/centre/proof`: what shows to anybody, without the platform, that an entry is in the log.
//!
//! All of a person's proofs are one file, a line for each entry, sent as it is made: a few entries at a time are held
//! in memory, however many there are. When something fails on the way the connection breaks, so that a part is never
//! taken for the whole. `docs/PROOFS.md` says what stands in a line.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body::Frame;
use tokio::sync::mpsc;
use yinuo_service::Session;

use crate::fault::{Failed, Fault, Problem};
use crate::visit::{Signed, Web, pairs};

/// How many entries are held at a time.
const AT_A_TIME: usize = 32;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/centre/proofs", get(all)).route("/centre/proof", get(one))
}

/// `GET /centre/proofs`: every one of the person's own entries with its proofs, newest first.
async fn all(State(web): State<Web>, Signed { session, .. }: Signed) -> Result<Response, Failed> {
    // What cannot even begin is told properly.
    let asked = session.clone();
    let first = web.read(move |gateway| gateway.proofs(&asked, None, AT_A_TIME)).await??;
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(async move {
        let begun = send.send(Ok(Bytes::from(first.lines))).await.is_ok();
        if let (true, Some(older)) = (begun, first.older) {
            rest(&web, session, older, &send).await;
        }
    });
    let mut response =
        ([(header::CONTENT_TYPE, "application/jsonl")], Body::new(Sending(receive))).into_response();
    let name = HeaderValue::from_static("attachment; filename=\"yinuo-proofs.jsonl\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// The rest, as fast as it is taken.
async fn rest(web: &Web, session: Session, mut older: u64, send: &mpsc::Sender<Result<Bytes, Broken>>) {
    loop {
        let asked = session.clone();
        let found = web.read(move |gateway| gateway.proofs(&asked, Some(older), AT_A_TIME)).await;
        let Ok(Ok(found)) = found else {
            let _ = send.send(Err(Broken)).await;
            return;
        };
        // Nobody takes it any more when the browser is gone.
        let taken = send.send(Ok(Bytes::from(found.lines))).await.is_ok();
        match found.older {
            Some(next) if taken => older = next,
            _ => return,
        }
    }
}

/// The proofs could not be read to the end.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the proofs could not be read to the end")
    }
}

impl std::error::Error for Broken {}

/// What comes from the other end.
struct Sending(mpsc::Receiver<Result<Bytes, Broken>>);

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.0.poll_recv(context).map(|came| came.map(|bytes| bytes.map(Frame::data)))
    }
}

/// `GET /centre/proof`: one of the person's own entries, to keep.
async fn one(State(web): State<Web>, uri: Uri, Signed { session, .. }: Signed) -> Result<Response, Failed> {
    let pairs = pairs(&uri);
    let get = |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    let index = get("index").and_then(|index| index.parse::<u64>().ok());
    let (Some(log), Some(index)) = (get("log"), index) else {
        return Err(Fault::new(Problem::NotFound).into());
    };
    let file = web.read(move |gateway| gateway.proof(&session, &log, index)).await??;
    let mut response = ([(header::CONTENT_TYPE, "application/json")], file.json).into_response();
    // RFC 6266: only characters that need no quoting.
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let name: String = file.file_name.chars().filter(plain).collect();
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
