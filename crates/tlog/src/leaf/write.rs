//! Entry to bytes.

use yinuo_domain::{
    ConsentLine, Disclosed, Entry, Fact, Item, ItemSet, Place, Purpose, Reason, WithdrawalScope,
};

use super::{VERSION, keys, kind};

pub(super) fn entry(entry: &Entry) -> Vec<u8> {
    let mut map = Map { fields: 0, body: Vec::with_capacity(320) };
    map.uint(keys::VERSION, VERSION);
    map.uint(keys::KIND, kind(&entry.fact));
    map.uint(keys::AT, entry.at.0);
    map.bytes(keys::SALT, &entry.salt.0);
    match &entry.place {
        Place::Log => {}
        Place::Stream { stream, seq, prev, app_seq } => {
            map.bytes(keys::TAG, &stream.tag.0);
            if let Some(app) = &stream.app {
                map.text(keys::STREAM_APP, app.as_str());
            }
            map.uint(keys::SEQ, *seq);
            map.bytes(keys::PREV, &prev.0);
            if let Some(app_seq) = app_seq {
                map.uint(keys::APP_SEQ, *app_seq);
            }
        }
    }
    fact(&mut map, &entry.fact);
    map.finish()
}

/// The keys of each kind, which must rise.
fn fact(map: &mut Map, fact: &Fact) {
    match fact {
        Fact::LogOpened { log, suite, profile } => {
            map.text(keys::LOG, log.as_str());
            map.uint(keys::SUITE, u64::from(*suite as u8));
            map.uint(keys::PROFILE, u64::from(*profile as u8));
        }
        Fact::PlatformAdopted { size, sha256, sm3 } => {
            map.uint(keys::SIZE, *size);
            if let Some(root) = sha256 {
                map.bytes(keys::SHA256, &root.0);
            }
            if let Some(root) = sm3 {
                map.bytes(keys::SM3, &root.0);
            }
        }
        Fact::EngineActivated { by, engine } => {
            map.text(keys::BY, by.as_str());
            map.uint(keys::DECISION, u64::from(engine.decision));
            map.bytes(keys::ITEMS_PACK, &engine.items.0);
            map.bytes(keys::NECESSARY_PACK, &engine.necessary.0);
        }
        Fact::PartnerRegistered { by, partner, document }
        | Fact::PartnerRevised { by, partner, document } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::PARTNER, partner.as_str());
            map.bytes(keys::DOCUMENT, &document.0);
        }
        Fact::PartnerSuspended { by, partner }
        | Fact::PartnerReinstated { by, partner }
        | Fact::PartnerTerminated { by, partner } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::PARTNER, partner.as_str());
        }
        Fact::AppDeclared { by, app, document, fingerprint } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::APP, app.as_str());
            map.bytes(keys::DOCUMENT, &document.0);
            map.bytes(keys::FINGERPRINT, &fingerprint.0);
        }
        Fact::AppHidden { by, app } | Fact::AppShown { by, app } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::APP, app.as_str());
        }
        Fact::NoticePublished { by, app, version, document } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::APP, app.as_str());
            map.bytes(keys::DOCUMENT, &document.0);
            map.uint(keys::NUMBER, u64::from(*version));
        }
        Fact::Enrolled | Fact::AccountDeleted => {}
        Fact::ValueStored { item, version, sealed } => {
            map.uint(keys::ITEM, u64::from(item.0));
            map.bytes(keys::VALUE_VERSION, &version.0);
            map.bytes(keys::SEALED, &sealed.0);
        }
        Fact::ConsentGiven { version, lines, notice, fingerprint, expires_at, evidence, guardian } => {
            map.bytes(keys::FINGERPRINT, &fingerprint.0);
            map.uint(keys::NUMBER, u64::from(*version));
            map.array(keys::LINES, lines, consent_line);
            map.bytes(keys::NOTICE, &notice.0);
            map.uint(keys::EXPIRES_AT, expires_at.0);
            map.bytes(keys::EVIDENCE, &evidence.0);
            map.uint(keys::GUARDIAN, u64::from(*guardian as u8));
        }
        Fact::Withdrawn { scope } => match scope {
            WithdrawalScope::Whole => {}
            WithdrawalScope::Items(items) => map.array(keys::SCOPE, items, scope_line),
        },
        Fact::Disclosed(disclosed) | Fact::Redelivered(disclosed) => release(map, disclosed),
        Fact::Withheld {
            purpose,
            requested,
            stored,
            partial,
            guardian_required,
            reasons,
            repeats,
            request,
        } => {
            if let Some(first) = repeats {
                map.bytes(keys::DISCLOSURE, &first.0);
            }
            map.uint(keys::PURPOSE, u64::from(purpose.0));
            map.items(keys::REQUESTED, *requested);
            map.array(keys::REASONS, reasons, reason_line);
            map.items(keys::STORED, *stored);
            map.bool(keys::PARTIAL, *partial);
            map.bool(keys::GUARDIAN_REQUIRED, *guardian_required);
            map.bytes(keys::REQUEST, &request.0);
        }
        Fact::WithheldCounted(counted) => {
            map.items(keys::REQUESTED, counted.requested);
            map.uint(keys::FROM, counted.from.0);
            map.uint(keys::UNTIL, counted.until.0);
            map.uint(keys::COUNT, counted.count);
            map.array(keys::REASONS_COUNTED, &counted.reasons, reason_count);
        }
        Fact::Viewed { by, items, masked, reason } => {
            map.text(keys::BY, by.as_str());
            map.items(keys::VIEWED, *items);
            map.bool(keys::MASKED, *masked);
            map.uint(keys::VIEW_REASON, u64::from(reason.number()));
        }
        Fact::NotDelivered { disclosure } => map.bytes(keys::DISCLOSURE, &disclosure.0),
        Fact::StaffAppointed { by, staff, role } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::STAFF, staff.as_str());
            map.uint(keys::ROLE, u64::from(*role as u8));
        }
        Fact::StoreAccepted { by, cause, platform, group } => {
            map.text(keys::BY, by.as_str());
            map.uint(keys::STORE_CAUSE, u64::from(cause.number()));
            map.uint(keys::PLATFORM_KEPT, *platform);
            map.uint(keys::GROUP_KEPT, *group);
        }
        Fact::StateSealed => {}
        Fact::ClockAccepted { by, reason, clock } => {
            map.text(keys::BY, by.as_str());
            map.uint(keys::CLOCK, clock.0);
            map.uint(keys::CLOCK_REASON, u64::from(reason.number()));
        }
        Fact::StaffDismissed { by, staff } | Fact::FactorReset { by, staff } => {
            map.text(keys::BY, by.as_str());
            map.text(keys::STAFF, staff.as_str());
        }
        Fact::ImportBegun { by, import } => {
            map.text(keys::BY, by.as_str());
            map.bytes(keys::IMPORT, &import.0);
        }
        Fact::PeopleImported { by, import, counts } => {
            map.text(keys::BY, by.as_str());
            map.bytes(keys::IMPORT, &import.0);
            map.uint(keys::ENROLLED, counts.enrolled);
            map.uint(keys::CORRECTED, counts.corrected);
            map.uint(keys::UNCHANGED, counts.unchanged);
            map.uint(keys::REFUSED, counts.refused);
            map.uint(keys::VALUES_STORED, counts.values);
        }
        Fact::KeyEpochOpened { by, epoch } | Fact::KeyEpochRetired { by, epoch } => {
            map.text(keys::BY, by.as_str());
            map.uint(keys::EPOCH, u64::from(*epoch));
        }
        Fact::PassphraseChanged { by } => map.text(keys::BY, by.as_str()),
    }
}

fn release(map: &mut Map, disclosed: &Disclosed) {
    map.bytes(keys::DISCLOSURE, &disclosed.disclosure.0);
    map.uint(keys::PURPOSE, u64::from(disclosed.purpose.0));
    map.items(keys::REQUESTED, disclosed.requested);
    map.items(keys::RELEASED, disclosed.released);
    map.array(keys::REASONS, &disclosed.withheld, reason_line);
    map.items(keys::STORED, disclosed.stored);
    map.bool(keys::PARTIAL, disclosed.partial);
    map.bytes(keys::VALUES, &disclosed.values.0);
    map.bool(keys::GUARDIAN_REQUIRED, disclosed.guardian_required);
    map.bytes(keys::REQUEST, &disclosed.request.0);
}

fn reason_line(out: &mut Vec<u8>, (item, reason): &(Item, Reason)) {
    head(out, ARRAY, 2);
    head(out, UINT, u64::from(item.0));
    head(out, UINT, u64::from(reason.number()));
}

fn reason_count(out: &mut Vec<u8>, (reason, count): &(Reason, u64)) {
    head(out, ARRAY, 2);
    head(out, UINT, u64::from(reason.number()));
    head(out, UINT, *count);
}

fn consent_line(out: &mut Vec<u8>, line: &ConsentLine) {
    head(out, ARRAY, 3);
    head(out, UINT, u64::from(line.purpose.0));
    item_set(out, line.shown);
    item_set(out, line.granted);
}

fn scope_line(out: &mut Vec<u8>, (purpose, items): &(Purpose, ItemSet)) {
    head(out, ARRAY, 2);
    head(out, UINT, u64::from(purpose.0));
    item_set(out, *items);
}

/// A set as its 32 bytes without the zeroes at the end.
fn item_set(out: &mut Vec<u8>, items: ItemSet) {
    let bytes = items.to_bytes();
    let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    head(out, BYTES, len as u64);
    out.extend(bytes.iter().take(len));
}

/// A map whose keys are written in rising order, which is their order as bytes (RFC 8949 §4.2.1).
struct Map {
    fields: u64,
    body: Vec<u8>,
}

impl Map {
    fn key(&mut self, key: u64) -> &mut Vec<u8> {
        self.fields += 1;
        head(&mut self.body, UINT, key);
        &mut self.body
    }

    fn uint(&mut self, key: u64, value: u64) {
        head(self.key(key), UINT, value);
    }

    fn bool(&mut self, key: u64, value: bool) {
        head(self.key(key), SIMPLE, if value { 21 } else { 20 });
    }

    fn bytes(&mut self, key: u64, value: &[u8]) {
        let out = self.key(key);
        head(out, BYTES, value.len() as u64);
        out.extend_from_slice(value);
    }

    fn text(&mut self, key: u64, value: &str) {
        let out = self.key(key);
        head(out, TEXT, value.len() as u64);
        out.extend_from_slice(value.as_bytes());
    }

    fn items(&mut self, key: u64, value: ItemSet) {
        item_set(self.key(key), value);
    }

    fn array<T>(&mut self, key: u64, values: &[T], each: impl Fn(&mut Vec<u8>, &T)) {
        let out = self.key(key);
        head(out, ARRAY, values.len() as u64);
        values.iter().for_each(|value| each(out, value));
    }

    fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.body.len() + 1);
        head(&mut out, MAP, self.fields);
        out.extend_from_slice(&self.body);
        out
    }
}

// The major types (RFC 8949 §3.1), in the upper three bits.
const UINT: u8 = 0 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const SIMPLE: u8 = 7 << 5;

/// The head of a data item in its shortest form (RFC 8949 §4.2.1).
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let [.., a, b, c, d] = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | d),
        24..=0xff => out.extend_from_slice(&[major | 24, d]),
        0x100..=0xffff => out.extend_from_slice(&[major | 25, c, d]),
        0x1_0000..=0xffff_ffff => out.extend_from_slice(&[major | 26, a, b, c, d]),
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}
