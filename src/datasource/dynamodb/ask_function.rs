//! Lambda functions that decide for a write: handlers of failed conditions (spec appsync-js 3.14) and of conflicts
//! (3.17). They get what they are asked about together with who asks.

use crate::backend::lambda::LambdaInvocation;
use crate::datasource::dynamodb::Call;
use crate::value::{Map, Str, Value, object};

/// AppSync always has a region; a laptop has none, and handlers may read it.
const REGION_OF_LAPTOPS: &str = "us-east-1";

/// Calls `function` with `own` members, the field's arguments, the resolver and the identity, and returns its answer.
///
/// # Errors
/// Why there is no answer, in words for the operator.
pub(super) async fn ask<'a>(
    call: &Call<'_>,
    function: &Str,
    own: impl IntoIterator<Item = (&'a str, Value)>,
    tells_output_type: bool,
) -> Result<Value, String> {
    let invocation = &call.invocation;
    let mut event: Map = own.into_iter().map(|(name, value)| (Str::from(name), value)).collect();
    event.insert("arguments".into(), invocation.ctx.arguments.clone());
    event.insert("resolver".into(), resolver(call, tells_output_type));
    event.insert("identity".into(), invocation.ctx.identity.value.clone());
    let answer = invocation.lambda.invoke(LambdaInvocation {
        function: function.clone(),
        role: invocation.rights.role().map(Str::from),
        payload: Value::from(event).to_string().into(),
        ..LambdaInvocation::default()
    });
    let answer = answer.await.map_err(|error| format!("{}: {error}", error.code))?;
    let payload = std::str::from_utf8(&answer.payload).ok().and_then(|text| Value::parse(text).ok());
    match answer.function_error {
        Some(kind) => {
            let message = payload.as_ref().and_then(|payload| payload.get("errorMessage")).and_then(Value::as_str);
            Err(format!("{kind}: {}", message.unwrap_or("no reason was given")))
        }
        None => payload.ok_or_else(|| "its answer is no JSON".to_owned()),
    }
}

fn resolver(call: &Call<'_>, tells_output_type: bool) -> Value {
    let invocation = &call.invocation;
    let region = call.source.region.clone().or_else(|| invocation.lambda.region());
    let mut resolver = object! {
        "tableName" => call.table,
        "awsRegion" => region.unwrap_or_else(|| REGION_OF_LAPTOPS.into()),
        "parentType" => &invocation.ctx.info.parent_type_name,
        "field" => &invocation.ctx.info.field_name,
    };
    if tells_output_type {
        resolver.set("outputType", invocation.output_type);
    }
    resolver
}
