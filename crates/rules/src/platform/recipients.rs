//! One purpose, one recipient (PIPL 23: each recipient is named and consented to by itself).
//!
//! Two things lump recipients together: a purpose that apps of two partners use, so that one sentence would have to
//! speak for both; and a title, method, reason or effect that names another partner than the one whose app it is.

use std::collections::BTreeMap;

use yinuo_domain::{LocalText, PurposeId};

use super::app::AppFile;
use super::finding::{Findings, Spot, said};
use super::read::{PartnerFile, PurposeFile};
use crate::rule::Rule;

pub(crate) fn check(
    purposes: &[PurposeFile],
    partners: &[PartnerFile],
    apps: &[AppFile],
    found: &mut Findings<'_>,
) {
    shared(purposes, apps, found);
    for app in apps {
        for (place, purpose) in app.declaration.purposes.iter().enumerate() {
            let spot = |part: &str| app.spot(&format!("/purposes/{place}/{part}"));
            named(app, partners, &purpose.id, &purpose.title, &spot("title"), found);
            named(app, partners, &purpose.id, &purpose.method, &spot("method"), found);
        }
        for (line, declared) in app.lines.iter().zip(&app.declaration.items) {
            let Some(purpose) = app.declaration.purpose(declared.purpose) else { continue };
            for text in [&line.why, &line.effect].into_iter().flatten() {
                named(app, partners, &purpose.id, text, &line.table, found);
            }
        }
    }
}

fn shared(purposes: &[PurposeFile], apps: &[AppFile], found: &mut Findings<'_>) {
    for file in purposes {
        let uses = |app: &&AppFile| app.declaration.purpose(file.purpose.code).is_some();
        let users: BTreeMap<_, _> = apps
            .iter()
            .filter(uses)
            .map(|app| (app.declaration.partner.as_str(), app.declaration.app.as_str()))
            .collect();
        if users.len() < 2 {
            continue;
        }
        let list: Vec<_> = users.iter().map(|(partner, app)| format!("{app} ({partner})")).collect();
        found.add(
            Rule::OneRecipient,
            &file.id,
            said(
                format!("用途“{}”被不同合作方的应用使用：{}", file.purpose.id, list.join("、")),
                format!(
                    "apps of different partners use the purpose `{}`: {}",
                    file.purpose.id,
                    list.join(", ")
                ),
                "请为每个接收方声明各自的用途，让用户逐一决定",
                "declare a purpose for each recipient, so that a person decides about one at a time",
            ),
        );
    }
}

/// Reports the other partners that `text` names.
fn named(
    app: &AppFile,
    partners: &[PartnerFile],
    purpose: &PurposeId,
    text: &LocalText,
    spot: &Spot,
    found: &mut Findings<'_>,
) {
    let own = partners.iter().find(|partner| partner.profile.partner == app.declaration.partner);
    for other in partners.iter().filter(|other| other.profile.partner != app.declaration.partner) {
        let names = |name: &str, own: Option<&str>, text: &str| {
            let text = text.to_lowercase();
            // The own name may hold the other's, as "Bamboo Express" holds "Bamboo".
            let rest = own.map_or(text.clone(), |own| text.replace(&own.to_lowercase(), ""));
            1 < name.chars().count() && rest.contains(&name.to_lowercase())
        };
        let profile = &other.profile;
        let said_so = names(&profile.name.zh, own.map(|own| own.profile.name.zh.as_str()), &text.zh)
            || names(&profile.name.en, own.map(|own| own.profile.name.en.as_str()), &text.en)
            || [&text.zh, &text.en].into_iter().any(|text| names(&profile.contact, None, text));
        if said_so {
            found.add(Rule::OneRecipient, spot, said(
                format!("用途“{purpose}”的接收方是“{}”，文字却写到了另一个接收方“{}”", app.declaration.partner, profile.name.zh),
                format!("the recipient of `{purpose}` is `{}`, but this text names another one, {}", app.declaration.partner, profile.name.en),
                "向另一方提供信息需要告知其名称、联系方式并取得单独同意：请由该合作方自己的应用声明自己的用途",
                "whoever else receives information is named and consented to by itself: let that partner's own app declare its own purpose",
            ));
        }
    }
}
