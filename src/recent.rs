//! What was asked for lately: a bounded map, in which what was not used for longest makes way.
//!
//! For names that clients choose and of which an application has a dozen: hosts. Making room looks at all of them,
//! which is less than the work of whatever is put in.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// At most so many values, by their keys.
#[derive(Debug)]
pub struct Recent<K, V> {
    most: usize,
    by_key: HashMap<K, Used<V>>,
    /// Counts up with each use.
    clock: u64,
}

#[derive(Debug)]
struct Used<V> {
    at: u64,
    value: V,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    /// Room for `most`.
    pub fn new(most: usize) -> Self {
        Self { most, by_key: HashMap::new(), clock: 0 }
    }

    /// What is there for `key`, which is used by that.
    pub fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.clock += 1;
        let used = self.by_key.get_mut(key)?;
        used.at = self.clock;
        Some(&mut used.value)
    }

    /// The same by who only looks.
    pub fn peek<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key).map(|used| &used.value)
    }

    /// Puts `value` there, in the place of what was there; where there is no room, of what was not used for longest.
    pub fn insert(&mut self, key: K, value: V) {
        if self.by_key.len() >= self.most && !self.by_key.contains_key(&key) {
            let oldest = self.by_key.iter().min_by_key(|(_, used)| used.at).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.by_key.remove(&key));
        }
        self.clock += 1;
        self.by_key.insert(key, Used { at: self.clock, value });
    }

    /// Everything that is there, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.by_key.values().map(|used| &used.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_makes_way() {
        let mut recent = Recent::<String, u32>::new(3);
        for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
            recent.insert(key.into(), value);
        }
        assert_eq!(recent.get("a").copied(), Some(1));
        assert_eq!(recent.peek("b"), Some(&2), "a look is no use");
        recent.insert("d".into(), 4);
        let there = |recent: &Recent<String, u32>| ["a", "b", "c", "d", "e"].map(|key| recent.peek(key).copied());
        assert_eq!(there(&recent), [Some(1), None, Some(3), Some(4), None]);
        recent.insert("c".into(), 5);
        assert_eq!(there(&recent), [Some(1), None, Some(5), Some(4), None], "nobody makes way for the same key");
        recent.insert("e".into(), 6);
        assert_eq!(there(&recent), [None, None, Some(5), Some(4), Some(6)]);
        assert_eq!(recent.values().sum::<u32>(), 15);
    }
}
