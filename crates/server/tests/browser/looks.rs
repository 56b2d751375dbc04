//! How pages look: contrast and what does not fit.

use crate::chrome::Browser;

/// The contrast of text and what lies under it (WCAG 2.2, relative luminance and contrast ratio).
pub(crate) fn contrast(browser: &Browser, css: &str) -> f64 {
    let of = |property| luminance(&browser.style(css, property));
    let (text, under) = (of("color"), of("background-color"));
    (text.max(under) + 0.05) / (text.min(under) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let inside = colour.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).expect(colour);
    let parts: Vec<f64> = inside.split(',').map(|part| part.trim().parse().expect(colour)).collect();
    assert!(parts.get(3).is_none_or(|alpha| *alpha == 1.0), "{colour} shows what is under it");
    let linear = |part: f64| {
        let part = part / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(parts[0]) + 0.7152 * linear(parts[1]) + 0.0722 * linear(parts[2])
}

/// How far the page, or any element on it, reaches beyond the right edge of the window, in CSS pixels. What is in a sheet is
/// moved sideways by itself, and does not move the page.
pub(crate) fn overflow(browser: &Browser) -> f64 {
    let script = "
        const width = document.documentElement.clientWidth;
        const shown = document.querySelectorAll('body *:not(.sheet *)');
        const edges = [...shown].map(element => element.getBoundingClientRect().right);
        return Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, ...edges) - width;";
    browser.script(script).as_f64().unwrap()
}

#[test]
fn contrast_is_that_of_the_standard() {
    let ratio = |a: &str, b: &str| (luminance(a) + 0.05) / (luminance(b) + 0.05);
    assert!((ratio("rgba(255, 255, 255, 1)", "rgba(0, 0, 0, 1)") - 21.0).abs() < 1e-9);
    // The well-known darkest grey that still fails on white, and the first that passes.
    assert!(ratio("rgb(255, 255, 255)", "rgb(119, 119, 119)") < 4.5);
    assert!(4.5 < ratio("rgb(255, 255, 255)", "rgb(118, 118, 118)"));
}
