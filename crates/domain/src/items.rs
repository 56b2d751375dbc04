//! Items and purposes by code, and sets of items.

use std::fmt;

/// One kind of personal information (个人信息项), by its code in `rules/items.toml`. Codes are append-only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Item(pub u8);

/// Why information is processed, by its code in the platform's purposes. Codes are append-only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Purpose(pub u16);

/// A set of items: 256 bits, bit = code. Flat, with no hierarchy and no masks, so removing a tick never adds an item.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ItemSet([u64; 4]);

impl ItemSet {
    /// No items.
    pub const EMPTY: Self = Self([0; 4]);
    /// Every code there can be.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// Whether `item` is in the set.
    pub fn contains(&self, item: Item) -> bool {
        self.0.iter().zip(word_of(item)).any(|(word, bit)| word & bit != 0)
    }

    /// Adds `item`.
    pub fn insert(&mut self, item: Item) {
        self.0.iter_mut().zip(word_of(item)).for_each(|(word, bit)| *word |= bit);
    }

    /// Takes `item` out.
    pub fn remove(&mut self, item: Item) {
        self.0.iter_mut().zip(word_of(item)).for_each(|(word, bit)| *word &= !bit);
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// Whether everything here is also in `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// How many items are in it.
    pub fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The items in the order of their codes.
    pub fn iter(self) -> impl Iterator<Item = Item> {
        self.0.into_iter().zip([0u8, 64, 128, 192]).flat_map(|(mut word, base)| {
            std::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                // Below 64, so it fits.
                let bit = word.trailing_zeros() as u8;
                word &= word - 1;
                Some(Item(base + bit))
            })
        })
    }

    /// 32 bytes, code 0 in the lowest bit of the first byte.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut out = [0; 32];
        for (chunk, word) in out.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// The bytes of [`Self::to_bytes`] back.
    pub fn from_bytes(raw: [u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(raw.chunks_exact(8)) {
            *word = chunk.iter().rev().fold(0, |acc, byte| (acc << 8) | u64::from(*byte));
        }
        Self(words)
    }

    fn zip(self, other: Self, each: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = [0; 4];
        for (out, (a, b)) in words.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            *out = each(a, b);
        }
        Self(words)
    }
}

/// The set `{item}` as words, without an index that could be out of bounds.
fn word_of(item: Item) -> [u64; 4] {
    let bit = 1u64 << (item.0 % 64);
    match item.0 / 64 {
        0 => [bit, 0, 0, 0],
        1 => [0, bit, 0, 0],
        2 => [0, 0, bit, 0],
        _ => [0, 0, 0, bit],
    }
}

impl FromIterator<Item> for ItemSet {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        let mut set = Self::EMPTY;
        items.into_iter().for_each(|item| set.insert(item));
        set
    }
}

impl fmt::Debug for ItemSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|item| item.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_own_bit() {
        for code in 0..=255 {
            let set = ItemSet::from_iter([Item(code)]);
            assert!(set.contains(Item(code)));
            assert_eq!(set.len(), 1);
            assert_eq!(set.iter().collect::<Vec<_>>(), [Item(code)]);
            assert_eq!(ItemSet::from_bytes(set.to_bytes()), set);
            assert_eq!(set.to_bytes()[usize::from(code / 8)], 1 << (code % 8));
        }
        assert_eq!(ItemSet::ALL.len(), 256);
        assert_eq!(ItemSet::ALL.iter().count(), 256);
    }

    #[test]
    fn sets_behave_as_sets() {
        let set = |codes: &[u8]| codes.iter().map(|code| Item(*code)).collect::<ItemSet>();
        let (a, b) = (set(&[0, 63, 64, 255]), set(&[63, 128, 255]));
        assert_eq!(a.intersection(b), set(&[63, 255]));
        assert_eq!(a.union(b), set(&[0, 63, 64, 128, 255]));
        assert_eq!(a.difference(b), set(&[0, 64]));
        assert!(set(&[63]).is_subset(a) && !b.is_subset(a) && ItemSet::EMPTY.is_subset(b));
        let mut c = a;
        c.remove(Item(0));
        assert_eq!(c, set(&[63, 64, 255]));
    }
}
