//! `@aws-appsync/utils/rds`: SQL for the RDS Data API (spec appsync-js 2.13).
//!
//! `select`, `insert`, `update`, `remove` (`statement`, with `source`, `condition`) and `` sql`…` `` (`template`) check
//! their input and give a statement: a [`Fragment`] that knows neither quotes nor numbers yet. `createPgStatement` and
//! `createMySQLStatement` (`render`) write the text, number the variables through all statements and collect their values.
//!
//! Values never become part of the text, and names are always quoted, so that neither can change what a statement does.

mod condition;
mod fragment;
mod render;
mod source;
mod statement;
mod template;

use std::sync::Arc;

use super::markers::{self, Builder, Markers};
use crate::handler::util::rds::rows_of_statements;
use crate::handler::util::{Refusal, argument};
use crate::value::{Map, Str, Value, object};
use fragment::Fragment;
use render::{Dialect, create};
use template::sql;

/// What the results of the module's functions mean to its other functions.
#[derive(Clone, Debug)]
pub(super) enum Marker {
    Statement(Arc<Statement>),
    TypeHint { kind: &'static str, value: Value },
    Aggregate { function: &'static str, column: Str },
}

#[derive(Debug)]
pub(super) struct Statement {
    kind: Kind,
    fragment: Fragment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `` sql`…` ``
    Template,
    Select,
    /// `insert`, `update`, `remove`
    Write,
}

/// Every function of the module, by its path.
pub(super) const BUILDERS: &[(&str, Builder)] = &[
    ("select", statement::select),
    ("insert", statement::insert),
    ("update", statement::update),
    ("remove", statement::remove),
    ("sql", sql),
    ("createPgStatement", |markers, arguments| create(markers, Dialect::Postgres, arguments)),
    ("createMySQLStatement", |markers, arguments| create(markers, Dialect::MySql, arguments)),
    ("toJsonObject", |_, arguments| Ok(rows_of_statements(argument(arguments, 0)))),
    ("typeHint.DECIMAL", |markers, arguments| type_hint(markers, "DECIMAL", arguments)),
    ("typeHint.JSON", |markers, arguments| type_hint(markers, "JSON", arguments)),
    ("typeHint.TIMESTAMP", |markers, arguments| type_hint(markers, "TIMESTAMP", arguments)),
    ("typeHint.TIME", |markers, arguments| type_hint(markers, "TIME", arguments)),
    ("typeHint.UUID", |markers, arguments| type_hint(markers, "UUID", arguments)),
    ("typeHint.DATE", |markers, arguments| type_hint(markers, "DATE", arguments)),
    ("agg.max", |markers, arguments| aggregate(markers, "max", arguments)),
    ("agg.maxDistinct", |markers, arguments| aggregate(markers, "maxDistinct", arguments)),
    ("agg.min", |markers, arguments| aggregate(markers, "min", arguments)),
    ("agg.minDistinct", |markers, arguments| aggregate(markers, "minDistinct", arguments)),
    ("agg.count", |markers, arguments| aggregate(markers, "count", arguments)),
    ("agg.countDistinct", |markers, arguments| aggregate(markers, "countDistinct", arguments)),
    ("agg.avg", |markers, arguments| aggregate(markers, "avg", arguments)),
    ("agg.avgDistinct", |markers, arguments| aggregate(markers, "avgDistinct", arguments)),
    ("agg.sum", |markers, arguments| aggregate(markers, "sum", arguments)),
    ("agg.sumDistinct", |markers, arguments| aggregate(markers, "sumDistinct", arguments)),
];

impl Markers {
    /// What a value means to this module.
    fn sql(&self, value: &Value) -> Option<&Marker> {
        match self.find(value)? {
            markers::Marker::Sql(marker) => Some(marker),
            _ => None,
        }
    }

    fn statement(&self, value: &Value) -> Option<&Statement> {
        match self.sql(value)? {
            Marker::Statement(statement) => Some(statement),
            _ => None,
        }
    }

    /// Remembers a statement. What AppSync shows of one is UNCONFIRMED; here it is the kind.
    fn mark_statement(&mut self, shown: &str, kind: Kind, fragment: Fragment) -> Value {
        let mut visible = Map::default();
        visible.insert("type".into(), shown.into());
        self.mark(visible, markers::Marker::Sql(Marker::Statement(Arc::new(Statement { kind, fragment }))))
    }
}

/// `{type, value}` is what AppSync shows of a hint. Only hints made here count: an equal object of a client does not.
fn type_hint(markers: &mut Markers, kind: &'static str, arguments: &[Value]) -> Result<Value, Refusal> {
    let value = argument(arguments, 0).clone();
    let visible = object! { "type" => kind, "value" => value.clone() };
    let visible = visible.as_object().cloned().unwrap_or_default();
    Ok(markers.mark(visible, markers::Marker::Sql(Marker::TypeHint { kind, value })))
}

fn aggregate(markers: &mut Markers, function: &'static str, arguments: &[Value]) -> Result<Value, Refusal> {
    let column = argument(arguments, 0);
    let Value::String(column) = column else {
        return Err(Refusal::failed(format!("agg.{function} expects the name of a column, got {}", column.kind())));
    };
    let mut visible = Map::default();
    visible.insert("type".into(), function.into());
    visible.insert("column".into(), column.into());
    Ok(markers.mark(visible, markers::Marker::Sql(Marker::Aggregate { function, column: column.clone() })))
}

/// How SQL begins a call of an aggregate function, up to the column.
fn aggregate_text(function: &str) -> Option<&'static str> {
    Some(match function {
        "max" => "MAX(",
        "maxDistinct" => "MAX(DISTINCT ",
        "min" => "MIN(",
        "minDistinct" => "MIN(DISTINCT ",
        "count" => "COUNT(",
        "countDistinct" => "COUNT(DISTINCT ",
        "avg" => "AVG(",
        "avgDistinct" => "AVG(DISTINCT ",
        "sum" => "SUM(",
        "sumDistinct" => "SUM(DISTINCT ",
        _ => return None,
    })
}
