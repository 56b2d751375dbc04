//! The journeys of a person in a real browser, against `yinuo demo` itself.
//!
//! Each journey has a browser, a demonstration and a data directory of its own. Chromium and its driver are needed:
//! where they are missing the tests fail, unless YINUO_SKIP_BROWSER=1 says that this is meant.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "browser/chrome.rs"]
mod chrome;
#[path = "demo/mod.rs"]
mod demo;
#[path = "browser/looks.rs"]
mod looks;
#[path = "browser/person.rs"]
mod person;
#[path = "browser/pictures.rs"]
mod pictures;
#[path = "browser/staff.rs"]
mod staff;

use chrome::Settings;
use person::{DELIVERY, OFFERS, Person};

const COURIER: &str = "sample-courier";

#[test]
fn the_consent_page_preselects_nothing_and_says_who_what_why_how_long_and_how_to_undo_it() {
    let Some(person) = Person::new("demo-05") else { return };
    person.start(COURIER);

    // Promise 9: nothing is ticked for the person.
    assert_eq!(person.attributes("input[type='checkbox']", "value").len(), 5);
    assert_eq!(person.texts("input:checked"), [""; 0]);
    assert!(!person.has("input[type='radio'], [aria-checked='true']"));

    // Necessary and optional apart: each group holds its own, and the groups do not overlap.
    assert_eq!(person.texts("legend"), ["必要信息", "可选信息"]);
    let of = |purpose: &str| {
        person.attributes(&format!("[aria-labelledby='purpose-{purpose}'] fieldset input"), "value")
    };
    assert_eq!((of("delivery"), of("offers")), (sorted(&DELIVERY), sorted(&OFFERS)));
    let (_, top, _, height) = person.area("[aria-labelledby='purpose-delivery'] fieldset");
    assert!(top + height < person.area("[aria-labelledby='purpose-offers'] fieldset").1);

    // Who, what for, how long, how to undo it.
    let glance = person.text(".glance");
    for said in ["示例快递公司", "privacy@sample-courier-company.example", "寄送包裹", "天"] {
        assert!(glance.contains(said), "{said}: {glance}");
    }
    assert_eq!(person.text(".glance a[href='/centre']"), format!("{}/centre", person.demo.issuer));

    // The notice is one click away, without leaving.
    assert_eq!(person.text(".notice div"), "");
    person.click(".notice summary");
    assert!(100 < person.text(".notice div").chars().count(), "the whole notice");
}

#[test]
fn refusing_is_as_easy_as_agreeing() {
    let Some(person) = Person::new("demo-06") else { return };
    person.start(COURIER);
    let (agree, refuse) = ("button[value='agree']", "button[value='refuse']");
    for width in [1280, 360] {
        person.width(width);
        let ((left, top, wide, high), other) = (person.area(agree), person.area(refuse));
        assert_eq!((top, wide, high), (other.1, other.2, other.3), "side by side, and of one size");
        assert!(44.0 <= high && other.0 + other.2 <= left, "large enough, and apart");
    }
    for property in [
        "font-size",
        "font-weight",
        "color",
        "background-color",
        "border-top-color",
        "border-top-width",
        "box-shadow",
        "opacity",
        "text-decoration-line",
        "cursor",
    ] {
        assert_eq!(person.style(agree, property), person.style(refuse, property), "{property}");
    }
    for button in [agree, refuse] {
        let contrast = looks::contrast(&person, button);
        assert!(4.5 <= contrast, "{button} has a contrast of {contrast}");
    }
}

#[test]
fn what_was_allowed_is_given_and_the_person_sees_it() {
    let Some(person) = Person::new("demo-05") else { return };
    gives_and_sees(&person);
}

#[test]
fn a_refusal_gives_nothing_and_leaves_no_trace() {
    let Some(person) = Person::new("demo-07") else { return };
    let nothing_was_received = || {
        assert!(
            person.url().starts_with(&format!("{}/{COURIER}/back?error=access_denied", person.demo.partner))
        );
        assert!(person.text(".en").contains("Nothing was received"));
        person.open(&format!("{}/{COURIER}", person.demo.partner));
        assert!(!person.has("#ask"), "the app has no token");
        assert_eq!(person.history(), [""; 0]);
        person.visit("/centre");
        assert!(!person.has(".card"));
    };
    person.start(COURIER);
    person.refuse();
    nothing_was_received();

    // What was ticked before a no does not count.
    person.start(COURIER);
    person.tick(&DELIVERY);
    person.refuse();
    nothing_was_received();

    // Agreeing to nothing is a no.
    person.start(COURIER);
    person.agree();
    nothing_was_received();
}

#[test]
fn a_withdrawal_takes_two_steps_and_the_next_request_is_refused() {
    let Some(person) = Person::new("demo-08") else { return };
    withdraws_and_returns(&person);
}

#[test]
fn one_item_is_withdrawn_and_the_others_stay() {
    let Some(person) = Person::new("demo-09") else { return };
    person.allow(COURIER, &DELIVERY);
    person.visit("/centre");
    person.follow(&format!(".card p a[href='/centre/apps/{COURIER}']"));
    person.follow("li:has(input[value='delivery/contact_phone']) button");
    assert!(person.has(".done"));
    assert_eq!(
        person.attributes("input[name='item']", "value"),
        ["delivery/name", "delivery/delivery_address"]
    );

    let reasons = person.app_asks(COURIER);
    assert!(person.was_refused());
    let reason = |item: &str| reasons.iter().find(|(name, _)| name == item).unwrap().1.clone();
    assert_eq!(reason("contact_phone"), "withdrawn");
    assert_eq!(
        (reason("name"), reason("delivery_address")),
        ("other-item-refused".into(), "other-item-refused".into())
    );
}

#[test]
fn a_deleted_account_is_gone_and_the_app_hears_no_more_than_of_an_unknown_token() {
    let Some(person) = Person::new("demo-10") else { return };
    person.allow(COURIER, &DELIVERY);
    person.app_asks(COURIER);
    assert!(person.was_given());

    person.visit("/centre");
    person.follow("a[href='/centre/delete']");
    person.follow("form[action='/centre/delete'] button");
    assert_eq!(person.text("h1"), "账户已删除");
    assert!(!person.has("form[action='/sign-out']"), "signed out");
    person.visit("/centre");
    assert!(person.has("button.person"), "the centre asks who this is");
    person.sign_in();
    assert!(!person.has("form[action='/sign-out']"), "nobody is signed in");
    assert!(person.text("main").contains("没有您的账户"), "{}", person.text("main"));

    person.app_asks(COURIER);
    assert!(person.was_refused());
    let told = person.texts("p:not(.en)");
    let unknown = person.wait(ask_with_an_invented_token(&person.demo.issuer));
    assert_eq!(told[..2], [unknown["title"].as_str().unwrap(), unknown["remedy"].as_str().unwrap()]);
}

#[test]
fn every_page_speaks_both_languages() {
    let Some(person) = Person::new("demo-11") else { return };
    person.start(COURIER);
    let headings = |path: &str| {
        if !path.is_empty() {
            person.visit(path);
        }
        let first = (person.attributes("html", "lang"), person.text("h1"));
        person.follow("nav a[hreflang]");
        (first, (person.attributes("html", "lang"), person.text("h1")))
    };
    let zh = |heading: &str| (vec!["zh-CN".to_owned()], heading.to_owned());
    let en = |heading: &str| (vec!["en".to_owned()], heading.to_owned());
    assert_eq!(
        headings(""),
        (zh("「示例快递」希望获得您的信息"), en("“Sample Courier” asks for your information"))
    );
    assert!(person.texts(".name").contains(&"E-mail address".to_owned()), "{:?}", person.texts(".name"));

    // It is remembered, and switches back.
    assert_eq!(headings("/centre"), (en("User Protection Centre"), zh("用户权益保护中心")));
    assert_eq!(headings("/centre/history"), (zh("全部记录"), en("All records")));
    assert_eq!(headings("/centre/delete"), (en("Delete my account"), zh("删除账户")));
    drop(person);

    // Whose browser asks for English reads English at once.
    let Some(reader) = Person::with("demo-11", Settings { lang: "en-GB", ..Settings::default() }) else {
        return;
    };
    reader.visit("/");
    assert_eq!(reader.attributes("html", "lang"), ["en"]);
}

#[test]
fn a_child_consents_only_together_with_a_guardian() {
    let Some(child) = Person::new("demo-36") else { return };
    child.start(COURIER);
    child.tick(&DELIVERY);
    child.agree();
    assert_eq!(child.url(), format!("{}/consent", child.demo.issuer), "not back at the app");
    assert!(child.text("[role='alert']").contains("监护人"), "{}", child.text("[role='alert']"));
    assert_eq!(child.texts("input:checked"), [""; 0]);

    // The same page goes on, and a no is still possible as well.
    child.tick(&DELIVERY);
    child.click("input[name='guardian']");
    child.agree();
    child.app_asks(COURIER);
    assert!(child.was_given());
}

#[test]
fn no_request_leaves_the_page_s_own_origin_but_the_way_from_and_to_the_app() {
    let Some(person) = Person::new("demo-12") else { return };
    person.allow(COURIER, &DELIVERY);
    person.app_asks(COURIER);
    for path in [
        "/",
        "/centre",
        "/centre/apps/sample-courier",
        "/centre/items",
        "/centre/items/name",
        "/centre/history",
        "/centre/delete",
        "/notices/sample-courier/1",
        "/problems",
        "/style",
    ] {
        person.visit(path);
    }
    let requests = person.requests();
    let (issuer, partner) = (person.demo.issuer.as_str(), person.demo.partner.as_str());
    let origin = |url: &str| url.split('/').take(3).collect::<Vec<_>>().join("/");
    let own = |url: &str| [issuer, partner].contains(&origin(url).as_str());
    // The browser draws its own picture on a date field, which it has within itself.
    let fetched = |request: &&chrome::Request| !request.url.starts_with("data:");
    let of_pages: Vec<_> = requests.iter().filter(|request| own(&request.page)).filter(fetched).collect();
    assert!(of_pages.iter().any(|request| request.url.contains("/assets/yinuo.css?v=")), "{requests:#?}");

    // What pages load is their own.
    for request in &of_pages {
        assert_eq!(origin(&request.url), origin(&request.page), "{request:?}");
    }
    // And of the pages themselves, two lead elsewhere: to Yinuo, and back with the answer.
    let leaving: Vec<_> = of_pages
        .iter()
        .filter_map(|request| Some((request.redirected_from.as_ref()?, &request.url)))
        .filter(|(from, to)| origin(from) != origin(to))
        .collect();
    let [(from, to), (consent, back)] = leaving[..] else { panic!("{leaving:#?}") };
    assert_eq!(*from, format!("{partner}/{COURIER}/start"));
    assert!(to.starts_with(&format!("{issuer}/oauth/authorize?")), "{to}");
    assert_eq!(*consent, format!("{issuer}/consent"));
    assert!(back.starts_with(&format!("{partner}/{COURIER}/back?code=")), "{back}");
    // The answer names the code, the state and the issuer (RFC 9207), and nothing of the person.
    let names: Vec<_> = back.split(['?', '&']).skip(1).map(|pair| pair.split('=').next().unwrap()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    // Nothing else was asked for, by whatever: the browser's own pages apart.
    let elsewhere = requests.iter().filter(|request| !own(&request.url) && request.url.starts_with("http"));
    assert_eq!(elsewhere.map(|request| request.url.as_str()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn everything_works_without_javascript() {
    let runs =
        "data:text/html,<p id=ran>no</p><script>document.getElementById('ran').textContent='yes'</script>";
    let Some(person) = Person::with("demo-13", Settings { javascript: false, ..Settings::default() }) else {
        return;
    };
    person.open(runs);
    assert_eq!(person.text("#ran"), "no", "scripts are off");
    withdraws_and_returns(&person);
    drop(person);

    // The same browser with scripts on would have said yes.
    let Some(other) = Person::new("demo-13") else { return };
    other.open(runs);
    assert_eq!(other.text("#ran"), "yes");
}

#[test]
fn nothing_scrolls_sideways_on_the_narrowest_phone() {
    let Some(person) = Person::new("demo-14") else { return };
    person.width(320);
    let fits = |what: &str| {
        for _ in 0..2 {
            assert_eq!(person.script("return window.innerWidth").as_u64(), Some(320));
            let overflow = looks::overflow(&person);
            assert!(
                overflow <= 0.0,
                "{what} is {overflow} px too wide in {:?}",
                person.attributes("html", "lang")
            );
            person.follow("nav a[hreflang]");
        }
    };
    person.start(COURIER);
    person.click(".notice summary");
    fits("the consent page");
    person.tick(&DELIVERY);
    person.tick(&OFFERS);
    person.agree();
    person.app_asks(COURIER);
    for path in [
        "/",
        "/centre",
        "/centre/apps/sample-courier",
        "/centre/items",
        "/centre/items/name",
        "/centre/history",
        "/centre/delete",
        "/notices/sample-courier/1",
        "/problems",
        "/style",
    ] {
        person.visit(path);
        fits(path);
    }
}

/// Whoever allowed it in so many steps takes it back in no more, counted from the centre.
#[test]
fn taking_back_takes_no_more_steps_than_allowing() {
    let Some(person) = Person::new("demo-15") else { return };
    let before = person.clicks.get();
    person.start(COURIER);
    person.tick(&DELIVERY);
    person.agree();
    let to_allow = person.clicks.get() - before;
    for (path, steps) in [
        ("/centre", &["details summary", "button[value='everything']"][..]),
        ("/centre", &[".card a[href='/centre/apps/sample-courier']", "button[value='purpose']"]),
        ("/centre/items", &["a[href='/centre/items/name']", "button[value='item']"]),
        ("/centre", &[".card button[value='whole']"]),
    ] {
        person.visit("/centre");
        if !person.has(".card button") {
            person.allow(COURIER, &DELIVERY);
        }
        person.visit(path);
        let before = person.clicks.get();
        for step in steps {
            if *step == "details summary" { person.click(step) } else { person.follow(step) }
        }
        assert!(person.has(".done"), "{path} {steps:?}");
        let to_withdraw = person.clicks.get() - before;
        assert!(to_withdraw <= 2 && to_withdraw <= to_allow, "{path} {steps:?}");
    }
}

/// Consent, release, and what the centre then says.
fn gives_and_sees(person: &Person) {
    person.allow(COURIER, &DELIVERY);
    let received = person.app_asks(COURIER);
    assert!(person.was_given());
    let items: Vec<_> = received.iter().map(|(item, value)| (item.as_str(), value.as_str())).collect();
    let expected = [
        ("contact_phone", "15400000005"),
        ("delivery_address", "虚构省样例市演示区无名路 5 号"),
        ("name", "示例用户05"),
    ];
    assert_eq!(items, expected);

    person.visit("/centre");
    let card = person.text(".card");
    for said in ["示例快递", "示例快递公司", "生效中", "寄送包裹", "姓名"] {
        assert!(card.contains(said), "{said}: {card}");
    }
    assert!(!card.contains("发送优惠信息"), "offers were not ticked: {card}");
    assert_eq!(person.history(), ["已提供", "您同意了"]);
    let given = person.text(".lines li");
    for said in ["示例快递", "寄送包裹", "姓名", "dsc_"] {
        assert!(given.contains(said), "{said}: {given}");
    }
    assert!(!given.contains("示例用户05"), "no value in the history");
}

/// Consent, release, withdrawal in two clicks from a page that is not the centre, refusal, and consent again.
fn withdraws_and_returns(person: &Person) {
    person.allow(COURIER, &DELIVERY);
    person.app_asks(COURIER);
    assert!(person.was_given());

    person.visit("/");
    let before = person.clicks.get();
    person.follow("nav a[href='/centre']");
    person.follow(".card button[value='whole']");
    assert!(person.clicks.get() - before <= 2, "at most two steps");
    assert!(person.is_at("/centre?done=withdrawn"));
    assert!(person.text(".card").contains("已撤回"));
    assert!(!person.has(".card button"), "nothing is left to take back");

    let reasons = person.app_asks(COURIER);
    assert!(person.was_refused());
    assert_eq!(reasons.len(), 3);
    assert!(reasons.iter().all(|(_, reason)| reason == "withdrawn"), "{reasons:?}");
    assert_eq!(person.history(), ["已拒绝提供", "您撤回了", "已提供", "您同意了"]);

    person.allow(COURIER, &DELIVERY);
    person.app_asks(COURIER);
    assert!(person.was_given());
}

/// What a partner hears that brings a token nobody gave out.
async fn ask_with_an_invented_token(issuer: &str) -> serde_json::Value {
    let request = demo::http().build().unwrap().post(format!("{issuer}/v1/disclosures"));
    let body = serde_json::json!({"purpose": "delivery", "items": ["name"]});
    let answer = request.bearer_auth("invented").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    answer.json().await.unwrap()
}

fn sorted(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}
