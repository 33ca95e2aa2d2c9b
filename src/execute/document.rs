//! An operation document as we keep it: what async-graphql's parser read, in shared nodes, so that plans and caches
//! can hold on to parts of it without copying or borrowing.

use std::sync::Arc;

use async_graphql::parser::{self, types as ast};
use async_graphql::{Name, Pos, Positioned};

pub use crate::context::OperationType;
use crate::error::{GraphQLError, Location};
use crate::limits::Limits;
use crate::schema::{Literal, NameMap, Type};
use crate::value::{Number, Str};

/// One parsed document. Operations and fragments are in the order of the text.
#[derive(Debug, Default)]
pub struct Document {
    pub operations: Vec<Arc<OperationDefinition>>,
    pub fragments: NameMap<Arc<FragmentDefinition>>,
}

#[derive(Debug)]
pub struct OperationDefinition {
    pub operation_type: OperationType,
    pub name: Option<Str>,
    pub variables: Vec<VariableDefinition>,
    pub directives: Vec<Directive>,
    pub selection_set: SelectionSet,
    pub location: Location,
}

#[derive(Debug)]
pub struct VariableDefinition {
    /// Without the `$`.
    pub name: Str,
    pub ty: Type,
    pub default_value: Option<Literal>,
    pub location: Location,
}

/// Shared, so that a plan can point at it.
pub type SelectionSet = Arc<[Selection]>;

#[derive(Debug)]
pub enum Selection {
    Field(Arc<Field>),
    FragmentSpread(FragmentSpread),
    InlineFragment(InlineFragment),
}

#[derive(Debug)]
pub struct Field {
    pub alias: Option<Str>,
    pub name: Str,
    pub arguments: Vec<Argument>,
    pub directives: Vec<Directive>,
    /// Empty for a leaf.
    pub selection_set: SelectionSet,
    pub location: Location,
}

impl Field {
    /// The key in the answer: the alias if there is one, else the name.
    pub fn response_key(&self) -> &Str {
        self.alias.as_ref().unwrap_or(&self.name)
    }
}

#[derive(Debug)]
pub struct Argument {
    pub name: Str,
    pub value: Literal,
    pub location: Location,
}

#[derive(Debug)]
pub struct Directive {
    pub name: Str,
    pub arguments: Vec<Argument>,
    pub location: Location,
}

#[derive(Debug)]
pub struct FragmentSpread {
    pub fragment_name: Str,
    pub directives: Vec<Directive>,
    pub location: Location,
}

#[derive(Debug)]
pub struct InlineFragment {
    pub type_condition: Option<Str>,
    pub directives: Vec<Directive>,
    pub selection_set: SelectionSet,
    pub location: Location,
}

#[derive(Debug)]
pub struct FragmentDefinition {
    pub name: Str,
    pub type_condition: Str,
    pub directives: Vec<Directive>,
    pub selection_set: SelectionSet,
    pub location: Location,
}

/// Parses an operation document.
///
/// # Errors
/// The text breaks GraphQL's grammar, or is larger than [`Limits::query_tokens`] or deeper than
/// [`Limits::query_nesting`]. Messages follow graphql-java (spec appsync-service 1.5).
pub fn parse_document(text: &str, limits: &Limits) -> Result<Document, GraphQLError> {
    check_size(text, limits)?;
    let parsed = parser::parse_query(text).map_err(syntax_error)?;
    let mut operations: Vec<_> =
        parsed.operations.iter().map(|(name, operation)| (operation.pos, name.map(str_of), &operation.node)).collect();
    operations.sort_by_key(|(pos, ..)| *pos);
    let mut fragments: Vec<_> = parsed.fragments.iter().collect();
    fragments.sort_by_key(|(_, fragment)| fragment.pos);
    Ok(Document {
        operations: operations.into_iter().map(|(pos, name, node)| Arc::new(operation(pos, name, node))).collect(),
        fragments: fragments
            .into_iter()
            .map(|(name, fragment)| {
                let definition = FragmentDefinition {
                    name: str_of(name),
                    type_condition: str_of(&fragment.node.type_condition.node.on.node),
                    directives: directives(&fragment.node.directives),
                    selection_set: selection_set(&fragment.node.selection_set.node),
                    location: location(fragment.pos),
                };
                (definition.name.clone(), Arc::new(definition))
            })
            .collect(),
    })
}

/// Counts tokens and nesting before the parser sees the text: the parser recurses, and its stack is finite.
fn check_size(text: &str, limits: &Limits) -> Result<(), GraphQLError> {
    let (mut tokens, mut depth, mut in_word) = (0usize, 0usize, false);
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let was_in_word = std::mem::replace(&mut in_word, false);
        match byte {
            b'#' => {
                let end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
                rest = &rest[end..];
            }
            b'"' => {
                tokens += 1;
                rest = after_string(rest);
            }
            b'{' | b'[' | b'(' => {
                tokens += 1;
                depth += 1;
            }
            b'}' | b']' | b')' => {
                tokens += 1;
                depth = depth.saturating_sub(1);
            }
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            byte if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => {
                in_word = true;
                tokens += usize::from(!was_in_word);
            }
            // `...` counts three times, other punctuation once; close enough for a bound.
            _ => tokens += 1,
        }
        if tokens > limits.query_tokens {
            // The wording of the service (spec appsync-service 2.2).
            return Err(GraphQLError::new(format!(
                "Maximum char length exceeded: the document has more than {} tokens",
                limits.query_tokens
            )));
        }
        if depth > limits.query_nesting {
            return Err(GraphQLError::new(format!(
                "Invalid Syntax : nested deeper than {} levels",
                limits.query_nesting
            )));
        }
    }
    Ok(())
}

/// The rest of the text after a string whose opening quote has been read.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(block) = text.strip_prefix(b"\"\"") {
        let mut at = 0;
        while at < block.len() {
            if block[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if block[at..].starts_with(b"\"\"\"") {
                return &block[at + 3..];
            } else {
                at += 1;
            }
        }
        return &[];
    }
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' | b'\n' => return &text[at + 1..],
            _ => at += 1,
        }
    }
    &[]
}

fn syntax_error(error: parser::Error) -> GraphQLError {
    use parser::Error;
    let positions: Vec<Location> = error.positions().map(location).collect();
    let message = match &error {
        // AppSync's detail text is UNCONFIRMED; the parser's own expectation helps most.
        Error::Syntax { message, .. } => match message.rsplit_once("= ") {
            Some((_, detail)) => format!("Invalid Syntax : {}", detail.trim()),
            None => "Invalid Syntax".to_owned(),
        },
        Error::MultipleOperations { .. } => {
            "Validation error of type LoneAnonymousOperationViolation: Anonymous operation with other operations."
                .to_owned()
        }
        Error::OperationDuplicated { operation, .. } => {
            format!(
                "Validation error of type DuplicateOperationName: There can be only one operation named '{operation}'"
            )
        }
        Error::FragmentDuplicated { fragment, .. } => {
            format!("Validation error of type DuplicateFragmentName: There can be only one fragment named '{fragment}'")
        }
        Error::MissingOperation => "Invalid Syntax : the document holds no operation".to_owned(),
        other => format!("Invalid Syntax : {other}"),
    };
    let locations = positions.into_iter().next().map(|location| vec![location]);
    GraphQLError { message, locations }
}

fn operation(pos: Pos, name: Option<Str>, node: &ast::OperationDefinition) -> OperationDefinition {
    OperationDefinition {
        operation_type: match node.ty {
            ast::OperationType::Query => OperationType::Query,
            ast::OperationType::Mutation => OperationType::Mutation,
            ast::OperationType::Subscription => OperationType::Subscription,
        },
        name,
        variables: node
            .variable_definitions
            .iter()
            .map(|variable| VariableDefinition {
                name: str_of(&variable.node.name.node),
                ty: type_of(&variable.node.var_type.node),
                default_value: variable
                    .node
                    .default_value
                    .as_ref()
                    .map(|value| literal(value.node.clone().into_value())),
                location: location(variable.pos),
            })
            .collect(),
        directives: directives(&node.directives),
        selection_set: selection_set(&node.selection_set.node),
        location: location(pos),
    }
}

fn selection_set(node: &ast::SelectionSet) -> SelectionSet {
    node.items
        .iter()
        .map(|item| match &item.node {
            ast::Selection::Field(field) => Selection::Field(Arc::new(Field {
                alias: field.node.alias.as_ref().map(|alias| str_of(&alias.node)),
                name: str_of(&field.node.name.node),
                arguments: arguments(&field.node.arguments),
                directives: directives(&field.node.directives),
                selection_set: selection_set(&field.node.selection_set.node),
                location: location(field.pos),
            })),
            ast::Selection::FragmentSpread(spread) => Selection::FragmentSpread(FragmentSpread {
                fragment_name: str_of(&spread.node.fragment_name.node),
                directives: directives(&spread.node.directives),
                location: location(spread.pos),
            }),
            ast::Selection::InlineFragment(inline) => Selection::InlineFragment(InlineFragment {
                type_condition: inline.node.type_condition.as_ref().map(|on| str_of(&on.node.on.node)),
                directives: directives(&inline.node.directives),
                selection_set: selection_set(&inline.node.selection_set.node),
                location: location(inline.pos),
            }),
        })
        .collect()
}

fn directives(nodes: &[Positioned<ast::Directive>]) -> Vec<Directive> {
    nodes
        .iter()
        .map(|directive| Directive {
            name: str_of(&directive.node.name.node),
            arguments: arguments(&directive.node.arguments),
            location: location(directive.pos),
        })
        .collect()
}

fn arguments(nodes: &[(Positioned<Name>, Positioned<async_graphql_value::Value>)]) -> Vec<Argument> {
    nodes
        .iter()
        .map(|(name, value)| Argument {
            name: str_of(&name.node),
            value: literal(value.node.clone()),
            location: location(name.pos),
        })
        .collect()
}

fn literal(value: async_graphql_value::Value) -> Literal {
    use async_graphql_value::Value as Ast;
    match value {
        Ast::Variable(name) => Literal::Variable(str_of(&name)),
        Ast::Null | Ast::Binary(_) => Literal::Null, // the grammar has no binary literal
        Ast::Number(number) if number.is_f64() => {
            // An integer beyond 64 bits also arrives as a double; its text has neither point nor exponent to tell.
            Literal::Float(number.as_f64().and_then(Number::from_f64).unwrap_or(Number::Int(0)))
        }
        Ast::Number(number) => Literal::Int(Number::parse(&number.to_string()).unwrap_or(Number::Int(0))),
        Ast::String(text) => Literal::String(text.into()),
        Ast::Boolean(value) => Literal::Boolean(value),
        Ast::Enum(name) => Literal::Enum(str_of(&name)),
        Ast::List(items) => Literal::List(items.into_iter().map(literal).collect()),
        Ast::Object(members) => {
            Literal::Object(members.into_iter().map(|(name, value)| (str_of(&name), literal(value))).collect())
        }
    }
}

fn type_of(node: &ast::Type) -> Type {
    let base = match &node.base {
        ast::BaseType::Named(name) => Type::Named(str_of(name)),
        ast::BaseType::List(item) => Type::List(Box::new(type_of(item))),
    };
    if node.nullable { base } else { Type::NonNull(Box::new(base)) }
}

fn str_of(name: &Name) -> Str {
    name.as_str().into()
}

fn location(pos: Pos) -> Location {
    Location { line: pos.line as u32, column: pos.column as u32 }
}

/// Looking an argument up by name; of one given twice the last counts, as in AppSync's engine.
pub trait Literals {
    fn literal(&self, name: &str) -> Option<&Literal>;
}

impl Literals for [Argument] {
    fn literal(&self, name: &str) -> Option<&Literal> {
        self.iter().rfind(|argument| argument.name == name).map(|argument| &argument.value)
    }
}
