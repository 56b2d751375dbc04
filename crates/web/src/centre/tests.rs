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
                summary: summary(w, &apps),
                apps: apps.iter().map(|app| Card::of(w, app)).collect(),
                lines: Vec::new(),
            };
            let page = Markup::parse(&template.render().unwrap());
            page.assert_nothing_active();
            let buttons = page.with("button", "value", "whole").count();
            assert_eq!(buttons, if has_button { 2 } else { 0 }, "{state:?}");
            // And one for all of them.
            let everything = page.with("button", "value", "everything").count();
            assert_eq!(everything, usize::from(has_button));
            assert_eq!(page.with("form", "action", "/centre/withdraw").count(), buttons + everything);
            // One token for each form that changes something, and for signing out.
            assert_eq!(page.with("input", "name", "csrf").count(), buttons + everything + 1);
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
                all: "/centre/history?app=courier".to_owned(),
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
            assert_eq!(page.with("button", "value", "purpose").count(), usize::from(has_button));
            assert_eq!(page.with("p", "role", "status").count(), 1);
        }
    }
}

#[test]
fn the_summary_counts_what_counts() {
    let of = |states: &[(&str, GrantState)]| {
        let apps: Vec<_> = states.iter().map(|(app, state)| allowed(app, *state)).collect();
        summary(Lang::En.words(), &apps)
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[("courier", GrantState::Withdrawn), ("video", GrantState::Paused)]), None);
    let one = of(&[("courier", GrantState::Active), ("video", GrantState::Expired)]).unwrap();
    assert!(one.starts_with("One app") && one.contains("2 items"), "{one}");
    // The same item is one item, however many receive it.
    let two = of(&[("courier", GrantState::Active), ("video", GrantState::Active)]).unwrap();
    assert!(two.starts_with("2 apps") && two.contains("2 items"), "{two}");
}

/// Failure 16: what did not go through is named, app by app, and asked for again with one button.
#[test]
fn a_withdrawal_that_failed_in_part_says_where() {
    let (courier, video) = (both("虚构快递", "Invented Courier"), both("虚构视频", "Invented Video"));
    for lang in Lang::EVERY {
        for (of, taken) in [(None, vec![&courier]), (Some("phone_number"), vec![])] {
            let w = lang.words();
            let template = PartialPage {
                f: Frame { w, csrf: Some("token"), switch: "/?lang=en".to_owned() },
                csrf: "token",
                taken: w.list(taken.iter().copied()),
                failed: w.list([&video]),
                scope: if of.is_some() { "item" } else { "everything" },
                of,
            };
            let page = Markup::parse(&template.render().unwrap());
            page.assert_nothing_active();
            let alert = &page.with("div", "role", "alert").next().unwrap().text;
            assert!(alert.contains(w.text(&video)) && !alert.contains(w.text(&courier)), "{alert}");
            assert_eq!(page.with("p", "class", "done").count(), taken.len());
            assert_eq!(page.with("input", "name", "of").count(), usize::from(of.is_some()));
            assert_eq!(page.with("button", "name", "scope").count(), 1);
        }
    }
}

#[test]
fn a_form_takes_back_exactly_what_it_names() {
    let pair = |item: &str| ("delivery".to_owned(), item.to_owned());
    let from = |what, back: &str| {
        Some(Taking::From { app: AppId::parse("courier").unwrap(), what, back: back.to_owned() })
    };
    let everywhere = |what, back: &str| Some(Taking::Everywhere { what, back: back.to_owned() });
    let items = |named: &[&str]| Withdrawing::Items(named.iter().map(|item| pair(item)).collect());
    #[rustfmt::skip]
    let cases = [
        ("app=courier&scope=whole",                                          from(Withdrawing::Whole, "/centre")),
        ("app=courier&scope=purpose&purpose=delivery",                       from(Withdrawing::Purpose("delivery".to_owned()), "/centre/apps/courier")),
        ("app=courier&scope=items&item=delivery/name",                       from(items(&["name"]), "/centre/apps/courier")),
        ("app=courier&scope=items&item=delivery/name&item=delivery/address", from(items(&["name", "address"]), "/centre/apps/courier")),
        ("app=courier&scope=items&item=delivery/name&page=name",             from(items(&["name"]), "/centre/items/name")),
        ("app=courier&scope=items&item=delivery/name&page=//evil.example",   from(items(&["name"]), "/centre/apps/courier")),
        ("scope=everything",                                                 everywhere(Everywhere::Everything, "/centre")),
        ("scope=item&of=phone_number",                                       everywhere(Everywhere::Item("phone_number".to_owned()), "/centre/items/phone_number")),
        ("scope=item&of=../x",                                               None),
        ("scope=item",                                                       None),
        ("scope=item&of=name&app=courier",                                   None),
        ("scope=everything&app=courier",                                     None),
        ("scope=everything&item=delivery/name",                              None),
        ("scope=everything&of=name",                                         None),
        ("app=courier&scope=purpose",                                        None),
        ("app=courier&scope=purpose&purpose=delivery&item=delivery/name",    None),
        ("app=courier&scope=whole&purpose=delivery",                         None),
        ("app=courier&scope=items",                                          None),
        ("app=courier&scope=whole&item=delivery/name",                       None),
        ("app=courier&scope=",                                               None),
        ("app=courier",                                                      None),
        ("app=courier&app=video&scope=whole",                                None),
        ("app=No&scope=whole",                                               None),
        ("scope=whole",                                                      None),
    ];
    for (form, expected) in cases {
        assert_eq!(Taking::of(&Fields::parse(form.as_bytes())).ok(), expected, "{form}");
    }
}
