//! `@aws-appsync/utils/ai`: builders of Bedrock's request documents (spec appsync-js 2.12).

use super::markers::{Builder, Markers};
use crate::handler::util::{Refusal, argument};
use crate::value::{Map, Value};

/// Every function of the module, by its path.
pub(super) const BUILDERS: &[(&str, Builder)] = &[("invokeModel", invoke_model), ("converse", converse)];

fn invoke_model(_: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    request("invokeModel", "InvokeModel", arguments)
}

fn converse(_: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    request("converse", "Converse", arguments)
}

/// The input as it is, with the operation's name. Whether AppSync drops unknown members is UNCONFIRMED; the data source
/// is the one to refuse them. Members that are null are left out, as the other modules do.
fn request(name: &str, operation: &str, arguments: &[Value]) -> Result<Value, Refusal> {
    let input = argument(arguments, 0).as_object();
    let input = input.ok_or_else(|| Refusal::failed(format!("{name} expects an object")))?;
    let mut out = Map::with_capacity_and_hasher(input.len() + 1, Default::default());
    out.insert("operation".into(), operation.into());
    for (key, value) in input {
        if key != "operation" && !value.is_null() {
            out.insert(key.clone(), value.clone());
        }
    }
    Ok(out.into())
}
