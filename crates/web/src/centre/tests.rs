use yinuo_domain::{LocalText, PurposeId, Timestamp};
use yinuo_service::AllowedPurpose;

use super::*;
use crate::markup::Markup;
use crate::words::Lang;

fn both(zh: &str, en: &str) -> LocalText {
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

fn allowed(app: &str, state: GrantState) -> AllowedApp {
    AllowedApp {
        app: AppId::parse(app).unwrap(),
        app_name: both("虚构快递", "Invented Courier"),
        partner_name: both("虚构快递有限公司", "Invented Courier Ltd"),
        contact: "privacy@courier.example".to_owned(),
        state,
        given_at: Timestamp(1_772_380_800_000),
        expires_at: Timestamp(1_803_916_800_000),
        purposes: vec![AllowedPurpose {
            id: PurposeId::parse("delivery").unwrap(),
            title: both("寄送", "Delivery"),
            items: vec![
                ("name".to_owned(), both("姓名", "Name"), false),
                ("phone_number".to_owned(), both("手机号码", "Phone number"), true),
            ],
        }],
    }
}

const STATES: [(GrantState, bool); 4] = [
    (GrantState::Active, true),
    (GrantState::Paused, true),
    (GrantState::Expired, false),
    (GrantState::Withdrawn, false),
];

/// Failure 20: a consent can be found, and is undone with one button of the centre.
#[test]
fn each_consent_that_could_release_has_its_button_in_the_centre() {
    for lang in Lang::EVERY {
        for (state, has_button) in STATES {
            let apps = [allowed("courier", state), allowed("video", state)];
            let w = lang.words();
            let template = CentrePage {
                f: Frame { w, csrf: Some("token"), switch: "/?lang=en".to_owned() },
                csrf: "token",
                done: false,
                apps: apps.iter().map(|app| Card::of(w, app)).collect(),
                lines: Vec::new(),
            };
            let page = Markup::parse(&template.render().unwrap());
            page.assert_nothing_active();
            let buttons = page.with("button", "value", "whole").count();
            assert_eq!(buttons, if has_button { 2 } else { 0 }, "{state:?}");
            assert_eq!(page.with("form", "action", "/centre/withdraw").count(), buttons);
            // One token for each form that changes something, and for signing out.
            assert_eq!(page.with("input", "name", "csrf").count(), buttons + 1);
            assert!(page.all("article").all(|card| {
                card.text.contains(&w.list(apps[0].purposes[0].items.iter().map(|(_, name, _)| name)))
            }));
            assert_eq!(page.with("a", "href", "/centre/delete").count(), 1);
            assert_eq!(page.with("a", "href", "/centre/history").count(), 2);
            assert_eq!(page.with("p", "class", "done").count(), 0);
        }
    }
}

#[test]
fn each_item_has_its_button_on_the_apps_own_page() {
    for lang in Lang::EVERY {
        for (state, has_button) in STATES {
            let view = allowed("courier", state);
            let w = lang.words();
            let template = AppPage {
                f: Frame { w, csrf: Some("token"), switch: "/?lang=en".to_owned() },
                csrf: "token",
                done: true,
                app: Card::of(w, &view),
            };
            let page = Markup::parse(&template.render().unwrap());
            page.assert_nothing_active();
            let items: Vec<_> =
                page.with("input", "name", "item").map(|tag| tag.get("value").unwrap()).collect();
            let expected: &[&str] =
                if has_button { &["delivery/name", "delivery/phone_number"] } else { &[] };
            assert_eq!(items, expected, "{state:?}");
            assert_eq!(page.with("button", "value", "items").count(), expected.len());
            // Each button says to those who hear it which item it is about.
            let labels: std::collections::HashSet<_> =
                page.with("button", "value", "items").map(|tag| tag.get("aria-label")).collect();
            assert_eq!(labels.len(), expected.len());
            assert_eq!(page.with("button", "value", "whole").count(), usize::from(has_button));
            assert_eq!(page.with("p", "role", "status").count(), 1);
        }
    }
}

#[test]
fn a_form_takes_back_exactly_what_it_names() {
    let pair = |item: &str| ("delivery".to_owned(), item.to_owned());
    let app = || AppId::parse("courier").unwrap();
    #[rustfmt::skip]
    let cases = [
        ("app=courier&scope=whole",                                           Some((app(), Withdrawing::Whole))),
        ("app=courier&scope=items&item=delivery/name",                        Some((app(), Withdrawing::Items(vec![pair("name")])))),
        ("app=courier&scope=items&item=delivery/name&item=delivery/address",  Some((app(), Withdrawing::Items(vec![pair("name"), pair("address")])))),
        ("app=courier&scope=items",                                           None),
        ("app=courier&scope=whole&item=delivery/name",                        None),
        ("app=courier&scope=",                                                None),
        ("app=courier",                                                       None),
        ("app=courier&app=video&scope=whole",                                 None),
        ("app=No&scope=whole",                                                None),
        ("scope=whole",                                                       None),
    ];
    for (form, expected) in cases {
        assert_eq!(withdrawing(&Fields::parse(form.as_bytes())).ok(), expected, "{form}");
    }
}
