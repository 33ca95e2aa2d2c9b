//! Rules about fragments: FragmentsOnCompositeType, KnownFragmentNames, KnownTypeNames, NoUnusedFragments,
//! PossibleFragmentSpreads.

use crate::error::Location;
use crate::execute::document::{FragmentDefinition, FragmentSpread, InlineFragment, Selection};
use crate::execute::validate::types::{is_composite, name_of};
use crate::execute::validate::{Kind, Validator};
use crate::schema::TypeDefinition;

impl<'a> Validator<'a> {
    pub(super) fn known_type_name(&mut self, name: &str, location: Location) {
        if self.types.get(name).is_none() {
            self.report(Kind::UnknownType, location, format_args!("Unknown type {name}"));
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Fragments-On-Composite-Types>
    pub(super) fn fragment_on_composite_type(&mut self, fragment: &FragmentDefinition) {
        if self.is_no_composite(&fragment.type_condition) {
            self.report(
                Kind::InlineFragmentTypeConditionInvalid,
                fragment.location,
                format_args!("Fragment type condition is invalid, must be on Object/Interface/Union"),
            );
        }
    }

    pub(super) fn inline_fragment_on_composite_type(&mut self, inline: &InlineFragment) {
        if inline.type_condition.as_ref().is_some_and(|name| self.is_no_composite(name)) {
            self.report(
                Kind::InlineFragmentTypeConditionInvalid,
                inline.location,
                format_args!("Inline fragment type condition is invalid, must be on Object/Interface/Union"),
            );
        }
    }

    /// A type that exists but has no fields to select; unknown ones are another rule's matter.
    fn is_no_composite(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|definition| !is_composite(definition))
    }

    /// <https://spec.graphql.org/June2018/#sec-Fragment-spread-target-defined>
    pub(super) fn known_fragment_name(&mut self, spread: &FragmentSpread) {
        if !self.document.fragments.contains_key(&spread.fragment_name) {
            let name = &spread.fragment_name;
            self.report(Kind::UndefinedFragment, spread.location, format_args!("Undefined fragment {name}"));
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Fragment-spread-is-possible>
    pub(super) fn possible_fragment_spread(&mut self, spread: &FragmentSpread, parent: Option<&'a TypeDefinition>) {
        let fragment = self.document.fragments.get(&spread.fragment_name);
        let target = fragment.and_then(|fragment| self.types.composite(&fragment.type_condition));
        if let Some((parent, target)) = self.never_overlapping(parent, target) {
            self.report(
                Kind::InvalidFragmentType,
                spread.location,
                format_args!(
                    "Fragment {} cannot be spread here as objects of type {parent} can never be of type {target}",
                    spread.fragment_name
                ),
            );
        }
    }

    pub(super) fn possible_inline_fragment(
        &mut self,
        inline: &InlineFragment,
        parent: Option<&'a TypeDefinition>,
        target: Option<&'a TypeDefinition>,
    ) {
        if let Some((parent, target)) = self.never_overlapping(parent, target) {
            self.report(
                Kind::InvalidFragmentType,
                inline.location,
                format_args!(
                    "Fragment cannot be spread here as objects of type {parent} can never be of type {target}"
                ),
            );
        }
    }

    /// The names of two types that no object can have both.
    fn never_overlapping(
        &mut self,
        parent: Option<&'a TypeDefinition>,
        target: Option<&'a TypeDefinition>,
    ) -> Option<(&'a str, &'a str)> {
        let (parent, target) = (parent?, target?);
        let names = (name_of(parent), name_of(target));
        let types = self.types;
        let overlap = *self.overlaps.entry(names).or_insert_with(|| types.overlap(parent, target));
        (!overlap).then_some(names)
    }

    /// <https://spec.graphql.org/June2018/#sec-Fragments-Must-Be-Used>
    pub(super) fn no_unused_fragments(&mut self) {
        let mut roots = Vec::new();
        for operation in &self.document.operations {
            let mut open = vec![operation.selection_set.iter()];
            while let Some(selections) = open.last_mut() {
                match selections.next() {
                    None => drop(open.pop()),
                    Some(Selection::FragmentSpread(spread)) => roots.push(spread.fragment_name.as_str()),
                    Some(Selection::Field(field)) => open.push(field.selection_set.iter()),
                    Some(Selection::InlineFragment(inline)) => open.push(inline.selection_set.iter()),
                }
            }
        }
        let used = self.usages.reachable(roots);
        for (name, fragment) in &self.document.fragments {
            if !used.contains(name.as_str()) {
                self.report(Kind::UnusedFragment, fragment.location, format_args!("Unused fragment {name}"));
            }
        }
    }
}
