//! Folds a log and decides every entry of it again.
//!
//! Whoever holds the entries and the documents can do this, without a key: a fact says everything its decision needed.
//! Reading them in order, checking hashes, chains and signatures is the caller's part.

use std::collections::{HashMap, VecDeque};

use yinuo_domain::{
    Choice, Command, Disclosed, DisclosureId, Entry, Fact, Place, PlatformChange, StoredValue, StreamId,
    SubjectKey, Tag, Timestamp,
};

use crate::decide_disclosure::IDEMPOTENCY_MS;
use crate::{Documents, Earlier, Loaded, Own, Platform, Slot, Stream, Undecidable, decide};

/// What is wrong with an entry.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It was not lawful, or not complete, when it happened: deciding again gives something else.
    #[error("deciding again does not give this {0}")]
    Disagrees(&'static str),
    /// It cannot be decided with what is at hand.
    #[error("undecidable: {0}")]
    Undecidable(#[from] Undecidable),
}

/// A fold in progress. Its memory grows with people, and with what was released in the last day.
pub struct Replay<'d> {
    documents: &'d dyn Documents,
    platform: Platform,
    own: HashMap<Tag, Own>,
    streams: HashMap<StreamId, Stream>,
    firsts: HashMap<DisclosureId, (StreamId, Disclosed, Timestamp)>,
    order: VecDeque<(Timestamp, DisclosureId)>,
}

impl<'d> Replay<'d> {
    /// Begins before the first entry.
    pub fn new(documents: &'d dyn Documents) -> Self {
        Self {
            documents,
            platform: Platform::default(),
            own: HashMap::new(),
            streams: HashMap::new(),
            firsts: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// The platform as far as it was folded.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What the facts of a person's own stream add up to so far.
    pub fn own(&self, tag: Tag) -> Option<&Own> {
        self.own.get(&tag)
    }

    /// What the facts of a stream with an app add up to so far.
    pub fn stream(&self, stream: &StreamId) -> Option<&Stream> {
        self.streams.get(stream)
    }

    /// Folds the next entry of the platform log. Feed it when a group adopts it, and not before.
    pub fn platform_entry(&mut self, entry: &Entry) -> Result<(), Fault> {
        if let Some((by, change)) = self.change_of(&entry.fact)? {
            let command = Command::Platform { by, change };
            let loaded = self.loaded(Slot::NotLoaded, Slot::NotLoaded);
            let outcome = decide(&loaded, &command, entry.at);
            if !outcome.facts.iter().map(|(_, fact)| fact).eq([&entry.fact]) {
                return Err(Fault::Disagrees("change of the platform"));
            }
        }
        Ok(self.platform.apply(&entry.fact, self.documents)?)
    }

    /// Decides and folds the next entry of a group. True when a disclosure or its refusal was decided again.
    pub fn group_entry(&mut self, entry: &Entry) -> Result<bool, Fault> {
        let Place::Stream { stream, .. } = &entry.place else {
            return match entry.fact {
                Fact::LogOpened { .. } | Fact::PlatformAdopted { .. } => Ok(false),
                _ => Err(Undecidable::Misplaced("a fact about a person without a stream").into()),
            };
        };
        match &stream.app {
            None => self.own_entry(entry, stream.tag).map(|()| false),
            Some(app) => {
                let decided = self.decide_again(entry, stream)?;
                let state = self.streams.entry(stream.clone()).or_default();
                state.apply(&entry.fact, entry.at, &self.platform, app)?;
                self.remember(entry, stream);
                Ok(decided)
            }
        }
    }

    fn own_entry(&mut self, entry: &Entry, tag: Tag) -> Result<(), Fault> {
        let subject = NOBODY;
        let held = self.own.get(&tag);
        let own = held.map_or(Slot::Absent, Slot::Present);
        let command = match &entry.fact {
            // What was enrolled with values is, in the log, enrolled and then given values.
            Fact::Enrolled => Command::Enrol { subject, own: tag, values: Vec::new() },
            Fact::ValueStored { item, version, sealed } => {
                let value = StoredValue { item: *item, version: *version, sealed: *sealed };
                Command::StoreValues { subject, own: tag, values: vec![value] }
            }
            Fact::Viewed { by, items, masked, reason } => Command::ViewSubject {
                subject,
                own: tag,
                by: by.clone(),
                items: *items,
                masked: *masked,
                reason: *reason,
            },
            Fact::AccountDeleted => Command::DeleteAccount { subject, own: tag },
            _ => return Err(Undecidable::Misplaced("not a fact of a person's own stream").into()),
        };
        let loaded = Loaded { streams: Slot::Absent, ..self.loaded(own, Slot::NotLoaded) };
        if !decide(&loaded, &command, entry.at).facts.iter().map(|(_, fact)| fact).eq([&entry.fact]) {
            return Err(Fault::Disagrees("act of a person"));
        }
        Ok(self.own.entry(tag).or_default().apply(&entry.fact)?)
    }

    fn decide_again(&self, entry: &Entry, stream: &StreamId) -> Result<bool, Fault> {
        let Some(app) = stream.app.clone() else { return Ok(false) };
        let (subject, tag) = (NOBODY, stream.tag);
        let state = self.streams.get(stream).map_or(Slot::Absent, Slot::Present);
        // Whether the person was enrolled stands in another stream, which nobody but the platform can join with this
        // one: the fact itself says so.
        let enrolled = Own::default();
        let mut loaded = self.loaded(Slot::Present(&enrolled), state);
        let (what, command) = match &entry.fact {
            Fact::ConsentGiven { lines, notice, fingerprint, expires_at, evidence, guardian, .. } => {
                let choice = |line: &yinuo_domain::ConsentLine| Choice {
                    purpose: line.purpose,
                    shown: line.shown,
                    chosen: line.granted,
                };
                let command = Command::GiveConsent {
                    subject,
                    own: tag,
                    app,
                    tag,
                    choices: lines.iter().map(choice).collect(),
                    notice: *notice,
                    fingerprint: *fingerprint,
                    expires_at: *expires_at,
                    evidence: *evidence,
                    guardian: *guardian,
                };
                ("consent", command)
            }
            Fact::Withdrawn { scope } => {
                ("withdrawal", Command::Withdraw { subject, app, tag, scope: scope.clone() })
            }
            Fact::NotDelivered { disclosure } => {
                // One person's release cannot fail to arrive in another one's stream.
                if self.firsts.get(disclosure).is_some_and(|(of, _, _)| of != stream) {
                    return Err(Fault::Disagrees("report"));
                }
                ("report", Command::ReportNotDelivered { subject, app, tag, disclosure: *disclosure })
            }
            Fact::AccountDeleted => match loaded.stream {
                Slot::Present(stream) if !stream.deleted => return Ok(false),
                _ => return Err(Fault::Disagrees("deletion")),
            },
            Fact::Disclosed(disclosed) if self.firsts.contains_key(&disclosed.disclosure) => {
                return Err(Fault::Disagrees("release"));
            }
            Fact::Disclosed(disclosed) => ("release", again(disclosed, app, tag)),
            Fact::Redelivered(disclosed) => {
                let asked = (disclosed.purpose, disclosed.requested, disclosed.partial);
                loaded.earlier = Some(self.first(stream, disclosed.disclosure, asked)?);
                ("repeated release", again(disclosed, app, tag))
            }
            Fact::Withheld {
                purpose,
                requested,
                stored,
                partial,
                guardian_required,
                request,
                repeats,
                ..
            } => {
                if let Some(first) = repeats {
                    loaded.earlier = Some(self.first(stream, *first, (*purpose, *requested, *partial))?);
                }
                let command = Command::Disclose {
                    subject,
                    app,
                    tag,
                    purpose: *purpose,
                    items: *requested,
                    partial: *partial,
                    stored: *stored,
                    values: yinuo_domain::Commitment([0; 32]),
                    guardian_required: *guardian_required,
                    request: *request,
                    disclosure: DisclosureId([0; 16]),
                    idempotency: None,
                };
                ("refusal", command)
            }
            // What was asked is not known any more. That it was counted and not recorded must have been right.
            Fact::WithheldCounted(counted) => match loaded.stream {
                Slot::Present(stream) if stream.allows(counted, entry.at) => return Ok(false),
                _ => return Err(Fault::Disagrees("count of refusals")),
            },
            _ => return Err(Undecidable::Misplaced("not a fact of a person's stream with an app").into()),
        };
        let outcome = decide(&loaded, &command, entry.at);
        if !outcome.facts.iter().map(|(_, fact)| fact).eq([&entry.fact]) {
            return Err(Fault::Disagrees(what));
        }
        Ok(matches!(what, "release" | "repeated release" | "refusal"))
    }

    /// The release that an entry claims to repeat: of this stream, of the last day, and for the same request.
    fn first(
        &self,
        stream: &StreamId,
        id: DisclosureId,
        asked: (yinuo_domain::Purpose, yinuo_domain::ItemSet, bool),
    ) -> Result<Earlier, Fault> {
        let first = self.firsts.get(&id).filter(|(of, first, _)| {
            of == stream && (first.purpose, first.requested, first.partial) == asked
        });
        let (_, first, at) = first.ok_or(Fault::Disagrees("repeated request"))?;
        Ok(Earlier { disclosure: id, at: *at, released: first.released, same_request: true })
    }

    /// Remembers what may be repeated, for as long as it may.
    fn remember(&mut self, entry: &Entry, stream: &StreamId) {
        while let Some((at, id)) = self.order.front().copied() {
            if entry.at.since_ms(at) < IDEMPOTENCY_MS {
                break;
            }
            self.order.pop_front();
            self.firsts.remove(&id);
        }
        if let Fact::Disclosed(disclosed) = &entry.fact {
            self.order.push_back((entry.at, disclosed.disclosure));
            self.firsts.insert(disclosed.disclosure, (stream.clone(), disclosed.clone(), entry.at));
        }
    }

    fn loaded<'a>(&'a self, own: Slot<&'a Own>, stream: Slot<&'a Stream>) -> Loaded<'a> {
        Loaded { platform: &self.platform, own, stream, streams: Slot::NotLoaded, earlier: None }
    }

    /// The command behind a fact of the platform log; none for the log's opening.
    fn change_of(&self, fact: &Fact) -> Result<Option<(yinuo_domain::StaffId, PlatformChange)>, Fault> {
        let bytes = |document: &yinuo_domain::Digest| {
            self.documents.document(document).ok_or(Undecidable::MissingDocument(*document))
        };
        Ok(Some(match fact {
            // Nobody's decision: when the log began, and when its store was sealed.
            Fact::LogOpened { .. } | Fact::StateSealed => return Ok(None),
            Fact::EngineActivated { by, engine } => (by.clone(), PlatformChange::ActivateEngine(*engine)),
            Fact::PartnerRegistered { by, document, .. } => {
                (by.clone(), PlatformChange::RegisterPartner { document: *document, bytes: bytes(document)? })
            }
            Fact::PartnerRevised { by, partner, document } => {
                let (partner, document, bytes) = (partner.clone(), *document, bytes(document)?);
                (by.clone(), PlatformChange::RevisePartner { partner, document, bytes })
            }
            Fact::PartnerSuspended { by, partner } => {
                (by.clone(), PlatformChange::SuspendPartner(partner.clone()))
            }
            Fact::PartnerReinstated { by, partner } => {
                (by.clone(), PlatformChange::ReinstatePartner(partner.clone()))
            }
            Fact::PartnerTerminated { by, partner } => {
                (by.clone(), PlatformChange::TerminatePartner(partner.clone()))
            }
            Fact::AppDeclared { by, document, .. } => {
                (by.clone(), PlatformChange::DeclareApp { document: *document, bytes: bytes(document)? })
            }
            Fact::AppHidden { by, app } => (by.clone(), PlatformChange::HideApp(app.clone())),
            Fact::AppShown { by, app } => (by.clone(), PlatformChange::ShowApp(app.clone())),
            Fact::NoticePublished { by, document, .. } => {
                (by.clone(), PlatformChange::PublishNotice { document: *document, bytes: bytes(document)? })
            }
            Fact::StaffAppointed { by, staff, role } => {
                (by.clone(), PlatformChange::AppointStaff { staff: staff.clone(), role: *role })
            }
            Fact::StaffDismissed { by, staff } => (by.clone(), PlatformChange::DismissStaff(staff.clone())),
            Fact::FactorReset { by, staff } => (by.clone(), PlatformChange::ResetFactor(staff.clone())),
            Fact::StoreAccepted { by, cause, platform, group } => {
                let (cause, platform, group) = (*cause, *platform, *group);
                (by.clone(), PlatformChange::AcceptStore { cause, platform, group })
            }
            Fact::ClockAccepted { by, reason, clock } => {
                (by.clone(), PlatformChange::AcceptClock { reason: *reason, clock: *clock })
            }
            Fact::ImportBegun { by, import } => (by.clone(), PlatformChange::BeginImport(*import)),
            Fact::PeopleImported { by, import, counts } => {
                (by.clone(), PlatformChange::EndImport { import: *import, counts: *counts })
            }
            Fact::KeyEpochOpened { by, epoch } => (by.clone(), PlatformChange::OpenKeyEpoch(*epoch)),
            Fact::KeyEpochRetired { by, epoch } => (by.clone(), PlatformChange::RetireKeyEpoch(*epoch)),
            Fact::PassphraseChanged { by } => (by.clone(), PlatformChange::ChangePassphrase),
            _ => return Err(Undecidable::Misplaced("a fact of a group in the platform log").into()),
        }))
    }
}

/// No decision reads whose surrogate it is: it only says where rows are.
const NOBODY: SubjectKey = SubjectKey([0; 16]);

fn again(disclosed: &Disclosed, app: yinuo_domain::AppId, tag: Tag) -> Command {
    Command::Disclose {
        subject: NOBODY,
        app,
        tag,
        purpose: disclosed.purpose,
        items: disclosed.requested,
        partial: disclosed.partial,
        stored: disclosed.stored,
        values: disclosed.values,
        guardian_required: disclosed.guardian_required,
        request: disclosed.request,
        disclosure: disclosed.disclosure,
        idempotency: None,
    }
}
