//! `__schema` and `__type`, answered by apollo-compiler from the checked schema.
//!
//! async-graphql's dynamic schema could answer too, but it knows no directive definitions, and AppSync's introspection
//! lists them (spec appsync-service 1.6).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use apollo_compiler::collections::HashMap as ApolloMap;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::schema::Implementers;
use apollo_compiler::{ExecutableDocument, Name};

use crate::error::SourceFile;
use crate::limits::Limits;
use crate::schema::introspection_size::Size;
use crate::schema::parse::{Checked, parse_schema};
use crate::value::Value;

/// Bytes of introspection requests and their answers that are kept: the standard query costs milliseconds, and every
/// client sends one of a handful. In memory they take several times as much. Ours.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

pub struct Introspection {
    /// Made from `files` when it is first needed, where the schema was not parsed.
    parsed: OnceLock<Option<ParsedSchema>>,
    files: Vec<Arc<SourceFile>>,
    answers: Mutex<Kept>,
}

/// The schema as apollo-compiler has it, with descriptions and directives.
struct ParsedSchema {
    schema: Checked,
    implementers: ApolloMap<Name, Implementers>,
}

impl ParsedSchema {
    fn new(schema: Checked) -> ParsedSchema {
        let implementers = schema.implementers_map();
        ParsedSchema { schema, implementers }
    }
}

#[derive(Default)]
struct Kept {
    answers: HashMap<String, Arc<Value>>,
    bytes: usize,
}

impl Introspection {
    pub(super) fn new(schema: Checked) -> Introspection {
        let parsed = OnceLock::from(Some(ParsedSchema::new(schema)));
        Introspection { parsed, files: Vec::new(), answers: Mutex::default() }
    }

    /// Of files that have been found free of mistakes.
    pub(super) fn of_files(files: &[Arc<SourceFile>]) -> Introspection {
        Introspection { parsed: OnceLock::new(), files: files.to_vec(), answers: Mutex::default() }
    }

    fn parsed(&self) -> Option<&ParsedSchema> {
        let parse = || parse_schema(&self.files, &Limits::default()).ok()?.schema.introspection.parsed.into_inner()?;
        self.parsed.get_or_init(parse).as_ref()
    }

    /// The schema as apollo-compiler has it; `None` only where files were prepared that have mistakes.
    pub(super) fn schema(&self) -> Option<&Checked> {
        self.parsed().map(|parsed| &parsed.schema)
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
        let Some(ParsedSchema { schema, implementers }) = self.parsed() else {
            return Err("the schema cannot be read".to_owned());
        };
        let document = ExecutableDocument::parse_and_validate(schema, document, "operation.graphql")
            .map_err(|failure| first(failure.errors))?;
        let operation = document.operations.get(operation_name).map_err(|error| error.message().to_string())?;
        Size::new(schema, implementers, &document, limits).check(operation)?;
        let variables = serde_json::from_str(&variables.to_string()).unwrap_or_default();
        let variables =
            coerce_variable_values(schema, operation, &variables).map_err(|error| error.message().to_string())?;
        let response =
            apollo_compiler::introspection::partial_execute(schema, implementers, &document, operation, &variables)
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
