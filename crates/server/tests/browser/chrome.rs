//! A headless Chromium with a fresh profile, and the few things a person does with it.
//!
//! No name but `127.0.0.1` and `localhost` resolves in it, so that nothing can leave this machine unseen. A page that is sent or
//! followed to is there when the step returns.
#![allow(clippy::disallowed_methods, reason = "tests read settings and wait")]
#![allow(dead_code, reason = "not every test needs all of it")]

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(30);

const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--no-proxy-server",
    "--force-prefers-reduced-motion",
    "--hide-scrollbars",
    "--disable-lcd-text",
    "--window-size=1280,900",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
];

/// How the browser is set.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) javascript: bool,
    /// The value of `Accept-Language`.
    pub(crate) lang: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self { javascript: true, lang: "zh-CN" }
    }
}

/// A running browser with one window.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    /// How often the person clicked.
    pub(crate) clicks: Cell<u32>,
    // Fields are dropped in this order: the driver leaves before its directory goes.
    _driver: Driver,
    _home: TempDir,
}

/// One request that the browser made.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) url: String,
    /// The page it was made for. Of a page itself: the page.
    pub(crate) page: String,
    /// The address that redirected to this one.
    pub(crate) redirected_from: Option<String>,
}

impl Browser {
    /// Starts one. Nothing without a browser only when the caller of the tests says so.
    pub(crate) fn start(settings: Settings) -> Option<Self> {
        if std::env::var("YINUO_SKIP_BROWSER").is_ok_and(|set| set == "1") {
            eprintln!("skipped: YINUO_SKIP_BROWSER=1 leaves out what needs a browser");
            return None;
        }
        let chromium = installed("chromium");
        let home = TempDir::new().unwrap();
        let driver = Driver::start(&home);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let capabilities = capabilities(&chromium, &home, settings);
        // The driver speaks HTTP on this machine, so that no TLS is needed.
        let mut connector = ClientBuilder::new(HttpConnector::new());
        let connecting = connector.capabilities(capabilities).connect(&driver.address);
        let client = runtime.block_on(connecting).expect("chromedriver starts chromium");
        Some(Self { runtime, client, clicks: Cell::new(0), _driver: driver, _home: home })
    }

    pub(crate) fn open(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        self.runtime.block_on(self.client.current_url()).unwrap().to_string()
    }

    /// The first element that this CSS selector finds.
    #[track_caller]
    pub(crate) fn find(&self, css: &str) -> Element {
        let found = self.runtime.block_on(self.client.find(Locator::Css(css)));
        found.unwrap_or_else(|error| panic!("no {css}: {error}\n{}", self.seen()))
    }

    pub(crate) fn all(&self, css: &str) -> Vec<Element> {
        self.runtime.block_on(self.client.find_all(Locator::Css(css))).unwrap()
    }

    pub(crate) fn has(&self, css: &str) -> bool {
        !self.all(css).is_empty()
    }

    /// The text that a reader sees there.
    #[track_caller]
    pub(crate) fn text(&self, css: &str) -> String {
        self.runtime.block_on(self.find(css).text()).unwrap()
    }

    /// Each text, in order.
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        self.all(css).iter().map(|element| self.runtime.block_on(element.text()).unwrap()).collect()
    }

    /// Each one's attribute, in order.
    pub(crate) fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let of = |element: &Element| self.runtime.block_on(element.attr(name)).unwrap().unwrap_or_default();
        self.all(css).iter().map(of).collect()
    }

    /// A computed style.
    #[track_caller]
    pub(crate) fn style(&self, css: &str, property: &str) -> String {
        self.runtime.block_on(self.find(css).css_value(property)).unwrap()
    }

    /// Left, top, width, height.
    #[track_caller]
    pub(crate) fn area(&self, css: &str) -> (f64, f64, f64, f64) {
        self.runtime.block_on(self.find(css).rectangle()).unwrap()
    }

    /// Clicks something that stays on this page.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        let element = self.find(css);
        let clicked = self.runtime.block_on(element.click());
        clicked.unwrap_or_else(|error| panic!("cannot click {css}: {error}\n{}", self.seen()));
        self.clicks.set(self.clicks.get() + 1);
    }

    /// Clicks something that leads to another page, and waits until the old page is gone.
    #[track_caller]
    pub(crate) fn follow(&self, css: &str) {
        let before = self.find("html");
        self.click(css);
        let started = Instant::now();
        while self.runtime.block_on(before.tag_name()).is_ok() {
            assert!(started.elapsed() < PATIENCE, "{css} leads nowhere\n{}", self.seen());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.find("body");
    }

    /// Runs a script in the page, as the driver may even where pages may not.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, Vec::new())).unwrap()
    }

    /// Makes the window this wide, in CSS pixels.
    pub(crate) fn width(&self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Forgets every cookie.
    pub(crate) fn forget(&self) {
        self.devtools("Network.clearBrowserCookies", json!({}));
    }

    /// Says that this person likes pages `light` or `dark`.
    pub(crate) fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// Presses one key, for whatever has the focus.
    pub(crate) fn press(&self, key: Key) {
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key.into() })
            .then(KeyAction::Up { value: key.into() });
        self.runtime.block_on(self.client.perform_actions(keys)).unwrap();
    }

    /// Presses a key that leads to another page, and waits until the old page is gone.
    #[track_caller]
    pub(crate) fn press_to_leave(&self, key: Key) {
        let before = self.find("html");
        self.press(key);
        let started = Instant::now();
        while self.runtime.block_on(before.tag_name()).is_ok() {
            assert!(started.elapsed() < PATIENCE, "the key leads nowhere\n{}", self.seen());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.find("body");
    }

    /// A picture of the whole page, as PNG in base64.
    pub(crate) fn picture(&self, scale: f64) -> String {
        let size = &self.devtools("Page.getLayoutMetrics", json!({}))["cssContentSize"];
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": scale});
        let parameters = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.devtools("Page.captureScreenshot", parameters);
        picture["data"].as_str().unwrap().to_owned()
    }

    /// What the browser asked for since the last time somebody wanted to know.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let entries = self.issue(Raw { path: "se/log", body: json!({"type": "performance"}) });
        let messages = entries.as_array().unwrap().iter().map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            message["message"].clone()
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        messages
            .filter(|message| message["method"] == "Network.requestWillBeSent")
            .map(|message| {
                let parameters = &message["params"];
                Request {
                    url: text(&parameters["request"]["url"]),
                    page: text(&parameters["documentURL"]),
                    redirected_from: parameters["redirectResponse"]["url"].as_str().map(str::to_owned),
                }
            })
            .collect()
    }

    /// Types into a field.
    #[track_caller]
    pub(crate) fn type_into(&self, css: &str, text: &str) {
        self.runtime.block_on(self.find(css).send_keys(text)).unwrap();
    }

    /// Gives the machine an authenticator, as part of it, that always verifies its user.
    pub(crate) fn plug_in_authenticator(&self) {
        let body = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true,
        });
        self.issue(Raw { path: "webauthn/authenticator", body });
    }

    /// Waits for something that is not the browser's.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Where it is and what it shows, for whoever reads that a test failed.
    fn seen(&self) -> String {
        let url = self.runtime.block_on(self.client.current_url());
        let source = self.runtime.block_on(self.client.source());
        format!("at {url:?}: {}", source.unwrap_or_default())
    }

    fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.issue(Raw { path: "goog/cdp/execute", body: json!({"cmd": command, "params": parameters}) })
    }

    fn issue(&self, command: Raw) -> Value {
        self.runtime.block_on(self.client.issue_cmd(command)).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Also when a test fails: the driver alone would leave its browser behind.
        let closed = self.runtime.block_on(self.client.clone().close());
        assert!(std::thread::panicking() || closed.is_ok(), "the browser did not close: {closed:?}");
    }
}

/// A command of Chromium's driver that the standard does not have.
#[derive(Debug)]
struct Raw {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// `chromedriver` on a free port.
struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    fn start(home: &TempDir) -> Self {
        let mut child = Command::new(installed("chromedriver"))
            .arg("--port=0")
            // Nothing of whoever runs the tests: no proxy, no profile, no language.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let len = out.read_line(&mut said).unwrap();
            assert_ne!(len, 0, "chromedriver left: {said}");
            let line = said.lines().last().unwrap_or_default();
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // Read on, so that it never waits for its reader.
        std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
        Self { child, address: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a program, or a word on how to get it: a test that cannot run has not passed.
fn installed(program: &str) -> std::path::PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|dir| dir.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "{program} is not installed: run ./test, which installs it, or apt-get install chromium chromium-driver \
             fonts-noto-cjk; YINUO_SKIP_BROWSER=1 leaves these tests out"
        )
    })
}

fn capabilities(chromium: &std::path::Path, home: &TempDir, settings: Settings) -> Capabilities {
    let mut flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("--user-data-dir={}", home.path().join("profile").display()));
    flags.push(format!("--lang={}", settings.lang));
    let mut preferences = json!({"intl.accept_languages": settings.lang});
    if !settings.javascript {
        // 2 is "blocked".
        preferences["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"binary": chromium, "args": flags, "prefs": preferences},
        "goog:loggingPrefs": {"performance": "ALL"},
    });
    capabilities.as_object().unwrap().clone()
}
