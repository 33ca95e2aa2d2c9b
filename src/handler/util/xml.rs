//! `util.xml` (spec appsync-js 2.8): XML as JSON, as org.json's `XML.toJSONObject` makes it. UNCONFIRMED that AppSync uses it,
//! but its documented results are the same.
//!
//! An element becomes a member named after it, siblings of one name a list, attributes members of the element, and text
//! beside those the member `content`. Text that looks like a boolean, null or a number becomes one.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Refusal, Scope, argument, text};
use crate::value::{Map, Number, Str, Value};

/// Longest text that is read. Ours: what a handler may return (spec appsync-js 1.6).
const XML_BYTES: usize = 5 * 1024 * 1024;
/// How deep elements may nest: what a handler's values may. Ours; org.json stops at 512.
const NESTING: usize = 200;

/// `util.xml.toMap(xml)`
pub fn to_map(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    read("xml.toMap", arguments)
}

/// `util.xml.toJsonString(xml, stringEncode?)`. UNCONFIRMED: the encoded form has no quotes around it.
pub fn to_json_string(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let json = read("xml.toJsonString", arguments)?.to_string();
    if argument(arguments, 1).as_bool() != Some(true) {
        return Ok(json.into());
    }
    let quoted = Value::from(json).to_string();
    Ok(quoted[1..quoted.len() - 1].into())
}

fn read(name: &str, arguments: &[Value]) -> Result<Value, Refusal> {
    let xml = text(arguments, 0).ok_or_else(|| Refusal::failed(format!("util.{name} expects XML text, got null")))?;
    parse(&xml).map(Value::from).map_err(Refusal::Failed)
}

/// An element, and what it holds so far.
struct Element {
    name: Str,
    members: Map,
}

/// The elements that are open, from the outside in, around the text that was read last.
#[derive(Default)]
struct Tree {
    roots: Map,
    open: Vec<Element>,
    content: String,
}

fn parse(xml: &str) -> Result<Map, String> {
    if xml.len() > XML_BYTES {
        return Err(format!("XML text has at most {} MB", XML_BYTES >> 20));
    }
    let mut reader = Reader::from_str(xml);
    // Names are compared here, for org.json's texts.
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut tree = Tree::default();
    loop {
        let event = reader.read_event().map_err(|error| at(xml, reader.error_position(), &error.to_string()))?;
        let is_end = matches!(event, Event::Eof);
        tree.read(event).map_err(|problem| at(xml, reader.buffer_position(), &problem))?;
        if is_end {
            return Ok(tree.roots);
        }
    }
}

impl Tree {
    fn read(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Text(raw) => self.content.push_str(&String::from_utf8_lossy(&raw)),
            Event::GeneralRef(name) => self.content.push_str(&entity(&String::from_utf8_lossy(&name))),
            markup => {
                self.end_content();
                self.read_markup(markup)?;
            }
        }
        Ok(())
    }

    fn read_markup(&mut self, markup: Event) -> Result<(), String> {
        match markup {
            Event::Start(_) if self.open.len() >= NESTING => {
                return Err(format!("Maximum nesting depth of {NESTING} reached"));
            }
            Event::Start(start) => self.open.push(element(&start)?),
            Event::Empty(start) => {
                let Element { name, members } = element(&start)?;
                // Here even a member `content` stays a member: it can only be an attribute.
                self.add(name, if members.is_empty() { "".into() } else { members.into() });
            }
            Event::End(end) => {
                let name = String::from_utf8_lossy(end.name().as_ref()).into_owned();
                let Some(element) = self.open.pop() else { return Err(format!("Mismatched close tag {name}")) };
                if element.name != name {
                    return Err(format!("Mismatched {} and {name}", element.name));
                }
                self.close(element);
            }
            Event::CData(raw) if !raw.is_empty() && !self.open.is_empty() => {
                self.add("content".into(), String::from_utf8_lossy(&raw).as_ref().into());
            }
            Event::Eof => {
                if let Some(element) = self.open.last() {
                    return Err(format!("Unclosed tag {}", element.name));
                }
            }
            // Comments, instructions and document types say nothing. No entity of a document type is known: nothing is
            // fetched and nothing expands.
            _ => {}
        }
        Ok(())
    }

    /// A text between two pieces of markup: trimmed, and nothing if nothing is left. Text outside of the roots does not
    /// count.
    fn end_content(&mut self) {
        let content = std::mem::take(&mut self.content);
        let trimmed = content.trim_matches(|c| c <= ' ');
        if !trimmed.is_empty() && !self.open.is_empty() {
            self.add("content".into(), scalar(trimmed));
        }
    }

    /// Hands an element to the one around it: nothing is an empty text, and text alone stands for itself.
    fn close(&mut self, element: Element) {
        let Element { name, mut members } = element;
        let value = match members.len() {
            0 => "".into(),
            1 if members.contains_key("content") => members.swap_remove("content").unwrap_or_default(),
            _ => members.into(),
        };
        self.add(name, value);
    }

    fn add(&mut self, name: Str, value: Value) {
        accumulate(self.open.last_mut().map_or(&mut self.roots, |element| &mut element.members), name, value);
    }
}

/// org.json's way to say where.
fn at(xml: &str, position: u64, problem: &str) -> String {
    let before = xml.get(..position as usize).unwrap_or(xml);
    let line = before.matches('\n').count() + 1;
    let character = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
    format!("{problem} at {} [character {character} line {line}]", before.encode_utf16().count())
}

/// An element that begins, with its attributes.
fn element(start: &BytesStart) -> Result<Element, String> {
    let mut members = Map::default();
    for attribute in start.html_attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = String::from_utf8_lossy(attribute.key.as_ref());
        let raw = String::from_utf8_lossy(&attribute.value);
        // An attribute without a value is kept as an empty text.
        accumulate(&mut members, name.into(), scalar(&unescaped(&raw)?));
    }
    Ok(Element { name: String::from_utf8_lossy(start.name().as_ref()).into(), members })
}

/// A second member of the same name makes a list of both.
fn accumulate(members: &mut Map, name: Str, value: Value) {
    match members.get_mut(&name) {
        None => {
            // As the first of its name even a list is one value.
            let first = if matches!(value, Value::List(_)) { vec![value].into() } else { value };
            members.insert(name, first);
        }
        Some(Value::List(items)) => std::sync::Arc::make_mut(items).push(value),
        Some(known) => *known = vec![std::mem::take(known), value].into(),
    }
}

/// Replaces references in the value of an attribute.
fn unescaped(raw: &str) -> Result<Cow<'_, str>, String> {
    if !raw.contains('&') {
        return Ok(raw.into());
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let name_end = after.find(|c: char| !(c.is_alphanumeric() || c == '#')).unwrap_or(after.len());
        let (name, after) = after.split_at(name_end);
        rest = after.strip_prefix(';').ok_or_else(|| format!("Missing ';' in XML entity: &{name}"))?;
        out.push_str(&entity(name));
    }
    Ok((out + rest).into())
}

/// What a reference stands for; one that nobody knows stands for itself.
fn entity(name: &str) -> Cow<'static, str> {
    let lower = name.to_lowercase();
    let code = lower.strip_prefix('#').and_then(|digits| match digits.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    });
    match (lower.as_str(), code.and_then(char::from_u32)) {
        (_, Some(c)) => c.to_string().into(),
        ("amp", _) => "&".into(),
        ("apos", _) => "'".into(),
        ("gt", _) => ">".into(),
        ("lt", _) => "<".into(),
        ("quot", _) => "\"".into(),
        _ => format!("&{lower};").into(),
    }
}

/// The value that a text looks like.
fn scalar(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return true.into();
    }
    if text.eq_ignore_ascii_case("false") {
        return false.into();
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    number(text).map_or_else(|| text.into(), Value::Number)
}

/// A number as org.json reads it: `007` is none, while `.`, `e` or `-0` allow what `BigDecimal` does.
fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let is_decimal = text.contains(['.', 'e', 'E']) || text == "-0";
    let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
    if !is_decimal && has_leading_zero {
        return None;
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix('+').unwrap_or(exponent))),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let zero = |digits: &'static str, given: &str| if given.is_empty() { digits.to_owned() } else { given.to_owned() };
    let whole = zero("0", whole.trim_start_matches('0'));
    let mut plain = format!("{sign}{whole}");
    if !fraction.is_empty() {
        plain = format!("{plain}.{fraction}");
    }
    if let Some(exponent) = exponent {
        plain = format!("{plain}e{exponent}");
    }
    Number::parse(&plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(xml: &str) -> String {
        parse(xml).map_or_else(|problem| format!("!{problem}"), |map| Value::from(map).to_string())
    }

    #[test]
    fn text_becomes_the_value_that_it_looks_like() {
        for (text, value) in [
            ("1", "1"),
            ("-1", "-1"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("-0", "0"),
            ("00.5", "0.5"),
            ("TRUE", "true"),
            ("False", "false"),
            ("NULL", "null"),
            ("007", "\"007\""),
            ("-01", "\"-01\""),
            ("0", "0"),
            ("-", "\"-\""),
            (".5", "\".5\""),
            ("+5", "\"+5\""),
            ("0x10", "\"0x10\""),
            ("1 2", "\"1 2\""),
            ("1.2.3", "\"1.2.3\""),
            ("1e", "\"1e\""),
            ("12345678901234567890", "12345678901234567890"),
            ("NaN", "\"NaN\""),
            ("2018-02-02", "\"2018-02-02\""),
        ] {
            assert_eq!(scalar(text).to_string(), value, "{text}");
        }
    }

    #[test]
    fn deep_and_long_texts_are_refused() {
        let deep = "<a>".repeat(NESTING + 1);
        assert!(json(&deep).starts_with("!Maximum nesting depth of 200 reached at "), "{}", json(&deep));
        let fits = format!("{}{}", "<a>".repeat(NESTING), "</a>".repeat(NESTING));
        assert!(json(&fits).starts_with("{\"a\":{\"a\":"));
        assert_eq!(json(&" ".repeat(XML_BYTES + 1)), "!XML text has at most 5 MB");
    }

    #[test]
    fn entities_of_a_document_do_not_expand() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\"><!ENTITY d SYSTEM \"file:///etc/passwd\">]><a>&c;&d;</a>";
        assert_eq!(json(bomb), r#"{"a":"&c;&d;"}"#);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(xml in "[<>/a-c &;#!\\[\\]?'\"=x0-9\\-\n]{0,60}") {
            let _ = json(&xml);
        }
    }
}
