//! A whole Yinuo as it serves: the router with its metrics, the connections, the clock and the random source of the program,
//! over a SQLite store, with people who allowed a courier what a delivery needs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::find;
use serde::Deserialize;
use tokio::net::TcpListener;
use yinuo_domain::{Fact, LogId, Suite};
use yinuo_tlog::{Algorithm, Proof, VerifierKey};

use crate::bed::{Bed, DELIVERY, OFFERS, value_of};
use crate::client::{Questions, Tally};
use crate::clock::SystemClock;
use crate::config::{Config, Listen};
use crate::http::{Bounds, Door};
use crate::metrics::Metrics;
use crate::random::OsRandom;

const PEOPLE: usize = 256;
/// One answer of so many is kept, and everything in it verified when the clock has stopped.
const KEPT_OF: u64 = 512;

/// Serves a router as the program serves its own.
pub async fn serve(router: axum::Router) -> (Door, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let listen =
        Listen { connections_max: 4_096, head_timeout_s: 30, body_timeout_s: 30, leave_timeout_s: 10 };
    (Door::open(listener, None, router, Bounds::of(&Config { listen })), address)
}

/// The Yinuo, and what is asked of it.
pub struct Site {
    bed: Bed,
    people: Vec<Known>,
}

/// Somebody about whom the courier asks.
struct Known {
    request: Vec<u8>,
    /// The items of the answer, as they must stand there.
    items: Vec<u8>,
}

/// An answer, looked at closely.
#[derive(Deserialize)]
struct Answer {
    disclosure: String,
    receipt: Receipt,
}

#[derive(Deserialize)]
struct Receipt {
    index: u64,
    leaf: String,
    proofs: Proofs,
}

#[derive(Deserialize)]
struct Proofs {
    sha256: String,
    sm3: String,
}

impl Site {
    pub async fn new(directory: &Path) -> Self {
        let (clock, random) = (Arc::new(SystemClock::new()), Arc::new(OsRandom));
        let bed = Bed::measured(Suite::Guomi, directory, clock, random, yinuo_benches::seal_of);
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let person = format!("more-{number}");
            bed.enrol(&person).await;
            let (_, tokens) = bed.connect(&person, "courier").await;
            people.push(Known::new(&person, tokens.access_token.as_str()));
        }
        Self { bed, people }
    }

    /// An app's requests about everybody under a consent of its own, and what stands in the right answer.
    #[allow(dead_code, reason = "asked for by processes of their own elsewhere")]
    pub async fn asks_of(&self, app: &str) -> Vec<(String, String)> {
        let mut asks = Vec::new();
        for number in 0..PEOPLE {
            let person = format!("more-{number}");
            let (_, tokens) = self.bed.connect(&person, app).await;
            let token = tokens.access_token.as_str();
            asks.push((request(token, "delivery", DELIVERY), items_of(&person)));
        }
        asks
    }

    /// The same for what nobody allowed.
    #[allow(dead_code, reason = "asked for by processes of their own elsewhere")]
    pub async fn refused_asks_of(&self, app: &str) -> Vec<(String, String)> {
        let mut asks = Vec::new();
        for number in 0..PEOPLE {
            let (_, tokens) = self.bed.connect(&format!("more-{number}"), app).await;
            let token = tokens.access_token.as_str();
            asks.push((request(token, "offers", OFFERS), "\"email_address\":\"not-granted\"".to_owned()));
        }
        asks
    }

    pub fn router(&self) -> axum::Router {
        let gateway = Arc::clone(&self.bed.gateway);
        let metrics = Arc::new(Metrics::new(Arc::clone(&gateway), self.bed.ledger.clone()));
        let options = yinuo_web::Options { observer: Some(metrics), ..Default::default() };
        yinuo_web::router_with(gateway, options)
    }

    /// How many entries the people's log has.
    pub fn entries(&self) -> u64 {
        self.bed.ledger.reader().head(&LogId::group(0)).map_or(0, |head| head.size)
    }

    /// Everything that an answer says is so: each proof leads from the leaf to a head that the log signed, and the leaf says
    /// that exactly this was released.
    pub fn verify(&self, body: &[u8]) {
        let answer: Answer = serde_json::from_slice(body).expect("JSON");
        let leaf = STANDARD.decode(&answer.receipt.leaf).expect("base64");
        let entry = yinuo_tlog::leaf::decode(&leaf).expect("a leaf");
        let Fact::Disclosed(disclosed) = &entry.fact else { panic!("{entry:?}") };
        assert_eq!(disclosed.disclosure.to_string(), answer.disclosure);
        assert_eq!(disclosed.released, DELIVERY.iter().map(|item| self.bed.item(item)).collect());
        let of_group = |key: &&VerifierKey| key.name().contains("g/0");
        for key in self.bed.verifier_keys.iter().filter(of_group) {
            let (algorithm, text) = match key {
                VerifierKey::Ed25519 { .. } => (Algorithm::Sha256, &answer.receipt.proofs.sha256),
                _ => (Algorithm::Sm3, &answer.receipt.proofs.sm3),
            };
            let proof = Proof::parse(text).expect("a proof");
            assert_eq!(proof.index, answer.receipt.index);
            proof.verify(&leaf, algorithm, key, key.name()).expect("the leaf is in the log");
        }
    }
}

impl Questions for Site {
    fn request(&self, number: usize) -> &[u8] {
        &self.people[number % PEOPLE].request
    }

    /// The very items of this person stand in it, and a receipt from both trees.
    fn check(&self, number: usize, body: &[u8], tally: &mut Tally) {
        let known = &self.people[number % PEOPLE];
        let at = find(body, b",\"items\":").unwrap_or_else(|| wrong(body));
        if !body.starts_with(b"{\"disclosure\":\"") || !body[at..].starts_with(&known.items) {
            wrong(body);
        }
        let receipt = &body[at + known.items.len()..];
        let digits = receipt.iter().take_while(|byte| byte.is_ascii_digit());
        let index = digits.fold(0_u64, |index, digit| index * 10 + u64::from(digit - b'0'));
        let sha256 = find(receipt, b"\"proofs\":{\"sha256\":\"c2sp.org/tlog-proof@v1\\n")
            .unwrap_or_else(|| wrong(body));
        find(&receipt[sha256..], b"\",\"sm3\":\"c2sp.org/tlog-proof@v1\\n").unwrap_or_else(|| wrong(body));
        if !receipt.ends_with(b"\\n\"}}}") {
            wrong(body);
        }
        tally.indexes.push(index);
        if tally.answers % KEPT_OF == 0 {
            tally.kept.push((number, body.to_vec()));
        }
    }
}

impl Known {
    fn new(person: &str, token: &str) -> Self {
        let request = request(token, "delivery", DELIVERY);
        Self { request: request.into_bytes(), items: items_of(person).into_bytes() }
    }
}

fn request(token: &str, purpose: &str, items: &[&str]) -> String {
    let ask = serde_json::json!({ "purpose": purpose, "items": items }).to_string();
    format!(
        "POST /v1/disclosures HTTP/1.1\r\nhost: yinuo.example\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{ask}",
        ask.len()
    )
}

/// What stands in the answer about somebody, from the items on to where the receipt begins.
fn items_of(person: &str) -> String {
    let mut items: Vec<_> = DELIVERY.iter().map(|item| (*item, value_of(person, item))).collect();
    let catalogue = &yinuo_rules::packs().expect("the rules").catalogue;
    items.sort_by_key(|(item, _)| catalogue.by_id(item).map(|known| known.item));
    let items: Vec<String> = items.iter().map(|(item, value)| format!("\"{item}\":\"{value}\"")).collect();
    format!(",\"items\":{{{}}},\"receipt\":{{\"log\":\"g/0\",\"index\":", items.join(","))
}

fn wrong(body: &[u8]) -> ! {
    panic!("not the right answer: {}", String::from_utf8_lossy(body))
}
