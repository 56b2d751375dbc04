//! Who sends nothing, or too slowly, is let go; who comes when all places are taken waits; who is answered is waited for.

use std::net::SocketAddr;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

fn bounds() -> Bounds {
    let ms = Duration::from_millis;
    Bounds { connections_max: 2, head: ms(300), body: ms(300), leave: ms(3_000) }
}

async fn open() -> (Door, SocketAddr) {
    let router = Router::new()
        .route("/", get(async || "here"))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(300)).await;
                "at last"
            }),
        )
        .route("/echo", post(async |body: String| body));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (Door::open(listener, None, router, bounds()), address)
}

async fn ask(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

const CLOSE: &str = "host: a\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn whoever_sends_no_whole_head_is_let_go() {
    let (door, address) = open().await;
    assert_eq!(ask(address, "").await, "");
    let answer = ask(address, "GET / HTTP/1.1\r\nhost: a\r\nx-slow").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // An idle connection between two requests goes the same way.
    let answer = ask(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.ends_with("here"), "{answer}");
    door.close().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_not_waited_for() {
    let (door, address) = open().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let trickling = tokio::spawn(async move {
        while to.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(5), from.read_to_string(&mut answer)).await;
    trickling.abort();
    assert!(read.is_ok() && !answer.starts_with("HTTP/1.1 200"), "{answer}");
    door.close().await;
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (door, address) = open().await;
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n{CLOSE}", "a".repeat(2 * HEAD_LEN_MAX));
    let answer = ask(address, &long).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("GET / HTTP/1.1\r\n{}{CLOSE}", "x: a\r\n".repeat(HEADERS_MAX + 1));
    let answer = ask(address, &many).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    door.close().await;
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_waits_for_one() {
    let (door, address) = open().await;
    let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    tokio::time::sleep(Duration::from_millis(50)).await;
    let asked = tokio::spawn(async move { ask(address, &format!("GET / HTTP/1.1\r\n{CLOSE}")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!asked.is_finished(), "a third connection was served");
    // The idle ones are let go in time.
    let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.unwrap().unwrap();
    assert!(answer.ends_with("here"), "{answer}");
    drop(idle);
    door.close().await;
}

#[tokio::test]
async fn who_is_being_answered_gets_the_answer_before_the_door_closes() {
    let (door, address) = open().await;
    let asked = tokio::spawn(async move { ask(address, &format!("GET /slow HTTP/1.1\r\n{CLOSE}")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    door.close().await;
    assert!(asked.await.unwrap().ends_with("at last"));
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}

/// Whoever asks and never reads holds a place only for a while.
#[tokio::test]
async fn a_connection_that_does_not_read_ends() {
    let (here, mut there) = tokio::io::duplex(16);
    let mut reading = Reading::by(here, Duration::from_millis(50));
    let refused = reading.write_all(&[7; 64]).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::TimedOut);
    // As long as something is read now and then, it goes on.
    let (here, there_too) = tokio::io::duplex(16);
    let mut reading = Reading::by(here, Duration::from_millis(200));
    let slow = tokio::spawn(async move {
        let mut there = there_too;
        let mut read = [0; 16];
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            there.read_exact(&mut read[..8]).await.unwrap();
        }
    });
    reading.write_all(&[7; 64]).await.unwrap();
    slow.await.unwrap();
    assert_eq!(there.read(&mut [0; 16]).await.unwrap(), 16);
}
