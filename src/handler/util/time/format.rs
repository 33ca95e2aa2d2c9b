//! Prints a time as a pattern says.

use std::fmt::Write;

use super::calendar::{Date, NANOS_PER_SECOND, SECONDS_PER_DAY};
use super::field::{Field, Local, text};
use super::pattern::{Item, Kind, Number, OffsetForm, Presence, Sign};
use super::zone::{NameLength, Zone};

/// A time in a zone.
pub(super) struct Moment<'a> {
    epoch_second: i64,
    local: Local,
    offset: i32,
    zone: &'a Zone,
}

impl<'a> Moment<'a> {
    pub fn new(epoch_milliseconds: i64, zone: &'a Zone) -> Moment<'a> {
        let epoch_second = epoch_milliseconds.div_euclid(1000);
        let (offset, _) = zone.offset_at(epoch_second);
        let local_second = epoch_second + i64::from(offset);
        let nano = epoch_milliseconds.rem_euclid(1000) * 1_000_000;
        let local = Local {
            date: Date::from_epoch_day(local_second.div_euclid(SECONDS_PER_DAY)),
            nano_of_day: local_second.rem_euclid(SECONDS_PER_DAY) * NANOS_PER_SECOND + nano,
        };
        Moment { epoch_second, local, offset, zone }
    }

    fn get(&self, field: Field) -> i64 {
        self.local.get(field).unwrap_or(self.offset.into())
    }
}

/// Appends the time to `out`.
///
/// # Errors
/// Java's texts for values that do not fit their width.
pub(super) fn format(out: &mut String, items: &[Item], moment: &Moment) -> Result<(), String> {
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Number(number) => format_number(out, number, moment)?,
            Item::Text { field, style } => out.push_str(text(*field, *style, moment.get(*field)).unwrap_or_default()),
            Item::Offset { form, zero } => out.push_str(&offset(moment.offset, *form, zero)),
            Item::LocalizedOffset { is_full } => out.push_str(&localized_offset(moment.offset, *is_full)),
            Item::ZoneId => out.push_str(&moment.zone.id),
            Item::ZoneName(length) => out.push_str(&moment.zone.name(*length == NameLength::Long, moment.epoch_second)),
            Item::Optional(items) => format(out, items, moment)?,
            Item::Padded { item, width } => {
                let mut inner = String::new();
                format(&mut inner, std::slice::from_ref(item), moment)?;
                let length = inner.chars().count();
                if length > *width {
                    return Err(format!("Cannot print as output of {length} characters exceeds pad width of {width}"));
                }
                out.extend(std::iter::repeat_n(' ', width - length));
                out.push_str(&inner);
            }
        }
    }
    Ok(())
}

fn format_number(out: &mut String, number: &Number, moment: &Moment) -> Result<(), String> {
    let Number { field, min_width, max_width, sign, kind, .. } = number;
    let value = moment.get(*field);
    let width = *min_width;
    match kind {
        Kind::Fraction => {
            let digits = format!("{value:09}");
            out.push_str(&digits[..width]);
            return Ok(());
        }
        Kind::TwoDigitYear => {
            let _ = write!(out, "{:02}", value.abs() % 100);
            return Ok(());
        }
        Kind::Plain => {}
    }
    let digits = value.unsigned_abs().to_string();
    if digits.len() > *max_width {
        return Err(format!(
            "Field {} cannot be printed as the value {value} exceeds the maximum print width of {max_width}",
            field.name()
        ));
    }
    if value < 0 {
        if *sign == Sign::Never {
            return Err(format!(
                "Field {} cannot be printed as the value {value} cannot be negative according to the SignStyle",
                field.name()
            ));
        }
        out.push('-');
    } else if *sign == Sign::ExceedsPad && digits.len() > width {
        out.push('+');
    }
    let _ = write!(out, "{digits:0>width$}");
    Ok(())
}

/// An offset; `zero` where nothing but zeros would be written.
fn offset(seconds: i32, form: OffsetForm, zero: &str) -> String {
    let rest = seconds.unsigned_abs();
    let (hours, minutes, seconds_left) = (rest / 3600, rest / 60 % 60, rest % 60);
    let colon = if form.colon { ":" } else { "" };
    let is_written = |presence, value: u32| presence == Presence::Always || presence == Presence::IfNeeded && value > 0;
    let mut out = format!("{}{hours:02}", if seconds < 0 { '-' } else { '+' });
    let mut written = hours;
    if is_written(form.minutes, minutes) {
        let _ = write!(out, "{colon}{minutes:02}");
        written += minutes;
        if is_written(form.seconds, seconds_left) {
            let _ = write!(out, "{colon}{seconds_left:02}");
            written += seconds_left;
        }
    }
    if written == 0 { zero.to_owned() } else { out }
}

fn localized_offset(seconds: i32, is_full: bool) -> String {
    let mut out = "GMT".to_owned();
    if seconds == 0 {
        return out;
    }
    let rest = seconds.unsigned_abs();
    let (hours, minutes, seconds_left) = (rest / 3600, rest / 60 % 60, rest % 60);
    out.push(if seconds < 0 { '-' } else { '+' });
    let _ = if is_full { write!(out, "{hours:02}:{minutes:02}") } else { write!(out, "{hours}") };
    if !is_full && (minutes > 0 || seconds_left > 0) {
        let _ = write!(out, ":{minutes:02}");
    }
    if seconds_left > 0 {
        let _ = write!(out, ":{seconds_left:02}");
    }
    out
}
