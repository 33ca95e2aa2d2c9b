//! How deep a source text may make the parser go, found out before it is parsed.
//!
//! The parser and the visitors of its tree call themselves once per level, and a stack that is used up ends the whole
//! process. So a scan of the tokens counts from above how many levels the tree can have: an open bracket is one, and so
//! is every operator and keyword since the last place where a statement or the element of a list ended for certain. What
//! the scan cannot read for certain (a `/` that may divide or begin a pattern) it counts as if nothing ever ended.

/// The byte offset at which a text nests deeper than `limit` levels; `None` for the others.
pub(super) fn too_deep_at(text: &str, is_typescript: bool, limit: usize) -> Option<usize> {
    let mut scan = Scan {
        text,
        at: 0,
        is_typescript,
        levels: vec![Level { kind: Bracket::Brace, chain: 0, angles: 0, is_head: false }],
        depth: 0,
        previous: Token::Operator,
        word: "",
        is_new_line: false,
        is_certain: true,
    };
    if text.starts_with("#!") {
        scan.skip_line();
    }
    while scan.at < text.len() {
        scan.read_token();
        if scan.depth > limit {
            return Some(scan.at.min(text.len()));
        }
    }
    None
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    is_typescript: bool,
    /// The open brackets, the file itself first.
    levels: Vec<Level>,
    /// The sum of all levels.
    depth: usize,
    previous: Token,
    /// The last word, where `previous` is one.
    word: &'t str,
    /// Whether a line ended since the last token.
    is_new_line: bool,
    /// False once a token was read that may be another: from there on nothing ends.
    is_certain: bool,
}

struct Level {
    kind: Bracket,
    /// Operators and keywords since the last end of a statement or an element.
    chain: usize,
    /// `<` that may be open type arguments, in which a comma ends nothing.
    angles: usize,
    /// Round brackets that a statement follows: those of `if`, `for`, `while` and `with`.
    is_head: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Brace,
    Round,
    Square,
    /// `${ … }` of a template.
    Template,
}

/// What the last token says about a `/` behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A value ends here: `/` divides.
    Value,
    /// A value must follow: `/` begins a pattern.
    Operator,
    /// `.` or `#`: a word behind it is a name, whatever it is.
    Dot,
    /// Either.
    Unclear,
}

/// Words that put what follows one level deeper, or join it to what stands before.
const KEYWORDS: &[&str] = &[
    "abstract",
    "as",
    "asserts",
    "async",
    "await",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "in",
    "infer",
    "instanceof",
    "is",
    "keyof",
    "namespace",
    "new",
    "of",
    "readonly",
    "return",
    "satisfies",
    "throw",
    "try",
    "type",
    "typeof",
    "unique",
    "void",
    "while",
    "with",
    "yield",
];

/// Keywords that a value follows.
const BEFORE_VALUES: &[&str] = &[
    "await",
    "case",
    "default",
    "delete",
    "do",
    "else",
    "extends",
    "in",
    "instanceof",
    "new",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
];

/// Words that go on with what a `}` or `;` before them seems to have ended.
const CONTINUING: &[&str] = &[
    "as",
    "catch",
    "else",
    "extends",
    "finally",
    "from",
    "implements",
    "in",
    "instanceof",
    "is",
    "of",
    "satisfies",
    "while",
];

/// Operators of more than one character that are one level.
const OPERATORS: &[&str] = &["===", "!==", "...", "=>", "&&", "||", "??", "?.", "==", "!=", "**"];

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn read_token(&mut self) {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return };
        if !self.is_certain {
            // Every character may be one level, and every two letters an operator such as `in`.
            self.depth += usize::from(!c.is_whitespace() && !c.is_alphanumeric());
            self.depth += usize::from(c.is_whitespace());
            self.at += c.len_utf8();
            return;
        }
        if c.is_whitespace() || c == '\u{feff}' {
            self.is_new_line |= is_line_end(c);
            self.at += c.len_utf8();
            return;
        }
        if c == '/' {
            return self.read_slash();
        }
        let is_new_line = std::mem::take(&mut self.is_new_line);
        match c {
            '\'' | '"' => self.read_string(c),
            '`' => {
                self.count();
                self.at += 1;
                self.read_template();
            }
            '(' | '[' | '{' => self.open(c),
            ')' | ']' | '}' => self.close(c),
            ';' => {
                self.at += 1;
                self.end_unless_continued();
                self.previous = Token::Operator;
            }
            ',' => {
                self.at += 1;
                if self.levels.last().is_some_and(|level| level.angles == 0) {
                    self.end();
                } else {
                    self.count();
                }
                self.previous = Token::Operator;
            }
            '0'..='9' => self.read_number(),
            '#' | '@' => {
                self.at += 1;
                self.previous = Token::Dot;
            }
            _ if is_part_of_word(c) => self.read_word(is_new_line),
            _ => self.read_operator(c),
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find(is_line_end).unwrap_or(rest.len());
    }

    fn read_slash(&mut self) {
        let rest = self.rest();
        if rest.starts_with("//") {
            return self.skip_line();
        }
        if rest.starts_with("/*") {
            let length = comment_length(rest);
            self.is_new_line |= rest[..length].contains(is_line_end);
            self.at += length;
            return;
        }
        let is_new_line = std::mem::take(&mut self.is_new_line);
        let pattern = match self.previous {
            // On a line of its own, a pattern may follow a statement without `;`.
            Token::Value | Token::Dot if !is_new_line => None,
            Token::Operator => {
                let pattern = pattern_length(rest);
                self.is_certain = pattern.is_some();
                pattern
            }
            // A pattern without end stops the parser, so this one divides.
            _ => {
                let pattern = pattern_length(rest);
                self.is_certain = pattern.is_none_or(|length| is_harmless(&rest[1..length]));
                pattern
            }
        };
        self.count();
        match pattern {
            Some(length) => {
                self.at += length;
                self.previous = Token::Unclear;
            }
            None => {
                self.at += 1;
                self.previous = Token::Operator;
            }
        }
    }

    fn read_string(&mut self, quote: char) {
        let mut is_escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '\n' | '\r' => break,
                c if c == quote => {
                    self.at += at + 1;
                    self.previous = Token::Value;
                    return;
                }
                _ => {}
            }
        }
        self.is_certain = false;
    }

    /// The text of a template, up to its end or the next `${`.
    fn read_template(&mut self) {
        let mut is_escaped = false;
        let mut before = ' ';
        for (at, c) in self.rest().char_indices() {
            match c {
                _ if is_escaped => {
                    is_escaped = false;
                    before = ' ';
                    continue;
                }
                '\\' => is_escaped = true,
                '`' => {
                    self.at += at + 1;
                    self.previous = Token::Value;
                    return;
                }
                '{' if before == '$' => {
                    self.at += at + 1;
                    self.push(Bracket::Template, false);
                    return;
                }
                _ => {}
            }
            before = c;
        }
        self.at = self.text.len();
    }

    fn read_number(&mut self) {
        let digits = |text: &str| text.find(|c| !is_part_of_word(c)).unwrap_or(text.len());
        let rest = self.rest();
        let mut length = digits(rest);
        let is_decimal = !rest.get(1..2).is_some_and(|c| c.contains(|c: char| c.is_ascii_alphabetic()));
        if is_decimal && rest[length..].starts_with('.') {
            length += 1;
            length += digits(&rest[length..]);
        }
        self.at += length;
        self.previous = Token::Value;
    }

    fn read_word(&mut self, is_new_line: bool) {
        let word = next_word(self.rest());
        if is_new_line && self.previous == Token::Value {
            // A value on one line, a word on the next: here a `;` is thought to be.
            self.end_unless_continued();
        }
        self.at += word.len();
        let is_name = self.previous == Token::Dot;
        let is_keyword = !is_name && KEYWORDS.contains(&word);
        self.word = if is_name { "" } else { word };
        self.previous = match word {
            _ if !is_name && BEFORE_VALUES.contains(&word) => Token::Operator,
            _ if is_keyword || word.contains('\\') => Token::Unclear,
            _ => Token::Value,
        };
        if is_keyword {
            self.count();
        }
    }

    fn read_operator(&mut self, c: char) {
        let rest = self.rest();
        if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            self.at += operator.len();
            self.count();
            self.previous = if *operator == "?." { Token::Dot } else { Token::Operator };
            return;
        }
        self.at += c.len_utf8();
        self.count();
        let is_step = matches!(c, '+' | '-') && self.rest().starts_with(c);
        if is_step {
            self.at += 1;
        }
        let Some(level) = self.levels.last_mut() else { return };
        match c {
            '<' if self.is_typescript => level.angles += 1,
            '>' => level.angles = level.angles.saturating_sub(1),
            _ => {}
        }
        self.previous = match c {
            '.' => Token::Dot,
            // Behind a value, `!` and `>` may end one in TypeScript.
            '!' | '>' if self.is_typescript => Token::Unclear,
            _ if is_step => Token::Unclear,
            _ => Token::Operator,
        };
    }

    /// One more level below the last end of a statement.
    fn count(&mut self) {
        self.depth += 1;
        if let Some(level) = self.levels.last_mut() {
            level.chain += 1;
        }
    }

    /// A statement or an element has ended: the next one stands beside it.
    fn end(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.depth -= level.chain;
            level.chain = 0;
            level.angles = 0;
        }
    }

    fn end_unless_continued(&mut self) {
        if !CONTINUING.contains(&next_word(self.rest())) {
            self.end();
        }
    }

    fn open(&mut self, c: char) {
        let is_head = c == '(' && matches!(self.word, "if" | "for" | "while" | "with" | "await");
        self.at += 1;
        let kind = match c {
            '(' => Bracket::Round,
            '[' => Bracket::Square,
            _ => Bracket::Brace,
        };
        self.count();
        self.push(kind, is_head);
    }

    fn push(&mut self, kind: Bracket, is_head: bool) {
        self.levels.push(Level { kind, chain: 1, angles: 0, is_head });
        self.depth += 1;
        self.previous = Token::Operator;
        self.word = "";
    }

    fn close(&mut self, c: char) {
        self.at += 1;
        let fits = |kind: Bracket| match c {
            ')' => kind == Bracket::Round,
            ']' => kind == Bracket::Square,
            _ => matches!(kind, Bracket::Brace | Bracket::Template),
        };
        // A bracket too many is where the parser stops.
        let Some(level) = self.levels.pop_if(|level| fits(level.kind)).filter(|_| !self.levels.is_empty()) else {
            self.is_certain = false;
            self.levels.push(Level { kind: Bracket::Brace, chain: 0, angles: 0, is_head: false });
            return;
        };
        self.depth -= level.chain;
        self.word = "";
        self.previous = match c {
            ')' if level.is_head => Token::Unclear,
            '}' => Token::Unclear,
            _ => Token::Value,
        };
        if level.kind == Bracket::Template {
            return self.read_template();
        }
        // A word behind `}` begins a statement or a member of its own.
        if c == '}' && !next_word(self.rest()).is_empty() {
            self.end_unless_continued();
        }
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Whether a character may stand in a name, a keyword or a number. All that is not ASCII counts, so does an escape.
fn is_part_of_word(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '$' | '\\' => true,
        _ => !c.is_ascii() && !c.is_whitespace() && c != '\u{feff}',
    }
}

/// The word that a text begins with, behind blanks and comments; empty when it begins with something else.
fn next_word(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        text = match text {
            _ if text.starts_with("//") => &text[text.find(is_line_end).unwrap_or(text.len())..],
            _ if text.starts_with("/*") => &text[comment_length(text)..],
            _ => break,
        };
    }
    &text[..text.find(|c| !is_part_of_word(c)).unwrap_or(text.len())]
}

/// The length of the comment that a text begins with.
fn comment_length(text: &str) -> usize {
    text.get(2..).and_then(|text| text.find("*/")).map_or(text.len(), |end| end + 4)
}

/// The length of the pattern that a text begins with, without its flags.
fn pattern_length(text: &str) -> Option<usize> {
    let (mut is_escaped, mut in_class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_line_end(c) => return None,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Whether a text means nothing to the scan, be it a pattern or code: no quotes, no comments, no brackets.
fn is_harmless(text: &str) -> bool {
    !text.contains(['\'', '"', '`', '(', ')', '[', ']', '{', '}', '*', ';', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_side_by_side_does_not_nest() {
        for text in [
            "const a = b.c + f(d)\n",
            "if (a) { b() } else { c() }\n",
            "a = b / c; d = /[']\\/\"/.test(e);",
            "f({ a: 1, b: [2, 3], c: `x${d}y` }), ",
            "case 'a': return { b }\n case 'c': { d() }\n",
            "function f(a, b = 1) { return (c) => c + a }\n",
            "/* if (a) if (b) { */ // [[[\n",
            "type A = { a: B<C, D>; e?: F[] }\nexport const g = (h: A): I => h as J\n",
        ] {
            assert_eq!(too_deep_at(&text.repeat(5_000), true, 30), None, "{text}");
        }
    }

    #[test]
    fn what_goes_on_nests() {
        for text in
            ["(", "a.", "!", "1 + ", "if (a) b; else ", "if (a) {} else ", "a ? b : ", "typeof\n", "A<B, ", "keyof\n"]
        {
            assert!(too_deep_at(&text.repeat(31), true, 30).is_some(), "{text}");
        }
        for hidden in ["/'/", "\"'\"", "'\\\\'", "`'${a}'`", "/[/']/", "// '\n", "/* ' */", "{}/'/\n", "x\n/'/;"] {
            assert!(too_deep_at(&format!("{hidden}{}", "[".repeat(31)), false, 30).is_some(), "{hidden}");
        }
    }
}
