//! Brings the platform to what its files declare: what would change, then the changes.
//!
//! A plan is a comparison and changes nothing. It names the state it was made against; applying it compares again and
//! stops when that state has changed meanwhile. Each step is one command with its author, so that what was interrupted
//! is simply planned again: what is done already is no longer in the plan.

use std::collections::BTreeMap;

use yinuo_core::{AppStatus, DECISION_VERSION, PartnerStatus, Platform};
use yinuo_domain::{AppId, Declaration, Digest, LocalText, Notice, PartnerProfile, StaffId};
use yinuo_ledger::{COUNTED_MAX, Counted};
use yinuo_rules::DocumentError;

use crate::gateway::read;
use crate::platform::ChangeError;
use crate::{Gateway, Unavailable};

/// What the files declare.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The partners.
    pub partners: Vec<PartnerProfile>,
    /// The apps.
    pub apps: Vec<Declaration>,
    /// The notices, by app and version.
    pub notices: Vec<Notice>,
    /// Whether apps that the files do not declare are taken offline.
    pub hide_missing: bool,
    /// Whether apps that the files declare and that are offline are brought back.
    pub show_hidden: bool,
}

impl Wanted {
    /// From canonical documents.
    pub fn parse(
        partners: &[String],
        apps: &[String],
        notices: &[String],
        hide_missing: bool,
        show_hidden: bool,
    ) -> Result<Self, DocumentError> {
        Ok(Self {
            partners: all(partners, yinuo_rules::parse_partner)?,
            apps: all(apps, yinuo_rules::parse_declaration)?,
            notices: all(notices, yinuo_rules::parse_notice)?,
            hide_missing,
            show_hidden,
        })
    }
}

fn all<T>(
    texts: &[String],
    parse: impl Fn(&[u8]) -> Result<T, DocumentError>,
) -> Result<Vec<T>, DocumentError> {
    texts.iter().map(|text| parse(text.as_bytes())).collect()
}

/// What would change.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The hash of the platform's state that this was made against.
    pub state: Digest,
    /// In the order in which they are done.
    pub steps: Vec<Step>,
    /// How many partners, apps and notices stay as they are.
    pub unchanged: usize,
    /// Apps that are live and not in the files.
    pub missing: Vec<AppId>,
    /// What cannot be done. Nothing is done as long as there is any.
    pub blocked: Vec<Blocked>,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// What it changes, part by part.
    pub parts: Vec<Part>,
    /// The consents that would be on hold until their people agree again.
    pub on_hold: Option<Counted>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Puts rules and decision code in force.
    ActivateEngine,
    /// Registers a partner.
    RegisterPartner(PartnerProfile),
    /// Puts another profile in place of a partner's.
    RevisePartner(PartnerProfile),
    /// Declares an app.
    DeclareApp(Declaration),
    /// Declares an app anew.
    RedeclareApp(Declaration),
    /// Publishes a notice.
    PublishNotice(Notice),
    /// Brings an app back.
    ShowApp(AppId),
    /// Takes an app offline.
    HideApp(AppId),
}

impl Act {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ActivateEngine => "activate-engine",
            Self::RegisterPartner(_) => "register-partner",
            Self::RevisePartner(_) => "revise-partner",
            Self::DeclareApp(_) => "declare-app",
            Self::RedeclareApp(_) => "redeclare-app",
            Self::PublishNotice(_) => "publish-notice",
            Self::ShowApp(_) => "show-app",
            Self::HideApp(_) => "hide-app",
        }
    }

    /// What it is done to.
    pub fn object(&self) -> String {
        match self {
            Self::ActivateEngine => format!("decision {DECISION_VERSION}"),
            Self::RegisterPartner(profile) | Self::RevisePartner(profile) => profile.partner.to_string(),
            Self::DeclareApp(declaration) | Self::RedeclareApp(declaration) => declaration.app.to_string(),
            Self::PublishNotice(notice) => format!("{} {}", notice.app, notice.version),
            Self::ShowApp(app) | Self::HideApp(app) => app.to_string(),
        }
    }
}

/// One part of a document, before and after.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Which, in the words of the files: `items/name/delivery/retention_days`.
    pub at: String,
    /// What it was; nothing for one that is new.
    pub before: Option<String>,
    /// What it will be; nothing for one that goes.
    pub after: Option<String>,
}

/// Why something cannot be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Blocked {
    /// What is wrong.
    pub what: LocalText,
    /// What to do about it.
    pub remedy: LocalText,
}

/// How applying ended.
#[derive(Clone, Debug)]
pub enum Applied {
    /// Done: so many steps.
    Done(usize),
    /// The platform changed since the plan was made. Nothing was done.
    Changed,
    /// Something cannot be done. Nothing was done.
    Blocked(Vec<Blocked>),
}

impl Gateway {
    /// What would change. Changes nothing.
    pub fn plan(&self, wanted: &Wanted) -> Result<Plan, ChangeError> {
        let platform = self.platform();
        let mut plan = Plan {
            state: self.state_of(&platform)?,
            steps: Vec::new(),
            unchanged: 0,
            missing: Vec::new(),
            blocked: Vec::new(),
        };
        let engine = self.packs.engine(self.parts.vault.suite(), DECISION_VERSION);
        if platform.engine != Some(engine) {
            plan.step(Act::ActivateEngine, Vec::new());
        }
        for profile in &wanted.partners {
            plan_partner(&platform, profile, &mut plan);
        }
        for declaration in &wanted.apps {
            self.plan_app(&platform, declaration, wanted.show_hidden, &mut plan)?;
        }
        for notice in &wanted.notices {
            plan_notice(&platform, notice, &mut plan);
        }
        for (id, app) in platform.apps.iter().filter(|(_, app)| app.status == AppStatus::Live) {
            if wanted.apps.iter().any(|declaration| declaration.app == *id) {
                continue;
            }
            plan.missing.push(id.clone());
            if wanted.hide_missing {
                let on_hold = self.counting(id, &app.fingerprint)?;
                plan.steps.push(Step { act: Act::HideApp(id.clone()), parts: Vec::new(), on_hold });
            }
        }
        Ok(plan)
    }

    /// Does what [`Gateway::plan`] would say now, if the state is still the one of `state`.
    pub async fn apply(&self, by: &StaffId, wanted: &Wanted, state: &Digest) -> Result<Applied, ChangeError> {
        let plan = self.plan(wanted)?;
        if plan.state != *state {
            return Ok(Applied::Changed);
        }
        if !plan.blocked.is_empty() {
            return Ok(Applied::Blocked(plan.blocked));
        }
        for step in &plan.steps {
            match &step.act {
                Act::ActivateEngine => self.activate_engine(by).await?,
                Act::RegisterPartner(profile) => self.register_partner(by, profile).await?,
                Act::RevisePartner(profile) => self.revise_partner(by, profile).await?,
                Act::DeclareApp(declaration) | Act::RedeclareApp(declaration) => {
                    self.declare_app(by, declaration).await?;
                }
                Act::PublishNotice(notice) => self.publish_notice(by, notice).await?,
                Act::ShowApp(app) => self.show_app(by, app).await?,
                Act::HideApp(app) => self.hide_app(by, app).await?,
            }
        }
        Ok(Applied::Done(plan.steps.len()))
    }

    fn plan_app(
        &self,
        platform: &Platform,
        wanted: &Declaration,
        show_hidden: bool,
        plan: &mut Plan,
    ) -> Result<(), ChangeError> {
        let id = &wanted.app;
        for purpose in &wanted.purposes {
            // A code keeps its purpose for good: grants name it.
            let other =
                platform.purposes.iter().find(|(code, id)| (**code == purpose.code) != (**id == purpose.id));
            if let Some((code, name)) = other {
                plan.block(
                    format!(
                        "用途“{}”的编号是 {}，而平台上编号 {} 已属于“{name}”",
                        purpose.id, purpose.code.0, code.0
                    ),
                    format!(
                        "the purpose `{}` has the code {}, but on the platform {} is `{name}` for good",
                        purpose.id, purpose.code.0, code.0
                    ),
                    "请为新用途使用新的编号和名称，已有的保持不变",
                    "give a new purpose a new code and a new id, and leave the old one as it was",
                );
            }
        }
        let Some(app) = platform.apps.get(id) else {
            plan.step(Act::DeclareApp(wanted.clone()), self.differences(None, wanted));
            return Ok(());
        };
        if app.declaration.partner != wanted.partner {
            plan.block(
                format!("应用“{id}”属于“{}”，不能改属“{}”", app.declaration.partner, wanted.partner),
                format!(
                    "the app `{id}` belongs to `{}` and cannot pass to `{}`",
                    app.declaration.partner, wanted.partner
                ),
                "用户同意的是原来的接收方：请为新的合作方声明新的应用",
                "people agreed to that recipient: declare a new app for the new partner",
            );
        }
        if *app.declaration == *wanted {
            plan.unchanged += 1;
        } else {
            let suspended = platform
                .partners
                .get(&wanted.partner)
                .is_some_and(|partner| partner.status != PartnerStatus::Active);
            if suspended {
                plan.block(
                    format!("合作方“{}”已被暂停或终止，不能更改其应用“{id}”", wanted.partner),
                    format!(
                        "the partner `{}` is suspended or terminated: its app `{id}` cannot change",
                        wanted.partner
                    ),
                    "请先恢复该合作方，或保持应用的文件不变",
                    "reinstate the partner first, or leave the app's file as it was",
                );
            }
            let fingerprint = yinuo_rules::fingerprint(self.parts.vault.suite(), wanted);
            let on_hold =
                if fingerprint == app.fingerprint { None } else { self.counting(id, &app.fingerprint)? };
            let parts = self.differences(Some(&app.declaration), wanted);
            plan.steps.push(Step { act: Act::RedeclareApp(wanted.clone()), parts, on_hold });
        }
        // Whoever took it offline may have had a reason that these files do not know.
        if app.status == AppStatus::Hidden && show_hidden {
            plan.step(Act::ShowApp(id.clone()), Vec::new());
        }
        Ok(())
    }

    /// How many consents to an app count now; nothing when there is none.
    fn counting(&self, app: &AppId, fingerprint: &Digest) -> Result<Option<Counted>, Unavailable> {
        let counted =
            read(self.parts.ledger.reader().active_grants(app, fingerprint, self.now(), COUNTED_MAX))?;
        Ok(Some(counted).filter(|counted| 0 < counted.people || counted.more))
    }

    /// A hash over everything a plan compares with.
    fn state_of(&self, platform: &Platform) -> Result<Digest, DocumentError> {
        let mut bytes = b"yinuo-platform-state/1\n".to_vec();
        let mut add = |part: &[u8]| {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        };
        if let Some(engine) = &platform.engine {
            add(&engine.decision.to_be_bytes());
            add(&engine.items.0);
            add(&engine.necessary.0);
        }
        for partner in platform.partners.values() {
            add(&yinuo_rules::partner_bytes(&partner.profile)?);
            add(format!("{:?}", partner.status).as_bytes());
        }
        for app in platform.apps.values() {
            add(&yinuo_rules::declaration_bytes(&app.declaration)?);
            add(format!("{:?}", app.status).as_bytes());
            add(app.notice.as_ref().map_or(&[][..], |(hash, _)| &hash.0));
        }
        Ok(self.parts.vault.hash(&bytes))
    }

    /// What differs between two declarations, in the words of the files.
    fn differences(&self, before: Option<&Declaration>, after: &Declaration) -> Vec<Part> {
        let empty = BTreeMap::new();
        compare(before.map_or(empty, |before| self.words_of_app(before)), self.words_of_app(after))
    }

    fn words_of_app(&self, declaration: &Declaration) -> BTreeMap<String, String> {
        let mut words = BTreeMap::new();
        let category = self.packs.necessary.category(declaration.category);
        words.insert("partner".to_owned(), declaration.partner.to_string());
        words.insert(
            "category".to_owned(),
            category.map_or("other".to_owned(), |category| category.id.clone()),
        );
        add_text(&mut words, "name", &declaration.name);
        words.insert("redirect_uris".to_owned(), declaration.redirect_uris.join(" "));
        words.insert("keys".to_owned(), declaration.jwks.clone());
        for purpose in &declaration.purposes {
            let at = format!("purposes/{}", purpose.id);
            words.insert(format!("{at}/kind"), yinuo_rules::kind_word(purpose.kind).to_owned());
            words.insert(format!("{at}/basis"), yinuo_rules::basis_word(purpose.basis).to_owned());
            add_text(&mut words, &format!("{at}/title"), &purpose.title);
            add_text(&mut words, &format!("{at}/method"), &purpose.method);
        }
        for line in &declaration.items {
            let item = self.catalogue().by_code(line.item).map_or("?", |entry| entry.id.as_str());
            let purpose = declaration.purpose(line.purpose).map_or("?", |purpose| purpose.id.as_str());
            let at = format!("items/{item}/{purpose}");
            words.insert(format!("{at}/necessary"), line.necessary.to_string());
            words.insert(format!("{at}/retention_days"), line.retention_days.to_string());
            let often = format!("{} in {} s", line.frequency.count, line.frequency.period_s);
            words.insert(format!("{at}/frequency"), often);
            words.insert(
                format!("{at}/destination"),
                yinuo_rules::destination_word(line.destination).to_owned(),
            );
            add_text(&mut words, &format!("{at}/reason"), &line.reason);
        }
        words
    }
}

impl Plan {
    fn step(&mut self, act: Act, parts: Vec<Part>) {
        self.steps.push(Step { act, parts, on_hold: None });
    }

    fn block(&mut self, what_zh: String, what_en: String, remedy_zh: &str, remedy_en: &str) {
        self.blocked.push(Blocked {
            what: LocalText { zh: what_zh, en: what_en },
            remedy: LocalText { zh: remedy_zh.to_owned(), en: remedy_en.to_owned() },
        });
    }
}

fn plan_partner(platform: &Platform, wanted: &PartnerProfile, plan: &mut Plan) {
    let id = &wanted.partner;
    let Some(partner) = platform.partners.get(id) else {
        let parts = compare(BTreeMap::new(), words_of_partner(wanted));
        plan.step(Act::RegisterPartner(wanted.clone()), parts);
        return;
    };
    if *partner.profile == *wanted {
        plan.unchanged += 1;
        return;
    }
    if partner.status == PartnerStatus::Terminated {
        plan.block(
            format!("合作方“{id}”已终止，不能更改"),
            format!("the partner `{id}` is terminated and cannot change"),
            "请保持其文件不变；终止不可撤销",
            "leave its file as it was; a termination is for good",
        );
    }
    let declared = platform.apps.values().any(|app| app.declaration.partner == *id);
    if declared && partner.profile.name != wanted.name {
        plan.block(
            format!("用户同意的接收方是“{}”，合作方“{id}”不能改名", partner.profile.name.zh),
            format!(
                "people agreed to `{}` as the recipient: the partner `{id}` cannot change its name",
                partner.profile.name.en
            ),
            "请为新的接收方登记新的合作方和应用，由用户重新同意",
            "register a new partner with an app of its own, to which people can agree",
        );
    }
    let parts = compare(words_of_partner(&partner.profile), words_of_partner(wanted));
    plan.step(Act::RevisePartner(wanted.clone()), parts);
}

fn words_of_partner(profile: &PartnerProfile) -> BTreeMap<String, String> {
    let mut words = BTreeMap::from([("contact".to_owned(), profile.contact.clone())]);
    add_text(&mut words, "name", &profile.name);
    let packs = yinuo_rules::packs().ok();
    for item in profile.ceiling.iter() {
        let id = packs.and_then(|packs| packs.catalogue.by_code(item)).map_or("?", |entry| entry.id.as_str());
        words.insert(format!("ceiling/{id}"), "may receive".to_owned());
    }
    words
}

fn plan_notice(platform: &Platform, wanted: &Notice, plan: &mut Plan) {
    let held = platform.apps.get(&wanted.app).and_then(|app| app.notice.as_ref());
    let last = held.map_or(0, |(_, notice)| notice.version);
    let (app, version) = (&wanted.app, wanted.version);
    if last < version {
        plan.step(Act::PublishNotice(wanted.clone()), Vec::new());
        return;
    }
    // Of earlier versions the platform holds only that they were published.
    if version == last && held.is_some_and(|(_, notice)| **notice != *wanted) {
        plan.block(
            format!("应用“{app}”的告知文本版本 {version} 已经发布，内容却不同"),
            format!("version {version} of the notice of `{app}` is published already, with another text"),
            "已发布的文本不能更改：请恢复原文，并把新文本写成下一个版本",
            "what was published stays: put its text back and write the new one as the next version",
        );
        return;
    }
    plan.unchanged += 1;
}

fn add_text(words: &mut BTreeMap<String, String>, at: &str, text: &LocalText) {
    words.insert(format!("{at}/zh"), text.zh.clone());
    words.insert(format!("{at}/en"), text.en.clone());
}

fn compare(before: BTreeMap<String, String>, mut after: BTreeMap<String, String>) -> Vec<Part> {
    let mut parts = Vec::new();
    for (at, before) in before {
        let after = after.remove(&at);
        if after.as_ref() != Some(&before) {
            parts.push(Part { at, before: Some(before), after });
        }
    }
    parts.extend(after.into_iter().map(|(at, after)| Part { at, before: None, after: Some(after) }));
    parts.sort_by(|a, b| a.at.cmp(&b.at));
    parts
}
