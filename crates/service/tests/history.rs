//! The history of somebody with ten thousand entries: narrowed, in pages, and never read whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bed;

use bed::{Bed, DELIVERY, app};
use futures_executor::block_on;
use yinuo_domain::{Suite, Timestamp};
use yinuo_service::{
    Everywhere, HISTORY_PAGE, HISTORY_SCAN_MAX, HistoryFilter, HistoryKind, HistoryLine, Session, Withdrawing,
};

const MANY: usize = 10_000;
const HOUR_MS: u64 = 3_600_000;

/// Every page, with how many lines each had; fails when one read more than it may.
fn walk(bed: &Bed, session: &Session, filter: &HistoryFilter) -> (Vec<HistoryLine>, Vec<usize>) {
    let (mut lines, mut pages, mut older) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let page = bed.gateway.history_of(session, filter, older.as_deref()).unwrap();
        assert!(page.read <= HISTORY_SCAN_MAX && page.lines.len() <= HISTORY_PAGE, "{}", page.read);
        pages.push(page.lines.len());
        lines.extend(page.lines);
        if page.older.is_none() {
            return (lines, pages);
        }
        assert_ne!(older, page.older, "it goes on");
        older = page.older;
    }
}

/// Consents to a courier and a shop, a disclosure of the address, an hour later ten thousand of the name, an hour later
/// a withdrawal.
fn busy() -> (Bed, Session) {
    let bed = Bed::memory(Suite::Guomi);
    let (session, tokens) = block_on(bed.connect("ann", "courier"));
    block_on(bed.connect("ann", "shop"));
    block_on(bed.ask(&tokens.access_token, "delivery", &["delivery_address"], false)).unwrap();
    bed.clock.forward_ms(HOUR_MS / 10);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..MANY / 16 {
                    block_on(bed.ask(&tokens.access_token, "delivery", &["name"], false)).unwrap();
                }
            });
        }
    });
    bed.clock.forward_ms(HOUR_MS);
    let gone = vec![("delivery".to_owned(), "contact_phone".to_owned())];
    block_on(bed.gateway.withdraw(&session, &app("shop"), Withdrawing::Items(gone))).unwrap();
    (bed, session)
}

/// Failure 18: however much there is, a page reads a bounded part of it, and a cursor leads to the rest.
#[test]
fn ten_thousand_entries_are_read_a_bounded_part_at_a_time() {
    let (bed, session) = busy();
    let item = |id: &str| bed.gateway.item(id);
    let begun = Timestamp(1_800_000_000_000);
    let later = begun.after_ms(HOUR_MS / 20);
    let last = begun.after_ms(HOUR_MS);
    let none = HistoryFilter::default();

    #[rustfmt::skip]
    let cases = [
        //  name                          filter                                                                       lines
        ("everything",                    none.clone(),                                                                MANY + 4),
        ("one app",                       HistoryFilter { app: Some(app("shop")), ..none.clone() },                    2),
        ("the busy app",                  HistoryFilter { app: Some(app("courier")), ..none.clone() },                 MANY + 2),
        ("an app never met",              HistoryFilter { app: Some(app("nobody")), ..none.clone() },                  0),
        ("an item long ago",              HistoryFilter { item: item("delivery_address"), ..none.clone() },            3),
        ("an item",                       HistoryFilter { item: item("name"), ..none.clone() },                        MANY + 2),
        ("an item never asked for",       HistoryFilter { item: item("nickname"), ..none.clone() },                    0),
        ("agreed",                        HistoryFilter { kind: Some(HistoryKind::Consented), ..none.clone() },        2),
        ("withdrawn",                     HistoryFilter { kind: Some(HistoryKind::Withdrawn), ..none.clone() },        1),
        ("refused",                       HistoryFilter { kind: Some(HistoryKind::Withheld), ..none.clone() },         0),
        ("before the many",               HistoryFilter { until: Some(later), ..none.clone() },                        3),
        ("after the many",                HistoryFilter { from: Some(last), ..none.clone() },                          1),
        ("the many",                      HistoryFilter { from: Some(later), until: Some(last), ..none.clone() },      MANY),
        ("a time that is no more",        HistoryFilter { from: Some(last), until: Some(begun), ..none.clone() },      0),
        ("given, of one app, before",     HistoryFilter { kind: Some(HistoryKind::Disclosed), app: Some(app("courier")), until: Some(later), ..none.clone() }, 1),
    ];
    for (name, filter, expected) in cases {
        let (lines, pages) = walk(&bed, &session, &filter);
        assert_eq!(lines.len(), expected, "{name}: {pages:?}");
        assert!(lines.windows(2).all(|two| two[1].index < two[0].index), "{name}: newest first, each once");
        // A page is full, or it is where the reading of one request ended.
        assert!(
            pages.len() <= expected.div_ceil(HISTORY_PAGE) + MANY / HISTORY_SCAN_MAX + 1,
            "{name}: {pages:?}"
        );
    }
    // Where the time says where to look, nothing is read in vain.
    let early = HistoryFilter { until: Some(later), ..none };
    assert!(bed.gateway.history_of(&session, &early, None).unwrap().read <= 16);
    for bad in ["", "x", "-1"] {
        assert!(bed.gateway.history_of(&session, &early, Some(bad)).is_err(), "{bad}");
    }
}

#[test]
#[ignore = "prints how long a page of the history takes, and all proofs"]
#[allow(clippy::disallowed_methods)]
fn how_long_a_page_of_the_history_takes() {
    let (bed, session) = busy();
    let rare = HistoryFilter { kind: Some(HistoryKind::Withheld), ..HistoryFilter::default() };
    for (name, filter) in [("the first page", HistoryFilter::default()), ("nothing found", rare)] {
        let mut times: Vec<_> = (0..50)
            .map(|_| {
                let begun = std::time::Instant::now();
                let page = bed.gateway.history_of(&session, &filter, None).unwrap();
                (begun.elapsed(), page.read)
            })
            .collect();
        times.sort();
        eprintln!("{name}: {} entries read in {:?} (median of 50)", times[25].1, times[25].0);
    }
    let (begun, mut older, mut bytes) = (std::time::Instant::now(), None, 0);
    loop {
        let some = bed.gateway.proofs(&session, older, 32).unwrap();
        bytes += some.lines.len();
        older = some.older;
        if older.is_none() {
            break;
        }
    }
    eprintln!("every proof: {bytes} bytes in {:?}", begun.elapsed());
}

#[test]
fn a_purpose_is_taken_back_and_the_others_stay() {
    let bed = Bed::memory(Suite::Guomi);
    let (_, session) = block_on(bed.session("ann"));
    let mut choices: Vec<_> = DELIVERY.iter().map(|item| ("delivery", *item)).collect();
    choices.push(("offers", "email_address"));
    let back = block_on(bed.agree(&session, "courier", &choices)).unwrap();
    let token = block_on(bed.redeem("courier", &back)).unwrap().access_token;
    let take = |id: &str| {
        block_on(bed.gateway.withdraw(&session, &app("courier"), Withdrawing::Purpose(id.to_owned())))
    };
    take("offers").unwrap();
    assert!(block_on(bed.ask(&token, "offers", &["email_address"], false)).is_err());
    assert!(block_on(bed.ask(&token, "delivery", &["name"], false)).is_ok());
    // Twice is not a mistake; what is unknown is not everything.
    take("offers").unwrap();
    assert!(take("no-such-purpose").is_err());
    assert!(block_on(bed.ask(&token, "delivery", &["name"], false)).is_ok());
    let line = &bed.gateway.history(&session, None).unwrap().lines;
    let taken = line.iter().find(|line| line.kind == HistoryKind::Withdrawn).unwrap();
    assert_eq!(taken.purpose.as_ref().unwrap().en, "offers");
}

#[test]
fn everything_is_taken_back_from_every_app_at_once_and_an_item_from_all_that_have_it() {
    let bed = Bed::memory(Suite::Guomi);
    let (session, courier) = block_on(bed.connect("ann", "courier"));
    let (_, shop) = block_on(bed.connect("ann", "shop"));
    let (_, others) = block_on(bed.connect("bob", "shop"));
    let tokens = [&courier.access_token, &shop.access_token];
    let gives = |token, item: &str| block_on(bed.ask(token, "delivery", &[item], false)).is_ok();
    let everywhere = |what: Everywhere| block_on(bed.gateway.withdraw_everywhere(&session, &what)).unwrap();

    let of_item = everywhere(Everywhere::Item("name".to_owned()));
    assert!(of_item.len() == 2 && of_item.iter().all(|one| one.holds));
    assert!(tokens.iter().all(|token| !gives(token, "name") && gives(token, "contact_phone")));
    assert!(everywhere(Everywhere::Item("name".to_owned())).is_empty(), "nothing is left of it");
    let unknown = Everywhere::Item("no_such_item".to_owned());
    assert!(block_on(bed.gateway.withdraw_everywhere(&session, &unknown)).is_err());

    let all = everywhere(Everywhere::Everything);
    let names: Vec<_> = all.iter().map(|one| one.app_name.en.as_str()).collect();
    assert_eq!(names, ["courier", "shop"]);
    assert!(all.iter().all(|one| one.holds));
    assert!(tokens.iter().all(|token| !gives(token, "contact_phone")));
    // Each app has its own fact, and nobody else lost anything.
    let lines = bed.gateway.history(&session, None).unwrap().lines;
    assert_eq!(lines.iter().filter(|line| line.kind == HistoryKind::Withdrawn).count(), 4);
    assert!(gives(&others.access_token, "name"));
    assert!(everywhere(Everywhere::Everything).is_empty());
}

#[test]
fn each_item_is_shown_masked_with_who_may_receive_it() {
    let bed = Bed::memory(Suite::Guomi);
    let (session, _) = block_on(bed.connect("ann", "courier"));
    let items = bed.gateway.own_items(&session).unwrap();
    let named: Vec<_> = items.iter().map(|item| (item.id.as_str(), item.apps.len())).collect();
    assert_eq!(named.len(), 4, "{named:?}");
    for item in &items {
        let masked = item.masked.as_deref().unwrap();
        assert!(masked.contains("****") && !masked.contains(&item.id), "{masked}");
        assert_eq!(item.apps.len(), usize::from(DELIVERY.contains(&item.id.as_str())));
    }
    let view = bed.gateway.own_item(&session, "name").unwrap();
    assert_eq!(view.allowed.len(), 1);
    assert_eq!(view.allowed[0].choice, "delivery/name");
    assert_eq!(view.recent.len(), 1);
    assert!(bed.gateway.own_item(&session, "no_such_item").is_err());
    // Dan keeps nothing here.
    let (_, dan) = block_on(bed.session("dan"));
    assert!(bed.gateway.own_items(&dan).unwrap().is_empty());
}

#[test]
fn a_notice_is_found_by_its_version_and_for_good_by_its_hash() {
    let bed = Bed::memory(Suite::Guomi);
    let first = bed.gateway.notice(&app("courier"), "1").unwrap();
    let next = yinuo_domain::Notice { app: app("courier"), version: 2, text: bed::text("# Anew") };
    block_on(bed.gateway.publish_notice(&bed::staff(), &next)).unwrap();
    assert_eq!(bed.gateway.notice(&app("courier"), "2").unwrap().text.en, "# Anew");
    let then = bed.gateway.notice(&app("courier"), &first.document.to_string()).unwrap();
    assert_eq!((then.version, &then.text), (1, &first.text));
    for (of, which) in [
        ("courier", "1"),
        ("courier", "3"),
        ("courier", "x"),
        ("nobody", "1"),
        ("shop", &*first.document.to_string()),
    ] {
        assert!(bed.gateway.notice(&app(of), which).is_err(), "{of} {which}");
    }
}
