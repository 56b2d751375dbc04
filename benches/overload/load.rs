//! Who asks too much: a process of its own, so that what it costs can be told from what it asks for. One thread, little more than a
//! system call each way. It either asks again as soon as it was answered, or so often a second whether it is answered or not.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem::find;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::LocalSet;
use yinuo_benches::Cpu;

/// What an answer must have come within to be of use to whoever asked.
const IN_TIME: Duration = Duration::from_secs(1);
/// One answer of so many is kept, for whoever looks at it closely.
const KEPT_OF: u64 = 512;

/// What is asked, and what must come back.
#[derive(Clone, Deserialize, Serialize)]
pub struct Question {
    pub request: String,
    /// What stands in the right answer, from the items on to the receipt; or why nothing may be given.
    pub answer: String,
    /// Whether nothing may be given.
    pub refused: bool,
}

/// What a process asks for.
#[derive(Clone, Deserialize, Serialize)]
pub struct Load {
    pub address: SocketAddr,
    pub questions: Vec<Question>,
    pub connections: usize,
    /// How often a second, whatever is answered; none: as often as it is answered.
    pub per_second: Option<f64>,
    /// For how long before it counts, and for how long it counts.
    pub before: Duration,
    pub within: Duration,
}

/// What came of it while it counted.
#[derive(Default, Deserialize, Serialize)]
pub struct Outcome {
    /// What was to be asked.
    pub due: u64,
    /// What could not be asked, because no connection was free.
    pub unasked: u64,
    /// Right answers in time: what was asked for, or why not.
    pub good: u64,
    /// Right answers that came too late.
    pub late: u64,
    /// Told to come back later.
    pub later: u64,
    /// Of the good ones, from the request's first byte to the answer's last, in microseconds.
    pub micros: Vec<u32>,
    /// All entries that were named, also before it counted.
    pub indexes: Vec<u64>,
    /// Releases to be looked at closely.
    pub kept: Vec<String>,
    pub seconds: f64,
    pub cpu_micros: f64,
}

impl Outcome {
    pub fn good_per_second(&self) -> f64 {
        self.good as f64 / self.seconds
    }

    /// What so much of the good answers did not exceed, in milliseconds.
    pub fn millis(&self, part: f64) -> f64 {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let place = (sorted.len().saturating_sub(1)) as f64 * part;
        sorted.get(place as usize).map_or(f64::NAN, |micros| f64::from(*micros) / 1e3)
    }
}

/// A process that asks.
pub struct Asking(std::process::Child);

impl Load {
    /// Starts it; `nice` if others shall have the processors first.
    pub fn start(&self, nice: bool) -> Asking {
        let program = std::env::current_exe().expect("this program");
        let mut command = if nice { Command::new("nice") } else { Command::new(&program) };
        if nice {
            command.args(["-n", "10"]).arg(&program);
        }
        let mut child =
            command.arg("--load").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let plan = serde_json::to_vec(self).expect("JSON");
        child.stdin.take().expect("its input").write_all(&plan).expect("it reads what it is to ask");
        Asking(child)
    }
}

impl Asking {
    pub fn end(self) -> Outcome {
        let output = self.0.wait_with_output().expect("it ends");
        assert!(output.status.success(), "every answer is right");
        serde_json::from_slice(&output.stdout).expect("what came of it")
    }
}

/// Such a process.
pub fn main() {
    let mut plan = Vec::new();
    std::io::stdin().read_to_end(&mut plan).expect("what to ask");
    let load: Load = serde_json::from_slice(&plan).expect("what to ask");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcome = LocalSet::new().block_on(&runtime, all(load));
    std::io::stdout().write_all(&serde_json::to_vec(&outcome).expect("JSON")).expect("somebody reads");
}

/// What all connections share.
struct Shared {
    load: Load,
    outcome: RefCell<Outcome>,
    next: Cell<usize>,
    /// When each of those was due that nobody asks yet.
    due: RefCell<VecDeque<Instant>>,
    free: Cell<usize>,
    came: Notify,
    counts_from: Instant,
    ends: Instant,
}

async fn all(load: Load) -> Outcome {
    let mut streams = Vec::new();
    for _ in 0..load.connections {
        let stream = TcpStream::connect(load.address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("TCP");
        streams.push(stream);
    }
    let counts_from = Instant::now() + load.before;
    let shared = Rc::new(Shared {
        outcome: RefCell::default(),
        next: Cell::new(0),
        due: RefCell::default(),
        free: Cell::new(0),
        came: Notify::new(),
        counts_from,
        ends: counts_from + load.within,
        load,
    });
    let asking: Vec<_> =
        streams.into_iter().map(|stream| tokio::task::spawn_local(one(stream, Rc::clone(&shared)))).collect();
    if let Some(per_second) = shared.load.per_second {
        pace(&shared, per_second).await;
    }
    for asking in asking {
        asking.await.expect("every answer is right");
    }
    let mut outcome = shared.outcome.take();
    outcome.seconds = shared.load.within.as_secs_f64();
    outcome.cpu_micros = Cpu::of_this_thread();
    outcome
}

/// Lets requests become due, a few each millisecond.
async fn pace(shared: &Shared, per_second: f64) {
    let (begun, mut made) = (Instant::now(), 0_u64);
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    loop {
        tick.tick().await;
        let now = Instant::now();
        if shared.ends <= now {
            shared.came.notify_waiters();
            return;
        }
        let wanted = (begun.elapsed().as_secs_f64() * per_second) as u64;
        for _ in made..wanted {
            let counts = shared.counts_from <= now;
            let mut outcome = shared.outcome.borrow_mut();
            outcome.due += u64::from(counts);
            if shared.due.borrow().len() < shared.free.get() {
                shared.due.borrow_mut().push_back(now);
                shared.came.notify_one();
            } else {
                outcome.unasked += u64::from(counts);
            }
        }
        made = wanted;
    }
}

/// The next request of a connection; none at the end.
async fn next(shared: &Shared) -> Option<Instant> {
    if shared.load.per_second.is_none() {
        let now = Instant::now();
        if now < shared.ends && shared.counts_from <= now {
            shared.outcome.borrow_mut().due += 1;
        }
        return (now < shared.ends).then_some(now);
    }
    shared.free.set(shared.free.get() + 1);
    loop {
        let came = shared.came.notified();
        if let Some(due) = shared.due.borrow_mut().pop_front() {
            shared.free.set(shared.free.get() - 1);
            return Some(due);
        }
        if shared.ends <= Instant::now() {
            return None;
        }
        tokio::select! {
            () = came => {}
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
}

async fn one(mut stream: TcpStream, shared: Rc<Shared>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Some(due) = next(&shared).await {
        let number = shared.next.get();
        shared.next.set(number + 1);
        let question = &shared.load.questions[number % shared.load.questions.len()];
        stream.write_all(question.request.as_bytes()).await.expect("the connection stays");
        let (mut filled, mut whole) = (0, None);
        let (body, end) = loop {
            let read = stream.read(&mut buffer[filled..]).await.expect("the connection stays");
            assert_ne!(read, 0, "the connection was closed");
            filled += read;
            if whole.is_none() {
                whole = crate::client::extent(&buffer[..filled]);
            }
            match whole {
                Some((body, end)) if end <= filled => break (body, end),
                _ => assert!(filled < buffer.len(), "an answer is longer than any should be"),
            }
        };
        assert_eq!(end, filled, "more came than was asked for");
        shared.count(question, due, &buffer[..body], &buffer[body..end]);
    }
}

impl Shared {
    /// Looks at an answer, whether it counts or not.
    fn count(&self, question: &Question, due: Instant, head: &[u8], body: &[u8]) {
        let outcome = &mut *self.outcome.borrow_mut();
        let took = due.elapsed();
        let counts = u64::from(self.counts_from <= due && due < self.ends);
        if head.starts_with(b"HTTP/1.1 503 ") {
            assert!(find(head, b"\r\nretry-after: ").is_some(), "told to come back, and not when");
            outcome.later += counts;
            return;
        }
        let right = match question.refused {
            true => head.starts_with(b"HTTP/1.1 403 ") && find(body, question.answer.as_bytes()).is_some(),
            false => head.starts_with(b"HTTP/1.1 200 ") && outcome.released(question, body),
        };
        assert!(
            right,
            "not the right answer: {}{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(body)
        );
        if took <= IN_TIME {
            outcome.good += counts;
            if counts == 1 {
                outcome.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            }
        } else {
            outcome.late += counts;
        }
    }
}

impl Outcome {
    /// The very items of this person, and a receipt that names an entry and has both proofs.
    fn released(&mut self, question: &Question, body: &[u8]) -> bool {
        let Some(at) = find(body, question.answer.as_bytes()) else { return false };
        let receipt = &body[at + question.answer.len()..];
        let digits = receipt.iter().take_while(|byte| byte.is_ascii_digit());
        let index = digits.fold(0_u64, |index, digit| index * 10 + u64::from(digit - b'0'));
        self.indexes.push(index);
        if self.indexes.len() as u64 % KEPT_OF == 1 {
            self.kept.push(String::from_utf8_lossy(body).into_owned());
        }
        let sha256 = find(receipt, b"\"proofs\":{\"sha256\":\"c2sp.org/tlog-proof@v1\\n");
        sha256.is_some_and(|sha256| {
            find(&receipt[sha256..], b"\",\"sm3\":\"c2sp.org/tlog-proof@v1\\n").is_some()
        })
    }
}
