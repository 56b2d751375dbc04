use std::collections::BTreeMap;

use super::*;

/// The colours of the light theme, and of the dark one.
fn palettes() -> [BTreeMap<&'static str, [f64; 3]>; 2] {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = dark.split_once("\n}\n").unwrap().0;
    [light.split_once("\n}\n").unwrap().0, dark].map(|block| {
        let lines = block.lines().filter_map(|line| line.trim().strip_prefix("--"));
        lines
            .map(|line| {
                let (name, colour) = line.trim_end_matches(';').split_once(": #").unwrap();
                let channel =
                    |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                (name, [channel(0), channel(2), channel(4)])
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

/// WCAG 2.2 §1.4.3 and §1.4.11, in both themes.
#[test]
fn text_and_edges_can_be_seen() {
    for palette in palettes() {
        for ground in ["paper", "raised"] {
            for ink in ["ink", "quiet", "accent", "alert", "good"] {
                let ratio = contrast(palette[ink], palette[ground]);
                assert!(4.5 <= ratio, "{ink} on {ground}: {ratio:.2}");
            }
            let ratio = contrast(palette["line"], palette[ground]);
            assert!(3.0 <= ratio, "line on {ground}: {ratio:.2}");
        }
        assert!(4.5 <= contrast(palette["on-accent"], palette["accent"]));
    }
}

#[test]
fn the_style_loads_nothing_and_hides_no_focus() {
    for forbidden in ["url(", "@import", "@font-face", "outline: none", "outline: 0", "http"] {
        assert!(!STYLE.contains(forbidden), "{forbidden}");
    }
    assert!(STYLE.contains(":focus-visible { outline: 3px solid"));
    assert!(!PICTURE.contains("script") && !PICTURE.contains("href"));
}

#[test]
fn every_colour_stands_at_the_top_and_every_class_of_a_template_has_a_rule_or_is_plain() {
    let rules = STYLE.rsplit_once("\n  }\n}\n").unwrap().1;
    assert!(!rules.contains('#'));
}
