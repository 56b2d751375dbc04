//! The full notice, from Markdown to HTML that cannot do anything but be read.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// HTML of `markdown`. Raw HTML is dropped, pictures become their description, and a link leads to the web, a mailbox or
/// a telephone, or is only its words.
pub(crate) fn to_html(markdown: &str) -> String {
    let mut links = Vec::new();
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Html(_) | Event::InlineHtml(_) => None,
        Event::Start(Tag::HtmlBlock | Tag::Image { .. }) | Event::End(TagEnd::HtmlBlock | TagEnd::Image) => {
            None
        }
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let kept = leads_out(dest_url);
            links.push(kept);
            kept.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or(false).then_some(event),
        // The page has its own first heading.
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: lower(level),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lower(level)))),
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn lower(level: pulldown_cmark::HeadingLevel) -> pulldown_cmark::HeadingLevel {
    use pulldown_cmark::HeadingLevel::{H1, H2, H3, H4, H5, H6};
    match level {
        H1 => H2,
        H2 => H3,
        H3 => H4,
        H4 => H5,
        H5 | H6 => H6,
    }
}

fn leads_out(url: &CowStr<'_>) -> bool {
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_text_and_nothing_else() {
        #[rustfmt::skip]
        let cases = [
            ("# 标题\n\n一段 **重要** 的话",        "<h2>标题</h2>\n<p>一段 <strong>重要</strong> 的话</p>\n"),
            ("a <script>alert(1)</script> b",       "<p>a alert(1) b</p>\n"),
            ("<div onclick=x>\n\n- one",            "<ul>\n<li>one</li>\n</ul>\n"),
            ("[x](javascript:alert(1))",            "<p>x</p>\n"),
            ("[x](JaVaScRiPt:alert(1))",            "<p>x</p>\n"),
            ("[x](data:text/html,y)",               "<p>x</p>\n"),
            ("[x](/centre/delete)",                 "<p>x</p>\n"),
            ("[x](https://courier.example/n)",      "<p><a href=\"https://courier.example/n\">x</a></p>\n"),
            ("[x](mailto:a@courier.example)",       "<p><a href=\"mailto:a@courier.example\">x</a></p>\n"),
            ("![p](https://evil.example/p.png)",    "<p>p</p>\n"),
            ("[![p](https://evil.example/p.png)](javascript:x)", "<p>p</p>\n"),
            ("a & b < c \"d\"",                     "<p>a &amp; b &lt; c \"d\"</p>\n"),
        ];
        for (markdown, expected) in cases {
            assert_eq!(to_html(markdown), expected, "{markdown}");
        }
    }
}
