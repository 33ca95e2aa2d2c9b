//! Text -> a checked document, kept by its text: parsing is most of the cost of a small query.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::GraphQLError;
use crate::execute::document::{Document, Literals, OperationDefinition, OperationType, Selection, parse_document};
use crate::execute::plan::{Plan, Plans};
use crate::execute::validate::validate;
use crate::limits::Limits;
use crate::schema::{Literal, Schema};
use crate::value::{Str, Value};

/// Bytes of document text whose preparation is kept. Ours.
const KEPT_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// What plans may keep for resolvers besides the document itself, in bytes of its text, and at least in bytes. Ours: the
/// paths that a document selects can be as many as the square of its length, once for each of its fields.
const KEPT_TIMES_TEXT: usize = 16;
const KEPT_AT_LEAST: usize = 16 * 1024;

/// A document that has passed every check that needs no variables.
pub struct Prepared {
    pub text: Str,
    pub document: Document,
    /// Variables that `@skip` and `@include` ask; a plan holds for one combination of their values.
    condition_variables: Vec<Str>,
    plans: Vec<Plans>,
    /// Bytes that [`Prepared::may_keep`] has granted.
    kept_bytes: AtomicUsize,
}

/// An operation of a prepared document.
#[derive(Clone)]
pub struct PreparedOperation {
    pub prepared: Arc<Prepared>,
    index: usize,
}

/// Why no operation of the document can run.
#[derive(Debug, PartialEq)]
pub enum SelectionError {
    /// Several operations and no name.
    MissingName,
    UnknownName,
}

impl Prepared {
    /// # Errors
    /// Syntax and validation errors, all of them.
    pub fn new(
        schema: &Schema,
        text: &str,
        limits: &Limits,
        introspection: bool,
    ) -> Result<Prepared, Vec<GraphQLError>> {
        let document = parse_document(text, limits).map_err(|error| vec![error])?;
        let errors = validate(schema, &document, introspection);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut condition_variables = Vec::new();
        for operation in &document.operations {
            collect_conditions(&operation.selection_set, &mut condition_variables);
        }
        for fragment in document.fragments.values() {
            collect_conditions(&fragment.selection_set, &mut condition_variables);
        }
        let plans = document.operations.iter().map(|_| Plans::default()).collect();
        Ok(Prepared { text: text.into(), document, condition_variables, plans, kept_bytes: AtomicUsize::new(0) })
    }

    /// Whether a plan may keep so many bytes more; grants them when it may.
    pub(super) fn may_keep(&self, bytes: usize) -> bool {
        let most = KEPT_TIMES_TEXT * self.text.len() + KEPT_AT_LEAST;
        let granted = |kept: usize| kept.checked_add(bytes).filter(|kept| *kept <= most);
        self.kept_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, granted).is_ok()
    }

    /// Chooses the operation to run, as GraphQL's GetOperation does.
    ///
    /// # Errors
    /// [`SelectionError`].
    pub fn operation(self: Arc<Self>, name: Option<&str>) -> Result<PreparedOperation, SelectionError> {
        let operations = &self.document.operations;
        let index = match name {
            None | Some("") if operations.len() == 1 => 0,
            None | Some("") => return Err(SelectionError::MissingName),
            Some(name) => operations
                .iter()
                .position(|operation| operation.name.as_deref() == Some(name))
                .ok_or(SelectionError::UnknownName)?,
        };
        Ok(PreparedOperation { prepared: self, index })
    }
}

impl PreparedOperation {
    pub fn definition(&self) -> &OperationDefinition {
        &self.prepared.document.operations[self.index]
    }

    pub fn operation_type(&self) -> OperationType {
        self.definition().operation_type
    }

    /// The plan for these variables: made once per combination of the variables that `@skip` and `@include` ask.
    pub(super) fn plan(&self, make: impl FnOnce() -> Plan, variables: &Value) -> Arc<Plan> {
        let conditions = self
            .prepared
            .condition_variables
            .iter()
            .map(|name| variables.get(name).and_then(Value::as_bool).unwrap_or(false))
            .collect();
        self.prepared.plans[self.index].get_or_make(conditions, make)
    }
}

fn collect_conditions(selections: &[Selection], names: &mut Vec<Str>) {
    for selection in selections {
        let (directives, selection_set) = match selection {
            Selection::Field(field) => (&field.directives, Some(&field.selection_set)),
            Selection::FragmentSpread(spread) => (&spread.directives, None),
            Selection::InlineFragment(inline) => (&inline.directives, Some(&inline.selection_set)),
        };
        for directive in directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include")) {
            if let Some(Literal::Variable(name)) = directive.arguments.literal("if")
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        if let Some(selection_set) = selection_set {
            collect_conditions(selection_set, names);
        }
    }
}

/// Prepared documents by their text. Only valid ones are kept, so that refused texts cannot push them out.
#[derive(Default)]
pub struct PreparedCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Two generations: when the young one is full it becomes the old one, and what was not asked for since is gone.
    young: HashMap<Str, Arc<Prepared>, foldhash::fast::RandomState>,
    old: HashMap<Str, Arc<Prepared>, foldhash::fast::RandomState>,
    young_bytes: usize,
}

impl PreparedCache {
    /// # Errors
    /// As [`Prepared::new`].
    pub fn get_or_prepare(
        &self,
        text: &str,
        prepare: impl FnOnce() -> Result<Prepared, Vec<GraphQLError>>,
    ) -> Result<Arc<Prepared>, Vec<GraphQLError>> {
        if let Some(prepared) = self.lock().get(text) {
            return Ok(prepared);
        }
        let prepared = Arc::new(prepare()?);
        self.lock().insert(prepared.clone());
        Ok(prepared)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn get(&mut self, text: &str) -> Option<Arc<Prepared>> {
        if let Some(prepared) = self.young.get(text) {
            return Some(prepared.clone());
        }
        let prepared = self.old.remove(text)?;
        self.insert(prepared.clone());
        Some(prepared)
    }

    fn insert(&mut self, prepared: Arc<Prepared>) {
        // A tree of shared nodes is several times its text; the factor keeps the bound honest.
        self.young_bytes += prepared.text.len() * 8 + 512;
        self.young.insert(prepared.text.clone(), prepared);
        if self.young_bytes > KEPT_TEXT_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}
