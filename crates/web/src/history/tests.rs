use yinuo_domain::{AppId, DisclosureId, LocalText, Reason, Timestamp};

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
        app: AppId::parse("courier").unwrap(),
        app_name: both("虚构快递", "Invented Courier"),
        partner_name: both("虚构快递有限公司", "Invented Courier Ltd"),
        purpose: Some(both("寄送", "Delivery")),
        items: vec![both("姓名", "Name"), both("手机号码", "Phone number")],
        withheld: vec![(both("电子邮箱", "E-mail"), Reason::NotGranted)],
        disclosure: Some(DisclosureId([7; 16])),
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
        assert!(page.all("footer").next().unwrap().text.contains("UTC+8"));
    }
}
