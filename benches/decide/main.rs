//! `core::decide` beside `cedar-policy`: the same asks about the same ten thousand grants, by turns, in one process and on
//! one core, whose time is counted only while it works on this. Before the clock starts both have given the same answer to every ask.

mod cedar;
#[path = "../../crates/core/tests/world/mod.rs"]
mod world;

use std::collections::HashMap;
use std::hint::black_box;

use cedar::{AppFacts, Cedar, GrantFacts};
use cedar_policy::Request;
use world::{DELIVERY, NOW, OWN, SUBJECT, World, item, items, purpose, text};
use yinuo_benches::{Bar, Cpu, Effort, Samples, Unit, row};
use yinuo_core::{Answer, Loaded, Slot, Stream, decide};
use yinuo_domain::*;

const APPS: usize = 100;
const PEOPLE: usize = 100;
const ASKS: usize = 2_000;
const ITEMS: [&str; 5] = ["name", "delivery_address", "contact_phone", "email_address", "phone_number"];
/// Our side decides so often what Cedar decides once, so that both are measured over long enough.
const REPEATS: usize = 100;

struct Everybody {
    world: World,
    streams: HashMap<StreamId, Stream>,
    cedar: Cedar,
}

/// One ask in both languages.
struct Ask {
    command: Command,
    stream: StreamId,
    requests: Vec<Request>,
}

fn main() {
    let effort = Effort::asked();
    let everybody = Everybody::new();
    for count in [1, ITEMS.len()] {
        let asks: Vec<Ask> = (0..ASKS).map(|number| everybody.ask(number, count)).collect();
        let agreed = asks.iter().filter(|ask| everybody.agree(ask)).count();
        assert!(ASKS / 2 < agreed && agreed < ASKS, "{agreed} of {ASKS} released: both answers must occur");
        let (mut ours, mut cedars) = (Samples::default(), Samples::default());
        for _ in 0..effort.of(15, 61) {
            let begun = Cpu::of_this_thread();
            for _ in 0..REPEATS {
                asks.iter().for_each(|ask| drop(black_box(everybody.decide(ask))));
            }
            ours.push((Cpu::of_this_thread() - begun) / (ASKS * REPEATS) as f64);
            let begun = Cpu::of_this_thread();
            for ask in &asks {
                black_box(everybody.cedar.allows(&ask.requests));
            }
            cedars.push((Cpu::of_this_thread() - begun) / ASKS as f64);
        }
        let (words, most, least) = match count {
            1 => ("1 item", Bar::None, Bar::None),
            _ => ("5 items", Bar::AtMost(0.8), Bar::AtLeast(50.0)),
        };
        row(&format!("`decide`, {words}, with the look-ups"), Unit::Micros, &ours, most);
        row(&format!("`cedar-policy` beside it, {words}"), Unit::Micros, &cedars, Bar::None);
        row(&format!("`decide` is faster, {words}"), Unit::Times, &cedars.over(&ours), least);
    }
}

fn app_name(number: usize) -> String {
    format!("app-{number}")
}

/// What a grant is called on Cedar's side.
fn grant_name(stream: &StreamId) -> String {
    stream.tag.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One partner in ten is suspended, one person in ten did not allow the name.
fn is_active(app: usize) -> bool {
    app % 10 != 3
}

fn allowed(person: usize) -> &'static [&'static str] {
    if person % 10 == 7 { &ITEMS[1..] } else { &ITEMS }
}

fn stream_of(app: usize, person: usize) -> StreamId {
    let mut tag = [0; 16];
    // As far apart as the pseudonyms of a real log.
    let number = (app * PEOPLE + person) as u64;
    tag[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    tag[8..].copy_from_slice(&number.to_le_bytes());
    StreamId { app: Some(AppId::parse(&app_name(app)).expect("a name of ours")), tag: Tag(tag) }
}

impl Everybody {
    fn new() -> Self {
        let mut world = World::empty();
        (0..APPS).for_each(|app| declare(&mut world, app));
        world.run(&Command::Enrol { subject: SUBJECT, own: OWN, values: vec![] });
        let mut streams = HashMap::new();
        for (app, person) in (0..APPS).flat_map(|app| (0..PEOPLE).map(move |person| (app, person))) {
            let id = stream_of(app, person);
            streams.insert(id.clone(), consent(&world, &id, allowed(person)));
        }
        for app in (0..APPS).filter(|app| !is_active(*app)) {
            let partner = PartnerId::parse(&app_name(app)).expect("a name of ours");
            let outcome = world.change(PlatformChange::SuspendPartner(partner));
            assert_eq!(outcome.answer, Answer::Done);
        }
        let names: Vec<String> = (0..APPS).map(app_name).collect();
        let apps: Vec<_> = (0..APPS)
            .map(|app| AppFacts { app: &names[app], active: is_active(app), items: &ITEMS })
            .collect();
        let grants: Vec<_> = (0..APPS)
            .flat_map(|app| (0..PEOPLE).map(move |person| (app, person)))
            .map(|(app, person)| GrantFacts {
                grant: grant_name(&stream_of(app, person)),
                app: &names[app],
                items: allowed(person),
            })
            .collect();
        let cedar = Cedar::new(&apps, &grants);
        Self { world, streams, cedar }
    }

    /// One of many asks, in no order that a cache could follow.
    fn ask(&self, number: usize, count: usize) -> Ask {
        let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let (app, person) = (mixed as usize % APPS, mixed as usize / APPS % PEOPLE);
        let stream = stream_of(app, person);
        let asked = items(&ITEMS[..count]);
        let command = Command::Disclose {
            subject: SUBJECT,
            app: stream.app.clone().expect("a stream with an app"),
            tag: stream.tag,
            purpose: DELIVERY,
            items: asked,
            partial: false,
            stored: asked,
            values: Commitment([4; 32]),
            guardian_required: false,
            request: Commitment([5; 32]),
            disclosure: DisclosureId((number as u128).to_be_bytes()),
            idempotency: None,
        };
        let (app, grant) = (app_name(app), grant_name(&stream));
        let requests = ITEMS[..count].iter().map(|item| self.cedar.request(&app, &grant, item)).collect();
        Ask { command, stream, requests }
    }

    /// The grant is looked up here, the app and its partner within.
    fn decide(&self, ask: &Ask) -> yinuo_core::Outcome {
        let loaded = Loaded {
            platform: &self.world.platform,
            own: Slot::NotLoaded,
            stream: self.streams.get(&ask.stream).map_or(Slot::Absent, Slot::Present),
            streams: Slot::NotLoaded,
            earlier: None,
        };
        decide(&loaded, &ask.command, NOW)
    }

    /// Whether it is released, on which both must agree.
    fn agree(&self, ask: &Ask) -> bool {
        let ours = match self.decide(ask).answer {
            Answer::Released { withheld, .. } => withheld.is_empty(),
            Answer::Withheld(_) => false,
            other => panic!("{other:?}"),
        };
        assert_eq!(ours, self.cedar.allows(&ask.requests), "{:?}", ask.command);
        ours
    }
}

fn declare(world: &mut World, number: usize) {
    let (app, partner) = (app_name(number), app_name(number));
    let (app, partner) = (AppId::parse(&app).expect("ours"), PartnerId::parse(&partner).expect("ours"));
    let profile = PartnerProfile {
        partner: partner.clone(),
        name: text("A partner"),
        contact: "privacy@partner.example".to_owned(),
        ceiling: items(&ITEMS),
    };
    let line = |id: &&str| DeclaredItem {
        item: item(id),
        purpose: DELIVERY,
        necessary: world::BASIC.contains(id),
        retention_days: 30,
        frequency: Frequency { count: 1_000, period_s: 3_600 },
        destination: Destination::Mainland,
        reason: text("to bring the parcel"),
    };
    let declaration = Declaration {
        app: app.clone(),
        partner,
        name: text("An app"),
        category: Category(8),
        purposes: vec![purpose(DELIVERY, "delivery", PurposeKind::Basic)],
        items: ITEMS.iter().map(line).collect(),
        redirect_uris: vec!["https://app.example/back".to_owned()],
        jwks: r#"{"keys":[]}"#.to_owned(),
    };
    let notice = Notice { app, version: 1, text: text("# What we do\n\nWe bring parcels.") };
    let (document, bytes) = world.document(yinuo_rules::partner_bytes(&profile).expect("fits"));
    let registered = world.change(PlatformChange::RegisterPartner { document, bytes });
    let declared = world.declare(&declaration);
    let (document, bytes) = world.document(yinuo_rules::notice_bytes(&notice).expect("fits"));
    let published = world.change(PlatformChange::PublishNotice { document, bytes });
    for outcome in [registered, declared, published] {
        assert_eq!(outcome.answer, Answer::Done);
    }
}

/// The stream of a person who agreed to these.
fn consent(world: &World, id: &StreamId, chosen: &[&str]) -> Stream {
    let name = id.app.clone().expect("a stream with an app");
    let app = &world.platform.apps[&name];
    let command = Command::GiveConsent {
        subject: SUBJECT,
        own: OWN,
        app: name.clone(),
        tag: id.tag,
        choices: vec![Choice { purpose: DELIVERY, shown: items(&ITEMS), chosen: items(chosen) }],
        notice: app.notice.as_ref().map_or(Digest([0; 32]), |(hash, _)| *hash),
        fingerprint: app.fingerprint,
        expires_at: NOW.after_ms(365 * Timestamp::DAY_MS),
        evidence: Commitment([3; 32]),
        guardian: Guardian::NotRequired,
    };
    let loaded = Loaded { stream: Slot::Absent, ..world.loaded() };
    let outcome = decide(&loaded, &command, NOW);
    assert_eq!(outcome.answer, Answer::Done, "{id:?}");
    let mut stream = Stream::default();
    for (_, fact) in &outcome.facts {
        stream.apply(fact, NOW, &world.platform, &name).expect("what was decided can be folded");
    }
    stream
}
