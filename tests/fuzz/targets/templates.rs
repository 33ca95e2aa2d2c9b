//! Any text as a VTL template: it is refused with a place inside it, or it renders, and leaves values that can be read.

use syncline::context::Context;
use syncline::error::SourceFile;
use syncline::handler::vtl::request::{Expected, parse_printed};
use syncline::handler::vtl::{Rendered, Template};
use syncline::limits::Limits;
use syncline::value::{Value, object};

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let file = SourceFile::new("template.vtl", text.as_ref());
    let template = match Template::parse(&file) {
        Ok((template, warnings)) => {
            warnings.iter().for_each(|warning| drop(warning.to_string()));
            template
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in problems {
                let place = problem.place.as_ref().expect("a mistake in a file has a place");
                assert!(place.start <= place.end && place.end <= file.text.len(), "{place:?} is not in the file");
                drop(problem.to_string());
            }
            return;
        }
    };
    let input = object! { "id" => "1", "n" => 5, "list" => vec![Value::from("x"), Value::Null], "map" => object! { "a" => 1.5 } };
    let mut ctx = Context {
        arguments: object! { "input" => input.clone() },
        stash: object! { "kept" => input.clone() },
        result: object! { "items" => vec![input] },
        ..Context::default()
    };
    let limits =
        Limits { handler_memory_bytes: 8 * 1024 * 1024, handler_output_bytes: 256 * 1024, ..Limits::default() };
    match template.render(&mut ctx, &limits) {
        Ok(Rendered::Text(text)) => {
            assert!(text.len() <= limits.handler_output_bytes, "{} bytes of output", text.len());
            drop(parse_printed(&text, Expected::Request));
        }
        Ok(Rendered::Returned(value)) => drop(value.to_string()),
        Err(failure) => assert!(!failure.error.message.is_empty() || failure.position.is_none()),
    }
    assert!(ctx.stash.as_object().is_some() && ctx.arguments.as_object().is_some());
}
