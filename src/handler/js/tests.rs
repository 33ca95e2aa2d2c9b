//! Runs the cases of `tests/js/*.txt` (see `tests/js/README.md`), and what cases cannot show: isolation and limits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::{Dialect, JsProgram};
use crate::clock::Clock;
use crate::context::{
    Context, DataSourceError, Effects, FilterCondition, Identity, Info, OperationType, RequestInfo, SubscriptionFilter,
};
use crate::error::{Diagnostic, SourceFile};
use crate::handler::possible::Inputs;
use crate::handler::{Failure, Function, Handler, Returned, SkipTo};
use crate::limits::Limits;
use crate::value::{Map, Number, Str, Value, object};

/// `{"$decimal": "…"}` stands for a number with more digits than JSON's reader keeps.
fn with_decimals(json: &Value) -> Value {
    match json {
        Value::List(items) => items.iter().map(with_decimals).collect(),
        Value::Object(map) => match map.get("$decimal").and_then(Value::as_str).and_then(Number::parse) {
            Some(number) => number.into(),
            None => map.iter().map(|(key, value)| (key.clone(), with_decimals(value))).collect(),
        },
        scalar => scalar.clone(),
    }
}

fn context(json: &Value) -> Context {
    let json = &with_decimals(json);
    let member = |key: &str| json.get(key).cloned().unwrap_or_default();
    let text = |value: Option<&Value>| Str::from(value.and_then(Value::as_str).unwrap_or_default());
    let info = member("info");
    let request = member("request");
    let arguments = json.get("arguments").or(json.get("args")).cloned().unwrap_or(Value::empty_object());
    Context {
        arguments,
        source: member("source"),
        identity: Identity::from_value(member("identity")),
        request: Arc::new(RequestInfo {
            headers: request.get("headers").cloned().unwrap_or(Value::empty_object()),
            domain_name: request.get("domainName").cloned().unwrap_or_default(),
        }),
        info: Info {
            field_name: text(info.get("fieldName")),
            parent_type_name: text(info.get("parentTypeName")),
            variables: info.get("variables").cloned().unwrap_or(Value::empty_object()),
            selection_set_list: info.get("selectionSetList").cloned().unwrap_or_default(),
            selection_set_graphql: text(info.get("selectionSetGraphQL")),
        },
        stash: json.get("stash").cloned().unwrap_or(Value::empty_object()),
        prev_result: json.get("prev").and_then(|prev| prev.get("result")).cloned(),
        result: member("result"),
        error: json
            .get("error")
            .filter(|error| !error.is_null())
            .map(|error| DataSourceError::new(text(error.get("type")), text(error.get("message")))),
        env: Arc::new(member("env").as_object().cloned().unwrap_or_default()),
        operation: [OperationType::Query, OperationType::Mutation, OperationType::Subscription]
            .into_iter()
            .find(|operation| member("operation").as_str() == Some(operation.keyword())),
        clock: Clock::fixed(1_700_000_000_123, 1),
        ..Context::default()
    }
}

/// One case of a file.
struct Case {
    name: String,
    header: Value,
    source: String,
    expected: String,
}

fn split_cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for part in text.split("\n=== ").map(|part| part.strip_prefix("=== ").unwrap_or(part)) {
        if part.trim().is_empty() {
            continue;
        }
        let (name, rest) = part.split_once('\n').unwrap();
        let sections: Vec<&str> = rest.split("---\n").collect();
        let [header, source, expected] = sections[..] else { panic!("case `{name}` has {} sections", sections.len()) };
        let header = if header.trim().is_empty() { "{}" } else { header };
        cases.push(Case {
            name: name.to_owned(),
            header: Value::parse(header).unwrap_or_else(|error| panic!("case `{name}`: {error}")),
            source: source.to_owned(),
            expected: expected.trim_end().to_owned(),
        });
    }
    cases
}

fn text_of(problems: &[Diagnostic]) -> String {
    problems.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n\n")
}

fn run(case: &Case) -> String {
    let header = &case.header;
    let path = header.get("file").and_then(Value::as_str).unwrap_or("code.js");
    let mut files = vec![SourceFile::new(path, case.source.as_str())];
    for (path, text) in header.get("modules").and_then(Value::as_object).into_iter().flatten() {
        files.push(SourceFile::new(path.clone(), text.as_str().unwrap()));
    }
    let dialect = if header.get("dialect").is_some() { Dialect::Standard } else { Dialect::AppSync };
    let limits = Limits { handler_timeout: Duration::from_millis(300), ..Limits::default() };
    let program = match JsProgram::compile(&files, &[path.into()], dialect, &limits) {
        Ok(program) => program,
        Err(problems) => return text_of(&problems),
    };
    let function = match header.get("function").and_then(Value::as_str) {
        Some("response") => Function::Response,
        _ => Function::Request,
    };
    let before = context(header.get("context").unwrap_or(&Value::empty_object()));
    let mut ctx = before.clone();
    let outcome = Handler::Js(program.handler(path).unwrap()).call(function, &mut ctx);
    // `ctx.env` is not handed on with the rest of `ctx`, which no request needs to know.
    let is_whole_context = case.name.starts_with("whole context");
    if let (Function::Request, Ok(Returned::Value(value)), false) = (function, &outcome, is_whole_context) {
        let possible = super::possible_request(&files, path, dialect, &Inputs::of_environment(&before.env), &limits);
        assert!(possible.covers(value), "case `{}` gives {value}, which was not foreseen: {possible:?}", case.name);
    }
    render(outcome, &before, &ctx)
}

/// What a call did, as JSON with one member per line; what did not happen is left out.
fn render(outcome: Result<Returned, Failure>, before: &Context, after: &Context) -> String {
    let mut members = Map::default();
    let error = |error: &crate::error::FieldError| {
        let mut value = object! { "message" => &error.message, "errorType" => error.error_type.clone() };
        for (key, part) in [("data", &error.data), ("errorInfo", &error.error_info)] {
            if !part.is_null() {
                value.set(key, part.clone());
            }
        }
        value
    };
    match outcome {
        Ok(Returned::Value(value)) => {
            members.insert("result".into(), value);
        }
        Ok(Returned::EarlyReturn { value, skip_to }) => {
            members.insert("earlyReturn".into(), value);
            members.insert("skipTo".into(), if skip_to == SkipTo::End { "END" } else { "NEXT" }.into());
        }
        Err(failure) => {
            members.insert("error".into(), error(&failure.error));
            if let Some((file, at)) = failure.position {
                members.insert("position".into(), format!("{file}:{}:{}", at.line, at.column).into());
            }
        }
    }
    if !after.effects.logs.is_empty() {
        members.insert("logs".into(), after.effects.logs.iter().map(|line| Value::from(line.to_string())).collect());
    }
    if !after.effects.errors.is_empty() {
        members.insert("outErrors".into(), after.effects.errors.iter().map(error).collect());
    }
    members.extend(asked_for(&after.effects));
    if after.stash != before.stash {
        members.insert("stash".into(), after.stash.clone());
    }
    if after.arguments != before.arguments {
        members.insert("arguments".into(), after.arguments.clone());
    }
    let lines: Vec<String> = members.iter().map(|(key, value)| format!("  \"{key}\": {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// What `util.http` and `extensions` recorded.
fn asked_for(effects: &Effects) -> Map {
    let mut members = Map::default();
    let mut add = |name: &str, value: Value| {
        members.insert(name.into(), value);
    };
    if !effects.response_headers.is_empty() {
        let headers = effects.response_headers.iter().map(|header| match header.value.len() {
            0..200 => format!("{}: {}", header.name, header.value),
            length => format!("{}: ({length} bytes)", header.name),
        });
        add("headers", headers.map(Value::from).collect());
    }
    if !effects.cache_evictions.is_empty() {
        let evictions = effects.cache_evictions.iter().map(|eviction| {
            let field = format!("{}.{}", eviction.type_name, eviction.field_name);
            object! { "field" => field, "keys" => eviction.keys.clone() }
        });
        add("evictions", evictions.collect());
    }
    let groups = |filter: &SubscriptionFilter| -> Value {
        let condition = |condition: &FilterCondition| {
            Value::from(format!("{} {} {}", condition.field_name, condition.operator.name(), condition.value))
        };
        filter.groups.iter().map(|group| group.iter().map(condition).collect::<Value>()).collect()
    };
    if let Some(filter) = &effects.subscription_filter {
        add("subscriptionFilter", groups(filter));
    }
    if let Some(filter) = &effects.subscription_invalidation_filter {
        add("invalidationFilter", groups(filter));
    }
    if !effects.invalidations.is_empty() {
        let invalidations = effects.invalidations.iter().map(|invalidation| {
            object! { "field" => &invalidation.subscription_field, "payload" => invalidation.payload.clone() }
        });
        add("invalidations", invalidations.collect());
    }
    members
}

#[test]
fn every_case_gives_what_it_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/js");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let update = std::env::var_os("UPDATE").is_some();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files {
        let mut text = String::new();
        for case in split_cases(&std::fs::read_to_string(&path).unwrap()) {
            count += 1;
            let actual = run(&case);
            if actual != case.expected && !(update && case.expected.is_empty()) {
                let file = path.file_name().unwrap().to_string_lossy();
                wrong.push(format!("{file}: {}\n--- expected\n{}\n--- actual\n{actual}", case.name, case.expected));
            }
            let header =
                if case.header == Value::empty_object() { String::new() } else { format!("{}\n", case.header) };
            text += &format!("=== {}\n{header}---\n{}---\n{actual}\n\n", case.name, case.source);
        }
        if update {
            std::fs::write(&path, text).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases differ\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(count >= 60, "only {count} cases found");
}

fn program(source: &str, dialect: Dialect, limits: &Limits) -> Arc<JsProgram> {
    JsProgram::compile(&[SourceFile::new("code.js", source)], &["code.js".into()], dialect, limits)
        .unwrap_or_else(|problems| panic!("{}", text_of(&problems)))
}

fn call(program: &Arc<JsProgram>, ctx: &mut Context) -> Result<Value, String> {
    match program.handler("code.js").unwrap().call(Function::Request, ctx) {
        Ok(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => Ok(value),
        Err(failure) => Err(failure.error.message.to_string()),
    }
}

#[test]
fn nothing_that_one_call_does_is_seen_by_the_next() {
    let source = r#"
        let calls = 0;
        const seen = [];
        const write = (what) => { try { what(); } catch (error) {} };
        export function request(ctx) {
            calls += 1;
            seen.push(calls);
            const marks = [
                Object.prototype.mark, Array.prototype.mark, Math.mark, JSON.mark, util.mark, util.time.mark, console.mark,
                String.prototype.mark, Object.getPrototypeOf(function* () {}).mark, Object.getPrototypeOf([][Symbol.iterator]()).mark,
                Error.prototype.mark, Number.mark, request.mark, ctx.mark, runtime.mark, extensions.mark, Date.mark, Map.prototype.mark,
            ].filter((mark) => mark !== undefined);
            const targets = [
                Object.prototype, Array.prototype, Math, JSON, util, util.time, console, String.prototype,
                Object.getPrototypeOf(function* () {}), Object.getPrototypeOf([][Symbol.iterator]()), Error.prototype, Number,
                request, ctx, runtime, extensions, Date, Map.prototype,
            ];
            for (const target of targets) {
                write(() => { target.mark = 1; });
                write(() => { Object.defineProperty(target, "mark", { value: 1 }); });
                write(() => { Object.setPrototypeOf(target, { mark: 1 }); });
            }
            write(() => { Array.prototype.map = () => "hijacked"; });
            write(() => { util.error = () => "hijacked"; });
            write(() => { undeclared = 1; });
            return { calls, seen, marks, map: [1].map((x) => x + 1), leaked: typeof undeclared };
        }
    "#;
    let program = program(source, Dialect::Standard, &Limits::default());
    let first = call(&program, &mut Context::default()).unwrap();
    assert_eq!(first.to_string(), r#"{"calls":1,"seen":[1],"marks":[],"map":[2],"leaked":"undefined"}"#);
    for _ in 0..3 {
        assert_eq!(call(&program, &mut Context::default()).unwrap(), first);
    }
}

/// Sources with whether one instance of the module may serve all calls.
const MODULES: &[(&str, bool)] = &[
    ("const TABLE = 'items'; const MAX = -1; export function request(ctx) { ctx.stash.n = MAX; return TABLE; }", true),
    ("const pick = (x) => x.a; export const request = (ctx) => [{ a: 1 }].map(pick).concat(pick({ a: 2 }));", true),
    ("const SIZES = { small: [1, 2] }; export function request(ctx) { return SIZES.small; }", true),
    ("const now = util.time.nowISO8601; export function request(ctx) { return now(); }", true),
    ("let n = 0; export function request(ctx) { return n; }", true),
    // Everything below could show one call to the next.
    ("let n = 0; export function request(ctx) { n += 1; return n; }", false),
    ("var n = 0; const next = () => { n = n + 1; return n; }; export function request(ctx) { return next(); }", false),
    ("const seen = []; export function request(ctx) { seen.push(1); return seen.length; }", false),
    ("const seen = { n: 0 }; export function request(ctx) { seen.n += 1; return seen.n; }", false),
    ("const seen = { n: 0 }; export function request(ctx) { const same = seen; same['n'] += 1; return same; }", false),
    ("const id = util.autoId(); export function request(ctx) { return id.length; }", false),
    ("const at = util.time.nowEpochSeconds(); export function request(ctx) { return at > 0; }", false),
    ("function f() { return 1; } export function request(ctx) { f.n = (f.n ?? 0) + 1; return f.n; }", false),
    (
        "const f = () => 1; export function request(ctx) { const o = { f }; o.f.n = (o.f.n ?? 0) + 1; return o.f.n; }",
        false,
    ),
    ("function f() {} export function request(ctx) { const [g] = [f]; g.n = (g.n ?? 0) + 1; return g.n; }", false),
    ("export function request(ctx) { request.n = (request.n ?? 0) + 1; return request.n; }", false),
    (
        "const state = [{ n: 0 }]; export function request(ctx) { for (const s of state) { s.n += 1; } return state; }",
        false,
    ),
    ("const o = { n: 0 }; export function request(ctx) { ({ n: o.n } = { n: o.n + 1 }); return o.n; }", false),
    ("let last = null; export function request(ctx) { [last] = [(last ?? 0) + 1]; return last; }", false),
    ("const o = { n: 0 }; export function request(ctx) { Object.assign(o, { n: o.n + 1 }); return o.n; }", false),
    (
        "const o = { n: 0 }; const k = 'assign'; export function request(ctx) { const O = Object; const f = O[k]; f(o, { n: o.n + 1 }); return o.n; }",
        false,
    ),
    (
        "const o = { n: 0 }; const k = 'assign'; export function request(ctx) { const f = o.constructor[k]; f(o, { n: o.n + 1 }); return o.n; }",
        false,
    ),
    ("const SIZES = { a: 1 }; export function request(ctx) { return Object.keys(SIZES); }", true),
    (
        "const o = { n: 0 }; const k = 'assign'; export function request(ctx) { const f = Object[k]; f(o, { n: o.n + 1 }); return o.n; }",
        false,
    ),
    (
        "const o = { n: 0 }; export function request(ctx) { const { assign } = Object; assign(o, { n: o.n + 1 }); return o.n; }",
        false,
    ),
    ("const o = { n: 0 }; export function request(ctx) { for (o.n of [o.n + 1]) {} return o.n; }", false),
    ("const o = { n: 0 }; export function request(ctx) { o.n ||= 5; o['n'] += 1; return o.n; }", false),
    ("const list = [1]; export function request(ctx) { list?.['push'](2); return list; }", false),
    ("const o = { n: 0 }; export function request(ctx) { delete o.n; return Object.keys(o); }", false),
    ("const list = [2, 1]; export function request(ctx) { return [list[0], list.sort()]; }", false),
];

#[test]
fn what_a_module_holds_is_new_for_every_call() {
    for (source, is_kept) in MODULES {
        let program = program(source, Dialect::AppSync, &Limits::default());
        let first = call(&program, &mut Context { clock: Clock::fixed(1_000_000, 1), ..Context::default() }).unwrap();
        for _ in 0..3 {
            let again = call(&program, &mut Context { clock: Clock::fixed(1_000_000, 1), ..Context::default() });
            assert_eq!(again, Ok(first.clone()), "{source}");
        }
        assert_eq!(program.modules[0].is_kept, *is_kept, "{source}");
    }
}

#[test]
fn nothing_shared_can_be_written_in_the_dialect_of_appsync() {
    let source = r#"
        import { get } from '@aws-appsync/utils/dynamodb';
        import * as ddb from '@aws-appsync/utils/dynamodb';
        const targets = () => [
            Object, Array, String, Number, Boolean, Math, JSON, util, util.time, util.error, runtime, extensions, console, console.log,
            Object.prototype, Array.prototype, String.prototype, Number.prototype, [].map, 'x'.trim, Math.max, get, ddb, ddb.operations,
            [].constructor, ''.constructor, (() => 1).constructor, {}.constructor, (1n).constructor, util.error.constructor, parseInt, isNaN,
        ];
        export function request(ctx) {
            const n = ctx.args.n;
            const seen = targets().map((target) => target.mark ?? target['mark']);
            if (n !== null) { const target = targets()[n]; target.mark = n; }
            return { seen: seen.filter((mark) => mark !== null && mark !== undefined), count: seen.length };
        }
    "#;
    let program = program(source, Dialect::AppSync, &Limits::default());
    let count = call(&program, &mut Context::default()).unwrap().get("count").and_then(Value::as_i64).unwrap();
    for n in 0..count {
        let written = call(&program, &mut Context { arguments: object! { "n" => n }, ..Context::default() });
        let seen = call(&program, &mut Context::default()).unwrap();
        assert_eq!(seen.get("seen").unwrap().to_string(), "[]", "target {n}: {written:?}");
    }
}

#[test]
fn text_never_becomes_code() {
    for attempt in [
        "(function () {}).constructor('return 1')()",
        "(() => {}).constructor('return 1')()",
        "Object.getPrototypeOf(function* () {}).constructor('yield 1')().next()",
        "Object.getPrototypeOf(request).constructor('return 1')()",
        "eval('1')",
        "Function('return 1')()",
        "globalThis.eval('1')",
        "setTimeout(() => 1, 0)",
        "fetch('http://localhost')",
        "new Proxy({}, {})",
        "require('fs')",
        "process.exit(1)",
    ] {
        let source = format!("export function request(ctx) {{ return {attempt}; }}");
        let result = call(&program(&source, Dialect::Standard, &Limits::default()), &mut Context::default());
        assert!(result.is_err(), "{attempt} gave {result:?}");
    }
}

#[test]
fn code_without_end_fails_and_other_calls_go_on() {
    let limits = Limits {
        handler_timeout: Duration::from_millis(500),
        handler_memory_bytes: 8 * 1024 * 1024,
        ..Limits::default()
    };
    let source = r#"
        const forever = () => { for (;;) {} };
        const deep = (n) => deep(n + 1) + 1;
        const ways = {
            ok: () => "fine",
            loop: forever,
            caught: () => { for (;;) { try { forever(); } catch (error) {} } },
            recursion: () => deep(0),
            text: () => { let text = "x"; for (;;) text += text; },
            array: () => { const list = []; for (;;) list.push({ list: "x".repeat(1000) + list.length }); },
            cycle: () => { const a = {}; a.a = a; return a; },
            wide: () => { let a = [1]; for (let i = 0; i < 64; i++) a = [a, a]; return a; },
            sparse: () => { const a = []; a.length = 4294967295; return a; },
            nested: () => { let a = []; for (let i = 0; i < 10000; i++) a = [a]; return a; },
            big: () => "x".repeat(6 * 1024 * 1024),
            getter: () => ({ get a() { for (;;) {} } }),
            copies: (ctx) => { const big = ctx.args.big; return Array.from({ length: 100 }, () => big); },
        };
        export function request(ctx) { return ways[ctx.args.way](ctx); }
    "#;
    let program = program(source, Dialect::Standard, &limits);
    for (way, expected) in [
        ("loop", "code ran longer than 500 ms"),
        ("caught", "code ran longer than 500 ms"),
        ("recursion", "stack overflow"),
        ("text", "out of memory (8 MB)|string too long"),
        ("array", "out of memory (8 MB)"),
        ("cycle", "nests deeper than 200 levels"),
        ("wide", "the value is larger than 5 MB"),
        ("sparse", "the value is larger than 5 MB"),
        ("nested", "nests deeper than 200 levels"),
        ("big", "the value is larger than 5 MB"),
        ("getter", "code ran longer than 500 ms"),
        ("copies", "the value is larger than 5 MB"),
    ] {
        let big: Value = (0..20_000).map(|i| Value::from(format!("item number {i}"))).collect();
        let mut ctx = Context { arguments: object! { "way" => way, "big" => big }, ..Context::default() };
        let message = call(&program, &mut ctx).unwrap_err();
        assert!(expected.split('|').any(|expected| message.contains(expected)), "{way}: {message}");
        let mut ctx = Context { arguments: object! { "way" => "ok" }, ..Context::default() };
        assert_eq!(call(&program, &mut ctx), Ok("fine".into()), "after {way}");
    }
}

#[test]
fn engines_serve_many_threads() {
    let source =
        "export function request(ctx) { ctx.stash.n = ctx.args.n; return { n: ctx.args.n, id: util.autoId() }; }";
    let program = program(source, Dialect::AppSync, &Limits::default());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let program = &program;
            scope.spawn(move || {
                for round in 0..200 {
                    let n = thread * 1000 + round;
                    let mut ctx = Context { arguments: object! { "n" => n }, ..Context::default() };
                    let value = call(program, &mut ctx).unwrap();
                    assert_eq!(value.get("n").and_then(Value::as_i64), Some(n.into()));
                    assert_eq!(ctx.stash, object! { "n" => n });
                }
            });
        }
    });
    assert!(program.engines.lock().unwrap().len() <= 8);
}

#[test]
fn memory_stays_flat_over_many_calls() {
    let source = r#"
        export function request(ctx) {
            const o = { self: null, items: ctx.result.items.map((item) => ({ ...item, n: item.n + 1 })) };
            o.self = () => o;
            ctx.stash.last = o.items[0];
            return o;
        }
    "#;
    let program = program(source, Dialect::AppSync, &Limits::default());
    let items: Value =
        (0..20).map(|n| object! { "n" => n, "name" => "some name that is long enough to be allocated" }).collect();
    let result = object! { "items" => items };
    let used = || {
        let engines = program.engines.lock().unwrap();
        engines.iter().map(Engine::memory_bytes).sum::<i64>()
    };
    let round = || {
        let mut ctx = Context { result: result.clone(), arguments: Value::empty_object(), ..Context::default() };
        call(&program, &mut ctx).unwrap();
    };
    (0..500).for_each(|_| round());
    let before = used();
    (0..5_000).for_each(|_| round());
    assert!(used() < before + 1024 * 1024, "{before} bytes before, {} after", used());
}

#[test]
fn a_value_returned_whole_is_the_same_value() {
    let source = "export function request(ctx) { return { payload: ctx.result, list: ctx.source.items }; }";
    let program = program(source, Dialect::AppSync, &Limits::default());
    let items: Value = (0..100).map(|n| object! { "n" => n }).collect();
    let result = object! { "items" => items.clone() };
    let mut ctx =
        Context { result: result.clone(), source: object! { "items" => items.clone() }, ..Context::default() };
    let returned = call(&program, &mut ctx).unwrap();
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
        _ => false,
    };
    assert!(same(returned.get("payload").unwrap(), &result));
    assert!(same(returned.get("list").unwrap(), &items));
}

#[test]
fn no_text_makes_the_compiler_panic() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/js");
    let mut seen = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        for case in split_cases(&std::fs::read_to_string(&path).unwrap()) {
            for (end, _) in case.source.char_indices().step_by(11.max(case.source.len() / 12)) {
                for (name, dialect) in [("code.js", Dialect::AppSync), ("code.ts", Dialect::Standard)] {
                    // The end of the text alone, and its beginning alone: code that stops anywhere, and starts anywhere.
                    for text in [&case.source[..end], &case.source[end..]] {
                        let _ = JsProgram::compile(
                            &[SourceFile::new(name, text)],
                            &[name.into()],
                            dialect,
                            &Limits::default(),
                        );
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 1_000);
}
