//! Arithmetic of the proleptic ISO calendar, over all the years that Java has.

/// The years that `java.time` counts.
pub(super) const YEARS: std::ops::RangeInclusive<i64> = -999_999_999..=999_999_999;
pub(super) const SECONDS_PER_DAY: i64 = 86_400;
pub(super) const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A day without time and zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

impl Date {
    /// The date so many days after 1970-01-01.
    pub fn from_epoch_day(epoch_day: i64) -> Date {
        // Years are counted from March, so that the leap day is the last one; 400 years have 146,097 days.
        let days = epoch_day + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Date { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Days since 1970-01-01.
    pub fn epoch_day(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month_from_march = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    pub fn plus_days(self, days: i64) -> Date {
        Date::from_epoch_day(self.epoch_day() + days)
    }

    pub fn first_of_year(year: i64) -> Date {
        Date { year, month: 1, day: 1 }
    }

    pub fn day_of_year(self) -> i64 {
        self.epoch_day() - Date::first_of_year(self.year).epoch_day() + 1
    }

    /// 1 is Monday, 7 Sunday.
    pub fn day_of_week(self) -> i64 {
        (self.epoch_day() + 3).rem_euclid(7) + 1
    }

    /// 1 is Sunday, as in the United States, whose locale AppSync formats with.
    pub fn local_day_of_week(self) -> i64 {
        self.day_of_week() % 7 + 1
    }

    /// The week of the month; the first one holds its first day and ends on Saturday.
    pub fn week_of_month(self) -> i64 {
        week(week_offset(self.day, self.local_day_of_week()), self.day)
    }

    /// The year that the week belongs to, and its number in it; a year's first week holds its first day.
    pub fn week_of_year(self) -> (i64, i64) {
        let day_of_year = self.day_of_year();
        let offset = week_offset(day_of_year, self.local_day_of_week());
        let (here, next_years_first) = (week(offset, day_of_year), week(offset, year_length(self.year) + 1));
        if here >= next_years_first { (self.year + 1, here - next_years_first + 1) } else { (self.year, here) }
    }

    /// The day that a year of weeks, a week and a local day of the week name; weeks beyond the last mean the last.
    pub fn from_week(year: i64, week_of_year: i64, local_day_of_week: i64) -> Date {
        let first = Date::first_of_year(year);
        let offset = week_offset(1, first.local_day_of_week());
        let last_week = week(offset, year_length(year) + 1) - 1;
        first.plus_days(local_day_of_week - 1 - offset + (week_of_year.min(last_week) - 1) * 7)
    }
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn year_length(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

pub(super) fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// How many days of the first week of a period lie before the period, from one of its days.
fn week_offset(day: i64, local_day_of_week: i64) -> i64 {
    let week_start = (day - local_day_of_week).rem_euclid(7);
    if week_start > 0 { 7 - week_start } else { 0 }
}

/// The number of the week that a day of a period lies in.
fn week(offset: i64, day: i64) -> i64 {
    (7 + offset + day - 1) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_are_each_others_inverse() {
        for epoch_day in (-200_000_000_000..200_000_000_000).step_by(1_234_567_891).chain(-1_000..1_000) {
            let date = Date::from_epoch_day(epoch_day);
            assert_eq!(date.epoch_day(), epoch_day, "{date:?}");
            assert!((1..=month_length(date.year, date.month)).contains(&date.day), "{date:?}");
        }
        assert_eq!(Date::from_epoch_day(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(Date { year: 2000, month: 2, day: 29 }.epoch_day(), 11_016);
    }

    #[test]
    fn weeks_and_days_are_each_others_inverse() {
        for epoch_day in 0..20_000 {
            let date = Date::from_epoch_day(epoch_day);
            let (year, week) = date.week_of_year();
            assert_eq!(Date::from_week(year, week, date.local_day_of_week()), date);
        }
    }
}
