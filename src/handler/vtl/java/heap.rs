//! The maps and lists of one rendering, and the bounds on what it may do.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::{Equivalent, IndexMap};

use super::{JavaValue, Key, Thrown};
use crate::clock::Clock;
use crate::limits::Limits;
use crate::value::{self, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListId(pub(super) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapId(pub(super) u32);

/// Which side of a map a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Keys,
    Values,
    Entries,
}

pub type Members = IndexMap<Key, JavaValue, foldhash::fast::RandomState>;

struct List {
    items: Items,
    /// Counts changes of the length, which an iteration under way must not see.
    changes: u32,
}

enum Items {
    Shared(Arc<Vec<Value>>),
    Owned(Vec<JavaValue>),
}

struct Map {
    members: MapMembers,
    changes: u32,
    /// The value that it began as, as long as nothing in it can have changed.
    is_info: bool,
}

enum MapMembers {
    Shared(Arc<value::Map>),
    Owned(Members),
}

/// A place in a list or map that is gone through.
pub struct Iteration {
    of: JavaValue,
    at: usize,
    changes: u32,
    /// Whether a map has one more member, as seen when the last was given.
    has_next: bool,
}

/// A string as a key, without making one.
pub struct TextKey<'a>(pub &'a str);

impl Hash for TextKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Key> for TextKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        matches!(&key.0, JavaValue::String(text) if text == self.0)
    }
}

/// Steps of one rendering: statements, expressions, calls, and items that a call goes through. Ours; AppSync documents none
/// besides the rounds of a loop. A typical request takes a few hundred.
const WORK: u64 = 5_000_000;

/// Steps after which the clock is looked at: some 100 µs.
const STEPS_PER_LOOK: usize = 2_048;

/// Bytes that an item of a list or a member of a map is counted with.
const ITEM_BYTES: usize = 64;

pub struct Heap {
    lists: Vec<List>,
    maps: Vec<Map>,
    entries: Vec<(MapId, Key)>,
    iterations: Vec<Iteration>,
    clock: Clock,
    deadline: Instant,
    timeout: Duration,
    /// Steps until the clock is looked at.
    steps_to_look: usize,
    work_left: u64,
    bytes_left: usize,
    bytes: usize,
    /// How deep values may nest where they are walked.
    pub nesting: usize,
}

impl Heap {
    pub fn new(limits: &Limits, clock: &Clock) -> Heap {
        Heap {
            clock: clock.clone(),
            deadline: clock.instant() + limits.handler_timeout,
            timeout: limits.handler_timeout,
            steps_to_look: STEPS_PER_LOOK,
            lists: Vec::new(),
            maps: Vec::new(),
            entries: Vec::new(),
            iterations: Vec::new(),
            work_left: WORK,
            bytes_left: limits.handler_memory_bytes,
            bytes: limits.handler_memory_bytes,
            nesting: limits.value_nesting,
        }
    }

    /// Counts work that is about to be done.
    pub fn spend(&mut self, steps: usize) -> Result<(), Thrown> {
        match self.work_left.checked_sub(steps as u64) {
            Some(left) => {
                self.work_left = left;
                self.steps_to_look = self.steps_to_look.saturating_sub(steps);
                if self.steps_to_look == 0 { self.look_at_the_clock() } else { Ok(()) }
            }
            None => Err(Thrown::Limit(format!("the template did more than {WORK} steps"))),
        }
    }

    /// Refuses to go on when the time is over. Called before what may take long for one step.
    pub fn look_at_the_clock(&mut self) -> Result<(), Thrown> {
        self.steps_to_look = STEPS_PER_LOOK;
        if self.clock.instant() >= self.deadline {
            return Err(Thrown::Limit(format!("the template ran for more than {:?}", self.timeout)));
        }
        Ok(())
    }

    /// Counts memory that is about to be used.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Thrown> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => Err(Thrown::Limit(format!("the template used more than {} MB of memory", self.bytes >> 20))),
        }
    }

    fn hold_items(&mut self, count: usize) -> Result<(), Thrown> {
        self.spend(count)?;
        self.hold(count.saturating_mul(ITEM_BYTES))
    }

    pub fn too_deep(&self) -> Thrown {
        Thrown::Limit(format!("a value nests deeper than {} levels, or contains itself", self.nesting))
    }

    pub fn new_list(&mut self, items: Vec<JavaValue>) -> Result<ListId, Thrown> {
        self.hold_items(items.len() + 1)?;
        self.lists.push(List { items: Items::Owned(items), changes: 0 });
        Ok(ListId(self.lists.len() as u32 - 1))
    }

    pub fn new_map(&mut self, members: Members) -> Result<MapId, Thrown> {
        self.hold_items(members.len() + 1)?;
        self.maps.push(Map { members: MapMembers::Owned(members), changes: 0, is_info: false });
        Ok(MapId(self.maps.len() as u32 - 1))
    }

    /// A value from outside; lists and objects stay shared until they are looked into.
    pub fn give(&mut self, value: &Value) -> JavaValue {
        match value {
            Value::Null => JavaValue::Null,
            Value::Bool(value) => JavaValue::Boolean(*value),
            Value::Number(number) => super::number::from_number(number),
            Value::String(text) => JavaValue::String(text.clone()),
            Value::List(items) => {
                self.lists.push(List { items: Items::Shared(items.clone()), changes: 0 });
                JavaValue::List(ListId(self.lists.len() as u32 - 1))
            }
            Value::Object(map) => {
                self.maps.push(Map { members: MapMembers::Shared(map.clone()), changes: 0, is_info: false });
                JavaValue::Map(MapId(self.maps.len() as u32 - 1))
            }
        }
    }

    /// `$ctx.info`, of which `$util.toJson` leaves out two members.
    pub fn mark_info(&mut self, id: MapId) {
        self.maps[id.0 as usize].is_info = true;
    }

    pub fn is_info(&self, id: MapId) -> bool {
        self.maps[id.0 as usize].is_info
    }

    /// The list as it came in, when it was never looked into.
    pub fn shared_list(&self, id: ListId) -> Option<&Arc<Vec<Value>>> {
        match &self.lists[id.0 as usize].items {
            Items::Shared(items) => Some(items),
            Items::Owned(_) => None,
        }
    }

    pub fn shared_map(&self, id: MapId) -> Option<&Arc<value::Map>> {
        match &self.maps[id.0 as usize].members {
            MapMembers::Shared(map) => Some(map),
            MapMembers::Owned(_) => None,
        }
    }

    pub fn list_len(&self, id: ListId) -> usize {
        match &self.lists[id.0 as usize].items {
            Items::Shared(items) => items.len(),
            Items::Owned(items) => items.len(),
        }
    }

    pub fn map_len(&self, id: MapId) -> usize {
        match &self.maps[id.0 as usize].members {
            MapMembers::Shared(map) => map.len(),
            MapMembers::Owned(members) => members.len(),
        }
    }

    /// The items, for reading and for replacing; a change of their number is told by [`Heap::resize`].
    pub fn items(&mut self, id: ListId) -> Result<&mut Vec<JavaValue>, Thrown> {
        if let Some(shared) = self.shared_list(id).cloned() {
            self.hold_items(shared.len())?;
            let items = shared.iter().map(|item| self.give(item)).collect();
            self.lists[id.0 as usize].items = Items::Owned(items);
        }
        match &mut self.lists[id.0 as usize].items {
            Items::Owned(items) => Ok(items),
            Items::Shared(_) => unreachable!("it was just replaced"),
        }
    }

    pub fn members(&mut self, id: MapId) -> Result<&mut Members, Thrown> {
        if let Some(shared) = self.shared_map(id).cloned() {
            self.hold_items(shared.len())?;
            let members =
                shared.iter().map(|(key, value)| (Key(JavaValue::String(key.clone())), self.give(value))).collect();
            self.maps[id.0 as usize].members = MapMembers::Owned(members);
        }
        match &mut self.maps[id.0 as usize].members {
            MapMembers::Owned(members) => Ok(members),
            MapMembers::Shared(_) => unreachable!("it was just replaced"),
        }
    }

    /// Counts items that are about to be added, and tells iterations that the length changes.
    pub fn resize(&mut self, id: ListId, added: usize) -> Result<(), Thrown> {
        self.hold_items(added)?;
        self.lists[id.0 as usize].changes += 1;
        Ok(())
    }

    pub fn resize_map(&mut self, id: MapId) {
        self.maps[id.0 as usize].changes += 1;
    }

    /// The member under a string; null where there is none.
    pub fn get_text(&mut self, id: MapId, key: &str) -> Result<JavaValue, Thrown> {
        if let MapMembers::Shared(map) = &self.maps[id.0 as usize].members {
            match map.get(key) {
                None => return Ok(JavaValue::Null),
                Some(Value::List(_) | Value::Object(_)) => {}
                Some(scalar) => {
                    let scalar = scalar.clone();
                    return Ok(self.give(&scalar));
                }
            }
        }
        Ok(self.members(id)?.get(&TextKey(key)).cloned().unwrap_or_default())
    }

    pub fn get(&mut self, id: MapId, key: &JavaValue) -> Result<JavaValue, Thrown> {
        match key {
            JavaValue::String(text) => self.get_text(id, text),
            key => Ok(self.members(id)?.get(&Key(key.clone())).cloned().unwrap_or_default()),
        }
    }

    pub fn contains_key(&mut self, id: MapId, key: &JavaValue) -> Result<bool, Thrown> {
        if let (Some(map), JavaValue::String(text)) = (self.shared_map(id), key) {
            return Ok(map.contains_key(text.as_str()));
        }
        Ok(self.members(id)?.contains_key(&Key(key.clone())))
    }

    /// Sets a member and gives the one before.
    pub fn put(&mut self, id: MapId, key: JavaValue, value: JavaValue) -> Result<JavaValue, Thrown> {
        let old = self.members(id)?.insert(Key(key), value);
        if old.is_none() {
            self.hold_items(1)?;
            self.resize_map(id);
        }
        Ok(old.unwrap_or_default())
    }

    pub fn remove(&mut self, id: MapId, key: &JavaValue) -> Result<JavaValue, Thrown> {
        let length = self.map_len(id);
        self.spend(length)?;
        let old = self.members(id)?.shift_remove(&Key(key.clone()));
        if old.is_some() {
            self.resize_map(id);
        }
        Ok(old.unwrap_or_default())
    }

    pub fn new_entry(&mut self, map: MapId, key: Key) -> Result<JavaValue, Thrown> {
        self.hold(ITEM_BYTES)?;
        self.entries.push((map, key));
        Ok(JavaValue::Entry(self.entries.len() - 1))
    }

    pub fn entry_key(&self, entry: usize) -> JavaValue {
        self.entries[entry].1.0.clone()
    }

    pub fn entry_value(&mut self, entry: usize) -> Result<JavaValue, Thrown> {
        let (map, key) = self.entries[entry].clone();
        self.get(map, &key.0)
    }

    pub fn set_entry(&mut self, entry: usize, value: JavaValue) -> Result<JavaValue, Thrown> {
        let (map, key) = self.entries[entry].clone();
        self.put(map, key.0, value)
    }

    /// What a view shows of the member at `at`.
    fn viewed(&mut self, map: MapId, view: View, at: usize) -> Result<JavaValue, Thrown> {
        let member = self.members(map)?.get_index(at).map(|(key, value)| (key.clone(), value.clone()));
        let Some((key, value)) = member else { return Ok(JavaValue::Null) };
        match view {
            View::Keys => Ok(key.0),
            View::Values => Ok(value),
            View::Entries => self.new_entry(map, key),
        }
    }

    /// All items of a list, array or view; `None` for what has none.
    pub fn collect(&mut self, value: &JavaValue) -> Result<Option<Vec<JavaValue>>, Thrown> {
        match value {
            JavaValue::List(id) | JavaValue::Array(id) => {
                self.hold_items(self.list_len(*id))?;
                Ok(Some(self.items(*id)?.clone()))
            }
            JavaValue::View(map, view) => {
                let length = self.map_len(*map);
                self.hold_items(length)?;
                (0..length).map(|at| self.viewed(*map, *view, at)).collect::<Result<_, _>>().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Begins to go through a value; `None` for what has no items. A map gives its values.
    pub fn iterate(&mut self, value: &JavaValue) -> Option<Iteration> {
        let (of, changes, has_next) = match value {
            JavaValue::List(id) | JavaValue::Array(id) => (value.clone(), self.lists[id.0 as usize].changes, false),
            JavaValue::Map(id) => {
                (JavaValue::View(*id, View::Values), self.maps[id.0 as usize].changes, self.map_len(*id) > 0)
            }
            JavaValue::View(id, _) => (value.clone(), self.maps[id.0 as usize].changes, self.map_len(*id) > 0),
            _ => return None,
        };
        Some(Iteration { of, at: 0, changes, has_next })
    }

    pub fn has_next(&self, iteration: &Iteration) -> bool {
        match &iteration.of {
            // As Java has it: a list compares with its length of now, so that one that shrank may have no end.
            JavaValue::List(id) | JavaValue::Array(id) => iteration.at != self.list_len(*id),
            _ => iteration.has_next,
        }
    }

    /// The next item.
    ///
    /// # Errors
    /// Java's exceptions: there is none, or items were added or removed since.
    pub fn next(&mut self, iteration: &mut Iteration) -> Result<JavaValue, Thrown> {
        self.spend(1)?;
        let concurrent = || Thrown::Exception { class: "java.util.ConcurrentModificationException", message: None };
        let exhausted = || Thrown::Exception { class: "java.util.NoSuchElementException", message: None };
        match iteration.of.clone() {
            JavaValue::List(id) | JavaValue::Array(id) => {
                if self.lists[id.0 as usize].changes != iteration.changes {
                    return Err(concurrent());
                }
                let item = self.items(id)?.get(iteration.at).cloned().ok_or_else(exhausted)?;
                iteration.at += 1;
                Ok(item)
            }
            JavaValue::View(id, view) => {
                if self.maps[id.0 as usize].changes != iteration.changes {
                    return Err(concurrent());
                }
                if !iteration.has_next {
                    return Err(exhausted());
                }
                let item = self.viewed(id, view, iteration.at)?;
                iteration.at += 1;
                iteration.has_next = iteration.at < self.map_len(id);
                Ok(item)
            }
            _ => Err(exhausted()),
        }
    }

    pub fn new_iterator(&mut self, iteration: Iteration) -> Result<JavaValue, Thrown> {
        self.hold(ITEM_BYTES)?;
        self.iterations.push(iteration);
        Ok(JavaValue::Iterator(self.iterations.len() - 1))
    }

    pub fn iterator_has_next(&self, iterator: usize) -> bool {
        self.has_next(&self.iterations[iterator])
    }

    pub fn iterator_next(&mut self, iterator: usize) -> Result<JavaValue, Thrown> {
        let nothing = Iteration { of: JavaValue::Null, at: 0, changes: 0, has_next: false };
        let mut iteration = std::mem::replace(&mut self.iterations[iterator], nothing);
        let item = self.next(&mut iteration);
        self.iterations[iterator] = iteration;
        item
    }
}
