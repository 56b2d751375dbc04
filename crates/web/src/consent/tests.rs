use yinuo_domain::{Frequency, Item, LocalText, Purpose, PurposeId};

use super::*;
use crate::markup::Markup;
use crate::words::Lang;

fn both(zh: &str, en: &str) -> LocalText {
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

fn item(id: &str, sensitive: bool, necessary: bool) -> ItemView {
    ItemView {
        code: Item(0),
        id: id.to_owned(),
        name: both(&format!("信息 {id}"), &format!("Item {id}")),
        sensitive,
        necessary,
        whose: Whose::Own,
        reason: if sensitive {
            both(&format!("理由 {id}"), &format!("Reason {id}"))
        } else {
            LocalText::default()
        },
        retention_days: 30,
        frequency: Frequency { count: 5, period_s: 86_400 },
        allowed_now: false,
        stored: true,
    }
}

fn purpose(id: &str, kind: PurposeKind, items: Vec<ItemView>) -> PurposeView {
    PurposeView {
        code: Purpose(1),
        id: PurposeId::parse(id).unwrap(),
        kind,
        basis: LegalBasis::Consent,
        title: both(&format!("用途 {id}"), &format!("Purpose {id}")),
        method: both("用于寄送", "Used to deliver"),
        items,
    }
}

/// A courier that asks for everything this page can show.
fn view() -> ConsentView {
    let recipient = ItemView { whose: Whose::Other, ..item("recipient_phone", true, true) };
    let allowed = ItemView { allowed_now: true, ..item("name", false, true) };
    let unstored = ItemView { stored: false, ..item("birth_date", true, false) };
    ConsentView {
        request_uri: "urn:ietf:params:oauth:request_uri:abc".to_owned(),
        app: AppId::parse("courier").unwrap(),
        app_name: both("虚构快递", "Invented Courier"),
        partner_name: both("虚构快递有限公司", "Invented Courier Ltd <&>"),
        contact: "privacy@courier.example".to_owned(),
        category: Some(both("邮件快件寄递类", "Mail and courier")),
        purposes: vec![
            purpose(
                "delivery",
                PurposeKind::Basic,
                vec![allowed, item("phone_number", true, true), recipient],
            ),
            purpose("offers", PurposeKind::Marketing, vec![unstored, item("email", false, false)]),
        ],
        notice_version: 3,
        notice_document: Digest([0xcd; 32]),
        notice: both("# 告知\n\n<script>x</script>", "# Notice\n\n<script>x</script>"),
        days_default: 180,
        days_offered: vec![365, 180, 30, 1],
        guardian: Guardian::NotRequired,
        redirect_origin: "https://courier.example".to_owned(),
        shown: Digest([0xab; 32]),
        recipient: Digest([0xcd; 32]),
    }
}

fn render(lang: Lang, v: &ConsentView) -> Markup {
    let template = ConsentPage {
        f: Frame { w: lang.words(), csrf: Some("token"), switch: "/?lang=en".to_owned() },
        v,
        csrf: "token",
        centre: "https://yinuo.example/centre".to_owned(),
        notice: crate::notice::to_html(lang.words().text(&v.notice)).into(),
        alert: None,
    };
    let page = Markup::parse(&template.render().unwrap());
    page.assert_nothing_active();
    page
}

/// Promise 9, whatever the person allowed before, and also where a guardian must agree.
#[test]
fn nothing_is_ever_ticked_for_the_person() {
    for lang in Lang::EVERY {
        for guardian in [Guardian::NotRequired, Guardian::Missing, Guardian::Agreed] {
            for allowed_now in [false, true] {
                let mut view = ConsentView { guardian, ..view() };
                let items = view.purposes.iter_mut().flat_map(|purpose| &mut purpose.items);
                items.for_each(|item| item.allowed_now = allowed_now);
                let page = render(lang, &view);
                page.assert_nothing_preselected();
                // Firefox would otherwise restore ticks of an earlier visit.
                assert_eq!(
                    page.with("form", "action", "/consent").next().unwrap().get("autocomplete"),
                    Some("off")
                );
            }
        }
    }
}

#[test]
fn each_item_has_its_own_box_and_each_sensitive_one_its_reason() {
    for lang in Lang::EVERY {
        let view = view();
        let page = render(lang, &view);
        let boxes: Vec<_> = page.with("input", "type", "checkbox").collect();
        let expected: Vec<String> = view
            .purposes
            .iter()
            .flat_map(|purpose| purpose.items.iter().map(move |item| format!("{}/{}", purpose.id, item.id)))
            .collect();
        let values: Vec<_> = boxes.iter().map(|tag| tag.get("value").unwrap().to_owned()).collect();
        // One box for each item, and none that would tick more than one.
        assert_eq!(values, expected);
        assert!(boxes.iter().all(|tag| tag.get("name") == Some("choice")));
        for (purpose, item) in view.purposes.iter().flat_map(|p| p.items.iter().map(move |item| (p, item))) {
            let described = boxes
                .iter()
                .find(|tag| tag.get("value") == Some(&format!("{}/{}", purpose.id, item.id)))
                .and_then(|tag| tag.get("aria-describedby"));
            let about = page.by_id(described.unwrap());
            let w = lang.words();
            assert_eq!(
                item.sensitive,
                about.text.contains(w.text(&item.reason)) && !item.reason.zh.is_empty()
            );
            assert!(about.text.contains("30") && about.text.contains('5') || about.text.contains("five"));
            let says = |id: &str| about.text.contains(&w.say(id));
            assert_eq!(says("item-allowed-now"), item.allowed_now, "{}", item.id);
            assert_eq!(says("item-not-stored"), !item.stored, "{}", item.id);
            let other = w.with("other-note", "basis", w.say("basis-consent"));
            assert_eq!(about.text.contains(&other), item.whose == Whose::Other, "{}", item.id);
        }
        let marks = |id: &str| {
            page.all("span")
                .filter(|tag| tag.get("class") == Some("mark") && tag.text == lang.words().say(id))
                .count()
        };
        assert_eq!((marks("mark-sensitive"), marks("mark-other")), (3, 1));
    }
}

#[test]
fn necessary_and_optional_items_stand_apart() {
    for lang in Lang::EVERY {
        let page = render(lang, &view());
        let legends: Vec<_> = page.all("legend").map(|tag| tag.text.clone()).collect();
        let w = lang.words();
        assert_eq!(legends, [w.say("group-necessary"), w.say("group-optional")]);
        let groups: Vec<_> = page.all("fieldset").collect();
        for (id, group) in
            [("name", 0), ("phone_number", 0), ("recipient_phone", 0), ("birth_date", 1), ("email", 1)]
        {
            for (at, fieldset) in groups.iter().enumerate() {
                let name = if lang == Lang::Zh { format!("信息 {id}") } else { format!("Item {id}") };
                assert_eq!(fieldset.text.contains(&name), at == group, "{id}");
            }
        }
    }
}

#[test]
fn refusing_and_agreeing_look_the_same() {
    for lang in Lang::EVERY {
        let page = render(lang, &view());
        let [refuse, agree] =
            ["refuse", "agree"].map(|value| page.with("button", "value", value).next().unwrap());
        assert_eq!(refuse.get("class"), Some("decide"));
        assert_eq!(refuse.get("class"), agree.get("class"));
        assert_eq!((refuse.get("name"), agree.get("name")), (Some("decision"), Some("decision")));
        assert_eq!(page.with("button", "name", "decision").count(), 2);
        // In a grid of two equal columns; no other rule tells them apart.
        let style = include_str!("../../assets/yinuo.css");
        assert!(style.contains(".pair { display: grid; grid-template-columns: 1fr 1fr;"));
        assert!(!style.contains("nth-child") && !style.contains("[value") && !style.contains(":last-"));
        assert!(
            !style.contains(".pair >") && !style.contains(".pair button") && !style.contains("button:first")
        );
    }
}

#[test]
fn who_what_why_how_long_and_how_to_undo_it_come_first() {
    for lang in Lang::EVERY {
        let view = view();
        let page = render(lang, &view);
        let w = lang.words();
        let glance = &page.with("dl", "class", "glance").next().unwrap().text;
        for said in [
            w.text(&view.partner_name),
            w.text(&view.app_name),
            "privacy@courier.example",
            w.text(view.category.as_ref().unwrap()),
            &w.list(view.purposes.iter().map(|purpose| &purpose.title)),
            &w.with("consent-lasts", "days", 180u32),
            "https://yinuo.example/centre",
        ] {
            assert!(glance.contains(said), "{said}");
        }
        // PIPL 17: how it is processed, and the ground.
        let main = &page.by_id("main").text;
        for said in [
            w.text(&view.purposes[0].method).to_owned(),
            w.say("kind-marketing.note"),
            w.say("basis-consent"),
        ] {
            assert!(main.contains(&said), "{said}");
        }
        assert!(page.with("a", "href", "/centre").count() >= 2);
        let notice = page.with("details", "class", "notice").next().unwrap();
        assert!(notice.text.contains(&w.with("notice-full", "version", 3u32)));
        // One step away, and to be kept: the very text that is shown, by its hash.
        assert_eq!(page.with("a", "href", "/notices/courier/3").count(), 1);
        let file = format!("/notices/courier/{}.md", "cd".repeat(32));
        assert!(page.with("a", "href", &file).next().unwrap().get("download").is_some());
        // A printout is a record of what was shown.
        let record = &page.with("p", "class", "print small").next().unwrap().text;
        assert!(record.contains(&"ab".repeat(32)) && record.contains('3'));
    }
}

#[test]
fn the_form_carries_back_what_was_shown_and_the_default_duration_comes_first() {
    let page = render(Lang::En, &view());
    let (shown, recipient) = ("ab".repeat(32), "cd".repeat(32));
    for (name, value) in [
        ("csrf", "token"),
        ("client", "courier"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:abc"),
        ("shown", shown.as_str()),
        ("recipient", recipient.as_str()),
    ] {
        // The sign-out form has its own token.
        assert!(page.with("input", "name", name).all(|tag| tag.get("value") == Some(value)), "{name}");
        assert!(page.with("input", "name", name).next().is_some(), "{name}");
    }
    let days: Vec<_> = page.all("option").map(|tag| tag.get("value").unwrap().to_owned()).collect();
    assert_eq!(days, ["180", "365", "30", "1"]);
}

#[test]
fn a_guardian_is_asked_only_where_one_is_missing() {
    for (guardian, boxes) in [(Guardian::NotRequired, 0), (Guardian::Agreed, 0), (Guardian::Missing, 1)] {
        let page = render(Lang::Zh, &ConsentView { guardian, ..view() });
        assert_eq!(page.with("input", "name", "guardian").count(), boxes, "{guardian:?}");
    }
}

#[test]
fn whoever_allowed_something_before_is_told_that_a_no_does_not_take_it_back() {
    for allowed_now in [false, true] {
        let mut view = view();
        view.purposes
            .iter_mut()
            .flat_map(|purpose| &mut purpose.items)
            .for_each(|item| item.allowed_now = allowed_now);
        let said =
            render(Lang::En, &view).by_id("main").text.contains(&Lang::En.words().say("consent-earlier"));
        assert_eq!(said, allowed_now);
    }
}

#[test]
fn an_app_that_needs_nothing_asks_for_nothing() {
    let view = ConsentView { purposes: vec![purpose("order", PurposeKind::Basic, Vec::new())], ..view() };
    let page = render(Lang::En, &view);
    assert_eq!(page.with("input", "type", "checkbox").count(), 0);
    assert!(page.by_id("main").text.contains(&Lang::En.words().say("consent-no-items")));
}

#[test]
fn every_kind_and_ground_has_words() {
    for kind_of in [
        PurposeKind::Basic,
        PurposeKind::Extended,
        PurposeKind::Marketing,
        PurposeKind::Personalisation,
        PurposeKind::AutomatedDecision,
        PurposeKind::ThirdPartySharing,
    ] {
        let (id, noted) = kind(kind_of);
        let note = format!("{id}.note");
        assert_ne!(Lang::Zh.words().say(id), id);
        assert_eq!(Lang::Zh.words().say(&note) != note, noted, "{id}");
    }
}

fn form(changes: &[(&str, Option<&str>)]) -> Fields {
    let (shown, recipient) = ("ab".repeat(32), "cd".repeat(32));
    let mut pairs = vec![
        ("csrf", "token"),
        ("client", "courier"),
        ("request_uri", "urn:x"),
        ("shown", &shown),
        ("recipient", &recipient),
        ("days", "180"),
        ("choice", "delivery/name"),
        ("choice", "delivery/phone_number"),
        ("decision", "agree"),
    ];
    for (name, value) in changes {
        pairs.retain(|(given, _)| given != name);
        pairs.extend(value.map(|value| (*name, value)));
    }
    Fields::parse(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().as_bytes())
}

#[test]
fn the_form_is_read_or_refused_and_a_no_needs_nothing_else() {
    let Ok(Decision::Agree(agreed)) = Decision::of(&form(&[])) else { panic!() };
    assert_eq!(
        agreed.choices,
        [("delivery", "name"), ("delivery", "phone_number")].map(|(a, b)| (a.into(), b.into()))
    );
    assert_eq!((agreed.days, agreed.guardian_agreed, agreed.shown), (180, false, Digest([0xab; 32])));
    assert_eq!(agreed.recipient, Digest([0xcd; 32]));
    let Ok(Decision::Agree(agreed)) = Decision::of(&form(&[("guardian", Some("agreed")), ("choice", None)]))
    else {
        panic!()
    };
    assert!(agreed.guardian_agreed && agreed.choices.is_empty());

    let no = form(&[("decision", Some("refuse")), ("shown", None), ("days", None), ("choice", Some("x"))]);
    assert!(matches!(Decision::of(&no), Ok(Decision::Refuse { .. })));

    let refused = [
        form(&[("decision", None)]),
        form(&[("decision", Some("yes"))]),
        form(&[("shown", Some("zz"))]),
        form(&[("recipient", Some("zz"))]),
        form(&[("recipient", None)]),
        form(&[("days", Some("-1"))]),
        form(&[("choice", Some("delivery"))]),
        form(&[("client", Some("No Such"))]),
        form(&[("request_uri", None)]),
    ];
    refused.iter().for_each(|fields| assert!(Decision::of(fields).is_err()));
}
