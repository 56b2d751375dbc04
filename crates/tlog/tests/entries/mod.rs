//! Entries: one of each kind, and arbitrary ones.

use proptest::prelude::*;
use yinuo_domain::{
    AppId, ClockReason, Commitment, ConsentLine, Digest, Disclosed, DisclosureId, Engine, Entry, Fact,
    Guardian, ImportCounts, ImportId, Item, ItemSet, LogId, PartnerId, Place, Profile, Purpose, Reason,
    RefusalCount, Role, Salt, StaffId, StoreCause, StreamId, Suite, Tag, Timestamp, ValueVersion, ViewReason,
    WithdrawalScope,
};

const AT: Timestamp = Timestamp(1_795_000_000_123);

/// One entry of each kind, and further ones where a kind has more than one shape.
pub(crate) fn one_of_each() -> Vec<(&'static str, Entry)> {
    let by = || StaffId::parse("operator").unwrap();
    let partner = || PartnerId::parse("swift-courier").unwrap();
    let app = || AppId::parse("courier").unwrap();
    let items = |codes: &[u8]| codes.iter().map(|code| Item(*code)).collect::<ItemSet>();
    let release = Disclosed {
        disclosure: DisclosureId([0xd1; 16]),
        purpose: Purpose(3),
        requested: items(&[1, 2, 17, 40, 63]),
        released: items(&[1, 2, 17]),
        withheld: vec![(Item(40), Reason::NotGranted), (Item(63), Reason::FrequencyExceeded)],
        stored: items(&[1, 2, 17, 40, 63]),
        partial: true,
        values: Commitment([0xc1; 32]),
        guardian_required: false,
        request: Commitment([0xc2; 32]),
    };
    let withheld = |repeats| Fact::Withheld {
        purpose: Purpose(400),
        requested: items(&[0, 255]),
        stored: items(&[255]),
        partial: false,
        guardian_required: true,
        reasons: vec![(Item(0), Reason::NoValue), (Item(255), Reason::GuardianRequired)],
        repeats,
        request: Commitment([0xc2; 32]),
    };
    let own = |seq| stream(None, seq, None);
    let towards = |seq, app_seq| stream(Some(app()), seq, app_seq);
    vec![
        (
            "log-opened",
            Place::Log,
            Fact::LogOpened { log: LogId::group(0), suite: Suite::Guomi, profile: Profile::Dual },
        ),
        (
            "platform-adopted",
            Place::Log,
            Fact::PlatformAdopted {
                size: 7,
                sha256: Some(Digest([0xa1; 32])),
                sm3: Some(Digest([0xa2; 32])),
            },
        ),
        (
            "platform-adopted guomi",
            Place::Log,
            Fact::PlatformAdopted { size: 300, sha256: None, sm3: Some(Digest([0xa2; 32])) },
        ),
        (
            "engine-activated",
            Place::Log,
            Fact::EngineActivated {
                by: by(),
                engine: Engine { decision: 1, items: Digest([0xb1; 32]), necessary: Digest([0xb2; 32]) },
            },
        ),
        (
            "partner-registered",
            Place::Log,
            Fact::PartnerRegistered { by: by(), partner: partner(), document: Digest([0xd0; 32]) },
        ),
        ("partner-suspended", Place::Log, Fact::PartnerSuspended { by: by(), partner: partner() }),
        ("partner-reinstated", Place::Log, Fact::PartnerReinstated { by: by(), partner: partner() }),
        ("partner-terminated", Place::Log, Fact::PartnerTerminated { by: by(), partner: partner() }),
        (
            "app-declared",
            Place::Log,
            Fact::AppDeclared {
                by: by(),
                app: app(),
                document: Digest([0xd0; 32]),
                fingerprint: Digest([0xf0; 32]),
            },
        ),
        ("app-hidden", Place::Log, Fact::AppHidden { by: by(), app: app() }),
        ("app-shown", Place::Log, Fact::AppShown { by: by(), app: app() }),
        (
            "notice-published",
            Place::Log,
            Fact::NoticePublished { by: by(), app: app(), version: 2, document: Digest([0xd0; 32]) },
        ),
        ("enrolled", own(0), Fact::Enrolled),
        (
            "value-stored",
            own(1),
            Fact::ValueStored {
                item: Item(17),
                version: ValueVersion([0xe1; 16]),
                sealed: Digest([0xe2; 32]),
            },
        ),
        (
            "consent-given",
            towards(0, None),
            Fact::ConsentGiven {
                version: 1,
                lines: vec![
                    ConsentLine {
                        purpose: Purpose(3),
                        shown: items(&[1, 2, 17, 40]),
                        granted: items(&[1, 2]),
                    },
                    ConsentLine { purpose: Purpose(4), shown: items(&[2]), granted: ItemSet::EMPTY },
                ],
                notice: Digest([0xd0; 32]),
                fingerprint: Digest([0xf0; 32]),
                expires_at: AT.after_ms(365 * Timestamp::DAY_MS),
                evidence: Commitment([0xc3; 32]),
                guardian: Guardian::NotRequired,
            },
        ),
        ("withdrawn", towards(1, None), Fact::Withdrawn { scope: WithdrawalScope::Whole }),
        (
            "withdrawn items",
            towards(300, None),
            Fact::Withdrawn { scope: WithdrawalScope::Items(vec![(Purpose(3), items(&[1, 40]))]) },
        ),
        ("disclosed", towards(12, Some(70_000)), Fact::Disclosed(release.clone())),
        ("redelivered", towards(13, Some(70_001)), Fact::Redelivered(release)),
        ("withheld", towards(14, None), withheld(None)),
        ("withheld repeated", towards(15, None), withheld(Some(DisclosureId([0xd1; 16])))),
        ("not-delivered", towards(16, None), Fact::NotDelivered { disclosure: DisclosureId([0xd1; 16]) }),
        ("account-deleted", own(17), Fact::AccountDeleted),
        (
            "staff-appointed",
            Place::Log,
            Fact::StaffAppointed { by: by(), staff: StaffId::parse("lin").unwrap(), role: Role::Auditor },
        ),
        (
            "staff-dismissed",
            Place::Log,
            Fact::StaffDismissed { by: by(), staff: StaffId::parse("lin").unwrap() },
        ),
        ("factor-reset", Place::Log, Fact::FactorReset { by: by(), staff: StaffId::parse("lin").unwrap() }),
        (
            "partner-revised",
            Place::Log,
            Fact::PartnerRevised { by: by(), partner: partner(), document: Digest([0xd3; 32]) },
        ),
        (
            "viewed",
            own(2),
            Fact::Viewed { by: by(), items: items(&[1, 17]), masked: true, reason: ViewReason::LookUp },
        ),
        ("state-sealed", Place::Log, Fact::StateSealed),
        (
            "clock-accepted",
            Place::Log,
            Fact::ClockAccepted { by: by(), reason: ClockReason::Paused, clock: Timestamp(AT.0 - 60_001) },
        ),
        (
            "people-imported",
            Place::Log,
            Fact::PeopleImported {
                by: by(),
                import: ImportId([0x1d; 16]),
                counts: ImportCounts {
                    enrolled: 1_000_000,
                    corrected: 300,
                    unchanged: 24,
                    refused: 1,
                    values: 5_000_000_000,
                },
            },
        ),
        ("import-begun", Place::Log, Fact::ImportBegun { by: by(), import: ImportId([0x1d; 16]) }),
        ("key-epoch-opened", Place::Log, Fact::KeyEpochOpened { by: by(), epoch: 2 }),
        ("key-epoch-retired", Place::Log, Fact::KeyEpochRetired { by: by(), epoch: 1 }),
        ("passphrase-changed", Place::Log, Fact::PassphraseChanged { by: by() }),
        (
            "store-accepted",
            Place::Log,
            Fact::StoreAccepted { by: by(), cause: StoreCause::Behind, platform: 24, group: 70_000 },
        ),
        (
            "withheld-counted",
            towards(17, None),
            Fact::WithheldCounted(RefusalCount {
                from: AT,
                until: AT.after_ms(1_800_000),
                count: 70_000,
                requested: items(&[0, 255]),
                reasons: vec![(Reason::NotGranted, 70_000), (Reason::OtherItemRefused, 7)],
            }),
        ),
    ]
    .into_iter()
    .map(|(name, place, fact)| (name, Entry { at: AT, salt: Salt([0x5a; 16]), place, fact }))
    .collect()
}

fn stream(app: Option<AppId>, seq: u64, app_seq: Option<u64>) -> Place {
    let prev = Digest([if seq == 0 { 0 } else { 0x9e }; 32]);
    Place::Stream { stream: StreamId { app, tag: Tag([0x7a; 16]) }, seq, prev, app_seq }
}

/// Any entry that can be written, whether or not it could ever happen.
pub(crate) fn any_entry() -> impl Strategy<Value = Entry> {
    (any_uint(), any::<[u8; 16]>(), any_place(), any_fact()).prop_map(|(at, salt, place, fact)| Entry {
        at: Timestamp(at),
        salt: Salt(salt),
        place,
        fact,
    })
}

/// Numbers of every length that CBOR has.
fn any_uint() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0u32..64).prop_map(|(number, shift)| number >> shift)
}

fn any_place() -> impl Strategy<Value = Place> {
    let stream = (
        prop::option::of(any_app()),
        any::<[u8; 16]>(),
        any_uint(),
        any::<[u8; 32]>(),
        prop::option::of(any_uint()),
    );
    let stream = stream.prop_map(|(app, tag, seq, prev, app_seq)| Place::Stream {
        stream: StreamId { app, tag: Tag(tag) },
        seq,
        prev: Digest(prev),
        app_seq,
    });
    prop_oneof![1 => Just(Place::Log), 4 => stream]
}

fn any_app() -> impl Strategy<Value = AppId> {
    "[a-z0-9-]{1,64}".prop_map(|id| AppId::parse(&id).unwrap())
}

fn any_staff() -> impl Strategy<Value = StaffId> {
    "[a-z0-9-]{1,64}".prop_map(|id| StaffId::parse(&id).unwrap())
}

fn any_partner() -> impl Strategy<Value = PartnerId> {
    "[a-z0-9-]{1,64}".prop_map(|id| PartnerId::parse(&id).unwrap())
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn any_commitment() -> impl Strategy<Value = Commitment> {
    any::<[u8; 32]>().prop_map(Commitment)
}

fn any_disclosure() -> impl Strategy<Value = DisclosureId> {
    any::<[u8; 16]>().prop_map(DisclosureId)
}

fn any_import() -> impl Strategy<Value = ImportId> {
    any::<[u8; 16]>().prop_map(ImportId)
}

fn any_items() -> impl Strategy<Value = ItemSet> {
    prop::collection::vec(any::<u8>(), 0..8).prop_map(|codes| codes.into_iter().map(Item).collect())
}

fn any_purpose() -> impl Strategy<Value = Purpose> {
    any_uint().prop_map(|code| Purpose(code as u16))
}

fn any_reasons() -> impl Strategy<Value = Vec<(Item, Reason)>> {
    prop::collection::vec((any::<u8>().prop_map(Item), prop::sample::select(Reason::EVERY)), 0..30)
}

fn any_release() -> impl Strategy<Value = Disclosed> {
    let sets = (any_items(), any_items(), any_items());
    let flags = (any::<bool>(), any::<bool>());
    (any_disclosure(), any_purpose(), sets, any_reasons(), flags, any_commitment(), any_commitment())
        .prop_map(|(disclosure, purpose, (requested, released, stored), withheld, flags, values, request)| {
            Disclosed {
                disclosure,
                purpose,
                requested,
                released,
                withheld,
                stored,
                partial: flags.0,
                values,
                guardian_required: flags.1,
                request,
            }
        })
}

fn any_platform_fact() -> impl Strategy<Value = Fact> {
    let suite = prop::sample::select(vec![Suite::Guomi, Suite::International]);
    let profile = prop::sample::select(vec![Profile::International, Profile::Guomi, Profile::Dual]);
    let root = || prop::option::of(any_digest());
    prop_oneof![
        ("[a-z0-9/]{1,64}", suite, profile).prop_map(|(log, suite, profile)| Fact::LogOpened {
            log: LogId::parse(&log).unwrap(),
            suite,
            profile
        }),
        (any_uint(), root(), root()).prop_map(|(size, sha256, sm3)| Fact::PlatformAdopted {
            size,
            sha256,
            sm3
        }),
        (any_staff(), any::<u16>(), any_digest(), any_digest()).prop_map(
            |(by, decision, items, necessary)| {
                Fact::EngineActivated { by, engine: Engine { decision, items, necessary } }
            }
        ),
        (any_staff(), any_partner(), any_digest())
            .prop_map(|(by, partner, document)| Fact::PartnerRegistered { by, partner, document }),
        (any_staff(), any_partner(), any_digest()).prop_map(|(by, partner, document)| Fact::PartnerRevised {
            by,
            partner,
            document
        }),
        (any_staff(), any_partner()).prop_map(|(by, partner)| Fact::PartnerSuspended { by, partner }),
        (any_staff(), any_partner()).prop_map(|(by, partner)| Fact::PartnerReinstated { by, partner }),
        (any_staff(), any_partner()).prop_map(|(by, partner)| Fact::PartnerTerminated { by, partner }),
        (any_staff(), any_app(), any_digest(), any_digest()).prop_map(|(by, app, document, fingerprint)| {
            Fact::AppDeclared { by, app, document, fingerprint }
        }),
        (any_staff(), any_app()).prop_map(|(by, app)| Fact::AppHidden { by, app }),
        (any_staff(), any_app()).prop_map(|(by, app)| Fact::AppShown { by, app }),
        (any_staff(), any_staff(), prop::sample::select(Role::EVERY))
            .prop_map(|(by, staff, role)| Fact::StaffAppointed { by, staff, role }),
        (any_staff(), any_staff()).prop_map(|(by, staff)| Fact::StaffDismissed { by, staff }),
        (any_staff(), any_staff()).prop_map(|(by, staff)| Fact::FactorReset { by, staff }),
        Just(Fact::StateSealed),
        (any_staff(), prop::sample::select(StoreCause::EVERY), any::<u64>(), any::<u64>())
            .prop_map(|(by, cause, platform, group)| Fact::StoreAccepted { by, cause, platform, group }),
        (any_staff(), prop::sample::select(ClockReason::EVERY), any::<u64>())
            .prop_map(|(by, reason, clock)| Fact::ClockAccepted { by, reason, clock: Timestamp(clock) }),
        (any_staff(), any_import()).prop_map(|(by, import)| Fact::ImportBegun { by, import }),
        (any_staff(), any_import(), [any_uint(), any_uint(), any_uint(), any_uint(), any_uint()]).prop_map(
            |(by, import, [enrolled, corrected, unchanged, refused, values])| {
                let counts = ImportCounts { enrolled, corrected, unchanged, refused, values };
                Fact::PeopleImported { by, import, counts }
            }
        ),
        (any_staff(), any::<u32>()).prop_map(|(by, epoch)| Fact::KeyEpochOpened { by, epoch }),
        (any_staff(), any::<u32>()).prop_map(|(by, epoch)| Fact::KeyEpochRetired { by, epoch }),
        any_staff().prop_map(|by| Fact::PassphraseChanged { by }),
        (any_staff(), any_app(), any::<u32>(), any_digest())
            .prop_map(|(by, app, version, document)| Fact::NoticePublished { by, app, version, document }),
    ]
}

fn any_person_fact() -> impl Strategy<Value = Fact> {
    let guardian = prop::sample::select(vec![Guardian::NotRequired, Guardian::Agreed, Guardian::Missing]);
    let line = (any_purpose(), any_items(), any_items());
    let line = line.prop_map(|(purpose, shown, granted)| ConsentLine { purpose, shown, granted });
    let lines = prop::collection::vec(line, 0..5);
    let scope = prop::collection::vec((any_purpose(), any_items()), 0..5).prop_map(WithdrawalScope::Items);
    let withheld = (any_purpose(), any_items(), any_items(), any::<(bool, bool)>(), any_reasons());
    let counts = prop::collection::vec((prop::sample::select(Reason::EVERY), any_uint()), 0..20);
    prop_oneof![
        Just(Fact::Enrolled),
        Just(Fact::AccountDeleted),
        Just(Fact::Withdrawn { scope: WithdrawalScope::Whole }),
        scope.prop_map(|scope| Fact::Withdrawn { scope }),
        (any::<u8>(), any::<[u8; 16]>(), any_digest()).prop_map(|(item, version, sealed)| {
            Fact::ValueStored { item: Item(item), version: ValueVersion(version), sealed }
        }),
        (any::<u32>(), lines, any_digest(), any_digest(), any_uint(), any_commitment(), guardian).prop_map(
            |(version, lines, notice, fingerprint, expires_at, evidence, guardian)| Fact::ConsentGiven {
                version,
                lines,
                notice,
                fingerprint,
                expires_at: Timestamp(expires_at),
                evidence,
                guardian
            }
        ),
        any_release().prop_map(Fact::Disclosed),
        any_release().prop_map(Fact::Redelivered),
        (withheld, prop::option::of(any_disclosure()), any_commitment()).prop_map(
            |((purpose, requested, stored, flags, reasons), repeats, request)| Fact::Withheld {
                purpose,
                requested,
                stored,
                partial: flags.0,
                guardian_required: flags.1,
                reasons,
                repeats,
                request
            }
        ),
        any_disclosure().prop_map(|disclosure| Fact::NotDelivered { disclosure }),
        (any_uint(), any_uint(), any_uint(), any_items(), counts).prop_map(
            |(from, until, count, requested, reasons)| Fact::WithheldCounted(RefusalCount {
                from: Timestamp(from),
                until: Timestamp(until),
                count,
                requested,
                reasons
            })
        ),
        (any_staff(), any_items(), any::<bool>(), prop::sample::select(ViewReason::EVERY))
            .prop_map(|(by, items, masked, reason)| Fact::Viewed { by, items, masked, reason }),
    ]
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![any_platform_fact(), any_person_fact()]
}
