//! What the regulation says about one app: the checks every declaration passes (`check_declaration`), explained at
//! the place where each part stands, and those that need more than a declaration holds.

use yinuo_domain::{DeclaredItem, DeclaredPurpose, LegalBasis, LocalText, PurposeKind};

use super::app::{AppFile, LineFile, Scene};
use super::finding::{Findings, Said, Spot, said};
use crate::necessary::{AppCategory, NecessaryItem};
use crate::rule::Rule;
use crate::{ItemEntry, Packs, Problem, Subject, check_declaration};

pub(crate) fn check(packs: &Packs, ceiling: yinuo_domain::ItemSet, app: &AppFile, found: &mut Findings<'_>) {
    for (place, line) in app.lines.iter().enumerate() {
        let Some(declared) = app.declaration.items.get(place) else { continue };
        check_line(packs, app, declared, line, &format!("/items/{place}"), found);
    }
    check_alternatives(packs, app, found);
    for problem in check_declaration(packs, ceiling, &app.declaration) {
        explain(packs, app, &problem, found);
    }
}

/// One problem of the declaration, at its place in the files.
fn explain(packs: &Packs, app: &AppFile, problem: &Problem, found: &mut Findings<'_>) {
    let spot = app.spot(&problem.at);
    let line = line_at(app, &problem.at);
    let entry = line.and_then(|line| packs.catalogue.by_code(line.item));
    if problem.rule == Rule::NotNecessary {
        // What a scanned code may demand is said by its own rule.
        let scanned = line.is_some_and(|line| demanded_by_scan(packs, app, line).is_some());
        if let (Some(line), Some(entry), true, false) = (line, entry, app.category_read, scanned) {
            not_necessary(packs, app, line, entry, &spot, found);
        }
        return;
    }
    let title = problem.rule.title();
    let what = match entry {
        Some(entry) => LocalText {
            zh: format!("{}：{}（{}）", title.zh, short(&entry.name.zh), entry.id),
            en: format!("{}: `{}`", title.en, entry.id),
        },
        None => title,
    };
    found.add_by(problem.rule, problem.article, &spot, Said { what, remedy: problem.remedy.clone() });
}

/// The line that a pointer like `/items/3/necessary` leads to.
fn line_at<'a>(app: &'a AppFile, pointer: &str) -> Option<&'a DeclaredItem> {
    let place = pointer.strip_prefix("/items/")?.split('/').next()?.parse::<usize>().ok()?;
    app.declaration.items.get(place)
}

fn not_necessary(
    packs: &Packs,
    app: &AppFile,
    line: &DeclaredItem,
    entry: &ItemEntry,
    spot: &Spot,
    found: &mut Findings<'_>,
) {
    let (name, id) = (short(&entry.name.zh), &entry.id);
    let Some(category) = packs.necessary.category(app.declaration.category) else {
        found.add(Rule::NotNecessary, spot, said(
            format!("“{name}”（{id}）被列为必要，但本应用不属于 39 类应用，没有任何必要信息"),
            format!("`{id}` is called necessary, but an app outside the 39 categories has no necessary information"),
            "请改为 necessary = false；如果应用属于 39 类之一，请填写其类别",
            "write necessary = false; if the app is of one of the 39 categories, name it",
        ));
        return;
    };
    let article = format!("国信办秘字〔2021〕14号 {}", category.article);
    if category.necessary_items().contains(line.item) {
        found.add_by(
            Rule::NotNecessary,
            &article,
            spot,
            said(
                format!("“{name}”（{id}）被列为必要，但它的用途不是基本功能"),
                format!("`{id}` is called necessary for a purpose that is not the basic function"),
                "只有 kind = \"basic\" 的用途才有必要信息，请改为 necessary = false",
                "only a purpose of kind `basic` has necessary items: write necessary = false",
            ),
        );
        return;
    }
    let allowed = allowed(packs, category);
    found.add_by(Rule::NotNecessary, &article, spot, said(
        format!("“{name}”（{id}）被列为必要，但{}的基本功能服务（{}）不需要它", category.name.zh, category.basic_service.zh),
        format!("`{id}` is called necessary, but the basic service of {} ({}) works without it", category.name.en.to_lowercase(), category.basic_service.en.to_lowercase()),
        format!("请改为 necessary = false 并放入 extended 用途，或删除。该类应用的必要信息：{}", allowed.zh),
        format!("write necessary = false under a purpose of kind `extended`, or remove the line. This category may call necessary: {}", allowed.en),
    ));
}

/// What a category may call necessary, with roles, conditions and alternatives, in words.
fn allowed(packs: &Packs, category: &AppCategory) -> LocalText {
    if category.necessary.is_empty() {
        return LocalText { zh: "无".to_owned(), en: "nothing".to_owned() };
    }
    let mut text = LocalText::default();
    for entry in &category.necessary {
        let Some(item) = packs.catalogue.by_code(entry.item) else { continue };
        let (mut zh, mut en) =
            (vec![role(entry.subject).0.to_owned()], vec![role(entry.subject).1.to_owned()]);
        if let Some(when) = &entry.when {
            zh.push(when.zh.clone());
            en.push(when.en.clone());
        }
        if let Some(group) = &entry.one_of {
            zh.push(format!("“{group}”之一"));
            en.push(format!("one of `{group}`"));
        }
        let (between_zh, between_en) = if text.zh.is_empty() { ("", "") } else { ("、", ", ") };
        text.zh.push_str(&format!("{between_zh}{}（{}）", item.id, zh.join("，")));
        text.en.push_str(&format!("{between_en}{} ({})", item.id, en.join("; ")));
    }
    text
}

fn check_line(
    packs: &Packs,
    app: &AppFile,
    declared: &DeclaredItem,
    line: &LineFile,
    at: &str,
    found: &mut Findings<'_>,
) {
    let (Some(entry), Some(purpose)) =
        (packs.catalogue.by_code(declared.item), app.declaration.purpose(declared.purpose))
    else {
        return;
    };
    sensitive(entry, line, found);
    if let Some(what) = demanded_by_scan(packs, app, declared) {
        let spot = app.spot(&format!("{at}/{}", if declared.necessary { "necessary" } else { "purpose" }));
        found.add(Rule::Scan, &spot, what);
        return;
    }
    let category = packs.necessary.category(app.declaration.category);
    let listed = category.is_some_and(|category| category.necessary_items().contains(declared.item));
    if declared.necessary && listed {
        if let Some(category) = category {
            condition(category, entry, line, &app.spot(&format!("{at}/necessary")), found);
        }
        return;
    }
    let spot = app.spot(&format!("{at}/purpose"));
    if let Some(category) =
        category.filter(|_| purpose.kind == PurposeKind::Basic && !listed && !declared.necessary)
    {
        found.add(Rule::Bundled, &spot, said(
            format!("“{}”（{}）放在基本功能用途“{}”中，但{}的基本功能服务不需要它", short(&entry.name.zh), entry.id, purpose.id, category.name.zh),
            format!("`{}` rides along with the basic purpose `{}`, which {} does not need it for", entry.id, purpose.id, category.name.en.to_lowercase()),
            "请为它单独声明一个用途（如 kind = \"extended\"），让用户可以单独拒绝",
            "give it a purpose of its own, such as one of kind `extended`, that a person can refuse by itself",
        ));
    }
    if entry.sensitive
        && purpose.basis == LegalBasis::Contract
        && !(purpose.kind == PurposeKind::Basic && listed)
        && !not_by_contract(purpose)
    {
        found.add(Rule::SensitiveConsent, &app.spot(&format!("{at}/item")), said(
            format!("“{}”（{}）是敏感个人信息，基本功能不需要它，不能以合同（{}）为依据", short(&entry.name.zh), entry.id, purpose.id),
            format!("`{}` is sensitive and not needed for the basic service, so the contract behind `{}` does not carry it", entry.id, purpose.id),
            "请把用途的 basis 改为 \"consent\"，取得单独同意",
            "let the purpose rest on consent, which the person gives for this item by itself",
        ));
    }
}

/// These kinds are refused by their own rule already.
fn not_by_contract(purpose: &DeclaredPurpose) -> bool {
    matches!(
        purpose.kind,
        PurposeKind::Marketing | PurposeKind::Personalisation | PurposeKind::ThirdPartySharing
    )
}

/// A sensitive item says why it is needed and what that does to the person (PIPL 30), each in both languages.
fn sensitive(entry: &ItemEntry, line: &LineFile, found: &mut Findings<'_>) {
    let missing = match (&line.why, &line.effect) {
        (Some(_), Some(_)) => return,
        (None, Some(_)) => ("why", "为什么需要", "why it is needed"),
        (Some(_), None) => ("effect", "对个人有什么影响", "what it does to the person"),
        (None, None) => {
            ("why, effect", "为什么需要、对个人有什么影响", "why it is needed and what it does to the person")
        }
    };
    if !entry.sensitive {
        return;
    }
    let (keys, zh, en) = missing;
    found.add(
        Rule::SensitiveUnexplained,
        &line.table,
        said(
            format!("“{}”（{}）是敏感个人信息，没有写明{zh}", short(&entry.name.zh), entry.id),
            format!("`{}` is sensitive and does not say {en}", entry.id),
            format!("请用中文和英文填写 {keys}"),
            format!("add {keys}, in Chinese and in English"),
        ),
    );
}

/// Where every entry of the item has a condition, the app says that it meets it.
fn condition(
    category: &AppCategory,
    entry: &ItemEntry,
    line: &LineFile,
    spot: &Spot,
    found: &mut Findings<'_>,
) {
    let conditions: Vec<_> = category.entries(entry.item).map(|entry| entry.when.as_ref()).collect();
    if line.condition || conditions.iter().any(Option::is_none) {
        return;
    }
    let words = |part: fn(&LocalText) -> &String, between: &str| {
        conditions.iter().flatten().map(|when| part(when).as_str()).collect::<Vec<_>>().join(between)
    };
    found.add_by(
        Rule::Condition,
        &format!("国信办秘字〔2021〕14号 {}", category.article),
        spot,
        said(
            format!(
                "“{}”（{}）只在此条件下为必要：{}",
                short(&entry.name.zh),
                entry.id,
                words(|when| &when.zh, "；")
            ),
            format!(
                "`{}` is necessary only under this condition: {}",
                entry.id,
                words(|when| &when.en, "; ")
            ),
            "如果本应用符合该条件，请加上 condition = true；否则改为 necessary = false",
            "if this app meets it, add condition = true; else write necessary = false",
        ),
    );
}

/// Of the entries that share a word, the regulation lets one be necessary.
fn check_alternatives(packs: &Packs, app: &AppFile, found: &mut Findings<'_>) {
    let Some(category) = packs.necessary.category(app.declaration.category) else { return };
    let group_of = |entry: &NecessaryItem| entry.one_of.clone();
    for (place, line) in app.declaration.items.iter().enumerate().filter(|(_, line)| line.necessary) {
        let Some(group) = category.entries(line.item).find_map(group_of) else { continue };
        // An item that is also listed by itself is no mere alternative.
        if category.entries(line.item).any(|entry| entry.one_of.is_none()) {
            continue;
        }
        let earlier =
            app.declaration.items.iter().take(place).filter(|line| line.necessary).find(|earlier| {
                earlier.item != line.item
                    && category.entries(earlier.item).any(|entry| entry.one_of.as_ref() == Some(&group))
            });
        let entry = |item| packs.catalogue.by_code(item);
        if let (Some(first), Some(second)) = (earlier.and_then(|line| entry(line.item)), entry(line.item)) {
            let article = format!("国信办秘字〔2021〕14号 {}", category.article);
            found.add_by(
                Rule::Alternatives,
                &article,
                &app.spot(&format!("/items/{place}/necessary")),
                said(
                    format!(
                        "“{}”和“{}”是可替代的，只能有一个为必要",
                        short(&first.name.zh),
                        short(&second.name.zh)
                    ),
                    format!(
                        "`{}` and `{}` are alternatives, of which one can be necessary",
                        first.id, second.id
                    ),
                    "请保留一个为必要，另一个改为 necessary = false",
                    "keep one of them necessary and write necessary = false for the other",
                ),
            );
        }
    }
}

/// What a scanned code demands without needing it: something necessary, or a phone number under a basic purpose.
fn demanded_by_scan(packs: &Packs, app: &AppFile, line: &DeclaredItem) -> Option<Said> {
    let scene = app.scene?;
    let entry = packs.catalogue.by_code(line.item)?;
    let basic =
        app.declaration.purpose(line.purpose).is_some_and(|purpose| purpose.kind == PurposeKind::Basic);
    let phone = matches!(
        entry.id.as_str(),
        "phone_number" | "contact_phone" | "contact_details" | "bank_reserved_phone_number"
    );
    let needed = scene == Scene::Park && entry.id == "license_plate_number";
    if needed || !(line.necessary || (basic && phone)) {
        return None;
    }
    let (zh, en) = match scene {
        Scene::Order => ("扫码点餐", "ordering by a scanned code"),
        Scene::Pay => ("扫码支付", "paying by a scanned code"),
        Scene::Park => ("扫码停车", "parking by a scanned code"),
    };
    let name = short(&entry.name.zh);
    Some(if phone {
        said(
            format!("{zh}不得以提供“{name}”（{}）为条件", entry.id),
            format!("{en} must not depend on a phone number (`{}`)", entry.id),
            "不提供手机号码也要能完成消费：请删除，或改为 necessary = false 并放入 extended 用途",
            "it must work for somebody who gives no number: remove the line, or make it optional under a purpose of kind `extended`",
        )
    } else {
        said(
            format!("{zh}不需要“{name}”（{}），不得强制索取", entry.id),
            format!("{en} does not need `{}` and must not demand it", entry.id),
            "请改为 necessary = false，或删除",
            "write necessary = false, or remove the line",
        )
    })
}

/// A name without what stands in brackets.
pub(crate) fn short(name: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out.trim().to_owned()
}

fn role(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::RegisteredUser => ("注册用户", "the registered user"),
        Subject::Passenger => ("乘车人、旅客", "the passenger"),
        Subject::Consignee => ("收货人", "the consignee"),
        Subject::Sender => ("寄件人", "the sender"),
        Subject::Recipient => ("收件人，是他人的信息", "the recipient, somebody else"),
        Subject::DatingPerson => ("婚恋相亲人员", "who looks for a partner"),
        Subject::JobSeeker => ("求职者", "the job seeker"),
        Subject::Borrower => ("借款人", "the borrower"),
        Subject::ListingOwner => ("发布房源的人", "who offers the house"),
        Subject::Buyer => ("买方", "the buyer"),
        Subject::Seller => ("卖方", "the seller"),
        Subject::Patient => ("患者", "the patient"),
        Subject::Traveller => ("出行人", "the traveller"),
        Subject::Guest => ("住宿人", "the guest"),
        Subject::VehicleUser => ("用车人", "who uses the vehicle"),
        Subject::Investor => ("投资人", "the investor"),
        Subject::Payee => ("收款人，是他人的信息", "the payee, somebody else"),
    }
}
