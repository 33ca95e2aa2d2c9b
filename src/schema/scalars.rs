//! The fourteen scalars: what each accepts, what it hands to resolvers, what it prints
//! (spec appsync-service 1.1 to 1.3; messages 1.5).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::schema::Literal;
use crate::value::{Number, Str, Value};

/// The scalars that exist: GraphQL's five and AppSync's nine. No other can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scalar {
    Int,
    Float,
    String,
    Boolean,
    Id,
    AwsDate,
    AwsTime,
    AwsDateTime,
    AwsTimestamp,
    AwsEmail,
    AwsJson,
    AwsUrl,
    AwsPhone,
    AwsIpAddress,
}

use Scalar::*;

/// Seconds since 1970 that `java.time.Instant` can hold; AppSync's own bounds for AWSTimestamp.
const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -31_557_014_167_219_200..=31_556_889_864_403_199;

impl Scalar {
    pub const ALL: [Scalar; 14] = [
        Int,
        Float,
        String,
        Boolean,
        Id,
        AwsDate,
        AwsTime,
        AwsDateTime,
        AwsTimestamp,
        AwsEmail,
        AwsJson,
        AwsUrl,
        AwsPhone,
        AwsIpAddress,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Int => "Int",
            Float => "Float",
            String => "String",
            Boolean => "Boolean",
            Id => "ID",
            AwsDate => "AWSDate",
            AwsTime => "AWSTime",
            AwsDateTime => "AWSDateTime",
            AwsTimestamp => "AWSTimestamp",
            AwsEmail => "AWSEmail",
            AwsJson => "AWSJSON",
            AwsUrl => "AWSURL",
            AwsPhone => "AWSPhone",
            AwsIpAddress => "AWSIPAddress",
        }
    }

    pub fn from_name(name: &str) -> Option<Scalar> {
        Scalar::ALL.into_iter().find(|scalar| scalar.name() == name)
    }

    /// Coerces the value of a variable to what resolvers see.
    ///
    /// # Errors
    /// The scalar's own part of AppSync's message, for example ``Unable to parse `x` as a valid date.``
    pub fn parse_input(self, value: &Value) -> Result<Value, std::string::String> {
        match self {
            Int | Float | String | Boolean | Id => self.convert(value),
            AwsTimestamp => match value.as_i64() {
                Some(seconds) if TIMESTAMP_SECONDS.contains(&seconds) => Ok(seconds.into()),
                _ => Err(format!("Unable to parse `{}` as a valid timestamp.", java_text(value))),
            },
            AwsJson => match value {
                Value::String(text) => Value::parse(text).map_err(|_| format!("Unable to parse {text} as valid JSON.")),
                other => Err(format!("Unable to parse {} as valid JSON.", java_text(other))),
            },
            _ => match value {
                Value::String(text) if self.accepts_text(text) => Ok(value.clone()),
                other => Err(format!("Unable to parse `{}` as {}.", java_text(other), self.noun())),
            },
        }
    }

    /// Coerces a constant literal; `None` when the scalar does not take it. Literals are read more strictly than
    /// variables: an Int literal is no String.
    pub fn parse_literal(self, literal: &Literal) -> Option<Value> {
        match (self, literal) {
            (Int, Literal::Int(number)) => number.as_i64().and_then(|int| i32::try_from(int).ok()).map(Value::from),
            (Float, Literal::Int(number) | Literal::Float(number)) => Some(Value::Number(number.clone())),
            (String | Id, Literal::String(text)) => Some(text.into()),
            (Id, Literal::Int(number)) => Some(number.to_string().into()),
            (Boolean, Literal::Boolean(value)) => Some((*value).into()),
            (AwsTimestamp, Literal::Int(_)) | (_, Literal::String(_)) if self.is_aws() => {
                self.parse_input(&literal.to_value()).ok()
            }
            _ => None,
        }
    }

    /// What the answer prints for a resolver's value.
    ///
    /// # Errors
    /// The scalar's own part of AppSync's message, for example `Expected type 'Int' but was 'String'.`
    pub fn serialize(self, value: &Value) -> Result<Value, std::string::String> {
        match self {
            Int | Float | String | Boolean | Id => self.convert(value),
            // Always stringified, a string too: AppSync encodes it a second time (spec 1.2).
            AwsJson => Ok(value.to_string().into()),
            AwsTimestamp => match value.as_i64() {
                Some(seconds) if TIMESTAMP_SECONDS.contains(&seconds) => Ok(seconds.into()),
                _ => Err(format!("Unable to serialize `{}` as a valid timestamp.", java_text(value))),
            },
            _ => match value {
                Value::String(text) if self.accepts_text(text) => Ok(value.clone()),
                other => Err(format!("Unable to serialize `{}` as {}.", java_text(other), self.noun())),
            },
        }
    }

    fn is_aws(self) -> bool {
        !matches!(self, Int | Float | String | Boolean | Id)
    }

    /// GraphQL's own five, as graphql-java converts them in both directions (spec 1.3).
    fn convert(self, value: &Value) -> Result<Value, std::string::String> {
        let converted = match (self, value) {
            (Int, Value::Number(number)) => number.as_i64().and_then(|int| i32::try_from(int).ok()).map(Value::from),
            (Int, Value::String(text)) => Number::parse(text)
                .and_then(|number| number.as_i64())
                .and_then(|int| i32::try_from(int).ok())
                .map(Value::from),
            (Float, Value::Number(_)) => Some(value.clone()),
            (Float, Value::String(text)) => Number::parse(text).map(Value::Number),
            (String, Value::String(_)) | (Boolean, Value::Bool(_)) | (Id, Value::String(_)) => Some(value.clone()),
            (String, other) => Some(java_text(other).into()),
            (Boolean, Value::String(text)) => Some(text.eq_ignore_ascii_case("true").into()),
            (Boolean, Value::Number(number)) => Some((number.as_f64() != 0.0).into()),
            (Id, Value::Number(number)) => number.as_i64().map(|int| int.to_string().into()),
            _ => None,
        };
        converted.ok_or_else(|| format!("Expected type '{}' but was '{}'.", self.name(), java_class(value)))
    }

    /// How the messages name the scalar. Recorded: date, DateTime Object, phone number, timestamp; the others are
    /// UNCONFIRMED (spec 1.5).
    fn noun(self) -> &'static str {
        match self {
            AwsDate => "a valid date",
            AwsTime => "a valid time",
            AwsDateTime => "a valid DateTime Object",
            AwsEmail => "a valid email address",
            AwsUrl => "a valid URL",
            AwsPhone => "a valid phone number",
            AwsIpAddress => "a valid IP address",
            _ => "a valid value",
        }
    }

    fn accepts_text(self, text: &str) -> bool {
        match self {
            AwsDate => is_date(text),
            AwsTime => is_time(text),
            AwsDateTime => is_date_time(text),
            AwsEmail => is_email(text),
            AwsUrl => is_url(text),
            AwsPhone => is_phone(text),
            AwsIpAddress => is_ip_address(text),
            _ => true,
        }
    }
}

/// The simple name of the Java class that AppSync's engine would hold the value in. Which class its JSON layer picks
/// for a number is UNCONFIRMED.
pub fn java_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "Boolean",
        Value::Number(Number::Int(int)) if i32::try_from(*int).is_ok() => "Integer",
        Value::Number(Number::Int(_)) => "Long",
        Value::Number(Number::Float(_)) => "Double",
        Value::Number(Number::Decimal(_)) => "BigDecimal",
        Value::String(_) => "String",
        Value::List(_) => "ArrayList",
        Value::Object(_) => "LinkedHashMap",
    }
}

/// The value as Java's `toString()` prints it: `{id=1, name=x}`, `[a, b]`. A String field shows a map this way.
pub fn java_text(value: &Value) -> Str {
    fn write(value: &Value, out: &mut std::string::String) {
        match value {
            Value::String(text) => out.push_str(text),
            Value::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    write(item, out);
                }
                out.push(']');
            }
            Value::Object(map) => {
                out.push('{');
                for (index, (key, member)) in map.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(key);
                    out.push('=');
                    write(member, out);
                }
                out.push('}');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    match value {
        Value::String(text) => text.clone(),
        other => {
            let mut out = std::string::String::new();
            write(other, &mut out);
            out.into()
        }
    }
}

/// `YYYY-MM-DD`, a leading `-` before year 0, an optional offset directly after the day.
fn is_date(text: &str) -> bool {
    take_date(text).is_some_and(|rest| rest.is_empty() || is_offset(rest))
}

/// `hh:mm[:ss[.fraction]]`, an optional offset. AWS's guide sends an empty fraction (`12:00:34.`).
fn is_time(text: &str) -> bool {
    take_time(text, 0).is_some_and(|rest| rest.is_empty() || is_offset(rest))
}

/// `YYYY-MM-DDThh:mm[:ss[.fraction]]` and an offset, which is compulsory here.
fn is_date_time(text: &str) -> bool {
    take_date(text).and_then(|rest| rest.strip_prefix('T')).and_then(|rest| take_time(rest, 1)).is_some_and(is_offset)
}

/// `Z`, `±hh:mm`, `±hh:mm:ss`.
fn is_offset(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some(rest) = text.strip_prefix(['+', '-']) else { return false };
    // java.time takes offsets up to 18 hours.
    let Some((hours, rest)) = take_number(rest, 2, 18) else { return false };
    let Some((minutes, rest)) = rest.strip_prefix(':').and_then(|rest| take_number(rest, 2, 59)) else { return false };
    let seconds = match rest.strip_prefix(':') {
        Some(rest) => take_number(rest, 2, 59),
        None => Some((0, rest)),
    };
    seconds.is_some_and(|(seconds, rest)| rest.is_empty() && (hours < 18 || minutes + seconds == 0))
}

fn take_date(text: &str) -> Option<&str> {
    let (year, rest) = take_number(text.strip_prefix('-').unwrap_or(text), 4, 9999)?;
    let (month, rest) = take_number(rest.strip_prefix('-')?, 2, 12)?;
    let (day, rest) = take_number(rest.strip_prefix('-')?, 2, 31)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        0 => return None,
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (day >= 1 && day <= days).then_some(rest)
}

fn take_time(text: &str, least_fraction: usize) -> Option<&str> {
    let (_, rest) = take_number(text, 2, 23)?;
    let (_, rest) = take_number(rest.strip_prefix(':')?, 2, 59)?;
    let Some(rest) = rest.strip_prefix(':') else { return Some(rest) };
    let (_, rest) = take_number(rest, 2, 59)?;
    let Some(rest) = rest.strip_prefix('.') else { return Some(rest) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (least_fraction..=9).contains(&digits).then(|| &rest[digits..])
}

/// Exactly `width` digits whose value is at most `most`.
fn take_number(text: &str, width: usize, most: u32) -> Option<(u32, &str)> {
    let digits = text.get(..width).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number = digits.parse().ok().filter(|number| *number <= most)?;
    Some((number, &text[width..]))
}

/// RFC 822's everyday part: `local@domain`, no blanks, a domain of labels.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_is_fine = if let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        !quoted.is_empty() && !quoted.contains('"')
    } else {
        !local.is_empty()
            && local.split('.').all(|atom| {
                !atom.is_empty() && atom.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c))
            })
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    local_is_fine && text.len() <= 320 && domain.split('.').all(label)
}

/// A scheme, a colon and something; no `//` inside the path, no blanks.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_is_fine = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let after_authority = rest.strip_prefix("//").unwrap_or(rest);
    let path = after_authority.split(['?', '#']).next().unwrap_or("");
    scheme_is_fine
        && !after_authority.is_empty()
        && !path.contains("//")
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
}

/// Digits with blanks and hyphens, optionally `+CC`; read as a US number without it. Valid, not merely possible.
fn is_phone(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_digit() || " -()+.".contains(c);
    if text.is_empty() || text.len() > 40 || !text.chars().all(allowed) {
        return false;
    }
    // Loading the numbering plans takes milliseconds, so it waits for the first phone number.
    static US: LazyLock<phonenumber::country::Id> = LazyLock::new(|| phonenumber::country::US);
    phonenumber::parse(Some(*US), text).is_ok_and(|number| phonenumber::is_valid(&number))
}

/// Dotted IPv4 or bare IPv6, each with an optional `/mask`.
fn is_ip_address(text: &str) -> bool {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    mask.is_none_or(|mask| {
        !mask.is_empty()
            && mask.bytes().all(|byte| byte.is_ascii_digit())
            && mask.parse::<u32>().is_ok_and(|mask| mask <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of `tests/scalars/<Scalar>.txt` is `ok TEXT` or `no TEXT`.
    #[test]
    fn aws_scalars_accept_and_refuse_what_the_data_files_say() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scalars");
        for scalar in [AwsDate, AwsTime, AwsDateTime, AwsEmail, AwsJson, AwsUrl, AwsPhone, AwsIpAddress] {
            let lines = std::fs::read_to_string(format!("{folder}/{}.txt", scalar.name())).unwrap();
            let mut cases = 0;
            for line in lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let (expected, text) = line.split_once(' ').unwrap_or((line, ""));
                let accepted = scalar.parse_input(&text.into()).is_ok();
                assert_eq!(accepted, expected == "ok", "{} and `{text}`", scalar.name());
                cases += 1;
            }
            assert!(cases >= 5, "{} has too few cases", scalar.name());
        }
    }

    #[test]
    fn a_string_field_prints_other_values_as_java_does() {
        let value = Value::parse(r#"{"id":1,"tags":["a",true,null],"price":1.5}"#).unwrap();
        assert_eq!(String.serialize(&value).unwrap().as_str(), Some("{id=1, tags=[a, true, null], price=1.5}"));
    }

    #[test]
    fn awsjson_is_parsed_on_input_and_always_stringified_on_output() {
        let parsed = AwsJson.parse_input(&r#"{"a":1}"#.into()).unwrap();
        assert_eq!(parsed.get("a"), Some(&Value::from(1)));
        assert_eq!(AwsJson.serialize(&parsed).unwrap().as_str(), Some(r#"{"a":1}"#));
        assert_eq!(AwsJson.serialize(&r#"{"a":1}"#.into()).unwrap().as_str(), Some(r#""{\"a\":1}""#));
        assert!(AwsJson.parse_input(&parsed).is_err());
    }

    #[test]
    fn int_takes_exact_32_bit_whole_numbers_and_says_what_it_got() {
        assert_eq!(Int.serialize(&"12".into()), Ok(12.into()));
        assert_eq!(Int.serialize(&3.0.into()), Ok(3.into()));
        assert_eq!(Int.serialize(&"x".into()), Err("Expected type 'Int' but was 'String'.".into()));
        assert_eq!(Int.serialize(&5_000_000_000i64.into()), Err("Expected type 'Int' but was 'Long'.".into()));
        assert_eq!(Id.serialize(&1.5.into()), Err("Expected type 'ID' but was 'Double'.".into()));
    }
}
