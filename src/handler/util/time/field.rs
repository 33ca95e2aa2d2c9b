//! The fields that patterns print and read, with the names and ranges that Java's errors give them.

use super::calendar::{Date, NANOS_PER_SECOND};

/// What a pattern letter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Era,
    Year,
    YearOfEra,
    Month,
    Day,
    DayOfYear,
    Quarter,
    WeekYear,
    WeekOfWeekYear,
    WeekOfMonth,
    /// 1 is Monday.
    DayOfWeek,
    /// 1 is Sunday.
    LocalDayOfWeek,
    /// Counts the days of a month in sevens.
    DayOfWeekInMonth,
    ModifiedJulianDay,
    AmPm,
    /// 0 to 11.
    HourOfAmPm,
    /// 1 to 12.
    ClockHourOfAmPm,
    Hour,
    /// 1 to 24.
    ClockHour,
    Minute,
    Second,
    Nano,
    MilliOfDay,
    NanoOfDay,
    Offset,
}

/// How many fields there are.
pub(super) const FIELDS: usize = Field::Offset as usize + 1;
/// Every field, in the order in which messages list them.
pub(super) const ALL: [Field; FIELDS] = [
    Field::Era,
    Field::Year,
    Field::YearOfEra,
    Field::Month,
    Field::Day,
    Field::DayOfYear,
    Field::Quarter,
    Field::WeekYear,
    Field::WeekOfWeekYear,
    Field::WeekOfMonth,
    Field::DayOfWeek,
    Field::LocalDayOfWeek,
    Field::DayOfWeekInMonth,
    Field::ModifiedJulianDay,
    Field::AmPm,
    Field::HourOfAmPm,
    Field::ClockHourOfAmPm,
    Field::Hour,
    Field::ClockHour,
    Field::Minute,
    Field::Second,
    Field::Nano,
    Field::MilliOfDay,
    Field::NanoOfDay,
    Field::Offset,
];

impl Field {
    /// The name in Java's messages.
    pub fn name(self) -> &'static str {
        match self {
            Field::Era => "Era",
            Field::Year => "Year",
            Field::YearOfEra => "YearOfEra",
            Field::Month => "MonthOfYear",
            Field::Day => "DayOfMonth",
            Field::DayOfYear => "DayOfYear",
            Field::Quarter => "QuarterOfYear",
            Field::WeekYear => "WeekBasedYear[WeekFields[SUNDAY,1]]",
            Field::WeekOfWeekYear => "WeekOfWeekBasedYear[WeekFields[SUNDAY,1]]",
            Field::WeekOfMonth => "WeekOfMonth[WeekFields[SUNDAY,1]]",
            Field::DayOfWeek => "DayOfWeek",
            Field::LocalDayOfWeek => "DayOfWeek[WeekFields[SUNDAY,1]]",
            Field::DayOfWeekInMonth => "AlignedDayOfWeekInMonth",
            Field::ModifiedJulianDay => "ModifiedJulianDay",
            Field::AmPm => "AmPmOfDay",
            Field::HourOfAmPm => "HourOfAmPm",
            Field::ClockHourOfAmPm => "ClockHourOfAmPm",
            Field::Hour => "HourOfDay",
            Field::ClockHour => "ClockHourOfDay",
            Field::Minute => "MinuteOfHour",
            Field::Second => "SecondOfMinute",
            Field::Nano => "NanoOfSecond",
            Field::MilliOfDay => "MilliOfDay",
            Field::NanoOfDay => "NanoOfDay",
            Field::Offset => "OffsetSeconds",
        }
    }

    /// Lowest and highest value, and how Java writes the range.
    fn range(self) -> (i64, i64, &'static str) {
        match self {
            Field::Era => (0, 1, "0 - 1"),
            Field::Year | Field::WeekYear => (-999_999_999, 999_999_999, "-999999999 - 999999999"),
            Field::YearOfEra => (1, 1_000_000_000, "1 - 999999999/1000000000"),
            Field::Month => (1, 12, "1 - 12"),
            Field::Day => (1, 31, "1 - 28/31"),
            Field::DayOfYear => (1, 366, "1 - 365/366"),
            Field::Quarter => (1, 4, "1 - 4"),
            Field::WeekOfWeekYear => (1, 53, "1 - 52/53"),
            Field::WeekOfMonth => (0, 6, "0 - 1/4 - 6"),
            Field::DayOfWeek | Field::LocalDayOfWeek | Field::DayOfWeekInMonth => (1, 7, "1 - 7"),
            Field::ModifiedJulianDay => (-365_243_178_575, 365_241_821_058, "-365243178575 - 365241821058"),
            Field::AmPm => (0, 1, "0 - 1"),
            Field::HourOfAmPm => (0, 11, "0 - 11"),
            Field::ClockHourOfAmPm => (1, 12, "1 - 12"),
            Field::Hour => (0, 23, "0 - 23"),
            Field::ClockHour => (1, 24, "1 - 24"),
            Field::Minute | Field::Second => (0, 59, "0 - 59"),
            Field::Nano => (0, 999_999_999, "0 - 999999999"),
            Field::MilliOfDay => (0, 86_399_999, "0 - 86399999"),
            Field::NanoOfDay => (0, 86_399_999_999_999, "0 - 86399999999999"),
            Field::Offset => (-64_800, 64_800, "-64800 - 64800"),
        }
    }

    /// The value, if it lies in the field's range.
    ///
    /// # Errors
    /// Java's text for a value that does not.
    pub fn check(self, value: i64) -> Result<i64, String> {
        let (low, high, range) = self.range();
        if (low..=high).contains(&value) {
            return Ok(value);
        }
        Err(format!("Invalid value for {} (valid values {range}): {value}", self.name()))
    }

    pub fn is_of_time(self) -> bool {
        self as usize >= Field::AmPm as usize && self != Field::Offset
    }
}

/// A time on a wall clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Local {
    pub date: Date,
    pub nano_of_day: i64,
}

impl Local {
    /// The field's value; `None` for the offset, which a wall clock does not show.
    pub fn get(&self, field: Field) -> Option<i64> {
        let date = &self.date;
        Some(match field {
            Field::Era => i64::from(date.year > 0),
            Field::Year => date.year,
            Field::YearOfEra if date.year > 0 => date.year,
            Field::YearOfEra => 1 - date.year,
            Field::Month => date.month,
            Field::Day => date.day,
            Field::DayOfYear => date.day_of_year(),
            Field::Quarter => (date.month + 2) / 3,
            Field::WeekYear => date.week_of_year().0,
            Field::WeekOfWeekYear => date.week_of_year().1,
            Field::WeekOfMonth => date.week_of_month(),
            Field::DayOfWeek => date.day_of_week(),
            Field::LocalDayOfWeek => date.local_day_of_week(),
            Field::DayOfWeekInMonth => (date.day - 1) % 7 + 1,
            Field::ModifiedJulianDay => date.epoch_day() + 40_587,
            Field::Offset => return None,
            _ => time_field(self.nano_of_day, field),
        })
    }
}

/// A field of the time of day.
pub(super) fn time_field(nano_of_day: i64, field: Field) -> i64 {
    let second = nano_of_day / NANOS_PER_SECOND;
    let hour = second / 3600;
    match field {
        Field::AmPm => hour / 12,
        Field::HourOfAmPm => hour % 12,
        Field::ClockHourOfAmPm => (hour + 11) % 12 + 1,
        Field::Hour => hour,
        Field::ClockHour => (hour + 23) % 24 + 1,
        Field::Minute => second / 60 % 60,
        Field::Second => second % 60,
        Field::Nano => nano_of_day % NANOS_PER_SECOND,
        Field::MilliOfDay => nano_of_day / 1_000_000,
        _ => nano_of_day,
    }
}

/// How long a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Short,
    Full,
    Narrow,
}

/// The English texts of a field, from its lowest value on; empty where it has none.
fn texts(field: Field, style: Style) -> &'static [&'static str] {
    match (field, style) {
        (Field::Era, Style::Short) => &["BC", "AD"],
        (Field::Era, Style::Full) => &["Before Christ", "Anno Domini"],
        (Field::Era, Style::Narrow) => &["B", "A"],
        (Field::AmPm, _) => &["AM", "PM"],
        (Field::Quarter, Style::Short) => &["Q1", "Q2", "Q3", "Q4"],
        (Field::Quarter, Style::Full) => &["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"],
        (Field::Quarter, Style::Narrow) => &["1", "2", "3", "4"],
        (Field::Month, Style::Short) => {
            &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        }
        (Field::Month, Style::Full) => &[
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        (Field::Month, Style::Narrow) => &["J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D"],
        (Field::DayOfWeek, Style::Short) => &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        (Field::DayOfWeek, Style::Full) => {
            &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        }
        (Field::DayOfWeek, Style::Narrow) => &["M", "T", "W", "T", "F", "S", "S"],
        _ => &[],
    }
}

/// What English calls a field's value.
pub(super) fn text(field: Field, style: Style, value: i64) -> Option<&'static str> {
    let low = field.range().0;
    texts(field, style).get(usize::try_from(value - low).ok()?).copied()
}

/// The value whose text `input` begins with, and the length of the text: the longest, and the last of those that share
/// one (`J` is July).
pub(super) fn find_text(field: Field, style: Style, input: &str) -> Option<(i64, usize)> {
    let found = (field.range().0..).zip(texts(field, style)).filter(|(_, text)| input.starts_with(**text));
    found.map(|(value, text)| (value, text.len())).max_by_key(|(_, length)| *length)
}
