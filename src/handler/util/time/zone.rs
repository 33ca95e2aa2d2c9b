//! Java's `ZoneId`: an offset, an offset with a prefix, or a region of the time zone database, which is compiled in.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::SECONDS_PER_DAY;

/// A time zone with the id that Java prints.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub id: Cow<'static, str>,
    rules: Rules,
}

#[derive(Clone, Debug)]
enum Rules {
    /// Seconds east of Greenwich.
    Fixed(i32),
    Region(TimeZone),
}

/// Regions of the database that Java leaves out.
const NOT_IN_JAVA: [&str; 5] = ["EST", "HST", "MST", "ROC", "Etc/Unknown"];
/// Longer than every id of the database.
const LONGEST_ID: usize = 48;
/// Seconds of 400 years, after which the calendar and the rules of a zone repeat.
const CYCLE_SECONDS: i64 = 146_097 * SECONDS_PER_DAY;

impl Zone {
    pub const UTC: Zone = Zone { id: Cow::Borrowed("UTC"), rules: Rules::Fixed(0) };

    pub fn fixed(offset_seconds: i32) -> Zone {
        Zone { id: offset_id(offset_seconds).into(), rules: Rules::Fixed(offset_seconds) }
    }

    /// An offset behind one of `UTC`, `GMT`, `UT`.
    pub fn prefixed(prefix: &str, offset_seconds: i32) -> Zone {
        let offset = if offset_seconds == 0 { String::new() } else { offset_id(offset_seconds) };
        Zone { id: format!("{prefix}{offset}").into(), rules: Rules::Fixed(offset_seconds) }
    }

    /// Reads an id as `ZoneId.of` does.
    ///
    /// # Errors
    /// Java's texts.
    pub fn parse(id: &str) -> Result<Zone, String> {
        if id.chars().count() <= 1 || id.starts_with(['+', '-']) {
            return Ok(Zone::fixed(parse_offset(id)?));
        }
        for prefix in ["UTC", "GMT", "UT"] {
            match id.strip_prefix(prefix) {
                Some("") => return Ok(Zone::prefixed(prefix, 0)),
                Some(offset) if offset.starts_with(['+', '-']) => {
                    let offset = parse_offset(offset);
                    let offset = offset.map_err(|_| format!("Invalid ID for offset-based ZoneId: {id}"))?;
                    return Ok(Zone::prefixed(prefix, offset));
                }
                _ => {}
            }
        }
        let is_name = |(index, c): (usize, char)| match c {
            'a'..='z' | 'A'..='Z' => true,
            '0'..='9' | '/' | '~' | '.' | '_' | '+' | '-' => index > 0,
            _ => false,
        };
        if !id.char_indices().all(is_name) {
            return Err(format!("Invalid ID for region-based ZoneId, invalid format: {id}"));
        }
        Zone::region(id).ok_or_else(|| format!("Unknown time-zone ID: {id}"))
    }

    /// A region of the database. Java tells upper and lower case apart, the database does not.
    pub fn region(id: &str) -> Option<Zone> {
        let region = jiff::tz::db().get(id).ok().filter(|_| !NOT_IN_JAVA.contains(&id))?;
        (region.iana_name() == Some(id)).then(|| Zone { id: id.to_owned().into(), rules: Rules::Region(region) })
    }

    /// Whether the zone is an offset, with or without a prefix.
    pub fn is_offset(&self) -> bool {
        matches!(self.rules, Rules::Fixed(_))
    }

    /// Seconds east of Greenwich at a time, and whether daylight saving is on.
    pub fn offset_at(&self, epoch_second: i64) -> (i32, bool) {
        let region = match &self.rules {
            Rules::Fixed(offset) => return (*offset, false),
            Rules::Region(region) => region,
        };
        // Beyond the years that the database counts, the year of the same shape within them.
        let last = Timestamp::MAX.as_second() - SECONDS_PER_DAY;
        let cycles = (epoch_second - last + CYCLE_SECONDS - 1).div_euclid(CYCLE_SECONDS).max(0);
        let within = (epoch_second - cycles * CYCLE_SECONDS).max(Timestamp::MIN.as_second());
        let Ok(timestamp) = Timestamp::from_second(within) else { return (0, false) };
        let info = region.to_offset_info(timestamp);
        let offset = info.offset().seconds();
        // Where the database says that winter is the exception, Java keeps to summer: the base is Greenwich there.
        let is_summer = match self.id.as_ref() {
            "Europe/Dublin" | "Eire" | "Africa/Casablanca" | "Africa/El_Aaiun" => offset > 0,
            _ => info.dst().is_dst(),
        };
        (offset, is_summer)
    }

    /// The time at which clocks of the zone show `local_second`, counted as if they stood in Greenwich. In a gap clocks
    /// are taken on by its length; of two times the earlier is meant.
    pub fn epoch_second(&self, local_second: i64) -> i64 {
        let (before, _) = self.offset_at(local_second - SECONDS_PER_DAY);
        let (after, _) = self.offset_at(local_second + SECONDS_PER_DAY);
        let holds = |offset: i32| self.offset_at(local_second - i64::from(offset)).0 == offset;
        let offset = if !holds(before) && holds(after) { after } else { before };
        local_second - i64::from(offset)
    }

    /// What English calls the zone at a time.
    pub fn name(&self, is_long: bool, epoch_second: i64) -> String {
        let (offset, is_summer) = self.offset_at(epoch_second);
        let names = names().find(|(_, zones)| zones.split(' ').any(|zone| zone == self.id));
        match names {
            Some((names, _)) => names[usize::from(is_summer) + 2 * usize::from(is_long)].to_owned(),
            None if self.is_offset() => self.id.to_string(),
            None if offset == 0 => "GMT".to_owned(),
            None => format!("GMT{}", offset_id(offset)),
        }
    }

    /// The zone whose name or id `text` begins with, and the length of that.
    pub fn at_start_of(text: &str, names_too: Option<NameLength>) -> Option<(Zone, usize)> {
        let mut longest: Option<(&str, usize)> = None;
        let mut offer = |name: &'static str, zone: &'static str| {
            if text.starts_with(name) && longest.is_none_or(|(_, length)| length < name.len()) {
                longest = Some((zone, name.len()));
            }
        };
        if names_too == Some(NameLength::Short) {
            // Java takes Ireland's summer for Abidjan, and so India's and Israel's time too.
            offer("IST", "Africa/Abidjan");
        }
        for (short_and_long, zones) in names() {
            zones.split(' ').for_each(|zone| offer(zone, zone));
            let first = zones.split(' ').next().unwrap_or_default();
            match names_too {
                Some(NameLength::Short) => short_and_long[..2].iter().for_each(|name| offer(name, first)),
                Some(NameLength::Long) => short_and_long[2..].iter().for_each(|name| offer(name, first)),
                None => {}
            }
        }
        // Ids without a name of their own, for example Etc/GMT+3, are as long as their letters go.
        let is_name = |c: &char| c.is_ascii_alphanumeric() || "/~._+-".contains(*c);
        let end = text.chars().take(LONGEST_ID).take_while(is_name).count();
        let floor = longest.map_or(1, |(_, length)| length);
        let by_id = (floor + 1..=end).rev().find_map(|end| Some((Zone::region(text.get(..end)?)?, end)));
        by_id.or_else(|| longest.and_then(|(zone, length)| Some((Zone::region(zone)?, length))))
    }
}

/// Which names of zones a text may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NameLength {
    Short,
    Long,
}

/// The lines of the table: four names, and the ids that have them.
fn names() -> impl Iterator<Item = ([&'static str; 4], &'static str)> {
    include_str!("zone_names.txt").lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('|');
        let mut next = || columns.next();
        Some(([next()?, next()?, next()?, next()?], next()?))
    })
}

/// `Z`, `+08:00` or `-07:00:30`.
pub(super) fn offset_id(seconds: i32) -> String {
    if seconds == 0 {
        return "Z".to_owned();
    }
    let (sign, rest) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    let short = format!("{sign}{:02}:{:02}", rest / 3600, rest / 60 % 60);
    if rest % 60 == 0 { short } else { format!("{short}:{:02}", rest % 60) }
}

/// `ZoneOffset.of`.
fn parse_offset(id: &str) -> Result<i32, String> {
    let problem = |what: &str, id: &str| Err(format!("Invalid ID for ZoneOffset, {what}: {id}"));
    if id == "Z" {
        return Ok(0);
    }
    let padded =
        if id.chars().count() == 2 { id.replacen(['+', '-'], &format!("{}0", &id[..1]), 1) } else { id.to_owned() };
    let id = padded.as_str();
    let has_colons = match id.chars().count() {
        3 | 5 | 7 => false,
        6 | 9 => true,
        _ => return problem("invalid format", id),
    };
    let chars: Vec<char> = id.chars().collect();
    let mut parts = [0; 3];
    let mut at = 1;
    for (index, part) in parts.iter_mut().enumerate() {
        if at >= chars.len() {
            break;
        }
        if has_colons && index > 0 {
            if chars[at] != ':' {
                return problem("colon not found when expected", id);
            }
            at += 1;
        }
        let digit = |at: usize| chars.get(at).and_then(|c| c.to_digit(10));
        match (digit(at), digit(at + 1)) {
            (Some(ten), Some(one)) => *part = (ten * 10 + one) as i32,
            _ => return problem("non numeric characters found", id),
        }
        at += 2;
    }
    let sign = match chars[0] {
        '+' => 1,
        '-' => -1,
        _ => return problem("plus/minus not found when expected", id),
    };
    let [hours, minutes, seconds] = parts;
    for (value, name, most) in [(hours, "hours", 18), (minutes, "minutes", 59), (seconds, "seconds", 59)] {
        if value > most {
            let value = value * sign;
            return Err(format!(
                "Zone offset {name} not in valid range: value {value} is not in the range -{most} to {most}"
            ));
        }
    }
    check_offset(sign * (hours * 3600 + minutes * 60 + seconds))
}

/// Java's offsets end at 18 hours.
pub(super) fn check_offset<N: Into<i64> + Copy>(seconds: N) -> Result<N, String> {
    let is_valid = seconds.into().abs() <= 18 * 3600;
    is_valid.then_some(seconds).ok_or_else(|| "Zone offset not in valid range: -18:00 to +18:00".to_owned())
}
