//! Where a destructuring pattern has defaults, as an expression that the prelude's `$$lack` reads.

use std::fmt::{self, Write};

use oxc_ast::ast::*;

/// The members of a pattern that have defaults, at any depth. `{ limit = 10, page: { size = 5 } }` is written as
/// `["limit",true,null,"page",false,["size",true,null]]`: key, whether it has a default, its own pattern.
pub(super) struct Shape(Vec<(String, Member)>);

struct Member {
    has_default: bool,
    nested: Option<Shape>,
}

impl Shape {
    /// `None` for a pattern without defaults.
    pub fn of_pattern(pattern: &BindingPattern) -> Option<Shape> {
        let mut shape = Shape(Vec::new());
        match pattern {
            BindingPattern::ObjectPattern(it) => {
                for property in &it.properties {
                    shape.add(key_name(&property.key), member_of_pattern(&property.value));
                }
            }
            BindingPattern::ArrayPattern(it) => {
                for (index, element) in it.elements.iter().enumerate() {
                    shape.add(Some(index.to_string()), element.as_ref().map_or(Member::NONE, member_of_pattern));
                }
            }
            BindingPattern::BindingIdentifier(_) | BindingPattern::AssignmentPattern(_) => {}
        }
        shape.unless_empty()
    }

    /// A list of parameters is a pattern for the list of arguments.
    pub fn of_parameters(params: &FormalParameters) -> Option<Shape> {
        let mut shape = Shape(Vec::new());
        for (index, parameter) in params.items.iter().enumerate() {
            let mut member = member_of_pattern(&parameter.pattern);
            member.has_default |= parameter.initializer.is_some();
            shape.add(Some(index.to_string()), member);
        }
        shape.unless_empty()
    }

    /// The pattern on the left of an assignment.
    pub fn of_target(target: &AssignmentTarget) -> Option<Shape> {
        let mut shape = Shape(Vec::new());
        match target {
            AssignmentTarget::ObjectAssignmentTarget(it) => {
                for property in &it.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => {
                            let member = Member { has_default: it.init.is_some(), nested: None };
                            shape.add(Some(it.binding.name.to_string()), member);
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(it) => {
                            shape.add(key_name(&it.name), member_of_target(&it.binding));
                        }
                    }
                }
            }
            AssignmentTarget::ArrayAssignmentTarget(it) => {
                for (index, element) in it.elements.iter().enumerate() {
                    shape.add(Some(index.to_string()), element.as_ref().map_or(Member::NONE, member_of_target));
                }
            }
            _ => {}
        }
        shape.unless_empty()
    }

    /// A computed key is known only when the code runs: its default applies to undefined alone.
    fn add(&mut self, key: Option<String>, member: Member) {
        if let Some(key) = key.filter(|_| member.has_default || member.nested.is_some()) {
            self.0.push((key, member));
        }
    }

    fn unless_empty(self) -> Option<Shape> {
        if self.0.is_empty() { None } else { Some(self) }
    }
}

impl Member {
    const NONE: Member = Member { has_default: false, nested: None };
}

fn member_of_pattern(pattern: &BindingPattern) -> Member {
    match pattern {
        BindingPattern::AssignmentPattern(it) => Member { has_default: true, nested: Shape::of_pattern(&it.left) },
        other => Member { has_default: false, nested: Shape::of_pattern(other) },
    }
}

fn member_of_target(target: &AssignmentTargetMaybeDefault) -> Member {
    match target {
        AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(it) => {
            Member { has_default: true, nested: Shape::of_target(&it.binding) }
        }
        other => Member { has_default: false, nested: other.as_assignment_target().and_then(Shape::of_target) },
    }
}

fn key_name(key: &PropertyKey) -> Option<String> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.to_string()),
        PropertyKey::StringLiteral(text) => Some(text.value.to_string()),
        PropertyKey::NumericLiteral(number) => Some(number.value.to_string()),
        _ => None,
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (key, member) in &self.0 {
            write!(f, "{},{},", serde_json::Value::from(key.as_str()), member.has_default)?;
            match &member.nested {
                Some(nested) => write!(f, "{nested},")?,
                None => f.write_str("null,")?,
            }
        }
        f.write_char(']')
    }
}
