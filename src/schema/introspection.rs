//! `__schema` and `__type`, answered by apollo-compiler from the checked schema.
//!
//! async-graphql's dynamic schema could answer too, but it knows no directive definitions, and AppSync's introspection
//! lists them (spec appsync-service 1.6).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::collections::HashMap as ApolloMap;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::schema::Implementers;
use apollo_compiler::{ExecutableDocument, Name};

use crate::limits::Limits;
use crate::schema::introspection_size::Size;
use crate::schema::parse::Checked;
use crate::value::Value;

/// Bytes of introspection requests and their answers that are kept: the standard query costs milliseconds, and every
/// client sends one of a handful. In memory they take several times as much. Ours.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

pub struct Introspection {
    schema: Checked,
    implementers: ApolloMap<Name, Implementers>,
    answers: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    answers: HashMap<String, Arc<Value>>,
    bytes: usize,
}

impl Introspection {
    pub(super) fn new(schema: Checked) -> Introspection {
        let implementers = schema.implementers_map();
        Introspection { schema, implementers, answers: Mutex::default() }
    }

    /// The schema as apollo-compiler has it, with descriptions and directives.
    pub(super) fn schema(&self) -> &Checked {
        &self.schema
    }

    /// The introspection part of the operation's `data`: an object with the response keys of its `__schema` and
    /// `__type` root fields (and of `__typename`).
    ///
    /// # Errors
    /// An answer that would be too large, as `Size::check` finds. The request as apollo-compiler refuses
    /// it; it has passed our own validation, so this is rare.
    pub fn answer(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &Value,
        limits: &Limits,
    ) -> Result<Arc<Value>, String> {
        let key = format!("{}\u{0}{variables}\u{0}{document}", operation_name.unwrap_or(""));
        if let Some(answer) = self.lock().answers.get(&key) {
            return Ok(answer.clone());
        }
        let (answer, bytes) = self.compute(document, operation_name, variables, limits)?;
        let (answer, bytes) = (Arc::new(answer), bytes + key.len());
        let mut kept = self.lock();
        if kept.bytes + bytes > KEPT_BYTES {
            *kept = Kept::default();
        }
        if bytes <= KEPT_BYTES && kept.answers.insert(key, answer.clone()).is_none() {
            kept.bytes += bytes;
        }
        Ok(answer)
    }

    /// The answer, and the bytes of its JSON.
    fn compute(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: &Value,
        limits: &Limits,
    ) -> Result<(Value, usize), String> {
        let first = |errors: apollo_compiler::validation::DiagnosticList| {
            errors.iter().next().map_or_else(String::new, |error| error.error.to_string())
        };
        let document = ExecutableDocument::parse_and_validate(&self.schema, document, "operation.graphql")
            .map_err(|failure| first(failure.errors))?;
        let operation = document.operations.get(operation_name).map_err(|error| error.message().to_string())?;
        Size::new(&self.schema, &self.implementers, &document, limits).check(operation)?;
        let variables = serde_json::from_str(&variables.to_string()).unwrap_or_default();
        let variables =
            coerce_variable_values(&self.schema, operation, &variables).map_err(|error| error.message().to_string())?;
        let response = apollo_compiler::introspection::partial_execute(
            &self.schema,
            &self.implementers,
            &document,
            operation,
            &variables,
        )
        .map_err(|error| error.message().to_string())?;
        if let Some(error) = response.errors.first() {
            return Err(error.message.clone());
        }
        let data = serde_json::to_string(&response.data).map_err(|error| error.to_string())?;
        let answer = Value::parse(&data).map_err(|error| error.to_string())?;
        Ok((answer, data.len()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
