//! `docs/OWN-PLATFORM.md` works as it stands: its shell blocks, one after the other, from the files of the example to a
//! disclosure; and a person on a phone-sized screen who does what the page says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "browser/chrome.rs"]
mod chrome;
#[path = "demo/mod.rs"]
mod demo;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrome::{Browser, Settings};
use demo::Demo;
use demo::visitor::of_project;

/// A phone.
const WIDTH: u32 = 390;

#[test]
fn whoever_follows_the_page_has_a_platform_an_app_and_a_person_of_their_own() {
    let Some(browser) = Browser::start(Settings { lang: "en", ..Settings::default() }) else { return };
    browser.width(WIDTH);
    let demo = Demo::start();
    let (mut shell, back) = (follow(&demo), format!("{}?code=", redirect()));
    let mut keyboard = shell.stdin.take().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(shell.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(authorize) = line.strip_prefix("Open within 90 seconds: ") {
            let arrived = agree(&browser, authorize);
            let code = arrived.strip_prefix(&back).unwrap_or_else(|| panic!("{arrived}"));
            writeln!(keyboard, "{}", code.split('&').next().unwrap()).unwrap();
        }
        if line.starts_with("Withdraw at ") {
            browser.open(&format!("{}/centre", demo.issuer));
            assert!(browser.text(".card").contains("Bamboo Courier"), "{}", browser.text(".card"));
            fits(&browser);
            browser.follow(".card button[value='whole']");
            assert_eq!(browser.url(), format!("{}/centre?done=withdrawn", demo.issuer));
            writeln!(keyboard).unwrap();
        }
        said.push(line);
    }
    let mut complaints = String::new();
    shell.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert!(shell.wait().unwrap().success(), "{said:#?}\n{complaints}");

    // The planted mistake: where, against what.
    let told = said.join("\n");
    for words in
        ["apps/bamboo-courier.toml:", "not-necessary", "precise_location", "Not accepted: exit code 1"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let answers: Vec<serde_json::Value> =
        said.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [given, refused, verified] = &answers[..] else { panic!("{said:#?}\n{complaints}") };
    assert_eq!(given["items"]["name"], "示例用户甲", "{given}");
    assert_eq!(given["items"]["delivery_address"], "示例市虚构路 1 号", "{given}");
    assert!(given["receipt"]["proofs"]["sha256"].is_string());
    assert_eq!((&refused["status"], &refused["items"]["name"]), (&403.into(), &"withdrawn".into()));
    assert_eq!(verified["ok"], true, "{verified}");
}

/// The page's blocks in a shell, in a directory of their own next to the demonstration's data.
fn follow(demo: &Demo) -> Child {
    let page = std::fs::read_to_string(of_project("docs/OWN-PLATFORM.md")).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let script = blocks.collect::<Vec<_>>().join("\n");
    assert!(script.contains("yinuo apply") && script.contains("/v1/disclosures"), "{script}");
    let program = Path::new(env!("CARGO_BIN_EXE_yinuo")).parent().unwrap();
    let work = demo.data().join("follower");
    std::fs::create_dir(&work).unwrap();
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(work)
        .env("PATH", format!("{}:{}", program.display(), std::env::var("PATH").unwrap()))
        .env("ISSUER", &demo.issuer)
        .env("DATA", demo.data())
        .env("EXAMPLE", of_project("examples/platform/good"))
        .env("REDIRECT", redirect())
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Where the browser goes in the end: an address at which somebody answers, whatever they say.
fn redirect() -> String {
    static HERE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let here = || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = format!("http://{}/back", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4_096]);
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nback");
            }
        });
        here
    };
    HERE.get_or_init(here).clone()
}

/// Signs in as the person who was imported, ticks both items, agrees; gives the address the browser comes to.
fn agree(browser: &Browser, authorize: &str) -> String {
    browser.open(authorize);
    fits(browser);
    browser.type_into("input[name='choice']:not([type='hidden'])", "u-1001");
    browser.follow("form:has(input[name='choice']) button");
    assert!(browser.text(".glance").contains("Bamboo Express Company"), "{}", browser.text("main"));
    fits(browser);
    for item in ["name", "delivery_address"] {
        browser.click(&format!("input[name='choice'][value='parcel/{item}']"));
    }
    browser.follow("button[value='agree']");
    browser.url()
}

/// Nothing reaches beyond a phone's edge.
fn fits(browser: &Browser) {
    let beyond =
        browser.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(beyond, 0, "{}", browser.url());
}
