//! `syncline query`: one operation in process.

mod explain;

use std::sync::Arc;

use clap::Args;

use crate::api::{Answer, OperationRequest};
use crate::auth::Evidence;
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
    /// Say on standard error what the operation cost: calls of data sources, keys, capacity units, what was shared
    #[arg(long)]
    explain: bool,
    /// Who asks: a name of `identities` in syncline.yaml; without it the operation signs in by its headers, as over HTTP
    #[arg(long = "as", value_name = "NAME")]
    acts_as: Option<String>,
}

/// Prints the response; fails when it holds errors.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let mut request = OperationRequest {
        query: arguments.document.as_str().into(),
        variables: match &arguments.variables {
            Some(text) => variables(text)?,
            None => Value::Null,
        },
        operation_name: arguments.operation.as_deref().map(Str::from),
        request: Arc::new(RequestInfo { headers: headers(&arguments.header)?, domain_name: Value::Null }),
        is_explained: arguments.explain,
        evidence: Evidence { peer: Some(Str::new_static("127.0.0.1")), ..Evidence::default() },
        ..OperationRequest::default()
    };
    let answer = block_on(async {
        let api = api(common).await?;
        if let Some(name) = &arguments.acts_as {
            let identity = api.local_identity(name);
            let unknown = || Failure::Usage(format!("syncline.yaml has no identity `{name}` below `identities`"));
            request.identity = Some(identity.ok_or_else(unknown)?);
        }
        Ok(api.execute(request).await)
    })??;
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
            if refusal.status == 401 {
                eprintln!("help: sign in with --header 'x-api-key: …' or 'authorization: …', or use --as NAME");
            }
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
