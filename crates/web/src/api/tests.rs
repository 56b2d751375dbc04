use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::words::Lang;

const ISSUER: &str = "https://yinuo.example";

fn told(lang: Lang) -> Value {
    serde_json::to_value(document::document(ISSUER, lang.words())).unwrap()
}

/// What partners read is a file, so that a change of the interface is a line in a difference.
#[test]
fn the_document_is_the_one_in_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = format!("{}\n", document::document(ISSUER, Lang::En.words()).to_pretty_json().unwrap());
    #[allow(clippy::disallowed_methods)]
    if std::env::var_os("YINUO_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == kept,
        "docs/openapi.json is not what the program serves: YINUO_WRITE_GOLDEN=1 cargo test --release -p yinuo-web \
         writes it anew; read the difference"
    );
}

#[test]
fn every_problem_has_an_example_in_both_languages_wherever_it_can_happen() {
    let told = told(Lang::En);
    for operation in operations::every() {
        let method = if operation.post { "post" } else { "get" };
        let responses = &told["paths"][&operation.path][method]["responses"];
        for problem in &operation.problems {
            let status = problem.status();
            let media = &responses[status.as_str()]["content"]["application/problem+json"];
            for lang in Lang::EVERY {
                let name = format!("{}.{}", problem.code(), lang.code());
                assert_eq!(media["examples"][&name]["$ref"], format!("#/components/examples/{name}"));
                let example = &told["components"]["examples"][&name]["value"];
                assert_eq!(
                    example["type"],
                    format!("{ISSUER}/problems/{}", problem.code()),
                    "{}",
                    operation.id
                );
                assert_eq!(example["status"], status.as_u16());
                assert_eq!(example["title"], lang.words().say(&format!("problem-{}", problem.code())));
            }
        }
        for (status, code, _) in &operation.protocol {
            let media = &responses[status.as_str()]["content"]["application/json"];
            assert_eq!(media["examples"][code.as_str()]["value"]["error"], code.as_str(), "{}", operation.id);
        }
    }
}

/// Every problem that the catalogue has is either one that programs meet, or one that only people do.
#[test]
fn no_problem_is_forgotten() {
    let only_people = [
        Problem::FormRefused,
        Problem::IdentityProviderDown,
        Problem::MethodNotAllowed,
        Problem::Outdated,
        Problem::RequestGone,
        Problem::Refused,
        Problem::RoleRefused,
        Problem::SignInDeclined,
        Problem::SignInFailed,
        Problem::SignInGone,
    ];
    for problem in Problem::EVERY {
        let met = operations::every().iter().any(|operation| operation.problems.contains(problem));
        assert_ne!(met, only_people.contains(problem), "{}", problem.code());
    }
}

#[test]
fn both_languages_describe_the_same_interface() {
    fn without_texts(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for text in ["description", "summary", "tags", "title"] {
                    members.remove(text);
                }
                members.values_mut().for_each(without_texts);
            }
            Value::Array(values) => values.iter_mut().for_each(without_texts),
            _ => {}
        }
    }
    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| {
        let mut told = told(lang);
        without_texts(&mut told);
        told
    });
    assert_eq!(zh, en);
}

#[test]
fn everything_is_explained_and_nothing_else() {
    let mut expected = BTreeSet::new();
    for operation in operations::every() {
        expected.insert(format!("api-op-{}", operation.word));
        let parameters = operation.in_path.iter().chain(operation.headers);
        expected.extend(parameters.map(|field| format!("api-field-{}", field.word)));
    }
    let members = fields::SHAPES.iter().flat_map(|shape| shape.fields);
    expected.extend(members.map(|field| format!("api-field-{}", field.word)));
    expected.extend(operations::Group::EVERY.map(|group| format!("api-group-{}", group.word())));
    expected
        .extend(["Request-Id", "Retry-After", "WWW-Authenticate"].map(|name| format!("api-field-{name}")));
    for text in [include_str!("../../words/zh.ftl"), include_str!("../../words/en.ftl")] {
        let ids = text.lines().filter_map(|line| line.split_once(" = ")).map(|(id, _)| id.to_owned());
        let found: BTreeSet<_> = ids
            .filter(|id| ["api-op-", "api-field-", "api-group-"].iter().any(|start| id.starts_with(start)))
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn an_example_fits_its_own_description() {
    for shape in fields::SHAPES {
        fits(&shape.example(), shape);
    }
}

/// Checks the members that are there: kind, length, choice.
fn fits(value: &Value, shape: &fields::Shape) {
    for field in shape.fields {
        let Some(member) = value.get(field.name) else { continue };
        let text = |text: fields::Text, member: &Value| {
            let length =
                member.as_str().unwrap_or_else(|| panic!("{}: {member}", field.name)).chars().count();
            assert!(
                text.least <= length && (text.most == 0 || length <= text.most),
                "{}: {length}",
                field.name
            );
        };
        match field.kind {
            fields::Kind::Text(limits) => text(limits, member),
            fields::Kind::Word(words) => assert!(words.contains(&member.as_str().unwrap()), "{member}"),
            fields::Kind::Whole(least, most) => {
                let number = member.as_u64().unwrap();
                assert!(
                    least <= number && most.is_none_or(|most| number <= most),
                    "{}: {number}",
                    field.name
                );
            }
            fields::Kind::Flag => assert!(member.is_boolean()),
            fields::Kind::Texts(limits, most) => {
                assert!(member.as_array().unwrap().len() <= most);
                member.as_array().unwrap().iter().for_each(|member| text(limits, member));
            }
            fields::Kind::Words => assert!(member.is_array()),
            fields::Kind::Shape(name) => fits(member, fields::shape(name).unwrap()),
            fields::Kind::Shapes(name, _) => {
                for member in member.as_array().unwrap() {
                    fits(member, fields::shape(name).unwrap());
                }
            }
            fields::Kind::TextByName => assert!(member.as_object().unwrap().values().all(Value::is_string)),
            fields::Kind::ShapeByName(_) => assert!(member.is_object()),
        }
    }
}

#[test]
fn metadata_and_description_have_the_same_members() {
    let told = serde_json::to_value(yinuo_oauth::Metadata::for_issuer(ISSUER)).unwrap();
    let told: BTreeSet<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let described = fields::shape("ServerMetadata").unwrap().fields.iter().map(|field| field.name).collect();
    assert_eq!(told, described);
}
