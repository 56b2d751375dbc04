//! `yinuo witness` beside a platform: as two processes that share nothing but what is public.
//!
//! The log's side (fetching heads and tiles, proving that one head follows from another) is done here as anybody can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "tests start the program")]

#[path = "demo/mod.rs"]
mod demo;
#[path = "serve/mod.rs"]
mod serve;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use demo::visitor::{Program, Visitor};
use demo::{Demo, terminate};
use serve::{Place, plain, wait_until};
use tempfile::TempDir;
use yinuo_tlog::*;

const NAME: &str = "witness.example/w1";
const LOGS: [&str; 4] = ["platform", "platform/sm3", "g/0", "g/0/sm3"];

fn yinuo(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yinuo"))
        .args(args)
        .env("YINUO_PASSPHRASE", "an invented passphrase")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A witness that serves.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(dir: &Path, policies: &[PathBuf]) -> Self {
        use std::io::BufRead as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_yinuo"))
            .args(["witness", "serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir)
            .args(policies.iter().flat_map(|policy| [Path::new("--policy"), policy]))
            .env("YINUO_PASSPHRASE", "an invented passphrase")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .find_map(|line| line.unwrap().trim().strip_prefix("submit to").map(|url| url.trim().to_owned()));
        // Whoever closes its output before it has said everything ends it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.unwrap() }
    }

    async fn submit(&self, http: &reqwest::Client, body: String) -> (u16, String, String) {
        let answer = http.post(format!("{}/add-checkpoint", self.url)).body(body).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    }

    async fn get(&self, http: &reqwest::Client, path: &str) -> String {
        http.get(format!("{}{path}", self.url)).send().await.unwrap().text().await.unwrap()
    }

    /// As a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn end(mut self) {
        terminate(self.child.id());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The tiles of a log that is served, for whoever makes proofs of them.
struct Tiles {
    base: String,
    algorithm: Algorithm,
}

impl TileReader for Tiles {
    type Error = String;

    fn tile(&self, id: TileId, width: u16) -> Result<Vec<Hash>, String> {
        let address = format!("{}/{}", self.base, id.path(self.algorithm, width));
        // Proofs are made on a thread that waits for nothing else.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bytes = runtime.block_on(async {
            let answer = demo::http().build().unwrap().get(&address).send().await.unwrap();
            assert!(answer.status().is_success(), "{address}");
            answer.bytes().await.unwrap()
        });
        hashes_from_bytes(&bytes).ok_or(address)
    }
}

struct Log<'a> {
    issuer: &'a str,
    /// As in its address: `g/0`, or `g/0/sm3`.
    path: &'a str,
}

impl Log<'_> {
    async fn head(&self, http: &reqwest::Client) -> (SignedNote, Checkpoint) {
        let address = format!("{}/log/{}/checkpoint", self.issuer, self.path);
        let text = http.get(address).send().await.unwrap().text().await.unwrap();
        let note = SignedNote::parse(&text).unwrap();
        let head = Checkpoint::parse(&note.text).unwrap();
        (note, head)
    }

    /// That the tree of `old` entries is the beginning of that of `new`.
    async fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        let (log, twin) = self.path.strip_suffix("/sm3").map_or((self.path, false), |log| (log, true));
        let algorithm = if twin { Algorithm::Sm3 } else { Algorithm::Sha256 };
        let tiles = Tiles { base: format!("{}/log/{log}", self.issuer), algorithm };
        let proof = move || match algorithm {
            Algorithm::Sha256 => prove_consistency::<Sha256Tree, _>(&tiles, old, new),
            Algorithm::Sm3 => prove_consistency::<Sm3Tree, _>(&tiles, old, new),
        };
        tokio::task::spawn_blocking(proof).await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_follows_a_platform_through_growth_a_kill_and_a_fork() {
    let (demo, dir) = tokio::task::spawn_blocking(|| (Demo::start(), TempDir::new().unwrap())).await.unwrap();
    let http = demo::http().build().unwrap();
    let data = dir.path().join("witness");
    let created = yinuo(&["witness", "create", "--name", NAME, "--data", data.to_str().unwrap()]);
    assert!(created.status.success(), "{created:?}");
    let again = yinuo(&["witness", "create", "--name", NAME, "--data", data.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2), "never over another's keys");

    // All that the witness is given: the public keys of the logs. One key signs the heads of both logs, and a policy has
    // no key twice.
    let keys = std::fs::read_to_string(demo.data().join("log.vkeys")).unwrap();
    let of = |log: &str| -> String {
        keys.lines().filter(|key| key.contains(log)).map(|key| format!("log {key}\n")).collect()
    };
    let logs = [of("/log/platform"), of("/log/g/0")];
    let policies: Vec<PathBuf> =
        (0..logs.len()).map(|number| dir.path().join(format!("{number}.policy"))).collect();
    for (policy, logs) in policies.iter().zip(&logs) {
        std::fs::write(policy, format!("{logs}quorum none\n")).unwrap();
    }
    let witness = Serving::start(&data, &policies);
    assert_eq!(witness.get(&http, "/healthz").await, "ok\n");

    // Whoever trusts it writes a policy for each log and kind of tree.
    let public = witness.get(&http, "/keys").await;
    assert_eq!(public, std::fs::read_to_string(data.join("witness.vkeys")).unwrap());
    let trusts: Vec<Policy> = public
        .lines()
        .flat_map(|key| logs.iter().map(move |logs| format!("{logs}witness w {key}\nquorum w\n")))
        .map(|policy| Policy::parse(policy.as_bytes()).unwrap())
        .collect();

    let mut last = std::collections::HashMap::new();
    for path in LOGS {
        let (head, checkpoint) = Log { issuer: &demo.issuer, path }.head(&http).await;
        let request = AddCheckpoint { old_size: 0, proof: Vec::new(), head };
        let (status, _, lines) = witness.submit(&http, request.to_string()).await;
        assert_eq!(status, 200, "{path}: {lines}");
        let cosigned = SignedNote::parse(&format!("{}{lines}", request.head)).unwrap();
        let accepted: Vec<_> = trusts.iter().map(|policy| policy.accept(&cosigned).is_ok()).collect();
        assert_eq!(
            accepted.iter().filter(|accepted| **accepted).count(),
            1,
            "{path}: by its own kind of key"
        );
        last.insert(path, checkpoint);
    }

    // The platform goes on, and the witness is killed and comes back.
    let partner = Program::of_demo(&demo, "sample-courier");
    let person = Visitor::sign_in(&demo.issuer, "demo-11").await;
    partner.connect(&person, "delivery", &["name", "delivery_address", "contact_phone"]).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    witness.kill();
    let witness = Serving::start(&data, &policies);
    for path in ["g/0", "g/0/sm3"] {
        let log = Log { issuer: &demo.issuer, path };
        let (head, new) = log.head(&http).await;
        let old = &last[path];
        assert!(old.size < new.size, "{path} did not grow");
        // From nothing: what it knows is told.
        let from_nothing = AddCheckpoint { old_size: 0, proof: Vec::new(), head: head.clone() };
        let (status, kind, body) = witness.submit(&http, from_nothing.to_string()).await;
        assert_eq!((status, kind.as_str(), body), (409, "text/x.tlog.size", format!("{}\n", old.size)));
        let unproven = AddCheckpoint { old_size: old.size, proof: Vec::new(), head: head.clone() };
        assert_eq!(witness.submit(&http, unproven.to_string()).await.0, 422);
        let proof = log.proof(old.size, new.size).await;
        let proven = AddCheckpoint { old_size: old.size, proof, head };
        let (status, _, lines) = witness.submit(&http, proven.to_string()).await;
        assert_eq!(status, 200, "{path}: {lines}");
    }
    let shown = yinuo(&["witness", "show", "--json", "--data", data.to_str().unwrap()]);
    assert_eq!(shown.status.code(), Some(0));
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((shown["heads"].as_array().unwrap().len(), &shown["two_histories"]), (4, &false.into()));

    // What is not for it, and what is nonsense.
    assert_eq!(witness.submit(&http, "old 1\n".to_owned()).await.0, 400);
    let (mut head, _) = Log { issuer: &demo.issuer, path: "g/0" }.head(&http).await;
    head.signatures[0].signature[9] ^= 1;
    let forged = AddCheckpoint { old_size: 0, proof: Vec::new(), head: head.clone() };
    assert_eq!(witness.submit(&http, forged.to_string()).await.0, 403);
    head.text = head.text.replacen("g/0", "g/1", 1);
    let unknown = AddCheckpoint { old_size: 0, proof: Vec::new(), head };
    assert_eq!(witness.submit(&http, unknown.to_string()).await.0, 404);
    assert_eq!(witness.submit(&http, "a".repeat(AddCheckpoint::LEN_MAX + 1)).await.0, 413);
    witness.end();
    drop(demo);
}

/// The platform submits its heads by itself, goes on without a witness, and says when nobody vouches for it any more.
#[test]
fn a_platform_has_its_heads_cosigned_and_says_when_nobody_does() {
    let place = Place::initialised("");
    let keys = std::fs::read_to_string(place.path("yinuo-data/log.vkeys")).unwrap();
    let data = place.path("witness");
    let created = yinuo(&["witness", "create", "--name", NAME, "--data", data.to_str().unwrap()]);
    assert!(created.status.success(), "{created:?}");
    let logs: Vec<String> =
        keys.lines().filter(|key| key.contains("/log/g/0")).map(|key| format!("log {key}\n")).collect();
    let watches = place.path("watches.policy");
    std::fs::write(&watches, format!("{}quorum none\n", logs.concat())).unwrap();
    let witness = Serving::start(&data, std::slice::from_ref(&watches));

    // A policy for each kind of tree: the first line of each is of SHA-256 and Ed25519.
    std::fs::create_dir(place.path("policies")).unwrap();
    let public = std::fs::read_to_string(data.join("witness.vkeys")).unwrap();
    let policies: Vec<String> = logs
        .iter()
        .zip(public.lines())
        .map(|(log, key)| format!("{log}witness w {key} {}\nquorum w\n", witness.url))
        .collect();
    for (number, policy) in policies.iter().enumerate() {
        std::fs::write(place.path(&format!("policies/{number}.policy")), policy).unwrap();
    }
    let settings = "[tls]\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"\n[telemetry]\nmetrics_address = \
                    \"127.0.0.1:0\"\n[witnesses]\npolicies = \"policies\"\nevery_s = 1\nlate_after_s = 2\n";
    place.configure(settings);
    let mut served = place.serve();
    let accepts = |path: &str, policy: &str| {
        let answer = place.get(&served, path);
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        head.starts_with("HTTP/1.1 200") && policy.accept(&SignedNote::parse(body).unwrap()).is_ok()
    };
    wait_until("both trees are cosigned", || {
        accepts("/log/g/0/cosigned", &policies[0]) && accepts("/log/g/0/sm3/cosigned", &policies[1])
    });
    assert!(
        place.get(&served, "/log/platform/cosigned").starts_with("HTTP/1.1 404"),
        "nobody watches that one"
    );
    let metrics = served.says("metrics").replace("http://", "").replace("/metrics", "");
    assert!(plain(&metrics, "/metrics").contains("yinuo_cosigned_age_seconds{log=\"g/0 sm3\"} "));

    // Nobody answers any more: that is said, and everything else goes on.
    witness.end();
    wait_until("somebody is told", || served.complaints().contains("nobody outside can vouch"));
    assert!(place.get(&served, "/readyz").starts_with("HTTP/1.1 200"));

    // After a restart what was cosigned is there at once, and what comes next follows from it.
    drop(served);
    let served = place.serve();
    let answer = place.get(&served, "/log/g/0/cosigned");
    let kept = SignedNote::parse(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(Policy::parse(policies[0].as_bytes()).unwrap().accept(&kept).is_ok());
}

/// A policy that cannot be followed is said at the start, with its file.
#[test]
fn a_policy_that_is_of_no_use_stops_the_start() {
    let place = Place::initialised("[witnesses]\npolicies = \"policies\"\n");
    std::fs::create_dir(place.path("policies")).unwrap();
    let keys = std::fs::read_to_string(place.path("yinuo-data/log.vkeys")).unwrap();
    let log = keys.lines().find(|key| key.contains("/log/g/0")).unwrap();
    #[rustfmt::skip]
    let cases = [
        (None,                                        "has no policy"),
        (Some("quorum\n".to_owned()),                 "one.policy: line 1"),
        (Some("quorum none\n".to_owned()),            "names no log of this platform"),
        (Some(format!("log {log}\nquorum none\n")),   "names no witness with an address"),
    ];
    for (policy, expected) in cases {
        if let Some(policy) = policy {
            std::fs::write(place.path("policies/one.policy"), policy).unwrap();
        }
        let refused = place.yinuo(&["serve"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(expected), "{expected}: {said}");
    }
}
