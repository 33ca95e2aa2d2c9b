//! The pair of calls that every resolver makes: `request` with a context of 2 KB, then `response` with what the data
//! source answered.

use std::hint::black_box;
use std::sync::Arc;

use syncline::context::Context;
use syncline::error::SourceFile;
use syncline::handler::js::{Dialect, JsProgram};
use syncline::handler::{Function, Handler, Returned};
use syncline::limits::Limits;
use syncline::value::{Str, Value, object};

use crate::measure::{Effort, compare, microseconds, resident_kib};

/// Pairs in one round.
const REPEATS: u32 = 100;

pub fn run(effort: Effort) {
    let files = [
        SourceFile::new("resolvers/whole.js", include_str!("whole.js")),
        SourceFile::new("resolvers/mapped.js", include_str!("mapped.js")),
    ];
    let paths = files.each_ref().map(|file| file.path.clone());
    let program =
        JsProgram::compile(&files, &paths, Dialect::AppSync, &Limits::default()).expect("the scripts are valid");
    let handler = |path| Handler::Js(program.handler(path).expect("compiled above"));
    let (whole, mapped) = (handler("resolvers/whole.js"), handler("resolvers/mapped.js"));
    let json = Value::parse(include_str!("context.json")).expect("the context is JSON");
    let ctx = Context::from_json(&json);

    let (one, ten, hundred) = (page(1), page(10), page(100));
    let [whole_one, whole_ten, whole_hundred, mapped_ten, mapped_hundred] = compare(
        effort.rounds,
        REPEATS,
        [
            &mut || pair(&whole, &ctx, &one),
            &mut || pair(&whole, &ctx, &ten),
            &mut || pair(&whole, &ctx, &hundred),
            &mut || pair(&mapped, &ctx, &ten),
            &mut || pair(&mapped, &ctx, &hundred),
        ],
    );
    println!(
        "| handler pair, context of {:.1} kB | median µs | best µs | budget µs |",
        json.to_string().len() as f64 / 1000.0
    );
    println!("|---|---|---|---|");
    for (label, sample, budget) in [
        ("1 item, returned whole", whole_one, "15"),
        ("10 items, returned whole", whole_ten, ""),
        ("100 items, returned whole", whole_hundred, "20"),
        ("10 items, mapped", mapped_ten, ""),
        ("100 items, mapped", mapped_hundred, ""),
    ] {
        println!("| {label} | {} | {} | {budget} |", microseconds(sample.median), microseconds(sample.best));
    }
    if let Some(kib) = engine_kib(&files, &paths, &ctx, &one) {
        println!("\nMemory of a program of two scripts with one engine: {kib} KiB.");
    }
    if let Some(growth) = growth(effort.growth_calls, || pair(&mapped, &ctx, &ten)) {
        println!("\nMemory after {} further pairs (10 items, mapped): {growth:+} KiB.", effort.growth_calls);
    }
}

/// One resolver run, as `resolver::Stage` does it.
fn pair(handler: &Handler, template: &Context, result: &Value) {
    let mut ctx = template.clone();
    let request = returned(handler, Function::Request, &mut ctx);
    ctx.result = result.clone();
    black_box((request, returned(handler, Function::Response, &mut ctx)));
}

fn returned(handler: &Handler, function: Function, ctx: &mut Context) -> Value {
    match handler.call(function, ctx) {
        Ok(Returned::Value(value)) => value,
        other => panic!("the script should return a value: {other:?}"),
    }
}

/// What a Query answers: `count` orders of nine attributes, each with three lines.
fn page(count: usize) -> Value {
    let line = |number: usize| {
        object! { "productId" => format!("p{number:02}"), "quantity" => number as i64 + 1, "price" => 4.5 + number as f64 }
    };
    let order = |number: usize| {
        object! {
            "id" => format!("o{number:04}"),
            "customerId" => "c1017",
            "placedAt" => format!("2025-01-02T10:{:02}:00.000Z", number % 60),
            "status" => "PAID",
            "currency" => "EUR",
            "note" => "please ring twice",
            "isGift" => number.is_multiple_of(2),
            "weightGrams" => 250 * number as i64,
            "lines" => (0..3).map(line).collect::<Vec<_>>(),
        }
    };
    object! { "items" => (0..count).map(order).collect::<Vec<_>>(), "nextToken" => Value::Null, "scannedCount" => count as i64 }
}

/// KiB that a program and the engine of its first call take, on average over a few of them.
fn engine_kib(files: &[Arc<SourceFile>], paths: &[Str], ctx: &Context, result: &Value) -> Option<i64> {
    const PROGRAMS: i64 = 20;
    let start = || {
        let program = JsProgram::compile(files, paths, Dialect::AppSync, &Limits::default()).ok()?;
        pair(&Handler::Js(program.handler(&paths[0])?), ctx, result);
        Some(program)
    };
    let first = start()?;
    let before = resident_kib()?;
    let programs: Vec<_> = (0..PROGRAMS).map(|_| start()).collect();
    let after = resident_kib()?;
    drop((first, programs));
    Some((after - before) / PROGRAMS)
}

/// How many KiB more the process holds after `calls` calls; a leak grows with them, a cache does not.
fn growth(calls: usize, mut call: impl FnMut()) -> Option<i64> {
    (0..calls / 10).for_each(|_| call());
    let before = resident_kib()?;
    (0..calls).for_each(|_| call());
    Some(resident_kib()? - before)
}
