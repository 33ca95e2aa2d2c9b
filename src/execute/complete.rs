//! [CompleteValue](https://spec.graphql.org/October2021/#CompleteValue()) with AppSync's texts (spec appsync-service
//! 1.5): from a resolver's value to its part of the answer. Data is completed at once and without futures; a resolver
//! field becomes a slot, and the executor is told to run it.

use crate::auth::rules::{is_authorized, unauthorized};
use crate::context::Identity;
use crate::error::{FieldError, Location};
use crate::execute::plan::{FieldKind, FieldPlan, OutputType, Plan, Planner};
use crate::execute::response::{ErrorEntry, Node, PathSegment};
use crate::limits::Limits;
use crate::schema::java_text;
use crate::value::Value;

/// A path that lives on the stack while a value is completed, and is written out only when somebody needs it.
#[derive(Clone, Copy)]
pub enum Path<'p> {
    /// Where the value stands whose completion began here.
    Base(&'p [PathSegment]),
    Step(&'p Path<'p>, Step<'p>),
}

#[derive(Clone, Copy)]
pub enum Step<'p> {
    Key(&'p crate::value::Str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub fn key(&'p self, key: &'p crate::value::Str) -> Path<'p> {
        Path::Step(self, Step::Key(key))
    }

    fn index(&'p self, index: usize) -> Path<'p> {
        Path::Step(self, Step::Index(index))
    }

    pub fn to_vec(self) -> Vec<PathSegment> {
        match self {
            Path::Base(base) => base.to_vec(),
            Path::Step(parent, step) => {
                let mut path = parent.to_vec();
                path.push(match step {
                    Step::Key(key) => PathSegment::Key(key.clone()),
                    Step::Index(index) => PathSegment::Index(index),
                });
                path
            }
        }
    }
}

/// The path as AppSync's messages write it: `/listPosts/items[0]/id`.
fn path_text(path: &[PathSegment]) -> String {
    path.iter()
        .map(|segment| match segment {
            PathSegment::Key(key) => format!("/{key}"),
            PathSegment::Index(index) => format!("[{index}]"),
        })
        .collect()
}

/// A resolver field that completion has met and that is still to run.
pub struct Waiting<'a> {
    pub field: &'a FieldPlan,
    /// The parent object.
    pub source: Value,
    pub path: Vec<PathSegment>,
}

/// Completion of one operation's values.
pub struct Completion<'a> {
    pub planner: Planner<'a>,
    pub limits: &'a Limits,
    /// Who is asking.
    pub identity: &'a Identity,
    pub errors: Vec<ErrorEntry>,
    /// Resolver fields met so far; a [`Node::Slot`] holds the index. The executor takes them from `started` on.
    pub slots: Vec<Waiting<'a>>,
    /// Fields and list items of the answer so far.
    fields: usize,
    /// Bytes of their names and values, and of errors.
    bytes: usize,
    /// The answer is too large: nothing is added to it any more.
    is_full: bool,
    resolvers: usize,
}

/// Bytes of an error besides its texts: the names of its members, its place.
const ERROR_BYTES: usize = 100;

/// Bytes of a value that is no text, and of the signs around one.
const LEAF_BYTES: usize = 4;

impl<'a> Completion<'a> {
    pub fn new(planner: Planner<'a>, limits: &'a Limits, identity: &'a Identity) -> Completion<'a> {
        Completion {
            planner,
            limits,
            identity,
            errors: Vec::new(),
            slots: Vec::new(),
            fields: 0,
            bytes: 0,
            is_full: false,
            resolvers: 0,
        }
    }

    /// How many resolvers have been asked for.
    pub fn resolver_count(&self) -> usize {
        self.resolvers
    }

    /// [ExecuteSelectionSet](https://spec.graphql.org/October2021/#ExecuteSelectionSet()): every field of an object.
    pub fn complete_object(&mut self, plan: &'a Plan, source: &Value, path: &Path<'_>, is_nullable: bool) -> Node {
        let mut fields = Vec::with_capacity(plan.fields.len());
        for field in &plan.fields {
            fields.push(self.complete_field(plan, field, source, path));
        }
        match Node::container(&fields, is_nullable) {
            Ok(state) => Node::Object { keys: plan.keys.clone(), fields, state },
            Err(risen) => risen,
        }
    }

    /// One field of an object: its part of the answer, or a slot for it.
    pub fn complete_field(&mut self, plan: &Plan, field: &'a FieldPlan, source: &Value, parent: &Path<'_>) -> Node {
        let path = parent.key(&field.key);
        self.fields += 1;
        if !self.has_room(field, &path, field.key.len() + LEAF_BYTES) {
            return Node::Bubble;
        }
        // Before anything runs for the field: AppSync runs the resolver of a field that a Lambda authorizer denies and
        // drops its value, which only a resolver's effects could tell. UNCONFIRMED (spec appsync-service 3.6).
        if !is_authorized(&field.rule, &plan.type_name, field.name(), self.identity) {
            return self.fail(field, &path, unauthorized(&plan.type_name, field.name()));
        }
        if self.limits.query_depth > 0 && field.depth > self.limits.query_depth {
            // The message is UNCONFIRMED (spec appsync-service 1.9).
            let message = format!("Query depth limit of {} reached.", self.limits.query_depth);
            return self.fail(field, &path, FieldError::new("QueryDepthLimitReached", message));
        }
        match &field.kind {
            FieldKind::TypeName => Node::Leaf(Value::String(plan.type_name.clone())),
            FieldKind::Property => {
                let value = source.get(field.name()).unwrap_or(&Value::Null);
                self.complete_value(field, &field.output, value, &path, true)
            }
            FieldKind::Resolver(_) => {
                self.resolvers += 1;
                if self.resolvers > self.limits.resolver_count {
                    let message = format!("Resolver count limit of {} reached.", self.limits.resolver_count);
                    return self.fail(field, &path, FieldError::new("ResolverExecutionLimitReached", message));
                }
                self.slots.push(Waiting { field, source: source.clone(), path: path.to_vec() });
                Node::Slot(self.slots.len() - 1)
            }
            FieldKind::Introspection => Node::Leaf(source.get(&field.key).cloned().unwrap_or_default()),
        }
    }

    /// A field whose resolver failed: its error, and null.
    pub fn fail(&mut self, field: &'a FieldPlan, path: &Path<'_>, error: FieldError) -> Node {
        self.resolver_error(field, path, error);
        self.complete_value(field, &field.output, &Value::Null, path, true)
    }

    /// Records an error that a resolver raised; its `data` is cut down to what the field selects (spec appsync-js 2.1).
    pub fn resolver_error(&mut self, field: &'a FieldPlan, path: &Path<'_>, mut error: FieldError) {
        if !error.data.is_null() {
            error.data = self.select(field, &field.output, &error.data);
        }
        let path = path.to_vec();
        let texts = error.message.len()
            + 2 * (json_bytes(&error.error_info) + error.error_type.as_ref().map_or(4, |ty| ty.len()));
        if self.has_room_for_error(&path, Some(field.location), texts + json_bytes(&error.data)) {
            self.errors.push(ErrorEntry::Resolver { path, location: field.location, error });
        }
    }

    /// [CompleteValue](https://spec.graphql.org/October2021/#CompleteValue()). `is_nullable`: null may stand here.
    pub fn complete_value(
        &mut self,
        field: &'a FieldPlan,
        output: &'a OutputType,
        value: &Value,
        path: &Path<'_>,
        is_nullable: bool,
    ) -> Node {
        match (output, value) {
            (OutputType::NonNull(inner), value) => match self.complete_value(field, inner, value, path, false) {
                Node::Leaf(Value::Null) => {
                    let path = path.to_vec();
                    // One error per path: what made the value null has just been reported (GraphQL specification
                    // 6.4.4; graphql-java looks for the path among its errors too).
                    if self.errors.last().and_then(ErrorEntry::path) != Some(&path) {
                        let message = format!(
                            "Cannot return null for non-nullable type: '{inner}' within parent '{}' ({})",
                            field.parent_type,
                            path_text(&path)
                        );
                        self.engine_error(path, message);
                    }
                    Node::Bubble
                }
                node => node,
            },
            (_, Value::Null) => Node::NULL,
            (OutputType::List(item), Value::List(values)) => {
                let mut items = Vec::with_capacity(values.len());
                for (index, value) in values.iter().enumerate() {
                    self.fields += 1;
                    if !self.has_room(field, path, 1) {
                        return Node::Bubble;
                    }
                    items.push(self.complete_value(field, item, value, &path.index(index), true));
                }
                match Node::container(&items, is_nullable) {
                    Ok(state) => Node::List { items, state },
                    Err(risen) => risen,
                }
            }
            (OutputType::List(_), other) => {
                let path = path.to_vec();
                let got = if matches!(other, Value::Object(_)) { "OBJECT" } else { "SCALAR" };
                let message = format!(
                    "Can't resolve value ({}) : type mismatch error, expected type LIST, got {got}",
                    path_text(&path)
                );
                self.engine_error(path, message);
                Node::NULL
            }
            (OutputType::Scalar(scalar), value) => match scalar.serialize(value) {
                Ok(value) => self.leaf(field, path, value),
                Err(message) => self.cannot_serialize(path, &message),
            },
            (OutputType::Enum(definition), value) => match value.as_str() {
                Some(name) if definition.values.iter().any(|known| known == name) => {
                    self.leaf(field, path, value.clone())
                }
                _ => {
                    let message =
                        format!("Invalid input for Enum '{}'. Unknown value '{}'", definition.name, java_text(value));
                    self.cannot_serialize(path, &message)
                }
            },
            (OutputType::Composite { name, is_abstract, plans }, value) => {
                let slot = if *is_abstract {
                    let actual = value.get("__typename").and_then(Value::as_str);
                    plans.iter().find(|(possible, _)| Some(possible.as_str()) == actual)
                } else {
                    plans.first()
                };
                let Some((type_name, slot)) = slot else {
                    let path = path.to_vec();
                    let at = path_text(&path);
                    // UNCONFIRMED for AppSync; graphql-java's text (spec appsync-service 1.5).
                    let message = format!(
                        "Can't resolve '{at}'. Abstract type '{name}' must resolve to an Object type at runtime for field '{}.{}'. Could not determine the exact type of '{name}'",
                        field.parent_type,
                        field.name()
                    );
                    self.engine_error(path, message);
                    return Node::NULL;
                };
                let plan = self.planner.sub_plan(field, type_name, slot);
                self.complete_object(plan, value, path, is_nullable)
            }
        }
    }

    fn cannot_serialize(&mut self, path: &Path<'_>, message: &str) -> Node {
        let path = path.to_vec();
        let message = format!("Can't serialize value ({}) : {message}", path_text(&path));
        self.engine_error(path, message);
        Node::NULL
    }

    fn engine_error(&mut self, path: Vec<PathSegment>, message: String) {
        if self.has_room_for_error(&path, None, message.len()) {
            self.errors.push(ErrorEntry::Engine { path: Some(path), locations: None, message });
        }
    }

    fn leaf(&mut self, field: &FieldPlan, path: &Path<'_>, value: Value) -> Node {
        let bytes = value.as_str().map_or(LEAF_BYTES, str::len);
        if self.has_room(field, path, bytes) { Node::Leaf(value) } else { Node::Bubble }
    }

    /// Counts the bytes of a part of the answer, whose fields have been counted. The first part for which there is no room
    /// is told as an error; it and all after it are missing, as if each were null where it may not be.
    fn has_room(&mut self, field: &FieldPlan, path: &Path<'_>, bytes: usize) -> bool {
        if self.is_full {
            return false;
        }
        self.bytes += bytes;
        let Some(message) = self.too_large() else { return true };
        self.is_full = true;
        let (path, locations) = (Some(path.to_vec()), Some(vec![field.location]));
        self.errors.push(ErrorEntry::Engine { path, locations, message });
        false
    }

    fn has_room_for_error(&mut self, path: &[PathSegment], location: Option<Location>, bytes: usize) -> bool {
        if self.is_full {
            return false;
        }
        let path_bytes: usize = path
            .iter()
            .map(|segment| match segment {
                PathSegment::Key(key) => key.len() + LEAF_BYTES,
                PathSegment::Index(_) => LEAF_BYTES,
            })
            .sum();
        self.bytes += ERROR_BYTES + path_bytes + bytes;
        let Some(message) = self.too_large() else { return true };
        self.is_full = true;
        self.errors.push(ErrorEntry::Engine { path: None, locations: location.map(|at| vec![at]), message });
        false
    }

    fn too_large(&self) -> Option<String> {
        let Limits { response_fields, response_bytes, .. } = self.limits;
        if self.fields > *response_fields {
            Some(format!("The answer has more than {response_fields} fields; ask for fewer at once."))
        } else if self.bytes > *response_bytes {
            Some(format!("The answer is larger than {} MB; ask for less at once.", response_bytes / 1024 / 1024))
        } else {
            None
        }
    }

    /// `value` with only the members that the field's selection names, under their response keys.
    fn select(&self, field: &'a FieldPlan, output: &'a OutputType, value: &Value) -> Value {
        match (output, value) {
            (OutputType::NonNull(inner), value) => self.select(field, inner, value),
            (OutputType::List(item), Value::List(values)) => {
                values.iter().map(|value| self.select(field, item, value)).collect()
            }
            (OutputType::List(item), value) => self.select(field, item, value),
            (OutputType::Composite { plans, .. }, Value::Object(_)) => {
                let actual = value.get("__typename").and_then(Value::as_str);
                let slot = plans.iter().find(|(possible, _)| Some(possible.as_str()) == actual).or(plans.first());
                let Some((type_name, slot)) = slot else { return Value::Null };
                let plan = self.planner.sub_plan(field, type_name, slot);
                plan.fields
                    .iter()
                    .filter_map(|field| {
                        let member = value.get(field.name())?;
                        Some((field.key.clone(), self.select(field, &field.output, member)))
                    })
                    .collect()
            }
            (_, value) => value.clone(),
        }
    }
}

/// Bytes of a value as JSON, about.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::List(items) => items.iter().map(|item| json_bytes(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(key, value)| key.len() + 4 + json_bytes(value)).sum::<usize>() + 2
        }
        _ => LEAF_BYTES,
    }
}
