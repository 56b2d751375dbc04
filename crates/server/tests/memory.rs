//! Keys in a process: what is needed to start is gone after the start, and nobody looks in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "a test looks at a process")]

#[path = "demo/mod.rs"]
mod demo;

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use demo::{Demo, Options};

/// Everything that a process has in memory and can write to, as root sees it. None for who may not look.
fn memory(pid: u32) -> Option<Vec<u8>> {
    let mut mem = fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next()?;
        let (from, to) = range.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut part = vec![0u8; usize::try_from(to - from).ok()?];
        // Some mappings are not to be read, and hold nothing of ours.
        if mem.seek(SeekFrom::Start(from)).is_ok() && mem.read_exact(&mut part).is_ok() {
            // What was never written to is not looked through: an allocator sets much more aside than it uses.
            let written = part.chunks(4_096).filter(|page| page.iter().any(|byte| *byte != 0));
            written.for_each(|page| all.extend_from_slice(page));
        }
    }
    Some(all)
}

fn is_in(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The root key of an international vault, and what the passphrase was stretched to, as `provider.rs` describes them.
fn root_key(dir: &Path, passphrase: &str) -> [Vec<u8>; 2] {
    let file: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("keys/root.json")).unwrap()).unwrap();
    assert_eq!(file["suite"], "international");
    let number = |name: &str| u32::try_from(file["argon2id"][name].as_u64().unwrap()).unwrap();
    let (memory_kib, passes, lanes) = (number("memory_kib"), number("passes"), number("lanes"));
    let decoded = |name: &str| STANDARD.decode(file[name].as_str().unwrap()).unwrap();
    let (salt, sealed) = (decoded("salt"), decoded("root_key"));
    let params = argon2::Params::new(memory_kib, passes, lanes, Some(32)).unwrap();
    let mut stretched = vec![0; 32];
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &salt, &mut stretched)
        .unwrap();
    let mut key = [0; 32];
    hkdf::Hkdf::<sha2::Sha256>::new(None, &stretched).expand(b"yinuo/root/v1", &mut key).unwrap();
    let mut bound = Vec::new();
    for part in [
        b"yinuo/root/v1".as_slice(),
        &[2],
        &memory_kib.to_be_bytes(),
        &passes.to_be_bytes(),
        &lanes.to_be_bytes(),
        &salt,
    ] {
        bound.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        bound.extend_from_slice(part);
    }
    let nonce: [u8; 12] = sealed[6..18].try_into().unwrap();
    let payload = Payload { msg: &sealed[18..], aad: &bound };
    let root = Aes256Gcm::new_from_slice(&key)
        .unwrap()
        .decrypt(&Nonce::<aes_gcm::aead::consts::U12>::from(nonce), payload);
    [root.unwrap(), stretched]
}

#[test]
fn neither_passphrase_nor_root_key_is_in_memory_after_the_start() {
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path();
    // At its first start a demonstration makes both, at the second it reads them.
    let mut listen = "127.0.0.1:0".to_owned();
    for start in ["first", "second"] {
        let options =
            Options { listen: Some(&listen), more: &["--suite", "international"], ..Options::default() };
        let demo = Demo::start_in(dir, &options);
        let passphrase = fs::read_to_string(dir.join("passphrase")).unwrap();
        let Some(memory) = memory(demo.pid()) else {
            assert!(!rustix::process::getuid().is_root(), "root may look");
            return;
        };
        // The search sees what is there.
        assert!(is_in(&memory, demo.issuer.as_bytes()), "{start}: the search is blind");
        let [root, stretched] = root_key(dir, passphrase.trim());
        let mut found = Vec::new();
        for (name, needle) in [
            ("the passphrase", passphrase.trim().as_bytes()),
            ("half of the passphrase", &passphrase.trim().as_bytes()[..16]),
            ("the root key", &root),
            ("half of the root key", &root[..16]),
            ("the other half", &root[16..]),
            ("what the passphrase was stretched to", &stretched),
        ] {
            if is_in(&memory, needle) {
                found.push(name);
            }
        }
        assert!(found.is_empty(), "after the {start} start these are in memory: {found:?}");
        listen = demo.issuer.trim_start_matches("http://").to_owned();
        demo.stop();
    }
}

#[test]
fn no_core_is_dumped_and_no_other_process_of_the_user_looks_in() {
    let demo = Demo::start();
    let limits = fs::read_to_string(format!("/proc/{}/limits", demo.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().take(3).collect::<Vec<_>>(), ["bytes", "0", "0"], "{core}");
    // What is in /proc of a process that is not dumpable belongs to root; of a shared user, see there.
    let of = |path: String| std::os::unix::fs::MetadataExt::uid(&fs::metadata(path).unwrap());
    assert_eq!(of(format!("/proc/{}/mem", demo.pid())), 0);
    if !rustix::process::getuid().is_root() {
        assert!(fs::File::open(format!("/proc/{}/mem", demo.pid())).is_err());
    }
}
