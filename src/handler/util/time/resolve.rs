//! What the fields of a text mean together: Java's resolver in its default style, SMART.

use super::calendar::{self, Date, NANOS_PER_SECOND, SECONDS_PER_DAY, YEARS};
use super::field::{ALL, Field, Local, time_field};
use super::parse::Parsed;
use super::zone::{Zone, check_offset};

/// The date and the time that a text says.
#[derive(Default)]
struct Resolved {
    date: Option<Date>,
    nano_of_day: Option<i64>,
    /// `24:00` is the beginning of the next day.
    excess_days: i64,
}

/// The time in milliseconds. An offset in the text comes first, then a zone in the text, then `zone`.
///
/// # Errors
/// Java's texts: a value outside of its range, two that contradict each other, or too few.
pub(super) fn epoch_milliseconds(mut parsed: Parsed, zone: Option<&Zone>) -> Result<i64, String> {
    let zone = parsed.zone.take().or_else(|| zone.cloned());
    let mut resolved = Resolved::default();
    dates(&mut parsed, &mut resolved)?;
    time_parts(&mut parsed, &mut resolved)?;
    if week_date(&mut parsed, &mut resolved)? {
        dates(&mut parsed, &mut resolved)?;
        time_parts(&mut parsed, &mut resolved)?;
    }
    lenient_time(&mut parsed, &mut resolved)?;
    cross_check(&mut parsed, &resolved)?;
    if let (Some(date), Some(_)) = (resolved.date, resolved.nano_of_day) {
        resolved.date = Some(date.plus_days(resolved.excess_days));
    }
    let offset = parsed.get(Field::Offset);
    let (Some(date), Some(nano_of_day), true) =
        (resolved.date, resolved.nano_of_day, offset.is_some() || zone.is_some())
    else {
        return Err(too_few(&parsed, &resolved, zone.as_ref()));
    };
    let local_second = date.epoch_day() * SECONDS_PER_DAY + nano_of_day / NANOS_PER_SECOND;
    let epoch_second = match (offset, zone) {
        (Some(offset), _) => local_second - check_offset(offset)?,
        (None, Some(zone)) => zone.epoch_second(local_second),
        (None, None) => local_second,
    };
    let milliseconds = epoch_second.checked_mul(1000).ok_or("long overflow")?;
    Ok(milliseconds + nano_of_day % NANOS_PER_SECOND / 1_000_000)
}

/// What Java says where no time can be had. UNCONFIRMED: which class AppSync asks for; this is `ZonedDateTime`'s text.
fn too_few(parsed: &Parsed, resolved: &Resolved, zone: Option<&Zone>) -> String {
    let left = ALL.iter().filter_map(|field| Some(format!("{}={}", field.name(), parsed.get(*field)?)));
    let left = left.collect::<Vec<_>>().join(", ");
    let zone = zone.map_or_else(String::new, |zone| format!(",{}", zone.id));
    let date = resolved.date.map(date_text);
    let time = resolved.nano_of_day.map(time_text);
    let resolved = match (date, time) {
        (Some(date), Some(time)) => format!(" resolved to {date}T{time}"),
        (Some(one), None) | (None, Some(one)) => format!(" resolved to {one}"),
        (None, None) => String::new(),
    };
    format!(
        "Unable to obtain ZonedDateTime from TemporalAccessor: {{{left}}},ISO{zone}{resolved} of type java.time.format.Parsed"
    )
}

/// The date, from the fields of the calendar.
fn dates(parsed: &mut Parsed, resolved: &mut Resolved) -> Result<(), String> {
    if let Some(year_of_era) = parsed.take(Field::YearOfEra) {
        let year_of_era = Field::YearOfEra.check(year_of_era)?;
        let year = match (parsed.take(Field::Era), parsed.get(Field::Year)) {
            (None, Some(year)) if year <= 0 => 1 - year_of_era,
            (Some(0), _) => 1 - year_of_era,
            _ => year_of_era,
        };
        if let Some(known) = parsed.get(Field::Year).filter(|known| *known != year) {
            return Err(format!("Conflict found: Year {known} differs from Year {year}"));
        }
        parsed.set(Field::Year, year);
    } else if let Some(era) = parsed.get(Field::Era) {
        Field::Era.check(era)?;
    }
    let Some(year) = parsed.get(Field::Year) else { return Ok(()) };
    let [month, day, day_of_year] = [Field::Month, Field::Day, Field::DayOfYear].map(|field| parsed.get(field));
    let date = if let (Some(month), Some(day)) = (month, day) {
        let year = Field::Year.check(year)?;
        let month = Field::Month.check(month)?;
        let day = Field::Day.check(day)?.min(calendar::month_length(year, month));
        parsed.clear(&[Field::Year, Field::Month, Field::Day]);
        Date { year, month, day }
    } else if let Some(day_of_year) = day_of_year {
        let year = Field::Year.check(year)?;
        let day_of_year = Field::DayOfYear.check(day_of_year)?;
        if day_of_year > calendar::year_length(year) {
            return Err(format!("Invalid date 'DayOfYear 366' as '{year}' is not a leap year"));
        }
        parsed.clear(&[Field::Year, Field::DayOfYear]);
        Date::first_of_year(year).plus_days(day_of_year - 1)
    } else {
        return Ok(());
    };
    set_date(resolved, date)
}

/// The date, from weeks or from a count of days. Says whether the calendar's fields are worth another look.
fn week_date(parsed: &mut Parsed, resolved: &mut Resolved) -> Result<bool, String> {
    let mut has_changed = false;
    if let Some(day) = parsed.take(Field::ModifiedJulianDay) {
        let day = Field::ModifiedJulianDay.check(day)?;
        set_date(resolved, Date::from_epoch_day(day - 40_587))?;
        has_changed = true;
    }
    if let Some(local) = parsed.take(Field::LocalDayOfWeek) {
        let local = Field::LocalDayOfWeek.check(local)?;
        put(parsed, Field::LocalDayOfWeek.name(), Field::DayOfWeek, (local + 5) % 7 + 1)?;
        has_changed = true;
    }
    let Some(day_of_week) = parsed.get(Field::DayOfWeek) else { return Ok(has_changed) };
    let date = if let (Some(year), Some(month), Some(week)) =
        (parsed.get(Field::Year), parsed.get(Field::Month), parsed.get(Field::WeekOfMonth))
    {
        let local = Field::DayOfWeek.check(day_of_week)? % 7 + 1;
        let first = Date { year: Field::Year.check(year)?, month: Field::Month.check(month)?, day: 1 };
        let weeks = Field::WeekOfMonth.check(week)? - first.week_of_month();
        parsed.clear(&[Field::Year, Field::Month, Field::WeekOfMonth, Field::DayOfWeek]);
        first.plus_days(weeks * 7 + local - first.local_day_of_week())
    } else if let (Some(year), Some(week), None) =
        (parsed.get(Field::WeekYear), parsed.get(Field::WeekOfWeekYear), parsed.get(Field::Year))
    {
        let local = Field::DayOfWeek.check(day_of_week)? % 7 + 1;
        let (year, week) = (Field::WeekYear.check(year)?, Field::WeekOfWeekYear.check(week)?);
        parsed.clear(&[Field::WeekYear, Field::WeekOfWeekYear, Field::DayOfWeek]);
        Date::from_week(year, week, local)
    } else {
        return Ok(has_changed);
    };
    set_date(resolved, date)?;
    Ok(true)
}

fn set_date(resolved: &mut Resolved, date: Date) -> Result<(), String> {
    if !YEARS.contains(&date.year) {
        return Field::Year.check(date.year).map(|_| ());
    }
    if let Some(known) = resolved.date.replace(date).filter(|known| *known != date) {
        return Err(format!(
            "Conflict found: Fields resolved to two different dates: {} {}",
            date_text(known),
            date_text(date)
        ));
    }
    Ok(())
}

/// Takes hours of half days and whole counts apart, and makes a time of a complete set of parts.
fn time_parts(parsed: &mut Parsed, resolved: &mut Resolved) -> Result<(), String> {
    // Zero passes as 24 or 12 does.
    if let Some(hour) = parsed.take(Field::ClockHour) {
        let hour = if hour == 0 { 0 } else { Field::ClockHour.check(hour)? };
        put(parsed, Field::ClockHour.name(), Field::Hour, hour % 24)?;
    }
    if let Some(hour) = parsed.take(Field::ClockHourOfAmPm) {
        let hour = if hour == 0 { 0 } else { Field::ClockHourOfAmPm.check(hour)? };
        put(parsed, Field::ClockHourOfAmPm.name(), Field::HourOfAmPm, hour % 12)?;
    }
    if let (Some(half), Some(hour)) = (parsed.get(Field::AmPm), parsed.get(Field::HourOfAmPm)) {
        let (half, hour) = (Field::AmPm.check(half)?, Field::HourOfAmPm.check(hour)?);
        parsed.clear(&[Field::AmPm, Field::HourOfAmPm]);
        put(parsed, Field::AmPm.name(), Field::Hour, half * 12 + hour)?;
    }
    if let Some(nanos) = parsed.take(Field::NanoOfDay) {
        let nanos = Field::NanoOfDay.check(nanos)?;
        for part in [Field::Hour, Field::Minute, Field::Second, Field::Nano] {
            put(parsed, Field::NanoOfDay.name(), part, time_field(nanos, part))?;
        }
    }
    if let Some(millis) = parsed.take(Field::MilliOfDay) {
        let millis = Field::MilliOfDay.check(millis)?;
        // A fraction that the text gives too keeps its finer digits.
        let finer = parsed.get(Field::Nano).unwrap_or(0) % 1_000_000;
        let nano = millis % 1000 * 1_000_000 + finer;
        put(parsed, "MilliOfSecond", Field::Nano, nano)?;
        for part in [Field::Hour, Field::Minute, Field::Second] {
            put(parsed, "SecondOfDay", part, time_field(millis * 1_000_000, part))?;
        }
    }
    if let Some(nano) = parsed.get(Field::Nano) {
        Field::Nano.check(nano)?;
    }
    let parts = [Field::Hour, Field::Minute, Field::Second, Field::Nano].map(|field| parsed.get(field));
    if let [Some(hour), Some(minute), Some(second), Some(nano)] = parts {
        set_time(parsed, resolved, [hour, minute, second, nano])?;
    }
    Ok(())
}

/// Makes a time of an hour and what follows it without a gap.
fn lenient_time(parsed: &mut Parsed, resolved: &mut Resolved) -> Result<(), String> {
    if resolved.nano_of_day.is_none() {
        let [hour, minute, second, nano] =
            [Field::Hour, Field::Minute, Field::Second, Field::Nano].map(|field| parsed.get(field));
        let has_gap = minute.is_none() && (second.is_some() || nano.is_some()) || second.is_none() && nano.is_some();
        // Half a day alone means its middle.
        let is_alone =
            ALL.into_iter().all(|field| !field.is_of_time() || field == Field::AmPm || parsed.get(field).is_none());
        if let (Some(half), true) = (parsed.get(Field::AmPm), is_alone) {
            parsed.clear(&[Field::AmPm]);
            set_time(parsed, resolved, [Field::AmPm.check(half)? * 12 + 6, 0, 0, 0])?;
        } else if let (Some(hour), false) = (hour, has_gap) {
            let parts = [hour, minute.unwrap_or(0), second.unwrap_or(0), nano.unwrap_or(0)];
            set_time(parsed, resolved, parts)?;
        } else if hour.is_some() {
            return Ok(());
        }
    }
    for field in ALL.into_iter().filter(|field| field.is_of_time()) {
        if let Some(value) = parsed.get(field) {
            field.check(value)?;
        }
    }
    Ok(())
}

fn set_time(parsed: &mut Parsed, resolved: &mut Resolved, parts: [i64; 4]) -> Result<(), String> {
    let [mut hour, minute, second, nano] = parts;
    if hour == 24 && [minute, second, nano] == [0; 3] {
        hour = 0;
        resolved.excess_days = 1;
    }
    let hour = Field::Hour.check(hour)?;
    let minute = Field::Minute.check(minute)?;
    let second = Field::Second.check(second)?;
    let time = (hour * 3600 + minute * 60 + second) * NANOS_PER_SECOND + Field::Nano.check(nano)?;
    parsed.clear(&[Field::Hour, Field::Minute, Field::Second, Field::Nano]);
    if let Some(known) = resolved.nano_of_day.replace(time).filter(|known| *known != time) {
        return Err(format!(
            "Conflict found: Fields resolved to different times: {} {}",
            time_text(known),
            time_text(time)
        ));
    }
    Ok(())
}

/// Sets a field that another one stands for.
fn put(parsed: &mut Parsed, from: &str, field: Field, value: i64) -> Result<(), String> {
    if let Some(known) = parsed.get(field).filter(|known| *known != value) {
        let field = field.name();
        return Err(format!("Conflict found: {field} {known} differs from {field} {value} while resolving  {from}"));
    }
    parsed.set(field, value);
    Ok(())
}

/// Compares what is left with the date and the time that were found.
fn cross_check(parsed: &mut Parsed, resolved: &Resolved) -> Result<(), String> {
    for field in ALL {
        let Some(value) = parsed.get(field) else { continue };
        let (actual, target) = match (field.is_of_time(), resolved.date, resolved.nano_of_day) {
            (false, Some(date), _) => (Local { date, nano_of_day: 0 }.get(field), date_text(date)),
            (true, _, Some(time)) => (Some(time_field(time, field)), time_text(time)),
            _ => continue,
        };
        let Some(actual) = actual else { continue };
        if actual != value {
            let name = field.name();
            return Err(format!(
                "Conflict found: Field {name} {actual} differs from {name} {value} derived from {target}"
            ));
        }
        parsed.take(field);
    }
    Ok(())
}

/// A date as Java prints it.
pub(super) fn date_text(date: Date) -> String {
    let Date { year, month, day } = date;
    let year = match year {
        0..=9999 => format!("{year:04}"),
        -9999..0 => format!("-{:04}", -year),
        _ if year > 0 => format!("+{year}"),
        _ => year.to_string(),
    };
    format!("{year}-{month:02}-{day:02}")
}

/// A time of day as Java prints it: seconds only where there are some.
fn time_text(nano_of_day: i64) -> String {
    let part = |field| time_field(nano_of_day, field);
    let mut text = format!("{:02}:{:02}", part(Field::Hour), part(Field::Minute));
    let (second, nano) = (part(Field::Second), part(Field::Nano));
    if second > 0 || nano > 0 {
        text += &format!(":{second:02}");
    }
    if nano > 0 {
        let digits = match nano {
            _ if nano % 1_000_000 == 0 => 3,
            _ if nano % 1_000 == 0 => 6,
            _ => 9,
        };
        text += &format!(".{}", &format!("{nano:09}")[..digits]);
    }
    text
}
