//! `syncline invoke`: the Lambda handler once, in process.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::cli::setup::{api, block_on, print, print_json, read_argument};
use crate::cli::{Common, Failure};
use crate::transport::http::Server;
use crate::transport::lambda::{Function, InvokeMode};
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
        let function = Function { api, server, invoke_mode: InvokeMode::Buffered };
        Ok(function.invoke(&event).await)
    })??;
    match outcome {
        Ok(answer) => print_json(&answer),
        Err(error) => {
            print(&object! { "errorType" => error.error_type, "errorMessage" => error.message }.to_string())?;
            Err(Failure::Findings)
        }
    }
}
