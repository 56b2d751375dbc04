//! One command: load what it needs, decide it at the tip, append what follows.

use std::collections::HashMap;
use std::sync::Arc;

use yinuo_core::{Answer, Documents, Earlier, Loaded, Outcome, Own, Slot, Stream, decide};
use yinuo_domain::{
    AppId, Command, Digest, Fact, PlatformChange, Refusal, Salt, StreamId, SubjectKey, Suite, Tag, Timestamp,
};

use crate::backend::{AnswerRow, Change, Log, Rows, StreamRow};
use crate::permits::WaitFor;
use crate::sequencer::{Batch, Chain, Decided, Failed, Held, Sequencer, another_tag};
use crate::state::State;
use crate::{LedgerError, StoreError, Submission};

impl Sequencer {
    pub(crate) fn submit(&mut self, submission: Submission, batch: &mut Batch) -> Result<Decided, Failed> {
        if let Some(error) = submission.writes.iter().find_map(|write| self.unfit(write)) {
            return Err(Failed::One(error));
        }
        let documents = match self.documents(&submission) {
            Some(documents) => documents,
            None => return Ok(Decided::Refused(Refusal::Document)),
        };
        match &submission.command {
            Command::Platform { .. } => self.platform(submission, documents, batch),
            Command::DeleteAccount { subject, own } => {
                let (subject, own) = (*subject, *own);
                self.delete(submission, subject, own, batch)
            }
            Command::Enrol { .. }
            | Command::StoreValues { .. }
            | Command::ViewSubject { .. }
            | Command::GiveConsent { .. }
            | Command::Withdraw { .. }
            | Command::Disclose { .. }
            | Command::ReportNotDelivered { .. } => self.person(submission, batch),
        }
    }

    /// The documents that travel with a submission, each under the hash it really has.
    fn documents(&self, submission: &Submission) -> Option<HashMap<Digest, Arc<[u8]>>> {
        let of_command = match &submission.command {
            Command::Platform {
                change:
                    PlatformChange::RegisterPartner { document, bytes }
                    | PlatformChange::RevisePartner { document, bytes, .. }
                    | PlatformChange::DeclareApp { document, bytes }
                    | PlatformChange::PublishNotice { document, bytes },
                ..
            } => Some((*document, Arc::clone(bytes))),
            _ => None,
        };
        let all = submission.documents.iter().cloned().chain(of_command);
        all.map(|(hash, bytes)| {
            (yinuo_tlog::content_hash(self.settings.suite, &bytes) == hash).then_some((hash, bytes))
        })
        .collect()
    }

    fn platform(
        &mut self,
        mut submission: Submission,
        documents: HashMap<Digest, Arc<[u8]>>,
        batch: &mut Batch,
    ) -> Result<Decided, Failed> {
        let group = self.now(Log::Group);
        let now = self.now(Log::Platform).at.max(group.at);
        let mut clock = None;
        if let Command::Platform { change: PlatformChange::AcceptClock { clock: said, .. }, .. } =
            &mut submission.command
        {
            if group.jumped.is_none() {
                return Ok(Decided::Refused(Refusal::ClockAgrees));
            }
            *said = group.reading.wall;
            clock = Some(group.reading);
        }
        let loaded = Loaded {
            platform: &self.platform,
            own: Slot::NotLoaded,
            stream: Slot::NotLoaded,
            streams: Slot::NotLoaded,
            earlier: None,
        };
        let Outcome { facts, answer } = decide(&loaded, &submission.command, now);
        if let Answer::Refused(refusal) = answer {
            return Ok(Decided::Refused(refusal));
        }
        self.depend_on(&submission)?;
        for (hash, bytes) in &documents {
            self.writer.change(Change::Document(hash, bytes))?;
        }
        let mut salt = Some(submission.salt);
        for (_, fact) in facts {
            let salt = self.salt(&mut salt)?;
            let fact = self.append_log(batch, Log::Platform, salt, fact)?;
            let known = Known { new: &documents, rows: self.writer.rows(), suite: self.settings.suite };
            Arc::make_mut(&mut self.platform).apply(&fact, &known).map_err(LedgerError::from)?;
        }
        self.adopt(batch)?;
        batch.clock = clock.or(batch.clock);
        Ok(Decided::Done { wait: self.sanction(&submission.command), erase: false })
    }

    /// Whose permits a sanction waits for.
    fn sanction(&self, command: &Command) -> Option<WaitFor> {
        let Command::Platform { change, .. } = command else { return None };
        match change {
            PlatformChange::HideApp(app) => Some(WaitFor::Apps(vec![app.clone()])),
            // A revised ceiling may be narrower.
            PlatformChange::RevisePartner { partner, .. }
            | PlatformChange::SuspendPartner(partner)
            | PlatformChange::TerminatePartner(partner) => {
                let of = self.platform.apps.iter().filter(|(_, app)| app.declaration.partner == *partner);
                Some(WaitFor::Apps(of.map(|(id, _)| id.clone()).collect()))
            }
            PlatformChange::ActivateEngine(_)
            | PlatformChange::RegisterPartner { .. }
            | PlatformChange::ReinstatePartner(_)
            | PlatformChange::DeclareApp { .. }
            | PlatformChange::ShowApp(_)
            | PlatformChange::PublishNotice { .. }
            | PlatformChange::AppointStaff { .. }
            | PlatformChange::DismissStaff(_)
            | PlatformChange::ResetFactor(_)
            | PlatformChange::AcceptClock { .. }
            | PlatformChange::AcceptStore { .. }
            | PlatformChange::BeginImport(_)
            | PlatformChange::EndImport { .. }
            | PlatformChange::OpenKeyEpoch(_)
            | PlatformChange::RetireKeyEpoch(_)
            | PlatformChange::ChangePassphrase => None,
        }
    }

    /// A command about one person, in their own stream or in that with one app.
    fn person(&mut self, submission: Submission, batch: &mut Batch) -> Result<Decided, Failed> {
        let now = self.now(Log::Group);
        let about = About::of(&submission.command);
        if let Some(jump) = now.jumped.filter(|_| about.needs_time) {
            return Err(Failed::One(LedgerError::Clock(jump)));
        }
        let subject = about.subject;
        let own = match about.own {
            Some(_) => loaded(self.load_own(batch, subject))?,
            None => None,
        };
        let stream = match about.app {
            Some((app, _)) => loaded(self.load_stream(batch, subject, app))?,
            None => None,
        };
        let now = stream.as_ref().map_or(now.at, |held| held.not_before(now.at));
        let decided = self.decide_person(&submission, &about, own, stream, now, batch)?;
        Ok(decided)
    }

    fn decide_person(
        &mut self,
        submission: &Submission,
        about: &About<'_>,
        mut own: Option<Held<Own>>,
        mut stream: Option<Held<Stream>>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Decided, Failed> {
        let result = self.decide_loaded(submission, about, &mut own, &mut stream, now, batch);
        // Whatever was decided, what was loaded is kept for the next one.
        match own {
            Some(own) if own.chain.grown => drop(batch.own.insert(about.subject, own)),
            Some(own) => self.own.put(about.subject, own),
            None => {}
        }
        if let (Some(stream), Some((app, _))) = (stream, about.app) {
            self.keep_stream(batch, (about.subject, app.clone()), stream);
        }
        result
    }

    fn decide_loaded(
        &mut self,
        submission: &Submission,
        about: &About<'_>,
        own: &mut Option<Held<Own>>,
        stream: &mut Option<Held<Stream>>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Decided, Failed> {
        let command = &submission.command;
        if let (Some(held), Some(tag)) = (own.as_ref(), about.own) {
            another_tag(&held.chain.stream, tag)?;
        }
        if let (Some(held), Some((_, tag))) = (stream.as_ref(), about.app) {
            another_tag(&held.chain.stream, tag)?;
        }
        let idempotency = self.idempotency(submission, about);
        let earlier = match &idempotency {
            Some((key, request)) => loaded(self.earlier(about.subject, key, request))?,
            None => None,
        };
        if let (Command::Disclose { .. }, Some((app, _))) = (command, about.app) {
            loaded(self.load_app_seq(app))?;
        }
        let loaded = Loaded {
            platform: &self.platform,
            own: slot(about.own.is_some(), own),
            stream: slot(about.app.is_some(), stream),
            streams: Slot::NotLoaded,
            earlier,
        };
        let Outcome { facts, answer } = decide(&loaded, command, now);
        match &answer {
            Answer::Refused(refusal) => return Ok(Decided::Refused(*refusal)),
            Answer::Withheld(_) | Answer::Counted { .. } => {}
            Answer::Done | Answer::Viewed(_) | Answer::Released { .. } => self.depend_on(submission)?,
        }

        let mut salt = Some(submission.salt);
        let mut first = None;
        for (id, fact) in facts {
            let id = id.ok_or(LedgerError::Misfit("a fact about a person without a stream"))?;
            let salt = self.salt(&mut salt)?;
            let entry = match &id.app {
                None => {
                    let held = own.get_or_insert_with(|| Held::new(id));
                    let (entry, fact) = self.append_stream(batch, &mut held.chain, now, salt, fact)?;
                    held.state.apply(&fact).map_err(LedgerError::from)?;
                    entry
                }
                Some(_) => {
                    let held = stream.get_or_insert_with(|| Held::new(id));
                    self.tell_counted(batch, about.subject, held, now)?;
                    let (entry, fact) = self.append_stream(batch, &mut held.chain, now, salt, fact)?;
                    if let Some(app) = &held.chain.stream.app {
                        held.state.apply(&fact, now, &self.platform, app).map_err(LedgerError::from)?;
                    }
                    if let (Fact::Disclosed(first), Some((key, request))) = (&fact, &idempotency) {
                        let row = AnswerRow {
                            body: Some(*request),
                            disclosure: first.disclosure,
                            released: first.released,
                            at: now,
                        };
                        self.writer.change(Change::Answer(about.subject, key, &row))?;
                    }
                    entry
                }
            };
            first = first.or(Some(entry));
        }
        let entry = || first.ok_or(LedgerError::Misfit("an answer without a fact"));
        Ok(match answer {
            Answer::Refused(refusal) => Decided::Refused(refusal),
            Answer::Viewed(pending) => Decided::Viewed(pending),
            Answer::Withheld(reasons) => Decided::Withheld { reasons, entry: Some(entry()?) },
            Answer::Counted { requested, withheld } => {
                if let (Some(held), Some((app, _))) = (stream, about.app) {
                    self.count(about.subject, app, held, (requested, &withheld), now)?;
                }
                Decided::Withheld { reasons: withheld, entry: None }
            }
            Answer::Released { pending, withheld } => Decided::Released {
                pending,
                subject: about.subject,
                salt: submission.salt,
                withheld,
                entry: entry()?,
            },
            Answer::Done => Decided::Done { wait: about.wait.clone(), erase: false },
        })
    }

    fn delete(
        &mut self,
        submission: Submission,
        subject: SubjectKey,
        tag: Tag,
        batch: &mut Batch,
    ) -> Result<Decided, Failed> {
        let mut now = self.now(Log::Group).at;
        // All rows of theirs are read, and then all are deleted.
        self.write_streams(batch)?;
        let rows = loaded(self.writer.rows().streams(subject))?;
        let own = rows.iter().find(|row| row.stream.app.is_none());
        if let Some(row) = own {
            another_tag(&row.stream, tag)?;
        }
        let state = own.map(|row| Own::from_bytes(&row.state)).transpose()?;
        let streams: Vec<StreamId> = rows.iter().map(|row| row.stream.clone()).collect();
        let known = Loaded {
            platform: &self.platform,
            own: state.as_ref().map_or(Slot::Absent, Slot::Present),
            stream: Slot::NotLoaded,
            streams: Slot::Present(&streams),
            earlier: None,
        };
        let Outcome { facts, answer } = decide(&known, &submission.command, now);
        if let Answer::Refused(refusal) = answer {
            return Ok(Decided::Refused(refusal));
        }
        let mut ending = Vec::new();
        for (id, fact) in facts {
            let row = rows.iter().find(|row| Some(&row.stream) == id.as_ref());
            let row = row.ok_or(LedgerError::Misfit("a fact for a stream that is not there"))?;
            let held = match row.stream.app {
                Some(_) => Some(loaded(self.held(subject, row.clone()))?),
                None => None,
            };
            now = held.as_ref().map_or(now, |held| held.not_before(now));
            ending.push((row, held, fact));
        }
        self.depend_on(&submission)?;
        let mut salt = Some(submission.salt);
        for (row, held, fact) in ending {
            // Of these entries no row is left that says about whom they are.
            let mut chain = Chain::new(row.stream.clone(), row.next, row.prev);
            if let Some(mut held) = held {
                self.tell_counted(batch, subject, &mut held, now)?;
                chain = held.chain;
            }
            let salt = self.salt(&mut salt)?;
            self.append_stream(batch, &mut chain, now, salt, fact)?;
        }
        self.writer.change(Change::Forget(subject))?;
        self.own.take(&subject);
        for app in streams.into_iter().filter_map(|stream| stream.app) {
            self.streams.take(&(subject, app));
        }
        if let Some(wrapped) = &submission.retired {
            let destroy_after = now.after_ms(self.settings.retired_keep_ms);
            self.writer.change(Change::Retire(subject, tag, wrapped, destroy_after))?;
        }
        Ok(Decided::Done { wait: Some(WaitFor::Person(subject)), erase: true })
    }

    fn load_own(&mut self, batch: &mut Batch, subject: SubjectKey) -> Result<Option<Held<Own>>, StoreError> {
        if let Some(held) = batch.own.remove(&subject).or_else(|| self.own.take(&subject)) {
            return Ok(Some(held));
        }
        self.writer.rows().stream(subject, None)?.map(Held::load).transpose()
    }

    pub(crate) fn load_stream(
        &mut self,
        batch: &mut Batch,
        subject: SubjectKey,
        app: &AppId,
    ) -> Result<Option<Held<Stream>>, StoreError> {
        let key = (subject, app.clone());
        if let Some(held) = batch.streams.remove(&key).or_else(|| self.streams.take(&key)) {
            return Ok(Some(held));
        }
        let row = self.writer.rows().stream(subject, Some(app))?;
        row.map(|row| self.held(subject, row)).transpose()
    }

    /// For whoever needs it next, and to be written at the end of the batch if it has grown.
    pub(crate) fn keep_stream(&mut self, batch: &mut Batch, key: (SubjectKey, AppId), held: Held<Stream>) {
        if held.chain.grown {
            batch.streams.insert(key, held);
        } else {
            self.streams.put(key, held);
        }
    }

    /// A stream with an app, and what was counted in it.
    fn held(&self, subject: SubjectKey, row: StreamRow) -> Result<Held<Stream>, StoreError> {
        let mut held = Held::<Stream>::load(row)?;
        if let (true, Some(app)) = (held.state.may_have_counted(), &held.chain.stream.app) {
            held.counted = self.writer.rows().counted(subject, app)?;
        }
        Ok(held)
    }

    /// The key, and a digest of everything that makes a repeat the same request.
    fn idempotency(&self, submission: &Submission, about: &About<'_>) -> Option<(Digest, Digest)> {
        let Command::Disclose { purpose, items, partial, idempotency: Some(key), .. } = &submission.command
        else {
            return None;
        };
        let mut bytes = Vec::with_capacity(160);
        bytes.extend_from_slice(&purpose.0.to_be_bytes());
        bytes.extend_from_slice(&items.to_bytes());
        bytes.push(u8::from(*partial));
        bytes.push(u8::from(submission.body.is_some()));
        bytes.extend_from_slice(submission.body.as_ref().map_or(&[][..], Digest::as_bytes));
        bytes.extend_from_slice(about.app.map_or("", |(app, _)| app.as_str()).as_bytes());
        Some((*key, yinuo_tlog::content_hash(self.settings.suite, &bytes)))
    }

    fn earlier(
        &self,
        subject: SubjectKey,
        key: &Digest,
        request: &Digest,
    ) -> Result<Option<Earlier>, StoreError> {
        let row = self.writer.rows().answer(subject, key)?;
        Ok(row.map(|row| Earlier {
            disclosure: row.disclosure,
            at: row.at,
            released: row.released,
            same_request: row.body.as_ref() == Some(request),
        }))
    }

    /// The submission's own salt for its first fact, fresh ones after it.
    fn salt(&self, first: &mut Option<Salt>) -> Result<Salt, LedgerError> {
        match first.take() {
            Some(salt) => Ok(salt),
            None => Ok(Salt(self.random.bytes()?)),
        }
    }
}

/// What a command about one person needs.
struct About<'c> {
    subject: SubjectKey,
    /// The tag of their own stream, when that is read.
    own: Option<Tag>,
    /// The app and their tag there, when that stream is read.
    app: Option<(&'c AppId, Tag)>,
    /// Whether a wrong clock could allow too much.
    needs_time: bool,
    wait: Option<WaitFor>,
}

impl<'c> About<'c> {
    fn of(command: &'c Command) -> Self {
        let nobody = SubjectKey([0; 16]);
        let about = |subject| About { subject, own: None, app: None, needs_time: false, wait: None };
        match command {
            Command::Enrol { subject, own, .. }
            | Command::StoreValues { subject, own, .. }
            | Command::ViewSubject { subject, own, .. } => About { own: Some(*own), ..about(*subject) },
            Command::GiveConsent { subject, own, app, tag, .. } => {
                // Unticking what was allowed takes it back, so it waits as a withdrawal does.
                let wait = Some(WaitFor::Stream(*subject, app.clone()));
                About { own: Some(*own), app: Some((app, *tag)), needs_time: true, wait, ..about(*subject) }
            }
            Command::Withdraw { subject, app, tag, .. } => {
                let wait = Some(WaitFor::Stream(*subject, app.clone()));
                About { app: Some((app, *tag)), wait, ..about(*subject) }
            }
            Command::Disclose { subject, app, tag, .. } => {
                About { app: Some((app, *tag)), needs_time: true, ..about(*subject) }
            }
            Command::ReportNotDelivered { subject, app, tag, .. } => {
                About { app: Some((app, *tag)), ..about(*subject) }
            }
            // Decided elsewhere.
            Command::Platform { .. } | Command::DeleteAccount { .. } => about(nobody),
        }
    }
}

/// A row that was changed from outside refuses the one command that needs it; every other failure takes the batch back.
fn loaded<T>(read: Result<T, StoreError>) -> Result<T, Failed> {
    read.map_err(|error| match error {
        StoreError::Altered(_) => Failed::One(error.into()),
        error => Failed::Batch(error.into()),
    })
}

impl Chain {
    fn new(stream: StreamId, next: u64, prev: Digest) -> Self {
        Self { stream, next, prev, recent: Vec::new(), grown: false }
    }
}

impl<S: State> Held<S> {
    /// A stream that begins.
    fn new(stream: StreamId) -> Self
    where
        S: Default,
    {
        Self { chain: Chain::new(stream, 0, Digest([0; 32])), state: S::default(), counted: None }
    }

    fn load(row: StreamRow) -> Result<Self, StoreError> {
        let state = S::from_bytes(&row.state)?;
        let chain = Chain { recent: row.recent, ..Chain::new(row.stream, row.next, row.prev) };
        Ok(Self { chain, state, counted: None })
    }

    pub(crate) fn row(&self) -> StreamRow {
        StreamRow {
            stream: self.chain.stream.clone(),
            next: self.chain.next,
            prev: self.chain.prev,
            state: self.state.to_bytes(),
            recent: self.chain.recent.clone(),
        }
    }
}

fn slot<S>(looked: bool, held: &Option<Held<S>>) -> Slot<&S> {
    match held {
        _ if !looked => Slot::NotLoaded,
        None => Slot::Absent,
        Some(held) => Slot::Present(&held.state),
    }
}

/// New documents first, then those in the store.
pub(crate) struct Known<'a> {
    pub(crate) new: &'a HashMap<Digest, Arc<[u8]>>,
    pub(crate) rows: &'a dyn Rows,
    pub(crate) suite: Suite,
}

impl Documents for Known<'_> {
    fn document(&self, hash: &Digest) -> Option<Arc<[u8]>> {
        // A store that fails is a document that is missing: the fact cannot be folded, and the batch is taken back.
        // So is one that is not what its name says.
        let stored = || {
            let bytes = self.rows.document(hash).ok().flatten()?;
            (yinuo_tlog::content_hash(self.suite, &bytes) == *hash).then_some(bytes)
        };
        self.new.get(hash).cloned().or_else(stored)
    }
}
