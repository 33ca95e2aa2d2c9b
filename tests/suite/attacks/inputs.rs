//! The large attacks: what nests, what multiplies, what is many, what is huge. Sizes are chosen so that parsers without
//! optimization read them within a second.

use std::fmt::Write;

use serde_json::{Value, json};

/// What an attack is answered with.
pub enum Expect {
    /// Whatever has AppSync's shape, status 200.
    Answer,
    /// Status 200, and an error whose message has this in it.
    Error(&'static str),
    /// This status.
    Status(u16),
}
use Expect::{Answer, Error, Status};

pub struct Attack {
    pub name: &'static str,
    pub body: String,
    pub expect: Expect,
}

pub fn all() -> Vec<Attack> {
    [nesting(), bombs(), many(), huge()].into_iter().flatten().collect()
}

/// A document and nothing else.
pub fn document(name: &'static str, expect: Expect, text: impl AsRef<str>) -> Attack {
    Attack { name, body: json!({ "query": text.as_ref() }).to_string(), expect }
}

fn with_variables(name: &'static str, expect: Expect, text: &str, variables: &str) -> Attack {
    Attack { name, body: format!("{{\"query\":{},\"variables\":{variables}}}", Value::from(text)), expect }
}

fn body(name: &'static str, expect: Expect, body: String) -> Attack {
    Attack { name, body, expect }
}

/// `text` for every number, which takes the place of `#`.
pub fn each(count: usize, text: &str) -> String {
    (0..count).map(|number| text.replace('#', &number.to_string())).collect()
}

fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// Fragments each of which spreads the next one twice, in `frame` with `#` for the spread.
fn doubling(root: &str, frame: &str, leaf: &str, levels: usize) -> String {
    let mut text = root.to_owned();
    for level in 0..levels {
        let _ = write!(text, " fragment F{level} on {}", frame.replace('#', &format!("...F{}", level + 1)));
    }
    let ty = frame.split(' ').next().unwrap();
    text + &format!(" fragment F{levels} on {ty} {{ {leaf} }}")
}

fn nesting() -> Vec<Attack> {
    let too_deep = "nested deeper than 200 levels";
    vec![
        document(
            "fields as deep as they may nest",
            Answer,
            nested("{ node ", "", "", 1) + &nested("{ self ", "{ id }", "}", 197) + "}",
        ),
        document("fields deeper than they may nest", Error(too_deep), nested("{ self ", "{ id }", "}", 5_000)),
        document("inline fragments as deep as they may nest", Answer, nested("{ ... ", "{ __typename }", "}", 198)),
        document(
            "resolvers as deep as they may nest",
            Answer,
            format!("{{ node {} }}", nested("{ twin ", "{ id }", "}", 190)),
        ),
        document(
            "lists as deep as they may nest",
            Error("WrongType"),
            format!("{{ echo(matrix: {}) }}", nested("[", "", "]", 190)),
        ),
        document(
            "objects as deep as they may nest",
            Answer,
            format!("{{ echo(input: {}) }}", nested("{not: ", "{}", "}", 190)),
        ),
        document(
            "objects and lists as deep as they may nest",
            Answer,
            format!("{{ echo(input: {}) }}", nested("{and: [", "{}", "]}", 90)),
        ),
        document(
            "types of variables deeper than they may nest",
            Error(too_deep),
            format!("query ($a: {}) {{ echo }}", nested("[", "Int", "]", 5_000)),
        ),
        document("open brackets and nothing else", Error(too_deep), "[{(".repeat(4_000)),
        document("closed brackets and nothing else", Error("Invalid Syntax"), "}".repeat(14_000)),
        body("JSON nested without end", Status(400), "[".repeat(1_000_000)),
        with_variables("variables nested without end", Status(400), "{ echo }", &nested("{\"a\":", "1", "}", 100_000)),
        with_variables(
            "variables as deep as JSON may nest",
            Answer,
            "query ($a: Input) { echo(input: $a) }",
            &format!("{{\"a\":{}}}", nested("{\"not\":", "{}", "}", 120)),
        ),
        with_variables(
            "a matrix that is too deep",
            Error("invalid value"),
            "query ($a: [[Int]]) { echo(matrix: $a) }",
            &format!("{{\"a\":{}}}", nested("[", "1", "]", 120)),
        ),
        with_variables(
            "JSON in a text, nested without end",
            Error("invalid value"),
            "query ($a: AWSJSON) { echo(json: $a) }",
            &json!({ "a": "[".repeat(1_000_000) }).to_string(),
        ),
    ]
}

fn bombs() -> Vec<Attack> {
    let too_large = "The answer";
    let long = "x".repeat(200_000);
    vec![
        document(
            "thousands of aliases of a resolver",
            Error("Resolver count limit"),
            format!("{{ {} }}", each(1_800, "a#: required(id: 1) ")),
        ),
        document(
            "aliases of a resolver on many levels",
            Error("Resolver count limit"),
            format!(
                "{{ {} }}",
                each(
                    10,
                    &format!(
                        "a#: node {{ {} }} ",
                        each(10, &format!("b#: twin {{ {} }} ", each(20, "c#: twin { id } ")))
                    )
                ) + &each(10, &format!("d#: node {{ twins {{ twins {{ {} }} }} }} ", each(10, "c#: twin { id } ")))
            ),
        ),
        document(
            "lists of resolvers in lists of resolvers",
            Error("Resolver count limit"),
            format!("{{ node {} }}", nested("{ twins ", "{ id }", "}", 8)),
        ),
        document(
            "thousands of aliases of a text",
            Error(too_large),
            format!("{{ node {{ {} }} }}", each(40, &format!("t#: twins {{ {} }} ", each(90, "a#: text ")))),
        ),
        document(
            "thousands of aliases of a list",
            Error(too_large),
            format!("{{ node {{ {} }} }}", each(3_500, "a#: numbers ")),
        ),
        document(
            "thousands of aliases of null where it may not be",
            Error("Cannot return null"),
            format!("{{ node {{ {} }} }}", each(2_000, "a#: self { missing } ")),
        ),
        document(
            "thousands of refusals with data",
            Answer,
            format!("{{ {} }}", each(1_000, "a#: refused { id text numbers } ")),
        ),
        document(
            "an alias of 200,000 characters in every item",
            Error(too_large),
            format!("{{ node {{ twins {{ twins {{ twins {{ {long}: id }} }} }} }} }}"),
        ),
        document(
            "an alias of 200,000 characters in every path",
            Answer,
            format!("{{ node {{ twin {{ {long}: self {{ {} }} }} }} }}", each(3_000, "a#: id ")),
        ),
        document(
            "fragments that double, without fields",
            Answer,
            doubling("{ node { ...F0 } }", "Node { # # }", "id", 40),
        ),
        document(
            "fragments that double, with fields",
            Answer,
            doubling("{ node { ...F0 } }", "Node { self { # } twin { # } }", "id", 40),
        ),
        document(
            "fragments that double by aliases",
            Answer,
            doubling("{ node { ...F0 } }", "Node { a: self { # } b: self { # } }", "id", 40),
        ),
        document(
            "fragments that double through resolvers",
            Error("limit"),
            doubling("{ node { ...F0 } }", "Node { a: twin { # } b: twin { # } }", "id", 40),
        ),
        document(
            "fragments that double in inline fragments",
            Answer,
            doubling("{ node { ...F0 } }", "Node { ... { # } ... on Node { # } }", "id", 40),
        ),
        document(
            "a chain of fragments through resolvers",
            Answer,
            (0..1_000).fold("{ node { ...F0 } }".to_owned(), |text, level| {
                format!("{text} fragment F{level} on Node {{ id twin {{ ...F{} }} }}", level + 1)
            }) + " fragment F1000 on Node { id }",
        ),
        document(
            "a circle of thousands of fragments",
            Error("FragmentCycle"),
            "{ node { ...F0 } }".to_owned()
                + &(0..1_000)
                    .map(|level| format!(" fragment F{level} on Node {{ ...F{} }}", (level + 1) % 1_000))
                    .collect::<String>(),
        ),
        document(
            "introspection that goes round in circles",
            Error("too large"),
            format!("{{ __schema {{ types {} }} }}", nested("{ fields { type ", "{ name }", "} }", 30)),
        ),
        document(
            "introspection of a type in circles",
            Answer,
            format!("{{ __type(name: \"Node\") {} }}", nested("{ fields { type { ofType ", "{ name }", "} } }", 15)),
        ),
        document(
            "introspection by aliases",
            Error("too large"),
            format!(
                "{{ {} }}",
                each(
                    13,
                    &format!(
                        "a#: __schema {{ {} }} ",
                        each(40, "b#: types { fields { type { fields { name type { name fields { name } } } } } } ")
                    )
                )
            ),
        ),
        document(
            "introspection by fragments",
            Error("too large"),
            doubling(
                "{ __schema { queryType { ...F0 } } }",
                "__Type { a: fields { type { # } } b: fields { type { # } } }",
                "name",
                30,
            ),
        ),
    ]
}

fn many() -> Vec<Attack> {
    vec![
        document("thousands of fields of one name", Answer, format!("{{ {} }}", "__typename ".repeat(14_000))),
        document(
            "thousands of fields that overlap",
            Answer,
            format!("{{ node {{ {} }} }}", "id self { id } ".repeat(2_000)),
        ),
        document(
            "thousands of fields that conflict",
            Error("FieldsConflict"),
            format!("{{ node {{ {} }} }}", each(2_000, "a: id a: name ")),
        ),
        document(
            "thousands of arguments that differ",
            Error("FieldsConflict"),
            format!("{{ {} }}", each(2_000, "echo(int: #) ")),
        ),
        document("fields that overlap in fragments by the hundred", Answer, {
            let spreads = each(100, "...F# ");
            let fragments = each(100, &format!("fragment F# on Node {{ self {{ {} }} }} ", each(40, "id ")));
            format!("{{ node {{ {spreads} }} }} {fragments}")
        }),
        document("fragments of everything in everything", Answer, {
            // Each fragment spreads all that follow it.
            let fragments: String = (0..70)
                .map(|level| {
                    let spreads: String = (level + 1..70).map(|next| format!("...F{next} ")).collect();
                    format!("fragment F{level} on Node {{ id self {{ {spreads} id }} }} ")
                })
                .collect();
            format!("{{ node {{ ...F0 }} }} {fragments}")
        }),
        document(
            "thousands of fragments that nobody spreads",
            Error("UnusedFragment"),
            "{ __typename } ".to_owned() + &each(2_000, "fragment F# on Node { id } "),
        ),
        document("thousands of operations", Status(400), each(3_000, "query Q# { __typename } ")),
        document(
            "thousands of operations without a name",
            Error("LoneAnonymousOperation"),
            "{ __typename } ".repeat(3_000),
        ),
        document(
            "thousands of variables",
            Error("UnusedVariable"),
            format!("query ({}) {{ __typename }}", each(3_000, "$a#: Int ")),
        ),
        document(
            "thousands of variables of one name",
            Error("UnusedVariable"),
            format!("query ({}) {{ __typename }}", "$a: Int ".repeat(3_000)),
        ),
        document(
            "thousands of directives on a field",
            Error("DuplicateDirectiveName"),
            format!("{{ __typename {} }}", "@skip(if: false) ".repeat(2_000)),
        ),
        document(
            "thousands of unknown directives",
            Error("UnknownDirective"),
            format!("{{ __typename {} }}", each(4_000, "@a# ")),
        ),
        document(
            "thousands of fields that are skipped",
            Answer,
            format!("{{ __typename {} }}", each(1_800, "a#: node @skip(if: true) { id } ")),
        ),
        document(
            "thousands of unknown arguments",
            Error("UnknownArgument"),
            format!("{{ echo({}) }}", each(4_000, "a#: 1 ")),
        ),
        document("one argument thousands of times", Answer, format!("{{ echo({}) }}", "int: 1 ".repeat(4_000))),
        document(
            "one member thousands of times",
            Answer,
            format!("{{ echo(input: {{ {} }}) }}", "kind: BOX ".repeat(4_000)),
        ),
        document(
            "thousands of unknown members",
            Error("WrongType"),
            format!("{{ echo(input: {{ {} }}) }}", each(4_000, "a#: 1 ")),
        ),
        document("more tokens than there may be", Error("more than 15000 tokens"), "{ a }".repeat(100_000)),
        document("commas and nothing else", Error("Invalid Syntax"), ",".repeat(500_000)),
        document("comments and nothing else", Error("Invalid Syntax"), "#\n".repeat(200_000)),
        with_variables(
            "thousands of conditions",
            Answer,
            &format!(
                "query ({}) {{ __typename {} }}",
                each(1_000, "$a#: Boolean = true "),
                each(1_000, "a#: __typename @include(if: $a#) ")
            ),
            "{}",
        ),
    ]
}

fn huge() -> Vec<Attack> {
    let megabytes = "x".repeat(5_000_000);
    let long = "x".repeat(300_000);
    let digits = "9".repeat(100_000);
    vec![
        document("a text of 300,000 characters", Answer, format!("{{ echo(text: \"{long}\") }}")),
        document("a block text of 300,000 characters", Answer, format!("{{ echo(text: \"\"\"{long}\"\"\") }}")),
        document(
            "a block text of 100,000 lines",
            Answer,
            format!("{{ echo(text: \"\"\"{}\"\"\") }}", "  \n".repeat(100_000)),
        ),
        document("a text of escapes", Answer, format!("{{ echo(text: \"{}\") }}", "\\u0001".repeat(50_000))),
        document("a text without end", Error("Invalid Syntax"), format!("{{ echo(text: \"{long}")),
        document("a block text without end", Error("Invalid Syntax"), format!("{{ echo(text: \"\"\"{long}")),
        document("a text in the place of a number", Error("WrongType"), format!("{{ echo(int: \"{long}\") }}")),
        document("a name of 300,000 characters", Error("FieldUndefined"), format!("{{ {long} }}")),
        document("an operation's name of 300,000 characters", Answer, format!("query {long} {{ __typename }}")),
        document(
            "a directive's name of 300,000 characters",
            Error("UnknownDirective"),
            format!("{{ __typename @{long} }}"),
        ),
        document(
            "a type's name of 300,000 characters",
            Error("Unknown"),
            format!("query ($a: {long}) {{ echo(text: $a) }}"),
        ),
        document("an integer of 100,000 digits", Error("Invalid Syntax"), format!("{{ echo(int: {digits}) }}")),
        document("a double of 100,000 digits", Answer, format!("{{ echo(float: {digits}) }}")),
        document("a double of 100,000 zeros", Answer, format!("{{ echo(float: 0.{}1) }}", "0".repeat(100_000))),
        document("an exponent of 100,000 digits", Answer, format!("{{ echo(float: 1e{digits}) }}")),
        document("an integer of 100,000 digits as an ID", Answer, format!("{{ echo(id: {digits}) }}")),
        with_variables(
            "an integer of 100,000 digits in variables",
            Status(400),
            "query ($a: Int) { echo(int: $a) }",
            &format!("{{\"a\":{digits}}}"),
        ),
        with_variables(
            "a double of 100,000 digits in variables",
            Status(400),
            "query ($a: Float) { echo(float: $a) }",
            &format!("{{\"a\":{digits}}}"),
        ),
        with_variables(
            "an exponent beyond all doubles in JSON for a handler",
            Answer,
            "query ($a: AWSJSON) { echo(json: $a) }",
            "{\"a\":\"[1e999,-1e999,1e-999]\"}",
        ),
        with_variables(
            "a text of megabytes in variables",
            Answer,
            "query ($a: String) { echo(text: $a) }",
            &json!({ "a": megabytes }).to_string(),
        ),
        with_variables(
            "a text of megabytes in the place of a number",
            Error("invalid value"),
            "query ($a: Int) { echo(int: $a) }",
            &json!({ "a": megabytes }).to_string(),
        ),
        with_variables(
            "a text of megabytes in the place of a kind",
            Error("invalid value"),
            "query ($a: Kind) { echo(kind: $a) }",
            &json!({ "a": megabytes }).to_string(),
        ),
        with_variables(
            "a text of megabytes in the place of an object",
            Error("invalid value"),
            "query ($a: Input) { echo(input: $a) }",
            &json!({ "a": megabytes }).to_string(),
        ),
        with_variables(
            "an email address of megabytes",
            Error("invalid value"),
            "query ($a: Input) { echo(input: $a) }",
            &json!({ "a": { "email": format!("{megabytes}@example.com") } }).to_string(),
        ),
        with_variables(
            "a date of megabytes",
            Error("invalid value"),
            "query ($a: Input) { echo(input: $a) }",
            &json!({ "a": { "date": "2".repeat(5_000_000) } }).to_string(),
        ),
        with_variables(
            "a telephone number of megabytes",
            Error("invalid value"),
            "query ($a: Input) { echo(input: $a) }",
            &json!({ "a": { "phone": format!("+{}", "4".repeat(1_000_000)) } }).to_string(),
        ),
        with_variables(
            "an address of megabytes",
            Answer,
            "query ($a: Input) { echo(input: $a) }",
            &json!({ "a": { "url": format!("https://a/{megabytes}") } }).to_string(),
        ),
        with_variables(
            "a list of a million numbers",
            Answer,
            "query ($a: [[Int]]) { echo(matrix: $a) }",
            &format!("{{\"a\":[[{}0]]}}", "1,".repeat(1_000_000)),
        ),
        with_variables(
            "a list of a million wrong values",
            Error("invalid value"),
            "query ($a: [Kind!]) { echo(kinds: $a) }",
            &format!("{{\"a\":[{}0]}}", "\"X\",".repeat(1_000_000)),
        ),
        with_variables(
            "a hundred thousand variables that nobody wants",
            Answer,
            "{ echo }",
            &format!("{{{}\"z\":0}}", each(100_000, "\"v#\":1,")),
        ),
        with_variables(
            "members of the same hash",
            Answer,
            "query ($a: AWSJSON) { echo(json: $a) }",
            &json!({ "a": format!("{{{}\"z\":0}}", each(50_000, "\"v#\":1,")) }).to_string(),
        ),
        body("a body that is too large", Status(413), format!("{{\"query\":\"{}\"}}", "x".repeat(7_000_000))),
    ]
}
