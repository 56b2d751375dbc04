//! `yinuo export`: everything there is about one person, in a file for them.

use std::fs::{self, OpenOptions};
use std::future::poll_fn;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;

use axum::body::{Body, HttpBody as _};
use axum::http::{Request, header};
use yinuo_web::operator::PackageAsk;

use crate::cli::ExportOptions;
use crate::local::{self, Local, LocalError};
use crate::say::say;
use crate::typed;

/// Why a package could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error("cannot read whose package it is")]
    Input(#[source] io::Error),
    #[error("cannot write {}; it must not be there yet", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the package broke off; nothing is kept of it")]
    BrokeOff(#[from] axum::Error),
}

pub(crate) fn run(options: &ExportOptions) -> ExitCode {
    local::run(export(options))
}

async fn export(options: &ExportOptions) -> Result<ExitCode, ExportError> {
    let ask = ask(options).map_err(ExportError::Input)?;
    let failed = |cause| ExportError::File { path: options.out.clone(), cause };
    // Before anything is recorded: a file that cannot be written is no reason to have looked.
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&options.out);
    let mut file = opened.map_err(failed)?;
    let made = package(options, &ask, &mut file).await;
    if made.is_err() {
        // A part of a package would look like the whole.
        let _ = fs::remove_file(&options.out);
    }
    let length = made?;
    say(format_args!("{}: {length} bytes; recorded, and in the person's history", options.out.display()));
    Ok(ExitCode::SUCCESS)
}

async fn package(options: &ExportOptions, ask: &PackageAsk, file: &mut fs::File) -> Result<u64, ExportError> {
    let failed = |cause| ExportError::File { path: options.out.clone(), cause };
    let local = Local::open(&options.local).await?;
    let body = serde_json::to_vec(ask).map_err(|_| LocalError::Question)?;
    let request = Request::post("/operator/people/package")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .map_err(|_| LocalError::Question)?;
    let mut body = local.send(request).await?.into_body();
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(bytes) = frame?.into_data() {
            file.write_all(&bytes).map_err(failed)?;
            length += bytes.len() as u64;
        }
    }
    file.sync_all().map_err(failed)?;
    Ok(length)
}

fn ask(options: &ExportOptions) -> io::Result<PackageAsk> {
    let read = |path: &Path| Ok::<_, io::Error>(fs::read_to_string(path)?.trim().to_owned());
    Ok(match (&options.person_file, &options.item) {
        (Some(path), _) => PackageAsk { subject_id: Some(read(path)?), item: None, value: None },
        (None, Some(item)) => {
            let value = typed::value(item)?;
            PackageAsk { subject_id: None, item: Some(item.clone()), value: Some(value) }
        }
        (None, None) => {
            let id = typed::value("subject_id")?;
            PackageAsk { subject_id: Some(id), item: None, value: None }
        }
    })
}
