use yinuo_domain::{AppId, Digest, DisclosureId, LocalText, Reason, Timestamp};

use super::*;
use crate::markup::Markup;
use crate::words::Lang;

fn both(zh: &str, en: &str) -> LocalText {
    LocalText { zh: zh.to_owned(), en: en.to_owned() }
}

pub(crate) fn line(kind: HistoryKind) -> HistoryLine {
    HistoryLine {
        at: Timestamp(1_772_380_800_000),
        kind,
        app: Some(AppId::parse("courier").unwrap()),
        app_name: both("虚构快递", "Invented Courier"),
        partner_name: both("虚构快递有限公司", "Invented Courier Ltd"),
        purpose: Some(both("寄送", "Delivery")),
        items: vec![both("姓名", "Name"), both("手机号码", "Phone number")],
        withheld: vec![(both("电子邮箱", "E-mail"), Reason::NotGranted)],
        counted: None,
        disclosure: Some(DisclosureId([7; 16])),
        notice: (kind == HistoryKind::Consented).then_some(Digest([0xcd; 32])),
        log: "g/0".to_owned(),
        index: 41,
    }
}

#[test]
fn each_line_says_what_was_given_to_whom_when_and_why_and_has_its_proof() {
    let kinds = [
        HistoryKind::Consented,
        HistoryKind::Withdrawn,
        HistoryKind::Disclosed,
        HistoryKind::Redelivered,
        HistoryKind::Withheld,
        HistoryKind::NotDelivered,
    ];
    let facts: Vec<_> = kinds.into_iter().map(line).collect();
    for lang in Lang::EVERY {
        let w = lang.words();
        let template = HistoryTemplate {
            f: Frame { w, csrf: Some("token"), switch: "/?lang=en".to_owned() },
            selects: Wanted::default().selects(w, &HistoryChoices::default()),
            dates: Wanted::default().dates(w),
            narrowed: false,
            lines: lines(w, &facts),
            older: Some("/centre/history?older=41".to_owned()),
        };
        let page = Markup::parse(&template.render().unwrap());
        page.assert_nothing_active();
        let shown: Vec<_> = page.all("li").collect();
        assert_eq!(shown.len(), kinds.len());
        let names: std::collections::HashSet<_> = page.all("strong").map(|tag| tag.text.clone()).collect();
        assert_eq!(names.len(), kinds.len());
        for line in shown {
            for said in [
                "dsc_07070707070707070707070707070707".to_owned(),
                w.text(&facts[0].app_name).to_owned(),
                w.text(&facts[0].partner_name).to_owned(),
                w.text(facts[0].purpose.as_ref().unwrap()).to_owned(),
                w.list(&facts[0].items),
                w.text(&facts[0].withheld[0].0).to_owned(),
                w.say("reason-not-granted"),
            ] {
                assert!(line.text.contains(&said), "{said}");
            }
        }
        let times: Vec<_> = page.all("time").map(|tag| tag.get("datetime").unwrap()).collect();
        assert_eq!(times, ["2026-03-02T00:00:00+08:00"; 6]);
        assert_eq!(page.with("a", "href", "/centre/proof?log=g%2F0&index=41").count(), kinds.len());
        assert_eq!(page.with("a", "href", "/centre/history?older=41").count(), 1);
        // What a consent was given on can be read again.
        let notice = format!("/notices/courier/{}", "cd".repeat(32));
        assert_eq!(page.with("a", "href", &notice).count(), 1);
        // Each field of the filter has its label.
        for field in ["app", "item", "kind", "from", "until"] {
            assert_eq!(page.with("label", "for", field).count(), 1, "{field}");
            assert_eq!(page.by_id(field).get("name"), Some(field));
        }
        assert!(page.all("footer").next().unwrap().text.contains("UTC+8"));
    }
}

#[test]
fn the_address_says_what_to_show_and_nonsense_is_refused() {
    let bed = crate::bed::Bed::memory(yinuo_domain::Suite::Guomi);
    let read = |query: &str| {
        let uri: Uri = format!("/centre/history?{query}").parse().unwrap();
        Wanted::of(&pairs(&uri)).and_then(|wanted| wanted.filter(&bed.gateway))
    };
    let none = HistoryFilter::default();
    let day = |text| time::day(text).unwrap();
    #[rustfmt::skip]
    let good = [
        ("",                                     none.clone()),
        ("app=&item=&kind=&from=&until=",        none.clone()),
        ("lang=en&other=1",                      none.clone()),
        ("app=courier",                          HistoryFilter { app: AppId::parse("courier").ok(), ..none.clone() }),
        ("item=name",                            HistoryFilter { item: bed.gateway.item("name"), ..none.clone() }),
        ("kind=refused",                         HistoryFilter { kind: Some(HistoryKind::Withheld), ..none.clone() }),
        ("from=2026-03-02",                      HistoryFilter { from: Some(day("2026-03-02").0), ..none.clone() }),
        ("until=2026-03-02",                     HistoryFilter { until: Some(day("2026-03-02").1), ..none.clone() }),
    ];
    for (query, expected) in good {
        assert_eq!(read(query), Ok(expected), "{query}");
    }
    for bad in [
        "app=No",
        "item=no_such_item",
        "kind=x",
        "from=yesterday",
        "until=2026-02-30",
        "kind=agreed&kind=refused",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_next_page_is_narrowed_as_this_one_and_the_choice_is_shown() {
    let uri: Uri =
        "/centre/history?app=courier&item=name&kind=&from=2026-03-02&lang=en&older=70".parse().unwrap();
    let wanted = Wanted::of(&pairs(&uri)).unwrap();
    assert!(wanted.narrows() && !Wanted::default().narrows());
    assert_eq!(wanted.address("41"), "/centre/history?app=courier&item=name&from=2026-03-02&older=41");
    let w = Lang::En.words();
    let choices = HistoryChoices {
        apps: ["courier", "shop"].map(|id| (AppId::parse(id).unwrap(), both(id, id))).to_vec(),
        items: vec![("name".to_owned(), both("姓名", "Name"))],
    };
    let chosen = |select: &Select| -> Vec<_> {
        select.options.iter().filter(|(.., chosen)| *chosen).map(|(value, ..)| value.clone()).collect()
    };
    let selects = wanted.selects(w, &choices);
    assert_eq!(selects.iter().map(chosen).collect::<Vec<_>>(), [vec!["courier"], vec!["name"], vec![]]);
    assert!(selects.iter().all(|select| select.options[0].0.is_empty()), "all comes first");
    assert_eq!(wanted.dates(w)[0].value, "2026-03-02");
}

/// Who asks again and again is told of in one line: how often, when, for what and why, and that nothing was given.
#[test]
fn refusals_that_were_counted_are_one_line() {
    let counted = CountedRefusals {
        count: 1_337,
        from: Timestamp(1_772_380_800_000),
        until: Timestamp(1_772_382_600_000),
        reasons: vec![Reason::NotGranted, Reason::Withdrawn],
    };
    let once = CountedRefusals { count: 1, ..counted.clone() };
    let line = |counted| HistoryLine {
        counted: Some(counted),
        withheld: Vec::new(),
        purpose: None,
        disclosure: None,
        ..line(HistoryKind::Withheld)
    };
    let facts = [line(counted), line(once)];
    for (lang, said) in [
        (
            Lang::Zh,
            ["2026年3月2日 00:00至2026年3月2日 00:30之间又索要了 1337 次，没有提供任何信息", "又索要了 1 次"],
        ),
        (
            Lang::En,
            [
                "Asked 1337 more times between 2 March 2026, 00:00 and 2 March 2026, 00:30; nothing was given",
                "Asked once more",
            ],
        ),
    ] {
        let w = lang.words();
        let shown = lines(w, &facts);
        for (line, said) in shown.iter().zip(said) {
            assert!(line.what.contains(said), "{}", line.what);
            assert_eq!(line.class, "kept");
            assert_eq!(line.items, w.items(&facts[0].items));
            assert_eq!(
                line.reasons,
                ["not-granted", "withdrawn"].map(|word| w.say(&format!("reason-{word}")))
            );
        }
    }
}
