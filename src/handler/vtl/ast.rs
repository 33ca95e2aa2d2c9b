//! A template as it was read. Made once; blocks and arguments are shared with what a rendering keeps of them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::java::JavaValue;
use super::parse::Position;
use crate::value::Str;

/// The number of a variable: its place in [`Names`].
pub(super) type Slot = usize;

/// The variables of a template by name.
pub(super) type Names = indexmap::IndexSet<Str, foldhash::fast::RandomState>;

pub(super) type Block = Vec<Node>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Node {
    Text(Box<str>),
    Reference(Reference),
    Set(Box<Set>),
    If {
        branches: Vec<(Expression, Block)>,
        otherwise: Block,
    },
    Foreach(Box<Foreach>),
    Break,
    Stop,
    Return(Option<Expression>),
    /// `#name(…)` or `#@name(…) … #end`: prints its source when no macro has the name.
    MacroCall(Box<MacroCall>),
    Define {
        slot: Slot,
        block: Arc<Block>,
    },
    Evaluate(Expression),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Set {
    pub target: Reference,
    /// `#set(${name} = …)`: Velocity assigns nothing.
    pub is_lost: bool,
    pub value: Expression,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Foreach {
    pub slot: Slot,
    pub items: Expression,
    pub block: Block,
    pub position: Position,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MacroCall {
    pub name: Str,
    pub arguments: Arc<Vec<Argument>>,
    pub body: Option<Arc<Block>>,
    pub literal: Str,
    pub position: Position,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Argument {
    pub value: Expression,
    pub literal: Str,
    /// Where a bare word stands, which no macro takes.
    pub word: Option<Position>,
}

/// `#macro(name $parameter …) … #end`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Macro {
    pub parameters: Vec<Slot>,
    pub block: Block,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Reference {
    pub slot: Slot,
    pub steps: Vec<Step>,
    /// Backslashes, printed before the value, twice before the source of what has none.
    pub escapes: Str,
    /// `#` and `$` that turned out to belong to nothing, printed after the backslashes.
    pub prefix: Str,
    /// `\$name`: prints its source, with the backslash where it has no value.
    pub is_escaped: bool,
    /// Printed where the value is null: the source, or nothing for `$!`.
    pub null_text: Str,
    /// The source from the last `$` on.
    pub literal: Str,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Step {
    Property(Str),
    Method { name: Str, arguments: Vec<Expression>, position: Position },
    Index { index: Expression, position: Position },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Expression {
    /// A bare word inside a call, or `null` where this engine takes it.
    Null,
    Boolean(bool),
    Value(#[serde(with = "super::prepared::constant")] JavaValue),
    /// `"…"` with references or directives.
    Interpolated(Block),
    Reference(Box<Reference>),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Range(Box<(Expression, Expression)>),
    Not(Box<Expression>),
    Binary(Box<Binary>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Binary {
    pub operator: Operator,
    pub left: Expression,
    pub right: Expression,
    /// What `+` takes for an operand that is null.
    pub literals: (Str, Str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulus,
}
