//! Templates drawn at random that put requests together: whatever they print was foreseen.

use super::possible_request;
use crate::clock::Clock;
use crate::context::Context;
use crate::error::SourceFile;
use crate::handler::possible::Inputs;
use crate::handler::vtl::request::{Expected, parse_printed};
use crate::handler::vtl::{Rendered, Template};
use crate::limits::Limits;
use crate::value::{Value, object};

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

const TEXTS: &[&str] = &["\"Query\"", "\"Scan\"", "\"by${ctx.env.NAME}\"", "\"x\"", "$ctx.env.NAME", "$ctx.args.text"];
const NAMES: &[&str] = &["operation", "index", "tables", "a"];
const VARIABLES: &[&str] = &["$m", "$n", "$o"];

fn value(random: &mut Random) -> String {
    match random.below(9) {
        0 => "{}".to_owned(),
        1 => format!("{{ \"{}\": {} }}", random.pick(NAMES), random.pick(TEXTS)),
        2 => format!("[{}, {}]", random.pick(TEXTS), random.pick(VARIABLES)),
        3 => random.pick(VARIABLES).to_owned(),
        4 => format!("{}.{}", random.pick(VARIABLES), random.pick(NAMES)),
        5 => format!("$util.defaultIfNull({}.{}, {})", random.pick(VARIABLES), random.pick(NAMES), random.pick(TEXTS)),
        6 => "$ctx.args.map".to_owned(),
        7 => format!("$util.parseJson($util.toJson({}))", random.pick(VARIABLES)),
        _ => random.pick(TEXTS).to_owned(),
    }
}

fn statement(random: &mut Random, depth: usize, out: &mut String) {
    let (variable, name) = (random.pick(VARIABLES), random.pick(NAMES));
    let key = if random.below(4) == 0 { random.pick(TEXTS).to_owned() } else { format!("\"{name}\"") };
    let line = match random.below(if depth > 0 { 11 } else { 8 }) {
        0 | 1 => format!("#set({variable} = {})", value(random)),
        2 => format!("#set({variable}.{name} = {})", value(random)),
        3 => format!("$util.qr({variable}.put({key}, {}))", value(random)),
        4 => format!("$util.qr({variable}.{}({}))", random.pick(&["remove", "get"]), key),
        5 => format!("$util.qr({variable}.{}({}))", random.pick(&["putAll", "add", "addAll"]), value(random)),
        6 => format!("$util.qr($ctx.stash.put({key}, {variable}))"),
        7 => format!("#set({variable} = $ctx.stash.{name})"),
        8 => {
            let mut block = format!("#if($ctx.args.{})", random.pick(&["yes", "no"]));
            statement(random, depth - 1, &mut block);
            block.push_str("#else");
            statement(random, depth - 1, &mut block);
            block + "#end"
        }
        9 => {
            let mut block =
                format!("#foreach($n in {})", random.pick(&["[1, 2]", "$o.values()", "$ctx.args.list", "$m"]));
            statement(random, depth - 1, &mut block);
            if random.below(4) == 0 {
                block.push_str("#if($ctx.args.yes)#break#end");
            }
            block + "#end"
        }
        _ => {
            statement(random, depth - 1, out);
            return statement(random, depth - 1, out);
        }
    };
    out.push_str(&line);
    out.push('\n');
}

fn printed(random: &mut Random) -> String {
    let text = |random: &mut Random| match random.below(3) {
        0 => format!("$util.toJson({}.{})", random.pick(VARIABLES), random.pick(NAMES)),
        1 => "\"by$ctx.env.NAME\"".to_owned(),
        _ => format!("#if($ctx.args.{})\"a\"#else \"b\" #end", random.pick(&["yes", "no"])),
    };
    match random.below(4) {
        0 => format!("$util.toJson({})", random.pick(VARIABLES)),
        1 => format!("{{ \"{}\": {}, operation: {} }}", random.pick(NAMES), text(random), text(random)),
        2 => format!(
            "{{ \"tables\": {{ #foreach($t in [\"x\", \"y\"]) \"$t\": {}, #end }}, \"index\": {} }}",
            text(random),
            text(random)
        ),
        _ => format!(
            "[ #foreach($t in {}) {{ \"{}\": {} }}#if($foreach.hasNext),#end #end ]",
            random.pick(&["[1, 2, 3]", "$ctx.args.list"]),
            random.pick(NAMES),
            text(random)
        ),
    }
}

#[test]
fn whatever_a_template_prints_was_foreseen() {
    let env = object! { "NAME" => "Status" };
    let env = env.as_object().expect("it is an object");
    let inputs = Inputs::of_environment(env);
    let mut random = Random(20_261_201);
    let (mut requests, mut told) = (0, 0);
    for _ in 0..3_000 {
        let mut text = "#set($m = {})#set($n = { \"index\": \"i\" })#set($o = [])\n".to_owned();
        for _ in 0..1 + random.below(6) {
            statement(&mut random, 2, &mut text);
        }
        text.push_str(&printed(&mut random));
        let file = SourceFile::new("request.vtl", text.as_str());
        let Ok((template, _)) = Template::parse(&file) else { panic!("{text}") };
        let possible = possible_request(&template, &inputs);
        for yes in [Value::Null, true.into()] {
            let no = yes.is_null();
            let arguments = object! {
                "yes" => yes, "no" => no, "text" => "t", "list" => vec![Value::from("l"), object! { "index" => "j" }],
                "map" => object! { "operation" => "Odd", "index" => 1 },
            };
            let mut ctx = Context {
                arguments,
                env: std::sync::Arc::new(env.clone()),
                clock: Clock::fixed(0, 1),
                ..Context::from_json(&object! {})
            };
            let Ok(Rendered::Text(printed)) = template.render(&mut ctx, &Limits::default()) else { continue };
            let Ok(value) = parse_printed(&printed, Expected::Request) else { continue };
            requests += 1;
            told += usize::from(!possible.anything);
            assert!(possible.covers(&value), "not foreseen: {value}\n{text}\n{possible:?}");
        }
    }
    assert!(requests > 1_000, "only {requests} templates printed JSON");
    assert!(told > requests / 2, "of {requests} requests only {told} were told from anything");
}
