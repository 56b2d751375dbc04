use super::*;
use crate::words::Lang;

fn json(fault: &Fault, lang: Lang) -> String {
    serde_json::to_string_pretty(&fault.document("https://yinuo.example", lang.words())).unwrap()
}

fn items(pairs: &[(&str, Reason)]) -> Vec<(String, Reason)> {
    pairs.iter().map(|(item, reason)| ((*item).to_owned(), *reason)).collect()
}

#[test]
fn a_withheld_disclosure_names_each_item_its_public_reason_and_its_remedy() {
    let fault = Fault::from(DiscloseError::Withheld {
        items: items(&[("name", Reason::OtherItemRefused), ("phone_number", Reason::Withdrawn)]),
        frequency: None,
    });
    insta::assert_snapshot!(json(&fault, Lang::En), @r#"
    {
      "type": "https://yinuo.example/problems/withheld",
      "title": "The information was withheld",
      "status": 403,
      "detail": "At least one of the requested items cannot be released. The member items names the reason for each.",
      "remedy": "Follow the remedy of each reason under reasons; leave out what cannot be released, or ask with \"partial\": true for what can.",
      "items": {
        "name": "other-item-refused",
        "phone_number": "withdrawn"
      },
      "reasons": {
        "other-item-refused": {
          "remedy": "Leave out the refused item, or use \"partial\": true.",
          "title": "This item alone would have been released; another one in the request was refused."
        },
        "withdrawn": {
          "remedy": "Stop asking. Ask for consent again only when the user turns to a function that needs it.",
          "title": "The user has withdrawn the consent."
        }
      }
    }
    "#);
    insta::assert_snapshot!(json(&fault, Lang::Zh), @r#"
    {
      "type": "https://yinuo.example/problems/withheld",
      "title": "信息未提供",
      "status": 403,
      "detail": "请求的信息至少有一项不能提供。items 逐项列出原因。",
      "remedy": "请按 reasons 中每个原因的办法处理；去掉不能提供的项，或以 \"partial\": true 只取可以提供的部分。",
      "items": {
        "name": "other-item-refused",
        "phone_number": "withdrawn"
      },
      "reasons": {
        "other-item-refused": {
          "remedy": "请去掉被拒绝的项，或使用 \"partial\": true。",
          "title": "此项本可提供，因同一请求中的其他项被拒绝而未提供。"
        },
        "withdrawn": {
          "remedy": "请停止请求；只有用户主动使用相应功能时，才可再次征求同意。",
          "title": "用户已撤回同意。"
        }
      }
    }
    "#);
}

#[test]
fn a_malformed_request_names_the_member() {
    let fault =
        Fault::from(DiscloseError::Malformed { member: "items", why: "an item is named twice".to_owned() });
    insta::assert_snapshot!(json(&fault, Lang::Zh), @r#"
    {
      "type": "https://yinuo.example/problems/malformed",
      "title": "请求格式不正确",
      "status": 400,
      "detail": "请求的某个部分无法理解。items: an item is named twice",
      "remedy": "请对照接口文档修正后再发送；原样重试不会成功。"
    }
    "#);
}

#[test]
fn each_cause_has_its_status_and_code() {
    let withheld = |pairs: &[(&str, Reason)]| DiscloseError::Withheld {
        items: items(pairs),
        frequency: Some(Frequency { count: 3, period_s: 60 }),
    };
    let (frequency, other) = (Reason::FrequencyExceeded, Reason::OtherItemRefused);
    #[rustfmt::skip]
    let cases = [
        (DiscloseError::Malformed { member: "body", why: String::new() },                            400, "malformed",            None),
        (DiscloseError::Token,                                                                        401, "invalid-token",        None),
        (withheld(&[("a", Reason::NotGranted)]),                                                      403, "withheld",             None),
        (withheld(&[("a", frequency), ("b", Reason::NotGranted)]),                                    403, "withheld",             None),
        (withheld(&[("a", other)]),                                                                   403, "withheld",             None),
        (withheld(&[("a", frequency), ("b", other)]),                                                 429, "rate-limited",         Some(60)),
        (DiscloseError::IdempotencyConflict,                                                          409, "idempotency-conflict", None),
        (DiscloseError::NotDelivered { disclosure: yinuo_domain::DisclosureId([1; 16]) },             503, "not-delivered",        Some(1)),
        (DiscloseError::Unavailable(Unavailable::again_after(7)),                                       503, "unavailable",          Some(7)),
        (DiscloseError::Unavailable(Unavailable { why: UnavailableWhy::Clock, retry_after_s: 60 }),   503, "clock-stopped",        Some(60)),
    ];
    for (error, status, code, retry_after_s) in cases {
        let fault = Fault::from(error);
        assert_eq!(fault.problem.status().as_u16(), status, "{code}");
        assert_eq!(fault.problem.code(), code);
        assert_eq!(fault.retry_after_s, retry_after_s, "{code}");
    }
}

#[test]
fn no_partner_learns_that_an_account_is_gone() {
    let told = |reason| {
        let fault =
            Fault::from(DiscloseError::Withheld { items: items(&[("name", reason)]), frequency: None });
        Lang::EVERY.map(|lang| json(&fault, lang))
    };
    assert_eq!(told(Reason::AccountDeleted), told(Reason::Withdrawn));
}

#[test]
fn a_refused_command_says_why_and_what_to_do() {
    for lang in Lang::EVERY {
        for refusal in Refusal::EVERY {
            let told = Fault::refused(*refusal).told(lang.words());
            assert!(told.detail.starts_with(&lang.words().say(&format!("refusal-{}", refusal.code()))));
            assert_ne!(told.remedy, Told::of(Problem::Refused, lang.words()).remedy, "{refusal}");
        }
    }
}

#[test]
fn codes_are_unique_and_come_back() {
    for problem in Problem::EVERY {
        assert_eq!(Problem::parse(problem.code()), Some(*problem));
        assert!(problem.status().is_client_error() || problem.status().is_server_error());
    }
    assert_eq!(Problem::parse("nothing"), None);
}
