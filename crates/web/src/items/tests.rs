use yinuo_domain::{AppId, LocalText, Timestamp};
use yinuo_service::GrantState;

use super::*;
use crate::markup::Markup;
use crate::words::Lang;

fn both(zh: &str, en: &str) -> LocalText {
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

fn item(masked: Option<&str>, apps: &[&str]) -> OwnItem {
    OwnItem {
        id: "phone_number".to_owned(),
        name: both("手机号码", "Phone number"),
        sensitive: true,
        masked: masked.map(str::to_owned),
        apps: apps.iter().map(|app| both(app, app)).collect(),
    }
}

fn to(app: &str, state: GrantState) -> AllowedTo {
    AllowedTo {
        app: AppId::parse(app).unwrap(),
        app_name: both("虚构快递", "Invented Courier"),
        partner_name: both("虚构快递有限公司", "Invented Courier Ltd"),
        state,
        purpose: both("寄送", "Delivery"),
        choice: "delivery/phone_number".to_owned(),
        expires_at: Timestamp(1_803_916_800_000),
    }
}

#[test]
fn each_item_says_what_is_kept_of_it_and_who_may_receive_it() {
    for lang in Lang::EVERY {
        let w = lang.words();
        let items = vec![item(Some("154****0001"), &["courier", "shop"]), item(None, &[])];
        let frame = Frame { w, csrf: Some("token"), switch: "/?lang=en".to_owned() };
        let page = Markup::parse(&ItemsPage { f: frame, items }.render().unwrap());
        page.assert_nothing_active();
        let cards: Vec<_> = page.all("article").map(|card| card.text.clone()).collect();
        assert!(
            cards[0].contains("154****0001") && cards[0].contains("courier") && cards[0].contains("shop")
        );
        assert!(cards[1].contains(&w.say("item-none")) && cards[1].contains(&w.say("item-nobody")));
        assert_eq!(page.with("a", "aria-current", "page").count(), 1);
    }
}

#[test]
fn an_item_is_taken_back_from_one_app_or_from_all_of_them() {
    for lang in Lang::EVERY {
        for allowed in [vec![], vec![to("courier", GrantState::Active), to("shop", GrantState::Paused)]] {
            let w = lang.words();
            let template = ItemPage {
                f: Frame { w, csrf: Some("token"), switch: "/?lang=en".to_owned() },
                csrf: "token",
                done: false,
                item: &item(Some("154****0001"), &[]),
                allowed: allowed.iter().map(|to| Receiver::of(w, to)).collect(),
                lines: Vec::new(),
                all: "/centre/history?item=phone_number".to_owned(),
            };
            let page = Markup::parse(&template.render().unwrap());
            page.assert_nothing_active();
            let (one_by_one, at_once) =
                (page.with("button", "value", "items").count(), page.with("button", "value", "item").count());
            assert_eq!((one_by_one, at_once), (allowed.len(), usize::from(!allowed.is_empty())));
            // One token for each form, and for signing out.
            assert_eq!(
                page.with("input", "name", "csrf").count(),
                page.with("form", "method", "post").count()
            );
            assert_eq!(page.with("a", "href", "/centre/history?item=phone_number").count(), 1);
        }
    }
}
