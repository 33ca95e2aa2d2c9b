//! Input coercion of literals, for a schema's defaults and an operation's arguments.

use crate::schema::{InputObjectType, Literal, Schema, Type, TypeDefinition};
use crate::value::{Map, Str, Value};

/// Defaults of input objects may name one another; deeper than this they go round in a circle.
const DEFAULT_NESTING: usize = 32;

impl Schema {
    /// Coerces a literal to the value that resolvers see; `None` when the type does not take it.
    ///
    /// `variable` gives the coerced value of a variable, or `None` when it was not supplied. An unsupplied variable
    /// leaves out an input object's field, and stands for null in a list (spec appsync-service 1.4).
    ///
    /// Recurses as deep as the literal nests, which the parser of operations and that of schemas have bounded.
    pub fn coerce_literal(
        &self,
        ty: &Type,
        literal: &Literal,
        variable: &dyn Fn(&str) -> Option<Value>,
    ) -> Option<Value> {
        self.coerce_nested(ty, literal, variable, 0)
    }

    /// Coerces a literal without variables.
    pub fn coerce_constant(&self, ty: &Type, literal: &Literal) -> Option<Value> {
        self.coerce_literal(ty, literal, &|_| None)
    }

    fn coerce_nested(
        &self,
        ty: &Type,
        literal: &Literal,
        variable: &dyn Fn(&str) -> Option<Value>,
        nesting: usize,
    ) -> Option<Value> {
        if nesting > DEFAULT_NESTING {
            return None;
        }
        if let Literal::Variable(name) = literal {
            let value = variable(name).unwrap_or_default();
            return (!value.is_null() || !ty.is_non_null()).then_some(value);
        }
        match ty {
            Type::NonNull(inner) => match literal {
                Literal::Null => None,
                _ => self.coerce_nested(inner, literal, variable, nesting),
            },
            _ if *literal == Literal::Null => Some(Value::Null),
            Type::List(item) => match literal {
                Literal::List(items) => items
                    .iter()
                    .map(|literal| self.coerce_nested(item, literal, variable, nesting))
                    .collect::<Option<Vec<_>>>()
                    .map(Value::from),
                single => Some(vec![self.coerce_nested(item, single, variable, nesting)?].into()),
            },
            Type::Named(name) => match (self.types.get(name)?, literal) {
                (TypeDefinition::Scalar(scalar), literal) => scalar.parse_literal(literal),
                (TypeDefinition::Enum(definition), Literal::Enum(value)) => {
                    definition.values.contains(value).then(|| value.into())
                }
                (TypeDefinition::InputObject(definition), Literal::Object(members)) => {
                    self.coerce_object(definition, members, variable, nesting)
                }
                _ => None,
            },
        }
    }

    fn coerce_object(
        &self,
        definition: &InputObjectType,
        members: &[(Str, Literal)],
        variable: &dyn Fn(&str) -> Option<Value>,
        nesting: usize,
    ) -> Option<Value> {
        if members.iter().any(|(name, _)| !definition.fields.contains_key(name)) {
            return None;
        }
        let mut map = Map::with_capacity_and_hasher(members.len(), Default::default());
        for (name, field) in &definition.fields {
            let written = members.iter().find(|(member, _)| member == name).map(|(_, literal)| literal);
            let supplied = match written {
                Some(Literal::Variable(variable_name)) => variable(variable_name).map(Some),
                Some(literal) => Some(Some(self.coerce_nested(&field.ty, literal, variable, nesting)?)),
                None => None,
            };
            match (supplied.flatten(), &field.default_literal) {
                (Some(value), _) => {
                    map.insert(name.clone(), value);
                }
                (None, Some(default)) => {
                    map.insert(name.clone(), self.coerce_nested(&field.ty, default, &|_| None, nesting + 1)?);
                }
                (None, None) if field.ty.is_non_null() => return None,
                (None, None) => {}
            }
        }
        Some(map.into())
    }
}
