//! A closed-loop client: so many connections, each asks again as soon as its answer was read and checked. It runs on a
//! thread of its own and does little more than a system call each way, so that two cores are left to whom it asks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem::find;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use yinuo_benches::Cpu;

/// What is asked again and again.
pub trait Questions: Send + Sync + 'static {
    /// The bytes of one of the requests.
    fn request(&self, number: usize) -> &[u8];

    /// Whether this is the right answer to it: status 200 has been seen, this is the body.
    fn check(&self, number: usize, body: &[u8], tally: &mut Tally);
}

/// What came of it.
#[derive(Default)]
pub struct Tally {
    pub answers: u64,
    /// From the request's first byte to the answer's last, in microseconds.
    pub micros: Vec<u32>,
    /// The entries that were named.
    pub indexes: Vec<u64>,
    /// Answers to be looked at closely when the clock has stopped.
    pub kept: Vec<(usize, Vec<u8>)>,
    pub took: Duration,
    /// How long the client was on a processor for all this.
    pub cpu_micros: f64,
}

impl Tally {
    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }

    /// What so much of the answers did not exceed, in milliseconds.
    pub fn millis(&mut self, part: f64) -> f64 {
        self.micros.sort_unstable();
        let place = (self.micros.len().saturating_sub(1)) as f64 * part;
        self.micros.get(place as usize).map_or(f64::NAN, |micros| f64::from(*micros) / 1e3)
    }
}

/// Asks for so long over so many connections, which are made before the clock starts.
pub fn ask(
    address: SocketAddr,
    questions: &Arc<dyn Questions>,
    connections: usize,
    within: Duration,
) -> Tally {
    let questions = Arc::clone(questions);
    let thread = std::thread::Builder::new().name("client".to_owned());
    let thread = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let tally = runtime.expect("a runtime").block_on(all(address, questions, connections, within));
        Tally { cpu_micros: Cpu::of_this_thread(), ..tally }
    });
    thread.expect("a thread").join().expect("every answer is right")
}

async fn all(
    address: SocketAddr,
    questions: Arc<dyn Questions>,
    connections: usize,
    within: Duration,
) -> Tally {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("TCP");
        streams.push(stream);
    }
    let begun = Instant::now();
    let until = begun + within;
    let asking: Vec<_> = streams
        .into_iter()
        .enumerate()
        .map(|(nth, stream)| tokio::spawn(one(stream, Arc::clone(&questions), nth * 37, until)))
        .collect();
    let mut whole = Tally::default();
    for asking in asking {
        let mut tally = asking.await.expect("every answer is right");
        whole.answers += tally.answers;
        whole.micros.append(&mut tally.micros);
        whole.indexes.append(&mut tally.indexes);
        whole.kept.append(&mut tally.kept);
    }
    whole.took = begun.elapsed();
    whole
}

async fn one(mut stream: TcpStream, questions: Arc<dyn Questions>, first: usize, until: Instant) -> Tally {
    let mut tally = Tally::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut number = first;
    loop {
        let begun = Instant::now();
        if until <= begun {
            return tally;
        }
        stream.write_all(questions.request(number)).await.expect("the connection stays");
        let (mut filled, mut whole) = (0, None);
        let (body, end) = loop {
            let read = stream.read(&mut buffer[filled..]).await.expect("the connection stays");
            assert_ne!(read, 0, "the connection was closed");
            filled += read;
            if whole.is_none() {
                whole = extent(&buffer[..filled]);
            }
            match whole {
                Some((body, end)) if end <= filled => break (body, end),
                _ => assert!(filled < buffer.len(), "an answer is longer than any should be"),
            }
        };
        assert_eq!(end, filled, "more came than was asked for");
        let answer = &buffer[..end];
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(answer));
        questions.check(number, &answer[body..], &mut tally);
        tally.answers += 1;
        tally.micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        number += 1;
    }
}

/// Where the body begins and ends, once the head is there.
pub(crate) fn extent(answer: &[u8]) -> Option<(usize, usize)> {
    const LENGTH: &[u8] = b"ontent-length: ";
    const UPPER: &[u8] = b"ontent-Length: ";
    let body = find(answer, b"\r\n\r\n")? + 4;
    let head = &answer[..body];
    let length = find(head, LENGTH).or_else(|| find(head, UPPER)).expect("an answer says its length");
    let digits = head[length + LENGTH.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0_usize, |length, digit| length * 10 + usize::from(digit - b'0'));
    Some((body, body + length))
}
