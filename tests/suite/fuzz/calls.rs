//! What code can make grow, and what it can make slow.

use std::time::Duration;

use syncline::context::Context;
use syncline::error::SourceFile;
use syncline::handler::js::{Dialect, JsProgram};
use syncline::handler::{Function, Returned};
use syncline::limits::Limits;
use syncline::value::{Value, object};

fn limits(handler_timeout: Duration, handler_memory_bytes: usize) -> Limits {
    Limits { handler_timeout, handler_memory_bytes, ..Limits::default() }
}

/// Runs the body of a `request` function in the standard dialect, with more time than any of them needs.
fn call(body: &str, ctx: &mut Context) -> Result<Value, String> {
    call_within(&limits(Duration::from_secs(60), 16 * 1024 * 1024), body, ctx)
}

fn call_within(limits: &Limits, body: &str, ctx: &mut Context) -> Result<Value, String> {
    let source = format!("export function request(ctx) {{ {body} }}");
    let file = SourceFile::new("code.js", source);
    let program = JsProgram::compile(&[file], &["code.js".into()], Dialect::Standard, limits).unwrap();
    match program.handler("code.js").unwrap().call(Function::Request, ctx) {
        Ok(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => Ok(value),
        Err(failure) => Err(failure.error.message.to_string()),
    }
}

#[test]
fn what_a_call_keeps_outside_of_its_engine_counts_as_its_memory() {
    let big = "x".repeat(100_000);
    for body in [
        "for (;;) console.log(ctx.args.big);",
        "for (;;) util.appendError(ctx.args.big, 'Type', ctx.args.big, ctx.args.big);",
        "for (;;) { try { util.appendError(ctx.args.big); } catch (error) { return ctx.args.big[0].nothing.there; } }",
        "const all = []; for (;;) all.push(util.dynamodb.toMapValues({ big: ctx.args.big }));",
        "for (;;) util.dynamodb.toMapValues({ big: ctx.args.big });",
        "for (let n = 0; n < 9; n++) util.appendError(ctx.args.big); for (;;) ctx.outErrors;",
    ] {
        let mut ctx = Context { arguments: object! { "big" => big.as_str() }, ..Context::default() };
        let message = call(body, &mut ctx).unwrap_err();
        assert!(message.contains("out of memory (16 MB)") || body.contains("nothing"), "{body}: {message}");
        let logged: usize = ctx.effects.logs.iter().map(|line| line.message.len()).sum();
        let appended: usize = ctx.effects.errors.iter().map(|error| error.message.len()).sum();
        assert!(logged + appended <= 16 * 1024 * 1024, "{body}: {logged} bytes of logs, {appended} of errors");
    }
}

#[test]
fn a_list_that_was_looked_into_counts_as_often_as_it_is_returned() {
    let list: Value = (0..10_000).map(|n| Value::from(format!("item number {n}"))).collect();
    let mut ctx = Context { arguments: object! { "list" => list }, ..Context::default() };
    let body = "const { list } = ctx.args; list[0]; return Array.from({ length: 10000 }, () => list);";
    assert!(call(body, &mut ctx).unwrap_err().contains("the value is larger than 5 MB"));
}

#[test]
fn what_handlers_hand_on_does_not_nest_deeper_with_each_of_them() {
    let body = "let { x } = ctx.stash; for (let n = 0; n < 150; n++) x = [x]; ctx.stash.x = x; return null;";
    let mut ctx = Context { stash: Value::empty_object(), ..Context::default() };
    assert_eq!(call(body, &mut ctx), Ok(Value::Null));
    assert!(call(body, &mut ctx).unwrap_err().contains("nests deeper than 200 levels"));
}

/// Built-ins on values that are as large as memory allows: `s` and `t` are long texts, `many` is a list of them, `sparse`
/// is long without having elements.
#[rustfmt::skip]
const SLOW: &[&str] = &[
    "s.indexOf(t)", "s.lastIndexOf(t)", "s.includes(t)", "s.split(t)", "s.replace(t, '')", "s.replaceAll(t, '')", "s.indexOf([t])",
    "s.replace({ toString: () => t }, '')", "s.startsWith(t)", "s.normalize('NFC')", "marks.normalize('NFC')",
    "util.str.normalize(marks, 'nfd')", "s.toUpperCase()", "s.localeCompare(t)", "[...s].length", "s.split('')", "s.split('x')",
    "s.replaceAll('x', 'yy')", "s.replaceAll('', '-')", "s.padEnd(1e9, t)", "String.raw({ raw: { length: 4294967295 } })",
    "/(x+)+y/.test(s)", "/(x*)*y/.exec(s)", "s.match(/x*?x*?x*?y/)", "s.matchAll(/x/g)", "s.replace(/x/g, s)", "s.split(/(?:)/)",
    "many.sort()", "many.toSorted()", "many.indexOf(s + '')", "many.includes(t)", "many.join()", "many.concat(many)", "many.flat()",
    "new Set(many)", "new Map(many.map((m) => [m, m]))", "JSON.stringify(many)", "JSON.stringify(s)", "Object.groupBy(many, (m) => m)",
    "sparse.join('x')", "sparse.fill(1)", "sparse.indexOf(1)", "sparse.lastIndexOf(1)", "sparse.includes(1)", "sparse.reverse()",
    "sparse.sort()", "sparse.toSorted()", "sparse.toReversed()", "sparse.with(1, 1)", "sparse.slice(1)", "sparse.splice(1, 1, 2)",
    "sparse.shift()", "sparse.unshift(1)", "sparse.concat([1])", "[].concat(sparse)", "sparse.forEach((x) => x)", "sparse.map((x) => x)",
    "sparse.filter((x) => x)", "sparse.some((x) => x)", "sparse.every((x) => x)", "sparse.reduce((a) => a)", "sparse.flat()",
    "sparse.reduceRight((a) => a)", "sparse.flatMap((x) => x)", "sparse.find((x) => x)", "sparse.findLast((x) => x)", "sparse.at(-1)",
    "sparse.copyWithin(1, 2)", "sparse.toString()", "`${sparse}`", "[...sparse]", "Array.from(sparse)", "JSON.stringify(sparse)",
    "Math.max(...sparse)", "Object.keys(sparse)", "util.dynamodb.toDynamoDB(sparse)", "console.log(sparse)", "structuredClone(sparse)",
    "Array.prototype.join.call({ length: 2 ** 53 - 1 })", "Array.from({ length: 4294967295 })", "String.fromCharCode(...sparse)",
    "2n ** 1000000n", "(2n ** 900000n) * (3n ** 500000n)", "(7n ** 300000n).toString()", "BigInt('9'.repeat(300000))",
    "Number('1'.repeat(5e6))", "parseFloat('1'.repeat(5e6))", "parseInt(s, 36)", "JSON.parse('['.repeat(1e6))", "JSON.parse(s)",
    "JSON.stringify({ toJSON() { return { a: this } } })", "util.urlDecode('%41'.repeat(1e6))", "util.urlEncode(s)",
    "util.base64Encode(s)", "util.escapeJavaScript(s)", "util.time.parseISO8601ToEpochMilliSeconds(s)", "Object.assign({}, s)",
    "encodeURIComponent(s)", "escape(s)", "new Date(s)", "Symbol(s).toString()", "s.isWellFormed()", "isNaN(s)", "s == t", "s < t",
];

#[test]
fn no_built_in_runs_on_when_its_time_is_over() {
    crate::harness::child::in_its_own_process("fuzz::calls::no_built_in_runs_on_when_its_time_is_over", || {
        for expression in SLOW {
            let setup = "const s = 'x'.repeat(4e6), t = 'x'.repeat(2e6) + 'y', many = Array(2e5).fill(s), sparse = [];
                const marks = '\\u0301\\u0323'.repeat(5e5); sparse.length = 4294967295;";
            crate::harness::child::watch(expression.as_bytes(), |_| {
                let body = format!("{setup} const result = {expression}; return typeof result;");
                let _ =
                    call_within(&limits(Duration::from_millis(100), 64 * 1024 * 1024), &body, &mut Context::default());
            });
        }
    });
}
