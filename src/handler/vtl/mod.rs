//! VTL: the mapping templates of AppSync, with the rules of Apache Velocity 1.7 (spec appsync-vtl).
//!
//! [`Template::parse`] reads a file once into a tree; [`Template::render`] walks it. A rendering owns its maps and lists
//! (`java/`), which templates share and change by reference as Java does; arguments, stash and results come in without a
//! copy and are only taken apart where a template looks into them. `methods/` are those of Java's classes, `natives/` are
//! `$util` and `$extensions` on the functions of [`crate::handler::util`]. [`request`] reads the printed text as JSON, and
//! [`VtlHandler`] is a pair of templates as any other handler, [`PreparedTemplate`] one that was read earlier. `possible/` tells
//! what a template can ask for, without rendering it.
//!
//! Everything that a template or a client could let grow is bounded: rounds of a loop, steps, memory, output, nesting.

mod ast;
mod context;
mod format;
mod handler;
mod interpret;
mod java;
mod methods;
mod natives;
mod parse;
#[cfg(any(test, feature = "package"))]
mod possible;
mod prepared;
pub mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use handler::VtlHandler;
#[cfg(any(test, feature = "package"))]
pub use possible::possible_request;
pub use prepared::PreparedTemplate;

use interpret::{Failed, Interpreter, Interrupt};
use parse::Parsed;

use crate::context::Context;
use crate::error::{Diagnostic, FieldError, Location, SourceFile};
use crate::handler::Failure;
use crate::limits::Limits;
use crate::value::{Str, Value};

/// One mapping template, ready to be rendered. Cloning shares.
///
/// # Examples
/// ```
/// use syncline::context::Context;
/// use syncline::error::SourceFile;
/// use syncline::handler::vtl::{Rendered, Template};
/// use syncline::limits::Limits;
/// use syncline::value::object;
///
/// let file = SourceFile::new("Query.post.req.vtl", r#"{"id": $util.toJson($ctx.args.id)}"#);
/// let (template, warnings) = Template::parse(&file).unwrap();
/// assert!(warnings.is_empty());
/// let mut ctx = Context { arguments: object! { "id" => "p1" }, ..Context::default() };
/// let rendered = template.render(&mut ctx, &Limits::default()).unwrap();
/// assert_eq!(rendered, Rendered::Text(r#"{"id": "p1"}"#.to_owned()));
/// ```
#[derive(Clone, Debug)]
pub struct Template(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: Arc<SourceFile>,
    parsed: Parsed,
}

/// How a rendering ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Rendered {
    /// What the template printed.
    Text(String),
    /// `#return(value)` ended the template: the value counts instead of the text.
    Returned(Value),
}

impl Template {
    /// Reads a template. With it come warnings: what this engine accepts, but AppSync does not, or takes otherwise.
    ///
    /// # Errors
    /// What Velocity would refuse, in its words (`Encountered "#end" at velocity[line 1, column 10]`), with the place.
    pub fn parse(file: &Arc<SourceFile>) -> Result<(Template, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (parsed, warnings) = parse::parse_file(file)?;
        Ok((Template(Arc::new(Inner { file: file.clone(), parsed })), warnings))
    }

    /// Path of the file that it was read from.
    pub fn path(&self) -> &Str {
        &self.0.file.path
    }

    /// Renders the template with `$ctx`, `$util` and `$extensions`. What it left in `ctx.stash` and `ctx.args`, the errors
    /// that it appended and its log lines are in `ctx` afterwards, whether it ended well or not.
    ///
    /// # Errors
    /// [`Failure`]: `$util.error` and its kin, which have no position; and with `MappingTemplate` a method that threw, or
    /// a bound that was reached.
    pub fn render(&self, ctx: &mut Context, limits: &Limits) -> Result<Rendered, Failure> {
        self.render_with(&Value::Null, ctx, limits)
    }

    /// As [`Template::render`] with further references: the members of the object `variables` by their names.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_with(&self, variables: &Value, ctx: &mut Context, limits: &Limits) -> Result<Rendered, Failure> {
        let Inner { file, parsed } = &*self.0;
        let mut interpreter = Interpreter::new(&parsed.names, &parsed.macros, &file.path, ctx, limits);
        let members = context::define(&mut interpreter).map_err(|interrupt| self.failure(interrupt))?;
        for (name, value) in variables.as_object().into_iter().flatten() {
            let value = interpreter.heap.give(value);
            interpreter.define_named(name, value);
        }
        let mut out = String::with_capacity(file.text.len());
        let end = match interpreter.block(&parsed.block, &mut out) {
            // Outside of a loop `#break` ends the template.
            Ok(()) | Err(Interrupt::Break | Interrupt::Stop) => Ok(Rendered::Text(out)),
            Err(Interrupt::Return(value)) => {
                interpreter.heap.take(&value).map(Rendered::Returned).map_err(Interrupt::from)
            }
            Err(failed) => Err(failed),
        };
        let kept = context::keep(&mut interpreter, &members);
        let end = match (end, kept) {
            (Ok(_), Err(thrown)) => Err(thrown.into()),
            (end, _) => end,
        };
        end.map_err(|interrupt| self.failure(interrupt))
    }

    fn failure(&self, interrupt: Interrupt) -> Failure {
        let failed = match interrupt {
            Interrupt::Failed(failed) => *failed,
            // All others end a rendering well.
            _ => Failed::Message { message: String::new(), position: None },
        };
        match failed {
            Failed::Raised(error) => Failure { error, position: None },
            Failed::Message { message, position } => {
                let location = position.map_or(Location { line: 1, column: 1 }, |position| Location {
                    line: position.line,
                    column: position.column,
                });
                Failure {
                    error: FieldError::mapping_template(message),
                    position: Some((self.0.file.path.clone(), location)),
                }
            }
        }
    }
}
