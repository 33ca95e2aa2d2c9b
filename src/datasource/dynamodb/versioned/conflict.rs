//! What settles a conflict between a mutation and the stored item (spec appsync-js 3.17).

use crate::context::DataSourceError;
use crate::datasource::Outcome;
use crate::datasource::dynamodb::versioned::write::{Change, Mutation};
use crate::datasource::dynamodb::versioned::{METADATA, merge, preview};
use crate::datasource::dynamodb::{Call, ask_function, typed};
use crate::project::ConflictHandler;
use crate::value::{Map, Str, Value, object};

/// How to go on.
pub(super) enum Resolution {
    /// Write this on top of what is stored.
    Write(Change),
    /// Nothing is written.
    Refuse(Outcome),
}

pub(super) async fn resolve(
    call: &Call<'_>,
    mutation: &Mutation,
    stored: &Map,
    handler: &ConflictHandler,
) -> Resolution {
    match handler {
        // Nobody calls this without conflict detection; the mutation stands.
        ConflictHandler::None => Resolution::Write(mutation.change.clone()),
        ConflictHandler::OptimisticConcurrency => unhandled(stored),
        ConflictHandler::Automerge => {
            automerge(mutation, stored).map_or_else(|| unhandled(stored), |item| Resolution::Write(Change::Put(item)))
        }
        ConflictHandler::Lambda(function) => match ask(call, mutation, stored, function).await {
            Ok(resolution) => resolution,
            Err(why) => {
                tracing::warn!(%function, why, "the handler of a conflict failed");
                let message = "Conflict resolver failed or answered what is not understood.";
                Resolution::Refuse(Outcome { result: Value::Null, error: Some(named("ConflictError", message)) })
            }
        },
    }
}

/// The item that AUTOMERGE makes of both; `None` when it cannot.
fn automerge(mutation: &Mutation, stored: &Map) -> Option<Map> {
    let new = match &mutation.change {
        Change::Put(item) => item.clone(),
        Change::Update(expression) => {
            let placeholders = &mutation.placeholders;
            merge::plain_assignments(expression, placeholders.names(), placeholders.values())?
        }
        Change::Delete => return None,
    };
    Some(without_metadata(&merge::merge(stored, &new)))
}

/// Asks a Lambda function. It sees plain values, as resolvers do.
async fn ask(call: &Call<'_>, mutation: &Mutation, stored: &Map, function: &Str) -> Result<Resolution, String> {
    let new = new_item(mutation, stored)?;
    let own = [("newItem", typed::plain_map(&new).into()), ("existingItem", typed::plain_map(stored).into())];
    let answer = ask_function::ask(call, function, own, false).await?;
    let action = answer.get("action").and_then(Value::as_str).unwrap_or_default();
    if action.eq_ignore_ascii_case("REJECT") {
        return Ok(unhandled(stored));
    }
    if action.eq_ignore_ascii_case("REMOVE") {
        return Ok(Resolution::Write(Change::Delete));
    }
    if !action.eq_ignore_ascii_case("RESOLVE") {
        return Err("its answer's action is none of RESOLVE, REJECT and REMOVE".to_owned());
    }
    let item = answer.get("item").and_then(Value::as_object).ok_or("it says RESOLVE without an item")?;
    let mut item: Map =
        item.iter().map(|(name, value)| (name.clone(), typed::typed_as(value, stored.get(name)))).collect();
    // It resolves this item, whatever it calls it.
    for (name, value) in &mutation.key {
        match item.insert(name.clone(), value.clone()) {
            Some(other) if !typed::is_same(&other, value) => return Err("its item has another key".to_owned()),
            _ => {}
        }
    }
    Ok(Resolution::Write(Change::Put(without_metadata(&item))))
}

/// The item as it would be without the conflict. Whether AppSync shows it with its metadata, and what it shows of a
/// deletion, is UNCONFIRMED.
fn new_item(mutation: &Mutation, stored: &Map) -> Result<Map, String> {
    match &mutation.change {
        Change::Put(item) => Ok(item.clone()),
        Change::Update(expression) => {
            let placeholders = &mutation.placeholders;
            preview::updated(&without_metadata(stored), expression, placeholders.names(), placeholders.values())
        }
        Change::Delete => {
            let mut item = without_metadata(stored);
            item.insert("_deleted".into(), object! { "BOOL" => true });
            Ok(item)
        }
    }
}

fn without_metadata(item: &Map) -> Map {
    let kept = item.iter().filter(|(name, _)| !METADATA.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn unhandled(stored: &Map) -> Resolution {
    let error = named("ConflictUnhandled", "Conflict resolver rejects mutation.");
    Resolution::Refuse(Outcome { result: typed::plain_map(stored).into(), error: Some(error) })
}

pub(super) fn named(error_type: &str, message: &str) -> DataSourceError {
    DataSourceError::new(error_type, message)
}
