//! ArgumentsOfCorrectType: literals against input types, and how the engine prints them.
//! <https://spec.graphql.org/June2018/#sec-Values-of-Correct-Type>

use std::fmt;

use crate::execute::document::Argument;
use crate::execute::validate::fields::is_required;
use crate::execute::validate::types::Types;
use crate::execute::validate::{Kind, Validator};
use crate::schema::{InputObjectType, InputValueDefinition, Literal, Scalar, Type, TypeDefinition};
use crate::value::Number;

/// Why a literal does not fit.
pub(super) struct Misfit<'a> {
    /// From the argument to the wrong part, innermost first.
    path: Vec<Step<'a>>,
    /// The literal that the message prints. The engine prints the part for null, scalars and enums, and else the whole.
    part: Option<&'a Literal>,
    tail: String,
}

enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

impl<'a> Validator<'a> {
    pub(super) fn argument_of_correct_type(
        &mut self,
        argument: &'a Argument,
        definition: Option<&'a InputValueDefinition>,
    ) {
        let Some(definition) = definition else { return };
        let Err(misfit) = self.types.check_literal(&definition.ty, &argument.value) else { return };
        let mut path = argument.name.to_string();
        for step in misfit.path.iter().rev() {
            match step {
                Step::Field(name) => path.extend([".", name]),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        let part = AsJava(misfit.part.unwrap_or(&argument.value));
        self.report(
            Kind::WrongType,
            argument.location,
            format_args!("argument '{path}' with value '{part}' {}", misfit.tail),
        );
    }
}

impl<'a> Types<'a> {
    /// Whether the literal can be coerced to the type; variables inside are another rule's matter.
    pub fn check_literal(&self, ty: &'a Type, literal: &'a Literal) -> Result<(), Misfit<'a>> {
        match (ty, literal) {
            (_, Literal::Variable(_)) => Ok(()),
            (Type::NonNull(_), Literal::Null) => Err(Misfit::part(literal, "must not be null".to_owned())),
            (_, Literal::Null) => Ok(()),
            (Type::NonNull(inner), _) => self.check_literal(inner, literal),
            (Type::List(item), Literal::List(items)) => items.iter().enumerate().try_for_each(|(index, literal)| {
                self.check_literal(item, literal).map_err(|misfit| misfit.inside(Step::Index(index)))
            }),
            (Type::List(item), single) => self.check_literal(item, single),
            (Type::Named(name), _) => match self.get(name) {
                Some(TypeDefinition::Scalar(scalar)) if accepts(*scalar, literal) => Ok(()),
                Some(TypeDefinition::Enum(definition)) => match literal {
                    Literal::Enum(value) if definition.values.contains(value) => Ok(()),
                    _ => Err(Misfit::part(literal, format!("is not a valid '{name}'"))),
                },
                Some(TypeDefinition::InputObject(definition)) => self.check_input_object(definition, literal),
                _ => Err(Misfit::part(literal, format!("is not a valid '{name}'"))),
            },
        }
    }

    fn check_input_object(&self, definition: &'a InputObjectType, literal: &'a Literal) -> Result<(), Misfit<'a>> {
        let Literal::Object(members) = literal else {
            return Err(Misfit::whole("must be an object type".to_owned()));
        };
        let missing: Vec<&str> = definition
            .fields
            .values()
            .filter(|field| is_required(field) && !members.iter().any(|(name, _)| *name == field.name))
            .map(|field| field.name.as_str())
            .collect();
        if !missing.is_empty() {
            return Err(Misfit::whole(format!("is missing required fields '[{}]'", missing.join(", "))));
        }
        members.iter().try_for_each(|(name, member)| match definition.fields.get(name) {
            None => Err(Misfit::whole(format!("contains a field not in '{}': '{name}'", definition.name))),
            Some(field) => self.check_literal(&field.ty, member).map_err(|misfit| misfit.inside(Step::Field(name))),
        })
    }
}

/// The one place that asks a scalar about a literal.
fn accepts(scalar: Scalar, literal: &Literal) -> bool {
    scalar.parse_literal(literal).is_some()
}

impl<'a> Misfit<'a> {
    fn part(part: &'a Literal, tail: String) -> Misfit<'a> {
        Misfit { path: Vec::new(), part: Some(part), tail }
    }

    fn whole(tail: String) -> Misfit<'a> {
        Misfit { path: Vec::new(), part: None, tail }
    }

    fn inside(mut self, step: Step<'a>) -> Misfit<'a> {
        self.path.push(step);
        self
    }
}

/// A literal as the engine's classes print themselves: `StringValue{value='x'}`.
pub(super) struct AsJava<'a>(pub &'a Literal);

impl fmt::Display for AsJava<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Literal::Variable(name) => write!(f, "VariableReference{{name='{name}'}}"),
            Literal::Null => f.write_str("NullValue{}"),
            Literal::Int(number) => write!(f, "IntValue{{value={number}}}"),
            // A double keeps no trailing zero, but a literal with a point had at least one digit behind it.
            Literal::Float(number @ Number::Int(_)) => write!(f, "FloatValue{{value={number}.0}}"),
            Literal::Float(number) => write!(f, "FloatValue{{value={number}}}"),
            Literal::String(text) => write!(f, "StringValue{{value='{text}'}}"),
            Literal::Boolean(value) => write!(f, "BooleanValue{{value={value}}}"),
            Literal::Enum(name) => write!(f, "EnumValue{{name='{name}'}}"),
            Literal::List(items) => {
                f.write_str("ArrayValue{values=[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(separator(index))?;
                    AsJava(item).fmt(f)?;
                }
                f.write_str("]}")
            }
            Literal::Object(members) => {
                f.write_str("ObjectValue{objectFields=[")?;
                for (index, (name, member)) in members.iter().enumerate() {
                    write!(f, "{}ObjectField{{name='{name}', value={}}}", separator(index), AsJava(member))?;
                }
                f.write_str("]}")
            }
        }
    }
}

fn separator(index: usize) -> &'static str {
    if index == 0 { "" } else { ", " }
}
