//! Passkeys of staff, in Chromium with an authenticator that is not of metal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "browser/chrome.rs"]
mod chrome;
#[path = "demo/mod.rs"]
mod demo;
#[path = "browser/staff.rs"]
mod staff;

use chrome::{Browser, Settings};
use demo::{Demo, Options};
use staff::{arrive, code};

#[test]
fn staff_add_a_passkey_and_sign_in_with_it() {
    let Some(browser) = Browser::start(Settings { lang: "en", ..Settings::default() }) else { return };
    let mut demo = Demo::start_with(&Options { more: &["--localhost"], ..Options::default() });
    let said = demo.says("staff-wei  operator  secret ");
    let secret = said.split(' ').next().unwrap();
    let issuer = demo.issuer.clone();
    browser.plug_in_authenticator();

    arrive(&browser, &issuer);
    browser.type_into("#code", &code(secret, 0));
    browser.follow("form[action='/console/second-factor'] button");
    assert_eq!(browser.url(), format!("{issuer}/console"));
    browser.open(&format!("{issuer}/console/me"));
    browser.type_into("#name", "a laptop");
    browser.type_into("#code", &code(secret, 1));
    browser.follow("form[action='/console/passkeys'] button");
    browser.follow("form[data-passkey='create'] button");
    assert_eq!(browser.url(), format!("{issuer}/console/me"));
    assert!(browser.texts("dt").contains(&"a laptop".to_owned()), "{:?}", browser.texts("dt"));

    browser.follow("form[action='/console/sign-out'] button");
    for _ in 0..2 {
        arrive(&browser, &issuer);
        browser.follow("form[data-passkey='get'] button");
        assert_eq!(browser.url(), format!("{issuer}/console"));
        browser.forget();
    }
}

#[test]
fn without_scripts_codes_are_all_there_is() {
    let settings = Settings { lang: "en", javascript: false };
    let Some(browser) = Browser::start(settings) else { return };
    let mut demo = Demo::start_with(&Options { more: &["--localhost"], ..Options::default() });
    let said = demo.says("staff-wei  operator  secret ");
    let secret = said.split(' ').next().unwrap();
    arrive(&browser, &demo.issuer);
    assert_eq!(browser.text("form[data-passkey]"), "", "it is not shown");
    browser.type_into("#code", &code(secret, 0));
    browser.follow("form[action='/console/second-factor'] button");
    assert_eq!(browser.url(), format!("{}/console", demo.issuer));
}
