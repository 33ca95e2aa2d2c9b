//! Scripts drawn at random that put requests together, with objects that have several names: whatever they return was
//! foreseen.

use super::possible_request;
use crate::clock::Clock;
use crate::context::Context;
use crate::error::SourceFile;
use crate::handler::js::{Dialect, JsProgram};
use crate::handler::possible::Inputs;
use crate::handler::{Function, Returned};
use crate::limits::Limits;
use crate::value::{Str, Value, object};

/// A small generator of repeatable choices (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const TEXTS: &[&str] =
    &["'Query'", "'Scan'", "`by${ctx.env.NAME}`", "'x'", "ctx.env.NAME", "ctx.args.text", "label('a')", "null"];
const NAMES: &[&str] = &["operation", "index", "tables", "a"];
const OBJECTS: &[&str] = &["m", "n", "o", "ctx.stash", "m.a", "shared"];

fn object(random: &mut Random) -> String {
    match random.below(8) {
        0 => "{}".to_owned(),
        1 => format!("{{ {}: {} }}", random.pick(NAMES), random.pick(TEXTS)),
        2 => format!("{{ {}: {}, ...{} }}", random.pick(NAMES), random.pick(TEXTS), random.pick(OBJECTS)),
        3 => format!("{{ ...{}, {}: {} }}", random.pick(OBJECTS), random.pick(NAMES), random.pick(OBJECTS)),
        4 => format!("make({}, {})", random.pick(TEXTS), random.pick(OBJECTS)),
        5 => format!("Object.assign({{}}, {}, {})", random.pick(OBJECTS), random.pick(OBJECTS)),
        6 => format!("JSON.parse(JSON.stringify({}))", random.pick(OBJECTS)),
        _ => random.pick(OBJECTS).to_owned(),
    }
}

fn list(random: &mut Random) -> String {
    match random.below(5) {
        0 => format!("[{}, {}]", object(random), random.pick(TEXTS)),
        1 => "ctx.args.list".to_owned(),
        2 => format!("Object.values({} ?? {{}})", random.pick(OBJECTS)),
        3 => format!("list.map((item) => ({{ {}: item, ...{} }}))", random.pick(NAMES), random.pick(OBJECTS)),
        _ => "list.filter((item) => item).concat([m])".to_owned(),
    }
}

fn statement(random: &mut Random, depth: usize) -> String {
    let (target, name) = (random.pick(&["m", "n", "shared", "ctx.stash"]), random.pick(NAMES));
    match random.below(if depth > 0 { 12 } else { 9 }) {
        0 => format!("{} = {};", random.pick(&["m", "n", "o"]), object(random)),
        1 | 2 => format!("if ({target}) {target}.{name} = {};", random.pick(TEXTS)),
        3 => format!("if ({target}) {target}[{}] = {};", random.pick(TEXTS), random.pick(OBJECTS)),
        4 => format!("if ({target}) delete {target}.{name};"),
        5 => format!("list.push({});", object(random)),
        6 => format!("list = {};", list(random)),
        7 => format!("fill({}, {});", random.pick(OBJECTS), random.pick(TEXTS)),
        8 => format!(
            "{{ const {{ {name}: taken = {}, ...rest }} = m ?? {{}}; n = rest; o = taken; }}",
            random.pick(TEXTS)
        ),
        9 => format!(
            "if (ctx.args.{}) {{ {} }} else {{ {} }}",
            random.pick(&["yes", "no"]),
            statement(random, depth - 1),
            statement(random, depth - 1)
        ),
        10 => format!("for (const item of {}) {{ m = item; {} }}", list(random), statement(random, depth - 1)),
        _ => format!("list.forEach((item) => {{ {} n = {{ a: item }}; }});", statement(random, depth - 1)),
    }
}

fn returned(random: &mut Random) -> String {
    match random.below(5) {
        0 => random.pick(&["m", "n", "list", "shared"]).to_owned(),
        1 => format!("{{ {}: {}, ...n }}", random.pick(NAMES), random.pick(TEXTS)),
        2 => format!("{{ [{}]: m, operation: {} }}", random.pick(TEXTS), random.pick(TEXTS)),
        3 => "list.reduce((all, item) => ({ ...all, a: item }), m)".to_owned(),
        _ => format!("make({}, {{ index: n?.index ?? 'd', a: o }})", random.pick(TEXTS)),
    }
}

fn program(random: &mut Random) -> String {
    let body: String = (0..2 + random.below(6)).map(|_| format!("  {}\n", statement(random, 2))).collect();
    format!(
        "const shared = {{ index: 'shared' }};\nconst label = (end) => `x-${{end}}`;\n\
         function make(operation, rest) {{\n  const made = {{ operation }};\n  made.a = rest;\n  return rest ? {{ ...rest, ...made }} : made;\n}}\n\
         function fill(target, value) {{\n  if (!target) return;\n  target.index = value;\n}}\n\
         export function request(ctx) {{\n  let m = {{}}, n = {{ index: 'i' }}, o = null, list = [m];\n{body}  return {};\n}}\n",
        returned(random)
    )
}

#[test]
fn whatever_a_script_returns_was_foreseen() {
    let env = object! { "NAME" => "Status" };
    let env = env.as_object().expect("it is an object");
    // A list that grows while it is gone through ends soon.
    let (inputs, limits) = (Inputs::of_environment(env), Limits { loop_rounds: 10, ..Limits::default() });
    let mut random = Random(20_261_201);
    let files: Vec<_> =
        (0..1_500).map(|number| SourceFile::new(format!("{number}.js"), program(&mut random))).collect();
    let paths: Vec<Str> = files.iter().map(|file| file.path.clone()).collect();
    let compiled = JsProgram::compile(&files, &paths, Dialect::AppSync, &limits)
        .unwrap_or_else(|problems| panic!("{} problems, first: {}", problems.len(), problems[0]));
    let (mut requests, mut told) = (0, 0);
    for file in &files {
        let possible = possible_request(std::slice::from_ref(file), &file.path, Dialect::AppSync, &inputs, &limits);
        for yes in [Value::Null, true.into()] {
            let no = yes.is_null();
            let arguments = object! {
                "yes" => yes, "no" => no, "text" => "t", "list" => vec![Value::from("l"), object! { "index" => "j" }],
            };
            let mut ctx = Context {
                arguments,
                env: std::sync::Arc::new(env.clone()),
                clock: Clock::fixed(0, 1),
                ..Context::from_json(&object! {})
            };
            let handler = compiled.handler(&file.path).expect("it was just compiled");
            let Ok(Returned::Value(value)) = handler.call(Function::Request, &mut ctx) else { continue };
            requests += 1;
            told += usize::from(!possible.anything);
            assert!(possible.covers(&value), "not foreseen: {value}\n{}\n{possible:?}", file.text);
        }
    }
    assert!(requests > 1_500, "only {requests} scripts returned something");
    assert!(told > requests / 2, "of {requests} requests only {told} were told from anything");
}
