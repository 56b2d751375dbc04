//! The platform's side: submits its published heads to witnesses now and then, and keeps what they cosign.
//!
//! Nothing waits for a witness: releases go on when none answers. But somebody is told when the latest head that a quorum
//! has cosigned grows old, because from then on nobody outside can vouch that the log was not set back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use yinuo_domain::{Clock as _, LogId, Timestamp};
use yinuo_ledger::Ledger;
use yinuo_service::{CosignedHead, Gateway};
use yinuo_tlog::{
    AddCheckpoint, Algorithm, Checkpoint, NoteSignature, Policy, PolicyWitness, SignedNote, origin,
};

use crate::assemble::{Assembled, host_of};
use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::keys::{private_dir, read, write_private};

type Failure = Box<dyn std::error::Error>;

/// Where the latest cosigned heads are kept, below the data directory.
const KEPT: &str = "cosigned";
/// How long one witness may take to answer.
const WHOLE: Duration = Duration::from_secs(10);
/// The longest answer: some lines of signature.
const ANSWER_LEN_MAX: usize = 64 * 1024;

/// Everything that is submitted.
pub(crate) struct Submitting {
    watched: Vec<Watched>,
    http: reqwest::Client,
    gateway: Arc<Gateway>,
    ledger: Ledger,
    kept: PathBuf,
    every: Duration,
    late_after_ms: u64,
    /// What each witness, by its name and address, cosigned last of a log, as far as is known.
    sizes: HashMap<(String, String), u64>,
}

/// One tree of a log, and who watches it.
struct Watched {
    log: LogId,
    algorithm: Algorithm,
    origin: String,
    policy: Policy,
    witnesses: Vec<Submitted>,
}

/// A witness, and where heads are submitted to it.
#[derive(Clone)]
struct Submitted {
    witness: PolicyWitness,
    url: String,
}

/// Why a witness cosigned nothing.
#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error("no answer")]
    Sending(#[from] reqwest::Error),
    #[error("the answer is too long")]
    TooLong,
    #[error("it answered {status}: {body:?}")]
    Status { status: u16, body: String },
    #[error(
        "it has cosigned a head of {size} entries, and the published one has {ours}: was the store set back?"
    )]
    Ahead { size: u64, ours: u64 },
    #[error("what it answered is no cosignature of its own over this head")]
    Answer,
    #[error("the log cannot be read")]
    Store(#[from] yinuo_ledger::StoreError),
}

impl Submitting {
    /// Reads the policies of the settings; nothing when there are none. What was cosigned before is taken over.
    pub(crate) fn prepare(
        loaded: &Loaded,
        dir: &Path,
        assembled: &Assembled,
    ) -> Result<Option<Self>, Failure> {
        let settings = &loaded.config.witnesses;
        let Some(policies) = settings.policies.as_ref().map(|path| loaded.path(path)) else {
            return Ok(None);
        };
        let (gateway, ledger) = (Arc::clone(&assembled.gateway), assembled.ledger.clone());
        let mut watched = Vec::new();
        for path in files(&policies)? {
            let policy =
                Policy::parse(&read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?;
            let found = of_policy(&policy, loaded.issuer(), &ledger);
            let found = found.map_err(|what| format!("{}: {what}", path.display()))?;
            watched.extend(found);
        }
        if watched.is_empty() {
            return Err(format!("{} has no policy: files that end with .policy", policies.display()).into());
        }
        let kept = dir.join(KEPT);
        private_dir(&kept)?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(WHOLE)
            .build()?;
        let submitting = Self {
            watched,
            http,
            gateway,
            ledger,
            kept,
            every: Duration::from_secs(settings.every_s),
            late_after_ms: settings.late_after_s.saturating_mul(Timestamp::SECOND_MS),
            sizes: HashMap::new(),
        };
        submitting.take_over();
        Ok(Some(submitting))
    }

    /// Submits for ever.
    pub(crate) async fn run(mut self) {
        let mut late = false;
        loop {
            for number in 0..self.watched.len() {
                self.round(number).await;
            }
            late = self.look(late);
            tokio::time::sleep(self.every).await;
        }
    }

    /// What was cosigned before the start, as far as the policies of today accept it.
    fn take_over(&self) {
        for watched in &self.watched {
            let found = read(&self.kept.join(file_of(watched))).ok();
            let head = found.and_then(|bytes| {
                let note = SignedNote::parse_bytes(&bytes).ok()?;
                cosigned(&watched.policy, &note)
            });
            let since = CosignedHead { note: None, at: SystemClock::new().now() };
            let sm3 = watched.algorithm == Algorithm::Sm3;
            self.gateway.put_cosigned(&watched.log, sm3, head.unwrap_or(since));
        }
    }

    /// Submits one head to whoever watches it.
    async fn round(&mut self, number: usize) {
        let Some(watched) = self.watched.get(number) else { return };
        let (log, algorithm, origin) = (watched.log.clone(), watched.algorithm, watched.origin.clone());
        let published = match self.ledger.reader().published(&log, algorithm) {
            Ok(Some(published)) => published,
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "a head cannot be read, to be submitted"),
        };
        let Ok(mut note) = SignedNote::parse(&published) else { return };
        let Ok(head) = Checkpoint::parse(&note.text) else { return };
        let mut lines = Vec::new();
        for submitted in watched.witnesses.clone() {
            match self.ask(&submitted, (&log, algorithm, &origin), &note, &head).await {
                Ok(found) => lines.extend(found),
                Err(error) => {
                    let witness = submitted.witness.key.name();
                    tracing::warn!(%error, witness, log = %origin, "a witness did not cosign");
                }
            }
        }
        note.signatures.extend(lines);
        let Some(watched) = self.watched.get(number) else { return };
        match cosigned(&watched.policy, &note) {
            Some(head) => {
                if let Err(error) = self.keep(&file_of(watched), &note) {
                    tracing::error!(%error, "what witnesses cosigned cannot be kept on disk");
                }
                self.gateway.put_cosigned(&log, algorithm == Algorithm::Sm3, head);
            }
            None => tracing::warn!(log = %origin, "no quorum of witnesses has cosigned the latest head"),
        }
    }

    /// The cosignatures of one witness over a head.
    async fn ask(
        &mut self,
        submitted: &Submitted,
        (log, algorithm, origin): (&LogId, Algorithm, &str),
        note: &SignedNote,
        head: &Checkpoint,
    ) -> Result<Vec<NoteSignature>, NotDone> {
        let place = (format!("{} {}", submitted.witness.key.name(), submitted.url), origin.to_owned());
        let mut told = false;
        loop {
            let old_size = self.sizes.get(&place).copied().unwrap_or(0);
            let proof = self.ledger.reader().consistency(log, algorithm, old_size, head.size)?;
            let proof = proof.ok_or(NotDone::Ahead { size: old_size, ours: head.size })?;
            let request = AddCheckpoint { old_size, proof, head: note.clone() };
            let (status, body) = self.post(&submitted.url, request.to_string()).await?;
            match (status, size(&body)) {
                (200, _) => {
                    self.sizes.insert(place, head.size);
                    return own_lines(submitted, note, &body).ok_or(NotDone::Answer);
                }
                // It cosigned another one last, and says which: once.
                (409, Some(size)) if !told => {
                    self.sizes.insert(place.clone(), size);
                    told = true;
                }
                _ => return Err(NotDone::Status { status, body: body.chars().take(200).collect() }),
            }
        }
    }

    async fn post(&self, url: &str, body: String) -> Result<(u16, String), NotDone> {
        let mut answer = self.http.post(format!("{url}/add-checkpoint")).body(body).send().await?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            if ANSWER_LEN_MAX < body.len().saturating_add(part.len()) {
                return Err(NotDone::TooLong);
            }
            body.extend_from_slice(&part);
        }
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// In one step: a head that is half written is none.
    fn keep(&self, file: &str, note: &SignedNote) -> Result<(), Failure> {
        let (unfinished, path) = (self.kept.join(format!("{file}.tmp")), self.kept.join(file));
        let _ = std::fs::remove_file(&unfinished);
        write_private(&unfinished, note.to_string().as_bytes())?;
        Ok(std::fs::rename(unfinished, path)?)
    }

    /// Raises the alarm, once, and ends it.
    fn look(&self, late: bool) -> bool {
        let now = SystemClock::new().now();
        let heads = self.gateway.cosigned_heads();
        let old = heads.iter().find(|(.., head)| head.at.after_ms(self.late_after_ms) < now);
        match old {
            Some((log, sm3, head)) if !late => tracing::error!(
                log,
                sm3,
                age_s = now.0.saturating_sub(head.at.0) / Timestamp::SECOND_MS,
                "no quorum of witnesses has cosigned this log for too long: nobody outside can vouch that it was not set back"
            ),
            None if late => tracing::warn!("witnesses cosign again"),
            _ => {}
        }
        old.is_some()
    }
}

/// The head, if a policy accepts it with the cosignatures under it.
fn cosigned(policy: &Policy, note: &SignedNote) -> Option<CosignedHead> {
    let accepted = policy.accept(note).ok()?;
    let latest = accepted.cosigned.iter().map(|(_, at_s)| *at_s).max()?;
    Some(CosignedHead { note: Some(note.to_string()), at: Timestamp(latest.saturating_mul(1_000)) })
}

/// The lines of an answer that are this witness's own, and right.
fn own_lines(submitted: &Submitted, note: &SignedNote, body: &str) -> Option<Vec<NoteSignature>> {
    let mut answered = SignedNote::parse(&format!("{}\n{body}", note.text)).ok()?;
    let key = &submitted.witness.key;
    answered.signatures.retain(|line| line.name == key.name() && line.key_id == key.key_id());
    key.verify(&answered).ok()?;
    Some(answered.signatures)
}

/// The size in the body of a 409.
fn size(body: &str) -> Option<u64> {
    let digits = body.strip_suffix('\n')?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

fn files(policies: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(policies);
    let entries =
        entries.map_err(|error| format!("cannot read the directory {}: {error}", policies.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "policy"));
    files.sort();
    Ok(files)
}

/// The trees of this platform that a policy names, with the witnesses for trees of their kind.
fn of_policy(policy: &Policy, issuer: &str, ledger: &Ledger) -> Result<Vec<Watched>, String> {
    let mut found = Vec::new();
    for log in ledger.reader().logs() {
        for algorithm in Algorithm::EVERY {
            let origin = origin(host_of(issuer), &log, algorithm);
            if policy.logs().iter().any(|of| of.key.name() == origin && of.key.algorithm() == algorithm) {
                let witnesses = witnesses(policy, algorithm)?;
                if witnesses.is_empty() {
                    return Err(format!("it names no witness with an address for {origin}"));
                }
                let (log, policy) = (log.clone(), policy.clone());
                found.push(Watched { log, algorithm, origin, policy, witnesses });
            }
        }
    }
    if found.is_empty() {
        return Err("it names no log of this platform".to_owned());
    }
    Ok(found)
}

fn witnesses(policy: &Policy, algorithm: Algorithm) -> Result<Vec<Submitted>, String> {
    let mut found = Vec::new();
    for witness in policy.witnesses().iter().filter(|witness| witness.key.key().algorithm() == algorithm) {
        let Some(url) = &witness.url else { continue };
        let url = str::from_utf8(url).unwrap_or_default().trim_end_matches('/').to_owned();
        let here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
        if !url.starts_with("https://") && !here.iter().any(|here| url.starts_with(here)) {
            return Err(format!("the witness {} is not at an https:// address", witness.key.name()));
        }
        found.push(Submitted { witness: witness.clone(), url });
    }
    Ok(found)
}

fn file_of(watched: &Watched) -> String {
    let tree = match watched.algorithm {
        Algorithm::Sha256 => "sha256",
        Algorithm::Sm3 => "sm3",
    };
    format!("{}.{tree}", watched.log.to_string().replace('/', "-"))
}
