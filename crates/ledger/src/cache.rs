//! A bounded map that forgets what was not used lately. Whatever it forgets is read from rows again.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations: when the young one is half of the bound, it becomes the old one, and the old one is dropped.
pub(crate) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new(max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (max / 2).max(1) }
    }

    /// A value that stays, and counts as used.
    pub(crate) fn get(&mut self, key: &K) -> Option<&V>
    where
        K: Copy,
    {
        if !self.young.contains_key(key)
            && let Some(value) = self.old.remove(key)
        {
            self.put(*key, value);
        }
        self.young.get(key)
    }

    /// Takes a value out, to be changed and put back.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        self.young.remove(key).or_else(|| self.old.remove(key))
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        if self.half <= self.young.len() {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Keeps only those values.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.young.retain(|_, value| keep(value));
        self.old.retain(|_, value| keep(value));
    }

    /// Drops what was not used since it was called last.
    pub(crate) fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bound_and_keeps_what_was_used_lately() {
        let mut cache = Cache::new(8);
        for number in 0..100 {
            cache.put(number, number);
            // Used all the time.
            if let Some(value) = cache.take(&0) {
                cache.put(0, value);
            }
            assert!(cache.young.len() + cache.old.len() <= 8);
        }
        assert_eq!(cache.take(&0), Some(0));
        assert_eq!(cache.take(&99), Some(99));
        assert_eq!(cache.take(&50), None);
        cache.put(0, 0);
        cache.put(98, 98);
        cache.retain(|value| *value != 98);
        assert_eq!(cache.get(&0), Some(&0));
        assert_eq!(cache.get(&98), None);
        cache.age();
        assert_eq!(cache.get(&0), Some(&0));
        cache.age();
        cache.age();
        assert_eq!(cache.get(&0), None);
        cache.put(1, 1);
        cache.clear();
        assert_eq!(cache.take(&1), None);
    }
}
