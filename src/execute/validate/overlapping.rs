//! OverlappingFieldsCanBeMerged: two fields of one response key must be one field.
//! <https://spec.graphql.org/June2018/#sec-Field-Selection-Merging>
//!
//! The specification compares every two fields that can meet, which is quadratic in long selections and exponential in
//! nested fragments. Here all fields of one response key are compared with one of them, because "same type shape" and
//! "same name and arguments" are equivalences; then their selection sets are merged as one set and the same is asked
//! there. A set is asked once however many ways lead to it.
//!
//! The engine reports a conflict where the two ways to its fields part: `a: (b: x and y are different fields)` at the
//! selection set that holds both `a`s. So a merged set remembers which field each of its entries came through.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;

use crate::error::Location;
use crate::execute::document::{Argument, Document, Field, Selection, SelectionSet};
use crate::execute::validate::MAX_ERRORS;
use crate::execute::validate::types::Types;
use crate::schema::{FieldDefinition, Type, TypeDefinition};

/// Fields looked at before we give up. Ours: without fragments a document of 15,000 tokens needs less than 100,000, but
/// fragments can be arranged so that the number of different merged sets doubles with every level.
pub(super) const MAX_STEPS: usize = 500_000;

/// Fields that cannot be merged, with everything else that is wrong between the same two outer fields.
pub(super) struct Conflict<'a> {
    /// The keys and pairs of fields that lead to the conflict, innermost first.
    ways: Vec<(&'a str, Pair)>,
    reasons: Vec<(String, Pair)>,
}

type Pair = [Location; 2];

impl Conflict<'_> {
    /// `a: (b: x and y are different fields)`
    pub fn reason(&self) -> String {
        let reasons: Vec<&str> = self.reasons.iter().map(|(reason, _)| reason.as_str()).collect();
        let mut text = String::new();
        for (key, _) in self.ways.iter().rev() {
            text.extend([key, ": ("]);
        }
        text + &reasons.join(", ") + &")".repeat(self.ways.len())
    }

    /// The fields named in the reason, from the outermost pair inwards.
    pub fn locations(&self) -> Vec<Location> {
        let ways = self.ways.iter().rev().map(|(_, pair)| pair);
        ways.chain(self.reasons.iter().map(|(_, pair)| pair)).flatten().copied().collect()
    }

    fn outermost(&self) -> Option<Pair> {
        self.ways.last().map(|(_, pair)| *pair).or_else(|| self.reasons.first().map(|(_, pair)| *pair))
    }
}

#[derive(Default)]
pub(super) struct Conflicts<'a> {
    by_selection_set: HashMap<usize, Vec<Conflict<'a>>>,
    count: usize,
    pub steps: usize,
    /// More than [`MAX_STEPS`] would have been needed.
    pub is_incomplete: bool,
}

impl<'a> Conflicts<'a> {
    /// The conflicts to report when the walk leaves the selection set.
    pub fn take(&mut self, selection_set: &SelectionSet) -> Vec<Conflict<'a>> {
        if self.by_selection_set.is_empty() {
            return Vec::new();
        }
        let mut conflicts = self.by_selection_set.remove(&address(selection_set)).unwrap_or_default();
        conflicts.sort_by_key(Conflict::outermost);
        conflicts
    }
}

/// Finds the conflicts of all operations. The fragments must not form cycles.
pub(super) fn find_conflicts<'a>(types: Types<'a>, document: &'a Document) -> Conflicts<'a> {
    let mut search = Search::new(types, document);
    for operation in &document.operations {
        search.add_single(&operation.selection_set, types.root(operation.operation_type));
    }
    search.run();
    search.conflicts
}

/// A selection set that contributes to a merged one.
#[derive(Clone, Copy)]
struct Source<'a> {
    selection_set: &'a SelectionSet,
    parent: Option<&'a TypeDefinition>,
    /// Which entry of the outer set it belongs to.
    owner: usize,
    /// The selection set as the field has it; see [`Search::source`].
    report_at: usize,
}

/// Selection sets that are merged, before their fields are collected.
struct Pending<'a> {
    sources: Vec<Source<'a>>,
    outer: Option<Outer<'a>>,
}

/// Where a merged set comes from: the fields `key` of the set with this index.
#[derive(Clone, Copy)]
struct Outer<'a> {
    set: usize,
    key: &'a str,
}

/// The fields of one selection set, or of several that are merged.
struct FieldSet<'a> {
    entries: Vec<Entry<'a>>,
    outer: Option<Outer<'a>>,
    /// The selection set that reports conflicts between its own fields, unless `outer` says more.
    report_at: usize,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    field: &'a Field,
    parent: &'a TypeDefinition,
    definition: &'a FieldDefinition,
    owner: usize,
}

struct Search<'a> {
    types: Types<'a>,
    document: &'a Document,
    sets: Vec<FieldSet<'a>>,
    /// Sets of one selection set each. They go first: a conflict inside one is not reported again for a merged set.
    single: VecDeque<Source<'a>>,
    merged: VecDeque<Pending<'a>>,
    seen: HashSet<Vec<usize>>,
    /// Pairs of fields with a conflict, by address.
    reported: HashSet<(usize, usize)>,
    conflicts: Conflicts<'a>,
}

impl<'a> Search<'a> {
    fn new(types: Types<'a>, document: &'a Document) -> Search<'a> {
        Search {
            types,
            document,
            sets: Vec::new(),
            single: VecDeque::new(),
            merged: VecDeque::new(),
            seen: HashSet::new(),
            reported: HashSet::new(),
            conflicts: Conflicts::default(),
        }
    }

    fn run(&mut self) {
        loop {
            let pending = match self.single.pop_front() {
                Some(source) => Pending { sources: vec![source], outer: None },
                None => match self.merged.pop_front() {
                    Some(pending) => pending,
                    None => return,
                },
            };
            let groups = self.collect(pending);
            for (key, members) in groups {
                self.check_group(key, &members);
            }
            if self.conflicts.steps > MAX_STEPS {
                self.conflicts.is_incomplete = true;
                return;
            }
        }
    }

    /// Collects the fields of the sources into a new set, and gives its entries by response key.
    fn collect(&mut self, pending: Pending<'a>) -> IndexMap<&'a str, Vec<usize>> {
        let report_at = pending.sources.first().map_or(0, |source| source.report_at);
        let mut set = FieldSet { entries: Vec::new(), outer: pending.outer, report_at };
        let mut groups: IndexMap<&str, Vec<usize>> = IndexMap::new();
        let mut visited_fragments = HashSet::new();
        for Source { selection_set, parent, owner, .. } in pending.sources {
            let mut open = vec![(selection_set.iter(), parent)];
            while let Some((selections, parent)) = open.last_mut() {
                let parent = *parent;
                self.conflicts.steps += 1;
                match selections.next() {
                    None => drop(open.pop()),
                    Some(Selection::Field(field)) => {
                        // Undefined fields are reported as such and would only lead to more errors here.
                        let definition =
                            parent.and_then(|parent| Some((parent, self.types.field(parent, &field.name)?)));
                        if let Some((parent, definition)) = definition {
                            groups.entry(field.response_key()).or_default().push(set.entries.len());
                            set.entries.push(Entry { field, parent, definition, owner });
                        }
                    }
                    Some(Selection::InlineFragment(inline)) => {
                        let target = inline.type_condition.as_ref().map_or(parent, |name| self.types.composite(name));
                        open.push((inline.selection_set.iter(), target));
                    }
                    Some(Selection::FragmentSpread(spread)) => {
                        if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                            && visited_fragments.insert(&fragment.name)
                        {
                            open.push((fragment.selection_set.iter(), self.types.composite(&fragment.type_condition)));
                        }
                    }
                }
                if self.conflicts.steps > MAX_STEPS {
                    break;
                }
            }
        }
        self.sets.push(set);
        groups
    }

    fn entry(&self, index: usize) -> Entry<'a> {
        // Indices come from `collect` of the newest set, which is never empty then.
        self.sets[self.sets.len() - 1].entries[index]
    }

    /// Compares the fields of one response key in the newest set, and queues what lies below them.
    fn check_group(&mut self, key: &'a str, members: &[usize]) {
        for &member in members {
            let Entry { field, definition, .. } = self.entry(member);
            let parent = self.types.composite(definition.ty.name());
            self.add_single(&field.selection_set, parent);
        }
        if members.len() < 2 {
            return;
        }
        let alike = self.of_same_shape(members);
        for group in self.by_common_parents(&alike) {
            let same = self.of_same_name_and_arguments(&group);
            let sources = same.iter().filter_map(|&member| {
                let Entry { field, definition, .. } = self.entry(member);
                let parent = self.types.composite(definition.ty.name());
                (!field.selection_set.is_empty()).then(|| self.source(&field.selection_set, parent, member))
            });
            let sources: Vec<_> = sources.collect();
            self.add_merged(sources, key);
        }
    }

    /// A selection set that is nothing but `{ ...F }` is F's, so that one large fragment under many fields is one set.
    fn source(&self, selection_set: &'a SelectionSet, parent: Option<&'a TypeDefinition>, owner: usize) -> Source<'a> {
        let mut source = Source { selection_set, parent, owner, report_at: address(selection_set) };
        while let [Selection::FragmentSpread(spread)] = &source.selection_set[..] {
            let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { break };
            source.selection_set = &fragment.selection_set;
            source.parent = self.types.composite(&fragment.type_condition);
        }
        source
    }

    fn add_single(&mut self, selection_set: &'a SelectionSet, parent: Option<&'a TypeDefinition>) {
        let source = self.source(selection_set, parent, 0);
        if !selection_set.is_empty() && self.seen.insert(vec![address(source.selection_set)]) {
            self.single.push_back(source);
        }
    }

    fn add_merged(&mut self, sources: Vec<Source<'a>>, key: &'a str) {
        let mut addresses: Vec<usize> = sources.iter().map(|source| address(source.selection_set)).collect();
        self.conflicts.steps += addresses.len();
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.len() > 1 && self.seen.insert(addresses) {
            self.merged.push_back(Pending { sources, outer: Some(Outer { set: self.sets.len() - 1, key }) });
        }
    }

    /// The members whose lists, non-nulls and leaf types are those of the first; the others are conflicts.
    fn of_same_shape(&mut self, members: &[usize]) -> Vec<usize> {
        let Some((&first, others)) = members.split_first() else { return Vec::new() };
        let mut alike = vec![first];
        for &other in others {
            self.conflicts.steps += 1;
            match self.differing_shape(&self.entry(first).definition.ty, &self.entry(other).definition.ty) {
                Some(reason) => self.add_conflict(first, other, &reason),
                None => alike.push(other),
            }
        }
        alike
    }

    /// <https://spec.graphql.org/June2018/#SameResponseShape()>
    fn differing_shape(&self, a: &Type, b: &Type) -> Option<String> {
        match (a, b) {
            (Type::NonNull(a), Type::NonNull(b)) => self.differing_shape(a, b),
            (Type::NonNull(_), _) | (_, Type::NonNull(_)) => {
                Some("fields have different nullability shapes".to_owned())
            }
            (Type::List(a), Type::List(b)) => self.differing_shape(a, b),
            (Type::List(_), _) | (_, Type::List(_)) => Some("fields have different list shapes".to_owned()),
            (Type::Named(a), Type::Named(b)) => {
                let is_leaf = |name: &str| self.types.get(name).is_some_and(TypeDefinition::is_leaf);
                (a != b && (is_leaf(a) || is_leaf(b))).then(|| format!("they return differing types {a} and {b}"))
            }
        }
    }

    /// Groups of fields that one object can have: all of abstract types together with those of each object type.
    fn by_common_parents(&mut self, members: &[usize]) -> Vec<Vec<usize>> {
        let mut on_abstract = Vec::new();
        let mut on_objects: IndexMap<&str, Vec<usize>> = IndexMap::new();
        for &member in members {
            match self.entry(member).parent {
                TypeDefinition::Object(object) => on_objects.entry(object.name.as_str()).or_default().push(member),
                _ => on_abstract.push(member),
            }
        }
        if on_objects.is_empty() {
            return vec![on_abstract];
        }
        let mut groups = Vec::with_capacity(on_objects.len());
        for (_, mut group) in on_objects {
            self.conflicts.steps += group.len() + on_abstract.len();
            if self.conflicts.steps > MAX_STEPS {
                break;
            }
            group.extend(&on_abstract);
            group.sort_unstable();
            groups.push(group);
        }
        groups
    }

    /// The members that are the same field with the same arguments as the first; the others are conflicts.
    fn of_same_name_and_arguments(&mut self, members: &[usize]) -> Vec<usize> {
        let Some((&first, others)) = members.split_first() else { return Vec::new() };
        let mut same = vec![first];
        for &other in others {
            let (a, b) = (self.entry(first).field, self.entry(other).field);
            self.conflicts.steps += 1 + a.arguments.len() * b.arguments.len();
            if self.conflicts.steps > MAX_STEPS {
                break;
            }
            if a.name != b.name {
                self.add_conflict(first, other, &format!("{} and {} are different fields", a.name, b.name));
            } else if !same_arguments(&a.arguments, &b.arguments) {
                self.add_conflict(first, other, "they have differing arguments");
            } else {
                same.push(other);
            }
        }
        same
    }

    /// Records that two entries of the newest set cannot be merged, told from where the ways to them part.
    fn add_conflict(&mut self, a: usize, b: usize, reason: &str) {
        // More would not be told anyway.
        if self.conflicts.count >= MAX_ERRORS {
            return;
        }
        let (mut a, mut b) = (self.entry(a), self.entry(b));
        if !self.reported.insert((std::ptr::from_ref(a.field).addr(), std::ptr::from_ref(b.field).addr())) {
            return;
        }
        let reason = (format!("{}: {reason}", a.field.response_key()), [a.field.location, b.field.location]);
        let mut set = &self.sets[self.sets.len() - 1];
        let mut report_at = set.report_at;
        let mut ways = Vec::new();
        while let Some(outer) = set.outer {
            let outer_set = &self.sets[outer.set];
            let is_same_way = a.owner == b.owner;
            (a, b) = (outer_set.entries[a.owner], outer_set.entries[b.owner]);
            if is_same_way {
                report_at = address(&a.field.selection_set);
                break;
            }
            ways.push((outer.key, [a.field.location, b.field.location]));
            report_at = outer_set.report_at;
            set = outer_set;
        }
        self.conflicts.count += 1;
        let conflicts = self.conflicts.by_selection_set.entry(report_at).or_default();
        match conflicts.last_mut() {
            Some(last) if !ways.is_empty() && last.ways == ways => last.reasons.push(reason),
            _ => conflicts.push(Conflict { ways, reasons: vec![reason] }),
        }
    }
}

fn same_arguments(a: &[Argument], b: &[Argument]) -> bool {
    a.len() == b.len()
        && a.iter().all(|argument| b.iter().any(|other| other.name == argument.name && other.value == argument.value))
}

/// Selection sets are compared as nodes of the document, not by what they hold.
fn address(selection_set: &SelectionSet) -> usize {
    selection_set.as_ptr().addr()
}
