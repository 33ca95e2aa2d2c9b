//! `equals` of values.

use super::{Heap, JavaValue, Key, Thrown, View};

impl Heap {
    /// Java's `equals`.
    pub fn equals(&mut self, one: &JavaValue, two: &JavaValue) -> Result<bool, Thrown> {
        self.equals_within(one, two, self.nesting)
    }

    fn equals_within(&mut self, one: &JavaValue, two: &JavaValue, levels: usize) -> Result<bool, Thrown> {
        self.spend(1)?;
        if levels == 0 {
            return Err(self.too_deep());
        }
        match (one, two) {
            (JavaValue::List(a), JavaValue::List(b)) if a != b => {
                let length = self.list_len(*a);
                if length != self.list_len(*b) {
                    return Ok(false);
                }
                for at in 0..length {
                    let (one, two) = (self.items(*a)?[at].clone(), self.items(*b)?[at].clone());
                    if !self.equals_within(&one, &two, levels - 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (JavaValue::Map(a), JavaValue::Map(b)) if a != b => {
                let length = self.map_len(*a);
                if length != self.map_len(*b) {
                    return Ok(false);
                }
                for at in 0..length {
                    let Some((key, value)) = self.members(*a)?.get_index(at).map(|(k, v)| (k.clone(), v.clone()))
                    else {
                        return Ok(false);
                    };
                    let Some(other) = self.members(*b)?.get(&key).cloned() else { return Ok(false) };
                    if !self.equals_within(&value, &other, levels - 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (JavaValue::View(a, View::Keys), JavaValue::View(b, View::Keys)) if a != b => {
                if self.map_len(*a) != self.map_len(*b) {
                    return Ok(false);
                }
                let keys: Vec<Key> = self.members(*a)?.keys().cloned().collect();
                self.spend(keys.len())?;
                let others = self.members(*b)?;
                Ok(keys.iter().all(|key| others.contains_key(key)))
            }
            (JavaValue::Entry(a), JavaValue::Entry(b)) if a != b => {
                let keys = (self.entry_key(*a), self.entry_key(*b));
                let values = (self.entry_value(*a)?, self.entry_value(*b)?);
                Ok(Key(keys.0) == Key(keys.1) && self.equals_within(&values.0, &values.1, levels - 1)?)
            }
            (JavaValue::Double(a), JavaValue::Double(b)) => Ok(a.to_bits() == b.to_bits()),
            _ => Ok(Key(one.clone()) == Key(two.clone())),
        }
    }

    /// The place of an item, from the front or from the back.
    pub fn position(
        &mut self,
        items: &[JavaValue],
        sought: &JavaValue,
        from_back: bool,
    ) -> Result<Option<usize>, Thrown> {
        for at in 0..items.len() {
            let at = if from_back { items.len() - 1 - at } else { at };
            if self.equals(sought, &items[at])? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }
}
