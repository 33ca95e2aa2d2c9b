//! Random data and random documents, answered by us and by apollo-compiler's sequential executor: the data must be
//! equal. The oracle follows the specification to the letter and knows nothing of AppSync, so only data is compared.

use std::cell::RefCell;
use std::collections::BTreeMap;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::validation::Valid;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::harness::api::{fails, gives, schema};

const SDL: &str = "
type Query { node: Node any: [Any] nodes: [Node!]! grid: [[Int!]]! item: Item! count: Int! }
interface Node { id: Int! peer: Node }
type Item implements Node { id: Int! peer: Node parts: [Part!] strict: [Part!]! size: Int next: Item! }
type Part implements Node { id: Int! peer: Node owner: Item grid: [[Int!]!] any: Any! }
union Any = Item | Part
";

/// Fields by type, with their types.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    (
        "Query",
        &[
            ("node", "Node"),
            ("any", "[Any]"),
            ("nodes", "[Node!]!"),
            ("grid", "[[Int!]]!"),
            ("item", "Item!"),
            ("count", "Int!"),
        ],
    ),
    ("Node", &[("id", "Int!"), ("peer", "Node")]),
    (
        "Item",
        &[
            ("id", "Int!"),
            ("peer", "Node"),
            ("parts", "[Part!]"),
            ("strict", "[Part!]!"),
            ("size", "Int"),
            ("next", "Item!"),
        ],
    ),
    ("Part", &[("id", "Int!"), ("peer", "Node"), ("owner", "Item"), ("grid", "[[Int!]!]"), ("any", "Any!")]),
    ("Any", &[]),
];

fn fields_of(type_name: &str) -> &'static [(&'static str, &'static str)] {
    FIELDS.iter().find(|(name, _)| *name == type_name).map(|(_, fields)| *fields).unwrap_or_default()
}

/// Draws decisions from bytes; when they run out, everything takes its simplest form. So a failure shrinks.
struct Choices<'a>(RefCell<std::slice::Iter<'a, u8>>);

impl Choices<'_> {
    /// A number below `bound`; 0 is the simplest.
    fn below(&self, bound: usize) -> usize {
        self.0.borrow_mut().next().map_or(0, |byte| *byte as usize % bound)
    }

    /// True once in `odds` draws.
    fn rarely(&self, odds: usize) -> bool {
        self.below(odds) == odds - 1
    }
}

/// A value for a type, mostly fitting: null where it may not be and values of a wrong kind occur.
fn value(choices: &Choices<'_>, ty: &str, depth: usize) -> Value {
    if let Some(inner) = ty.strip_suffix('!') {
        return if choices.rarely(24) { Value::Null } else { value(choices, inner, depth) };
    }
    if choices.rarely(10) {
        return Value::Null;
    }
    if let Some(item) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        if choices.rarely(24) {
            return json!(5);
        }
        return (0..choices.below(4)).map(|_| value(choices, item, depth)).collect();
    }
    if ty == "Int" {
        return if choices.rarely(16) { json!({ "not": "a number" }) } else { json!(choices.below(10)) };
    }
    if depth == 0 {
        return Value::Null;
    }
    let concrete = match ty {
        "Node" | "Any" => match choices.below(9) {
            8 => "Query", // an object type, but none of the possible ones
            kind => ["Item", "Part"][kind % 2],
        },
        concrete => concrete,
    };
    let mut object: Map<String, Value> =
        fields_of(concrete).iter().map(|(name, ty)| ((*name).to_owned(), value(choices, ty, depth - 1))).collect();
    object.insert("__typename".into(), concrete.into());
    object.into()
}

/// A selection set on a type.
fn selection(choices: &Choices<'_>, type_name: &str, depth: usize) -> String {
    let mut text = String::from("{ __typename");
    for _ in 0..=choices.below(4) {
        let fields = fields_of(type_name);
        let condition =
            ["", " @skip(if: true)", " @include(if: $yes)", " @include(if: $no)"][choices.below(16).saturating_sub(12)];
        if depth > 0 && choices.rarely(4) {
            let on = match type_name {
                "Query" => "Query",
                "Item" | "Part" => [type_name, "Node"][choices.below(2)],
                _ => ["Item", "Part", "Node"][choices.below(3)],
            };
            text.push_str(&format!(" ... on {on}{condition} {}", selection(choices, on, depth - 1)));
        } else if !fields.is_empty() {
            let (name, ty) = fields[choices.below(fields.len())];
            let inner = ty.trim_matches(|c| matches!(c, '[' | ']' | '!'));
            // `grid` and `any` have different types on different parents, which may not share a key.
            let key = format!("{}{type_name}_{name}", ["", "again_"][choices.below(8) / 7]);
            let key = if matches!(name, "id" | "peer") { name.to_owned() } else { key };
            if inner == "Int" {
                text.push_str(&format!(" {key}: {name}{condition}"));
            } else if depth > 0 {
                text.push_str(&format!(" {key}: {name}{condition} {}", selection(choices, inner, depth - 1)));
            }
        }
    }
    text.push_str(" }");
    text
}

/// What a field's resolver does, for every object of its type: `None` fails.
type Resolvers = BTreeMap<&'static str, Option<Value>>;

const WITH_RESOLVERS: &[(&str, &str)] = &[
    ("Query.node", "Node"),
    ("Query.any", "[Any]"),
    ("Query.nodes", "[Node!]!"),
    ("Query.grid", "[[Int!]]!"),
    ("Query.item", "Item!"),
    ("Query.count", "Int!"),
    ("Item.peer", "Node"),
    ("Item.parts", "[Part!]"),
    ("Item.size", "Int"),
    ("Part.owner", "Item"),
    ("Part.id", "Int!"),
];

fn resolvers(choices: &Choices<'_>) -> Resolvers {
    let mut resolvers = Resolvers::new();
    for (coordinate, ty) in WITH_RESOLVERS {
        // A root field without a resolver is null; below the root half of the fields are properties.
        if coordinate.starts_with("Query.") || choices.below(2) == 1 {
            let outcome = if choices.rarely(12) { None } else { Some(value(choices, ty, 2)) };
            resolvers.insert(coordinate, outcome);
        }
    }
    resolvers
}

/// An object as the oracle sees it.
struct Object<'a> {
    type_name: &'a str,
    data: &'a Value,
    resolvers: &'a Resolvers,
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let name = info.field_name();
        let value = match self.resolvers.get(format!("{}.{name}", self.type_name).as_str()) {
            Some(Some(value)) => value,
            Some(None) => return Err(FieldError { message: "failed".into() }),
            None => self.data.get(name).unwrap_or(&Value::Null),
        };
        let (_, ty) = fields_of(self.type_name).iter().find(|(field, _)| *field == name).unwrap();
        Ok(resolved(value, ty, self.resolvers))
    }
}

/// A value of the wrong kind becomes a leaf that fits nothing, because an error of a list item would fail the whole list.
fn resolved<'a>(value: &'a Value, ty: &'a str, resolvers: &'a Resolvers) -> ResolvedValue<'a> {
    let ty = ty.trim_end_matches('!');
    let misfit = || ResolvedValue::leaf("misfit");
    if value.is_null() {
        return ResolvedValue::null();
    }
    if let Some(item) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
        let Some(items) = value.as_array() else { return misfit() };
        return ResolvedValue::List(Box::new(items.iter().map(move |value| Ok(resolved(value, item, resolvers)))));
    }
    if ty == "Int" {
        return value.as_i64().map_or_else(misfit, |number| ResolvedValue::leaf(number as i32));
    }
    match value["__typename"].as_str() {
        Some(name) if name == ty || (matches!(ty, "Node" | "Any") && name != "Query") => {
            ResolvedValue::object(Object { type_name: name, data: value, resolvers })
        }
        _ => misfit(),
    }
}

fn expected(document: &str, variables: &Value, resolvers: &Resolvers) -> Value {
    let schema = apollo_compiler::Schema::parse_and_validate(SDL, "schema.graphql").unwrap();
    let document = apollo_compiler::ExecutableDocument::parse_and_validate(&schema, document, "query.graphql");
    let document: Valid<_> = document.unwrap_or_else(|errors| panic!("{}", errors.errors));
    let variables = serde_json::from_value(variables.clone()).unwrap();
    let root = Object { type_name: "Query", data: &Value::Null, resolvers };
    let response = Execution::new(&schema, &document).raw_variable_values(&variables).execute_sync(&root);
    let response = response.unwrap_or_else(|error| panic!("{error:?}"));
    serde_json::to_value(&response).unwrap()["data"].clone()
}

fn actual(document: &str, variables: Value, resolvers: &Resolvers) -> Value {
    let mut api = schema(SDL);
    for (coordinate, outcome) in resolvers {
        api = api.field(
            coordinate,
            match outcome {
                Some(value) => gives(value.clone()),
                None => fails("Failed", "failed"),
            },
        );
    }
    api.query_with(document, variables)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_has_the_data_that_the_specification_gives(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
        let choices = Choices(RefCell::new(bytes.iter()));
        let document = format!("query ($yes: Boolean = true $no: Boolean!) {} ", selection(&choices, "Query", 4));
        let document = document.replacen("{ __typename", "{ __typename @include(if: $yes) no: __typename @include(if: $no)", 1);
        let resolvers = resolvers(&choices);
        let variables = json!({ "no": false });
        let expected = expected(&document, &variables, &resolvers);
        let answer = actual(&document, variables, &resolvers);
        prop_assert_eq!(answer["data"].to_string(), expected.to_string(), "{}\n{:?}\n{}", document, resolvers, answer["errors"]);
    }
}
