//! What the library and the language's built-ins give: `@aws-appsync/utils` with its modules, and the globals.
//!
//! The library gets copies of its arguments, so that it changes nothing of the program's. What it gives is followed where
//! it decides about a call: the request builders of `@aws-appsync/utils/dynamodb`, and conditions.

use super::{CallSite, Walked, Walker};
use crate::handler::possible::heap::{Members, Site};
use crate::handler::possible::values::{Atom, Values};
use crate::value::Str;

/// A function that changes nothing of what it is given, with a result that is not followed.
const PURE: &str = "pure";

/// As [`PURE`], with a number, a boolean or nothing as its result.
const SCALAR: &str = "scalar";

/// As [`PURE`], with an id or a time as its result.
const WORD: &str = "word";

/// A function that may do anything with what it is given.
const UNFOLLOWED: &str = "unfollowed";

/// The builders of requests, with the operations that these ask for.
const BUILDERS: [(&str, &str, &str); 12] = [
    ("get", "dynamodb.get", "GetItem"),
    ("put", "dynamodb.put", "PutItem"),
    ("update", "dynamodb.update", "UpdateItem"),
    ("remove", "dynamodb.remove", "DeleteItem"),
    ("query", "dynamodb.query", "Query"),
    ("scan", "dynamodb.scan", "Scan"),
    ("sync", "dynamodb.sync", "Sync"),
    ("batchGet", "dynamodb.batchGet", "BatchGetItem"),
    ("batchPut", "dynamodb.batchPut", "BatchPutItem"),
    ("batchDelete", "dynamodb.batchDelete", "BatchDeleteItem"),
    ("transactGet", "dynamodb.transactGet", "TransactGetItems"),
    ("transactWrite", "dynamodb.transactWrite", "TransactWriteItems"),
];

/// The elements of `transactWrite`, with the operations that these ask for.
const WRITES: [(&str, &str); 4] = [
    ("putItem", "PutItem"),
    ("updateItem", "UpdateItem"),
    ("deleteItem", "DeleteItem"),
    ("conditionCheck", "ConditionCheck"),
];

/// What a name means that the code does not declare.
pub(super) fn global(name: &str) -> Values {
    match name {
        "undefined" => Values::nothing(),
        "NaN" | "Infinity" => Atom::Scalar.into(),
        "util" => Atom::Native("util").into(),
        "runtime" => Atom::Native("runtime").into(),
        "extensions" => Atom::Native("extensions").into(),
        "Object" => Atom::Native("Object").into(),
        "Array" => Atom::Native("Array").into(),
        "JSON" => Atom::Native("JSON").into(),
        "String" => Atom::Native("String").into(),
        "console" => Atom::Native("console").into(),
        "Math" | "Number" | "Boolean" | "parseInt" | "parseFloat" | "isNaN" | "isFinite" => Atom::Native(SCALAR).into(),
        "encodeURIComponent" | "decodeURIComponent" | "encodeURI" | "decodeURI" => Atom::Native(PURE).into(),
        _ => Values::anything(),
    }
}

/// A member of a part of the library, or of a built-in.
pub(super) fn member(path: &str, name: &str) -> Values {
    let builder = BUILDERS.iter().find(|(builder, ..)| *builder == name);
    let native = match (path, name) {
        ("utils", "util") => "util",
        ("utils", "runtime") => "runtime",
        ("utils", "extensions") => "extensions",
        ("dynamodb", "operations") => "dynamodb.operations",
        ("dynamodb", _) => builder.map_or(PURE, |(_, path, _)| *path),
        // Objects that mark what an update does.
        ("dynamodb.operations", _) => PURE,
        ("util", "autoId" | "autoUlid" | "autoKsuid") => WORD,
        ("util", "error" | "unauthorized" | "appendError") => SCALAR,
        ("util", "time") => "util.time",
        ("util", "transform") => "util.transform",
        ("util.time", "nowISO8601" | "nowEpochSeconds" | "nowEpochMilliSeconds") => WORD,
        ("util.transform", "toDynamoDBFilterExpression" | "toDynamoDBConditionExpression") => {
            "util.transform.expression"
        }
        ("util" | "util.time" | "util.transform" | "extensions" | "rds" | "ai", _) => PURE,
        ("runtime" | "console", _) => SCALAR,
        ("Object", "assign") => "Object.assign",
        ("Object", "keys") => PURE,
        ("Object", "values") => "Object.values",
        ("Object", "entries") => "Object.entries",
        ("Object", "fromEntries") => "Object.fromEntries",
        ("Object", "freeze" | "seal" | "preventExtensions") => "Object.freeze",
        ("Object", "hasOwn" | "is" | "isFrozen" | "isSealed" | "isExtensible") => SCALAR,
        ("JSON", "parse") => "JSON.parse",
        ("JSON", "stringify") => "JSON.stringify",
        ("Array", "isArray") => SCALAR,
        ("Array", "of") => "Array.of",
        ("Array", "from") => "Array.from",
        (PURE | SCALAR | WORD, _) => path_of(path),
        _ => UNFOLLOWED,
    };
    Atom::Native(native).into()
}

/// Deeper members of what is not followed further do as it does: `util.dynamodb.toMapValues`, `Math.max`.
fn path_of(path: &str) -> &'static str {
    [PURE, SCALAR, WORD].into_iter().find(|known| *known == path).unwrap_or(UNFOLLOWED)
}

impl Walker<'_> {
    pub(super) fn call_native(&mut self, path: &'static str, arguments: &[Values], site: CallSite) -> Walked<Values> {
        let argument = |index: usize| arguments.get(index).cloned().unwrap_or_else(Values::nothing);
        let first = argument(0);
        if let Some((_, _, operation)) = BUILDERS.iter().find(|(_, builder, _)| *builder == path) {
            return self.build(operation, &first, site);
        }
        Ok(match path {
            PURE => Values::anything(),
            SCALAR => Values::nothing().joined(&Atom::Scalar.into()),
            WORD => Atom::Word.into(),
            "util.transform.expression" => {
                let mut expression = Members::default();
                for name in ["expression", "expressionNames", "expressionValues"] {
                    expression.set(name.into(), Values::anything());
                }
                let expression = self.heap.make(self.native_site(site, 0), expression);
                // A filter that is not understood gives null.
                self.heap.json_of(self.native_site(site, 1), &expression).or_nothing()
            }
            "Object.assign" => {
                for id in first.objects() {
                    for source in arguments.iter().skip(1) {
                        let mut members = self.heap.members(id);
                        self.heap.spread(&mut members, source);
                        self.heap.merge(id, members);
                    }
                }
                if !first.iter().all(|atom| matches!(atom, Atom::Object(_))) {
                    arguments.iter().skip(1).for_each(|source| self.heap.escape(source));
                }
                first
            }
            "Object.values" => {
                let items = self.items(&first);
                self.list_of(site.frame, site.place, 1, &items)
            }
            "Object.entries" => {
                let items = self.items(&first).joined(&Values::anything());
                let pair = self.list_of(site.frame, site.place, 2, &items);
                self.list_of(site.frame, site.place, 1, &pair)
            }
            "Object.fromEntries" => {
                let pairs = self.items(&first);
                let values = self.items(&pairs);
                self.heap.make(self.native_site(site, 0), Members::of_any_name(&values))
            }
            "Object.freeze" => first,
            "JSON.parse" if arguments.len() == 1 => self.parse_json(&first),
            // A value's own `toJSON` would change what is written.
            "JSON.stringify" if arguments.len() == 1 && self.is_appsync => {
                self.heap.json_of(self.native_site(site, 0), &first).or_nothing()
            }
            "Array.of" => {
                let items = arguments.iter().fold(Values::default(), |all, argument| all.joined(argument));
                self.list_of(site.frame, site.place, 1, &items)
            }
            "Array.from" => {
                let items = self.items(&first).or_nothing();
                let items = match arguments.get(1) {
                    Some(callback) => self.call(callback, &[items, Atom::Scalar.into()], site)?,
                    None => items,
                };
                self.list_of(site.frame, site.place, 1, &items)
            }
            "String" => {
                let texts: Values = first.texts().cloned().map(Atom::Text).collect();
                if first.only_texts().is_some() { texts } else { Values::anything() }
            }
            _ => {
                arguments.iter().for_each(|argument| self.heap.escape(argument));
                Values::anything()
            }
        })
    }

    fn native_site(&self, site: CallSite, part: u8) -> Site {
        Site { frame: site.frame, place: site.place, part: 16 + part }
    }

    fn parse_json(&self, text: &Values) -> Values {
        let mut parsed = Values::default();
        for atom in text.iter() {
            match atom {
                Atom::Json(id) => parsed.join(&self.heap.read_all(*id)),
                Atom::Nothing | Atom::Scalar => parsed.add(atom.clone()),
                _ => parsed.add(Atom::Anything),
            }
        }
        // What has no JSON text, as `undefined`, gives an empty text in this dialect.
        if parsed.may_be_nothing() {
            parsed.add(Atom::Text(Str::default()));
        }
        parsed
    }

    /// The request that a builder makes.
    fn build(&mut self, operation: &str, input: &Values, site: CallSite) -> Walked<Values> {
        // Members that do not matter here are made of what is not looked at.
        let mut request = Members::of_any_name(&Values::anything());
        request.set("operation".into(), Values::text(operation));
        match operation {
            "Query" | "Scan" => request.set("index".into(), self.member(input, "index")?),
            "Sync" => {
                for name in ["basePartitionKey", "deltaIndexName"] {
                    request.set(name.into(), self.member(input, name)?);
                }
            }
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                let condition = self.condition(input, site)?;
                request.set("condition".into(), condition);
            }
            "BatchGetItem" | "BatchPutItem" | "BatchDeleteItem" => {
                let tables = self.member(input, "tables")?;
                let tables = self.heap.make_with_names_of(self.native_site(site, 3), &tables);
                request.set("tables".into(), tables);
            }
            "TransactGetItems" | "TransactWriteItems" => {
                let elements = self.elements(operation, input, site)?;
                request.set("transactItems".into(), elements);
            }
            _ => {}
        }
        Ok(self.heap.make(self.native_site(site, 0), request))
    }

    /// A builder's condition is made from a filter; it has no handler.
    fn condition(&mut self, input: &Values, site: CallSite) -> Walked<Values> {
        let given = self.member(input, "condition")?;
        if given.iter().all(|atom| *atom == Atom::Nothing) {
            return Ok(given);
        }
        let mut condition = Members::default();
        for name in ["expression", "expressionNames", "expressionValues"] {
            condition.set(name.into(), Values::anything());
        }
        let made = self.heap.make(self.native_site(site, 2), condition);
        Ok(if given.may_be_nothing() { made.or_nothing() } else { made })
    }

    /// `transactItems` of a transaction.
    fn elements(&mut self, operation: &str, input: &Values, site: CallSite) -> Walked<Values> {
        let given = self.member(input, "items")?;
        let items = self.items(&given);
        let mut elements = Values::default();
        if operation == "TransactGetItems" {
            let mut element = Members::of_any_name(&Values::anything());
            element.set("table".into(), self.member(&items, "table")?);
            elements = self.heap.make(self.native_site(site, 4), element);
        } else {
            for (index, (name, operation)) in WRITES.iter().enumerate() {
                let part = self.member(&items, name)?;
                if part.iter().all(|atom| *atom == Atom::Nothing) {
                    continue;
                }
                let mut element = Members::of_any_name(&Values::anything());
                element.set("operation".into(), Values::text(Str::new_static(operation)));
                element.set("table".into(), self.member(&part, "table")?);
                let part = 4 + u8::try_from(index).unwrap_or_default();
                elements.join(&self.heap.make(self.native_site(site, part), element));
            }
        }
        Ok(self.list_of(site.frame, site.place, 1, &elements))
    }
}
