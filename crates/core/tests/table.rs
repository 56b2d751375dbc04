//! The complete table partner status × app status × grant status × command: one file of data, every row decided, and
//! the page of the docs that shows it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test is told by its caller to write golden files")]

mod world;

use world::*;
use yinuo_domain::*;

const TABLE: &str = include_str!("table.tsv");
const PAGE: &str = include_str!("../../../docs/DECISIONS.md");
const PARTNERS: &[&str] = &["active", "suspended", "terminated"];
const APPS: &[&str] = &["live", "hidden"];
const GRANTS: &[&str] = &["none", "active", "paused", "expired", "withdrawn"];
const COMMANDS: &[&str] = &[
    "disclose",
    "consent",
    "withdraw",
    "withdraw-items",
    "suspend",
    "reinstate",
    "revise",
    "terminate",
    "hide",
    "show",
    "declare",
    "publish-notice",
    "enrol",
    "store-value",
    "view",
    "delete-account",
];

/// A world in this state, made by commands alone.
fn world_in(partner_status: &str, app_status: &str, grant: &str) -> World {
    let mut world = World::new();
    if grant != "none" {
        assert_eq!(word(&world.consent(&[(DELIVERY, BASIC, BASIC)])), "done");
    }
    match grant {
        "paused" => {
            let mut changed = declaration();
            changed.items[0].retention_days += 1;
            assert_eq!(word(&world.declare(&changed)), "done");
        }
        "expired" => world.now = NOW.after_ms(365 * Timestamp::DAY_MS),
        "withdrawn" => assert_eq!(word(&world.withdraw(WithdrawalScope::Whole)), "done"),
        _ => {}
    }
    if app_status == "hidden" {
        assert_eq!(word(&world.change(PlatformChange::HideApp(app()))), "done");
    }
    match partner_status {
        "suspended" => assert_eq!(word(&world.change(PlatformChange::SuspendPartner(partner()))), "done"),
        "terminated" => assert_eq!(word(&world.change(PlatformChange::TerminatePartner(partner()))), "done"),
        _ => {}
    }
    world
}

fn run(world: &mut World, command: &str) -> String {
    let parts = || WithdrawalScope::Items(vec![(DELIVERY, items(&["name"]))]);
    let outcome = match command {
        "disclose" => world.ask(DELIVERY, BASIC, false),
        "consent" => world.consent(&[(DELIVERY, BASIC, BASIC)]),
        "withdraw" => world.withdraw(WithdrawalScope::Whole),
        "withdraw-items" => world.withdraw(parts()),
        "suspend" => world.change(PlatformChange::SuspendPartner(partner())),
        "reinstate" => world.change(PlatformChange::ReinstatePartner(partner())),
        "revise" => {
            let narrower = PartnerProfile { ceiling: items(&["name"]), ..profile() };
            let (document, bytes) = world.document(yinuo_rules::partner_bytes(&narrower).unwrap());
            world.change(PlatformChange::RevisePartner { partner: partner(), document, bytes })
        }
        "terminate" => world.change(PlatformChange::TerminatePartner(partner())),
        "hide" => world.change(PlatformChange::HideApp(app())),
        "show" => world.change(PlatformChange::ShowApp(app())),
        "declare" => world.declare(&declaration()),
        "publish-notice" => world.publish(2),
        "enrol" => world.run(&Command::Enrol { subject: SUBJECT, own: OWN, values: vec![] }),
        "store-value" => world.run(&Command::StoreValues {
            subject: SUBJECT,
            own: OWN,
            values: vec![StoredValue {
                item: item("name"),
                version: ValueVersion([1; 16]),
                sealed: Digest([2; 32]),
            }],
        }),
        "view" => world.run(&Command::ViewSubject {
            subject: SUBJECT,
            own: OWN,
            by: staff(),
            items: items(&["name"]),
            masked: true,
            reason: ViewReason::LookUp,
        }),
        "delete-account" => world.run(&Command::DeleteAccount { subject: SUBJECT, own: OWN }),
        other => panic!("no command {other}"),
    };
    word(&outcome)
}

fn states() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    PARTNERS.iter().flat_map(|p| APPS.iter().flat_map(move |a| GRANTS.iter().map(move |g| (*p, *a, *g))))
}

fn decided() -> String {
    let mut lines = vec![format!("partner\tapp\tgrant\t{}", COMMANDS.join("\t"))];
    for (partner_status, app_status, grant) in states() {
        let words =
            COMMANDS.iter().map(|command| run(&mut world_in(partner_status, app_status, grant), command));
        lines.push(format!(
            "{partner_status}\t{app_status}\t{grant}\t{}",
            words.collect::<Vec<_>>().join("\t")
        ));
    }
    lines.join("\n") + "\n"
}

fn page() -> String {
    let mut out = String::from(
        "# What happens in every state\n\n\
         Generated from `crates/core/tests/table.tsv`, which a test decides row by row. Every combination of a partner's status, an\n\
         app's status and a consent's status is here, with what each command gives.\n\n\
         `done`, `viewed` and `released` change something and are recorded. For `disclose`, any other word is the reason given for each item,\n\
         and it is recorded as well (from the sixth of an hour on, counted), except `no-grant`. For the other commands any other word is a refusal that changes nothing.\n\
         `withdraw`, `withdraw-items` and `delete-account` do not depend on the partner or the app. A reinstated partner finds the\n\
         consents as they were; a terminated one never comes back, and nor do its apps. `paused` is a consent to a declaration that\n\
         changed since: it does not count until the person agrees again.\n",
    );
    let rows: Vec<Vec<&str>> = TABLE.lines().map(|line| line.split('\t').collect()).collect();
    for group in [3..10, 10..19] {
        let group: std::ops::Range<usize> = group;
        for (number, row) in rows.iter().enumerate() {
            let cells: Vec<&str> = row[0..3].iter().chain(&row[group.clone()]).copied().collect();
            if number == 0 {
                out.push_str(&format!("\n| {} |\n|{}\n", cells.join(" | "), "---|".repeat(cells.len())));
            } else {
                out.push_str(&format!("| {} |\n", cells.join(" | ")));
            }
        }
    }
    out
}

fn write_golden() -> bool {
    std::env::var_os("YINUO_WRITE_GOLDEN").is_some()
}

/// Set `YINUO_WRITE_GOLDEN` to write the table and the page anew, then read the difference.
#[test]
fn every_state_and_command_gives_what_the_table_says() {
    let decided = decided();
    if write_golden() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/table.tsv"), &decided).unwrap();
        return;
    }
    for (found, expected) in decided.lines().zip(TABLE.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(decided.lines().count(), TABLE.lines().count());
    assert_eq!(TABLE.lines().count(), 1 + PARTNERS.len() * APPS.len() * GRANTS.len());
}

#[test]
fn the_page_of_the_docs_is_the_table() {
    if write_golden() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/DECISIONS.md"), page()).unwrap();
        return;
    }
    assert_eq!(PAGE, page());
}

/// What must hold of the table, whoever writes it.
#[test]
fn the_table_keeps_the_promises() {
    let rows: Vec<Vec<&str>> = TABLE.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let column = |name: &str| 3 + COMMANDS.iter().position(|command| *command == name).unwrap();
    for row in &rows {
        let (partner_status, app_status, grant) = (row[0], row[1], row[2]);
        let lawful = partner_status == "active" && app_status == "live" && grant == "active";
        assert_eq!(row[column("disclose")] == "released", lawful, "{row:?}");
        let can_withdraw = matches!(grant, "active" | "paused" | "expired");
        assert_eq!(row[column("withdraw")] == "done", can_withdraw, "{row:?}");
        assert_eq!(row[column("delete-account")], "done", "{row:?}");
        let can_consent = partner_status == "active" && app_status == "live";
        assert_eq!(row[column("consent")] == "done", can_consent, "{row:?}");
    }
}
