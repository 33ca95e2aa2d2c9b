//! `syncline invoke`, and the Lambda function itself.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::cli::production::{self, Production, StartError};
use crate::cli::setup::{api, block_on, print, print_json, read_argument};
use crate::cli::{Common, Failure};
use crate::transport::http::Server;
use crate::transport::lambda;
use crate::value::object;

#[derive(Args)]
pub struct Arguments {
    /// A file with the event's JSON; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    event: PathBuf,
}

/// Prints what the Lambda handler returns for the event, or its error in Lambda's form.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let event = read_argument(&arguments.event)?;
    let outcome = block_on(async {
        let api = Arc::new(api(common).await?);
        let server = Server::new(api.clone(), None, Arc::new(|_| {}));
        Ok(lambda::invoke(&api, &server, &event).await)
    })??;
    match outcome {
        Ok(answer) => print_json(&answer),
        Err(error) => {
            let error_type = match error.downcast_ref::<lambda::ResolverError>() {
                Some(error) => error.0.error_type.clone().unwrap_or_default(),
                None => "Error".into(),
            };
            print(&object! { "errorType" => error_type, "errorMessage" => error.to_string() }.to_string())?;
            Err(Failure::Findings)
        }
    }
}

/// Serves events until Lambda ends the process. The project lies beside the binary.
pub fn serve_lambda() -> Result<(), Failure> {
    let project = std::env::var_os("LAMBDA_TASK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let common = Common {
        project,
        port: 0,
        host: None,
        data: None,
        memory: false,
        aws: false,
        dynamodb_endpoint: production::dynamodb_endpoint(),
    };
    block_on(async {
        let production = Production::start(&common).await.map_err(StartError::report)?;
        // Lambda's init has a whole core; the first request would do the same on a fraction of one.
        production.warm_up().await;
        let Production { api, server, .. } = production;
        lambda::run(api, server).await.map_err(|error| Failure::Environment(error.to_string()))
    })?
}
