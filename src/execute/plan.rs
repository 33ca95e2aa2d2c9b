//! CollectFields, done once per operation instead of once per object: a plan is the merged selection of one object
//! type, with everything looked up that completion needs. Sub-selections are planned when first met, because fragments
//! can ask for exponentially many that no data ever reaches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::auth::rules::{AccessRules, FieldRule};
use crate::error::Location;
use crate::execute::document::{Directive, Document, Field, Literals, Selection, SelectionSet};
use crate::execute::info::FieldInfo;
use crate::resolver::Resolver;
use crate::schema::{EnumType, FieldDefinition, Literal, NameMap, Scalar, Schema, Type, TypeDefinition};
use crate::value::{Str, Value};

/// Resolvers by type and field.
pub type Resolvers = HashMap<Str, HashMap<Str, Arc<Resolver>>>;

/// The merged selection of one object type.
pub struct Plan {
    pub type_name: Str,
    /// Response keys, in the order of the answer; shared by every object that this plan completes.
    pub keys: Arc<[Str]>,
    pub fields: Vec<FieldPlan>,
}

/// One field of the answer.
pub struct FieldPlan {
    pub key: Str,
    pub kind: FieldKind,
    /// Who may ask for it.
    pub rule: FieldRule,
    pub output: OutputType,
    /// Where the first of the merged fields stands.
    pub location: Location,
    /// Levels from the root, this field included.
    pub depth: usize,
    pub parent_type: Str,
    pub definition: Option<Arc<FieldDefinition>>,
    /// Every field of the document that was merged into this one.
    pub nodes: Vec<Arc<Field>>,
    pub arguments: Arguments,
    pub info: OnceLock<FieldInfo>,
}

pub enum FieldKind {
    /// `__typename`.
    TypeName,
    /// `__schema` and `__type`.
    Introspection,
    /// No resolver: the member of the parent object with the field's name.
    Property,
    Resolver(Arc<Resolver>),
}

/// A field's arguments: coerced already when no variable stands in them.
pub enum Arguments {
    Constant(Value),
    Dynamic,
}

/// A field's type with everything looked up.
pub enum OutputType {
    NonNull(Box<OutputType>),
    List(Box<OutputType>),
    Scalar(Scalar),
    Enum(Arc<EnumType>),
    /// The possible object types with their plans; exactly one for an object type.
    Composite {
        name: Str,
        is_abstract: bool,
        plans: Vec<(Str, OnceLock<Plan>)>,
    },
}

impl OutputType {
    fn new(schema: &Schema, ty: &Type) -> OutputType {
        match ty {
            Type::NonNull(inner) => OutputType::NonNull(Box::new(OutputType::new(schema, inner))),
            Type::List(item) => OutputType::List(Box::new(OutputType::new(schema, item))),
            Type::Named(name) => match schema.types.get(name) {
                Some(TypeDefinition::Scalar(scalar)) => OutputType::Scalar(*scalar),
                Some(TypeDefinition::Enum(definition)) => OutputType::Enum(definition.clone()),
                Some(definition) => OutputType::Composite {
                    name: name.clone(),
                    is_abstract: !matches!(definition, TypeDefinition::Object(_)),
                    plans: definition
                        .possible_types()
                        .unwrap_or_default()
                        .iter()
                        .map(|name| (name.clone(), OnceLock::new()))
                        .collect(),
                },
                // A checked schema names no type that it lacks.
                None => OutputType::Scalar(Scalar::String),
            },
        }
    }

    /// The type's name inside all lists and non-nulls.
    pub fn name(&self) -> &str {
        match self {
            OutputType::NonNull(inner) | OutputType::List(inner) => inner.name(),
            OutputType::Scalar(scalar) => scalar.name(),
            OutputType::Enum(definition) => &definition.name,
            OutputType::Composite { name, .. } => name,
        }
    }
}

/// As GraphQL writes the type, without an outer non-null.
impl std::fmt::Display for OutputType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OutputType::NonNull(inner) => write!(f, "{inner}!"),
            OutputType::List(item) => write!(f, "[{item}]"),
            named => f.write_str(named.name()),
        }
    }
}

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    pub schema: &'a Schema,
    pub resolvers: &'a Resolvers,
    pub access: &'a AccessRules,
    pub document: &'a Document,
    /// Coerced variables; only those that `@skip` and `@include` ask matter here.
    pub variables: &'a Value,
}

impl Planner<'_> {
    /// [CollectFields](https://spec.graphql.org/October2021/#CollectFields()) for one object type.
    pub fn plan(&self, type_name: &Str, selection_sets: &[&SelectionSet], depth: usize) -> Plan {
        let mut groups: NameMap<Vec<Arc<Field>>> = NameMap::default();
        for selection_set in selection_sets {
            self.collect(type_name, selection_set, &mut groups, &mut Vec::new());
        }
        let keys = groups.keys().cloned().collect();
        let fields = groups.into_iter().map(|(key, nodes)| self.field(type_name, key, nodes, depth)).collect();
        Plan { type_name: type_name.clone(), keys, fields }
    }

    /// The plan of a field's sub-selection on one of its possible types.
    pub fn sub_plan<'p>(&self, field: &FieldPlan, type_name: &Str, slot: &'p OnceLock<Plan>) -> &'p Plan {
        slot.get_or_init(|| {
            let selection_sets: Vec<_> = field.nodes.iter().map(|node| &node.selection_set).collect();
            self.plan(type_name, &selection_sets, field.depth + 1)
        })
    }

    fn collect<'d>(
        &'d self,
        type_name: &str,
        selection_set: &'d SelectionSet,
        groups: &mut NameMap<Vec<Arc<Field>>>,
        visited: &mut Vec<&'d str>,
    ) {
        for selection in selection_set.iter() {
            match selection {
                Selection::Field(field) if self.is_included(&field.directives) => {
                    groups.entry(field.response_key().clone()).or_default().push(field.clone());
                }
                Selection::FragmentSpread(spread) if self.is_included(&spread.directives) => {
                    let name = spread.fragment_name.as_str();
                    if visited.contains(&name) {
                        continue;
                    }
                    visited.push(name);
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.applies(type_name, &fragment.type_condition)
                    {
                        self.collect(type_name, &fragment.selection_set, groups, visited);
                    }
                }
                Selection::InlineFragment(inline)
                    if self.is_included(&inline.directives)
                        && inline
                            .type_condition
                            .as_ref()
                            .is_none_or(|condition| self.applies(type_name, condition)) =>
                {
                    self.collect(type_name, &inline.selection_set, groups, visited);
                }
                _ => {}
            }
        }
    }

    /// [DoesFragmentTypeApply](https://spec.graphql.org/October2021/#DoesFragmentTypeApply())
    fn applies(&self, type_name: &str, condition: &str) -> bool {
        type_name == condition
            || self
                .schema
                .types
                .get(condition)
                .and_then(TypeDefinition::possible_types)
                .is_some_and(|possible| possible.iter().any(|name| name == type_name))
    }

    pub fn is_included(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let condition = || match directive.arguments.literal("if") {
                Some(Literal::Variable(name)) => self.variables.get(name).and_then(Value::as_bool),
                Some(Literal::Boolean(value)) => Some(*value),
                _ => None,
            };
            match directive.name.as_str() {
                "skip" => condition() != Some(true),
                "include" => condition() != Some(false),
                _ => true,
            }
        })
    }

    fn field(&self, type_name: &Str, key: Str, nodes: Vec<Arc<Field>>, depth: usize) -> FieldPlan {
        let first = &nodes[0]; // a group exists because a field was pushed into it
        let name = &first.name;
        let definition =
            self.schema.types.get(type_name).and_then(TypeDefinition::fields).and_then(|fields| fields.get(name));
        let kind = match name.as_str() {
            "__typename" => FieldKind::TypeName,
            "__schema" | "__type" => FieldKind::Introspection,
            _ => match self.resolvers.get(type_name).and_then(|fields| fields.get(name)) {
                Some(resolver) => FieldKind::Resolver(resolver.clone()),
                None => FieldKind::Property,
            },
        };
        // `__typename` and introspection need no directive (spec appsync-service 1.6.1).
        let rule = match &kind {
            FieldKind::TypeName | FieldKind::Introspection => FieldRule::default(),
            FieldKind::Property | FieldKind::Resolver(_) => self.access.rule(type_name, name).clone(),
        };
        let output = match definition {
            Some(definition) => OutputType::new(self.schema, &definition.ty),
            None => OutputType::Scalar(Scalar::String), // `__typename`; introspection is not completed by type
        };
        let arguments = match definition {
            Some(_) if first.arguments.iter().any(|argument| argument.value.has_variables()) => Arguments::Dynamic,
            Some(definition) => Arguments::Constant(coerce_arguments(self.schema, definition, first, &Value::Null)),
            None => Arguments::Constant(Value::empty_object()),
        };
        FieldPlan {
            key,
            kind,
            rule,
            output,
            location: first.location,
            depth,
            parent_type: type_name.clone(),
            definition: definition.cloned(),
            arguments,
            info: OnceLock::new(),
            nodes,
        }
    }
}

impl FieldPlan {
    pub fn name(&self) -> &Str {
        &self.nodes[0].name
    }

    /// The coerced arguments of this field for one execution; always an object.
    pub fn arguments(&self, schema: &Schema, variables: &Value) -> Value {
        match (&self.arguments, &self.definition) {
            (Arguments::Constant(value), _) => value.clone(),
            (Arguments::Dynamic, Some(definition)) => coerce_arguments(schema, definition, &self.nodes[0], variables),
            (Arguments::Dynamic, None) => Value::empty_object(),
        }
    }
}

/// [CoerceArgumentValues](https://spec.graphql.org/October2021/#CoerceArgumentValues()) as AppSync does it: an argument
/// bound to a variable that was not supplied is present with null (spec appsync-service 1.4).
fn coerce_arguments(schema: &Schema, definition: &FieldDefinition, field: &Field, variables: &Value) -> Value {
    definition
        .arguments
        .iter()
        .filter_map(|(name, argument)| {
            let default = || argument.default_value.clone();
            let value = match field.arguments.literal(name) {
                None => default()?,
                Some(Literal::Variable(variable)) => match variables.get(variable) {
                    Some(value) => value.clone(),
                    None => default().unwrap_or_default(),
                },
                // Validation has checked every literal, so that only variables inside can still disappoint: null then.
                Some(literal) => schema
                    .coerce_literal(&argument.ty, literal, &|variable| variables.get(variable).cloned())
                    .unwrap_or_default(),
            };
            Some((name.clone(), value))
        })
        .collect()
}

/// Plans of one operation, by the values of the variables that `@skip` and `@include` ask.
#[derive(Default)]
pub struct Plans(Mutex<HashMap<Vec<bool>, Arc<Plan>>>);

/// More combinations than this are planned anew each time.
const KEPT_PLANS: usize = 16;

impl Plans {
    pub fn get_or_make(&self, conditions: Vec<bool>, make: impl FnOnce() -> Plan) -> Arc<Plan> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = lock().get(&conditions) {
            return plan.clone();
        }
        let plan = Arc::new(make());
        let mut plans = lock();
        if plans.len() < KEPT_PLANS {
            plans.insert(conditions, plan.clone());
        }
        plan
    }
}
