//! Decides changes of the platform: engine, partners, apps, notices, staff, epochs of keys.

use yinuo_domain::{AppId, Digest, Fact, PartnerId, PlatformChange, Refusal, Role, StaffId, Suite};
use yinuo_rules::Packs;

use crate::decide::{packs_in_force, packs_of};
use crate::{App, AppStatus, KeyEpochs, Loaded, Outcome, Partner, PartnerStatus, Platform, Slot};

pub(crate) fn decide(platform: &Platform, by: &StaffId, change: &PlatformChange) -> Result<Outcome, Refusal> {
    let by = by.clone();
    let suite = platform.suite.ok_or(Refusal::NoEngine)?;
    let fact = match change {
        PlatformChange::ActivateEngine(engine) => {
            packs_of(suite, engine)?;
            // What is counted is not told again: nobody goes back to older code.
            if platform.engine.is_some_and(|before| engine.decision < before.decision) {
                return Err(Refusal::UnknownEngine);
            }
            Fact::EngineActivated { by, engine: *engine }
        }
        PlatformChange::RegisterPartner { document, bytes } => {
            packs(platform)?;
            same_bytes(suite, document, bytes)?;
            let profile = yinuo_rules::parse_partner(bytes).map_err(|_| Refusal::Document)?;
            if platform.partners.contains_key(&profile.partner) {
                return Err(Refusal::AlreadyExists);
            }
            Fact::PartnerRegistered { by, partner: profile.partner, document: *document }
        }
        PlatformChange::RevisePartner { partner: id, document, bytes } => {
            packs(platform)?;
            same_bytes(suite, document, bytes)?;
            let profile = yinuo_rules::parse_partner(bytes).map_err(|_| Refusal::Document)?;
            // A suspended partner may correct its contact. A ceiling below what its apps declare is no reason to
            // refuse: narrowing must always be possible, and the ceiling denies at the next disclosure.
            if profile.partner != *id {
                return Err(Refusal::Document);
            }
            let held = partner(platform, id)?;
            if held.status == PartnerStatus::Terminated {
                return Err(Refusal::PartnerStatus);
            }
            // PIPL 23: consent is to a recipient by its name. Once an app of it was declared, the name stays.
            let declared = platform.apps.values().any(|app| app.declaration.partner == *id);
            if declared && held.profile.name != profile.name {
                return Err(Refusal::RecipientChanged);
            }
            Fact::PartnerRevised { by, partner: profile.partner, document: *document }
        }
        PlatformChange::SuspendPartner(id) => match partner(platform, id)?.status {
            PartnerStatus::Active => Fact::PartnerSuspended { by, partner: id.clone() },
            PartnerStatus::Suspended | PartnerStatus::Terminated => return Err(Refusal::PartnerStatus),
        },
        PlatformChange::ReinstatePartner(id) => match partner(platform, id)?.status {
            PartnerStatus::Suspended => Fact::PartnerReinstated { by, partner: id.clone() },
            PartnerStatus::Active | PartnerStatus::Terminated => return Err(Refusal::PartnerStatus),
        },
        PlatformChange::TerminatePartner(id) => match partner(platform, id)?.status {
            PartnerStatus::Active | PartnerStatus::Suspended => {
                Fact::PartnerTerminated { by, partner: id.clone() }
            }
            PartnerStatus::Terminated => return Err(Refusal::PartnerStatus),
        },
        PlatformChange::DeclareApp { document, bytes } => {
            same_bytes(suite, document, bytes)?;
            declare(platform, suite, by, *document, bytes)?
        }
        PlatformChange::HideApp(id) => match app(platform, id)?.status {
            AppStatus::Live => Fact::AppHidden { by, app: id.clone() },
            AppStatus::Hidden => return Err(Refusal::AppStatus),
        },
        PlatformChange::ShowApp(id) => match app(platform, id)?.status {
            // An app of a partner that ended for good does not come back.
            AppStatus::Hidden if owner(platform, id)?.status == PartnerStatus::Terminated => {
                return Err(Refusal::PartnerStatus);
            }
            AppStatus::Hidden => Fact::AppShown { by, app: id.clone() },
            AppStatus::Live => return Err(Refusal::AppStatus),
        },
        PlatformChange::PublishNotice { document, bytes } => {
            same_bytes(suite, document, bytes)?;
            let notice = yinuo_rules::parse_notice(bytes).map_err(|_| Refusal::Document)?;
            let last = app(platform, &notice.app)?.notice.as_ref().map_or(0, |(_, notice)| notice.version);
            if owner(platform, &notice.app)?.status == PartnerStatus::Terminated {
                return Err(Refusal::PartnerStatus);
            }
            if last.checked_add(1) != Some(notice.version) {
                return Err(Refusal::NoticeVersion);
            }
            Fact::NoticePublished { by, app: notice.app, version: notice.version, document: *document }
        }
        PlatformChange::AppointStaff { staff, role } => {
            if platform.staff.get(staff) == Some(role) {
                return Err(Refusal::AlreadyExists);
            }
            not_the_last_operator(platform, &by, staff)?;
            Fact::StaffAppointed { by, staff: staff.clone(), role: *role }
        }
        // Whether it had jumped is seen by whoever has the clock.
        PlatformChange::AcceptClock { reason, clock } => {
            Fact::ClockAccepted { by, reason: *reason, clock: *clock }
        }
        PlatformChange::AcceptStore { cause, platform: known, group } => {
            Fact::StoreAccepted { by, cause: *cause, platform: *known, group: *group }
        }
        PlatformChange::DismissStaff(staff) => {
            platform.staff.get(staff).ok_or(Refusal::UnknownStaff)?;
            not_the_last_operator(platform, &by, staff)?;
            Fact::StaffDismissed { by, staff: staff.clone() }
        }
        PlatformChange::ResetFactor(staff) => {
            platform.staff.get(staff).ok_or(Refusal::UnknownStaff)?;
            Fact::FactorReset { by, staff: staff.clone() }
        }
        // Whose doing it is, and nothing that allows anything: each person who comes in is decided by themselves.
        PlatformChange::BeginImport(import) => Fact::ImportBegun { by, import: *import },
        PlatformChange::EndImport { import, counts } => {
            Fact::PeopleImported { by, import: *import, counts: *counts }
        }
        // After an older copy was restored, the keys may be some epochs ahead of what is recorded.
        PlatformChange::OpenKeyEpoch(epoch) if platform.key_epochs.current < *epoch => {
            Fact::KeyEpochOpened { by, epoch: *epoch }
        }
        PlatformChange::RetireKeyEpoch(epoch)
            if (KeyEpochs::FIRST..platform.key_epochs.current).contains(epoch)
                && !platform.key_epochs.retired.contains(epoch) =>
        {
            Fact::KeyEpochRetired { by, epoch: *epoch }
        }
        PlatformChange::OpenKeyEpoch(_) | PlatformChange::RetireKeyEpoch(_) => return Err(Refusal::KeyEpoch),
        PlatformChange::ChangePassphrase => Fact::PassphraseChanged { by },
    };
    Ok(Outcome::done(None, fact))
}

/// The last operator does not leave by their own hand: whoever is left could appoint nobody. Somebody else (the
/// operator of the machine, who names themselves) may still take the role from them.
fn not_the_last_operator(platform: &Platform, by: &StaffId, staff: &StaffId) -> Result<(), Refusal> {
    let another = platform.staff.iter().any(|(id, role)| id != staff && *role == Role::Operator);
    let last = platform.staff.get(staff) == Some(&Role::Operator) && !another;
    if last && by == staff { Err(Refusal::LastOperator) } else { Ok(()) }
}

fn declare(
    platform: &Platform,
    suite: Suite,
    by: StaffId,
    document: Digest,
    bytes: &[u8],
) -> Result<Fact, Refusal> {
    let packs = packs(platform)?;
    let declaration = yinuo_rules::parse_declaration(bytes).map_err(|_| Refusal::Document)?;
    let partner = partner(platform, &declaration.partner)?;
    if partner.status != PartnerStatus::Active {
        return Err(Refusal::PartnerStatus);
    }
    // An app never changes hands: the people who agreed agreed to this recipient.
    if platform.apps.get(&declaration.app).is_some_and(|app| app.declaration.partner != declaration.partner) {
        return Err(Refusal::AlreadyExists);
    }
    // One code, one purpose, on the whole platform and for good: grants name the code.
    for purpose in &declaration.purposes {
        let taken = platform.purposes.iter().any(|(code, id)| (*code == purpose.code) != (*id == purpose.id));
        if taken {
            return Err(Refusal::Document);
        }
    }
    let problems = yinuo_rules::check_declaration(packs, partner.profile.ceiling, &declaration);
    if let Some(problem) = problems.first() {
        return Err(problem.refusal);
    }
    let fingerprint = yinuo_rules::fingerprint(suite, &declaration);
    Ok(Fact::AppDeclared { by, app: declaration.app, document, fingerprint })
}

fn packs(platform: &Platform) -> Result<&'static Packs, Refusal> {
    let nobody = Slot::NotLoaded;
    packs_in_force(&Loaded {
        platform,
        own: Slot::NotLoaded,
        stream: Slot::NotLoaded,
        streams: nobody,
        earlier: None,
    })
}

fn same_bytes(suite: Suite, document: &Digest, bytes: &[u8]) -> Result<(), Refusal> {
    if yinuo_rules::content_hash(suite, bytes) == *document { Ok(()) } else { Err(Refusal::Document) }
}

fn partner<'a>(platform: &'a Platform, id: &PartnerId) -> Result<&'a Partner, Refusal> {
    platform.partners.get(id).ok_or(Refusal::UnknownPartner)
}

fn app<'a>(platform: &'a Platform, id: &AppId) -> Result<&'a App, Refusal> {
    platform.apps.get(id).ok_or(Refusal::UnknownApp)
}

fn owner<'a>(platform: &'a Platform, id: &AppId) -> Result<&'a Partner, Refusal> {
    partner(platform, &app(platform, id)?.declaration.partner)
}
