//! Promise 6: no personal value outside the vault.
//!
//! The demonstration's invented values are the canaries. One run of the real program, as loud as it can be, releases
//! them to the sample partner; then every file it wrote and every stream it spoke on is searched for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test waits for a process")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::Digest as _;

/// Values of sample person 07, as `demo/people.rs` makes them.
const CANARIES: &[&str] =
    &["示例用户07", "虚构省样例市演示区无名路 7 号", "15400000007", "person-07@people.example"];

/// The same value in every spelling in which it could leak without being recognised at sight.
fn spellings(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let raw = value.as_bytes();
    let mut out = vec![
        ("raw", raw.to_vec()),
        ("hex", hex::encode(raw).into_bytes()),
        ("HEX", hex::encode_upper(raw).into_bytes()),
        ("UTF-16LE", value.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", value.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("percent", raw.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes()),
        ("form", form_urlencoded(value).into_bytes()),
        (
            "JSON escapes",
            value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>().into_bytes(),
        ),
    ];
    // Base64 depends on where the value begins: three alignments, without the characters its neighbours decide.
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for skipped in 0..3 {
            let padded: Vec<u8> = std::iter::repeat_n(b'x', skipped).chain(raw.iter().copied()).collect();
            let text = engine.encode(&padded).into_bytes();
            let begin = if skipped == 0 { 0 } else { skipped + 1 };
            let end = text.len() - usize::from(!padded.len().is_multiple_of(3));
            out.push(("base64", text[begin..end].to_vec()));
        }
    }
    for (name, hash) in
        [("SHA-256", sha2::Sha256::digest(raw).to_vec()), ("SM3", sm3::Sm3::digest(raw).to_vec())]
    {
        out.push((name, hash[..16].to_vec()));
        out.push((name, hex::encode(&hash[..16]).into_bytes()));
    }
    out
}

fn form_urlencoded(value: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
    let spell = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if safe(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    value.bytes().map(spell).collect()
}

fn search(place: &str, haystack: &[u8], found: &mut Vec<String>) {
    for value in CANARIES {
        for (spelling, needle) in spellings(value) {
            if haystack.windows(needle.len()).any(|window| window == needle) {
                found.push(format!("canary {} as {spelling} in {place}", value.len()));
            }
        }
    }
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // The operator's socket holds no bytes.
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

#[tokio::test]
async fn promise_6_no_value_is_in_any_file_or_stream() {
    let work = tempfile::tempdir().unwrap();
    let data = work.path().join("data");
    let (out, err) = (work.path().join("out"), work.path().join("err"));
    let mut demo = Command::new(env!("CARGO_BIN_EXE_yinuo"))
        .args(["demo", "--listen", "127.0.0.1:0", "--partner-listen", "127.0.0.1:0"])
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env("YINUO_LOG", "trace")
        .current_dir(work.path())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let issuer = said(&out, "ready ");
    let partner = said(&out, "sample partner     ");
    let metrics = said(&out, "metrics   ");
    said(&out, "the very next request");

    let (given, mut answers) = walk(&issuer, &partner).await;
    let counted = http().build().unwrap().get(&metrics).send().await.unwrap().text().await.unwrap();
    assert!(counted.contains("yinuo_disclosures_total{outcome=\"released\"} "), "{counted}");
    answers.push((metrics, counted));
    // The positive control: in this run these very values were released, and the search sees them.
    for value in CANARIES.iter().take(3) {
        let mut seen = Vec::new();
        search("the partner's page", given.as_bytes(), &mut seen);
        assert!(given.contains(value), "the run released nothing: {given}");
        assert!(!seen.is_empty(), "the search is blind");
    }

    let mut found = Vec::new();
    answers.iter().for_each(|(what, body)| search(what, body.as_bytes(), &mut found));
    let live = files_below(&data);
    assert!(live.iter().any(|file| file.ends_with("ledger.sqlite-wal")), "{live:?}");
    live.iter().for_each(|file| search(&file.display().to_string(), &fs::read(file).unwrap(), &mut found));

    Command::new("kill").args(["-TERM", &demo.id().to_string()]).status().unwrap();
    assert!(demo.wait().unwrap().success());
    for file in files_below(work.path()) {
        search(&file.display().to_string(), &fs::read(&file).unwrap(), &mut found);
    }
    let loud = fs::read(&err).unwrap();
    assert!(1000 < loud.len(), "a quiet run shows nothing about logs");
    assert!(found.is_empty(), "{found:#?}");
}

/// What follows `mark` on its line in a file that is being written.
fn said(path: &Path, mark: &str) -> String {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(20) {
        let mut text = String::new();
        fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
        let line =
            text.lines().find_map(|line| line.split_once(mark).map(|(_, rest)| rest.trim().to_owned()));
        if let Some(line) = line.filter(|_| text.ends_with('\n')) {
            return line;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the demonstration never said {mark:?}");
}

/// Goes through the whole thread as sample person 07. Gives the page on which the partner shows what it received, and
/// every other answer: pages, problems, the log.
async fn walk(issuer: &str, partner: &str) -> (String, Vec<(String, String)>) {
    let http = http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut answers = Vec::new();
    let sign_in = http
        .post(format!("{issuer}/sign-in"))
        .header("origin", issuer)
        .form(&[("choice", "demo-07")])
        .send()
        .await
        .unwrap();
    let session = cookie(&sign_in);
    let start = http.post(format!("{partner}/sample-courier/start")).send().await.unwrap();
    let visitor = cookie(&start);
    let authorize = location(&start);
    let page = http.get(&authorize).header("cookie", &session).send().await.unwrap().text().await.unwrap();
    let hidden = |name: &str| {
        let mark = format!("name=\"{name}\" value=\"");
        let begin = page.find(&mark).unwrap_or_else(|| panic!("no {name} on {page}")) + mark.len();
        page[begin..].split('"').next().unwrap().to_owned()
    };
    let mut form: Vec<(&str, String)> =
        ["csrf", "client", "request_uri", "shown", "recipient"].map(|name| (name, hidden(name))).to_vec();
    form.extend(
        ["name", "delivery_address", "contact_phone"].map(|item| ("choice", format!("delivery/{item}"))),
    );
    form.extend([("days", "365".to_owned()), ("decision", "agree".to_owned())]);
    let agreed = http
        .post(format!("{issuer}/consent"))
        .header("origin", issuer)
        .header("cookie", &session)
        .form(&form)
        .send()
        .await
        .unwrap();
    let back = location(&agreed);
    http.get(&back).header("cookie", &visitor).send().await.unwrap();
    let ask = || http.post(format!("{partner}/sample-courier/ask")).header("cookie", &visitor).send();
    let given = ask().await.unwrap().text().await.unwrap();
    answers.push(("the consent page".to_owned(), page.clone()));

    for path in [
        "/centre",
        "/centre/history",
        "/centre/apps/sample-courier",
        "/",
        "/log/g/0/checkpoint",
        "/log/platform/tile/0/000.p/1",
        "/nowhere",
    ] {
        let answer = http.get(format!("{issuer}{path}")).header("cookie", &session).send().await.unwrap();
        answers.push((
            path.to_owned(),
            format!("{:?} {}", answer.headers().clone(), answer.text().await.unwrap()),
        ));
    }
    let withdraw =
        [("csrf", hidden("csrf")), ("app", "sample-courier".to_owned()), ("scope", "whole".to_owned())];
    http.post(format!("{issuer}/centre/withdraw"))
        .header("origin", issuer)
        .header("cookie", &session)
        .form(&withdraw)
        .send()
        .await
        .unwrap();
    answers.push(("the refusal".to_owned(), ask().await.unwrap().text().await.unwrap()));
    // What a person typed wrongly is not repeated either.
    let wrong = http
        .post(format!("{issuer}/v1/disclosures"))
        .bearer_auth("nonsense")
        .body(CANARIES.join(" "))
        .send()
        .await
        .unwrap();
    answers.push(("a malformed request".to_owned(), wrong.text().await.unwrap()));
    (given, answers)
}

fn cookie(response: &reqwest::Response) -> String {
    let set = response.headers().get("set-cookie").unwrap().to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn location(response: &reqwest::Response) -> String {
    response.headers().get("location").unwrap_or_else(|| panic!("{response:?}")).to_str().unwrap().to_owned()
}

/// An HTTP client that asks no proxy. Before one is built, TLS must know whose algorithms to use.
fn http() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
