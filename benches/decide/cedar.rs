//! The same question to Cedar: its policies parsed, its entities and requests built before the clock starts.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};

/// What the decision of an item rests on: the app's and the partner's standing, what is declared, what is granted, until when.
/// How often an item was released is left out, in Cedar's favour: it keeps no state.
const POLICIES: &str = r#"
permit (principal is App, action == Action::"disclose", resource is Grant)
when {
    resource.app == principal &&
    principal.declared.contains(context.line) &&
    principal.partner.ceiling.contains(context.item) &&
    resource.allowed.contains(context.line) &&
    resource.fingerprint == principal.fingerprint &&
    context.now < resource.expires_at &&
    context.stored
};
forbid (principal, action, resource) unless { principal.live && principal.partner.active };
forbid (principal, action, resource) when { context.guardian_required && !resource.guardian_agreed };
"#;

/// Everything that Cedar knows.
pub struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
}

/// One partner with one app.
pub struct AppFacts<'a> {
    pub app: &'a str,
    pub active: bool,
    pub items: &'a [&'a str],
}

/// One grant.
pub struct GrantFacts<'a> {
    pub grant: String,
    pub app: &'a str,
    pub items: &'a [&'a str],
}

fn uid(kind: &str, id: &str) -> EntityUid {
    format!("{kind}::\"{id}\"").parse().expect("a name of ours")
}

fn text(words: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(words.to_owned())
}

fn set<'a>(words: impl Iterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(words.map(text))
}

fn entity<const N: usize>(uid: EntityUid, attributes: [(&str, RestrictedExpression); N]) -> Entity {
    let attributes: HashMap<String, _> =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid, attributes, HashSet::new()).expect("attributes without extensions")
}

impl Cedar {
    pub fn new(apps: &[AppFacts<'_>], grants: &[GrantFacts<'_>]) -> Self {
        let line = |item: &&str| format!("delivery/{item}");
        let truth = RestrictedExpression::new_bool;
        let partners = apps.iter().map(|app| {
            let attributes = [("active", truth(app.active)), ("ceiling", set(app.items.iter().copied()))];
            entity(uid("Partner", app.app), attributes)
        });
        let programs = apps.iter().map(|app| {
            let lines: Vec<String> = app.items.iter().map(line).collect();
            let attributes = [
                ("partner", RestrictedExpression::new_entity_uid(uid("Partner", app.app))),
                ("live", truth(true)),
                ("declared", set(lines.iter().map(String::as_str))),
                ("fingerprint", text(app.app)),
            ];
            entity(uid("App", app.app), attributes)
        });
        let consents = grants.iter().map(|grant| {
            let lines: Vec<String> = grant.items.iter().map(line).collect();
            let attributes = [
                ("app", RestrictedExpression::new_entity_uid(uid("App", grant.app))),
                ("allowed", set(lines.iter().map(String::as_str))),
                ("fingerprint", text(grant.app)),
                ("expires_at", RestrictedExpression::new_long(2)),
                ("guardian_agreed", truth(false)),
            ];
            entity(uid("Grant", &grant.grant), attributes)
        });
        let all: Vec<Entity> = partners.chain(programs).chain(consents).collect();
        Self {
            policies: POLICIES.parse().expect("the policies are written right"),
            entities: Entities::from_entities(all, None).expect("every entity stands once"),
            authorizer: Authorizer::new(),
        }
    }

    /// A request for one item under one grant. Cedar decides on one resource at a time.
    pub fn request(&self, app: &str, grant: &str, item: &str) -> Request {
        let context = Context::from_pairs([
            ("item".to_owned(), text(item)),
            ("line".to_owned(), text(&format!("delivery/{item}"))),
            ("now".to_owned(), RestrictedExpression::new_long(1)),
            ("stored".to_owned(), RestrictedExpression::new_bool(true)),
            ("guardian_required".to_owned(), RestrictedExpression::new_bool(false)),
        ]);
        let (app, grant) = (uid("App", app), uid("Grant", grant));
        let context = context.expect("every member stands once");
        Request::new(app, uid("Action", "disclose"), grant, context, None).expect("no schema to break")
    }

    /// Whether all of them may be released.
    pub fn allows(&self, requests: &[Request]) -> bool {
        // Each is asked, as an answer that names every refused item needs it.
        requests.iter().fold(true, |all, request| {
            let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
            response.decision() == Decision::Allow && all
        })
    }
}
