//! `yinuo client`: the partner's side of client authentication, for whoever wants to try it with `curl`.
//!
//! Nothing here speaks to a Yinuo: a partner runs it on a machine of their own, and the private key stays there.

use std::process::ExitCode;

use yinuo_domain::{AppId, Clock as _};
use yinuo_oauth::client::{ClientKey, pkce_verifier};

use crate::cli::{ClientCommand, ClientOptions, Curve, KeyCommand};
use crate::clock::SystemClock;
use crate::failed;
use crate::keys::{read, write_private};
use crate::random::OsRandom;
use crate::say::say;

type Failure = Box<dyn std::error::Error>;

pub(crate) fn run(options: &ClientOptions) -> ExitCode {
    let done = match &options.command {
        ClientCommand::Key { command: KeyCommand::New { file, curve } } => new_key(file, *curve),
        ClientCommand::Assertion { key, client, audience } => assertion(key, client, audience),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

/// The private key into a new file, the public half to standard output.
fn new_key(file: &std::path::Path, curve: Curve) -> Result<(), Failure> {
    let key = match curve {
        Curve::P256 => ClientKey::generate(&OsRandom)?,
        Curve::Ed25519 => ClientKey::generate_ed25519(&OsRandom)?,
    };
    write_private(file, key.private_jwk().as_bytes())?;
    eprintln!("yinuo: the private key is in {}; give the platform what follows", file.display());
    say(key.public_jwks());
    Ok(())
}

/// A fresh assertion, good once and for a short time (RFC 7523 §2.2).
fn assertion(key: &std::path::Path, client: &str, audience: &str) -> Result<(), Failure> {
    let key = ClientKey::from_private_jwk(&String::from_utf8(read(key)?)?)?;
    let client = AppId::parse(client)?;
    let jti = pkce_verifier(&OsRandom)?;
    say(key.assertion(&client, audience, &jti, SystemClock::new().now())?);
    Ok(())
}
