//! One person with a browser before a demonstration of their own: the steps that journeys are made of.

use std::ops::Deref;
use std::rc::Rc;

use crate::chrome::{Browser, Settings};
use crate::demo::Demo;

pub(crate) const DELIVERY: [&str; 3] =
    ["delivery/name", "delivery/delivery_address", "delivery/contact_phone"];
pub(crate) const OFFERS: [&str; 2] = ["offers/email_address", "offers/phone_number"];

/// Somebody of the demonstration's directory.
pub(crate) struct Person {
    id: String,
    browser: Browser,
    pub(crate) demo: Rc<Demo>,
}

impl Deref for Person {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Person {
    /// None only when the browser is left out on purpose.
    pub(crate) fn new(id: &str) -> Option<Self> {
        Self::with(id, Settings::default())
    }

    pub(crate) fn with(id: &str, settings: Settings) -> Option<Self> {
        let browser = Browser::start(settings)?;
        Some(Self { id: id.to_owned(), browser, demo: Rc::new(Demo::start()) })
    }

    /// Before a demonstration that others use as well.
    #[allow(dead_code, reason = "not every test shares one")]
    pub(crate) fn before(demo: &Rc<Demo>, id: &str, settings: Settings) -> Option<Self> {
        Some(Self { id: id.to_owned(), browser: Browser::start(settings)?, demo: Rc::clone(demo) })
    }

    /// The browser goes to the next person, and remembers nobody.
    #[allow(dead_code, reason = "not every test hands it on")]
    pub(crate) fn becomes(self, id: &str) -> Self {
        self.browser.forget();
        Self { id: id.to_owned(), ..self }
    }

    /// One of Yinuo's own pages.
    pub(crate) fn visit(&self, path: &str) {
        self.open(&format!("{}{path}", self.demo.issuer));
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.url() == format!("{}{path}", self.demo.issuer)
    }

    /// From the sample partner's page to the consent page, by way of signing in when that is needed.
    pub(crate) fn start(&self, app: &str) {
        self.open(&format!("{}/{app}", self.demo.partner));
        self.follow("#start");
        if self.has("button.person") {
            self.sign_in();
        }
        assert!(self.has("form[action='/consent']"), "the consent page");
    }

    pub(crate) fn sign_in(&self) {
        self.follow(&format!("button[value='{}']", self.id));
    }

    pub(crate) fn tick(&self, choices: &[&str]) {
        for choice in choices {
            self.click(&format!("input[name='choice'][value='{choice}']"));
        }
    }

    pub(crate) fn agree(&self) {
        self.follow("button[value='agree']");
    }

    pub(crate) fn refuse(&self) {
        self.follow("button[value='refuse']");
    }

    /// Start, tick, agree: back at the sample partner, which may ask now.
    pub(crate) fn allow(&self, app: &str, choices: &[&str]) {
        self.start(app);
        self.tick(choices);
        self.agree();
        assert_eq!(self.url(), format!("{}/{app}", self.demo.partner), "back at the app");
        assert!(self.has("#ask"), "the app has a token");
    }

    /// The app asks for the data. What it then shows: each name with a value or a reason.
    pub(crate) fn app_asks(&self, app: &str) -> Vec<(String, String)> {
        if !self.url().starts_with(&self.demo.partner) {
            self.open(&format!("{}/{app}", self.demo.partner));
        }
        self.follow("#ask");
        self.texts("dt").into_iter().zip(self.texts("dd")).collect()
    }

    pub(crate) fn was_given(&self) -> bool {
        self.has("#given") && !self.has("#refused")
    }

    pub(crate) fn was_refused(&self) -> bool {
        self.has("#refused") && !self.has("#given")
    }

    /// What each line of the person's history says first, newest first.
    pub(crate) fn history(&self) -> Vec<String> {
        self.visit("/centre/history");
        self.texts(".lines strong")
    }
}
