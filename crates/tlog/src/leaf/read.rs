//! Bytes to entry.

use minicbor::Decoder;
use yinuo_domain::{
    AppId, ClockReason, Commitment, ConsentLine, Digest, Disclosed, DisclosureId, Engine, Entry, Fact,
    Guardian, ImportCounts, ImportId, InvalidId, Item, ItemSet, LogId, PartnerId, Place, Profile, Purpose,
    Reason, RefusalCount, Role, Salt, StaffId, StoreCause, StreamId, Suite, Tag, Timestamp, ValueVersion,
    ViewReason, WithdrawalScope,
};

use super::{LEN_MAX, VERSION, keys};

/// Why these bytes are no leaf that this version understands. Neither right nor wrong can be said of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Undecidable {
    /// More bytes than a leaf may have.
    #[error("a leaf has at most {LEN_MAX} bytes, this one has {len}")]
    TooLong {
        /// How many it has.
        len: usize,
    },
    /// Not one CBOR map with integer keys.
    #[error("the leaf is not a map with integer keys, at byte {at}")]
    Malformed {
        /// Where.
        at: usize,
    },
    /// Another version.
    #[error("version {version} of leaves is unknown")]
    UnknownVersion {
        /// Which.
        version: u64,
    },
    /// Another kind of fact.
    #[error("kind {kind} of facts is unknown")]
    UnknownKind {
        /// Which.
        kind: u64,
    },
    /// A key that this kind does not have.
    #[error("key {key} is unknown in a fact of kind {kind}")]
    UnknownKey {
        /// In which kind.
        kind: u64,
        /// Which key.
        key: u64,
    },
    /// A key that this kind must have.
    #[error("key {key} is missing")]
    MissingKey {
        /// Which.
        key: u64,
    },
    /// A value of the wrong type, length or range, or a number that names nothing this version knows.
    #[error("the value of key {key} is not understood")]
    Value {
        /// Of which key.
        key: u64,
    },
    /// Understood, but not in the one form a leaf has.
    #[error("the leaf is not in its deterministic form, at byte {at}")]
    NotDeterministic {
        /// The first byte that is another one in that form.
        at: usize,
    },
}

pub(super) fn entry(bytes: &[u8]) -> Result<Entry, Undecidable> {
    let mut map = Fields::split(bytes)?;
    let version = map.uint(keys::VERSION)?;
    if version != VERSION {
        return Err(Undecidable::UnknownVersion { version });
    }
    let kind = map.uint(keys::KIND)?;
    let at = Timestamp(map.uint(keys::AT)?);
    let salt = Salt(map.array(keys::SALT)?);
    let place = place(&mut map)?;
    let fact = fact(&mut map, kind)?;
    match map.rest.first() {
        Some((key, _)) => Err(Undecidable::UnknownKey { kind, key: *key }),
        None => Ok(Entry { at, salt, place, fact }),
    }
}

fn place(map: &mut Fields<'_>) -> Result<Place, Undecidable> {
    let Some(tag) = map.optional(keys::TAG, array)? else { return Ok(Place::Log) };
    Ok(Place::Stream {
        stream: StreamId {
            app: map.optional(keys::STREAM_APP, |value| id(value, AppId::parse))?,
            tag: Tag(tag),
        },
        seq: map.uint(keys::SEQ)?,
        prev: Digest(map.array(keys::PREV)?),
        app_seq: map.optional(keys::APP_SEQ, uint)?,
    })
}

fn fact(map: &mut Fields<'_>, kind: u64) -> Result<Fact, Undecidable> {
    Ok(match kind {
        1 => Fact::LogOpened {
            log: map.required(keys::LOG, |value| id(value, LogId::parse))?,
            suite: map.required(keys::SUITE, |value| Suite::from_code(small(value)?))?,
            profile: map.required(keys::PROFILE, |value| Profile::from_code(small(value)?))?,
        },
        2 => Fact::PlatformAdopted {
            size: map.uint(keys::SIZE)?,
            sha256: map.optional(keys::SHA256, array)?.map(Digest),
            sm3: map.optional(keys::SM3, array)?.map(Digest),
        },
        3 => Fact::EngineActivated {
            by: map.by()?,
            engine: Engine {
                decision: map.required(keys::DECISION, small)?,
                items: Digest(map.array(keys::ITEMS_PACK)?),
                necessary: Digest(map.array(keys::NECESSARY_PACK)?),
            },
        },
        4 => Fact::PartnerRegistered {
            by: map.by()?,
            partner: map.partner()?,
            document: Digest(map.array(keys::DOCUMENT)?),
        },
        5 => Fact::PartnerSuspended { by: map.by()?, partner: map.partner()? },
        6 => Fact::PartnerReinstated { by: map.by()?, partner: map.partner()? },
        7 => Fact::PartnerTerminated { by: map.by()?, partner: map.partner()? },
        8 => Fact::AppDeclared {
            by: map.by()?,
            app: map.app()?,
            document: Digest(map.array(keys::DOCUMENT)?),
            fingerprint: Digest(map.array(keys::FINGERPRINT)?),
        },
        9 => Fact::AppHidden { by: map.by()?, app: map.app()? },
        10 => Fact::AppShown { by: map.by()?, app: map.app()? },
        11 => Fact::NoticePublished {
            by: map.by()?,
            app: map.app()?,
            version: map.required(keys::NUMBER, small)?,
            document: Digest(map.array(keys::DOCUMENT)?),
        },
        12 => Fact::Enrolled,
        13 => Fact::ValueStored {
            item: Item(map.required(keys::ITEM, small)?),
            version: ValueVersion(map.array(keys::VALUE_VERSION)?),
            sealed: Digest(map.array(keys::SEALED)?),
        },
        14 => Fact::ConsentGiven {
            version: map.required(keys::NUMBER, small)?,
            lines: map.required(keys::LINES, |value| list(value, consent_line))?,
            notice: Digest(map.array(keys::NOTICE)?),
            fingerprint: Digest(map.array(keys::FINGERPRINT)?),
            expires_at: Timestamp(map.uint(keys::EXPIRES_AT)?),
            evidence: Commitment(map.array(keys::EVIDENCE)?),
            guardian: map.required(keys::GUARDIAN, guardian)?,
        },
        15 => Fact::Withdrawn {
            scope: map
                .optional(keys::SCOPE, |value| list(value, scope_line))?
                .map_or(WithdrawalScope::Whole, WithdrawalScope::Items),
        },
        16 => Fact::Disclosed(release(map)?),
        17 => Fact::Redelivered(release(map)?),
        18 => Fact::Withheld {
            purpose: Purpose(map.required(keys::PURPOSE, small)?),
            requested: map.required(keys::REQUESTED, item_set)?,
            stored: map.required(keys::STORED, item_set)?,
            partial: map.required(keys::PARTIAL, boolean)?,
            guardian_required: map.required(keys::GUARDIAN_REQUIRED, boolean)?,
            reasons: map.required(keys::REASONS, |value| list(value, reason_line))?,
            repeats: map.optional(keys::DISCLOSURE, array)?.map(DisclosureId),
            request: Commitment(map.array(keys::REQUEST)?),
        },
        19 => Fact::NotDelivered { disclosure: DisclosureId(map.array(keys::DISCLOSURE)?) },
        20 => Fact::AccountDeleted,
        23 => Fact::StaffAppointed {
            by: map.by()?,
            staff: map.staff()?,
            role: map.required(keys::ROLE, |value| Role::from_number(small(value)?))?,
        },
        24 => Fact::StaffDismissed { by: map.by()?, staff: map.staff()? },
        26 => Fact::FactorReset { by: map.by()?, staff: map.staff()? },
        21 => Fact::PartnerRevised {
            by: map.by()?,
            partner: map.partner()?,
            document: Digest(map.array(keys::DOCUMENT)?),
        },
        22 => Fact::Viewed {
            by: map.by()?,
            items: map.required(keys::VIEWED, item_set)?,
            masked: map.required(keys::MASKED, boolean)?,
            reason: map.required(keys::VIEW_REASON, |value| ViewReason::from_number(small(value)?))?,
        },
        31 => Fact::StoreAccepted {
            by: map.by()?,
            cause: map.required(keys::STORE_CAUSE, |value| StoreCause::from_number(small(value)?))?,
            platform: map.uint(keys::PLATFORM_KEPT)?,
            group: map.uint(keys::GROUP_KEPT)?,
        },
        40 => Fact::StateSealed,
        41 => Fact::ClockAccepted {
            by: map.by()?,
            clock: Timestamp(map.uint(keys::CLOCK)?),
            reason: map.required(keys::CLOCK_REASON, |value| ClockReason::from_number(small(value)?))?,
        },
        25 => Fact::PeopleImported {
            by: map.by()?,
            import: ImportId(map.array(keys::IMPORT)?),
            counts: ImportCounts {
                enrolled: map.uint(keys::ENROLLED)?,
                corrected: map.uint(keys::CORRECTED)?,
                unchanged: map.uint(keys::UNCHANGED)?,
                refused: map.uint(keys::REFUSED)?,
                values: map.uint(keys::VALUES_STORED)?,
            },
        },
        30 => Fact::ImportBegun { by: map.by()?, import: ImportId(map.array(keys::IMPORT)?) },
        35 => Fact::KeyEpochOpened { by: map.by()?, epoch: map.required(keys::EPOCH, small)? },
        36 => Fact::KeyEpochRetired { by: map.by()?, epoch: map.required(keys::EPOCH, small)? },
        37 => Fact::PassphraseChanged { by: map.by()? },
        42 => Fact::WithheldCounted(RefusalCount {
            requested: map.required(keys::REQUESTED, item_set)?,
            from: Timestamp(map.uint(keys::FROM)?),
            until: Timestamp(map.uint(keys::UNTIL)?),
            count: map.uint(keys::COUNT)?,
            reasons: map.required(keys::REASONS_COUNTED, |value| list(value, reason_count))?,
        }),
        _ => return Err(Undecidable::UnknownKind { kind }),
    })
}

fn release(map: &mut Fields<'_>) -> Result<Disclosed, Undecidable> {
    Ok(Disclosed {
        disclosure: DisclosureId(map.array(keys::DISCLOSURE)?),
        purpose: Purpose(map.required(keys::PURPOSE, small)?),
        requested: map.required(keys::REQUESTED, item_set)?,
        released: map.required(keys::RELEASED, item_set)?,
        withheld: map.required(keys::REASONS, |value| list(value, reason_line))?,
        stored: map.required(keys::STORED, item_set)?,
        partial: map.required(keys::PARTIAL, boolean)?,
        values: Commitment(map.array(keys::VALUES)?),
        guardian_required: map.required(keys::GUARDIAN_REQUIRED, boolean)?,
        request: Commitment(map.array(keys::REQUEST)?),
    })
}

/// The map, one slice a value; what is understood is taken out, so that what is left is unknown.
struct Fields<'b> {
    rest: Vec<(u64, &'b [u8])>,
}

impl<'b> Fields<'b> {
    fn split(bytes: &'b [u8]) -> Result<Self, Undecidable> {
        let mut decoder = Decoder::new(bytes);
        let mut rest = Vec::new();
        // A map of indefinite length, a cut value and bytes after the end all stop here.
        let fields = decoder.map().ok().flatten().ok_or(Undecidable::Malformed { at: 0 })?;
        for _ in 0..fields {
            let at = decoder.position();
            let field = decoder.u64().ok().and_then(|key| {
                let from = decoder.position();
                decoder.skip().ok()?;
                Some((key, bytes.get(from..decoder.position())?))
            });
            rest.push(field.ok_or(Undecidable::Malformed { at })?);
        }
        let at = decoder.position();
        if at == bytes.len() { Ok(Self { rest }) } else { Err(Undecidable::Malformed { at }) }
    }

    fn optional<T>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Decoder<'b>) -> Option<T>,
    ) -> Result<Option<T>, Undecidable> {
        let Some(position) = self.rest.iter().position(|(found, _)| *found == key) else { return Ok(None) };
        let (_, bytes) = self.rest.remove(position);
        let mut decoder = Decoder::new(bytes);
        read(&mut decoder).map(Some).ok_or(Undecidable::Value { key })
    }

    fn required<T>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Decoder<'b>) -> Option<T>,
    ) -> Result<T, Undecidable> {
        self.optional(key, read)?.ok_or(Undecidable::MissingKey { key })
    }

    fn uint(&mut self, key: u64) -> Result<u64, Undecidable> {
        self.required(key, uint)
    }

    fn array<const N: usize>(&mut self, key: u64) -> Result<[u8; N], Undecidable> {
        self.required(key, array)
    }

    fn by(&mut self) -> Result<StaffId, Undecidable> {
        self.required(keys::BY, |value| id(value, StaffId::parse))
    }

    fn staff(&mut self) -> Result<StaffId, Undecidable> {
        self.required(keys::STAFF, |value| id(value, StaffId::parse))
    }

    fn partner(&mut self) -> Result<PartnerId, Undecidable> {
        self.required(keys::PARTNER, |value| id(value, PartnerId::parse))
    }

    fn app(&mut self) -> Result<AppId, Undecidable> {
        self.required(keys::APP, |value| id(value, AppId::parse))
    }
}

fn uint(value: &mut Decoder<'_>) -> Option<u64> {
    value.u64().ok()
}

fn small<T: TryFrom<u64>>(value: &mut Decoder<'_>) -> Option<T> {
    T::try_from(value.u64().ok()?).ok()
}

fn boolean(value: &mut Decoder<'_>) -> Option<bool> {
    value.bool().ok()
}

fn array<const N: usize>(value: &mut Decoder<'_>) -> Option<[u8; N]> {
    value.bytes().ok()?.try_into().ok()
}

fn id<T>(value: &mut Decoder<'_>, parse: impl FnOnce(&str) -> Result<T, InvalidId>) -> Option<T> {
    parse(value.str().ok()?).ok()
}

fn guardian(value: &mut Decoder<'_>) -> Option<Guardian> {
    let code = small::<u8>(value)?;
    [Guardian::NotRequired, Guardian::Agreed, Guardian::Missing]
        .into_iter()
        .find(|known| *known as u8 == code)
}

fn item_set(value: &mut Decoder<'_>) -> Option<ItemSet> {
    let bytes = value.bytes().ok()?;
    let mut all = [0; 32];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(ItemSet::from_bytes(all))
}

fn list<T>(value: &mut Decoder<'_>, each: impl Fn(&mut Decoder<'_>) -> Option<T>) -> Option<Vec<T>> {
    // Nothing is reserved: the number is only what the leaf says.
    (0..value.array().ok()??).map(|_| each(value)).collect()
}

fn of_length(value: &mut Decoder<'_>, len: u64) -> Option<()> {
    (value.array().ok()?? == len).then_some(())
}

fn reason_line(value: &mut Decoder<'_>) -> Option<(Item, Reason)> {
    of_length(value, 2)?;
    Some((Item(small(value)?), Reason::from_number(small(value)?)?))
}

fn reason_count(value: &mut Decoder<'_>) -> Option<(Reason, u64)> {
    of_length(value, 2)?;
    Some((Reason::from_number(small(value)?)?, uint(value)?))
}

fn consent_line(value: &mut Decoder<'_>) -> Option<ConsentLine> {
    of_length(value, 3)?;
    Some(ConsentLine { purpose: Purpose(small(value)?), shown: item_set(value)?, granted: item_set(value)? })
}

fn scope_line(value: &mut Decoder<'_>) -> Option<(Purpose, ItemSet)> {
    of_length(value, 2)?;
    Some((Purpose(small(value)?), item_set(value)?))
}
