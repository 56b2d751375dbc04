//! `/log/*`: what everybody may read of the log, laid out as C2SP `tlog-tiles` says.
//!
//! Heads, hashes and documents. Entry bundles are for authenticated verifiers, of whom there are none yet: 403.

use axum::Router;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::fault::{Fault, Problem};
use crate::visit::Web;

/// A full tile, and a document named by its hash, never change.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// A partial tile is soon replaced by a wider one.
const SOON: &str = "public, max-age=60";
/// The published checkpoint moves at most once a second.
const NOW: &str = "public, max-age=1";

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/log/{*path}", get(read))
}

async fn read(State(web): State<Web>, uri: Uri) -> Result<Response, Fault> {
    let wanted = uri.path().strip_prefix("/log/").and_then(Wanted::parse);
    let missing = || Fault::new(Problem::NotFound);
    let (content_type, cache, bytes) = match wanted.ok_or_else(missing)? {
        Wanted::Entries => return Err(Fault::new(Problem::EntriesClosed)),
        Wanted::Checkpoint { log, sm3 } => {
            let found = web.read(move |gateway| gateway.checkpoint(&log, sm3)).await??;
            ("text/plain; charset=utf-8", NOW, found.map(String::into_bytes))
        }
        Wanted::Cosigned { log, sm3 } => {
            let found = web.gateway.cosigned(&log, sm3);
            ("text/plain; charset=utf-8", NOW, found.map(String::into_bytes))
        }
        Wanted::Tile { log, sm3, path, full } => {
            let found = web.read(move |gateway| gateway.tile(&log, sm3, &path)).await??;
            ("application/octet-stream", if full { IMMUTABLE } else { SOON }, found)
        }
        Wanted::Document { hash } => {
            let found = web.read(move |gateway| gateway.document(&hash)).await??;
            ("application/octet-stream", IMMUTABLE, found)
        }
    };
    let bytes = bytes.ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, cache)], bytes).into_response())
}

/// What an address below `/log/` names.
#[derive(Debug, Eq, PartialEq)]
enum Wanted {
    Checkpoint {
        log: String,
        sm3: bool,
    },
    /// The latest head that enough witnesses have cosigned.
    Cosigned {
        log: String,
        sm3: bool,
    },
    Tile {
        log: String,
        sm3: bool,
        path: String,
        full: bool,
    },
    Entries,
    Document {
        hash: String,
    },
}

impl Wanted {
    /// `platform/…` or `g/<number>/…`, then `checkpoint` or `cosigned`, perhaps behind `sm3/`, `tile/…` or `tile-sm3/…`; or
    /// `doc/<hash>`.
    fn parse(path: &str) -> Option<Self> {
        if let Some(hash) = path.strip_prefix("doc/") {
            let is_hash =
                hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            return is_hash.then(|| Self::Document { hash: hash.to_owned() });
        }
        let (log, rest) = match path.strip_prefix("platform/") {
            Some(rest) => ("platform".to_owned(), rest),
            None => {
                let (number, rest) = path.strip_prefix("g/")?.split_once('/')?;
                (format!("g/{}", is_number(number).then_some(number)?), rest)
            }
        };
        if let Some(sm3) =
            [("checkpoint", false), ("sm3/checkpoint", true)].iter().find(|(name, _)| *name == rest)
        {
            return Some(Self::Checkpoint { log, sm3: sm3.1 });
        }
        if let Some(sm3) =
            [("cosigned", false), ("sm3/cosigned", true)].iter().find(|(name, _)| *name == rest)
        {
            return Some(Self::Cosigned { log, sm3: sm3.1 });
        }
        let (sm3, tile) = match (rest.strip_prefix("tile/"), rest.strip_prefix("tile-sm3/")) {
            (Some(tile), _) => (false, tile),
            (None, Some(tile)) => (true, tile),
            (None, None) => return None,
        };
        let (level, index) = tile.split_once('/')?;
        let (index, full) = match index.split_once(".p/") {
            None => (index, true),
            Some((index, width)) => (index, !is_width(width).then_some(true)?),
        };
        if !is_index(index) {
            return None;
        }
        match level {
            // One copy of the entries serves both trees.
            "entries" => Some(Self::Entries),
            // C2SP tlog-tiles: levels 0 to 63.
            _ if is_number(level)
                && level.len() <= 2
                && level.parse::<u8>().is_ok_and(|level| level < 64) =>
            {
                Some(Self::Tile { log, sm3, path: tile.to_owned(), full })
            }
            _ => None,
        }
    }
}

/// Decimal without leading zeros: each thing has one address.
fn is_number(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

/// C2SP tlog-tiles: a partial tile has 1 to 255 hashes.
fn is_width(text: &str) -> bool {
    is_number(text) && text.parse::<u8>().is_ok_and(|width| 0 < width)
}

/// C2SP tlog-tiles: three digits an element, all but the last with `x` before them: `x001/x234/067`.
fn is_index(text: &str) -> bool {
    let three = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.rsplit('/');
    let last = parts.next().is_some_and(three);
    let others: Vec<&str> = parts.collect();
    let padded = others.last().is_some_and(|first| *first == "x000");
    last && !padded
        && others.len() <= 6
        && others.iter().all(|part| part.strip_prefix('x').is_some_and(three))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_thing_or_nothing() {
        let tile = |log: &str, sm3, path: &str, full| {
            Some(Wanted::Tile { log: log.to_owned(), sm3, path: path.to_owned(), full })
        };
        let checkpoint = |log: &str, sm3| Some(Wanted::Checkpoint { log: log.to_owned(), sm3 });
        let cosigned = |log: &str, sm3| Some(Wanted::Cosigned { log: log.to_owned(), sm3 });
        let hash = "ab".repeat(32);
        #[rustfmt::skip]
        let cases = [
            ("platform/checkpoint",            checkpoint("platform", false)),
            ("g/0/checkpoint",                 checkpoint("g/0", false)),
            ("g/17/sm3/checkpoint",            checkpoint("g/17", true)),
            ("g/0/cosigned",                   cosigned("g/0", false)),
            ("platform/sm3/cosigned",          cosigned("platform", true)),
            ("g/0/cosigned/sm3",               None),
            ("g/0/tile/0/000",                 tile("g/0", false, "0/000", true)),
            ("g/0/tile/1/x001/x234/067",       tile("g/0", false, "1/x001/x234/067", true)),
            ("g/0/tile-sm3/0/000.p/1",         tile("g/0", true, "0/000.p/1", false)),
            ("platform/tile/63/000.p/255",     tile("platform", false, "63/000.p/255", false)),
            ("g/0/tile/entries/000",           Some(Wanted::Entries)),
            ("g/0/tile/entries/x001/000.p/7",  Some(Wanted::Entries)),
            ("g/0/tile-sm3/entries/000",       Some(Wanted::Entries)),
            ("g/0/tile/64/000",                None),
            ("g/0/tile/00/000",                None),
            ("g/0/tile/0/0",                   None),
            ("g/0/tile/0/x000/001",            None),
            ("g/0/tile/0/000.p/0",             None),
            ("g/0/tile/0/000.p/256",           None),
            ("g/0/tile/0/000.p/01",            None),
            ("g/0/tile/0/../../checkpoint",    None),
            ("g/0/tile/0/%30%30%30",           None),
            ("g/00/checkpoint",                None),
            ("g//checkpoint",                  None),
            ("g/0/checkpoint/",                None),
            ("g/0",                            None),
            ("",                               None),
            ("doc/ab",                         None),
            ("other/checkpoint",               None),
        ];
        for (path, expected) in cases {
            assert_eq!(Wanted::parse(path), expected, "{path}");
        }
        assert_eq!(Wanted::parse(&format!("doc/{hash}")), Some(Wanted::Document { hash: hash.clone() }));
        assert_eq!(Wanted::parse(&format!("doc/{}", hash.to_uppercase())), None);
    }
}
