//! Escapes and character classes of a pattern.

use regex_syntax::hir::ClassUnicode;

use super::super::class;
use super::super::syntax::{Assertion, Node};
use super::{NESTING, Parser};

impl Parser {
    /// An escape outside of a class.
    pub(super) fn escaped_atom(&mut self) -> Result<Node, String> {
        self.at += 1;
        let Some(c) = self.read() else { return self.error("Unexpected internal error") };
        let unix = self.flags.unix_lines;
        Ok(match c {
            'A' => Node::Assertion(Assertion::Start),
            'z' => Node::Assertion(Assertion::End),
            'Z' => Node::Assertion(Assertion::BeforeFinalTerminator { unix }),
            'G' => Node::Assertion(Assertion::LastMatch),
            'b' if self.chars[self.at..].starts_with(&['{', 'g', '}']) => {
                return self.error("`\\b{g}` is not supported");
            }
            'b' => Node::Assertion(Assertion::WordBoundary),
            'B' => Node::Assertion(Assertion::NotWordBoundary),
            'R' => Node::Alternate(vec![
                Node::Concat(vec![Node::Char('\r'), Node::Char('\n')]),
                Node::Set(class::chars("\n\u{b}\u{c}\r\u{85}\u{2028}\u{2029}")),
            ]),
            'X' | 'N' => return self.error(&format!("`\\{c}` is not supported")),
            '1'..='9' => {
                let mut group = c as usize - '0' as usize;
                while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
                    let longer = group * 10 + digit as usize;
                    if longer > self.groups {
                        break;
                    }
                    group = longer;
                    self.at += 1;
                }
                Node::Backreference { group, fold: self.flags.ignore_case }
            }
            'k' => {
                if self.read() != Some('<') {
                    return self.error("\\k is not followed by '<' for named capturing group");
                }
                let name = self.group_name()?;
                match self.names.iter().find(|(known, _)| *known == name) {
                    Some(&(_, group)) => Node::Backreference { group, fold: self.flags.ignore_case },
                    None => return self.error(&format!("named capturing group <{name}> does not exist")),
                }
            }
            _ => match self.escaped_class(c)? {
                Some(set) => Node::Set(set),
                None => {
                    let c = self.escaped_char(c)?;
                    self.char(c)
                }
            },
        })
    }

    /// `\d`, `\p{…}` and the like, behind the letter `c`.
    fn escaped_class(&mut self, c: char) -> Result<Option<ClassUnicode>, String> {
        let unicode = self.flags.unicode_classes;
        let set = match c.to_ascii_lowercase() {
            'd' => class::named("Digit", unicode),
            's' => class::named("Space", unicode),
            'w' => class::word(unicode),
            'h' => Some(class::chars(
                " \t\u{a0}\u{1680}\u{180e}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}",
            )),
            'v' => Some(class::chars("\n\u{b}\u{c}\r\u{85}\u{2028}\u{2029}")),
            'p' => Some(self.property()?),
            _ => None,
        };
        Ok(set.map(|set| if c.is_ascii_uppercase() { class::negated(set) } else { set }))
    }

    /// The name behind `\p` or `\P`.
    fn property(&mut self) -> Result<ClassUnicode, String> {
        let unknown = |name: &str| format!("Unknown character property name {{{name}}}");
        let name = match self.peek() {
            Some('{') => {
                self.at += 1;
                let length = self.chars.get(self.at..).unwrap_or_default().iter().position(|c| *c == '}');
                let Some(length) = length else {
                    self.at = self.chars.len() + 1;
                    return self.error("Unclosed character family");
                };
                let name: String = self.chars[self.at..self.at + length].iter().collect();
                self.at += length + 1;
                if name.is_empty() {
                    return self.error("Empty character family");
                }
                name
            }
            Some(letter) => {
                self.at += 1;
                letter.to_string()
            }
            None => {
                self.at += 1;
                return self.error(&unknown("\0"));
            }
        };
        match class::property(&name, self.flags.unicode_classes, self.flags.ignore_case) {
            Some(set) => Ok(set),
            None if class::is_unsupported(&name) => self.error(&format!("the class `\\p{{{name}}}` is not supported")),
            None => self.error(&unknown(&name)),
        }
    }

    /// The character that an escape stands for, behind the letter `c`.
    fn escaped_char(&mut self, c: char) -> Result<char, String> {
        let code = match c {
            '0' => self.octal()?,
            'a' => 7,
            'e' => 0x1b,
            'f' => 0xc,
            'n' => 0xa,
            'r' => 0xd,
            't' => 9,
            'c' => match self.chars.get(self.at) {
                Some(&control) => {
                    self.at += 1;
                    control as u32 ^ 64
                }
                None => return self.error("Illegal control escape sequence"),
            },
            'x' if self.chars.get(self.at) == Some(&'{') => {
                self.at += 1;
                let mut code = 0;
                let start = self.at;
                while let Some(digit) = self.chars.get(self.at).and_then(|c| c.to_digit(16)) {
                    code = code * 16 + digit;
                    self.at += 1;
                    if code > 0x10_ffff {
                        return self.error("Hexadecimal codepoint is too big");
                    }
                }
                match self.read() {
                    Some('}') if self.at > start + 1 => code,
                    Some(_) if self.at == start + 1 => return self.error("Illegal hexadecimal escape sequence"),
                    _ => return self.error("Unclosed hexadecimal escape sequence"),
                }
            }
            'x' => self.hexadecimal(2, "Illegal hexadecimal escape sequence")?,
            'u' => {
                const TEXT: &str = "Illegal Unicode escape sequence";
                let high = self.hexadecimal(4, TEXT)?;
                let follows = self.chars.get(self.at..self.at + 2) == Some(&['\\', 'u'][..]);
                match high {
                    // Two escaped halves of a pair are one character.
                    0xd800..=0xdbff if follows => {
                        self.at += 2;
                        let low = self.hexadecimal(4, TEXT)?;
                        if !(0xdc00..=0xdfff).contains(&low) {
                            return self.error("half of a surrogate pair alone is not supported");
                        }
                        0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                    }
                    code => code,
                }
            }
            _ if c.is_ascii_alphanumeric() => return self.error("Illegal/unsupported escape sequence"),
            _ => c as u32,
        };
        match char::from_u32(code) {
            Some(c) => Ok(c),
            None => self.error("half of a surrogate pair alone is not supported"),
        }
    }

    fn octal(&mut self) -> Result<u32, String> {
        let digit = |parser: &Parser| parser.chars.get(parser.at).and_then(|c| c.to_digit(8));
        let Some(mut code) = digit(self) else {
            self.at += 1;
            return self.error("Illegal octal escape sequence");
        };
        self.at += 1;
        let longest = if code <= 3 { 3 } else { 2 };
        for _ in 1..longest {
            let Some(next) = digit(self) else { break };
            code = code * 8 + next;
            self.at += 1;
        }
        Ok(code)
    }

    fn hexadecimal(&mut self, digits: usize, text: &str) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..digits {
            match self.read().and_then(|c| c.to_digit(16)) {
                Some(digit) => code = code * 16 + digit,
                None => return self.error(text),
            }
        }
        Ok(code)
    }

    /// A class behind its `[`, or behind `&&` up to (and without) its `]`.
    pub(super) fn class(&mut self, is_bracketed: bool) -> Result<ClassUnicode, String> {
        self.depth += 1;
        if self.depth > NESTING {
            return self.error(&format!("classes nest deeper than {NESTING} levels"));
        }
        let is_negated = is_bracketed && self.eat('^');
        let mut set: Option<ClassUnicode> = None;
        loop {
            let part = match self.peek() {
                None => {
                    return Err(self.error_at("Unclosed character class", Some(self.chars.len().saturating_sub(1))));
                }
                Some(']') if set.is_some() => {
                    self.at += usize::from(is_bracketed);
                    break;
                }
                Some('[') => {
                    self.at += 1;
                    self.class(true)?
                }
                Some('&') if self.chars.get(self.at + 1) == Some(&'&') => {
                    self.at += 2;
                    let mut right: Option<ClassUnicode> = None;
                    while let Some(c) = self.peek().filter(|c| !matches!(c, ']' | '&')) {
                        if c == '[' {
                            self.at += 1;
                            let nested = self.class(true)?;
                            right = Some(right.map_or(nested.clone(), |right| class::union(right, &nested)));
                        } else {
                            right = Some(self.class(false)?);
                        }
                    }
                    set = match (set, right) {
                        (None, None) => return self.error("Bad class syntax"),
                        (Some(left), Some(right)) => Some(class::intersection(left, &right)),
                        (left, right) => left.or(right),
                    };
                    continue;
                }
                Some(_) => self.range()?,
            };
            set = Some(set.map_or(part.clone(), |set| class::union(set, &part)));
        }
        self.depth -= 1;
        let set = set.unwrap_or_else(ClassUnicode::empty);
        Ok(if is_negated { class::negated(set) } else { set })
    }

    /// One character, one range, or one escaped class inside a class.
    fn range(&mut self) -> Result<ClassUnicode, String> {
        let first = match self.read() {
            Some('\\') => {
                let Some(c) = self.read() else { return self.error("Unexpected internal error") };
                // `[\v-x]` begins at the vertical tab; `[\v]` is all vertical blanks.
                match self.escaped_class(c)? {
                    Some(set) if c != 'v' || self.chars.get(self.at) != Some(&'-') => return Ok(set),
                    Some(_) => '\u{b}',
                    None => self.escaped_char(c)?,
                }
            }
            Some(c) => c,
            None => return self.error("Unclosed character class"),
        };
        let mut last = first;
        if self.peek() == Some('-') && !matches!(self.chars.get(self.at + 1), Some('[' | ']') | None) {
            self.at += 1;
            self.peek();
            last = match self.read() {
                Some('\\') => match self.read() {
                    Some(c) => {
                        if self.escaped_class(c)?.is_some() {
                            return self.error("Illegal character range");
                        }
                        self.escaped_char(c)?
                    }
                    None => return self.error("Unexpected internal error"),
                },
                Some(c) => c,
                None => return self.error("Unclosed character class"),
            };
            if last < first {
                return self.error("Illegal character range");
            }
        }
        Ok(class::fold(class::range(first, last), self.fold()))
    }
}
