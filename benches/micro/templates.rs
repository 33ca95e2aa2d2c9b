//! Rendering VTL: a request template as Amplify writes it, and a loop over a page of results.

use std::hint::black_box;

use syncline::context::Context;
use syncline::error::SourceFile;
use syncline::handler::vtl::request::{Expected, parse_printed};
use syncline::handler::vtl::{Rendered, Template};
use syncline::limits::Limits;
use syncline::value::{Value, object};

use crate::measure::{Effort, compare, microseconds};

/// Renderings in one round.
const REPEATS: u32 = 100;

pub fn run(effort: Effort) {
    let put = template(include_str!("put.vtl"));
    let each = template("[#foreach($item in $ctx.result.items)$util.toJson($item.id)#if($foreach.hasNext),#end#end]");
    let json = Value::parse(include_str!("context.json")).expect("the context is JSON");
    let mut ctx = Context::from_json(&json);
    ctx.arguments = object! {
        "input" => object! { "id" => "p-1", "title" => "A title", "rating" => 5, "tags" => vec![Value::from("a")] },
    };
    let limits = Limits::default();
    let page = |count: i64| {
        let items: Value = (0..count).map(|at| object! { "id" => format!("p-{at}"), "title" => "A title" }).collect();
        Context { result: object! { "items" => items }, ..ctx.clone() }
    };
    let (hundred, thousand) = (page(100), page(1000));
    let [put_only, put_read, over_hundred, over_thousand] = compare(
        effort.rounds,
        REPEATS,
        [
            &mut || drop(black_box(render(&put, &ctx, &limits))),
            &mut || drop(black_box(parse_printed(&render(&put, &ctx, &limits), Expected::Request))),
            &mut || drop(black_box(render(&each, &hundred, &limits))),
            &mut || drop(black_box(render(&each, &thousand, &limits))),
        ],
    );
    println!("| VTL template | median µs | best µs | budget µs |");
    println!("|---|---|---|---|");
    for (label, sample, budget) in [
        ("request of a mutation", put_only, "15"),
        ("request of a mutation, read as JSON", put_read, ""),
        ("`#foreach` over 100 items", over_hundred, ""),
        ("`#foreach` over 1,000 items", over_thousand, ""),
    ] {
        println!("| {label} | {} | {} | {budget} |", microseconds(sample.median), microseconds(sample.best));
    }
}

fn template(text: &str) -> Template {
    let file = SourceFile::new("template.vtl", text);
    Template::parse(&file).expect("the template is valid").0
}

fn render(template: &Template, ctx: &Context, limits: &Limits) -> String {
    match template.render(&mut ctx.clone(), limits) {
        Ok(Rendered::Text(text)) => text,
        other => panic!("the template should print: {other:?}"),
    }
}
