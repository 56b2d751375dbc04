//! Tiles, their paths, and bundles of entries.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod store;

use proptest::prelude::*;
use store::Store;
use yinuo_tlog::{
    Algorithm, BundleError, Resource, Sm3Tree, TileId, bundle, content_hash, hashes_from_bytes, unbundle,
};

fn hashes(level: u8, index: u64, width: u16) -> Resource {
    Resource::Hashes { algorithm: Algorithm::Sha256, tile: TileId { level, index }, width }
}

fn sm3(level: u8, index: u64, width: u16) -> Resource {
    Resource::Hashes { algorithm: Algorithm::Sm3, tile: TileId { level, index }, width }
}

fn entries(bundle: u64, width: u16) -> Resource {
    Resource::Entries { bundle, width }
}

#[test]
fn a_tile_has_one_path() {
    #[rustfmt::skip]
    let cases = [
        (hashes(0, 0, 256),           "tile/0/000"),
        (hashes(0, 7, 1),             "tile/0/007.p/1"),
        (hashes(0, 999, 255),         "tile/0/999.p/255"),
        (hashes(0, 1_000, 256),       "tile/0/x001/000"),
        (hashes(1, 1_234_067, 256),   "tile/1/x001/x234/067"),
        (hashes(2, 1_234_067, 17),    "tile/2/x001/x234/067.p/17"),
        (hashes(7, 0, 256),           "tile/7/000"),
        (hashes(63, u64::MAX, 256),   "tile/63/x018/x446/x744/x073/x709/x551/615"),
        (sm3(0, 1_234, 3),            "tile-sm3/0/x001/234.p/3"),
        (sm3(3, 0, 256),              "tile-sm3/3/000"),
        (entries(0, 256),             "tile/entries/000"),
        (entries(1_234_067, 8),       "tile/entries/x001/x234/067.p/8"),
    ];
    for (resource, path) in cases {
        assert_eq!(resource.to_string(), path);
        assert_eq!(Resource::parse(path), Some(resource), "{path}");
    }
    let tile = TileId { level: 1, index: 1_234_067 };
    assert_eq!(tile.path(Algorithm::Sm3, 9), "tile-sm3/1/x001/x234/067.p/9");
    assert_eq!(TileId::parse(Algorithm::Sm3, "tile-sm3/1/x001/x234/067.p/9"), Some((tile, 9)));
    assert_eq!(TileId::parse(Algorithm::Sha256, "tile-sm3/1/x001/x234/067.p/9"), None);
    assert_eq!(TileId::parse(Algorithm::Sha256, "tile/entries/000"), None);
}

#[test]
fn any_other_path_is_none() {
    #[rustfmt::skip]
    let cases = [
        "", "tile", "tile/", "tile/0", "tile/0/", "tile//000", "/tile/0/000", "tile/0/000/", "tile/0//000",
        "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/x000/001", "tile/0/001/002",
        "tile/0/x001", "tile/0/001/x002", "tile/0/-01", "tile/0/+01", "tile/0/xx01/001", "tile/0/x1/001",
        "tile/00/000", "tile/+0/000", "tile/64/000", "tile/256/000", "tile/-1/000", "tile/0x/000", "tile/ 0/000",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/+1", "tile/0/000.p/", "tile/0/000.p",
        "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.p/99999",
        "tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/entries", "tile/entries/0", "tile/entries/000.p/256", "tile-sm3/entries/000", "tile-md5/0/000",
        "TILE/0/000", "tile/0/../0/000", "tile/0/00\u{0661}", "tile/0/000 ", "tile/0/000\n",
    ];
    for path in cases {
        assert_eq!(Resource::parse(path), None, "{path}");
    }
}

proptest! {
    /// A path names one resource, and whatever parses is the path of what it parsed to.
    #[test]
    fn paths_come_back(index: u64, level in 0u8..=63, width in 1u16..=256, twin: bool) {
        let tile = if twin { sm3(level, index, width) } else { hashes(level, index, width) };
        for resource in [tile, entries(index, width)] {
            prop_assert_eq!(Resource::parse(&resource.to_string()), Some(resource));
        }
    }

    #[test]
    fn what_parses_as_a_path_is_that_path(path in "tile(-sm3)?/(entries|[0-9]{1,3})(/x?[0-9]{2,4}){1,4}(\\.p/[0-9]{1,4})?") {
        if let Some(resource) = Resource::parse(&path) {
            prop_assert_eq!(resource.to_string(), path);
        }
    }

    #[test]
    fn bundles_come_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..=256)) {
        let bytes = bundle(&entries).unwrap();
        prop_assert_eq!(unbundle(&bytes).unwrap(), entries);
    }

    /// Whatever reads as a bundle is written with the same bytes.
    #[test]
    fn a_bundle_has_one_form(bytes in prop::collection::vec(prop_oneof![4 => 0u8..4, 1 => any::<u8>()], 0..200)) {
        if let Ok(entries) = unbundle(&bytes) {
            prop_assert_eq!(bundle(&entries).unwrap(), bytes);
        }
    }
}

/// The example of the specification: which tiles a tree of 70 000 entries has.
#[test]
fn a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() {
    let id = |level, index| TileId { level, index };
    assert_eq!(TileId::rightmost(0, 70_000), (id(0, 273), 112));
    assert_eq!(TileId::rightmost(1, 70_000), (id(1, 1), 17));
    assert_eq!(TileId::rightmost(2, 70_000), (id(2, 0), 1));
    assert_eq!(TileId::rightmost(3, 70_000), (id(3, 0), 0));
    // "A tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1."
    assert_eq!(TileId::rightmost(0, 256), (id(0, 1), 0));
    assert_eq!(TileId::rightmost(1, 256), (id(1, 0), 1));
    for (tile, width) in [
        (id(0, 0), 256),
        (id(0, 272), 256),
        (id(0, 273), 112),
        (id(0, 274), 0),
        (id(1, 0), 256),
        (id(1, 1), 17),
        (id(2, 0), 1),
        (id(7, 0), 0),
        (id(63, u64::MAX), 0),
    ] {
        assert_eq!(tile.width_at(70_000), width, "{tile:?}");
    }
    assert_eq!(id(7, 0).width_at(u64::MAX), 255);
    assert_eq!(id(0, u64::MAX >> 8).width_at(u64::MAX), 255);

    let store = Store::<Sm3Tree>::of(70_000);
    assert_eq!(store.full.keys().filter(|tile| tile.level == 0).count(), 273);
    assert_eq!(store.full.keys().filter(|tile| tile.level == 1).count(), 1);
    assert_eq!(store.edge.partial(0).len(), 112);
    assert_eq!(store.edge.partial(1).len(), 17);
    assert_eq!(store.edge.partial(2).len(), 1);
}

#[test]
fn a_tile_is_its_hashes_one_after_the_other() {
    let all = [[1; 32], [2; 32]];
    assert_eq!(hashes_from_bytes(all.as_flattened()), Some(all.to_vec()));
    for len in [0, 1, 31, 33, 257 * 32] {
        assert_eq!(hashes_from_bytes(&vec![0; len]), None, "{len}");
    }
    assert_eq!(hashes_from_bytes(&[0; 256 * 32]).unwrap().len(), 256);
}

#[test]
fn a_bundle_has_a_width_and_ends_with_an_entry() {
    assert_eq!(bundle(&[b"ab".as_slice(), b""]).unwrap(), b"\0\x02ab\0\0");
    assert_eq!(bundle::<&[u8]>(&[]), Err(BundleError::Width { found: 0 }));
    assert_eq!(bundle(&vec![[0u8]; 257]), Err(BundleError::Width { found: 257 }));
    assert_eq!(bundle(&[vec![0u8; 65_536]]), Err(BundleError::EntryTooLong { len: 65_536 }));
    assert_eq!(bundle(&[vec![0u8; 65_535]]).unwrap().len(), 65_537);
    assert_eq!(unbundle(b""), Err(BundleError::Width { found: 0 }));
    assert_eq!(unbundle(&[0; 2 * 257]), Err(BundleError::Width { found: 257 }));
    assert_eq!(unbundle(b"\0\x02ab\0"), Err(BundleError::Cut { entry: 1 }));
    assert_eq!(unbundle(b"\0\x02a"), Err(BundleError::Cut { entry: 0 }));
}

/// GB/T 32905 appendix A.1 and FIPS 180-2 appendix B.1: the hash of "abc".
#[test]
fn the_content_hash_has_no_prefix() {
    use yinuo_domain::Suite;
    assert_eq!(
        content_hash(Suite::Guomi, b"abc").to_string(),
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    );
    assert_eq!(
        content_hash(Suite::International, b"abc").to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
