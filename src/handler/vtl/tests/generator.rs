//! Templates from a seed: pieces that are Velocity, put together at random, some of them broken.

/// A small random number generator (xorshift64*), the same on every machine.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Variables of `context.json`, and some that do not exist.
const VARIABLES: &[&str] =
    &["s", "e", "n", "z", "f", "t", "F", "nul", "m", "l", "em", "el", "big", "args", "nope", "x", "y", "i", "foo"];

const STEPS: &[&str] = &[
    ".a",
    ".b",
    ".nested",
    ".k",
    ".nope",
    ".input",
    ".title",
    ".tags",
    ".nul",
    ".a-b",
    ".size()",
    ".get('a')",
    ".get(0)",
    ".get(\"b\")",
    "[0]",
    "[1]",
    "[-1]",
    "['a']",
    "[$n]",
    "[\"b\"]",
    ".length()",
    ".isEmpty()",
    ".empty",
    ".toString()",
    ".keySet()",
    ".values()",
    ".entrySet()",
    ".toUpperCase()",
    ".substring(1)",
    ".substring(0, 2)",
    ".contains('x')",
    ".containsKey('a')",
    ".indexOf('l')",
    ".replace('l', 'L')",
    ".replaceAll('l+', '<$0>')",
    ".split('l')",
    ".add('w')",
    ".add(0, 'v')",
    ".put('p', 1)",
    ".remove('a')",
    ".remove(0)",
    ".equals($s)",
    ".foo()",
    ".foo($x, 1)",
    ".get($nope)",
    ".size",
    ".iterator().next()",
    ".subList(0, 1)",
    ".clear()",
    ".addAll([1, 2])",
    ".putAll({'q': 2})",
    ".trim()",
    ".concat('!')",
    ".get(1)",
    ".intValue()",
    ".compareTo(3)",
    ".lastIndexOf('l')",
    ".charAt(0)",
    ".startsWith('H')",
    ".endsWith(\"o\")",
    ".equalsIgnoreCase('HELLO')",
    ".getOrDefault('zz', 3)",
    ".putIfAbsent('a', 2)",
    ".containsValue(1)",
    ".contains($n)",
    ".set(0, 'q')",
    ".removeAll([1, 'x'])",
    ".retainAll(['x'])",
    ".matches('H.*')",
    ".isBlank()",
    ".doubleValue()",
];

const OPERATORS: &[&str] = &[
    " + ", " - ", " * ", " / ", " % ", " == ", " != ", " < ", " <= ", " > ", " >= ", " && ", " || ", " and ", " or ",
    " eq ", " ne ", " lt ", " ge ", "==", "&&", "||", "+", "-", "*", "<", ">=",
];

const TEXTS: &[&str] = &[
    " ",
    "\n",
    "  \n",
    "\t",
    "a",
    "{}",
    ", ",
    "\"",
    "'",
    ".",
    "..",
    ":",
    "(",
    ")",
    "(x)",
    "[",
    "]",
    "[0]",
    "{",
    "}",
    "-",
    "_",
    "1",
    "$5.00",
    "a@b.c",
    "# x",
    "#1",
    "#",
    "$",
    "$$",
    "$!",
    "##c\n",
    "## c",
    " #* c *#",
    " #[[ $s #if ]]#",
    "\\",
    "\\\\",
    "\\$s",
    "\\\\$s",
    "\\$nope",
    "\\#if",
    "\\#foo",
    "\\#set",
    "\\\\#set($x = 1)",
    "#foo",
    "#foo()",
    "#foo($s, 1)",
    "#{foo}",
    "é☃",
    "#${s}x",
    "#$s",
    ":$s",
    "\r\n",
    "é",
];

/// `count` templates, the same for the same seed.
pub(super) fn templates(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|_| {
            let mut template = String::new();
            for _ in 0..1 + random.below(4) {
                statement(&mut random, 3, &mut template);
            }
            if random.below(4) == 0 { broken(&mut random, &template) } else { template }
        })
        // Where arrays, views and loops lie in Java's memory is nothing to compare; their texts hold an `@`.
        .collect()
}

/// With some characters removed, doubled or put in.
fn broken(random: &mut Random, template: &str) -> String {
    let mut characters: Vec<char> = template.chars().collect();
    for _ in 0..1 + random.below(2) {
        if characters.is_empty() {
            break;
        }
        let at = random.below(characters.len());
        match random.below(3) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, characters[at]),
            _ => {
                let piece = random.pick(&[
                    "$", "#", "\\", "!", "\"", "'", "(", ")", "[", "]", "{", "}", ".", " ", "\n", "-", "0", "a", ",",
                ]);
                characters.insert(at, piece.chars().next().unwrap_or(' '));
            }
        }
    }
    characters.into_iter().collect()
}

fn statement(random: &mut Random, levels: usize, out: &mut String) {
    match random.below(if levels == 0 { 8 } else { 16 }) {
        0..=2 => out.push_str(random.pick(TEXTS)),
        3..=5 => reference(random, out),
        6 | 7 => {
            out.push_str(random.pick(&["#set($", " #set( $", "\n  #set ($", "#{set}($"]));
            out.push_str(random.pick(&["x", "y", "m.q", "m['r']", "l[0]", "x.a", "m.nested.z", "foo"]));
            out.push_str(random.pick(&[" = ", "=", " =  "]));
            expression(random, 2, out);
            out.push_str(random.pick(&[")", " )", ")\n", ")  \n"]));
        }
        8 | 9 => {
            out.push_str(random.pick(&["#if(", "#if (", "#{if}(", "\n#if( ", "  #if("]));
            expression(random, 2, out);
            out.push_str(random.pick(&[")", ")\n", " )"]));
            block(random, levels, out);
            if random.below(3) == 0 {
                out.push_str("#elseif(");
                expression(random, 1, out);
                out.push(')');
                block(random, levels, out);
            }
            if random.below(2) == 0 {
                out.push_str(random.pick(&["#else", "#{else}", "#else\n", "#else "]));
                block(random, levels, out);
            }
            out.push_str(random.pick(&["#end", "#end\n", "#{end}", "#end  \n"]));
        }
        10 | 11 => {
            out.push_str(random.pick(&[
                "#foreach($i in ",
                "#foreach( $x in ",
                "\n#foreach($i in ",
                "#foreach($y  in  ",
            ]));
            match random.below(3) {
                0 => reference(random, out),
                1 => out.push_str(random.pick(&[
                    "$l",
                    "$m",
                    "[1..3]",
                    "[3..1]",
                    "$m.entrySet()",
                    "$m.keySet()",
                    "{'a': 1}",
                ])),
                _ => value(random, 1, out),
            }
            out.push_str(random.pick(&[")", " )", ")\n"]));
            block(random, levels, out);
            out.push_str(random.pick(&[
                "$i",
                "$foreach.count",
                "$foreach.index",
                "$velocityCount",
                "#if($foreach.hasNext), #end",
                "",
                "#if($foreach.hasNext()),#end",
                "$foreach.first",
                "$foreach.last",
                "#if($velocityCount == 2)#break#end",
                "$i.key=$i.value;",
                "$foreach.parent.count",
            ]));
            out.push_str(random.pick(&["#end", "#end\n"]));
        }
        12 => {
            out.push_str("#set($x = \"");
            let mut inner = String::new();
            block(random, levels, &mut inner);
            out.push_str(&inner.replace('"', "\"\""));
            out.push_str("\")$x");
        }
        13 => {
            out.push_str(random.pick(&["$util.qr(", "$!util.quiet(", "$util.toJson(", "$util.isNull(", "$util.nope("]));
            value(random, 2, out);
            out.push(')');
        }
        14 => match random.below(4) {
            0 => {
                out.push_str("#macro(mac $i $y)");
                block(random, levels, out);
                out.push_str("<$i|$y>#end#mac(");
                value(random, 1, out);
                out.push(' ');
                value(random, 1, out);
                out.push(')');
            }
            1 => {
                out.push_str("#define($y)");
                block(random, levels, out);
                out.push_str("#end$y");
            }
            2 => out.push_str(random.pick(&[
                "#stop",
                "#break",
                "#return",
                "#return($m)",
                "#return([1, 'a'])",
                "#{return}",
            ])),
            _ => out.push_str("#evaluate(\"$s\")"),
        },
        _ => {
            out.push_str("$util.defaultIfNull(");
            value(random, 1, out);
            out.push_str(", ");
            value(random, 1, out);
            out.push(')');
        }
    }
}

fn block(random: &mut Random, levels: usize, out: &mut String) {
    for _ in 0..random.below(3) {
        statement(random, levels - 1, out);
    }
}

fn reference(random: &mut Random, out: &mut String) {
    let (open, close) = [("$", ""), ("$", ""), ("$", ""), ("$!", ""), ("${", "}"), ("$!{", "}")][random.below(6)];
    out.push_str(open);
    out.push_str(random.pick(VARIABLES));
    for _ in 0..[0, 0, 1, 1, 2, 3][random.below(6)] {
        out.push_str(random.pick(STEPS));
    }
    out.push_str(close);
}

fn value(random: &mut Random, levels: usize, out: &mut String) {
    match random.below(if levels == 0 { 7 } else { 10 }) {
        0..=2 => reference(random, out),
        3 => out.push_str(random.pick(&[
            "0",
            "1",
            "-3",
            "7",
            "2.5",
            "1.0",
            "1e3",
            "2147483647",
            "9223372036854775807",
            "99999999999999999999",
            ".5",
            "100",
        ])),
        4 => out.push_str(random.pick(&["'a'", "''", "'it''s'", "'$s'", "'5'", "'true'", "'[x, y, z]'"])),
        5 => out.push_str(random.pick(&[
            "\"a\"",
            "\"$s\"",
            "\"a$n\"",
            "\"$nope\"",
            "\"\"",
            "\"#$s\"",
            "\"${s}x\"",
            "\"q\"\"q\"",
        ])),
        6 => out.push_str(random.pick(&["true", "false", "null", "foo"])),
        7 => {
            out.push('[');
            for at in 0..random.below(3) {
                if at > 0 {
                    out.push_str(random.pick(&[", ", ","]));
                }
                value(random, levels - 1, out);
            }
            out.push(']');
        }
        8 => {
            out.push('{');
            for at in 0..random.below(3) {
                if at > 0 {
                    out.push_str(", ");
                }
                out.push_str(random.pick(&["'a'", "\"b\"", "$s", "1", "\"k$n\""]));
                out.push_str(random.pick(&[": ", ":", " : "]));
                value(random, levels - 1, out);
            }
            out.push('}');
        }
        _ => out.push_str(random.pick(&["[1..3]", "[$n..7]", "[2..-1]", "[1 .. $z]"])),
    }
}

fn expression(random: &mut Random, levels: usize, out: &mut String) {
    match random.below(if levels == 0 { 4 } else { 7 }) {
        0..=3 => value(random, 1, out),
        4 | 5 => {
            expression(random, levels - 1, out);
            out.push_str(random.pick(OPERATORS));
            expression(random, levels - 1, out);
        }
        _ => {
            out.push_str(random.pick(&["(", "!(", "!", "not ", "( "]));
            let opens = out.ends_with(['(', ' ']) && !out.ends_with("not ");
            expression(random, levels - 1, out);
            if opens {
                out.push(')');
            }
        }
    }
}
