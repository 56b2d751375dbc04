//! Folded state as bytes: strict CBOR, one version, one form. It is a cache of what the log says; losing it loses
//! nothing that folding does not bring back.

use std::collections::BTreeMap;

use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::encode::Write as CborWrite;
use minicbor::{Decoder, Encoder};
use yinuo_core::{Cell, Grant, Granted, Own, Refusals, Stream};
use yinuo_domain::{Digest, Guardian, Item, ItemSet, Purpose, Reason, RefusalCount, Timestamp, ValueVersion};

use crate::StoreError;

/// Another form is another version.
const VERSION: u8 = 1;
/// A stream that remembers refusals. One that does not is written as before there was any.
const WITH_REFUSALS: u8 = 2;

/// State that is kept as bytes.
pub(crate) trait State: Sized {
    /// The bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The state of these bytes, which must be exactly those [`State::to_bytes`] gives.
    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError>;
}

impl State for Own {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(32 + 24 * self.values.len()));
        // Writing to memory cannot fail.
        let _ = write_own(&mut out, self);
        out.into_writer()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        strict(bytes, read_own)
    }
}

impl State for Stream {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(256 + 16 * self.cells.len()));
        let _ = write_stream(&mut out, self);
        out.into_writer()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        strict(bytes, read_stream)
    }
}

impl State for RefusalCount {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(64));
        let _ = write_count(&mut out, self);
        out.into_writer()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        strict(bytes, read_count)
    }
}

fn strict<S: State>(
    bytes: &[u8],
    read: impl FnOnce(&mut Decoder<'_>) -> Result<S, Error>,
) -> Result<S, StoreError> {
    const DAMAGED: StoreError = StoreError::Damaged("the state of a stream");
    let state = read(&mut Decoder::new(bytes)).map_err(|_| DAMAGED)?;
    if state.to_bytes() == bytes { Ok(state) } else { Err(DAMAGED) }
}

type Written<W> = Result<(), minicbor::encode::Error<<W as CborWrite>::Error>>;

fn write_own<W: CborWrite>(out: &mut Encoder<W>, own: &Own) -> Written<W> {
    out.array(3)?.u8(VERSION)?.bool(own.deleted)?.array(own.values.len() as u64)?;
    for (item, version) in &own.values {
        out.array(2)?.u8(item.0)?.bytes(&version.0)?;
    }
    Ok(())
}

fn read_own(input: &mut Decoder<'_>) -> Result<Own, Error> {
    array(input, 3)?;
    version(input)?;
    let deleted = input.bool()?;
    let values = list(input, |input| {
        array(input, 2)?;
        Ok((Item(input.u8()?), ValueVersion(fixed(input)?)))
    })?;
    Ok(Own { deleted, values })
}

fn write_stream<W: CborWrite>(out: &mut Encoder<W>, stream: &Stream) -> Written<W> {
    match &stream.refusals {
        None => out.array(4)?.u8(VERSION)?,
        Some(_) => out.array(5)?.u8(WITH_REFUSALS)?,
    };
    out.bool(stream.deleted)?;
    match &stream.grant {
        None => {
            out.null()?;
        }
        Some(grant) => {
            out.array(2)?.u32(grant.version)?.array(grant.purposes.len() as u64)?;
            for (purpose, granted) in &grant.purposes {
                out.array(8)?
                    .u16(purpose.0)?
                    .bytes(&granted.items.to_bytes())?
                    .bytes(&granted.withdrawn.to_bytes())?
                    .u64(granted.given_at.0)?
                    .u64(granted.expires_at.0)?
                    .bytes(&granted.fingerprint.0)?
                    .bytes(&granted.notice.0)?
                    .u8(granted.guardian as u8)?;
            }
        }
    }
    out.array(stream.cells.len() as u64)?;
    for ((purpose, item), cell) in &stream.cells {
        out.array(4)?.u16(purpose.0)?.u8(item.0)?.u64(cell.since.0)?.u32(cell.count)?;
    }
    if let Some(refusals) = &stream.refusals {
        out.array(3)?.u64(refusals.hour)?.u64(refusals.last.0)?.array(refusals.told.len() as u64)?;
        for (reason, told) in &refusals.told {
            out.array(2)?.u8(reason.number())?.u32(*told)?;
        }
    }
    Ok(())
}

fn read_stream(input: &mut Decoder<'_>) -> Result<Stream, Error> {
    let with_refusals = match (input.array()?, input.u8()?) {
        (Some(4), VERSION) => false,
        (Some(5), WITH_REFUSALS) => true,
        _ => return Err(Error::message("an unknown version")),
    };
    let deleted = input.bool()?;
    let grant = match input.datatype()? {
        Type::Null => {
            input.null()?;
            None
        }
        _ => {
            array(input, 2)?;
            Some(Grant { version: input.u32()?, purposes: list(input, read_granted)? })
        }
    };
    let cells = list(input, |input| {
        array(input, 4)?;
        let key = (Purpose(input.u16()?), Item(input.u8()?));
        Ok((key, Cell { since: Timestamp(input.u64()?), count: input.u32()? }))
    })?;
    let refusals = with_refusals.then(|| read_refusals(input)).transpose()?;
    Ok(Stream { deleted, grant, cells, refusals })
}

fn read_refusals(input: &mut Decoder<'_>) -> Result<Refusals, Error> {
    array(input, 3)?;
    let (hour, last) = (input.u64()?, Timestamp(input.u64()?));
    let told = list(input, |input| {
        array(input, 2)?;
        Ok((reason(input)?, input.u32()?))
    })?;
    Ok(Refusals { hour, last, told })
}

fn write_count<W: CborWrite>(out: &mut Encoder<W>, counted: &RefusalCount) -> Written<W> {
    out.array(6)?
        .u8(VERSION)?
        .u64(counted.from.0)?
        .u64(counted.until.0)?
        .u64(counted.count)?
        .bytes(&counted.requested.to_bytes())?
        .array(counted.reasons.len() as u64)?;
    for (reason, items) in &counted.reasons {
        out.array(2)?.u8(reason.number())?.u64(*items)?;
    }
    Ok(())
}

fn read_count(input: &mut Decoder<'_>) -> Result<RefusalCount, Error> {
    array(input, 6)?;
    version(input)?;
    let (from, until, count) = (Timestamp(input.u64()?), Timestamp(input.u64()?), input.u64()?);
    let requested = ItemSet::from_bytes(fixed(input)?);
    let reasons: BTreeMap<Reason, u64> = list(input, |input| {
        array(input, 2)?;
        Ok((reason(input)?, input.u64()?))
    })?;
    Ok(RefusalCount { from, until, count, requested, reasons: reasons.into_iter().collect() })
}

fn reason(input: &mut Decoder<'_>) -> Result<Reason, Error> {
    Reason::from_number(input.u8()?).ok_or_else(|| Error::message("an unknown reason"))
}

fn read_granted(input: &mut Decoder<'_>) -> Result<(Purpose, Granted), Error> {
    array(input, 8)?;
    let purpose = Purpose(input.u16()?);
    let granted = Granted {
        items: ItemSet::from_bytes(fixed(input)?),
        withdrawn: ItemSet::from_bytes(fixed(input)?),
        given_at: Timestamp(input.u64()?),
        expires_at: Timestamp(input.u64()?),
        fingerprint: Digest(fixed(input)?),
        notice: Digest(fixed(input)?),
        guardian: match input.u8()? {
            0 => Guardian::NotRequired,
            1 => Guardian::Agreed,
            2 => Guardian::Missing,
            _ => return Err(Error::message("an unknown guardian")),
        },
    };
    Ok((purpose, granted))
}

fn array(input: &mut Decoder<'_>, len: u64) -> Result<(), Error> {
    if input.array()? == Some(len) { Ok(()) } else { Err(Error::message("an array of another length")) }
}

fn version(input: &mut Decoder<'_>) -> Result<(), Error> {
    if input.u8()? == VERSION { Ok(()) } else { Err(Error::message("an unknown version")) }
}

fn fixed<const N: usize>(input: &mut Decoder<'_>) -> Result<[u8; N], Error> {
    input.bytes()?.try_into().map_err(|_| Error::message("bytes of another length"))
}

fn list<K: Ord, V>(
    input: &mut Decoder<'_>,
    mut each: impl FnMut(&mut Decoder<'_>) -> Result<(K, V), Error>,
) -> Result<BTreeMap<K, V>, Error> {
    let len = input.array()?.ok_or_else(|| Error::message("an array without its length"))?;
    (0..len).map(|_| each(input)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        let granted = Granted {
            items: [Item(3), Item(200)].into_iter().collect(),
            withdrawn: [Item(4)].into_iter().collect(),
            given_at: Timestamp(5),
            expires_at: Timestamp(u64::MAX),
            fingerprint: Digest([6; 32]),
            notice: Digest([7; 32]),
            guardian: Guardian::Agreed,
        };
        let grant = Grant { version: 8, purposes: [(Purpose(9), granted)].into() };
        let cells = [((Purpose(9), Item(3)), Cell { since: Timestamp(10), count: 11 })].into();
        Stream { deleted: false, grant: Some(grant), cells, refusals: None }
    }

    fn refused() -> Stream {
        let told = [(Reason::NotGranted, 5), (Reason::Withdrawn, 1)].into();
        let refusals = Refusals { hour: 500_000, last: Timestamp(1_800_000_000_001), told };
        Stream { refusals: Some(refusals), ..stream() }
    }

    fn counted() -> RefusalCount {
        RefusalCount {
            from: Timestamp(1_800_000_000_002),
            until: Timestamp(1_800_000_000_003),
            count: 70_000,
            requested: [Item(3), Item(200)].into_iter().collect(),
            reasons: vec![(Reason::NotGranted, 70_000), (Reason::OtherItemRefused, u64::MAX)],
        }
    }

    #[test]
    fn state_comes_back() {
        for state in [Stream::default(), stream(), refused(), Stream { deleted: true, ..Stream::default() }] {
            assert_eq!(Stream::from_bytes(&state.to_bytes()).unwrap(), state);
        }
        let own = Own { deleted: false, values: [(Item(1), ValueVersion([2; 16]))].into() };
        assert_eq!(Own::from_bytes(&own.to_bytes()).unwrap(), own);
        assert_eq!(RefusalCount::from_bytes(&counted().to_bytes()).unwrap(), counted());
    }

    /// Rows of before refusals were counted are read, and a stream without any is written like them.
    #[test]
    fn a_stream_without_refusals_has_the_bytes_it_always_had() {
        assert_eq!(Stream::default().to_bytes(), [0x84, 1, 0xf4, 0xf6, 0x80]);
    }

    #[test]
    fn bytes_that_were_not_written_so_are_refused() {
        for bytes in [stream().to_bytes(), refused().to_bytes()] {
            for len in 0..bytes.len() {
                assert!(Stream::from_bytes(&bytes[..len]).is_err(), "cut to {len}");
            }
        }
        let bytes = counted().to_bytes();
        for len in 0..bytes.len() {
            assert!(RefusalCount::from_bytes(&bytes[..len]).is_err(), "cut to {len}");
        }
        let bytes = stream().to_bytes();
        assert!(Stream::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
        assert!(Own::from_bytes(&bytes).is_err());
        for version in [0, WITH_REFUSALS, WITH_REFUSALS + 1] {
            assert!(Stream::from_bytes(&[&[bytes[0], version], &bytes[2..]].concat()).is_err());
        }
    }
}
