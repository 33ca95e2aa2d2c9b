//! A pair of templates as the handler of a resolver or of a pipeline's function (spec appsync-vtl 2, 8 and 9).

use std::sync::Arc;

use super::request::{Expected, parse_printed, returned};
use super::{Rendered, Template};
use crate::context::Context;
use crate::error::Location;
use crate::handler::{Failure, Function, Returned, SkipTo};
use crate::limits::Limits;
use crate::value::Value;

/// Request and response template of one resolver or function; either may be missing. Cloning shares.
#[derive(Clone, Debug)]
pub struct VtlHandler {
    request: Option<Template>,
    response: Option<Template>,
    limits: Arc<Limits>,
}

impl VtlHandler {
    pub fn new(request: Option<Template>, response: Option<Template>, limits: Arc<Limits>) -> VtlHandler {
        VtlHandler { request, response, limits }
    }

    fn template(&self, function: Function) -> Option<&Template> {
        match function {
            Function::Request => self.request.as_ref(),
            Function::Response => self.response.as_ref(),
        }
    }

    /// Whether there is a template for it.
    pub fn has(&self, function: Function) -> bool {
        self.template(function).is_some()
    }

    /// Renders a template and reads what it printed. One that is missing gives null.
    ///
    /// # Errors
    /// As [`Template::render`]; and with `MappingTemplate` what is printed but is no JSON, with the template's beginning
    /// as its place.
    pub fn call(&self, function: Function, ctx: &mut Context) -> Result<Returned, Failure> {
        let Some(template) = self.template(function) else { return Ok(Returned::Value(Value::Null)) };
        let value = match template.render(ctx, &self.limits)? {
            Rendered::Text(text) => {
                let expected = match function {
                    Function::Request => Expected::Request,
                    Function::Response => Expected::Response,
                };
                let beginning = || (template.path().clone(), Location { line: 1, column: 1 });
                parse_printed(&text, expected).map_err(|error| Failure { error, position: Some(beginning()) })?
            }
            Rendered::Returned(value) if function == Function::Request => {
                return Ok(Returned::EarlyReturn { value: returned(value), skip_to: SkipTo::Caller });
            }
            Rendered::Returned(value) => returned(value),
        };
        Ok(Returned::Value(value))
    }
}
