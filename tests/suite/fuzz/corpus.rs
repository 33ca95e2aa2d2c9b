//! Inputs to begin with, and their mutations.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use syncline::value::Value;

use crate::differential::program::Random;

/// Pieces of code, of JSON and of what is neither, in the hope of trouble.
#[rustfmt::skip]
const TOKENS: &[&str] = &[
    "export function request(ctx) {", "export function response(ctx) {", "export const request = (ctx) => ", "return ", "}", "{",
    "(", ")", "[", "]", ";", ",", ".", "?.", "...", "=>", "=", "==", "===", "!==", "+", "-", "*", "/", "%", "**", "<", ">", ">>>",
    "&", "|", "^", "!", "~", "&&", "||", "??", "??=", "?", ":", "++", "--", "+=", "`", "${", "'", "\"", "\\", "//", "/*", "*/", "#", "@",
    "const ", "let ", "var ", "function ", "class ", "extends ", "static ", "get ", "set ", "async ", "await ", "yield ", "function* ",
    "if (", "else ", "for (const a of ", "for (let a in ", "for (;;)", "while (", "do ", "switch (", "case ", "default", "break", "continue",
    "try {", "} catch {", "} finally {", "throw ", "new ", "delete ", "typeof ", "void ", "in ", "instanceof ", "of ", "this", "super",
    "import ", "import * as ", "import { util } from '@aws-appsync/utils';", "import { a } from './a';", "export ", "export * from ",
    "export default ", "from ", "import(", "import.meta", "with ", "debugger", "null", "undefined", "NaN", "true", "arguments", "eval",
    "type ", "interface ", "enum ", "namespace ", "declare ", "abstract ", "readonly ", "keyof ", "infer ", "as ", "as const", "satisfies ",
    "is ", "asserts ", "unique symbol", ": string", "<T>", "<T extends ", "public ", "private ", "override ", "a?: ", "a!", "@a ",
    "ctx", "ctx.args", "ctx.stash", "ctx.stash.a = ", "ctx.result", "ctx.source", "ctx.prev.result", "ctx.error", "ctx.outErrors", "ctx.env",
    "ctx.info.selectionSetList", "ctx.identity", "ctx.request.headers", "util.error(", "util.appendError(", "util.unauthorized()",
    "util.autoId()", "util.time.", "util.dynamodb.toMapValues(", "util.transform.toDynamoDBFilterExpression(", "util.base64Decode(",
    "util.urlDecode(", "util.matches(", "util.str.normalize(", "runtime.earlyReturn(", "extensions.", "console.log(", "JSON.parse(",
    "JSON.stringify(", "Object.assign(", "Object.keys(", "Object.entries(", "Array.isArray(", "Math.max(", "String(", "Number(",
    ".map((a) => ", ".reduce((a, b) => ", ".filter(", ".sort()", ".push(", ".splice(", ".concat(", ".join(", ".flat(", ".fill(", ".length = ",
    ".split(", ".replace(", ".replaceAll(", ".toString()", ".slice(", ".constructor", ".__proto__", "['__proto__']", "__proto__: ",
    "Proxy", "Symbol.iterator", "Reflect", "globalThis", "toJSON", "valueOf", "$$loop", "$$lack", "$$same", "$$lib", "$$dependencies",
    "$$default", "$$enum", "$$thrown", "$$a", "$$round0", "/[/]'/u", "/(a+)+$/.test(", "1e999", "-0", "0x1f", "1_000", "9007199254740993",
    "1n", "0.1", "08", "1e-400", "{\"$decimal\":\"123456789012345678901234567890\"}", "é", "😀", "\u{2028}", "\u{feff}", "\u{a0}", "\0",
    "\u{202e}", "\\u{110000}", "\\ud800", "\\u0061", "\\x", "\r\n", "\r", "\n", "\n---\n", "\n--- a.ts\n", "\n--- a.js\n",
    "{\"function\": \"response\"}", "{\"dialect\": \"standard\"}", "{\"file\": \"code.ts\"}", "{\"context\": {\"args\": ", "\"a\": ", "[]", "{}",
];

pub struct Corpus {
    inputs: Vec<Vec<u8>>,
    tokens: Vec<&'static str>,
}

fn read_folder(folder: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().filter(|path| path.is_file()).map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    })
}

/// The cases of `tests/js` and the inputs of `tests/fuzz/corpus`.
pub fn of_code() -> Corpus {
    let mut inputs = Vec::new();
    for (name, text) in read_folder("tests/js").filter(|(name, _)| name.ends_with(".txt")) {
        let text = String::from_utf8(text).unwrap();
        for case in text.split("\n=== ") {
            let case = case.split_once('\n').map_or("", |(_, case)| case);
            let mut parts = case.split("---\n");
            let (Some(header), Some(code)) = (parts.next(), parts.next()) else {
                panic!("a case of {name} has no code")
            };
            let mut input = format!("{header}\n---\n{code}");
            let header = Value::parse(header).unwrap_or_default();
            for (path, text) in header.get("modules").and_then(Value::as_object).into_iter().flatten() {
                input += &format!("\n--- {path}\n{}", text.as_str().unwrap());
            }
            inputs.push(input.into_bytes());
        }
    }
    assert!(inputs.len() > 100, "only {} cases", inputs.len());
    inputs.extend(read_folder("tests/fuzz/corpus").filter(|(name, _)| name.ends_with(".txt")).map(|(_, input)| input));
    Corpus { inputs, tokens: TOKENS.to_vec() }
}

/// Lists of arguments: the lines of `tests/fuzz/values.txt`, and inputs of `tests/fuzz/corpus`.
pub fn of_values() -> Corpus {
    let values = include_str!("../../fuzz/values.txt");
    let mut inputs: Vec<Vec<u8>> = values.lines().map(|line| line.as_bytes().to_vec()).collect();
    inputs.extend(read_folder("tests/fuzz/corpus").filter(|(name, _)| name.ends_with(".json")).map(|(_, input)| input));
    let json = [
        "[", "]", "{", "}", ",", ":", "\"", "null", "true", "1e308", "-1", "0.5", "\"a\":", "\"eq\":", "\"key\":",
        "\\u0000", "%", "😀",
    ];
    Corpus { inputs, tokens: json.into_iter().chain(values.lines()).collect() }
}

/// Tokens as they travel and with their parts as lines, a key set, signatures: what is in `tests/auth`.
pub fn of_credentials() -> Corpus {
    let tokens = Value::parse(include_str!("../../auth/tokens.json")).unwrap();
    let signatures = Value::parse(include_str!("../../auth/signatures.json")).unwrap();
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for case in tokens.get("cases").and_then(Value::as_list).unwrap() {
        let token = case.get("authorization").and_then(Value::as_str).unwrap().trim_start_matches("Bearer ");
        inputs.push(token.as_bytes().to_vec());
        let mut parts = token.split('.').map(|part| (part, URL_SAFE_NO_PAD.decode(part).ok()));
        if let [Some((_, Some(header))), Some((_, Some(payload))), Some((signature, _))] = [0; 3].map(|_| parts.next())
        {
            inputs.push([header.as_slice(), b"\n", &payload, b"\n", signature.as_bytes()].concat());
        }
    }
    inputs
        .extend(tokens.get("keySets").and_then(Value::as_object).unwrap().values().map(|keys| keys.to_string().into()));
    for case in signatures.get("cases").and_then(Value::as_list).unwrap() {
        let authorization = case.get("request").and_then(|request| request.get("headers")?.get("authorization"));
        inputs.push(authorization.and_then(Value::as_str).unwrap().as_bytes().to_vec());
    }
    assert!(inputs.len() > 200, "only {} inputs", inputs.len());
    inputs.extend(
        read_folder("tests/fuzz/corpus").filter(|(name, _)| name.ends_with(".sign_in")).map(|(_, input)| input),
    );
    #[rustfmt::skip]
    let tokens = vec![
        ".", "\n", "=", "Bearer ", "{", "}", "[", "]", ",", ":", "\"alg\":", "\"kid\":", "\"crit\":", "\"none\"",
        "\"RS256\"", "\"HS256\"", "\"ES256\"", "\"ES512\"", "\"PS384\"", "\"rsa\"", "\"secret\"", "\"ec256\"",
        "\"ec512\"", "\"exp\":", "1e308", "-1", "null", "\"kty\":", "\"RSA\"", "\"EC\"", "\"oct\"", "\"n\":",
        "\"e\":\"AQAB\"", "\"e\":\"AQ\"", "\"k\":\"\"", "AWS4-HMAC-SHA256 ", "Credential=", "SignedHeaders=",
        "Signature=", "/appsync/aws4_request", "host;x-amz-date", ";", "0", "f", "\0", "é", "\\u0000",
    ];
    Corpus { inputs, tokens }
}

/// The templates of `tests/vtl/generated.jsonl` and of the cases beside it.
pub fn of_templates() -> Corpus {
    let generated = include_str!("../../vtl/generated.jsonl");
    let template = |line: &str| Value::parse(line).unwrap().get("template").and_then(Value::as_str).unwrap().to_owned();
    let mut inputs: Vec<Vec<u8>> = generated.lines().take(400).map(|line| template(line).into_bytes()).collect();
    for (_, text) in read_folder("tests/vtl").filter(|(name, _)| name.ends_with(".txt")) {
        let text = String::from_utf8(text).unwrap();
        inputs.extend(text.split("\n=== ").filter_map(|case| Some(case.split("---\n").nth(1)?.as_bytes().to_vec())));
    }
    #[rustfmt::skip]
    let tokens = [
        "#if(", "#elseif(", "#else", "#end", "#foreach($i in ", "#set($x = ", "#set($ctx.stash.a = ", "#break",
        "#stop", "#return(", "#macro(m $a)", "#m(", "#@m(", "#define($x)", "#evaluate(", "#parse(", "#[[", "]]#",
        "#*", "*#", "##", "$", "$!", "${", "}", "\\", "$x", "$i", "$ctx.args.input", "$ctx.stash",
        "$ctx.result.items", "$util.toJson(", "$util.parseJson(", "$util.qr(", "$util.error(",
        "$util.dynamodb.toMapValuesJson(", "$foreach.hasNext", ".put('a', ", ".get(", ".add(", ".remove(",
        ".entrySet()", ".split(", ".replaceAll(", ".substring(", ".repeat(", ".format(", ".size()", "[", "]", "{",
        ":", ",", "..", "(", ")", "[1..1000]", "'", "\"", "\"\"", "==", "&&", "||", "!", "+", "-", "*", "/", "%",
        "2147483647", "-1", "1e308", "null", "true", "é", "😀", "\n", "\r\n", "\t", "\0",
    ];
    Corpus { inputs, tokens: tokens.to_vec() }
}

/// Pieces of documents, of variables and of requests for the API of `tests/attacks/project`.
#[rustfmt::skip]
const REQUEST_TOKENS: &[&str] = &[
    "query ", "mutation ", "subscription ", "fragment F on Node ", "fragment G on Query ", "...F", "...G", "... on Box ", "... ", "{ id }", "{", "}", "(", ")",
    "node ", "echo", "thing ", "any(kind: BOX) ", "required(id: 1)", "refused ", "crash ", "forbidden ", "self ", "twin ", "twins ", "numbers ",
    "misfits ", "missing ", "text ", "a: ", "b: ", "__typename ", "__schema { types { name } } ", "__type(name: \"Node\") ", "fields { name } ", "ofType ",
    "@skip(if: true) ", "@include(if: $b) ", "@defer ", "@a ", "$a", "$b", "($a: Int)", "($a: Input, $b: Boolean! = true) ", ": Int", ": [Int!]!", " = null",
    "input: {", "kind: ", "BOX", "JAR", "not: {", "and: [", "page: {size: 1}", "date: ", "\"2026-02-30\"", "time: ", "dateTime: ", "timestamp: ",
    "email: ", "\"a@b.c\"", "json: ", "\"{\\\"a\\\":1}\"", "url: ", "phone: ", "\"+441632960123\"", "ip: ", "\"::ffff:1.2.3.4/129\"", "null", "true", "[", "]",
    "-1", "0", "2147483648", "9007199254740993", "1e400", "1.0", "1e-999", "\"\"", "\"\"\"", "\\", "\\u0000", "\\ud800", "\u{feff}", "é", "😀", "#", ",", "\n",
    "\n---\n", "\n\n", "{\"a\": ", "\"b\": false", "\"query\":", "\"variables\":", "\"operationName\":", "\"extensions\":", "\"documentId\":", "GET ", "POST ",
    "/graphql?", "query=", "&variables=", "%7B", "%", "content-type: ", "application/json", "text/plain", "accept: application/graphql-response+json",
    "accept-encoding: gzip", "origin: null", "__proto__", "constructor", "toString", "\0", "\u{1}", "&", "$", "!", "|", "=",
];

/// Requests of `tests/attacks`, documents of `tests/fuzz/documents.txt`, and inputs of `tests/fuzz/corpus`.
pub fn of_requests() -> Corpus {
    let documents = include_str!("../../fuzz/documents.txt");
    let mut inputs: Vec<Vec<u8>> = documents.split("\n===\n").map(|text| text.as_bytes().to_vec()).collect();
    for (_, text) in read_folder("tests/attacks").filter(|(name, _)| name.ends_with(".txt")) {
        let text = String::from_utf8(text).unwrap();
        for case in text.split("\n=== ").skip(1) {
            let request = case.split_once('\n').and_then(|(_, rest)| rest.split_once("\n---"));
            inputs.extend(request.map(|(request, _)| request.as_bytes().to_vec()));
        }
    }
    inputs.extend(read_folder("tests/fuzz/corpus").filter(|(name, _)| name.ends_with(".http")).map(|(_, input)| input));
    Corpus { inputs, tokens: REQUEST_TOKENS.to_vec() }
}

impl Corpus {
    pub fn inputs(&self) -> impl Iterator<Item = &[u8]> {
        self.inputs.iter().map(Vec::as_slice)
    }

    /// An input with a few changes. Characters that are cut apart stay so; targets repair them.
    pub fn mutate(&self, random: &mut Random) -> Vec<u8> {
        let mut input = self.inputs[random.below(self.inputs.len())].clone();
        for _ in 0..1 + random.below(4) {
            self.change(&mut input, random);
        }
        input.truncate(24 * 1024);
        input
    }

    fn change(&self, input: &mut Vec<u8>, random: &mut Random) {
        let at = random.below(input.len() + 1);
        let end = at + random.below((input.len() - at).min(80) + 1);
        let token = random.pick(&self.tokens).as_bytes();
        match random.below(12) {
            0 => drop(input.drain(at..end)),
            1 => drop(input.splice(at..at, input[at..end].to_vec())),
            2 | 3 => drop(input.splice(at..at, token.iter().copied())),
            4 | 5 => drop(input.splice(at..end, token.iter().copied())),
            6 => {
                let other = &self.inputs[random.below(self.inputs.len())];
                let from = random.below(other.len() + 1);
                let length = random.below((other.len() - from).min(200) + 1);
                input.splice(at..at, other[from..from + length].iter().copied());
            }
            7 => {
                let times = 1 << random.below(10);
                input.splice(at..at, token.repeat(times));
            }
            8 => {
                let times = 1 << random.below(8);
                let (open, close) =
                    [("(", ")"), ("[", "]"), ("{", "}"), ("[...", "]"), ("`${", "}`"), ("{\"a\":", "}")]
                        [random.below(6)];
                input.splice(end..end, close.repeat(times).into_bytes());
                input.splice(at..at, open.repeat(times).into_bytes());
            }
            9 => input.truncate(at),
            10 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            _ => word_for_word(input, at, token),
        }
    }
}

/// Replaces the word at a place, so that the text stays one that parses more often.
fn word_for_word(input: &mut Vec<u8>, at: usize, token: &[u8]) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'$';
    let start = input[..at].iter().rposition(|byte| !is_part(byte)).map_or(0, |before| before + 1);
    let end = input[at..].iter().position(|byte| !is_part(byte)).map_or(input.len(), |length| at + length);
    input.splice(start..end, token.iter().copied());
}
