//! How far names, numbers and the like go. Nothing here depends on the state.

use super::Scanned;
use super::token::Kind;

pub(super) fn is_identifier_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

pub(super) fn identifier(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}

pub(super) fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@')
}

pub(super) fn word(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')).count()
}

/// The length of `{word}`.
pub(super) fn bracketed_word(rest: &str) -> Option<usize> {
    let inner = rest.as_bytes().get(1..)?;
    let length = word(inner);
    (length > 0 && is_word_start(inner[0]) && inner.get(length) == Some(&b'}')).then_some(length + 2)
}

/// The length of `#set (` or `#{set}(`.
pub(super) fn set_directive(rest: &str) -> Option<usize> {
    let name = ["#set", "#{set}"].into_iter().find(|name| rest.starts_with(name))?;
    let blanks = rest[name.len()..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (rest.as_bytes().get(name.len() + blanks) == Some(&b'(')).then_some(name.len() + blanks + 1)
}

pub(super) fn word_kind(word: &str) -> Option<Kind> {
    match word {
        "true" => Some(Kind::True),
        "false" => Some(Kind::False),
        _ => None,
    }
}

pub(super) fn operator_word(word: &str) -> Option<Kind> {
    Some(match word {
        "and" => Kind::And,
        "or" => Kind::Or,
        "lt" => Kind::Less,
        "le" => Kind::LessOrEqual,
        "gt" => Kind::Greater,
        "ge" => Kind::GreaterOrEqual,
        "eq" => Kind::Equal,
        "ne" => Kind::NotEqual,
        "not" => Kind::Not,
        _ => return None,
    })
}

/// The name behind a `#`: `#else` and `#end` take the rest of a blank line with them.
pub(super) fn directive_name(rest: &str, length: usize, name: &str, at: usize) -> Scanned {
    let with_line = length + trailing_line(&rest.as_bytes()[length..]);
    match name {
        "if" => Scanned::Token(Kind::If, at + length),
        "elseif" => Scanned::Token(Kind::ElseIf, at + length),
        "else" => Scanned::Token(Kind::Else, at + with_line),
        "end" => Scanned::Token(Kind::End, at + with_line),
        _ if rest.starts_with('{') => Scanned::Token(Kind::BracketedWord, at + length),
        _ => Scanned::Token(Kind::Word, at + length),
    }
}

/// Blanks and the end of the line; 0 where something else comes first.
pub(super) fn trailing_line(bytes: &[u8]) -> usize {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match line_end(&bytes[blanks..]) {
        0 => 0,
        length => blanks + length,
    }
}

pub(super) fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// A number's kind and length. Of `1..3` only the `1`.
pub(super) fn number(bytes: &[u8]) -> Option<(Kind, usize)> {
    let digits =
        |from: usize| bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut kind = Kind::Integer;
    if bytes.get(end) == Some(&b'.') {
        if whole > 0 && bytes.get(end + 1) == Some(&b'.') {
            return Some((kind, end));
        }
        let fraction = digits(end + 1);
        if whole > 0 || fraction > 0 {
            end += 1 + fraction;
            kind = Kind::Float;
        }
    }
    if kind == Kind::Integer && whole == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
            kind = Kind::Float;
        }
    }
    Some((kind, end))
}
