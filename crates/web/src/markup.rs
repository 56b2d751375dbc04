//! A page as a test sees it: its tags, in order, with their attributes and the text they hold.
//!
//! Strict on purpose: a tag that is not closed, or an attribute that is not quoted, fails the test.

const VOID: [&str; 4] = ["meta", "link", "input", "br"];

#[derive(Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// All text inside, tags left out.
    pub(crate) text: String,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(crate) struct Markup(Vec<Tag>);

impl Markup {
    #[track_caller]
    pub(crate) fn parse(html: &str) -> Self {
        let mut tags: Vec<Tag> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut rest = html.strip_prefix("<!doctype html>").expect("a doctype");
        while let Some((text, after)) = rest.split_once('<') {
            open.iter().for_each(|at| tags[*at].text.push_str(&unescaped(text)));
            if let Some(name) = after.strip_prefix('/') {
                let (name, after) = name.split_once('>').expect("a closed tag");
                let at = open.pop().unwrap_or_else(|| panic!("</{name}> closes nothing"));
                assert_eq!(tags[at].name, name, "closed in order");
                rest = after;
                continue;
            }
            let name_len = after.find(|c: char| !c.is_ascii_alphanumeric()).expect("a tag");
            let (name, mut inside) = after.split_at(name_len);
            let mut attributes: Vec<(String, String)> = Vec::new();
            rest = loop {
                inside = inside.trim_start();
                if let Some(after) = inside.strip_prefix('>') {
                    break after;
                }
                let len = inside.find(['=', ' ', '>']).expect("an attribute");
                let (attribute, after) = inside.split_at(len);
                let (value, after) = match after.strip_prefix("=\"") {
                    Some(quoted) => quoted.split_once('"').expect("a closed quote"),
                    None => ("", after),
                };
                assert!(attributes.iter().all(|(earlier, _)| earlier != attribute), "{attribute} twice");
                attributes.push((attribute.to_owned(), unescaped(value)));
                inside = after;
            };
            tags.push(Tag { name: name.to_owned(), attributes, text: String::new() });
            if !VOID.contains(&name) {
                open.push(tags.len() - 1);
            }
        }
        assert!(open.is_empty(), "{} is not closed", tags[*open.last().unwrap()].name);
        Self(tags)
    }

    /// Every tag, in the order in which they open.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.0.iter().filter(move |tag| tag.name == name)
    }

    pub(crate) fn with<'a>(
        &'a self,
        name: &'a str,
        attribute: &'a str,
        value: &'a str,
    ) -> impl Iterator<Item = &'a Tag> {
        self.all(name).filter(move |tag| tag.get(attribute) == Some(value))
    }

    pub(crate) fn by_id(&self, id: &str) -> &Tag {
        let mut found = self.0.iter().filter(|tag| tag.get("id") == Some(id));
        let tag = found.next().unwrap_or_else(|| panic!("nothing has the id {id}"));
        assert!(found.next().is_none(), "the id {id} twice");
        tag
    }

    /// Promise 9: no control is on, and nothing is sent that the person did not choose.
    #[track_caller]
    pub(crate) fn assert_nothing_preselected(&self) {
        for tag in &self.0 {
            for attribute in ["checked", "selected", "aria-checked", "aria-selected", "required", "autofocus"]
            {
                assert_eq!(tag.get(attribute), None, "{} has {attribute}", tag.name);
            }
            let is_choice =
                tag.get("name").is_some_and(|name| ["choice", "guardian", "decision"].contains(&name));
            assert!(!is_choice || tag.get("type") != Some("hidden"), "a hidden choice");
        }
    }

    /// What the policy would block, or what would need a script.
    #[track_caller]
    pub(crate) fn assert_nothing_active(&self) {
        for tag in &self.0 {
            assert!(
                !["script", "style", "iframe", "object", "embed", "base", "img"].contains(&tag.name.as_str())
            );
            for (name, value) in &tag.attributes {
                assert!(!name.starts_with("on") && name != "style", "{} has {name}", tag.name);
                let loads = tag.name == "link" || (name == "action" || name == "formaction");
                assert!(!loads || !value.contains("//"), "{} leads to {value}", tag.name);
            }
        }
        for form in self.all("form") {
            assert!(form.get("action").is_some_and(|action| action.starts_with('/')));
        }
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}
