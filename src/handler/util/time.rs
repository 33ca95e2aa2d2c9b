//! `util.time` without patterns (spec appsync-js 2.2).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{Refusal, Scope, number, text};
use crate::value::Value;

pub fn now_iso8601(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    iso8601(scope.clock.now_epoch_milliseconds())
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
    iso8601(number("time.epochMilliSecondsToISO8601", arguments, 0)? as i64)
}

pub fn parse_iso8601_to_epoch_milliseconds(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let text = text(arguments, 0).unwrap_or_default();
    let parsed = text.parse::<Timestamp>().or_else(|error| {
        // Without an offset UTC is meant; without a time midnight.
        let date_time = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)));
        date_time.map_err(|_| error).and_then(|date_time| TimeZone::UTC.to_timestamp(date_time))
    });
    match parsed {
        Ok(timestamp) => Ok(timestamp.as_millisecond().into()),
        Err(_) => Err(Refusal::failed(format!("Text '{text}' could not be parsed"))),
    }
}

/// Always three digits of milliseconds and `Z`.
fn iso8601(epoch_milliseconds: i64) -> Result<Value, Refusal> {
    let timestamp = Timestamp::from_millisecond(epoch_milliseconds).map_err(|_| {
        Refusal::failed(format!("{epoch_milliseconds} milliseconds are outside the years that dates have"))
    })?;
    Ok(format!("{timestamp:.3}").into())
}
