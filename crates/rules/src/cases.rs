//! Runs `rules/cases.toml`, and shows that each rule is held by a case: without the rule, one fails.

use std::collections::BTreeSet;

use serde::Deserialize;
use yinuo_domain::{Category, Compartment, ItemSet, Refusal, Whose};

use crate::{
    Basis, Catalogue, Grade, ItemCategory, ItemEntry, Mask, Necessary, Packs, check::fixture,
    check_declaration, pack, packs, words,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    app: Vec<AppCase>,
    items: Vec<ItemsCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppCase {
    name: String,
    #[serde(rename = "doubt")]
    _doubt: Option<String>,
    category: String,
    /// `clause role item`.
    necessary: BTreeSet<String>,
    #[serde(default)]
    conditional: BTreeSet<String>,
    #[serde(default)]
    alternatives: BTreeSet<BTreeSet<String>>,
    refused: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsCase {
    name: String,
    #[serde(rename = "doubt")]
    _doubt: Option<String>,
    items: Vec<String>,
    category: Option<ItemCategory>,
    sensitive: Option<bool>,
    sensitive_basis: Option<Vec<Basis>>,
    inferred: Option<bool>,
    #[serde(default, deserialize_with = "compartment")]
    compartment: Option<Compartment>,
    mask: Option<Mask>,
    #[serde(default, deserialize_with = "whose")]
    whose: Option<Whose>,
    grade: Option<Grade>,
    extra: Option<bool>,
    verified: Option<bool>,
}

fn compartment<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Compartment>, D::Error> {
    words::compartment::deserialize(from).map(Some)
}

fn whose<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Whose>, D::Error> {
    words::whose::deserialize(from).map(Some)
}

fn cases() -> Cases {
    toml::from_str(include_str!("../../../rules/cases.toml")).unwrap()
}

#[test]
fn the_packs_say_what_the_cases_say() {
    let packs = packs().unwrap();
    let cases = cases();
    for case in &cases.app {
        assert_eq!(app_fault(packs, case), None, "{}", case.name);
    }
    let entries: Vec<ItemEntry> = packs.catalogue.iter().cloned().collect();
    for case in &cases.items {
        assert_eq!(items_fault(&entries, case), None, "{}", case.name);
    }
}

#[test]
fn every_category_has_a_case() {
    let named: BTreeSet<String> = cases().app.into_iter().map(|case| case.category).collect();
    for category in packs().unwrap().necessary.iter() {
        assert!(named.contains(&category.id), "{}", category.id);
    }
    assert!(named.contains("other"));
}

/// What an app may call necessary, seen through the check of a declaration, is what the case lists.
#[test]
fn a_declaration_may_call_necessary_exactly_what_the_case_lists() {
    let packs = packs().unwrap();
    for case in &cases().app {
        let category =
            packs.necessary.by_id(&case.category).map_or(Category(0), |category| category.category);
        let listed: ItemSet = case
            .necessary
            .iter()
            .map(|line| packs.catalogue.by_id(line.rsplit(' ').next().unwrap()).unwrap().item)
            .collect();
        for entry in packs.catalogue.iter().filter(|entry| entry.whose == Whose::Own) {
            let declaration = fixture::necessary_line(category, entry.item);
            let found: Vec<Refusal> = check_declaration(packs, ItemSet::ALL, &declaration)
                .into_iter()
                .map(|problem| problem.refusal)
                .collect();
            let expected: &[Refusal] =
                if listed.contains(entry.item) { &[] } else { &[Refusal::NotNecessary] };
            assert_eq!(found, expected, "{}: {}", case.name, entry.id);
        }
    }
}

/// Takes each necessary item out, lifts each condition and each choice, and gives each category one item more:
/// every time a case fails.
#[test]
fn no_rule_about_necessary_items_can_go_unnoticed() {
    let catalogue = &packs().unwrap().catalogue;
    let cases = cases();
    let original: toml::Table = toml::from_str(pack::NECESSARY).unwrap();
    let mut changed = Vec::new();
    let categories = original["category"].as_array().unwrap();
    for (c, category) in categories.iter().enumerate() {
        let lines = category.get("necessary").and_then(|lines| lines.as_array()).map_or(0, Vec::len);
        let entries = |table: &mut toml::Table, edit: &dyn Fn(&mut Vec<toml::Value>)| {
            let category = table["category"].as_array_mut().unwrap()[c].as_table_mut().unwrap();
            let lines = category.entry("necessary").or_insert_with(|| toml::Value::Array(Vec::new()));
            edit(lines.as_array_mut().unwrap());
        };
        let mut change = |what: String, edit: &dyn Fn(&mut Vec<toml::Value>)| {
            let mut table = original.clone();
            entries(&mut table, edit);
            changed.push((what, table));
        };
        let id = category["id"].as_str().unwrap();
        let extra = toml::toml! { item = "gene" clause = 1 subject = "registered_user" };
        change(format!("{id} one more"), &|lines| lines.push(toml::Value::Table(extra.clone())));
        for place in 0..lines {
            let line = &category["necessary"][place];
            change(format!("{id} without {line}"), &|lines| {
                let gone = lines.remove(place);
                // What is left of a group of two is no alternative.
                lines.iter_mut().for_each(|other| {
                    if gone.get("one_of").is_some() && other.get("one_of") == gone.get("one_of") {
                        other.as_table_mut().unwrap().remove("one_of");
                    }
                });
            });
            if line.get("when").is_some() {
                change(format!("{id} always {line}"), &|lines| {
                    lines[place].as_table_mut().unwrap().remove("when");
                });
            }
            if let Some(group) = line.get("one_of") {
                change(format!("{id} all of {group}"), &|lines| {
                    lines.iter_mut().filter(|line| line.get("one_of") == Some(group)).for_each(|line| {
                        line.as_table_mut().unwrap().remove("one_of");
                    });
                });
            }
        }
    }
    assert!(39 + 148 < changed.len());
    for (what, table) in changed {
        let text: &'static str = Box::leak(toml::to_string(&table).unwrap().into_boxed_str());
        let necessary = Necessary::parse(text, catalogue).unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut packs = packs().unwrap().clone();
        packs.necessary = necessary;
        assert!(cases.app.iter().any(|case| app_fault(&packs, case).is_some()), "unnoticed: {what}");
    }
}

/// Turns each property of each item into another: every time a case fails.
#[test]
fn no_rule_about_items_can_go_unnoticed() {
    let catalogue: &Catalogue = &packs().unwrap().catalogue;
    let cases = cases();
    let entries: Vec<ItemEntry> = catalogue.iter().cloned().collect();
    type Edit = fn(&mut ItemEntry);
    let edits: &[(&str, Edit)] = &[
        ("sensitive", |entry| entry.sensitive = !entry.sensitive),
        ("compartment", |entry| {
            entry.compartment = match entry.compartment {
                Compartment::Identity => Compartment::Other,
                Compartment::Other => Compartment::Identity,
            }
        }),
        ("mask", |entry| {
            entry.mask = if entry.mask == Mask::All { Mask::Name } else { Mask::All };
        }),
        ("whose", |entry| {
            entry.whose = if entry.whose == Whose::Own { Whose::Other } else { Whose::Own };
        }),
        ("grade", |entry| entry.grade = Grade::Core),
        ("category", |entry| {
            entry.category =
                if entry.category == ItemCategory::Other { ItemCategory::Basic } else { ItemCategory::Other };
        }),
    ];
    for place in 0..entries.len() {
        for (what, edit) in edits {
            let mut changed = entries.clone();
            edit(&mut changed[place]);
            let noticed = cases.items.iter().any(|case| items_fault(&changed, case).is_some());
            assert!(noticed, "unnoticed: {what} of {}", entries[place].id);
        }
    }
}

fn app_fault(packs: &Packs, case: &AppCase) -> Option<String> {
    let mut necessary = BTreeSet::new();
    let mut conditional = BTreeSet::new();
    let mut groups: std::collections::BTreeMap<String, BTreeSet<String>> = Default::default();
    let category = packs.necessary.by_id(&case.category);
    if category.is_none() && case.category != "other" {
        return Some("no such category".to_owned());
    }
    for entry in category.iter().flat_map(|category| &category.necessary) {
        let item = &packs.catalogue.by_code(entry.item)?.id;
        let line = format!("{} {} {item}", entry.clause, entry.subject.as_str());
        if entry.when.is_some() {
            conditional.insert(line.clone());
        }
        if let Some(group) = &entry.one_of {
            groups.entry(group.clone()).or_default().insert(item.clone());
        }
        necessary.insert(line);
    }
    let allowed = category.map(|category| category.necessary_items()).unwrap_or_default();
    for id in &case.refused {
        match packs.catalogue.by_id(id) {
            Some(entry) if allowed.contains(entry.item) => return Some(format!("{id} is allowed")),
            Some(_) => {}
            None => return Some(format!("no item {id}")),
        }
    }
    let groups: BTreeSet<BTreeSet<String>> = groups.into_values().collect();
    (necessary != case.necessary || conditional != case.conditional || groups != case.alternatives)
        .then(|| format!("the pack says {necessary:?}, when {conditional:?}, one of {groups:?}"))
}

fn items_fault(entries: &[ItemEntry], case: &ItemsCase) -> Option<String> {
    fn differs<T: PartialEq>(expected: &Option<T>, found: &T) -> bool {
        expected.as_ref().is_some_and(|expected| expected != found)
    }
    case.items.iter().find_map(|id| {
        let Some(entry) = entries.iter().find(|entry| entry.id == *id) else {
            return Some(format!("no item {id}"));
        };
        let wrong = differs(&case.category, &entry.category)
            || differs(&case.sensitive, &entry.sensitive)
            || differs(&case.sensitive_basis, &entry.sensitive_basis)
            || differs(&case.inferred, &entry.sensitive_basis.contains(&Basis::Inferred))
            || differs(&case.compartment, &entry.compartment)
            || differs(&case.mask, &entry.mask)
            || differs(&case.whose, &entry.whose)
            || differs(&case.grade, &entry.grade)
            || differs(&case.extra, &entry.is_extra())
            || differs(&case.verified, &entry.verified);
        wrong.then(|| format!("{entry:?}"))
    })
}
