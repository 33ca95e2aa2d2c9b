//! Reads the fields of a text as a pattern says. What they mean together is decided in `resolve`.

use super::field::{FIELDS, Field, find_text};
use super::pattern::{Adjacent, Item, Kind, Number, OffsetForm, Presence, Sign};
use super::zone::{NameLength, Zone, check_offset};

/// Longest text. Ours; Java has no bound.
const TEXT_BYTES: usize = 1024;

/// What a text says.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub fields: [Option<i64>; FIELDS],
    pub zone: Option<Zone>,
}

impl Parsed {
    pub fn get(&self, field: Field) -> Option<i64> {
        self.fields[field as usize]
    }

    pub fn take(&mut self, field: Field) -> Option<i64> {
        self.fields[field as usize].take()
    }

    pub fn clear(&mut self, fields: &[Field]) {
        fields.iter().for_each(|field| self.fields[*field as usize] = None);
    }

    pub fn set(&mut self, field: Field, value: i64) {
        self.fields[field as usize] = Some(value);
    }
}

/// Why a text cannot be read.
enum Mismatch {
    /// The text differs from the pattern at this byte.
    At(usize),
    /// A value that no pattern allows.
    Value(String),
}

type Read = Result<usize, Mismatch>;

/// Reads the whole text.
///
/// # Errors
/// Java's texts.
pub(super) fn parse(items: &[Item], text: &str) -> Result<Parsed, String> {
    let shown = shown(text);
    if text.len() > TEXT_BYTES {
        return Err(format!("Text '{shown}' could not be parsed: it is longer than {TEXT_BYTES} bytes"));
    }
    // Java counts UTF-16 units.
    let index = |at: usize| text.get(..at).map_or(at, |before| before.encode_utf16().count());
    let mut reader = Reader { text, parsed: Parsed { fields: [None; FIELDS], zone: None } };
    match reader.items(items, 0) {
        Ok(end) if end == text.len() => Ok(reader.parsed),
        Ok(end) => Err(format!("Text '{shown}' could not be parsed, unparsed text found at index {}", index(end))),
        Err(Mismatch::At(at)) => Err(format!("Text '{shown}' could not be parsed at index {}", index(at))),
        Err(Mismatch::Value(problem)) => Err(format!("Text '{shown}' could not be parsed: {problem}")),
    }
}

/// The text as errors show it: 64 characters at most.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

struct Reader<'t> {
    text: &'t str,
    parsed: Parsed,
}

impl Reader<'_> {
    /// The text from a byte on; empty behind its end or inside of a character.
    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    fn items(&mut self, items: &[Item], mut at: usize) -> Read {
        for item in items {
            at = self.item(item, at)?;
        }
        Ok(at)
    }

    fn item(&mut self, item: &Item, at: usize) -> Read {
        match item {
            Item::Literal(literal) if self.rest(at).starts_with(literal) => Ok(at + literal.len()),
            Item::Literal(_) => Err(Mismatch::At(at)),
            Item::Number(number) if number.kind == Kind::Fraction => self.fraction(number, at),
            Item::Number(number) => self.number(number, at),
            Item::Text { field, style } => match find_text(*field, *style, self.rest(at)) {
                Some((value, length)) => self.store(*field, value, at, at + length),
                None => Err(Mismatch::At(at)),
            },
            Item::Offset { form, zero } => self.offset(*form, zero, at),
            Item::LocalizedOffset { is_full } => self.localized_offset(*is_full, at),
            Item::ZoneId => self.zone(None, at),
            Item::ZoneName(length) => self.zone(Some(*length), at),
            Item::Optional(items) => {
                let before = self.parsed.clone();
                match self.items(items, at) {
                    Err(Mismatch::At(_)) => {
                        self.parsed = before;
                        Ok(at)
                    }
                    read => read,
                }
            }
            Item::Padded { item, width } => self.padded(item, *width, at),
        }
    }

    /// Keeps a value; the same field may be read twice only with the same value.
    fn store(&mut self, field: Field, value: i64, at: usize, end: usize) -> Read {
        match self.parsed.get(field) {
            Some(known) if known != value => Err(Mismatch::At(at)),
            _ => {
                self.parsed.set(field, value);
                Ok(end)
            }
        }
    }

    fn number(&mut self, number: &Number, at: usize) -> Read {
        let Number { field, min_width, max_width, sign, kind, adjacent } = number;
        let bytes = self.text.as_bytes();
        let (is_negative, is_positive) = match bytes.get(at) {
            Some(b'-') => (true, false),
            Some(b'+') => (false, true),
            _ => (false, false),
        };
        let is_allowed = match sign {
            Sign::Normal => !is_positive,
            Sign::ExceedsPad => true,
            Sign::Never => !is_negative && !is_positive,
        };
        if !is_allowed {
            return Err(Mismatch::At(at));
        }
        let start = at + usize::from(is_negative || is_positive);
        let reserved = match adjacent {
            Adjacent::Reserves(digits) => *digits,
            Adjacent::Fixed => 0,
        };
        let count_digits =
            |most: usize| bytes.iter().skip(start).take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let mut digits = count_digits(max_width + reserved);
        if digits < *min_width {
            return Err(Mismatch::At(start));
        }
        if reserved > 0 {
            digits = count_digits((*min_width).max(digits.saturating_sub(reserved)));
        }
        let end = start + digits;
        // More than 19 digits are never read, and 19 fit or are no field's value anyway.
        let Ok(mut value) = self.text[start..end].parse::<i64>() else { return Err(Mismatch::At(start)) };
        if is_negative {
            if value == 0 {
                return Err(Mismatch::At(at));
            }
            value = -value;
        } else if *sign == Sign::ExceedsPad {
            if is_positive && digits <= *min_width {
                return Err(Mismatch::At(at));
            }
            if !is_positive && digits > *min_width {
                return Err(Mismatch::At(start));
            }
        }
        if *kind == Kind::TwoDigitYear && !is_negative && digits == *min_width {
            value += 2000;
        }
        self.store(*field, value, start, end)
    }

    fn fraction(&mut self, number: &Number, at: usize) -> Read {
        let digits = self.rest(at).bytes().take(number.max_width).take_while(u8::is_ascii_digit).count();
        if digits < number.min_width {
            return Err(Mismatch::At(at));
        }
        let end = at + digits;
        let Ok(value) = self.text[at..end].parse::<i64>() else { return Err(Mismatch::At(at)) };
        self.store(number.field, value * 10_i64.pow(9 - digits as u32), at, end)
    }

    /// Two digits below 60.
    fn two_digits(&self, at: usize) -> Option<i32> {
        let digits = self.text.get(at..at + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok().filter(|value| *value < 60)
    }

    fn offset(&mut self, form: OffsetForm, zero: &str, at: usize) -> Read {
        if self.rest(at).starts_with(zero) {
            return self.store(Field::Offset, 0, at, at + zero.len());
        }
        let (seconds, end) = self.offset_seconds(form, at)?;
        self.store(Field::Offset, seconds.into(), at, end)
    }

    /// A sign and the parts of an offset.
    fn offset_seconds(&self, form: OffsetForm, at: usize) -> Result<(i32, usize), Mismatch> {
        let sign = match self.text.as_bytes().get(at) {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(Mismatch::At(at)),
        };
        let hours = self.two_digits(at + 1).ok_or(Mismatch::At(at))?;
        let mut end = at + 3;
        let mut parts = [hours, 0, 0];
        for (part, presence) in parts[1..].iter_mut().zip([form.minutes, form.seconds]) {
            if presence == Presence::Never {
                break;
            }
            let colon = usize::from(form.colon);
            let has_colon = !form.colon || self.rest(end).starts_with(':');
            match self.two_digits(end + colon).filter(|_| has_colon) {
                Some(value) => *part = value,
                None if presence == Presence::Always => return Err(Mismatch::At(at)),
                None => break,
            }
            end += colon + 2;
        }
        let [hours, minutes, seconds] = parts;
        if hours > 23 {
            return Err(Mismatch::Value("Value out of range: Hour[0-23], Minute[0-59], Second[0-59]".to_owned()));
        }
        Ok((sign * (hours * 3600 + minutes * 60 + seconds), end))
    }

    fn localized_offset(&mut self, is_full: bool, at: usize) -> Read {
        if !self.rest(at).starts_with("GMT") {
            return Err(Mismatch::At(at));
        }
        let mut end = at + 3;
        let bytes = self.text.as_bytes();
        let sign = match bytes.get(end) {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return self.store(Field::Offset, 0, at, end),
        };
        end += 1;
        let digit = |at: usize| bytes.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| i32::from(byte - b'0'));
        // Two digits behind a colon.
        let part = |at: usize| match (bytes.get(at), digit(at + 1), digit(at + 2)) {
            (Some(b':'), Some(ten), Some(one)) => Some(ten * 10 + one),
            _ => None,
        };
        let mut hours = digit(end).ok_or(Mismatch::At(at))?;
        end += 1;
        match digit(end) {
            Some(one) => {
                hours = hours * 10 + one;
                end += 1;
            }
            None if is_full => return Err(Mismatch::At(at)),
            None => {}
        }
        let minutes = part(end);
        if minutes.is_none() && is_full {
            return Err(Mismatch::At(at));
        }
        let seconds = minutes.and_then(|_| part(end + 3));
        end += 3 * (usize::from(minutes.is_some()) + usize::from(seconds.is_some()));
        let total = sign * (hours * 3600 + minutes.unwrap_or(0) * 60 + seconds.unwrap_or(0));
        self.store(Field::Offset, total.into(), at, end)
    }

    fn zone(&mut self, names: Option<NameLength>, at: usize) -> Read {
        let rest = self.rest(at);
        if rest.starts_with(['+', '-']) {
            let (seconds, end) = self.offset_seconds(OffsetForm::ISO, at)?;
            self.parsed.zone = Some(Zone::fixed(check_offset(seconds).map_err(Mismatch::Value)?));
            return Ok(end);
        }
        for prefix in ["UTC", "UT", "GMT"] {
            if !rest.starts_with(prefix) || rest.starts_with("GMT0") {
                continue;
            }
            let end = at + prefix.len();
            let (seconds, end) = match self.offset_seconds(OffsetForm::ISO, end) {
                Ok(read) => read,
                Err(Mismatch::At(_)) => (0, end),
                Err(problem) => return Err(problem),
            };
            self.parsed.zone = Some(Zone::prefixed(prefix, check_offset(seconds).map_err(Mismatch::Value)?));
            return Ok(end);
        }
        let (zone, length) = match Zone::at_start_of(rest, names) {
            Some(found) => found,
            None if rest.starts_with('Z') => (Zone::fixed(0), 1),
            None => return Err(Mismatch::At(at)),
        };
        self.parsed.zone = Some(zone);
        Ok(at + length)
    }

    fn padded(&mut self, item: &Item, width: usize, at: usize) -> Read {
        let rest = self.rest(at);
        let Some(end) = rest.char_indices().map(|(end, _)| end).chain([rest.len()]).nth(width).map(|end| at + end)
        else {
            return Err(Mismatch::At(at));
        };
        let blanks = self.text[at..end].bytes().take_while(|byte| *byte == b' ').count();
        let whole = self.text;
        self.text = &whole[..end];
        let read = self.item(item, at + blanks);
        self.text = whole;
        match read {
            Ok(read) if read == end => Ok(end),
            Err(Mismatch::Value(problem)) => Err(Mismatch::Value(problem)),
            // Java adds the two places up.
            _ => Err(Mismatch::At(at + at + blanks)),
        }
    }
}
