//! What was given to whom, when and why; narrowed as the person likes, and the proof of each entry.
//!
//! A request reads a bounded number of entries, however many there are: whoever looks for something rare gets a page
//! with fewer lines and goes on from there.

use yinuo_domain::{
    AppId, Disclosed, Entry, Fact, Item, ItemSet, LocalText, LogId, Place, Purpose, Timestamp,
    WithdrawalScope,
};

use crate::gateway::read;
use crate::{
    CountedRefusals, Gateway, HistoryFilter, HistoryKind, HistoryLine, HistoryPage, PageError, Session,
    Unavailable,
};

/// How many lines one page of the history has.
pub const HISTORY_PAGE: usize = 50;
/// How many entries one request reads at most.
pub const HISTORY_SCAN_MAX: usize = 2_000;
/// How many entries are read at a time.
const STEP: usize = 64;

/// The proof of one entry, for keeping.
#[derive(Clone, Debug)]
pub struct ProofFile {
    /// What to save it as.
    pub file_name: String,
    /// The leaf and its proofs, as JSON.
    pub json: String,
}

/// Some of a person's proofs, newest first.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// One line of JSON for each entry.
    pub lines: String,
    /// From where to go on; none at the end.
    pub older: Option<u64>,
}

/// What a person's history can be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct HistoryChoices {
    /// The apps they dealt with.
    pub apps: Vec<(AppId, LocalText)>,
    /// What those apps declare: item id and name.
    pub items: Vec<(String, LocalText)>,
}

impl Gateway {
    /// What there is to choose from.
    pub fn history_choices(&self, session: &Session) -> Result<HistoryChoices, PageError> {
        let platform = self.platform();
        let streams = read(self.parts.ledger.reader().streams(session.subject))?;
        let mut choices = HistoryChoices::default();
        let mut items = ItemSet::EMPTY;
        for (id, known) in streams.iter().filter_map(|(id, _)| {
            let id = id.app.as_ref()?;
            Some((id, platform.apps.get(id)?))
        }) {
            choices.apps.push((id.clone(), known.declaration.name.clone()));
            known.declaration.items.iter().for_each(|line| items.insert(line.item));
        }
        let named = items.iter().filter_map(|item| self.catalogue().by_code(item));
        choices.items = named.map(|entry| (entry.id.clone(), entry.name.clone())).collect();
        Ok(choices)
    }

    /// The item with this id.
    pub fn item(&self, id: &str) -> Option<Item> {
        self.catalogue().by_id(id).map(|entry| entry.item)
    }

    /// A page of the history; `older` is what the page before it said.
    pub fn history(&self, session: &Session, older: Option<&str>) -> Result<HistoryPage, PageError> {
        self.history_of(session, &HistoryFilter::default(), older)
    }

    /// A page of what the filter lets through.
    pub fn history_of(
        &self,
        session: &Session,
        filter: &HistoryFilter,
        older: Option<&str>,
    ) -> Result<HistoryPage, PageError> {
        let before = older.map(|older| older.parse().map_err(|_| PageError::NotFound)).transpose()?;
        Ok(self.search(session, filter, before, HISTORY_PAGE)?)
    }

    /// Up to `count` lines below number `before`, newest first.
    pub(crate) fn search(
        &self,
        session: &Session,
        filter: &HistoryFilter,
        before: Option<u64>,
        count: usize,
    ) -> Result<HistoryPage, Unavailable> {
        let reader = self.parts.ledger.reader();
        let mut below = match filter.until {
            None => before,
            Some(until) => Some(self.first_at(until)?.min(before.unwrap_or(u64::MAX))),
        };
        let mut page = HistoryPage::default();
        loop {
            let step = STEP.min(HISTORY_SCAN_MAX.saturating_sub(page.read));
            if step == 0 {
                page.older = below.map(|below| below.to_string());
                return Ok(page);
            }
            let entries = read(reader.history(session.subject, below, step))?;
            page.read = page.read.saturating_add(entries.len());
            for (index, entry) in &entries {
                if filter.from.is_some_and(|from| entry.at < from) {
                    return Ok(page);
                }
                let matching = filter.matches(entry).then(|| self.line(*index, entry)).flatten();
                if matching.is_some() && page.lines.len() == count {
                    // There is one more: the next page begins with it.
                    page.older = Some(index.saturating_add(1).to_string());
                    return Ok(page);
                }
                page.lines.extend(matching);
                below = Some(*index);
            }
            if entries.len() < step {
                return Ok(page);
            }
        }
    }

    /// The number of the first entry not before `at`. Times in a log never decrease, so halving finds it.
    fn first_at(&self, at: Timestamp) -> Result<u64, Unavailable> {
        let (reader, log) = (self.parts.ledger.reader(), LogId::group(0));
        let (mut low, mut high) = (0, reader.head(&log).map_or(0, |head| head.size));
        while low < high {
            let middle = low.saturating_add(high.saturating_sub(low) / 2);
            let Some(time) = read(reader.time(&log, middle))? else { return Ok(high) };
            if time < at {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The proof of one of the person's own entries.
    pub fn proof(&self, session: &Session, log: &str, index: u64) -> Result<ProofFile, PageError> {
        let log = LogId::parse(log).map_err(|_| PageError::NotFound)?;
        let reader = self.parts.ledger.reader();
        let own = read(reader.history(session.subject, Some(index.saturating_add(1)), 1))?;
        if log != LogId::group(0) || own.first().is_none_or(|(found, _)| *found != index) {
            return Err(PageError::NotFound);
        }
        let json = self.proof_line(&log, index)?.ok_or(PageError::NotFound)?;
        Ok(ProofFile { file_name: format!("yinuo-proof-{index}.json"), json })
    }

    /// The proofs of up to `count` of the person's own entries below number `before`: those of their account too, which
    /// the history does not show.
    pub fn proofs(&self, session: &Session, before: Option<u64>, count: usize) -> Result<Proofs, PageError> {
        let own = read(self.parts.ledger.reader().history(session.subject, before, count))?;
        let log = LogId::group(0);
        let mut lines = String::new();
        for (index, _) in &own {
            let line = self.proof_line(&log, *index)?.ok_or(PageError::NotFound)?;
            lines.push_str(&line);
            lines.push('\n');
        }
        let older = own.last().map(|(index, _)| *index).filter(|_| own.len() == count);
        Ok(Proofs { lines, older })
    }

    fn proof_line(&self, log: &LogId, index: u64) -> Result<Option<String>, Unavailable> {
        let receipt = read(self.parts.ledger.reader().receipt(log, index))?;
        Ok(receipt.map(|receipt| {
            serde_json::json!({
                "log": receipt.log.to_string(),
                "index": receipt.index,
                "leaf": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &receipt.leaf),
                "proofs": { "sha256": receipt.sha256(), "sm3": receipt.sm3() },
            })
            .to_string()
        }))
    }

    /// One fact as one line; that a person came in, with which values, is none.
    fn line(&self, index: u64, entry: &Entry) -> Option<HistoryLine> {
        let Place::Stream { stream, .. } = &entry.place else { return None };
        let Some(app) = stream.app.clone() else { return self.own_line(index, entry) };
        let platform = self.platform();
        let declared = platform.apps.get(&app)?;
        let partner = platform.partners.get(&declared.declaration.partner)?;
        let mut line = HistoryLine {
            at: entry.at,
            kind: HistoryKind::of(&entry.fact)?,
            app_name: declared.declaration.name.clone(),
            partner_name: partner.profile.name.clone(),
            purpose: None,
            items: Vec::new(),
            withheld: Vec::new(),
            counted: None,
            disclosure: None,
            notice: None,
            log: LogId::group(0).to_string(),
            index,
            app: Some(app.clone()),
        };
        match &entry.fact {
            Fact::ConsentGiven { lines, notice, .. } => {
                line.items =
                    self.names(lines.iter().map(|line| line.granted).fold(ItemSet::EMPTY, ItemSet::union));
                line.purpose = lines
                    .first()
                    .filter(|_| lines.len() == 1)
                    .and_then(|of| self.purpose_title(&app, of.purpose));
                line.notice = Some(*notice);
            }
            Fact::Withdrawn { scope: WithdrawalScope::Items(parts) } => {
                line.items =
                    self.names(parts.iter().map(|(_, items)| *items).fold(ItemSet::EMPTY, ItemSet::union));
                line.purpose = parts
                    .first()
                    .filter(|_| parts.len() == 1)
                    .and_then(|(purpose, _)| self.purpose_title(&app, *purpose));
            }
            Fact::Disclosed(disclosed) | Fact::Redelivered(disclosed) => {
                self.tell(&mut line, &app, disclosed)
            }
            Fact::Withheld { purpose, reasons, .. } => {
                line.purpose = self.purpose_title(&app, *purpose);
                line.withheld =
                    reasons.iter().filter_map(|(item, reason)| Some((self.title(*item)?, *reason))).collect();
            }
            Fact::WithheldCounted(counted) => {
                line.items = self.names(counted.requested);
                line.counted = Some(CountedRefusals {
                    count: counted.count,
                    from: counted.from,
                    until: counted.until,
                    reasons: counted.reasons.iter().map(|(reason, _)| *reason).collect(),
                });
            }
            Fact::NotDelivered { disclosure } => line.disclosure = Some(*disclosure),
            _ => {}
        }
        Some(line)
    }

    /// A fact of the person's own stream.
    fn own_line(&self, index: u64, entry: &Entry) -> Option<HistoryLine> {
        let Fact::Viewed { by, items, reason, .. } = &entry.fact else { return None };
        let same = |name: &str| LocalText { zh: name.to_owned(), en: name.to_owned() };
        Some(HistoryLine {
            at: entry.at,
            kind: HistoryKind::of(&entry.fact)?,
            app_name: LocalText {
                zh: "平台工作人员".to_owned(), en: "The platform's staff".to_owned()
            },
            partner_name: same(by.as_str()),
            purpose: Some(crate::find::why(*reason)),
            items: self.names(*items),
            withheld: Vec::new(),
            counted: None,
            disclosure: None,
            notice: None,
            log: LogId::group(0).to_string(),
            index,
            app: None,
        })
    }

    fn tell(&self, line: &mut HistoryLine, app: &AppId, disclosed: &Disclosed) {
        line.purpose = self.purpose_title(app, disclosed.purpose);
        line.items = self.names(disclosed.released);
        line.withheld = disclosed
            .withheld
            .iter()
            .filter_map(|(item, reason)| Some((self.title(*item)?, *reason)))
            .collect();
        line.disclosure = Some(disclosed.disclosure);
    }

    fn purpose_title(&self, app: &AppId, code: Purpose) -> Option<LocalText> {
        let platform = self.platform();
        platform.apps.get(app)?.declaration.purpose(code).map(|purpose| purpose.title.clone())
    }

    fn title(&self, item: Item) -> Option<LocalText> {
        self.catalogue().by_code(item).map(|entry| entry.name.clone())
    }

    fn names(&self, items: ItemSet) -> Vec<LocalText> {
        items.iter().filter_map(|item| self.title(item)).collect()
    }
}

impl HistoryKind {
    fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::ConsentGiven { .. } => Some(Self::Consented),
            Fact::Withdrawn { .. } => Some(Self::Withdrawn),
            Fact::Disclosed(_) => Some(Self::Disclosed),
            Fact::Redelivered(_) => Some(Self::Redelivered),
            Fact::Withheld { .. } | Fact::WithheldCounted(_) => Some(Self::Withheld),
            Fact::NotDelivered { .. } => Some(Self::NotDelivered),
            Fact::Viewed { masked: false, .. } => Some(Self::Viewed),
            Fact::Viewed { masked: true, .. } => Some(Self::ViewedMasked),
            _ => None,
        }
    }
}

impl HistoryFilter {
    /// Whether an entry is let through, its time apart.
    fn matches(&self, entry: &Entry) -> bool {
        let Place::Stream { stream, .. } = &entry.place else { return false };
        self.kind.is_none_or(|kind| HistoryKind::of(&entry.fact) == Some(kind))
            && self.app.as_ref().is_none_or(|app| stream.app.as_ref() == Some(app))
            && self.item.is_none_or(|item| concerns(&entry.fact, item))
    }
}

/// Whether a fact is about an item: it was allowed, taken back, given or refused.
fn concerns(fact: &Fact, item: Item) -> bool {
    match fact {
        Fact::ConsentGiven { lines, .. } => lines.iter().any(|line| line.granted.contains(item)),
        // Whoever takes back everything takes back each item.
        Fact::Withdrawn { scope: WithdrawalScope::Whole } => true,
        Fact::Withdrawn { scope: WithdrawalScope::Items(parts) } => {
            parts.iter().any(|(_, items)| items.contains(item))
        }
        Fact::Disclosed(disclosed) | Fact::Redelivered(disclosed) => {
            disclosed.released.contains(item) || disclosed.withheld.iter().any(|(held, _)| *held == item)
        }
        Fact::Withheld { reasons, .. } => reasons.iter().any(|(held, _)| *held == item),
        Fact::WithheldCounted(counted) => counted.requested.contains(item),
        Fact::Viewed { items, .. } => items.contains(item),
        _ => false,
    }
}
