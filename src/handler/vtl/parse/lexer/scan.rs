//! Which token begins at a place, by the state.

use super::shapes::{
    bracketed_word, directive_name, identifier, is_identifier_start, is_word_start, line_end, number, operator_word,
    set_directive, trailing_line, word, word_kind,
};
use super::token::Kind;
use super::{Lexer, LexicalError, Scanned, State};

impl Lexer<'_> {
    /// The longest token of the current state that begins here.
    pub(super) fn scan(&self) -> Result<Scanned, LexicalError> {
        let (rest, at) = (&self.source[self.at..], self.at);
        let bytes = rest.as_bytes();
        if self.state == State::LineComment {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            if end > 0 {
                // Velocity waits for what a `$` or `#` begins, also in a comment.
                let comment = rest.trim_end_matches('!');
                if end == rest.len() && comment.ends_with(['$', '#']) {
                    return Err(self.error(self.source.len(), self.source.len()));
                }
                return Ok(Scanned::Skip(at + end));
            }
            return Ok(Scanned::Token(Kind::LineCommentEnd, at + line_end(bytes)));
        }
        if let Some(found) = self.scan_beginning(rest) {
            return found;
        }
        let token = |kind, length: usize| Ok(Scanned::Token(kind, at + length));
        let first = bytes[0];
        match self.state {
            State::Text => match first {
                b'\\' if bytes.get(1) == Some(&b'\\') => token(Kind::DoubleEscape, 2),
                b'\\' => token(Kind::Escape, 1),
                _ => token(Kind::Text, rest.find(['$', '#', '\\']).unwrap_or(rest.len())),
            },
            State::Reference | State::Modifier => match first {
                b'[' => token(Kind::IndexOpen, 1),
                b'{' => token(Kind::ReferenceOpen, 1),
                b'}' => token(Kind::ReferenceClose, 1),
                b'(' if self.state == State::Modifier => token(Kind::ParenOpen, 1),
                b'.' if bytes.get(1).is_some_and(u8::is_ascii_alphabetic) => token(Kind::Dot, 1),
                _ if is_identifier_start(first) => token(Kind::Identifier, identifier(bytes)),
                _ => Ok(Scanned::Terminator),
            },
            State::Arguments => match first {
                b'[' => token(Kind::ListOpen, 1),
                b']' => token(Kind::ListClose, 1),
                b',' => token(Kind::Comma, 1),
                b':' => token(Kind::Colon, 1),
                b'{' => token(Kind::MapOpen, 1),
                b'}' => token(Kind::MapClose, 1),
                b')' => token(Kind::CallClose, 1),
                b'.' if bytes.get(1) == Some(&b'.') => token(Kind::DoubleDot, 2),
                b'.' if bytes.get(1).is_some_and(u8::is_ascii_alphabetic) => token(Kind::Dot, 1),
                _ if is_identifier_start(first) => {
                    let length = identifier(bytes);
                    token(word_kind(&rest[..length]).unwrap_or(Kind::Identifier), length)
                }
                _ => self.scan_value(rest),
            },
            State::Index => match first {
                b']' => token(Kind::IndexClose, 1),
                _ => match ["true", "false"].iter().find(|word| rest.starts_with(**word)) {
                    Some(word) => token(word_kind(word).unwrap_or(Kind::True), word.len()),
                    None => self.scan_value(rest),
                },
            },
            State::PreDirective => match first {
                _ if is_word_start(first) => {
                    let length = word(bytes);
                    Ok(directive_name(rest, length, &rest[..length], at))
                }
                b'{' => match bracketed_word(rest) {
                    Some(length) => Ok(directive_name(rest, length, &rest[1..length - 1], at)),
                    None => Ok(Scanned::Terminator),
                },
                b'0'..=b'9' | b'-' | b'.' => match number(bytes) {
                    Some((kind, length)) => token(kind, length),
                    None => Ok(Scanned::Terminator),
                },
                _ => Ok(Scanned::Terminator),
            },
            State::Directive => self.scan_directive(rest),
            State::LineComment => Ok(Scanned::Terminator),
        }
    }

    /// What begins something in every state: references, directives, comments, and in text also escapes.
    fn scan_beginning(&self, rest: &str) -> Option<Result<Scanned, LexicalError>> {
        let at = self.at;
        let bytes = rest.as_bytes();
        let first = bytes[0];
        let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let takes_set = matches!(self.state, State::Text | State::Reference | State::Modifier);
        if takes_set
            && bytes.get(blanks) == Some(&b'#')
            && let Some(length) = set_directive(&rest[blanks..])
        {
            return Some(Ok(Scanned::Token(Kind::Set, at + blanks + length)));
        }
        match first {
            b'$' | b'\\' => {
                let escapes = bytes.iter().take_while(|byte| **byte == b'\\').count();
                if self.state == State::Text && bytes.get(escapes) == Some(&b'#') && escapes % 2 == 1 {
                    let name = &rest[escapes + 1..];
                    let length = match name.as_bytes().first() {
                        Some(b'{') => bracketed_word(name),
                        Some(&byte) if is_word_start(byte) => Some(word(name.as_bytes())),
                        _ => None,
                    };
                    if let Some(length) = length {
                        return Some(Ok(Scanned::Token(Kind::EscapedDirective, at + escapes + 1 + length)));
                    }
                }
                if bytes.get(escapes) != Some(&b'$') {
                    return match self.state {
                        State::Text | State::Reference | State::Modifier | State::PreDirective => None,
                        _ => Some(Err(self.error(at, at + escapes))),
                    };
                }
                // `$[` and `$.` are text.
                if matches!(self.state, State::Text | State::Reference | State::Modifier)
                    && escapes == 0
                    && let Some(beginning) = ["$[", "$![", "$\\![", "$."].iter().find(|text| rest.starts_with(**text))
                {
                    return Some(Ok(Scanned::Token(Kind::NoReference, at + beginning.len())));
                }
                let inner = bytes[escapes + 1..].iter().take_while(|byte| **byte == b'\\').count();
                let bang = escapes + 1 + inner;
                let length = if bytes.get(bang) == Some(&b'!') { bang + 1 } else { escapes + 1 };
                Some(Ok(Scanned::Prefix(at + length, State::Reference)))
            }
            b'#' => Some(if let Some(raw) = rest.strip_prefix("#[[") {
                match raw.find("]]#") {
                    Some(end) => Ok(Scanned::Token(Kind::RawBlock, at + end + 6)),
                    None => Err(self.error_at_end()),
                }
            } else if let Some(comment) = rest.strip_prefix("#*") {
                match comment.find("*#") {
                    Some(end) => Ok(Scanned::Token(Kind::Comment, at + end + 4)),
                    // A comment that is not closed takes the rest of the template.
                    None if rest.len() > 2 && !rest.ends_with(['#', '$']) => Ok(Scanned::Skip(self.source.len())),
                    None => Err(self.error_at_end()),
                }
            } else if rest.starts_with("##") && !matches!(self.state, State::Modifier | State::Arguments | State::Index)
            {
                Ok(Scanned::Token(Kind::LineComment, at + 2))
            } else {
                Ok(Scanned::Prefix(at + 1, State::PreDirective))
            }),
            _ => None,
        }
    }

    /// Blanks, strings and numbers, which mean the same inside all parentheses and brackets.
    fn scan_value(&self, rest: &str) -> Result<Scanned, LexicalError> {
        let (bytes, at) = (rest.as_bytes(), self.at);
        match bytes[0] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                let length = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
                Ok(Scanned::Token(Kind::Whitespace, at + length))
            }
            b'"' | b'\'' => match self.string(rest) {
                Some(length) => Ok(Scanned::Token(Kind::StringLiteral, at + length)),
                None => Err(self.error_at_end()),
            },
            b'0'..=b'9' | b'-' | b'.' => match number(bytes) {
                Some((kind, length)) => Ok(Scanned::Token(kind, at + length)),
                None => Err(self.error(at, at + 1)),
            },
            _ => Err(self.error(at, at)),
        }
    }

    fn scan_directive(&self, rest: &str) -> Result<Scanned, LexicalError> {
        let bytes = rest.as_bytes();
        let at = self.at;
        let token = |kind, length: usize| Ok(Scanned::Token(kind, at + length));
        let next = bytes.get(1).copied().unwrap_or_default();
        match (bytes[0], next) {
            (b'[', _) => token(Kind::ListOpen, 1),
            (b']', _) => token(Kind::ListClose, 1),
            (b',', _) => token(Kind::Comma, 1),
            (b':', _) => token(Kind::Colon, 1),
            (b'}', _) => token(Kind::MapClose, 1),
            (b'(', _) => token(Kind::ParenOpen, 1),
            (b')', _) => token(Kind::ParenClose, 1 + trailing_line(&bytes[1..])),
            (b'.', b'.') => token(Kind::DoubleDot, 2),
            (b'+', _) => token(Kind::Plus, 1),
            (b'*', _) => token(Kind::Multiply, 1),
            (b'/', _) => token(Kind::Divide, 1),
            (b'%', _) => token(Kind::Modulus, 1),
            (b'&', b'&') => token(Kind::And, 2),
            (b'|', b'|') => token(Kind::Or, 2),
            (b'<', b'=') => token(Kind::LessOrEqual, 2),
            (b'<', _) => token(Kind::Less, 1),
            (b'>', b'=') => token(Kind::GreaterOrEqual, 2),
            (b'>', _) => token(Kind::Greater, 1),
            (b'=', b'=') => token(Kind::Equal, 2),
            (b'=', _) => token(Kind::Assign, 1),
            (b'!', b'=') => token(Kind::NotEqual, 2),
            (b'!', _) => token(Kind::Not, 1),
            (b'&' | b'|', _) => Err(self.error(at, at + 1)),
            (b'-', _) if number(bytes).is_none() => token(Kind::Minus, 1),
            (b'{', _) => match bracketed_word(rest) {
                Some(length) => token(Kind::BracketedWord, length),
                None => token(Kind::MapOpen, 1),
            },
            (first, _) if is_word_start(first) => {
                let length = word(bytes);
                let kind = word_kind(&rest[..length]).or(operator_word(&rest[..length]));
                token(kind.unwrap_or(Kind::Word), length)
            }
            _ => self.scan_value(rest),
        }
    }

    /// The length of a string literal: quotes inside are doubled.
    fn string(&self, rest: &str) -> Option<usize> {
        let bytes = rest.as_bytes();
        let quote = bytes[0];
        let mut at = 1;
        let mut closed = None;
        while at < bytes.len() {
            if quote == b'"' && self.takes_escaped_quotes && bytes[at] == b'\\' && bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else if bytes[at] == quote {
                closed = Some(at + 1);
                if bytes.get(at + 1) != Some(&quote) {
                    break;
                }
                at += 2;
            } else {
                at += 1;
            }
        }
        closed
    }
}
