//! An invented platform for the tests of decisions: one partner, one app, one person.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::sync::Arc;

use yinuo_core::replay::Replay;
use yinuo_core::{Answer, Documents, Earlier, Loaded, Outcome, Own, Platform, Slot, Stream, decide};
use yinuo_domain::*;

pub const NOW: Timestamp = Timestamp(1_800_000_000_000);
pub const SUBJECT: SubjectKey = SubjectKey([9; 16]);
pub const OWN: Tag = Tag([1; 16]);
pub const TAG: Tag = Tag([2; 16]);
pub const DELIVERY: Purpose = Purpose(1);
pub const OFFERS: Purpose = Purpose(2);
pub const SUITE: Suite = Suite::Guomi;

pub fn item(id: &str) -> Item {
    yinuo_rules::packs().unwrap().catalogue.by_id(id).unwrap_or_else(|| panic!("no item {id}")).item
}

pub fn items(ids: &[&str]) -> ItemSet {
    ids.iter().map(|id| item(id)).collect()
}

pub fn text(words: &str) -> LocalText {
    LocalText { zh: words.to_owned(), en: words.to_owned() }
}

pub fn app() -> AppId {
    AppId::parse("courier").unwrap()
}

pub fn partner() -> PartnerId {
    PartnerId::parse("swift-parcels").unwrap()
}

pub fn staff() -> StaffId {
    StaffId::parse("test").unwrap()
}

pub const BASIC: &[&str] = &["name", "delivery_address", "contact_phone"];
pub const EXTRA: &[&str] = &["email_address", "phone_number"];

pub fn line(purpose: Purpose, id: &str, necessary: bool) -> DeclaredItem {
    DeclaredItem {
        item: item(id),
        purpose,
        necessary,
        retention_days: 30,
        frequency: Frequency { count: 3, period_s: 3600 },
        destination: Destination::Mainland,
        reason: text("to bring the parcel"),
    }
}

pub fn purpose(code: Purpose, id: &str, kind: PurposeKind) -> DeclaredPurpose {
    DeclaredPurpose {
        code,
        id: PurposeId::parse(id).unwrap(),
        kind,
        basis: LegalBasis::Consent,
        title: text(id),
        method: text("read once"),
    }
}

pub fn declaration() -> Declaration {
    let basic = BASIC.iter().map(|id| line(DELIVERY, id, true));
    let extra = EXTRA.iter().map(|id| line(OFFERS, id, false));
    Declaration {
        app: app(),
        partner: partner(),
        name: text("Courier"),
        category: Category(8),
        purposes: vec![
            purpose(DELIVERY, "delivery", PurposeKind::Basic),
            purpose(OFFERS, "offers", PurposeKind::Marketing),
        ],
        items: basic.chain(extra).collect(),
        redirect_uris: vec!["https://courier.example/back".to_owned()],
        jwks: r#"{"keys":[]}"#.to_owned(),
    }
}

pub fn profile() -> PartnerProfile {
    let all: Vec<&str> = BASIC.iter().chain(EXTRA).copied().collect();
    PartnerProfile {
        partner: partner(),
        name: text("Swift Parcels"),
        contact: "privacy@courier.example".to_owned(),
        ceiling: items(&all),
    }
}

pub fn notice(version: u32) -> Notice {
    Notice { app: app(), version, text: text("# What we do\n\nWe bring parcels.") }
}

/// The state of everything, changed only by facts that were decided.
#[derive(Clone)]
pub struct World {
    pub platform: Platform,
    pub own: Option<Own>,
    pub stream: Option<Stream>,
    pub documents: HashMap<Digest, Arc<[u8]>>,
    pub firsts: HashMap<u8, Earlier>,
    pub facts: Vec<(Timestamp, Option<StreamId>, Fact)>,
    pub now: Timestamp,
}

impl World {
    /// Rules in force, and nothing else.
    pub fn empty() -> Self {
        let mut world = Self {
            platform: Platform { suite: Some(SUITE), ..Platform::default() },
            own: None,
            stream: None,
            documents: HashMap::new(),
            firsts: HashMap::new(),
            facts: Vec::new(),
            now: NOW,
        };
        let engine = yinuo_rules::packs().unwrap().engine(SUITE, yinuo_core::DECISION_VERSION);
        world.change(PlatformChange::ActivateEngine(engine));
        world
    }

    /// A partner, its app, a notice and an enrolled person.
    pub fn new() -> Self {
        let mut world = Self::empty();
        let (document, bytes) = world.document(yinuo_rules::partner_bytes(&profile()).unwrap());
        world.change(PlatformChange::RegisterPartner { document, bytes });
        world.declare(&declaration());
        world.publish(1);
        world.run(&Command::Enrol { subject: SUBJECT, own: OWN, values: vec![] });
        world
    }

    /// The same, with everything allowed.
    pub fn consented() -> Self {
        let mut world = Self::new();
        world.consent(&[(DELIVERY, BASIC, BASIC), (OFFERS, EXTRA, EXTRA)]);
        world
    }

    pub fn document(&mut self, bytes: Vec<u8>) -> (Digest, Arc<[u8]>) {
        let hash = yinuo_rules::content_hash(SUITE, &bytes);
        let bytes: Arc<[u8]> = bytes.into();
        self.documents.insert(hash, bytes.clone());
        (hash, bytes)
    }

    pub fn declare(&mut self, declaration: &Declaration) -> Outcome {
        let (document, bytes) = self.document(yinuo_rules::declaration_bytes(declaration).unwrap());
        self.change(PlatformChange::DeclareApp { document, bytes })
    }

    pub fn publish(&mut self, version: u32) -> Outcome {
        let (document, bytes) = self.document(yinuo_rules::notice_bytes(&notice(version)).unwrap());
        self.change(PlatformChange::PublishNotice { document, bytes })
    }

    pub fn change(&mut self, change: PlatformChange) -> Outcome {
        self.run(&Command::Platform { by: staff(), change })
    }

    pub fn loaded(&self) -> Loaded<'_> {
        Loaded {
            platform: &self.platform,
            own: self.own.as_ref().map_or(Slot::Absent, Slot::Present),
            stream: self.stream.as_ref().map_or(Slot::Absent, Slot::Present),
            streams: Slot::Absent,
            earlier: None,
        }
    }

    pub fn decide(&self, command: &Command) -> Outcome {
        decide(&self.loaded(), command, self.now)
    }

    /// Decides and folds what follows.
    pub fn run(&mut self, command: &Command) -> Outcome {
        let outcome = self.decide(command);
        self.fold(&outcome);
        outcome
    }

    pub fn fold(&mut self, outcome: &Outcome) {
        for (stream, fact) in &outcome.facts {
            self.facts.push((self.now, stream.clone(), fact.clone()));
            match stream {
                None => self.platform.apply(fact, &self.documents as &dyn Documents).unwrap(),
                Some(StreamId { app: None, .. }) => {
                    self.own.get_or_insert_with(Own::default).apply(fact).unwrap()
                }
                Some(StreamId { app: Some(app), .. }) => {
                    let stream = self.stream.get_or_insert_with(Stream::default);
                    stream.apply(fact, self.now, &self.platform, app).unwrap();
                }
            }
        }
    }

    pub fn consent_command(&self, choices: &[(Purpose, ItemSet, ItemSet)]) -> Command {
        let app_state = self.platform.apps.get(&app());
        Command::GiveConsent {
            subject: SUBJECT,
            own: OWN,
            app: app(),
            tag: TAG,
            choices: choices
                .iter()
                .map(|(purpose, shown, chosen)| Choice { purpose: *purpose, shown: *shown, chosen: *chosen })
                .collect(),
            notice: app_state.and_then(|app| app.notice.as_ref()).map_or(Digest([0; 32]), |(hash, _)| *hash),
            fingerprint: app_state.map_or(Digest([0; 32]), |app| app.fingerprint),
            expires_at: self.now.after_ms(365 * Timestamp::DAY_MS),
            evidence: Commitment([3; 32]),
            guardian: Guardian::NotRequired,
        }
    }

    pub fn consent(&mut self, choices: &[(Purpose, &[&str], &[&str])]) -> Outcome {
        let choices: Vec<_> =
            choices.iter().map(|(purpose, shown, chosen)| (*purpose, items(shown), items(chosen))).collect();
        let command = self.consent_command(&choices);
        self.run(&command)
    }

    pub fn withdraw(&mut self, scope: WithdrawalScope) -> Outcome {
        self.run(&Command::Withdraw { subject: SUBJECT, app: app(), tag: TAG, scope })
    }

    pub fn ask(&mut self, purpose: Purpose, asked: &[&str], partial: bool) -> Outcome {
        let command = disclose(purpose, items(asked), partial);
        self.run(&command)
    }
}

pub fn disclose(purpose: Purpose, asked: ItemSet, partial: bool) -> Command {
    Command::Disclose {
        subject: SUBJECT,
        app: app(),
        tag: TAG,
        purpose,
        items: asked,
        partial,
        stored: asked,
        values: Commitment([4; 32]),
        guardian_required: false,
        request: Commitment([5; 32]),
        disclosure: next_disclosure(),
        idempotency: None,
    }
}

/// Never the same id twice, as in life.
fn next_disclosure() -> DisclosureId {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    DisclosureId(u128::from(number).to_be_bytes())
}

/// What may leave by an outcome.
pub fn released(outcome: &Outcome) -> ItemSet {
    match &outcome.answer {
        Answer::Released { pending, .. } => pending.items(),
        Answer::Done
        | Answer::Viewed(_)
        | Answer::Withheld(_)
        | Answer::Counted { .. }
        | Answer::Refused(_) => ItemSet::EMPTY,
    }
}

/// The one word for an outcome: `done`, `released`, a refusal's code, or the codes of the reasons without repeats.
pub fn word(outcome: &Outcome) -> String {
    match &outcome.answer {
        Answer::Done => "done".to_owned(),
        Answer::Viewed(_) => "viewed".to_owned(),
        Answer::Released { .. } => "released".to_owned(),
        Answer::Refused(refusal) => refusal.code().to_owned(),
        Answer::Withheld(reasons) | Answer::Counted { withheld: reasons, .. } => {
            let mut codes: Vec<&str> = reasons.iter().map(|(_, reason)| reason.code()).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.join("+")
        }
    }
}

/// The index of the first fact that replay does not agree with.
pub fn replay(world: &World, facts: &[(Timestamp, Option<StreamId>, Fact)]) -> Option<usize> {
    let mut replay = Replay::new(&world.documents);
    let opened = Fact::LogOpened { log: LogId::platform(), suite: SUITE, profile: Profile::Dual };
    replay.platform_entry(&Entry { at: NOW, salt: Salt([0; 16]), place: Place::Log, fact: opened }).unwrap();
    facts.iter().position(|(at, stream, fact)| {
        let place = stream.clone().map_or(Place::Log, |stream| Place::Stream {
            stream,
            seq: 0,
            prev: Digest([0; 32]),
            app_seq: None,
        });
        let entry = Entry { at: *at, salt: Salt([0; 16]), place: place.clone(), fact: fact.clone() };
        match place {
            Place::Log => replay.platform_entry(&entry).is_err(),
            Place::Stream { .. } => replay.group_entry(&entry).is_err(),
        }
    })
}
