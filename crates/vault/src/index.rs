//! Words that are the same for the same input and say nothing about it: tags, blind indexes, commitments.

use yinuo_domain::{AppId, Commitment, Digest, Item, PersonId, Salt, Tag};
use zeroize::Zeroizing;

use crate::sealed::bind;
use crate::suite::{self, HASH_LEN};
use crate::{SubjectKeys, Vault};

/// What the person's own stream is tagged with instead of an app. An app's id has no such byte, so no app, not
/// even one called `self`, gets this tag.
const OWN: &[u8] = b"\0self";

/// Leads to salts that die with a person's tag key. As with [`OWN`], no app's id begins so.
const SALT: &[u8] = b"\x01salt";

/// Leads to the key that indexes persons.
const PERSON: &[u8] = b"yinuo/index/person/v1";
/// Leads to the key that indexes staff.
const STAFF: &[u8] = b"yinuo/index/staff/v1";
/// Leads to the keys that index values, one for each item.
const VALUE: &[u8] = b"yinuo/index/value/v1";
/// Leads to the keys that commit to evidence, one for each context.
const COMMITMENT: &[u8] = b"yinuo/commitment/v1";

impl Vault {
    /// The hash of the suite over public content.
    pub fn hash(&self, bytes: &[u8]) -> Digest {
        Digest(suite::hash(self.suite(), bytes))
    }

    /// The pairwise pseudonym towards `app`, or of the person's own stream: the first 128 bits of
    /// `HMAC(tag key, app id)` or `HMAC(tag key, 0x00 ‖ "self")`.
    pub fn tag(&self, keys: &SubjectKeys, app: Option<&AppId>) -> Tag {
        let towards = app.map_or(OWN, |app| app.as_str().as_bytes());
        Tag(short(suite::mac(keys.suite, &keys.tag, [towards])))
    }

    /// A salt for commitments to what this person saw or did: `HMAC(tag key, 0x01 ‖ "salt" ‖ bound(context, bytes))`.
    /// It is stored nowhere and dies with the key, so that afterwards nobody can test guesses against a commitment.
    pub fn salt(&self, keys: &SubjectKeys, context: &str, bytes: &[u8]) -> [u8; 32] {
        suite::mac(keys.suite, &keys.tag, [SALT, bind(&[context.as_bytes(), bytes]).as_slice()])
    }

    /// What the fact in the person's own stream names a sealed row by.
    pub fn sealed_digest(&self, sealed: &[u8]) -> Digest {
        self.hash(sealed)
    }

    /// Commits a leaf to sealed rows: `HMAC(salt, for each row in the order of the codes: code u8 ‖ digest)`.
    /// Rows in another order are put in order, so one set of rows has one commitment.
    pub fn commit_values(&self, salt: Salt, rows: impl Iterator<Item = (Item, Digest)>) -> Commitment {
        let mut rows: Vec<_> = rows.map(|(item, digest)| ([item.0], digest)).collect();
        rows.sort_unstable();
        let parts = rows.iter().flat_map(|(code, digest)| [code.as_slice(), digest.as_bytes()]);
        Commitment(suite::mac(self.suite(), salt.as_bytes(), parts))
    }

    /// Commits to something a person saw or a partner sent: `HMAC(HMAC(salt, lead ‖ context), bytes)`. Each context
    /// has a key of its own, so commitments of two contexts never match, whatever the bytes.
    pub fn commitment(&self, salt: &[u8], context: &str, bytes: &[u8]) -> Commitment {
        let key = self.key_for(salt, &[COMMITMENT, context.as_bytes()]);
        Commitment(suite::mac(self.suite(), key.as_slice(), [bytes]))
    }

    /// Finds a person by the platform's identifier without storing it.
    pub fn person_index(&self, person: &PersonId) -> [u8; 16] {
        let key = self.key_for(&self.index, &[PERSON]);
        short(suite::mac(self.suite(), key.as_slice(), [person.as_str().as_bytes()]))
    }

    /// Finds a member of staff by what the identity provider calls them, without storing it. The same text leads to
    /// another index than [`Vault::person_index`]: that somebody is both is seen nowhere.
    pub fn staff_index(&self, identity: &PersonId) -> [u8; 16] {
        let key = self.key_for(&self.index, &[STAFF]);
        short(suite::mac(self.suite(), key.as_slice(), [identity.as_str().as_bytes()]))
    }

    /// Finds a value of `item` without storing it. The caller normalises it first: one phone, one spelling.
    pub fn blind_index(&self, item: Item, normalised: &str) -> [u8; 16] {
        let key = self.key_for(&self.index, &[VALUE, &[item.0]]);
        short(suite::mac(self.suite(), key.as_slice(), [normalised.as_bytes()]))
    }

    /// A key for one use only, from `key`.
    fn key_for(&self, key: &[u8], use_of_it: &[&[u8]]) -> Zeroizing<[u8; HASH_LEN]> {
        Zeroizing::new(suite::mac(self.suite(), key, [bind(use_of_it).as_slice()]))
    }
}

/// The first 128 bits.
fn short(mac: [u8; HASH_LEN]) -> [u8; 16] {
    let mut out = [0; 16];
    out.iter_mut().zip(mac).for_each(|(out, byte)| *out = byte);
    out
}
