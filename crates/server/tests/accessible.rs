//! Everybody can use it: the rules of WCAG 2.2 A and AA over every page in every state, by axe-core; consent and
//! withdrawal by the keyboard alone; targets that a finger hits; as few steps to take back as to give.
//!
//! axe-core is installed by `./test` from `tests/axe/package-lock.json` and put into each page from its file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(dead_code, reason = "the journeys share their steps")]

#[path = "browser/chrome.rs"]
mod chrome;
#[path = "demo/mod.rs"]
mod demo;
#[path = "browser/person.rs"]
mod person;
#[path = "browser/staff.rs"]
mod staff;

use std::path::Path;
use std::rc::Rc;

use chrome::{Browser, Settings};
use demo::{Demo, Options};
use fantoccini::key::Key;
use person::{DELIVERY, OFFERS, Person};
use staff::{arrive, code, reset};

const COURIER: &str = "sample-courier";

/// Pages of one person who allowed something, by address; what is reached by a form is looked at where it happens.
const PAGES: &[&str] = &[
    "/",
    "/sign-in",
    "/centre",
    "/centre/apps/sample-courier",
    "/centre/items",
    "/centre/items/name",
    "/centre/package",
    "/centre/history",
    "/centre/delete",
    "/problems",
    "/problems/withheld",
    "/api",
    "/style",
    "/no-such-page",
];

/// Pages of staff who are signed in.
const CONSOLE: &[&str] = &[
    "/console",
    "/console/partners",
    "/console/partners/confirm?act=hide&of=sample-courier",
    "/console/log",
    "/console/me",
];

/// How each page is looked at: language, width, scheme.
const LOOKS: [(&str, u32, &str); 8] = [
    ("zh", 360, "light"),
    ("zh", 360, "dark"),
    ("zh", 1280, "light"),
    ("zh", 1280, "dark"),
    ("en", 360, "light"),
    ("en", 360, "dark"),
    ("en", 1280, "light"),
    ("en", 1280, "dark"),
];

/// What axe-core finds on the page as it is now, one line each. A name that does not hold the words one sees (2.5.3) is
/// what it calls incomplete; here it is broken.
fn violations(person: &Browser) -> Vec<String> {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/axe/node_modules/axe-core/axe.min.js");
    let script =
        std::fs::read_to_string(script).expect("axe-core is missing: run ./test, or `npm ci` in tests/axe");
    person.script(&script);
    let found = person.script(
        "return axe.run(document, {
            resultTypes: ['violations', 'incomplete'],
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
            rules: {'target-size': {enabled: true}, 'label-content-name-mismatch': {enabled: true}},
        }).then(found => [found.passes.length, found.violations.concat(
            found.incomplete.filter(rule => rule.id === 'label-content-name-mismatch')).flatMap(rule =>
            rule.nodes.map(node => `${rule.id} ${node.target}: ${node.failureSummary}`))]);",
    );
    // A run in which nothing passed looked at nothing.
    assert!(5 < found[0].as_u64().unwrap(), "{found}");
    found[1].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// Looks at the page of this moment in both schemes and sizes, in the language it is in.
fn look(person: &Browser, what: &str, found: &mut Vec<String>, looked: &mut usize) {
    for (_, width, scheme) in &LOOKS[..4] {
        person.width(*width);
        person.scheme(scheme);
        let here = violations(person);
        found.extend(here.into_iter().map(|line| format!("{what} {width} {scheme}: {line}")));
        *looked += 1;
    }
}

/// Looks at the page at this address in every way.
fn look_all(browser: &Browser, issuer: &str, page: &str, found: &mut Vec<String>, looked: &mut usize) {
    let mark = if page.contains('?') { '&' } else { '?' };
    for (lang, width, scheme) in LOOKS {
        browser.width(width);
        browser.scheme(scheme);
        browser.open(&format!("{issuer}{page}{mark}lang={lang}"));
        let here = violations(browser);
        found.extend(here.into_iter().map(|line| format!("{page} {lang} {width} {scheme}: {line}")));
        *looked += 1;
    }
}

/// With the second factor, and on the way to it.
#[test]
fn no_page_of_staff_breaks_a_rule_of_wcag_in_any_state_size_scheme_or_language() {
    let Some(browser) = Browser::start(Settings { lang: "en", ..Settings::default() }) else { return };
    let mut demo = Demo::start_with(&Options { more: &["--localhost"], ..Options::default() });
    let said = demo.says("staff-wei  operator  secret ");
    let (secret, issuer) = (said.split(' ').next().unwrap(), demo.issuer.clone());
    browser.plug_in_authenticator();
    let (mut found, mut looked) = (Vec::new(), 0);

    look_all(&browser, &issuer, "/console/sign-in", &mut found, &mut looked);
    arrive(&browser, &issuer);
    look_all(&browser, &issuer, "/console/second-factor", &mut found, &mut looked);
    browser.type_into("#code", &code(secret, 0));
    browser.follow("form[action='/console/second-factor'] button");
    for page in CONSOLE {
        look_all(&browser, &issuer, page, &mut found, &mut looked);
        assert!(browser.url().starts_with(&format!("{issuer}{page}")), "{page}: {}", browser.url());
    }
    browser.type_into("#name", "a laptop");
    browser.type_into("#code", &code(secret, 1));
    browser.follow("form[action='/console/passkeys'] button");
    look(&browser, "a new passkey", &mut found, &mut looked);
    browser.follow("form[data-passkey='create'] button");
    assert!(browser.has("form[action='/console/passkeys/remove']"));
    look(&browser, "somebody who has a passkey", &mut found, &mut looked);

    // Whoever was given a code sets a factor up.
    let enrolment = reset(&demo, "staff-wei");
    arrive(&browser, &issuer);
    browser.type_into("#code", &enrolment);
    browser.follow("form[action='/console/second-factor'] button");
    assert!(browser.has("main svg"), "the picture to scan");
    look_all(&browser, &issuer, "/console/second-factor", &mut found, &mut looked);
    assert_eq!(looked, (3 + CONSOLE.len()) * LOOKS.len() + 2 * 4);
    assert!(found.is_empty(), "{} of {looked} looks:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_page_breaks_a_rule_of_wcag_in_any_state_size_scheme_or_language() {
    let Some(person) = Person::new("demo-20") else { return };
    let (mut found, mut looked) = (Vec::new(), 0);
    // Before anything was allowed.
    person.visit("/centre");
    person.sign_in();
    look(&person, "an empty centre", &mut found, &mut looked);
    person.start(COURIER);
    look(&person, "the consent page", &mut found, &mut looked);
    person.follow("nav a[hreflang]");
    look(&person, "the consent page in English", &mut found, &mut looked);
    person.tick(&DELIVERY);
    person.agree();
    person.app_asks(COURIER);
    person.start(COURIER);
    look(&person, "the consent page of who allowed something", &mut found, &mut looked);
    for page in PAGES {
        look_all(&person, &person.demo.issuer, page, &mut found, &mut looked);
    }
    person.visit("/centre?lang=zh");
    person.follow(".card button[value='whole']");
    look(&person, "a centre after a withdrawal", &mut found, &mut looked);
    assert_eq!(looked, 5 * 4 + PAGES.len() * LOOKS.len());
    assert!(found.is_empty(), "{} of {looked} looks:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_page_that_breaks_a_rule_is_found() {
    let Some(person) = Person::new("demo-20") else { return };
    person.visit("/");
    person.script(
        "document.documentElement.removeAttribute('lang');
         document.querySelector('main').innerHTML += '<img src=x><button aria-label=\"something else\">these words</button>'",
    );
    let found = violations(&person).join("\n");
    for rule in ["html-has-lang", "image-alt", "label-content-name-mismatch"] {
        assert!(found.contains(rule), "{rule}: {found}");
    }
}

/// Moves the focus on until it is at `css`, as a person who has no mouse does; counts no more than the page has.
fn tab_to(person: &Person, css: &str) {
    for _ in 0..80 {
        person.press(Key::Tab);
        let there = person.script(&format!("return document.activeElement.matches({css:?})"));
        if there.as_bool() == Some(true) {
            // WCAG 2.4.7: where the focus is can be seen.
            let outline = person.script("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]");
            assert!(outline[0] != "none" && 2.0 <= outline[1].as_f64().unwrap(), "{css}: {outline}");
            return;
        }
    }
    panic!("the keyboard does not reach {css}");
}

#[test]
fn consent_and_withdrawal_need_no_mouse() {
    let Some(person) = Person::new("demo-21") else { return };
    person.start(COURIER);
    for choice in DELIVERY {
        tab_to(&person, &format!("input[value='{choice}']"));
        person.press(Key::Space);
    }
    tab_to(&person, "button[value='agree']");
    person.press_to_leave(Key::Enter);
    person.app_asks(COURIER);
    assert!(person.was_given());

    person.visit("/");
    tab_to(&person, "nav a[href='/centre']");
    person.press_to_leave(Key::Enter);
    tab_to(&person, ".card button[value='whole']");
    person.press_to_leave(Key::Enter);
    assert!(person.is_at("/centre?done=withdrawn"));
    person.app_asks(COURIER);
    assert!(person.was_refused());
}

#[test]
fn taking_back_needs_no_more_steps_than_giving() {
    let Some(person) = Person::new("demo-22") else { return };
    person.start(COURIER);
    let before = person.clicks.get();
    person.tick(&DELIVERY[..1]);
    person.agree();
    let to_give = person.clicks.get() - before;
    person.visit("/centre");
    let before = person.clicks.get();
    person.follow(".card button[value='whole']");
    let to_take_back = person.clicks.get() - before;
    assert!(person.is_at("/centre?done=withdrawn"));
    assert!(to_take_back <= to_give, "{to_take_back} to take back, {to_give} to give");
}

/// WCAG 2.5.8, without its exception for what stands in a line of text where there is none.
#[test]
fn whatever_is_pressed_is_large_enough_for_a_finger() {
    let Some(person) = Person::new("demo-23") else { return };
    person.width(360);
    person.start(COURIER);
    let small = "return [...document.querySelectorAll('button, select, summary, label:has(input), nav a')]
        .filter(element => element.getClientRects().length)
        .map(element => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
        .filter(([, area]) => area.width < 24 || area.height < 24)
        .map(([html, area]) => `${html} ${area.width}x${area.height}`)";
    assert_eq!(person.script(small), serde_json::json!([]), "the consent page");
    person.tick(&DELIVERY);
    person.tick(&OFFERS);
    person.agree();
    for page in PAGES {
        person.visit(page);
        assert_eq!(person.script(small), serde_json::json!([]), "{page}");
    }
}

/// By what the pages do, not by what they say.
#[test]
fn one_journey_holds_in_each_language_size_and_scheme_with_and_without_scripts() {
    let demo = Rc::new(Demo::start());
    let mut ids = (15..31).map(|number| format!("demo-{number}"));
    for lang in ["zh-CN", "en"] {
        for javascript in [true, false] {
            let mut before: Option<Person> = None;
            for scheme in ["light", "dark"] {
                for width in [360, 1280] {
                    let id = ids.next().unwrap();
                    let person = match before.take() {
                        Some(person) => person.becomes(&id),
                        None => match Person::before(&demo, &id, Settings { javascript, lang }) {
                            Some(person) => person,
                            None => return,
                        },
                    };
                    person.scheme(scheme);
                    person.width(width);
                    journey(&person);
                    before = Some(person);
                }
            }
        }
    }
    assert_eq!(ids.next(), None, "each way was walked once");
}

/// Consent, release, withdrawal, refusal, and a history of four.
fn journey(person: &Person) {
    person.allow(COURIER, &DELIVERY);
    person.app_asks(COURIER);
    assert!(person.was_given());
    person.visit("/centre");
    person.follow(".card button[value='whole']");
    assert!(person.is_at("/centre?done=withdrawn") && !person.has(".card button[value='whole']"));
    person.app_asks(COURIER);
    assert!(person.was_refused());
    assert_eq!(person.history().len(), 4);
}
