//! `POST /v1/disclosures`: an app asks, the ledger decides and records, the vault opens exactly that.
//!
//! Followed from top to bottom this is the whole path of `ARCHITECTURE.md`.

use std::collections::BTreeSet;

use yinuo_domain::{
    AppId, Command, DisclosureId, Frequency, Item, ItemSet, Purpose, PurposeId, Reason, Refusal, Salt,
    SubjectKey, Tag,
};
use yinuo_ledger::{Answered, Submission};
use yinuo_oauth::Opaque;
use yinuo_vault::{CommittedRows, Opened, Secret};

use crate::gateway::{Held, read, recorded};
use crate::{DiscloseError, Gateway, Unavailable};

/// What an app asks for.
#[derive(Clone, Debug)]
pub struct DiscloseAsk {
    /// The access token it brings.
    pub token: Opaque,
    /// The one purpose, by id.
    pub purpose: String,
    /// What it wants, by id.
    pub items: Vec<String>,
    /// Whether a part would do.
    pub partial: bool,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The body as it came, for the digest in the leaf.
    pub body: Vec<u8>,
}

/// What leaves. While it is held, a withdrawal of the same consent waits; send or drop it soon.
pub struct Delivered {
    /// Which disclosure this is.
    pub disclosure: DisclosureId,
    /// For what.
    pub purpose: PurposeId,
    /// Item ids of what was released, in the order of [`Self::values`].
    names: Vec<&'static str>,
    /// What was withheld, by item id; only for a partial answer.
    pub withheld: Vec<(String, Reason)>,
    /// The proof.
    pub receipt: ReceiptView,
    subject: SubjectKey,
    app: AppId,
    tag: Tag,
    opened: Opened,
}

/// The proof that a release is in the log.
#[derive(Clone, Debug)]
pub struct ReceiptView {
    /// The log's name.
    pub log: String,
    /// Where in it.
    pub index: u64,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// A C2SP `tlog-proof` over SHA-256, if the log has that tree.
    pub sha256: Option<String>,
    /// The same over SM3.
    pub sm3: Option<String>,
}

impl Delivered {
    /// Item id and value.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.names.iter().copied().zip(self.opened.values.iter().map(|(_, value)| value))
    }

    /// Whether the answer may still leave. Ask right before sending; when it may not, send nothing.
    pub fn ready(&self, gateway: &Gateway) -> bool {
        self.opened.still_valid(gateway.parts.clock.monotonic())
    }
}

impl Gateway {
    /// Answers one ask, and counts how that ended.
    pub async fn disclose(&self, ask: DiscloseAsk) -> Result<Delivered, DiscloseError> {
        let answer = self.release(ask).await;
        self.counters.answered(&answer);
        answer
    }

    async fn release(&self, ask: DiscloseAsk) -> Result<Delivered, DiscloseError> {
        // Whose grant does the token name? A token alone decides nothing.
        let (subject, app) = self.bearer(&ask.token)?;
        // Partners take turns before anything is done for them.
        let _turn = self.parts.ledger.turn(&app).await.map_err(recorded)?;
        let held = self.hold(subject)?.ok_or(DiscloseError::Token)?;
        let (purpose, items) = self.words_of(&ask)?;

        // Fetch what would be needed. Nothing is opened yet.
        let (salt, disclosure) = self.drawn()?;
        let rows = self.parts.vault.commit_rows(salt, self.rows(&held, items)?);
        let tag = self.tag(&held, &app);

        // Decide at the tip of the log, record, and only then hold a permit.
        let submission = self.command(&ask, &held, (&app, tag), (purpose, items), (salt, disclosure, &rows));
        let (permit, withheld, receipt, disclosure) = match self.submit(submission).await? {
            Answered::Released { permit, withheld, receipt, disclosure } => {
                (permit, withheld, receipt, disclosure)
            }
            Answered::Withheld { reasons, .. } => {
                let frequency = self.frequency_reached(&app, purpose, &reasons);
                return Err(DiscloseError::Withheld { items: self.named(reasons), frequency });
            }
            Answered::Refused(refusal) => return Err(refused(refusal)),
            Answered::Done | Answered::Viewed(_) => return Err(Unavailable::again_after(5).into()),
        };

        // Nothing leaves without its whole proof.
        let (sha256, sm3) = (receipt.sha256(), receipt.sm3());
        let profile = self.parts.ledger.profile();
        if (sha256.is_some(), sm3.is_some()) != (profile.has_sha256(), profile.has_sm3()) {
            tracing::error!(%disclosure, "a release was authorised and could not be proven");
            drop(permit);
            self.report_not_delivered(held.subject, &app, tag, disclosure).await?;
            return Err(DiscloseError::NotDelivered { disclosure });
        }

        // Open exactly what the permit names, which uses it up.
        match self.parts.vault.open(permit, &held.keys, &rows, self.parts.clock.monotonic()) {
            Ok(opened) => Ok(Delivered {
                disclosure,
                purpose: PurposeId::parse(&ask.purpose).map_err(|_| DiscloseError::Token)?,
                names: opened.values.iter().map(|(item, _)| self.name(*item)).collect(),
                withheld: self.named(withheld),
                receipt: ReceiptView {
                    log: receipt.log.to_string(),
                    index: receipt.index,
                    sha256,
                    sm3,
                    leaf: receipt.leaf,
                },
                subject: held.subject,
                tag,
                app,
                opened,
            }),
            Err(error) => {
                tracing::error!(%error, %disclosure, "a release was authorised and could not be opened");
                self.report_not_delivered(held.subject, &app, tag, disclosure).await?;
                Err(DiscloseError::NotDelivered { disclosure })
            }
        }
    }

    /// Records that what was opened may not leave any more, and wipes it.
    pub async fn not_delivered(&self, delivered: Delivered) -> Result<(), Unavailable> {
        let Delivered { subject, app, tag, disclosure, opened, .. } = delivered;
        drop(opened);
        self.report_not_delivered(subject, &app, tag, disclosure).await
    }

    /// Records that an authorised release did not reach its app.
    async fn report_not_delivered(
        &self,
        subject: SubjectKey,
        app: &AppId,
        tag: Tag,
        disclosure: DisclosureId,
    ) -> Result<(), Unavailable> {
        let command = Command::ReportNotDelivered { subject, app: app.clone(), tag, disclosure };
        self.submit(Submission::new(command, Salt(self.random()?))).await?;
        Ok(())
    }

    /// The person and the app behind an access token. Unknown, over, revoked and orphaned are one answer.
    fn bearer(&self, token: &Opaque) -> Result<(SubjectKey, AppId), DiscloseError> {
        let found = read(self.parts.ledger.reader().access_token(token.key(), self.now()))?;
        let ticket = found.ok_or(DiscloseError::Token)?;
        let (Some(subject), Some(app)) = (ticket.subject, ticket.app.clone()) else {
            return Err(DiscloseError::Token);
        };
        Ok((subject, app))
    }

    /// Purpose and items as words of the platform. An unknown one is refused here, before anything is looked up.
    fn words_of(&self, ask: &DiscloseAsk) -> Result<(Purpose, ItemSet), DiscloseError> {
        let malformed = |member, why: &str| DiscloseError::Malformed { member, why: why.to_owned() };
        let platform = self.platform();
        let known = platform.purposes.iter().find(|(_, id)| id.as_str() == ask.purpose);
        let (purpose, _) = known.ok_or_else(|| malformed("purpose", "this platform has no such purpose"))?;
        if ask.items.is_empty() {
            return Err(malformed("items", "name at least one item"));
        }
        let mut items = ItemSet::EMPTY;
        let mut seen = BTreeSet::new();
        for id in &ask.items {
            let entry = self.catalogue().by_id(id);
            let entry = entry.ok_or_else(|| malformed("items", "the catalogue has no such item"))?;
            if !seen.insert(id) {
                return Err(malformed("items", "an item is named twice"));
            }
            items.insert(entry.item);
        }
        Ok((*purpose, items))
    }

    fn command(
        &self,
        ask: &DiscloseAsk,
        held: &Held,
        (app, tag): (&AppId, Tag),
        (purpose, items): (Purpose, ItemSet),
        (salt, disclosure, rows): (Salt, DisclosureId, &CommittedRows),
    ) -> Submission {
        let vault = &self.parts.vault;
        let key = ask.idempotency_key.as_ref().map(|key| vault.hash(format!("{app}\0{key}").as_bytes()));
        let command = Command::Disclose {
            subject: held.subject,
            app: app.clone(),
            tag,
            purpose,
            items,
            partial: ask.partial,
            stored: rows.items().collect(),
            values: rows.commitment(),
            guardian_required: held.guardian_required,
            request: vault.commitment(salt.as_bytes(), "yinuo/request", &ask.body),
            disclosure,
            idempotency: key,
        };
        // Only a repeat is compared with it.
        let body = ask.idempotency_key.as_ref().map(|_| vault.hash(&ask.body));
        Submission { body, ..Submission::new(command, salt) }
    }

    /// The leaf's salt and the disclosure's id, in one draw.
    fn drawn(&self) -> Result<(Salt, DisclosureId), Unavailable> {
        let drawn: [[u8; 16]; 2] = {
            let bytes: [u8; 32] = self.random()?;
            let (chunks, _) = bytes.as_chunks::<16>();
            chunks.try_into().map_err(|_| Unavailable::again_after(5))?
        };
        let [salt, disclosure] = drawn;
        Ok((Salt(salt), DisclosureId(disclosure)))
    }

    /// What the app declared for the items that it asked for too often. Whoever waits for the longest period is no longer
    /// refused for this.
    fn frequency_reached(
        &self,
        app: &AppId,
        purpose: Purpose,
        reasons: &[(Item, Reason)],
    ) -> Option<Frequency> {
        let platform = self.platform();
        let declaration = &platform.apps.get(app)?.declaration;
        let reached = reasons.iter().filter(|(_, reason)| *reason == Reason::FrequencyExceeded);
        let lines = reached.filter_map(|(item, _)| declaration.line(purpose, *item));
        lines.map(|line| line.frequency).max_by_key(|frequency| frequency.period_s)
    }

    fn name(&self, item: Item) -> &'static str {
        self.catalogue().by_code(item).map(|entry| entry.id.as_str()).unwrap_or_default()
    }

    fn named(&self, reasons: Vec<(Item, Reason)>) -> Vec<(String, Reason)> {
        reasons.into_iter().map(|(item, reason)| (self.name(item).to_owned(), reason)).collect()
    }
}

/// Refusals that are not facts. Whatever would tell whether somebody exists is the one answer for bad tokens.
fn refused(refusal: Refusal) -> DiscloseError {
    match refusal {
        Refusal::IdempotencyConflict => DiscloseError::IdempotencyConflict,
        Refusal::NoGrant | Refusal::AccountDeleted | Refusal::NotEnrolled | Refusal::UnknownApp => {
            DiscloseError::Token
        }
        other => {
            tracing::error!(refusal = other.code(), "a disclosure could not be decided");
            DiscloseError::Unavailable(Unavailable::again_after(30))
        }
    }
}
