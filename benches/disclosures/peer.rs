//! `oidc-provider` (Node.js), the library that plays the identity provider in our tests, asked whether a token is valid. It
//! keeps everything in memory and records nothing.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::find;

use crate::client::{Questions, Tally};

pub struct Peer {
    process: Child,
    request: Vec<u8>,
    pub address: SocketAddr,
}

impl Peer {
    /// None where Node.js or the library are missing.
    pub fn start() -> Option<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        if !here.join("../tests/identity/node_modules/oidc-provider").is_dir() {
            return None;
        }
        let mut node = Command::new("node");
        node.arg(here.join("introspection.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = node.spawn().ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut()?).read_line(&mut line).ok()?;
        // `127.0.0.1:port token`
        let (address, token) = line.trim_end().split_once(' ').expect("the peer says where and what");
        let body = format!("token={token}");
        let basic = STANDARD.encode("courier:invented");
        let request = format!(
            "POST /token/introspection HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic {basic}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let address = address.parse().expect("an address");
        Some(Self { process, request: request.into_bytes(), address })
    }
}

impl Questions for Peer {
    fn request(&self, _: usize) -> &[u8] {
        &self.request
    }

    fn check(&self, _: usize, body: &[u8], _: &mut Tally) {
        assert!(find(body, b"\"active\":true").is_some(), "{}", String::from_utf8_lossy(body));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
