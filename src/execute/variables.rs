//! [CoerceVariableValues](https://spec.graphql.org/October2021/#CoerceVariableValues()) with graphql-java's habits and
//! AppSync's texts (spec appsync-service 1.4, 1.5).

use crate::error::{GraphQLError, Location};
use crate::execute::document::OperationDefinition;
use crate::schema::{InputObjectType, Schema, Type, TypeDefinition, java_class};
use crate::value::{Map, Value};

/// Coerces the variables of a request. A variable that was not supplied and has no default is absent from the result.
///
/// # Errors
/// The first value that does not fit; the operation does not run then.
pub fn coerce_variables(
    schema: &Schema,
    operation: &OperationDefinition,
    supplied: &Value,
) -> Result<Value, GraphQLError> {
    if operation.variables.is_empty() {
        return Ok(Value::empty_object());
    }
    let mut coerced = Map::default();
    for variable in &operation.variables {
        let coercion = Coercion { schema, variable: &variable.name, location: variable.location };
        let value = supplied.get(&variable.name);
        // A default also replaces an explicit null.
        let value = match (value, &variable.default_value) {
            (None | Some(Value::Null), Some(default)) => schema.coerce_constant(&variable.ty, default),
            (None, None) if !variable.ty.is_non_null() => continue,
            (value, _) => Some(coercion.coerce(&variable.ty, value.unwrap_or(&Value::Null), &variable.name)?),
        };
        coerced.insert(variable.name.clone(), value.unwrap_or_default());
    }
    Ok(coerced.into())
}

struct Coercion<'a> {
    schema: &'a Schema,
    variable: &'a str,
    location: Location,
}

impl Coercion<'_> {
    /// `name` is the innermost input field's name, which AppSync's messages use, or the variable's.
    fn coerce(&self, ty: &Type, value: &Value, name: &str) -> Result<Value, GraphQLError> {
        match ty {
            Type::NonNull(inner) if value.is_null() => {
                let what = if name == self.variable {
                    format!("Variable '{name}'")
                } else {
                    format!("Field '{name}' of variable '{}'", self.variable)
                };
                Err(GraphQLError::at(
                    format!("{what} has coerced Null value for NonNull type '{inner}!'"),
                    self.location,
                ))
            }
            Type::NonNull(inner) => self.coerce(inner, value, name),
            _ if value.is_null() => Ok(Value::Null),
            Type::List(item) => match value {
                Value::List(items) => items
                    .iter()
                    .map(|value| self.coerce(item, value, name))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::from),
                single => Ok(vec![self.coerce(item, single, name)?].into()),
            },
            Type::Named(type_name) => match self.schema.types.get(type_name) {
                Some(TypeDefinition::Scalar(scalar)) => {
                    scalar.parse_input(value).map_err(|message| self.invalid(name, &message))
                }
                Some(TypeDefinition::Enum(definition)) => match value.as_str() {
                    Some(text) if definition.values.iter().any(|known| known == text) => Ok(value.clone()),
                    _ => {
                        let shown = crate::schema::java_text(value);
                        Err(self.invalid(
                            name,
                            &format!("Invalid input for Enum '{type_name}'. No value found for name '{shown}'"),
                        ))
                    }
                },
                Some(TypeDefinition::InputObject(definition)) => self.coerce_object(definition, value, name),
                _ => Err(self.invalid(name, &format!("'{type_name}' is not an input type."))),
            },
        }
    }

    fn coerce_object(&self, definition: &InputObjectType, value: &Value, name: &str) -> Result<Value, GraphQLError> {
        let Value::Object(supplied) = value else {
            let class = java_class(value);
            return Err(self.invalid(
                name,
                &format!(
                    "Expected type 'Map' but was '{class}'. Variables for input objects must be an instance of type 'Map'."
                ),
            ));
        };
        if supplied.keys().any(|key| !definition.fields.contains_key(key)) {
            // The service hides the field's name and leaves a blank in its place (recorded, spec 1.5).
            return Err(GraphQLError::new(format!(
                "The variables input contains a field that is not defined for input object type '{}' ",
                definition.name
            )));
        }
        let mut coerced = Map::with_capacity_and_hasher(supplied.len(), Default::default());
        for (field_name, field) in &definition.fields {
            let value = match (supplied.get(field_name), &field.default_value) {
                (None | Some(Value::Null), Some(default)) => default.clone(),
                (None, None) if !field.ty.is_non_null() => continue,
                (value, _) => self.coerce(&field.ty, value.unwrap_or(&Value::Null), field_name)?,
            };
            coerced.insert(field_name.clone(), value);
        }
        Ok(coerced.into())
    }

    fn invalid(&self, name: &str, message: &str) -> GraphQLError {
        GraphQLError::at(format!("Variable '{name}' has an invalid value. {message}"), self.location)
    }
}
