//! Folded state as bytes: strict CBOR, one version, one form. It is a cache of what the log says; losing it loses
//! nothing that folding does not bring back.

use std::collections::BTreeMap;

use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::encode::Write as CborWrite;
use minicbor::{Decoder, Encoder};
use yinuo_core::{Cell, Grant, Granted, Own, Stream};
use yinuo_domain::{Digest, Guardian, Item, ItemSet, Purpose, Timestamp, ValueVersion};

use crate::StoreError;

/// Another form is another version.
const VERSION: u8 = 1;

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
    out.array(4)?.u8(VERSION)?.bool(stream.deleted)?;
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
    Ok(())
}

fn read_stream(input: &mut Decoder<'_>) -> Result<Stream, Error> {
    array(input, 4)?;
    version(input)?;
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
    Ok(Stream { deleted, grant, cells })
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
        Stream { deleted: false, grant: Some(grant), cells }
    }

    #[test]
    fn state_comes_back() {
        for state in [Stream::default(), stream(), Stream { deleted: true, ..Stream::default() }] {
            assert_eq!(Stream::from_bytes(&state.to_bytes()).unwrap(), state);
        }
        let own = Own { deleted: false, values: [(Item(1), ValueVersion([2; 16]))].into() };
        assert_eq!(Own::from_bytes(&own.to_bytes()).unwrap(), own);
    }

    #[test]
    fn bytes_that_were_not_written_so_are_refused() {
        let bytes = stream().to_bytes();
        for len in 0..bytes.len() {
            assert!(Stream::from_bytes(&bytes[..len]).is_err(), "cut to {len}");
        }
        assert!(Stream::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
        assert!(Own::from_bytes(&bytes).is_err());
        let later = [&[bytes[0], VERSION + 1], &bytes[2..]].concat();
        assert!(Stream::from_bytes(&later).is_err());
    }
}
