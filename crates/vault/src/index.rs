//! Words that are the same for the same input and say nothing about it: tags, blind indexes, commitments.

use std::fmt;

use subtle::ConstantTimeEq;
use yinuo_domain::{AppId, Commitment, Compartment, Digest, Item, PersonId, Random, Salt, Tag, ValueVersion};
use zeroize::Zeroizing;

use crate::sealed::bind;
use crate::suite::{self, HASH_LEN, KeyedMac};
use crate::{SubjectKeys, Vault, VaultError};

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
/// Leads from a data key to the key of versions.
const VERSION: &[u8] = b"yinuo/version/v1";
/// Leads to the keys that commit to evidence, one for each context.
const COMMITMENT: &[u8] = b"yinuo/commitment/v1";
/// Leads to the keys that stamp what leaves and comes back, one for each context.
const STAMP: &[u8] = b"yinuo/stamp/v1";

/// Leads to the key over the ledger's rows of state.
const ROWS: &[u8] = b"yinuo/rows/v1";

/// Makes MACs over the ledger's rows of state. Whoever can only write to the store cannot.
pub struct RowKey(KeyedMac);

impl RowKey {
    /// The first 128 bits of a MAC over these bytes.
    pub fn mac(&self, bytes: &[u8]) -> [u8; 16] {
        short(self.0.of(bytes))
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey[secret]")
    }
}

impl Vault {
    /// The key over the ledger's rows of state. It comes from the key of the indexes, and stays when an epoch ends.
    pub fn row_key(&self) -> RowKey {
        RowKey(KeyedMac::new(self.suite(), self.key_for(&self.index, &[ROWS]).as_slice()))
    }

    /// The hash of the suite over public content.
    pub fn hash(&self, bytes: &[u8]) -> Digest {
        Digest(suite::hash(self.suite(), bytes))
    }

    /// The pairwise pseudonym towards `app`, or of the person's own stream: the first 128 bits of
    /// `HMAC(tag key, app id)` or `HMAC(tag key, 0x00 ‖ "self")`.
    pub fn tag(&self, keys: &SubjectKeys, app: Option<&AppId>) -> Tag {
        let towards = app.map_or(OWN, |app| app.as_str().as_bytes());
        Tag(short(keys.tagging.get_or_init(|| KeyedMac::new(keys.suite, &keys.tag)).of(towards)))
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

    /// A MAC for something that leaves and comes back: nobody else can make it, and of another context it is none.
    pub fn stamp(&self, context: &str, bytes: &[u8]) -> [u8; 32] {
        let key = self.key_for(&self.index, &[STAMP, context.as_bytes()]);
        suite::mac(self.suite(), key.as_slice(), [bytes])
    }

    /// Whether this vault stamped these bytes in this context. How long it takes does not say how much was right.
    pub fn is_stamped(&self, context: &str, bytes: &[u8], stamp: &[u8; 32]) -> bool {
        self.stamp(context, bytes).ct_eq(stamp).into()
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

    /// A version for a new value: eight random bytes, and eight of a MAC over them, the item and the value, under a
    /// key from the person's own data key.
    ///
    /// To everybody else it is 16 random bytes, and stays so when the account is deleted, since the data key goes first.
    /// Who holds the key sees whether another value is the same ([`Vault::is_version_of`]) without opening anything.
    pub fn new_version(
        &self,
        keys: &SubjectKeys,
        item: Item,
        compartment: Compartment,
        value: &[u8],
        random: &dyn Random,
    ) -> Result<ValueVersion, VaultError> {
        let drawn: [u8; 8] = random.bytes()?;
        self.version(keys, item, compartment, drawn, value)
    }

    /// Whether this value is the one that got this version.
    pub fn is_version_of(
        &self,
        keys: &SubjectKeys,
        item: Item,
        compartment: Compartment,
        version: ValueVersion,
        value: &[u8],
    ) -> Result<bool, VaultError> {
        let [drawn @ .., _, _, _, _, _, _, _, _] = version.0;
        let again = self.version(keys, item, compartment, drawn, value)?;
        Ok(bool::from(again.0.as_slice().ct_eq(version.0.as_slice())))
    }

    fn version(
        &self,
        keys: &SubjectKeys,
        item: Item,
        compartment: Compartment,
        drawn: [u8; 8],
        value: &[u8],
    ) -> Result<ValueVersion, VaultError> {
        let data = keys.data_key(compartment)?;
        let key = match data.marks.get() {
            Some(key) => key,
            None => {
                let key = suite::derive(keys.suite, &data.bytes, VERSION, HASH_LEN)?;
                data.marks.get_or_init(|| key)
            }
        };
        let mac = suite::mac(keys.suite, key, [bind(&[&[item.0], &drawn, value]).as_slice()]);
        let mut version = [0; 16];
        version.iter_mut().zip(drawn.into_iter().chain(mac)).for_each(|(out, byte)| *out = byte);
        Ok(ValueVersion(version))
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

#[cfg(test)]
mod tests {
    use super::*;
    use yinuo_domain::Suite;

    #[test]
    fn a_mac_with_a_key_taken_in_once_is_the_same_mac() {
        for suite in [Suite::Guomi, Suite::International] {
            let keyed = KeyedMac::new(suite, &[7; HASH_LEN]);
            for len in [0, 1, 63, 64, 65, 500] {
                let bytes = vec![3; len];
                assert_eq!(keyed.of(&bytes), suite::mac(suite, &[7; HASH_LEN], [bytes.as_slice()]), "{len}");
            }
        }
    }
}
