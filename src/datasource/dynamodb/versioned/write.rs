//! PutItem, UpdateItem and DeleteItem of a versioned data source.

use crate::backend::{Operation, ServiceError};
use crate::context::DataSourceError;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::condition::{Condition, read_condition};
use crate::datasource::dynamodb::conditional::{Attempt, Refusal};
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::put_item::item_of;
use crate::datasource::dynamodb::versioned::conflict::{self, Resolution, named};
use crate::datasource::dynamodb::versioned::delta::CustomKeys;
use crate::datasource::dynamodb::versioned::{METADATA, delta, version_of};
use crate::datasource::dynamodb::{Call, failed, typed};
use crate::error::FieldError;
use crate::project::{Access, ConflictHandler, Versioning};
use crate::value::{Map, Str, Value, object};

/// How often a write is tried while others change the item between our reading and writing it. Ours.
const ATTEMPTS: usize = 5;

/// What a mutation asks for, before anybody knows what is stored.
pub(super) struct Mutation {
    pub key: Map,
    pub change: Change,
    /// `_version`: what the caller believes to be stored.
    known_version: Option<i64>,
    /// The author's condition: its expression, and what becomes of its failure.
    condition: Option<(Str, Condition)>,
    pub placeholders: Placeholders,
    /// Keys of its record in the delta table, where they are not the usual ones.
    custom_keys: Option<CustomKeys>,
}

#[derive(Clone)]
pub(super) enum Change {
    /// The whole item.
    Put(Map),
    /// An update expression.
    Update(Str),
    /// A tombstone.
    Delete,
}

/// The item after the write with its new version, or the stored item beside a conflict.
pub(in crate::datasource::dynamodb) async fn write(
    versioning: &Versioning,
    call: &Call<'_>,
    document: &Element<'_>,
    operation: &str,
) -> Result<Attempt, FieldError> {
    Ok(match attempt(versioning, call, read_mutation(call, document, operation)?).await {
        Ok(outcome) => Attempt::Done(outcome),
        Err(refusal) => Attempt::Refused(refusal),
    })
}

/// # Errors
/// The author's condition was false.
async fn attempt(versioning: &Versioning, call: &Call<'_>, mutation: Mutation) -> Result<Outcome, Box<Refusal>> {
    let handler = &versioning.conflict_handler;
    for _ in 0..ATTEMPTS {
        let stored = match stored_item(call, &mutation.key).await {
            Ok(stored) => stored,
            Err(error) => return Ok(failed(&error)),
        };
        let change = match &stored {
            None if matches!(mutation.change, Change::Delete) => return Ok(Outcome::success(Value::Null)),
            Some(stored) if mutation.conflicts_with(stored, handler) => {
                match conflict::resolve(call, &mutation, stored, handler).await {
                    Resolution::Write(change) => change,
                    Resolution::Refuse(outcome) => return Ok(outcome),
                }
            }
            _ => mutation.change.clone(),
        };
        let stored_version = stored.as_ref().and_then(version_of);
        let (version, now) =
            (stored_version.unwrap_or(0).saturating_add(1), call.invocation.clock.now_epoch_milliseconds());
        let (operation, request) = mutation.request(call, change, stored_version, version, now, versioning);
        let wanted = request.get("Item").and_then(Value::as_object).cloned();
        match call.send(operation, request).await {
            Ok(answer) => {
                let returned = answer.get("Attributes").and_then(Value::as_object).cloned();
                let mut item = wanted.or(returned).unwrap_or_default();
                if operation == Operation::DeleteItem {
                    item.insert("_version".into(), number(version));
                    item.insert("_lastChangedAt".into(), number(now));
                    item.insert("_deleted".into(), object! { "BOOL" => true });
                }
                let custom = mutation.custom_keys.as_ref();
                let recorded = delta::record(versioning, call, &mutation.key, custom, &item, version, now).await;
                let error = recorded.err().map(|error| DataSourceError {
                    cause: error.cause,
                    ..named("DeltaSyncWriteError", &error.message)
                });
                return Ok(Outcome { result: typed::plain_map(&item).into(), error });
            }
            Err(error) if error.code == "ConditionalCheckFailedException" => {
                // Either the author's condition failed, or somebody was faster; the version tells.
                match stored_item(call, &mutation.key).await {
                    Ok(current) if current.as_ref().and_then(version_of) == stored_version => {
                        return match (mutation.rescued(wanted, current.as_ref()), mutation.condition) {
                            (Some(outcome), _) => Ok(outcome),
                            (None, Some((_, condition))) => {
                                Err(Box::new(Refusal { condition, stored: Ok(current), error }))
                            }
                            (None, None) => Ok(failed(&error)),
                        };
                    }
                    Ok(_) => {}
                    Err(error) => return Ok(failed(&error)),
                }
            }
            Err(error) => return Ok(failed(&error)),
        }
    }
    let message = format!("others changed the item during each of {ATTEMPTS} attempts");
    Ok(Outcome { result: Value::Null, error: Some(named("MaxConflicts", &message)) })
}

fn read_mutation(call: &Call<'_>, document: &Element<'_>, operation: &str) -> Result<Mutation, FieldError> {
    let own: &[&str] = match operation {
        "PutItem" => &["attributeValues"],
        "UpdateItem" => &["update"],
        _ => &[],
    };
    let common = ["operation", "version", "key", "condition", "_version", "customPartitionKey", "populateIndexFields"];
    document.allow_only(&[&common, own].concat())?;
    let custom_keys = CustomKeys::read(document)?;
    call.check(call.table, Access::Write)?;
    let key = typed::attribute_map(&document.required("key")?)?;
    let mut placeholders = Placeholders::default();
    let change = match operation {
        "PutItem" => {
            let item = item_of(document, &key)?;
            refuse_metadata(item.keys().map(Str::as_str))?;
            Change::Put(item)
        }
        "UpdateItem" => {
            let expression = placeholders.take(&document.required("update")?, &[])?;
            let names = placeholders.names().values().filter_map(Value::as_str);
            refuse_metadata(words(&expression).map(|(_, word)| word).chain(names))?;
            Change::Update(expression)
        }
        _ => Change::Delete,
    };
    let mut request = Map::default();
    let condition = read_condition(document, &mut placeholders, &mut request)?;
    let expression = request.get("ConditionExpression").and_then(Value::as_str).map(Str::from);
    let known_version = document.member("_version").map(|version| version.whole_number()).transpose()?;
    Ok(Mutation { key, change, known_version, condition: expression.zip(condition), placeholders, custom_keys })
}

/// Clients do not write what the data source manages.
fn refuse_metadata<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<(), FieldError> {
    match names.find(|name| METADATA.contains(name)) {
        Some(name) => Err(FieldError::new("BadRequest", format!("attribute '{name}' is managed by the data source"))),
        None => Ok(()),
    }
}

async fn stored_item(call: &Call<'_>, key: &Map) -> Result<Option<Map>, ServiceError> {
    // Every write needs it, so that it takes no right to read.
    let request = Map::from_iter([
        ("TableName".into(), Value::from(call.table)),
        ("Key".into(), key.clone().into()),
        ("ConsistentRead".into(), true.into()),
    ]);
    let answer = call.send(Operation::GetItem, request).await?;
    Ok(answer.get("Item").and_then(Value::as_object).cloned())
}

impl Mutation {
    fn conflicts_with(&self, stored: &Map, handler: &ConflictHandler) -> bool {
        *handler != ConflictHandler::None && self.known_version != version_of(stored)
    }

    /// DynamoDB's form of a change, which holds only while the stored version is what was read.
    fn request(
        &self,
        call: &Call<'_>,
        change: Change,
        stored_version: Option<i64>,
        version: i64,
        now: i64,
        versioning: &Versioning,
    ) -> (Operation, Map) {
        // What an update expression brought along is of no use to what replaces it.
        let mut placeholders = match (&self.change, &change) {
            (Change::Update(_), Change::Put(_) | Change::Delete) => self.placeholders_of_condition(),
            _ => self.placeholders.clone(),
        };
        placeholders.add_name("#syncline_version", "_version");
        let is_unchanged = match stored_version {
            Some(stored) => {
                placeholders.add_value(":syncline_stored", number(stored));
                "#syncline_version = :syncline_stored"
            }
            None => "attribute_not_exists(#syncline_version)",
        };
        let condition = match &self.condition {
            Some((condition, _)) => format!("({condition}) AND ({is_unchanged})"),
            None => is_unchanged.to_owned(),
        };
        let mut request = Map::from_iter([("TableName".into(), call.table.into())]);
        request.insert("ConditionExpression".into(), condition.into());
        if let Change::Put(mut item) = change {
            item.insert("_version".into(), number(version));
            item.insert("_lastChangedAt".into(), number(now));
            request.insert("Item".into(), item.into());
            placeholders.write(&mut request);
            return (Operation::PutItem, request);
        }
        request.insert("Key".into(), self.key.clone().into());
        // Tombstones that live for no time are not written at all.
        if matches!(change, Change::Delete) && versioning.base_table_ttl.is_zero() {
            request.insert("ReturnValues".into(), "ALL_OLD".into());
            placeholders.write(&mut request);
            return (Operation::DeleteItem, request);
        }
        placeholders.add_name("#syncline_changed", "_lastChangedAt");
        placeholders.add_value(":syncline_version", number(version));
        placeholders.add_value(":syncline_changed", number(now));
        let mut assignments = "#syncline_version = :syncline_version, #syncline_changed = :syncline_changed".to_owned();
        let expression = match &change {
            Change::Update(expression) => expression.as_str(),
            _ => {
                placeholders.add_name("#syncline_deleted", "_deleted");
                placeholders.add_name("#syncline_ttl", "_ttl");
                placeholders.add_value(":syncline_deleted", object! { "BOOL" => true });
                placeholders.add_value(":syncline_ttl", delta::expiry(now, versioning.base_table_ttl));
                assignments.push_str(", #syncline_deleted = :syncline_deleted, #syncline_ttl = :syncline_ttl");
                ""
            }
        };
        request.insert("UpdateExpression".into(), also_setting(expression, &assignments).into());
        request.insert("ReturnValues".into(), "ALL_NEW".into());
        placeholders.write(&mut request);
        (Operation::UpdateItem, request)
    }

    /// The placeholders that the condition uses, because DynamoDB refuses those that nobody uses.
    fn placeholders_of_condition(&self) -> Placeholders {
        let used: Vec<&str> = match &self.condition {
            Some((expression, _)) => words(expression).flat_map(|(_, word)| word.split('.')).collect(),
            None => Vec::new(),
        };
        self.placeholders.only(&used)
    }

    /// A repeated put whose condition fails because the first one succeeded is a success (spec appsync-js 3.14).
    fn rescued(&self, wanted: Option<Map>, stored: Option<&Map>) -> Option<Outcome> {
        let (Change::Put(_), Some((_, condition)), Some(wanted), Some(stored)) =
            (&self.change, &self.condition, wanted, stored)
        else {
            return None;
        };
        let ignored: Vec<Str> =
            condition.equals_ignore.iter().cloned().chain(METADATA.into_iter().map(Str::from)).collect();
        typed::is_same_map(&wanted, stored, &ignored).then(|| Outcome::success(typed::plain_map(stored)))
    }
}

fn number(number: i64) -> Value {
    object! { "N" => number.to_string() }
}

/// An update expression that also makes `assignments`. An expression may have one `SET` only.
fn also_setting(expression: &str, assignments: &str) -> String {
    match words(expression).find(|(_, word)| word.eq_ignore_ascii_case("SET")) {
        Some((start, word)) => {
            let (before, after) = expression.split_at(start + word.len());
            format!("{before} {assignments}, {}", after.trim_start())
        }
        None => format!("{} SET {assignments}", expression.trim_end()).trim_start().to_owned(),
    }
}

/// The words of an expression: keywords, paths and placeholders, each with where it starts.
fn words(expression: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_between = |c: char| c.is_whitespace() || "()=<>,+-[]".contains(c);
    let words = expression.split(is_between).filter(|word| !word.is_empty());
    words.map(move |word| (word.as_ptr() as usize - expression.as_ptr() as usize, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_join_those_of_the_expression() {
        for (expression, expected) in [
            ("", "SET v = :v"),
            ("REMOVE a", "REMOVE a SET v = :v"),
            ("SET a = :a", "SET v = :v, a = :a"),
            ("add n :n set a=:a", "add n :n set v = :v, a=:a"),
            ("REMOVE #set, x.set SET  b = :set", "REMOVE #set, x.set SET v = :v, b = :set"),
            ("REMOVE é", "REMOVE é SET v = :v"),
        ] {
            assert_eq!(also_setting(expression, "v = :v"), expected, "{expression}");
        }
    }
}
