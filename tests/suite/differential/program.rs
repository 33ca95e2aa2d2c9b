//! Programs in the part of JavaScript that AppSync has too, drawn at random.
//!
//! Expressions are drawn by the kind of their value, so that most programs run to their end. Left out is where AppSync
//! is not JavaScript: null against undefined, defaults of null, string patterns, text that is not JSON.

use std::fmt::Write;

/// A generator of repeatable choices (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Boolean,
    /// A list of numbers and texts.
    List,
    /// An object whose members `a`, `b` and `c` hold anything.
    Object,
}

const KINDS: [Kind; 5] = [Kind::Number, Kind::Text, Kind::Boolean, Kind::List, Kind::Object];

/// `ctx.args` of every program.
pub const ARGUMENTS: &str =
    r#"{"n":7,"f":-2.5,"s":"aé😀 b,c","t":true,"l":[3,"x",1,10,"b"],"o":{"a":1,"b":"two","c":[1,2]},"e":""}"#;

struct Writer<'r> {
    random: &'r mut Random,
    /// Names in scope with what they hold, and whether they may be assigned to.
    names: Vec<(String, Kind, bool)>,
    functions: Vec<(String, Kind)>,
    next_name: usize,
    text: String,
    indent: usize,
}

/// A module with a `request` function that returns all that it computed.
pub fn program(random: &mut Random) -> String {
    let mut writer =
        Writer { random, names: Vec::new(), functions: Vec::new(), next_name: 0, text: String::new(), indent: 0 };
    for _ in 0..writer.random.below(3) {
        writer.function();
    }
    writer.line("export function request(ctx) {");
    writer.indent = 1;
    writer.line("const seen = [];");
    let statements = 3 + writer.random.below(8);
    for _ in 0..statements {
        writer.statement(2);
    }
    let names: Vec<String> = writer.names.iter().map(|(name, ..)| name.clone()).collect();
    writer.line(&format!("return {{ seen, {} }};", names.join(", ")));
    writer.indent = 0;
    writer.line("}");
    writer.text
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.text.push_str("  ");
        }
        let _ = writeln!(self.text, "{text}");
    }

    fn name(&mut self) -> String {
        self.next_name += 1;
        format!("v{}", self.next_name)
    }

    fn kind(&mut self) -> Kind {
        KINDS[self.random.below(KINDS.len())]
    }

    /// A helper of the module, in one of the forms that functions have.
    fn function(&mut self) {
        let (name, kind) = (self.name(), self.kind());
        self.names = vec![("p".into(), Kind::Number, false), ("q".into(), Kind::Text, false)];
        let value = self.expression(kind, 2);
        let condition = self.expression(Kind::Boolean, 1);
        let other = self.expression(kind, 1);
        self.names.clear();
        let parameters = self.random.pick(&["p = 1, q = 'd'", "p = 2, q = `${p}`", "p = 3, q = 'x', ...rest"]);
        let text = match self.random.below(4) {
            0 => format!("const {name} = ({parameters}) => ({value});"),
            1 => format!("function {name}({parameters}) {{ if ({condition}) return {other}; return {value}; }}"),
            2 => format!("const {name} = function ({parameters}) {{ return {condition} ? {value} : {other}; }};"),
            _ => format!("var {name} = ({parameters}) => {{ const r = {value}; return r; }};"),
        };
        self.line(&text);
        self.functions.push((name, kind));
    }

    fn declare(&mut self) {
        let kind = self.kind();
        let (name, value) = (self.name(), self.expression(kind, 3));
        let is_variable = self.random.below(2) == 0;
        let keyword = if is_variable { self.random.pick(&["let", "var"]) } else { "const" };
        self.line(&format!("{keyword} {name} = {value};"));
        self.names.push((name, kind, is_variable));
    }

    fn destructure(&mut self) {
        let (a, b) = (self.name(), self.name());
        let default = self.expression(Kind::Number, 1);
        let object = self.expression(Kind::Object, 2);
        let list = self.expression(Kind::List, 2);
        match self.random.below(4) {
            0 => self.line(&format!("const {{ a: {a}, ...{b} }} = {object};")),
            1 => self.line(&format!("const [{a}, ...{b}] = {list};")),
            2 => self.line(&format!("const {{ z: {a} = {default}, ['b']: {b} }} = {object};")),
            _ => self.line(&format!("const [, {a} = {default}, {b}] = [...{list}, 1, 2, 3];")),
        }
        // What they hold is anything: they only appear in the result.
        self.line(&format!("seen.push([{a}, {b}]);"));
    }

    fn assign(&mut self) {
        let targets: Vec<(String, Kind)> =
            self.names.iter().filter(|name| name.2).map(|(name, kind, _)| (name.clone(), *kind)).collect();
        if targets.is_empty() {
            return self.declare();
        }
        let (name, kind) = targets[self.random.below(targets.len())].clone();
        let operator = match kind {
            Kind::Number => self
                .random
                .pick(&["=", "+=", "-=", "*=", "%=", "&=", "|=", "^=", "<<=", ">>=", ">>>=", "??=", "||=", "&&="]),
            Kind::Text => self.random.pick(&["=", "+=", "??=", "||="]),
            _ => "=",
        };
        let value = self.expression(kind, 2);
        self.line(&format!("{name} {operator} {value};"));
    }

    fn change(&mut self) {
        let name = self.name();
        let list = self.expression(Kind::List, 1);
        let number = self.expression(Kind::Number, 1);
        let object = self.expression(Kind::Object, 1);
        match self.random.below(8) {
            0 => self.line(&format!(
                "const {name} = [...{list}]; {name}.push({number}); seen.push({name}.pop(), {name}.shift());"
            )),
            1 => self.line(&format!("const {name} = [...{list}]; {name}.unshift({number}); {name}.reverse();")),
            2 => self.line(&format!("const {name} = [...{list}]; seen.push({name}.splice(1, 1, {number}));")),
            3 => {
                self.line(&format!("const {name} = [...{list}]; {name}[{name}.length] = {number}; {name}.fill(0, 3);"))
            }
            4 => self.line(&format!("const {name} = [...{list}].sort();")),
            5 => {
                return self.line(&format!(
                    "const {name} = {{ ...{object} }}; delete {name}.a; {name}.d = {number}; seen.push({name});"
                ));
            }
            6 => {
                return self.line(&format!(
                    "const {name} = Object.assign({{}}, {object}, {{ [`k${{1 + 1}}`]: {number} }}); seen.push({name});"
                ));
            }
            _ => return self.line(&format!(
                "const {name} = {{ ...{object}, list: [...{list}] }}; {name}['list'].push({number}); seen.push({name});"
            )),
        }
        self.names.push((name, Kind::List, false));
    }

    /// A block whose names end with it.
    fn block(&mut self, depth: usize) {
        let names = self.names.len();
        self.indent += 1;
        for _ in 0..=self.random.below(2) {
            self.statement(depth - 1);
        }
        let seen: Vec<String> = self.names[names..].iter().map(|(name, ..)| name.clone()).collect();
        if !seen.is_empty() {
            self.line(&format!("seen.push({});", seen.join(", ")));
        }
        self.indent -= 1;
        self.names.truncate(names);
    }

    fn statement(&mut self, depth: usize) {
        match if depth == 0 { self.random.below(4) } else { self.random.below(10) } {
            0 | 1 => self.declare(),
            2 => self.assign(),
            3 => self.change(),
            4 => self.destructure(),
            5 => {
                let condition = self.expression(Kind::Boolean, 2);
                self.line(&format!("if ({condition}) {{"));
                self.block(depth);
                if self.random.below(2) == 0 {
                    self.line("} else {");
                    self.block(depth);
                }
                self.line("}");
            }
            6 => {
                let (name, list) = (self.name(), self.expression(Kind::List, 2));
                self.line(&format!("for (const {name} of {list}) {{"));
                self.line(&format!("  if ({name} === 3) break;"));
                self.line(&format!("  seen.push({name});"));
                self.block(depth);
                self.line("}");
            }
            7 => {
                let (name, object) = (self.name(), self.expression(Kind::Object, 2));
                self.line(&format!("for (const {name} in {object}) {{"));
                self.names.push((name.clone(), Kind::Text, false));
                self.block(depth);
                self.names.pop();
                self.line(&format!("  seen.push({name});"));
                self.line("}");
            }
            8 => {
                let value = self.expression(Kind::Number, 2);
                let text = self.expression(Kind::Text, 1);
                self.line(&format!("switch ({value}) {{"));
                self.line("  case 1: case 2: seen.push('few');");
                self.line(&format!("  case 3: seen.push({text}); break;"));
                self.line("  default:");
                self.block(depth);
                self.line("}");
            }
            _ => {
                let (name, kind) = (self.name(), self.kind());
                let names = self.names.len();
                self.names.push((format!("{name}p"), Kind::Number, false));
                let value = self.expression(kind, 2);
                self.names.truncate(names);
                self.line(&format!("const {name} = ({name}p) => {{ return {value}; }};"));
                let argument = self.expression(Kind::Number, 1);
                self.line(&format!("seen.push({name}({argument}));"));
            }
        }
    }

    /// A name or a literal.
    fn atom(&mut self, kind: Kind) -> String {
        let known: Vec<&str> =
            self.names.iter().filter(|(_, other, _)| *other == kind).map(|(name, ..)| name.as_str()).collect();
        if !known.is_empty() && self.random.below(2) == 0 {
            let index = self.random.below(known.len());
            return known[index].to_owned();
        }
        // Helpers have no `ctx`.
        let has_context = self.indent > 0;
        let choices: &[&str] = match kind {
            Kind::Number if has_context => {
                &["0", "1", "2.5", "-3", "1e3", "0x1f", "ctx.args.n", "ctx.args.f", "ctx.args.o.a"]
            }
            Kind::Number => &["0", "1", "2.5", "-3", "1e3", "0x1f"],
            Kind::Text if has_context => {
                &["''", "'a'", "\"it's\"", "'é😀'", "'10'", "'a,b'", "ctx.args.s", "ctx.args.e", "ctx.args.o.b"]
            }
            Kind::Text => &["''", "'a'", "\"it's\"", "'é😀'", "'10'", "'a,b'"],
            Kind::Boolean if has_context => &["true", "false", "ctx.args.t"],
            Kind::Boolean => &["true", "false"],
            Kind::List if has_context => &["[]", "[1, 2, 3]", "['b', 'a', 10, 9]", "ctx.args.l", "ctx.args.o.c"],
            Kind::List => &["[]", "[1, 2, 3]", "['b', 'a', 10, 9]"],
            Kind::Object if has_context => {
                &["({})", "({ a: 1, b: 'x', c: [1] })", "({ 2: 'n', a: { a: 1 } })", "ctx.args.o"]
            }
            Kind::Object => &["({})", "({ a: 1, b: 'x', c: [1] })", "({ 2: 'n', a: { a: 1 } })"],
        };
        self.random.pick(choices).to_owned()
    }

    fn expression(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.random.below(5) == 0 {
            return self.atom(kind);
        }
        let depth = depth - 1;
        let callable: Vec<String> =
            self.functions.iter().filter(|(_, other)| *other == kind).map(|(name, _)| name.clone()).collect();
        if !callable.is_empty() && self.random.below(6) == 0 {
            let name = &callable[self.random.below(callable.len())];
            return match self.random.below(3) {
                0 => format!("{name}()"),
                1 => format!("{name}({})", self.expression(Kind::Number, depth)),
                _ => {
                    let (number, text) = (self.expression(Kind::Number, depth), self.expression(Kind::Text, depth));
                    format!("{name}({number}, {text}, ...[1, 2])")
                }
            };
        }
        if self.random.below(8) == 0 {
            let condition = self.expression(Kind::Boolean, depth);
            let (a, b) = (self.expression(kind, depth), self.expression(kind, depth));
            return format!("({condition} ? {a} : {b})");
        }
        match kind {
            Kind::Number => self.number(depth),
            Kind::Text => self.text(depth),
            Kind::Boolean => self.boolean(depth),
            Kind::List => self.list(depth),
            Kind::Object => self.object(depth),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        let (a, b) = (self.expression(Kind::Number, depth), self.expression(Kind::Number, depth));
        let (text, list) = (self.expression(Kind::Text, depth), self.expression(Kind::List, depth));
        match self.random.below(16) {
            0..=3 => {
                let operator = self.random.pick(&["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"]);
                format!("({a} {operator} {b})")
            }
            4 => format!("(-({a}))"),
            5 => format!("(+{text})"),
            6 => format!("{text}.length"),
            7 => format!("{list}.length"),
            8 => format!(
                "{text}.{}({})",
                self.random.pick(&["indexOf", "lastIndexOf"]),
                self.random.pick(&["'a'", "','", "''"])
            ),
            9 => format!(
                "{list}.{}({})",
                self.random.pick(&["indexOf", "lastIndexOf"]),
                self.random.pick(&["1", "'a'", "10"])
            ),
            10 => format!("Math.{}({a}, {b})", self.random.pick(&["min", "max"])),
            11 => format!("Math.{}({a})", self.random.pick(&["floor", "ceil", "round"])),
            12 => format!("{list}.{}((x) => x === {a})", self.random.pick(&["findIndex", "findLastIndex"])),
            13 => format!("{list}.reduce((sum, x, i) => sum + (typeof x === 'number' ? x : i), {a})"),
            14 => format!("{}({text})", self.random.pick(&["parseInt", "parseFloat", "Number"])),
            _ => format!("({list}?.[0]?.length ?? {a})"),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        let (a, b) = (self.expression(Kind::Text, depth), self.expression(Kind::Text, depth));
        let number = self.expression(Kind::Number, depth);
        let (list, object) = (self.expression(Kind::List, depth), self.expression(Kind::Object, depth));
        match self.random.below(14) {
            0 | 1 => format!("({a} + {b})"),
            2 => format!("({a} + {number})"),
            3 => format!("`x${{{a}}}-${{{number}}}\\n`"),
            4 => format!("{a}.{}()", self.random.pick(&["toUpperCase", "toLowerCase", "trim", "trimStart", "trimEnd"])),
            5 => format!("{a}.{}({number}, 3)", self.random.pick(&["slice", "substring"])),
            6 => format!("{a}.charAt({number})"),
            7 => format!("{a}.concat({b}, {number})"),
            8 => format!("{list}.join({})", self.random.pick(&["'-'", "", "''"])),
            9 => format!("String({number})"),
            10 => format!("(typeof {})", self.random.pick(&["1", "'a'", "true", "[]", "({})", "(() => 1)"])),
            11 => format!("JSON.stringify({})", if self.random.below(2) == 0 { list } else { object }),
            12 => format!("({object}.b?.toString() ?? {a})"),
            _ => format!("({a} || {b})"),
        }
    }

    fn boolean(&mut self, depth: usize) -> String {
        let (a, b) = (self.expression(Kind::Boolean, depth), self.expression(Kind::Boolean, depth));
        let (m, n) = (self.expression(Kind::Number, depth), self.expression(Kind::Number, depth));
        let (s, t) = (self.expression(Kind::Text, depth), self.expression(Kind::Text, depth));
        let (list, object) = (self.expression(Kind::List, depth), self.expression(Kind::Object, depth));
        match self.random.below(14) {
            0 | 1 => format!("({m} {} {n})", self.random.pick(&["<", "<=", ">", ">=", "===", "!==", "==", "!="])),
            2 => format!("({s} {} {t})", self.random.pick(&["<", "<=", ">", ">=", "===", "!==", "==", "!="])),
            3 => format!("({a} && {b})"),
            4 => format!("({a} || {b})"),
            5 => format!("(!{a})"),
            6 => format!("{s}.{}({t})", self.random.pick(&["startsWith", "endsWith", "includes"])),
            7 => format!("{list}.{}((x) => x !== {m})", self.random.pick(&["some", "every"])),
            8 => format!("{list}.includes({m})"),
            9 => format!("Array.isArray({})", if self.random.below(2) == 0 { list } else { object }),
            10 => format!("Object.hasOwn({object}, 'a')"),
            11 => format!("Number.{}({m})", self.random.pick(&["isFinite", "isNaN"])),
            12 => format!("Boolean({s})"),
            _ => format!("({object}.a === {m})"),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let (a, b) = (self.expression(Kind::List, depth), self.expression(Kind::List, depth));
        let (number, text) = (self.expression(Kind::Number, depth), self.expression(Kind::Text, depth));
        let object = self.expression(Kind::Object, depth);
        match self.random.below(13) {
            0 => format!("[{number}, {text}, {number}]"),
            1 => format!("[...{a}, ...{b}]"),
            2 => format!("{a}.concat({b}, {number})"),
            3 => format!("{a}.map((x, i) => (i % 2 === 0 ? x : {number}))"),
            4 => format!("{a}.filter((x) => x !== {number})"),
            5 => format!("{a}.slice({number}, -1)"),
            6 => format!("{text}.split({})", self.random.pick(&["','", "''", "'a'", "', '"])),
            7 => format!("Object.keys({object})"),
            8 => format!("[[{number}, [{text}]], {a}].flat({})", self.random.pick(&["", "2", "0"])),
            9 => format!("{a}.flatMap((x) => [x, {number}])"),
            10 => format!("[...{text}]"),
            11 => format!("{a}.reduceRight((all, x) => all.concat(x), [])"),
            _ => format!("[{a}.find((x) => x === {number}) ?? 0, {a}.findLast((x) => typeof x === 'string') ?? '']"),
        }
    }

    fn object(&mut self, depth: usize) -> String {
        let (a, b) = (self.expression(Kind::Object, depth), self.expression(Kind::Object, depth));
        let (number, text) = (self.expression(Kind::Number, depth), self.expression(Kind::Text, depth));
        let list = self.expression(Kind::List, depth);
        match self.random.below(7) {
            0 => format!("({{ a: {number}, b: {text}, c: {list} }})"),
            1 => format!("({{ ...{a}, ...{b} }})"),
            2 => format!(
                "({{ ...{a}, [{text}]: {number}, n: {{ {} }} }})",
                self.random.pick(&["", "x: 1", "'y z': [1]"])
            ),
            3 => format!("Object.assign({{}}, {a}, {b})"),
            4 => format!("JSON.parse(JSON.stringify({a}))"),
            5 => format!("Object.fromEntries(Object.entries({a}))"),
            _ => format!("({{ a: {a}?.a ?? {number}, b: {b}?.nothing?.more }})"),
        }
    }
}
