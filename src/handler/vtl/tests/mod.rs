//! Runs the cases of `tests/vtl` (see `tests/vtl/README.md`), and compares with the real engine: its recorded answers, and
//! the engine itself where Java is present.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod generator;
#[cfg(test)]
mod oracle;

use super::parse::{self, Leniency};
use super::request::{Expected, parse_printed};
use super::{Rendered, Template};
use crate::clock::Clock;
use crate::context::Context;
use crate::error::SourceFile;
use crate::handler::possible::Inputs;
use crate::limits::Limits;
use crate::value::Value;

fn context(json: &Value) -> Context {
    Context { clock: Clock::fixed(1_700_000_000_123, 1), ..Context::from_json(json) }
}

/// What a template does with the given variables, in the words that the real engine's answers are recorded in.
fn answer(template: &str, variables: &Value) -> Answer {
    if let Err(refused) = parse::parse(template, Leniency::None, parse::first_names()) {
        return Answer::Error(refused.message);
    }
    let file = SourceFile::new("velocity", template);
    let (template, _) = Template::parse(&file).expect("it was just read");
    match template.render_with(variables, &mut context(&Value::Null), &Limits::default()) {
        Ok(Rendered::Text(text)) => Answer::Text(text),
        Ok(Rendered::Returned(value)) => Answer::Returned(value),
        Err(failure) => Answer::Error(failure.error.message.to_string()),
    }
}

/// Whether what a template printed is among what [`super::possible_request`] has found. A text that is no JSON is no request.
#[track_caller]
fn assert_foreseen(template: &Template, ctx: &Context, printed: &str) {
    let Ok(value) = parse_printed(printed, Expected::Request) else { return };
    let possible = super::possible_request(template, &Inputs::of_environment(&ctx.env));
    assert!(possible.covers(&value), "{:?} gives {value}, which was not foreseen: {possible:?}", template.0.file.text);
}

#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Text(String),
    Returned(Value),
    Error(String),
}

impl Answer {
    /// What the real engine answered: `expect`, `expect_return` or `expect_error`.
    fn recorded(json: &Value) -> Answer {
        if let Some(text) = json.get("expect").and_then(Value::as_str) {
            return Answer::Text(text.to_owned());
        }
        if let Some(message) = json.get("expect_error").and_then(Value::as_str) {
            return Answer::Error(message.to_owned());
        }
        Answer::Returned(json.get("expect_return").cloned().unwrap_or_default())
    }

    /// Whether ours is what the real engine answered. Of messages, what is said about the place is compared where both say
    /// something.
    fn is_like(&self, real: &Answer) -> bool {
        match (self, real) {
            (Answer::Error(ours), Answer::Error(real)) => {
                let sought = |message: &str| {
                    let start = message.find("Encountered ").or(message.find("Invocation of"))?;
                    let message = message[start..].lines().next()?.replace("*unset*", "velocity");
                    // The recorded vectors name each template after itself.
                    let (what, place) = message.rsplit_once(" at ")?;
                    Some((what.to_owned(), place[place.find('[')?..].to_owned()))
                };
                match (sought(ours), sought(real)) {
                    (Some(ours), Some(real)) => ours == real,
                    _ => true,
                }
            }
            (ours, real) => ours == real,
        }
    }
}
