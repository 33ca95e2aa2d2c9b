//! What a template printed, as the value that it stands for (spec appsync-vtl 2).
//!
//! JSON is read leniently: documented samples have commas before a closing bracket, and samples in the wild have keys
//! without quotes. How lenient AppSync is, is UNCONFIRMED.

use crate::error::FieldError;
use crate::value::{Map, Number, Str, Value};

/// What the text was to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The request of a data source.
    Request,
    /// The value of a field, or of a pipeline function.
    Response,
}

/// Deepest nesting. Ours: protects the stack.
const NESTING: usize = 200;

/// Characters of a wrong text that a message repeats. Ours.
const SHOWN_CHARACTERS: usize = 500;

/// Reads the text that a template printed.
///
/// # Errors
/// `MappingTemplate` in AppSync's words, where the text is not JSON or is blank.
///
/// # Examples
/// ```
/// use syncline::handler::vtl::request::{Expected, parse_printed};
/// let request = parse_printed(r#"{ operation: "GetItem", "key": {}, }"#, Expected::Request).unwrap();
/// assert_eq!(request.to_string(), r#"{"operation":"GetItem","key":{}}"#);
/// ```
pub fn parse_printed(text: &str, expected: Expected) -> Result<Value, FieldError> {
    // UNCONFIRMED: the text for a blank response, and that a blank request is no JSON like any other.
    if expected == Expected::Response && text.trim().is_empty() {
        return Err(FieldError::mapping_template("Template transformation yielded an empty response."));
    }
    // Most texts are plain JSON, which this reads faster.
    if let Ok(value) = Value::parse(text) {
        return Ok(value);
    }
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(NESTING).filter(|_| {
        reader.blanks();
        reader.at == text.len()
    });
    value.ok_or_else(|| {
        let shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
        let rest = if shown.len() < text.len() { "…" } else { "" };
        FieldError::mapping_template(format!("Unable to convert {shown}{rest} to Object."))
    })
}

/// The value of `#return(value)`: a text that is JSON is what it says, any other text stays a text. UNCONFIRMED (spec
/// appsync-vtl 8).
pub fn returned(value: Value) -> Value {
    match &value {
        Value::String(text) => Value::parse(text).unwrap_or(value),
        _ => value,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Whether the next character is `sought`, which is taken then.
    fn take(&mut self, sought: char) -> bool {
        self.blanks();
        let is_there = self.rest().starts_with(sought);
        self.at += usize::from(is_there) * sought.len_utf8();
        is_there
    }

    fn value(&mut self, levels: usize) -> Option<Value> {
        let levels = levels.checked_sub(1)?;
        if self.take('{') {
            let mut members = Map::default();
            while !self.take('}') {
                let key = self.key()?;
                if !self.take(':') {
                    return None;
                }
                members.insert(key, self.value(levels)?);
                if !self.take(',') && !self.rest().starts_with('}') {
                    return None;
                }
            }
            return Some(members.into());
        }
        if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                items.push(self.value(levels)?);
                if !self.take(',') && !self.rest().starts_with(']') {
                    return None;
                }
            }
            return Some(items.into());
        }
        if self.rest().starts_with('"') {
            return self.string().map(Value::from);
        }
        let end = self.rest().find([',', '}', ']', ' ', '\t', '\n', '\r', ':']).unwrap_or(self.rest().len());
        let word = &self.rest()[..end];
        self.at += end;
        match word {
            "null" => Some(Value::Null),
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            // Zeros in front are no JSON, and no number that anybody meant.
            _ if word.trim_start_matches('-').starts_with('0')
                && word.trim_start_matches('-').len() > 1
                && !word.contains(['.', 'e', 'E']) =>
            {
                None
            }
            _ => Number::parse(word).map(Value::Number),
        }
    }

    fn key(&mut self) -> Option<Str> {
        self.blanks();
        if self.rest().starts_with('"') {
            return self.string();
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
        let end = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        let key = &self.rest()[..end];
        self.at += end;
        (!key.is_empty()).then(|| key.into())
    }

    fn string(&mut self) -> Option<Str> {
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += 1 + usize::from(bytes[end] == b'\\');
        }
        let literal = self.rest().get(..=end)?;
        self.at += end + 1;
        serde_json::from_str::<String>(literal).ok().map(Str::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_commas_and_bare_keys_are_read() {
        for (text, json) in [
            (r#"{"a": [1, 2, ], }"#, r#"{"a":[1,2]}"#),
            (r#"{version: "1", $x: {}, a-b: -1.5}"#, r#"{"version":"1","$x":{},"a-b":-1.5}"#),
            (" null ", "null"),
            (r#"{"a":"\u00e9\"","a":2,}"#, r#"{"a":2}"#),
        ] {
            assert_eq!(parse_printed(text, Expected::Request).unwrap().to_string(), json, "{text}");
        }
    }

    #[test]
    fn other_text_is_refused_in_appsync_s_words() {
        for text in
            ["{", "[1 2]", "{,}", "hello", "{\"a\"}", "{\"a\":}", "1 2", "\"", "{a:'b'}", "[,]", "01", "{\"a\":\"\\"]
        {
            let refused = parse_printed(text, Expected::Response).unwrap_err();
            assert_eq!(refused.message, format!("Unable to convert {text} to Object."));
            assert_eq!(refused.error_type.as_deref(), Some("MappingTemplate"));
        }
        let blank = parse_printed(" \n", Expected::Response).unwrap_err();
        assert_eq!(blank.message, "Template transformation yielded an empty response.");
    }

    #[test]
    fn endless_brackets_are_refused() {
        assert!(parse_printed(&"[".repeat(100_000), Expected::Request).is_err());
        assert!(parse_printed(&"{a:".repeat(100_000), Expected::Request).is_err());
    }

    #[test]
    fn a_returned_text_is_read_as_json_where_it_is_some() {
        assert_eq!(returned("{\"a\":1}".into()).to_string(), "{\"a\":1}");
        assert_eq!(returned("a b".into()), Value::from("a b"));
    }
}
