use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use yinuo_domain::{Reason, Refusal};

use super::*;
use crate::fault::Problem;

const TEXTS: [(&str, &str); 2] =
    [("zh", include_str!("../../words/zh.ftl")), ("en", include_str!("../../words/en.ftl"))];

/// Every place that says something: templates and code.
const SAYING: &[&str] = &[
    include_str!("../../templates/api.html"),
    include_str!("../../templates/app.html"),
    include_str!("../../templates/away.html"),
    include_str!("../../templates/centre.html"),
    include_str!("../../templates/consent.html"),
    include_str!("../../templates/console_confirm.html"),
    include_str!("../../templates/console_factor.html"),
    include_str!("../../templates/console_log.html"),
    include_str!("../../templates/console_me.html"),
    include_str!("../../templates/console_nav.html"),
    include_str!("../../templates/console_overview.html"),
    include_str!("../../templates/console_partners.html"),
    include_str!("../../templates/console_passkey.html"),
    include_str!("../../templates/console_setup.html"),
    include_str!("../../templates/console_sign_in.html"),
    include_str!("../../templates/delete.html"),
    include_str!("../../templates/deleted.html"),
    include_str!("../../templates/fault.html"),
    include_str!("../../templates/history.html"),
    include_str!("../../templates/home.html"),
    include_str!("../../templates/item.html"),
    include_str!("../../templates/items.html"),
    include_str!("../../templates/package.html"),
    include_str!("../../templates/layout.html"),
    include_str!("../../templates/lines.html"),
    include_str!("../../templates/notice.html"),
    include_str!("../../templates/partial.html"),
    include_str!("../../templates/problem.html"),
    include_str!("../../templates/problems.html"),
    include_str!("../../templates/sign_in.html"),
    include_str!("../../templates/signed_out.html"),
    include_str!("../../templates/style.html"),
    include_str!("../../templates/tabs.html"),
    include_str!("../api/document.rs"),
    include_str!("../api/page.rs"),
    include_str!("../centre.rs"),
    include_str!("../consent.rs"),
    include_str!("../console/overview.rs"),
    include_str!("../console/passkey.rs"),
    include_str!("../console/platform.rs"),
    include_str!("../console/sign_in.rs"),
    include_str!("../console/visit.rs"),
    include_str!("../history.rs"),
    include_str!("../items.rs"),
    include_str!("../notices.rs"),
    include_str!("../time.rs"),
    include_str!("../words.rs"),
];

/// Message or `message.attribute`, and the variables in it.
fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(text).expect("readable");
    let mut found = BTreeMap::new();
    let mut add = |id: String, pattern: &Pattern<&str>| {
        let mut variables = BTreeSet::new();
        collect(pattern, &mut variables);
        assert!(found.insert(id.clone(), variables).is_none(), "{id} twice");
    };
    for entry in &resource.body {
        if let Entry::Message(message) = entry {
            add(message.id.name.to_owned(), message.value.as_ref().expect("a value"));
            for attribute in &message.attributes {
                add(format!("{}.{}", message.id.name, attribute.id.name), &attribute.value);
            }
        }
    }
    found
}

fn collect(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => collect_inline(inline, variables),
            Expression::Select { selector, variants } => {
                collect_inline(selector, variables);
                variants.iter().for_each(|variant| collect(&variant.value, variables));
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => match expression.as_ref() {
            Expression::Inline(inline) => collect_inline(inline, variables),
            Expression::Select { .. } => panic!("a selector inside a placeable"),
        },
        _ => {}
    }
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_variables() {
    let [zh, en] = TEXTS.map(|(_, text)| messages(text));
    assert_eq!(zh, en);
}

#[test]
fn every_problem_reason_and_refusal_has_words_and_a_remedy() {
    let problems = Problem::EVERY.iter().flat_map(|problem| {
        ["", ".detail", ".remedy"].map(|part| format!("problem-{}{part}", problem.code()))
    });
    let reasons = Reason::EVERY
        .iter()
        .flat_map(|reason| ["", ".remedy"].map(|part| format!("reason-{}{part}", reason.code())));
    let refusals = Refusal::EVERY
        .iter()
        .flat_map(|refusal| ["", ".remedy"].map(|part| format!("refusal-{}{part}", refusal.code())));
    let expected: BTreeSet<String> = problems.chain(reasons).chain(refusals).collect();
    for (lang, text) in TEXTS {
        let found: BTreeSet<String> = messages(text)
            .into_keys()
            .filter(|id| {
                ["problem-", "reason-", "refusal-"].iter().any(|kind| id.starts_with(kind))
                    && id != "problem-reasons"
            })
            .collect();
        assert_eq!(found, expected, "{lang}");
    }
}

#[test]
fn every_message_is_said_somewhere_and_everything_said_is_a_message() {
    let known: BTreeSet<String> = messages(TEXTS[0].1).into_keys().collect();
    let quoted: BTreeSet<String> = SAYING
        .iter()
        .flat_map(|text| text.split('"').skip(1).step_by(2).chain(text.split('"').step_by(2)))
        .map(str::to_owned)
        .collect();
    // The words of the interface are held by `crate::api`'s tests.
    let kinds = ["problem-", "reason-", "refusal-", "api-op-", "api-field-", "api-group-"];
    let by_code = |id: &str| kinds.iter().any(|kind| id.starts_with(kind));
    for id in known.iter().filter(|id| !by_code(id) && !id.contains('.')) {
        assert!(quoted.contains(id), "{id} is never said");
    }
    for text in SAYING {
        for call in [".say(\"", ".with(\"", ".tell(\""] {
            for said in text.split(call).skip(1).filter_map(|after| after.split('"').next()) {
                assert!(known.contains(said) || !said.contains(|c: char| c.is_ascii_lowercase()), "{said}");
            }
        }
    }
}

#[test]
fn no_message_breaks_when_it_is_said() {
    for lang in Lang::EVERY {
        for (id, variables) in messages(TEXTS[0].1) {
            for number in [0u32, 1, 2, 365] {
                let values: Vec<(&'static str, FluentValue<'_>)> =
                    variables.iter().map(|name| (&*name.clone().leak(), FluentValue::from(number))).collect();
                let said = lang.words().tell(&id, &values);
                assert!(!said.contains(['{', '}', '$']) && !said.is_empty(), "{id}: {said}");
                assert_ne!(said, id);
            }
        }
    }
}

#[test]
fn the_chinese_words_are_chinese_and_the_english_ones_are_not() {
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let [zh, en] = TEXTS.map(|(_, text)| text);
    for line in
        zh.lines().filter(|line| line.contains(" = ") && !line.contains("= {") && !line.contains("] "))
    {
        assert!(
            line.starts_with("nav-switch") || line.contains(han) || line.ends_with(['、', '：']),
            "{line}"
        );
    }
    for line in en.lines().filter(|line| line.contains(" = ")) {
        assert!(line.starts_with("nav-switch") || !line.contains(han), "{line}");
    }
}

#[test]
fn the_name_of_an_item_is_short_and_what_makes_it_exact_stands_beside_it() {
    #[rustfmt::skip]
    let cases = [
        ("姓名(名称)",                       ("姓名", "名称")),
        ("手机号码（注册用户）",             ("手机号码", "注册用户")),
        ("Phone number (of the user)",       ("Phone number", "of the user")),
        ("E-mail address",                   ("E-mail address", "")),
        ("a (b) c",                          ("a (b) c", "")),
        ("",                                 ("", "")),
    ];
    for (name, expected) in cases {
        let text = LocalText { zh: name.to_owned(), en: name.to_owned() };
        assert_eq!(Lang::Zh.words().item(&text), expected);
    }
}

#[test]
fn accept_language_is_weighed_as_the_standard_says() {
    #[rustfmt::skip]
    let cases = [
        ("zh-CN,zh;q=0.9,en;q=0.8",     Lang::Zh),
        ("en-US,en;q=0.9",              Lang::En),
        ("fr, en;q=0.5",                Lang::En),
        ("fr-FR, de",                   Lang::Zh),
        ("en;q=0.5, zh;q=0.7",          Lang::Zh),
        ("en;q=0.7, zh;q=0.5",          Lang::En),
        ("zh;q=0, en;q=0.1",            Lang::En),
        ("en;q=0",                      Lang::Zh),
        ("EN",                          Lang::En),
        ("en;q=2",                      Lang::Zh),
        ("en;q=0.1234",                 Lang::Zh),
        ("en;q=-1",                     Lang::Zh),
        ("en, zh",                      Lang::En),
        ("zh, en",                      Lang::Zh),
        ("*",                           Lang::Zh),
        ("",                            Lang::Zh),
        ("english",                     Lang::Zh),
    ];
    for (header, expected) in cases {
        assert_eq!(Lang::accepted(header), expected, "{header}");
    }
}
