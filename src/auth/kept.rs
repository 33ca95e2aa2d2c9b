//! A bounded memory: what was not asked for since the last turn is forgotten first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Values by digest, up to about twice `most_bytes`.
pub struct Kept<V> {
    most_bytes: usize,
    generations: Mutex<Generations<V>>,
}

struct Generations<V> {
    young: HashMap<[u8; 32], (V, usize)>,
    old: HashMap<[u8; 32], (V, usize)>,
    young_bytes: usize,
}

impl<V: Clone> Kept<V> {
    pub fn new(most_bytes: usize) -> Kept<V> {
        let generations = Generations { young: HashMap::new(), old: HashMap::new(), young_bytes: 0 };
        Kept { most_bytes, generations: Mutex::new(generations) }
    }

    pub fn get(&self, key: &[u8; 32]) -> Option<V> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, _)) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (value, bytes) = generations.old.remove(key)?;
        generations.insert(*key, value.clone(), bytes, self.most_bytes);
        Some(value)
    }

    /// `bytes`: what the value takes, roughly.
    pub fn insert(&self, key: [u8; 32], value: V, bytes: usize) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(key, value, bytes, self.most_bytes);
    }
}

impl<V> Generations<V> {
    fn insert(&mut self, key: [u8; 32], value: V, bytes: usize, most_bytes: usize) {
        self.young_bytes += bytes + 128;
        if let Some((_, replaced)) = self.young.insert(key, (value, bytes)) {
            self.young_bytes -= replaced + 128;
        }
        if self.young_bytes > most_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_goes() {
        let kept = Kept::new(1_280);
        let key = |n: u8| [n; 32];
        for n in 0..100 {
            kept.insert(key(n), n, 0);
            assert_eq!(kept.get(&key(0)), Some(0), "after {n}");
        }
        assert_eq!((kept.get(&key(1)), kept.get(&key(99))), (None, Some(99)));
        let generations = kept.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 22);
    }
}
