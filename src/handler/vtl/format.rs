//! `String.format`: `%s %d %f %x %b %c %n %%` with flags, width and precision.

use super::java::{Heap, JavaValue, Thrown, number};

/// Widest field. Ours: a width is a number that a client may choose.
const WIDTH: usize = 10_000;

struct Field {
    argument: Option<usize>,
    is_left: bool,
    has_zeros: bool,
    has_sign: bool,
    has_groups: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

/// Fills the fields of a format.
///
/// # Errors
/// Java's exceptions, and the bounds of the heap.
pub(super) fn format(heap: &mut Heap, format: &str, values: &[JavaValue]) -> Result<String, Thrown> {
    let mut out = String::new();
    let mut rest = format;
    let mut next = 0;
    while let Some(percent) = rest.find('%') {
        out.push_str(&rest[..percent]);
        let (field, length) = field(&rest[percent + 1..])?;
        rest = &rest[percent + 1 + length..];
        let text = match field.conversion {
            '%' => "%".to_owned(),
            'n' => "\n".to_owned(),
            conversion => {
                let at = field.argument.unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
                let value = values.get(at).ok_or_else(|| {
                    let message = format!("Format specifier '%{conversion}'");
                    Thrown::exception("java.util.MissingFormatArgumentException", message)
                })?;
                converted(heap, &field, value)?
            }
        };
        heap.hold(text.len() + field.width)?;
        let missing = field.width.saturating_sub(text.chars().count());
        if field.is_left {
            out.push_str(&text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if field.has_zeros && matches!(field.conversion, 'd' | 'f' | 'x' | 'X') {
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            out.push_str(sign);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        } else {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(&text);
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn unknown(conversion: char) -> Thrown {
    let message = format!("Conversion = '{conversion}'");
    Thrown::exception("java.util.UnknownFormatConversionException", message)
}

/// Reads what follows a `%`.
fn field(text: &str) -> Result<(Field, usize), Thrown> {
    let mut field = Field {
        argument: None,
        is_left: false,
        has_zeros: false,
        has_sign: false,
        has_groups: false,
        width: 0,
        precision: None,
        conversion: '%',
    };
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = 0;
    let length = digits(0);
    if length > 0 && bytes.get(length) == Some(&b'$') {
        field.argument = text[..length].parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        at = length + 1;
    }
    while let Some(flag) = bytes.get(at).filter(|byte| b"-0+,# (".contains(byte)) {
        match flag {
            b'-' => field.is_left = true,
            b'0' => field.has_zeros = true,
            b'+' => field.has_sign = true,
            b',' => field.has_groups = true,
            _ => {}
        }
        at += 1;
    }
    let bounded = |text: &str| text.parse::<usize>().ok().filter(|size| *size <= WIDTH);
    let too_wide = || Thrown::Limit(format!("a field of a format has at most {WIDTH} characters"));
    let length = digits(at);
    if length > 0 {
        field.width = bounded(&text[at..at + length]).ok_or_else(too_wide)?;
        at += length;
    }
    if bytes.get(at) == Some(&b'.') {
        let length = digits(at + 1);
        field.precision = Some(bounded(&text[at + 1..at + 1 + length]).ok_or_else(too_wide)?);
        at += 1 + length;
    }
    match text[at..].chars().next() {
        Some(conversion) => {
            field.conversion = conversion;
            Ok((field, at + conversion.len_utf8()))
        }
        None => Err(unknown('%')),
    }
}

fn converted(heap: &mut Heap, field: &Field, value: &JavaValue) -> Result<String, Thrown> {
    let mismatch = || {
        let message = format!("{} != {}", field.conversion, value.class());
        Thrown::exception("java.util.IllegalFormatConversionException", message)
    };
    if value.is_null() {
        return Ok(if field.conversion == 'b' { "false" } else { "null" }.to_owned());
    }
    Ok(match field.conversion {
        's' | 'S' => {
            let text = heap.text(value)?.to_string();
            let text = match field.precision {
                Some(precision) => text.chars().take(precision).collect(),
                None => text,
            };
            if field.conversion == 'S' { text.to_uppercase() } else { text }
        }
        'd' => match value {
            JavaValue::Integer(_) | JavaValue::Long(_) | JavaValue::BigInteger(_) => {
                signed(field, heap.text(value)?.to_string())
            }
            _ => return Err(mismatch()),
        },
        'f' => match value {
            JavaValue::Double(number) => signed(field, format!("{number:.*}", field.precision.unwrap_or(6))),
            JavaValue::BigDecimal(_) => {
                let number = number::as_f64(value).unwrap_or(f64::NAN);
                signed(field, format!("{number:.*}", field.precision.unwrap_or(6)))
            }
            _ => return Err(mismatch()),
        },
        'x' | 'X' => {
            let text = match value {
                JavaValue::Integer(number) => format!("{number:x}"),
                JavaValue::Long(number) => format!("{number:x}"),
                _ => return Err(mismatch()),
            };
            if field.conversion == 'X' { text.to_uppercase() } else { text }
        }
        'b' => match value {
            JavaValue::Boolean(value) => value.to_string(),
            _ => "true".to_owned(),
        },
        'c' => match value {
            JavaValue::Integer(code) => {
                u32::try_from(*code).ok().and_then(char::from_u32).map(String::from).ok_or_else(mismatch)?
            }
            JavaValue::String(text) if text.chars().count() == 1 => text.to_string(),
            _ => return Err(mismatch()),
        },
        other => return Err(unknown(other)),
    })
}

/// With a plus sign and with commas between thousands, as the flags say.
fn signed(field: &Field, text: String) -> String {
    let (sign, digits) = text.split_at(usize::from(text.starts_with('-')));
    let sign = if sign.is_empty() && field.has_sign { "+" } else { sign };
    if !field.has_groups {
        return format!("{sign}{digits}");
    }
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}
