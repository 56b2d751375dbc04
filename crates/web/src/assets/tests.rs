use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::markup::Markup;
use crate::page::Frame;
use crate::style::StylePage;
use crate::words::Lang;
use askama::Template as _;

const TEMPLATES: &[&str] = &[
    include_str!("../../templates/app.html"),
    include_str!("../../templates/away.html"),
    include_str!("../../templates/centre.html"),
    include_str!("../../templates/consent.html"),
    include_str!("../../templates/delete.html"),
    include_str!("../../templates/deleted.html"),
    include_str!("../../templates/fault.html"),
    include_str!("../../templates/history.html"),
    include_str!("../../templates/home.html"),
    include_str!("../../templates/item.html"),
    include_str!("../../templates/items.html"),
    include_str!("../../templates/layout.html"),
    include_str!("../../templates/lines.html"),
    include_str!("../../templates/notice.html"),
    include_str!("../../templates/partial.html"),
    include_str!("../../templates/problem.html"),
    include_str!("../../templates/problems.html"),
    include_str!("../../templates/sign_in.html"),
    include_str!("../../templates/tabs.html"),
];

/// The colours of the light theme, and of the dark one.
fn palettes() -> [BTreeMap<&'static str, [f64; 3]>; 2] {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = dark.split_once("\n}\n").unwrap().0;
    [light.split_once("\n}\n").unwrap().0, dark].map(|block| {
        let lines = block.lines().filter_map(|line| line.trim().strip_prefix("--"));
        lines
            .filter_map(|line| {
                let (name, colour) = line.trim_end_matches(';').split_once(": #")?;
                let channel =
                    |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                Some((name, [channel(0), channel(2), channel(4)]))
            })
            .collect()
    })
}

/// WCAG 2.2, "contrast ratio".
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [r, g, b] =
            colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

const GROUNDS: [&str; 3] = ["paper", "raised", "sunk"];
/// Text on grounds of its own: a tinted one, or a button.
const TINTED: [(&str, &str); 10] = [
    ("on-accent", "accent"),
    ("on-seal", "seal"),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
    ("quiet", "accent-soft"),
    ("alert", "alert-soft"),
    ("ink", "alert-soft"),
    ("held", "held-soft"),
    ("ink", "sunk"),
    ("quiet", "sunk"),
];

/// WCAG 2.2 §1.4.3 and §1.4.11, in both themes.
#[test]
fn text_and_edges_can_be_seen() {
    for palette in palettes() {
        let least = |ink: &str, ground: &str, least: f64| {
            let ratio = contrast(palette[ink], palette[ground]);
            assert!(least <= ratio, "{ink} on {ground}: {ratio:.2}");
        };
        for ground in GROUNDS {
            for ink in ["ink", "quiet", "accent", "alert", "held"] {
                least(ink, ground, 4.5);
            }
            // What marks a control and its state; `hair` only decorates.
            for edge in ["line", "accent", "alert"] {
                least(edge, ground, 3.0);
            }
        }
        for (ink, ground) in TINTED {
            least(ink, ground, 4.5);
        }
        for ground in ["accent-soft", "alert-soft"] {
            least("line", ground, 3.0);
        }
    }
    let [light, dark] = palettes();
    assert!(light.keys().eq(dark.keys()), "each colour has both themes");
}

/// Each rule that puts a colour on a ground has its contrast computed above.
#[test]
fn every_pair_of_colours_in_the_rules_is_computed() {
    let rules = STYLE.split_once("*, *::before").unwrap().1;
    let token = |rule: &str, property: &str| {
        let declarations = rule.split(['{', ';']).map(str::trim);
        let value = declarations.filter_map(|one| one.strip_prefix(property)).next_back()?;
        Some(value.split_once("var(--")?.1.split(')').next()?.to_owned())
    };
    let mut pairs = 0;
    for rule in rules.split('}').filter(|rule| !rule.contains("@media print")) {
        let (Some(ink), Some(ground)) = (token(rule, "color: "), token(rule, "background: ")) else {
            continue;
        };
        let known = GROUNDS.contains(&ground.as_str())
            && ["ink", "quiet", "accent", "alert", "held"].contains(&ink.as_str())
            || TINTED.contains(&(ink.as_str(), ground.as_str()));
        assert!(known, "{ink} on {ground} in {rule}");
        pairs += 1;
    }
    assert!(5 <= pairs, "{pairs}");
}

#[test]
fn the_style_is_small_loads_nothing_and_hides_no_focus() {
    assert!(STYLE.len() <= 12 * 1024, "{}", STYLE.len());
    for forbidden in ["url(", "@import", "@font-face", "outline: none", "outline: 0", "http"] {
        assert!(!STYLE.contains(forbidden), "{forbidden}");
    }
    assert!(STYLE.contains(":focus-visible { outline: 3px solid"));
    assert!(!PICTURE.contains("script") && !PICTURE.contains("href"));
}

#[test]
fn every_colour_stands_at_the_top() {
    let rules = STYLE.rsplit_once("\n  }\n}\n").unwrap().1;
    assert!(!rules.contains('#'));
}

fn classes_of_rules() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let rules = STYLE.split_once("*, *::before").unwrap().1;
    let before_braces = rules.split('{').map(|part| part.rsplit(['}', ';']).next().unwrap_or_default());
    for selector in before_braces {
        let class = |part: &str| {
            part.split(|c: char| !(c.is_ascii_lowercase() || c == '-')).next().unwrap_or("").to_owned()
        };
        found.extend(selector.split('.').skip(1).map(class).filter(|class| !class.is_empty()));
    }
    found
}

fn classes_of(markup: &str) -> BTreeSet<String> {
    let values = markup.split("class=\"").skip(1).filter_map(|rest| rest.split('"').next());
    values.flat_map(|value| value.split([' ', '{', '}', '%'])).map(str::to_owned).collect()
}

/// The page of components is whole: each class that the sheet announces and each that a template uses is on it.
#[test]
fn the_page_of_components_shows_every_component() {
    for lang in Lang::EVERY {
        let frame = Frame { w: lang.words(), csrf: None, switch: "/style?lang=en".to_owned() };
        let html = StylePage { f: frame, moment: "2026".to_owned() }.render().unwrap();
        Markup::parse(&html).assert_nothing_active();
        let shown = classes_of(&html);
        for class in classes_of_rules() {
            // Parts of one page and no component: where a rule says how such a part sits in another.
            let part = ["number", "reason", "other"].contains(&class.as_str());
            assert!(part || shown.contains(&class), "{class} is not on the page of components");
        }
    }
}

#[test]
fn no_rule_is_for_nothing_and_no_class_without_a_rule() {
    let rules = classes_of_rules();
    let used: BTreeSet<String> = TEMPLATES.iter().flat_map(|template| classes_of(template)).collect();
    for class in used.iter().filter(|class| class.chars().all(|c| c.is_ascii_lowercase() || c == '-')) {
        let hook = class.is_empty() || ["notice", "reason"].contains(&class.as_str());
        assert!(hook || rules.contains(class), "no rule for {class}");
    }
}

#[test]
fn the_address_of_the_style_changes_with_it() {
    assert!(style_address().starts_with("/assets/yinuo.css?v=") && style_address().len() == 36);
}
