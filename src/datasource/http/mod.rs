//! HTTP as AppSync's resolvers use it (spec appsync-js 4.2): `{method, resourcePath, params}` in, `{statusCode, headers,
//! body}` out. An answer is a result whatever its status; only where there is none, or none that can be shown, there is an
//! error.
//!
//! `request` reads the document, `url` makes the address, `redirect` follows where that is allowed, `answer` shapes the
//! result. What is tried again, and which addresses are reached, is the client's business (`backend::http`).

mod answer;
mod redirect;
mod request;
mod url;

use futures_util::future::BoxFuture;

use crate::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse};
use crate::context::DataSourceError;
use crate::datasource::document::Element;
use crate::datasource::{DataSource, Invocation, Outcome};
use crate::error::FieldError;
use crate::limits;
use crate::project::HttpService;
use crate::value::{Str, Value};

/// The type of every error of an HTTP data source. AppSync's is UNCONFIRMED (spec appsync-js 4.2).
const ERROR_TYPE: &str = "HttpDataSourceError";

/// A web service.
#[derive(Clone, Debug)]
pub struct HttpSource {
    service: HttpService,
}

impl HttpSource {
    pub fn new(service: HttpService) -> HttpSource {
        HttpSource { service }
    }

    /// Calls the service, and follows where its answers lead as far as that is allowed.
    async fn call(&self, mut request: HttpRequest, call: &Invocation<'_>) -> Result<HttpResponse, HttpFailure> {
        let started = call.clock.instant();
        let mut followed = 0;
        loop {
            request.timeout = limits::HTTP_TIMEOUT.saturating_sub(started.elapsed());
            let answer = call.http.send(request.clone()).await?;
            match redirect::next(&self.service, &request, &answer) {
                Some(next) if followed < limits::HTTP_REDIRECTS => request = next,
                _ => return Ok(answer),
            }
            followed += 1;
        }
    }
}

impl DataSource for HttpSource {
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async move {
            let document = Element::root(call.request);
            let request = request::read(&document, &self.service, call.rights.role())?;
            match self.call(request, &call).await {
                Ok(answer) => Ok(match answer::result(&answer) {
                    Ok(result) => Outcome::success(result),
                    Err(why) => failed(format!("{} {why}", self.service.origin)),
                }),
                // The handler asked for what cannot be sent.
                Err(HttpFailure { kind: HttpFailureKind::Malformed, message, .. }) => {
                    Err(FieldError::mapping_template(message))
                }
                Err(HttpFailure { kind, message, cause }) => {
                    // With a cause, the resolver logs it.
                    if cause.is_empty() {
                        tracing::warn!(resolver = call.coordinate, ?kind, "{message}");
                    }
                    let error = DataSourceError { cause, ..DataSourceError::new(ERROR_TYPE, message) };
                    Ok(Outcome { result: Value::Null, error: Some(error) })
                }
            }
        })
    }

    fn is_younger_than_2017(&self) -> bool {
        true
    }
}

fn failed(message: impl Into<Str>) -> Outcome {
    Outcome { result: Value::Null, error: Some(DataSourceError::new(ERROR_TYPE, message)) }
}

#[cfg(test)]
mod tests;
