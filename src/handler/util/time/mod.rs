//! `util.time` (spec appsync-js 2.2), with the patterns of `java.time.format.DateTimeFormatter`.
//!
//! A pattern becomes items (`pattern`), which print a moment (`format`) or read the fields of a text (`parse`); `resolve`
//! makes a time of fields (`field`). `calendar` counts days and weeks, `zone` knows offsets and regions. Locale is English
//! of the United States, as on AppSync: weeks begin on Sunday.

mod calendar;
mod field;
mod format;
mod parse;
mod pattern;
mod resolve;
mod zone;

use calendar::{Date, SECONDS_PER_DAY};
use field::Field;
use pattern::{Adjacent, Item, Kind, Number, OffsetForm, Presence, Sign};
use zone::Zone;

use super::{Refusal, Scope, number, text};
use crate::value::{Str, Value};

pub fn now_iso8601(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Ok(iso8601(scope.clock.now_epoch_milliseconds()).into())
}

pub fn now_epoch_seconds(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Ok(scope.clock.now_epoch_milliseconds().div_euclid(1000).into())
}

pub fn now_epoch_milliseconds(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Ok(scope.clock.now_epoch_milliseconds().into())
}

pub fn epoch_milliseconds_to_seconds(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let milliseconds = number("time.epochMilliSecondsToSeconds", arguments, 0)? as i64;
    Ok((milliseconds / 1000).into()) // Java's integer division rounds toward zero
}

pub fn epoch_milliseconds_to_iso8601(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(iso8601(number("time.epochMilliSecondsToISO8601", arguments, 0)? as i64).into())
}

/// `util.time.nowFormatted(pattern, zone?)`
pub fn now_formatted(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let pattern = required("time.nowFormatted", "a pattern", arguments, 0)?;
    formatted(scope.clock.now_epoch_milliseconds(), &pattern, text(arguments, 1))
}

/// `util.time.epochMilliSecondsToFormatted(milliseconds, pattern, zone?)`
pub fn epoch_milliseconds_to_formatted(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    const NAME: &str = "time.epochMilliSecondsToFormatted";
    let milliseconds = number(NAME, arguments, 0)? as i64;
    formatted(milliseconds, &required(NAME, "a pattern", arguments, 1)?, text(arguments, 2))
}

/// `util.time.parseFormattedToEpochMilliSeconds(text, pattern, zone?)`
pub fn parse_formatted_to_epoch_milliseconds(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    const NAME: &str = "time.parseFormattedToEpochMilliSeconds";
    let (text_read, pattern) = (required(NAME, "a text", arguments, 0)?, required(NAME, "a pattern", arguments, 1)?);
    let zone = text(arguments, 2);
    let milliseconds = pattern::parse(&pattern).and_then(|items| {
        let zone = zone.map(|zone| Zone::parse(&zone)).transpose()?;
        read(&items, &text_read, zone.as_ref())
    });
    milliseconds.map(Value::from).map_err(Refusal::Failed)
}

/// `util.time.parseISO8601ToEpochMilliSeconds(text)`. UNCONFIRMED: without an offset UTC is meant, without a time midnight.
pub fn parse_iso8601_to_epoch_milliseconds(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let text = required("time.parseISO8601ToEpochMilliSeconds", "a text", arguments, 0)?;
    let with_colons = read_iso8601(&text, true);
    // Java reads the offset leniently: +08, +0800 and +08:00 are the same.
    let milliseconds = with_colons.or_else(|problem| read_iso8601(&text, false).map_err(|_| problem));
    milliseconds.map(Value::from).map_err(Refusal::Failed)
}

/// An argument that must be there.
fn required(name: &str, what: &str, arguments: &[Value], index: usize) -> Result<Str, Refusal> {
    text(arguments, index).ok_or_else(|| Refusal::failed(format!("util.{name} expects {what}, got null")))
}

fn formatted(epoch_milliseconds: i64, pattern: &str, zone: Option<Str>) -> Result<Value, Refusal> {
    let text = pattern::parse(pattern).and_then(|items| {
        let zone = zone.map_or(Ok(Zone::UTC), |zone| Zone::parse(&zone))?;
        let mut out = String::new();
        format::format(&mut out, &items, &format::Moment::new(epoch_milliseconds, &zone))?;
        Ok(out)
    });
    text.map(Value::from).map_err(Refusal::Failed)
}

/// The time that a text says, in milliseconds; Java's text for a text that says none.
fn read(items: &[Item], text: &str, zone: Option<&Zone>) -> Result<i64, String> {
    let parsed = parse::parse(items, text)?;
    resolve::epoch_milliseconds(parsed, zone)
        .map_err(|problem| format!("Text '{}' could not be parsed: {problem}", parse::shown(text)))
}

fn read_iso8601(text: &str, colon: bool) -> Result<i64, String> {
    let upper = text.to_ascii_uppercase();
    // Letters of the format may be small; the names of regions are none of it.
    let (head, region) = upper.split_at(upper.find('[').unwrap_or(upper.len()));
    let normal = if region.is_empty() { upper } else { format!("{head}{}", &text[head.len()..]) };
    let read = parse::parse(&iso8601_items(colon), &normal).and_then(|mut parsed| {
        if parsed.get(Field::Hour).is_none() {
            parsed.set(Field::Hour, 0);
        }
        resolve::epoch_milliseconds(parsed, Some(&Zone::UTC))
            .map_err(|problem| format!("Text '{}' could not be parsed: {problem}", parse::shown(text)))
    });
    read.map_err(|problem| problem.replacen(&parse::shown(&normal), &parse::shown(text), 1))
}

/// `uuuu-MM-dd['T'HH:mm[:ss[.S…]][offset]['['zone']']]`
fn iso8601_items(colon: bool) -> Vec<Item> {
    let literal = |text: &str| Item::Literal(text.to_owned());
    let number = |field, min_width, max_width, sign| {
        Item::Number(Number { field, min_width, max_width, sign, kind: Kind::Plain, adjacent: Adjacent::Reserves(0) })
    };
    let two = |field| number(field, 2, 2, Sign::Never);
    let fraction = Item::Number(Number {
        field: Field::Nano,
        min_width: 1,
        max_width: 9,
        sign: Sign::Never,
        kind: Kind::Fraction,
        adjacent: Adjacent::Reserves(0),
    });
    let seconds = vec![literal(":"), two(Field::Second), Item::Optional(vec![literal("."), fraction])];
    let form = OffsetForm { minutes: Presence::IfNeeded, seconds: Presence::IfNeeded, colon };
    let time = vec![
        literal("T"),
        two(Field::Hour),
        literal(":"),
        two(Field::Minute),
        Item::Optional(seconds),
        Item::Optional(vec![Item::Offset { form, zero: "Z" }]),
        Item::Optional(vec![literal("["), Item::ZoneId, literal("]")]),
    ];
    vec![
        number(Field::Year, 4, 10, Sign::ExceedsPad),
        literal("-"),
        two(Field::Month),
        literal("-"),
        two(Field::Day),
        Item::Optional(time),
    ]
}

/// Always three digits of milliseconds and `Z`. UNCONFIRMED: that AppSync prints `.000` too.
fn iso8601(epoch_milliseconds: i64) -> String {
    let epoch_second = epoch_milliseconds.div_euclid(1000);
    let date = resolve::date_text(Date::from_epoch_day(epoch_second.div_euclid(SECONDS_PER_DAY)));
    let second = epoch_second.rem_euclid(SECONDS_PER_DAY);
    let milliseconds = epoch_milliseconds.rem_euclid(1000);
    format!("{date}T{:02}:{:02}:{:02}.{milliseconds:03}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests;
