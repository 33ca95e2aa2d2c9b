//! `syncline query`: one operation in process.

mod explain;

use std::sync::Arc;

use clap::Args;

use crate::api::{Answer, OperationRequest};
use crate::cli::setup::{api, block_on, print, print_json};
use crate::cli::{Common, Failure};
use crate::context::RequestInfo;
use crate::value::{Map, Str, Value};

#[derive(Args)]
pub struct Arguments {
    /// The operation, for example '{ user(id: "u-ada") { name } }'
    document: String,
    /// Variables as a JSON object
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
    /// Which operation of the document to run
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// A request header that resolvers see, as `name: value`; may be repeated
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// Say on standard error what the operation cost: calls to DynamoDB, keys, capacity units, what was shared
    #[arg(long)]
    explain: bool,
}

/// Prints the response; fails when it holds errors.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let request = OperationRequest {
        query: arguments.document.as_str().into(),
        variables: match &arguments.variables {
            Some(text) => variables(text)?,
            None => Value::Null,
        },
        operation_name: arguments.operation.as_deref().map(Str::from),
        request: Arc::new(RequestInfo { headers: headers(&arguments.header)?, domain_name: Value::Null }),
        is_explained: arguments.explain,
        ..OperationRequest::default()
    };
    let answer = block_on(async { Ok(api(common).await?.execute(request).await) })??;
    match answer {
        Answer::Executed { response, report } => {
            for line in &report.logs {
                eprintln!("{line}");
            }
            print_json(&response)?;
            if let (true, Some(explanation)) = (arguments.explain, &report.explanation) {
                eprint!("{}", explain::table(explanation));
            }
            if response.errors.is_empty() { Ok(()) } else { Err(Failure::Findings) }
        }
        Answer::Refused(refusal) => {
            print(&String::from_utf8_lossy(&refusal.to_json()))?;
            Err(Failure::Findings)
        }
    }
}

fn variables(text: &str) -> Result<Value, Failure> {
    match Value::parse(text) {
        Ok(variables @ Value::Object(_)) => Ok(variables),
        Ok(other) => Err(Failure::Usage(format!("`--variables` must be a JSON object, not a {}", other.kind()))),
        Err(error) => Err(Failure::Usage(format!("`--variables` is not JSON: {error}"))),
    }
}

fn headers(lines: &[String]) -> Result<Value, Failure> {
    let mut map = Map::default();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(Failure::Usage(format!("`--header` must read `name: value`, not `{line}`")));
        };
        map.insert(name.trim().to_ascii_lowercase().into(), value.trim().into());
    }
    Ok(map.into())
}
