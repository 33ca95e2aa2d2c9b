//! Which of DynamoDB's actions a request needs. The calls are those of [`crate::datasource::dynamodb`], whose files are the
//! reference for each operation here, and of the [`loader`](crate::loader), which turns GetItems into BatchGetItem.
//!
//! IAM asks for less than the API has names: a transaction needs the actions of its elements, a batch only its own.

use crate::datasource::dynamodb::OPERATIONS;
use crate::handler::possible::{Possible, PossibleObject};
use crate::package::uses::{Caller, Resource, Uses};
use crate::project::{Access, ConflictHandler, Versioning};
use crate::value::Str;

/// A DynamoDB data source as one stage calls it.
pub(super) struct Source<'a> {
    pub caller: &'a Caller<'a>,
    pub table_name: &'a Str,
    pub region: &'a Option<Str>,
    pub versioning: Option<Versioning>,
    /// Whether the handler is a template, which sees the stored item after a condition that failed.
    pub is_template: bool,
}

impl Source<'_> {
    pub fn add_uses(&self, request: &Possible, uses: &mut Uses) {
        if request.anything {
            return self.add_all(request, uses);
        }
        for document in &request.objects {
            let operation = document.member("operation");
            let document = Possible { objects: vec![document.clone()], ..Possible::default() };
            if operation.anything {
                self.add_all(&document, uses);
            }
            operation.texts.iter().for_each(|operation| self.add_operation(operation, &document, uses));
        }
    }

    /// A request of any operation.
    fn add_all(&self, document: &Possible, uses: &mut Uses) {
        self.caller.note(uses, "its operation cannot be told from its code");
        let mut found = Uses::default();
        OPERATIONS.iter().for_each(|operation| self.add_operation(operation, document, &mut found));
        uses.all.extend(found.all);
    }

    fn add_operation(&self, operation: &str, document: &Possible, uses: &mut Uses) {
        let is_versioned = self.versioning.is_some();
        match operation {
            "GetItem" => self.add_read(uses),
            "Query" => self.add_page("dynamodb:Query", document, uses),
            "Scan" => self.add_page("dynamodb:Scan", document, uses),
            "BatchGetItem" => self.add_batch("dynamodb:BatchGetItem", Access::Read, document, uses),
            "TransactGetItems" => self.add_transaction(document, Transaction::Get, uses),
            "PutItem" | "UpdateItem" | "DeleteItem" if is_versioned => {
                self.add_versioned_write(operation, document, uses)
            }
            "PutItem" => self.add_write("dynamodb:PutItem", document, uses),
            "UpdateItem" => self.add_write("dynamodb:UpdateItem", document, uses),
            "DeleteItem" => self.add_write("dynamodb:DeleteItem", document, uses),
            "Sync" => self.add_sync(document, uses),
            "BatchPutItem" | "BatchDeleteItem" if !is_versioned => {
                self.add_batch("dynamodb:BatchWriteItem", Access::Write, document, uses);
            }
            "TransactWriteItems" if !is_versioned => self.add_transaction(document, Transaction::Write, uses),
            // Refused before any call.
            _ => {}
        }
    }

    fn may(&self, table: &str, access: Access) -> bool {
        self.caller.rights.check(table, access).is_ok()
    }

    /// An action on any table that the domain has this right on.
    fn add(&self, action: &str, table: &Str, access: Access, uses: &mut Uses) {
        if is_table_name(table) && self.may(table, access) {
            uses.add(action, self.table(table));
        }
    }

    fn table(&self, name: &Str) -> Resource {
        Resource::Table { name: name.clone(), region: self.region_of(name) }
    }

    /// Where a table is, when not where the API runs.
    fn region_of(&self, name: &Str) -> Option<Str> {
        if name == self.table_name {
            return self.region.clone();
        }
        let tables = &self.caller.project.config.tables;
        tables.values().find(|table| table.physical_name == *name).and_then(|table| table.region.clone())
    }

    /// One item. The loader reads several that are asked for at the same time in one call.
    fn add_read(&self, uses: &mut Uses) {
        for action in ["dynamodb:GetItem", "dynamodb:BatchGetItem"] {
            self.add(action, self.table_name, Access::Read, uses);
        }
    }

    /// Query and Scan, of the table or of an index.
    fn add_page(&self, action: &str, document: &Possible, uses: &mut Uses) {
        if !self.may(self.table_name, Access::Read) {
            return;
        }
        let index = document.member("index");
        self.add_reads_of(action, self.table_name, &index, uses);
    }

    fn add_reads_of(&self, action: &str, table: &Str, index: &Possible, uses: &mut Uses) {
        if index.anything {
            self.caller.note(uses, "its index cannot be told from its code");
        }
        if index.may_be_nothing() {
            uses.add(action, self.table(table));
        }
        let region = self.region_of(table);
        let of = |name: Option<Str>| Resource::Index { table: table.clone(), region: region.clone(), name };
        if index.anything {
            uses.add(action, of(None));
        }
        for name in index.texts.iter().filter(|name| is_name(name)) {
            uses.add(action, of(Some(name.clone())));
        }
    }

    /// PutItem, UpdateItem or DeleteItem. Where a condition fails the stored item may be read.
    fn add_write(&self, action: &str, document: &Possible, uses: &mut Uses) {
        if !self.may(self.table_name, Access::Write) {
            return;
        }
        self.add(action, self.table_name, Access::Write, uses);
        let condition = document.member("condition");
        let handler = handler_of(&condition);
        // An update is compared with nothing: only a function, or a template, is shown what is stored.
        let is_update = action == "dynamodb:UpdateItem";
        if !condition.is_nothing() && (!is_update || self.is_template || !handler.is_nothing()) {
            self.add_read(uses);
        }
        self.add_condition_handler(&handler, uses);
    }

    /// The functions that may be asked about a condition that failed.
    fn add_condition_handler(&self, handler: &Possible, uses: &mut Uses) {
        let strategy = handler.member("strategy");
        if !strategy.anything && !strategy.texts.contains("Custom") {
            return;
        }
        let function = handler.member("lambdaArn");
        function.texts.iter().for_each(|function| self.caller.add_function(function, uses));
        if function.anything {
            let functions = &self.caller.project.config.functions;
            if !functions.is_empty() {
                self.caller.note(uses, "the handler of its condition cannot be told from its code");
            }
            functions.values().for_each(|function| self.caller.add_function(&function.aws_name, uses));
        }
    }

    /// Every table that `tables` names.
    fn add_batch(&self, action: &str, access: Access, document: &Possible, uses: &mut Uses) {
        let tables = document.member("tables");
        let mut is_unknown = tables.anything;
        for object in &tables.objects {
            is_unknown |= has_other_members(object);
            for (table, _) in object.members.iter().filter(|(_, keys)| !keys.is_nothing()) {
                self.add(action, table, access, uses);
            }
        }
        if is_unknown {
            self.add_to_all_tables(action, access, uses);
        }
    }

    /// An action on every table of the project that the domain may use so.
    fn add_to_all_tables(&self, action: &str, access: Access, uses: &mut Uses) {
        self.caller.note(uses, "the tables that it names cannot be told from its code");
        let tables: Vec<Str> = self.caller.rights.tables(access).cloned().collect();
        tables.iter().for_each(|table| self.add(action, table, access, uses));
    }

    fn add_transaction(&self, document: &Possible, kind: Transaction, uses: &mut Uses) {
        let elements = document.member("transactItems").items();
        let unknown = elements.anything.then(Possible::anything);
        let known =
            elements.objects.into_iter().map(|object| Possible { objects: vec![object], ..Possible::default() });
        for element in known.chain(unknown) {
            let operation = element.member("operation");
            for (name, action, access) in kind.elements() {
                if kind == Transaction::Get || operation.anything || operation.texts.contains(*name) {
                    self.add_element(action, *access, &element.member("table"), uses);
                }
            }
        }
    }

    fn add_element(&self, action: &str, access: Access, table: &Possible, uses: &mut Uses) {
        table.texts.iter().for_each(|table| self.add(action, table, access, uses));
        if table.anything {
            self.add_to_all_tables(action, access, uses);
        }
    }

    /// A write of a versioned data source reads what is stored, writes, and records what it has written.
    fn add_versioned_write(&self, operation: &str, document: &Possible, uses: &mut Uses) {
        let Some(versioning) = self.versioning.as_ref().filter(|_| self.may(self.table_name, Access::Write)) else {
            return;
        };
        self.add_read(uses);
        let removal = if versioning.base_table_ttl.is_zero() { "dynamodb:DeleteItem" } else { "dynamodb:UpdateItem" };
        let mut actions = vec![match operation {
            "PutItem" => "dynamodb:PutItem",
            "UpdateItem" => "dynamodb:UpdateItem",
            _ => removal,
        }];
        match &versioning.conflict_handler {
            ConflictHandler::None | ConflictHandler::OptimisticConcurrency => {}
            // Writes the merged item as a whole; a deletion is not saved.
            ConflictHandler::Automerge if operation == "DeleteItem" => {}
            ConflictHandler::Automerge => actions.push("dynamodb:PutItem"),
            // Decides for another item or for none.
            ConflictHandler::Lambda(function) => {
                actions.extend(["dynamodb:PutItem", removal]);
                self.caller.add_function(function, uses);
            }
        }
        actions.into_iter().for_each(|action| self.add(action, self.table_name, Access::Write, uses));
        // The data source's own table: no right of the domain is asked for.
        uses.add("dynamodb:PutItem", self.table(&versioning.delta_table_name));
        self.add_condition_handler(&handler_of(&document.member("condition")), uses);
    }

    /// All of the base table or one partition of it, and what the delta table has recorded.
    fn add_sync(&self, document: &Possible, uses: &mut Uses) {
        let Some(versioning) = self.versioning.as_ref().filter(|_| self.may(self.table_name, Access::Read)) else {
            return;
        };
        let (partition, index) = (document.member("basePartitionKey"), document.member("deltaIndexName"));
        let (has_partition, has_none) = (!partition.is_nothing(), partition.may_be_nothing());
        if has_partition {
            uses.add("dynamodb:Query", self.table(self.table_name));
        }
        if has_none {
            uses.add("dynamodb:Scan", self.table(self.table_name));
        }
        let delta = &versioning.delta_table_name;
        // The records of one partition are found without an index.
        if has_partition {
            uses.add("dynamodb:Query", self.table(delta));
        }
        if has_none {
            self.add_reads_of("dynamodb:Query", delta, &index, uses);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transaction {
    Get,
    Write,
}

impl Transaction {
    /// The elements that it may have, with what each needs.
    fn elements(self) -> &'static [(&'static str, &'static str, Access)] {
        match self {
            Transaction::Get => &[("", "dynamodb:GetItem", Access::Read)],
            Transaction::Write => &[
                ("PutItem", "dynamodb:PutItem", Access::Write),
                ("UpdateItem", "dynamodb:UpdateItem", Access::Write),
                ("DeleteItem", "dynamodb:DeleteItem", Access::Write),
                ("ConditionCheck", "dynamodb:ConditionCheckItem", Access::Read),
            ],
        }
    }
}

/// `conditionalCheckFailedHandler` of a condition, which may be written as JSON text.
fn handler_of(condition: &Possible) -> Possible {
    condition.member("conditionalCheckFailedHandler")
}

fn has_other_members(object: &PossibleObject) -> bool {
    object.others.as_ref().is_some_and(|others| !others.is_nothing())
}

/// What DynamoDB takes for the name of a table or an index. No call with another one succeeds, so that none is allowed.
fn is_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// As [`is_name`]; a table also has an ARN.
fn is_table_name(name: &str) -> bool {
    let arn = name.strip_prefix("arn:").and_then(|rest| rest.split_once(":table/"));
    match arn {
        Some((place, table)) => is_name(table) && !place.contains(['*', '?', '$']),
        None => is_name(name),
    }
}
